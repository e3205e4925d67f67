//! What a person answered: told as a person's word, apart from what the program found.

use maud::{Markup, html};

use super::Opinion;
use crate::{answered::Answered, lang::Lang, standing::Standing, words};

/// Nothing where nobody answered anything. Its number leaves those of the other sections as they are.
pub(super) fn section(opinion: &Opinion<'_>) -> Markup {
    let lang = opinion.lang;
    html! {
        @if !opinion.answers.is_empty() {
            section #answers {
                h2 { (lang.of("5-bis. What a person answered", "5-bis. Che cosa ha risposto una persona")) }
                p {
                    (lang.of(
                        "These requirements cannot be seen in a message. The answers are those of the persons named, on a provider's organization; the program did not examine them, and they change nothing in what it found.",
                        "Questi requisiti non si vedono in un messaggio. Le risposte sono delle persone indicate e riguardano l'organizzazione di un gestore; il programma non le ha esaminate, e nulla cambiano in ciò che ha trovato.",
                    ))
                }
                @for answered in opinion.answers { (one(lang, answered)) }
            }
        }
    }
}

fn one(lang: Lang, Answered { row, review }: &Answered) -> Markup {
    html! {
        div.finding.open {
            p {
                b { (Standing::Answered(review.answer).word(lang)) } ": "
                (words::statement(lang, row)) " " span.law { "(" (row.source) ", " (row.level) ", " (row.id) ")" }
            }
            dl {
                @if let Some(question) = &row.question { dt { (lang.of("Question", "Domanda")) } dd { (lang.of(&question.ask, &question.ask_it)) } }
                dt { (lang.of("Evidence", "Riscontri")) } dd { bdi { (review.evidence) } }
                dt { (lang.of("Answered", "Risposta di")) } dd { bdi { (review.who) } ", " (words::date(&review.date)) }
            }
        }
    }
}
