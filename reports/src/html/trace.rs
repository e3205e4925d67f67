//! The trace as a list: what verdicts cite, in words.

use collaudo_record::{Basis, ScenarioRecord};
use maud::{Markup, html};

use super::{anchor, cut, report::Report, story};
use crate::words::line_of;

/// So many octets of an event's sentence are shown.
const SENTENCE: usize = 300;

pub(super) fn list(report: &Report<'_>, place: usize, scenario: &ScenarioRecord) -> Markup {
    let lang = report.lang;
    let listed = report.listed(place);
    let left = scenario.events.len().saturating_sub(listed.len());
    let events = lang.count(scenario.events.len(), ("event", "events"), ("evento", "eventi"));
    let mut next = None;
    html! {
        details.fold.trace {
            summary { (lang.of("The trace in words", "La traccia in parole")) ", " (events) }
            ol.lines {
                @for event_place in listed {
                    @if let Some(event) = scenario.events.get(*event_place as usize) {
                        @let line = line_of(*event_place);
                        @let sentence = story::sentence(lang, scenario, event);
                        @let (shown, long) = cut(&sentence, SENTENCE);
                        li id=(anchor::of_line(place, line)) value=[(next != Some(line)).then_some(line)] {
                            b { (event.at.since(scenario.epoch)) } " " (shown) @if long { "\u{2026}" }
                            @if event.basis == Basis::Declared { i { (lang.of("declared", "dichiarato")) } }
                        }
                        ({ next = line.checked_add(1); "" })
                    }
                }
            }
            @if left > 0 {
                p.source {
                    (left) " "
                    (lang.of(
                        "more events, on which no verdict rests, are in the trace's file.",
                        "altri eventi, su cui nessun giudizio si fonda, sono nel file della traccia.",
                    ))
                }
            }
        }
    }
}
