//! The proof and the list of mutants, for people and for programs.

use serde_json::{Value, json};

use super::{
    Proof,
    case::{Case, Sort},
};

pub(crate) fn text(proof: &Proof) -> String {
    let mut text = String::new();
    for (word, named) in
        [("SURVIVED", &proof.survivors), ("MISBLAMED", &proof.misblamed), ("BLAMED THOUGH PERMITTED", &proof.blamed)]
    {
        for (id, why) in named {
            text.push_str(&format!("{word} {id}\n  {why}\n"));
        }
    }
    if !proof.clauses_unproved.is_empty() {
        let unproved = proof.clauses_unproved.join(" ");
        text.push_str(&format!("checks that no mutant has proved able to fail: {unproved}\n"));
    }
    text.push_str(&format!(
        "{} of {} mutants killed ({} bent traces, {} bent providers); {} of {} permitted variants left alone; \
         {} of {} checked clauses proved able to fail\n",
        proof.killed,
        proof.mutants,
        proof.traces,
        proof.providers,
        proof.permitted_clean,
        proof.permitted,
        proof.clauses_proved.len(),
        proof.clauses_checked
    ));
    text
}

pub(crate) fn json(proof: &Proof) -> Value {
    let ids = |named: &[(&'static str, String)]| named.iter().map(|(id, _)| *id).collect::<Vec<_>>();
    json!({
        "format": 1,
        "mutants": proof.mutants,
        "traces": proof.traces,
        "providers": proof.providers,
        "killed": proof.killed,
        "survivors": ids(&proof.survivors),
        "misblamed": ids(&proof.misblamed),
        "permitted": proof.permitted,
        "permitted_clean": proof.permitted_clean,
        "clauses_checked": proof.clauses_checked,
        "clauses_proved": proof.clauses_proved.len(),
    })
}

pub(crate) fn list_text(cases: &[Case]) -> String {
    let line = |case: &Case| {
        let rows = case.permits().map_or_else(|| case.must_fail().join(" "), |row| format!("permitted by {row}"));
        format!("{:48}  {:8}  {rows}\n", case.id(), sort(*case))
    };
    cases.iter().map(line).collect()
}

pub(crate) fn list_json(cases: &[Case]) -> Value {
    let one = |case: &Case| {
        json!({
            "id": case.id(),
            "sort": sort(*case),
            "scenario": case.scenarios().first(),
            "scenarios": case.scenarios(),
            "why": case.why(),
            "must_fail": case.must_fail(),
            "permitted_by": case.permits(),
        })
    };
    json!({"format": 1, "mutants": cases.iter().map(one).collect::<Vec<_>>()})
}

fn sort(case: Case) -> &'static str {
    match case.sort() {
        Sort::Trace => "trace",
        Sort::Provider => "provider",
    }
}
