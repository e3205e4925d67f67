//! The report that people read: one file that opens offline and reads without JavaScript.
//!
//! It is written to be checked: every verdict names the lines of the trace that it rests on, and those lines, the
//! messages and the catalogue are all on the page. What many places share stands on it once.

mod anchor;
mod clauses;
mod diagram;
mod failures;
mod header;
mod message;
mod pretty;
mod report;
mod scenario;
mod story;
mod trace;

use std::sync::Arc;

use collaudo_record::{BodyHash, Measured, Outcome, RunRecord, ScenarioOutcome};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use report::Report;

use crate::{lang::Lang, words};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// A page that fetches nothing and sends nothing, whatever a message may hold.
pub(crate) const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// The whole page.
///
/// *Takes* the record, what was measured if that is known, the language, and the octets of a message by their hash: they are
/// shown in part, and linked as `messages/<sha256>.eml` beside the page, as traces are as `traces/<scenario>.jsonl`.
pub fn run(
    record: &RunRecord,
    measured: Option<&Measured>,
    lang: Lang,
    bodies: &dyn Fn(&BodyHash) -> Option<Arc<[u8]>>,
) -> String {
    let report = Report::new(record, measured, lang, bodies);
    // Nothing that escaping leaves alone may turn the text around it or act on a screen.
    words::visible(&page(&report).into_string()).into_owned()
}

fn page(report: &Report<'_>) -> Markup {
    let (record, lang) = (report.record, report.lang);
    html! {
        (DOCTYPE)
        html lang=(lang.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="referrer" content="no-referrer";
                title { "Collaudo: " (record.subject) ", " (lang.of("seed", "seme")) " " (record.seed) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#main" { (lang.of("Skip to the results", "Vai ai risultati")) }
                (diagram::shared())
                (header::header(report))
                main #main {
                    (failures::section(report))
                    (clauses::section(report))
                    (scenario::section(report))
                    (header::how_to_read(lang))
                }
                footer {
                    p {
                        (lang.of("Made from run.json, format", "Fatto da run.json, formato")) " " (record.format) ". "
                        (lang.of(
                            "Whoever has it and the messages can make this page again.",
                            "Chi ha quel file e i messaggi può rifare questa pagina.",
                        ))
                    }
                }
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
fn chip(lang: Lang, outcome: Outcome) -> Markup {
    let (class, sign) = sign(outcome);
    label(class, sign, words::outcome(lang, outcome))
}

fn scenario_chip(lang: Lang, outcome: ScenarioOutcome) -> Markup {
    let of = match outcome {
        ScenarioOutcome::Passed => Outcome::Pass,
        ScenarioOutcome::Unknown => Outcome::Unknown,
        ScenarioOutcome::Failed => Outcome::Fail,
    };
    let (class, sign) = sign(of);
    label(class, sign, words::scenario_outcome(lang, outcome))
}

fn label(class: &str, sign: &str, word: &str) -> Markup {
    html! { span class={ "chip " (class) } { span aria-hidden="true" { (sign) } " " (word) } }
}

/// What stands beside a clause that no text confirms, and beside what rests on it.
fn recalled(lang: Lang) -> Markup {
    html! { span.tag { (lang.of("recalled", "fonte non letta")) } }
}

/// The text up to so many octets, and whether it was cut.
fn cut(text: &str, octets: usize) -> (&str, bool) {
    let (kept, rest) = text.split_at(text.floor_char_boundary(octets));
    (kept, !rest.is_empty())
}
