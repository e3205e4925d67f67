use std::{cell::RefCell, collections::BTreeMap, rc::Rc, time::Duration};

use collaudo_record::{Instant, Span};
use tokio::sync::Notify;

/// The run's clock: the epoch, what the simulation has ticked, and what it has leapt over.
///
/// Domain timers live here and nowhere else: an alarm for each host at most, and the actors' sleep. That is what makes a
/// leap possible.
#[derive(Clone)]
pub(crate) struct Clock(Rc<RefCell<State>>);

struct State {
    now: Instant,
    alarms: BTreeMap<String, Alarm>,
    /// Who sleeps until when, and a number that tells sleepers of one instant apart.
    sleepers: BTreeMap<Bed, Rc<Notify>>,
    slept: u64,
}

type Bed = (Instant, u64);

struct Alarm {
    due: Option<Instant>,
    bell: Rc<Notify>,
}

impl Clock {
    pub(crate) fn new(epoch: Instant) -> Self {
        Self(Rc::new(RefCell::new(State { now: epoch, alarms: BTreeMap::new(), sleepers: BTreeMap::new(), slept: 0 })))
    }

    pub(crate) fn now(&self) -> Instant {
        self.0.borrow().now
    }

    pub(crate) fn advance(&self, by: Duration) {
        let mut state = self.0.borrow_mut();
        state.now = state.now.after(span(by));
    }

    /// Never back; says whether the clock has moved.
    pub(crate) fn leap_to(&self, instant: Instant) -> bool {
        let mut state = self.0.borrow_mut();
        let moves = instant > state.now;
        state.now = state.now.max(instant);
        moves
    }

    /// The bell that rings for a host when its alarm is due.
    pub(crate) fn bell(&self, host: &str) -> Rc<Notify> {
        let mut state = self.0.borrow_mut();
        state
            .alarms
            .entry(host.to_owned())
            .or_insert_with(|| Alarm { due: None, bell: Rc::new(Notify::new()) })
            .bell
            .clone()
    }

    /// Rings for a host at the next opportunity, for it to look at its clock again.
    pub(crate) fn rouse(&self, host: &str) {
        self.set_alarm(host, Some(self.now()));
    }

    pub(crate) fn set_alarm(&self, host: &str, due: Option<Instant>) {
        if let Some(alarm) = self.0.borrow_mut().alarms.get_mut(host) {
            alarm.due = due;
        }
    }

    /// Sleeps until that instant of the run; whoever wakes has to stir the network.
    pub(crate) async fn sleep_until(&self, due: Instant) {
        let sleeper = Sleeper::lie_down(self.clone(), due);
        sleeper.bell.notified().await;
    }

    /// Rings for every alarm that is due, and clears it.
    pub(crate) fn ring(&self) {
        let mut state = self.0.borrow_mut();
        let now = state.now;
        for alarm in state.alarms.values_mut().filter(|alarm| alarm.due.is_some_and(|due| due <= now)) {
            alarm.due = None;
            alarm.bell.notify_one();
        }
        while let Some(sleeper) = state.sleepers.first_entry().filter(|sleeper| sleeper.key().0 <= now) {
            sleeper.remove().notify_one();
        }
    }

    pub(crate) fn next_alarm(&self) -> Option<Instant> {
        self.next_alarm_besides(|_| false)
    }

    /// The next alarm that is none of these hosts'.
    pub(crate) fn next_alarm_besides(&self, is_left_out: impl Fn(&str) -> bool) -> Option<Instant> {
        let state = self.0.borrow();
        let sleeper = state.sleepers.first_key_value().map(|((due, _), _)| *due);
        let alarms = state.alarms.iter().filter(|(host, _)| !is_left_out(host));
        alarms.filter_map(|(_, alarm)| alarm.due).chain(sleeper).min()
    }
}

/// Someone who sleeps; gone, where the host has crashed meanwhile, nobody needs to be woken.
struct Sleeper {
    clock: Clock,
    bed: Bed,
    bell: Rc<Notify>,
}

impl Sleeper {
    fn lie_down(clock: Clock, due: Instant) -> Self {
        let bell = Rc::new(Notify::new());
        let bed = {
            let mut state = clock.0.borrow_mut();
            let bed = (due, state.slept);
            state.slept += 1;
            state.sleepers.insert(bed, bell.clone());
            bed
        };
        Self { clock, bed, bell }
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        self.clock.0.borrow_mut().sleepers.remove(&self.bed);
    }
}

pub(crate) fn span(duration: Duration) -> Span {
    Span(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX))
}
