//! One scenario: why, what it came to, how it went, and its messages to open.

use collaudo_record::{Outcome, Player, ScenarioOutcome, ScenarioRecord, Verdict};
use maud::{Markup, html};

use super::{Report, anchor, chip, diagram, label, message, scenario_chip, trace};
use crate::{
    finding::{came_to, exercised},
    words::{count, instant, party},
};

pub(super) fn section(report: &Report<'_>) -> Markup {
    html! {
        section #scenarios {
            h2 { "Scenarios" span.tools data-opens="details.scenario" {} }
            p.lead { (count(report.record.scenarios.len(), "scenario")) ". Open one to see how it went in simulated time, what was judged and every message." }
            @for (place, scenario) in report.record.scenarios.iter().enumerate() { (one(report, place, scenario)) }
        }
    }
}

fn one(report: &Report<'_>, place: usize, scenario: &ScenarioRecord) -> Markup {
    let failed = came_to(scenario, Outcome::Fail);
    html! {
        details.scenario open[scenario.outcome == ScenarioOutcome::Failed] {
            summary {
                (scenario_chip(scenario.outcome))
                div.name { h3 { (scenario.title) } span.id { (scenario.id) } }
                span.n { (scenario.simulated) }
                span.n { (count(scenario.messages.len(), "message")) }
                span.n { (count(exercised(scenario), "clause")) @if failed > 0 { ", " b { (failed) " failed" } } }
            }
            div.inside {
                span.anchor id=(anchor::of_scenario(scenario)) {}
                p.why { (scenario.why) }
                @if let Some(problem) = &scenario.problem { p.alarm { (problem) } }
                (facts(scenario))
                @if !scenario.events.is_empty() {
                    h4 { "How it went" }
                    (diagram::figure(scenario, place))
                }
                (verdicts(scenario))
                (expectations(scenario))
                @if !scenario.messages.is_empty() {
                    h4 { "Messages" }
                    (message::list(report, place, scenario))
                }
                @if !scenario.events.is_empty() { (trace::list(scenario)) }
            }
        }
    }
}

fn facts(scenario: &ScenarioRecord) -> Markup {
    html! {
        dl.facts {
            div { dt { "World" } dd { (scenario.world) } }
            div { dt { "Seed" } dd { code { (scenario.seed) } } }
            div { dt { "Clock" } dd { (instant(scenario.epoch)) " to " (scenario.simulated) } }
            @if !scenario.providers.is_empty() {
                div { dt { "Providers" } dd { (providers(scenario)) } }
            }
            @if !scenario.faults.is_empty() {
                div {
                    dt { "Faults" }
                    dd {
                        @for (n, fault) in scenario.faults.iter().enumerate() {
                            @if n > 0 { "; " }
                            (fault.kind) " of " (fault.hosts.join(", ")) @if fault.effective { ", took effect" } @else { ", " b { "never bit" } }
                        }
                    }
                }
            }
            div { dt { "Replay" } dd { code.command { (scenario.replay) } } }
            @if !scenario.trace_sha256.is_empty() {
                div.wide {
                    dt { "SHA-256 of the trace" }
                    dd { code { (scenario.trace_sha256) } @if let Some(file) = anchor::trace_file(scenario) { " " a href=(file) { "open the file" } } }
                }
            }
        }
    }
}

/// Who took part; of a crowd the first few.
fn providers(scenario: &ScenarioRecord) -> Markup {
    const SHOWN: usize = 6;
    html! {
        @for (n, provider) in scenario.providers.iter().take(SHOWN).enumerate() {
            @if n > 0 { ", " }
            (provider.name) @if provider.player == Player::Peer { " (scripted peer)" }
        }
        @if scenario.providers.len() > SHOWN { " and " (scenario.providers.len() - SHOWN) " more" }
    }
}

/// Worst first; what passed is folded.
fn verdicts(scenario: &ScenarioRecord) -> Markup {
    let of = |outcome| scenario.verdicts.iter().filter(move |v| v.outcome == outcome);
    let loud: Vec<&Verdict> = [Outcome::Fail, Outcome::Unknown, Outcome::Deviation].into_iter().flat_map(of).collect();
    let quiet: Vec<&Verdict> =
        [Outcome::Pass, Outcome::NotSupported, Outcome::NotExercised].into_iter().flat_map(of).collect();
    let passed = quiet.iter().filter(|v| v.outcome == Outcome::Pass).count();
    html! {
        @if loud.len() + quiet.len() > 0 {
            h4 { "Verdicts" }
            @if !loud.is_empty() { (verdict_table(scenario, &loud, "Verdicts other than passed")) }
            @if !quiet.is_empty() {
                details.fold {
                    summary { (passed) " passed" @if quiet.len() > passed { ", " (quiet.len() - passed) " not exercised or not supported" } }
                    (verdict_table(scenario, &quiet, "Verdicts passed"))
                }
            }
        }
    }
}

fn verdict_table(scenario: &ScenarioRecord, verdicts: &[&Verdict], caption: &str) -> Markup {
    html! {
        div.scroll {
            table.verdicts {
                caption.unseen { (caption) }
                thead {
                    tr { th scope="col" { "Clause" } th scope="col" { "Outcome" } th scope="col" { "Bound" } th scope="col" { "Expected" } th scope="col" { "Observed" } th scope="col" { "Trace line" } }
                }
                tbody { @for verdict in verdicts { (verdict_row(scenario, verdict)) } }
            }
        }
    }
}

fn verdict_row(scenario: &ScenarioRecord, verdict: &Verdict) -> Markup {
    html! {
        tr {
            th scope="row" {
                a href={ "#" (anchor::of_clause(&verdict.clause)) } { (verdict.clause) }
                @if !verdict.source_read { " " span.tag { "recalled" } }
            }
            td { (chip(verdict.outcome)) }
            td { (verdict.provider) ", " (party(&verdict.party)) }
            td { (verdict.expected) @if let Some(reading) = &verdict.reading { " " span.tag { (reading) } } }
            td { (verdict.observed) @if verdict.matched > 1 { " " span.source { "looked at " (verdict.matched) " times" } } }
            td { (anchor::evidence(scenario, &verdict.evidence)) @if verdict.declared { " " span.tag { "declared" } } }
        }
    }
}

fn expectations(scenario: &ScenarioRecord) -> Markup {
    html! {
        @if !scenario.expectations.is_empty() {
            h4 { "What the scenario itself expects" }
            div.scroll {
                table.verdicts {
                    caption.unseen { "Expectations of the scenario" }
                    thead { tr { th scope="col" { "Outcome" } th scope="col" { "Expected" } th scope="col" { "Observed" } th scope="col" { "Said in" } th scope="col" { "Trace line" } } }
                    tbody {
                        @for e in scenario.expectations.iter().filter(|e| !e.holds).chain(scenario.expectations.iter().filter(|e| e.holds)) {
                            tr {
                                td { @if e.holds { (label("pass", "\u{2713}", "holds")) } @else { (label("fail", "\u{2715}", "unmet")) } }
                                td { (e.expected) }
                                td { (e.observed) }
                                td { span.place { (e.place.file) ":" (e.place.line) } }
                                td { (anchor::evidence(scenario, &e.evidence)) }
                            }
                        }
                    }
                }
            }
        }
    }
}
