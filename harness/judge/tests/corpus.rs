//! Real messages, of providers that nobody here wrote. They stay outside of the project: where they are absent the tests
//! say that they skip.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use collaudo_judge::{
    catalogue, judge,
    reading::{Kind, Reading},
};
use collaudo_record::{
    Basis, BodyHash, Event, FORMAT, Header, Instant, Outcome, Player, Provider, ScenarioBrief, Trace, What,
};

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
    Reading::of(BodyHash::of(octets), octets, &[])
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

/// A trace that holds one message in a mailbox of the provider that From names, and nothing else.
fn trace_of(octets: &[u8]) -> Trace {
    let reading = read(octets);
    let address = reading.head.from[0].address.clone();
    let domain = address.rsplit_once('@').expect("an address").1.to_owned();
    let signer = reading.signature.and_then(|signature| signature.signer).expect("a signer");
    let provider = Provider {
        name: "examined".into(),
        display_name: signer.organizations.first().cloned().unwrap_or_default(),
        player: Player::Subject,
        domains: vec![domain],
        certified_address: address,
        service_mailbox: String::new(),
        max_octets: 30_000_000,
        max_recipients: 500,
        users: vec![],
    };
    let nothing = BodyHash::of(b"");
    let scenario =
        ScenarioBrief { id: String::new(), title: String::new(), why: String::new(), covers: vec![], expect: vec![] };
    let header = Header {
        format: FORMAT,
        scenario,
        world: "file".into(),
        seed: 0,
        epoch: Instant(0),
        providers: vec![provider],
        index: nothing.clone(),
        trust: vec![],
        index_signer: nothing,
    };
    let mut trace = Trace { header, events: vec![], bodies: BTreeMap::new() };
    let body = trace.keep(octets);
    let what = What::Stored { provider: "examined".into(), mailbox: reading.head.to[0].address.clone(), body };
    trace.events.push(Event { at: reading.head.date.expect("a date"), basis: Basis::Declared, what });
    trace
}

/// Goal: a checker that calls real messages worthless is wrong. Method: each message judged by itself, by the rows that a
/// message alone decides. SHA-1 and a Sender left out are deviations, and told.
#[test]
fn real_messages_break_no_row_that_a_message_alone_decides() {
    let catalogue = catalogue();
    let alone = |id: &str| catalogue.iter().any(|row| row.id == id && row.how == "offline-lint");
    for (name, octets) in corpus() {
        let judgement = judge(&trace_of(&octets));
        let of = |outcome| {
            let verdicts = judgement.verdicts.iter().filter(move |verdict| verdict.outcome == outcome);
            verdicts.map(|verdict| verdict.clause.as_str()).filter(|id| alone(id)).collect::<Vec<_>>()
        };
        let invalid = read(&octets).signature.is_some_and(|signature| !signature.valid);
        let expected: &[&str] = if invalid { &["PEC-2.1-01"] } else { &[] };
        assert_eq!(of(Outcome::Fail), expected, "{name}");
        assert!(of(Outcome::Pass).len() > 50, "{name}");
        assert_eq!(judgement.messages.len(), 1, "{name}");
    }
}
