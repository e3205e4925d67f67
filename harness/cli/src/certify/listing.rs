//! `certify --list`: which scenarios would be run, in whose part, and which not, and why. Nobody is asked anything.

use std::collections::BTreeMap;

use collaudo_record::FORMAT;
use serde_json::json;

use super::{Idle, Programme};
use crate::command::{Ending, Format};

/// Prints it.
pub(super) fn show(Programme { parts, idle, .. }: &Programme, format: Format) -> Ending {
    match format {
        Format::Json => {
            let runs: Vec<_> = parts.iter().map(|part| {
                json!({"id": part.scenario.id(), "plays": part.plays, "instead": part.instead, "users": part.people, "timed": part.timed})
            }).collect();
            let idle: Vec<_> = idle.iter().map(|(id, why)| json!({"id": id, "why": why})).collect();
            println!("{}", json!({"format": FORMAT, "runs": runs, "idle": idle}));
        }
        Format::Text => {
            for part in parts {
                let hours = if part.timed { ", for hours" } else { "" };
                let instead = part.instead.as_ref().map(|why| format!(", for {why}")).unwrap_or_default();
                println!("run      {}  as {}{hours}{instead}", part.scenario.id(), part.plays);
            }
            for (id, why) in idle {
                println!("not run  {id}  {why}");
            }
            println!("{} are run, {} are not", parts.len(), idle.len());
        }
    }
    Ending::Passed
}

/// How many scenarios are not run for which reason.
pub(super) fn reasons(idle: &[Idle]) -> BTreeMap<&str, usize> {
    let mut reasons = BTreeMap::new();
    idle.iter().for_each(|(_, why)| *reasons.entry(why.as_str()).or_default() += 1);
    reasons
}
