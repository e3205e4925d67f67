//! Real messages, of providers that nobody here wrote. They stay outside of the project: where they are absent the tests
//! say that they skip.

use std::{env, path::PathBuf};

use collaudo_tests::root;
use serde_json::Value;

use super::{inspect, list, object, said, shown, words};

fn corpus(test: &str) -> Option<PathBuf> {
    let home = env::var_os("COLLAUDO_CORPUS").map_or_else(|| root().join("../shared/corpus"), PathBuf::from);
    if home.is_dir() {
        return Some(home);
    }
    eprintln!("{test}: skipped, there is no folder {}; COLLAUDO_CORPUS names another", home.display());
    None
}

fn is_edited(message: &Value) -> bool {
    message["file"].as_str().is_some_and(|file| file.contains("tampered"))
}

#[test]
fn untouched_messages_hold_and_the_edited_one_does_not() {
    let Some(home) = corpus("untouched_messages_hold_and_the_edited_one_does_not") else { return };
    let output = inspect(&[shown(&home), "--format", "json"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let object = object(&output);
    for message in list(&object, "messages") {
        let verdicts = words(list(message, "verdicts"), "verdict");
        let signature = &message["signature"];
        if is_edited(message) {
            assert_eq!(signature["verdict"], "invalid", "{message}");
            assert!(signature["reason"].as_str().is_some_and(|reason| reason.contains(' ')), "{signature}");
        } else {
            assert_eq!(signature["verdict"], "valid", "{message}");
            assert!(!verdicts.contains(&"fail"), "{}: {verdicts:?}", message["file"]);
        }
    }
}

#[test]
fn a_strict_profile_names_each_deviation_as_a_failure() {
    let Some(home) = corpus("a_strict_profile_names_each_deviation_as_a_failure") else { return };
    let [deployed, strict] = ["deployed", "strict"].map(|profile| {
        let object = object(&inspect(&[shown(&home), "--format", "json", "--profile", profile]));
        let rows = |message: &Value, wanted: &str| -> Vec<String> {
            let verdicts = list(message, "verdicts").iter().filter(|verdict| verdict["verdict"] == wanted);
            verdicts.map(|verdict| verdict["clause"].to_string()).collect()
        };
        let messages = list(&object, "messages").iter();
        messages.map(|message| (rows(message, "deviation"), rows(message, "fail"))).collect::<Vec<_>>()
    });
    assert_eq!(deployed.len(), strict.len());
    for ((deviations, _), (none, failures)) in deployed.iter().zip(&strict) {
        assert!(none.is_empty());
        assert!(!deviations.is_empty(), "each real message departs from the letter somewhere");
        assert!(deviations.iter().all(|row| failures.contains(row)), "{deviations:?} {failures:?}");
    }
}
