//! Where stored messages lie: files, folders, mailboxes in one file, archives, standard input. Octets come in and messages
//! go out, one at a time, in an order that is always the same; nothing here knows what certified mail is.
//!
//! The way of the data: [`walk`] finds files -> `sort` says from the first octets what each is -> `mbox`, `archive` and
//! `open` give its messages. Bad input is told, with its place, and costs nothing but itself.

mod archive;
mod found;
mod mbox;
mod open;
mod quoting;
mod sort;
mod walk;
mod why;
mod window;

pub use found::{Fate, File, Found, Limits, Message, Place, Step};
pub use mbox::{Mbox, Piece};
pub use open::stream;
pub use quoting::readings;
pub use sort::{Kind, Sort, sort};
pub use walk::walk;
pub use why::Why;
