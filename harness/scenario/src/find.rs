use std::{
    fs,
    path::{Path, PathBuf, absolute},
};

use crate::{Error, Flaw, source::slashed};

/// Every scenario file under a folder, in the order of their paths; topologies and profiles are left out.
///
/// # Errors
/// [`Flaw::Unreadable`], where a folder cannot be listed.
pub fn discover(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    for path in listed(folder)? {
        if path.is_dir() && !path.is_symlink() {
            if path.file_name().is_none_or(|name| name != TOPOLOGIES && name != PROFILES) {
                found.append(&mut discover(&path)?);
            }
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            found.push(path);
        }
    }
    Ok(found)
}

/// Whether a scenario's id is among those that a pattern means: with a star the pattern is the whole id, each star
/// standing for any text; without one it is any part of it.
pub fn matches(pattern: &str, id: &str) -> bool {
    let mut pieces = pattern.split('*');
    let (Some(first), Some(last)) = (pieces.next(), pieces.next_back()) else { return id.contains(pattern) };
    let Some(inner) = id.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)) else { return false };
    let mut rest = Some(inner);
    for piece in pieces {
        rest = rest.and_then(|rest| rest.split_once(piece)).map(|(_, behind)| behind);
    }
    rest.is_some()
}

/// The folder of all scenarios that a file stands under: the nearest one that holds `topologies/`.
pub(crate) fn root_of(path: &Path) -> Result<PathBuf, Error> {
    let homeless = || Error { file: slashed(path), line: None, flaw: Flaw::Homeless };
    let whole = absolute(path).map_err(|_| homeless())?;
    let root = whole.ancestors().skip(1).find(|folder| folder.join(TOPOLOGIES).is_dir());
    root.map(Path::to_owned).ok_or_else(homeless)
}

/// The folder of topologies under the folder of all scenarios.
pub(crate) fn topologies(root: &Path) -> PathBuf {
    root.join(TOPOLOGIES)
}

/// The folder of provider profiles under the folder of all scenarios.
pub(crate) fn profiles(root: &Path) -> PathBuf {
    root.join(PROFILES)
}

/// A file's path under the root, without extension: the same on every machine.
pub(crate) fn id_of(path: &Path, root: &Path) -> String {
    let whole = absolute(path).unwrap_or_else(|_| path.to_owned());
    let base = absolute(root).unwrap_or_else(|_| root.to_owned());
    slashed(&whole.strip_prefix(&base).unwrap_or(path).with_extension(""))
}

/// The names of a folder's TOML files, without extension, in order.
pub(crate) fn stems(folder: &Path) -> Result<Vec<String>, Error> {
    let toml = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "toml");
    let stem = |path: PathBuf| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    Ok(listed(folder)?.into_iter().filter(toml).filter_map(stem).collect())
}

/// What a folder holds, in the order of the paths.
pub(crate) fn listed(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let unreadable = |why: std::io::Error| {
        let flaw = Flaw::Unreadable { why: why.to_string() };
        Error { file: slashed(folder), line: None, flaw }
    };
    let entries = fs::read_dir(folder).map_err(unreadable)?;
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>().map_err(unreadable)?;
    paths.sort();
    Ok(paths)
}

const TOPOLOGIES: &str = "topologies";
const PROFILES: &str = "profiles";

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn without_a_star_any_part_of_the_id_will_do() {
        assert!(matches("cross", "flows/cross-provider~swapped"));
        assert!(!matches("cross", "flows/same-provider"));
    }

    #[test]
    fn with_a_star_the_whole_id_is_meant() {
        assert!(matches("flows/*", "flows/cross-provider"));
        assert!(matches("*-provider", "flows/cross-provider"));
        assert!(matches("f*cross*er", "flows/cross-provider"));
        assert!(matches("*", ""));
        assert!(!matches("flows/*-provider", "flows/cross-provider~swapped"));
        assert!(!matches("ab*ba", "aba"));
        assert!(!matches("a*x*c", "abc"));
    }
}
