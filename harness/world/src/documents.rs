//! What the publisher serves: the provider index and the list of revoked certificates, each as it is now, or as a fault
//! has it.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use collaudo_forge::Signer;
use collaudo_node::Bytes;
use collaudo_record::{Instant, Request, What};
use collaudo_scenario::{FaultKind, IndexFault};
use rustls::{ClientConfig, ServerConfig};

use crate::{
    CRL_NAME, INDEX_NAME, WorldError,
    faults::Way,
    https::{self, File},
    index::{Edition, Record},
    live::kiosk::Kiosk,
    pki::Pki,
    recorder::Recorder,
};

/// How the signed file is served.
pub(crate) const MEDIA_TYPE: &str = "application/pkcs7-mime; smime-type=signed-data; name=\"indice.ldif.p7m\"";

/// How often the authority makes a new list of revoked certificates: long before the old one ends, as authorities do.
const CRL_STEP_SECONDS: i64 = 3 * 3600;

/// How long each list lasts.
const CRL_SECONDS: i64 = 6 * 3600;

/// How long before the good one the list was signed that a rollback serves again.
const ROLLBACK_SECONDS: i64 = 2 * 24 * 3600;

/// Whose certificates are revoked: what a list says that is made at any moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RevocationList {
    /// No list is older, in seconds since 1970.
    pub(crate) since: i64,
    /// Places of providers, and since which second.
    pub(crate) revoked: BTreeMap<usize, i64>,
}

impl RevocationList {
    /// The list (DER) of a moment. It begins at the last of its steps, or where a certificate was revoked since, then.
    pub(crate) fn at(&self, now: Instant) -> Result<Bytes, WorldError> {
        let step = seconds(now).div_euclid(CRL_STEP_SECONDS) * CRL_STEP_SECONDS;
        let from = self.revoked.values().copied().fold(step.max(self.since), i64::max);
        let unsigned = |seconds: i64| u64::try_from(seconds).unwrap_or_default();
        let revoked: Vec<_> = self.revoked.iter().map(|(place, when)| (*place, unsigned(*when))).collect();
        let list = Pki::revocation_list(unsigned(from), unsigned(from + CRL_SECONDS), &revoked)?;
        Ok(Bytes::copy_from_slice(&list))
    }
}

/// Where the index is asked for over HTTPS.
pub(crate) struct Office {
    /// Its name.
    pub(crate) host: &'static str,
    pub(crate) server: Arc<ServerConfig>,
    /// By provider.
    pub(crate) licensed: BTreeMap<String, Arc<ClientConfig>>,
    /// For those without a certificate.
    pub(crate) anyone: Arc<ClientConfig>,
    /// The certificate (DER) in which the paths of all of them end.
    pub(crate) anchor: Bytes,
}

/// The publisher.
pub(crate) struct Documents {
    recorder: Recorder,
    /// When the good index was signed, in seconds since 1970.
    signed_at: i64,
    records: Vec<Record>,
    /// What providers keep for it themselves: URL and octets.
    own_files: Vec<(String, Bytes)>,
    office: Office,
    signer: Signer,
    /// Every provider's place in the plan.
    places: BTreeMap<String, usize>,
    state: RefCell<State>,
    /// Where a foreign provider fetches all this.
    kiosk: Option<Kiosk>,
}

struct State {
    /// Whom the index lists no more.
    unlisted: BTreeSet<String>,
    fault: Option<IndexFault>,
    /// The index as it should be.
    edition: Arc<Edition>,
    /// What whoever fetches it gets.
    index: Option<Bytes>,
    /// What whoever asks the directory gets; LDAP signs nothing, so nothing there can be altered under a signature.
    directory: Option<Arc<Edition>>,
    list: RevocationList,
    crl_unreachable: bool,
}

impl Documents {
    /// Signs the index, as of an instant.
    pub(crate) fn new(
        recorder: Recorder,
        records: Vec<Record>,
        own_files: Vec<(String, Bytes)>,
        (signer, signed_at): (Signer, Instant),
        names: Vec<String>,
        office: Office,
        kiosk: Option<Kiosk>,
    ) -> Self {
        let sign = || Arc::new(Edition::sign(records.iter(), &signer, seconds(signed_at)));
        let edition = kiosk.as_ref().and_then(Kiosk::edition).unwrap_or_else(sign);
        let state = State {
            unlisted: BTreeSet::new(),
            fault: None,
            index: Some(edition.signed.clone()),
            directory: Some(edition.clone()),
            edition,
            list: kiosk.as_ref().map(Kiosk::list).unwrap_or_default(),
            crl_unreachable: false,
        };
        let places = names.into_iter().zip(0..).collect();
        let signed_at = seconds(signed_at);
        Self { recorder, signed_at, records, own_files, office, signer, places, state: state.into(), kiosk }
    }

    /// The index as it is now, whatever is served.
    pub(crate) fn index(&self) -> Bytes {
        self.state.borrow().edition.signed.clone()
    }

    /// Publishes everything for the first time.
    pub(crate) fn open(&self) -> Result<(), WorldError> {
        self.publish_index();
        for (url, octets) in &self.own_files {
            self.published(url, Some(octets.clone()));
        }
        self.publish_crl()
    }

    /// Whoever asks from now on gets what these faults leave.
    pub(crate) fn change(&self, in_force: &BTreeMap<u32, FaultKind>) -> Result<(), WorldError> {
        self.change_index(in_force);
        self.change_crl(in_force)?;
        self.show();
        Ok(())
    }

    /// A foreign provider that comes for something gets what everybody gets.
    fn show(&self) {
        let Some(kiosk) = &self.kiosk else { return };
        let state = self.state.borrow();
        kiosk.show(|shown| {
            shown.index.clone_from(&state.index);
            shown.directory.clone_from(&state.directory);
            shown.list = (!state.crl_unreachable).then(|| state.list.clone());
        });
    }

    /// The way between a foreign provider and the directory is like this from now on.
    pub(crate) fn settle(&self, way: Way) {
        if let Some(kiosk) = &self.kiosk {
            kiosk.show(|shown| shown.way = way);
        }
    }

    /// Tells what a foreign provider has fetched from a place on; *gives* the next place.
    pub(crate) fn tell_fetches(&self, host: &str, from: usize) -> usize {
        let Some(kiosk) = &self.kiosk else { return from };
        kiosk.tell_time(self.recorder.clock().now());
        let fetches = kiosk.fetches(from);
        fetches.iter().for_each(|fetch| self.consulted(host, fetch.document, fetch.over, fetch.body.as_ref()));
        from + fetches.len()
    }

    /// Tells what a foreign provider has had from before; *gives* the place of what it fetches next.
    pub(crate) fn tell_held(&self, host: &str) -> usize {
        let Some(kiosk) = &self.kiosk else { return 0 };
        let next = kiosk.visits();
        let held = kiosk.held(next);
        held.iter().for_each(|fetch| self.consulted(host, fetch.document, fetch.over, fetch.body.as_ref()));
        next
    }

    /// A host fetches a document by its name.
    pub(crate) fn fetch(&self, host: &str, name: &str) -> Result<Option<Bytes>, WorldError> {
        let document = match name {
            INDEX_NAME => self.request(host, self.office.licensed.get(host).unwrap_or(&self.office.anyone))?,
            CRL_NAME => self.crl()?,
            _ => None,
        };
        self.consulted(host, name, "https", document.as_ref());
        Ok(document)
    }

    /// Somebody without a certificate asks for the index.
    pub(crate) fn request_as_anyone(&self, host: &str) -> Result<(), WorldError> {
        self.request(host, &self.office.anyone).map(drop)
    }

    /// The index over HTTPS, as the client gets it. Nobody is there where it cannot be had.
    //= PEC-4.5.6-02
    //= PEC-5.6-02
    fn request(&self, host: &str, client: &Arc<ClientConfig>) -> Result<Option<Bytes>, WorldError> {
        let Some(octets) = self.state.borrow().index.clone() else { return Ok(None) };
        let file = File { octets: &octets, media_type: MEDIA_TYPE };
        let seen = https::get(client, &self.office.server, self.office.host, INDEX_NAME, &file)?;
        let keep = |octets: Option<Vec<u8>>| octets.map(|octets| self.recorder.keep(&octets));
        self.recorder.observed(What::Requested(Request {
            host: host.to_owned(),
            server_name: self.office.host.to_owned(),
            document: INDEX_NAME.to_owned(),
            anchor: self.recorder.keep(&self.office.anchor),
            server: keep(seen.server),
            client: keep(seen.client),
            status: seen.status,
            content_type: seen.content_type,
        }));
        Ok(seen.body)
    }

    /// A host asks the directory: the entries that it finds there, if it finds anyone there.
    pub(crate) fn ask(&self, host: &str) -> Option<Arc<Edition>> {
        let found = self.state.borrow().directory.clone();
        if found.is_none() {
            self.missed(host);
        }
        found
    }

    /// A host that wanted to ask the directory found nobody there.
    pub(crate) fn missed(&self, host: &str) {
        self.consulted(host, INDEX_NAME, "ldap", None);
    }

    /// A host was told what an edition holds.
    pub(crate) fn told(&self, host: &str, edition: &Edition) {
        self.consulted(host, INDEX_NAME, "ldap", Some(&edition.signed));
    }

    fn consulted(&self, host: &str, document: &str, over: &str, body: Option<&Bytes>) {
        let body = body.map(|octets| self.recorder.keep_shared(octets.clone()));
        let (host, document, over) = (host.to_owned(), document.to_owned(), over.to_owned());
        self.recorder.observed(What::Consulted { host, document, over, body });
    }

    fn change_index(&self, in_force: &BTreeMap<u32, FaultKind>) {
        let (mut unlisted, mut fault) = (BTreeSet::new(), None);
        for kind in in_force.values() {
            match kind {
                FaultKind::Unlisted { host } => {
                    unlisted.insert(host.clone());
                }
                // Of two faults at once the later one of the plan has its way.
                FaultKind::Index(index) => fault = Some(index.clone()),
                _ => {}
            }
        }
        let mut state = self.state.borrow_mut();
        if unlisted == state.unlisted && fault == state.fault {
            return;
        }
        if unlisted != state.unlisted {
            let listed = self.records.iter().filter(|record| !unlisted.contains(&record.provider));
            state.edition = Arc::new(Edition::sign(listed, &self.signer, seconds(self.recorder.clock().now())));
        }
        let edition = state.edition.clone();
        let (index, directory) = match &fault {
            None => (Some(edition.signed.clone()), Some(edition)),
            Some(IndexFault::Unreachable) => (None, None),
            Some(IndexFault::Altered) => (Some(altered(&edition.signed)), Some(edition)),
            Some(IndexFault::RolledBack { lacks }) => {
                let listed = self.records.iter().filter(|record| record.provider != *lacks);
                let old = Arc::new(Edition::sign(listed, &self.signer, self.signed_at - ROLLBACK_SECONDS));
                (Some(old.signed.clone()), Some(old))
            }
        };
        let changed = index != state.index;
        (state.unlisted, state.fault, state.index, state.directory) = (unlisted, fault, index, directory);
        drop(state);
        if changed {
            self.publish_index();
        }
    }

    fn change_crl(&self, in_force: &BTreeMap<u32, FaultKind>) -> Result<(), WorldError> {
        let now = seconds(self.recorder.clock().now());
        let mut state = self.state.borrow_mut();
        let (known, unreachable) =
            (state.list.revoked.len(), in_force.values().any(|kind| *kind == FaultKind::CrlUnreachable));
        for kind in in_force.values() {
            let FaultKind::Revoked { host } = kind else { continue };
            if let Some(place) = self.places.get(host) {
                state.list.revoked.entry(*place).or_insert(now);
            }
        }
        let was_unreachable = std::mem::replace(&mut state.crl_unreachable, unreachable);
        // A revocation that nobody can learn of yet is published when they can.
        let changed = unreachable != was_unreachable || (state.list.revoked.len() > known && !unreachable);
        drop(state);
        match changed {
            true => self.publish_crl(),
            false => Ok(()),
        }
    }

    /// The list of this moment.
    fn crl(&self) -> Result<Option<Bytes>, WorldError> {
        let state = self.state.borrow();
        let now = self.recorder.clock().now();
        if state.crl_unreachable { Ok(None) } else { state.list.at(now).map(Some) }
    }

    fn publish_index(&self) {
        let index = self.state.borrow().index.clone();
        self.published(INDEX_NAME, index);
    }

    fn publish_crl(&self) -> Result<(), WorldError> {
        self.published(CRL_NAME, self.crl()?);
        Ok(())
    }

    fn published(&self, document: &str, octets: Option<Bytes>) {
        let body = octets.map(|octets| self.recorder.keep_shared(octets));
        self.recorder.observed(What::Published { document: document.to_owned(), body });
    }
}

/// The signed index with the first letter of the first service mailbox made the next one.
fn altered(signed: &[u8]) -> Bytes {
    const BEFORE: &[u8] = b"mailReceipt: ";
    let mut octets = signed.to_vec();
    let place = octets.windows(BEFORE.len()).position(|window| window == BEFORE).map(|start| start + BEFORE.len());
    if let Some(octet) = place.and_then(|place| octets.get_mut(place)) {
        *octet = if *octet == b'z' { b'a' } else { *octet + 1 };
    }
    octets.into()
}

fn seconds(instant: Instant) -> i64 {
    instant.0.div_euclid(1_000_000)
}
