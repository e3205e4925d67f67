//! Those in the world who are not examined: people, and the scripted provider that may misbehave.

mod agenda;
mod answers;
mod dialogue;
mod forged;
mod imap;
pub(crate) mod mailbox;
mod maildir;
pub(crate) mod outsider;
pub(crate) mod peer;
pub(crate) mod people;
mod pop3;
mod post;
pub(crate) mod preflight;
mod smtp;
pub(crate) mod submission;
mod visit;
pub(crate) mod watch;

use std::{io, time::Duration};

use collaudo_record::{Instant, What};

use crate::{clock::span, net::Net};

/// Records that something of the plan was not done.
fn failed(net: &Net, step: &str, error: &io::Error) {
    net.recorder.observed(What::StepFailed { step: step.to_owned(), why: error.to_string() });
}

/// The name that nodes know of a provider's host.
fn host_of(net: &Net, provider: &str) -> io::Result<String> {
    let host = net.hosts.iter().find(|(_, short)| *short == provider);
    host.map(|(name, _)| name.clone()).ok_or_else(|| io::ErrorKind::NotFound.into())
}

/// The domain of an address, in lower case.
fn domain(address: &str) -> String {
    address.rsplit('@').next().unwrap_or_default().to_ascii_lowercase()
}

/// An instant from now.
fn from_now(net: &Net, duration: Duration) -> Instant {
    net.recorder.clock().now().after(span(duration))
}

/// Sleeps until an instant of the run.
async fn sleep_until(net: &Net, instant: Instant) {
    net.recorder.clock().sleep_until(instant).await;
    net.stir();
}
