//! The command line and the JSON object are a contract.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::Path,
    process::Command,
    thread,
};

use collaudo_record::BodyHash;
use collaudo_sources::readings;
use serde_json::Value;

use super::{ORDINARY, certified, folder, inspect, inspect_with, list, mailbox, object, put, said, shown};

#[test]
fn the_json_object_has_the_contract_s_fields() {
    let home = folder("contract");
    put(&home.join("a.eml"), &certified()[0]);
    let output = inspect(&[shown(&home), "--format", "json"]);
    let object = object(&output);
    assert_eq!(object["format"], 1);
    let message = &list(&object, "messages")[0];
    assert_eq!(message["file"], shown(&home.join("a.eml")));
    assert_eq!(message["kind"], "accettazione", "{message}");
    for field in ["verdict", "digest", "signer", "signed_at"] {
        assert!(message["signature"][field].as_str().is_some_and(|word| !word.is_empty()), "{field}: {message}");
    }
    let verdicts = list(message, "verdicts");
    assert!(verdicts.len() > 40, "{} rows", verdicts.len());
    for field in ["clause", "verdict", "party", "expected", "observed"] {
        assert!(verdicts.iter().all(|verdict| verdict[field].is_string()), "{field}");
    }
    for field in ["stories", "files"] {
        list(&object, field);
    }
}

#[test]
fn the_exit_status_says_what_was_found() {
    let home = folder("status");
    put(&home.join("ordinary.eml"), ORDINARY);
    put(&home.join("good.eml"), &certified()[0]);
    let text = String::from_utf8_lossy(&certified()[0]).replace("accettazione", "accettazionf");
    put(&home.join("bad.eml"), text.as_bytes());
    put(&home.join("picture.png"), b"\x89PNG\r\n");
    let status = |names: &[&str]| {
        let paths: Vec<_> = names.iter().map(|name| home.join(name).display().to_string()).collect();
        let output = inspect(&paths.iter().map(String::as_str).collect::<Vec<_>>());
        output.status.code().unwrap_or_else(|| panic!("{}", said(&output)))
    };
    assert_eq!(status(&["ordinary.eml"]), 0);
    assert_eq!(status(&["picture.png"]), 0);
    assert_eq!(status(&["good.eml"]), 0);
    assert_eq!(status(&["bad.eml"]), 1);
    assert_eq!(status(&["none.eml", "bad.eml"]), 2, "2 beats 1");
    assert_eq!(status(&[]), 2);
}

#[test]
fn files_named_in_options_are_told_where_they_cannot_be_used() {
    let home = folder("options");
    put(&home.join("a.eml"), ORDINARY);
    for option in ["--trust", "--index", "--crl"] {
        for path in [home.join("none"), home.join("a.eml")] {
            let output = inspect(&[option, shown(&path), shown(&home.join("a.eml"))]);
            assert_eq!(output.status.code(), Some(2), "{}", said(&output));
            assert!(said(&output).contains(option) && said(&output).contains(shown(&path)), "{}", said(&output));
        }
    }
    let output = inspect(&["--max-message", "12 furlongs", "x"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("no size"), "{}", said(&output));
}

#[test]
fn the_certificates_of_the_simulation_are_trusted_where_its_authority_is() {
    let home = folder("trust");
    put(&home.join("a.eml"), &certified()[0]);
    let authority = collaudo_tests::root().join("reference-impl/tests/keys/authority.crt.pem");
    let verdict = |arguments: &[&str]| {
        let object = object(&inspect(arguments));
        list(&object, "messages")[0]["signature"]["path"]["trust"]["verdict"].as_str().unwrap_or_default().to_owned()
    };
    let file = home.join("a.eml");
    assert_eq!(verdict(&[shown(&file), "--format", "json"]), "not-given");
    let foreign = verdict(&[shown(&file), "--format", "json", "--trust", shown(&authority)]);
    assert_ne!(foreign, "not-given");
}

#[test]
fn standard_input_is_a_message_or_a_mailbox() {
    for (input, messages) in [(certified()[0].clone(), 1), (mailbox(&[ORDINARY, &certified()[1]]), 2), (vec![], 0)] {
        let object = object(&inspect_with(&["-", "--format", "json"], &input));
        assert_eq!(list(&object, "messages").len(), messages);
        assert!(list(&object, "messages").iter().all(|message| message["file"] == "-"));
    }
}

/// Goal: a mailbox does not say how it quotes, and the signature tells. Method: a certified message with a line that looks
/// quoted inside its signature, stored by each custom.
#[test]
fn a_signature_decides_how_quoted_lines_are_read() {
    let home = folder("quoted");
    let trace = collaudo_tests::trace(&collaudo_tests::scenario(QUOTED).plan(collaudo_tests::SEED));
    let original = trace
        .bodies
        .values()
        .find(|octets| holds(octets, b"\n>From the first") && holds(octets, b"X-Trasporto: posta-certificata"))
        .expect("an envelope with such a line")
        .to_vec();
    let postmark = b"From anna@alfa.test Mon Mar  2 11:00:00 2026\r\n";
    let as_stored = [postmark, &original[..], b"\r\n"].concat();
    assert!(readings(&original).len() > 1, "it can be read in several ways");
    for (name, mailbox) in [("stored", as_stored), ("quoted", mailbox(&[&original]))] {
        let path = home.join(name);
        put(&path, &mailbox);
        let object = object(&inspect(&[shown(&path), "--format", "json"]));
        let message = &list(&object, "messages")[0];
        assert_eq!(message["signature"]["verdict"], "valid", "{name}: {}", message["signature"]);
    }
}

const QUOTED: &str = r#"
title = "Lines that look quoted"
why = "A mailbox in one file quotes them once more."
topology = "two-providers"
covers = []
step = [{ at = "0s", submit = { id = "m1", from = "anna", to = ["bruno"], text = ">From the first\n>>From the second\nend\n" } }]
"#;

fn holds(octets: &[u8], wanted: &[u8]) -> bool {
    octets.windows(wanted.len()).any(|window| window == wanted)
}

#[test]
fn a_message_above_the_limit_is_told_and_counted() {
    let home = folder("limit");
    put(&home.join("a.eml"), &[ORDINARY, &vec![b'x'; 5000]].concat());
    let object = object(&inspect(&[shown(Path::new(&home)), "--format", "json", "--max-message", "4KiB"]));
    assert_eq!(object["counts"]["unread"], 1);
    let told = list(&object, "files");
    assert!(told[0]["why"].as_str().is_some_and(|why| why.contains("--max-message")), "{told:?}");
}

#[test]
fn the_text_tells_who_what_and_what_the_law_says_in_either_language() {
    let home = folder("text");
    let text = String::from_utf8_lossy(&certified()[0]).replace("accettazione", "accettazionf");
    put(&home.join("bad.eml"), text.as_bytes());
    let told = |lang: &str| {
        let output = inspect(&["--lang", lang, shown(&home)]);
        String::from_utf8_lossy(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let english = told("en");
    for words in ["INVALID", "something in it was changed", "Every message the system itself creates", "--trust"] {
        assert!(english.contains(words), "no \"{words}\" in {english}");
    }
    let italian = told("it");
    for words in ["NON VALIDA", "modificato dopo la firma", "Ogni messaggio generato dal sistema", "STORIA", "firme"] {
        assert!(italian.contains(words), "no \"{words}\" in {italian}");
    }
}

#[test]
fn an_opinion_document_names_what_was_examined_and_with_what() {
    let home = folder("opinion");
    put(&home.join("mail/a.eml"), &certified()[0]);
    put(&home.join("mail/picture.png"), b"\x89PNG\r\n");
    let authority = collaudo_tests::root().join("reference-impl/tests/keys/authority.crt.pem");
    let (page, mail) = (home.join("opinion.html"), home.join("mail"));
    let options = ["--opinion", shown(&page), "--lang", "it", "--trust", shown(&authority)];
    let output = inspect(&[&options[..], &["--format", "json", shown(&mail)]].concat());
    assert_eq!(object(&output)["counts"]["judged"], 1);
    let text = fs::read_to_string(&page).expect("it was written");
    let hashes = [BodyHash::of(&certified()[0]), BodyHash::of(&fs::read(&authority).expect("a test key"))];
    for words in [hashes[0].0.as_str(), &hashes[1].0, "a.eml", "authority.crt.pem", "picture.png", "lang=\"it\""] {
        assert!(text.contains(words), "no {words}");
    }
    assert!(!home.join("opinion.html.part").exists());
    let output = inspect(&["--opinion", shown(&home.join("none/opinion.html")), shown(&home)]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty() && said(&output).contains("--opinion"), "{}", said(&output));
}

/// Goal: a person's answers are told in each form as a person's, beside what the message shows, and end the program as they
/// end a run. Method: one answer, in the ways that weigh.
#[test]
fn a_review_is_told_beside_what_messages_show() {
    let home = folder("review");
    let (mail, file, page) = (home.join("mail"), home.join("review.toml"), home.join("opinion.html"));
    put(&mail.join("a.eml"), &certified()[0]);
    let (review, opinion) = (["--review", shown(&file)], ["--opinion", shown(&page)]);
    for (answer, code) in [("yes", 0), ("not-applicable", 0), ("partly", 3), ("no", 1)] {
        let filled = format!(
            "[[answer]]\nrow = \"PEC-DM.20-01\"\nanswer = \"{answer}\"\nevidence = \"certificate 12\"\nwho = \"M. Rossi\"\n\
             date = \"2026-03-02\"\n"
        );
        put(&file, filled.as_bytes());
        let output = inspect(&[&review[..], &opinion, &["--format", "json", shown(&mail)]].concat());
        assert_eq!(output.status.code(), Some(code), "{answer}: {}", said(&output));
        let object = object(&output);
        let told = &list(&object, "review")[0];
        assert_eq!((&told["clause"], &told["answer"]), (&"PEC-DM.20-01".into(), &answer.into()));
        let verdicts = list(&list(&object, "messages")[0], "verdicts");
        assert!(verdicts.iter().all(|verdict| verdict["clause"] != "PEC-DM.20-01"), "no verdict of the machine's");
        let text = inspect(&[&review[..], &[shown(&mail)]].concat());
        let hash = BodyHash::of(filled.as_bytes()).0;
        let page = fs::read_to_string(&page).expect("it was written");
        for words in ["PEC-DM.20-01", "M. Rossi", "certificate 12"] {
            assert!(said(&text).contains(words), "no {words} in {}", said(&text));
            assert!(page.contains(words), "no {words} in the opinion");
        }
        assert!(page.contains(&hash), "the opinion names the file of answers");
    }
    put(
        &file,
        b"[[answer]]\nrow = \"PEC-2.1-01\"\nanswer = \"yes\"\nevidence = \"x\"\nwho = \"x\"\ndate = \"2026-03-02\"\n",
    );
    let output = inspect(&[&review[..], &[shown(&mail)]].concat());
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(output.stdout.is_empty() && said(&output).contains("a machine judges it"), "{}", said(&output));
}

/// Goal: Ctrl-C ends the walk and not the telling. Method: messages go in until the first come out; then the signal; when
/// the program has said that it heard it, one more message.
#[cfg(unix)]
#[test]
fn ctrl_c_tells_what_was_examined_so_far() {
    let mut program = super::start(&["-", "--format", "json"]);
    let mut input = program.stdin.take().expect("it is piped");
    let mut output = program.stdout.take().expect("it is piped");
    let mut errors = BufReader::new(program.stderr.take().expect("it is piped"));
    let mailbox = mailbox(&[&certified()[0]]);
    let feeder = thread::spawn(move || {
        // No more than may be under way at once, for nobody reads what comes out meanwhile.
        (0..16).for_each(|_| drop(input.write_all(&mailbox)));
        (input, mailbox)
    });
    let mut object = vec![0; 1024];
    output.read_exact(&mut object).expect("the first messages come out");
    let (mut input, mailbox) = feeder.join().expect("it ends");
    let signal = Command::new("sh").args(["-c", &format!("kill -INT {}", program.id())]).status();
    assert!(signal.expect("there is a shell").success());
    let mut line = String::new();
    while !line.contains("stopping") {
        line.clear();
        assert!(errors.read_line(&mut line).expect("text") > 0, "it says that it stops");
    }
    let after = thread::spawn(move || drop(input.write_all(&mailbox.repeat(64))));
    output.read_to_end(&mut object).expect("the rest comes out");
    after.join().expect("it ends");
    assert_eq!(program.wait().expect("it ends").code(), Some(130));
    let object: Value = serde_json::from_slice(&object).expect("one whole object");
    assert_eq!(object["interrupted"], true);
    assert!(list(&object, "messages").len() < 16 + 64, "it stopped");
    assert_eq!(object["counts"]["messages"], list(&object, "messages").len());
}
