//! Names of places on the page, the same in every report of the same scenario.

use collaudo_record::{BodyHash, ScenarioRecord};
use maud::{Markup, html};

use crate::words::line_of;

/// So many lines of a trace are listed; the rest is in the trace's file.
pub(super) const LISTED: usize = 3_000;

pub(super) fn of_scenario(scenario: &ScenarioRecord) -> String {
    format!("scenario-{}", slug(&scenario.id))
}

pub(super) fn of_clause(id: &str) -> String {
    format!("clause-{}", slug(id))
}

pub(super) fn of_line(scenario: &ScenarioRecord, line: u32) -> String {
    format!("{}-line-{line}", slug(&scenario.id))
}

pub(super) fn of_message(scenario: &ScenarioRecord, place: usize) -> String {
    format!("{}-message-{}", slug(&scenario.id), place + 1)
}

/// The trace's file beside this page; none where the id is no plain path.
pub(super) fn trace_file(scenario: &ScenarioRecord) -> Option<String> {
    let plain = slug(&scenario.id) == scenario.id && !scenario.id.contains("..");
    (plain && !scenario.trace_sha256.is_empty()).then(|| format!("traces/{}.jsonl", scenario.id))
}

/// The place of a message in its scenario.
pub(super) fn place_of(scenario: &ScenarioRecord, body: &BodyHash) -> Option<usize> {
    scenario.messages.iter().position(|anatomy| anatomy.body == *body)
}

/// Links to the lines of the trace that something rests on.
pub(super) fn evidence(scenario: &ScenarioRecord, places: &[u32]) -> Markup {
    const SHOWN: usize = 8;
    let ranges = crate::words::lines_of(places);
    let last = scenario.events.len().min(LISTED);
    html! {
        @for (n, (from, to)) in ranges.iter().take(SHOWN).enumerate() {
            @if n > 0 { ", " }
            @let words = if from == to { from.to_string() } else { format!("{from}\u{2013}{to}") };
            @if (*from as usize) < last + line_of(0) as usize {
                a href={ "#" (of_line(scenario, *from)) } { (words) }
            } @else { (words) }
        }
        @if ranges.len() > SHOWN { " and " (ranges.len() - SHOWN) " more" }
    }
}

/// Letters, digits, `.`, `_`, `-` and `/` stay; all else becomes `-`.
fn slug(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || "._-/".contains(c) { c } else { '-' }).collect()
}
