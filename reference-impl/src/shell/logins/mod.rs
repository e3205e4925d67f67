//! Who may come in: passwords, and how often a wrong one may be given.

mod failures;
mod passwords;

pub(super) use failures::{Failures, Turn};
pub use passwords::set_password;
pub(super) use passwords::{Passwords, hash, invent};
