//! How many connections there are, and how many of one peer.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Why a peer is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::shell) enum Refusal {
    /// There are too many connections.
    Full,
    /// There are too many of this peer.
    Crowded,
    /// The peer has given too many wrong passwords.
    Barred,
}

/// Counts who is in.
#[derive(Clone)]
pub(in crate::shell) struct Gate(Arc<Inner>);

struct Inner {
    total: usize,
    per_peer: usize,
    peers: Mutex<BTreeMap<IpAddr, usize>>,
}

/// The right to be in; given back when it is dropped.
pub(in crate::shell) struct Pass {
    gate: Gate,
    peer: IpAddr,
}

impl Gate {
    pub(in crate::shell) fn new(total: usize, per_peer: usize) -> Self {
        Self(Arc::new(Inner { total, per_peer, peers: Mutex::default() }))
    }

    pub(in crate::shell) fn enter(&self, peer: IpAddr) -> Result<Pass, Refusal> {
        let mut peers = self.peers();
        if peers.values().sum::<usize>() >= self.0.total {
            return Err(Refusal::Full);
        }
        let count = peers.entry(peer).or_default();
        if *count >= self.0.per_peer {
            return Err(Refusal::Crowded);
        }
        *count += 1;
        Ok(Pass { gate: self.clone(), peer })
    }

    pub(in crate::shell) fn is_empty(&self) -> bool {
        self.peers().is_empty()
    }

    fn peers(&self) -> MutexGuard<'_, BTreeMap<IpAddr, usize>> {
        self.0.peers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut peers = self.gate.peers();
        if let Some(count) = peers.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                peers.remove(&self.peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_that_is_dropped_lets_the_next_in() {
        let (one, two) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let gate = Gate::new(3, 2);
        let (first, _second) = (gate.enter(one), gate.enter(one));
        assert_eq!(gate.enter(one).err(), Some(Refusal::Crowded));
        let _third = gate.enter(two);
        assert_eq!(gate.enter(two).err(), Some(Refusal::Full));
        drop(first);
        assert!(gate.enter(two).is_ok());
    }
}
