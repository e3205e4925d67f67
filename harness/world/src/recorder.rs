use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, VecDeque},
    rc::Rc,
    sync::Arc,
};

use collaudo_node::{Body, Bytes};
use collaudo_record::{Basis, BodyHash, Event, Session, What};

use crate::clock::Clock;

/// Where everything that is seen goes, in the order in which it happens.
#[derive(Clone)]
pub(crate) struct Recorder {
    clock: Clock,
    seen: Rc<RefCell<Seen>>,
}

#[derive(Default)]
struct Seen {
    events: Vec<Event>,
    /// Which octets the events name.
    named: BTreeSet<BodyHash>,
    /// All octets of the world, on disks and in events: whoever has them shares these.
    octets: BTreeMap<BodyHash, Bytes>,
    sessions: u32,
    steps: BTreeMap<Wanderer, VecDeque<String>>,
}

/// A connection as both its ends know it: the connecting host and its port there.
type Wanderer = (String, u16);

impl Recorder {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, seen: Rc::default() }
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(crate) fn observed(&self, what: What) {
        self.push(Basis::Observed, what);
    }

    pub(crate) fn declared(&self, what: What) {
        self.push(Basis::Declared, what);
    }

    /// Keeps octets for the trace.
    pub(crate) fn keep(&self, octets: &[u8]) -> BodyHash {
        let hash = BodyHash::of(octets);
        let mut seen = self.seen.borrow_mut();
        if !seen.octets.contains_key(&hash) {
            seen.octets.insert(hash.clone(), Bytes::copy_from_slice(octets));
        }
        seen.named.insert(hash.clone());
        hash
    }

    /// [`Self::keep`] for large octets, which are shared and not copied.
    pub(crate) fn keep_shared(&self, octets: Bytes) -> BodyHash {
        let hash = BodyHash::of(&octets);
        let mut seen = self.seen.borrow_mut();
        seen.octets.entry(hash.clone()).or_insert(octets);
        seen.named.insert(hash.clone());
        hash
    }

    /// What a disk is to keep: the same octets, in memory once for the whole world. The trace does not name them yet.
    pub(crate) fn share(&self, body: Body) -> Body {
        let hash = BodyHash(body.id.to_string());
        let bytes = self.seen.borrow_mut().octets.entry(hash).or_insert(body.bytes).clone();
        Body { id: body.id, bytes }
    }

    /// Numbers a connection that was accepted.
    pub(crate) fn session(&self, client: String, server: String, port: u16) -> Session {
        let mut seen = self.seen.borrow_mut();
        let session = seen.sessions;
        seen.sessions += 1;
        Session { session, client, server, port }
    }

    /// A person's client says which steps its connection carries out, one mail transaction each, in that order.
    pub(crate) fn claim(&self, host: &str, port: u16, steps: impl IntoIterator<Item = String>) {
        self.seen.borrow_mut().steps.insert((host.to_owned(), port), steps.into_iter().collect());
    }

    /// The step of the next mail transaction on that connection, none where nobody claimed it.
    pub(crate) fn next_step(&self, host: &str, port: u16) -> Option<String> {
        self.seen.borrow_mut().steps.get_mut(&(host.to_owned(), port))?.pop_front()
    }

    /// What was seen, and the octets that it names; nobody else may hold them any more, or they would be there twice.
    pub(crate) fn take(&self) -> (Vec<Event>, BTreeMap<BodyHash, Arc<[u8]>>) {
        let Seen { events, named, mut octets, .. } = self.seen.take();
        octets.retain(|hash, _| named.contains(hash));
        let bodies = octets.into_iter().map(|(hash, octets)| (hash, Vec::from(octets).into())).collect();
        (events, bodies)
    }

    fn push(&self, basis: Basis, what: What) {
        let at = self.clock.now();
        self.seen.borrow_mut().events.push(Event { at, basis, what });
    }
}
