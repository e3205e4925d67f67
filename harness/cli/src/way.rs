//! The way of the data, from a scenario file to a judged record. A new reader starts here.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use collaudo_record::{FaultRecord, ScenarioRecord, Trace};
use collaudo_scenario::{Plan, Scenario};
use collaudo_world::{Run, Subject, World};

use crate::record;

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
pub fn walk(scenario: &Scenario, seed: u64, subject: &Arc<dyn Subject>) -> Judged {
    let plan: Plan = scenario.plan(seed);
    match stir(&plan, subject) {
        Ok(Run { trace, problem, .. }) => {
            let record = match guarded(|| collaudo_judge::judge(&trace)) {
                Ok(judgement) => record::scenario(&plan, &trace, judgement, bites(&plan, &trace, subject), problem),
                Err(panic) => record::unjudged(&plan, &trace, format!("the judge {panic}")),
            };
            Judged { record, trace: Some(trace) }
        }
        Err(problem) => Judged { record: record::broken(&plan, problem), trace: None },
    }
}

/// Runs a plan in its world.
///
/// # Errors
/// In words, where the world could not be built or has fallen over.
pub fn stir(plan: &Plan, subject: &Arc<dyn Subject>) -> Result<Run, String> {
    guarded(|| World::build(plan, subject)?.run())?.map_err(|error| error.to_string())
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

fn words(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a word")
}
