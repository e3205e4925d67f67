//! The clause map as JSON, `clause-map.json` in a run's folder: for whoever follows a clause from the law to its verdicts
//! with a program.

use collaudo_record::{ClauseRecord, Exception, Outcome, Question, Review, RunRecord};
use serde::Serialize;

use crate::{chapter, lang::Lang, standing::Standing};

/// The version of this object.
const FORMAT: u32 = 1;

/// The whole map, ended by a line end; a row a line, in the catalogue's order.
pub fn json(record: &RunRecord) -> String {
    let rows: Vec<String> = record.clauses.iter().map(|clause| line(&row(record, clause))).collect();
    let (subject, seed) = (line(&record.subject), line(&record.seed));
    format!("{{\"format\":{FORMAT},\"subject\":{subject},\"seed\":{seed},\"clauses\":[\n{}\n]}}\n", rows.join(",\n"))
}

#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    section: &'a str,
    title: &'static str,
    source: &'a str,
    /// `read`, or `recalled` where no text was read that confirms the row.
    confidence: &'a str,
    level: &'a str,
    party: &'a str,
    how: &'a str,
    statement: &'a str,
    statement_it: &'a str,
    restates: &'a [String],
    /// What it came to where a machine checks it, else `answered`, `asked`, `excused` or `open`.
    standing: &'static str,
    /// `file:line`.
    code: Vec<String>,
    mutants: &'a [String],
    scenarios: &'a [String],
    verdicts: Vec<Told<'a>>,
    question: Option<&'a Question>,
    review: Option<&'a Review>,
    exception: Option<&'a Exception>,
}

/// A verdict and where its evidence is.
#[derive(Serialize)]
struct Told<'a> {
    scenario: &'a str,
    provider: &'a str,
    outcome: Outcome,
    /// Lines of the scenario's trace, ascending.
    lines: Vec<u32>,
    declared: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reading: Option<&'a str>,
}

fn row<'a>(record: &'a RunRecord, clause: &'a ClauseRecord) -> Row<'a> {
    let requirement = &clause.requirement;
    let section = chapter::section_of(&requirement.id);
    Row {
        id: &requirement.id,
        section,
        title: chapter::title(Lang::En, section),
        source: &requirement.source,
        confidence: &requirement.confidence,
        level: &requirement.level,
        party: &requirement.party,
        how: &requirement.how,
        statement: &requirement.statement,
        statement_it: &requirement.statement_it,
        restates: &requirement.restates,
        standing: Standing::of(clause).key(),
        code: clause.code.iter().map(|place| format!("{}:{}", place.file, place.line)).collect(),
        mutants: &clause.mutants,
        scenarios: &clause.scenarios,
        verdicts: verdicts(record, clause),
        question: requirement.question.as_ref(),
        review: clause.review.as_ref(),
        exception: requirement.exception.as_ref(),
    }
}

fn verdicts<'a>(record: &'a RunRecord, clause: &ClauseRecord) -> Vec<Told<'a>> {
    let mut told = Vec::new();
    for scenario in &record.scenarios {
        for verdict in scenario.verdicts.iter().filter(|verdict| verdict.clause == clause.requirement.id) {
            let mut lines: Vec<u32> = verdict.evidence.iter().copied().map(crate::words::line_of).collect();
            lines.sort_unstable();
            told.push(Told {
                scenario: &scenario.id,
                provider: &verdict.provider,
                outcome: verdict.outcome,
                lines,
                declared: verdict.declared,
                reading: verdict.reading.as_deref(),
            });
        }
    }
    told
}

fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain structs of strings and numbers always serialise")
}
