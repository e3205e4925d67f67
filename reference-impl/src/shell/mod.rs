//! `gestore serve`: the node on real sockets, a real disk and in real time.
//!
//! One thread owns the node ([`driver`]) and does nothing else. Around it: a task for each connection ([`net`]), a thread
//! that writes the store and one that reads it ([`store`]), and a few for what takes a processor ([`crew`]). They all
//! speak to the driver through one channel, and it to each through one of theirs.

mod clock;
mod config;
mod crew;
mod dns;
mod documents;
mod driver;
mod error;
mod identity;
mod init;
mod logins;
mod net;
mod public;
mod scanner;
mod secret;
mod serve;
mod store;
mod tls;

use secret::write_secret;

use std::path::Path;

pub use self::{
    error::Error,
    init::{DAYS, Plan, Renewal, init, renew},
    logins::set_password,
    serve::serve,
};

/// The lines of a provider's log (RFC 6109 §2.3), a JSON object each: those of all days that are not closed yet.
///
/// *Takes* a folder that [`init`] made; a server may be running there.
///
/// *Errors*: what is wrong with the configuration or the store.
pub fn log(folder: &Path) -> Result<String, Error> {
    let settings = config::read(folder)?;
    let lines = store::lines(&settings.path(&settings.files.store))?;
    Ok(lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect())
}
