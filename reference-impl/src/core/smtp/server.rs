use base64::{Engine, engine::general_purpose::STANDARD};
use collaudo_node::Bytes;

use super::{
    command::{Command, Refusal},
    data::{Brought, Data},
    inflow::{Inflow, Line},
};

/// Octets of a command line; RFC 5321 asks for 512 and more for each extension.
const COMMAND_LIMIT: usize = 2048;
/// Octets of a line of an authentication exchange (RFC 4954 §4).
const EXCHANGE_LIMIT: usize = 12_288;
/// Octets that a client may send ahead while its message or password is being looked at.
const AHEAD_LIMIT: usize = 64 * 1024;
/// Octets of replies that a client may leave unread.
const UNREAD_LIMIT: usize = 256 * 1024;
/// Failed authentications, after which the connection is closed.
const ATTEMPTS_LIMIT: u8 = 3;

/// What a port is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The access point: users submit, after STARTTLS and AUTH.
    Submission,
    /// The reception point: other hosts relay.
    Relay,
}

/// What a session must know of the house that it serves.
pub(crate) trait House {
    /// The host's name.
    fn host(&self) -> &str;
    /// Whether messages can be taken at all.
    fn is_ready(&self) -> bool;
    /// Octets of a message, beyond which SMTP itself refuses.
    fn size_limit(&self, role: Role) -> usize;
    /// Recipients of one message.
    fn recipients_limit(&self, role: Role) -> usize;
    /// Whether the address lies in a domain that the house manages.
    fn manages(&self, address: &str) -> bool;
    /// Whether the address belongs to the user of the account.
    fn belongs(&self, address: &str, account: &str) -> bool;
}

/// A message with its SMTP envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// The reverse path, empty for the null path.
    pub(crate) reverse: String,
    /// The forward paths in their order, none twice.
    pub(crate) recipients: Vec<String>,
    /// The message, dots unstuffed, every line ended by CRLF.
    pub(crate) bytes: Bytes,
}

/// What a session wants done; what it has to say lies in [`Session::said`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing, until more comes in.
    Wait,
    /// Check a password, then [`Session::authenticated`].
    Check { account: String, secret: String },
    /// Begin TLS, then [`Session::secured`].
    StartTls,
    /// Take or refuse a message, then [`Session::answer`].
    Message(Arrival),
    /// Close the connection.
    Close,
}

/// The server's side of an SMTP connection.
#[derive(Debug)]
pub(crate) struct Session {
    role: Role,
    stage: Stage,
    inflow: Inflow,
    said: Vec<u8>,
    /// The greeting that waits for the handshake.
    greeting: Vec<u8>,
    unread: usize,
    greeted: bool,
    secure: bool,
    account: Option<String>,
    attempts: u8,
    reverse: Option<String>,
    recipients: Vec<String>,
}

#[derive(Debug)]
enum Stage {
    Commands,
    /// AUTH PLAIN waits for its response.
    Plain,
    /// AUTH LOGIN waits for the account.
    Account,
    /// AUTH LOGIN waits for the password.
    Secret(String),
    Data(Data),
    /// An answer from outside is awaited.
    Held {
        account: Option<String>,
    },
    /// TLS is being set up: octets that come now were sent in the clear.
    Handshake,
}

impl Session {
    /// A session whose greeting is already said.
    pub(crate) fn new(role: Role, house: &dyn House) -> Self {
        let mut session = Self {
            role,
            stage: Stage::Commands,
            inflow: Inflow::default(),
            said: Vec::new(),
            greeting: Vec::new(),
            unread: 0,
            greeted: false,
            secure: false,
            account: None,
            attempts: 0,
            reverse: None,
            recipients: Vec::new(),
        };
        session.say(&format!("220 {} ESMTP", house.host()));
        session
    }

    /// Has the session begin with the handshake: nothing is said before.
    pub(crate) fn begin_under_tls(&mut self) {
        self.greeting = std::mem::take(&mut self.said);
        self.stage = Stage::Handshake;
    }

    pub(crate) fn role(&self) -> Role {
        self.role
    }

    /// Whether the client waits for an answer from outside.
    pub(crate) fn is_held(&self) -> bool {
        matches!(self.stage, Stage::Held { .. })
    }

    /// Takes what there is to be sent.
    pub(crate) fn said(&mut self) -> Bytes {
        self.unread += self.said.len();
        std::mem::take(&mut self.said).into()
    }

    /// All that was said has been taken.
    pub(crate) fn drained(&mut self) {
        self.unread = 0;
    }

    /// Takes octets that arrived.
    pub(crate) fn push(&mut self, bytes: Bytes) {
        // What was sent in the clear is never read under TLS.
        if !matches!(self.stage, Stage::Handshake) {
            self.inflow.push(bytes);
        }
    }

    /// The handshake is done: all that was said before is forgotten (RFC 3207 §4.2).
    pub(crate) fn secured(&mut self) {
        self.secure = true;
        self.greeted = false;
        self.inflow.clear();
        self.reset();
        self.stage = Stage::Commands;
        self.said.append(&mut self.greeting);
    }

    /// Answers [`Step::Check`].
    pub(crate) fn authenticated(&mut self, ok: bool) {
        if let Stage::Held { account } = std::mem::replace(&mut self.stage, Stage::Commands) {
            if ok && account.is_some() {
                self.account = account;
                self.say("235 2.7.0 Autenticazione riuscita");
            } else {
                self.attempts += 1;
                self.say("535 5.7.8 Credenziali non valide");
            }
        }
    }

    /// Answers [`Step::Message`].
    pub(crate) fn answer(&mut self, reply: &str) {
        if self.is_held() {
            self.stage = Stage::Commands;
            self.say(reply);
        }
    }

    /// Says a last word to a client that was silent for too long.
    pub(crate) fn expire(&mut self) {
        self.say("421 4.4.2 Tempo scaduto, connessione chiusa");
    }

    /// Reads on in what came in, up to the next step.
    pub(crate) fn step(&mut self, house: &dyn House) -> Step {
        // Who sends commands and reads no reply fills our memory with them.
        if self.unread > UNREAD_LIMIT {
            return Step::Close;
        }
        loop {
            if self.attempts >= ATTEMPTS_LIMIT {
                self.say("421 4.7.0 Troppi tentativi, connessione chiusa");
                return Step::Close;
            }
            let step = match &mut self.stage {
                Stage::Held { .. } if self.inflow.len() > AHEAD_LIMIT => {
                    self.say("421 4.7.0 Troppi dati in anticipo, connessione chiusa");
                    return Step::Close;
                }
                Stage::Held { .. } | Stage::Handshake => return Step::Wait,
                Stage::Data(data) => {
                    let Some(piece) = self.inflow.piece() else { return Step::Wait };
                    let Some(used) = data.push(&piece) else { continue };
                    self.inflow.unread(piece.slice(used..));
                    self.brought(house)
                }
                Stage::Commands => match self.inflow.line(COMMAND_LIMIT) {
                    Line::Whole(line) => self.command(&line, house),
                    other => return self.no_line(&other),
                },
                Stage::Plain | Stage::Account | Stage::Secret(_) => match self.inflow.line(EXCHANGE_LIMIT) {
                    Line::Whole(line) => self.exchange(&line),
                    other => return self.no_line(&other),
                },
            };
            if let Some(step) = step {
                return step;
            }
        }
    }

    fn no_line(&mut self, line: &Line) -> Step {
        match line {
            Line::TooLong => self.say("500 5.5.2 Riga troppo lunga"),
            Line::Bare => self.say("500 5.5.2 Riga non terminata da CRLF"),
            Line::Part | Line::Whole(_) => return Step::Wait,
        }
        Step::Close
    }

    fn command(&mut self, line: &[u8], house: &dyn House) -> Option<Step> {
        let command = match Command::read(line) {
            Ok(command) => command,
            Err(refusal) => return self.refuse(refusal),
        };
        match command {
            Command::Ehlo => self.hello(house),
            Command::Helo => {
                self.greeted = true;
                self.reset();
                self.say(&format!("250 {}", house.host()));
            }
            Command::Mail(path, size) => self.mail(path, size, house),
            Command::Rcpt(path) => self.rcpt(path, house),
            Command::Data => self.data(house),
            Command::Rset => {
                self.reset();
                self.say("250 2.0.0 Annullato");
            }
            Command::Noop => self.say("250 2.0.0 Ok"),
            Command::Vrfy => self.say("252 2.5.0 Verifica non offerta"),
            Command::Quit => {
                self.say("221 2.0.0 Arrivederci");
                return Some(Step::Close);
            }
            Command::StartTls => return self.start_tls(),
            Command::Auth(mechanism, initial) => return self.auth(&mechanism, initial),
        }
        None
    }

    fn hello(&mut self, house: &dyn House) {
        self.greeted = true;
        self.reset();
        let size = format!("SIZE {}", house.size_limit(self.role));
        let mut lines = vec![house.host(), "PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", &size];
        match (self.secure, self.role) {
            //= PEC-5.3-04
            (false, _) => lines.push("STARTTLS"),
            //= PEC-5.3-02
            (true, Role::Submission) => lines.push("AUTH PLAIN LOGIN"),
            (true, Role::Relay) => {}
        }
        let last = lines.len() - 1;
        let text: Vec<String> = lines
            .iter()
            .enumerate()
            .map(|(n, line)| format!("250{}{line}", if n == last { ' ' } else { '-' }))
            .collect();
        self.say(&text.join("\r\n"));
    }

    fn start_tls(&mut self) -> Option<Step> {
        if self.secure {
            return self.refuse("503 5.5.1 TLS gia attivo");
        }
        self.say("220 2.0.0 Pronto per TLS");
        // Whatever was sent ahead in the clear would else pass as said under TLS.
        self.inflow.clear();
        self.stage = Stage::Handshake;
        Some(Step::StartTls)
    }

    fn auth(&mut self, mechanism: &str, initial: Option<String>) -> Option<Step> {
        if self.role == Role::Relay {
            return self.refuse("502 5.5.1 Comando non disponibile");
        }
        if !self.secure {
            //= PEC-5.3-02
            return self.refuse("530 5.7.0 Occorre prima STARTTLS");
        }
        if !self.greeted || self.account.is_some() || self.reverse.is_some() {
            return self.refuse("503 5.5.1 AUTH non ammesso ora");
        }
        match (mechanism, initial) {
            ("PLAIN", Some(response)) => self.plain(response.as_bytes()),
            ("PLAIN", None) => self.ask(Stage::Plain, "334 "),
            ("LOGIN", None) => self.ask(Stage::Account, "334 VXNlcm5hbWU6"),
            ("LOGIN", Some(account)) => {
                self.stage = Stage::Account;
                self.exchange(account.as_bytes())
            }
            _ => self.refuse("504 5.5.4 Meccanismo non disponibile"),
        }
    }

    /// A line of an authentication exchange.
    fn exchange(&mut self, line: &[u8]) -> Option<Step> {
        let stage = std::mem::replace(&mut self.stage, Stage::Commands);
        if line == b"*" {
            return self.refuse("501 5.7.0 Autenticazione annullata");
        }
        match stage {
            Stage::Account => match decode(line) {
                Some(account) => self.ask(Stage::Secret(account), "334 UGFzc3dvcmQ6"),
                None => self.undecodable(),
            },
            Stage::Secret(account) => match decode(line) {
                Some(secret) => self.check(account, secret),
                None => self.undecodable(),
            },
            _ => self.plain(line),
        }
    }

    /// The response of PLAIN (RFC 4616): whom to act for, who, and the password.
    fn plain(&mut self, line: &[u8]) -> Option<Step> {
        let Some(response) = decode(line) else { return self.undecodable() };
        let mut parts = response.splitn(3, '\0');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(act_for), Some(account), Some(secret))
                if !secret.contains('\0') && (act_for.is_empty() || act_for.eq_ignore_ascii_case(account)) =>
            {
                self.check(account.to_owned(), secret.to_owned())
            }
            (Some(_), Some(_), Some(_)) => {
                self.attempts += 1;
                self.refuse("535 5.7.8 Credenziali non valide")
            }
            _ => self.undecodable(),
        }
    }

    fn ask(&mut self, stage: Stage, challenge: &str) -> Option<Step> {
        self.stage = stage;
        self.say(challenge);
        None
    }

    fn check(&mut self, account: String, secret: String) -> Option<Step> {
        self.stage = Stage::Held { account: Some(account.clone()) };
        Some(Step::Check { account, secret })
    }

    fn undecodable(&mut self) -> Option<Step> {
        self.attempts += 1;
        self.refuse("501 5.5.2 Risposta non decodificabile")
    }

    fn mail(&mut self, path: String, size: Option<usize>, house: &dyn House) {
        let refusal = match self.role {
            _ if !self.greeted => Some("503 5.5.1 Occorre prima EHLO"),
            Role::Submission if !self.secure => Some("530 5.7.0 Occorre prima STARTTLS"),
            _ if self.reverse.is_some() => Some("503 5.5.1 MAIL gia dato"),
            Role::Submission => self.stranger(&path, house),
            Role::Relay => None,
        };
        let refusal = refusal
            .or_else(|| size.is_some_and(|size| size > house.size_limit(self.role)).then_some(TOO_LARGE))
            .or_else(|| (!house.is_ready()).then_some("451 4.3.0 Servizio non ancora pronto, riprovare"));
        match refusal {
            Some(refusal) => self.say(refusal),
            None => {
                self.reverse = Some(path);
                self.say("250 2.1.0 Mittente accettato");
            }
        }
    }

    /// Why this reverse path is not one of the user's.
    fn stranger(&self, path: &str, house: &dyn House) -> Option<Refusal> {
        match &self.account {
            //= PEC-2.2.1-01
            //= PEC-5.2-01
            None => Some("530 5.7.0 Occorre autenticarsi"),
            //= PEC-5.2-03
            Some(account) if !house.belongs(path, account) => {
                Some("550 5.7.1 Il mittente non appartiene all'utente autenticato")
            }
            Some(_) => None,
        }
    }

    fn rcpt(&mut self, path: String, house: &dyn House) {
        if self.reverse.is_none() {
            self.say("503 5.5.1 Occorre prima MAIL");
        } else if self.role == Role::Relay && !house.manages(&path) {
            self.say("550 5.7.1 Dominio non gestito");
        } else if self.recipients.contains(&path) {
            self.say(RECIPIENT);
        } else if self.recipients.len() >= house.recipients_limit(self.role) {
            self.say("452 4.5.3 Troppi destinatari");
        } else {
            // An unknown mailbox is no matter of SMTP: the law has a notice for it, which is signed.
            self.recipients.push(path);
            self.say(RECIPIENT);
        }
    }

    fn data(&mut self, house: &dyn House) {
        if self.reverse.is_none() {
            self.say("503 5.5.1 Occorre prima MAIL");
        } else if self.recipients.is_empty() {
            self.say("503 5.5.1 Occorre prima RCPT");
        } else {
            self.stage = Stage::Data(Data::new(house.size_limit(self.role)));
            self.say("354 Inviare il messaggio, terminato da un punto");
        }
    }

    /// The final dot has come.
    fn brought(&mut self, house: &dyn House) -> Option<Step> {
        let Stage::Data(data) = std::mem::replace(&mut self.stage, Stage::Commands) else { return None };
        let (reverse, recipients) = (self.reverse.take().unwrap_or_default(), std::mem::take(&mut self.recipients));
        match data.finish() {
            //= PEC-3.1.2-02
            Brought::TooLarge => self.refuse(TOO_LARGE),
            Brought::LargeHeader => self.refuse("552 5.3.4 Intestazione troppo grande"),
            Brought::Bare => self.refuse("554 5.6.0 Ritorno a capo non conforme: ogni riga termina con CRLF"),
            Brought::Message(_) if !house.is_ready() => self.refuse("451 4.3.0 Servizio non pronto, riprovare"),
            Brought::Message(bytes) => {
                self.stage = Stage::Held { account: None };
                Some(Step::Message(Arrival { reverse, recipients, bytes }))
            }
        }
    }

    fn reset(&mut self) {
        self.reverse = None;
        self.recipients.clear();
    }

    fn refuse(&mut self, refusal: Refusal) -> Option<Step> {
        self.say(refusal);
        None
    }

    fn say(&mut self, reply: &str) {
        self.said.extend_from_slice(reply.as_bytes());
        self.said.extend_from_slice(b"\r\n");
    }
}

const TOO_LARGE: Refusal = "552 5.3.4 Messaggio troppo grande";
const RECIPIENT: &str = "250 2.1.5 Destinatario accettato";

fn decode(line: &[u8]) -> Option<String> {
    if line == b"=" {
        return Some(String::new());
    }
    String::from_utf8(STANDARD.decode(line).ok()?).ok()
}

#[cfg(test)]
#[path = "server_tests.rs"]
mod tests;
