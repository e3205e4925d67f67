//! Folders, archives and single files: what is there is found, once, in order, and what is no mail is told.

use std::{
    fs::{self, File},
    io::{Cursor, Write as _},
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use collaudo_sources::{Fate, Found, Limits, Why, walk};
use zip::{ZipWriter, write::SimpleFileOptions};

const MAIL: &[u8] = b"From: anna@alfa.example\nTo: bruno@beta.example\nSubject: x\n\nCiao\n";

/// An empty folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("walk").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("a former run's folder goes");
    }
    fs::create_dir_all(&folder).expect("created");
    folder
}

fn put(path: &Path, octets: &[u8]) {
    fs::create_dir_all(path.parent().expect("in a folder")).expect("created");
    fs::write(path, octets).expect("written");
}

fn found_with(paths: &[PathBuf], input: &[u8], limits: &Limits) -> Vec<Found> {
    let mut found = Vec::new();
    let ended = walk(paths, &mut Cursor::new(input), limits, &mut |thing| {
        found.push(thing);
        ControlFlow::Continue(())
    });
    assert_eq!(ended, ControlFlow::Continue(()));
    found
}

fn found(path: &Path) -> Vec<Found> {
    found_with(&[path.to_owned()], b"", &Limits::default())
}

/// Every file with its fate and what is told of it, by its way below the folder.
fn fates(home: &Path, found: &[Found]) -> Vec<(String, Fate, String)> {
    let below = |place: String| place.strip_prefix(&format!("{}/", home.display())).unwrap_or(&place).to_owned();
    let fate = |thing: &Found| match thing {
        Found::File(file) => {
            let why = file.why.as_ref().map(Why::to_string).unwrap_or_default();
            Some((below(file.place.to_string()), file.fate, why))
        }
        _ => None,
    };
    found.iter().filter_map(fate).collect()
}

fn messages(found: &[Found]) -> Vec<String> {
    let place = |thing: &Found| match thing {
        Found::Message(message) => Some(message.place.to_string()),
        _ => None,
    };
    found.iter().filter_map(place).collect()
}

fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, octets) in members {
        archive.start_file(*name, SimpleFileOptions::default()).expect("begun");
        archive.write_all(octets).expect("written");
    }
    archive.finish().expect("finished").into_inner()
}

#[test]
fn files_are_what_they_hold_and_not_what_they_are_called() {
    let home = folder("sorts");
    put(&home.join("a.jpg"), MAIL);
    put(&home.join("b.eml"), b"\x89PNG\r\n\x1a\n\0\0");
    put(&home.join("c"), b"");
    put(&home.join("d.txt"), b"Dear Sir,\nSubject: none\n");
    put(&home.join("e.p7m"), b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80");
    put(&home.join("f.p7m"), b"MIIGSwYJKoZIhvcNAQcCoIIGPDCCBjgCAQExDzANBglghkgBZQMEAgEFADALBgkq\n");
    put(&home.join("g.msg"), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1");
    put(&home.join("h.yaml"), b"name: x\nfrom: y\n");
    put(&home.join("i.docx"), &zipped(&[("[Content_Types].xml", b"<x/>")]));
    put(&home.join("l.mbox"), &[b"From a@b Mon Mar  2 11:00:00 2026\n", MAIL].concat());
    put(&home.join("m.eml"), &[b"\xef\xbb\xbf", MAIL].concat());
    let fates: Vec<_> = fates(&home, &found(&home)).into_iter().map(|(name, fate, _)| (name, fate)).collect();
    let expected = [
        ("a.jpg", Fate::Mail),
        ("b.eml", Fate::NotMail),
        ("c", Fate::NotMail),
        ("d.txt", Fate::NotMail),
        ("e.p7m", Fate::Mail),
        ("f.p7m", Fate::Mail),
        ("g.msg", Fate::NotMail),
        ("h.yaml", Fate::NotMail),
        ("i.docx", Fate::NotMail),
        ("l.mbox", Fate::Mail),
        ("m.eml", Fate::Mail),
    ];
    assert_eq!(fates, expected.map(|(name, fate)| (name.to_owned(), fate)));
}

#[cfg(unix)]
#[test]
fn a_folder_is_walked_once_whatever_links_lead_to_it() {
    use std::os::unix::{fs::symlink, net::UnixListener};
    let home = folder("loops");
    put(&home.join("b/mail"), MAIL);
    symlink(&home, home.join("b/back")).expect("linked");
    symlink(home.join("b"), home.join("a")).expect("linked");
    symlink("itself", home.join("itself")).expect("linked");
    symlink("nowhere", home.join("lost")).expect("linked");
    let _socket = UnixListener::bind(home.join("socket")).expect("bound");
    let fates = fates(&home, &found(&home));
    let told: Vec<_> = fates.iter().map(|(name, fate, _)| (name.as_str(), *fate)).collect();
    let expected = [
        ("a/back", Fate::Skipped),
        ("a/mail", Fate::Mail),
        ("b", Fate::Skipped),
        ("itself", Fate::Unreadable),
        ("lost", Fate::Unreadable),
        ("socket", Fate::Skipped),
    ];
    assert_eq!(told, expected);
    assert!(fates[2].2.contains("loops/a, already walked"), "{}", fates[2].2);
    assert!(fates[5].2.contains("a socket"), "{}", fates[5].2);
}

#[test]
fn a_maildir_gives_what_was_delivered() {
    let home = folder("maildir");
    put(&home.join("new/1.a"), MAIL);
    put(&home.join("cur/2.a:2,ST"), MAIL);
    put(&home.join("tmp/3.a"), MAIL);
    put(&home.join(".Sent/cur/4.a:2,S"), MAIL);
    put(&home.join(".Sent/new/5.a"), MAIL);
    let found = found(&home);
    let ends = [".Sent/cur/4.a:2,S", ".Sent/new/5.a", "cur/2.a:2,ST", "new/1.a"];
    let messages = messages(&found);
    assert_eq!(messages.len(), ends.len());
    assert!(messages.iter().zip(ends).all(|(place, end)| place.ends_with(end)), "{messages:?}");
    assert_eq!(fates(&home, &found).iter().filter(|(_, fate, _)| *fate == Fate::Skipped).count(), 1);
}

#[test]
fn archives_are_entered_and_archives_in_them_once() {
    let home = folder("archives");
    let mailbox =
        [b"From a@b Mon Mar  2 11:00:00 2026\n", MAIL, b"\nFrom a@b Mon Mar  2 11:00:00 2026\n", MAIL].concat();
    let inner = zipped(&[("in/one.eml", MAIL), ("deep.zip", &zipped(&[("x.eml", MAIL)]))]);
    put(&home.join("a.zip"), &zipped(&[("box", &mailbox), ("inner.zip", &inner), ("picture", b"\x89PNG")]));
    put(&home.join("b.zip"), b"PK\x03\x04 cut short");
    let found = found(&home);
    let place = home.join("a.zip").display().to_string();
    let expected = ["box, message 1 (at octet 34)", "box, message 2 (at octet 133)", "inner.zip, in/one.eml"];
    assert_eq!(messages(&found), expected.map(|way| format!("{place}, {way}")));
    let fates: Vec<_> = fates(&home, &found).into_iter().map(|(name, fate, _)| (name, fate)).collect();
    let expected = [
        ("a.zip, box", Fate::Mail),
        ("a.zip, inner.zip, in/one.eml", Fate::Mail),
        ("a.zip, inner.zip, deep.zip", Fate::Unreadable),
        ("a.zip, inner.zip", Fate::Archive),
        ("a.zip, picture", Fate::NotMail),
        ("a.zip", Fate::Archive),
        ("b.zip", Fate::Unreadable),
    ];
    assert_eq!(fates, expected.map(|(name, fate)| (name.to_owned(), fate)));
}

#[test]
fn an_archive_that_expands_without_measure_is_left_alone() {
    let home = folder("bomb");
    let large = [MAIL, &vec![b' '; 3 << 20]].concat();
    let bomb = zipped(&[("small", MAIL), ("large", &large), ("after", MAIL)]);
    assert!(bomb.len() < 8 << 10, "it is small");
    put(&home.join("bomb.zip"), &bomb);
    let limits = Limits { expansion_floor: 1 << 20, ..Limits::default() };
    let found = found_with(&[home.join("bomb.zip")], b"", &limits);
    assert_eq!(messages(&found).len(), 1, "what came before is given");
    let fates = fates(&home, &found);
    assert_eq!(fates.len(), 3, "{fates:?}");
    assert!(fates[1].2.contains("100 times") && fates[2].2.contains("zip bomb"), "{fates:?}");
}

#[test]
fn a_file_above_the_limit_is_told_and_not_loaded() {
    let home = folder("large");
    put(&home.join("large.eml"), MAIL);
    File::options().write(true).open(home.join("large.eml")).and_then(|file| file.set_len(1 << 40)).expect("sparse");
    let found = found(&home.join("large.eml"));
    assert!(
        matches!(&found[0], Found::Unread { why: Why::TooLarge { octets, .. }, .. } if *octets == 1 << 40),
        "{found:?}"
    );
}

#[test]
fn standard_input_is_a_message_or_a_mailbox_or_an_archive() {
    let here = [PathBuf::from("-")];
    let mailbox =
        [b"From a@b Mon Mar  2 11:00:00 2026\r\n", MAIL, b"\nFrom a@b Mon Mar  2 11:00:00 2026\n", MAIL].concat();
    for (input, expected) in [(MAIL, 1), (&mailbox[..], 2), (b"", 0), (&zipped(&[("x", MAIL)]), 1)] {
        assert_eq!(messages(&found_with(&here, input, &Limits::default())).len(), expected);
    }
}

#[test]
fn what_stands_before_a_header_is_left_out() {
    let home = folder("before");
    put(&home.join("mail"), &[b"\xef\xbb\xbf\r\n\n", MAIL].concat());
    let found = found(&home.join("mail"));
    assert!(matches!(&found[0], Found::Message(message) if message.octets == MAIL), "{found:?}");
}

#[test]
fn a_path_that_is_not_there_is_told_and_the_next_is_read() {
    let home = folder("missing");
    put(&home.join("mail"), MAIL);
    let found = found_with(&[home.join("none"), home.join("mail")], b"", &Limits::default());
    assert!(matches!(&found[0], Found::File(file) if file.fate == Fate::Unreadable && file.named), "{found:?}");
    assert_eq!(messages(&found).len(), 1);
}
