//! POP3 without sockets (RFC 1939, RFC 2449): bytes in, replies and steps out.

mod session;
#[cfg(test)]
mod tests;

pub(crate) use session::Session;
