//! What a reader must look at, before all else.

use collaudo_record::{Answer, ClauseRecord, Outcome, ScenarioOutcome, ScenarioRecord, Verdict};
use maud::{Markup, html};

use super::{anchor, chip, label, recalled, report::Report};
use crate::{
    finding::{Finding, findings},
    lang::Lang,
    standing::Standing,
    words::{party, statement},
};

/// So many scenarios of one clause are told in full; the others are linked.
const IN_FULL: usize = 4;
/// Of deviations fewer: practice tolerates them, and the clause map has them all.
const DEVIATIONS_IN_FULL: usize = 1;

pub(super) fn section(report: &Report<'_>) -> Markup {
    let (record, lang) = (report.record, report.lang);
    let failed = findings(record, Outcome::Fail);
    let unknown = findings(record, Outcome::Unknown);
    let deviations = findings(record, Outcome::Deviation);
    let own: Vec<&ScenarioRecord> = record.scenarios.iter().filter(|s| has_own(s)).collect();
    let answered: Vec<&ClauseRecord> = record.clauses.iter().filter(|clause| is_loud(clause)).collect();
    html! {
        @if failed.len() + unknown.len() + own.len() + answered.len() > 0 {
            section #problems {
                h2 { (lang.of("What to look at", "Che cosa guardare")) }
                @for finding in &failed { (clause(report, finding, IN_FULL)) }
                @for clause in answered { (answer(lang, clause)) }
                @for scenario in own { (own_failures(report, scenario)) }
                @for finding in &unknown { (clause(report, finding, IN_FULL)) }
            }
        }
        @if !deviations.is_empty() {
            section #deviations {
                h2 { (lang.of("Deviations on record", "Scostamenti registrati")) }
                @for finding in &deviations { (clause(report, finding, DEVIATIONS_IN_FULL)) }
            }
        }
    }
}

fn clause(report: &Report<'_>, finding: &Finding<'_>, in_full: usize) -> Markup {
    let lang = report.lang;
    let mut others: Vec<&ScenarioRecord> = finding.cases.iter().skip(in_full).map(|(s, _)| *s).collect();
    others.dedup_by_key(|s| &s.id);
    let outcome = finding.cases.first().map_or(Outcome::Unknown, |(_, v)| v.outcome);
    html! {
        article class={ "problem " (super::sign(outcome).0) } {
            h3 { (chip(lang, outcome)) " " a href={ "#" (anchor::of_clause(finding.id)) } { (finding.id) } }
            @if let Some(row) = finding.clause {
                blockquote {
                    p { (statement(lang, &row.requirement)) }
                    footer { (row.requirement.source) ", " (row.requirement.level) }
                }
            }
            @for (scenario, verdict) in finding.cases.iter().take(in_full) { (case(report, scenario, verdict)) }
            @if !others.is_empty() {
                p.more { (lang.of("Also in ", "Anche in ")) @for (n, s) in others.iter().enumerate() { @if n > 0 { ", " } (link(s)) } "." }
            }
        }
    }
}

/// Whether a person called it not fulfilled, or fulfilled in part.
fn is_loud(clause: &ClauseRecord) -> bool {
    clause.review.as_ref().is_some_and(|review| matches!(review.answer, Answer::No | Answer::Partly))
}

/// A person's word, which no machine saw.
fn answer(lang: Lang, clause: &ClauseRecord) -> Markup {
    let Some(review) = &clause.review else { return html! {} };
    let row = &clause.requirement;
    let (class, sign) = super::sign(if review.answer == Answer::No { Outcome::Fail } else { Outcome::Unknown });
    html! {
        article class={ "problem " (class) } {
            h3 { (label(class, sign, Standing::Answered(review.answer).word(lang))) " " a href={ "#" (anchor::of_clause(&row.id)) } { (row.id) } }
            blockquote { p { (statement(lang, row)) } footer { (row.source) ", " (row.level) } }
            dl.case {
                @if let Some(question) = &row.question { dt { (lang.of("question", "domanda")) } dd { (lang.of(&question.ask, &question.ask_it)) } }
                dt { (lang.of("evidence", "prove")) } dd { (review.evidence) }
                dt { (lang.of("answered", "risposto")) } dd { (review.who) ", " (review.date) }
            }
        }
    }
}

fn case(report: &Report<'_>, scenario: &ScenarioRecord, verdict: &Verdict) -> Markup {
    let lang = report.lang;
    html! {
        dl.case {
            dt { (lang.of("where", "dove")) }
            dd {
                b { (verdict.provider) } ", " (party(lang, &verdict.party)) ", in " (link(scenario))
                @if let Some(step) = &verdict.step { ", " (lang.of("about", "su")) " " code { (step) } }
            }
            (expected_and_observed(report, &verdict.expected, &verdict.observed))
            @if !verdict.source_read { dt { (lang.of("source", "fonte")) } dd { (recalled(lang)) } }
            @if !verdict.evidence.is_empty() || verdict.declared {
                dt { (lang.of("evidence", "prove")) }
                dd {
                    @if !verdict.evidence.is_empty() { (lang.of("trace, line ", "traccia, riga ")) (report.evidence(scenario, &verdict.evidence)) }
                    @if verdict.declared { " " span.tag { (lang.of("declared", "dichiarato")) } }
                }
            }
            @if let Some(reading) = &verdict.reading { dt { (lang.of("reading", "lettura")) } dd { (reading) } }
            dt { (lang.of("replay", "ripetizione")) } dd { code.command { (scenario.replay) } }
        }
    }
}

fn expected_and_observed(report: &Report<'_>, expected: &str, observed: &str) -> Markup {
    html! {
        dt { (report.lang.of("expected", "atteso")) } dd { (expected) }
        dt { (report.lang.of("observed", "osservato")) } dd { (observed) }
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

fn own_failures(report: &Report<'_>, scenario: &ScenarioRecord) -> Markup {
    let lang = report.lang;
    let (class, sign) = match scenario.outcome {
        ScenarioOutcome::Failed => ("fail", "\u{2715}"),
        ScenarioOutcome::Unknown | ScenarioOutcome::Passed => ("unknown", "?"),
    };
    html! {
        article class={ "problem " (class) } {
            h3 { (label(class, sign, lang.of("scenario", "scenario"))) " " (link(scenario)) }
            @if let Some(problem) = &scenario.problem { dl.case { dt { (lang.of("problem", "problema")) } dd { (problem) } } }
            @for e in scenario.expectations.iter().filter(|e| !e.holds) {
                dl.case {
                    dt { (lang.of("expected", "atteso")) } dd { (e.expected) " " span.place { (e.place.file) ":" (e.place.line) } }
                    dt { (lang.of("observed", "osservato")) } dd { (e.observed) }
                    @if !e.evidence.is_empty() { dt { (lang.of("evidence", "prove")) } dd { (lang.of("trace, line ", "traccia, riga ")) (report.evidence(scenario, &e.evidence)) } }
                }
            }
            @for fault in scenario.faults.iter().filter(|f| !f.effective) {
                @let expected = format!("{} {} {} {}", fault.kind, lang.of("of", "di"), fault.hosts.join(", "), lang.of("changes the run", "cambia l'esecuzione"));
                @let observed = lang.of("the run without it went the same way: the fault never bit", "senza, l'esecuzione è andata allo stesso modo: il guasto non ha avuto effetto");
                dl.case { (expected_and_observed(report, &expected, observed)) }
            }
            @if !scenario.uncovered.is_empty() {
                dl.case {
                    dt { (lang.of("expected", "atteso")) }
                    dd {
                        (lang.of("what the scenario covers is exercised: ", "è sollecitato ciò che lo scenario dice di coprire: "))
                        @for (n, id) in scenario.uncovered.iter().enumerate() { @if n > 0 { ", " } a href={ "#" (anchor::of_clause(id)) } { (id) } }
                    }
                    dt { (lang.of("observed", "osservato")) }
                    dd { (lang.of("nothing exercised it", "nulla lo ha sollecitato")) }
                }
            }
            dl.case { dt { (lang.of("replay", "ripetizione")) } dd { code.command { (scenario.replay) } } }
        }
    }
}
