//! The run's folder.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use collaudo_record::{BodyHash, FORMAT, Measured, RunRecord, Trace};
use collaudo_reports::{Lang, clause_map, html, junit};
use serde::Serialize;

/// Why the run's folder could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {why}", path = path.display())]
pub struct OutError {
    path: PathBuf,
    why: std::io::Error,
}

/// Writes, in this language where it is for people, `run.json`, `clause-map.json`, `measured.json`, `report.html`, `junit.xml`, `traces/` and `messages/`; what a former run left
/// there goes. Of what was not measured the report says nothing; `measured.json` has its fields all the same, without values.
pub(crate) fn write(
    folder: &Path,
    record: &RunRecord,
    measured: Option<&Measured>,
    traces: &[Option<Trace>],
    lang: Lang,
) -> Result<(), OutError> {
    let (traces_folder, messages) = (folder.join("traces"), folder.join("messages"));
    for stale in [&traces_folder, &messages] {
        if stale.is_dir() {
            fs::remove_dir_all(stale).map_err(at(stale))?;
        }
        fs::create_dir_all(stale).map_err(at(stale))?;
    }
    let mut bodies: BTreeMap<&BodyHash, &Arc<[u8]>> = BTreeMap::new();
    for (scenario, trace) in record.scenarios.iter().zip(traces) {
        if let Some(trace) = trace {
            put(&traces_folder.join(format!("{}.jsonl", scenario.id)), trace.to_jsonl().as_bytes())?;
            bodies.extend(&trace.bodies);
        }
    }
    for message in record.scenarios.iter().flat_map(|scenario| &scenario.messages) {
        if let Some(octets) = bodies.get(&message.body) {
            put(&messages.join(format!("{}.eml", message.body)), octets)?;
        }
    }
    put(&folder.join("run.json"), &json(record))?;
    put(&folder.join("clause-map.json"), clause_map::json(record).as_bytes())?;
    let unmeasured = Measured { format: FORMAT, ..Measured::default() };
    put(&folder.join("measured.json"), &json(measured.unwrap_or(&unmeasured)))?;
    put(&folder.join("junit.xml"), junit::run(record, measured).as_bytes())?;
    let body = |hash: &BodyHash| bodies.get(hash).map(|octets| Arc::clone(octets));
    put(&folder.join("report.html"), html::run(record, measured, lang, &body).as_bytes())
}

/// Writes a trace and the messages in it.
pub(crate) fn trace(folder: &Path, scenario: &str, trace: &Trace) -> Result<(), OutError> {
    put(&folder.join(format!("{scenario}.jsonl")), trace.to_jsonl().as_bytes())?;
    trace.bodies.iter().try_for_each(|(hash, octets)| put(&folder.join(format!("{hash}.eml")), octets))
}

fn put(path: &Path, octets: &[u8]) -> Result<(), OutError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(at(folder))?;
    }
    fs::write(path, octets).map_err(at(path))
}

fn json(value: &impl Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec(value).expect("no map with keys that are not strings, no failing writer");
    text.push(b'\n');
    text
}

fn at(path: &Path) -> impl FnOnce(std::io::Error) -> OutError {
    let path = path.to_owned();
    move |why| OutError { path, why }
}
