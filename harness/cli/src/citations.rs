//! Where the code cites the law: lines of the form `//= PEC-3.1.1-06`, and the rows of the judge's tables of rules, which
//! name their clause by its typed constant.

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
            found.entry(clause).or_default().push(Place { file: file.clone(), line });
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
fn cited(text: &str) -> impl Iterator<Item = (u32, String)> {
    let mut in_rule = false;
    (1..).zip(text.lines()).filter_map(move |(n, line)| {
        let line = line.trim();
        let rule = line.strip_prefix("Rule::").and_then(|rule| Some(rule.split_once('(')?.1));
        let first = rule.or_else(|| in_rule.then_some(line)).unwrap_or_default();
        in_rule = rule == Some("");
        let comment = line.strip_prefix("//= ").filter(|clause| clause.starts_with("PEC-")).map(str::to_owned);
        Some((n, comment.or_else(|| named(first.strip_prefix("Clause::")?))?))
    })
}

/// The id that a typed constant stands for: `PEC_3_1_4_02` for `PEC-3.1.4-02`.
fn named(constant: &str) -> Option<String> {
    let end = constant.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(constant.len());
    let (section, number) = constant.get(..end)?.strip_prefix("PEC_")?.rsplit_once('_')?;
    Some(format!("PEC-{}-{number}", section.replace('_', ".")))
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
        let expected = [(1, "PEC-3.1.1-06".to_owned()), (3, "PEC-3.1.1-08".to_owned())];
        assert_eq!(cited(text).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_row_of_a_table_of_rules_cites_its_clause() {
        let text = "    Rule::all(Clause::PEC_3_1_4_02, &[Accettazione], date),\n    Rule::plain(\n        Clause::PEC_AGID_12_01,\n\
                    let clause = Clause::PEC_A_01;\n    Clause::PEC_A_02,\n    Rule::virus(Clause::PEC_A_03, &[], to),\n";
        let expected = [(1, "PEC-3.1.4-02"), (3, "PEC-AGID.12-01"), (6, "PEC-A-03")].map(|(n, id)| (n, id.to_owned()));
        assert_eq!(cited(text).collect::<Vec<_>>(), expected);
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
