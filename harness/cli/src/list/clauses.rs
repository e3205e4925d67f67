//! The catalogue: its rows, and what a person is asked.

use std::collections::{BTreeMap, BTreeSet};

use collaudo_record::{ClauseRecord, Question, Requirement};
use collaudo_reports::json;

use crate::{
    command::{Ending, Format, Place},
    mutants, record,
    review::{self, Reviews},
    run::RunError,
    scenarios::Library,
};

/// The rows, with the scenarios that say that they cover each.
pub(super) fn list(format: Format, place: &Place) -> Result<Ending, RunError> {
    let Library { scenarios, errors } = Library::open(&place.folder())?;
    let mut clauses = record::clauses(&[], &mutants::by_clause(), Reviews::new());
    for clause in &mut clauses {
        let covering: BTreeSet<_> = scenarios
            .iter()
            .filter(|scenario| scenario.brief().covers.contains(&clause.requirement.id))
            .map(|scenario| scenario.id().to_owned())
            .collect();
        clause.scenarios = covering.into_iter().collect();
    }
    match format {
        Format::Json => println!("{}", json::clauses(&clauses)),
        Format::Text => clauses.iter().for_each(|clause| print!("{}", in_words(clause))),
    }
    Ok(if errors.is_empty() { Ending::Passed } else { Ending::Unreadable })
}

/// What a person is asked.
pub(super) fn questions(format: Format) -> Ending {
    let clauses = record::clauses(&[], &BTreeMap::new(), Reviews::new());
    let asked: Vec<_> = clauses.into_iter().filter(|clause| clause.requirement.question.is_some()).collect();
    match format {
        Format::Json => println!("{}", json::questions(&asked)),
        Format::Text => {
            for Requirement { id, level, party, question, .. } in asked.iter().map(|clause| &clause.requirement) {
                let Some(Question { ask, ask_it, evidence, evidence_it }) = question else { continue };
                println!(
                    "{id:18} {level:6} {party}\n  {ask}\n    evidence: {evidence}\n  {ask_it}\n    riscontri: {evidence_it}"
                );
            }
        }
    }
    Ending::Passed
}

/// A file of answers to fill in.
pub(super) fn checklist() -> Ending {
    print!("{}", review::checklist(&collaudo_judge::catalogue()));
    Ending::Passed
}

/// A row, and below it what belongs to it.
fn in_words(clause: &ClauseRecord) -> String {
    let row = &clause.requirement;
    let state = match (clause.checked, &row.question, &row.exception) {
        (true, ..) => "checked",
        (false, Some(_), _) => "asked",
        (false, None, Some(_)) => "excused",
        (false, None, None) => "silent",
    };
    let mut text = format!(
        "{:18} {:6} {:15} {state:8} {:3} mutants  {}\n{:20}{}\n",
        row.id,
        row.level,
        row.party,
        clause.mutants.len(),
        row.statement,
        "",
        row.statement_it
    );
    let mut below = |name: &str, said: &str| text.push_str(&format!("{:20}{name}: {said}\n", ""));
    if row.confidence != "read" {
        below("source", "recalled; no text was read that confirms it");
    }
    if !row.restates.is_empty() {
        below("restates", &row.restates.join(" "));
    }
    if let Some(question) = &row.question {
        below("question", &question.ask);
    }
    if let Some(exception) = &row.exception {
        let needs = exception.needs.as_ref().map_or(String::new(), |needs| format!(" (needs {needs})"));
        below(&format!("exception{needs}"), &exception.reason);
        if !exception.variants.is_empty() {
            below("permitted variants", &exception.variants.join(" "));
        }
    }
    text
}
