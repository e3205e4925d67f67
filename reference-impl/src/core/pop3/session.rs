use std::{collections::BTreeSet, time::Duration};

use collaudo_node::{BodyId, Bytes};

use crate::core::{
    journal::Record,
    mailbox::{House, Outbox, Reader, Step},
    message::Message,
    patience::Patience,
    provider::Answer,
    smtp::{Inflow, Line, Outflow},
};

/// Octets of a command line; RFC 2449 §4 asks for 255.
const COMMAND_LIMIT: usize = 512;
/// Octets that a client may send ahead.
const AHEAD_LIMIT: usize = 64 * 1024;
/// Failed logins, after which the connection is closed.
const ATTEMPTS_LIMIT: u8 = 3;

const TEMPORARY: &str = "-ERR [SYS/TEMP] Errore temporaneo, riprovare";
const ABSENT: &str = "-ERR Messaggio inesistente";
const SYNTAX: &str = "-ERR Errore di sintassi nei parametri";

/// The server's side of a POP3 connection.
///
/// The messages are those of the login. No mailbox is locked: numbers are never given twice, so that a message that
/// another reader took away in the meantime is only missed, and never taken for another.
#[derive(Debug)]
pub(crate) struct Session {
    stage: Stage,
    inflow: Inflow,
    outbox: Outbox,
    outflow: Option<Outflow>,
    attempts: u8,
    user: Option<String>,
    maildrop: Maildrop,
}

#[derive(Debug)]
enum Stage {
    /// TLS is being set up.
    Handshake,
    Login,
    Checking(String),
    Transaction,
    /// A message is being read for RETR, or for TOP with that many lines.
    Loading(Option<usize>),
    /// Deletions are being put on disk.
    Update,
    Over,
}

/// What lay in the mailbox at the login.
#[derive(Debug, Default)]
struct Maildrop {
    account: String,
    messages: Vec<Held>,
    deleted: BTreeSet<u32>,
}

#[derive(Debug)]
struct Held {
    uid: u32,
    body: BodyId,
    octets: u64,
}

impl Session {
    /// A session that begins with the handshake.
    pub(crate) fn new() -> Self {
        Self {
            stage: Stage::Handshake,
            inflow: Inflow::default(),
            outbox: Outbox::default(),
            outflow: None,
            attempts: 0,
            user: None,
            maildrop: Maildrop::default(),
        }
    }

    fn say(&mut self, reply: &str) -> Option<Step> {
        self.outbox.say(reply);
        None
    }

    fn command(&mut self, line: &[u8]) -> Option<Step> {
        let Ok(line) = std::str::from_utf8(line) else { return self.say(SYNTAX) };
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match (verb.to_ascii_uppercase().as_str(), &self.stage) {
            ("CAPA", _) => self.say("+OK\r\nTOP\r\nUIDL\r\nUSER\r\nRESP-CODES\r\nPIPELINING\r\n."),
            ("QUIT", _) => self.quit(),
            ("USER", Stage::Login) => {
                self.user = Some(rest.trim().to_owned()).filter(|user| !user.is_empty());
                self.say(if self.user.is_some() { "+OK" } else { SYNTAX })
            }
            ("PASS", Stage::Login) => match self.user.take() {
                Some(account) => {
                    self.stage = Stage::Checking(account.clone());
                    // A password may hold spaces.
                    Some(Step::Check { account, secret: rest.to_owned() })
                }
                None => self.say("-ERR Occorre prima USER"),
            },
            //= PEC-5.2-01
            (_, Stage::Login) => self.say("-ERR Occorre autenticarsi"),
            (verb, _) => self.transact(verb, rest.trim()),
        }
    }

    fn transact(&mut self, verb: &str, rest: &str) -> Option<Step> {
        let mut words = rest.split_ascii_whitespace();
        let (first, second, third) = (words.next(), words.next(), words.next());
        match (verb, first, second, third) {
            ("NOOP", None, ..) => self.say("+OK"),
            ("STAT", None, ..) => {
                let (count, octets) = self.maildrop.sum();
                self.say(&format!("+OK {count} {octets}"))
            }
            ("RSET", None, ..) => {
                self.maildrop.deleted.clear();
                self.say("+OK")
            }
            ("LIST", ..) => self.list(first, second, |held| held.octets.to_string()),
            ("UIDL", ..) => self.list(first, second, |held| held.uid.to_string()),
            ("DELE", Some(number), None, _) => match self.maildrop.find(number).map(|held| held.uid) {
                Some(uid) => {
                    self.maildrop.deleted.insert(uid);
                    self.say("+OK")
                }
                None => self.say(ABSENT),
            },
            ("RETR", Some(number), None, _) => self.load(number, None),
            ("TOP", Some(number), Some(lines), None) => match lines.parse() {
                Ok(lines) => self.load(number, Some(lines)),
                Err(_) => self.say(SYNTAX),
            },
            ("NOOP" | "STAT" | "RSET" | "DELE" | "RETR" | "TOP", ..) => self.say(SYNTAX),
            _ => self.say("-ERR Comando non disponibile"),
        }
    }

    /// One line for a message, or for each.
    fn list(&mut self, number: Option<&str>, more: Option<&str>, tell: fn(&Held) -> String) -> Option<Step> {
        let reply = match (number, more) {
            (_, Some(_)) => SYNTAX.to_owned(),
            (Some(number), None) => {
                let held = self.maildrop.find(number);
                held.map_or(ABSENT.to_owned(), |held| format!("+OK {} {}", number.trim_start_matches('0'), tell(held)))
            }
            (None, None) => {
                let lines: String =
                    self.maildrop.left().map(|(at, held)| format!("{} {}\r\n", at + 1, tell(held))).collect();
                format!("+OK\r\n{lines}.")
            }
        };
        self.say(&reply)
    }

    fn load(&mut self, number: &str, lines: Option<usize>) -> Option<Step> {
        match self.maildrop.find(number).map(|held| held.body) {
            Some(body) => {
                self.stage = Stage::Loading(lines);
                Some(Step::Load(body))
            }
            None => self.say(ABSENT),
        }
    }

    fn quit(&mut self) -> Option<Step> {
        if self.maildrop.deleted.is_empty() {
            self.stage = Stage::Over;
            self.outbox.say("+OK Arrivederci");
            return Some(Step::Close);
        }
        self.stage = Stage::Update;
        let uids = std::mem::take(&mut self.maildrop.deleted).into_iter().collect();
        let mailbox = self.maildrop.account.clone();
        Some(Step::Commit(Box::new(Record::Removed { mailbox, uids })))
    }

    fn logged_in(&mut self, account: &str, ok: bool, house: &House<'_>) {
        match house.mailbox(account).filter(|_| ok) {
            Some(mailbox) => {
                let messages = mailbox.messages().iter();
                let held = messages.map(|(&uid, entry)| Held { uid, body: entry.body, octets: entry.octets });
                let address = mailbox.address.clone();
                self.maildrop = Maildrop { account: address, messages: held.collect(), deleted: BTreeSet::new() };
                self.stage = Stage::Transaction;
                self.outbox.say(&format!("+OK {} messaggi", self.maildrop.messages.len()));
            }
            None => {
                self.attempts += 1;
                self.stage = Stage::Login;
                self.outbox.say("-ERR [AUTH] Credenziali non valide");
            }
        }
    }

    fn loaded(&mut self, body: Option<Bytes>, lines: Option<usize>) {
        self.stage = Stage::Transaction;
        let Some(body) = body else { return self.outbox.say(TEMPORARY) };
        self.outbox.say(&format!("+OK {} ottetti", body.len()));
        let shown = lines.map_or(body.clone(), |lines| top(&body, lines));
        self.outflow = Some(Outflow::new(shown));
    }
}

impl Reader for Session {
    fn secured(&mut self, house: &House<'_>) {
        self.stage = Stage::Login;
        self.outbox.say(&format!("+OK {} POP3", house.ledger.config.host));
    }

    fn push(&mut self, bytes: Bytes) {
        // What was sent in the clear is never read under TLS.
        if !matches!(self.stage, Stage::Handshake) {
            self.inflow.push(bytes);
        }
    }

    fn answer(&mut self, answer: Answer, house: &mut House<'_>) {
        match (std::mem::replace(&mut self.stage, Stage::Over), answer) {
            (Stage::Checking(account), Answer::Password(ok)) => self.logged_in(&account, ok, house),
            (Stage::Loading(lines), Answer::Octets(body)) => self.loaded(body, lines),
            (Stage::Update, Answer::Committed) => self.outbox.say("+OK Arrivederci"),
            (Stage::Update, _) => self.outbox.say(TEMPORARY),
            (stage, _) => self.stage = stage,
        }
    }

    fn step(&mut self, _house: &mut House<'_>) -> Step {
        loop {
            if self.inflow.len() > AHEAD_LIMIT {
                self.outbox.say("-ERR Troppi dati in anticipo");
                return Step::Close;
            }
            match self.stage {
                Stage::Over => return Step::Close,
                Stage::Handshake | Stage::Checking(_) | Stage::Loading(_) | Stage::Update => return Step::Wait,
                Stage::Login | Stage::Transaction => {}
            }
            if self.outbox.is_full() {
                return Step::Wait;
            }
            if let Some(outflow) = &mut self.outflow {
                outflow.lot().into_iter().for_each(|piece| self.outbox.hand(piece));
                if outflow.is_done() {
                    self.outflow = None;
                }
                continue;
            }
            if self.attempts >= ATTEMPTS_LIMIT {
                return Step::Close;
            }
            let step = match self.inflow.line(COMMAND_LIMIT) {
                Line::Whole(line) => self.command(&line),
                Line::Part => return Step::Wait,
                Line::TooLong | Line::Bare => {
                    self.outbox.say("-ERR Riga troppo lunga o non terminata da CRLF");
                    return Step::Close;
                }
            };
            if let Some(step) = step {
                return step;
            }
        }
    }

    fn is_held(&self) -> bool {
        matches!(self.stage, Stage::Checking(_) | Stage::Loading(_) | Stage::Update)
    }

    fn watches(&self) -> Option<&str> {
        None
    }

    fn patience(&self, patience: &Patience) -> Duration {
        patience.pop3_idle
    }

    /// RFC 1939 §3: nothing is said, and nothing is deleted.
    fn expire(&mut self) {}

    fn outbox(&mut self) -> &mut Outbox {
        &mut self.outbox
    }
}

impl Maildrop {
    /// The messages that were not deleted, with their places.
    fn left(&self) -> impl Iterator<Item = (usize, &Held)> {
        self.messages.iter().enumerate().filter(|(_, held)| !self.deleted.contains(&held.uid))
    }

    fn sum(&self) -> (usize, u64) {
        self.left().fold((0, 0), |(count, octets), (_, held)| (count + 1, octets + held.octets))
    }

    /// A message that was not deleted, by its number.
    fn find(&self, number: &str) -> Option<&Held> {
        let at = number.parse::<usize>().ok()?.checked_sub(1)?;
        self.messages.get(at).filter(|held| !self.deleted.contains(&held.uid))
    }
}

/// The header of a message and that many lines of its body.
fn top(body: &Bytes, lines: usize) -> Bytes {
    let start = Message::read_leniently(body.clone()).body_at();
    let rest = body.get(start..).unwrap_or_default();
    let shown: usize = rest.split_inclusive(|octet| *octet == b'\n').take(lines).map(<[u8]>::len).sum();
    body.slice(..start + shown)
}
