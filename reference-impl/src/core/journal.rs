//! What is on disk: the records of the log, and what of them concerns others.

use std::{cell::OnceCell, collections::BTreeSet, sync::Arc};

use collaudo_node::{BodyId, Bytes, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use super::{book::Day, mailbox::Flag, message::Certified, seen::Sight};
use crate::Config;

/// The version of the records' form; one more for every change of it.
const VERSION: u8 = 2;

/// One record of the log. An act is one commit of several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Record {
    /// The first: who we are.
    Founded(Box<Config>),
    /// All numbers below this one were given away.
    Counted { next: u64 },
    /// A provider index was fetched and found good.
    Indexed {
        #[serde(with = "hex")]
        body: BodyId,
    },
    /// A message was put into a mailbox.
    Stored {
        mailbox: String,
        #[serde(with = "hex")]
        body: BodyId,
        octets: u64,
        #[serde(with = "micros")]
        at: Timestamp,
    },
    /// Messages of a mailbox were marked.
    Flagged { mailbox: String, uids: Vec<u32>, add: BTreeSet<Flag>, remove: BTreeSet<Flag> },
    /// Messages were taken out of a mailbox by who reads it.
    Removed { mailbox: String, uids: Vec<u32> },
    /// A content was taken for a recipient; taken again it would be a replica.
    Seen(Sight),
    /// A submission was accepted.
    Opened(Transaction),
    /// Another provider took charge of a recipient.
    Taken { pec_msgid: String, recipient: String },
    /// The 12 hours' notice was given for a recipient.
    Warned { pec_msgid: String, recipient: String },
    /// A recipient's outcome stands.
    Closed { pec_msgid: String, recipient: String },
    /// A message waits for other hosts, or for our own reception point.
    Queued(Outgoing),
    /// Recipients of a waiting message that it waits for no more.
    Settled { number: u64, recipients: Vec<String> },
    /// A list of revoked certificates was fetched and found good.
    Revoked {
        #[serde(with = "hex")]
        body: BodyId,
    },
    /// A message was put aside, for what the scanner found in it.
    Retained {
        #[serde(with = "hex")]
        body: BodyId,
        #[serde(with = "micros")]
        at: Timestamp,
    },
    /// A line of the log of §2.3, and where it stands in the chain.
    Logged {
        line: Written<LogLine>,
        #[serde(with = "hex")]
        chain: BodyId,
    },
    /// A line of the log that is about no message, and where it stands in the chain.
    Noted {
        note: Written<Note>,
        #[serde(with = "hex")]
        chain: BodyId,
    },
    /// So many open lines of a day were sealed, and the day was closed with them or not yet.
    Sealed {
        day: Day,
        #[serde(with = "hex")]
        seal: BodyId,
        lines: usize,
        closes: bool,
    },
}

/// An accepted submission whose recipients are followed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Transaction {
    pub(crate) certified: Certified,
    /// T0 of the 12 and 24 hours.
    #[serde(with = "micros")]
    pub(crate) accepted: Timestamp,
    /// The certified recipients without an outcome.
    pub(crate) open: Vec<Track>,
}

/// A certified recipient that is followed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Track {
    pub(crate) recipient: String,
    #[serde(default)]
    pub(crate) taken: bool,
    #[serde(default)]
    pub(crate) warned: bool,
}

/// A message that waits to be sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Outgoing {
    pub(crate) number: u64,
    #[serde(with = "hex")]
    pub(crate) body: BodyId,
    /// The reverse path.
    pub(crate) reverse: String,
    /// The forward paths, all in `domain`.
    pub(crate) recipients: Vec<String>,
    /// In lower case.
    pub(crate) domain: String,
    /// Whether it may go only to another provider, under TLS.
    pub(crate) secure: bool,
    #[serde(with = "micros")]
    pub(crate) expires: Timestamp,
    pub(crate) carries: Carries,
}

/// What a waiting message is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Carries {
    /// The transport envelope of a transaction of ours.
    Envelope { pec_msgid: String },
    /// A receipt or notice for another provider's user, or for the provider.
    Receipt { id: String, about: Arc<About> },
    /// Ordinary mail, which is sent on as it came.
    Ordinary { about: Arc<About> },
}

/// What the log tells of the original message in each of its lines.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct About {
    pub(crate) pec_msgid: Option<String>,
    pub(crate) msgid: Option<String>,
    pub(crate) sender: String,
    pub(crate) recipients: Vec<String>,
    pub(crate) subject: Option<String>,
    pub(crate) sending_provider: String,
}

/// A line of the log of §2.3.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct LogLine {
    pub(crate) event: String,
    pub(crate) about: Arc<About>,
    pub(crate) related: Vec<String>,
    #[serde(with = "micros")]
    pub(crate) at: Timestamp,
}

/// A line of the log that is about no message: about the index, or the list of revoked certificates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Note {
    pub(crate) event: String,
    pub(crate) detail: String,
    #[serde(with = "micros")]
    pub(crate) at: Timestamp,
}

/// What is written once and goes to three places as it was written: into the chain, onto the disk and into the day's
/// chapter.
#[derive(Debug)]
pub(crate) struct Written<T> {
    said: T,
    text: OnceCell<Box<RawValue>>,
}

impl<T: Serialize> Written<T> {
    fn text(&self) -> &str {
        // Strings, numbers and maps of them always have a JSON form.
        self.text.get_or_init(|| to_raw_value(&self.said).unwrap_or_default()).get()
    }
}

impl<T> From<T> for Written<T> {
    fn from(said: T) -> Self {
        Self { said, text: OnceCell::new() }
    }
}

impl<T: Clone> Clone for Written<T> {
    fn clone(&self) -> Self {
        self.said.clone().into()
    }
}

impl<T: PartialEq> PartialEq for Written<T> {
    fn eq(&self, other: &Self) -> bool {
        self.said == other.said
    }
}

impl<T: Serialize> Serialize for Written<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.text();
        self.text.get().serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Written<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::from)
    }
}

impl About {
    /// *Takes* what is certified, and the name of the provider that certified it.
    pub(crate) fn new(certified: &Certified, sending_provider: &str) -> Arc<Self> {
        Arc::new(Self {
            pec_msgid: Some(certified.pec_msgid.clone()),
            msgid: certified.msgid.clone(),
            sender: certified.sender.clone(),
            recipients: certified.recipients.iter().map(|recipient| recipient.address.clone()).collect(),
            subject: certified.subject.as_ref().map(|subject| subject.text.clone()),
            sending_provider: sending_provider.to_owned(),
        })
    }

    /// The same for a part of the recipients.
    pub(crate) fn for_recipients(&self, recipients: &[String]) -> Arc<Self> {
        let Self { pec_msgid, msgid, sender, recipients: _, subject, sending_provider } = self;
        Arc::new(Self {
            pec_msgid: pec_msgid.clone(),
            msgid: msgid.clone(),
            sender: sender.clone(),
            recipients: recipients.to_vec(),
            subject: subject.clone(),
            sending_provider: sending_provider.clone(),
        })
    }

    /// The same for what befell a mailbox: for it alone where it is a recipient's, else as it is, for the log names
    /// recipients of the original and nobody else.
    pub(crate) fn for_mailbox(self: &Arc<Self>, mailbox: &str) -> Arc<Self> {
        //= PEC-2.3-05
        match self.recipients.iter().find(|recipient| recipient.eq_ignore_ascii_case(mailbox)) {
            Some(recipient) => self.for_recipients(std::slice::from_ref(recipient)),
            None => self.clone(),
        }
    }
}

impl Record {
    /// A line of the log, which is chained when it goes to the disk.
    pub(crate) fn logged(line: LogLine) -> Self {
        Self::Logged { line: line.into(), chain: UNCHAINED }
    }

    /// A line of the log about no message, which is chained when it goes to the disk.
    pub(crate) fn noted(note: Note) -> Self {
        Self::Noted { note: note.into(), chain: UNCHAINED }
    }

    /// What a line of the log says, as it is chained and sealed; nothing for other records.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Logged { line, .. } => Some(line.text()),
            Self::Noted { note, .. } => Some(note.text()),
            _ => None,
        }
    }

    /// Where a line of the log stands in the chain.
    pub(crate) fn chain(&self) -> Option<BodyId> {
        match self {
            Self::Logged { chain, .. } | Self::Noted { chain, .. } => Some(*chain),
            _ => None,
        }
    }

    /// When a line of the log was written.
    pub(crate) fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Logged { line, .. } => Some(line.said.at),
            Self::Noted { note, .. } => Some(note.said.at),
            _ => None,
        }
    }

    /// Chains a line of the log to the one that ended the chain `before`; gives the chain's new end.
    pub(crate) fn link(&mut self, before: BodyId) -> BodyId {
        let Some(text) = self.text() else { return before };
        let end = link(before, text);
        if let Self::Logged { chain, .. } | Self::Noted { chain, .. } = self {
            *chain = end;
        }
        end
    }

    /// The record's octets.
    pub(crate) fn encode(&self) -> Bytes {
        self.encode_by(&mut Vec::new())
    }

    /// The same, in octets that were used before and can be used again.
    pub(crate) fn encode_by(&self, scratch: &mut Vec<u8>) -> Bytes {
        scratch.clear();
        // Strings, numbers and maps of them always have a JSON form.
        match serde_json::to_writer(&mut *scratch, &Line { v: VERSION, record: self }) {
            Ok(()) => Bytes::copy_from_slice(scratch),
            Err(_) => Bytes::new(),
        }
    }

    /// Reads a record of this version.
    pub(crate) fn decode(octets: &[u8]) -> Option<Self> {
        read(octets)
    }
}

/// The end of a chain that has no line, and the mark of a line that is in no chain yet.
pub(crate) const UNCHAINED: BodyId = BodyId([0; 32]);

/// The end of the chain behind a line.
//= PEC-2.3-10
pub(crate) fn link(before: BodyId, text: &str) -> BodyId {
    BodyId::of(&[&before.0, text.as_bytes()].concat())
}

#[derive(Serialize, Deserialize)]
struct Line<R> {
    v: u8,
    record: R,
}

fn read<'a, R: Deserialize<'a>>(octets: &'a [u8]) -> Option<R> {
    // All of it is UTF-8 or none: each of its strings need not be looked through once more.
    let line: Line<R> = serde_json::from_str(std::str::from_utf8(octets).ok()?).ok()?;
    (line.v == VERSION).then_some(line.record)
}

/// The founding record: the first of a provider's log.
pub fn found(config: &Config) -> Bytes {
    Record::Founded(Box::new(config.clone())).encode()
}

/// The configuration that a founding record holds; `None` for any other record.
pub fn founding(record: &[u8]) -> Option<Config> {
    match Record::decode(record)? {
        Record::Founded(config) => Some(*config),
        _ => None,
    }
}

/// What a committed record says to others: what lies in a mailbox, what the 30 months' log holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Declared {
    /// A message lies in a mailbox.
    Stored {
        /// The mailbox's address.
        mailbox: String,
        /// The message.
        body: BodyId,
    },
    /// A message was put aside, because of what the scanner found in it.
    Retained {
        /// The message.
        body: BodyId,
    },
    /// A day of the log was closed.
    Sealed {
        /// The day in Rome, such as `2026-03-02`.
        day: String,
        /// DER SignedData with the day's lines inside.
        seal: BodyId,
    },
    /// A line of the log (§2.3).
    Logged {
        /// What happened, in the words of the wire where they have one.
        event: String,
        /// The PEC identifier of the envelope, without angle brackets.
        pec_msgid: Option<String>,
        /// The identifier that the user's client had set.
        msgid: Option<String>,
        /// The sender of the original.
        sender: String,
        /// The recipients of the original whom the event concerns.
        recipients: Vec<String>,
        /// The original's subject.
        subject: Option<String>,
        /// Identifiers of the messages made by the event.
        related: Vec<String>,
        /// The provider of the sender.
        sending_provider: String,
        /// When it happened.
        at: Timestamp,
    },
}

/// What of a record concerns others: the same form as [`Record`], and nothing read of what does not.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Public {
    Stored {
        mailbox: String,
        #[serde(with = "hex")]
        body: BodyId,
    },
    Retained {
        #[serde(with = "hex")]
        body: BodyId,
    },
    Sealed {
        day: Day,
        #[serde(with = "hex")]
        seal: BodyId,
    },
    Logged {
        line: LogLine,
    },
}

/// What a committed record declares; nothing where it is no concern of others.
pub fn declare(record: &[u8]) -> Option<Declared> {
    Some(match declares(record).then(|| read(record))?? {
        Public::Stored { mailbox, body } => Declared::Stored { mailbox, body },
        Public::Retained { body } => Declared::Retained { body },
        Public::Sealed { day, seal } => Declared::Sealed { day: day.to_string(), seal },
        //= PEC-2.3-02
        //= PEC-2.3-03
        //= PEC-2.3-04
        //= PEC-2.3-05
        //= PEC-2.3-06
        //= PEC-2.3-07
        //= PEC-2.3-08
        //= PEC-2.3-09
        Public::Logged { line: LogLine { event, about, related, at } } => {
            let About { pec_msgid, msgid, sender, recipients, subject, sending_provider } = Arc::unwrap_or_clone(about);
            Declared::Logged { event, pec_msgid, msgid, sender, recipients, subject, related, sending_provider, at }
        }
    })
}

/// Whether a record is of a kind that declares something, by its first octets: most are not, and need not be read.
fn declares(record: &[u8]) -> bool {
    let kind = record.strip_prefix(HEAD).and_then(|rest| rest.split(|octet| *octet == b'"').next());
    // What begins in another way is none of ours, or was written by hand.
    kind.is_none_or(|kind| matches!(kind, b"stored" | b"retained" | b"sealed" | b"logged"))
}

/// How a record of this version begins, up to the name of its kind.
const HEAD: &[u8] = b"{\"v\":2,\"record\":{\"";

pub(super) mod hex {
    use std::fmt;

    use collaudo_node::BodyId;
    use serde::{
        Deserializer, Serializer,
        de::{Error, Visitor},
    };

    struct Digits;

    pub(crate) fn serialize<S: Serializer>(id: &BodyId, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(id)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BodyId, D::Error> {
        deserializer.deserialize_str(Digits)
    }

    impl Visitor<'_> for Digits {
        type Value = BodyId;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("64 hexadecimal digits")
        }

        fn visit_str<E: Error>(self, digits: &str) -> Result<BodyId, E> {
            BodyId::from_hex(digits).ok_or_else(|| E::custom("no body id"))
        }
    }
}

pub(super) mod hex_if_any {
    use collaudo_node::BodyId;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(id: &Option<BodyId>, serializer: S) -> Result<S::Ok, S::Error> {
        id.map(|id| id.to_string()).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<BodyId>, D::Error> {
        Ok(Option::<String>::deserialize(deserializer)?.and_then(|hex| BodyId::from_hex(&hex)))
    }
}

pub(super) mod micros {
    use collaudo_node::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(at.unix_micros())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        i64::deserialize(deserializer).map(Timestamp::from_unix_micros)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_read_back_as_they_were_written_and_another_version_does_not() {
        let record = Record::Stored {
            mailbox: "anna@alfa.test".into(),
            body: BodyId::of(b"x"),
            octets: 1,
            at: Timestamp::default(),
        };
        let octets = record.encode();
        assert_eq!(Record::decode(&octets), Some(record));
        let other = String::from_utf8_lossy(&octets).replace("{\"v\":2", "{\"v\":1");
        assert_eq!(Record::decode(other.as_bytes()), None);
    }

    #[test]
    fn only_mailboxes_and_the_log_are_declared() {
        assert_eq!(declare(&Record::Counted { next: 4 }.encode()), None);
        let stored = Record::Stored {
            mailbox: "anna@alfa.test".into(),
            body: BodyId::of(b"x"),
            octets: 1,
            at: Timestamp::default(),
        };
        let declared = Declared::Stored { mailbox: "anna@alfa.test".into(), body: BodyId::of(b"x") };
        let octets = stored.encode();
        assert!(octets.starts_with(HEAD), "the version of the form stands in its head");
        assert_eq!(declare(&octets).as_ref(), Some(&declared));
        let by_hand = String::from_utf8_lossy(&octets).replace("{\"v\":2,", "{ \"v\": 2, ");
        assert_eq!(declare(by_hand.as_bytes()), Some(declared));
    }
}
