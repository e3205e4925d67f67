//! The rules, each seen to hold on good messages and to break on messages bent in one place.

use std::collections::{BTreeMap, BTreeSet};

use collaudo_record::Outcome;

use crate::{
    Clause,
    check::{Finding, View, index, run},
    fixture::{self, Draft, Signing},
    reading::{Index, Readings},
    sighting::sightings,
    story::Story,
};

/// What the rules of this module and the index say of the world, its messages bent.
fn findings(bend: impl Fn(&mut Draft)) -> Vec<Finding> {
    let trace = fixture::trace(bend);
    let readings = Readings::of(&trace);
    let index = Index::of(&trace);
    let sightings = sightings(&trace, &readings);
    let story = Story::read(&trace, &readings, &index, &sightings);
    let view = View { trace: &trace, readings: &readings, index: &index, sightings: &sightings, story: &story };
    let ours: BTreeSet<Clause> =
        super::clauses().chain(index::CHECKS.iter().flat_map(|check| check.clauses).copied()).collect();
    run(&view).into_iter().filter(|finding| ours.contains(&finding.clause)).collect()
}

fn worse(findings: &[Finding]) -> BTreeMap<Clause, (Outcome, String)> {
    let mut worse = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.outcome > Outcome::Pass) {
        let words = format!("expected {}, observed {}", finding.expected, finding.observed);
        worse.entry(finding.clause).or_insert((finding.outcome, words));
    }
    worse
}

#[test]
fn good_messages_pass_every_rule() {
    let findings = findings(|_| {});
    assert_eq!(worse(&findings), BTreeMap::new());
}

/// Goal: no rule is silent on a world that holds every kind of message. Method: those that need what this world has not
/// are named.
#[test]
fn every_rule_is_exercised_by_the_good_messages() {
    let passed: BTreeSet<Clause> = findings(|_| {}).into_iter().map(|finding| finding.clause).collect();
    let silent: Vec<Clause> = super::clauses().filter(|clause| !passed.contains(clause)).collect();
    assert_eq!(silent, []);
}

/// A bend of one message and the clauses that must fail, no more and no fewer.
type Bend = (&'static str, &'static [(&'static str, &'static str)], &'static [Clause]);

#[test]
fn a_bent_message_fails_the_rows_that_it_breaks_and_no_others() {
    for (name, swaps, expected) in BENDS {
        let found = worse(&findings(|draft| {
            if draft.name == *name {
                swaps.iter().for_each(|(from, to)| draft.swap(from, to));
            }
        }));
        let failed: BTreeSet<Clause> =
            found.iter().filter(|(_, (outcome, _))| *outcome == Outcome::Fail).map(|(clause, _)| *clause).collect();
        assert_eq!(failed, expected.iter().copied().collect(), "{name} {swaps:?}: {found:#?}");
    }
}

#[test]
fn every_rule_is_broken_by_some_bend() {
    let broken: BTreeSet<Clause> =
        BENDS.iter().flat_map(|(.., clauses)| *clauses).chain(BY_SIGNATURE).copied().collect();
    let unbroken: Vec<Clause> = super::clauses().filter(|clause| !broken.contains(clause)).collect();
    assert_eq!(unbroken, []);
}

fn failed(bend: impl Fn(&mut Draft)) -> BTreeSet<Clause> {
    let found = worse(&findings(bend));
    found.into_iter().filter(|(_, (outcome, _))| *outcome == Outcome::Fail).map(|(clause, _)| clause).collect()
}

const BY_SIGNATURE: &[Clause] = &[];
const BENDS: &[Bend] = &[];
