//! The diagram as SVG. Colours are the page's own, so that it follows light and dark.

use collaudo_record::Span;
use maud::{Markup, html};

use super::rows::{Diagram, Mark, Row, Tone};
use crate::{
    html::{anchor, report::Report, story::Fate},
    lang::Lang,
    words::{line_of, shorten},
};

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
/// Teeth of a torn edge, enough for the widest diagram; a diagram shows as many as fit.
const TEETH: i32 = 260;
/// A diagram longer than this repeats the lanes' names below.
const LONG: i32 = 700;

/// Rows with their places.
struct Sheet<'a> {
    diagram: &'a Diagram<'a>,
    /// The middle of each row and half its height.
    places: Vec<(i32, i32)>,
    width: i32,
    bottom: i32,
    report: &'a Report<'a>,
    /// The place of its scenario.
    place: usize,
}

/// The signs that all diagrams share. Their colour is that of the mark which uses them.
pub(super) fn symbols() -> Markup {
    html! {
        svg.unseen xmlns="http://www.w3.org/2000/svg" width="0" height="0" aria-hidden="true" {
            defs {
                path #to-right .tip d="M0 0l-10-4.5v9z" {}
                path #to-left .tip d="M0 0l10-4.5v9z" {}
                path #cross .cross d="M-5-5l10 10m0-10l-10 10" {}
                g #letter { rect.letter x="-8" y="-6" width="16" height="11" {} path.flap d="M-8-6l8 5.5 8-5.5" {} }
                path #torn .torn d={ "M0 0" @for _ in 0..TEETH { "q4-4 8 0t8 0" } } {}
                pattern #down width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                    line.hatch x1="0" y1="0" x2="0" y2="6" {}
                }
            }
        }
    }
}

/// Draws it; *takes* the place of its scenario and the address of a message by its place.
pub(super) fn svg(
    report: &Report<'_>,
    diagram: &Diagram<'_>,
    place: usize,
    address: impl Fn(usize) -> String,
) -> Markup {
    let sheet = Sheet::of(report, diagram, place);
    let lang = report.lang;
    let foot = if sheet.bottom > LONG { HEAD } else { 12 };
    let height = sheet.bottom + foot;
    html! {
        svg.sequence xmlns="http://www.w3.org/2000/svg" width=(sheet.width) height=(height) viewBox={ "0 0 " (sheet.width) " " (height) }
            role="group" aria-labelledby={ "seq-" (place) "-t" } {
            title id={ "seq-" (place) "-t" } {
                (lang.of("Sequence diagram of", "Diagramma di sequenza di")) " " (diagram.title) ": "
                @for (n, lane) in diagram.lanes.iter().enumerate() { @if n > 0 { ", " } (lane.host) }
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
pub(super) fn key(lang: Lang) -> Markup {
    let sample = |class: &str, word: &str, drawn: Markup| {
        html! { span.sample { svg width="30" height="12" viewBox="0 0 30 12" aria-hidden="true" { g class=(class) { (drawn) } } " " (word) } }
    };
    let arrow = html! { path d="M1 6H21" {} use href="#to-right" x="29" y="6" {} };
    let crossed = html! { path d="M1 6H18" {} use href="#cross" x="25" y="6" {} };
    let letter = html! { use href="#letter" x="15" y="6" {} };
    html! {
        span.key {
            (sample("mark mail", lang.of("message or envelope", "messaggio o busta"), arrow.clone()))
            (sample("mark receipt", lang.of("receipt", "ricevuta"), arrow.clone()))
            (sample("mark notice", lang.of("notice", "avviso"), arrow))
            (sample("mark refused", lang.of("refused or broken off", "rifiutato o interrotto"), crossed))
            (sample("mark mail", lang.of("stored (declared)", "conservato (dichiarato)"), letter))
            (sample("band", lang.of("fault", "guasto"), html! { rect x="3" y="0" width="24" height="12" {} }))
        }
    }
}

impl<'a> Sheet<'a> {
    fn of(report: &'a Report<'a>, diagram: &'a Diagram<'a>, place: usize) -> Self {
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
        Self { diagram, places, width, bottom: y + 8, report, place }
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
                text.lane x=(self.x(n)) y=(y) { (shorten(lane.host, 24)) }
                text.below x=(self.x(n)) y=(y + 17) { (shorten(lane.below, 26)) }
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
                        rect.down x=(self.x(*lane) - 8) y=(self.y(n)) width="16" height=(end - self.y(n)) fill="url(#down)" { title { (label) } }
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

    /// The offset of each row that has another than the row above; a link to its line of the trace, where that is on the page.
    fn offsets(&self) -> Markup {
        let mut last = None;
        html! {
            @for (n, row) in self.diagram.rows.iter().enumerate() {
                @let shown = match row.mark { Mark::Silence(_) | Mark::More(_) => None, _ => Some(row.offset.to_string()) };
                @if shown.is_some() && shown != last {
                    @let offset = html! { text.offset x=(TIME) y=(self.y(n) + 4) { (shown.clone().unwrap_or_default()) } };
                    @match row.event.filter(|event| self.report.listed(self.place).contains(event)) {
                        Some(event) => a href={ "#" (anchor::of_line(self.place, line_of(event))) } { (offset) },
                        None => (offset),
                    }
                    ({ last = shown; "" })
                }
            }
        }
    }

    fn row(&self, n: usize, row: &Row, address: &impl Fn(usize) -> String) -> Markup {
        let (y, lang) = (self.y(n), self.report.lang);
        match &row.mark {
            Mark::Arrow { from, to, label, tone, fate, again, message } => {
                let label = match again {
                    None => label.clone(),
                    Some(again) => {
                        format!("{}\u{d7} {} {}: {label}", again.times, lang.of("until", "fino a"), again.last)
                    }
                };
                let class = if *fate == Fate::Taken { class(*tone) } else { "refused" };
                let words = self.label_of_arrow(*from, *to, y, &label);
                html! { g class={ "mark " (class) } { (self.arrow(*from, *to, y, fate)) (linked(*message, address, words)) } }
            }
            Mark::Stored { lane, label, tone, message } => {
                let x = self.x(*lane);
                let words = self.beside(x, y, label);
                html! { g class={ "mark " (class(*tone)) } { use href="#letter" x=(x) y=(y) {} (linked(*message, address, words)) } }
            }
            Mark::Fault { lanes, label, .. } => {
                self.headline("fault", (self.x(lanes.0) + self.x(lanes.1)) / 2, y, label)
            }
            Mark::Host { lane, label, .. } => self.headline("host", self.x(*lane), y, label),
            Mark::Failed { lane, label } => {
                let x = self.x(*lane);
                html! { g.mark.refused { use href="#cross" x=(x) y=(y) {} (self.beside(x, y, label)) } }
            }
            Mark::Silence(span) => self.silence(y, *span),
            Mark::End => self.note(y, lang.of("end of the run", "fine dell'esecuzione")),
            Mark::More(rows) => self.note(
                y,
                &format!("{rows} {}", lang.of("more rows are in the trace", "altre righe sono nella traccia")),
            ),
        }
    }

    fn note(&self, y: i32, words: &str) -> Markup {
        html! { text.note x=(TIME + 12) y=(y + 4) { (words) } }
    }

    fn arrow(&self, from: usize, to: usize, y: i32, fate: &Fate) -> Markup {
        let (start, end) = (self.x(from), self.x(to));
        if from == to {
            return html! { path d={ "M" (start) " " (y - 6) "h26v12h-18" } {} use href="#to-left" x=(start) y=(y + 6) {} };
        }
        let way = if end > start { 1 } else { -1 };
        html! {
            @if *fate == Fate::Taken {
                path d={ "M" (start) " " (y) "H" (end - way * 9) } {}
                use href=(if way > 0 { "#to-right" } else { "#to-left" }) x=(end - way) y=(y) {}
            } @else {
                path d={ "M" (start) " " (y) "H" (end - way * 14) } {}
                use href="#cross" x=(end - way * 9) y=(y) {}
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
                text.left x=(x - 15) y=(y + 4) { (shorten(label, left)) }
            }
        }
    }

    fn headline(&self, class: &str, x: i32, y: i32, label: &str) -> Markup {
        let room = (self.width - x).min(x - TIME).max(60) * 2;
        html! { g class={ "headline " (class) } { text x=(x) y=(y + 4) { (shorten(label, chars(room))) } } }
    }

    /// Two torn edges with the time between them.
    fn silence(&self, y: i32, span: Span) -> Markup {
        let told = span.to_string();
        html! {
            g.silence {
                @for edge in [y - 11, y + 11] { use href="#torn" x=(TIME + 12) y=(edge) {} }
                text x=(TIME + 12) y=(y + 4) {
                    (told.trim_start_matches('+')) " " (self.report.lang.of("in which nothing crosses", "in cui nulla passa"))
                }
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
