//! Who sent what to whom, top to bottom. Colours are the page's own, so that it follows light and dark.

use maud::{Markup, html};

use super::page::{clock, tone};
use crate::story::{Hop, Story, Thread};

/// Room for the instants, to the left.
const TIME: usize = 150;
/// Between two lanes.
const LANE: usize = 186;
/// Above the first row, below the lanes' names.
const HEAD: usize = 48;
const ROW: usize = 40;
/// To the left and right of a lane's middle.
const HALF: usize = LANE / 2;

/// Draws a message and all that came of it.
pub(super) fn svg(story: &Story, thread: &Thread) -> Markup {
    let places = thread.places();
    let lane = |place: &str| places.iter().position(|found| *found == place).unwrap_or_default();
    let middle = |lane: usize| TIME + HALF + lane * LANE;
    let (width, height) = (TIME + places.len() * LANE, HEAD + thread.hops.len() * ROW + 16);
    html! {
        div.scroll {
            svg.sequence xmlns="http://www.w3.org/2000/svg" width=(width) height=(height)
                viewBox={ "0 0 " (width) " " (height) } role="img" aria-label="Sequence diagram; the table below says the same" {
                @for (n, place) in places.iter().enumerate() {
                    text.lane x=(middle(n)) y="18" { (shortened(place)) }
                    line.line x1=(middle(n)) y1="30" x2=(middle(n)) y2=(height - 6) {}
                }
                @for (n, hop) in thread.hops.iter().enumerate() {
                    @let y = HEAD + n * ROW + ROW / 2;
                    text.offset x=(TIME - 10) y=(y + 4) { (clock(hop.at)) }
                    (arrow(story, hop, (middle(lane(&hop.from)), middle(lane(&hop.to))), y))
                }
            }
        }
    }
}

fn arrow(story: &Story, hop: &Hop, (from, to): (usize, usize), y: usize) -> Markup {
    let kind = story.message(&hop.body).map_or("ordinary", |message| message.kind.as_str());
    let class = if hop.refused.is_some() { "refused" } else { tone(kind) };
    let label = match &hop.refused {
        None => kind.to_owned(),
        Some(reply) if hop.times > 1 => format!("{} \u{d7}{}", reply.get(..3).unwrap_or(reply), hop.times),
        Some(reply) => reply.get(..3).unwrap_or(reply).to_owned(),
    };
    let tip = if to >= from { to.saturating_sub(9) } else { to + 9 };
    html! {
        g.mark.(class) {
            path d={ "M" (from) " " (y) "H" (tip) } {}
            path.tip d={ "M" (to) " " (y) "L" (tip) " " (y - 5) "V" (y + 5) "z" } {}
            a href={ "/api/messages/" (hop.body) } {
                text x=(from.midpoint(to)) y=(y - 6) { (label) }
            }
        }
    }
}

/// A long address by its beginning.
fn shortened(place: &str) -> String {
    const SHOWN: usize = 24;
    if place.chars().count() <= SHOWN {
        return place.to_owned();
    }
    let kept: String = place.chars().take(SHOWN - 1).collect();
    format!("{kept}\u{2026}")
}
