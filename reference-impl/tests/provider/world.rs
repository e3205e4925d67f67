//! A small world to stand nodes in: it carries out effects at once, and can hold, lose and crash.

use std::{
    collections::{BTreeMap, VecDeque},
    fs,
    path::PathBuf,
    time::Duration,
};

use aws_lc_rs::{rand::SystemRandom, rsa::KeyPair, signature::RSA_PKCS1_SHA256};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::BytesMut;
use collaudo_node::{
    Body, BodyId, Bytes, ConnId, DurableLog, Effect, End, Finding, Host, Input, Node, Ticket, Timestamp,
};
use gestore::core::message::Entry;
use gestore::{Config, Declared, Family, Gestore, IndexSource, Ordinary, User, compact, declare, found};

use ldap3_proto::{
    LdapCodec,
    proto::{
        LdapBindResponse, LdapMsg, LdapOp, LdapPartialAttribute, LdapResult, LdapResultCode, LdapSearchResultEntry,
    },
};
use tokio_util::codec::{Decoder, Encoder};

/// 2026-03-02T10:00:00Z.
pub(crate) const START: Timestamp = Timestamp::from_unix_micros(1_772_445_600_000_000);

pub(crate) fn hours(n: u64) -> Duration {
    Duration::from_secs(n * 3600)
}

pub(crate) fn minutes(n: u64) -> Duration {
    Duration::from_secs(n * 60)
}

/// A disk: what was committed, and nothing else.
#[derive(Clone, Default)]
pub(crate) struct Disk {
    pub(crate) snapshot: Option<Bytes>,
    /// The records behind the snapshot.
    pub(crate) records: Vec<Bytes>,
    pub(crate) bodies: BTreeMap<BodyId, Bytes>,
    /// All records that ever were, which nobody reads but the tests.
    pub(crate) history: Vec<Bytes>,
    /// How many writes there were, and which of them was the last snapshot.
    pub(crate) writes: usize,
    pub(crate) snapshot_at: Option<usize>,
}

impl Disk {
    fn new(founding: Bytes) -> Self {
        Self { records: vec![founding.clone()], history: vec![founding], ..Self::default() }
    }

    fn write(&mut self, written: Written) {
        match written {
            Written::Commit(records, bodies) => {
                assert!(bodies.iter().all(|body| body.id == BodyId::of(&body.bytes)), "a body under a false name");
                self.history.extend_from_slice(&records);
                self.records.extend(records);
                self.bodies.extend(bodies.into_iter().map(|body| (body.id, body.bytes)));
            }
            Written::Snapshot(state) => {
                self.snapshot = Some(state);
                self.snapshot_at = Some(self.writes);
                self.records.clear();
            }
        }
        self.writes += 1;
    }

    /// Whether a snapshot at any of some points of the history leads to where the whole history leads.
    fn check_snapshots(&self) {
        let all = self.history.len();
        // Long histories take long, and say no more than short ones.
        if all > 500 {
            return;
        }
        let whole = Self { snapshot: None, records: self.history.clone(), ..self.clone() };
        let Ok(end) = compact(&whole) else { return };
        for cut in [1, all / 3, all / 2, all - 1].into_iter().filter(|cut| *cut > 0) {
            let (before, behind) = self.history.split_at(cut);
            let before = Self { records: before.to_vec(), ..whole.clone() };
            let snapshot = compact(&before).expect("a log that can be read up to here");
            let disk = Self { snapshot: Some(snapshot), records: behind.to_vec(), ..whole.clone() };
            assert_eq!(compact(&disk).as_ref(), Ok(&end), "a snapshot behind {cut} of {all} records");
        }
    }
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

/// What goes to a disk.
enum Written {
    Commit(Vec<Bytes>, Vec<Body>),
    Snapshot(Bytes),
}

/// What a disk does with commits and snapshots.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Commits {
    Stand,
    Fail,
    /// Neither done nor answered.
    Hang,
    /// Done, and then the host dies before it hears of it.
    Kill,
}

pub(crate) struct Machine {
    config: Config,
    pub(crate) disk: Disk,
    pub(crate) node: Option<Gestore>,
    pub(crate) commits: Commits,
    /// The number of commits that stand before one kills.
    pub(crate) kill_at: Option<usize>,
    /// The number of effects that are carried out before it dies.
    pub(crate) dies_at: Option<usize>,
    /// The number of effects that were carried out.
    pub(crate) effects: usize,
    /// The number of commits that stand before all fail.
    pub(crate) fail_from: Option<usize>,
    /// What is fetched by each name.
    pub(crate) documents: BTreeMap<&'static str, Bytes>,
    /// What its scanner says of a message that holds the word.
    pub(crate) scanner: (&'static str, Finding),
    key: KeyPair,
    incoming: u64,
    hanging: Vec<(Ticket, Written)>,
}

/// Who is at the other end.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Far {
    Node(String, ConnId),
    /// A client of the test's, which speaks line by line.
    Client,
    /// A server of the test's, with what it did not yet answer.
    Script(String),
    /// The directory of providers.
    Directory,
}

/// A server that answers each line by a function; `None` is silence.
pub(crate) type Script = fn(&str) -> Option<&'static str>;

pub(crate) struct World {
    pub(crate) now: Timestamp,
    pub(crate) machines: BTreeMap<String, Machine>,
    pub(crate) scripts: BTreeMap<String, Script>,
    /// Domains whose host never answers a call.
    pub(crate) deserted: Vec<String>,
    /// When each host was connected to by another.
    pub(crate) connects: Vec<(Timestamp, String)>,
    /// What the directory lists; where it lists nothing, there is none.
    pub(crate) directory: Vec<Entry>,
    /// Commands that scripts heard.
    pub(crate) heard: Vec<String>,
    inputs: VecDeque<(String, Input)>,
    links: BTreeMap<(String, ConnId), Far>,
    inbox: BTreeMap<(String, ConnId), String>,
    tls: Vec<(String, ConnId)>,
}

pub(crate) fn pem(name: &str) -> Vec<u8> {
    let text = String::from_utf8(file(name)).expect("PEM is text");
    let base64: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(base64).expect("PEM holds base64")
}

pub(crate) fn file(name: &str) -> Vec<u8> {
    fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/keys").join(name)).expect("a test key")
}

/// What can be fetched in a world in order.
fn documents() -> BTreeMap<&'static str, Bytes> {
    [("indice", file("index.ldif.p7m").into()), ("crl", file("nobody.crl").into())].into()
}

pub(crate) fn sign(key: &KeyPair, message: &[u8]) -> Bytes {
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).expect("an RSA signature");
    signature.into()
}

pub(crate) fn key(name: &str) -> KeyPair {
    KeyPair::from_pkcs8(&pem(&format!("{name}.key.pem"))).expect("an RSA key")
}

pub(crate) fn config(name: &str, display: &str, users: &[(&str, Option<u64>)]) -> Config {
    let domain = format!("{name}.test");
    let user = |&(user, quota_octets): &(&str, _)| User {
        address: format!("{user}@{domain}"),
        quota_octets,
        ordinary: Ordinary::Refuse,
    };
    Config {
        host: format!("mx.{domain}"),
        display_name: display.to_owned(),
        certified_address: format!("posta-certificata@{domain}"),
        service_mailbox: format!("ricevute@{domain}"),
        max_octets: 100_000,
        max_recipients: 500,
        family: Family::default(),
        users: users.iter().map(user).collect(),
        certificate: pem(&format!("{name}.crt.pem")),
        issuers: Vec::new(),
        trust: vec![pem("authority.crt.pem")],
        index_signer: pem("authority.crt.pem"),
        index_source: IndexSource::Ldif,
        index_name: "indice".to_owned(),
        crl_name: "crl".to_owned(),
        domain,
    }
}

/// A user's message.
pub(crate) fn message(from: &str, to: &str, cc: &str, extra: &str) -> String {
    let cc = if cc.is_empty() { String::new() } else { format!("Cc: {cc}\r\n") };
    format!(
        "From: {from}\r\nTo: {to}\r\n{cc}Subject: Contratto\r\nMessage-ID: <mio@client>\r\n\
         Date: Mon, 2 Mar 2026 11:00:00 +0100\r\n{extra}\r\nBuongiorno.\r\n"
    )
}

impl World {
    /// Two providers, alfa with anna and carla, beta with bruno and the small mailbox of piena.
    pub(crate) fn new() -> Self {
        let mut world = Self {
            now: START,
            machines: BTreeMap::new(),
            scripts: BTreeMap::new(),
            deserted: Vec::new(),
            connects: Vec::new(),
            directory: Vec::new(),
            heard: Vec::new(),
            inputs: VecDeque::new(),
            links: BTreeMap::new(),
            inbox: BTreeMap::new(),
            tls: Vec::new(),
        };
        world
            .add("alfa", config("alfa", "Gestore Alfa S.p.A.", &[("anna", None), ("carla", None), ("poca", Some(10))]));
        world.add(
            "beta",
            config("beta", "Gestore Beta S.p.A.", &[("bruno", None), ("dora", None), ("piena", Some(10))]),
        );
        world
    }

    pub(crate) fn add(&mut self, name: &str, config: Config) {
        let machine = Machine {
            disk: Disk::new(found(&config)),
            config,
            node: None,
            commits: Commits::Stand,
            kill_at: None,
            dies_at: None,
            effects: 0,
            fail_from: None,
            documents: documents(),
            scanner: ("VIRUS", Finding::Hostile { name: "Prova".to_owned() }),
            key: key(name),
            incoming: 0,
            hanging: Vec::new(),
        };
        self.machines.insert(name.to_owned(), machine);
        self.start(name);
    }

    pub(crate) fn machine(&mut self, name: &str) -> &mut Machine {
        self.machines.get_mut(name).expect("a machine of that name")
    }

    /// Starts a machine from what is on its disk.
    pub(crate) fn start(&mut self, name: &str) {
        let now = self.now;
        let machine = self.machine(name);
        machine.incoming = 0;
        machine.commits = Commits::Stand;
        machine.kill_at = None;
        machine.dies_at = None;
        machine.node = Some(Gestore::recover(&machine.disk, now));
        self.inputs.push_back((name.to_owned(), Input::Started));
        self.run();
    }

    /// Stops a machine between two effects: nothing is left of it but its disk.
    pub(crate) fn crash(&mut self, name: &str) {
        let machine = self.machine(name);
        machine.node = None;
        machine.hanging.clear();
        self.inputs.retain(|(host, _)| host != name);
        self.tls.retain(|(host, _)| host != name);
        let gone: Vec<_> = self.links.keys().filter(|(host, _)| host == name).cloned().collect();
        for end in gone {
            if let Some(Far::Node(host, conn)) = self.links.remove(&end) {
                self.links.remove(&(host.clone(), conn));
                self.inputs.push_back((host, Input::Closed { conn, end: End::Reset }));
            }
        }
    }

    /// Does what hung at a disk.
    pub(crate) fn release(&mut self, name: &str) {
        let machine = self.machine(name);
        machine.commits = Commits::Stand;
        for (ticket, written) in std::mem::take(&mut machine.hanging) {
            self.write_down(name, ticket, written);
        }
        self.run();
    }

    /// Lets time pass, deadline by deadline.
    pub(crate) fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        loop {
            let due = |machine: &Machine| machine.node.as_ref().and_then(Node::next_deadline);
            let Some(next) = self.machines.values().filter_map(due).min().filter(|next| *next <= end) else { break };
            self.now = self.now.max(next);
            let now = self.now;
            for (name, machine) in &self.machines {
                if due(machine).is_some_and(|at| at <= now) {
                    self.inputs.push_back((name.clone(), Input::Deadline));
                }
            }
            self.run();
        }
        self.now = end;
    }

    /// Runs until nothing is under way.
    pub(crate) fn run(&mut self) {
        while let Some((name, input)) = self.inputs.pop_front() {
            let now = self.now;
            let mut effects = Vec::new();
            if let Some(node) = &mut self.machine(&name).node {
                node.handle(now, input, &mut effects);
            }
            for effect in effects {
                let machine = self.machine(&name);
                if machine.dies_at.is_some_and(|last| last <= machine.effects) {
                    self.crash(&name);
                }
                if self.machine(&name).node.is_some() {
                    self.machine(&name).effects += 1;
                    self.carry_out(&name, effect);
                }
            }
        }
    }

    fn input(&mut self, name: &str, input: Input) {
        self.inputs.push_back((name.to_owned(), input));
    }

    fn carry_out(&mut self, name: &str, effect: Effect) {
        match effect {
            Effect::Connect { conn, host, port } => self.connect(name, conn, &host, port),
            Effect::Write { conn, bytes } => {
                self.input(name, Input::Drained { conn });
                self.write(name, conn, &bytes);
            }
            Effect::StartTls { conn } => self.start_tls(name, conn),
            Effect::Close { conn } => {
                if let Some(Far::Node(host, conn)) = self.links.remove(&(name.to_owned(), conn)) {
                    self.links.remove(&(host.clone(), conn));
                    self.input(&host, Input::Closed { conn, end: End::Finished });
                }
            }
            Effect::Commit { ticket, records, bodies } => {
                self.write_down(name, ticket, Written::Commit(records, bodies));
            }
            Effect::Snapshot { ticket, state } => self.write_down(name, ticket, Written::Snapshot(state)),
            Effect::Scan { ticket, bytes } => {
                let (word, finding) = self.machine(name).scanner.clone();
                let found = String::from_utf8_lossy(&bytes).contains(word);
                self.input(name, Input::Scanned { ticket, finding: if found { finding } else { Finding::Clean } });
            }
            Effect::Load { ticket, body } => {
                let bytes = self.machine(name).disk.body(body);
                self.input(name, Input::Loaded { ticket, bytes });
            }
            Effect::Sign { ticket, message } => {
                let signature = sign(&self.machine(name).key, &message);
                self.input(name, Input::Signed { ticket, signature });
            }
            Effect::CheckPassword { ticket, secret, .. } => {
                self.input(name, Input::PasswordChecked { ticket, ok: secret == "segreto" });
            }
            Effect::Resolve { ticket, domain } => {
                let mut names = self.machines.keys().chain(self.scripts.keys()).chain(&self.deserted);
                let known = names.any(|name| domain == format!("{name}.test"));
                let hosts = if known { vec![Host(format!("mx.{domain}"))] } else { Vec::new() };
                self.input(name, Input::Resolved { ticket, hosts });
            }
            Effect::Fetch { ticket, name: document } => {
                let document = self.machine(name).documents.get(document.as_str()).cloned();
                self.input(name, Input::Fetched { ticket, document });
            }
        }
    }

    fn write_down(&mut self, name: &str, ticket: Ticket, written: Written) {
        let machine = self.machine(name);
        match &mut machine.kill_at {
            Some(0) => machine.commits = Commits::Kill,
            Some(left) => *left -= 1,
            None => {}
        }
        match &mut machine.fail_from {
            Some(0) => {
                machine.commits = Commits::Fail;
                machine.fail_from = None;
            }
            Some(left) => *left -= 1,
            None => {}
        }
        match machine.commits {
            Commits::Fail => return self.input(name, Input::StoreFailed { ticket }),
            Commits::Hang => return machine.hanging.push((ticket, written)),
            Commits::Stand | Commits::Kill => {}
        }
        machine.disk.write(written);
        if machine.commits == Commits::Kill { self.crash(name) } else { self.input(name, Input::Committed { ticket }) }
    }

    fn connect(&mut self, name: &str, conn: ConnId, host: &Host, port: u16) {
        self.connects.push((self.now, host.0.clone()));
        let target = host.0.trim_start_matches("mx.").trim_end_matches(".test").to_owned();
        let from = (name.to_owned(), conn);
        if self.scripts.contains_key(&target) {
            self.links.insert(from, Far::Script(target.clone()));
            self.input(name, Input::Connected { conn });
            return self.input(name, Input::Bytes { conn, bytes: Bytes::from_static(b"220 script\r\n") });
        }
        if target == "elenco" && !self.directory.is_empty() {
            assert_eq!(port, 636);
            self.links.insert(from, Far::Directory);
            return self.input(name, Input::Connected { conn });
        }
        let Some(machine) = self.machines.get_mut(&target).filter(|machine| machine.node.is_some()) else {
            return self.input(name, Input::Closed { conn, end: End::Refused });
        };
        let there = ConnId::Incoming(machine.incoming);
        machine.incoming += 1;
        self.links.insert(from, Far::Node(target.clone(), there));
        self.links.insert((target.clone(), there), Far::Node(name.to_owned(), conn));
        self.input(name, Input::Connected { conn });
        self.input(&target, Input::Opened { conn: there, port, peer: Host(name.to_owned()) });
    }

    fn write(&mut self, name: &str, conn: ConnId, bytes: &Bytes) {
        let end = (name.to_owned(), conn);
        match self.links.get(&end).cloned() {
            Some(Far::Node(host, conn)) => self.input(&host, Input::Bytes { conn, bytes: bytes.clone() }),
            Some(Far::Directory) => {
                for answer in answers(&self.directory, bytes) {
                    self.input(name, Input::Bytes { conn, bytes: answer });
                }
            }
            Some(Far::Client) => self.inbox.entry(end).or_default().push_str(&String::from_utf8_lossy(bytes)),
            Some(Far::Script(script)) => {
                let answer = self.scripts[&script];
                for line in String::from_utf8_lossy(bytes).lines() {
                    self.heard.push(line.to_owned());
                    if let Some(reply) = answer(line) {
                        self.input(name, Input::Bytes { conn, bytes: Bytes::from_static(reply.as_bytes()) });
                    }
                }
            }
            None => {}
        }
    }

    fn start_tls(&mut self, name: &str, conn: ConnId) {
        let end = (name.to_owned(), conn);
        match self.links.get(&end).cloned() {
            Some(Far::Node(host, there)) => {
                if let Some(at) = self.tls.iter().position(|other| *other == (host.clone(), there)) {
                    self.tls.remove(at);
                    self.input(&host, Input::Secured { conn: there });
                    self.input(name, Input::Secured { conn });
                } else {
                    self.tls.push(end);
                }
            }
            Some(_) => self.input(name, Input::Secured { conn }),
            None => {}
        }
    }

    /// Ends of connections between machines that still stand.
    pub(crate) fn lasting_links(&self) -> usize {
        self.links.values().filter(|far| matches!(far, Far::Node(..))).count()
    }

    /// Connects to a machine as a client.
    pub(crate) fn open(&mut self, name: &str, port: u16) -> ConnId {
        let machine = self.machine(name);
        let conn = ConnId::Incoming(machine.incoming);
        machine.incoming += 1;
        self.links.insert((name.to_owned(), conn), Far::Client);
        self.input(name, Input::Opened { conn, port, peer: Host("client".to_owned()) });
        self.run();
        self.inbox.remove(&(name.to_owned(), conn));
        conn
    }

    /// Sends text and gives what came back.
    pub(crate) fn say(&mut self, name: &str, conn: ConnId, text: &str) -> String {
        self.input(name, Input::Bytes { conn, bytes: Bytes::copy_from_slice(text.as_bytes()) });
        self.run();
        self.inbox.remove(&(name.to_owned(), conn)).unwrap_or_default()
    }

    /// A session on the submission port, logged in.
    pub(crate) fn login(&mut self, name: &str, account: &str) -> ConnId {
        let conn = self.open(name, 587);
        let reply = self.authenticate(name, conn, account);
        assert!(reply.starts_with("235 "), "{reply}");
        conn
    }

    fn authenticate(&mut self, name: &str, conn: ConnId, account: &str) -> String {
        self.say(name, conn, "EHLO client\r\n");
        self.say(name, conn, "STARTTLS\r\n");
        self.say(name, conn, "EHLO client\r\n");
        let auth = STANDARD.encode(format!("\0{account}\0segreto"));
        self.say(name, conn, &format!("AUTH PLAIN {auth}\r\n"))
    }

    /// Submits over a connection to alfa that may break at any point; the last reply.
    pub(crate) fn converse(&mut self, conn: ConnId, from: &str, to: &[&str], text: &str) -> String {
        let reply = self.authenticate("alfa", conn, from);
        if reply.starts_with("235 ") { self.give("alfa", conn, from, to, text) } else { reply }
    }

    /// Gives a message over an open session; the reply to the final dot, or to what was refused before it.
    pub(crate) fn give(&mut self, name: &str, conn: ConnId, from: &str, to: &[&str], text: &str) -> String {
        let mut commands = vec![format!("MAIL FROM:<{from}>")];
        commands.extend(to.iter().map(|to| format!("RCPT TO:<{to}>")));
        commands.push("DATA".to_owned());
        for command in commands {
            let reply = self.say(name, conn, &format!("{command}\r\n"));
            if !reply.starts_with('2') && !reply.starts_with('3') {
                return reply;
            }
        }
        let stuffed: String = text.split_inclusive("\r\n").map(dotted).collect();
        self.say(name, conn, &format!("{stuffed}.\r\n"))
    }

    /// Submits a message of a user of alfa.
    pub(crate) fn submit(&mut self, from: &str, to: &[&str], text: &str) -> String {
        let conn = self.login("alfa", from);
        self.give("alfa", conn, from, to, text)
    }

    /// The plain case: anna writes to these, all in To.
    pub(crate) fn anna_writes(&mut self, to: &[&str]) {
        let reply = self.submit("anna@alfa.test", to, &message("anna@alfa.test", &to.join(", "), "", ""));
        assert!(reply.starts_with("250 "), "{reply}");
    }

    /// Relays a message to port 25 of a machine, as another host.
    pub(crate) fn relay(&mut self, name: &str, from: &str, to: &[&str], bytes: &Bytes) -> String {
        let conn = self.open(name, 25);
        self.say(name, conn, "EHLO other\r\n");
        self.give(name, conn, from, to, std::str::from_utf8(bytes).expect("an ASCII message"))
    }

    /// Has a machine begin anew, with a user whose ordinary mail is treated in another way.
    pub(crate) fn policy(&mut self, name: &str, user: &str, ordinary: Ordinary) {
        let machine = self.machine(name);
        let mut config = machine.config.clone();
        let user = config.users.iter_mut().find(|known| known.address.starts_with(&format!("{user}@")));
        user.expect("a user of that name").ordinary = ordinary;
        self.add(name, config);
    }

    /// The messages that a machine has put aside.
    pub(crate) fn retained(&self, name: &str) -> Vec<Bytes> {
        let disk = &self.machines[name].disk;
        let retained = disk.history.iter().flat_map(|record| declare(record)).filter_map(|declared| match declared {
            Declared::Retained { body } => Some(disk.bodies[&body].clone()),
            _ => None,
        });
        retained.collect()
    }

    /// The messages in a mailbox, in the order of their storing.
    pub(crate) fn mailbox(&self, address: &str) -> Vec<Bytes> {
        let name =
            address.rsplit_once('@').and_then(|(_, domain)| domain.strip_suffix(".test")).expect("a test domain");
        let disk = &self.machines[name].disk;
        let declared = disk.history.iter().flat_map(|record| declare(record));
        let bodies = declared.filter_map(|declared| match declared {
            Declared::Stored { mailbox, body } if mailbox == address => Some(disk.bodies[&body].clone()),
            _ => None,
        });
        bodies.collect()
    }

    /// The kinds of the messages in a mailbox.
    pub(crate) fn kinds(&self, address: &str) -> Vec<String> {
        let kind = |bytes: &Bytes| {
            header(bytes, "X-Ricevuta").or_else(|| header(bytes, "X-Trasporto")).unwrap_or_else(|| "none".to_owned())
        };
        self.mailbox(address).iter().map(kind).collect()
    }

    /// The instants, after the start, and the related identifiers of an event in a machine's log.
    pub(crate) fn events(&self, name: &str, wanted: &str) -> Vec<(Duration, Vec<String>)> {
        let lines = self.log(name).into_iter();
        let events = lines.filter_map(|line| match line {
            Declared::Logged { event, at, related, .. } if event == wanted => Some((at.since(START), related)),
            _ => None,
        });
        events.collect()
    }

    /// The lines of a machine's log.
    pub(crate) fn log(&self, name: &str) -> Vec<Declared> {
        let declared = self.machines[name].disk.history.iter().flat_map(|record| declare(record));
        declared.filter(|declared| matches!(declared, Declared::Logged { .. })).collect()
    }
}

/// What the directory says to a message.
fn answers(entries: &[Entry], asked: &[u8]) -> Vec<Bytes> {
    let mut codec = LdapCodec::default();
    let message = codec.decode(&mut BytesMut::from(asked)).expect("LDAP").expect("a whole message");
    let res = LdapResult {
        code: LdapResultCode::Success,
        matcheddn: String::new(),
        message: String::new(),
        referral: vec![],
    };
    let answers = match message.op {
        LdapOp::BindRequest(_) => vec![LdapOp::BindResponse(LdapBindResponse { res, saslcreds: None })],
        LdapOp::SearchRequest(_) => {
            let entry = |Entry { dn, attributes }: Entry| {
                let attribute = |(atype, vals)| LdapPartialAttribute { atype, vals };
                let attributes = attributes.into_iter().map(attribute).collect();
                LdapOp::SearchResultEntry(LdapSearchResultEntry { dn, attributes })
            };
            entries.iter().cloned().map(entry).chain([LdapOp::SearchResultDone(res)]).collect()
        }
        _ => Vec::new(),
    };
    let encoded = answers.into_iter().map(|op| {
        let mut out = BytesMut::new();
        codec.encode(LdapMsg::new(message.msgid, op), &mut out).expect("an LDAP message");
        out.freeze()
    });
    encoded.collect()
}

fn dotted(line: &str) -> String {
    if line.starts_with('.') { format!(".{line}") } else { line.to_owned() }
}

impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.machines.values().for_each(|machine| machine.disk.check_snapshots());
        }
    }
}

/// The value of a field of a message's own header.
pub(crate) fn header(bytes: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let (header, _) = text.split_once("\r\n\r\n")?;
    let unfolded = header.replace("\r\n ", " ").replace("\r\n\t", " ");
    unfolded.lines().find_map(|line| {
        let (field, value) = line.split_once(':')?;
        field.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}
