//! The command line is a contract.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use collaudo_tests::root;
use serde_json::Value;

#[test]
fn run_json_has_the_contract_s_fields_and_nothing_else_on_standard_output() {
    let output = collaudo(&["run", "flows/cross-provider", "--format", "json", "--out", &out("json")]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let object: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    let keys: Vec<_> = object.as_object().expect("an object").keys().map(String::as_str).collect();
    let expected =
        ["format", "subject", "seed", "scenarios", "clauses", "simulated_seconds", "wall_ms", "trace_sha256", "out"];
    assert_eq!(sorted(keys), sorted(expected.to_vec()));
    assert_eq!(object["format"], 1);
    assert_eq!(object["clauses"]["catalogued"], 425);
}

#[test]
fn run_writes_its_folder() {
    let folder = PathBuf::from(out("folder"));
    let output = collaudo(&["run", "flows/cross-provider", "--out", &folder.display().to_string()]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    for file in [
        "run.json",
        "clause-map.json",
        "measured.json",
        "report.html",
        "junit.xml",
        "traces/flows/cross-provider.jsonl",
    ] {
        assert!(folder.join(file).is_file(), "no {file}");
    }
    assert!(fs::read_dir(folder.join("messages")).expect("messages/").count() > 0);
}

#[test]
fn a_run_on_real_sockets_says_so_in_its_record_and_its_trace() {
    let folder = PathBuf::from(out("live"));
    let place = folder.display().to_string();
    let output = collaudo(&["run", "services/scanner-down-at-sender", "--world", "live", "--out", &place]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let read = |file: &str| fs::read_to_string(folder.join(file)).expect("written");
    let record: Value = serde_json::from_str(&read("run.json")).expect("JSON");
    let scenario = &record["scenarios"][0];
    assert_eq!(scenario["world"], "live");
    assert_eq!(scenario["faults"][0]["effective"], true, "{}", scenario["faults"]);
    let replay = scenario["replay"].as_str().unwrap_or_default();
    assert_eq!(replay, "collaudo run services/scanner-down-at-sender --world live --seed 0x5eed");
    let trace = read("traces/services/scanner-down-at-sender.jsonl");
    let header: Value = serde_json::from_str(trace.lines().next().unwrap_or_default()).expect("JSON");
    assert_eq!(header["world"], "live");
}

#[test]
fn a_scenario_that_is_not_marked_for_real_sockets_is_not_run_there() {
    let folder = scenarios_with("unmarked.toml", UNMARKED).display().to_string();
    let run =
        |world| collaudo(&["run", "unmarked", "--world", world, "--scenarios", &folder, "--out", &out("unmarked")]);
    let (simulated, live) = (run("sim"), run("live"));
    assert_eq!(simulated.status.code(), Some(0), "{}", said(&simulated));
    assert_eq!(live.status.code(), Some(2), "{}", said(&live));
    assert!(said(&live).contains("has \"live\" among its worlds"), "{}", said(&live));
}

const UNMARKED: &str = "title = \"x\"\nwhy = \"y\"\ntopology = \"two-providers\"\nworlds = [\"sim\"]\ncovers = []\n\
                        step = [{ at = \"0s\", submit = { id = \"m1\", from = \"anna\", to = [\"bruno\"] } }]\n";

#[test]
fn a_broken_scenario_is_named_with_its_place_and_the_others_run() {
    let folder = scenarios_with("broken.toml", BROKEN);
    let place = folder.display().to_string();
    let output = collaudo(&["run", "--scenarios", &place, "--out", &out("broken")]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let said = said(&output);
    assert!(said.contains("broken.toml:4: unknown clause \"PEC-3.1.1-6\"; nearest is \"PEC-3.1.1-06\""), "{said}");
    assert!(said.contains("PASS flows/cross-provider"), "{said}");
}

const BROKEN: &str = "title = \"x\"\nwhy = \"y\"\ntopology = \"two-providers\"\ncovers = [\"PEC-3.1.1-6\"]\n\
                      step = [{ at = \"0s\", submit = { id = \"m1\", from = \"anna\", to = [\"bruno\"] } }]\n";

#[test]
fn a_missing_message_file_and_a_broken_topology_are_errors_of_their_own() {
    let text = "title = \"x\"\nwhy = \"y\"\ntopology = \"two-providers\"\ncovers = []\n\
                step = [{ at = \"0s\", submit = { id = \"m1\", from = \"anna\", to = [\"bruno\"], file = \"none.eml\" } }]\n";
    let folder = scenarios_with("file.toml", text);
    fs::write(folder.join("topologies/odd.toml"), "provider = 7\n").expect("written");
    fs::write(folder.join("odd.toml"), "title = \"x\"\nwhy = \"y\"\ntopology = \"odd\"\n").expect("written");
    let output = collaudo(&["run", "--scenarios", &folder.display().to_string(), "--out", &out("file")]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let said = said(&output);
    assert!(said.contains("file.toml:5: ") && said.contains("none.eml"), "{said}");
    assert!(said.contains("odd.toml:1: "), "{said}");
}

#[test]
fn a_pattern_that_names_nothing_and_a_seed_that_is_none_are_usage_errors() {
    for arguments in [["run", "no/such", "--seed", "1"], ["run", "flows", "--seed", "abc"]] {
        let output = collaudo(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", said(&output));
        assert!(!output.stderr.is_empty());
    }
}

#[test]
fn replay_gives_the_same_trace() {
    let (run, replay) = (out("replay-run"), out("replay"));
    collaudo(&["run", "flows/cross-provider", "--seed", "0x2a", "--out", &run]);
    let output = collaudo(&["replay", "flows/cross-provider@0x2a", "--out", &replay]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let trace = |folder: &str| fs::read(Path::new(folder).join("traces/flows/cross-provider.jsonl")).expect("a trace");
    assert_eq!(trace(&run), trace(&replay));
}

#[test]
fn list_clauses_gives_the_whole_catalogue() {
    let output = collaudo(&["list", "clauses", "--format", "json"]);
    let object: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    let clauses = object["clauses"].as_array().expect("a list");
    assert_eq!(clauses.len(), 425);
    let checked: Vec<_> = clauses.iter().filter(|clause| clause["checked"] == true).collect();
    assert!(checked.len() >= 80, "{} rows are checked", checked.len());
    let unproved: Vec<_> = checked.iter().filter(|clause| clause["mutants"] == 0).map(|clause| &clause["id"]).collect();
    assert!(unproved.is_empty(), "checks that no mutant has proved able to fail: {unproved:?}");
}

#[test]
fn list_clauses_says_of_each_row_why_it_is_not_checked() {
    let output = collaudo(&["list", "clauses", "--format", "json"]);
    let object: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    for clause in object["clauses"].as_array().expect("a list") {
        let ways = [clause["checked"] == true, clause["question"].is_object(), clause["exception"].is_string()];
        assert_eq!(ways.iter().filter(|way| **way).count(), 1, "{clause}");
        assert!(clause["statement_it"].as_str().is_some_and(|words| !words.is_empty()), "{clause}");
        assert!(clause["restates"].is_array() && clause["confidence"].is_string(), "{clause}");
    }
    let text = String::from_utf8(collaudo(&["list", "clauses"]).stdout).expect("text");
    for said in
        ["restates: PEC-3.1.1-06", "question: Does the provider hold a valid ISO 9001", "exception (needs live): "]
    {
        assert!(text.contains(said), "no {said:?} in {text}");
    }
    assert!(!text.contains(" silent "), "{text}");
}

/// Goal: the checklist, filled in, is a review; what a person says is told as a person's word and ends the run as
/// decided. Method: the printed file with one row answered, in each of the four ways.
#[test]
fn a_review_begins_with_the_checklist_and_ends_the_run_by_its_answers() {
    let checklist = collaudo(&["list", "questions", "--format", "toml"]);
    assert_eq!(checklist.status.code(), Some(0), "{}", said(&checklist));
    let empty = String::from_utf8(checklist.stdout).expect("text");
    let row = "row = \"PEC-DM.20-01\"\nanswer = \"\"\nevidence = \"\"\nwho = \"\"\ndate = \"\"\n";
    assert!(empty.contains(row), "{empty}");
    for (answer, code) in [("yes", 0), ("not-applicable", 0), ("partly", 3), ("no", 1)] {
        let filled = format!(
            "row = \"PEC-DM.20-01\"\nanswer = \"{answer}\"\nevidence = \"certificate 12\"\nwho = \"M. Rossi\"\ndate = 2026-03-02\n"
        );
        let folder = out(&format!("review-{answer}"));
        fs::create_dir_all(&folder).expect("created");
        let file = Path::new(&folder).join("review.toml");
        fs::write(&file, empty.replace(row, &filled)).expect("written");
        let file = file.display().to_string();
        let output = collaudo(&["run", "flows/cross-provider", "--review", &file, "--out", &folder]);
        assert_eq!(output.status.code(), Some(code), "{answer}: {}", said(&output));
        assert!(said(&output).contains("questions for a person: "), "{}", said(&output));
        let record = fs::read(Path::new(&folder).join("run.json")).expect("a record");
        let record: Value = serde_json::from_slice(&record).expect("JSON");
        let clauses = record["clauses"].as_array().expect("a list");
        let clause = clauses.iter().find(|clause| clause["id"] == "PEC-DM.20-01").expect("the row");
        assert_eq!(clause["review"]["answer"], answer);
        assert_eq!((&clause["checked"], &clause["outcome"]), (&Value::from(false), &Value::from("not-exercised")));
    }
}

#[test]
fn a_bad_review_is_told_before_anything_runs() {
    let folder = PathBuf::from(out("bad-review"));
    fs::create_dir_all(&folder).expect("created");
    let file = folder.join("review.toml");
    let entry =
        "[[answer]]\nrow = \"PEC-DM.20-1\"\nanswer = \"yes\"\nevidence = \"x\"\nwho = \"x\"\ndate = \"2026-03-02\"\n";
    fs::write(&file, entry).expect("written");
    let shown = file.display().to_string();
    let output = collaudo(&["run", "flows/cross-provider", "--review", &shown, "--out", &folder.display().to_string()]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let expected = format!("error: {shown}:2: unknown clause \"PEC-DM.20-1\"; nearest is \"PEC-DM.20-01\"");
    assert!(said(&output).contains(&expected), "{}", said(&output));
    assert!(!folder.join("run.json").exists());
    let missing = collaudo(&["run", "flows/cross-provider", "--review", "no/such.toml", "--out", &out("no-review")]);
    assert_eq!(missing.status.code(), Some(2), "{}", said(&missing));
}

#[test]
fn only_questions_are_listed_as_a_file_to_fill_in() {
    let output = collaudo(&["list", "clauses", "--format", "toml"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let output = collaudo(&["list", "questions", "--format", "json"]);
    let object: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    let questions = object["questions"].as_array().expect("a list");
    assert!(!questions.is_empty() && questions.iter().all(|row| row["question"]["ask_it"].is_string()));
}

fn collaudo(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_collaudo-tested"))
        .args(arguments)
        .current_dir(root())
        .output()
        .expect("the program runs")
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn out(name: &str) -> String {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("command-line").join(name).display().to_string()
}

/// A folder with the project's topologies, one good scenario and the given file.
fn scenarios_with(file: &str, text: &str) -> PathBuf {
    let folder = PathBuf::from(out("scenarios")).join(file.replace('.', "-"));
    for part in ["topologies", "flows"] {
        fs::create_dir_all(folder.join(part)).expect("created");
    }
    for part in ["topologies/two-providers.toml", "flows/cross-provider.toml"] {
        fs::copy(root().join("scenarios").join(part), folder.join(part)).expect("copied");
    }
    fs::write(folder.join(file), text).expect("written");
    folder
}

fn sorted(mut words: Vec<&str>) -> Vec<&str> {
    words.sort_unstable();
    words
}
