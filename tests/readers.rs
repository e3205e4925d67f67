//! Goal: what the reference writes is read alike by programs that nobody here wrote.
//! Method: every message that it signed in any scenario goes through `openssl cms -verify`, Python's `email` and
//! `xmllint`. A program that the machine lacks is named, and its test skips.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use collaudo_record::{BodyHash, Instant, Player, Trace, What};
use collaudo_tests::{SEED, have, library, root, trace};
use serde_json::Value;

#[test]
fn openssl_accepts_every_signature() {
    if !have("openssl", "openssl_accepts_every_signature") {
        return;
    }
    let signed = signed();
    for message in signed {
        let output = Command::new("openssl")
            .args(["cms", "-verify", "-purpose", "smimesign", "-attime", &message.unix_seconds.to_string(), "-CAfile"])
            .arg(folder().join("authority.pem"))
            .args(["-out", "/dev/null", "-in"])
            .arg(&message.path)
            .output()
            .expect("openssl runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{} ({}): {said}", message.path.display(), message.scenario);
    }
    println!("openssl accepted {} messages", signed.len());
}

#[test]
fn python_reads_every_message_without_a_defect() {
    if !have("python3", "python_reads_every_message_without_a_defect") {
        return;
    }
    let read = read_by_python();
    assert_eq!(read.len(), signed().len());
    for (name, said) in read {
        assert_eq!(said["type"], "multipart/signed", "{name}");
        assert_eq!(said["defects"], Value::Array(Vec::new()), "{name}");
        assert!(said["text"].as_str().is_some_and(|text| !text.trim().is_empty()), "{name}: no readable text");
        let kind = said["kind"].as_str().unwrap_or_default();
        assert_eq!(said["daticert"].is_null(), kind == "errore", "{name}: {kind}");
        assert!(kind != "posta-certificata" || said["original"] == true, "{name}: an envelope without its original");
    }
}

#[test]
fn xmllint_finds_all_certification_data_valid() {
    let test = "xmllint_finds_all_certification_data_valid";
    if !have("python3", test) || !have("xmllint", test) {
        return;
    }
    let files: Vec<_> = read_by_python()
        .values()
        .filter_map(|said| said["daticert"].as_str().map(|name| folder().join(name)))
        .collect();
    assert!(!files.is_empty());
    let output = Command::new("xmllint")
        .args(["--noout", "--dtdvalid"])
        .arg(root().join("tests/readers/daticert.dtd"))
        .args(&files)
        .output()
        .expect("xmllint runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    println!("xmllint found {} files valid", files.len());
}

struct Signed {
    path: PathBuf,
    scenario: String,
    unix_seconds: i64,
}

/// Every message that a provider signed in any scenario, written down once.
fn signed() -> &'static [Signed] {
    static SIGNED: OnceLock<Vec<Signed>> = OnceLock::new();
    SIGNED.get_or_init(|| {
        let folder = folder();
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        let mut found = BTreeMap::new();
        for scenario in library() {
            let trace = trace(&scenario.plan(SEED));
            write_authority(&trace, &folder);
            for (hash, at) in messages(&trace) {
                let Some(octets) = trace.body(&hash).filter(|octets| is_signed_by_subject(octets, &trace)) else {
                    continue;
                };
                let path = folder.join(format!("{hash}.eml"));
                fs::write(&path, octets).expect("written");
                let unix_seconds = at.0 / 1_000_000;
                found.entry(hash).or_insert(Signed { path, scenario: scenario.id().to_owned(), unix_seconds });
            }
        }
        assert!(found.len() > 50, "only {} messages", found.len());
        found.into_values().collect()
    })
}

fn messages(trace: &Trace) -> Vec<(BodyHash, Instant)> {
    let body = |event: &collaudo_record::Event| match &event.what {
        What::Transfer(transfer) => transfer.body.clone().map(|body| (body, event.at)),
        What::Stored { body, .. } => Some((body.clone(), event.at)),
        _ => None,
    };
    trace.events.iter().filter_map(body).collect()
}

/// By its outer header alone: multipart/signed, from the own address of a provider that the reference plays.
fn is_signed_by_subject(octets: &[u8], trace: &Trace) -> bool {
    let text = String::from_utf8_lossy(octets);
    let header = text.split("\r\n\r\n").next().unwrap_or_default().to_ascii_lowercase().replace("\r\n ", " ");
    let subjects = trace.header.providers.iter().filter(|provider| provider.player == Player::Subject);
    let from = header.lines().find(|line| line.starts_with("from:")).unwrap_or_default();
    header.contains("multipart/signed") && subjects.into_iter().any(|subject| from.contains(&subject.certified_address))
}

fn write_authority(trace: &Trace, folder: &Path) {
    let der = trace.header.trust.first().and_then(|hash| trace.body(hash)).expect("the trust anchor is in the trace");
    let (from, to) = (folder.join("authority.der"), folder.join("authority.pem"));
    fs::write(&from, der).expect("written");
    let status =
        Command::new("openssl").args(["x509", "-inform", "DER", "-in"]).arg(&from).arg("-out").arg(&to).status();
    assert!(status.is_ok_and(|status| status.success()) || !have("openssl", "the trust anchor as PEM"));
}

fn read_by_python() -> &'static BTreeMap<String, Value> {
    static READ: OnceLock<BTreeMap<String, Value>> = OnceLock::new();
    READ.get_or_init(|| {
        signed();
        let output = Command::new("python3")
            .arg(root().join("tests/readers/read.py"))
            .arg(folder())
            .output()
            .expect("python3 runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("the script prints JSON")
    })
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("readers")
}
