//! The provider itself.

mod access;
mod act;
mod alarms;
mod delivery;
mod directory;
mod imap;
mod journal;
pub mod ldap;
mod ledger;
mod limits;
mod mailbox;
pub mod message;
mod pop3;
mod provider;
mod queue;
mod reception;
mod settle;
mod smtp;

pub use journal::{Declared, declare, found};
pub(crate) use provider::Provider;
