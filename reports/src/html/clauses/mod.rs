//! The clause map: of each row of the law what it says, where the code carries it out, what proves its check, which
//! scenarios call for it, what it came to and on what evidence; by chapter, and filtered by level, party and outcome.

mod evidence;
mod filter;
mod row;
mod tables;

use collaudo_record::{Answer, ClauseRecord, Outcome};
use maud::{Markup, html};

use super::{report::Report, sign};
use crate::{
    chapter::{Chapter, chapters, section_of, title},
    lang::Lang,
    standing::Standing,
};

pub(super) fn section(report: &Report<'_>) -> Markup {
    let (record, lang) = (report.record, report.lang);
    let chapters = chapters(&record.clauses);
    let verdicts = evidence::by_clause(record);
    html! {
        section #requirements {
            h2 { (lang.of("Clause map", "Mappa dei requisiti")) span.tools data-opens="details.chapter" data-words=(lang.of("Open all|Close all", "Apri tutto|Chiudi tutto")) {} }
            p.lead {
                (lang.of("The catalogue in its own order, ", "Il catalogo nel suo ordine, "))
                (lang.count(record.clauses.len(), ("row", "rows"), ("requisito", "requisiti")))
                (lang.of(
                    ", worded by us; the source names the text that binds. A row shows the worst that it came to in this run. ",
                    ", con parole nostre; la fonte nomina il testo che vincola. Ogni riga mostra il peggiore dei suoi esiti in questa esecuzione. ",
                ))
                (lang.of("In its evidence, ", "Nelle sue prove, ")) code { "12:88" }
                (lang.of(" is line 88 of the trace of scenario 12.", " è la riga 88 della traccia dello scenario 12."))
            }
            (tables::by_party(report, &record.clauses))
            (filter::controls(lang, &record.clauses))
            @for chapter in &chapters { (one(report, chapter, &verdicts)) }
        }
    }
}

fn one(report: &Report<'_>, chapter: &Chapter<'_>, verdicts: &evidence::ByClause<'_>) -> Markup {
    let (tally, lang) = (&chapter.tally, report.lang);
    let heads = match lang {
        Lang::En => ["Clause", "Requirement", "Outcome", "Proof"],
        Lang::It => ["Requisito", "Che cosa chiede", "Esito", "Prova"],
    };
    html! {
        details.chapter open[tally.failed + tally.unknown > 0] {
            summary {
                span.key { (chapter.key) }
                h3 { (title(lang, chapter.key)) }
                (counts(lang, &chapter.clauses))
            }
            div.scroll {
                table.clauses {
                    caption.unseen { (lang.of("Requirements of chapter", "Requisiti del capitolo")) " " (chapter.key) " " (title(lang, chapter.key)) }
                    thead { tr { @for head in heads { th scope="col" { (head) } } } }
                    @for section in chapter.clauses.chunk_by(|a, b| section_of(&a.requirement.id) == section_of(&b.requirement.id)) {
                        tbody {
                            (section_row(lang, chapter, section))
                            @for clause in section { (row::one(report, clause, verdicts)) }
                        }
                    }
                }
            }
        }
    }
}

/// How many rows stand how, worst first.
fn counts(lang: Lang, clauses: &[&ClauseRecord]) -> Markup {
    let mut standings: Vec<(&str, &str, usize)> = Vec::new();
    for clause in clauses {
        let standing = Standing::of(clause);
        match standings.iter_mut().find(|(_, word, _)| *word == standing.word(lang)) {
            Some((.., n)) => *n += 1,
            None => standings.push((look(standing).0, standing.word(lang), 1)),
        }
    }
    let order = ["fail", "unknown", "deviation", "pass", "idle", "open"];
    standings.sort_by_key(|(class, ..)| order.iter().position(|known| known == class));
    html! {
        span.counts { @for (class, word, n) in standings { span class=(class) { (n) " " (word) } } }
    }
}

/// The class and the sign of a row. A person's no is loud; a person's yes is never as green as a machine's pass.
const fn look(standing: Standing) -> (&'static str, &'static str) {
    match standing {
        Standing::Checked(outcome) => sign(outcome),
        Standing::Answered(Answer::No) => sign(Outcome::Fail),
        Standing::Answered(Answer::Partly) => sign(Outcome::Unknown),
        Standing::Answered(Answer::Yes | Answer::NotApplicable) => ("open", "\u{2022}"),
        Standing::Asked | Standing::Open => ("open", "?"),
        Standing::Excused => ("open", "\u{2013}"),
    }
}

/// The section's name, where it is not the chapter itself.
fn section_row(lang: Lang, chapter: &Chapter<'_>, section: &[&ClauseRecord]) -> Markup {
    let key = section.first().map_or("", |c| section_of(&c.requirement.id));
    html! {
        @if key != chapter.key { tr.section { th colspan="4" scope="rowgroup" { (key) " " (title(lang, key)) } } }
    }
}

/// Whether something was seen that decides.
const fn decided(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Pass | Outcome::Deviation | Outcome::Fail)
}
