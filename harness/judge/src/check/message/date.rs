//! The moment of processing, in each place that tells it: Date, certification data, text. A place that gives a moment at
//! which the message cannot have been made is itself the wrong one (R-0100).

use collaudo_record::{Instant, Outcome, Span, What};

use super::{
    Case, Ruling,
    case::{listed, shown, when},
    text::instant_of,
    words::words,
};
use crate::reading::Reading;

/// What lies between two places and is no cause for a word.
const SAME: Span = Span::from_secs(1);
/// What deployed providers let pass between two places, and what two clocks may be apart.
const DEPLOYED: Span = Span::from_secs(60);

/// Each place of a message that tells when it was made, by its name.
pub(crate) fn times(reading: &Reading) -> impl Iterator<Item = (&'static str, Instant)> {
    named(reading, instant_of(&reading.text))
}

fn named(reading: &Reading, text: Option<Instant>) -> impl Iterator<Item = (&'static str, Instant)> {
    let certified = reading.daticert.as_ref().and_then(|daticert| daticert.at);
    let all = [("Date", reading.head.date), ("daticert", certified), ("text", text)];
    all.into_iter().filter_map(|(name, at)| Some((name, at?)))
}

/// Date is right where the certification data or the text has the same moment; that they differ is another row's affair.
pub(super) fn date(case: &Case<'_>) -> Option<Ruling> {
    let limits = Limits::of(case);
    let own = case.head().date;
    let certified = case.daticert().and_then(|daticert| daticert.at);
    let told = [(certified, "as certified"), (case.moment().instant, "as the text has it")];
    let told = told.into_iter().filter_map(|(at, whose)| Some((at?, whose)));
    // What cannot be true bears no witness.
    let witnesses = told.filter(|(at, _)| limits.hold(*at));
    let nearest = witnesses.min_by_key(|(at, _)| own.map_or(0, |own| own.since(*at).0.unsigned_abs()));
    match nearest {
        Some((at, whose)) => Some(held(case, &limits, at, whose)),
        None => unwitnessed(case, &limits),
    }
}

//= PEC-3.2.2-09
pub(super) fn date_of_arrival(case: &Case<'_>) -> Option<Ruling> {
    let enclosed = case.reading.postacert.as_ref()?;
    let essence = enclosed.essence();
    let arrival = case.view.trace.events.iter().find_map(|event| match &event.what {
        What::Transfer(transfer) if transfer.session.server == case.issuer.name => {
            let reading = case.view.readings.get(transfer.body.as_ref()?)?;
            (reading.essence == essence).then_some(transfer.body_at.unwrap_or(event.at))
        }
        _ => None,
    });
    // By a clock that is wrong it arrived at another time.
    if case.may_be_mistimed() {
        return None;
    }
    let Some(arrival) = arrival else {
        return (!case.is_alone)
            .then(|| Ruling::of(Outcome::Unknown, "Date equal to the arrival", "the arrival was not seen"));
    };
    Some(held(case, &Limits::of(case), arrival, "when it arrived"))
}

/// That the places of a stored message have one time: which of them is wrong need not be known for it.
//= PEC-4.1-02
//= PEC-DM.9-01
pub(super) fn one_time(case: &Case<'_>) -> Option<Ruling> {
    let told: Vec<_> = named(case.reading, case.moment().instant).collect();
    let all = || told.iter().map(|(_, at)| *at);
    let (first, last) = (all().min()?, all().max()?);
    if told.len() < 2 {
        return None;
    }
    let places = told.iter().map(|(name, at)| words!("{name} {}", when(*at)));
    Some(Ruling::of(by_distance(last.since(first)), "one time in all places that tell it", listed(places)))
}

/// Date against another place, or against what was seen.
fn held(case: &Case<'_>, limits: &Limits, at: Instant, whose: &str) -> Ruling {
    let expected = words!("Date {}, {whose}", when(at));
    let Some(own) = case.head().date else {
        return Ruling::holds(false, expected, words!("Date {}", shown(case.head().value("Date"))));
    };
    let outcome = if limits.hold(own) { by_distance(own.since(at)) } else { Outcome::Fail };
    Ruling::of(outcome, expected, words!("Date {}{}", when(own), limits.words()))
}

/// Date where no other place tells a moment that can be true.
fn unwitnessed(case: &Case<'_>, limits: &Limits) -> Option<Ruling> {
    let expected = "Date of the moment of processing";
    let Some(own) = case.head().date else {
        return Some(Ruling::holds(false, expected, words!("Date {}", shown(case.head().value("Date")))));
    };
    let outcome = match (limits.came, limits.seen) {
        _ if !limits.hold(own) => Outcome::Fail,
        (Some(_), Some(_)) => Outcome::Pass,
        _ if case.daticert().is_none() => return None,
        _ => return Some(Ruling::of(Outcome::Unknown, expected, "no other place tells it")),
    };
    Some(Ruling::of(outcome, expected, words!("Date {}{}", when(own), limits.words())))
}

/// Two clocks or two moments of one operation are seen with deployed providers.
fn by_distance(apart: Span) -> Outcome {
    match apart.0.unsigned_abs() / 1_000_000 {
        seconds if seconds <= SAME.0.unsigned_abs() / 1_000_000 => Outcome::Pass,
        seconds if seconds <= DEPLOYED.0.unsigned_abs() / 1_000_000 => Outcome::Deviation,
        _ => Outcome::Fail,
    }
}

/// Between which instants a message was made: what it answers had come, and it was not yet seen (R-0099). Of a stored message
/// nobody knows; while a fault has its provider's clock nothing follows (R-0045).
pub(super) struct Limits {
    came: Option<Instant>,
    seen: Option<Instant>,
}

impl Limits {
    pub(super) fn of(case: &Case<'_>) -> Self {
        match case.may_be_mistimed() {
            true => Self { came: None, seen: None },
            false => Self { came: case.earliest(), seen: case.seen() },
        }
    }

    /// Whether the message can have been made then.
    pub(super) fn hold(&self, at: Instant) -> bool {
        let follows = self.came.is_none_or(|came| came.since(at) <= DEPLOYED);
        follows && self.seen.is_none_or(|seen| at.since(seen) <= DEPLOYED)
    }

    fn words(&self) -> String {
        let came = self.came.map(|came| words!(", what it answers came {}", when(came))).unwrap_or_default();
        let seen = self.seen.map(|seen| words!(", seen {}", when(seen))).unwrap_or_default();
        came + &seen
    }
}
