//! How a scripted provider sends: again and again, while the other side puts it off or is not there.

use std::{io, time::Duration};

use tokio::select;

use super::{
    from_now, sleep_until,
    smtp::{Caller, Client, Entrance, Letter},
};
use crate::net::Net;

/// How long after an attempt began the next one does, should it be needed.
const RETRY: Duration = Duration::from_secs(10 * 60);

/// For how long it is tried.
const PATIENCE: Duration = Duration::from_secs(24 * 3600);

/// Hands letters to a host, one after another over one connection, until each of their paths was taken or refused.
///
/// # Errors
/// The last attempt's, where that took too long. What the host that sends had not sent when it crashed is lost.
pub(super) async fn deliver(net: &Net, me: Caller<'_>, host: &str, mut letters: Vec<Letter>) -> io::Result<()> {
    let give_up = from_now(net, PATIENCE);
    loop {
        let next = from_now(net, RETRY);
        let attempted = select! {
            biased;
            attempted = attempt(net, me, host, &mut letters) => attempted,
            () = sleep_until(net, next) => Err(io::ErrorKind::TimedOut.into()),
        };
        letters.retain(|letter| !letter.forward_paths.is_empty());
        if letters.is_empty() {
            return Ok(());
        }
        if next > give_up {
            return attempted.and(Err(io::ErrorKind::TimedOut.into()));
        }
        sleep_until(net, next).await;
    }
}

/// Leaves each letter the paths that were put off.
async fn attempt(net: &Net, me: Caller<'_>, host: &str, letters: &mut [Letter]) -> io::Result<()> {
    let mut client = Client::connect(net, me, host, Entrance::Relay, &[]).await?;
    for letter in letters {
        letter.forward_paths = client.transact(letter).await?;
    }
    client.quit().await
}
