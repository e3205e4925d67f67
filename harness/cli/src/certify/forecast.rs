//! How long a certification takes, said beforehand; and what LAB.toml lacks for all of it to go on at once.

use std::{collections::BTreeMap, ops::RangeInclusive, path::Path, time::Duration};

use collaudo_world::MovableClock;

use super::{
    fit::Part,
    lab::{Lab, Ours, Width},
    programme::Idle,
    publish,
    rooms::{Rooms, Waiting},
};

/// What a whole certification takes at most in real time, where enough goes on at once.
const A_DAY: Duration = Duration::from_secs(25 * 3_600);

/// What a scenario takes beside its own time and the quiet behind it.
const BESIDES: Duration = Duration::from_secs(2);

/// Nobody looks for more users and addresses to save so little.
const SLIGHT: Duration = Duration::from_secs(15 * 60);

/// So many lanes and users are enough for whatever there is.
const PLENTY: Width = Width { lanes: 99, whole: 99, users: 500 };

/// What all of it comes to.
pub(super) struct Forecast {
    pub(super) lasts: Duration,
    pub(super) at_once: usize,
    pub(super) lanes: usize,
    /// How many of those that are to be run wait for hours.
    pub(super) timed: usize,
    /// What the file would have to have for it to be over sooner, and when it would be; none where it has enough.
    pub(super) advice: Option<(Width, Duration)>,
    has: Width,
    /// How many of ours there are in all.
    whole: usize,
}

/// In what it is run.
#[derive(Clone, Copy)]
struct Conditions<'a> {
    lab: &'a Lab,
    /// Ours of the first lane.
    first: &'a Ours,
    clock: Option<&'a MovableClock>,
    folder: &'a Path,
    parts: &'a [&'a Part],
}

impl Forecast {
    /// Of these parts, none of which was run before.
    pub(super) fn of(lab: &Lab, first: &Ours, clock: Option<&MovableClock>, folder: &Path, parts: &[&Part]) -> Self {
        let here = Conditions { lab, first, clock, folder, parts };
        let (lasts, at_once) = here.foresee(lab);
        let has = lab.width(first);
        let is_slow = clock.is_none() && lasts > A_DAY;
        let advice = if is_slow { here.advice(has, lasts) } else { None };
        let timed = parts.iter().filter(|part| part.timed).count();
        Self { lasts, at_once, lanes: lab.lanes(first).len(), timed, advice, has, whole: first.len() }
    }

    /// In a line.
    pub(super) fn told(&self) -> String {
        let Self { lasts, at_once, lanes, timed, .. } = self;
        format!("{timed} wait for hours; at most {at_once} at once, in {lanes} lanes; about {} in all", worded(*lasts))
    }

    /// In a line, what the file would have to have for less.
    pub(super) fn advised(&self) -> Option<String> {
        let (to, lasts) = self.advice.as_ref()?;
        let lacking = [
            (to.lanes > self.has.lanes).then(|| format!("{} lanes in [ours]", to.lanes)),
            (to.whole > self.has.whole).then(|| format!("all {} of ours in {} of them", self.whole, to.whole)),
            (to.users > self.has.users).then(|| format!("{} more users", to.users - self.has.users)),
        ];
        let lacking: Vec<_> = lacking.into_iter().flatten().collect();
        Some(format!("about {} with {}", worded(*lasts), lacking.join(", and ")))
    }
}

impl Conditions<'_> {
    fn foresee(&self, lab: &Lab) -> (Duration, usize) {
        let waiting = Waiting::new(self.parts.to_vec(), self.clock.is_some());
        Rooms::new(lab, self.first, self.folder).foresee(waiting, |begun| self.last(begun))
    }

    /// How long each of these lasts, which begin together.
    fn last(&self, begun: &[&Part]) -> Vec<Duration> {
        let short = Duration::from_millis(self.lab.quiet_ms) + BESIDES;
        let together = match self.clock {
            Some(clock) if begun.iter().any(|part| part.timed) => clock.takes(begun.iter().map(|part| part.unseated())),
            _ => Duration::ZERO,
        };
        let own = |part: &&Part| match (part.timed, self.clock) {
            (true, Some(_)) => together + BESIDES + self.behind(part),
            (true, None) => part.lasts + BESIDES + self.behind(part),
            (false, _) => part.lasts + short,
        };
        begun.iter().map(own).collect()
    }

    /// How long the subject may be waited for until it has read what is published again.
    fn behind(&self, part: &Part) -> Duration {
        if part.alone { publish::awaited(self.lab, part.unseated(), self.clock) } else { Duration::ZERO }
    }

    /// The least that is needed for a day, or, where it takes longer whatever there is, for that.
    fn advice(&self, has: Width, now: Duration) -> Option<(Width, Duration)> {
        let takes = |to: Width| self.foresee(&self.lab.widened(self.first, to)).0;
        let best = takes(PLENTY);
        let goal = A_DAY.max(best + SLIGHT);
        if now <= goal {
            return None;
        }
        // Users are dearer than addresses.
        let users = least(has.users..=PLENTY.users.max(has.users), |users| takes(Width { users, ..PLENTY }) <= goal);
        let lanes = least(has.lanes..=PLENTY.lanes, |lanes| takes(Width { lanes, users, ..PLENTY }) <= goal);
        let whole = least(has.whole..=lanes, |whole| takes(Width { lanes, users, whole }) <= goal);
        let to = Width { lanes, users, whole };
        Some((to, takes(to)))
    }
}

/// The least of a range that is enough, where its end is, and more than enough is enough, too.
fn least(range: RangeInclusive<u32>, is_enough: impl Fn(u32) -> bool) -> u32 {
    let (mut low, mut high) = range.into_inner();
    while low < high {
        let middle = low + (high - low) / 2;
        if is_enough(middle) { high = middle } else { low = middle + 1 }
    }
    low
}

/// A length of time as people say it: to the minute, up.
pub(super) fn worded(lasts: Duration) -> String {
    let minutes = lasts.as_secs().div_ceil(60);
    match (minutes / 60, minutes % 60) {
        (0 | 1, _) if minutes < 90 => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// How many scenarios are not run for which reason.
pub(super) fn reasons(idle: &[Idle]) -> BTreeMap<&str, usize> {
    let mut reasons = BTreeMap::new();
    idle.iter().for_each(|(_, why)| *reasons.entry(why.as_str()).or_default() += 1);
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_that_is_enough_is_found_at_either_end_and_between() {
        for wanted in [3, 4, 7, 10] {
            assert_eq!(least(3..=10, |n| n >= wanted), wanted);
        }
        assert_eq!(least(5..=5, |_| false), 5);
    }

    #[test]
    fn a_length_of_time_is_told_to_the_minute_up() {
        let told = |seconds| worded(Duration::from_secs(seconds));
        assert_eq!([told(61), told(5_340), told(5_401), told(34 * 3_600)], ["2 min", "89 min", "1 h 31 min", "34 h"]);
    }
}
