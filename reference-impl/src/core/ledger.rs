use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use collaudo_node::{BodyId, Bytes, DurableLog};
use serde::{Deserialize, Serialize};

use super::{
    book::Book,
    journal::{Carries, Outgoing, Record, Track, Transaction, hex_if_any, link},
    mailbox::Mailbox,
    message::domain_of,
    seen::Seen,
};
use crate::{Config, Ordinary, User};

/// The version of a snapshot's form; one more for every change of it.
const VERSION: u8 = 1;

/// All that the committed records say: rebuilt from them alone, changed by them alone.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ledger {
    pub(crate) config: Config,
    /// Every number below was given away.
    pub(crate) next: u64,
    #[serde(with = "hex_if_any")]
    pub(crate) index: Option<BodyId>,
    #[serde(with = "hex_if_any")]
    pub(crate) revocations: Option<BodyId>,
    pub(crate) transactions: BTreeMap<String, Transaction>,
    pub(crate) outgoing: BTreeMap<u64, Outgoing>,
    mailboxes: BTreeMap<String, Mailbox>,
    /// The log of §2.3.
    pub(crate) book: Book,
    seen: Seen,
    /// How many waiting messages rest on a transaction.
    resting: BTreeMap<String, usize>,
}

impl Ledger {
    /// Rebuilds the ledger from its last snapshot and the records behind it; an error where they are not those of a
    /// provider, or where a line of the log does not continue the chain. *Gives* also how many records there were.
    pub(crate) fn read(log: &dyn DurableLog) -> Result<(Self, usize), String> {
        let mut records = log.records();
        let mut ledger = match log.snapshot() {
            Some(state) => Self::thaw(&state).ok_or("the snapshot cannot be read")?,
            None => match records.next().and_then(|octets| Record::decode(&octets)) {
                Some(Record::Founded(config)) => Self::new(*config),
                _ => return Err("the log has no founding record".to_owned()),
            },
        };
        let mut count = 0;
        for octets in records {
            count += 1;
            let record = Record::decode(&octets).ok_or_else(|| format!("record {count} of the log cannot be read"))?;
            if let (Some(text), Some(chain)) = (record.text(), record.chain())
                && link(ledger.book.end(), text) != chain
            {
                return Err(format!("record {count} of the log breaks its chain"));
            }
            ledger.apply(&record);
        }
        Ok((ledger, count))
    }

    /// The state for a snapshot, of about so many octets.
    pub(crate) fn freeze(&self, octets: usize) -> Bytes {
        let mut state = Vec::with_capacity(octets);
        // Strings, numbers and maps of them always have a JSON form.
        match serde_json::to_writer(&mut state, &Snapshot { v: VERSION, ledger: self }) {
            Ok(()) => state.into(),
            Err(_) => Bytes::new(),
        }
    }

    fn thaw(state: &[u8]) -> Option<Self> {
        let snapshot: Snapshot<Self> = serde_json::from_slice(state).ok()?;
        (snapshot.v == VERSION).then_some(snapshot.ledger)
    }

    pub(super) fn new(config: Config) -> Self {
        Self {
            mailboxes: Self::mailboxes(&config),
            config,
            next: 1,
            index: None,
            revocations: None,
            transactions: BTreeMap::new(),
            outgoing: BTreeMap::new(),
            book: Book::default(),
            seen: Seen::default(),
            resting: BTreeMap::new(),
        }
    }

    /// Takes up a committed record.
    pub(crate) fn apply(&mut self, record: &Record) {
        match record {
            Record::Founded(config) => self.reconfigure(config),
            Record::Logged { .. } | Record::Noted { .. } => self.write_down(record),
            Record::Sealed { day, seal, lines, closes } => self.book.seal(*day, *seal, *lines, *closes),
            Record::Retained { body, at } => self.book.retain(*body, *at),
            Record::Revoked { body } => self.revocations = Some(*body),
            Record::Counted { next } => self.next = self.next.max(*next),
            Record::Indexed { body } => self.index = Some(*body),
            Record::Stored { mailbox, body, octets, at } => {
                self.in_mailbox(mailbox, |mailbox| mailbox.store(*body, *octets, *at));
            }
            Record::Flagged { mailbox, uids, add, remove } => {
                self.in_mailbox(mailbox, |mailbox| mailbox.flag(uids, add, remove));
            }
            Record::Removed { mailbox, uids } => self.in_mailbox(mailbox, |mailbox| mailbox.remove(uids)),
            Record::Seen(sight) => self.seen.add(sight),
            Record::Opened(transaction) => {
                self.transactions.insert(transaction.certified.pec_msgid.clone(), transaction.clone());
            }
            Record::Taken { pec_msgid, recipient } => self.track(pec_msgid, recipient, |track| track.taken = true),
            Record::Warned { pec_msgid, recipient } => self.track(pec_msgid, recipient, |track| track.warned = true),
            Record::Closed { pec_msgid, recipient } => {
                if let Some(transaction) = self.transactions.get_mut(pec_msgid) {
                    transaction.open.retain(|track| !is_same(&track.recipient, recipient));
                }
                self.forget(pec_msgid);
            }
            Record::Queued(outgoing) => {
                if let Carries::Envelope { pec_msgid } = &outgoing.carries {
                    *self.resting.entry(pec_msgid.clone()).or_default() += 1;
                }
                self.outgoing.insert(outgoing.number, outgoing.clone());
            }
            Record::Settled { number, recipients } => self.settle(*number, recipients),
        }
    }

    /// Takes up a changed configuration: a later founding record.
    ///
    /// New users have a mailbox from now on, and quotas are as they are now. Who is no user any more gets no mail, and
    /// what lies in that mailbox stays.
    fn reconfigure(&mut self, config: &Config) {
        let Self { mailboxes: before, .. } = &mut *self;
        for mailbox in before.values_mut() {
            mailbox.user = false;
        }
        for (key, new) in Self::mailboxes(config) {
            match before.entry(key) {
                Entry::Occupied(mut held) => {
                    held.get_mut().user = new.user;
                    held.get_mut().quota = new.quota;
                }
                Entry::Vacant(place) => {
                    place.insert(new);
                }
            }
        }
        self.config = config.clone();
    }

    /// The mailboxes that a configuration asks for, empty.
    fn mailboxes(config: &Config) -> BTreeMap<String, Mailbox> {
        let service = (fold(&config.service_mailbox), Mailbox::new(&config.service_mailbox, None, false));
        let user = |user: &User| (fold(&user.address), Mailbox::new(&user.address, user.quota_octets, true));
        std::iter::once(service).chain(config.users.iter().map(user)).collect()
    }

    fn write_down(&mut self, record: &Record) {
        if let (Some(at), Some(text), Some(chain)) = (record.at(), record.text(), record.chain()) {
            self.book.add(at, text, chain);
        }
    }

    fn in_mailbox(&mut self, address: &str, change: impl FnOnce(&mut Mailbox)) {
        if let Some(mailbox) = self.mailboxes.get_mut(&fold(address)) {
            change(mailbox);
        }
    }

    fn track(&mut self, pec_msgid: &str, recipient: &str, change: impl FnOnce(&mut Track)) {
        let transaction = self.transactions.get_mut(pec_msgid);
        if let Some(track) = transaction.and_then(|t| t.open.iter_mut().find(|t| is_same(&t.recipient, recipient))) {
            change(track);
        }
    }

    fn settle(&mut self, number: u64, recipients: &[String]) {
        let Some(outgoing) = self.outgoing.get_mut(&number) else { return };
        outgoing.recipients.retain(|recipient| !recipients.contains(recipient));
        if !outgoing.recipients.is_empty() {
            return;
        }
        let Some(Outgoing { carries: Carries::Envelope { pec_msgid }, .. }) = self.outgoing.remove(&number) else {
            return;
        };
        if let Some(count) = self.resting.get_mut(&pec_msgid) {
            *count -= 1;
            if *count == 0 {
                self.resting.remove(&pec_msgid);
            }
        }
        self.forget(&pec_msgid);
    }

    /// A transaction without open recipients and without waiting envelopes is kept no longer.
    fn forget(&mut self, pec_msgid: &str) {
        let done = self.transactions.get(pec_msgid).is_some_and(|transaction| transaction.open.is_empty());
        if done && !self.resting.contains_key(pec_msgid) {
            self.transactions.remove(pec_msgid);
        }
    }

    /// All bodies that it refers to; whatever else was once put on disk is needed no more.
    pub(crate) fn bodies(&self) -> BTreeSet<BodyId> {
        let documents = self.index.iter().chain(&self.revocations).copied();
        let waiting = self.outgoing.values().map(|outgoing| outgoing.body);
        let stored = self.mailboxes.values().flat_map(|mailbox| mailbox.messages().values().map(|entry| entry.body));
        documents.chain(waiting).chain(stored).chain(self.book.bodies()).collect()
    }

    /// The open recipient of a transaction.
    pub(crate) fn open(&self, pec_msgid: &str, recipient: &str) -> Option<(&Transaction, &Track)> {
        let transaction = self.transactions.get(pec_msgid)?;
        let track = transaction.open.iter().find(|track| is_same(&track.recipient, recipient))?;
        Some((transaction, track))
    }

    /// The mailbox of a user, as the configuration spells it.
    pub(crate) fn mailbox(&self, address: &str) -> Option<&str> {
        self.account(address).filter(|mailbox| mailbox.user).map(|mailbox| mailbox.address.as_str())
    }

    /// The mailbox that an account opens: a user's, or that of the service.
    pub(crate) fn account(&self, name: &str) -> Option<&Mailbox> {
        self.mailboxes.get(&fold(name))
    }

    /// What becomes of ordinary mail for a user.
    pub(crate) fn ordinary(&self, address: &str) -> Option<&Ordinary> {
        let user = self.config.users.iter().find(|user| user.address.eq_ignore_ascii_case(address));
        user.map(|user| &user.ordinary)
    }

    /// Octets that a mailbox can still take; `None` is no limit.
    pub(crate) fn room(&self, address: &str) -> Option<u64> {
        self.account(address).and_then(Mailbox::room)
    }

    pub(crate) fn has_seen(&self, identity: BodyId, recipient: &str) -> bool {
        self.seen.has(identity, recipient)
    }

    /// Whether the address lies in the domain that the provider manages.
    pub(crate) fn manages(&self, address: &str) -> bool {
        domain_of(address).is_some_and(|domain| domain.eq_ignore_ascii_case(&self.config.domain))
    }

    pub(crate) fn is_service_mailbox(&self, address: &str) -> bool {
        address.eq_ignore_ascii_case(&self.config.service_mailbox)
    }
}

#[derive(Serialize, Deserialize)]
struct Snapshot<L> {
    v: u8,
    ledger: L,
}

/// Our own mailboxes ignore case altogether.
pub(crate) fn fold(address: &str) -> String {
    address.to_ascii_lowercase()
}

/// Whether two addresses have one [`key`].
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    let local = |address: &str| address.rfind('@').unwrap_or(address.len());
    one.eq_ignore_ascii_case(other) && one.get(..local(one)) == other.get(..local(other))
}

/// Elsewhere only the domain ignores case.
pub(crate) fn key(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, domain)) => [local, "@", &domain.to_ascii_lowercase()].concat(),
        None => address.to_owned(),
    }
}
