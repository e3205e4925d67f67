//! `collaudo list`: what there is.

mod clauses;

use collaudo_scenario::{FaultKind, Scenario};
use serde_json::json;

use crate::{
    command::{Ending, Format, ListFormat, Listed, Place},
    mutants,
    run::RunError,
    scenarios::Library,
};

pub(crate) fn list(what: Listed, format: ListFormat, place: &Place) -> Result<Ending, RunError> {
    let format = match format {
        ListFormat::Text => Format::Text,
        ListFormat::Json => Format::Json,
        ListFormat::Toml if what == Listed::Questions => return Ok(clauses::checklist()),
        ListFormat::Toml => return Err(RunError::NoToml),
    };
    match what {
        Listed::Scenarios => scenarios(format, place),
        Listed::Clauses => clauses::list(format, place),
        Listed::Questions => Ok(clauses::questions(format)),
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
