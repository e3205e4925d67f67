//! The JSON objects of the command line: a contract, field by field.

use collaudo_record::{Answers, ClauseRecord, Question, RunRecord};
use serde::Serialize;

/// The version of these objects, which is not that of what is kept on disk.
const FORMAT: u32 = 1;

/// The object of `run --format json`, on one line, without a line end.
///
/// *Takes* the record, what the run took in milliseconds, and its folder as it shall be shown.
pub fn run(record: &RunRecord, wall_ms: u64, out: &str) -> String {
    let totals = &record.totals;
    line(&Run {
        format: FORMAT,
        subject: &record.subject,
        seed: &record.seed,
        scenarios: Scenarios {
            total: totals.scenarios,
            passed: totals.scenarios_passed,
            failed: totals.scenarios_failed,
            unknown: totals.scenarios_unknown,
        },
        clauses: Clauses {
            catalogued: totals.catalogued,
            checked: totals.checked,
            exercised: totals.exercised,
            passed: totals.passed,
            failed: totals.failed,
            deviation: totals.deviation,
            unknown: totals.unknown,
            not_exercised: totals.not_exercised,
            not_supported: totals.not_supported,
            questions: totals.questions,
            answers: totals.answers,
            exceptions: totals.exceptions,
        },
        simulated_seconds: totals.simulated_seconds,
        wall_ms,
        trace_sha256: &record.trace_sha256,
        out,
    })
}

/// The object of `list clauses --format json`, on one line, without a line end.
///
/// *Takes* the catalogue.
pub fn clauses(clauses: &[ClauseRecord]) -> String {
    line(&Listing { format: FORMAT, clauses: clauses.iter().map(Listed::from).collect() })
}

/// The object of `list questions --format json`, on one line, without a line end.
///
/// *Takes* the rows that have a question.
pub fn questions(clauses: &[ClauseRecord]) -> String {
    line(&Questions { format: FORMAT, questions: clauses.iter().map(Listed::from).collect() })
}

#[derive(Serialize)]
struct Run<'a> {
    format: u32,
    subject: &'a str,
    seed: &'a str,
    scenarios: Scenarios,
    clauses: Clauses,
    simulated_seconds: u64,
    wall_ms: u64,
    trace_sha256: &'a str,
    out: &'a str,
}

#[derive(Serialize)]
struct Scenarios {
    total: u32,
    passed: u32,
    failed: u32,
    unknown: u32,
}

#[derive(Serialize)]
struct Clauses {
    catalogued: u32,
    checked: u32,
    exercised: u32,
    passed: u32,
    failed: u32,
    deviation: u32,
    unknown: u32,
    not_exercised: u32,
    not_supported: u32,
    questions: u32,
    answers: Answers,
    exceptions: u32,
}

#[derive(Serialize)]
struct Listing<'a> {
    format: u32,
    clauses: Vec<Listed<'a>>,
}

#[derive(Serialize)]
struct Questions<'a> {
    format: u32,
    questions: Vec<Listed<'a>>,
}

#[derive(Serialize)]
struct Listed<'a> {
    id: &'a str,
    level: &'a str,
    party: &'a str,
    how: &'a str,
    confidence: &'a str,
    source: &'a str,
    statement: &'a str,
    statement_it: &'a str,
    restates: &'a [String],
    checked: bool,
    mutants: usize,
    scenarios: &'a [String],
    question: Option<&'a Question>,
    exception: Option<&'a str>,
    exception_it: Option<&'a str>,
    needs: Option<&'a str>,
    variants: &'a [String],
}

impl<'a> From<&'a ClauseRecord> for Listed<'a> {
    fn from(clause: &'a ClauseRecord) -> Self {
        let row = &clause.requirement;
        let exception = row.exception.as_ref();
        Self {
            id: &row.id,
            level: &row.level,
            party: &row.party,
            how: &row.how,
            confidence: &row.confidence,
            source: &row.source,
            statement: &row.statement,
            statement_it: &row.statement_it,
            restates: &row.restates,
            checked: clause.checked,
            mutants: clause.mutants.len(),
            scenarios: &clause.scenarios,
            question: row.question.as_ref(),
            exception: exception.map(|excuse| excuse.reason.as_str()),
            exception_it: exception.map(|excuse| excuse.reason_it.as_str()),
            needs: exception.and_then(|excuse| excuse.needs.as_deref()),
            variants: exception.map_or(&[], |excuse| &excuse.variants),
        }
    }
}

fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain structs of strings and numbers always serialise")
}
