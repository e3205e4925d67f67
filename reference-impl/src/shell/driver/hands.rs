//! Carries out effects: each on the thread or task where it belongs.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use collaudo_node::{Bytes, ConnId, Effect, Host, Input, Ticket};
use tokio::{
    runtime::Handle,
    sync::{mpsc::UnboundedSender, watch},
};
use tracing::{debug, warn};

use super::Event;
use crate::shell::{
    Error,
    clock::{self, Stopwatch},
    crew::Crew,
    documents::Documents,
    identity::Signer,
    logins::{Failures, Passwords, Turn},
    net::{Dialer, Dialled, Order, Speaker, way},
    scanner::Scanner,
    store::Store,
};

const IMAP_PORT: u16 = 993;
const POP3_PORT: u16 = 995;

/// Octets of a message that is looked through in less time than a signature takes.
const SMALL: usize = 64 * 1024;
/// Jobs that are done at once.
const FEW: usize = 2;

/// All that effects are carried out with.
pub(in crate::shell) struct Hands {
    pub(in crate::shell) events: UnboundedSender<Event>,
    pub(in crate::shell) runtime: Handle,
    pub(in crate::shell) crew: Crew,
    pub(in crate::shell) store: Store,
    pub(in crate::shell) dialer: Dialer,
    pub(in crate::shell) documents: Documents,
    pub(in crate::shell) scanner: Scanner,
    pub(in crate::shell) signer: Arc<Signer>,
    pub(in crate::shell) passwords: Arc<Passwords>,
    pub(in crate::shell) failures: Arc<Mutex<Failures>>,
    /// Since the server was started.
    pub(in crate::shell) uptime: Stopwatch,
    /// How long a wrong password waits for its answer.
    pub(in crate::shell) delay: Duration,
    pub(in crate::shell) stop: watch::Sender<bool>,
    pub(in crate::shell) desk: Desk,
}

/// What the hands remember between two effects.
#[derive(Default)]
pub(in crate::shell) struct Desk {
    links: BTreeMap<ConnId, Link>,
    /// Whose password a ticket is about.
    asking: BTreeMap<Ticket, ConnId>,
    /// What is to be told to connections, and what a processor is to do, once the node has heard all there is.
    orders: BTreeMap<ConnId, Vec<Order>>,
    /// What was answered as soon as it was asked.
    answers: Vec<Input>,
    /// Each a signature or the scan of a small message, which take less than a millisecond.
    jobs: Vec<Job>,
    /// Answers that the disk, the signer, the scanner or the passwords owe.
    owed: usize,
}

/// What the crew does.
type Job = Box<dyn FnOnce() -> Result<Input, Error> + Send>;

/// A connection, as its orders reach it.
struct Link {
    speaker: Speaker,
    /// For one that a peer has opened.
    door: Option<(u16, IpAddr)>,
}

impl Hands {
    pub(super) fn greet(&mut self, conn: ConnId, port: u16, peer: IpAddr, speaker: Speaker) {
        self.desk.links.insert(conn, Link { speaker, door: Some((port, peer)) });
    }

    /// Whether the connection that an input is about is not given up yet; forgets one that is gone.
    pub(super) fn knows(&mut self, input: &Input) -> bool {
        match (conn_of(input), input) {
            (Some(conn), Input::Closed { .. }) => self.desk.links.remove(&conn).is_some(),
            (Some(conn), _) => self.desk.links.contains_key(&conn),
            (None, _) => true,
        }
    }

    /// An answer that was owed has come.
    pub(super) fn settled(&mut self, input: &Input) {
        if is_owed(input) {
            self.desk.owed = self.desk.owed.saturating_sub(1);
        }
    }

    /// Whether something waits to be sent off.
    pub(super) fn has_more(&self) -> bool {
        !self.desk.orders.is_empty() || !self.desk.jobs.is_empty() || !self.desk.answers.is_empty()
    }

    /// Whether nothing is owed to the node.
    pub(super) fn is_idle(&self) -> bool {
        self.desk.owed == 0
    }

    /// On whose behalf the node acts when it takes this input.
    pub(super) fn turn(&mut self, input: &Input) -> Option<ConnId> {
        match input {
            Input::PasswordChecked { ticket, .. } => self.desk.asking.remove(ticket),
            _ => conn_of(input),
        }
    }

    /// Carries out effects in their order; connections and the crew hear of theirs by [`Self::send_off`].
    pub(super) fn carry_out(&mut self, turn: Option<ConnId>, effects: &mut Vec<Effect>) {
        for effect in effects.drain(..) {
            match effect {
                Effect::Write { conn, bytes } => self.order(conn, Order::Write(bytes)),
                Effect::StartTls { conn } => self.order(conn, Order::StartTls),
                Effect::Close { conn } => self.order(conn, Order::Close),
                Effect::Connect { conn, host, port } => self.connect(conn, host, port),
                Effect::CheckPassword { ticket, account, secret } => self.check(turn, ticket, account, secret),
                other => self.ask(other),
            }
        }
    }

    fn order(&mut self, conn: ConnId, order: Order) {
        self.desk.orders.entry(conn).or_default().push(order);
    }

    /// Tells each connection what it is to do, in one piece, and shares the jobs with the crew. *Gives* the answers to
    /// what was done at once.
    pub(super) fn send_off(&mut self) -> Result<Vec<Input>, Error> {
        for (conn, orders) in std::mem::take(&mut self.desk.orders) {
            let closes = orders.iter().any(|order| matches!(order, Order::Close));
            let writes = orders.iter().any(|order| matches!(order, Order::Write(_)));
            let is_taken = self.desk.links.get(&conn).is_some_and(|link| link.speaker.say(orders));
            if closes {
                self.desk.links.remove(&conn);
            } else if is_taken && writes {
                self.desk.answers.push(Input::Drained { conn });
            }
        }
        let mut answers = std::mem::take(&mut self.desk.answers);
        let mut jobs = std::mem::take(&mut self.desk.jobs);
        let share = jobs.len().div_ceil(self.crew.hands() + 1).max(FEW);
        while jobs.len() > share {
            let (lot, events) = (jobs.split_off(jobs.len() - share), self.events.clone());
            self.crew.run(move || match lot.into_iter().map(|job| job()).collect() {
                Ok(inputs) => tell(&events, Event::Answers(inputs)),
                Err(fault) => tell(&events, Event::Broken(fault)),
            });
        }
        // The rest is done here: to wake another thread, and to be woken by it, costs as much as half a signature.
        for job in jobs {
            answers.push(job()?);
        }
        Ok(answers)
    }

    fn connect(&mut self, conn: ConnId, host: Host, port: u16) {
        let (speaker, listener) = way();
        self.desk.links.insert(conn, Link { speaker, door: None });
        let asked = Dialled { conn, host, port, events: self.events.clone(), listener };
        self.runtime.spawn(self.dialer.clone().dial(asked));
    }

    /// Everything that is answered by a ticket.
    fn ask(&mut self, effect: Effect) {
        let events = self.events.clone();
        match effect {
            Effect::Commit { ticket, records, bodies } => {
                self.desk.owed += 1;
                self.store.commit(ticket, records, bodies);
            }
            Effect::Snapshot { ticket, state } => {
                self.desk.owed += 1;
                self.store.snapshot(ticket, state);
            }
            Effect::Load { ticket, body } => {
                self.desk.owed += 1;
                match self.store.at_hand(body) {
                    Some(bytes) => self.desk.answers.push(Input::Loaded { ticket, bytes: Some(bytes) }),
                    None => self.store.load(ticket, body),
                }
            }
            Effect::Sign { ticket, message } => {
                self.desk.owed += 1;
                let signer = self.signer.clone();
                let sign = move || signer.sign(&message).map(|signature| Input::Signed { ticket, signature });
                self.desk.jobs.push(Box::new(sign));
            }
            Effect::Scan { ticket, bytes } => {
                self.desk.owed += 1;
                self.scan(ticket, bytes);
            }
            Effect::Resolve { ticket, domain } => {
                let dialer = self.dialer.clone();
                self.runtime.spawn(async move {
                    let hosts = dialer.resolve(&domain).await;
                    tell(&events, Event::Answers(vec![Input::Resolved { ticket, hosts }]));
                });
            }
            Effect::Fetch { ticket, name } => {
                let (documents, dialer) = (self.documents.clone(), self.dialer.clone());
                self.runtime.spawn(async move {
                    let document = documents.fetch(&name, &dialer).await;
                    tell(&events, Event::Answers(vec![Input::Fetched { ticket, document }]));
                });
            }
            Effect::Connect { .. }
            | Effect::Write { .. }
            | Effect::StartTls { .. }
            | Effect::Close { .. }
            | Effect::CheckPassword { .. } => {}
        }
    }

    fn scan(&mut self, ticket: Ticket, bytes: Bytes) {
        let events = self.events.clone();
        match self.scanner.clone() {
            Scanner::BuiltIn if bytes.len() <= SMALL => {
                let scan = move || Ok(Input::Scanned { ticket, finding: crate::scan(&bytes) });
                self.desk.jobs.push(Box::new(scan));
            }
            Scanner::BuiltIn => self.crew.run(move || {
                tell(&events, Event::Answers(vec![Input::Scanned { ticket, finding: crate::scan(&bytes) }]));
            }),
            Scanner::Clamd(clamd) => {
                self.runtime.spawn(async move {
                    let finding = clamd.scan(&bytes).await;
                    tell(&events, Event::Answers(vec![Input::Scanned { ticket, finding }]));
                });
            }
        }
    }

    /// Has a password checked, unless there were too many wrong ones; a wrong one waits for its answer.
    fn check(&mut self, turn: Option<ConnId>, ticket: Ticket, account: String, secret: String) {
        self.desk.owed += 1;
        let now = self.uptime.elapsed();
        turn.map(|conn| self.desk.asking.insert(ticket, conn));
        let link = turn.and_then(|conn| self.desk.links.get(&conn));
        let peer = link.and_then(|link| link.door).map(|(_, peer)| peer);
        let (events, runtime, delay) = (self.events.clone(), self.runtime.clone(), self.delay);
        let refuse = move |events: UnboundedSender<Event>| {
            runtime.spawn(async move {
                clock::pause(delay).await;
                tell(&events, Event::Answers(vec![Input::PasswordChecked { ticket, ok: false }]));
            });
        };
        // A name that is none of ours may be a password in the wrong place: it is not told.
        let told = if self.passwords.knows(&account) { account.clone() } else { "(unknown)".to_owned() };
        let turn = self.failures.lock().unwrap_or_else(PoisonError::into_inner).turn(&account, peer, now);
        if turn == Turn::Barred {
            warn!(account = told, ?peer, "login refused after too many wrong passwords");
            return refuse(events);
        }
        let (passwords, failures) = (self.passwords.clone(), self.failures.clone());
        self.crew.run(move || {
            let ok = passwords.check(&account, &secret);
            let mut failures = failures.lock().unwrap_or_else(PoisonError::into_inner);
            if ok {
                debug!(account = told, "login");
                failures.succeeded(&account);
                return tell(&events, Event::Answers(vec![Input::PasswordChecked { ticket, ok }]));
            }
            warn!(account = told, ?peer, "wrong password");
            failures.failed(&account, peer, now);
            refuse(events);
        });
    }

    /// Nothing more is taken from outside.
    pub(super) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Says farewell to all who are connected, and closes the store.
    pub(super) fn close(mut self) {
        // What is answered now is answered to nobody.
        let _ = self.send_off();
        for (_, link) in self.desk.links {
            let farewell = match link.door {
                Some((IMAP_PORT, _)) => "* BYE Servizio in chiusura\r\n",
                Some((POP3_PORT, _)) | None => "",
                Some(_) => "421 4.3.2 Servizio in chiusura\r\n",
            };
            link.speaker.say(vec![Order::Write(Bytes::from_static(farewell.as_bytes())), Order::Close]);
        }
        self.store.close();
    }
}

fn tell(events: &UnboundedSender<Event>, event: Event) {
    // Nobody listens once the server is down.
    let _ = events.send(event);
}

fn is_owed(input: &Input) -> bool {
    matches!(
        input,
        Input::Committed { .. }
            | Input::StoreFailed { .. }
            | Input::Loaded { .. }
            | Input::Signed { .. }
            | Input::Scanned { .. }
            | Input::PasswordChecked { .. }
    )
}

fn conn_of(input: &Input) -> Option<ConnId> {
    match input {
        Input::Opened { conn, .. }
        | Input::Connected { conn }
        | Input::Secured { conn }
        | Input::Bytes { conn, .. }
        | Input::Drained { conn }
        | Input::Closed { conn, .. } => Some(*conn),
        _ => None,
    }
}
