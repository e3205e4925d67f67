//! A foreign provider's clock that can be moved, and the worlds that live by it: it leaps when all of them rest, to the first
//! instant that one of them waits for.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use collaudo_record::{Instant, Span};
use collaudo_scenario::Plan;

use super::course::Course;
use crate::clock::span;

/// A leap for less is not worth the while.
const LEAST: Span = Span::from_secs(2);

/// What a stop takes beside the rest.
const WAKE: Duration = Duration::from_millis(400);

/// Puts the clock ahead of real time by so many seconds; an error in words.
pub type Hand = Box<dyn FnMut(i64) -> Result<(), String> + Send>;

/// A clock that a hand moves; clones are the same clock.
#[derive(Clone)]
pub struct MovableClock(Arc<Shared>);

struct Shared {
    rest: Duration,
    stride: Duration,
    state: Mutex<State>,
}

struct State {
    ahead_seconds: i64,
    leaps: u64,
    hand: Hand,
    /// What each follower waits for; none while it is busy.
    waits: BTreeMap<u64, Option<Instant>>,
    entered: u64,
    /// Why the hand could not move it: it is not tried again.
    broken: Option<String>,
}

impl MovableClock {
    /// A clock that is ahead of real time by so much, which it was told already.
    ///
    /// Before it leaps, nothing must have stirred for `rest`, in real time: what fell due at the last leap shows by then. It
    /// leaps no farther than `stride` at once.
    pub fn new(ahead_seconds: i64, rest: Duration, stride: Duration, hand: Hand) -> Self {
        let state = State { ahead_seconds, leaps: 0, hand, waits: BTreeMap::new(), entered: 0, broken: None };
        Self(Arc::new(Shared { rest, stride, state: Mutex::new(state) }))
    }

    /// How far it is ahead of real time.
    pub fn ahead(&self) -> Span {
        Span::from_secs(self.state().ahead_seconds)
    }

    /// About how long plans take by it, in real time, that begin together: at each stop of any of them nothing must stir for a
    /// rest, for two where a leap goes over a named instant, and what is due there comes first.
    pub fn takes<'p>(&self, plans: impl IntoIterator<Item = &'p Plan>) -> Duration {
        let begin = Instant(0);
        let course = |plan: &Plan| {
            let plan = Plan { epoch: begin, ..plan.clone() };
            (Course::of(&plan, self.0.stride), begin.after(span(plan.until)))
        };
        let courses: Vec<_> = plans.into_iter().map(course).collect();
        let (mut now, mut takes) = (begin, Duration::ZERO);
        loop {
            let going_on = courses.iter().filter(|(_, end)| now < *end);
            let stops: Vec<_> = going_on.map(|(course, end)| (course.stop(now), *end)).collect();
            let Some(next) = stops.iter().map(|((stop, _), end)| *stop.min(end)).min() else { return takes };
            let rests = if stops.iter().any(|((_, crosses), _)| *crosses) { 2 } else { 1 };
            takes += self.0.rest * rests + WAKE;
            now = next;
        }
    }

    /// Puts it ahead by so much more, whoever is busy.
    ///
    /// # Errors
    /// What the hand says.
    pub fn advance(&self, seconds: i64) -> Result<(), String> {
        self.state().advance(seconds)
    }

    /// Why it could not be moved, if it could not.
    pub fn broken(&self) -> Option<String> {
        self.state().broken.clone()
    }

    /// Somebody lives by it from now on, and is busy. It does not leap before all of them rest.
    pub fn follow(&self) -> Follower {
        let mut state = self.state();
        let (id, told) = (state.entered, state.ahead_seconds);
        state.entered += 1;
        state.waits.insert(id, None);
        Follower(Arc::new(Followed { clock: self.clone(), id, told: Mutex::new(told) }))
    }

    /// Whoever panics while the clock is held leaves it as it was.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn advance(&mut self, seconds: i64) -> Result<(), String> {
        if let Some(why) = &self.broken {
            return Err(why.clone());
        }
        let ahead = self.ahead_seconds.saturating_add(seconds);
        if let Err(why) = (self.hand)(ahead) {
            self.broken = Some(why.clone());
            return Err(why);
        }
        self.ahead_seconds = ahead;
        self.leaps += 1;
        self.waits.values_mut().for_each(|wait| *wait = None);
        Ok(())
    }
}

/// A world that lives by a movable clock, for as long as one of its clones is there.
#[derive(Clone)]
pub struct Follower(Arc<Followed>);

struct Followed {
    clock: MovableClock,
    id: u64,
    /// The seconds ahead that it knows of.
    told: Mutex<i64>,
}

impl Follower {
    /// How far the clock is ahead of real time.
    pub fn ahead(&self) -> Span {
        self.0.clock.ahead()
    }

    /// How far it has leapt since it was last asked, or since the beginning.
    pub(crate) fn lap(&self) -> Duration {
        // Whoever moves the clock holds it: nobody reads it between the subject's leap and ours.
        let ahead = self.0.clock.state().ahead_seconds;
        let mut told = self.0.told.lock().unwrap_or_else(PoisonError::into_inner);
        let leapt = ahead.saturating_sub(std::mem::replace(&mut *told, ahead));
        Duration::from_secs(u64::try_from(leapt).unwrap_or_default())
    }

    /// How often it has leapt.
    pub(crate) fn leaps(&self) -> u64 {
        self.0.clock.state().leaps
    }

    pub(crate) fn rest(&self) -> Duration {
        self.0.clock.0.rest
    }

    pub(crate) fn stride(&self) -> Duration {
        self.0.clock.0.stride
    }

    /// It is busy: no leap now.
    pub(crate) fn is_busy(&self) {
        self.0.clock.state().waits.insert(self.0.id, None);
    }

    /// It is `now`, and nothing is to be done before `until`. Where all others rest, too, the clock leaps.
    ///
    /// # Errors
    /// What the hand says that moves it.
    pub(crate) fn rests(&self, now: Instant, until: Instant) -> Result<(), String> {
        let mut state = self.0.clock.state();
        state.waits.insert(self.0.id, Some(until));
        let Some(waits) = state.waits.values().copied().collect::<Option<Vec<_>>>() else { return Ok(()) };
        let leap = waits.into_iter().min().unwrap_or(until).since(now);
        if leap < LEAST { Ok(()) } else { state.advance(leap.0.div_euclid(1_000_000)) }
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        self.clock.state().waits.remove(&self.id);
    }
}

impl fmt::Debug for Follower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Follower({})", self.0.id)
    }
}

#[cfg(test)]
mod tests {
    use collaudo_record::ScenarioBrief;

    use super::*;

    fn clock(moved: &Arc<Mutex<Vec<i64>>>) -> MovableClock {
        let moved = moved.clone();
        let hand = move |ahead| {
            moved.lock().expect("nobody panics").push(ahead);
            if ahead > 1_000 { Err("stuck".to_owned()) } else { Ok(()) }
        };
        MovableClock::new(100, Duration::ZERO, Duration::from_secs(60), Box::new(hand))
    }

    fn at(seconds: i64) -> Instant {
        Instant(seconds * 1_000_000)
    }

    #[test]
    fn it_leaps_when_all_rest_to_the_first_instant_that_is_waited_for() {
        let moved = Arc::new(Mutex::new(Vec::new()));
        let clock = clock(&moved);
        let (one, other) = (clock.follow(), clock.follow());
        one.rests(at(0), at(50)).expect("it waits");
        assert_eq!(one.lap(), Duration::ZERO, "the other one is busy");
        other.rests(at(0), at(30)).expect("it moves");
        assert_eq!(
            (one.lap(), other.lap(), one.lap()),
            (Duration::from_secs(30), Duration::from_secs(30), Duration::ZERO)
        );
        other.rests(at(30), at(90)).expect("it waits");
        assert_eq!(*moved.lock().expect("nobody panics"), [130], "behind a leap everyone is busy again");
        drop(one);
        other.rests(at(30), at(90)).expect("it moves");
        assert_eq!(clock.ahead(), Span::from_secs(190));
    }

    #[test]
    fn what_cannot_be_moved_is_told_and_not_tried_again() {
        let moved = Arc::new(Mutex::new(Vec::new()));
        let clock = clock(&moved);
        let one = clock.follow();
        assert_eq!(one.rests(at(0), at(5_000)), Err("stuck".to_owned()));
        assert_eq!(one.rests(at(0), at(10)), Err("stuck".to_owned()));
        assert_eq!((clock.ahead(), moved.lock().expect("nobody panics").len()), (Span::from_secs(100), 1));
        assert_eq!(clock.broken(), Some("stuck".to_owned()));
    }

    #[test]
    fn plans_that_begin_together_share_their_stops() {
        let clock = clock(&Arc::default());
        let (hour, day) = (idle(3_600), idle(86_400));
        let (alone, long) = (clock.takes([&hour]), clock.takes([&day]));
        // A stop each minute, and two about the end.
        assert!(WAKE * 60 <= alone && alone <= WAKE * 62, "{alone:?}");
        assert_eq!(clock.takes([&hour, &hour]), alone);
        let both = clock.takes([&hour, &day]);
        assert!(long <= both && both <= long + WAKE * 2, "{long:?}, {both:?}");
        assert_eq!(clock.takes([]), Duration::ZERO);
    }

    /// A plan in which nothing happens.
    fn idle(seconds: u64) -> Plan {
        let [id, title, why] = ["idle".to_owned(), String::new(), String::new()];
        Plan {
            brief: ScenarioBrief { id, title, why, covers: Vec::new(), expect: Vec::new() },
            seed: 0,
            epoch: at(0),
            until: Duration::from_secs(seconds),
            providers: Vec::new(),
            steps: Vec::new(),
            visits: Vec::new(),
            inquiries: Vec::new(),
            faults: Vec::new(),
            latency: (Duration::ZERO, Duration::ZERO),
        }
    }

    #[test]
    fn a_leap_for_less_than_two_seconds_is_left_to_real_time() {
        let moved = Arc::new(Mutex::new(Vec::new()));
        clock(&moved).follow().rests(at(0), Instant(1_900_000)).expect("it waits");
        assert!(moved.lock().expect("nobody panics").is_empty());
    }
}
