//! Every check is proved able to fail: each mutant fails exactly the clauses that it declares, and what the law permits
//! fails none.

use std::collections::BTreeSet;

use collaudo::mutants::{Proof, prove};
use collaudo_tests::library;

#[test]
fn every_mutant_is_killed_and_every_checked_clause_proved() {
    let Proof {
        mutants,
        traces,
        providers,
        killed,
        survivors,
        misblamed,
        permitted,
        permitted_clean,
        blamed,
        clauses_checked,
        clauses_proved,
        clauses_unproved,
    } = prove(&library(), &[], None);
    assert!(survivors.is_empty(), "{survivors:#?}");
    assert!(misblamed.is_empty(), "{misblamed:#?}");
    assert!(blamed.is_empty(), "{blamed:#?}");
    assert_eq!(killed, mutants);
    assert_eq!(permitted_clean, permitted);
    assert!(clauses_unproved.is_empty(), "checks that no mutant has proved able to fail: {clauses_unproved:?}");
    assert_eq!(clauses_proved.len(), clauses_checked);
    assert!(traces >= 300 && providers >= 100, "{traces} bent traces, {providers} bent providers");
    assert_eq!(traces + providers, mutants);
}

#[test]
fn every_permission_that_the_simulation_shows_has_a_variant() {
    let rows = collaudo_judge::catalogue().into_iter();
    let shown = rows.filter(|row| row.level == "MAY" && ["simulated", "offline-lint"].contains(&row.how.as_str()));
    let shown: BTreeSet<_> = shown.map(|row| row.id).collect();
    assert_eq!(shown.len(), 12, "{shown:?}");
    let traces = collaudo_mutants::all().iter().filter_map(|mutant| mutant.permits);
    let permitted: BTreeSet<_> =
        traces.chain(collaudo_mutants::providers().iter().filter_map(|bent| bent.permits)).map(str::to_owned).collect();
    assert_eq!(permitted, shown);
}
