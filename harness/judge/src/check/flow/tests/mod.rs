//! Each group of rules on a trace that keeps it and on traces bent in one place. The sets are exact: what fails must fail,
//! and nothing else may.

mod access;
mod delivery;
mod documents;
mod form;
mod network;
mod ordinary;
mod publisher;
mod reception;
mod terms;
mod timeouts;
mod virus;

use std::collections::BTreeSet;

use collaudo_record::Outcome;

use super::{
    super::{Findings, is_subject},
    CHECKS, quoted,
};
use crate::{story::testing::Script, verdict::aggregate};

/// `id provider` of every clause with that outcome, without the leading `PEC-`.
fn verdicts(script: &Script, outcome: Outcome) -> BTreeSet<String> {
    script.with(|view| {
        let mut findings = Findings::default();
        for check in CHECKS {
            let before = findings.0.len();
            (check.run)(view, &mut findings);
            let strays = findings.0.iter().skip(before).find(|finding| !check.clauses.contains(&finding.clause));
            assert!(strays.is_none(), "a check spoke of a clause that it does not list: {strays:?}");
        }
        let bound = findings.0.into_iter().filter(|finding| is_subject(view.trace, &finding.provider));
        let verdicts = aggregate(bound.collect());
        assert!(verdicts.iter().all(|one| !one.evidence.is_empty()), "a verdict without evidence");
        let chosen = verdicts.iter().filter(|one| one.outcome == outcome);
        chosen.map(|one| format!("{} {}", one.clause.trim_start_matches("PEC-"), one.provider)).collect()
    })
}

/// What fails is exactly this.
#[track_caller]
fn fails(script: &Script, expected: &[&str]) {
    let failed = verdicts(script, Outcome::Fail);
    assert_eq!(failed.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

/// Nothing fails, and this passes.
#[track_caller]
fn passes(script: &Script, expected: &[&str]) {
    fails(script, &[]);
    let passed = verdicts(script, Outcome::Pass);
    let missing: Vec<_> = expected.iter().filter(|one| !passed.contains(**one)).collect();
    assert!(missing.is_empty(), "not passed: {missing:?}; passed: {passed:#?}");
}

/// Neither passes nor fails.
#[track_caller]
fn silent(script: &Script, clauses: &[&str]) {
    let spoken: BTreeSet<_> = [Outcome::Pass, Outcome::Deviation, Outcome::Unknown, Outcome::Fail]
        .into_iter()
        .flat_map(|outcome| verdicts(script, outcome))
        .collect();
    let heard: Vec<_> = clauses.iter().filter(|one| spoken.contains(**one)).collect();
    assert!(heard.is_empty(), "spoken of: {heard:?}");
}

#[test]
fn a_text_is_told_in_quotes_and_its_absence_in_a_word() {
    assert_eq!([quoted(Some("breve")), quoted(None)], ["\"breve\"", "none"]);
}
