//! Goal: scenarios that wait for hours take minutes where the subject's clock can be moved.
//! Method: `gestore serve` under libfaketime, whose file the command of `[clock]` writes; what its LAB.toml says is all that
//! `collaudo certify` knows of that.

use std::{fs, path::Path};

use collaudo_record::{Outcome, RunRecord, ScenarioOutcome};
use collaudo_tests::subject::{Setup, Subject, told};

#[test]
fn a_day_passes_in_moments_and_the_notice_after_it_is_judged_by_the_clock_that_was_moved() {
    let test = "a_day_passes_in_moments_and_the_notice_after_it_is_judged_by_the_clock_that_was_moved";
    let setup = Setup { clock: Some("rest_ms = 1200\nstride_s = 3600"), ..Setup::usual(test) };
    let Some(subject) = Subject::serve(&setup) else { return };
    let out = subject.out("run");
    let ended = subject.certify(&["timeouts/takes-charge-never-delivers", "--out", &out]).output().expect("it runs");
    assert_eq!(ended.status.code(), Some(0), "{}", told(&ended));
    let record = record(&out);
    let outcomes: Vec<_> = record.scenarios.iter().map(|one| (one.id.as_str(), one.outcome)).collect();
    assert_eq!(outcomes, [("timeouts/takes-charge-never-delivers", ScenarioOutcome::Passed)], "{}", told(&ended));
    let second = record.clauses.iter().find(|row| row.requirement.id == "PEC-3.1.6-03");
    assert_eq!(second.map(|row| row.outcome), Some(Outcome::Pass), "the second notice came in its time");
    let ahead = fs::read_to_string(subject.folder.join("lab/clock.ahead")).expect("a file");
    assert!(ahead.trim().parse::<u64>().is_ok_and(|ahead| ahead > 29 * 3600), "{ahead}");
}

#[test]
fn a_clock_that_does_not_obey_is_told_with_what_to_do_and_nothing_is_run() {
    let test = "a_clock_that_does_not_obey_is_told_with_what_to_do_and_nothing_is_run";
    let setup = Setup { clock: Some(""), ..Setup::usual(test) };
    let Some(subject) = Subject::serve(&setup) else { return };
    let lab = subject.folder.join("lab/LAB.toml");
    let text = fs::read_to_string(&lab).expect("a file");
    for (command, expected) in
        [("exit 3", "ended with exit status: 3; correct clock.move"), ("true", "does the command of [clock] move it?")]
    {
        let (before, after) = text.split_once("move = \"\"\"").expect("its command");
        let after = after.split_once("\"\"\"").expect("its end").1;
        fs::write(&lab, format!("{before}move = \"{command}\"{after}")).expect("a file");
        let ended =
            subject.certify(&["flows/cross-provider", "--out", &subject.out("nothing")]).output().expect("it runs");
        assert_eq!(ended.status.code(), Some(2), "{}", told(&ended));
        assert!(told(&ended).contains(expected), "{}", told(&ended));
    }
}

fn record(out: &str) -> RunRecord {
    let text = fs::read(Path::new(out).join("run.json")).expect("the record");
    serde_json::from_slice(&text).expect("it reads")
}
