//! A node that looks about itself each half hour and declares what it saw: it scans, fetches both documents, knocks at
//! the other host (each time at another port) and is greeted, asks the directory where its plan wants that, and keeps a snapshot.

use std::time::Duration;

use collaudo_node::{Bytes, ConnId, DurableLog, Effect, End, Finding, Host, Input, Node, Ticket, Timestamp};
use collaudo_record::{Event, Instant, LogEntry, What};
use collaudo_scenario::IndexSource;
use collaudo_world::{Declared, Founding, Subject};
use ldap3_proto::{
    LdapCodec, LdapFilter, LdapMsg, LdapSearchScope,
    proto::{LdapBindCred, LdapBindRequest, LdapDerefAliases, LdapOp, LdapSearchRequest},
};
use tokio_util::{
    bytes::BytesMut,
    codec::{Decoder as _, Encoder as _},
};

const HALF_HOUR: Duration = Duration::from_secs(1800);
const PORTS: [u16; 5] = [25, 465, 587, 993, 995];
const SIGHT: Ticket = Ticket(0);
const STATE: Ticket = Ticket(1);

pub(crate) struct WatchSubject;

/// What a watch declared: in its own words, by its own clock, and when by the world's.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sight {
    pub(crate) what: String,
    pub(crate) own: Instant,
    pub(crate) at: Instant,
}

/// What `alfa` declared that begins with a word, in order.
pub(crate) fn sights(events: &[Event], word: &str) -> Vec<Sight> {
    let read = |event: &Event| match &event.what {
        What::Logged { provider, entry } if provider == "alfa" && entry.event.starts_with(word) => {
            Some(Sight { what: entry.event.clone(), own: entry.at, at: event.at })
        }
        _ => None,
    };
    events.iter().filter_map(read).collect()
}

impl Subject for WatchSubject {
    fn name(&self) -> &'static str {
        "watch"
    }

    fn found(&self, founding: &Founding<'_>) -> Bytes {
        let asks = founding.provider.name == "alfa" && founding.provider.index_source == IndexSource::Ldap;
        Bytes::from(if asks { founding.directory_host } else { "" })
    }

    fn recover(&self, log: &dyn DurableLog, now: Timestamp) -> Box<dyn Node> {
        Box::new(Watch::recover(log, now))
    }

    fn scan(&self, _: &Bytes) -> Finding {
        Finding::Clean
    }

    fn declare(&self, record: &[u8]) -> Vec<Declared> {
        let text = String::from_utf8_lossy(record);
        let Some((at, event)) = text.split_once(' ') else { return Vec::new() };
        vec![Declared::Logged(LogEntry {
            event: event.to_owned(),
            pec_msgid: None,
            msgid: None,
            sender: String::new(),
            recipients: Vec::new(),
            subject: String::new(),
            related: Vec::new(),
            sending_provider: String::new(),
            at: Instant(at.parse().unwrap_or_default()),
        })]
    }
}

struct Watch {
    directory: String,
    /// What it found on its disk.
    found: String,
    due: Timestamp,
    conns: u64,
    asking: Option<ConnId>,
    read: BytesMut,
    /// Entries and certificates of the answer so far.
    counted: (usize, usize),
    failures: u32,
}

impl Node for Watch {
    fn handle(&mut self, now: Timestamp, input: Input, effects: &mut Vec<Effect>) {
        match input {
            Input::Started => self.declare(now, self.found.clone(), effects),
            Input::Deadline => self.look(now, effects),
            Input::Scanned { finding, .. } => self.declare(now, format!("scanned {finding:?}"), effects),
            Input::Connected { conn } if self.asking == Some(conn) => effects.push(Effect::StartTls { conn }),
            Input::Opened { conn, .. } => effects.push(Effect::Write { conn, bytes: Bytes::from_static(b"here") }),
            Input::Secured { conn } => effects.push(Effect::Write { conn, bytes: questions() }),
            Input::Bytes { conn, bytes } if self.asking == Some(conn) => self.answered(now, conn, &bytes, effects),
            Input::Bytes { conn, .. } => {
                self.declare(now, "greeted".into(), effects);
                effects.push(Effect::Close { conn });
            }
            Input::Closed { conn, end } if end != End::Finished || self.asking == Some(conn) => {
                self.declare(now, format!("lost {end:?}"), effects);
            }
            Input::StoreFailed { .. } => self.failures += 1,
            Input::Committed { ticket: SIGHT } => {
                effects.push(Effect::Snapshot { ticket: STATE, state: Bytes::from(self.directory.clone()) });
            }
            _ => {}
        }
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        Some(self.due)
    }

    fn recover(log: &dyn DurableLog, now: Timestamp) -> Self {
        let founding = log.snapshot().or_else(|| log.records().next()).expect("a founding record or a snapshot");
        let found = format!("found snapshot={} records={}", log.snapshot().is_some(), log.records().count());
        Self {
            directory: String::from_utf8_lossy(&founding).into_owned(),
            found,
            due: now + HALF_HOUR,
            conns: 0,
            asking: None,
            read: BytesMut::new(),
            counted: (0, 0),
            failures: 0,
        }
    }
}

impl Watch {
    fn declare(&self, now: Timestamp, what: String, effects: &mut Vec<Effect>) {
        let record = Bytes::from(format!("{} {what} failures={}", now.unix_micros(), self.failures));
        effects.push(Effect::Commit { ticket: SIGHT, records: vec![record], bodies: Vec::new() });
    }

    fn look(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        self.due = self.due + HALF_HOUR;
        self.declare(now, "looks".into(), effects);
        effects.push(Effect::Scan { ticket: SIGHT, bytes: Bytes::from_static(b"something") });
        effects.push(Effect::Fetch { ticket: SIGHT, name: "indice.ldif.p7m".into() });
        effects.push(Effect::Fetch { ticket: SIGHT, name: "autorita.crl".into() });
        let port = PORTS[usize::try_from(self.conns).unwrap_or_default() % PORTS.len()];
        self.connect("mx.beta.test", port, effects);
        if !self.directory.is_empty() {
            if let Some(conn) = self.asking.take() {
                effects.push(Effect::Close { conn });
            }
            (self.counted, self.read) = ((0, 0), BytesMut::new());
            self.asking = Some(self.connect(&self.directory.clone(), 636, effects));
        }
    }

    fn connect(&mut self, host: &str, port: u16, effects: &mut Vec<Effect>) -> ConnId {
        let conn = ConnId::Outgoing(self.conns);
        self.conns += 1;
        effects.push(Effect::Connect { conn, host: Host(host.into()), port });
        conn
    }

    fn answered(&mut self, now: Timestamp, conn: ConnId, bytes: &[u8], effects: &mut Vec<Effect>) {
        self.read.extend_from_slice(bytes);
        while let Some(message) = LdapCodec::default().decode(&mut self.read).expect("LDAP") {
            match message.op {
                LdapOp::SearchResultEntry(entry) => {
                    self.counted.0 += 1;
                    let certificates = entry.attributes.iter().filter(|one| one.atype == "providerCertificate;binary");
                    self.counted.1 += certificates.map(|one| one.vals.len()).sum::<usize>();
                }
                LdapOp::SearchResultDone(result) => {
                    let (entries, certificates) = self.counted;
                    self.declare(now, format!("told {:?} {entries} {certificates}", result.code), effects);
                    self.asking = None;
                    effects.push(Effect::Close { conn });
                }
                _ => {}
            }
        }
    }
}

/// An anonymous bind and a search for every provider.
fn questions() -> Bytes {
    let bind = LdapBindRequest { version: 3, dn: String::new(), cred: LdapBindCred::Simple(String::new()) };
    let search = LdapSearchRequest {
        base: "o=postacert".into(),
        scope: LdapSearchScope::Subtree,
        aliases: LdapDerefAliases::Never,
        sizelimit: 0,
        timelimit: 0,
        typesonly: false,
        filter: LdapFilter::Equality("objectClass".into(), "provider".into()),
        attrs: Vec::new(),
    };
    let mut octets = BytesMut::new();
    for (msgid, op) in [(1, LdapOp::BindRequest(bind)), (2, LdapOp::SearchRequest(search))] {
        LdapCodec::default().encode(LdapMsg { msgid, op, ctrl: Vec::new() }, &mut octets).expect("encodes");
    }
    octets.freeze()
}
