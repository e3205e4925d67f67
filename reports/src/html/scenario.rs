//! One scenario: why, what it came to, how it went, and its messages to open.

use std::collections::BTreeSet;

use collaudo_record::{Outcome, Player, ScenarioOutcome, ScenarioRecord, Verdict};
use maud::{Markup, html};

use super::{anchor, chip, diagram, label, message, recalled, report::Report, scenario_chip, trace};
use crate::{
    chapter::in_sections,
    finding::{came_to, exercised},
    lang::Lang,
    words::{instant, party},
};

pub(super) fn section(report: &Report<'_>) -> Markup {
    let lang = report.lang;
    html! {
        section #scenarios {
            h2 { (lang.of("Scenarios", "Scenari")) span.tools data-opens="details.scenario" data-words=(lang.of("Open all|Close all", "Apri tutto|Chiudi tutto")) {} }
            p.lead {
                (lang.count(report.record.scenarios.len(), ("scenario", "scenarios"), ("scenario", "scenari"))) ". "
                (lang.of(
                    "Open one to see how it went in simulated time, what was judged and every message.",
                    "Aprirne uno mostra come è andata nel tempo simulato, che cosa è stato giudicato e ogni messaggio.",
                ))
            }
            (diagram::key(lang))
            @for (place, scenario) in report.record.scenarios.iter().enumerate() { (one(report, place, scenario)) }
        }
    }
}

fn one(report: &Report<'_>, place: usize, scenario: &ScenarioRecord) -> Markup {
    let lang = report.lang;
    let failed = came_to(scenario, Outcome::Fail);
    html! {
        details.scenario open[scenario.outcome == ScenarioOutcome::Failed] {
            summary {
                span.number { (place + 1) }
                (scenario_chip(lang, scenario.outcome))
                div.name { h3 { (scenario.title) } span.id { (scenario.id) } }
                span.n { (scenario.simulated) }
                span.n { (lang.count(scenario.messages.len(), ("message", "messages"), ("messaggio", "messaggi"))) }
                span.n {
                    (lang.count(exercised(scenario), ("clause", "clauses"), ("requisito", "requisiti")))
                    @if failed > 0 { ", " b { (failed) " " (lang.of("failed", "violati")) } }
                }
            }
            div.inside {
                span.anchor id=(anchor::of_scenario(scenario)) {}
                p.why { (scenario.why) }
                @if let Some(problem) = &scenario.problem { p.alarm { (problem) } }
                (facts(report, scenario))
                @if !scenario.events.is_empty() {
                    h4 { (lang.of("How it went", "Come è andata")) }
                    (diagram::figure(report, scenario, place))
                }
                (verdicts(report, scenario))
                (expectations(report, scenario))
                @if !scenario.messages.is_empty() {
                    h4 { (lang.of("Messages", "Messaggi")) }
                    (message::list(report, place, scenario))
                }
                @if !scenario.events.is_empty() { (trace::list(report, place, scenario)) }
            }
        }
    }
}

fn facts(report: &Report<'_>, scenario: &ScenarioRecord) -> Markup {
    let lang = report.lang;
    html! {
        dl.facts {
            div { dt { (lang.of("World", "Mondo")) } dd { (scenario.world) } }
            div { dt { (lang.of("Seed", "Seme")) } dd { code { (scenario.seed) } } }
            div { dt { (lang.of("Clock", "Orologio")) } dd { (instant(scenario.epoch)) " \u{2192} " (scenario.simulated) } }
            @if !scenario.providers.is_empty() {
                div { dt { (lang.of("Providers", "Gestori")) } dd { (providers(report, scenario)) } }
            }
            @if !scenario.faults.is_empty() {
                div {
                    dt { (lang.of("Faults", "Guasti")) }
                    dd {
                        @for (n, fault) in scenario.faults.iter().enumerate() {
                            @if n > 0 { "; " }
                            (fault.kind) " " (lang.of("of", "di")) " " (fault.hosts.join(", "))
                            @if fault.effective { ", " (lang.of("took effect", "con effetto")) } @else { ", " b { (lang.of("never bit", "senza effetto")) } }
                        }
                    }
                }
            }
            div { dt { (lang.of("Replay", "Ripetizione")) } dd { code.command { (scenario.replay) } } }
            @if !scenario.trace_sha256.is_empty() {
                div.wide {
                    dt { (lang.of("SHA-256 of the trace", "SHA-256 della traccia")) }
                    dd { code { (scenario.trace_sha256) } @if let Some(file) = anchor::trace_file(scenario) { " " a href=(file) { (lang.of("open the file", "apri il file")) } } }
                }
            }
        }
    }
}

/// Who took part; of a crowd the first few.
fn providers(report: &Report<'_>, scenario: &ScenarioRecord) -> Markup {
    const SHOWN: usize = 6;
    let lang = report.lang;
    html! {
        @for (n, provider) in scenario.providers.iter().take(SHOWN).enumerate() {
            @if n > 0 { ", " }
            (provider.name) @if provider.player == Player::Peer { (lang.of(" (scripted peer)", " (gestore di scena)")) }
        }
        @if scenario.providers.len() > SHOWN { " " (lang.of("and", "e altri")) " " (scenario.providers.len() - SHOWN) (lang.of(" more", "")) }
    }
}

/// What did not pass in full; of what passed the clauses, whose evidence stands in the clause map.
fn verdicts(report: &Report<'_>, scenario: &ScenarioRecord) -> Markup {
    let lang = report.lang;
    let of = |outcome| scenario.verdicts.iter().filter(move |v| v.outcome == outcome);
    let loud: Vec<&Verdict> = [Outcome::Fail, Outcome::Unknown, Outcome::Deviation].into_iter().flat_map(of).collect();
    html! {
        @if !scenario.verdicts.is_empty() {
            h4 { (lang.of("Verdicts", "Giudizi")) }
            @if !loud.is_empty() { (verdict_table(report, scenario, &loud)) }
            @for outcome in [Outcome::Pass, Outcome::NotExercised, Outcome::NotSupported] { (quiet(report, outcome, of(outcome))) }
        }
    }
}

/// `148 passed: 2.1 01-06 08 3.1.1 02`, to be looked up in the clause map.
fn quiet<'a>(report: &Report<'_>, outcome: Outcome, verdicts: impl Iterator<Item = &'a Verdict>) -> Markup {
    let clauses: BTreeSet<&str> = verdicts.map(|verdict| verdict.clause.as_str()).collect();
    html! {
        @if !clauses.is_empty() {
            p.passed {
                (chip(report.lang, outcome)) " " (clauses.len()) " "
                (report.lang.of("clauses; the ", "requisiti; le prove sono nella "))
                a href="#requirements" { (report.lang.of("clause map", "mappa dei requisiti")) }
                (report.lang.of(" has their evidence:", ":"))
                @for (key, rows) in in_sections(&clauses) { " " b { (key) } " " (rows) }
            }
        }
    }
}

fn verdict_table(report: &Report<'_>, scenario: &ScenarioRecord, verdicts: &[&Verdict]) -> Markup {
    let lang = report.lang;
    let columns = match lang {
        Lang::En => ["Clause", "Outcome", "Bound", "Expected", "Observed", "Trace line"],
        Lang::It => ["Requisito", "Esito", "Chi vi è tenuto", "Atteso", "Osservato", "Riga della traccia"],
    };
    html! {
        div.scroll {
            table.verdicts {
                caption.unseen { (lang.of("Verdicts other than passed", "Giudizi diversi da superato")) }
                thead { tr { @for column in columns { th scope="col" { (column) } } } }
                tbody { @for verdict in verdicts { (verdict_row(report, scenario, verdict)) } }
            }
        }
    }
}

fn verdict_row(report: &Report<'_>, scenario: &ScenarioRecord, verdict: &Verdict) -> Markup {
    let lang = report.lang;
    html! {
        tr {
            th scope="row" { a href={ "#" (anchor::of_clause(&verdict.clause)) } { (verdict.clause) } @if !verdict.source_read { " " (recalled(lang)) } }
            td { (chip(lang, verdict.outcome)) }
            td { (verdict.provider) ", " (party(lang, &verdict.party)) }
            td { (verdict.expected) @if let Some(reading) = &verdict.reading { " " span.tag { (reading) } } }
            td {
                (verdict.observed)
                @if verdict.matched > 1 { " " span.source { (lang.of("looked at", "guardato")) " " (verdict.matched) " " (lang.of("times", "volte")) } }
            }
            td {
                (report.evidence(scenario, &verdict.evidence))
                @if verdict.declared { " " span.tag { (lang.of("declared", "dichiarato")) } }
            }
        }
    }
}

fn expectations(report: &Report<'_>, scenario: &ScenarioRecord) -> Markup {
    let lang = report.lang;
    let columns = match lang {
        Lang::En => ["Outcome", "Expected", "Observed", "Said in", "Trace line"],
        Lang::It => ["Esito", "Atteso", "Osservato", "Detto in", "Riga della traccia"],
    };
    let unmet = || scenario.expectations.iter().filter(|e| !e.holds);
    html! {
        @if !scenario.expectations.is_empty() {
            h4 { (lang.of("What the scenario itself expects", "Che cosa lo scenario stesso si aspetta")) }
            div.scroll {
                table.verdicts {
                    caption.unseen { (lang.of("Expectations of the scenario", "Attese dello scenario")) }
                    thead { tr { @for column in columns { th scope="col" { (column) } } } }
                    tbody {
                        @for e in unmet().chain(scenario.expectations.iter().filter(|e| e.holds)) {
                            tr {
                                td { @if e.holds { (label("pass", "\u{2713}", lang.of("holds", "vale"))) } @else { (label("fail", "\u{2715}", lang.of("unmet", "disattesa"))) } }
                                td { (e.expected) }
                                td { (e.observed) }
                                td { span.place { (e.place.file) ":" (e.place.line) } }
                                td { (report.evidence(scenario, &e.evidence)) }
                            }
                        }
                    }
                }
            }
        }
    }
}
