use std::{cell::RefCell, collections::BTreeMap, rc::Rc, sync::Arc};

use collaudo_record::{Basis, BodyHash, Event, Session, What};

use crate::clock::Clock;

/// Where everything that is seen goes, in the order in which it happens.
#[derive(Clone)]
pub(crate) struct Recorder {
    clock: Clock,
    seen: Rc<RefCell<Seen>>,
}

#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) events: Vec<Event>,
    pub(crate) bodies: BTreeMap<BodyHash, Arc<[u8]>>,
    sessions: u32,
    steps: BTreeMap<Wanderer, String>,
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

    pub(crate) fn keep(&self, bytes: &[u8]) -> BodyHash {
        let hash = BodyHash::of(bytes);
        self.seen.borrow_mut().bodies.entry(hash.clone()).or_insert_with(|| bytes.into());
        hash
    }

    /// Numbers a connection that was accepted.
    pub(crate) fn session(&self, client: String, server: String, port: u16) -> Session {
        let mut seen = self.seen.borrow_mut();
        let session = seen.sessions;
        seen.sessions += 1;
        Session { session, client, server, port }
    }

    /// A person's client says which step its connection carries out.
    pub(crate) fn claim(&self, host: &str, port: u16, step: &str) {
        self.seen.borrow_mut().steps.insert((host.to_owned(), port), step.to_owned());
    }

    pub(crate) fn step_of(&self, host: &str, port: u16) -> Option<String> {
        self.seen.borrow().steps.get(&(host.to_owned(), port)).cloned()
    }

    pub(crate) fn take(&self) -> Seen {
        self.seen.take()
    }

    fn push(&self, basis: Basis, what: What) {
        let at = self.clock.now();
        self.seen.borrow_mut().events.push(Event { at, basis, what });
    }
}
