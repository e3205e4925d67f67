//! The way of the data, from a scenario file to a judged record. A new reader starts here.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use collaudo_record::{FaultPhase, FaultRecord, ScenarioRecord, Trace, What};
use collaudo_scenario::{Plan, Scenario};
use collaudo_world::{Pace, Run, Subject, World};

use crate::{command::RunWorld, record};

/// A scenario that was run: what goes into the run's record, and the trace that it rests on.
#[derive(Debug)]
pub struct Judged {
    /// For the record.
    pub record: ScenarioRecord,
    /// What was seen; none where the world could not even be built.
    pub trace: Option<Trace>,
}

/// `Scenario -> Plan -> world -> Trace -> judge -> Verdicts -> record`.
///
/// Whatever goes wrong on the way is told in the record; it costs this scenario and no other.
pub fn walk(scenario: &Scenario, seed: u64, subject: &Arc<dyn Subject>, world: RunWorld) -> Judged {
    let plan: Plan = scenario.plan(seed);
    match stir_in(world, &plan, subject) {
        Ok(Run { trace, problem, .. }) => {
            let record = match guarded(|| collaudo_judge::judge(&trace)) {
                Ok(judgement) => {
                    let faults = match world {
                        RunWorld::Sim => bites(&plan, &trace, subject),
                        RunWorld::Live => bites_live(&plan, &trace, subject),
                    };
                    record::scenario(&plan, &trace, judgement, faults, problem)
                }
                Err(panic) => record::unjudged(&plan, &trace, format!("the judge {panic}")),
            };
            Judged { record, trace: Some(trace) }
        }
        Err(problem) => Judged { record: record::broken(&plan, world.name(), problem), trace: None },
    }
}

/// Runs a plan in the simulated world.
///
/// # Errors
/// In words, where the world could not be built or has fallen over.
pub fn stir(plan: &Plan, subject: &Arc<dyn Subject>) -> Result<Run, String> {
    stir_in(RunWorld::Sim, plan, subject)
}

/// Runs a plan in a world.
///
/// # Errors
/// As [`stir`].
pub fn stir_in(world: RunWorld, plan: &Plan, subject: &Arc<dyn Subject>) -> Result<Run, String> {
    let build = || match world {
        RunWorld::Sim => World::build(plan, subject),
        RunWorld::Live => World::build_live(plan, subject, Pace::Leaping),
    };
    guarded(|| build()?.run())?.map_err(|error| error.to_string())
}

/// Whatever panics costs its own scenario, or its own message, alone.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| format!("panicked: {}", words(&*panic)))
}

/// Runs the plan again without each fault in turn: a fault that changes nothing that was seen has never bitten.
fn bites(plan: &Plan, trace: &Trace, subject: &Arc<dyn Subject>) -> Vec<FaultRecord> {
    let with = record::doings(trace);
    (0..plan.faults.len())
        .map(|n| {
            let mut spared = plan.clone();
            let fault = spared.faults.remove(n);
            let without = stir(&spared, subject);
            let effective = without.is_ok_and(|run| record::doings(&run.trace) != with);
            FaultRecord { kind: fault.kind.name().to_owned(), hosts: fault.kind.hosts(), effective }
        })
        .collect()
}

/// Of two runs on real sockets no two are the same, so whether a fault changes anything is asked of the simulation, where
/// they are; that it struck must stand in the trace itself.
fn bites_live(plan: &Plan, trace: &Trace, subject: &Arc<dyn Subject>) -> Vec<FaultRecord> {
    if plan.faults.is_empty() {
        return Vec::new();
    }
    let simulated = stir(plan, subject).map(|run| bites(plan, &run.trace, subject)).unwrap_or_default();
    let struck = |n| {
        let injected =
            |what: &What| matches!(what, What::Fault { fault, phase: FaultPhase::Injected, .. } if *fault == n);
        trace.events.iter().any(|event| injected(&event.what))
    };
    let records = (0..).zip(simulated);
    records.map(|(n, record)| FaultRecord { effective: record.effective && struck(n), ..record }).collect()
}

fn words(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a word")
}
