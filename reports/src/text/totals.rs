//! Counts: of the run, and of the catalogue by chapter.

use collaudo_record::{ClauseRecord, RunRecord, Totals};

use super::{layout::Pen, review};
use crate::{
    chapter::{Chapter, Tally, chapters, title},
    lang::Lang,
    words::{duration, is_simulated, shorten},
};

/// Paragraphs of counts: scenarios, clauses, answers.
pub(super) fn counts(record: &RunRecord, pen: Pen) -> String {
    let t = &record.totals;
    let scenarios = format!(
        "{} run: {} passed, {} failed, {} unknown; {} {}",
        t.scenarios,
        t.scenarios_passed,
        t.scenarios_failed,
        t.scenarios_unknown,
        duration(t.simulated_seconds),
        if is_simulated(record) { "simulated" } else { "in all of them" },
    );
    let clauses = format!(
        "{} catalogued, {} checked, {} exercised: {} passed, {} failed, {} deviation, {} unknown; {} not exercised, \
         {} not supported{}",
        t.catalogued,
        t.checked,
        t.exercised,
        t.passed,
        t.failed,
        t.deviation,
        t.unknown,
        t.not_exercised,
        t.not_supported,
        unchecked(t),
    );
    let mut lines = vec![pen.hang("scenarios ", 10, &scenarios), pen.hang("clauses   ", 10, &clauses)];
    lines.extend(review::count(record, pen));
    lines.join("\n")
}

/// What becomes of the rows without a check.
fn unchecked(t: &Totals) -> String {
    let rest = t.catalogued.saturating_sub(t.checked + t.questions + t.exceptions);
    let said = [(t.questions, "asked of a person"), (t.exceptions, "excused"), (rest, "not yet checked")];
    said.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("; {n} {word}")).collect()
}

/// A table of the chapters in which something is checked; the others in one line.
pub(super) fn by_chapter(clauses: &[ClauseRecord], pen: Pen) -> String {
    let chapters = chapters(clauses);
    let (checked, others): (Vec<_>, Vec<_>) = chapters.iter().partition(|c| c.tally.checked > 0);
    if checked.is_empty() {
        return String::new();
    }
    let columns: Vec<&Column> =
        COLUMNS.iter().filter(|c| c.always || checked.iter().any(|k| (c.of)(&k.tally) > 0)).collect();
    let numbers: usize = columns.iter().map(|c| c.name.len() + 2).sum();
    let title = pen.width.saturating_sub(numbers + KEY).clamp(12, 38);
    let mut lines = vec![pen.faint(&row("", "chapter", title, &columns, |c| c.name.to_owned()))];
    lines.extend(checked.iter().map(|chapter| chapter_row(chapter, title, &columns)));
    if !others.is_empty() {
        let rows: usize = others.iter().map(|c| c.tally.catalogued).sum();
        let keys: Vec<&str> = others.iter().map(|c| c.key).collect();
        let said = format!("without a check: {rows} rows of {}", keys.join(", "));
        lines.push(pen.hang("", 0, &said));
    }
    lines.join("\n")
}

fn chapter_row(chapter: &Chapter<'_>, width: usize, columns: &[&Column]) -> String {
    row(chapter.key, title(Lang::En, chapter.key), width, columns, |c| match (c.of)(&chapter.tally) {
        0 => "-".to_owned(),
        n => n.to_string(),
    })
}

fn row(key: &str, title: &str, width: usize, columns: &[&Column], cell: impl Fn(&Column) -> String) -> String {
    let mut line = format!("{key:<KEY$}{:<width$}", shorten(title, width));
    for column in columns {
        line.push_str(&format!("{:>1$}", cell(column), column.name.len() + 2));
    }
    line
}

/// Columns that a chapter's key takes.
const KEY: usize = 6;

struct Column {
    name: &'static str,
    of: fn(&Tally) -> usize,
    always: bool,
}

const COLUMNS: [Column; 8] = [
    Column { name: "rows", of: |t| t.catalogued, always: true },
    Column { name: "checked", of: |t| t.checked, always: true },
    Column { name: "passed", of: |t| t.passed, always: true },
    Column { name: "failed", of: |t| t.failed, always: true },
    Column { name: "deviation", of: |t| t.deviation, always: false },
    Column { name: "unknown", of: |t| t.unknown, always: false },
    Column { name: "not exercised", of: |t| t.not_exercised, always: false },
    Column { name: "not supported", of: |t| t.not_supported, always: false },
];
