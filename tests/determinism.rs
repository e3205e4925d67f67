//! One seed tells the whole run.

use std::{path::PathBuf, process::Command};

use collaudo_tests::{SEED, library, root, trace};
use serde_json::Value;

#[test]
fn equal_seeds_give_equal_traces_and_another_seed_another() {
    let folders = ["flows/", "services/", "attacks/"];
    for scenario in library().iter().filter(|scenario| folders.iter().any(|folder| scenario.id().starts_with(folder))) {
        if HEAVY.contains(&scenario.id()) {
            continue;
        }
        let one = trace(&scenario.plan(SEED));
        let two = trace(&scenario.plan(SEED));
        let other = trace(&scenario.plan(SEED + 1));
        assert_eq!(one.to_jsonl(), two.to_jsonl(), "{}", scenario.id());
        assert_ne!(one.to_jsonl(), other.to_jsonl(), "{}: the seed changes nothing", scenario.id());
    }
}

/// These cost minutes where nothing is optimised, and show nothing more.
const HEAVY: [&str; 2] = ["flows/five-hundred-recipients", "flows/thirty-megabytes"];

#[test]
fn processes_and_jobs_make_no_difference() {
    let one = run("timeouts/*", &["--seed", "7", "--jobs", "1"]);
    let two = run("timeouts/*", &["--seed", "7", "--jobs", "2"]);
    let other = run("timeouts/*", &["--seed", "8", "--jobs", "2"]);
    assert_eq!(one.0, two.0);
    assert_eq!(one.1, two.1, "run.json differs");
    assert_ne!(one.0, other.0);
}

/// The trace hash that a process of its own prints, and the bytes of its record.
fn run(pattern: &str, options: &[&str]) -> (String, Vec<u8>) {
    let out = out(options);
    let output = Command::new(env!("CARGO_BIN_EXE_collaudo-tested"))
        .args(["run", pattern, "--format", "json", "--out"])
        .arg(&out)
        .args(options)
        .current_dir(root())
        .output()
        .expect("the program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let object: Value = serde_json::from_slice(&output.stdout).expect("one JSON object and nothing else");
    let record = std::fs::read(out.join("run.json")).expect("run.json is written");
    (object["trace_sha256"].as_str().expect("a hash").to_owned(), record)
}

fn out(options: &[&str]) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("determinism").join(options.concat().replace("--", "-"))
}
