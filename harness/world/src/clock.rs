use std::{cell::RefCell, collections::BTreeMap, rc::Rc, time::Duration};

use collaudo_node::Timestamp;
use collaudo_record::{Instant, Span};
use tokio::sync::Notify;

/// The run's clock: the epoch, what the simulation has ticked, and what it has leapt over.
///
/// Domain timers live here and nowhere else, one for each host at most; that is what makes a leap possible.
#[derive(Clone)]
pub(crate) struct Clock(Rc<RefCell<State>>);

struct State {
    now: Instant,
    alarms: BTreeMap<String, Alarm>,
}

struct Alarm {
    due: Option<Instant>,
    bell: Rc<Notify>,
}

impl Clock {
    pub(crate) fn new(epoch: Instant) -> Self {
        Self(Rc::new(RefCell::new(State { now: epoch, alarms: BTreeMap::new() })))
    }

    pub(crate) fn now(&self) -> Instant {
        self.0.borrow().now
    }

    pub(crate) fn timestamp(&self) -> Timestamp {
        Timestamp::from_unix_micros(self.now().0)
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

    pub(crate) fn set_alarm(&self, host: &str, due: Option<Instant>) {
        if let Some(alarm) = self.0.borrow_mut().alarms.get_mut(host) {
            alarm.due = due;
        }
    }

    /// Rings for every alarm that is due, and clears it.
    pub(crate) fn ring(&self) {
        let mut state = self.0.borrow_mut();
        let now = state.now;
        for alarm in state.alarms.values_mut().filter(|alarm| alarm.due.is_some_and(|due| due <= now)) {
            alarm.due = None;
            alarm.bell.notify_one();
        }
    }

    pub(crate) fn next_alarm(&self) -> Option<Instant> {
        self.0.borrow().alarms.values().filter_map(|alarm| alarm.due).min()
    }
}

pub(crate) fn span(duration: Duration) -> Span {
    Span(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX))
}
