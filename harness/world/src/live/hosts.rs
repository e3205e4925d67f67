//! Hosts on one thread, each with the tasks that are its own: a host that crashes takes them all with it.

use std::{
    collections::BTreeMap,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::task::LocalSet;

use crate::{net::Ended, world::Start};

/// Everyone who has a host.
pub(crate) struct Hosts {
    starts: BTreeMap<String, Start>,
    running: BTreeMap<String, Work>,
    /// How many were admitted that are no hosts.
    admitted: u64,
    /// Whether somebody has begun since the last turn.
    begun: bool,
}

/// What somebody does, to the end if there is one.
pub(crate) type Work = Pin<Box<dyn Future<Output = Ended>>>;

impl Hosts {
    /// All of them begin.
    pub(crate) fn begin(cast: Vec<(String, Start)>) -> Self {
        let mut hosts =
            Self { starts: cast.into_iter().collect(), running: BTreeMap::new(), admitted: 0, begun: false };
        let names: Vec<_> = hosts.starts.keys().cloned().collect();
        names.iter().for_each(|name| hosts.start(name));
        hosts
    }

    /// Lets everyone work who has something to do; says what went wrong, if anything did.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Option<String> {
        self.begun = false;
        let mut over = Vec::new();
        for (name, host) in &mut self.running {
            match host.as_mut().poll(cx) {
                Poll::Pending => {}
                Poll::Ready(Ok(())) => over.push(name.clone()),
                Poll::Ready(Err(error)) => return Some(error.to_string()),
            }
        }
        for name in over {
            self.running.remove(&name);
        }
        None
    }

    /// It stops where it stands, and all of its tasks with it.
    pub(crate) fn stop(&mut self, name: &str) {
        self.running.remove(name);
    }

    /// It begins anew.
    pub(crate) fn start(&mut self, name: &str) {
        if let Some(start) = self.starts.get(name) {
            self.running.insert(name.to_owned(), alone(start()));
            self.begun = true;
        }
    }

    /// Whether somebody waits for a first turn.
    pub(crate) fn wait(&self) -> bool {
        self.begun
    }

    /// Somebody who is no host, and comes once.
    pub(crate) fn admit(&mut self, work: Work) {
        // No host's name begins so.
        self.running.insert(format!("#{}", self.admitted), alone(work));
        self.admitted += 1;
        self.begun = true;
    }
}

/// Work with tasks of its own.
fn alone(work: Work) -> Work {
    Box::pin(async move { LocalSet::new().run_until(work).await })
}
