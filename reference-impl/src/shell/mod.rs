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

pub use self::{
    error::Error,
    init::{DAYS, Plan, Renewal, init, renew},
    logins::set_password,
    serve::serve,
};
