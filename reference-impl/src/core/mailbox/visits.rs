//! Those who read their mailboxes, each over a connection of its own.

use std::{collections::BTreeMap, fmt::Debug, time::Duration};

use collaudo_node::{BodyId, Bytes, ConnId, Effect, Input, Timestamp};

use super::{Mailbox, Outbox};
use crate::core::{
    act::{Act, Then},
    imap,
    journal::Record,
    ledger::{Ledger, fold},
    patience::Patience,
    pop3,
    provider::{Alarm, Answer, Provider, Waiting},
};

pub(crate) const IMAP_PORT: u16 = 993;
pub(crate) const POP3_PORT: u16 = 995;

/// What a reader wants done; what it has to say lies in its outbox.
#[derive(Debug, PartialEq)]
pub(crate) enum Step {
    /// Nothing, until more comes in.
    Wait,
    /// Check a password.
    Check { account: String, secret: String },
    /// Read a message.
    Load(BodyId),
    /// Put a change of the mailbox on disk.
    Commit(Box<Record>),
    /// Close the connection.
    Close,
}

/// What a reader sees of the house.
pub(crate) struct House<'a> {
    pub(crate) ledger: &'a Ledger,
    heralded: &'a mut BTreeMap<String, u32>,
}

impl<'a> House<'a> {
    pub(crate) fn new(ledger: &'a Ledger, heralded: &'a mut BTreeMap<String, u32>) -> Self {
        Self { ledger, heralded }
    }

    /// The mailbox that an account opens.
    pub(crate) fn mailbox(&self, account: &str) -> Option<&'a Mailbox> {
        self.ledger.account(account)
    }

    /// The last message of a mailbox that any reader was told of in this life of the provider.
    pub(crate) fn heralded(&self, account: &str) -> u32 {
        self.heralded.get(&fold(account)).copied().unwrap_or_default()
    }

    /// Notes that a reader was told of all messages up to this one.
    pub(crate) fn herald(&mut self, account: &str, uid: u32) {
        let last = self.heralded.entry(fold(account)).or_default();
        *last = uid.max(*last);
    }
}

/// The server's side of a connection to a mailbox.
pub(in crate::core) trait Reader: Debug + Send + Sync {
    /// The handshake is done: the greeting is said.
    fn secured(&mut self, house: &House<'_>);
    /// Takes octets that arrived.
    fn push(&mut self, bytes: Bytes);
    /// Takes the answer to the last step.
    fn answer(&mut self, answer: Answer, house: &mut House<'_>);
    /// Reads on in what came in, up to the next step.
    fn step(&mut self, house: &mut House<'_>) -> Step;
    /// Whether an answer of ours is owed.
    fn is_held(&self) -> bool;
    /// The account whose changes it wants to hear of at once.
    fn watches(&self) -> Option<&str>;
    /// How long it may be silent.
    fn patience(&self, patience: &Patience) -> Duration;
    /// Says a last word to a client that was silent for too long.
    fn expire(&mut self);
    fn outbox(&mut self) -> &mut Outbox;
}

/// All readers.
#[derive(Debug, Default)]
pub(crate) struct Visits {
    readers: BTreeMap<ConnId, Box<dyn Reader>>,
    heralded: BTreeMap<String, u32>,
}

impl Visits {
    pub(crate) fn has(&self, conn: ConnId) -> bool {
        self.readers.contains_key(&conn)
    }
}

impl Provider {
    /// Begins a visit on one of the ports for it: TLS first, whatever comes.
    pub(in crate::core) fn welcome(&mut self, now: Timestamp, conn: ConnId, port: u16, out: &mut Vec<Effect>) {
        //= PEC-5.3-02
        let reader: Box<dyn Reader> = match port {
            IMAP_PORT => Box::new(imap::Session::new()),
            _ => Box::new(pop3::Session::new()),
        };
        self.alarms.set(Alarm::Idle(conn), now + reader.patience(&self.patience));
        self.visits.readers.insert(conn, reader);
        out.push(Effect::StartTls { conn });
    }

    /// Takes what happened on the connection of a reader; says no where it is none.
    pub(in crate::core) fn visited(&mut self, now: Timestamp, input: &Input, out: &mut Vec<Effect>) -> bool {
        let (Input::Secured { conn }
        | Input::Bytes { conn, .. }
        | Input::Drained { conn }
        | Input::Closed { conn, .. }) = input
        else {
            return false;
        };
        let house = House::new(&self.ledger, &mut self.visits.heralded);
        let Some(reader) = self.visits.readers.get_mut(conn) else { return false };
        match input {
            Input::Secured { .. } => reader.secured(&house),
            Input::Bytes { bytes, .. } => reader.push(bytes.clone()),
            Input::Drained { .. } => reader.outbox().drained(),
            _ => {
                self.visits.readers.remove(conn);
                self.alarms.clear(&Alarm::Idle(*conn));
                return true;
            }
        }
        self.attend(now, *conn, out);
        true
    }

    /// Hands a reader what it waited for.
    pub(in crate::core) fn visit_answered(
        &mut self,
        now: Timestamp,
        conn: ConnId,
        answer: Answer,
        out: &mut Vec<Effect>,
    ) {
        let mut house = House::new(&self.ledger, &mut self.visits.heralded);
        if let Some(reader) = self.visits.readers.get_mut(&conn) {
            reader.answer(answer, &mut house);
            self.attend(now, conn, out);
        }
    }

    /// Sends a reader away that was silent for too long.
    pub(in crate::core) fn dismiss(&mut self, conn: ConnId, out: &mut Vec<Effect>) {
        if let Some(mut reader) = self.visits.readers.remove(&conn) {
            reader.expire();
            out.extend(reader.outbox().rest().into_iter().map(|bytes| Effect::Write { conn, bytes }));
            out.push(Effect::Close { conn });
        }
    }

    /// Tells those who wait for it that a mailbox has changed.
    pub(in crate::core) fn stirred(&mut self, now: Timestamp, mailbox: &str, out: &mut Vec<Effect>) {
        let watches = |reader: &dyn Reader| reader.watches().is_some_and(|account| fold(account) == fold(mailbox));
        let readers = self.visits.readers.iter().filter(|(_, reader)| watches(reader.as_ref()));
        let conns: Vec<ConnId> = readers.map(|(conn, _)| *conn).collect();
        for conn in conns {
            self.attend(now, conn, out);
        }
    }

    /// Lets a reader go on as far as it can.
    fn attend(&mut self, now: Timestamp, conn: ConnId, out: &mut Vec<Effect>) {
        let mut house = House::new(&self.ledger, &mut self.visits.heralded);
        let Some(reader) = self.visits.readers.get_mut(&conn) else { return };
        let step = reader.step(&mut house);
        let lot = if step == Step::Close { reader.outbox().rest() } else { reader.outbox().lot() };
        out.extend(lot.into_iter().map(|bytes| Effect::Write { conn, bytes }));
        // While an answer of ours is owed, the silence is not the client's.
        match reader.is_held() {
            true => self.alarms.clear(&Alarm::Idle(conn)),
            false => self.alarms.set(Alarm::Idle(conn), now + reader.patience(&self.patience)),
        }
        match step {
            Step::Wait => {}
            Step::Check { account, secret } => {
                let ticket = self.ticket(Waiting::Visit { conn });
                out.push(Effect::CheckPassword { ticket, account, secret });
            }
            Step::Load(body) => {
                let ticket = self.ticket(Waiting::Visit { conn });
                out.push(Effect::Load { ticket, body });
            }
            Step::Commit(record) => {
                let mut act = Act::new(now, Then::Visit(conn));
                act.record(*record);
                self.begin(act, out);
            }
            Step::Close => {
                self.visits.readers.remove(&conn);
                self.alarms.clear(&Alarm::Idle(conn));
                out.push(Effect::Close { conn });
            }
        }
    }
}
