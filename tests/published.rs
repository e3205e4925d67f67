//! Goal: what we publish is changed while a provider that fetches it is examined, and is good again for the next scenario; the
//! provider is killed and started; what it does not offer is not held against it.
//! Method: `gestore serve` asks for index and list of revoked certificates each second, or each hour of a clock that is moved.
//! The scenarios are those of the library in which this takes a day, with seconds or a few hours for it.

use std::{fs, path::Path, process::Output};

use collaudo_record::{ClauseRecord, Outcome, RunRecord, ScenarioOutcome};
use collaudo_tests::{
    small_library,
    subject::{Setup, Subject, collaudo, told},
};

#[test]
fn a_provider_meets_a_changed_index_and_list_and_its_own_crash_and_then_good_ones() {
    let test = "a_provider_meets_a_changed_index_and_list_and_its_own_crash_and_then_good_ones";
    let setup = Setup { fetches: Some(1), ..Setup::usual(test) };
    let Some(subject) = Subject::serve(&setup) else { return };
    subject.log(&subject.printed(""));
    let (scenarios, out) = (subject.folder.join("scenarios"), subject.out("run"));
    small_library(&scenarios, &QUICK);
    let place = scenarios.display().to_string();
    let ended = subject.certify(&["--scenarios", &place, "--out", &out]).output().expect("it runs");
    assert_eq!(ended.status.code(), Some(0), "{}", told(&ended));
    let record = record(&out);
    let passed = |scenario: &&collaudo_record::ScenarioRecord| scenario.outcome == ScenarioOutcome::Passed;
    assert_eq!(record.scenarios.iter().filter(passed).count(), QUICK.len(), "{}", told(&ended));
    // Each of those who were struck off sent a correct envelope before, though another scenario had struck them off already.
    for id in ["quick/revoked", "quick/unlisted"] {
        let scenario = record.scenarios.iter().find(|scenario| scenario.id == id).expect("it was run");
        let taken =
            scenario.verdicts.iter().find(|verdict| verdict.clause == "PEC-2.2.2-05" && verdict.provider == "beta");
        assert_eq!(taken.map(|verdict| verdict.outcome), Some(Outcome::Pass), "{id}: {}", told(&ended));
    }
}

#[test]
fn whoever_fetches_each_hour_is_waited_for_by_a_clock_that_is_moved() {
    let test = "whoever_fetches_each_hour_is_waited_for_by_a_clock_that_is_moved";
    let clock = Some("rest_ms = 1200\nstride_s = 3600");
    let Some(subject) = Subject::serve(&Setup { fetches: Some(3600), clock, ..Setup::usual(test) }) else { return };
    let (scenarios, out) = (subject.folder.join("scenarios"), subject.out("run"));
    let [.., (_, unlisted)] = QUICK;
    let slow = unlisted.replace("15s", "2h").replace("40s", "3h");
    // The second needs of the first that it has left no trace.
    small_library(&scenarios, &[("one", &slow), ("two", &slow)]);
    let place = scenarios.display().to_string();
    let ended = subject.certify(&["--scenarios", &place, "--out", &out]).output().expect("it runs");
    assert_eq!(ended.status.code(), Some(0), "{}", told(&ended));
    assert_eq!(record(&out).totals.scenarios_passed, 2, "{}", told(&ended));
}

#[test]
fn what_is_not_offered_is_not_supported_and_the_kept_traces_say_so_again() {
    let test = "what_is_not_offered_is_not_supported_and_the_kept_traces_say_so_again";
    let setup = Setup { keys: "quiet_ms = 4000\nnot_offered = [\"pop3\", \"brief-receipts\"]\n", ..Setup::usual(test) };
    let Some(subject) = Subject::serve(&setup) else { return };
    let (out, again) = (subject.out("run"), subject.out("again"));
    let patterns = ["delivery-point/receipt-brief-signed", "access-point/no-from"];
    let ended = subject.certify(&patterns.into_iter().chain(["--out", &out]).collect::<Vec<_>>()).output();
    let ended = ended.expect("it runs");
    assert_eq!(ended.status.code(), Some(0), "{}", told(&ended));
    let listed = subject.certify(&["--list", "delivery-point/read-over-pop3"]).output().expect("it runs");
    // As the sender it has nothing to do with how the recipient reads, and takes that part.
    assert!(told(&listed).contains("read-over-pop3  as alfa"), "{}", told(&listed));
    not_supported(&record(&out), &ended);
    let traces =
        ["access-point/no-from", "delivery-point/receipt-brief-signed"].map(|id| format!("{out}/kept/{id}.jsonl"));
    let judged = collaudo().arg("judge").args(traces).args(["--out", &again]).output().expect("it runs");
    not_supported(&record(&again), &judged);
}

fn not_supported(record: &RunRecord, ended: &Output) {
    let outcome = |id: &str| {
        let row = record.clauses.iter().find(|row: &&ClauseRecord| row.requirement.id == id);
        row.map(|row| row.outcome)
    };
    for row in ["PEC-DPR.6-01", "PEC-3.3.2.2-05"] {
        assert_eq!(outcome(row), Some(Outcome::NotSupported), "{row}: {}", told(ended));
    }
    assert_eq!(
        outcome("PEC-3.3.2.3-01"),
        Some(Outcome::NotExercised),
        "concise receipts are offered, and were not asked for"
    );
    assert!(record.totals.not_supported >= 2);
}

const QUICK: [(&str, &str); 3] = [
    (
        "crashed",
        r#"title = "A provider that falls over between two messages"
why = "It is killed and started by commands, and goes on."
topology = "two-providers"
worlds = ["sim", "live"]
covers = ["PEC-3.1.5-13"]
until = "40s"
step = [
    { at = "0s", submit = { id = "m1", from = "anna", to = ["bruno"], subject = "Prima" } },
    { at = "12s", submit = { id = "m2", from = "anna", to = ["bruno"], subject = "Dopo" } },
]
fault = [{ at = "5s", for = "2s", crash = "alfa" }]
expect = [{ at = "anna", gets = "avvenuta-consegna", count = 2 }]
"#,
    ),
    (
        "revoked",
        r#"title = "A certificate revoked between two messages"
why = "The first envelope of this signer is correct; once the list has it, the next is ordinary mail."
topology = "three-providers"
worlds = ["sim", "live"]
provider = { gamma = { play = "peer", behaviour = "silent" } }
covers = ["PEC-5.5.2-01"]
until = "40s"
step = [
    { at = "1s", submit = { id = "f1", from = "carla", to = ["bruno"], subject = "Ancora valido", forge = "envelope" } },
    { at = "15s", submit = { id = "f2", from = "carla", to = ["bruno"], subject = "Già revocato", forge = "envelope" } },
]
fault = [{ at = "5s", revoke = "gamma" }]
expect = [{ at = "bruno", gets = "posta-certificata", count = 1 }]
"#,
    ),
    (
        "unlisted",
        r#"title = "A provider that the index lists no more"
why = "What it sends after the next refresh is ordinary mail."
topology = "three-providers"
worlds = ["sim", "live"]
provider = { gamma = { play = "peer", behaviour = "silent" } }
covers = ["PEC-4.5.1-01"]
until = "40s"
step = [
    { at = "1s", submit = { id = "f1", from = "carla", to = ["bruno"], subject = "Ancora iscritto", forge = "envelope" } },
    { at = "15s", submit = { id = "f2", from = "carla", to = ["bruno"], subject = "Non più iscritto", forge = "envelope" } },
]
fault = [{ at = "5s", unlist = "gamma" }]
expect = [{ at = "bruno", gets = "posta-certificata", count = 1 }]
"#,
    ),
];

fn record(out: &str) -> RunRecord {
    let text = fs::read(Path::new(out).join("run.json")).expect("the record");
    serde_json::from_slice(&text).expect("it reads")
}
