//! The rules of the house, each with its remedy.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// Who may import whom. A crate that is not here is not of this house.
const MAY_IMPORT: [(&str, &[&str]); 15] = [
    ("collaudo-node", &[]),
    ("collaudo-record", &[]),
    ("collaudo-forge", &[]),
    ("collaudo-golden", &["collaudo-forge"]),
    ("collaudo-scenario", &["collaudo-record"]),
    ("collaudo-judge", &["collaudo-record"]),
    ("collaudo-reports", &["collaudo-record"]),
    ("collaudo-sources", &[]),
    ("gestore", &["collaudo-node"]),
    ("collaudo-world", &["collaudo-node", "collaudo-record", "collaudo-scenario", "collaudo-forge"]),
    ("collaudo-mutants", &["collaudo-node", "collaudo-record", "collaudo-scenario", "collaudo-forge"]),
    ("collaudo-lab", &["collaudo-node", "collaudo-record", "collaudo-scenario", "collaudo-forge", "collaudo-world"]),
    ("collaudo", ALL),
    ("collaudo-tests", ALL),
    (
        "collaudo-parsers",
        &[
            "collaudo-node",
            "collaudo-record",
            "collaudo-scenario",
            "collaudo-judge",
            "collaudo-forge",
            "collaudo-sources",
            "gestore",
        ],
    ),
];

const ALL: &[&str] = &[
    "collaudo",
    "collaudo-forge",
    "collaudo-golden",
    "collaudo-judge",
    "collaudo-lab",
    "collaudo-mutants",
    "collaudo-node",
    "collaudo-record",
    "collaudo-reports",
    "collaudo-scenario",
    "collaudo-sources",
    "collaudo-world",
    "gestore",
];

#[test]
fn crates_import_only_whom_they_may() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata gives JSON");
    let allowed: BTreeMap<_, _> = MAY_IMPORT.into_iter().collect();
    let ours: BTreeSet<_> = MAY_IMPORT.iter().map(|(name, _)| *name).collect();
    let mut faults = Vec::new();
    let packages = metadata["packages"].as_array().expect("a list of packages");
    assert_eq!(packages.len(), ours.len(), "a crate came or went: tell tests/house.rs whom it may import, and why");
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        let may = allowed.get(name).copied().unwrap_or_default();
        let imported = package["dependencies"].as_array().into_iter().flatten().filter_map(|d| d["name"].as_str());
        for other in imported.filter(|other| ours.contains(other) && !may.contains(other)) {
            faults.push(format!(
                "{name} imports {other}. The wall keeps the hands that build, read and forge apart, so that one misreading \
                 cannot hide in all of them: move what both need into the caller (harness/cli), or write it twice from the law"
            ));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn what_world_and_provider_share_holds_no_word_of_mail() {
    const WORDS: [&str; 16] = [
        "mail",
        "smtp",
        "imap",
        "pop3",
        "mime",
        "pec",
        "receipt",
        "envelope",
        "recipient",
        "sender",
        "mailbox",
        "certified",
        "gestore",
        "notice",
        "rcpt",
        "daticert",
    ];
    let mut faults = Vec::new();
    for file in sources(&root().join("harness/node")) {
        for (n, line) in (1..).zip(read(&file).lines()) {
            let words = line.split(|c: char| !c.is_ascii_alphanumeric()).map(str::to_ascii_lowercase);
            for word in words.filter(|word| WORDS.contains(&word.as_str())) {
                faults.push(format!("{}:{n}: \"{word}\"", shown(&file)));
            }
        }
    }
    assert!(
        faults.is_empty(),
        "collaudo-node speaks of bytes, hosts and instants only, for a shared word of mail could hide a shared misreading; \
         say it in those words, or keep it in the crate that needs it:\n{}",
        faults.join("\n")
    );
}

#[test]
fn files_are_small() {
    let long = |file: &PathBuf| read(file).lines().count() > 800;
    let faults: Vec<_> = all_sources().iter().filter(|file| long(file)).map(|file| shown(file)).collect();
    assert!(faults.is_empty(), "over 800 lines; cut along what changes together: {}", faults.join(", "));
}

#[test]
fn every_crate_lives_under_the_same_lints() {
    let faults: Vec<_> = all_files(&root(), "toml")
        .into_iter()
        .filter(|file| {
            file.ends_with("Cargo.toml")
                && *file != root().join("Cargo.toml")
                && !file.components().any(|c| c.as_os_str() == "fuzz")
        })
        .filter(|file| !read(file).contains("[lints]\nworkspace = true"))
        .map(|file| shown(&file))
        .collect();
    assert!(
        faults.is_empty(),
        "add `[lints]` with `workspace = true`, which bans clocks and chance: {}",
        faults.join(", ")
    );
    let bans = read(&root().join("clippy.toml"));
    for ban in ["SystemTime::now", "Instant::now", "tokio::time::sleep", "collections::HashMap", "collections::HashSet"]
    {
        assert!(bans.contains(ban), "clippy.toml no longer bans {ban}, on which determinism rests");
    }
}

#[test]
fn clocks_are_read_only_where_time_passes_by_itself() {
    let homes =
        ["harness/cli/src/stopwatch.rs", "harness/world/src/live/watch.rs", "reference-impl/src/shell/clock.rs"]
            .map(Path::new);
    let faults: Vec<_> = all_sources()
        .into_iter()
        .filter(|file| {
            !homes.iter().any(|home| file.ends_with(home))
                && !file.ends_with("tests/house.rs")
                && !file.components().any(|c| c.as_os_str() == "benches")
        })
        .filter(|file| read(file).contains("clippy::disallowed_"))
        .map(|file| shown(&file))
        .collect();
    assert!(
        faults.is_empty(),
        "a lint that keeps time, chance and unordered maps out is switched off outside {}: take a Timestamp or a BTreeMap: {}",
        homes.map(|home| home.display().to_string()).join(" and "),
        faults.join(", ")
    );
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ stands in the root").to_owned()
}

fn all_sources() -> Vec<PathBuf> {
    all_files(&root(), "rs")
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    all_files(folder, "rs")
}

fn all_files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder that can be read").flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_dir() {
            if name != "target" && name != "runs" && !name.to_string_lossy().starts_with('.') {
                found.append(&mut all_files(&path, extension));
            }
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn shown(file: &Path) -> String {
    file.strip_prefix(root()).unwrap_or(file).display().to_string()
}
