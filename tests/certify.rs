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

use collaudo_record::{Outcome, RunRecord, ScenarioOutcome, Trace};
use collaudo_tests::{
    small_library,
    subject::{OURS, Setup, Subject, collaudo, told},
};

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
    let logged = record.clauses.iter().find(|row| row.requirement.id == "PEC-2.3-01").map(|row| row.outcome);
    assert_eq!(logged, Some(Outcome::NotExercised), "nobody said where its log is");

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
    let (again_record, halved_record) = (self::record(&again), self::record(&halved));
    assert_eq!(again_record.clauses, halved_record.clauses);
    assert_eq!(again_record.seed, halved_record.seed);
    let page = |out: &str| fs::read_to_string(Path::new(out).join("report.html")).expect("a page");
    assert!(page(&halved).contains("<dt>Took</dt>") && page(&halved).contains("<dt>Run</dt>"));
    assert!(!page(&again).contains("<dt>Took</dt>") && !page(&again).contains("<dt>Run</dt>"), "nobody knows");
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

#[test]
fn what_goes_into_a_day_goes_on_at_once_and_what_does_not_is_left_out_and_told_beforehand() {
    let test = "what_goes_into_a_day_goes_on_at_once_and_what_does_not_is_left_out_and_told_beforehand";
    let usual = Setup::usual(test);
    let further =
        [2, 3].into_iter().flat_map(|lane| OURS.map(|domain| domain.replace(".test", &format!("-{lane}.test"))));
    let ours = usual.ours.iter().cloned().chain(further).collect();
    let Some(subject) = Subject::serve(&Setup { ours, ..usual }) else { return };
    let (scenarios, out) = (subject.folder.join("scenarios"), subject.out("run"));
    let long = QUICK.replace("until = \"30s\"", "until = \"30h\"").replace("PEC-3.1.5-13", "PEC-3.1.6-03");
    small_library(&scenarios, &[("one", QUICK), ("two", QUICK), ("three", QUICK), ("long", &long)]);
    let place = scenarios.display().to_string();
    let ended = subject.certify(&["--scenarios", &place, "--out", &out]).output().expect("it runs");
    assert_eq!(ended.status.code(), Some(0), "{}", told(&ended));
    let of_run = |out: &str| record(out).scenarios.into_iter().map(|one| (one.id, one.outcome)).collect::<Vec<_>>();
    let passed = |ids: &[&str]| ids.iter().map(|id| ((*id).to_owned(), ScenarioOutcome::Passed)).collect::<Vec<_>>();
    assert_eq!(of_run(&out), passed(&["quick/one", "quick/three", "quick/two"]), "{}", told(&ended));

    let why = "it takes 30 h beside others: name it, give --days, or have [clock] move the clock";
    let said = String::from_utf8_lossy(&ended.stderr);
    let beforehand = said.split("quick/").next().unwrap_or_default();
    assert!(beforehand.contains(why), "{said}");
    let (not_run, on_paper) = (idle(&out), String::from_utf8_lossy(&ended.stdout));
    assert!(not_run.contains("quick/long") && not_run.contains(why) && on_paper.contains(why), "{not_run} {on_paper}");
    let second_notice = record(&out).clauses.into_iter().find(|row| row.requirement.id == "PEC-3.1.6-03");
    assert_eq!(second_notice.map(|row| row.outcome), Some(Outcome::NotExercised), "it was left out");
    let traces = kept(&out);
    let lasted = |trace: &Trace| (trace.header.epoch, trace.events.last().map(|event| event.at));
    let lasted: Vec<_> = traces.values().map(|octets| lasted(&read(octets))).collect();
    let last_begun = lasted.iter().map(|(begun, _)| *begun).max();
    assert!(last_begun < lasted.iter().filter_map(|(_, over)| *over).min(), "they went on at once: {lasted:?}");

    // Whatever was run because it was named stays part of the whole, as if it had been run just so.
    let one = fs::read_to_string(Path::new(&out).join("kept/quick/one.jsonl")).expect("it was kept");
    fs::write(Path::new(&out).join("kept/quick/long.jsonl"), one.replace("quick/one", "quick/long")).expect("a file");
    let again = subject.certify(&["--scenarios", &place, "--resume", &out]).output().expect("it runs");
    assert_eq!(of_run(&out), passed(&["quick/long", "quick/one", "quick/three", "quick/two"]), "{}", told(&again));
    assert_eq!(idle(&out).trim(), "{}");
}

/// Two messages, the second when all who begin at once have begun.
const QUICK: &str = r#"title = "Two messages"
why = "One goes on beside others."
topology = "two-providers"
worlds = ["sim", "live"]
covers = ["PEC-3.1.5-13"]
until = "30s"
step = [
    { at = "0s", submit = { id = "m1", from = "anna", to = ["bruno"], subject = "Prima" } },
    { at = "12s", submit = { id = "m2", from = "anna", to = ["bruno"], subject = "Dopo" } },
]
expect = [{ at = "anna", gets = "avvenuta-consegna", count = 2 }]
"#;

fn read(octets: &[u8]) -> Trace {
    Trace::from_jsonl(&String::from_utf8_lossy(octets)).expect("it reads")
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
