//! The trace as a list: what verdicts cite, and what the diagram shows, in words.

use collaudo_record::{Basis, ScenarioRecord};
use maud::{Markup, html};

use super::{anchor, cut, story};
use crate::words::{count, line_of};

/// So many octets of an event's sentence are shown.
const SENTENCE: usize = 600;

pub(super) fn list(scenario: &ScenarioRecord) -> Markup {
    html! {
        details.fold.trace {
            summary { "The whole trace in words, " (count(scenario.events.len(), "event")) }
            div.scroll {
                table.lines {
                    caption.unseen { "Events of the trace; line numbers are those of the trace's file" }
                    thead { tr { th scope="col" { "Line" } th scope="col" { "Offset" } th scope="col" { "Basis" } th scope="col" { "Event" } } }
                    tbody {
                        @for (line, event) in (line_of(0)..).zip(&scenario.events).take(anchor::LISTED) {
                            @let sentence = story::sentence(scenario, event);
                            @let (shown, long) = cut(&sentence, SENTENCE);
                            tr id=(anchor::of_line(scenario, line)) {
                                th scope="row" { (line) }
                                td.n { (event.at.since(scenario.epoch)) }
                                td { @match event.basis { Basis::Observed => "observed", Basis::Declared => span.tag { "declared" } } }
                                td { (shown) @if long { "\u{2026}" } }
                            }
                        }
                    }
                }
            }
            @if scenario.events.len() > anchor::LISTED {
                p.source { (scenario.events.len() - anchor::LISTED) " more events are in the trace's file." }
            }
        }
    }
}
