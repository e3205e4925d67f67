use std::{collections::BTreeSet, time::Duration};

use collaudo_node::Bytes;
use imap_codec::{
    AuthenticateDataCodec, CommandCodec,
    decode::Decoder,
    fragmentizer::LiteralAnnouncement,
    imap_types::{
        IntoStatic,
        auth::{AuthMechanism, AuthenticateData},
        command::{Command, CommandBody},
        core::{LiteralMode, Tag},
    },
};

use super::{
    fetch::Fetch,
    inflow::{Come, Inflow},
    search::Search,
    view::View,
};
use crate::core::{
    mailbox::{Flag, House, Outbox, Reader, Step},
    patience::Patience,
    provider::Answer,
};

/// Octets of a literal: no command that is served needs a long one.
const LITERAL_LIMIT: u32 = 4096;
/// Octets that a client may send ahead.
const AHEAD_LIMIT: usize = 256 * 1024;
/// Failed logins, after which the connection is closed.
const ATTEMPTS_LIMIT: u8 = 3;
/// Commands that cannot be read, after which the connection is closed.
const FAULTS_LIMIT: u8 = 20;
/// The silence that a client may keep before its login.
const STRANGER_PATIENCE: Duration = Duration::from_secs(300);

pub(super) const CAPABILITIES: &str = "IMAP4rev1 LITERAL- SASL-IR AUTH=PLAIN IDLE UIDPLUS UNSELECT QUOTA";

/// The server's side of an IMAP connection.
#[derive(Debug)]
pub(crate) struct Session {
    pub(super) stage: Stage,
    inflow: Inflow,
    pub(super) outbox: Outbox,
    attempts: u8,
    faults: u8,
    pub(super) account: Option<String>,
    pub(super) view: Option<View>,
}

#[derive(Debug)]
pub(super) enum Stage {
    /// TLS is being set up.
    Handshake,
    Commands,
    /// AUTHENTICATE PLAIN waits for its response.
    Plain(String),
    Idle(String),
    /// A command is carried out, message by message.
    Work(Work),
    /// An answer from outside is awaited.
    Held(Awaited),
    Over,
}

#[derive(Debug)]
pub(super) enum Work {
    Fetch(Fetch),
    Search(Search),
}

#[derive(Debug)]
pub(super) enum Awaited {
    Password {
        tag: String,
        account: String,
    },
    /// The body of a message that the work is about.
    Body(Work, u32),
    /// A change, and what follows once it stands.
    Commit(String, Then),
}

#[derive(Debug)]
pub(super) enum Then {
    Fetch(Fetch),
    /// The flags of these messages are told, changed or not.
    Stored {
        uids: Vec<u32>,
        by_uid: bool,
    },
    /// What the client changed itself is not told.
    StoredSilently {
        uids: Vec<u32>,
        add: BTreeSet<Flag>,
        remove: BTreeSet<Flag>,
        by_uid: bool,
    },
    Expunged,
    Closed,
}

impl Session {
    /// A session that begins with the handshake.
    pub(crate) fn new() -> Self {
        Self {
            stage: Stage::Handshake,
            inflow: Inflow::new(),
            outbox: Outbox::default(),
            attempts: 0,
            faults: 0,
            account: None,
            view: None,
        }
    }

    pub(super) fn say(&mut self, line: &str) -> Option<Step> {
        self.outbox.say(line);
        None
    }

    /// Ends a command.
    pub(super) fn end(&mut self, tag: &str, word: &str) -> Option<Step> {
        self.say(&format!("{tag} {word}"))
    }

    fn bye(&mut self, text: &str) -> Step {
        self.outbox.say(&format!("* BYE {text}"));
        self.stage = Stage::Over;
        Step::Close
    }

    /// A whole command has come.
    fn whole(&mut self, octets: &[u8], house: &mut House<'_>) -> Option<Step> {
        match CommandCodec::new().decode(octets) {
            Ok(([], Command { tag, body })) => {
                let tag = tag.as_ref().to_owned();
                self.command(tag, body.into_static(), house)
            }
            _ => {
                self.faults += 1;
                if self.faults > FAULTS_LIMIT {
                    return Some(self.bye("Troppi errori"));
                }
                let tag = tag_of(octets);
                self.end(tag.as_deref().unwrap_or("*"), "BAD Comando sconosciuto o errore di sintassi")
            }
        }
    }

    /// A literal was announced: it is asked for, unless nobody needs it.
    fn literal(&mut self, literal: LiteralAnnouncement, before: &[u8]) -> Option<Step> {
        let is_welcome = matches!(self.stage, Stage::Commands) && literal.length <= LITERAL_LIMIT;
        let is_append =
            before.split(|octet| *octet == b' ').nth(1).is_some_and(|verb| verb.eq_ignore_ascii_case(b"APPEND"));
        match literal.mode {
            LiteralMode::NonSync if is_welcome => None,
            // It comes whether it is wanted or not (RFC 7888 §4).
            LiteralMode::NonSync => Some(self.bye("Letterale troppo lungo")),
            LiteralMode::Sync if is_welcome && !is_append => self.say("+ Pronto"),
            LiteralMode::Sync => {
                self.inflow.skip();
                let tag = tag_of(before);
                let reply = if is_append { "NO [CANNOT] Scrittura non ammessa" } else { "BAD Letterale troppo lungo" };
                self.end(tag.as_deref().unwrap_or("*"), reply)
            }
        }
    }

    fn command(&mut self, tag: String, body: CommandBody<'static>, house: &mut House<'_>) -> Option<Step> {
        match body {
            CommandBody::Capability => {
                self.outbox.say(&format!("* CAPABILITY {CAPABILITIES}"));
                self.end(&tag, "OK Fatto")
            }
            CommandBody::Noop => {
                self.refresh(true, house);
                self.end(&tag, "OK Fatto")
            }
            CommandBody::Logout => {
                let step = self.bye("Arrivederci");
                self.end(&tag, "OK Fatto");
                Some(step)
            }
            CommandBody::Login { .. } | CommandBody::Authenticate { .. } if self.account.is_some() => {
                self.end(&tag, "BAD Autenticazione gia avvenuta")
            }
            CommandBody::Login { username, password } => {
                let text = |octets: &[u8]| String::from_utf8(octets.to_vec()).ok();
                match (text(username.as_ref()), text(password.declassify().as_ref())) {
                    (Some(account), Some(secret)) => self.check(tag, account, secret),
                    _ => self.wrong(&tag),
                }
            }
            CommandBody::Authenticate { mechanism: AuthMechanism::Plain, initial_response } => match initial_response {
                Some(response) => self.plain(tag, response.declassify()),
                None => {
                    self.stage = Stage::Plain(tag);
                    self.say("+ ")
                }
            },
            CommandBody::Authenticate { .. } => self.end(&tag, "NO Meccanismo non disponibile"),
            //= PEC-5.2-01
            body => match self.account.clone() {
                Some(account) => self.serve(tag, body, &account, house),
                None => self.end(&tag, "BAD Occorre autenticarsi"),
            },
        }
    }

    /// The response of PLAIN (RFC 4616): whom to act for, who, and the password.
    fn plain(&mut self, tag: String, response: &[u8]) -> Option<Step> {
        let text = String::from_utf8_lossy(response).into_owned();
        let mut parts = text.split('\0');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(act_for), Some(account), Some(secret), None)
                if act_for.is_empty() || act_for.eq_ignore_ascii_case(account) =>
            {
                self.check(tag, account.to_owned(), secret.to_owned())
            }
            _ => self.wrong(&tag),
        }
    }

    fn check(&mut self, tag: String, account: String, secret: String) -> Option<Step> {
        self.stage = Stage::Held(Awaited::Password { tag, account: account.clone() });
        Some(Step::Check { account, secret })
    }

    fn wrong(&mut self, tag: &str) -> Option<Step> {
        self.attempts += 1;
        self.end(tag, "NO [AUTHENTICATIONFAILED] Credenziali non valide");
        (self.attempts >= ATTEMPTS_LIMIT).then(|| self.bye("Troppi tentativi"))
    }

    /// A line of an exchange has come, in place of a command.
    fn exchange(&mut self, octets: &[u8], house: &mut House<'_>) -> Option<Step> {
        match std::mem::replace(&mut self.stage, Stage::Commands) {
            Stage::Plain(tag) => match AuthenticateDataCodec::new().decode(octets) {
                Ok(([], AuthenticateData::Continue(response))) => self.plain(tag, response.declassify()),
                Ok(([], AuthenticateData::Cancel)) => self.end(&tag, "BAD Autenticazione annullata"),
                _ => self.wrong(&tag),
            },
            Stage::Idle(tag) => {
                self.refresh(true, house);
                let is_done = octets.trim_ascii_end().eq_ignore_ascii_case(b"DONE");
                self.end(&tag, if is_done { "OK Fatto" } else { "BAD Atteso DONE" })
            }
            _ => self.whole(octets, house),
        }
    }

    fn come(&mut self, house: &mut House<'_>) -> Option<Step> {
        match self.inflow.next() {
            Come::Part => Some(Step::Wait),
            Come::Whole(octets) => self.exchange(&octets, house),
            Come::Literal(literal, before) => self.literal(literal, &before),
            Come::TooLong => Some(self.bye("Comando troppo lungo")),
        }
    }
}

impl Reader for Session {
    fn secured(&mut self, house: &House<'_>) {
        self.stage = Stage::Commands;
        self.outbox.say(&format!("* OK [CAPABILITY {CAPABILITIES}] {} IMAP", house.ledger.config.host));
    }

    fn push(&mut self, bytes: Bytes) {
        // What was sent in the clear is never read under TLS.
        if !matches!(self.stage, Stage::Handshake) {
            self.inflow.push(bytes);
        }
    }

    fn answer(&mut self, answer: Answer, house: &mut House<'_>) {
        match (std::mem::replace(&mut self.stage, Stage::Commands), answer) {
            (Stage::Held(Awaited::Password { tag, account }), Answer::Password(ok)) => {
                match house.mailbox(&account).filter(|_| ok) {
                    Some(mailbox) => {
                        self.account = Some(mailbox.address.clone());
                        self.end(&tag, &format!("OK [CAPABILITY {CAPABILITIES}] Autenticazione riuscita"));
                    }
                    None => {
                        self.wrong(&tag);
                    }
                }
            }
            (Stage::Held(Awaited::Body(work, uid)), Answer::Octets(body)) => self.loaded(work, uid, body, house),
            (Stage::Held(Awaited::Commit(tag, then)), Answer::Committed) => self.committed(&tag, then, house),
            (Stage::Held(Awaited::Commit(tag, _)), Answer::StoreFailed) => {
                self.end(&tag, "NO [UNAVAILABLE] Errore temporaneo, riprovare");
            }
            (stage, _) => self.stage = stage,
        }
    }

    fn step(&mut self, house: &mut House<'_>) -> Step {
        loop {
            if self.inflow.len() > AHEAD_LIMIT {
                return self.bye("Troppi dati in anticipo");
            }
            let step = match std::mem::replace(&mut self.stage, Stage::Commands) {
                Stage::Over => return Step::Close,
                stage @ (Stage::Handshake | Stage::Held(_)) => {
                    self.stage = stage;
                    Some(Step::Wait)
                }
                stage if self.outbox.is_full() => {
                    self.stage = stage;
                    Some(Step::Wait)
                }
                Stage::Work(work) => self.work(work, house),
                stage => {
                    let idles = matches!(stage, Stage::Idle(_));
                    self.stage = stage;
                    if idles {
                        self.refresh(true, house);
                    }
                    self.come(house)
                }
            };
            if let Some(step) = step {
                return step;
            }
        }
    }

    fn is_held(&self) -> bool {
        matches!(self.stage, Stage::Held(_))
    }

    fn watches(&self) -> Option<&str> {
        self.account.as_deref().filter(|_| matches!(self.stage, Stage::Idle(_)) && self.view.is_some())
    }

    fn patience(&self, patience: &Patience) -> Duration {
        if self.account.is_some() { patience.imap_idle } else { STRANGER_PATIENCE.min(patience.imap_idle) }
    }

    fn expire(&mut self) {
        if !matches!(self.stage, Stage::Handshake) {
            self.bye("Tempo scaduto");
        }
    }

    fn outbox(&mut self) -> &mut Outbox {
        &mut self.outbox
    }
}

/// The tag of a command that could not be read, where that can be told.
fn tag_of(octets: &[u8]) -> Option<String> {
    let word = octets.split(|octet| *octet == b' ').next()?;
    Tag::try_from(word).ok().map(|tag| tag.as_ref().to_owned())
}
