use serde::{Deserialize, Serialize};

use crate::{Anatomy, Event, ExpectationResult, Instant, Outcome, Place, Provider, Requirement, Review, Span, Verdict};

/// All that a report can be made from. The same bytes for the same commit, seed and configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// [`crate::FORMAT`].
    pub format: u32,
    /// Who was examined, such as `reference`.
    pub subject: String,
    /// The seed, `0x` and hexadecimal digits.
    pub seed: String,
    /// In the order of their ids.
    pub scenarios: Vec<ScenarioRecord>,
    /// The whole catalogue, in its order.
    pub clauses: Vec<ClauseRecord>,
    /// Counts.
    pub totals: Totals,
    /// SHA-256 over the traces' SHA-256 in scenario order; 64 hexadecimal digits.
    pub trace_sha256: String,
}

/// One scenario of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScenarioRecord {
    /// Its path under `scenarios/`, without extension.
    pub id: String,
    /// One line.
    pub title: String,
    /// Why it is there.
    pub why: String,
    /// `sim`, `explore` or `live`.
    pub world: String,
    /// Its seed, `0x` and hexadecimal digits.
    pub seed: String,
    /// When its clock began.
    pub epoch: Instant,
    /// What it came to.
    pub outcome: ScenarioOutcome,
    /// Simulated time from its first instant to its last.
    pub simulated: Span,
    /// SHA-256 of its trace; empty where it gave none.
    pub trace_sha256: String,
    /// Why there is no trace, or what else went wrong; for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Who took part.
    pub providers: Vec<Provider>,
    /// What was seen.
    pub events: Vec<Event>,
    /// What the judge says, clause by clause.
    pub verdicts: Vec<Verdict>,
    /// What became of its own expectations.
    pub expectations: Vec<ExpectationResult>,
    /// Clauses that it says it covers and that nothing in it exercised.
    pub uncovered: Vec<String>,
    /// What its faults did.
    pub faults: Vec<FaultRecord>,
    /// Its messages.
    pub messages: Vec<Anatomy>,
    /// The command that runs it again: byte for byte in `sim`; on real sockets no two runs are the same.
    pub replay: String,
}

/// What a scenario came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScenarioOutcome {
    /// No clause failed, every expectation holds, every fault bit, all that it covers was exercised.
    Passed,
    /// Nothing failed, but something is unknown, or not exercised though it says that it covers it.
    Unknown,
    /// Something failed.
    Failed,
}

/// What a fault did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultRecord {
    /// Its kind.
    pub kind: String,
    /// The hosts concerned.
    pub hosts: Vec<String>,
    /// Whether the run without it went otherwise.
    pub effective: bool,
}

/// One row of the catalogue, and what a run says of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClauseRecord {
    /// The row.
    #[serde(flatten)]
    pub requirement: Requirement,
    /// Whether the judge has a check for it.
    pub checked: bool,
    /// The worst verdict of the run; `not-exercised` where there was none.
    pub outcome: Outcome,
    /// Scenarios that exercised it, by id.
    pub scenarios: Vec<String>,
    /// The mutants that its check must kill, by id.
    pub mutants: Vec<String>,
    /// Where the sources of the program cite it, by file and line.
    pub code: Vec<Place>,
    /// What a person answered to its question; `outcome` knows nothing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<Review>,
}

/// Counts of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Scenarios run.
    pub scenarios: u32,
    /// Of these passed.
    pub scenarios_passed: u32,
    /// Of these failed.
    pub scenarios_failed: u32,
    /// Of these unknown.
    pub scenarios_unknown: u32,
    /// Rows of the catalogue.
    pub catalogued: u32,
    /// Rows with a check.
    pub checked: u32,
    /// Checked rows with a verdict better or worse than `not-exercised` and `not-supported`.
    pub exercised: u32,
    /// Rows passed.
    pub passed: u32,
    /// Rows failed.
    pub failed: u32,
    /// Rows with a tolerated deviation.
    pub deviation: u32,
    /// Rows undecided.
    pub unknown: u32,
    /// Checked rows that nothing exercised.
    pub not_exercised: u32,
    /// Checked rows that the subject does not offer.
    pub not_supported: u32,
    /// Rows with a question for a person.
    #[serde(default)]
    pub questions: u32,
    /// What persons answered to them.
    #[serde(default)]
    pub answers: Answers,
    /// Rows with neither a check nor a question.
    #[serde(default)]
    pub exceptions: u32,
    /// Simulated seconds, summed over scenarios, rounded down.
    pub simulated_seconds: u64,
}

/// Persons' answers, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answers {
    /// Fulfilled.
    pub yes: u32,
    /// Not fulfilled.
    pub no: u32,
    /// Fulfilled in part.
    pub partly: u32,
    /// Of no concern to this provider.
    pub not_applicable: u32,
}

/// What differs from machine to machine and day to day; stands apart from the record.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// [`crate::FORMAT`].
    pub format: u32,
    /// When the run began, RFC 3339.
    pub began: String,
    /// How long it took.
    pub wall_ms: u64,
    /// Worker threads.
    pub jobs: u32,
    /// Milliseconds by scenario id.
    pub scenario_ms: std::collections::BTreeMap<String, u64>,
}
