//! Scenario files: found, not registered.

use std::path::{Path, PathBuf};

use collaudo_scenario::{Error, Guest, Scenario, Vocabulary, discover};

use crate::command::Place;

/// What the folder of scenarios holds.
#[derive(Debug)]
pub struct Library {
    /// Those that read, in the order of their ids.
    pub scenarios: Vec<Scenario>,
    /// Those that do not; they cost the others nothing.
    pub errors: Vec<Error>,
}

impl Library {
    /// Reads every scenario of the folder.
    ///
    /// # Errors
    /// [`Error`], where the folder cannot be listed.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let (mut scenarios, mut errors) = (Vec::new(), Vec::new());
        let paths = discover(folder)?;
        with_vocabulary(|vocabulary| {
            for path in paths {
                match Scenario::read(&path, vocabulary) {
                    Ok(read) => scenarios.extend(read),
                    Err(error) => errors.push(error),
                }
            }
        });
        scenarios.sort_by(|a, b| a.id().cmp(b.id()));
        Ok(Self { scenarios, errors })
    }
}

/// The scenario of that id with a guest in it; none where its file has it no more.
pub(crate) fn read_with(folder: &Path, id: &str, guest: &Guest) -> Result<Option<Scenario>, Error> {
    let file = folder.join(format!("{}.toml", id.trim_end_matches("~swapped")));
    with_vocabulary(|vocabulary| Scenario::read_with(&file, vocabulary, id, guest))
}

fn with_vocabulary<T>(work: impl FnOnce(&Vocabulary<'_>) -> T) -> T {
    let catalogue = collaudo_judge::catalogue();
    let catalogued: Vec<_> = catalogue.iter().map(|row| row.id.as_str()).collect();
    let bound: Vec<_> = catalogue.iter().filter(|row| row.level != "MAY").map(|row| row.id.as_str()).collect();
    let checked: Vec<_> = collaudo_judge::checked().filter(|id| bound.contains(id)).collect();
    work(&Vocabulary { catalogued: &catalogued, checked: &checked })
}

impl Place {
    /// The folder that was asked for, or `scenarios` here, or else the one beside the program's sources.
    pub fn folder(&self) -> PathBuf {
        let here = || Some(PathBuf::from("scenarios")).filter(|folder| folder.is_dir());
        let built = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
        self.scenarios.clone().or_else(here).unwrap_or_else(built)
    }
}
