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
        self.clear(&name);
        self.by_time.insert((at, name.clone()));
        self.by_name.insert(name, at);
    }

    pub(crate) fn clear(&mut self, name: &K) {
        if let Some(at) = self.by_name.remove(name) {
            self.by_time.remove(&(at, name.clone()));
        }
    }

    /// The earliest.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.by_time.first().map(|(at, _)| *at)
    }

    /// Takes the earliest out, where its time has come.
    pub(crate) fn due(&mut self, now: Timestamp) -> Option<K> {
        if self.next()? > now {
            return None;
        }
        let (_, name) = self.by_time.pop_first()?;
        self.by_name.remove(&name);
        Some(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_that_was_moved_rings_once_and_in_order() {
        let at = Timestamp::from_unix_micros;
        let mut alarms = Alarms::new();
        alarms.set("a", at(1));
        alarms.set("b", at(2));
        alarms.set("a", at(3));
        assert_eq!(alarms.next(), Some(at(2)));
        assert_eq!(alarms.due(at(1)), None);
        assert_eq!(alarms.due(at(9)), Some("b"));
        assert_eq!(alarms.due(at(9)), Some("a"));
        assert_eq!((alarms.due(at(9)), alarms.next()), (None, None));
    }
}
