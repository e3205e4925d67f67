//! The reference on a bench: one provider without a network, whose every effect is done at once.

use std::{
    cell::RefCell,
    collections::{BTreeMap, VecDeque},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use collaudo_node::{Body, BodyId, Bytes, ConnId, DurableLog, Effect, End, Host, Input, Node, Timestamp};
use gestore::{Config, Gestore, IndexSource, User, found};

/// 2026-03-02T10:00:00Z.
pub(crate) const NOW: Timestamp = Timestamp::from_unix_micros(1_772_445_600_000_000);

const LDAP: u16 = 636;

/// More effects than any dialogue of a fuzzer's needs: beyond it the node is taken to run in circles.
const MAX_EFFECTS: usize = 100_000;

/// What was committed.
#[derive(Clone, Default)]
pub(crate) struct Disk {
    snapshot: Option<Bytes>,
    records: Vec<Bytes>,
    bodies: BTreeMap<BodyId, Bytes>,
}

impl DurableLog for Disk {
    fn snapshot(&self) -> Option<Bytes> {
        self.snapshot.clone()
    }

    fn records(&self) -> Box<dyn Iterator<Item = Bytes> + '_> {
        Box::new(self.records.iter().cloned())
    }

    fn body(&self, id: BodyId) -> Option<Bytes> {
        self.bodies.get(&id).cloned()
    }
}

/// A node and its disk.
pub(crate) struct Bench {
    node: Gestore,
    disk: Disk,
    inputs: VecDeque<Input>,
    /// The connection to the directory.
    asked: Option<ConnId>,
    /// All that the node wrote on any connection.
    pub(crate) said: Vec<u8>,
}

impl Bench {
    /// A provider at its first start.
    pub(crate) fn new() -> Self {
        thread_local!(static FOUNDED: RefCell<Disk> = RefCell::new(Disk { records: vec![found(&config())], ..Disk::default() }));
        Self::on(FOUNDED.with_borrow(Clone::clone))
    }

    /// A provider that takes the index from a directory, and the connection on which it waits for the answer.
    pub(crate) fn asking_the_directory() -> (Self, Option<ConnId>) {
        let host = "index.test".into();
        let config = Config { index_source: IndexSource::Ldap { host, port: LDAP }, ..config() };
        let bench = Self::on(Disk { records: vec![found(&config)], ..Disk::default() });
        let asked = bench.asked;
        (bench, asked)
    }

    /// A provider that starts from what a disk holds.
    pub(crate) fn on(disk: Disk) -> Self {
        let mut bench =
            Self { node: Gestore::recover(&disk, NOW), disk, inputs: VecDeque::new(), asked: None, said: Vec::new() };
        assert_eq!(bench.node.fault(), None);
        bench.take(Input::Started);
        bench
    }

    /// What it has committed.
    pub(crate) fn into_disk(self) -> Disk {
        self.disk
    }

    /// A client connects.
    pub(crate) fn open(&mut self, port: u16) -> ConnId {
        let conn = ConnId::Incoming(0);
        self.take(Input::Opened { conn, port, peer: Host("mx.beta.test".into()) });
        conn
    }

    /// The client says this.
    pub(crate) fn hear(&mut self, conn: ConnId, octets: &[u8]) {
        if !octets.is_empty() {
            self.take(Input::Bytes { conn, bytes: Bytes::copy_from_slice(octets) });
        }
    }

    /// The client goes.
    pub(crate) fn close(&mut self, conn: ConnId) {
        self.take(Input::Closed { conn, end: End::Finished });
    }

    fn take(&mut self, input: Input) {
        self.inputs.push_back(input);
        let mut done = 0;
        while let Some(input) = self.inputs.pop_front() {
            let mut effects = Vec::new();
            self.node.handle(NOW, input, &mut effects);
            done += effects.len();
            assert!(done < MAX_EFFECTS, "the node runs in circles");
            effects.into_iter().for_each(|effect| self.carry_out(effect));
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        let answer = match effect {
            Effect::Connect { conn, port: LDAP, .. } => {
                self.asked = Some(conn);
                Input::Connected { conn }
            }
            Effect::Connect { conn, .. } => Input::Closed { conn, end: End::Refused },
            Effect::Write { conn, bytes } => {
                self.said.extend_from_slice(&bytes);
                Input::Drained { conn }
            }
            Effect::StartTls { conn } => Input::Secured { conn },
            Effect::Close { .. } => return,
            Effect::Commit { ticket, records, bodies } => {
                self.disk.records.extend(records);
                self.disk.bodies.extend(bodies.into_iter().map(|Body { id, bytes }| (id, bytes)));
                Input::Committed { ticket }
            }
            Effect::Snapshot { ticket, state } => {
                self.disk.snapshot = Some(state);
                self.disk.records.clear();
                Input::Committed { ticket }
            }
            Effect::Load { ticket, body } => Input::Loaded { ticket, bytes: self.disk.body(body) },
            // No reader of the node's checks what it has signed itself.
            Effect::Sign { ticket, .. } => Input::Signed { ticket, signature: Bytes::from_static(&[0; 256]) },
            Effect::Scan { ticket, bytes } => Input::Scanned { ticket, finding: gestore::scan(&bytes) },
            Effect::CheckPassword { ticket, secret, .. } => Input::PasswordChecked { ticket, ok: secret == "segreta" },
            Effect::Resolve { ticket, .. } => Input::Resolved { ticket, hosts: Vec::new() },
            Effect::Fetch { ticket, name } => {
                let index = || Bytes::from_static(include_bytes!("../../../reference-impl/tests/keys/index.ldif.p7m"));
                Input::Fetched { ticket, document: (name == "indice").then(index) }
            }
        };
        self.inputs.push_back(answer);
    }
}

fn config() -> Config {
    let user = |name: &str| User {
        address: format!("{name}@alfa.test"),
        quota_octets: Some(100 << 20),
        ordinary: gestore::Ordinary::Anomaly,
    };
    let authority = der(include_str!("../../../reference-impl/tests/keys/authority.crt.pem"));
    Config {
        host: "mx.alfa.test".into(),
        display_name: "Gestore Alfa S.p.A.".into(),
        domain: "alfa.test".into(),
        certified_address: "posta-certificata@alfa.test".into(),
        service_mailbox: "servizio@alfa.test".into(),
        max_octets: 30_000_000,
        max_recipients: 500,
        users: vec![user("anna"), user("aldo")],
        certificate: der(include_str!("../../../reference-impl/tests/keys/alfa.crt.pem")),
        issuers: vec![authority.clone()],
        trust: vec![authority.clone()],
        index_signer: authority,
        index_name: "indice".into(),
        index_source: IndexSource::Ldif,
        crl_name: "crl".into(),
        family: gestore::Family::default(),
    }
}

/// The DER inside a PEM file of ours.
pub(crate) fn der(pem: &str) -> Vec<u8> {
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(base64).unwrap_or_default()
}
