//! What a reader must look at, before all else.

use collaudo_record::{Outcome, RunRecord, ScenarioOutcome, ScenarioRecord, Verdict};
use maud::{Markup, html};

use super::{anchor, chip, label};
use crate::{
    finding::{Finding, findings},
    words::party,
};

/// So many scenarios of one clause are told in full; the others are linked.
const IN_FULL: usize = 4;

pub(super) fn section(record: &RunRecord) -> Markup {
    let failed = findings(record, Outcome::Fail);
    let unknown = findings(record, Outcome::Unknown);
    let deviations = findings(record, Outcome::Deviation);
    let own: Vec<&ScenarioRecord> = record.scenarios.iter().filter(|s| has_own(s)).collect();
    html! {
        @if failed.len() + unknown.len() + own.len() > 0 {
            section #problems {
                h2 { "What to look at" }
                @for finding in &failed { (clause(finding)) }
                @for scenario in own { (own_failures(scenario)) }
                @for finding in &unknown { (clause(finding)) }
            }
        }
        @if !deviations.is_empty() {
            section #deviations {
                h2 { "Deviations on record" }
                @for finding in &deviations { (clause(finding)) }
            }
        }
    }
}

fn clause(finding: &Finding<'_>) -> Markup {
    let mut others: Vec<&ScenarioRecord> = finding.cases.iter().skip(IN_FULL).map(|(s, _)| *s).collect();
    others.dedup_by_key(|s| &s.id);
    let outcome = finding.cases.first().map_or(Outcome::Unknown, |(_, v)| v.outcome);
    html! {
        article class={ "problem " (super::sign(outcome).0) } {
            h3 { (chip(outcome)) " " a href={ "#" (anchor::of_clause(finding.id)) } { (finding.id) } }
            @if let Some(row) = finding.clause {
                blockquote {
                    p { (row.requirement.statement) }
                    footer { (row.requirement.source) ", " (row.requirement.level) }
                }
            }
            @for (scenario, verdict) in finding.cases.iter().take(IN_FULL) { (case(scenario, verdict)) }
            @if !others.is_empty() {
                p.more { "Also in " @for (n, s) in others.iter().enumerate() { @if n > 0 { ", " } (link(s)) } "." }
            }
        }
    }
}

fn case(scenario: &ScenarioRecord, verdict: &Verdict) -> Markup {
    html! {
        dl.case {
            dt { "where" }
            dd {
                b { (verdict.provider) } ", " (party(&verdict.party)) ", in " (link(scenario))
                @if let Some(step) = &verdict.step { ", about " code { (step) } }
            }
            dt { "expected" } dd { (verdict.expected) @if !verdict.source_read { " " span.tag { "recalled" } } }
            dt { "observed" } dd { (verdict.observed) }
            @if !verdict.evidence.is_empty() || verdict.declared {
                dt { "evidence" }
                dd {
                    @if !verdict.evidence.is_empty() { "trace, line " (anchor::evidence(scenario, &verdict.evidence)) }
                    @if verdict.declared { " " span.tag { "declared" } }
                }
            }
            @if let Some(reading) = &verdict.reading { dt { "reading" } dd { (reading) } }
            dt { "replay" } dd { code.command { (scenario.replay) } }
        }
    }
}

fn link(scenario: &ScenarioRecord) -> Markup {
    html! { a href={ "#" (anchor::of_scenario(scenario)) } { (scenario.id) } }
}

/// Whether something went wrong that is the scenario's own, not a clause's.
fn has_own(scenario: &ScenarioRecord) -> bool {
    scenario.problem.is_some()
        || !scenario.uncovered.is_empty()
        || scenario.expectations.iter().any(|e| !e.holds)
        || scenario.faults.iter().any(|f| !f.effective)
}

fn own_failures(scenario: &ScenarioRecord) -> Markup {
    let (class, sign) = match scenario.outcome {
        ScenarioOutcome::Failed => ("fail", "\u{2715}"),
        ScenarioOutcome::Unknown | ScenarioOutcome::Passed => ("unknown", "?"),
    };
    html! {
        article class={ "problem " (class) } {
            h3 { (label(class, sign, "scenario")) " " (link(scenario)) }
            @if let Some(problem) = &scenario.problem { dl.case { dt { "problem" } dd { (problem) } } }
            @for e in scenario.expectations.iter().filter(|e| !e.holds) {
                dl.case {
                    dt { "expected" } dd { (e.expected) " " span.place { (e.place.file) ":" (e.place.line) } }
                    dt { "observed" } dd { (e.observed) }
                    @if !e.evidence.is_empty() { dt { "evidence" } dd { "trace, line " (anchor::evidence(scenario, &e.evidence)) } }
                }
            }
            @for fault in scenario.faults.iter().filter(|f| !f.effective) {
                dl.case {
                    dt { "expected" } dd { (fault.kind) " of " (fault.hosts.join(", ")) " changes the run" }
                    dt { "observed" } dd { "the run without it went the same way: the fault never bit" }
                }
            }
            @if !scenario.uncovered.is_empty() {
                dl.case {
                    dt { "expected" } dd { "what the scenario covers is exercised: " (clauses(&scenario.uncovered)) }
                    dt { "observed" } dd { "nothing exercised it" }
                }
            }
            dl.case { dt { "replay" } dd { code.command { (scenario.replay) } } }
        }
    }
}

fn clauses(ids: &[String]) -> Markup {
    html! { @for (n, id) in ids.iter().enumerate() { @if n > 0 { ", " } a href={ "#" (anchor::of_clause(id)) } { (id) } } }
}
