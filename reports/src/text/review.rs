//! What persons answered: never mixed with what a machine found.

use collaudo_record::{Answer, ClauseRecord, RunRecord};

use super::layout::Pen;
use crate::words::visible;

/// What a person called not fulfilled, or fulfilled in part only, each with what it rests on.
pub(super) fn of_run(record: &RunRecord, pen: Pen) -> Vec<String> {
    record.clauses.iter().filter_map(|clause| told(clause, pen)).collect()
}

fn told(clause: &ClauseRecord, pen: Pen) -> Option<String> {
    let review = clause.review.as_ref()?;
    let word = match review.answer {
        Answer::No => pen.red("NO"),
        Answer::Partly => pen.yellow("PARTLY"),
        Answer::Yes | Answer::NotApplicable => return None,
    };
    let row = &clause.requirement;
    let mut lines = vec![format!("{word} {}  {}", visible(&row.id), visible(&row.party))];
    lines.push(pen.field("rests on", &format!("the answer of {}, {}; no machine saw it", review.who, review.date)));
    lines.extend(row.question.as_ref().map(|question| pen.field("asked", &question.ask)));
    lines.push(pen.field("evidence", &review.evidence));
    Some(lines.join("\n"))
}

/// How many questions there are, and what was answered; nothing where none is asked.
pub(super) fn count(record: &RunRecord, pen: Pen) -> Option<String> {
    let (asked, given) = (record.totals.questions, record.totals.answers);
    if asked == 0 {
        return None;
    }
    let answered = given.yes + given.no + given.partly + given.not_applicable;
    let said = match answered {
        0 => format!("{asked} questions for a person, none answered: `collaudo list questions --format toml`"),
        _ => format!(
            "{asked} questions for a person: {} yes, {} no, {} partly, {} not applicable, {} not answered",
            given.yes,
            given.no,
            given.partly,
            given.not_applicable,
            asked.saturating_sub(answered),
        ),
    };
    Some(pen.hang("review    ", 10, &said))
}
