//! `certify --list`: which scenarios would be run, in whose part, and which not, and why. Nobody is asked anything.

use collaudo_record::FORMAT;
use serde_json::json;

use super::{Programme, forecast::Forecast};
use crate::command::{Ending, Format};

/// Prints it.
pub(super) fn show(Programme { parts, idle, .. }: &Programme, forecast: &Forecast, format: Format) -> Ending {
    match format {
        Format::Json => {
            let runs: Vec<_> = parts.iter().map(|part| {
                json!({"id": part.scenario.id(), "plays": part.plays, "instead": part.instead, "users": part.people, "timed": part.timed})
            }).collect();
            let idle: Vec<_> = idle.iter().map(|(id, why)| json!({"id": id, "why": why})).collect();
            let advice = forecast.advised();
            let forecast = json!({
                "seconds": forecast.lasts.as_secs(), "lanes": forecast.lanes, "at_once": forecast.at_once, "advice": advice,
            });
            println!("{}", json!({"format": FORMAT, "runs": runs, "idle": idle, "forecast": forecast}));
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
            println!("{}", forecast.told());
            forecast.advised().iter().for_each(|advice| println!("{advice}; SHEET.md says how"));
        }
    }
    Ending::Passed
}
