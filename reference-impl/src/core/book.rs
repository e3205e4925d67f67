//! The log of §2.3: its lines in a chain, closed and sealed day by day.

use std::fmt::{self, Write as _};

use collaudo_node::{BodyId, Bytes, Timestamp};
use jiff::{ToSpan, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::journal::{UNCHAINED, hex, micros};

/// Octets of lines that are sealed before their day is over: a seal must stay a file that can be handled.
const MOST: usize = 64 * 1024 * 1024;
/// What the law has a log, and a message that was put aside, kept for.
//= PEC-2.3-11
//= PEC-2.2.4-02
const MONTHS_KEPT: i64 = 30;

/// The log, as far as the committed records tell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Book {
    /// The end of the chain.
    #[serde(with = "hex")]
    end: BodyId,
    /// Lines that no seal covers yet, in the order of the chain.
    open: Vec<Entry>,
    /// Their octets.
    octets: usize,
    /// The last day that is closed.
    closed: Option<Day>,
    seals: Vec<Kept>,
    retained: Vec<Kept>,
}

/// A day in Rome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Day(Date);

/// A line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Entry {
    #[serde(with = "micros")]
    at: Timestamp,
    /// The end of the chain before and behind it, and what it says.
    text: String,
}

/// A body that is kept for thirty months: the seal of a day, or a message that was put aside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Kept {
    day: Day,
    #[serde(with = "hex")]
    body: BodyId,
}

/// Lines to be sealed together.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Chapter {
    /// The day in Rome.
    pub(crate) day: Day,
    pub(crate) lines: usize,
    /// Whether it is the last of its day.
    pub(crate) closes: bool,
    pub(crate) text: Bytes,
}

impl Default for Book {
    fn default() -> Self {
        Self { end: UNCHAINED, open: Vec::new(), octets: 0, closed: None, seals: Vec::new(), retained: Vec::new() }
    }
}

impl Book {
    /// The end of the chain.
    pub(crate) fn end(&self) -> BodyId {
        self.end
    }

    /// Takes up a committed line.
    pub(crate) fn add(&mut self, at: Timestamp, text: &str, chain: BodyId) {
        let mut line = String::with_capacity(2 * 64 + 3 + text.len());
        let _ = writeln!(line, "{} {chain} {text}", self.end);
        self.octets += line.len();
        self.open.push(Entry { at, text: line });
        self.end = chain;
    }

    /// Takes up a committed seal.
    pub(crate) fn seal(&mut self, day: Day, body: BodyId, lines: usize, closes: bool) {
        let end = day.end();
        let mut left = lines;
        self.open.retain(|entry| {
            let sealed = left > 0 && entry.at < end;
            left -= usize::from(sealed);
            !sealed
        });
        self.octets = self.open.iter().map(|entry| entry.text.len()).sum();
        if closes {
            self.closed = Some(day);
        }
        self.seals.push(Kept { day, body });
        let oldest = Day(day.0.checked_sub(MONTHS_KEPT.months()).unwrap_or(Date::MIN));
        self.seals.retain(|kept| kept.day >= oldest);
        self.retained.retain(|kept| kept.day >= oldest);
    }

    /// Takes up a message that was put aside.
    pub(crate) fn retain(&mut self, body: BodyId, at: Timestamp) {
        self.retained.push(Kept { day: Day::of(at), body });
    }

    /// What is kept for its thirty months.
    pub(crate) fn bodies(&self) -> impl Iterator<Item = BodyId> {
        self.seals.iter().chain(&self.retained).map(|kept| kept.body)
    }

    /// When the next day is to be closed: the one behind the last that was, else that of the first line. Days without
    /// lines are closed too, so that the sealed log has no gap.
    //= PEC-DM.10-01
    pub(crate) fn due(&self) -> Option<Timestamp> {
        self.day().map(Day::end)
    }

    /// Whether so many lines are open that they are sealed before their day is over.
    pub(crate) fn is_full(&self) -> bool {
        self.octets > MOST
    }

    fn day(&self) -> Option<Day> {
        match self.closed {
            Some(day) => day.0.tomorrow().ok().map(Day),
            None => self.open.iter().map(|entry| entry.at).min().map(Day::of),
        }
    }

    /// What is to be sealed next; nothing before the first line.
    pub(crate) fn chapter(&self, provider: &str, now: Timestamp) -> Option<Chapter> {
        let day = self.day()?;
        let end = day.end();
        let mut text = format!("{provider}, {day}\n");
        let (mut lines, mut whole) = (0, true);
        for entry in self.open.iter().filter(|entry| entry.at < end) {
            whole = text.len() <= MOST;
            if !whole {
                break;
            }
            text.push_str(&entry.text);
            lines += 1;
        }
        Some(Chapter { day, lines, closes: whole && end <= now, text: text.into() })
    }
}

fn rome() -> TimeZone {
    TimeZone::get("Europe/Rome").unwrap_or(TimeZone::UTC)
}

impl Day {
    /// The day on which an instant falls.
    fn of(at: Timestamp) -> Self {
        Self(jiff::Timestamp::from_microsecond(at.unix_micros()).unwrap_or_default().to_zoned(rome()).date())
    }

    /// The midnight that ends it: 23, 24 or 25 hours after the one that began it.
    fn end(self) -> Timestamp {
        let midnight = self.0.tomorrow().and_then(|next| next.to_zoned(rome()));
        Timestamp::from_unix_micros(midnight.map_or(i64::MAX, |midnight| midnight.timestamp().as_microsecond()))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<String> for Day {
    type Error = jiff::Error;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.to_string()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{super::journal::link, *};

    fn at(text: &str) -> Timestamp {
        Timestamp::from_unix_micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
    }

    fn book(instants: &[&str]) -> Book {
        let mut book = Book::default();
        for instant in instants {
            book.add(at(instant), instant, link(book.end(), instant));
        }
        book
    }

    #[test]
    fn a_day_ends_at_midnight_in_rome_winter_and_summer() {
        assert_eq!(book(&["2026-03-02T10:00:00Z"]).due(), Some(at("2026-03-02T23:00:00Z")));
        assert_eq!(book(&["2026-07-01T22:30:00Z"]).due(), Some(at("2026-07-02T22:00:00Z")));
        let hours = |day: &str| {
            let day: Date = day.parse().unwrap();
            Day(day).end().since(Day(day.yesterday().unwrap()).end()).as_secs() / 3600
        };
        let days = ["2026-03-28", "2026-03-29", "2026-10-25"];
        assert_eq!(days.map(hours), [24, 23, 25]);
    }

    #[test]
    fn each_line_tells_the_chain_before_and_behind_it() {
        let book = book(&["2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z"]);
        let chapter = book.chapter("Gestore Alfa", at("2026-03-02T23:00:00Z")).unwrap();
        let text = String::from_utf8(chapter.text.to_vec()).unwrap();
        let mut end = UNCHAINED;
        for line in text.lines().skip(1) {
            let [before, behind, said] = line.splitn(3, ' ').collect::<Vec<_>>().try_into().unwrap();
            assert_eq!(before, end.to_string());
            end = link(end, said);
            assert_eq!(behind, end.to_string());
        }
        assert_eq!((end, chapter.lines, chapter.closes), (book.end(), 2, true));
    }

    #[test]
    fn a_line_of_the_next_day_waits_for_its_own_seal_wherever_it_stands_in_the_chain() {
        let mut book = book(&["2026-03-02T10:00:00Z", "2026-03-02T23:00:01Z", "2026-03-02T22:59:59Z"]);
        let now = at("2026-03-02T23:00:02Z");
        let chapter = book.chapter("Alfa", now).unwrap();
        assert_eq!((chapter.lines, chapter.closes), (2, true));
        book.seal(chapter.day, UNCHAINED, chapter.lines, chapter.closes);
        let next = book.chapter("Alfa", now + Duration::from_secs(86_400)).unwrap();
        assert_eq!((next.day.to_string().as_str(), next.lines, next.closes), ("2026-03-03", 1, true));
        assert!(String::from_utf8_lossy(&next.text).contains("23:00:01Z"));
    }

    #[test]
    fn a_day_without_lines_is_closed_too_and_none_is_before_the_first_line() {
        let mut book = book(&["2026-03-02T10:00:00Z"]);
        book.seal(book.day().unwrap(), UNCHAINED, 1, true);
        let chapter = book.chapter("Alfa", at("2026-03-03T23:00:00Z")).unwrap();
        assert_eq!((chapter.lines, chapter.text), (0, Bytes::from_static(b"Alfa, 2026-03-03\n")));
        assert_eq!(Book::default().due(), None);
    }

    #[test]
    fn more_lines_than_a_seal_should_hold_are_sealed_in_parts() {
        let mut book = Book::default();
        let long = "x".repeat(MOST / 2);
        (0..3).for_each(|_| book.add(at("2026-03-02T10:00:00Z"), &long, UNCHAINED));
        assert!(book.is_full());
        let now = at("2026-03-02T23:00:00Z");
        let part = book.chapter("Alfa", now).unwrap();
        assert_eq!((part.lines, part.closes), (2, false));
        book.seal(part.day, UNCHAINED, part.lines, part.closes);
        let rest = book.chapter("Alfa", now).unwrap();
        assert_eq!((rest.lines, rest.closes, rest.day), (1, true, part.day));
        assert!(!book.is_full());
    }

    #[test]
    fn seals_and_what_was_put_aside_are_kept_for_thirty_months() {
        let mut book = Book::default();
        let day = |text: &str| Day(text.parse().unwrap());
        book.retain(UNCHAINED, at("2026-03-02T10:00:00Z"));
        book.seal(day("2026-03-02"), UNCHAINED, 0, true);
        book.seal(day("2028-09-02"), UNCHAINED, 0, true);
        assert_eq!((book.seals.len(), book.retained.len()), (2, 1));
        book.seal(day("2028-09-03"), UNCHAINED, 0, true);
        assert_eq!((book.seals.len(), book.retained.len()), (2, 0));
    }
}
