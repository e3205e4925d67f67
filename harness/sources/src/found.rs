use std::{fmt, path::Path, sync::Arc};

use crate::why::Why;

/// What a walk comes upon, in order.
#[derive(Debug)]
pub enum Found {
    /// A stored message.
    Message(Message),
    /// A stored message that is not given.
    Unread {
        /// Where it is.
        place: Place,
        /// Why it is not given.
        why: Why,
    },
    /// A file, after all that it holds; a member of an archive is a file, too.
    File(File),
}

/// A stored message.
#[derive(Debug)]
pub struct Message {
    /// Where it is.
    pub place: Place,
    /// Its octets as they are stored, without empty lines and a byte order mark before its header.
    pub octets: Vec<u8>,
    /// Whether some of its lines are quoted, perhaps: see [`crate::readings`].
    pub quoted: bool,
    /// Whether it is a file of a signature and nothing else, in which there may or may not be a message.
    pub bare: bool,
}

/// A file that was looked at.
#[derive(Debug)]
pub struct File {
    /// Where it is.
    pub place: Place,
    /// What it came to.
    pub fate: Fate,
    /// What there is to tell about it; always where it is none of mail or archive.
    pub why: Option<Why>,
    /// Whether it was asked for by name, rather than come upon.
    pub named: bool,
}

/// What a file came to: each file has one fate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It holds messages.
    Mail,
    /// It holds files.
    Archive,
    /// It holds something else.
    NotMail,
    /// It was left aside on purpose.
    Skipped,
    /// It, or the rest of it, could not be read.
    Unreadable,
}

/// Bounds on what is loaded.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most octets of a message that is loaded; this holds for an archive inside an archive, too.
    pub message_octets: u64,
    /// How many times its own octets an archive may expand to.
    pub expansion: u64,
    /// What an archive may expand to in any case.
    pub expansion_floor: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { message_octets: 256 << 20, expansion: 100, expansion_floor: 256 << 20 }
    }
}

/// Where something is: a file, and the way inside.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file; `-` for standard input.
    pub file: Arc<Path>,
    /// The way inside it, outermost first.
    pub inside: Vec<Step>,
}

/// A step into a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// A member of an archive.
    Member(String),
    /// A message of a mailbox in one file.
    Message {
        /// Which, from 1.
        number: u64,
        /// Where its first octet is, from 0.
        octet: u64,
    },
}

impl Place {
    pub(crate) fn of(file: &Path) -> Self {
        Self { file: file.into(), inside: Vec::new() }
    }

    pub(crate) fn step(&self, step: Step) -> Self {
        let mut place = self.clone();
        place.inside.push(step);
        place
    }

    /// The way inside alone, in words; empty for the file itself.
    pub fn way(&self) -> String {
        self.inside.iter().map(Step::to_string).collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        self.inside.iter().try_for_each(|step| write!(f, ", {step}"))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member(name) => write!(f, "{name}"),
            Self::Message { number, octet } => write!(f, "message {number} (at octet {octet})"),
        }
    }
}
