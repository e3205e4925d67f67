//! Every check is proved able to fail: each mutant fails exactly the clauses that it declares.

use collaudo::mutants::{Proof, prove};
use collaudo_tests::library;

#[test]
fn every_mutant_is_killed_and_every_checked_clause_proved() {
    let proof = prove(&library(), &[], None);
    let Proof { mutants, traces, providers, killed, survivors, misblamed, .. } = proof;
    let Proof { permitted, permitted_clean, blamed, clauses_checked, clauses_proved, .. } = proof;
    assert!(survivors.is_empty(), "{survivors:#?}");
    assert!(misblamed.is_empty(), "{misblamed:#?}");
    assert_eq!(killed, mutants);
    assert_eq!(traces + providers, mutants);
    assert!(blamed.is_empty(), "{blamed:#?}");
    assert_eq!(permitted_clean, permitted);
    assert!(clauses_checked >= 80, "{clauses_checked}");
    let unproved: Vec<_> = collaudo_judge::checked().filter(|clause| !clauses_proved.contains(clause)).collect();
    assert!(unproved.is_empty(), "checks that no mutant has proved able to fail: {unproved:?}");
}
