//! The catalogue counted by who is bound.

use std::collections::BTreeMap;

use collaudo_record::{ClauseRecord, Outcome};
use maud::{Markup, html};

use crate::{html::report::Report, lang::Lang, standing::Standing, words::party};

/// What a column counts.
type Counts = fn(&ClauseRecord) -> bool;

/// A row for each bound party, columns for levels and outcomes.
pub(super) fn by_party(report: &Report<'_>, clauses: &[ClauseRecord]) -> Markup {
    let lang = report.lang;
    let mut parties: BTreeMap<&str, Vec<&ClauseRecord>> = BTreeMap::new();
    for clause in clauses {
        parties.entry(&clause.requirement.party).or_default().push(clause);
    }
    let all: Vec<&ClauseRecord> = clauses.iter().collect();
    html! {
        div.scroll {
            table.tally {
                caption.unseen { (lang.of("The catalogue by who is bound", "Il catalogo per chi vi è tenuto")) }
                thead {
                    tr {
                        th scope="col" { (lang.of("Binds", "Chi vi è tenuto")) }
                        @for (head, _) in columns(lang) { th.num scope="col" { (head) } }
                    }
                }
                tbody { @for (key, rows) in &parties { (line(lang, &party(lang, key), rows)) } }
                tfoot { (line(lang, lang.of("all", "tutti"), &all)) }
            }
        }
    }
}

fn line(lang: Lang, head: &str, rows: &[&ClauseRecord]) -> Markup {
    html! {
        tr {
            th scope="row" { (head) }
            @for (_, counts) in columns(lang) {
                @let n = rows.iter().filter(|clause| counts(clause)).count();
                td.num { @if n == 0 { span.zero { "\u{b7}" } } @else { (n) } }
            }
        }
    }
}

fn columns(lang: Lang) -> [(&'static str, Counts); 12] {
    const fn came_to(clause: &ClauseRecord, wanted: Outcome) -> bool {
        matches!(Standing::of(clause), Standing::Checked(outcome) if outcome as u8 == wanted as u8)
    }
    [
        (lang.of("rows", "requisiti"), |_| true),
        ("MUST", |c| c.requirement.level == "MUST"),
        ("SHOULD", |c| c.requirement.level == "SHOULD"),
        ("MAY", |c| c.requirement.level == "MAY"),
        (lang.of("passed", "superati"), |c| came_to(c, Outcome::Pass)),
        (lang.of("failed", "violati"), |c| came_to(c, Outcome::Fail)),
        (lang.of("deviation", "scostamenti"), |c| came_to(c, Outcome::Deviation)),
        (lang.of("unknown", "indecisi"), |c| came_to(c, Outcome::Unknown)),
        (lang.of("not exercised", "non sollecitati"), |c| {
            came_to(c, Outcome::NotExercised) || came_to(c, Outcome::NotSupported)
        }),
        (lang.of("for a person", "per una persona"), |c| {
            matches!(Standing::of(c), Standing::Asked | Standing::Answered(_))
        }),
        (lang.of("excused", "esclusi"), |c| Standing::of(c) == Standing::Excused),
        (lang.of("open", "aperti"), |c| Standing::of(c) == Standing::Open),
    ]
}
