//! A node on loopback, driven by the threads of its connections, one input at a time.

use std::{
    collections::BTreeMap,
    fs,
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use aws_lc_rs::{rand::SystemRandom, rsa::KeyPair, signature::RSA_PKCS1_SHA256};
use base64::{Engine, engine::general_purpose::STANDARD};
use collaudo_node::{BodyId, Bytes, ConnId, DurableLog, Effect, End, Finding, Host, Input, Node, Timestamp};
use gestore::{Config, Declared, Family, Gestore, IndexSource, Ordinary, User, declare, found};

pub(crate) struct House {
    inner: Arc<Mutex<Inner>>,
    ports: BTreeMap<u16, u16>,
}

struct Inner {
    now: Timestamp,
    node: Gestore,
    disk: Disk,
    key: KeyPair,
    streams: BTreeMap<ConnId, TcpStream>,
    opened: u64,
}

#[derive(Default)]
struct Disk {
    records: Vec<Bytes>,
    bodies: BTreeMap<BodyId, Bytes>,
}

impl DurableLog for Disk {
    fn records(&self) -> Box<dyn Iterator<Item = Bytes> + '_> {
        Box::new(self.records.iter().cloned())
    }

    fn body(&self, id: BodyId) -> Option<Bytes> {
        self.bodies.get(&id).cloned()
    }
}

fn file(name: &str) -> Option<Vec<u8>> {
    fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/keys").join(name)).ok()
}

fn pem(name: &str) -> Vec<u8> {
    let text = String::from_utf8(file(name).expect("a test key")).expect("PEM is text");
    let base64: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(base64).expect("PEM holds base64")
}

fn config() -> Config {
    let user =
        |address: &str| User { address: address.to_owned(), quota_octets: Some(1 << 20), ordinary: Ordinary::Refuse };
    Config {
        host: "mx.alfa.test".into(),
        display_name: "Gestore Alfa S.p.A.".into(),
        domain: "alfa.test".into(),
        certified_address: "posta-certificata@alfa.test".into(),
        service_mailbox: "ricevute@alfa.test".into(),
        max_octets: 1 << 20,
        max_recipients: 100,
        family: Family::default(),
        users: vec![user("anna@alfa.test"), user("carla@alfa.test")],
        certificate: pem("alfa.crt.pem"),
        issuers: Vec::new(),
        trust: vec![pem("authority.crt.pem")],
        index_signer: pem("authority.crt.pem"),
        index_source: IndexSource::Ldif,
        index_name: "indice".into(),
        crl_name: "crl".into(),
    }
}

impl House {
    /// A provider with anna and carla, on 2026-03-02 at 10:00, on free ports.
    pub(crate) fn open() -> Self {
        let disk = Disk { records: vec![found(&config())], bodies: BTreeMap::new() };
        let now = Timestamp::from_unix_micros(1_772_445_600_000_000);
        let node = Gestore::recover(&disk, now);
        assert_eq!(node.fault(), None);
        let key = KeyPair::from_pkcs8(&pem("alfa.key.pem")).expect("an RSA key");
        let inner = Inner { now, node, disk, key, streams: BTreeMap::new(), opened: 0 };
        let inner = Arc::new(Mutex::new(inner));
        lock(&inner).take(Input::Started);
        let ports = [465, 993, 995].map(|port| (port, listen(port, inner.clone())));
        Self { inner, ports: ports.into() }
    }

    /// Where a port is found on loopback.
    pub(crate) fn port(&self, port: u16) -> u16 {
        self.ports[&port]
    }

    /// Crashes, and starts from what is on disk.
    pub(crate) fn restart(&self) {
        let mut inner = lock(&self.inner);
        inner.streams.clear();
        inner.node = Gestore::recover(&inner.disk, inner.now);
        inner.take(Input::Started);
    }

    /// What was ever stored in a mailbox.
    pub(crate) fn mailbox(&self, address: &str) -> Vec<String> {
        let inner = lock(&self.inner);
        let declared = inner.disk.records.iter().flat_map(|record| declare(record));
        let bodies = declared.filter_map(|declared| match declared {
            Declared::Stored { mailbox, body } if mailbox == address => Some(body.to_string()),
            _ => None,
        });
        bodies.collect()
    }
}

fn lock(inner: &Arc<Mutex<Inner>>) -> MutexGuard<'_, Inner> {
    inner.lock().unwrap_or_else(PoisonError::into_inner)
}

fn listen(port: u16, inner: Arc<Mutex<Inner>>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let at = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let inner = inner.clone();
            thread::spawn(move || converse(port, stream, &inner));
        }
    });
    at
}

fn converse(port: u16, mut stream: TcpStream, inner: &Arc<Mutex<Inner>>) {
    let conn = {
        let mut inner = lock(inner);
        let conn = ConnId::Incoming(inner.opened);
        inner.opened += 1;
        inner.streams.insert(conn, stream.try_clone().expect("a second handle"));
        inner.take(Input::Opened { conn, port, peer: Host("client".to_owned()) });
        conn
    };
    let mut piece = [0; 4096];
    loop {
        let count = stream.read(&mut piece).unwrap_or(0);
        let mut inner = lock(inner);
        // The connections of an earlier life say nothing to this one.
        if !inner.streams.contains_key(&conn) {
            return;
        }
        if count == 0 {
            inner.streams.remove(&conn);
            return inner.take(Input::Closed { conn, end: End::Finished });
        }
        inner.take(Input::Bytes { conn, bytes: Bytes::copy_from_slice(&piece[..count]) });
    }
}

impl Inner {
    /// Hands in an input, and all that follows from it.
    fn take(&mut self, input: Input) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            self.now = self.now + Duration::from_millis(1);
            let mut effects = Vec::new();
            self.node.handle(self.now, input, &mut effects);
            let answers: Vec<Input> = effects.into_iter().filter_map(|effect| self.carry_out(effect)).collect();
            inputs.splice(0..0, answers.into_iter().rev());
            if inputs.is_empty() && self.node.next_deadline().is_some_and(|at| at <= self.now) {
                inputs.push(Input::Deadline);
            }
        }
    }

    fn carry_out(&mut self, effect: Effect) -> Option<Input> {
        Some(match effect {
            Effect::Write { conn, bytes } => {
                // Who has gone hears nothing.
                let _ = self.streams.get_mut(&conn)?.write_all(&bytes);
                Input::Drained { conn }
            }
            Effect::StartTls { conn } => Input::Secured { conn },
            Effect::Close { conn } => {
                let _ = self.streams.remove(&conn)?.shutdown(Shutdown::Both);
                return None;
            }
            Effect::Commit { ticket, records, bodies } => {
                self.disk.records.extend(records);
                self.disk.bodies.extend(bodies.into_iter().map(|body| (body.id, body.bytes)));
                Input::Committed { ticket }
            }
            Effect::Load { ticket, body } => Input::Loaded { ticket, bytes: self.disk.body(body) },
            Effect::Sign { ticket, message } => {
                let mut signature = vec![0; self.key.public_modulus_len()];
                let signed = self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &message, &mut signature);
                signed.expect("an RSA signature");
                Input::Signed { ticket, signature: signature.into() }
            }
            Effect::CheckPassword { ticket, secret, .. } => Input::PasswordChecked { ticket, ok: secret == "segreto" },
            Effect::Fetch { ticket, name } => {
                let name = if name == "indice" { "index.ldif.p7m" } else { "nobody.crl" };
                Input::Fetched { ticket, document: file(name).map(Into::into) }
            }
            Effect::Scan { ticket, .. } => Input::Scanned { ticket, finding: Finding::Clean },
            // The log is kept as it is.
            Effect::Snapshot { ticket, .. } => Input::StoreFailed { ticket },
            Effect::Resolve { ticket, .. } => Input::Resolved { ticket, hosts: Vec::new() },
            Effect::Connect { conn, .. } => Input::Closed { conn, end: End::Refused },
        })
    }
}
