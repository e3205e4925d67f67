//! A sequence diagram in simulated time: people and providers as lanes, what crossed between them as arrows, what was
//! stored as marks, faults and hosts that are down as bands. Idle time is cut out, visibly.

mod draw;
mod rows;

use collaudo_record::ScenarioRecord;
use maud::{Markup, html};

use super::anchor;

/// The diagram with its caption; nothing where nobody took part.
pub(super) fn figure(scenario: &ScenarioRecord, place: usize) -> Markup {
    let diagram = rows::Diagram::of(scenario);
    if diagram.lanes.is_empty() {
        return html! {};
    }
    let absent = scenario.providers.iter().filter(|p| !diagram.lanes.iter().any(|lane| lane.host == p.name)).count();
    html! {
        figure {
            div.scroll.paper tabindex="0" role="region" aria-label={ "Sequence diagram of " (scenario.title) } {
                (draw::svg(&diagram, place, |message| format!("#{}", anchor::of_message(scenario, message))))
            }
            figcaption {
                (draw::key())
                " Offsets are simulated time since the clock began; the order is exact, distances are not to scale, and idle time is cut out. "
                "A label opens its message."
                @if absent > 0 { " " (crate::words::count(absent, "provider")) " without a part in it are left out." }
            }
        }
    }
}
