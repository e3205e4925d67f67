//! How far a clock may leap that a subject lives by, whose own deadlines nobody here knows.
//!
//! What falls due inside a leap happens at its end: a leap makes things late, never early. So none goes over an instant at
//! which a verdict turns, named by the law or by the plan, unless from close before: what was due until then has happened.
//! Behind such an instant strides are short at first: what is due some time after it is late by no more than about twice that
//! time, and by no more than one whole stride.

use std::time::Duration;

use collaudo_record::{Expectation, Instant, Span};
use collaudo_scenario::Plan;

use crate::clock::span;

/// When the notices fall due, and how late they may be, from the acceptance on (RFC 6109 §3.1.6, R-0003).
const NAMED_BY_LAW: [Span; 4] =
    [Span::from_hours(12), Span::from_secs(12 * 3_600 + 30 * 60), Span::from_hours(22), Span::from_hours(24)];

/// Stops lie on whole minutes of the clock, and close to a named instant on tens of seconds: worlds that live by one clock
/// then stop together.
const MINUTE: i64 = 60_000_000;
const TEN_SECONDS: i64 = 10_000_000;

/// From how close before it a leap may go over a named instant: whatever happens at that stop takes less.
const CLOSE: i64 = 30_000_000;

/// By how much each stride grows with the time since the last named instant.
const GROWTH: i64 = 2;

/// A stop, and whether the leap there goes over a named instant.
pub(crate) type Stop = (Instant, bool);

/// Where a plan's clock stops.
pub(crate) struct Course {
    /// In their order.
    named: Vec<Instant>,
    stride: Span,
}

impl Course {
    /// All instants that the law names for a plan's messages, and that the plan names itself.
    pub(crate) fn of(plan: &Plan, stride: Duration) -> Self {
        let at = |at: Duration| plan.epoch.after(span(at));
        let steps = plan.steps.iter().map(|step| at(step.at));
        let windows = plan.brief.expect.iter().filter_map(|expectation| match expectation {
            Expectation::Arrives { of, between, .. } => Some((of.clone(), (*between)?)),
            _ => None,
        });
        let windows = windows.flat_map(|(of, (from, to))| {
            let of = move |id: &str| of.as_deref().is_none_or(|of| of == id);
            plan.steps
                .iter()
                .filter(move |step| of(&step.id))
                .flat_map(move |step| [at(step.at).after(from), at(step.at).after(to)])
        });
        let faults =
            plan.faults.iter().flat_map(|fault| [fault.at, fault.at.saturating_add(fault.lasts.unwrap_or_default())]);
        let visits = plan.visits.iter().map(|visit| visit.at).chain(plan.inquiries.iter().map(|inquiry| inquiry.at));
        let by_law = steps.clone().flat_map(|step| NAMED_BY_LAW.map(|after| step.after(after)));
        let own = faults.chain(visits).chain([Duration::ZERO, plan.until]).map(at);
        let mut named: Vec<_> = steps.chain(windows).chain(by_law).chain(own).collect();
        named.sort_unstable();
        named.dedup();
        Self { named, stride: span(stride) }
    }

    /// The next stop.
    pub(crate) fn stop(&self, now: Instant) -> Stop {
        let before = self.named.iter().rev().find(|named| **named <= now);
        let since = before.map_or(Span(0), |before| now.since(*before));
        let stride = Span(since.0.saturating_mul(GROWTH).clamp(MINUTE, self.stride.0.max(MINUTE)));
        let free = Instant(down(now.after(stride).0, MINUTE));
        let coming = || self.named.iter().copied().filter(|named| *named > now);
        let stop = coming().map(|named| approach(now, named)).fold(free, Instant::min);
        (stop, coming().any(|named| named < stop))
    }
}

/// The next stop on the way to a named instant that lies ahead, and over it.
fn approach(now: Instant, named: Instant) -> Instant {
    let close = Instant(down(named.0.saturating_sub(CLOSE), TEN_SECONDS));
    match now {
        _ if now < close => close,
        _ => Instant(up(named.0.saturating_add(1), MINUTE)),
    }
}

fn down(micros: i64, unit: i64) -> i64 {
    micros.div_euclid(unit).saturating_mul(unit)
}

fn up(micros: i64, unit: i64) -> i64 {
    down(micros.saturating_add(unit - 1), unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRIDE: i64 = 1_500;

    fn course(named: &[i64]) -> Course {
        Course { named: named.iter().copied().map(at).collect(), stride: Span::from_secs(STRIDE) }
    }

    fn at(seconds: i64) -> Instant {
        Instant(seconds * 1_000_000)
    }

    fn stops(course: &Course, from: i64, to: i64) -> Vec<(i64, bool)> {
        let mut now = at(from);
        let all = std::iter::from_fn(|| {
            let (stop, crosses) = course.stop(now);
            now = stop;
            Some((stop.0 / 1_000_000, crosses))
        });
        all.take_while(|(stop, _)| *stop <= to).collect()
    }

    #[test]
    fn it_stops_close_before_a_named_instant_and_behind_it_ever_less_often() {
        let twelve = 12 * 3_600 + 7;
        let stops = stops(&course(&[0, twelve]), twelve - 200, twelve + 4_000);
        let expected = [-37, 53, 113, 293, 833, 2_333, 3_833].map(|after| (twelve + after, after == 53));
        assert_eq!(stops, expected);
    }

    #[test]
    fn no_leap_goes_over_a_named_instant_unless_from_close_before() {
        let named: Vec<i64> = vec![0, 95, 101, 150, 7_200, 7_230, 43_203, 45_003];
        let stops = stops(&course(&named), 0, 50_000);
        for pair in std::iter::once((0, false)).chain(stops).collect::<Vec<_>>().windows(2) {
            let [(from, _), (to, crosses)] = *pair else { continue };
            let over: Vec<_> = named.iter().filter(|named| (from + 1..to).contains(*named)).collect();
            assert!(over.iter().all(|over| *over - from <= 40), "from {from} over {over:?} to {to}");
            assert!(crosses || over.is_empty(), "from {from} over {over:?} to {to}");
            assert!(from < to && to - from <= STRIDE, "from {from} to {to}");
        }
    }
}
