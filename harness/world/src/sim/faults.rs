//! What goes wrong, when the plan says so.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use collaudo_record::{FaultPhase, Instant, What};
use collaudo_scenario::{CrashPoint, Fault, FaultKind, Plan};
use turmoil::Sim;

use crate::{
    WorldError,
    clock::span,
    net::{Armed, Net},
};

/// The plan's faults and where each of them stands.
pub(super) struct Faults {
    faults: Vec<Fault>,
    due: BTreeMap<(Instant, u32), Phase>,
    held: BTreeSet<(IpAddr, IpAddr)>,
}

#[derive(Clone, Copy)]
enum Phase {
    Begin,
    End,
}

impl Faults {
    pub(super) fn new(plan: &Plan) -> Result<Self, WorldError> {
        let known: BTreeSet<_> = plan.providers.iter().map(|p| p.name.as_str()).collect();
        for host in plan.faults.iter().flat_map(|fault| fault.kind.hosts()) {
            if !known.contains(host.as_str()) {
                return Err(WorldError::Host(host));
            }
        }
        let due =
            (0..).zip(&plan.faults).map(|(n, fault)| ((plan.epoch.after(span(fault.at)), n), Phase::Begin)).collect();
        Ok(Self { faults: plan.faults.clone(), due, held: BTreeSet::new() })
    }

    /// When the next fault begins or ends.
    pub(super) fn next(&self) -> Option<Instant> {
        self.due.first_key_value().map(|((at, _), _)| *at)
    }

    /// Messages on the way; those that a fault holds back are not.
    pub(super) fn under_way(&self, sim: &Sim<'_>) -> usize {
        let mut messages = 0;
        sim.links(|links| {
            for link in links {
                let (a, b) = link.pair();
                if !self.held.contains(&(a, b)) && !self.held.contains(&(b, a)) {
                    messages += link.count();
                }
            }
        });
        messages
    }

    /// Begins and ends what is due.
    pub(super) fn strike(&mut self, sim: &mut Sim<'_>, net: &Net) {
        let now = net.recorder.clock().now();
        while let Some(entry) = self.due.first_entry().filter(|entry| entry.key().0 <= now) {
            let ((_, n), phase) = entry.remove_entry();
            match phase {
                Phase::Begin => self.begin(n, sim, net),
                Phase::End => self.end(n, sim, net),
            }
        }
    }

    /// Takes down the hosts that have reached their crash point.
    pub(super) fn take_down_fallen(&mut self, sim: &mut Sim<'_>, net: &Net) {
        for (host, n) in net.fallen.take() {
            self.crash(n, &host, sim, net);
        }
    }

    fn begin(&mut self, n: u32, sim: &mut Sim<'_>, net: &Net) {
        let Some(fault) = self.fault(n) else { return };
        match &fault.kind {
            FaultKind::Partition { a, b } => {
                sim.partition(a.as_str(), b.as_str());
                self.begun(n, &fault, net);
            }
            FaultKind::Hold { a, b } => {
                sim.hold(a.as_str(), b.as_str());
                self.held.insert((sim.lookup(a.as_str()), sim.lookup(b.as_str())));
                self.begun(n, &fault, net);
            }
            FaultKind::Slow { a, b, latency } => {
                sim.set_link_latency(a.as_str(), b.as_str(), *latency);
                self.begun(n, &fault, net);
            }
            FaultKind::Clock { host, offset_micros } => {
                net.offsets.borrow_mut().insert(host.clone(), *offset_micros);
                self.begun(n, &fault, net);
            }
            FaultKind::DiskFull { host } => {
                net.full.borrow_mut().insert(host.clone());
                self.begun(n, &fault, net);
            }
            FaultKind::ScannerDown { host } => {
                net.unscanned.borrow_mut().insert(host.clone());
                self.begun(n, &fault, net);
            }
            FaultKind::Index(_)
            | FaultKind::CrlUnreachable
            | FaultKind::Revoked { .. }
            | FaultKind::Unlisted { .. } => self.begun(n, &fault, net),
            FaultKind::Crash { host, point: CrashPoint::AtOnce } => self.crash(n, host, sim, net),
            FaultKind::Crash { host, point } => {
                net.armed.borrow_mut().insert(host.clone(), Armed { fault: n, point: *point });
            }
        }
    }

    fn end(&mut self, n: u32, sim: &mut Sim<'_>, net: &Net) {
        let Some(fault) = self.fault(n) else { return };
        record(n, &fault, FaultPhase::Healed, net);
        match &fault.kind {
            FaultKind::Partition { a, b } => sim.repair(a.as_str(), b.as_str()),
            FaultKind::Hold { a, b } => {
                sim.release(a.as_str(), b.as_str());
                self.held.remove(&(sim.lookup(a.as_str()), sim.lookup(b.as_str())));
            }
            FaultKind::Clock { host, .. } => {
                net.offsets.borrow_mut().remove(host);
            }
            FaultKind::DiskFull { host } => {
                net.full.borrow_mut().remove(host);
            }
            FaultKind::ScannerDown { host } => {
                net.unscanned.borrow_mut().remove(host);
            }
            FaultKind::Slow { .. }
            | FaultKind::Index(_)
            | FaultKind::CrlUnreachable
            | FaultKind::Revoked { .. }
            | FaultKind::Unlisted { .. } => {}
            FaultKind::Crash { host, .. } => {
                net.down.borrow_mut().remove(host);
                sim.bounce(host.as_str());
            }
        }
        net.stir();
    }

    fn crash(&mut self, n: u32, host: &str, sim: &mut Sim<'_>, net: &Net) {
        let Some(fault) = self.fault(n) else { return };
        self.begun(n, &fault, net);
        net.down.borrow_mut().insert(host.to_owned());
        net.recorder.clock().set_alarm(host, None);
        sim.crash(host);
        net.recorder.observed(What::Host { host: host.to_owned(), up: false });
    }

    fn begun(&mut self, n: u32, fault: &Fault, net: &Net) {
        record(n, fault, FaultPhase::Injected, net);
        if let Some(lasts) = fault.lasts {
            self.due.insert((net.recorder.clock().now().after(span(lasts)), n), Phase::End);
        }
        net.stir();
    }

    fn fault(&self, n: u32) -> Option<Fault> {
        self.faults.get(usize::try_from(n).ok()?).cloned()
    }
}

fn record(n: u32, fault: &Fault, phase: FaultPhase, net: &Net) {
    net.recorder.observed(What::Fault {
        fault: n,
        kind: fault.kind.name().to_owned(),
        hosts: fault.kind.hosts(),
        phase,
    });
}
