//! A sequence diagram in simulated time: people and providers as lanes, what crossed between them as arrows, what was
//! stored as marks, faults and hosts that are down as bands. Idle time is cut out, visibly.

mod draw;
mod rows;

use collaudo_record::ScenarioRecord;
use maud::{Markup, html};

use super::{anchor, report::Report};
use crate::lang::Lang;

/// The signs that all diagrams draw with; once on the page, before them all.
pub(super) fn shared() -> Markup {
    draw::symbols()
}

/// What signs, colours and offsets mean, once for all diagrams.
pub(super) fn key(lang: Lang) -> Markup {
    html! {
        p.source {
            (draw::key(lang)) " "
            (lang.of(
                "Offsets are simulated time since the clock began; the order is exact, distances are not to scale, and idle time is cut out. \
                 A label opens its message, an offset its line of the trace.",
                "Gli scarti sono tempo simulato dall'inizio dell'orologio; l'ordine è esatto, le distanze non sono in scala e il tempo vuoto è tagliato. \
                 Un'etichetta apre il suo messaggio, uno scarto la sua riga della traccia.",
            ))
        }
    }
}

/// The diagram with its caption; nothing where nobody took part.
pub(super) fn figure(report: &Report<'_>, scenario: &ScenarioRecord, place: usize) -> Markup {
    let lang = report.lang;
    let diagram = rows::Diagram::of(lang, scenario);
    if diagram.lanes.is_empty() {
        return html! {};
    }
    let absent = scenario.providers.iter().filter(|p| !diagram.lanes.iter().any(|lane| lane.host == p.name)).count();
    let label = format!("{} {}", lang.of("Sequence diagram of", "Diagramma di sequenza di"), scenario.title);
    html! {
        figure {
            div.scroll.paper tabindex="0" role="region" aria-label=(label) {
                (draw::svg(report, &diagram, place, |message| format!("#{}", anchor::of_message((place, message)))))
            }
            @if absent > 0 {
                figcaption {
                    (lang.count(absent, ("provider", "providers"), ("gestore", "gestori")))
                    (lang.of(" without a part in it are left out.", " senza una parte sono lasciati fuori."))
                }
            }
        }
    }
}
