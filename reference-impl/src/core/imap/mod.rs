//! IMAP4rev1 without sockets (RFC 3501): bytes in, responses and steps out.
//!
//! Each account has one mailbox, INBOX. What the provider stored stays as it is: nothing can be appended or copied.

mod address;
mod describe;
mod entity;
mod fetch;
mod inflow;
mod search;
mod serve;
mod session;
#[cfg(test)]
mod tests;
mod view;
mod work;

pub(crate) use session::Session;
