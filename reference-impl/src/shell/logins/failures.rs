use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use crate::shell::config::Logins;

/// Accounts and peers that are remembered at most; beyond, those go whose last failure is the oldest.
const ROOM: usize = 10_000;

/// Wrong passwords of late, by account and by peer. Time is what has passed since the server was started.
pub(in crate::shell) struct Failures {
    rules: Logins,
    accounts: BTreeMap<String, Count>,
    peers: BTreeMap<IpAddr, Count>,
}

#[derive(Clone, Copy)]
struct Count {
    failures: u32,
    last: Duration,
}

/// Whether a password may be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::shell) enum Turn {
    Free,
    /// There were too many failures: the answer is no, whatever the password.
    Barred,
}

impl Failures {
    pub(in crate::shell) fn new(rules: Logins) -> Self {
        Self { rules, accounts: BTreeMap::new(), peers: BTreeMap::new() }
    }

    /// Whether a peer had so many failures that it is not let in at all.
    pub(in crate::shell) fn is_barred(&self, peer: IpAddr, now: Duration) -> bool {
        self.recent(self.peers.get(&peer), now) >= self.rules.failures_per_peer
    }

    pub(in crate::shell) fn turn(&self, account: &str, peer: Option<IpAddr>, now: Duration) -> Turn {
        let account = self.recent(self.accounts.get(&account.to_ascii_lowercase()), now);
        match account >= self.rules.failures_per_account || peer.is_some_and(|peer| self.is_barred(peer, now)) {
            true => Turn::Barred,
            false => Turn::Free,
        }
    }

    /// A password was right: the account begins anew. The peer does not, or it would bar itself out of one account and
    /// log into another of its own.
    pub(in crate::shell) fn succeeded(&mut self, account: &str) {
        self.accounts.remove(&account.to_ascii_lowercase());
    }

    pub(in crate::shell) fn failed(&mut self, account: &str, peer: Option<IpAddr>, now: Duration) {
        let window = Duration::from_secs(self.rules.window_seconds);
        add(&mut self.accounts, account.to_ascii_lowercase(), now, window);
        if let Some(peer) = peer {
            add(&mut self.peers, peer, now, window);
        }
    }

    fn recent(&self, count: Option<&Count>, now: Duration) -> u32 {
        let window = Duration::from_secs(self.rules.window_seconds);
        count.filter(|count| now.saturating_sub(count.last) < window).map_or(0, |count| count.failures)
    }
}

fn add<K: Ord + Clone>(counts: &mut BTreeMap<K, Count>, key: K, now: Duration, window: Duration) {
    let before =
        counts.get(&key).filter(|count| now.saturating_sub(count.last) < window).map_or(0, |count| count.failures);
    counts.insert(key, Count { failures: before.saturating_add(1), last: now });
    if counts.len() > ROOM {
        counts.retain(|_, count| now.saturating_sub(count.last) < window);
        let oldest = counts.iter().min_by_key(|(_, count)| count.last).map(|(key, _)| key.clone());
        oldest.filter(|_| counts.len() > ROOM).map(|key| counts.remove(&key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn failures() -> Failures {
        let rules = Logins { failures_per_account: 3, failures_per_peer: 5, window_seconds: 60, ..Logins::default() };
        Failures::new(rules)
    }

    #[test]
    fn an_account_is_shut_after_its_failures_and_open_again_after_the_window() {
        let mut failures = failures();
        for second in 0..3 {
            assert_eq!(failures.turn("anna@alfa.test", Some(HERE), at(second)), Turn::Free);
            failures.failed("Anna@alfa.test", Some(HERE), at(second));
        }
        assert_eq!(failures.turn("anna@alfa.test", Some(THERE), at(3)), Turn::Barred);
        assert_eq!(failures.turn("carla@alfa.test", Some(HERE), at(3)), Turn::Free);
        assert_eq!(failures.turn("anna@alfa.test", Some(THERE), at(62)), Turn::Free);
    }

    #[test]
    fn a_right_password_forgives_the_account_and_not_the_peer() {
        let mut failures = failures();
        for account in ["a", "a", "b", "b", "c"] {
            failures.failed(account, Some(HERE), at(0));
            failures.succeeded(account);
        }
        assert_eq!(failures.turn("a", Some(THERE), at(1)), Turn::Free);
        assert_eq!(failures.turn("d", Some(HERE), at(1)), Turn::Barred);
        assert!(
            failures.is_barred(HERE, at(1)) && !failures.is_barred(THERE, at(1)) && !failures.is_barred(HERE, at(61))
        );
    }

    #[test]
    fn no_more_is_remembered_than_there_is_room() {
        let mut failures = failures();
        for n in 0..ROOM + 10 {
            failures.failed(&n.to_string(), None, at(0));
        }
        assert!(failures.accounts.len() <= ROOM);
    }
}
