use std::{
    cell::RefCell,
    collections::{BTreeMap, VecDeque},
    rc::Rc,
    sync::Arc,
};

use collaudo_node::{Body, BodyId, Bytes};
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
    /// All octets of the world, on disks and in events: whoever has them shares these.
    octets: BTreeMap<BodyId, Kept>,
    sessions: u32,
    steps: BTreeMap<Wanderer, VecDeque<String>>,
}

struct Kept {
    octets: Bytes,
    /// Whether an event names them.
    named: bool,
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

    /// What shows only behind other things that have been seen, and came before them: it takes its place among them.
    pub(crate) fn observed_at(&self, place: usize, what: What) {
        let mut seen = self.seen.borrow_mut();
        let place = place.min(seen.events.len());
        let before = place.checked_sub(1).and_then(|before| seen.events.get(before));
        let at = before.map_or_else(|| self.clock.now(), |event| event.at);
        seen.events.insert(place, Event { at, basis: Basis::Observed, what });
    }

    /// The place of the last event of a kind.
    pub(crate) fn last(&self, is_it: impl Fn(&What) -> bool) -> Option<usize> {
        self.seen.borrow().events.iter().rposition(|event| is_it(&event.what))
    }

    /// Keeps octets for the trace.
    pub(crate) fn keep(&self, octets: &[u8]) -> BodyHash {
        self.keep_shared(Bytes::copy_from_slice(octets))
    }

    /// [`Self::keep`] for large octets, which are shared and not copied.
    pub(crate) fn keep_shared(&self, octets: Bytes) -> BodyHash {
        let id = BodyId::of(&octets);
        self.seen.borrow_mut().octets.entry(id).or_insert(Kept { octets, named: false }).named = true;
        BodyHash(id.to_string())
    }

    /// [`Self::keep_shared`] for what a disk was given by [`Self::share`] under that name; nothing is kept where it was not.
    pub(crate) fn name(&self, id: BodyId) -> BodyHash {
        if let Some(kept) = self.seen.borrow_mut().octets.get_mut(&id) {
            kept.named = true;
        }
        BodyHash(id.to_string())
    }

    /// What a disk is to keep: the same octets, in memory once for the whole world. The trace does not name them yet.
    pub(crate) fn share(&self, body: Body) -> Body {
        let Body { id, bytes } = body;
        let mut seen = self.seen.borrow_mut();
        let kept = seen.octets.entry(id).or_insert(Kept { octets: bytes, named: false });
        Body { id, bytes: kept.octets.clone() }
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
        let Seen { events, octets, .. } = self.seen.take();
        let named = octets.into_iter().filter(|(_, kept)| kept.named);
        let bodies = named.map(|(id, kept)| (BodyHash(id.to_string()), Vec::from(kept.octets).into())).collect();
        (events, bodies)
    }

    /// A copy of what was seen so far, and of the octets that it names.
    pub(crate) fn copy(&self) -> (Vec<Event>, BTreeMap<BodyHash, Arc<[u8]>>) {
        let seen = self.seen.borrow();
        let named = seen.octets.iter().filter(|(_, kept)| kept.named);
        let bodies = named.map(|(id, kept)| (BodyHash(id.to_string()), Arc::from(&*kept.octets))).collect();
        (seen.events.clone(), bodies)
    }

    /// How many events there are.
    pub(crate) fn so_far(&self) -> usize {
        self.seen.borrow().events.len()
    }

    /// The events from a place on.
    pub(crate) fn events(&self, from: usize) -> Vec<Event> {
        self.seen.borrow().events.get(from..).map(<[Event]>::to_vec).unwrap_or_default()
    }

    /// Whether something was seen from a place on.
    pub(crate) fn any_since(&self, from: usize, is_it: impl Fn(&What) -> bool) -> bool {
        self.seen.borrow().events.get(from..).is_some_and(|events| events.iter().any(|event| is_it(&event.what)))
    }

    /// Octets that an event names.
    pub(crate) fn body(&self, hash: &BodyHash) -> Option<Arc<[u8]>> {
        let seen = self.seen.borrow();
        let kept = seen.octets.get(&BodyId::from_hex(&hash.0)?).filter(|kept| kept.named)?;
        Some(Arc::from(&*kept.octets))
    }

    fn push(&self, basis: Basis, what: What) {
        let at = self.clock.now();
        self.seen.borrow_mut().events.push(Event { at, basis, what });
    }
}
