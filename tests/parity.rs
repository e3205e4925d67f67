//! The same scenarios on simulated TCP and on real sockets: the same verdicts, the same shape of trace.
//!
//! Goal: what the judge says must not hang on what the network is made of. Method: each scenario that is marked for both
//! worlds is run against the reference in both of them. A spread of them here; all of them, which takes a few minutes, by
//! `COLLAUDO_PARITY=all cargo test -p collaudo-tests --test parity`.

use collaudo::{command::RunWorld, subjects, way};
use collaudo_record::{Judgement, Outcome, Trace};
use collaudo_scenario::{Plan, Scenario, World};
use collaudo_tests::{
    SEED, in_parallel, library,
    shape::{differences, shape},
};

/// How many scenarios the spread has, at least.
const SPREAD: usize = 36;

/// These cost minutes where nothing is optimised, and show nothing more; they are run where all are.
const HEAVY: [&str; 2] = ["flows/five-hundred-recipients", "flows/thirty-megabytes"];

#[test]
fn verdicts_and_shapes_are_the_same_in_both_worlds() {
    let scenarios = chosen();
    let faults = in_parallel(&scenarios, |scenario| {
        let plan = scenario.plan(SEED);
        let [simulated, live] = [RunWorld::Sim, RunWorld::Live].map(|world| judged(world, &plan));
        let mut faults = differences(&shape(&simulated.0, &simulated.1), &shape(&live.0, &live.1));
        let (here, there) = (verdicts(&simulated.1), verdicts(&live.1));
        faults.extend(here.iter().filter(|one| !there.contains(one)).map(|one| format!("only in sim: {one:?}")));
        faults.extend(there.iter().filter(|one| !here.contains(one)).map(|one| format!("only in live: {one:?}")));
        let holds = |judgement: &Judgement| judgement.expectations.iter().map(|e| e.holds).collect::<Vec<_>>();
        if holds(&simulated.1) != holds(&live.1) {
            faults.push(format!("expectations hold {:?} and {:?}", holds(&simulated.1), holds(&live.1)));
        }
        (!faults.is_empty()).then(|| format!("{}\n    {}", scenario.id(), faults.join("\n    ")))
    });
    assert!(faults.is_empty(), "{} of {} scenarios differ:\n{}", faults.len(), scenarios.len(), faults.join("\n"));
}

/// All that are marked for both worlds, or a spread of them over all folders.
fn chosen() -> Vec<Scenario> {
    let mut marked = library();
    marked.retain(|scenario| [World::Sim, World::Live].iter().all(|world| scenario.worlds().contains(world)));
    assert!(marked.len() > 4 * SPREAD, "only {} scenarios are marked for both worlds", marked.len());
    if std::env::var("COLLAUDO_PARITY").is_ok_and(|choice| choice == "all") {
        return marked;
    }
    marked.retain(|scenario| !HEAVY.contains(&scenario.id()));
    let pace = marked.len() / SPREAD;
    marked.into_iter().step_by(pace).collect()
}

fn judged(world: RunWorld, plan: &Plan) -> (Trace, Judgement) {
    let run = way::stir_in(world, plan, &subjects::reference()).expect("the world runs");
    assert_eq!(run.problem, None, "{}", plan.brief.id);
    assert_eq!(run.trace.header.world, world.name());
    let judgement = collaudo_judge::judge(&run.trace);
    (run.trace, judgement)
}

/// Clause, provider, party and outcome of each verdict.
fn verdicts(judgement: &Judgement) -> Vec<(&str, &str, &str, Outcome)> {
    let told = judgement.verdicts.iter();
    told.map(|v| (v.clause.as_str(), v.provider.as_str(), v.party.as_str(), v.outcome)).collect()
}
