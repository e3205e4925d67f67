//! Goal: a user's message comes back from `postacert.eml` as it was submitted, whoever wrote it.
//! Method: messages written by other programs, and messages that forward real certified mail, are submitted from files;
//! what lies in the recipient's mailbox is compared octet for octet, the rewritten fields left out.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use collaudo_scenario::{Scenario, Vocabulary};
use collaudo_tests::{
    SEED, have,
    message::{crlf, postacert, shown, without_rewritten},
    root, trace,
};
use mail_builder::MessageBuilder;

#[test]
fn a_message_written_by_python_comes_back() {
    if !have("python3", "a_message_written_by_python_comes_back") {
        return;
    }
    let folder = folder("python");
    let status = Command::new("python3").arg(root().join("tests/readers/write.py")).arg(&folder).status();
    assert!(status.is_ok_and(|status| status.success()));
    comes_back(&folder, "python.eml");
}

#[test]
fn a_message_written_by_swaks_comes_back() {
    if !have("swaks", "a_message_written_by_swaks_comes_back") {
        return;
    }
    let folder = folder("swaks");
    let output = Command::new("swaks")
        .args(["--dump-mail", "--from", "anna@alfa.test", "--to", "bruno@beta.test", "--h-Subject", "Prova di swaks"])
        .args([
            "--server",
            "localhost",
            "--body",
            "Una riga\\n..punti\\n",
            "--attach-type",
            "text/plain",
            "--attach",
            "@Cargo.toml",
        ])
        .current_dir(root())
        .output()
        .expect("swaks runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // Its dump breaks off inside the last line end.
    let message = output.stdout.strip_suffix(b"\r").unwrap_or(&output.stdout);
    fs::write(folder.join("swaks.eml"), message).expect("written");
    comes_back(&folder, "swaks.eml");
}

#[test]
fn a_message_written_by_mail_builder_comes_back() {
    let folder = folder("mail-builder");
    let message = MessageBuilder::new()
        .from(("Anna Bianchi", "anna@alfa.test"))
        .to(("Bruno", "bruno@beta.test"))
        .subject("Contratto n. 7: è firmato")
        .date(1_772_438_400_i64)
        .message_id("builder.1@client.alfa.test")
        .text_body("Città, perché, più.\r\n")
        .html_body("<p>Città</p>")
        .attachment("application/pdf", "contratto.pdf", &[0_u8, 1, 2, 253, 254, 255][..])
        .write_to_vec()
        .expect("written");
    fs::write(folder.join("builder.eml"), message).expect("written");
    comes_back(&folder, "builder.eml");
}

#[test]
fn forwarded_real_messages_keep_their_octets_and_their_signatures_verdict() {
    let test = "forwarded_real_messages_keep_their_octets_and_their_signatures_verdict";
    let corpus = std::env::var_os("COLLAUDO_CORPUS").map_or_else(|| root().join("../shared/corpus"), PathBuf::from);
    let Ok(entries) = fs::read_dir(&corpus) else {
        eprintln!("{test}: skipped, there is no folder {}; COLLAUDO_CORPUS names another", corpus.display());
        return;
    };
    let mut real: Vec<_> =
        entries.flatten().map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "eml")).collect();
    real.sort();
    let openssl = have("openssl", test);
    let mut verdicts = Vec::new();
    for path in &real {
        let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
        let folder = folder("corpus");
        let alone = fs::read(path).expect("a message that can be read");
        fs::write(folder.join(&name), forward(&crlf(&alone))).expect("written");
        let postacert = comes_back(&folder, &name);
        let attached = attached(&postacert);
        assert_eq!(attached, crlf(&alone), "{name}");
        if openssl {
            let verdict = signature_holds(&alone, &folder);
            assert_eq!(
                signature_holds(&attached, &folder),
                verdict,
                "{name}: forwarded, its signature has another verdict"
            );
            verdicts.push((name, verdict));
        }
    }
    if openssl && !verdicts.is_empty() {
        assert!(verdicts.iter().any(|(_, holds)| *holds) && verdicts.iter().any(|(_, holds)| !holds), "{verdicts:?}");
    }
}

/// Submits a file from anna to bruno; gives `postacert.eml` as it lies in bruno's mailbox.
fn comes_back(folder: &Path, file: &str) -> Vec<u8> {
    let submitted = crlf(&fs::read(folder.join(file)).expect("the message was written"));
    let trace = trace(&scenario(folder, file).plan(SEED));
    let postacert =
        postacert(&trace, "bruno@beta.test").unwrap_or_else(|| panic!("{file}: no envelope lies in bruno's mailbox"));
    assert_eq!(shown(&without_rewritten(&postacert)), shown(&without_rewritten(&submitted)), "{file}");
    postacert
}

fn scenario(folder: &Path, file: &str) -> Scenario {
    let text = format!(
        "title = \"From a file\"\nwhy = \"Octets.\"\ntopology = \"two-providers\"\ncovers = []\n\
         step = [{{ at = \"0s\", submit = {{ id = \"m1\", from = \"anna\", to = [\"bruno\"], file = \"{file}\" }} }}]\n"
    );
    let vocabulary = Vocabulary { catalogued: &[], checked: &[] };
    let mut read = Scenario::parse(&text, &folder.join("file.toml"), &root().join("scenarios"), &vocabulary)
        .unwrap_or_else(|error| panic!("{error}"));
    read.remove(0)
}

fn forward(real: &[u8]) -> Vec<u8> {
    let mut message =
        b"From: anna@alfa.test\r\nTo: bruno@beta.test\r\nSubject: Inoltro\r\nDate: Mon, 02 Mar 2026 09:00:00 +0100\r\n\
        Message-ID: <forward.1@client.alfa.test>\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/mixed; boundary=\"=_forward_of_a_real_message\"\r\n\r\n\
        --=_forward_of_a_real_message\r\nContent-Type: text/plain\r\n\r\nTi inoltro il messaggio.\r\n\
        --=_forward_of_a_real_message\r\nContent-Type: message/rfc822; name=\"inoltrato.eml\"\r\n\
        Content-Disposition: attachment; filename=\"inoltrato.eml\"\r\n\r\n"
            .to_vec();
    message.extend_from_slice(real);
    message.extend_from_slice(b"\r\n--=_forward_of_a_real_message--\r\n");
    message
}

/// The octets between the forward's own boundaries, found without a parser.
fn attached(postacert: &[u8]) -> Vec<u8> {
    let begin = b"filename=\"inoltrato.eml\"\r\n\r\n";
    let end = b"\r\n--=_forward_of_a_real_message--";
    let from = position(postacert, begin).expect("the attachment begins") + begin.len();
    let rest = &postacert[from..];
    rest[..position(rest, end).expect("the attachment ends")].to_vec()
}

fn position(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

fn signature_holds(message: &[u8], folder: &Path) -> bool {
    let path = folder.join("one.tmp");
    fs::write(&path, message).expect("written");
    let status = Command::new("openssl")
        .args(["cms", "-verify", "-noverify", "-out", "/dev/null", "-in"])
        .arg(&path)
        .stderr(Stdio::null())
        .status();
    status.expect("openssl runs").success()
}

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("foreign").join(name);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}
