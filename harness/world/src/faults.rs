//! What goes wrong, when the plan says so.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use collaudo_record::{FaultPhase, Instant, What};
use collaudo_scenario::{CrashPoint, Fault, FaultKind, Plan};

use crate::{
    WorldError,
    clock::span,
    net::{Armed, DIRECTORY, Net, has_directory},
};

/// What a fault needs of the network that it strikes.
pub(crate) trait Struck {
    /// A host stops where it stands.
    fn crash(&mut self, host: &str) -> Result<(), WorldError>;

    /// A host that has crashed begins anew.
    fn bounce(&mut self, host: &str) -> Result<(), WorldError>;

    /// The way between two hosts is like this from now on.
    fn settle(&mut self, a: &str, b: &str, way: Way);
}

/// What faults make of the way between two hosts.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Way {
    /// Nothing passes, what is under way is lost.
    pub(crate) parted: bool,
    /// Everything is held back.
    pub(crate) held: bool,
    /// Each message takes so long.
    pub(crate) slow: Option<Duration>,
}

impl Way {
    fn between(one: &str, other: &str, in_force: &BTreeMap<u32, FaultKind>) -> Self {
        let mut way = Self::default();
        let concerns = |a: &str, b: &str| (a, b) == (one, other) || (b, a) == (one, other);
        for kind in in_force.values() {
            match kind {
                FaultKind::Partition { a, b } => way.parted |= concerns(a, b),
                FaultKind::Hold { a, b } => way.held |= concerns(a, b),
                FaultKind::Slow { a, b, latency } if concerns(a, b) => way.slow = Some(*latency),
                _ => {}
            }
        }
        way
    }
}

/// The plan's faults and where each of them stands.
pub(crate) struct Faults {
    faults: Vec<Fault>,
    due: BTreeMap<(Instant, u32), Phase>,
}

#[derive(Clone, Copy)]
enum Phase {
    Begin,
    End,
}

impl Faults {
    pub(crate) fn new(plan: &Plan) -> Result<Self, WorldError> {
        let providers: BTreeSet<_> = plan.providers.iter().map(|p| p.name.as_str()).collect();
        for fault in &plan.faults {
            // The directory is no provider: it has links, and nothing else that could go wrong.
            let directory = is_of_links(&fault.kind) && has_directory(plan);
            let is_there = |host: &String| providers.contains(host.as_str()) || (directory && host == DIRECTORY);
            if let Some(host) = fault.kind.hosts().into_iter().find(|host| !is_there(host)) {
                return Err(WorldError::Host(host));
            }
        }
        let due =
            (0..).zip(&plan.faults).map(|(n, fault)| ((plan.epoch.after(span(fault.at)), n), Phase::Begin)).collect();
        Ok(Self { faults: plan.faults.clone(), due })
    }

    /// When the next fault begins or ends.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.due.first_key_value().map(|((at, _), _)| *at)
    }

    /// Begins and ends what is due.
    pub(crate) fn strike(&mut self, struck: &mut impl Struck, net: &Net) -> Result<(), WorldError> {
        let now = net.recorder.clock().now();
        while let Some(entry) = self.due.first_entry().filter(|entry| entry.key().0 <= now) {
            let ((_, n), phase) = entry.remove_entry();
            let Some(fault) = self.fault(n) else { continue };
            match (phase, &fault.kind) {
                (Phase::Begin, FaultKind::Crash { host, point: CrashPoint::AtOnce }) => {
                    self.crash(n, host, struck, net)?;
                }
                (Phase::Begin, FaultKind::Crash { host, point }) => {
                    net.armed.borrow_mut().insert(host.clone(), Armed { fault: n, point: *point });
                }
                (Phase::Begin, kind) => {
                    self.begun(n, &fault, net);
                    net.in_force.borrow_mut().insert(n, kind.clone());
                    apply(kind, struck, net)?;
                }
                (Phase::End, FaultKind::Crash { host, .. }) => {
                    record(n, &fault, FaultPhase::Healed, net);
                    net.down.borrow_mut().remove(host);
                    struck.bounce(host)?;
                }
                (Phase::End, kind) => {
                    record(n, &fault, FaultPhase::Healed, net);
                    net.in_force.borrow_mut().remove(&n);
                    apply(kind, struck, net)?;
                }
            }
        }
        Ok(())
    }

    /// Takes down the hosts that have reached their crash point.
    pub(crate) fn take_down_fallen(&mut self, struck: &mut impl Struck, net: &Net) -> Result<(), WorldError> {
        net.fallen.take().into_iter().try_for_each(|(host, n)| self.crash(n, &host, struck, net))
    }

    fn crash(&mut self, n: u32, host: &str, struck: &mut impl Struck, net: &Net) -> Result<(), WorldError> {
        let Some(fault) = self.fault(n) else { return Ok(()) };
        self.begun(n, &fault, net);
        net.down.borrow_mut().insert(host.to_owned());
        net.recorder.clock().set_alarm(host, None);
        struck.crash(host)?;
        net.recorder.observed(What::Host { host: host.to_owned(), up: false });
        Ok(())
    }

    fn begun(&mut self, n: u32, fault: &Fault, net: &Net) {
        record(n, fault, FaultPhase::Injected, net);
        // What is revoked stays revoked.
        if let Some(lasts) = fault.lasts.filter(|_| !matches!(fault.kind, FaultKind::Revoked { .. })) {
            self.due.insert((net.recorder.clock().now().after(span(lasts)), n), Phase::End);
        }
    }

    fn fault(&self, n: u32) -> Option<Fault> {
        self.faults.get(usize::try_from(n).ok()?).cloned()
    }
}

/// Makes the world what the faults in force make of it, as far as one of that kind has a say.
fn apply(kind: &FaultKind, struck: &mut impl Struck, net: &Net) -> Result<(), WorldError> {
    let in_force = net.in_force.borrow();
    match kind {
        FaultKind::Partition { a, b } | FaultKind::Hold { a, b } | FaultKind::Slow { a, b, .. } => {
            struck.settle(a, b, Way::between(a, b, &in_force));
        }
        // What the host is waiting for may be due sooner or later now.
        FaultKind::Clock { host, .. } => net.recorder.clock().rouse(host),
        FaultKind::Index(_) | FaultKind::CrlUnreachable | FaultKind::Revoked { .. } | FaultKind::Unlisted { .. } => {
            net.documents.change(&in_force)?;
        }
        // Looked up where it matters.
        FaultKind::DiskFull { .. } | FaultKind::ScannerDown { .. } | FaultKind::Crash { .. } => {}
    }
    Ok(())
}

fn is_of_links(kind: &FaultKind) -> bool {
    matches!(kind, FaultKind::Partition { .. } | FaultKind::Hold { .. } | FaultKind::Slow { .. })
}

fn record(n: u32, fault: &Fault, phase: FaultPhase, net: &Net) {
    net.recorder.observed(What::Fault {
        fault: n,
        kind: fault.kind.name().to_owned(),
        hosts: fault.kind.hosts(),
        phase,
    });
    net.stir();
}
