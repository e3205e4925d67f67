//! Mailboxes: what lies in them, and those who come to read it.

#[cfg(test)]
pub(super) mod desk;
mod outbox;
mod visits;

use std::collections::{BTreeMap, BTreeSet};

use collaudo_node::{BodyId, Timestamp};
use serde::{Deserialize, Serialize};

use super::journal::{hex, micros};

pub(crate) use outbox::Outbox;
pub(super) use visits::{House, IMAP_PORT, POP3_PORT, Reader, Step, Visits};

/// What marks a message in its mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Flag {
    Answered,
    Deleted,
    Draft,
    Flagged,
    Seen,
}

/// A mailbox: the sum of what was committed about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Mailbox {
    /// As the configuration spells it.
    pub(crate) address: String,
    /// Whether messages can be addressed to it; the service mailbox is filled by the provider alone.
    pub(crate) user: bool,
    pub(crate) quota: Option<u64>,
    used: u64,
    /// The number of the next message. Numbers are given in the order of the log, so that no crash gives one twice.
    next: u32,
    messages: BTreeMap<u32, Entry>,
}

/// A message in a mailbox.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry {
    #[serde(with = "hex")]
    pub(crate) body: BodyId,
    pub(crate) octets: u64,
    #[serde(with = "micros")]
    pub(crate) at: Timestamp,
    pub(crate) flags: BTreeSet<Flag>,
}

impl Mailbox {
    pub(crate) fn new(address: &str, quota: Option<u64>, user: bool) -> Self {
        Self { address: address.to_owned(), user, quota, used: 0, next: 1, messages: BTreeMap::new() }
    }

    /// Octets of all messages.
    pub(crate) fn used(&self) -> u64 {
        self.used
    }

    /// Octets that it can still take; `None` is no limit.
    pub(crate) fn room(&self) -> Option<u64> {
        self.quota.map(|quota| quota.saturating_sub(self.used))
    }

    /// The number that the next message will have.
    pub(crate) fn next(&self) -> u32 {
        self.next
    }

    /// The messages by their numbers, which rise in the order of arrival.
    pub(crate) fn messages(&self) -> &BTreeMap<u32, Entry> {
        &self.messages
    }

    /// Takes up a committed message.
    pub(crate) fn store(&mut self, body: BodyId, octets: u64, at: Timestamp) {
        self.used = self.used.saturating_add(octets);
        self.messages.insert(self.next, Entry { body, octets, at, flags: BTreeSet::new() });
        self.next = self.next.saturating_add(1);
    }

    /// Takes up committed marks.
    pub(crate) fn flag(&mut self, uids: &[u32], add: &BTreeSet<Flag>, remove: &BTreeSet<Flag>) {
        for uid in uids {
            if let Some(entry) = self.messages.get_mut(uid) {
                entry.flags.retain(|flag| !remove.contains(flag));
                entry.flags.extend(add);
            }
        }
    }

    /// Takes up a committed removal; what is gone already is gone.
    pub(crate) fn remove(&mut self, uids: &[u32]) {
        for uid in uids {
            if let Some(entry) = self.messages.remove(uid) {
                self.used = self.used.saturating_sub(entry.octets);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled() -> Mailbox {
        let mut mailbox = Mailbox::new("anna@alfa.test", Some(100), true);
        for (text, octets) in [("a", 30), ("b", 20), ("c", 10)] {
            mailbox.store(BodyId::of(text.as_bytes()), octets, Timestamp::default());
        }
        mailbox
    }

    #[test]
    fn numbers_rise_and_are_never_given_again() {
        let mut mailbox = filled();
        mailbox.remove(&[3]);
        mailbox.store(BodyId::of(b"d"), 1, Timestamp::default());
        assert_eq!(mailbox.messages().keys().copied().collect::<Vec<_>>(), [1, 2, 4]);
        assert_eq!(mailbox.next(), 5);
    }

    #[test]
    fn a_removal_frees_room_once() {
        let mut mailbox = filled();
        assert_eq!(mailbox.room(), Some(40));
        mailbox.remove(&[1, 1, 7]);
        mailbox.remove(&[1]);
        assert_eq!((mailbox.room(), mailbox.used()), (Some(70), 30));
    }

    #[test]
    fn marks_are_added_and_taken_away_and_read_back_from_a_snapshot() {
        let mut mailbox = filled();
        mailbox.flag(&[1, 2], &[Flag::Seen, Flag::Deleted].into(), &BTreeSet::new());
        mailbox.flag(&[2, 9], &[Flag::Answered].into(), &[Flag::Seen].into());
        assert_eq!(mailbox.messages()[&1].flags, [Flag::Deleted, Flag::Seen].into());
        assert_eq!(mailbox.messages()[&2].flags, [Flag::Answered, Flag::Deleted].into());
        let json = serde_json::to_vec(&mailbox).unwrap();
        assert_eq!(serde_json::from_slice::<Mailbox>(&json).unwrap(), mailbox);
    }
}
