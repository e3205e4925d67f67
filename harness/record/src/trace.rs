use std::{collections::BTreeMap, fmt, sync::Arc};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Expectation, Instant, Span};

/// What was seen of one run: a declared header, events in the order in which they happened, bodies by their hash.
///
/// An event's place in [`Trace::events`] is its name; verdicts cite it. On disk the header is line 1 and event `n` is
/// line `n + 2`.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// What the world was set up to be.
    pub header: Header,
    /// In the order in which they happened; instants never go back.
    pub events: Vec<Event>,
    /// Raw octets by SHA-256: messages as they crossed (CRLF, dot-unstuffed), certificates and the signed index (DER).
    pub bodies: BTreeMap<BodyHash, Arc<[u8]>>,
}

/// The SHA-256 of a body, 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BodyHash(pub String);

impl BodyHash {
    /// The hash of these octets.
    pub fn of(bytes: &[u8]) -> Self {
        Self(hex(&Sha256::digest(bytes)))
    }
}

impl fmt::Display for BodyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the world was set up to be; all of it declared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// [`crate::FORMAT`].
    pub format: u32,
    /// Which scenario this is a run of.
    pub scenario: ScenarioBrief,
    /// The driver: `sim`, `explore`, `live`, `lab` or `file`.
    pub world: String,
    /// Whether providers are closed to the world: no log, store or disk of theirs is declared, so that silence says nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub opaque: bool,
    /// Whether the log of the provider under examination was read all the same, line by line: what it is silent about it
    /// does not have.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub log_declared: bool,
    /// The one seed of the run.
    pub seed: u64,
    /// The instant at which the run began.
    pub epoch: Instant,
    /// Everyone in the index, in its order.
    pub providers: Vec<Provider>,
    /// The provider index as published: DER SignedData over an LDIF text.
    pub index: BodyHash,
    /// Certificates (DER) in which a path of a signing certificate may end.
    pub trust: Vec<BodyHash>,
    /// The certificate (DER) that signs the index.
    pub index_signer: BodyHash,
}

/// What a scenario says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScenarioBrief {
    /// The path under `scenarios/` without its extension, such as `flows/cross-provider`.
    pub id: String,
    /// One line.
    pub title: String,
    /// Why it is there.
    pub why: String,
    /// Clause ids that it is there to exercise, already spelled out (no star).
    pub covers: Vec<String>,
    /// What is peculiar to it.
    pub expect: Vec<Expectation>,
}

/// One provider, as declared by the topology.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provider {
    /// Its short name, which is its host's name too, such as `alfa`.
    pub name: String,
    /// `providerName` of the index, such as `Alfa PEC S.p.A.`.
    pub display_name: String,
    /// Who plays it.
    pub player: Player,
    /// Certified domains, lower case.
    pub domains: Vec<String>,
    /// The address that it signs with, such as `posta-certificata@alfa.test`.
    pub certified_address: String,
    /// `mailReceipt` of the index, such as `servizio@alfa.test`.
    pub service_mailbox: String,
    /// The most that size in octets times recipients may come to.
    pub max_octets: u64,
    /// The most recipients that a message may have.
    pub max_recipients: u32,
    /// Its mailboxes, the service mailbox left out.
    pub users: Vec<User>,
}

/// Who plays a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Player {
    /// The provider under examination; verdicts bind it.
    Subject,
    /// A scripted provider that may misbehave; verdicts do not bind it.
    Peer,
}

/// One mailbox.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// Its address, such as `anna@alfa.test`.
    pub address: String,
    /// The most octets that it holds; none where it has no limit.
    pub quota_octets: Option<u64>,
    /// What becomes of mail for it that is not certified.
    pub ordinary: Ordinary,
}

/// What a provider does with mail that is not certified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "policy", rename_all = "lowercase")]
pub enum Ordinary {
    /// Refuses it.
    Refuse,
    /// Delivers it in an anomaly envelope.
    Anomaly,
    /// Sends it on to another address, and stores nothing.
    Forward {
        /// That address.
        to: String,
    },
}

/// Something that happened at an instant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: Instant,
    /// Who says so.
    pub basis: Basis,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// Who says that an event happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// The world saw it on the wire, or did it.
    Observed,
    /// The provider's own log or store says so.
    Declared,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum What {
    /// A connection was accepted.
    Opened(Session),
    /// A TLS handshake was completed on it.
    Secured(Session),
    /// A mail transaction ended, one way or another; the instant is that of its last reply.
    Transfer(Transfer),
    /// A connection is gone.
    Closed {
        /// Which.
        #[serde(flatten)]
        session: Session,
        /// What it carried.
        wire: Wire,
    },
    /// A message was put in a mailbox.
    Stored {
        /// The provider's name.
        provider: String,
        /// The mailbox's address.
        mailbox: String,
        /// The message as stored.
        body: BodyHash,
    },
    /// A message was put aside where no user reaches it, because of what the scanner found in it.
    Retained {
        /// The provider's name.
        provider: String,
        /// The message as retained.
        body: BodyHash,
    },
    /// A provider closed a day of its log.
    Sealed {
        /// The provider's name.
        provider: String,
        /// The day in Rome, such as `2026-03-02`.
        day: String,
        /// DER SignedData with the day's log lines inside, as the provider keeps it.
        seal: BodyHash,
    },
    /// A person logged into a mailbox, or was not let in.
    Entered {
        /// The visit of the plan.
        visit: String,
        /// The provider's name.
        provider: String,
        /// The account, the mailbox's address.
        mailbox: String,
        /// `imap` or `pop3`.
        over: String,
        /// Whether the right password opened it.
        admitted: bool,
    },
    /// A person fetched a message from a mailbox, all of it.
    Fetched {
        /// The visit of the plan.
        visit: String,
        /// The provider's name.
        provider: String,
        /// The mailbox's address.
        mailbox: String,
        /// `imap` or `pop3`.
        over: String,
        /// Whether it went under TLS.
        secured: bool,
        /// The message as it came.
        body: BodyHash,
    },
    /// A public document changed: from now on whoever asks gets this one.
    Published {
        /// Its name: `indice.ldif.p7m`, `autorita.crl`.
        document: String,
        /// DER; none where it cannot be had.
        body: Option<BodyHash>,
    },
    /// A host asked for a public document.
    Consulted {
        /// The host's name.
        host: String,
        /// The document's name.
        document: String,
        /// `https` or `ldap`.
        over: String,
        /// What it got; none where it got nothing.
        body: Option<BodyHash>,
    },
    /// Somebody asked the publisher of the provider index for a file of it, over HTTPS.
    Requested(Request),
    /// A provider said of itself what the header has no word of.
    Terms(Terms),
    /// A server told a client, before any TLS, what it can do: its reply to `EHLO`.
    Announced {
        /// On which connection.
        #[serde(flatten)]
        session: Session,
        /// Its extensions in order, as it spells them.
        extensions: Vec<String>,
    },
    /// A host asked where the mail of a domain goes, and got an answer that it had not got before.
    Resolved {
        /// The host that asked.
        host: String,
        /// The domain, lower case.
        domain: String,
        /// The domain's mail exchangers, the first choice first.
        exchangers: Vec<String>,
    },
    /// A line of the provider's log.
    Logged {
        /// The provider's name.
        provider: String,
        /// The line.
        entry: LogEntry,
    },
    /// A step of the plan could not be carried out: the provider was not there to take it.
    StepFailed {
        /// The step's id.
        step: String,
        /// Why.
        why: String,
    },
    /// A host began or ceased to run.
    Host {
        /// Its name.
        host: String,
        /// Whether it runs now.
        up: bool,
    },
    /// A fault of the plan.
    Fault {
        /// Its place in the plan, from 0.
        fault: u32,
        /// Its kind, such as `partition`, as the plan names it.
        kind: String,
        /// The hosts concerned.
        hosts: Vec<String>,
        /// Begun or over.
        phase: FaultPhase,
    },
}

/// Whether a fault begins or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FaultPhase {
    /// It begins.
    Injected,
    /// It is over.
    Healed,
}

/// A TCP connection, as its accepting end sees it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Session {
    /// Numbered in the order of acceptance, from 0.
    pub session: u32,
    /// The connecting host; `users` for people.
    pub client: String,
    /// The accepting host.
    pub server: String,
    /// The accepting port.
    pub port: u16,
}

/// What a whole connection carried on the wire, ciphertext and all: equal runs have equal wires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wire {
    /// Octets from client to server.
    pub octets_up: u64,
    /// Octets from server to client.
    pub octets_down: u64,
    /// SHA-256 over both directions, 64 hexadecimal digits.
    pub sha256: String,
}

/// One mail transaction: from `MAIL FROM` to the last reply, or to where it was broken off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transfer {
    /// On which connection.
    #[serde(flatten)]
    pub session: Session,
    /// The step of the plan that it carries out, where a person's client made the connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// When `MAIL FROM` came.
    pub began: Instant,
    /// Whether it went under TLS.
    pub secured: bool,
    /// The account that logged in on the connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The reverse path, without angle brackets; empty for `<>`.
    pub reverse_path: String,
    /// The reply to `MAIL FROM`.
    pub reverse_reply: Option<Reply>,
    /// The forward paths in order, each with its reply.
    pub forward_paths: Vec<Forward>,
    /// The message: dot-unstuffed, with CRLF, without the final dot line. None where the dot never came.
    pub body: Option<BodyHash>,
    /// When the final dot came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_at: Option<Instant>,
    /// The last reply: to the final dot, or to `DATA` where that was refused. None where the connection went first, or
    /// where the client gave up after its paths were refused.
    pub reply: Option<Reply>,
}

/// A forward path and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forward {
    /// Without angle brackets.
    pub path: String,
    /// The reply to `RCPT TO`.
    pub reply: Option<Reply>,
}

/// A session of HTTPS with the publisher of the provider index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The host that asked.
    pub host: String,
    /// The host that it asked, by the name that it looked for.
    pub server_name: String,
    /// The file's name.
    pub document: String,
    /// The certificate (DER) in which the client has the server's path end.
    pub anchor: BodyHash,
    /// The server's certificate (DER); none where the server showed none.
    pub server: Option<BodyHash>,
    /// The client's certificate (DER); none where the client showed none.
    pub client: Option<BodyHash>,
    /// The status of the reply; none where there was no reply, for the session was refused.
    pub status: Option<u16>,
    /// `Content-Type` of the reply.
    pub content_type: Option<String>,
}

/// What a provider says of itself, beyond its limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Its name.
    pub provider: String,
    /// The machines that it controls itself, by the names that DNS has.
    pub machines: Vec<String>,
    /// The longest that an acceptance receipt may take, as it has agreed with its users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acceptance: Option<Span>,
    /// Whether its messages are those of a qualified service (REM, ETSI EN 319 532) and not of PEC.
    #[serde(default)]
    pub qualified: bool,
}

/// An SMTP reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// Three digits.
    pub code: u16,
    /// The text of its last line.
    pub text: String,
}

/// A line of the log that the law asks for (RFC 6109 §2.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    /// Event type, in the provider's own words.
    pub event: String,
    /// The provider's identifier of the message, without angle brackets.
    pub pec_msgid: Option<String>,
    /// The client's identifier, as it stood in the message.
    pub msgid: Option<String>,
    /// Sender of the original.
    pub sender: String,
    /// Recipients of the original, or those concerned.
    pub recipients: Vec<String>,
    /// Subject of the original.
    pub subject: String,
    /// Identifiers of the messages generated because of it, without angle brackets.
    pub related: Vec<String>,
    /// The provider that sent it.
    pub sending_provider: String,
    /// The instant that the provider gives to the event.
    pub at: Instant,
}

/// Why a stored trace cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// No header.
    #[error("line 1: no header found; expected a JSON object with \"format\"")]
    NoHeader,
    /// A line that is not what it should be.
    #[error("line {line}: {why}")]
    Line {
        /// From 1.
        line: usize,
        /// What the JSON reader says.
        why: serde_json::Error,
    },
    /// A format of another time.
    #[error("line 1: format {found}; this program reads format {}", crate::FORMAT)]
    Format {
        /// What the header says.
        found: u32,
    },
}

impl Trace {
    /// The message or document of that hash.
    pub fn body(&self, hash: &BodyHash) -> Option<&[u8]> {
        self.bodies.get(hash).map(AsRef::as_ref)
    }

    /// Keeps octets and gives their hash.
    pub fn keep(&mut self, bytes: impl Into<Arc<[u8]>>) -> BodyHash {
        let bytes = bytes.into();
        let hash = BodyHash::of(&bytes);
        self.bodies.entry(hash.clone()).or_insert(bytes);
        hash
    }

    /// One JSON object a line: the header, then every event. Bodies stand apart.
    pub fn to_jsonl(&self) -> String {
        let mut text = json(&self.header);
        for event in &self.events {
            text.push('\n');
            text.push_str(&json(event));
        }
        text.push('\n');
        text
    }

    /// Reads what [`Trace::to_jsonl`] wrote; the bodies are the caller's to add.
    ///
    /// # Errors
    /// [`TraceError`], with the line.
    pub fn from_jsonl(text: &str) -> Result<Self, TraceError> {
        let mut lines = text.lines().enumerate();
        let (_, first) = lines.next().ok_or(TraceError::NoHeader)?;
        let header: Header = serde_json::from_str(first).map_err(|why| TraceError::Line { line: 1, why })?;
        if header.format != crate::FORMAT {
            return Err(TraceError::Format { found: header.format });
        }
        let events = lines
            .map(|(n, line)| serde_json::from_str(line).map_err(|why| TraceError::Line { line: n + 1, why }))
            .collect::<Result<_, _>>()?;
        Ok(Self { header, events, bodies: BTreeMap::new() })
    }

    /// SHA-256 over [`Trace::to_jsonl`], which names every body by its own hash; 64 hexadecimal digits.
    pub fn sha256(&self) -> String {
        hex(&Sha256::digest(self.to_jsonl()))
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("no map with keys that are not strings, no failing writer")
}

fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from(if value < 10 { b'0' + value } else { b'a' + value - 10 });
    let mut hex = String::with_capacity(2 * bytes.len());
    for octet in bytes {
        hex.push(digit(octet >> 4));
        hex.push(digit(octet & 0xf));
    }
    hex
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_reads_what_it_wrote() {
        let session = Session { session: 3, client: "users".into(), server: "alfa".into(), port: 587 };
        let events = vec![
            Event { at: Instant(1), basis: Basis::Observed, what: What::Opened(session.clone()) },
            Event {
                at: Instant(2),
                basis: Basis::Observed,
                what: What::Closed { session, wire: Wire { octets_up: 1, octets_down: 2, sha256: "00".into() } },
            },
        ];
        let trace = Trace { header: header(), events, bodies: BTreeMap::new() };
        let read = Trace::from_jsonl(&trace.to_jsonl()).expect("what was written reads");
        assert_eq!(read, trace);
        assert_eq!(read.sha256(), trace.sha256());
    }

    #[test]
    fn a_broken_line_is_named() {
        let text = format!("{}\n{{\"at\":", json(&header()));
        let error = Trace::from_jsonl(&text).expect_err("half a line");
        assert!(error.to_string().starts_with("line 2: "), "{error}");
    }

    #[test]
    fn a_header_says_of_a_log_only_what_is_so() {
        let read = Header { opaque: true, log_declared: true, ..header() };
        let of =
            |header: &Header| Trace { header: header.clone(), events: Vec::new(), bodies: BTreeMap::new() }.to_jsonl();
        assert!(!of(&header()).contains("log_declared"), "{}", of(&header()));
        let trace = |header| Trace::from_jsonl(&of(header)).map(|trace| trace.header.log_declared).ok();
        assert_eq!((trace(&header()), trace(&read)), (Some(false), Some(true)));
    }

    fn header() -> Header {
        Header {
            format: crate::FORMAT,
            scenario: ScenarioBrief {
                id: "flows/x".into(),
                title: String::new(),
                why: String::new(),
                covers: Vec::new(),
                expect: Vec::new(),
            },
            world: "sim".into(),
            opaque: false,
            log_declared: false,
            seed: 7,
            epoch: Instant(0),
            providers: Vec::new(),
            index: BodyHash::of(b""),
            trust: Vec::new(),
            index_signer: BodyHash::of(b""),
        }
    }
}
