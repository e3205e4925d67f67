//! `collaudo list`: what there is.

use std::collections::BTreeSet;

use collaudo_record::ClauseRecord;
use collaudo_reports::json;
use collaudo_scenario::{FaultKind, Scenario};
use serde_json::json;

use crate::{
    command::{Ending, Format, Listed, Place},
    mutants, record,
    run::RunError,
    scenarios::Library,
};

pub(crate) fn list(what: Listed, format: Format, place: &Place) -> Result<Ending, RunError> {
    match what {
        Listed::Scenarios => scenarios(format, place),
        Listed::Clauses => clauses(format, place),
        Listed::Mutants => {
            mutants::list(format);
            Ok(Ending::Passed)
        }
        Listed::Faults => faults(format, place),
    }
}

/// Every kind of fault, with the scenarios that inject it.
fn faults(format: Format, place: &Place) -> Result<Ending, RunError> {
    let Library { scenarios, errors } = Library::open(&place.folder())?;
    let injecting = |kind: &str| -> Vec<_> {
        let injects = |scenario: &&Scenario| scenario.faults().iter().any(|fault| fault.kind.name() == kind);
        scenarios.iter().filter(injects).map(Scenario::id).collect()
    };
    match format {
        Format::Json => {
            let faults: Vec<_> =
                FaultKind::NAMES.iter().map(|kind| json!({"kind": kind, "scenarios": injecting(kind)})).collect();
            println!("{}", json!({"format": 1, "faults": faults}));
        }
        Format::Text => {
            for kind in FaultKind::NAMES {
                let scenarios = injecting(kind);
                println!("{kind:20} {:3} scenarios  {}", scenarios.len(), scenarios.join(" "));
            }
        }
    }
    Ok(if errors.is_empty() { Ending::Passed } else { Ending::Unreadable })
}

fn scenarios(format: Format, place: &Place) -> Result<Ending, RunError> {
    let Library { scenarios, errors } = Library::open(&place.folder())?;
    for error in &errors {
        eprintln!("error: {error}");
    }
    match format {
        Format::Text => {
            for scenario in &scenarios {
                println!("{:44}  {}", scenario.id(), scenario.brief().title);
            }
        }
        Format::Json => {
            let scenarios: Vec<_> = scenarios
                .iter()
                .map(|s| json!({"id": s.id(), "title": s.brief().title, "why": s.brief().why, "covers": s.brief().covers}))
                .collect();
            println!("{}", json!({"format": 1, "scenarios": scenarios}));
        }
    }
    Ok(if errors.is_empty() { Ending::Passed } else { Ending::Unreadable })
}

/// The rows, with the scenarios that say that they cover each.
fn clauses(format: Format, place: &Place) -> Result<Ending, RunError> {
    let Library { scenarios, errors } = Library::open(&place.folder())?;
    let mut clauses: Vec<ClauseRecord> = record::clauses(&[], &mutants::by_clause());
    for clause in &mut clauses {
        let covering: BTreeSet<_> = scenarios
            .iter()
            .filter(|scenario| scenario.brief().covers.contains(&clause.requirement.id))
            .map(|scenario| scenario.id().to_owned())
            .collect();
        clause.scenarios = covering.into_iter().collect();
    }
    match format {
        Format::Json => println!("{}", json::clauses(&clauses, &|_| None)),
        Format::Text => {
            for clause in &clauses {
                let row = &clause.requirement;
                let checked = if clause.checked { "checked" } else { "not yet checked" };
                println!(
                    "{:18} {:6} {:15} {checked:15} {:3} mutants  {}",
                    row.id, row.level, row.party, clause.mutants, row.statement
                );
            }
        }
    }
    Ok(if errors.is_empty() { Ending::Passed } else { Ending::Unreadable })
}
