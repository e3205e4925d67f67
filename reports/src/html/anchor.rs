//! Names of places on the page. Scenarios and clauses have the same name in every report, so that a link from elsewhere
//! holds; lines and messages are numbered within their scenario, for there are thousands.

use collaudo_record::ScenarioRecord;

pub(super) fn of_scenario(scenario: &ScenarioRecord) -> String {
    format!("scenario-{}", slug(&scenario.id))
}

pub(super) fn of_clause(id: &str) -> String {
    format!("clause-{}", slug(id))
}

/// A line of the trace of the scenario at this place.
pub(super) fn of_line(place: usize, line: u32) -> String {
    format!("t{}.{line}", place + 1)
}

/// A message by the place of its scenario and its own in it.
pub(super) fn of_message((scenario, message): (usize, usize)) -> String {
    format!("m{}.{}", scenario + 1, message + 1)
}

/// The trace's file beside this page; none where the id is no plain path.
pub(super) fn trace_file(scenario: &ScenarioRecord) -> Option<String> {
    let plain = slug(&scenario.id) == scenario.id && !scenario.id.contains("..");
    (plain && !scenario.trace_sha256.is_empty()).then(|| format!("traces/{}.jsonl", scenario.id))
}

/// Letters, digits, `.`, `_`, `-` and `/` stay; all else becomes `-`.
pub(super) fn slug(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || "._-/".contains(c) { c } else { '-' }).collect()
}
