//! What was taken lately, so that what comes a second time is known again.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use collaudo_node::{BodyId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    journal::{hex, micros},
    ledger::key,
};

/// How long a content is known again. A message waits five days at most, in our queue as in another's (R-0047); who lost
/// our answer, or was set back by a day to an older state, has brought it again within a week or never will.
const WINDOW: Duration = Duration::from_secs(7 * 24 * 3600);

/// A content that was taken for a recipient.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Sight {
    #[serde(with = "micros")]
    pub(crate) at: Timestamp,
    #[serde(with = "hex")]
    pub(crate) identity: BodyId,
    pub(crate) recipient: String,
}

/// The contents that were taken within the window.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Vec<Sight>", into = "Vec<Sight>")]
pub(crate) struct Seen {
    known: BTreeMap<(BodyId, String), Timestamp>,
    by_time: BTreeSet<Sight>,
}

impl Seen {
    /// Takes one up, and forgets those that are older by more than the window.
    pub(crate) fn add(&mut self, sight: &Sight) {
        let sight = Sight { recipient: key(&sight.recipient), ..sight.clone() };
        if let Some(before) = self.known.insert((sight.identity, sight.recipient.clone()), sight.at) {
            self.by_time.remove(&Sight { at: before, ..sight.clone() });
        }
        let oldest = sight.at - WINDOW;
        self.by_time.insert(sight);
        while let Some(first) = self.by_time.first().filter(|first| first.at < oldest) {
            self.known.remove(&(first.identity, first.recipient.clone()));
            self.by_time.pop_first();
        }
    }

    pub(crate) fn has(&self, identity: BodyId, recipient: &str) -> bool {
        self.known.contains_key(&(identity, key(recipient)))
    }
}

impl From<Vec<Sight>> for Seen {
    fn from(sights: Vec<Sight>) -> Self {
        let mut seen = Self::default();
        sights.iter().for_each(|sight| seen.add(sight));
        seen
    }
}

impl From<Seen> for Vec<Sight> {
    fn from(seen: Seen) -> Self {
        seen.by_time.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sight(hour: u64, text: &str) -> Sight {
        let at = Timestamp::default() + Duration::from_secs(hour * 3600);
        Sight { at, identity: BodyId::of(text.as_bytes()), recipient: "Anna@ALFA.test".into() }
    }

    #[test]
    fn a_content_is_known_for_a_week_and_then_forgotten() {
        let mut seen = Seen::default();
        seen.add(&sight(0, "a"));
        seen.add(&sight(7 * 24, "b"));
        assert!(seen.has(BodyId::of(b"a"), "Anna@alfa.test") && !seen.has(BodyId::of(b"a"), "anna@alfa.test"));
        seen.add(&sight(7 * 24 + 1, "c"));
        assert!(!seen.has(BodyId::of(b"a"), "Anna@alfa.test") && seen.has(BodyId::of(b"b"), "Anna@alfa.test"));
        assert_eq!((seen.known.len(), seen.by_time.len()), (2, 2));
    }

    #[test]
    fn a_content_that_is_taken_up_twice_is_held_once() {
        let mut seen = Seen::default();
        seen.add(&sight(0, "a"));
        seen.add(&sight(5, "a"));
        assert_eq!((seen.known.len(), seen.by_time.len()), (1, 1));
        assert_eq!(Seen::from(Vec::from(seen.clone())), seen);
    }
}
