//! What of a bent provider outlives its crashes, and how it is told from the good ones.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use collaudo_node::{Body, BodyId, Bytes, DurableLog, Node, Timestamp};

use super::{
    BentProvider, Founded, Scene, Told,
    desk::{Desk, Memory},
    node::Bent,
};

/// Stands before each record of a bent provider's log, and nowhere else.
const MARK: &[u8] = b"\0bent\0";

/// Reads what a record of the good provider declares.
pub(crate) type Reader = Box<dyn Fn(&[u8]) -> Vec<Told> + Send + Sync>;

/// One bent provider in one run.
pub struct House {
    pub(crate) bent: &'static BentProvider,
    scene: Scene,
    reader: Reader,
    shelf: Mutex<Shelf>,
}

/// What outlives crashes.
#[derive(Default)]
pub(crate) struct Shelf {
    pub(crate) memory: Memory,
    /// All that was ever kept.
    pub(crate) bodies: BTreeMap<BodyId, Bytes>,
    /// What lies on disk in the place of another.
    pub(crate) changed: BTreeMap<BodyId, BodyId>,
    /// What a record declares in the place of what it would.
    told: BTreeMap<Bytes, Vec<Told>>,
    commits: u64,
}

impl House {
    /// A bent provider in its scene; `reader` says what a record of the good one declares.
    pub fn new(
        bent: &'static BentProvider,
        scene: Scene,
        reader: impl Fn(&[u8]) -> Vec<Told> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self { bent, scene, reader: Box::new(reader), shelf: Mutex::default() })
    }

    /// Sets the provider up as its habit wants it.
    pub fn founds(&self, founded: &mut Founded) {
        if let Some(change) = self.bent.habit.founded {
            change(founded);
        }
    }

    /// The good provider's founding record, marked as the bent one's.
    pub fn founding(&self, record: &[u8]) -> Bytes {
        marked(0, record)
    }

    /// The bent provider around the good one, which `born` makes from the log that the habit lets it find.
    pub fn recover(
        self: &Arc<Self>,
        log: &dyn DurableLog,
        now: Timestamp,
        born: impl FnOnce(&dyn DurableLog, Timestamp) -> Box<dyn Node>,
    ) -> Box<dyn Node> {
        self.shelf().memory.begun.get_or_insert(now);
        let inner = born(&Recalled { log, house: self }, now);
        Box::new(Bent::new(inner, self.clone()))
    }

    /// The bent provider's name.
    pub fn provider(&self) -> &'static str {
        self.bent.provider
    }

    /// What a record declares, if it is the bent provider's.
    pub fn declare(&self, record: &[u8]) -> Option<Vec<Told>> {
        record.starts_with(MARK).then(|| self.shelf().told.get(record).cloned().unwrap_or_default())
    }

    /// What a record declares before the habit has changed it.
    pub(crate) fn read(&self, record: &[u8]) -> Vec<Told> {
        (self.reader)(record)
    }

    /// Marks the records of one commit and takes down what it declares in all, what it keeps, and what of that lies in
    /// the place of something else.
    pub(crate) fn enter(
        &self,
        records: &[Bytes],
        told: Vec<Told>,
        bodies: &[Body],
        changed: Vec<(BodyId, BodyId)>,
    ) -> Vec<Bytes> {
        let mut shelf = self.shelf();
        shelf.commits += 1;
        shelf.changed.extend(changed);
        shelf.bodies.extend(bodies.iter().map(|body| (body.id, body.bytes.clone())));
        let marked: Vec<_> = records.iter().map(|record| marked(shelf.commits, record)).collect();
        if let Some(first) = marked.first() {
            shelf.told.insert(first.clone(), told);
        }
        marked
    }

    /// Whether these octets are some that lie in the place of others.
    pub(crate) fn has_changed(&self, octets: &[u8]) -> bool {
        let id = BodyId::of(octets);
        self.shelf().changed.values().any(|changed| *changed == id)
    }

    pub(crate) fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a habit work.
    pub(crate) fn at_desk<T>(&self, now: Timestamp, work: impl FnOnce(&mut Desk<'_>) -> T) -> T {
        let mut memory = std::mem::take(&mut self.shelf().memory);
        let done = work(&mut Desk { scene: &self.scene, memory: &mut memory, now });
        self.shelf().memory = memory;
        done
    }
}

/// Whether a log is a bent provider's.
pub fn is_marked(log: &dyn DurableLog) -> bool {
    log.snapshot().is_none() && log.records().next().is_some_and(|record| record.starts_with(MARK))
}

/// A record as it lies in a bent provider's log.
fn marked(serial: u64, record: &[u8]) -> Bytes {
    [MARK, &serial.to_be_bytes(), record].concat().into()
}

/// The log as a bent provider finds it again.
struct Recalled<'a> {
    log: &'a dyn DurableLog,
    house: &'a House,
}

impl DurableLog for Recalled<'_> {
    fn records(&self) -> Box<dyn Iterator<Item = Bytes> + '_> {
        let recalls = self.house.bent.habit.recalls;
        let records = self.log.records().map(|record| record.slice((MARK.len() + 8).min(record.len())..));
        let known = move |(n, record): &(usize, Bytes)| *n == 0 || recalls.is_none_or(|recalls| recalls(record));
        Box::new(records.enumerate().filter(known).map(|(_, record)| record))
    }

    fn body(&self, id: BodyId) -> Option<Bytes> {
        let id = self.house.shelf().changed.get(&id).copied().unwrap_or(id);
        self.log.body(id)
    }
}
