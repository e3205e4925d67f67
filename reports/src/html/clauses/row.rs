//! One row of the clause map.

use collaudo_record::{ClauseRecord, Place, Requirement, Review};
use maud::{Markup, html};

use super::{decided, evidence, filter, look};
use crate::{
    html::{anchor, label, recalled, report::Report},
    lang::Lang,
    standing::Standing,
    words::{party, statement},
};

pub(super) fn one(report: &Report<'_>, clause: &ClauseRecord, verdicts: &evidence::ByClause<'_>) -> Markup {
    let (row, lang) = (&clause.requirement, report.lang);
    let verdicts = verdicts.get(row.id.as_str()).map(Vec::as_slice).unwrap_or_default();
    html! {
        tr id=(anchor::of_clause(&row.id)) class=(filter::classes(clause)) {
            th scope="row" {
                (row.id)
                span.level { (row.level) " \u{b7} " (party(lang, &row.party)) }
            }
            td {
                (statement(lang, row)) " "
                span.source { (row.source) @if row.confidence != "read" { " " (recalled(lang)) } (restates(lang, row)) }
                (asked_or_excused(lang, clause))
                @if !verdicts.is_empty() { (evidence::fold(report, verdicts)) }
            }
            td { (standing(lang, clause)) }
            td.by { (proof(lang, clause, verdicts)) }
        }
    }
}

fn standing(lang: Lang, clause: &ClauseRecord) -> Markup {
    let standing = Standing::of(clause);
    let (class, sign) = look(standing);
    let recalled =
        matches!(standing, Standing::Checked(outcome) if decided(outcome)) && clause.requirement.confidence != "read";
    html! {
        (label(class, sign, standing.word(lang)))
        @if recalled { span.source { (lang.of("rests on a source that was not read", "si fonda su una fonte non letta")) } }
    }
}

fn restates(lang: Lang, row: &Requirement) -> Markup {
    html! {
        @if !row.restates.is_empty() {
            "; " (lang.of("says the same as ", "dice lo stesso di "))
            @for (n, id) in row.restates.iter().enumerate() { @if n > 0 { ", " } a href={ "#" (anchor::of_clause(id)) } { (id) } }
        }
    }
}

fn asked_or_excused(lang: Lang, clause: &ClauseRecord) -> Markup {
    let row = &clause.requirement;
    html! {
        @if let Some(question) = &row.question {
            p.aside {
                b { (lang.of("Question: ", "Domanda: ")) } (lang.of(&question.ask, &question.ask_it)) " "
                b { (lang.of("Evidence: ", "Prove: ")) } (lang.of(&question.evidence, &question.evidence_it))
            }
        }
        @if let Some(review) = &clause.review { (answer(lang, clause, review)) }
        @if let Some(exception) = &row.exception {
            p.aside {
                b { (lang.of("Not checked: ", "Non verificato: ")) } (lang.of(&exception.reason, &exception.reason_it))
                @if let Some(needs) = &exception.needs { " " span.tag { (needs) } }
                @if !exception.variants.is_empty() { " " (lang.of("Permitted variants: ", "Varianti permesse: ")) (exception.variants.join(", ")) "." }
            }
        }
    }
}

/// A person's word, told as such.
fn answer(lang: Lang, clause: &ClauseRecord, review: &Review) -> Markup {
    let word = Standing::Answered(review.answer).word(lang);
    html! {
        p.aside {
            b { (word) } ", " (review.who) ", " (review.date) ": " (review.evidence)
            @if clause.checked { " " (lang.of("(beside the machine's verdict, not for it)", "(accanto al giudizio della macchina, non al suo posto)")) }
        }
    }
}

/// Where the code carries it out, which mutants its check kills, how many scenarios call for it.
fn proof(lang: Lang, clause: &ClauseRecord, verdicts: &[(usize, &collaudo_record::Verdict)]) -> Markup {
    let places: Vec<String> = clause.code.iter().map(place).collect();
    let mutants: Vec<String> = clause.mutants.clone();
    html! {
        (listed(&lang.count(places.len(), ("place in the code", "places in the code"), ("punto del codice", "punti del codice")), &places))
        (listed(&lang.count(mutants.len(), ("mutant", "mutants"), ("mutante", "mutanti")), &mutants))
        @if clause.checked && verdicts.is_empty() { span.source { (lang.of("no scenario", "nessuno scenario")) } }
    }
}

fn place(place: &Place) -> String {
    format!("{}:{}", place.file, place.line)
}

fn listed(summary: &str, things: &[String]) -> Markup {
    html! {
        @if !things.is_empty() { details { summary { (summary) } ul { @for thing in things { li { (thing) } } } } }
    }
}
