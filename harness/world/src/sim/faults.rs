//! What goes wrong, when the plan says so.

use std::collections::{BTreeMap, BTreeSet};

use collaudo_record::{FaultPhase, Instant, What};
use collaudo_scenario::{CrashPoint, Fault, FaultKind, Plan};
use turmoil::Sim;

use super::links::Links;
use crate::{
    WorldError,
    clock::span,
    net::{Armed, DIRECTORY, Net, has_directory},
};

/// The plan's faults and where each of them stands.
pub(super) struct Faults {
    faults: Vec<Fault>,
    due: BTreeMap<(Instant, u32), Phase>,
}

#[derive(Clone, Copy)]
enum Phase {
    Begin,
    End,
}

impl Faults {
    pub(super) fn new(plan: &Plan) -> Result<Self, WorldError> {
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
    pub(super) fn next(&self) -> Option<Instant> {
        self.due.first_key_value().map(|((at, _), _)| *at)
    }

    /// Begins and ends what is due.
    pub(super) fn strike(&mut self, sim: &mut Sim<'_>, links: &mut Links, net: &Net) -> Result<(), WorldError> {
        let now = net.recorder.clock().now();
        while let Some(entry) = self.due.first_entry().filter(|entry| entry.key().0 <= now) {
            let ((_, n), phase) = entry.remove_entry();
            let Some(fault) = self.fault(n) else { continue };
            match (phase, &fault.kind) {
                (Phase::Begin, FaultKind::Crash { host, point: CrashPoint::AtOnce }) => self.crash(n, host, sim, net),
                (Phase::Begin, FaultKind::Crash { host, point }) => {
                    net.armed.borrow_mut().insert(host.clone(), Armed { fault: n, point: *point });
                }
                (Phase::Begin, kind) => {
                    self.begun(n, &fault, net);
                    net.in_force.borrow_mut().insert(n, kind.clone());
                    apply(kind, sim, links, net)?;
                }
                (Phase::End, FaultKind::Crash { host, .. }) => {
                    record(n, &fault, FaultPhase::Healed, net);
                    net.down.borrow_mut().remove(host);
                    sim.bounce(host.as_str());
                }
                (Phase::End, kind) => {
                    record(n, &fault, FaultPhase::Healed, net);
                    net.in_force.borrow_mut().remove(&n);
                    apply(kind, sim, links, net)?;
                }
            }
        }
        Ok(())
    }

    /// Takes down the hosts that have reached their crash point.
    pub(super) fn take_down_fallen(&mut self, sim: &mut Sim<'_>, net: &Net) {
        for (host, n) in net.fallen.take() {
            self.crash(n, &host, sim, net);
        }
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
fn apply(kind: &FaultKind, sim: &Sim<'_>, links: &mut Links, net: &Net) -> Result<(), WorldError> {
    let in_force = net.in_force.borrow();
    match kind {
        FaultKind::Partition { a, b } | FaultKind::Hold { a, b } | FaultKind::Slow { a, b, .. } => {
            links.settle(a, b, &in_force, sim);
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
