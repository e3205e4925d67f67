//! A desk for tests: a house with messages, at which one reader at a time is served.

use std::collections::BTreeMap;

use collaudo_node::{BodyId, Bytes, Timestamp};

use super::{House, Reader, Step};
use crate::{
    Config, Family, IndexSource, Ordinary, User,
    core::{journal::Record, ledger::Ledger, provider::Answer},
};

pub(in crate::core) const ANNA: &str = "anna@alfa.test";

/// What the disk does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::core) enum Disk {
    Stands,
    Fails,
    /// Neither done nor answered.
    Hangs,
}

/// The house; anna has the password `segreto`, and so has everyone.
pub(in crate::core) struct Desk {
    pub(in crate::core) ledger: Ledger,
    pub(in crate::core) disk: Disk,
    pub(in crate::core) commits: usize,
    bodies: BTreeMap<BodyId, Bytes>,
    heralded: BTreeMap<String, u32>,
}

impl Desk {
    pub(in crate::core) fn new() -> Self {
        let user =
            |address: &str| User { address: address.to_owned(), quota_octets: Some(4096), ordinary: Ordinary::Refuse };
        let config = Config {
            host: "mx.alfa.test".into(),
            display_name: "Gestore Alfa".into(),
            domain: "alfa.test".into(),
            certified_address: "posta-certificata@alfa.test".into(),
            service_mailbox: "ricevute@alfa.test".into(),
            max_octets: 1 << 20,
            max_recipients: 100,
            family: Family::default(),
            users: vec![user(ANNA), user("carla@alfa.test")],
            certificate: Vec::new(),
            issuers: Vec::new(),
            trust: Vec::new(),
            index_signer: Vec::new(),
            index_source: IndexSource::Ldif,
            index_name: "indice".into(),
            crl_name: "crl".into(),
        };
        let (bodies, heralded) = (BTreeMap::new(), BTreeMap::new());
        Self { ledger: Ledger::new(config), disk: Disk::Stands, commits: 0, bodies, heralded }
    }

    /// Puts a message into anna's mailbox, at 10:00 of the second of March.
    pub(in crate::core) fn store(&mut self, text: impl Into<Bytes>) {
        let bytes = text.into();
        let (body, octets) = (BodyId::of(&bytes), bytes.len() as u64);
        self.bodies.insert(body, bytes);
        let at = Timestamp::from_unix_micros(1_772_445_600_000_000);
        self.ledger.apply(&Record::Stored { mailbox: ANNA.into(), body, octets, at });
    }

    /// Takes a message out of anna's mailbox, as another reader would.
    pub(in crate::core) fn remove(&mut self, uid: u32) {
        self.ledger.apply(&Record::Removed { mailbox: ANNA.into(), uids: vec![uid] });
    }

    /// Forgets a body.
    pub(in crate::core) fn lose_bodies(&mut self) {
        self.bodies.clear();
    }

    pub(in crate::core) fn secure(&mut self, reader: &mut dyn Reader) -> String {
        reader.secured(&House::new(&self.ledger, &mut self.heralded));
        self.serve(reader).0
    }

    /// Sends octets and gives what came back, and whether the connection was closed.
    pub(in crate::core) fn send(&mut self, reader: &mut dyn Reader, sent: &[u8]) -> (String, bool) {
        reader.push(Bytes::copy_from_slice(sent));
        self.serve(reader)
    }

    /// Sends a line and gives what came back.
    pub(in crate::core) fn say(&mut self, reader: &mut dyn Reader, line: &str) -> String {
        self.send(reader, format!("{line}\r\n").as_bytes()).0
    }

    /// Lets a reader go on until it waits for its client, or for a disk that hangs.
    pub(in crate::core) fn serve(&mut self, reader: &mut dyn Reader) -> (String, bool) {
        let mut said = Vec::new();
        loop {
            let step = reader.step(&mut House::new(&self.ledger, &mut self.heralded));
            let before = said.len();
            said.extend(reader.outbox().rest().concat());
            reader.outbox().drained();
            let answer = match step {
                // What was taken makes room for more.
                Step::Wait if said.len() > before => continue,
                Step::Wait => break,
                Step::Close => return (text(said), true),
                Step::Check { secret, .. } => Answer::Password(secret == "segreto"),
                Step::Load(body) => Answer::Octets(self.bodies.get(&body).cloned()),
                Step::Commit(record) => match self.disk {
                    Disk::Hangs => break,
                    Disk::Fails => Answer::StoreFailed,
                    Disk::Stands => {
                        self.commits += 1;
                        self.ledger.apply(&record);
                        Answer::Committed
                    }
                },
            };
            reader.answer(answer, &mut House::new(&self.ledger, &mut self.heralded));
        }
        (text(said), false)
    }
}

fn text(said: Vec<u8>) -> String {
    String::from_utf8(said).expect("replies are text")
}
