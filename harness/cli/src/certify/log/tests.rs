use std::fs;

use super::*;

fn table(text: &str) -> LogTable {
    toml::from_str(text).expect("a table")
}

const PATTERN: &str =
    "format = \"pattern\"\npattern = '^(?<at>\\S+) (?<event>\\S+) (?<pec_msgid>\\S+)$'\ntime = \"seconds\"\n";

fn folder(name: &str, log: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("collaudo-log-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("log"), log).expect("a file");
    folder
}

fn open(folder: &Path) -> Log {
    Log::open(&table(&format!("file = \"log\"\n{PATTERN}")), folder).expect("it opens")
}

fn append(folder: &Path, text: &str) {
    let path = folder.join("log");
    let before = fs::read_to_string(&path).expect("a file");
    fs::write(&path, before + text).expect("a file");
}

#[test]
fn what_stood_there_before_is_no_line_of_a_run_and_nothing_is_said_of_it() {
    let folder = folder("before", "1 consegna opec1@x\nnonsense\n");
    let log = open(&folder);
    let trial = log.trial();
    assert_eq!(trial.fault, None);
    assert_eq!(trial.what, "the log, log: line 1 says \"consegna\" of opec1@x at 1970-01-01T00:00:01Z");
    assert_eq!((log.book.last(), log.left_out()), (None, None));
    append(&folder, "2 consegna opec2@x\nmore nonsense\nand more\n");
    assert!(log.trial().what.ends_with("line 3 says \"consegna\" of opec2@x at 1970-01-01T00:00:02Z"));
    assert_eq!(log.book.last().map(|line| line.text.clone()), Some("2 consegna opec2@x".into()));
    let told = log.left_out().expect("two");
    assert_eq!(
        told,
        "the log, log: 2 lines were left out; the first is line 4: more nonsense; expected what log.pattern describes"
    );
}

#[test]
fn a_log_of_which_no_line_fits_is_told_with_what_to_do() {
    let fault = open(&folder("unfit", "a b\nc\n")).trial().fault.expect("nothing fits");
    assert!(
        fault.starts_with("no line fits yet, of 2; the first is line 1: a b; expected what log.pattern"),
        "{fault}"
    );
    assert!(fault.ends_with(ADVICE), "{fault}");
    let trial = open(&folder("empty", "")).trial();
    assert_eq!(trial.fault, None);
    assert!(trial.what.starts_with("the log, log: no line yet"), "{}", trial.what);
    let table = table(&format!("file = \"nowhere\"\n{PATTERN}"));
    let why = Log::open(&table, &folder("nowhere", "")).err().expect("it is not there");
    assert!(why.contains("nowhere: "), "{why}");
    assert!(closed(&table, &why).fault.expect("told").ends_with(ADVICE));
}

#[test]
fn a_table_that_cannot_be_understood_says_what_was_expected() {
    let check = |text: &str| table(text).check().expect_err("it is wrong");
    assert!(check(PATTERN).starts_with("[log] has a file and a command, or neither"));
    assert!(check(&format!("file = \"a\"\ncommand = \"b\"\n{PATTERN}")).starts_with("[log] has a file and a command"));
    assert!(check("file = \"a\"\nformat = \"pattern\"\n").starts_with("log.pattern is missing"));
    assert!(check("file = \"a\"\nformat = \"json\"\npattern = \"x\"\n").starts_with("log.pattern beside"));
    assert!(check("file = \"a\"\nformat = \"json\"\n").starts_with("[log.fields] has no \"at\""));
    assert!(check(&format!("file = \"a\"\n{PATTERN}[fields]\nat = \"x\"\n")).starts_with("[log.fields] beside"));
    let json = "file = \"a\"\nformat = \"json\"\ntime = \"soon\"\n[fields]\nat = \"x\"\nmsgid = \"y\"\n";
    assert!(check(json).starts_with("log.time = \"soon\"; expected"));
    assert_eq!(table(&json.replace("soon", "seconds")).check(), Ok(()));
}
