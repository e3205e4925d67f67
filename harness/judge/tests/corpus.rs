//! Real messages, of providers that nobody here wrote. They stay outside of the project: where they are absent the tests
//! say that they skip.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use collaudo_judge::{
    Anchors, Profile, inspect,
    reading::{Kind, Reading, Trust},
};
use collaudo_record::{BodyHash, Inspection, Outcome, SignatureVerdict};

/// The corpus: where `COLLAUDO_CORPUS` says, by default beside the workspace.
fn corpus() -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let home = env::var_os("COLLAUDO_CORPUS").map_or(root, PathBuf::from);
    let Ok(files) = fs::read_dir(&home) else {
        eprintln!("skipped: no corpus at {}; COLLAUDO_CORPUS may say where it is", home.display());
        return Vec::new();
    };
    let mut messages: Vec<_> = files
        .filter_map(|file| file.ok().map(|file| file.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
        .map(|path| (path.file_name().unwrap_or_default().to_string_lossy().into_owned(), path))
        .map(|(name, path)| (name, fs::read(path).expect("a message of the corpus can be read")))
        .collect();
    messages.sort();
    messages
}

fn read(octets: &[u8]) -> Reading {
    Reading::of(BodyHash::of(octets), octets, &Trust::default())
}

#[test]
fn the_known_messages_are_read_as_what_they_are() {
    let known = [
        ("aruba-2018-accettazione.eml", Kind::Accettazione, true, false),
        ("aruba-2018-avvenuta-consegna.eml", Kind::AvvenutaConsegna, true, true),
        ("aruba-2021-accettazione.eml", Kind::Accettazione, true, false),
        ("sogei-2018-posta-certificata-breve.eml", Kind::PostaCertificata, true, true),
        ("sogei-2018-posta-certificata-tampered.eml", Kind::PostaCertificata, false, true),
    ];
    for (name, octets) in corpus() {
        let Some((_, kind, valid, encloses)) = known.iter().find(|(known, ..)| *known == name) else { continue };
        let reading = read(&octets);
        let signature = reading.signature.as_ref().expect("each is signed");
        let daticert = reading.daticert.as_ref().expect("each has certification data");
        assert_eq!(reading.kind, *kind, "{name}");
        assert_eq!(signature.valid, *valid, "{name}: {}", signature.reason);
        assert_eq!(signature.digest, "sha1", "{name}");
        assert_eq!(signature.addresses(), [reading.head.from[0].address.as_str()], "{name}");
        assert_eq!(reading.postacert.is_some(), *encloses, "{name}");
        assert_eq!((&daticert.ill_formed, &daticert.flaws), (&None, &vec![]), "{name}");
        assert_eq!(daticert.tipo.as_deref(), Some(kind.wire()), "{name}");
        assert_eq!(daticert.at, reading.head.date, "{name}");
        assert!(
            reading.text.contains(daticert.identificativo.as_deref().expect("an identifier")),
            "{name}: {}",
            reading.text
        );
    }
}

/// Goal: the reader's word on a signature is that of a program that nobody here wrote. Method: `openssl cms -verify`, as
/// stored and with the line ends exchanged.
#[test]
fn openssl_says_the_same_of_every_signature() {
    if Command::new("openssl").arg("version").output().is_err() {
        eprintln!("skipped: openssl is not installed");
        return;
    }
    let home = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for (name, octets) in corpus() {
        let path = home.join(&name);
        fs::write(&path, &octets).expect("a copy can be written");
        let verified = Command::new("openssl")
            .args(["cms", "-verify", "-noverify", "-out", "/dev/null", "-in"])
            .arg(&path)
            .output()
            .expect("openssl runs");
        let expected = verified.status.success();
        let bare: Vec<u8> = String::from_utf8_lossy(&octets).replace("\r\n", "\n").into_bytes();
        let crlf: Vec<u8> = String::from_utf8_lossy(&bare).replace('\n', "\r\n").into_bytes();
        let is_text = String::from_utf8(octets.clone()).is_ok();
        for form in [Some(octets), is_text.then_some(bare), is_text.then_some(crlf)].into_iter().flatten() {
            let signature = read(&form).signature;
            assert_eq!(signature.is_some_and(|signature| signature.valid), expected, "{name}");
        }
    }
}

/// Goal: nothing that a network can do to a real message crashes the reader. Method: every message cut short at many
/// places, and with octets overwritten at many places.
#[test]
fn damaged_messages_are_read_without_a_crash() {
    for (_, octets) in corpus() {
        let step = octets.len() / 97 + 1;
        for at in (0..octets.len()).step_by(step) {
            read(&octets[..at]);
            let mut damaged = octets.clone();
            damaged[at] = damaged[at].wrapping_add(128);
            let end = (at + 3).min(damaged.len());
            damaged[at..end].fill(b'\n');
            read(&damaged);
        }
    }
}

fn inspected(octets: &[u8], profile: Profile) -> Inspection {
    let mut found = inspect(octets, &Anchors::default(), profile);
    assert_eq!(found.len(), 1, "one message in each file");
    found.remove(0)
}

fn rows(inspection: &Inspection, outcome: Outcome) -> Vec<&str> {
    let such = inspection.verdicts.iter().filter(|verdict| verdict.verdict == outcome);
    such.map(|verdict| &*verdict.clause).collect()
}

/// Goal: a checker that calls real messages worthless is wrong, and one that calls them perfect is wrong too. Method: each
/// message judged alone, under either profile.
#[test]
fn real_messages_break_no_row_as_deployed_and_strictly_break_those_that_deviate() {
    for (name, octets) in corpus() {
        let (deployed, strict) = (inspected(&octets, Profile::Deployed), inspected(&octets, Profile::Strict));
        let is_valid = read(&octets).signature.is_some_and(|signature| signature.valid);
        let (verdict, broken): (_, &[&str]) = match is_valid {
            true => (SignatureVerdict::Valid, &[]),
            false => (SignatureVerdict::Invalid, &["PEC-2.1-01", "PEC-DPR.9-01"]),
        };
        assert_eq!((deployed.signature.verdict, rows(&deployed, Outcome::Fail)), (verdict, broken.to_vec()), "{name}");
        assert!(is_valid || deployed.signature.reason.contains("something in it was changed"), "{name}");
        assert!(rows(&deployed, Outcome::Deviation).contains(&"PEC-AGID.SHA-01"), "{name}: SHA-1");
        assert!(rows(&deployed, Outcome::Pass).len() > 50, "{name}");
        let mut named: Vec<_> = [rows(&deployed, Outcome::Deviation), broken.to_vec()].concat();
        named.sort();
        let mut failed = rows(&strict, Outcome::Fail);
        failed.sort();
        assert_eq!(failed, named, "{name}: under strict each deviation is named");
    }
}
