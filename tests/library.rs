//! The scenario library as a whole.

use std::collections::{BTreeMap, BTreeSet};

use collaudo_scenario::{FaultKind, Scenario};
use collaudo_tests::{SEED, library};

#[test]
fn every_scenario_covers_a_clause_or_a_fault_that_no_other_covers() {
    let scenarios: Vec<_> = library().into_iter().filter(|scenario| !scenario.id().ends_with("~swapped")).collect();
    assert!(scenarios.len() >= 20, "{}", scenarios.len());
    let covered: BTreeMap<_, BTreeSet<String>> = scenarios
        .iter()
        .map(|scenario| {
            let faults =
                scenario.plan(SEED).faults.into_iter().map(|fault| format!("{:?} for {:?}", fault.kind, fault.lasts));
            (scenario.id(), scenario.brief().covers.iter().cloned().chain(faults).collect())
        })
        .collect();
    let idle: Vec<_> = covered
        .iter()
        .filter(|(id, own)| {
            own.iter().all(|item| covered.iter().any(|(other, theirs)| other != *id && theirs.contains(item)))
        })
        .map(|(id, _)| id)
        .collect();
    assert!(idle.is_empty(), "say in `covers` what only this scenario exercises, or drop it: {idle:?}");
}

/// That each has bitten is a condition of its scenario's passing.
#[test]
fn every_kind_of_fault_is_injected_by_a_scenario() {
    let library = library();
    let injected: BTreeSet<_> = library.iter().flat_map(Scenario::faults).map(|fault| fault.kind.name()).collect();
    assert_eq!(injected, FaultKind::NAMES.into_iter().collect());
}
