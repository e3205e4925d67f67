use std::collections::BTreeSet;

use imap_codec::imap_types::sequence::{SeqOrUid, Sequence, SequenceSet};

use crate::core::mailbox::{Flag, Mailbox};

/// What a client knows of the mailbox that it has selected. Its numbering changes only when it is told so.
#[derive(Debug)]
pub(super) struct View {
    pub(super) read_only: bool,
    messages: Vec<Known>,
}

/// A message as the client knows it.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) uid: u32,
    pub(super) flags: BTreeSet<Flag>,
    pub(super) recent: bool,
    /// Whether its flags are to be told again, changed or not.
    pub(super) stale: bool,
}

impl View {
    /// What lies in a mailbox now; messages behind `heralded` are recent.
    pub(super) fn open(mailbox: &Mailbox, heralded: u32, read_only: bool) -> Self {
        let messages = mailbox.messages().iter();
        let messages = messages.map(|(&uid, entry)| Known {
            uid,
            flags: entry.flags.clone(),
            recent: uid > heralded,
            stale: false,
        });
        Self { read_only, messages: messages.collect() }
    }

    pub(super) fn count(&self) -> usize {
        self.messages.len()
    }

    pub(super) fn recent(&self) -> usize {
        self.messages.iter().filter(|known| known.recent).count()
    }

    /// The number of the first message that was not seen.
    pub(super) fn unseen(&self) -> Option<usize> {
        self.messages.iter().position(|known| !known.flags.contains(&Flag::Seen)).map(|at| at + 1)
    }

    /// All messages, with their numbers.
    pub(super) fn all(&self) -> impl Iterator<Item = (usize, &Known)> {
        self.messages.iter().enumerate().map(|(at, known)| (at + 1, known))
    }

    /// A message that the client knows, and its number.
    pub(super) fn find(&self, uid: u32) -> Option<(usize, &Known)> {
        let at = self.place(uid)?;
        self.messages.get(at).map(|known| (at + 1, known))
    }

    /// The same, to note what the client is told.
    pub(super) fn known(&mut self, uid: u32) -> Option<(usize, &mut Known)> {
        let at = self.place(uid)?;
        self.messages.get_mut(at).map(|known| (at + 1, known))
    }

    fn place(&self, uid: u32) -> Option<usize> {
        self.messages.binary_search_by_key(&uid, |known| known.uid).ok()
    }

    /// The messages of a set: of UIDs those that exist; `None` where a set of numbers names one that does not.
    pub(super) fn resolve(&self, set: &SequenceSet, by_uid: bool) -> Option<Vec<u32>> {
        // An asterisk names the last one, which is there unless there is none.
        let absent = |bound: Option<u32>| {
            bound.map_or(self.messages.is_empty(), |number| usize::try_from(number).is_ok_and(|n| n > self.count()))
        };
        if !by_uid && bounds(set).any(absent) {
            return None;
        }
        let covered = self.all().filter(|(number, known)| self.covers(set, by_uid, *number, known.uid));
        Some(covered.map(|(_, known)| known.uid).collect())
    }

    /// Whether a set names a message.
    pub(super) fn covers(&self, set: &SequenceSet, by_uid: bool, number: usize, uid: u32) -> bool {
        let number = if by_uid { uid } else { u32::try_from(number).unwrap_or(u32::MAX) };
        let last = match by_uid {
            true => self.messages.last().map_or(0, |known| known.uid),
            false => u32::try_from(self.count()).unwrap_or(u32::MAX),
        };
        let value = |bound: &SeqOrUid| match bound {
            SeqOrUid::Value(value) => value.get(),
            SeqOrUid::Asterisk => last,
        };
        set.0.as_ref().iter().any(|sequence| match sequence {
            Sequence::Single(single) => value(single) == number,
            Sequence::Range(one, other) => {
                let (one, other) = (value(one), value(other));
                (one.min(other)..=one.max(other)).contains(&number)
            }
        })
    }

    /// Takes up what has changed, and gives the lines that tell of it; removals only where `removals` may be told.
    pub(super) fn refresh(&mut self, mailbox: &Mailbox, removals: bool, heralded: u32) -> Vec<String> {
        let mut lines = Vec::new();
        if removals {
            // From the last to the first, so that no number changes before it is told.
            for at in (0..self.messages.len()).rev() {
                if self.messages.get(at).is_some_and(|known| !mailbox.messages().contains_key(&known.uid)) {
                    self.messages.remove(at);
                    lines.push(format!("* {} EXPUNGE", at + 1));
                }
            }
        }
        for (at, known) in self.messages.iter_mut().enumerate() {
            let entry = mailbox.messages().get(&known.uid);
            if let Some(entry) = entry.filter(|entry| known.stale || entry.flags != known.flags) {
                known.learn(&entry.flags);
                lines.push(format!("* {} FETCH (UID {} FLAGS ({}))", at + 1, known.uid, known.names()));
            }
        }
        let last = self.messages.last().map_or(0, |known| known.uid);
        let before = self.messages.len();
        let come = mailbox.messages().range(last.saturating_add(1)..);
        self.messages.extend(come.map(|(&uid, entry)| Known {
            uid,
            flags: entry.flags.clone(),
            recent: uid > heralded,
            stale: false,
        }));
        if self.messages.len() > before {
            lines.push(format!("* {} EXISTS", self.messages.len()));
            lines.push(format!("* {} RECENT", self.recent()));
        }
        lines
    }
}

impl Known {
    /// Notes that the client is told these flags.
    pub(super) fn learn(&mut self, flags: &BTreeSet<Flag>) {
        self.flags.clone_from(flags);
        self.stale = false;
    }

    /// Its flags, as the wire has them.
    pub(super) fn names(&self) -> String {
        let recent = self.recent.then_some("\\Recent");
        self.flags.iter().copied().map(name).chain(recent).collect::<Vec<_>>().join(" ")
    }
}

/// A flag's name on the wire.
pub(super) fn name(flag: Flag) -> &'static str {
    match flag {
        Flag::Answered => "\\Answered",
        Flag::Deleted => "\\Deleted",
        Flag::Draft => "\\Draft",
        Flag::Flagged => "\\Flagged",
        Flag::Seen => "\\Seen",
    }
}

/// The ends of all ranges of a set; `None` for an asterisk.
fn bounds(set: &SequenceSet) -> impl Iterator<Item = Option<u32>> {
    let bound = |bound: &SeqOrUid| match bound {
        SeqOrUid::Value(value) => Some(value.get()),
        SeqOrUid::Asterisk => None,
    };
    set.0.as_ref().iter().flat_map(move |sequence| match sequence {
        Sequence::Single(one) => [bound(one), bound(one)],
        Sequence::Range(one, other) => [bound(one), bound(other)],
    })
}

#[cfg(test)]
mod tests {
    use collaudo_node::{BodyId, Timestamp};

    use super::*;

    fn mailbox(count: usize) -> Mailbox {
        let mut mailbox = Mailbox::new("anna@alfa.test", None, true);
        (0..count).for_each(|_| mailbox.store(BodyId::of(b"x"), 1, Timestamp::default()));
        mailbox
    }

    #[test]
    fn sets_are_read_by_number_and_by_uid() {
        let mut mailbox = mailbox(5);
        mailbox.remove(&[1, 3]);
        let view = View::open(&mailbox, 0, false);
        let set = |text: &str| SequenceSet::try_from(text).unwrap();
        for (text, by_uid, expected) in [
            ("1:3", false, Some(vec![2, 4, 5])),
            ("*", false, Some(vec![5])),
            ("2:*", false, Some(vec![4, 5])),
            ("4", false, None),
            ("2:9", false, None),
            ("1:3", true, Some(vec![2])),
            ("9", true, Some(vec![])),
            ("9:*", true, Some(vec![5])),
            ("*:4,2", true, Some(vec![2, 4, 5])),
        ] {
            assert_eq!(view.resolve(&set(text), by_uid), expected, "{text}");
        }
        let empty = View::open(&self::mailbox(0), 0, false);
        assert_eq!((empty.resolve(&set("*"), false), empty.resolve(&set("1:*"), true)), (None, Some(vec![])));
    }

    #[test]
    fn removals_are_told_from_the_last_and_only_when_they_may_be() {
        let mut mailbox = mailbox(4);
        let mut view = View::open(&mailbox, 4, false);
        mailbox.remove(&[2, 3]);
        mailbox.flag(&[4], &[Flag::Seen].into(), &BTreeSet::new());
        mailbox.store(BodyId::of(b"y"), 1, Timestamp::default());
        assert_eq!(view.refresh(&mailbox, false, 4), ["* 4 FETCH (UID 4 FLAGS (\\Seen))", "* 5 EXISTS", "* 1 RECENT"]);
        assert_eq!(view.refresh(&mailbox, true, 4), ["* 3 EXPUNGE", "* 2 EXPUNGE"]);
        assert!(view.refresh(&mailbox, true, 4).is_empty());
        assert_eq!(view.all().map(|(number, known)| (number, known.uid)).collect::<Vec<_>>(), [(1, 1), (2, 4), (3, 5)]);
    }
}
