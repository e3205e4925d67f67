//! The links between hosts: when a message is to arrive on each, and what a fault makes of it. The network itself holds
//! every message back; this delivers them (docs/decisions/0004), so that the clock can leap over the time in which
//! they are merely on their way.

use std::{net::IpAddr, time::Duration};

use collaudo_record::Instant;
use turmoil::Sim;

use crate::{chance::Chance, clock::span, faults::Way};

/// The latency of the network itself: longer than any run.
pub(super) const NEVER: Duration = Duration::from_secs(1 << 30);

/// All links, each with one latency at a time; how it is drawn is a decision of its own (docs/decisions/0003).
pub(super) struct Links {
    chance: Chance,
    /// The least and the most that a latency may be, in microseconds.
    bounds: (u64, u64),
    /// In the network's order.
    all: Vec<Link>,
    /// The links' places in the order in which latencies are drawn.
    draws: Vec<usize>,
}

struct Link {
    /// In the network's order too.
    hosts: (IpAddr, IpAddr),
    drawn: Duration,
    /// The latency that a fault gives it.
    slow: Option<Duration>,
    /// A fault holds everything back: nothing arrives before it is over.
    held: bool,
    /// When each message on the way is to arrive, in the network's order.
    due: Vec<Instant>,
}

impl Links {
    /// Between all these hosts, with a first draw.
    pub(super) fn new(hosts: &[&str], chance: Chance, (low, high): (Duration, Duration), sim: &Sim<'_>) -> Self {
        let micros = |d: Duration| u64::try_from(d.as_micros()).unwrap_or(u64::MAX);
        let mut all = Vec::new();
        sim.links(|links| all.extend(links.map(|link| Link::between(link.pair()))));
        let addresses: Vec<_> = hosts.iter().map(|host| sim.lookup(*host)).collect();
        let behind = |n: usize| addresses.iter().skip(n + 1);
        let pairs = addresses.iter().enumerate().flat_map(|(n, a)| behind(n).map(|b| pair(*a, *b)));
        let draws = pairs.filter_map(|pair| all.iter().position(|link| link.hosts == pair)).collect();
        let mut links = Self { chance, bounds: (micros(low), micros(high)), all, draws };
        links.draw();
        links
    }

    /// Every link's latency anew, from integers. A slow link has its draw too, for later: a fault must not shift what others
    /// draw.
    pub(super) fn draw(&mut self) {
        let (low, high) = self.bounds;
        for place in &self.draws {
            if let Some(link) = self.all.get_mut(*place) {
                link.drawn = Duration::from_micros(self.chance.between(low, high));
            }
        }
    }

    /// Takes note of the messages that were sent since the last look.
    pub(super) fn look(&mut self, now: Instant, sim: &Sim<'_>) {
        sim.links(|links| {
            for (messages, link) in links.zip(&mut self.all).filter(|(_, link)| !link.held) {
                let arrival = now.after(span(link.slow.unwrap_or(link.drawn)));
                link.due.resize(messages.count(), arrival);
            }
        });
    }

    /// When the next message is to arrive; those that a fault holds back are not on their way.
    pub(super) fn next(&self) -> Option<Instant> {
        self.all.iter().flat_map(|link| &link.due).min().copied()
    }

    /// Lets the messages arrive that are due.
    pub(super) fn deliver(&mut self, now: Instant, sim: &Sim<'_>) {
        if self.next().is_none_or(|next| next > now) {
            return;
        }
        sim.links(|links| {
            for (messages, link) in links.zip(&mut self.all) {
                let due = messages.zip(&link.due).filter(|(_, due)| **due <= now);
                due.for_each(|(message, _)| message.deliver());
                link.due.retain(|due| *due > now);
            }
        });
    }

    /// Makes the link between two hosts what faults make of it.
    pub(super) fn settle(&mut self, a: &str, b: &str, Way { parted, held, slow }: Way, sim: &Sim<'_>) {
        let hosts = pair(sim.lookup(a), sim.lookup(b));
        let Some(link) = self.all.iter_mut().find(|link| link.hosts == hosts) else { return };
        link.slow = slow;
        match (parted, held) {
            // What was on its way is lost.
            (true, _) => sim.partition(hosts.0, hosts.1),
            (false, true) => sim.hold(hosts.0, hosts.1),
            // What was held back arrives at once, and nothing else was there.
            (false, false) => sim.release(hosts.0, hosts.1),
        }
        if parted || held || link.held {
            link.due.clear();
        }
        link.held = held && !parted;
    }
}

impl Link {
    fn between(hosts: (IpAddr, IpAddr)) -> Self {
        Self { hosts, drawn: Duration::ZERO, slow: None, held: false, due: Vec::new() }
    }
}

fn pair(a: IpAddr, b: IpAddr) -> (IpAddr, IpAddr) {
    (a.min(b), a.max(b))
}
