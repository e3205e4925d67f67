//! Goal: what a provider's own log says, and what it does not say, is judged where LAB.toml tells where it can be read.
//! Method: `gestore serve` is the subject, its log what `gestore log` prints; a filter of the shell spoils what is printed, and
//! exactly the rows fail that it breaks.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use collaudo_record::{Outcome, RunRecord};
use collaudo_tests::subject::{Setup, Subject, collaudo, gestore, told};

/// Every row about a line of the log.
const ROWS: [&str; 9] = [
    "PEC-2.3-01",
    "PEC-2.3-02",
    "PEC-2.3-03",
    "PEC-2.3-04",
    "PEC-2.3-05",
    "PEC-2.3-06",
    "PEC-2.3-07",
    "PEC-2.3-08",
    "PEC-2.3-09",
];

#[test]
fn a_log_that_is_read_is_judged_and_a_spoilt_one_breaks_the_rows_of_what_it_lacks() {
    let test = "a_log_that_is_read_is_judged_and_a_spoilt_one_breaks_the_rows_of_what_it_lacks";
    let Some(subject) = Subject::serve(&Setup::usual(test)) else { return };
    subject.log(&subject.printed(""));
    let patterns = ["flows/cross-provider", "access-point/bcc-field", "delivery-point/mailbox-full"];
    let (code, told, record) = certify(&subject, "whole", &patterns);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("ok    the log, \"") && told.contains(": line "), "{told}");
    let of_log = outcomes(&record, |clause| ROWS.contains(&clause));
    assert_eq!(of_log, ROWS.map(|row| (row.to_owned(), Outcome::Pass)).into(), "{told}");
    judged_again(&subject.out("whole"), &record);

    let (crossing, refusal) = ("flows/cross-provider", "access-point/bcc-field");
    for (name, pattern, filter, expected) in [
        ("subject", crossing, r#" | sed 's/"subject":"[^"]*"/"subject":null/'"#, "PEC-2.3-06"),
        ("related", crossing, r#" | sed 's/"related":.[^]]*./"related":[]/'"#, "PEC-2.3-08"),
        // Of a scenario that has no line nothing more is said.
        ("refusal", refusal, r#" | grep -v '"event":"non-accettazione"'"#, "PEC-2.3-01"),
    ] {
        subject.log(&subject.printed(filter));
        let (code, told, record) = certify(&subject, name, &[pattern]);
        assert_eq!(code, Some(1), "{told}");
        assert_eq!(failed(&record), [expected.to_owned()].into(), "{name}: {told}");
    }
}

#[test]
fn a_run_is_not_kept_whose_log_could_not_be_read_to_its_end() {
    let test = "a_run_is_not_kept_whose_log_could_not_be_read_to_its_end";
    let Some(subject) = Subject::serve(&Setup::usual(test)) else { return };
    subject.log(&subject.printed(" && test ! -e ../gone"));
    let gone = subject.folder.join("gone");
    let out = subject.out("gone-run");
    let (code, told, record) = thread::scope(|scope| {
        scope.spawn(|| {
            // By then the scenario has begun, and does not end for some seconds.
            let begun = || fs::read_to_string(Path::new(&out).join("kept/LAB.toml")).is_ok();
            while !begun() {
                thread::sleep(Duration::from_millis(50));
            }
            thread::sleep(Duration::from_millis(2_500));
            fs::write(&gone, "").expect("a file");
        });
        certify(&subject, "gone-run", &["access-point/bcc-field"])
    });
    assert_eq!((code, failed(&record)), (Some(1), BTreeSet::new()), "{told}");
    assert!(told.contains("the subject's log cannot be read: \"") && told.contains("ended with exit status"), "{told}");
    assert_eq!(kept(&out), Vec::<PathBuf>::new());
}

/// A provider that writes lines of text to a file, which is rotated while it is read.
#[test]
fn a_file_of_lines_is_read_by_an_expression_and_through_its_rotation() {
    let test = "a_file_of_lines_is_read_by_an_expression_and_through_its_rotation";
    let Some(subject) = Subject::serve(&Setup::usual(test)) else { return };
    let file = subject.folder.join("messages.log");
    fs::write(&file, "14/03/2026 00:00:00 imap: nothing that the expression fits\n").expect("a file");
    subject.log(&format!(
        "file = \"../messages.log\"\nformat = \"pattern\"\npattern = '''{PATTERN}'''\ntime = \"rfc3339\"\n\
         separator = \";\"\n"
    ));
    let is_over = AtomicBool::new(false);
    let (code, told, record) = thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                write(&subject.folder.join("subject"), &file);
                thread::sleep(Duration::from_millis(200));
            }
        });
        let ended = certify(&subject, "file", &["flows/cross-provider"]);
        is_over.store(true, Ordering::Relaxed);
        ended
    });
    assert_eq!(code, Some(0), "{told}");
    assert!(file.with_extension("1").is_file(), "it was rotated");
    let of_log = outcomes(&record, |clause| ROWS.contains(&clause));
    assert_eq!(of_log, ROWS.map(|row| (row.to_owned(), Outcome::Pass)).into(), "{told}");
    assert!(told.contains("lines were left out; the first is line "), "{told}");
    assert!(told.contains(": imap: login; expected what log.pattern describes"), "{told}");
}

const PATTERN: &str = r#"^(?<at>\S+) pec: (?<event>.+?) id=(?<pec_msgid>\S*) ref=(?<msgid>\S*) from=(?<sender>\S*) to=(?<recipients>\S*) made=(?<related>\S*) by="(?<sending_provider>[^"]*)" subject="(?<subject>.*)"$"#;

/// Writes what the server's log has more than the file and the one before it, as lines of text, with others among them; the
/// first hundred lines go to a file that is then put aside.
fn write(subject: &Path, file: &Path) {
    let aside = file.with_extension("1");
    let there = |path: &Path| fs::read_to_string(path).unwrap_or_default().matches(" pec: ").count();
    let written = there(file) + there(&aside);
    let printed = Command::new(gestore()).arg("log").arg(subject).output().expect("it runs");
    let printed = String::from_utf8_lossy(&printed.stdout).into_owned();
    let lines: Vec<serde_json::Value> =
        printed.lines().skip(written).map(|line| serde_json::from_str(line).expect("an object")).collect();
    let mut out = fs::OpenOptions::new().append(true).create(true).open(file).expect("a file");
    for line in lines {
        let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
        let list = |key: &str| {
            let all = line[key].as_array().into_iter().flatten().filter_map(|one| one.as_str());
            all.collect::<Vec<_>>().join(";")
        };
        let (at, event, pec_msgid, msgid) = (text("at"), text("event"), text("pec_msgid"), text("msgid"));
        let (sender, by, subject) = (text("sender"), text("sending_provider"), text("subject"));
        let (recipients, related) = (list("recipients"), list("related"));
        writeln!(
            out,
            "{at} pec: {event} id={pec_msgid} ref={msgid} from={sender} to={recipients} made={related} by=\"{by}\" \
             subject=\"{subject}\"\nimap: login"
        )
        .expect("it is written");
    }
    if written > ROTATED && !aside.is_file() {
        fs::rename(file, aside).expect("it is put aside");
    }
}

/// More lines than the first message makes, and fewer than one scenario.
const ROTATED: usize = 6;

fn certify(subject: &Subject, name: &str, patterns: &[&str]) -> (Option<i32>, String, RunRecord) {
    let out = subject.out(name);
    let arguments: Vec<_> = patterns.iter().copied().chain(["--out", &out]).collect();
    let ended = subject.certify(&arguments).output().expect("it runs");
    let told = told(&ended);
    let record = fs::read(Path::new(&out).join("run.json")).unwrap_or_else(|why| panic!("{why}: {told}"));
    (ended.status.code(), told, serde_json::from_slice(&record).expect("it reads"))
}

/// The traces say the same without the server and its log.
fn judged_again(out: &str, record: &RunRecord) {
    let again = format!("{out}-again");
    let judged = collaudo().arg("judge").args(kept(out)).args(["--out", &again]).output().expect("it runs");
    assert_eq!(judged.status.code(), Some(0), "{}", told(&judged));
    let text = fs::read(Path::new(&again).join("run.json")).expect("a record");
    let again: RunRecord = serde_json::from_slice(&text).expect("it reads");
    assert_eq!(again.clauses, record.clauses);
}

fn kept(out: &str) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![Path::new(out).join("kept")]);
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(&folder).expect("a folder").flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "jsonl") {
                found.push(path);
            }
        }
    }
    found
}

fn outcomes(record: &RunRecord, is_it: impl Fn(&str) -> bool) -> BTreeMap<String, Outcome> {
    let rows = record.clauses.iter().filter(|row| is_it(&row.requirement.id));
    rows.map(|row| (row.requirement.id.clone(), row.outcome)).collect()
}

fn failed(record: &RunRecord) -> BTreeSet<String> {
    let failed = record.clauses.iter().filter(|row| row.outcome == Outcome::Fail);
    failed.map(|row| row.requirement.id.clone()).collect()
}
