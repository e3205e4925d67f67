//! Those in the world who are not examined: people, and the scripted provider that may misbehave.

mod forged;
pub(crate) mod peer;
pub(crate) mod sender;
mod smtp;
