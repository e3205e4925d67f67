//! Goal: scenarios that wait for hours take minutes where the subject's clock can be moved, and all go on at once.
//! Method: `gestore serve` under libfaketime, whose file the command of `[clock]` writes; what its LAB.toml says is all that
//! `collaudo certify` knows of that.

use std::{collections::BTreeSet, fs, path::Path, process::Stdio};

use collaudo_record::{Outcome, RunRecord, ScenarioOutcome};
use collaudo_scenario::topology;
use collaudo_tests::{
    root,
    subject::{OURS, Setup, Subject, told},
};

/// Of those that wait for hours: both notices, the second alone, none behind a delivery that comes late. And two that do not.
const PATTERNS: [&str; 5] = [
    "timeouts/never-answers",
    "timeouts/takes-charge-never-delivers",
    "timeouts/back-after-13h",
    "flows/same-provider",
    "delivery-point/unknown-mailbox",
];

#[test]
fn days_pass_in_moments_and_at_once_and_each_scenario_sees_what_is_its_own() {
    let test = "days_pass_in_moments_and_at_once_and_each_scenario_sees_what_is_its_own";
    let Some(subject) = Subject::serve(&several(test, 3, Some("rest_ms = 1200\nstride_s = 3600"))) else { return };
    subject.log(&subject.printed(""));
    let out = subject.out("run");
    let ended = subject.certify(&PATTERNS.into_iter().chain(["--out", &out]).collect::<Vec<_>>()).output();
    let ended = ended.expect("it runs");
    assert_eq!(ended.status.code(), Some(0), "{}", told(&ended));
    let record = record(&out);
    assert_eq!(record.scenarios.len(), PATTERNS.len(), "{}", told(&ended));
    for scenario in &record.scenarios {
        assert_eq!(scenario.outcome, ScenarioOutcome::Passed, "{}: {}", scenario.id, told(&ended));
    }
    let second = record.clauses.iter().find(|row| row.requirement.id == "PEC-3.1.6-03");
    assert_eq!(second.map(|row| row.outcome), Some(Outcome::Pass), "the second notice came in its time");
    let logged =
        record.clauses.iter().filter(|row| ["PEC-2.3-01", "PEC-2.3-03"].contains(&row.requirement.id.as_str()));
    assert!(logged.map(|row| row.outcome).eq([Outcome::Pass; 2]), "each line was seen at its time");
    let ahead = fs::read_to_string(subject.folder.join("lab/clock.ahead")).expect("a file");
    let ahead: u64 = ahead.trim().parse().expect("seconds");
    assert!((24 * 3600..35 * 3600).contains(&ahead), "{ahead} s for three scenarios of 24 hours and a half");
}

/// All of it, in about an hour: `COLLAUDO_CERTIFY=all cargo test -p collaudo-tests --test clockwork -- --nocapture`; instead of
/// all, patterns with spaces between them.
#[test]
fn every_scenario_marked_live_passes() {
    let test = "every_scenario_marked_live_passes";
    let Ok(wanted) = std::env::var("COLLAUDO_CERTIFY") else {
        eprintln!("{test}: skipped, it takes about an hour; COLLAUDO_CERTIFY=all runs it");
        return;
    };
    let patterns = wanted.split_whitespace().filter(|pattern| *pattern != "all");
    let scenarios = root().join("scenarios");
    let file = scenarios.join("topologies/twenty-providers.toml");
    let twenty = topology(&file, &scenarios.join("profiles")).expect("it reads");
    let several = several(test, LANES, Some(""));
    // Four scenarios that wait for hours take all twenty.
    let named = |lane: u32| move |domain: &String| domain.replace(".test", &format!("-{lane}.test"));
    let twenty: Vec<_> = twenty.into_iter().map(|one| one.domain).collect();
    let further = (2..=4).flat_map(|lane| twenty.iter().map(named(lane)));
    let ours: BTreeSet<_> = twenty.iter().cloned().chain(further).chain(several.ours).collect();
    let ours = ours.into_iter().collect();
    let peculiar = PECULIAR.map(|(name, rest)| (name.to_owned(), rest));
    let more = (1..=300).map(|number| (format!("membro{number}"), "ordinary = \"refuse\""));
    let users = several.users.into_iter().chain(peculiar).chain(more).collect();
    let whole = Setup { users, ours, fetches: Some(3600), ..Setup { ours: Vec::new(), users: Vec::new(), ..several } };
    let Some(subject) = Subject::serve(&whole) else { return };
    subject.log(&subject.printed(""));
    let out = subject.out("run");
    let mut certify = subject.certify(&["--out", &out]);
    certify.args(patterns);
    let ended = certify.stdout(Stdio::inherit()).stderr(Stdio::inherit()).status().expect("it runs");
    let outcomes = record(&out).scenarios.into_iter().map(|one| (one.id, one.outcome));
    let others: Vec<_> = outcomes.filter(|(_, outcome)| *outcome != ScenarioOutcome::Passed).collect();
    assert!(ended.success() && others.is_empty(), "{others:?}");
    let idle = fs::read_to_string(Path::new(&out).join("not-run.json")).expect("the list of those that were not run");
    assert_eq!(idle.trim(), "{}", "all have a part for it");
}

/// For half of the scenarios that wait for hours.
const LANES: u32 = 22;

/// Whom some scenario wants, beside those who serve most.
const PECULIAR: [(&str, &str); 5] = [
    ("colma", "quota_octets = 0\nordinary = \"anomaly\""),
    ("quattro", "ordinary = \"anomaly\""),
    ("stretta", "quota_octets = 60_000"),
    ("piccola", "quota_octets = 1_000"),
    ("inoltra", "ordinary = { forward = \"aldo@alfa.test\" }"),
];

#[test]
fn a_clock_that_does_not_obey_is_told_with_what_to_do_and_nothing_is_run() {
    let test = "a_clock_that_does_not_obey_is_told_with_what_to_do_and_nothing_is_run";
    let setup = Setup { clock: Some(""), ..Setup::usual(test) };
    let Some(subject) = Subject::serve(&setup) else { return };
    let lab = subject.folder.join("lab/LAB.toml");
    let text = fs::read_to_string(&lab).expect("a file");
    for (command, expected) in [
        ("exit 3", "FAIL  the command that moves the subject's clock: \"exit 3\" ended with exit status: 3"),
        ("true", "does the command of [clock] move it?"),
    ] {
        let (before, after) = text.split_once("move = \"\"\"").expect("its command");
        let after = after.split_once("\"\"\"").expect("its end").1;
        fs::write(&lab, format!("{before}move = \"{command}\"{after}")).expect("a file");
        let ended =
            subject.certify(&["flows/cross-provider", "--out", &subject.out("nothing")]).output().expect("it runs");
        assert_eq!(ended.status.code(), Some(2), "{}", told(&ended));
        assert!(told(&ended).contains(expected), "{}", told(&ended));
    }
}

/// A subject with so many lanes, and users for each.
fn several<'a>(test: &'a str, lanes: u32, clock: Option<&'a str>) -> Setup<'a> {
    let usual = Setup::usual(test);
    let further = (2..=lanes).flat_map(|lane| OURS.map(|domain| domain.replace(".test", &format!("-{lane}.test"))));
    let ours = usual.ours.iter().cloned().chain(further).collect();
    let more = (1..=2 * lanes).map(|number| (format!("utente{number}"), "ordinary = \"refuse\""));
    let users = usual.users.iter().cloned().chain(more).collect();
    Setup { users, ours, clock, ..usual }
}

fn record(out: &str) -> RunRecord {
    let text = fs::read(Path::new(out).join("run.json")).expect("the record");
    serde_json::from_slice(&text).expect("it reads")
}
