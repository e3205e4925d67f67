//! The verdict at a glance, and how to read the page.

use collaudo_record::{Outcome, Totals};
use maud::{Markup, html};

use super::{Report, chip, label, sign};
use crate::words::{duration, instant};

pub(super) fn header(report: &Report<'_>) -> Markup {
    let record = report.record;
    let totals = &record.totals;
    let verdict = Verdict::of(totals);
    html! {
        header.top {
            p.kicker { "Collaudo " span aria-hidden="true" { "\u{b7}" } " certified mail (PEC) examined against RFC 6109 and DM 2 November 2005" }
            h1 { "Examination of " em { (record.subject) } }
            div class={ "verdict " (verdict.class) } role="status" {
                span.sign aria-hidden="true" { (verdict.sign) }
                div {
                    p.word { (verdict.word) }
                    p { (verdict.sentence) }
                }
            }
            (tiles(totals))
            (bar(totals))
            (facts(report))
            nav aria-label="Parts of this report" {
                @if verdict.class != "pass" { a href="#problems" { "What to look at" } }
                a href="#scenarios" { "Scenarios" }
                a href="#requirements" { "Requirements" }
                a href="#reading" { "How to read this" }
            }
        }
    }
}

struct Verdict {
    class: &'static str,
    sign: &'static str,
    word: &'static str,
    sentence: String,
}

impl Verdict {
    fn of(totals: &Totals) -> Self {
        let (outcome, word) = match totals {
            t if t.failed > 0 || t.scenarios_failed > 0 => (Outcome::Fail, "Failed"),
            t if t.unknown > 0 || t.scenarios_unknown > 0 => (Outcome::Unknown, "Not decided"),
            t if t.exercised == 0 => (Outcome::NotExercised, "Nothing was examined"),
            _ => (Outcome::Pass, "Passed, as far as examined"),
        };
        let found = format!(
            "{} of {} scenarios passed. {} passed of {} exercised; {}; {} could not be decided.",
            totals.scenarios_passed,
            totals.scenarios,
            requirements(totals.passed),
            totals.exercised,
            match totals.failed {
                0 => "none failed".to_owned(),
                n => format!("{n} failed"),
            },
            totals.unknown
        );
        let deviations = match totals.deviation {
            0 => String::new(),
            1 => " One deviation that deployed practice tolerates is on record.".to_owned(),
            n => format!(" {n} deviations that deployed practice tolerates are on record."),
        };
        let rest = totals.catalogued.saturating_sub(totals.checked);
        let limits = format!(" Of {} catalogued, {rest} are not yet checked by machine.", totals.catalogued);
        let (class, sign) = sign(outcome);
        Self { class, sign, word, sentence: found + &deviations + &limits }
    }
}

fn requirements(n: u32) -> String {
    if n == 1 { "1 requirement".to_owned() } else { format!("{n} requirements") }
}

fn tiles(totals: &Totals) -> Markup {
    let rest = totals.catalogued.saturating_sub(totals.checked);
    let quiet = |class, n| if n == 0 { "none" } else { class };
    html! {
        ul.tiles {
            (tile("pass", &format!("{}/{}", totals.scenarios_passed, totals.scenarios), "scenarios passed"))
            (tile(quiet("pass", totals.passed), &totals.passed.to_string(), "requirements passed"))
            (tile(quiet("fail", totals.failed), &totals.failed.to_string(), "failed"))
            (tile(quiet("deviation", totals.deviation), &totals.deviation.to_string(), "deviations"))
            (tile(quiet("unknown", totals.unknown), &totals.unknown.to_string(), "unknown"))
            (tile(quiet("idle", totals.not_exercised), &totals.not_exercised.to_string(), "not exercised"))
            @if totals.not_supported > 0 { (tile("idle", &totals.not_supported.to_string(), "not supported")) }
            (tile(quiet("open", rest), &rest.to_string(), "not yet checked"))
        }
    }
}

fn tile(class: &str, number: &str, word: &str) -> Markup {
    html! { li class=(class) { b { (number) } " " span { (word) } } }
}

/// The whole catalogue as one bar; its numbers stand in the tiles.
fn bar(totals: &Totals) -> Markup {
    let rest = totals.catalogued.saturating_sub(totals.checked);
    let idle = totals.not_exercised + totals.not_supported;
    let pieces = [
        ("pass", totals.passed, "passed"),
        ("deviation", totals.deviation, "deviation"),
        ("unknown", totals.unknown, "unknown"),
        ("fail", totals.failed, "failed"),
        ("idle", idle, "not exercised or not supported"),
        ("open", rest, "not yet checked"),
    ];
    let mut x = 0;
    let placed = pieces.map(|(class, n, word)| {
        x += n;
        (class, x - n, n, word)
    });
    html! {
        @if totals.catalogued > 0 {
            svg.bar viewBox={ "0 0 " (totals.catalogued) " 4" } preserveAspectRatio="none" role="img" aria-labelledby="bar-title" {
                title #bar-title {
                    "The " (totals.catalogued) " catalogued requirements: "
                    @for (n, (_, _, count, word)) in placed.iter().enumerate() { @if n > 0 { ", " } (count) " " (word) }
                }
                @for (class, x, n, word) in placed {
                    @if n > 0 { rect class=(class) x=(x) y="0" width=(n) height="4" { title { (n) " " (word) } } }
                }
            }
        }
    }
}

fn facts(report: &Report<'_>) -> Markup {
    let record = report.record;
    html! {
        dl.facts {
            div { dt { "Seed" } dd { code { (record.seed) } } }
            div { dt { "Simulated time" } dd { (duration(record.totals.simulated_seconds)) } }
            @if let Some(measured) = report.measured {
                div { dt { "Run" } dd { (date(&measured.began)) } }
                div { dt { "Took" } dd { (measured.wall_ms / 1_000) "." (tenths(measured.wall_ms)) " s" } }
            }
            div.wide { dt { "SHA-256 of all traces" } dd { code { (record.trace_sha256) } } }
        }
    }
}

fn tenths(ms: u64) -> u64 {
    ms % 1_000 / 100
}

/// The day of the run as a person reads it; what is no date stays as it is.
fn date(began: &str) -> String {
    began
        .parse::<jiff::Timestamp>()
        .map_or_else(|_| began.to_owned(), |at| instant(collaudo_record::Instant(at.as_microsecond())))
}

/// What the words of the page mean.
pub(super) fn how_to_read() -> Markup {
    html! {
        section #reading {
            h2 { "How to read this" }
            p {
                "A scenario stirs the examined providers; what crossed the wires and what they declared is recorded in a trace; "
                "a judge that shares no code with them reads the trace alone and holds every clause of the catalogue against it. "
                "Each verdict names the bound provider and the lines of the trace that it rests on."
            }
            dl.words {
                dt { (chip(Outcome::Pass)) } dd { "At least one event of the trace was looked at, and all of them are what the clause asks for." }
                dt { (chip(Outcome::Fail)) } dd { "Something is not what the clause asks for; the replay line repeats the run byte for byte." }
                dt { (chip(Outcome::Deviation)) } dd { "Not what the clause says, but tolerated in deployed practice; recorded." }
                dt { (chip(Outcome::Unknown)) } dd { "The check could not decide. Never counted as passed." }
                dt { (chip(Outcome::NotExercised)) } dd { "Checked by machine, but nothing in this run called for it. Never counted as passed." }
                dt { (chip(Outcome::NotSupported)) } dd { "The provider says that it does not offer it. Never counted as passed." }
                dt { (label("open", "\u{b7}", "not yet checked")) } dd { "In the catalogue, without a check by machine so far." }
                dt { span.tag { "recalled" } } dd { "The clause comes from knowledge; no text was read that confirms it." }
                dt { span.tag { "declared" } } dd { "Rests in part or whole on what the provider says of itself (its log, its store), not on what was seen on the wire." }
            }
            p {
                "Offsets such as " code { "+12h00m00s" } " count from the start of the scenario's clock, in simulated time. "
                "Line numbers are those of the scenario's trace file, whose first line is its header."
            }
        }
    }
}
