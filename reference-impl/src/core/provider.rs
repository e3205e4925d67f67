//! The provider as it runs: what it waits for, and who is told what.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use collaudo_node::{BodyId, Bytes, ConnId, DurableLog, Effect, End, Input, Ticket, Timestamp};

use super::{
    act::{Act, Held},
    alarms::Alarms,
    directory::{Document, Refresh},
    examine::Examined,
    inquiry::{Inquiry, conn_of, read_index},
    ledger::{Ledger, fold},
    mailbox::{IMAP_PORT, POP3_PORT, Visits},
    message::{Index, Issuer, Revocations, Stamp, Trust},
    patience::Patience,
    queue::{LaneKey, Lanes},
    smtp::{House, Role, Session, Step},
    writer::Writer,
};

/// When something that failed on our side is tried again.
pub(super) const RETRY: Duration = Duration::from_secs(60);
/// How long a client waits for its greeting at most, where we have just started and have no index yet.
const WAKING: Duration = Duration::from_secs(30);

/// Octets that are taken from another provider, whose own limit may be above ours and whose envelopes add to it.
const RELAY_LIMIT: usize = 64 * 1024 * 1024;
/// Recipients that are taken from another provider, whose own limit may be above ours; RFC 5321 asks for 100.
const RELAY_RECIPIENTS: usize = 1000;

const SUBMISSION_PORT: u16 = 587;
/// Submission under TLS from the first octet (RFC 8314).
const SUBMISSIONS_PORT: u16 = 465;
pub(super) const RELAY_PORT: u16 = 25;

/// One provider: access point, reception point and delivery point.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(super) ledger: Ledger,
    pub(super) issuer: Issuer,
    pub(super) trust: Trust,
    pub(super) index: Option<Index>,
    pub(super) revocations: Option<Revocations>,
    /// Whether a list of revoked certificates was asked for in this life, and an answer came.
    pub(super) revocations_asked: bool,
    /// Why the last document of a kind was not taken.
    pub(super) faults: BTreeMap<Document, String>,
    pub(super) inquiry: Option<Inquiry>,
    pub(super) alarms: Alarms<Alarm>,
    pub(super) lanes: Lanes,
    pub(super) acts: BTreeMap<u64, Act>,
    pub(super) next_act: u64,
    pub(super) held: Held,
    pub(super) visits: Visits,
    pub(crate) patience: Patience,
    pub(crate) refresh: Refresh,
    /// Couriers that may be under way to one destination at once.
    pub(crate) couriers: usize,
    pub(super) writer: Writer,
    /// Every number below was given away, on disk or not.
    pub(super) next: u64,
    /// Whether a seal of the log is on its way.
    pub(super) sealing: bool,
    /// Whether clients wait for their greeting, because the first documents are on their way.
    waking: bool,
    sessions: BTreeMap<ConnId, Session>,
    waiting: BTreeMap<Ticket, Waiting>,
    next_ticket: u64,
}

/// What an answer from the driver is for.
#[derive(Debug)]
pub(super) enum Waiting {
    Signature {
        act: u64,
        making: usize,
    },
    /// A commit, or a snapshot.
    Disk,
    Password {
        conn: ConnId,
        account: String,
    },
    /// What a reader of a mailbox waits for.
    Visit {
        conn: ConnId,
    },
    /// The body of a waiting message, for another host.
    Parcel {
        conn: ConnId,
    },
    /// The body of a waiting message, for our own reception point.
    HandOver {
        number: u64,
    },
    Hosts(LaneKey),
    Document(Document),
    Scan(Box<Examined>),
}

/// What an instant is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Alarm {
    /// A client was silent for too long.
    Idle(ConnId),
    /// A client's connection has lasted for too long.
    Overtime(ConnId),
    /// Clients are greeted, whatever we have.
    Wake,
    /// Another host was silent for too long.
    Link(ConnId),
    /// A destination is to be tried again.
    Lane(LaneKey),
    /// A waiting message has waited for too long.
    Expire(u64),
    /// A waiting message is to go to our own reception point.
    HandOver(u64),
    /// One of the time limits of §3.1.6.
    Limit { pec_msgid: String, recipient: String },
    /// A document is to be fetched.
    Fetch(Document),
    /// An act is to be written again.
    Again(u64),
    /// A day of the log is over.
    Seal,
}

impl Provider {
    /// Rebuilds the provider from what was committed; an error where that is not enough to run.
    pub(crate) fn recover(log: &dyn DurableLog) -> Result<Self, String> {
        let (ledger, records) = Ledger::read(log)?;
        let config = &ledger.config;
        let shared = |all: &[Vec<u8>]| all.iter().map(|der| Bytes::copy_from_slice(der)).collect::<Vec<_>>();
        let (address, name) = (&config.certified_address, &config.display_name);
        let issuer = Issuer::new(address, name, &config.certificate, &shared(&config.issuers));
        let trust = Trust::new(&shared(&config.trust));
        let index = ledger.index.and_then(|id| log.body(id));
        let index = index.and_then(|octets| read_index(&config.index_source, &config.index_signer, &octets).ok());
        let trust = trust.map_err(|fault| fault.to_string())?;
        let revocations = ledger.revocations.and_then(|id| log.body(id));
        Ok(Self {
            issuer: issuer.map_err(|fault| fault.to_string())?.in_family(&config.family),
            revocations: revocations.and_then(|der| Revocations::read(&der, &trust).ok()),
            revocations_asked: false,
            faults: BTreeMap::new(),
            inquiry: None,
            trust,
            index,
            next: ledger.next,
            sealing: false,
            waking: false,
            ledger,
            writer: Writer::new(records),
            alarms: Alarms::new(),
            lanes: Lanes::default(),
            acts: BTreeMap::new(),
            next_act: 0,
            held: Held::default(),
            visits: Visits::default(),
            patience: Patience::default(),
            refresh: Refresh::default(),
            couriers: 1,
            sessions: BTreeMap::new(),
            waiting: BTreeMap::new(),
            next_ticket: 0,
        })
    }

    /// The bodies that the committed records still need.
    pub(crate) fn bodies(&self) -> BTreeSet<BodyId> {
        self.ledger.bodies()
    }

    pub(crate) fn next_deadline(&self) -> Option<Timestamp> {
        self.alarms.next()
    }

    pub(crate) fn handle(&mut self, now: Timestamp, input: Input, out: &mut Vec<Effect>) {
        if conn_of(&input).is_some_and(|conn| self.inquires(conn)) {
            return self.inquired(now, input, out);
        }
        if self.visited(now, &input, out) {
            return;
        }
        match input {
            Input::Started => self.started(now, out),
            Input::Opened { conn, port, .. } => self.opened(now, conn, port, out),
            Input::Connected { conn } => self.linked(now, conn),
            Input::Secured { conn } => self.secured(now, conn, out),
            Input::Bytes { conn, bytes } => self.bytes(now, conn, bytes, out),
            Input::Drained { conn } => self.drained(now, conn, out),
            Input::Closed { conn, end } => self.closed(now, conn, end, out),
            Input::Deadline => self.deadline(now, out),
            Input::Committed { ticket } => self.answered(now, ticket, Answer::Committed, out),
            Input::StoreFailed { ticket } => self.answered(now, ticket, Answer::StoreFailed, out),
            Input::Loaded { ticket, bytes } => self.answered(now, ticket, Answer::Octets(bytes), out),
            Input::Fetched { ticket, document } => self.answered(now, ticket, Answer::Octets(document), out),
            Input::Signed { ticket, signature } => self.answered(now, ticket, Answer::Octets(Some(signature)), out),
            Input::PasswordChecked { ticket, ok } => self.answered(now, ticket, Answer::Password(ok), out),
            Input::Scanned { ticket, finding } => {
                if let Some(Waiting::Scan(examined)) = self.waiting.remove(&ticket) {
                    self.examined(now, *examined, finding, out);
                }
            }
            Input::Resolved { ticket, hosts } => {
                if let Some(Waiting::Hosts(key)) = self.waiting.remove(&ticket) {
                    self.resolved(now, key, hosts, out);
                }
            }
        }
    }

    /// Takes up all that was under way before the node went down.
    fn started(&mut self, now: Timestamp, out: &mut Vec<Effect>) {
        self.waking = !self.is_awake();
        self.alarms.set(Alarm::Wake, now + WAKING);
        self.fetch(now, Document::Index, out);
        self.fetch(now, Document::Revocations, out);
        self.arm_seal(now);
        let followed: Vec<(String, String)> = self
            .ledger
            .transactions
            .iter()
            .flat_map(|(id, transaction)| transaction.open.iter().map(|track| (id.clone(), track.recipient.clone())))
            .collect();
        for (pec_msgid, recipient) in followed {
            self.arm(&pec_msgid, &recipient);
        }
        let waiting: Vec<u64> = self.ledger.outgoing.keys().copied().collect();
        for number in waiting {
            self.enqueue(now, number, out);
        }
    }

    fn answered(&mut self, now: Timestamp, ticket: Ticket, answer: Answer, out: &mut Vec<Effect>) {
        let Some(waiting) = self.waiting.remove(&ticket) else { return };
        match (waiting, answer) {
            (Waiting::Signature { act, making }, Answer::Octets(Some(signature))) => {
                self.signed(act, making, &signature, out);
            }
            (Waiting::Disk, Answer::Committed) => self.written(now, true, out),
            (Waiting::Disk, Answer::StoreFailed) => self.written(now, false, out),
            (Waiting::Password { conn, account }, Answer::Password(ok)) => {
                let ok = ok && self.ledger.mailbox(&account).is_some();
                if let Some(session) = self.sessions.get_mut(&conn) {
                    session.authenticated(ok);
                    self.serve(now, conn, out);
                }
            }
            (Waiting::Visit { conn }, answer) => self.visit_answered(now, conn, answer, out),
            (Waiting::Parcel { conn }, Answer::Octets(body)) => self.loaded(now, conn, body, out),
            (Waiting::HandOver { number }, Answer::Octets(body)) => self.hand_over(now, number, body, out),
            (Waiting::Document(document), Answer::Octets(octets)) => self.fetched(now, document, octets, out),
            _ => {}
        }
    }

    fn deadline(&mut self, now: Timestamp, out: &mut Vec<Effect>) {
        // Each rings once: one that is set for an instant gone by while it rings waits for the next call.
        for alarm in self.alarms.due(now) {
            if self.alarms.take(&alarm, now) {
                self.ring(now, alarm, out);
            }
        }
    }

    fn ring(&mut self, now: Timestamp, alarm: Alarm, out: &mut Vec<Effect>) {
        match alarm {
            Alarm::Idle(conn) if self.visits.has(conn) => self.dismiss(conn, out),
            // Who waits for our answer gets it first.
            Alarm::Overtime(conn) if self.sessions.get(&conn).is_some_and(Session::is_held) => {
                self.alarms.set(Alarm::Overtime(conn), now + RETRY);
            }
            Alarm::Idle(conn) | Alarm::Overtime(conn) => self.send_away(conn, out),
            Alarm::Link(conn) if self.inquires(conn) => self.give_up(now, conn, out),
            Alarm::Link(conn) => self.silent(now, conn, out),
            Alarm::Lane(key) => self.kick(now, &key, out),
            Alarm::Expire(number) => self.expire(now, number, out),
            Alarm::HandOver(number) => self.load_for_hand_over(number, out),
            Alarm::Limit { pec_msgid, recipient } => self.limit(now, &pec_msgid, &recipient, out),
            Alarm::Fetch(document) => self.fetch(now, document, out),
            Alarm::Again(act) => self.write_again(act, out),
            Alarm::Seal => self.seal(now, out),
            Alarm::Wake => self.wake(now, out),
        }
    }

    /// Greets the clients that wait, once all is there that can be had.
    pub(super) fn wake_if_ready(&mut self, now: Timestamp, out: &mut Vec<Effect>) {
        if self.waking && self.is_awake() {
            self.wake(now, out);
        }
    }

    fn wake(&mut self, now: Timestamp, out: &mut Vec<Effect>) {
        self.waking = false;
        self.alarms.clear(&Alarm::Wake);
        let waiting: Vec<ConnId> = self.sessions.keys().copied().collect();
        waiting.into_iter().for_each(|conn| self.serve(now, conn, out));
    }

    /// Ends the session of a client that took too long.
    fn send_away(&mut self, conn: ConnId, out: &mut Vec<Effect>) {
        if let Some(mut session) = self.sessions.remove(&conn) {
            session.expire();
            out.push(Effect::Write { conn, bytes: session.said() });
            out.push(Effect::Close { conn });
            self.alarms.clear(&Alarm::Idle(conn));
            self.alarms.clear(&Alarm::Overtime(conn));
        }
    }

    fn opened(&mut self, now: Timestamp, conn: ConnId, port: u16, out: &mut Vec<Effect>) {
        let role = match port {
            SUBMISSION_PORT | SUBMISSIONS_PORT => Role::Submission,
            RELAY_PORT => Role::Relay,
            IMAP_PORT | POP3_PORT => return self.welcome(now, conn, port, out),
            _ => return out.push(Effect::Close { conn }),
        };
        let mut session = Session::new(role, &self.rules());
        if port == SUBMISSIONS_PORT {
            //= PEC-5.3-02
            session.begin_under_tls();
            out.push(Effect::StartTls { conn });
        }
        self.sessions.insert(conn, session);
        self.alarms.set(Alarm::Overtime(conn), now + self.patience.smtp_session);
        self.serve(now, conn, out);
    }

    fn secured(&mut self, now: Timestamp, conn: ConnId, out: &mut Vec<Effect>) {
        match self.sessions.get_mut(&conn) {
            Some(session) => {
                session.secured();
                self.serve(now, conn, out);
            }
            None => self.link_secured(now, conn, out),
        }
    }

    fn bytes(&mut self, now: Timestamp, conn: ConnId, bytes: Bytes, out: &mut Vec<Effect>) {
        match self.sessions.get_mut(&conn) {
            Some(session) => {
                session.push(bytes);
                self.serve(now, conn, out);
            }
            None => self.heard(now, conn, bytes, out),
        }
    }

    fn drained(&mut self, now: Timestamp, conn: ConnId, out: &mut Vec<Effect>) {
        match self.sessions.get_mut(&conn) {
            Some(session) => session.drained(),
            None => self.link_drained(now, conn, out),
        }
    }

    fn closed(&mut self, now: Timestamp, conn: ConnId, _end: End, out: &mut Vec<Effect>) {
        self.alarms.clear(&Alarm::Idle(conn));
        self.alarms.clear(&Alarm::Overtime(conn));
        if self.sessions.remove(&conn).is_none() {
            self.unlinked(now, conn, out);
        }
    }

    /// Answers a client whose message was looked at.
    pub(super) fn answer(&mut self, now: Timestamp, conn: ConnId, reply: &str, out: &mut Vec<Effect>) {
        if let Some(session) = self.sessions.get_mut(&conn) {
            session.answer(reply);
            self.serve(now, conn, out);
        }
    }

    /// Lets a session go on as far as it can.
    fn serve(&mut self, now: Timestamp, conn: ConnId, out: &mut Vec<Effect>) {
        if self.waking {
            return;
        }
        let rules = Rules { ledger: &self.ledger, ready: self.is_ready() };
        let Some(session) = self.sessions.get_mut(&conn) else { return };
        let step = session.step(&rules);
        let said = session.said();
        let role = session.role();
        if !said.is_empty() {
            out.push(Effect::Write { conn, bytes: said });
        }
        // While an answer of ours is owed, the silence is not the client's.
        match session.is_held() {
            true => self.alarms.clear(&Alarm::Idle(conn)),
            false => self.alarms.set(Alarm::Idle(conn), now + self.patience.smtp_idle),
        }
        match step {
            Step::Wait => {}
            Step::StartTls => out.push(Effect::StartTls { conn }),
            Step::Check { account, secret } => {
                let ticket = self.ticket(Waiting::Password { conn, account: account.clone() });
                out.push(Effect::CheckPassword { ticket, account, secret });
            }
            Step::Message(arrival) => match role {
                Role::Submission => self.examine(Examined { conn, arrival, incoming: None }, out),
                Role::Relay => self.receive(now, conn, arrival, out),
            },
            Step::Close => {
                self.sessions.remove(&conn);
                self.alarms.clear(&Alarm::Idle(conn));
                self.alarms.clear(&Alarm::Overtime(conn));
                out.push(Effect::Close { conn });
            }
        }
    }

    /// Whether messages can be taken.
    fn is_ready(&self) -> bool {
        self.index.is_some()
    }

    /// Whether all documents are there that can be had now.
    fn is_awake(&self) -> bool {
        let lists = self.revocations.is_some() || self.revocations_asked || self.ledger.config.crl_name.is_empty();
        self.is_ready() && lists
    }

    /// Whether a signature cannot be verified, because there was never a list of revoked certificates where there should
    /// be one: who keeps it away gets no more through than once it has run out.
    //= PEC-2.2.2-15
    pub(super) fn lacks_revocations(&self) -> bool {
        self.revocations.is_none() && !self.ledger.config.crl_name.is_empty()
    }

    fn rules(&self) -> Rules<'_> {
        Rules { ledger: &self.ledger, ready: self.is_ready() }
    }

    pub(super) fn ticket(&mut self, waiting: Waiting) -> Ticket {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        self.waiting.insert(ticket, waiting);
        ticket
    }

    /// A number never given away before, in this life or an earlier one that left a trace.
    pub(super) fn number(&mut self) -> u64 {
        let number = self.next;
        self.next += 1;
        number
    }

    /// An identifier for a message of ours, without angle brackets.
    pub(super) fn new_id(&mut self, at: Timestamp) -> String {
        //= PEC-2.2.1-10
        let seconds = at.unix_micros().div_euclid(1_000_000);
        format!("opec{seconds}.{}@{}", self.number(), self.ledger.config.domain)
    }
}

/// The state that a provider comes to by its log, as a snapshot keeps it: with it, the log is needed no more.
pub fn compact(log: &dyn DurableLog) -> Result<Bytes, String> {
    Ledger::read(log).map(|(ledger, _)| ledger.freeze(0))
}

/// The stamp of a message of ours.
pub(super) fn stamp(id: &str, at: Timestamp) -> Stamp<'_> {
    Stamp { id, at }
}

/// An answer from the driver.
pub(super) enum Answer {
    Committed,
    StoreFailed,
    Octets(Option<Bytes>),
    Password(bool),
}

struct Rules<'a> {
    ledger: &'a Ledger,
    ready: bool,
}

impl House for Rules<'_> {
    fn host(&self) -> &str {
        &self.ledger.config.host
    }

    fn is_ready(&self) -> bool {
        self.ready
    }

    fn size_limit(&self, role: Role) -> usize {
        // Up to twice the limit a notice tells a user of the excess; beyond, SMTP does.
        //= PEC-3.1.2-02
        let submitted = usize::try_from(self.ledger.config.max_octets.saturating_mul(2)).unwrap_or(usize::MAX);
        match role {
            Role::Submission => submitted,
            Role::Relay => submitted.max(RELAY_LIMIT),
        }
    }

    fn recipients_limit(&self, role: Role) -> usize {
        let submitted = usize::try_from(self.ledger.config.max_recipients).unwrap_or(usize::MAX);
        match role {
            Role::Submission => submitted,
            Role::Relay => submitted.max(RELAY_RECIPIENTS),
        }
    }

    fn manages(&self, address: &str) -> bool {
        self.ledger.manages(address) || self.ledger.is_service_mailbox(address)
    }

    fn belongs(&self, address: &str, account: &str) -> bool {
        self.ledger.mailbox(account).is_some() && fold(address) == fold(account)
    }
}
