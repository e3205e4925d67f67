use std::{io, path::PathBuf};

use crate::sort::Kind;

/// Why something was not examined: what was found, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Why {
    /// It has no octet.
    #[error("empty")]
    Empty,
    /// It is something else than mail.
    #[error("{}", .0.english())]
    Other(Kind),
    /// Larger than what is loaded.
    #[error("a message of {octets} octets, more than the limit of {limit}: raise it with --max-message")]
    TooLarge {
        /// What it has, as far as it was read.
        octets: u64,
        /// The limit.
        limit: u64,
    },
    /// The system does not give it.
    #[error("{0}")]
    Io(io::Error),
    /// Cut off while it was being read.
    #[error("cannot be read further than octet {octet}: {why}")]
    CutOff {
        /// How far it was read.
        octet: u64,
        /// What the system says.
        why: io::Error,
    },
    /// Neither file nor folder.
    #[error("{0}, not a file; what it gives can be examined from standard input: collaudo inspect -")]
    Special(&'static str),
    /// A folder that was walked already, under this name.
    #[error("the same folder as {}, already walked", .0.display())]
    Loop(PathBuf),
    /// A message that is still being delivered.
    #[error("under tmp of a Maildir, where messages lie that are not delivered in full")]
    Undelivered,
    /// An archive that does not open.
    #[error("an archive that does not open ({0}): test it with unzip -t")]
    BadArchive(String),
    /// A member that does not open.
    #[error("a member that does not open ({0}): unpack the archive by hand and examine the folder")]
    BadMember(String),
    /// It expands to more than is reasonable.
    #[error(
        "expands to more than {allowed} octets, {times} times what the archive has: left alone, as a zip bomb would be"
    )]
    Bomb {
        /// The bound.
        allowed: u64,
        /// How many times its own octets.
        times: u64,
    },
    /// An archive in an archive in an archive.
    #[error("an archive inside an archive inside an archive: unpack the outer one and examine the folder")]
    TooDeep,
    /// Members of one name: the last hides the others.
    #[error("holds several members of one name, of which one is examined: unpack it by hand and examine the folder")]
    SameName,
    /// An archive that would have to be loaded whole.
    #[error(
        "an archive of more than {limit} octets inside another, or on standard input: unpack it and examine the folder"
    )]
    LargeArchive {
        /// The limit.
        limit: u64,
    },
    /// Whoever was given it crashed.
    #[error("whoever examined it crashed: {0}")]
    Crashed(String),
}

impl Why {
    /// The same in Italian; what the system says stays as it is.
    pub fn italian(&self) -> String {
        match self {
            Self::Empty => "vuoto".to_owned(),
            Self::Other(kind) => kind.italian().to_owned(),
            Self::TooLarge { octets, limit } => {
                format!("un messaggio di {octets} ottetti, oltre il limite di {limit}: si alza con --max-message")
            }
            Self::Io(why) => why.to_string(),
            Self::CutOff { octet, why } => format!("non si legge oltre l'ottetto {octet}: {why}"),
            Self::Special(_) => "non è un file; ciò che ne esce si esamina da standard input: collaudo inspect -".to_owned(),
            Self::Loop(first) => format!("la stessa cartella di {}, già percorsa", first.display()),
            Self::Undelivered => "sotto tmp di una Maildir, dove stanno i messaggi non ancora consegnati per intero".to_owned(),
            Self::BadArchive(why) => format!("un archivio che non si apre ({why}): lo si provi con unzip -t"),
            Self::BadMember(why) => format!("un membro che non si apre ({why}): si estragga l'archivio e si esamini la cartella"),
            Self::Bomb { allowed, times } => {
                format!("si espande oltre {allowed} ottetti, {times} volte l'archivio: lasciato stare, come una zip bomb")
            }
            Self::TooDeep => {
                "un archivio in un archivio in un archivio: si estragga quello esterno e si esamini la cartella".to_owned()
            }
            Self::SameName => {
                "contiene più membri dello stesso nome, di cui uno solo è esaminato: lo si estragga e si esamini la cartella"
                    .to_owned()
            }
            Self::LargeArchive { limit } => format!(
                "un archivio di oltre {limit} ottetti dentro un altro, o da standard input: si estragga e si esamini la cartella"
            ),
            Self::Crashed(why) => format!("chi lo esaminava si è interrotto per un errore: {why}"),
        }
    }
}
