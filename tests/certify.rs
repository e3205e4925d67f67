//! Goal: a provider that is a program of its own, behind real sockets, is examined as it would be anywhere else.
//! Method: `gestore init` and `gestore serve` are the subject; `collaudo certify` knows of it what its LAB.toml says. A
//! certification that is killed and gone on with, and one that is judged again, come to what the whole one came to.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use collaudo_record::{Outcome, RunRecord, ScenarioOutcome};
use collaudo_tests::subject::{Setup, Subject, collaudo, told};

/// Both directions, a refusal, an anomaly, forged mail, a mailbox that takes nothing, a visit.
const PATTERNS: [&str; 6] = [
    "flows/cross-provider",
    "access-point/bcc-field",
    "reception-point/unlisted-signer-refused",
    "reception-point/ordinary-in-anomaly-envelope",
    "delivery-point/mailbox-full",
    "delivery-point/unknown-mailbox",
];

#[test]
fn a_server_passes_all_that_it_takes_part_in_and_a_run_gone_on_with_says_the_same() {
    let test = "a_server_passes_all_that_it_takes_part_in_and_a_run_gone_on_with_says_the_same";
    let Some(subject) = Subject::serve(&Setup::usual(test)) else { return };
    let whole = subject.out("whole");
    let ended = subject.certify(&patterns(&["--out", &whole])).output().expect("it runs");
    assert_eq!(ended.status.code(), Some(0), "{}", told(&ended));
    let record = record(&whole);
    assert_eq!(record.scenarios.len(), 7, "{:?}", idle(&whole));
    for scenario in &record.scenarios {
        assert_eq!((scenario.outcome, scenario.world.as_str()), (ScenarioOutcome::Passed, "live"), "{}", scenario.id);
    }
    assert_eq!(record.subject, "Gestore di prova soggetto.test");

    let halved = subject.out("halved");
    let mut child = subject.certify(&patterns(&["--out", &halved])).spawn().expect("it runs");
    wait_for(|| kept(&halved).len() >= 3);
    // By then all of the fourth has crossed: a server that finds nobody at the other end tries again in its own time.
    thread::sleep(Duration::from_millis(2_500));
    child.kill().expect("it is ours");
    child.wait().expect("it ends");
    let before = kept(&halved);
    assert!(before.len() < 7, "it was not killed halfway");
    let ended = subject.certify(&patterns(&["--resume", &halved])).output().expect("it runs");
    assert_eq!(ended.status.code(), Some(0), "{}", told(&ended));
    let after = kept(&halved);
    assert!(before.iter().all(|(path, octets)| after.get(path) == Some(octets)), "what was kept was run again");
    assert_eq!(verdicts(&self::record(&halved)), verdicts(&record));

    let again = subject.out("again");
    drop(subject.server);
    let traces = kept(&halved).into_keys();
    let judged = collaudo().arg("judge").args(traces).args(["--out", &again]).output().expect("it runs");
    assert_eq!(judged.status.code(), Some(0), "{}", told(&judged));
    assert_eq!(self::record(&again).clauses, self::record(&halved).clauses);
}

#[test]
fn what_does_not_answer_is_told_with_what_to_do_and_nothing_is_run() {
    let test = "what_does_not_answer_is_told_with_what_to_do_and_nothing_is_run";
    let Some(mut subject) = Subject::serve(&Setup::usual(test)) else { return };
    subject.server.end();
    let out = subject.out("nothing");
    let ended = subject.certify(&patterns(&["--out", &out])).output().expect("it runs");
    assert_eq!(ended.status.code(), Some(2), "{}", told(&ended));
    let told = told(&ended);
    assert!(told.contains("FAIL  submission at 127.0.0.1:") && told.contains("start the server"), "{told}");
    assert!(kept(&out).is_empty());
}

#[test]
fn mailboxes_that_are_read_over_pop3_alone_show_all_that_comes() {
    let test = "mailboxes_that_are_read_over_pop3_alone_show_all_that_comes";
    let Some(subject) = Subject::serve(&Setup::usual(test)) else { return };
    let lab = subject.folder.join("lab/LAB.toml");
    let without_imap = fs::read_to_string(&lab).expect("a file");
    let without_imap: String =
        without_imap.lines().filter(|line| !line.starts_with("imap")).flat_map(|line| [line, "\n"]).collect();
    fs::write(&lab, without_imap).expect("a file");
    let out = subject.out("pop3");
    let ended = subject.certify(&["flows/cross-provider", "--out", &out]).output().expect("it runs");
    assert_eq!(ended.status.code(), Some(0), "{}", told(&ended));
    let record = record(&out);
    let passed = record.scenarios.iter().filter(|scenario| scenario.outcome == ScenarioOutcome::Passed);
    let passed: Vec<_> = passed.map(|scenario| scenario.id.as_str()).collect();
    assert_eq!(passed, ["flows/cross-provider", "flows/cross-provider~swapped"]);
}

/// With the scenarios that are tried here.
fn patterns<'a>(options: &[&'a str]) -> Vec<&'a str> {
    PATTERNS.into_iter().chain(["--skip-timed"]).chain(options.iter().copied()).collect()
}

/// Scenario, clause and provider, with what they came to.
fn verdicts(record: &RunRecord) -> BTreeMap<(String, String, String), Outcome> {
    let all = record.scenarios.iter().flat_map(|scenario| scenario.verdicts.iter().map(move |one| (scenario, one)));
    all.map(|(scenario, one)| ((scenario.id.clone(), one.clause.clone(), one.provider.clone()), one.outcome)).collect()
}

fn record(out: &str) -> RunRecord {
    let text = fs::read(Path::new(out).join("run.json")).expect("the record");
    serde_json::from_slice(&text).expect("it reads")
}

fn idle(out: &str) -> String {
    fs::read_to_string(Path::new(out).join("not-run.json")).unwrap_or_default()
}

/// Every kept trace, with its octets.
fn kept(out: &str) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![Path::new(out).join("kept")]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "jsonl") {
                found.insert(path.clone(), fs::read(&path).unwrap_or_default());
            }
        }
    }
    found
}

fn wait_for(done: impl Fn() -> bool) {
    for _ in 0..6_000 {
        if done() {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("nothing came of it");
}
