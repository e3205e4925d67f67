use std::collections::{BTreeMap, BTreeSet};

use collaudo_node::Timestamp;

/// Instants at which something is to be done: one for each name.
#[derive(Debug)]
pub(crate) struct Alarms<K> {
    by_name: BTreeMap<K, Timestamp>,
    by_time: BTreeSet<(Timestamp, K)>,
}

impl<K: Ord + Clone> Alarms<K> {
    pub(crate) fn new() -> Self {
        Self { by_name: BTreeMap::new(), by_time: BTreeSet::new() }
    }

    /// Sets or moves an alarm.
    pub(crate) fn set(&mut self, name: K, at: Timestamp) {
        if self.by_name.get(&name) == Some(&at) {
            return;
        }
        self.clear(&name);
        self.by_time.insert((at, name.clone()));
        self.by_name.insert(name, at);
    }

    pub(crate) fn clear(&mut self, name: &K) {
        if let Some(at) = self.by_name.remove(name) {
            self.by_time.remove(&(at, name.clone()));
        }
    }

    pub(crate) fn has(&self, name: &K) -> bool {
        self.by_name.contains_key(name)
    }

    /// The earliest.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.by_time.first().map(|(at, _)| *at)
    }

    /// The names whose time has come, the earliest first.
    pub(crate) fn due(&self, now: Timestamp) -> Vec<K> {
        self.by_time.iter().take_while(|(at, _)| *at <= now).map(|(_, name)| name.clone()).collect()
    }

    /// Takes an alarm out; says no where it was cleared or moved on in the meantime.
    pub(crate) fn take(&mut self, name: &K, now: Timestamp) -> bool {
        let due = self.by_name.get(name).is_some_and(|at| *at <= now);
        if due {
            self.clear(name);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_unix_micros(micros)
    }

    #[test]
    fn an_alarm_that_was_moved_rings_once_and_in_order() {
        let mut alarms = Alarms::new();
        alarms.set("a", at(1));
        alarms.set("b", at(2));
        alarms.set("a", at(3));
        assert_eq!(alarms.next(), Some(at(2)));
        assert!(alarms.due(at(1)).is_empty());
        assert_eq!(alarms.due(at(9)), ["b", "a"]);
        assert!(alarms.take(&"b", at(9)) && alarms.take(&"a", at(9)));
        assert!(!alarms.take(&"a", at(9)));
        assert_eq!(alarms.next(), None);
    }

    #[test]
    fn an_alarm_cleared_or_put_off_by_another_does_not_ring() {
        let mut alarms = Alarms::new();
        alarms.set("a", at(1));
        alarms.set("b", at(1));
        let due = alarms.due(at(1));
        alarms.clear(&"a");
        alarms.set("b", at(2));
        assert!(!due.iter().any(|name| alarms.take(name, at(1))));
        assert_eq!(alarms.next(), Some(at(2)));
    }

    #[test]
    fn an_alarm_set_for_the_past_while_it_rings_waits_for_the_next_deadline() {
        let mut alarms = Alarms::new();
        alarms.set("a", at(1));
        alarms.set("b", at(2));
        let mut rung = Vec::new();
        for name in alarms.due(at(9)) {
            if alarms.take(&name, at(9)) {
                alarms.set(name, at(0));
                rung.push(name);
            }
        }
        assert_eq!(rung, ["a", "b"]);
        assert_eq!(alarms.due(at(9)), ["a", "b"]);
    }
}
