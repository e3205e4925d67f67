//! The filters of the clause map: radio buttons and style rules, no script.

use collaudo_record::ClauseRecord;
use maud::{Markup, PreEscaped, html};

use crate::{html::anchor::slug, lang::Lang, standing::Standing, words::party};

/// One thing to filter by: its key, what the class of its rows begins with, its values with their words.
struct Facet {
    key: &'static str,
    name: &'static str,
    values: Vec<(String, String)>,
}

/// The classes of a row that the filters look at.
pub(super) fn classes(clause: &ClauseRecord) -> String {
    let row = &clause.requirement;
    let quiet = if clause.checked { "" } else { " open" };
    format!("row l-{} p-{} s-{}{quiet}", name(&row.level), name(&row.party), Standing::of(clause).key())
}

/// The controls, with the rules that make them work; without `:has()` in the browser they change nothing.
pub(super) fn controls(lang: Lang, clauses: &[ClauseRecord]) -> Markup {
    let facets = facets(lang, clauses);
    html! {
        style { (PreEscaped(rules(&facets))) }
        div.filters role="group" aria-label=(lang.of("Show only", "Mostra solo")) {
            @for facet in &facets {
                fieldset {
                    legend { (facet.name) }
                    input.any type="radio" name={ "f-" (facet.key) } id={ "f-" (facet.key) } checked;
                    label for={ "f-" (facet.key) } { (lang.of("all", "tutti")) }
                    @for (value, word) in &facet.values {
                        @let id = format!("f-{}-{value}", facet.key);
                        input type="radio" name={ "f-" (facet.key) } id=(id);
                        label for=(id) { (word) }
                    }
                }
            }
        }
    }
}

fn facets(lang: Lang, clauses: &[ClauseRecord]) -> [Facet; 3] {
    // In the order of the catalogue: most of it is MUST, and the journey of a message begins at the access point.
    let of = |value: &dyn Fn(&ClauseRecord) -> (String, String)| {
        let mut values: Vec<(String, String)> = Vec::new();
        for value in clauses.iter().map(value) {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        values
    };
    let level = |c: &ClauseRecord| (name(&c.requirement.level), c.requirement.level.clone());
    let bound = |c: &ClauseRecord| (name(&c.requirement.party), party(lang, &c.requirement.party).into_owned());
    let standing = |c: &ClauseRecord| {
        let word = match Standing::of(c) {
            Standing::Answered(_) => lang.of("answered by a person", "con risposta di una persona"),
            standing => standing.word(lang),
        };
        (Standing::of(c).key().to_owned(), word.to_owned())
    };
    [
        Facet { key: "l", name: lang.of("Level", "Livello"), values: of(&level) },
        Facet { key: "p", name: lang.of("Binds", "Chi vi è tenuto"), values: of(&bound) },
        Facet { key: "s", name: lang.of("Outcome", "Esito"), values: of(&standing) },
    ]
}

/// Hides the rows of other values, and the chapters and sections that have none of this one; opens the other chapters.
fn rules(facets: &[Facet]) -> String {
    let mut rules = String::from(
        "#requirements:has(.filters input:checked:not(.any)) details.chapter::details-content{content-visibility:visible;display:block;block-size:auto}\n",
    );
    for facet in facets {
        for (value, _) in &facet.values {
            let class = format!("{}-{value}", facet.key);
            let when = format!("#requirements:has(#f-{class}:checked)");
            rules.push_str(&format!(
                "{when} tr.row:not(.{class}),{when} .clauses tbody:not(:has(tr.{class})),{when} .chapter:not(:has(tr.{class})){{display:none}}\n"
            ));
        }
    }
    rules
}

/// A value as part of a class and an id: letters, digits and `-` alone.
fn name(value: &str) -> String {
    slug(value).replace(['.', '/', '_'], "-")
}
