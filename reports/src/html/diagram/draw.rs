//! The diagram as SVG. Colours are the page's own, so that it follows light and dark.

use collaudo_record::Span;
use maud::{Markup, html};

use super::rows::{Diagram, Mark, Row, Tone};
use crate::{html::story::Fate, words::shorten};

/// Where the column of offsets ends.
const TIME: i32 = 96;
/// From the column of offsets to the first lane.
const FIRST: i32 = 84;
/// Room to the right of the last lane.
const LAST: i32 = 250;
/// Where the lanes begin, below their names.
const HEAD: i32 = 54;
/// The width of a character, rather too wide than too narrow.
const CHAR: i32 = 7;
/// A diagram longer than this repeats the lanes' names below.
const LONG: i32 = 700;

/// Rows with their places.
struct Sheet<'a> {
    diagram: &'a Diagram<'a>,
    /// The middle of each row and half its height.
    places: Vec<(i32, i32)>,
    width: i32,
    bottom: i32,
    /// Tells this diagram's patterns and titles from those of others on the page.
    id: usize,
}

/// Draws it; *takes* a number that no other diagram of the page has, and the address of a message by its place.
pub(super) fn svg(diagram: &Diagram<'_>, id: usize, address: impl Fn(usize) -> String) -> Markup {
    let sheet = Sheet::of(diagram, id);
    let foot = if sheet.bottom > LONG { HEAD } else { 12 };
    let height = sheet.bottom + foot;
    html! {
        svg.sequence xmlns="http://www.w3.org/2000/svg" width=(sheet.width) height=(height) viewBox={ "0 0 " (sheet.width) " " (height) }
            role="group" aria-labelledby={ "seq-" (id) "-t seq-" (id) "-d" } {
            title id={ "seq-" (id) "-t" } { "Sequence diagram of " (diagram.title) }
            desc id={ "seq-" (id) "-d" } {
                (diagram.lanes.len()) " lanes: " @for (n, lane) in diagram.lanes.iter().enumerate() { @if n > 0 { ", " } (lane.host) }
                ". The list of the trace below says the same in words."
            }
            defs {
                pattern id={ "seq-" (id) "-down" } width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                    line.hatch x1="0" y1="0" x2="0" y2="6" {}
                }
            }
            (sheet.bands())
            (sheet.lane_lines())
            (sheet.names(16))
            @if foot == HEAD { (sheet.names(sheet.bottom + 22)) }
            (sheet.offsets())
            @for (n, row) in diagram.rows.iter().enumerate() { (sheet.row(n, row, &address)) }
        }
    }
}

/// What signs and colours mean.
pub(super) fn key() -> Markup {
    let sample = |class: &str, word: &str, drawn: Markup| {
        html! { span.sample { svg width="30" height="12" viewBox="0 0 30 12" aria-hidden="true" { g class=(class) { (drawn) } } " " (word) } }
    };
    let arrow = html! { line x1="1" y1="6" x2="22" y2="6" {} path.tip d="M29 6 l-9 -4 v8 z" {} };
    let crossed = html! { line x1="1" y1="6" x2="20" y2="6" {} path.cross d="M21 2 l8 8 m0 -8 l-8 8" {} };
    let letter = html! { rect.letter x="7" y="1" width="15" height="10" {} path.flap d="M7 1 l7.5 5 l7.5 -5" {} };
    html! {
        span.key {
            (sample("mark mail", "message or envelope", arrow.clone()))
            (sample("mark receipt", "receipt", arrow.clone()))
            (sample("mark notice", "notice", arrow))
            (sample("mark refused", "refused or broken off", crossed))
            (sample("mark mail", "stored (declared)", letter))
            (sample("band", "fault", html! { rect x="3" y="0" width="24" height="12" {} }))
        }
    }
}

impl<'a> Sheet<'a> {
    fn of(diagram: &'a Diagram<'a>, id: usize) -> Self {
        let mut y = HEAD;
        let places = diagram
            .rows
            .iter()
            .map(|row| {
                let half = half_height(&row.mark);
                y += 2 * half;
                (y - half, half)
            })
            .collect();
        let lanes = i32::try_from(diagram.lanes.len()).unwrap_or(i32::MAX / 1_000);
        let width = TIME + FIRST + (lanes - 1).max(0) * spacing(lanes) + LAST;
        Self { diagram, places, width, bottom: y + 8, id }
    }

    fn x(&self, lane: usize) -> i32 {
        let lanes = i32::try_from(self.diagram.lanes.len()).unwrap_or(1);
        TIME + FIRST + i32::try_from(lane).unwrap_or(0) * spacing(lanes)
    }

    fn y(&self, row: usize) -> i32 {
        self.places.get(row).map_or(0, |place| place.0)
    }

    fn names(&self, y: i32) -> Markup {
        html! {
            @for (n, lane) in self.diagram.lanes.iter().enumerate() {
                text.lane x=(self.x(n)) y=(y) text-anchor="middle" { (shorten(lane.host, 24)) }
                text.below x=(self.x(n)) y=(y + 17) text-anchor="middle" { (shorten(lane.below, 26)) }
            }
        }
    }

    /// Whole while time runs, dotted where it is cut out.
    fn lane_lines(&self) -> Markup {
        let gaps: Vec<(i32, i32)> = self
            .diagram
            .rows
            .iter()
            .zip(&self.places)
            .filter(|(row, _)| matches!(row.mark, Mark::Silence(_)))
            .map(|(_, (y, half))| (y - half, y + half))
            .collect();
        html! {
            @for n in 0..self.diagram.lanes.len() {
                @let x = self.x(n);
                path.line d={
                    "M" (x) " " (HEAD - 8)
                    @for (from, to) in &gaps { "V" (from) "M" (x) " " (to) }
                    "V" (self.bottom)
                } {}
                @for (from, to) in &gaps { line.dots x1=(x) y1=(from) x2=(x) y2=(to) {} }
            }
        }
    }

    fn bands(&self) -> Markup {
        html! {
            @for (n, row) in self.diagram.rows.iter().enumerate() {
                @match &row.mark {
                    Mark::Fault { number, lanes, label, begins: true } => {
                        @let end = self.end_of(n, |mark| matches!(mark, Mark::Fault { number: m, begins: false, .. } if m == number));
                        @let (left, right) = (self.x(lanes.0) - 20, self.x(lanes.1) + 20);
                        g.band { title { (label) } rect x=(left) y=(self.y(n)) width=(right - left) height=(end - self.y(n)) {} }
                    }
                    Mark::Host { lane, label, up: false } => {
                        @let end = self.end_of(n, |mark| matches!(mark, Mark::Host { lane: l, up: true, .. } if l == lane));
                        rect.down x=(self.x(*lane) - 8) y=(self.y(n)) width="16" height=(end - self.y(n)) fill={ "url(#seq-" (self.id) "-down)" } { title { (label) } }
                    }
                    _ => {}
                }
            }
        }
    }

    /// Where the row lies that ends what began in row `from`; the bottom, where none does.
    fn end_of(&self, from: usize, ends: impl Fn(&Mark) -> bool) -> i32 {
        let later = self.diagram.rows.iter().skip(from).position(|row| ends(&row.mark));
        later.map_or(self.bottom, |n| self.y(from + n))
    }

    /// The offset of each row that has another than the row above.
    fn offsets(&self) -> Markup {
        let mut last = None;
        html! {
            @for (n, row) in self.diagram.rows.iter().enumerate() {
                @let shown = match row.mark { Mark::Silence(_) | Mark::More(_) => None, _ => Some(row.offset.to_string()) };
                @if shown.is_some() && shown != last {
                    text.offset x=(TIME) y=(self.y(n) + 4) text-anchor="end" { (shown.clone().unwrap_or_default()) }
                    ({ last = shown; "" })
                }
            }
        }
    }

    fn row(&self, n: usize, row: &Row, address: &impl Fn(usize) -> String) -> Markup {
        let y = self.y(n);
        let drawn = match &row.mark {
            Mark::Arrow { from, to, label, tone, fate, again, message } => {
                let label = match again {
                    None => label.clone(),
                    Some(again) => format!("{}\u{d7} until {}: {label}", again.times, again.last),
                };
                let class = if *fate == Fate::Taken { class(*tone) } else { "refused" };
                let words = self.label_of_arrow(*from, *to, y, &label);
                html! { g class={ "mark " (class) } { (self.arrow(*from, *to, y, fate)) (linked(*message, address, words)) } }
            }
            Mark::Stored { lane, label, tone, message } => {
                let x = self.x(*lane);
                let letter = html! { rect.letter x=(x - 8) y=(y - 6) width="16" height="11" {} path.flap d={ "M" (x - 8) " " (y - 6) " l8 5.5 l8 -5.5" } {} };
                let words = self.beside(x, y, label);
                html! { g class={ "mark stored " (class(*tone)) } { (letter) (linked(*message, address, words)) } }
            }
            Mark::Fault { lanes, label, .. } => {
                self.headline("fault", (self.x(lanes.0) + self.x(lanes.1)) / 2, y, label)
            }
            Mark::Host { lane, label, .. } => self.headline("host", self.x(*lane), y, label),
            Mark::Failed { lane, label } => {
                let x = self.x(*lane);
                html! { g.mark.refused { path.cross d={ "M" (x - 5) " " (y - 5) " l10 10 m0 -10 l-10 10" } {} (self.beside(x, y, label)) } }
            }
            Mark::Silence(span) => self.silence(y, *span),
            Mark::End => html! { text.note x=(TIME + 12) y=(y + 4) { "end of the run" } },
            Mark::More(rows) => {
                html! { text.note x=(TIME + 12) y=(y + 4) { (rows) " more rows are in the list of the trace" } }
            }
        };
        html! { g { title { (row.title) } (drawn) } }
    }

    fn arrow(&self, from: usize, to: usize, y: i32, fate: &Fate) -> Markup {
        let (start, end) = (self.x(from), self.x(to));
        if from == to {
            return html! { path d={ "M" (start) " " (y - 6) " h26 v12 h-18" } {} path.tip d={ "M" (start) " " (y + 6) " l10 -4 v8 z" } {} };
        }
        let way = if end > start { 1 } else { -1 };
        html! {
            @if *fate == Fate::Taken {
                line x1=(start) y1=(y) x2=(end - way * 9) y2=(y) {}
                path.tip d={ "M" (end - way) " " (y) " l" (-way * 10) " -4.5 v9 z" } {}
            } @else {
                line x1=(start) y1=(y) x2=(end - way * 14) y2=(y) {}
                path.cross d={ "M" (end - way * 9 - 5) " " (y - 5) " l10 10 m0 -10 l-10 10" } {}
            }
        }
    }

    /// Above the arrow, from its left end on.
    fn label_of_arrow(&self, from: usize, to: usize, y: i32, label: &str) -> Markup {
        let loops = if from == to { 34 } else { 0 };
        let x = self.x(from).min(self.x(to)) + 12 + loops;
        let y = if from == to { y + 4 } else { y - 7 };
        html! { text x=(x) y=(y) { (shorten(label, chars(self.width - x - 4))) } }
    }

    /// Right of the lane where it fits, else left of it where it fits, else where there is more room.
    fn beside(&self, x: i32, y: i32, label: &str) -> Markup {
        let (right, left) = (chars(self.width - x - 20), chars(x - TIME - 30));
        let length = label.chars().count();
        html! {
            @if length <= right || right >= left {
                text x=(x + 15) y=(y + 4) { (shorten(label, right)) }
            } @else {
                text x=(x - 15) y=(y + 4) text-anchor="end" { (shorten(label, left)) }
            }
        }
    }

    fn headline(&self, class: &str, x: i32, y: i32, label: &str) -> Markup {
        let room = (self.width - x).min(x - TIME).max(60) * 2;
        html! { g class={ "headline " (class) } { text x=(x) y=(y + 4) text-anchor="middle" { (shorten(label, chars(room))) } } }
    }

    /// Two torn edges with the time between them.
    fn silence(&self, y: i32, span: Span) -> Markup {
        let right = self.width - 8;
        let told = span.to_string();
        html! {
            g.silence {
                @for edge in [y - 11, y + 11] {
                    path d={ "M" (TIME + 12) " " (edge) @for _ in 0..(right - TIME - 12) / 16 { "q4 -4 8 0 t8 0" } } {}
                }
                text x=(TIME + 12) y=(y + 4) { (told.trim_start_matches('+')) " in which nothing crosses" }
            }
        }
    }
}

fn linked(message: Option<usize>, address: &impl Fn(usize) -> String, words: Markup) -> Markup {
    html! { @match message { Some(place) => a href=(address(place)) { (words) }, None => (words) } }
}

const fn half_height(mark: &Mark) -> i32 {
    match mark {
        Mark::Arrow { .. } => 21,
        Mark::Stored { .. } | Mark::Failed { .. } => 15,
        Mark::Fault { .. } | Mark::Host { .. } => 14,
        Mark::Silence(_) => 24,
        Mark::End | Mark::More(_) => 14,
    }
}

const fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Mail => "mail",
        Tone::Receipt => "receipt",
        Tone::Notice => "notice",
    }
}

/// From lane to lane: the fewer, the wider.
const fn spacing(lanes: i32) -> i32 {
    match lanes {
        ..=3 => 300,
        4 => 230,
        5 => 170,
        _ => 160,
    }
}

/// How many characters surely fit.
fn chars(room: i32) -> usize {
    usize::try_from(room / CHAR).unwrap_or(0).max(4)
}
