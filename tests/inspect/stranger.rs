//! A stranger's folder goes through, whatever is in it.

use std::{
    fs::{self, File},
    io::{Cursor, Write as _},
    path::Path,
    sync::Arc,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use collaudo_forge::{Key, Signer, seal_log};
use collaudo_tests::root;
use serde_json::Value;
use zip::{ZipWriter, write::SimpleFileOptions};

use super::{ORDINARY, certified, folder, inspect, lf, list, mailbox, object, put, said, shown, words};

/// A message that encloses another, as a mailing list or a person who forwards does.
fn enclosing(message: &[u8]) -> Vec<u8> {
    let head = "From: lista@esterno.example\r\nTo: anna@alfa.test\r\nSubject: Fwd\r\nMIME-Version: 1.0\r\n\
                Content-Type: multipart/mixed; boundary=esterno\r\n\r\n\
                --esterno\r\nContent-Type: text/plain\r\n\r\nInoltro.\r\n\
                --esterno\r\nContent-Type: message/rfc822\r\nContent-Disposition: attachment\r\n\r\n";
    [head.as_bytes(), message, b"\r\n--esterno\r\nContent-Type: text/plain\r\n\r\nlista\r\n--esterno--\r\n"].concat()
}

/// DER SignedData with a message inside: a bare .p7m.
fn sealed(message: &[u8]) -> Vec<u8> {
    let keys = root().join("reference-impl/tests/keys");
    let pem = |name: &str| fs::read_to_string(keys.join(name)).expect("a test key");
    let key = Key::from_pem(&pem("alfa.key.pem")).expect("it reads");
    let digits: String = pem("alfa.crt.pem").lines().filter(|line| !line.starts_with('-')).collect();
    let certificate = STANDARD.decode(digits).expect("it is PEM");
    let signer = Signer::new(Arc::new(key), &certificate, &[]).expect("they belong together");
    seal_log(&String::from_utf8_lossy(message), &signer, 1_772_438_400)
}

fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, octets) in members {
        archive.start_file(*name, SimpleFileOptions::default()).expect("begun");
        archive.write_all(octets).expect("written");
    }
    archive.finish().expect("finished").into_inner()
}

/// Ordinary mail, certified mail, junk, binary files, an empty file, a large file, a folder that a link leads back to.
fn furnish(home: &Path) {
    let certified = certified();
    put(&home.join("a/ordinary.eml"), ORDINARY);
    put(&home.join("a/certified.eml"), &certified[0]);
    put(&home.join("a/junk"), b"\x07\x1b[2J hello \xff\xfe\n\n: : :\n");
    put(&home.join("a/binary.eml"), &(0..=255).collect::<Vec<u8>>());
    put(&home.join("a/empty.eml"), b"");
    File::create(home.join("a/large")).and_then(|file| file.set_len(200 << 20)).expect("sparse");
    put(&home.join("b/crlf.mbox"), &mailbox(&[&certified[1], ORDINARY, &certified[2]]));
    put(&home.join("b/lf.mbox"), &lf(&mailbox(&[&certified[1], ORDINARY])));
    put(&home.join("c/new/1.host"), &certified[0]);
    put(&home.join("c/cur/2.host:2,S"), ORDINARY);
    put(&home.join("c/tmp/3.host"), &certified[0]);
    put(&home.join("d.zip"), &zipped(&[("posta/uno.eml", &certified[1]), ("foto.png", b"\x89PNG\r\n")]));
    put(&home.join("e.p7m"), &sealed(&certified[0]));
    put(&home.join("e-document.p7m"), &sealed(b"%PDF-1.7 a document that somebody signed"));
    put(&home.join("f-list.eml"), &enclosing(&certified[1]));
    put(&home.join("g-cut.zip"), b"PK\x03\x04\x14\0\0\0");
    #[cfg(unix)]
    std::os::unix::fs::symlink(home, home.join("b/back")).expect("linked");
}

#[test]
fn a_stranger_s_folder_goes_through_and_its_counts_add_up() {
    let home = folder("stranger");
    furnish(&home);
    let output = inspect(&[shown(&home), "--format", "json"]);
    assert!(matches!(output.status.code(), Some(0 | 3)), "{}", said(&output));
    assert!(output.stderr.is_empty(), "{}", said(&output));
    let object = object(&output);
    let count = |name: &str| object["counts"][name].as_u64().unwrap_or_else(|| panic!("no count {name}"));
    let parts = ["files_with_mail", "archives", "not_mail", "skipped", "unreadable"].map(count);
    assert_eq!(parts, [9, 1, 6, if cfg!(unix) { 2 } else { 1 }, 1], "{}", object["counts"]);
    assert_eq!(count("files"), parts.iter().sum::<u64>());
    assert_eq!(["certified", "ordinary", "unread"].map(count), [8, 4, 0], "{}", object["counts"]);
    assert_eq!(count("messages"), 12);
    assert_eq!(count("duplicates"), 4, "one Maildir file, one member, two ordinary: {}", object["counts"]);
    assert_eq!(object["counts"]["signatures"]["invalid"], 0, "{}", object["counts"]);
    let told = list(&object, "files");
    assert!(told.iter().all(|file| !file["why"].as_str().unwrap_or_default().is_empty()), "{told:?}");
    assert_eq!(told.len() as u64, count("not_mail") + count("skipped") + count("unreadable"));
}

#[test]
fn certified_mail_is_found_wherever_it_lies_and_its_place_is_told() {
    let home = folder("places");
    furnish(&home);
    let object = object(&inspect(&[shown(&home), "--format", "json"]));
    let of = |file: &str| -> Vec<&Value> {
        let path = home.join(file).display().to_string();
        list(&object, "messages").iter().filter(|message| message["file"] == path.as_str()).collect()
    };
    let kind = |file: &str, n: usize| of(file)[n]["kind"].as_str().unwrap_or_default().to_owned();
    let place = |file: &str, n: usize| of(file)[n]["place"].as_str().unwrap_or_default().to_owned();
    assert_eq!(kind("b/crlf.mbox", 1), "ordinary");
    assert_eq!(kind("b/lf.mbox", 0), kind("b/crlf.mbox", 0));
    assert_eq!(place("b/crlf.mbox", 0), "message 1 (at octet 46)");
    assert_eq!(place("d.zip", 0), "posta/uno.eml");
    assert_eq!((kind("f-list.eml", 0), kind("d.zip", 0)), (kind("b/lf.mbox", 0), kind("b/lf.mbox", 0)));
    assert!(place("f-list.eml", 0).contains("message/rfc822"), "{}", place("f-list.eml", 0));
    assert_eq!(kind("e.p7m", 0), kind("a/certified.eml", 0));
    for file in ["a/certified.eml", "b/lf.mbox", "d.zip", "f-list.eml", "c/new/1.host"] {
        assert_eq!(of(file)[0]["signature"]["verdict"], "valid", "{file}: {}", of(file)[0]);
    }
}

#[test]
fn results_do_not_depend_on_the_number_of_jobs() {
    let home = folder("jobs");
    furnish(&home);
    let many: Vec<&[u8]> = certified().iter().cycle().take(200).map(Vec::as_slice).collect();
    put(&home.join("many.mbox"), &mailbox(&many));
    for format in ["json", "text"] {
        let one = inspect(&[shown(&home), "--format", format, "--jobs", "1"]);
        assert!(one.stdout.len() > 10_000, "{}", said(&one));
        for jobs in ["2", "7"] {
            let more = inspect(&[shown(&home), "--format", format, "--jobs", jobs]);
            assert!(one.stdout == more.stdout, "{format} with {jobs} jobs differs");
            assert_eq!(one.status.code(), more.status.code());
        }
    }
}

/// Goal: nothing that a message says acts on the screen. Method: escapes in the header, which the signature does not cover,
/// in names of files and in the members of an archive.
#[test]
fn no_control_character_of_a_message_comes_through() {
    let home = folder("escapes");
    let evil = "\u{1b}[2J\u{9b}31m\u{202e}\u{7}";
    let with = |field: &str| {
        let head = format!("{field}: {evil} x{evil}\r\n");
        [head.as_bytes(), &certified()[0]].concat()
    };
    put(&home.join("subject"), &with("Subject"));
    put(&home.join("from"), &with("From"));
    put(&home.join("kind"), &with("X-Ricevuta"));
    put(&home.join("name\u{1b}]0;x\u{7}.eml"), ORDINARY);
    put(&home.join("junk\u{9b}2J"), b"junk");
    put(&home.join("a.zip"), &zipped(&[("a\u{1b}[1m.eml", ORDINARY), ("b\u{1b}[1m", b"junk")]));
    for format in ["text", "json"] {
        let output = inspect(&[shown(&home), "--format", format]);
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let acting = |c: &char| (c.is_control() && *c != '\n') || ('\u{202a}'..='\u{202e}').contains(c);
        assert_eq!(text.chars().find(acting), None, "{format}: {text:?}");
        assert!(text.contains("junk"), "{text}");
        assert!(output.stderr.iter().all(|octet| *octet != 0x1b));
    }
}

#[test]
fn the_same_message_stored_twice_is_judged_twice_and_told_once() {
    let home = folder("twice");
    for (n, message) in certified().iter().enumerate() {
        put(&home.join(format!("{n}.eml")), message);
        put(&home.join(format!("{n}-again.eml")), message);
    }
    let object = object(&inspect(&[shown(&home), "--format", "json"]));
    assert_eq!(list(&object, "messages").len(), 2 * certified().len());
    assert_eq!(object["counts"]["duplicates"], certified().len());
    let stories = list(&object, "stories");
    assert_eq!(stories.len(), 1, "one message was sent: {stories:?}");
    assert_eq!(words(list(&stories[0], "messages"), "kind").len(), certified().len());
}
