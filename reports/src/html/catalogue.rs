//! The whole catalogue, by chapter: what was checked, what it came to, and what is not yet checked.

use collaudo_record::{ClauseRecord, RunRecord};
use maud::{Markup, html};

use super::{anchor, chip, label};
use crate::{
    chapter::{Chapter, Tally, chapters, section_of, title},
    words::party,
};

pub(super) fn section(record: &RunRecord) -> Markup {
    html! {
        section #requirements {
            h2 { "Requirements" span.tools data-opens="details.chapter" {} }
            p.lead {
                "The catalogue in its own order, " (record.clauses.len()) " rows, worded by us; the source names the text that binds. "
                "A row shows the worst that it came to in this run."
            }
            @for chapter in chapters(&record.clauses) { (one(record, &chapter)) }
        }
    }
}

fn one(record: &RunRecord, chapter: &Chapter<'_>) -> Markup {
    let tally = &chapter.tally;
    html! {
        details.chapter open[tally.failed + tally.unknown > 0] {
            summary {
                span.key { (chapter.key) }
                h3 { (chapter.title) }
                (counts(tally))
            }
            div.scroll {
                table.clauses {
                    caption.unseen { "Requirements of chapter " (chapter.key) " " (chapter.title) }
                    thead {
                        tr { th scope="col" { "Clause" } th scope="col" { "Requirement" } th scope="col" { "Binds" } th scope="col" { "Outcome" } th scope="col" { "Exercised by" } }
                    }
                    @for section in chapter.clauses.chunk_by(|a, b| section_of(&a.requirement.id) == section_of(&b.requirement.id)) {
                        tbody {
                            (section_row(chapter, section))
                            @for clause in section { (row(record, clause)) }
                        }
                    }
                }
            }
        }
    }
}

fn counts(tally: &Tally) -> Markup {
    let idle = tally.not_exercised + tally.not_supported;
    let said = [
        ("fail", tally.failed, "failed"),
        ("unknown", tally.unknown, "unknown"),
        ("deviation", tally.deviation, "deviation"),
        ("pass", tally.passed, "passed"),
        ("idle", idle, "not exercised"),
        ("open", tally.catalogued - tally.checked, "not yet checked"),
    ];
    html! {
        span.counts {
            @for (class, n, word) in said.into_iter().filter(|(_, n, _)| *n > 0) { span class=(class) { (n) " " (word) } }
        }
    }
}

/// The section's name, where it is not the chapter itself.
fn section_row(chapter: &Chapter<'_>, section: &[&ClauseRecord]) -> Markup {
    let key = section.first().map_or("", |c| section_of(&c.requirement.id));
    html! {
        @if key != chapter.key { tr.section { th colspan="5" scope="rowgroup" { (key) " " (title(key)) } } }
    }
}

fn row(record: &RunRecord, clause: &ClauseRecord) -> Markup {
    let row = &clause.requirement;
    html! {
        tr id=(anchor::of_clause(&row.id)) class=[(!clause.checked).then_some("open")] {
            th scope="row" { (row.id) " " span.level { (row.level) } }
            td { (row.statement) " " span.source { (row.source) @if row.confidence != "read" { " " span.tag { "recalled" } } } }
            td { (party(&row.party)) }
            td {
                @if clause.checked { (chip(clause.outcome)) } @else {
                    (label("open", "\u{b7}", "not yet checked"))
                    @if row.how == "document-review" { " " span.source { "asks for a review of documents" } }
                }
            }
            td.by { (scenarios(record, &clause.scenarios)) }
        }
    }
}

/// Links to scenarios; many are folded.
fn scenarios(record: &RunRecord, ids: &[String]) -> Markup {
    const UNFOLDED: usize = 2;
    let links = html! {
        ul { @for id in ids { li { (scenario_link(record, id)) } } }
    };
    html! {
        @if ids.len() > UNFOLDED { details { summary { (ids.len()) " scenarios" } (links) } } @else if !ids.is_empty() { (links) }
    }
}

fn scenario_link(record: &RunRecord, id: &str) -> Markup {
    let scenario = record.scenarios.iter().find(|s| s.id == id);
    html! {
        @match scenario {
            Some(scenario) => a href={ "#" (anchor::of_scenario(scenario)) } { (id) },
            None => (id),
        }
    }
}
