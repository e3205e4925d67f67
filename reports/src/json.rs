//! The JSON objects of the command line: a contract, field by field.

use collaudo_record::{ClauseRecord, RunRecord};
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
        },
        simulated_seconds: totals.simulated_seconds,
        wall_ms,
        trace_sha256: &record.trace_sha256,
        out,
    })
}

/// The object of `list clauses --format json`, on one line, without a line end.
///
/// *Takes* the catalogue, and the reason for which a clause is not checked by machine, by its id.
pub fn clauses(clauses: &[ClauseRecord], exception: &dyn Fn(&str) -> Option<String>) -> String {
    line(&Listing {
        format: FORMAT,
        clauses: clauses
            .iter()
            .map(|clause| Listed {
                id: &clause.requirement.id,
                level: &clause.requirement.level,
                party: &clause.requirement.party,
                how: &clause.requirement.how,
                checked: clause.checked,
                mutants: clause.mutants,
                scenarios: &clause.scenarios,
                exception: exception(&clause.requirement.id),
            })
            .collect(),
    })
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
}

#[derive(Serialize)]
struct Listing<'a> {
    format: u32,
    clauses: Vec<Listed<'a>>,
}

#[derive(Serialize)]
struct Listed<'a> {
    id: &'a str,
    level: &'a str,
    party: &'a str,
    how: &'a str,
    checked: bool,
    mutants: u32,
    scenarios: &'a [String],
    exception: Option<String>,
}

fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain structs of strings and numbers always serialise")
}
