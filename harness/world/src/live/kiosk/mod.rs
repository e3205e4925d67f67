//! Where a foreign provider fetches what is published: the index over HTTPS and, where it reads it so, over LDAP; the list of
//! revoked certificates over HTTPS. It stands for as long as the program runs, longer than any world: between two scenarios
//! the good documents are there, and a world whose faults change them changes what is shown.

mod serve;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use collaudo_forge::Signer;
use collaudo_node::Bytes;
use collaudo_record::Instant;

use super::{foreign::Foreign, watch};
use crate::{
    CRL_NAME, INDEX_NAME, WorldError,
    documents::RevocationList,
    faults::Way,
    index::{Edition, Record},
};

/// What is published, and who has fetched it. A copy is the same kiosk.
#[derive(Clone)]
pub struct Kiosk(Arc<Shared>);

struct Shared {
    records: Vec<Record>,
    state: Mutex<State>,
    /// Told of each fetch.
    fetched: Condvar,
}

struct State {
    shown: Shown,
    /// What there is where nothing is wrong.
    good: Shown,
    /// How far the clock that all go by is ahead of the machine's, in microseconds.
    ahead: i64,
    fetches: Vec<Fetch>,
}

/// What whoever comes gets.
#[derive(Clone)]
pub(crate) struct Shown {
    /// The signed file; none where it cannot be had.
    pub(crate) index: Option<Bytes>,
    /// The directory; none where nobody is there.
    pub(crate) directory: Option<Arc<Edition>>,
    /// None where it cannot be had.
    pub(crate) list: Option<RevocationList>,
    /// The way to the directory.
    pub(crate) way: Way,
}

/// Somebody came for a document.
#[derive(Clone, Debug)]
pub(crate) struct Fetch {
    pub(crate) document: &'static str,
    /// `https` or `ldap`.
    pub(crate) over: &'static str,
    /// What was got, if anything.
    pub(crate) body: Option<Bytes>,
}

/// Some of what is published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Papers {
    /// The index, by whichever way.
    pub index: bool,
    /// The list of revoked certificates.
    pub list: bool,
}

/// Where it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// HTTPS: `/indice.ldif.p7m` and `/autorita.crl`.
    pub https: Option<SocketAddr>,
    /// LDAP under TLS from the first octet.
    pub ldap: Option<SocketAddr>,
    /// Names by which it is called beside its addresses, for its certificate.
    pub names: Vec<String>,
}

impl Kiosk {
    /// Opens it, at that instant of the clock that all go by; index and list are newer than any that was served before.
    ///
    /// # Errors
    /// [`WorldError::Machine`], where an address cannot be listened at; else as [`crate::World::build`].
    pub fn open(foreign: &Foreign, counters: &Counters, now: Instant) -> Result<Self, WorldError> {
        let (records, signer) = foreign.index()?;
        let ahead = now.0.saturating_sub(watch::today().0);
        let good = Shown::good(&records, &signer, now);
        let state = State { shown: good.clone(), good, ahead, fetches: Vec::new() };
        let kiosk = Self(Arc::new(Shared { records, state: Mutex::new(state), fetched: Condvar::new() }));
        let doors = serve::Doors::bind(counters)?;
        let served = kiosk.clone();
        thread::spawn(move || doors.serve(&served));
        Ok(kiosk)
    }

    /// Whether all of these have been fetched since so many visits ago; waits for so long at most.
    ///
    /// *Takes* what [`Self::visits`] gave. *Gives* false where the time was up.
    pub fn is_read(&self, papers: Papers, since: usize, most: Duration) -> bool {
        let is_done = |state: &State| {
            let fetched = |document: &str| {
                let mut all = state.fetches.iter().skip(since);
                all.any(|fetch| fetch.document == document && fetch.body.is_some())
            };
            (!papers.index || fetched(INDEX_NAME)) && (!papers.list || fetched(CRL_NAME))
        };
        let state = self.state();
        let waited = self.0.fetched.wait_timeout_while(state, most, |state| !is_done(state));
        waited.is_ok_and(|(state, _)| is_done(&state))
    }

    /// How often somebody has come so far.
    pub fn visits(&self) -> usize {
        self.state().fetches.len()
    }

    /// The good documents are back: newer than all that was shown, so that whoever has read those takes them.
    ///
    /// # Errors
    /// As [`crate::World::build`].
    pub fn restore(&self, foreign: &Foreign) -> Result<(), WorldError> {
        let (_, signer) = foreign.index()?;
        let mut state = self.state();
        state.good = Shown::good(&self.0.records, &signer, state.now());
        state.shown = state.good.clone();
        Ok(())
    }

    /// The index where nothing is wrong.
    pub(crate) fn edition(&self) -> Option<Arc<Edition>> {
        self.state().good.directory.clone()
    }

    /// The list where nothing is wrong.
    pub(crate) fn list(&self) -> RevocationList {
        self.state().good.list.clone().unwrap_or_default()
    }

    /// Whoever comes from now on gets this.
    pub(crate) fn show(&self, change: impl FnOnce(&mut Shown)) {
        change(&mut self.state().shown);
    }

    /// What time it is by the clock that all go by.
    pub(crate) fn tell_time(&self, now: Instant) {
        self.state().ahead = now.0.saturating_sub(watch::today().0);
    }

    /// Who came from a place on.
    pub(crate) fn fetches(&self, from: usize) -> Vec<Fetch> {
        self.state().fetches.get(from..).map(<[Fetch]>::to_vec).unwrap_or_default()
    }

    /// The last time that each document was got before a place.
    pub(crate) fn held(&self, before: usize) -> Vec<Fetch> {
        let state = self.state();
        let fetches = state.fetches.get(..before).unwrap_or_default();
        let last = |document| fetches.iter().rfind(|fetch| fetch.document == document && fetch.body.is_some()).cloned();
        [INDEX_NAME, CRL_NAME].into_iter().filter_map(last).collect()
    }

    fn note(&self, document: &'static str, over: &'static str, body: Option<Bytes>) {
        self.state().fetches.push(Fetch { document, over, body });
        self.0.fetched.notify_all();
    }

    /// A thread that fell over has left nothing half done here.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shown {
    /// Everything as it should be, as of an instant: whoever has read what was there before takes it for newer.
    fn good(records: &[Record], signer: &Signer, now: Instant) -> Self {
        let now = now.0.div_euclid(1_000_000);
        let edition = Arc::new(Edition::sign(records.iter(), signer, now));
        Self {
            index: Some(edition.signed.clone()),
            directory: Some(edition),
            list: Some(RevocationList { since: now, revoked: BTreeMap::new() }),
            way: Way::default(),
        }
    }
}

impl State {
    fn now(&self) -> Instant {
        Instant(watch::today().0.saturating_add(self.ahead))
    }
}

impl std::fmt::Debug for Kiosk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kiosk").field("visits", &self.visits()).finish_non_exhaustive()
    }
}
