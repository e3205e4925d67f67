//! The log as it is kept: each day closed, whole, and under the provider's signature.

use std::collections::BTreeMap;

use collaudo_record::{BodyHash, Instant, LogEntry, Provider, Span, What};
use jiff::{Timestamp, civil::Date};

use super::{super::message::rome, Check, Findings, Occasion, View};
use crate::{
    Clause,
    reading::{Signature, Trust},
};

/// Each day of the log is closed, and holds every line of it.
pub(super) const SEAL: Check = Check { clauses: &[Clause::PEC_2_3_10, Clause::PEC_DM_10_01], run: seal };

/// How long after midnight a day may wait to be closed.
const GRACE: Span = Span::from_hours(1);

/// A line and the event that shows it.
type Line<'a> = (u32, &'a LogEntry);

fn seal(view: &View<'_>, out: &mut Findings) {
    let events = || view.trace.events.iter().zip(0_u32..);
    // A world that shows no seal shows nothing of them.
    let is_seal = |what: &What| matches!(what, What::Sealed { .. });
    if !events().any(|(event, _)| is_seal(&event.what)) {
        return;
    }
    for provider in view.story.providers.all() {
        let lines: Vec<Line<'_>> = events()
            .filter_map(|(event, place)| match &event.what {
                What::Logged { provider: own, entry } if *own == provider.name => Some((place, entry)),
                _ => None,
            })
            .collect();
        let mut sealed: BTreeMap<Date, Vec<u32>> = BTreeMap::new();
        for (event, place) in events() {
            let What::Sealed { provider: own, day, seal } = &event.what else { continue };
            if *own != provider.name {
                continue;
            }
            let Ok(day) = day.parse::<Date>() else { continue };
            sealed.entry(day).or_default().push(place);
            whole(view, out, provider, (place, day, seal), &lines);
        }
        // Whoever keeps them elsewhere keeps them unseen.
        if sealed.is_empty() && view.trace.header.opaque {
            continue;
        }
        gapless(view, out, provider, &sealed, &lines);
    }
}

/// The day in Rome.
fn day_of(at: Instant) -> Option<Date> {
    Some(Timestamp::from_microsecond(at.0).ok()?.to_zoned(rome()?).date())
}

/// When a day in Rome is over.
fn end_of(day: Date) -> Option<Instant> {
    let midnight = day.tomorrow().ok()?.to_zoned(rome()?).ok()?;
    Some(Instant(midnight.timestamp().as_microsecond()))
}

//= PEC-2.3-10
fn whole(
    view: &View<'_>,
    out: &mut Findings,
    provider: &Provider,
    (place, day, seal): (u32, Date, &BodyHash),
    lines: &[Line<'_>],
) {
    let octets = view.trace.body(seal).unwrap_or_default();
    let (signature, content) = Signature::read(octets, &[], &Trust::default());
    let listed = signature.signer.as_ref().and_then(|signer| view.index.listing(&signer.der));
    // Where no index can be read the signature alone counts.
    let is_own = view.index.records.is_empty() || listed.is_some_and(|record| record.name == provider.display_name);
    let content = content.unwrap_or_default();
    let is_own_line = |(event, line): &Line<'_>| *event < place && day_of(line.at) == Some(day);
    let own: Vec<_> = lines.iter().copied().filter(is_own_line).collect();
    let missing = missing(&mut Text::of(&content), &own);
    let observed = match (signature.valid, is_own, missing.first()) {
        (false, ..) => format!("the signature does not hold: {}", signature.reason),
        (true, false, _) => "signed by another than the provider".to_owned(),
        (true, true, Some(line)) => {
            format!("{} lines of {} are not there, such as {} of {}", missing.len(), own.len(), line.event, id(line))
        }
        (true, true, None) => format!("signed, all {} lines of the day there", own.len()),
    };
    let holds = signature.valid && is_own && missing.is_empty();
    let events = own.first().map(|(event, _)| *event).into_iter().chain([place]);
    let expected = format!("the log of {day} under the provider's signature, with every line of that day");
    Occasion::new(view, provider, events).holds(out, &[Clause::PEC_2_3_10], holds, &expected, &observed);
}

fn id(line: &LogEntry) -> &str {
    let own = line.pec_msgid.as_deref().or(line.msgid.as_deref());
    own.unwrap_or(&line.sender).trim_matches(['<', '>'])
}

/// A sealed text, and how often words stand in it.
struct Text<'a> {
    octets: &'a [u8],
    words: BTreeMap<&'a [u8], usize>,
    searched: BTreeMap<String, usize>,
}

impl<'a> Text<'a> {
    fn of(octets: &'a [u8]) -> Self {
        let mut words: BTreeMap<&[u8], usize> = BTreeMap::new();
        let ends = |b: &u8| b.is_ascii_whitespace() || b"<>()[]{}\"',;|=:".contains(b);
        for word in octets.split(ends).filter(|word| !word.is_empty()) {
            *words.entry(word).or_default() += 1;
        }
        Self { octets, words, searched: BTreeMap::new() }
    }

    /// Whether something stands there so often. Words are counted once for all; only what is no word is searched for.
    fn has(&mut self, needle: &str, times: usize) -> bool {
        let octets = needle.as_bytes();
        if octets.is_empty() || self.words.get(octets).is_some_and(|count| *count >= times) {
            return true;
        }
        let count = || self.octets.windows(octets.len()).filter(|here| *here == octets).count();
        *self.searched.entry(needle.to_owned()).or_insert_with(count) >= times
    }
}

/// The lines that a text does not hold: a line's identifier must stand there as often as lines of the day have it, and its
/// kind of event at all.
fn missing<'l>(text: &mut Text<'_>, lines: &[Line<'l>]) -> Vec<&'l LogEntry> {
    let mut needed: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, line) in lines {
        *needed.entry(id(line)).or_default() += 1;
    }
    let kind = |line: &LogEntry| {
        let words = line.event.split(|c: char| !c.is_ascii_alphanumeric());
        words.max_by_key(|word| word.len()).unwrap_or_default().to_owned()
    };
    let all = lines.iter().map(|(_, line)| *line);
    all.filter(|line| !text.has(id(line), needed.get(id(line)).copied().unwrap_or(1)) || !text.has(&kind(line), 1))
        .collect()
}

//= PEC-DM.10-01
fn gapless(
    view: &View<'_>,
    out: &mut Findings,
    provider: &Provider,
    sealed: &BTreeMap<Date, Vec<u32>>,
    lines: &[Line<'_>],
) {
    let mut days: BTreeMap<Date, u32> = BTreeMap::new();
    for (event, line) in lines {
        if let Some(day) = day_of(line.at) {
            days.entry(day).or_insert(*event);
        }
    }
    for (day, line) in days {
        let seals = sealed.get(&day).map(Vec::as_slice).unwrap_or_default();
        let Some(end) = end_of(day) else { continue };
        let due = view.story.disturbances.due(&provider.name, end).map(|due| due.after(GRACE));
        let from = Instant(end.0 - Span::from_hours(24).0);
        // By a clock that is wrong the day is another.
        let is_mistimed = view.story.disturbances.mistimes(&provider.name, from, end.after(GRACE));
        let is_over = due.is_some_and(|due| due < view.story.end) && !is_mistimed;
        if seals.is_empty() && !is_over {
            continue;
        }
        let expected = format!("the log of {day} closed within the hour after it");
        let observed = super::count(seals.len(), "seal");
        let occasion = Occasion::new(view, provider, seals.iter().copied().chain([line]));
        occasion.holds(out, &[Clause::PEC_DM_10_01], !seals.is_empty(), &expected, &observed);
    }
}
