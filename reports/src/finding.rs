//! What a run found, clause by clause, as all reports tell it.

use std::collections::BTreeSet;

use collaudo_record::{ClauseRecord, Outcome, RunRecord, ScenarioRecord, Verdict};

/// A clause with every verdict of one outcome, over all scenarios.
pub(crate) struct Finding<'a> {
    /// Its id.
    pub(crate) id: &'a str,
    /// Its row; none where the catalogue has no such row.
    pub(crate) clause: Option<&'a ClauseRecord>,
    /// In the order of the scenarios.
    pub(crate) cases: Vec<(&'a ScenarioRecord, &'a Verdict)>,
}

/// All verdicts of one outcome, by clause in the catalogue's order; clauses that it lacks come last.
pub(crate) fn findings(record: &RunRecord, outcome: Outcome) -> Vec<Finding<'_>> {
    let mut findings: Vec<Finding<'_>> = Vec::new();
    for scenario in &record.scenarios {
        for verdict in scenario.verdicts.iter().filter(|v| v.outcome == outcome) {
            match findings.iter_mut().find(|f| f.id == verdict.clause) {
                Some(finding) => finding.cases.push((scenario, verdict)),
                None => findings.push(Finding {
                    id: &verdict.clause,
                    clause: record.clauses.iter().find(|c| c.requirement.id == verdict.clause),
                    cases: vec![(scenario, verdict)],
                }),
            }
        }
    }
    let place = |f: &Finding<'_>| record.clauses.iter().position(|c| c.requirement.id == f.id).unwrap_or(usize::MAX);
    findings.sort_by_cached_key(|f| (place(f), f.id.to_owned()));
    findings
}

/// How many clauses a scenario exercised.
pub(crate) fn exercised(scenario: &ScenarioRecord) -> usize {
    distinct(scenario, |o| o >= Outcome::Pass)
}

/// How many clauses came to this outcome in a scenario, for at least one provider.
pub(crate) fn came_to(scenario: &ScenarioRecord, outcome: Outcome) -> usize {
    distinct(scenario, |o| o == outcome)
}

fn distinct(scenario: &ScenarioRecord, wanted: impl Fn(Outcome) -> bool) -> usize {
    let clauses: BTreeSet<&str> =
        scenario.verdicts.iter().filter(|v| wanted(v.outcome)).map(|v| v.clause.as_str()).collect();
    clauses.len()
}
