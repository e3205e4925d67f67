//! Drives nodes through a plan and records what crossed between them.
//!
//! In the simulation (`sim`) a plan and a seed give one trace, byte for byte: time is the run's own clock, which leaps over the
//! hours in which nothing happens; chance is one generator of integers; TLS draws from it too. The same hosts stand on real
//! sockets (`live`), where two runs have one shape; and, without a plan, in a [`Lab`] that other programs use. The world knows
//! hosts, mail paths and mailboxes. It never reads a message.

mod actors;
mod chance;
mod clock;
mod conn;
mod content;
mod directory;
mod documents;
mod faults;
mod header;
mod host;
mod https;
mod index;
mod lab;
mod live;
mod net;
mod pki;
mod publisher;
mod recorder;
mod sim;
mod store;
mod subject;
mod tap;
mod tls;
mod transport;
mod world;

pub use actors::preflight::{Preflight, Trial};
pub use host::Border;
pub use index::{CRL_NAME, INDEX_NAME};
pub use lab::{Injection, Lab, LabError, LabSettings, Place, Service};
pub use live::{
    Pace,
    drive::busy_until,
    foreign::{CRL_SECONDS, Foreign, Handout, Listed, Mailbox, certificates},
    keeper::{Deed, Keeper},
    kiosk::{Counters, Kiosk, Papers},
    logbook::{LogBook, LogLine, LogReader},
    movable::{Follower, Hand, MovableClock},
};
pub use pki::{Identity, MAX_PROVIDERS, Pki, SigningKey};
pub use subject::{Declared, Founding, Subject};
pub use world::{Run, World};

/// Why a world could not be built.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// A clock at which no signature could be valid.
    #[error("the clock stands at {} s since 1970; test certificates are valid from {} to the end of {}", .0.0 / 1_000_000, pki::VALID.0, pki::VALID.1 - 1)]
    Clock(collaudo_record::Instant),
    /// More providers than there are keys.
    #[error("the plan has {0} providers; there are test keys for {MAX_PROVIDERS}")]
    Providers(usize),
    /// A key that does not do what keys do.
    #[error("test key: {0}")]
    Key(&'static str),
    /// A certificate that could not be issued.
    #[error("certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// A TLS configuration that could not be built.
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// A key or certificate that the forger cannot use, for a peer or for the index.
    #[error("forger: {0}")]
    Forge(#[from] collaudo_forge::ForgeError),
    /// The machine gives no sockets, or no clock.
    #[error("the machine: {0}")]
    Machine(#[from] std::io::Error),
    /// A mailbox of a foreign provider that cannot be emptied before a run, in words.
    #[error("a mailbox cannot be emptied: {0}")]
    Mailbox(String),
    /// A clock that can be moved and was not, in words.
    #[error("the subject's clock cannot be moved: {0}")]
    Moving(String),
    /// A log of a foreign provider that cannot be read, in words.
    #[error("the subject's log cannot be read: {0}")]
    Log(String),
    /// A foreign provider that does not stop, or does not start, as a fault wants it; in words.
    #[error("the subject cannot be stopped or started: {0}")]
    Keeper(String),
    /// A fault that names a host which is not there.
    #[error("the plan names the host \"{0}\", which is no provider's, nor the directory where a provider asks it")]
    Host(String),
}
