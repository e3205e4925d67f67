//! What a certification keeps on disk: the trace of each scenario that has ended, so that it can go on after a crash.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use collaudo_record::{BodyHash, Trace};

use super::{
    CertifyError,
    lab::{Lab, at},
    programme::Idle,
};

/// The folder of traces.
const KEPT: &str = "kept";
/// Beside them: the octets that they name, by hash.
const BODIES: &str = "bodies";
/// What the traces were made by: another file makes others.
const MADE_BY: &str = "LAB.toml";
/// Beside the traces: rows of services that the subject does not offer.
const UNSUPPORTED: &str = "not-supported.json";
/// Which scenarios are not run, and why.
pub(super) const IDLE: &str = "not-run.json";

/// The folder of a certification.
pub(super) struct Kept {
    out: PathBuf,
    /// Who writes: traces share octets.
    writes: Mutex<()>,
}

impl Kept {
    /// Opens the folder: to go on where it stopped, or to begin anew.
    pub(super) fn open(out: &Path, lab: &Lab, resumes: bool) -> Result<Self, CertifyError> {
        let kept = out.join(KEPT);
        let made_by = kept.join(MADE_BY);
        if resumes {
            let told = fs::read_to_string(&made_by).map_err(|why| at(&made_by, why))?;
            if told != lab.text {
                return Err(CertifyError::Kept(format!(
                    "{} was made with another LAB.toml; go on with that one ({}), or begin anew without --resume",
                    out.display(),
                    made_by.display()
                )));
            }
            return Ok(Self { out: out.to_owned(), writes: Mutex::default() });
        }
        if kept.is_dir() {
            fs::remove_dir_all(&kept).map_err(|why| at(&kept, why))?;
        }
        put(&made_by, lab.text.as_bytes())?;
        Ok(Self { out: out.to_owned(), writes: Mutex::default() })
    }

    /// The folder itself.
    pub(super) fn out(&self) -> &Path {
        &self.out
    }

    /// The trace of a scenario that has ended; none where it has not.
    pub(super) fn get(&self, id: &str) -> Result<Option<Trace>, CertifyError> {
        let path = self.path(id);
        if path.is_file() { read(&path).map(Some) } else { Ok(None) }
    }

    /// Whether a scenario has ended in the run whose folder that is.
    pub(super) fn holds(out: &Path, id: &str) -> bool {
        trace_in(out, id).is_file()
    }

    /// Keeps a trace. The file of events is there whole or not at all, and behind all that it names.
    pub(super) fn put(&self, id: &str, trace: &Trace) -> Result<(), CertifyError> {
        // Whoever panics meanwhile has left whole files.
        let _writes = self.writes.lock().unwrap_or_else(PoisonError::into_inner);
        let bodies = self.out.join(KEPT).join(BODIES);
        for (hash, octets) in &trace.bodies {
            put(&bodies.join(&hash.0), octets)?;
        }
        put(&self.path(id), trace.to_jsonl().as_bytes())
    }

    /// Writes down what is not run.
    pub(super) fn note_idle(&self, idle: &[Idle]) -> Result<(), CertifyError> {
        let map: BTreeMap<&str, &str> = idle.iter().map(|(id, why)| (id.as_str(), why.as_str())).collect();
        let text = serde_json::to_vec_pretty(&map).expect("strings by strings");
        put(&self.out.join(IDLE), &text)
    }

    /// Writes down which rows come up only where a service is wanted that the subject does not offer.
    pub(super) fn note_unsupported(&self, rows: &BTreeSet<String>) -> Result<(), CertifyError> {
        let text = serde_json::to_vec_pretty(rows).expect("strings");
        put(&self.out.join(KEPT).join(UNSUPPORTED), &text)
    }

    fn path(&self, id: &str) -> PathBuf {
        trace_in(&self.out, id)
    }
}

/// Where a run keeps the trace of a scenario.
fn trace_in(out: &Path, id: &str) -> PathBuf {
    out.join(KEPT).join(format!("{id}.jsonl"))
}

/// Reads a kept trace, with the octets that it names.
pub(super) fn read(path: &Path) -> Result<Trace, CertifyError> {
    let text = fs::read_to_string(path).map_err(|why| at(path, why))?;
    let told = |error| CertifyError::Kept(format!("{}: {error}", path.display()));
    let mut trace = Trace::from_jsonl(&text).map_err(told)?;
    let folders: Vec<_> = path.ancestors().skip(1).map(|folder| folder.join(BODIES)).collect();
    let Some(bodies) = folders.iter().find(|folder| folder.is_dir()) else {
        return Err(CertifyError::Kept(format!(
            "{}: no folder \"{BODIES}\" beside it or above; a trace is judged where `certify` has kept it",
            path.display()
        )));
    };
    let header = &trace.header;
    let needed = header.trust.iter().chain([&header.index, &header.index_signer]).cloned();
    let needed: Vec<BodyHash> = needed.chain(named(&text)).collect();
    for hash in needed {
        let path = bodies.join(&hash.0);
        let octets = fs::read(&path).map_err(|why| at(&path, why))?;
        if trace.keep(octets) != hash {
            return Err(CertifyError::Kept(format!("{}: other octets than its name says", path.display())));
        }
    }
    Ok(trace)
}

/// The rows that were written down beside a kept trace as those of services that are not offered; none where nothing was.
pub(super) fn unsupported(trace: &Path) -> BTreeSet<String> {
    beside(trace, UNSUPPORTED).and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// The seed of the run that kept a trace, from which those of its scenarios come; none where it is not known.
pub(super) fn seed(trace: &Path) -> Option<u64> {
    let file: toml::Table = beside(trace, MADE_BY)?.parse().ok()?;
    file.get("seed").map_or(Some(0), |seed| seed.as_integer()?.try_into().ok())
}

/// A file in the folder of a kept trace, or above it.
fn beside(trace: &Path, name: &str) -> Option<String> {
    let mut files = trace.ancestors().skip(1).map(|folder| folder.join(name));
    fs::read_to_string(files.find(|file| file.is_file())?).ok()
}

/// Every hash that an event names as its body: 64 hexadecimal digits, a string of their own, that stand for kept octets.
fn named(text: &str) -> Vec<BodyHash> {
    let events = text.lines().skip(1).filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let names = |event: serde_json::Value| {
        let of = |key: &str| event.get(key).and_then(|value| value.as_str()).map(|hash| BodyHash(hash.to_owned()));
        NAMES.iter().filter_map(|key| of(key)).filter(is_hash).collect::<Vec<_>>()
    };
    events.flat_map(names).collect()
}

/// The names of hosts stand under the same keys as certificates.
fn is_hash(name: &BodyHash) -> bool {
    name.0.len() == 64 && name.0.bytes().all(|octet| octet.is_ascii_hexdigit())
}

/// The keys under which events name octets.
const NAMES: [&str; 5] = ["body", "seal", "anchor", "server", "client"];

fn put(path: &Path, octets: &[u8]) -> Result<(), CertifyError> {
    if path.is_file() && fs::read(path).is_ok_and(|there| there == octets) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|why| at(folder, why))?;
    }
    let half = path.with_extension("half");
    fs::write(&half, octets).and_then(|()| fs::rename(&half, path)).map_err(|why| at(path, why))
}
