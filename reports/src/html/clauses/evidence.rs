//! The evidence of a row, over all scenarios: each expectation and each finding once, with the lines of the traces that
//! it rests on.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use collaudo_record::{Outcome, RunRecord, Verdict};
use maud::{Markup, PreEscaped, html};

use crate::{
    html::{anchor, chip, cut, report::Report},
    words::{line_of, lines_of},
};

/// So many octets of what was expected and observed are shown; the record has it all.
const WORDS: usize = 200;
/// So many verdicts of one finding and provider are links; the others name their lines.
const LINKS: usize = 8;
/// So many ranges of lines of one verdict are named.
const RANGES: usize = 4;

/// Every verdict by its clause, each with the place of its scenario.
pub(super) type ByClause<'a> = BTreeMap<&'a str, Vec<(usize, &'a Verdict)>>;

pub(super) fn by_clause(record: &RunRecord) -> ByClause<'_> {
    let mut verdicts = ByClause::new();
    for (place, scenario) in record.scenarios.iter().enumerate() {
        for verdict in &scenario.verdicts {
            verdicts.entry(&verdict.clause).or_default().push((place, verdict));
        }
    }
    verdicts
}

/// What makes two verdicts say the same; the order is that of the page, worst first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Said<'a> {
    outcome: Reverse<Outcome>,
    expected: &'a str,
    observed: &'a str,
    reading: Option<&'a str>,
    declared: bool,
}

/// By provider, in the order of scenarios.
type Bearers<'a> = BTreeMap<&'a str, Vec<(usize, &'a [u32])>>;

/// All verdicts of one row, folded.
pub(super) fn fold(report: &Report<'_>, verdicts: &[(usize, &Verdict)]) -> Markup {
    let lang = report.lang;
    let mut said: BTreeMap<Said<'_>, Bearers<'_>> = BTreeMap::new();
    for (place, verdict) in verdicts {
        let what = Said {
            outcome: Reverse(verdict.outcome),
            expected: cut(&verdict.expected, WORDS).0,
            observed: cut(&verdict.observed, WORDS).0,
            reading: verdict.reading.as_deref(),
            declared: verdict.declared,
        };
        said.entry(what).or_default().entry(&verdict.provider).or_default().push((*place, &verdict.evidence));
    }
    let scenarios = verdicts.iter().map(|(place, _)| place).collect::<BTreeSet<_>>().len();
    let mut above = "";
    html! {
        details.ev {
            summary {
                (lang.count(verdicts.len(), ("verdict", "verdicts"), ("giudizio", "giudizi"))) " "
                (lang.of("in", "in")) " " (lang.count(scenarios, ("scenario", "scenarios"), ("scenario", "scenari")))
            }
            dl {
                @for (what, bearers) in &said {
                    @if what.expected != above { dt { (what.expected) @if what.expected.len() == WORDS { "\u{2026}" } } ({ above = what.expected; "" }) }
                    dd { (finding(report, what)) (refs(report, bearers)) }
                }
            }
        }
    }
}

fn finding(report: &Report<'_>, what: &Said<'_>) -> Markup {
    html! {
        @if what.outcome.0 != Outcome::Pass { (chip(report.lang, what.outcome.0)) " " }
        (what.observed)
        @if let Some(reading) = what.reading { " " span.tag { (reading) } }
        @if what.declared { i { (report.lang.of("declared", "dichiarato")) } }
    }
}

/// `alfa 12:88, 90-92 13:40 beta 12:95`: there are tens of thousands, so that nothing is said twice.
fn refs(report: &Report<'_>, bearers: &Bearers<'_>) -> Markup {
    html! {
        @for (provider, verdicts) in bearers { " " b { (provider) } (PreEscaped(lines(report, verdicts))) }
    }
}

/// Numbers and the page's own places alone: nothing in it needs escaping.
fn lines(report: &Report<'_>, verdicts: &[(usize, &[u32])]) -> String {
    let mut out = String::new();
    for (n, (place, evidence)) in verdicts.iter().enumerate() {
        let number = place + 1;
        let ranges = lines_of(evidence);
        let Some((first, end)) = ranges.first() else {
            let _ = write!(out, " {number}");
            continue;
        };
        let linked = n < LINKS && report.listed(*place).contains(&first.saturating_sub(line_of(0)));
        let _ = match linked {
            true => write!(out, " <a href=\"#{}\">{number}:{first}</a>", anchor::of_line(*place, *first)),
            false => write!(out, " {number}:{first}"),
        };
        if end > first {
            let _ = write!(out, "\u{2013}{end}");
        }
        for (from, to) in ranges.iter().take(RANGES).skip(1) {
            let _ = if from == to { write!(out, ",{from}") } else { write!(out, ",{from}\u{2013}{to}") };
        }
        if ranges.len() > RANGES {
            let _ = write!(out, ",+{}", ranges.len() - RANGES);
        }
    }
    out
}
