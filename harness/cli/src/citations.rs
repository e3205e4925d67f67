//! Where the code cites the law: lines of the form `//= PEC-3.1.1-06`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// A line of a source file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// From the root of the source tree, with `/`.
    pub file: String,
    /// From 1.
    pub line: u32,
}

/// Every citation of the source tree, by clause.
///
/// *Takes* the folder that holds the workspace's `Cargo.toml`. *Gives* the places of each cited clause in the order of
/// file and line; a clause that nothing cites is left out, one that is no row of the catalogue is not. Files that end in
/// `.rs` are read; folders named `target` or `runs`, and those whose name begins with a dot, are not entered, nor are
/// links.
///
/// # Errors
/// Where a folder or a file cannot be read.
pub fn citations(root: &Path) -> std::io::Result<BTreeMap<String, Vec<Place>>> {
    let mut found: BTreeMap<String, Vec<Place>> = BTreeMap::new();
    let mut files = Vec::new();
    sources(root, &mut files)?;
    files.sort();
    for path in files {
        let file = path.strip_prefix(root).unwrap_or(&path);
        let file = file.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
        for (line, clause) in cited(&fs::read_to_string(&path)?) {
            found.entry(clause.to_owned()).or_default().push(Place { file: file.clone(), line });
        }
    }
    Ok(found)
}

/// The folder that the program's own sources are in, where they are still there.
pub fn source_tree() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2)?;
    root.join("harness/spec/requirements.toml").is_file().then(|| root.to_owned())
}

/// The clauses that a text cites, with their lines.
fn cited(text: &str) -> impl Iterator<Item = (u32, &str)> {
    (1..).zip(text.lines()).filter_map(|(n, line)| {
        let clause = line.trim().strip_prefix("//= ")?;
        clause.starts_with("PEC-").then_some((n, clause))
    })
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let (name, kind) = (name.to_string_lossy(), entry.file_type()?);
        if kind.is_dir() && name != "target" && name != "runs" && !name.starts_with('.') {
            sources(&entry.path(), found)?;
        } else if kind.is_file() && name.ends_with(".rs") {
            found.push(entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_citation_is_a_comment_of_its_own_line() {
        let text =
            "//= PEC-3.1.1-06\nlet a = 1; //= PEC-3.1.1-07\n    //= PEC-3.1.1-08  \n//= type=test\n// PEC-3.1.1-09\n";
        assert_eq!(cited(text).collect::<Vec<_>>(), [(1, "PEC-3.1.1-06"), (3, "PEC-3.1.1-08")]);
    }

    #[test]
    fn the_source_tree_is_walked_and_places_are_in_order() {
        let root = source_tree().expect("tests run where the sources are");
        let found = citations(&root).expect("the sources can be read");
        let places = &found["PEC-3.1.1-06"];
        assert!(places.iter().any(|place| place.file.starts_with("harness/judge/src/")), "{places:?}");
        assert!(places.iter().any(|place| place.file.starts_with("reference-impl/src/")), "{places:?}");
        assert!(found.values().all(|places| places.is_sorted()));
    }
}
