//! Goal: a whole certification in real time ends within twenty-five hours, by the file that `--init` proposes; what does not go
//! into a day is left out, says so beforehand with what to do, and is run where it is asked for.
//! Method: `certify --list` plays beforehand what a run would do, and asks nobody anything.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use collaudo_tests::subject::{collaudo, run};
use serde_json::Value;

const DAY_SECONDS: u64 = 25 * 3_600;

/// What lasts longer than a day beside others, and what has to be alone.
const LONG: &str = "services/log-of-three-days";
const ALONE: &str = "services/index-altered";

#[test]
fn by_the_file_that_is_proposed_all_of_it_is_over_in_a_day() {
    let lab = proposed("by_the_file_that_is_proposed_all_of_it_is_over_in_a_day", &[], |text| text);
    let listed = Listed::of(&lab, &[]);
    assert!((24 * 3_600..=DAY_SECONDS).contains(&listed.seconds), "{} s", listed.seconds);
    assert_eq!(listed.advice, None);
    let waiting = listed.runs.values().filter(|timed| **timed).count();
    assert!(waiting >= 35 && listed.runs.len() >= 160, "{waiting} of {}", listed.runs.len());
}

#[test]
fn what_takes_longer_than_a_day_is_left_out_and_says_how_to_have_it() {
    let test = "what_takes_longer_than_a_day_is_left_out_and_says_how_to_have_it";
    let lab = proposed(test, &[], |text| text.replace("# https =", "https ="));
    let (usual, all) = (Listed::of(&lab, &[]), Listed::of(&lab, &["--days"]));
    let how = "name it, give --days, or have [clock] move the clock";
    assert_eq!(usual.idle[LONG], format!("it takes 50 h beside others: {how}"));
    assert_eq!(usual.idle[ALONE], format!("it takes 34 h alone: {how}"));
    assert!(usual.seconds <= DAY_SECONDS && all.seconds > DAY_SECONDS, "{} s, {} s", usual.seconds, all.seconds);
    let left_out: Vec<_> = usual.idle.iter().filter(|(_, why)| why.ends_with(how)).map(|(id, _)| id).collect();
    assert!(left_out.len() >= 10, "{left_out:?}");
    assert!(left_out.iter().all(|id| all.runs.get(*id) == Some(&true)), "--days runs all of it");
    assert_eq!(all.idle, BTreeMap::new());
    assert_eq!(Listed::of(&lab, &["index-altered", LONG]).runs.keys().collect::<Vec<_>>(), [ALONE, LONG]);
    let untimed = Listed::of(&lab, &["--skip-timed"]);
    assert!(untimed.idle[LONG].contains("--skip-timed") && untimed.seconds < 3_600, "{} s", untimed.seconds);
}

#[test]
fn with_a_clock_that_is_moved_nothing_is_left_out() {
    let test = "with_a_clock_that_is_moved_nothing_is_left_out";
    let clock = |text: String| text.replace("# [clock]", "[clock]").replace("# move =", "move =");
    let lab = proposed(test, &[], |text| clock(text).replace("# https =", "https ="));
    let listed = Listed::of(&lab, &[]);
    assert_eq!((listed.idle, listed.advice), (BTreeMap::new(), None));
    // Less than its stops alone take would be a false hope: the longest has one each 25 minutes, of a second and a half.
    assert!((62 * 3_600 / 1_500 * 3 / 2..6 * 3_600).contains(&listed.seconds), "{} s", listed.seconds);
}

#[test]
fn too_few_lanes_are_told_with_how_many_are_enough() {
    let test = "too_few_lanes_are_told_with_how_many_are_enough";
    let listed = Listed::of(&proposed(test, &["--lanes", "8"], |text| text), &[]);
    assert!(listed.seconds > 2 * DAY_SECONDS, "{} s", listed.seconds);
    let advice = listed.advice.expect("there are too few");
    let lanes = advice.split_whitespace().skip_while(|word| *word != "with").nth(1);
    let lanes = lanes.filter(|_| advice.contains("lanes in [ours]")).unwrap_or_else(|| panic!("{advice}"));
    assert!(!advice.contains("users"), "there are users enough: {advice}");
    let enough = Listed::of(&proposed(test, &["--lanes", lanes], |text| text), &[]);
    assert!(enough.seconds <= DAY_SECONDS && enough.advice.is_none(), "{lanes} lanes: {} s", enough.seconds);
}

#[test]
fn too_few_users_are_told_with_how_many_more_are_enough() {
    let test = "too_few_users_are_told_with_how_many_more_are_enough";
    let lab = proposed(test, &[], |text| text.replace("count = 50", "count = 10"));
    let listed = Listed::of(&lab, &[]);
    let advice = listed.advice.unwrap_or_else(|| panic!("{} s", listed.seconds));
    assert!(advice.contains("more users") && !advice.contains("lanes"), "{advice}");
}

/// What would be run, and whether for hours; what would not, and why; and how long it takes.
struct Listed {
    runs: BTreeMap<String, bool>,
    idle: BTreeMap<String, String>,
    seconds: u64,
    advice: Option<String>,
}

impl Listed {
    fn of(lab: &Path, options: &[&str]) -> Self {
        let told = run(collaudo().arg("certify").arg(lab).args(["--list", "--format", "json"]).args(options));
        let told: Value = serde_json::from_str(&told).expect("one JSON object");
        let text = |value: &Value| value.as_str().expect("a string").to_owned();
        let all = |key: &str| told[key].as_array().expect("an array").clone();
        Self {
            runs: all("runs").iter().map(|one| (text(&one["id"]), one["timed"] == Value::Bool(true))).collect(),
            idle: all("idle").iter().map(|one| (text(&one["id"]), text(&one["why"]))).collect(),
            seconds: told["forecast"]["seconds"].as_u64().expect("seconds"),
            advice: told["forecast"]["advice"].as_str().map(str::to_owned),
        }
    }
}

/// LAB.toml as `--init` proposes it, changed so; a certificate of ours stands for those of the provider.
fn proposed(test: &str, options: &[&str], change: impl Fn(String) -> String) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("collaudo-{test}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    run(collaudo().args(["certify", "--init"]).arg(&folder).args(options));
    fs::create_dir(folder.join("subject")).expect("a folder");
    for name in ["authority", "signing"] {
        let to = folder.join(format!("subject/{name}.crt.pem"));
        fs::copy(folder.join("authority.crt.pem"), to).expect("a copy");
    }
    let lab = folder.join("LAB.toml");
    let text = fs::read_to_string(&lab).expect("a file");
    fs::write(&lab, change(text)).expect("a file");
    lab
}
