//! The provider itself.

mod access;
mod act;
mod alarms;
mod anomaly;
mod book;
mod delivery;
mod directory;
mod examine;
mod imap;
mod inquiry;
mod journal;
pub mod ldap;
mod ledger;
mod limits;
mod mailbox;
pub mod message;
mod patience;
mod pop3;
mod provider;
mod queue;
mod reception;
mod seal;
mod seen;
mod settle;
mod smtp;
mod virus;
mod writer;

pub use directory::Refresh;
pub use journal::{Declared, declare, found, founding};
pub use patience::Patience;
pub(crate) use provider::Provider;
pub use provider::compact;
