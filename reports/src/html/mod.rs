//! The report that people read: one file that opens offline and reads without JavaScript.
//!
//! It is written to be checked: every verdict names the lines of the trace that it rests on, and those lines, the
//! messages and the catalogue are all on the page.

mod anchor;
mod catalogue;
mod diagram;
mod failures;
mod header;
mod message;
mod pretty;
mod scenario;
mod story;
mod trace;

use std::{collections::BTreeSet, sync::Arc};

use collaudo_record::{BodyHash, Measured, Outcome, RunRecord, ScenarioOutcome};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::words;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// A page that fetches nothing and sends nothing, whatever a message may hold.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// The whole page.
///
/// *Takes* the record, what was measured if that is known, and the octets of a message by their hash: they are shown in
/// part, and linked as `messages/<sha256>.eml` beside the page,
/// as traces are as `traces/<scenario>.jsonl`.
pub fn run(record: &RunRecord, measured: Option<&Measured>, bodies: &dyn Fn(&BodyHash) -> Option<Arc<[u8]>>) -> String {
    let report = Report { record, measured, bodies, embedded: embedded(record) };
    // Nothing that escaping leaves alone may turn the text around it or act on a screen.
    words::visible(&page(&report).into_string()).into_owned()
}

/// What the parts of the page are made from.
struct Report<'a> {
    record: &'a RunRecord,
    measured: Option<&'a Measured>,
    bodies: &'a dyn Fn(&BodyHash) -> Option<Arc<[u8]>>,
    /// Messages whose octets are on the page: place of the scenario, place of the message.
    embedded: BTreeSet<(usize, usize)>,
}

fn page(report: &Report<'_>) -> Markup {
    let record = report.record;
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="referrer" content="no-referrer";
                title { "Collaudo: " (record.subject) ", seed " (record.seed) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#main" { "Skip to the results" }
                (header::header(report))
                main #main {
                    (failures::section(record))
                    (scenario::section(report))
                    (catalogue::section(record))
                    (header::how_to_read())
                }
                footer { p { "Made from run.json, format " (record.format) ". Whoever has it and the messages can make this page again." } }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

/// The class and the sign of an outcome: never by colour alone.
const fn sign(outcome: Outcome) -> (&'static str, &'static str) {
    match outcome {
        Outcome::NotSupported => ("idle", "\u{2205}"),
        Outcome::NotExercised => ("idle", "\u{25cb}"),
        Outcome::Pass => ("pass", "\u{2713}"),
        Outcome::Deviation => ("deviation", "\u{2248}"),
        Outcome::Unknown => ("unknown", "?"),
        Outcome::Fail => ("fail", "\u{2715}"),
    }
}

/// An outcome as a small label.
fn chip(outcome: Outcome) -> Markup {
    let (class, sign) = sign(outcome);
    label(class, sign, words::outcome(outcome))
}

fn scenario_chip(outcome: ScenarioOutcome) -> Markup {
    let of = match outcome {
        ScenarioOutcome::Passed => Outcome::Pass,
        ScenarioOutcome::Unknown => Outcome::Unknown,
        ScenarioOutcome::Failed => Outcome::Fail,
    };
    let (class, sign) = sign(of);
    label(class, sign, words::scenario_outcome(outcome))
}

fn label(class: &str, sign: &str, word: &str) -> Markup {
    html! { span class={ "chip " (class) } { span aria-hidden="true" { (sign) } " " (word) } }
}

/// The text up to so many octets, and whether it was cut.
fn cut(text: &str, octets: usize) -> (&str, bool) {
    let (kept, rest) = text.split_at(text.floor_char_boundary(octets));
    (kept, !rest.is_empty())
}

/// The messages whose octets the page holds: those of scenarios that failed first, until the page is big enough.
fn embedded(record: &RunRecord) -> BTreeSet<(usize, usize)> {
    let mut left = message::RAW_OF_A_PAGE;
    let mut chosen = BTreeSet::new();
    for wanted in [ScenarioOutcome::Failed, ScenarioOutcome::Unknown, ScenarioOutcome::Passed] {
        for (s, scenario) in record.scenarios.iter().enumerate().filter(|(_, s)| s.outcome == wanted) {
            for (m, anatomy) in scenario.messages.iter().enumerate() {
                let octets = anatomy.octets.min(message::RAW_OF_A_MESSAGE);
                if octets <= left {
                    left -= octets;
                    chosen.insert((s, m));
                }
            }
        }
    }
    chosen
}
