//! The store: one SQLite file, written by one thread and read by another.
//!
//! What waits when the writer is free goes into one transaction, so that many commits share one wait for the disk.
//! A commit is told as done only once the file is synced.

mod file;
mod lines;
mod recent;

use std::{
    path::Path,
    sync::{
        Arc, PoisonError, RwLock,
        mpsc::{Receiver, Sender, channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use collaudo_node::{Body, BodyId, Bytes, Input, Ticket};
use rusqlite::Connection;
use tokio::sync::mpsc::UnboundedSender;
use tracing::{debug, error, trace};

use file::Fresh;
pub(super) use file::Log;
pub(super) use lines::lines;
use recent::Recent;

use super::{Error, clock::Stopwatch, driver::Event};

/// From the end of one commit to the begin of the next, for each body that it held: what the node makes ready meanwhile goes
/// to disk together. Where much comes at once the wait for the disk is shared by many, and who is alone hardly waits.
const PACE: Duration = Duration::from_micros(200);
/// The longest such wait.
const LONGEST: Duration = Duration::from_millis(8);
/// Bodies whose places are written down together.
const PLACES: usize = 4000;
/// Bodies that are read before the first of them is given.
const LOT: usize = 32;

/// A change of the store.
enum Change {
    Commit { ticket: Ticket, records: Vec<Bytes>, bodies: Vec<Body> },
    Snapshot { ticket: Ticket, state: Bytes },
}

/// A store that runs.
pub(super) struct Store {
    changes: Option<Sender<Change>>,
    loads: Option<Sender<(Ticket, BodyId)>>,
    recent: Arc<Recent>,
    threads: Vec<JoinHandle<()>>,
}

impl Store {
    /// Starts the threads over an opened file; answers go to `events`.
    ///
    /// *Errors*: a file that cannot be opened a second time, or no thread to be had.
    pub(super) fn start(path: &Path, log: Log, events: UnboundedSender<Event>) -> Result<Self, Error> {
        let recent = Arc::new(Recent::default());
        let (changes, to_write) = channel();
        let (loads, to_read) = channel();
        let reader = file::reader(path)?;
        let mut writer = log.into_writer();
        let fresh = Arc::new(RwLock::new(Fresh::new()));
        let (kept, answers, unplaced) = (recent.clone(), events.clone(), fresh.clone());
        let write = move || write_all(&mut writer, &to_write, &kept, &unplaced, &answers);
        let read = move || read_all(&reader, &to_read, &fresh, &events);
        let spawn = |name: &str, work: Box<dyn FnOnce() + Send>| {
            thread::Builder::new().name(name.to_owned()).spawn(work).map_err(|error| Error::at(path, error))
        };
        let threads = vec![spawn("store-write", Box::new(write))?, spawn("store-read", Box::new(read))?];
        Ok(Self { changes: Some(changes), loads: Some(loads), recent, threads })
    }

    pub(super) fn commit(&self, ticket: Ticket, records: Vec<Bytes>, bodies: Vec<Body>) {
        self.change(Change::Commit { ticket, records, bodies });
    }

    pub(super) fn snapshot(&self, ticket: Ticket, state: Bytes) {
        self.change(Change::Snapshot { ticket, state });
    }

    /// A body that was just written.
    pub(super) fn at_hand(&self, body: BodyId) -> Option<Bytes> {
        self.recent.get(body)
    }

    pub(super) fn load(&self, ticket: Ticket, body: BodyId) {
        // A thread that has ended answers nothing; the server is on its way down then.
        let _ = self.loads.as_ref().map(|loads| loads.send((ticket, body)));
    }

    fn change(&self, change: Change) {
        let _ = self.changes.as_ref().map(|changes| changes.send(change));
    }

    /// Writes what waits, and closes the file.
    pub(super) fn close(mut self) {
        self.changes = None;
        self.loads = None;
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                error!("a thread of the store has crashed");
            }
        }
    }
}

fn write_all(
    file: &mut Connection,
    changes: &Receiver<Change>,
    recent: &Recent,
    fresh: &RwLock<Fresh>,
    events: &UnboundedSender<Event>,
) {
    let (mut last, mut pause) = (Stopwatch::start(), Duration::ZERO);
    while let Ok(first) = changes.recv() {
        thread::sleep(pause.saturating_sub(last.elapsed()));
        let lot: Vec<Change> = std::iter::once(first).chain(changes.try_iter()).collect();
        let written = write_lot(file, &lot, fresh);
        trace!(changes = lot.len(), ok = written.is_ok(), "commit");
        if let Err(fault) = &written {
            error!(%fault, "the store could not be written: nothing of it stands, and nothing is acknowledged");
        }
        last = Stopwatch::start();
        pause = PACE.saturating_mul(bodies(&lot)).min(LONGEST);
        let mut answers = Vec::with_capacity(lot.len());
        for change in lot {
            let (ticket, bodies) = match change {
                Change::Commit { ticket, bodies, .. } => (ticket, bodies),
                Change::Snapshot { ticket, .. } => (ticket, Vec::new()),
            };
            answers.push(match written {
                Ok(()) => {
                    recent.keep(bodies);
                    Input::Committed { ticket }
                }
                Err(_) => Input::StoreFailed { ticket },
            });
        }
        let _ = events.send(Event::Answers(answers));
    }
    debug!("store closed");
}

fn bodies(lot: &[Change]) -> u32 {
    let count = lot.iter().map(|change| match change {
        Change::Commit { bodies, .. } => bodies.len(),
        Change::Snapshot { .. } => 0,
    });
    u32::try_from(count.sum::<usize>()).unwrap_or(u32::MAX)
}

/// All of it, or nothing.
fn write_lot(file: &mut Connection, lot: &[Change], fresh: &RwLock<Fresh>) -> rusqlite::Result<()> {
    let before = fresh.read().unwrap_or_else(PoisonError::into_inner);
    let (mut kept, places) = (Fresh::new(), before.len() >= PLACES);
    let transaction = file.transaction()?;
    if places {
        file::place(&transaction, &before)?;
    }
    for change in lot {
        match change {
            Change::Commit { records, bodies, .. } => {
                file::append(&transaction, records)?;
                file::keep(&transaction, bodies, &before, &mut kept)?;
            }
            Change::Snapshot { state, .. } => file::replace_log(&transaction, state)?,
        }
    }
    transaction.commit()?;
    drop(before);
    let mut fresh = fresh.write().unwrap_or_else(PoisonError::into_inner);
    if places {
        fresh.clear();
    }
    fresh.extend(kept);
    Ok(())
}

fn read_all(
    file: &Connection,
    loads: &Receiver<(Ticket, BodyId)>,
    fresh: &RwLock<Fresh>,
    events: &UnboundedSender<Event>,
) {
    while let Ok(first) = loads.recv() {
        let load = |(ticket, id)| {
            // One that is there no more has its place by now.
            let number = fresh.read().unwrap_or_else(PoisonError::into_inner).get(&id).copied();
            let bytes = file::body(file, id, number).unwrap_or_else(|fault| {
                error!(%fault, body = %id, "a body could not be read");
                None
            });
            Input::Loaded { ticket, bytes }
        };
        let answers = std::iter::once(first).chain(loads.try_iter().take(LOT)).map(load).collect();
        let _ = events.send(Event::Answers(answers));
    }
}
