//! Goal: of any message our reader and programs that nobody here wrote say the same: whether the signature holds
//! (`openssl cms -verify`), and whether the certification data is what the DTD allows (`xmllint --dtdvalid`).
//! Method: messages of every kind in any style, made by chance from one seed, a third of them tampered with. Where a
//! reading says why the two differ, the difference is counted under it; any other fails.
//!
//! `COLLAUDO_DIFFERENTIAL=10000 cargo test -p collaudo-tests --test differential -- --nocapture` tries ten thousand.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use collaudo_forge::open;
use collaudo_golden::{Generated, generate};
use collaudo_judge::reading::{Certificate, Reading, Trust};
use collaudo_record::BodyHash;
use collaudo_tests::{SEED, have, in_parallel, root};

/// How the generator calls a bit that it turned anywhere in a signature.
const STRUCTURE: &str = "a bit of the signature's structure";

#[test]
fn signatures_hold_where_openssl_says_so() {
    if !have("openssl", "signatures_hold_where_openssl_says_so") {
        return;
    }
    let (messages, trust) = (messages(), Trust::new([authority()]));
    let numbered: Vec<_> = messages.iter().enumerate().collect();
    let differing = in_parallel(&numbered, |(n, message)| {
        let (holds, reason, reading) = ours(message, &trust);
        let (accepted, said) = openssl(&folder().join(format!("{n}.eml")), message.at);
        (holds != accepted).then(|| {
            let words = if accepted { reason } else { said.trim().to_owned() };
            (reading, format!("{n} ({}): ours {holds}, openssl {accepted}: {words}", message.tampered))
        })
    });
    let untouched = messages.iter().filter(|message| message.tampered.is_empty()).count();
    assert!(untouched * 2 > messages.len() && untouched * 4 < messages.len() * 3, "{untouched} are untouched");
    report("signatures", messages.len(), differing);
}

#[test]
fn certification_data_is_valid_where_xmllint_says_so() {
    if !have("xmllint", "certification_data_is_valid_where_xmllint_says_so") {
        return;
    }
    let messages = messages();
    let data: Vec<_> = messages.iter().enumerate().filter(|(_, message)| message.daticert.is_some()).collect();
    let minded = xmllint(&data.iter().map(|(n, _)| *n).collect::<Vec<_>>());
    let differing = in_parallel(&data, |(n, message)| {
        let reading = Reading::of(BodyHash(String::new()), &message.octets, &Trust::default());
        let daticert = reading.daticert.as_ref();
        let flaws = daticert.map_or_else(
            || vec!["not found".to_owned()],
            |daticert| {
                let flaws = daticert.flaws.iter().map(|flaw| flaw.words.clone());
                daticert.ill_formed.iter().cloned().chain(flaws).collect()
            },
        );
        let said = minded.get(n);
        (flaws.is_empty() == said.is_some()).then(|| {
            let words = said.map_or_else(|| flaws.join("; "), Clone::clone);
            let line =
                format!("{n} ({}): ours {}, xmllint {}: {words}", message.tampered, flaws.is_empty(), said.is_none());
            (None, line)
        })
    });
    report("certification data", data.len(), differing);
}

/// Fails for what differs without a reading, and says what was tried.
fn report(what: &str, tried: usize, differing: Vec<(Option<&str>, String)>) {
    let mut readings: BTreeMap<&str, usize> = BTreeMap::new();
    differing.iter().filter_map(|(reading, _)| *reading).for_each(|id| *readings.entry(id).or_default() += 1);
    let mut lines: Vec<_> = differing.into_iter().filter(|(id, _)| id.is_none()).map(|(_, line)| line).collect();
    lines.sort();
    assert!(lines.is_empty(), "{what}: {} of {tried} differ\n{}", lines.len(), lines.join("\n"));
    println!("{what}: {tried} tried, alike but for what readings explain: {readings:?}");
}

/// Whether our reader takes the signature and its certificate's path, what it says, and the reading that says why
/// openssl may say otherwise.
fn ours(message: &Generated, trust: &Trust) -> (bool, String, Option<&'static str>) {
    let reading = Reading::of(BodyHash(String::new()), &message.octets, trust);
    let Some(signature) = &reading.signature else { return (false, "there is none".to_owned(), None) };
    let holds = signature.valid && signature.chain.is_ok();
    let cms = open(&message.octets).map(|opened| opened.signature()).unwrap_or_default();
    let encloses = |certificate: &[u8]| cms.windows(certificate.len()).any(|window| window == certificate);
    let own = signature.signer.as_ref().is_some_and(|signer| encloses(&signer.der));
    let others = trust.anchors().iter().all(|anchor| encloses(&anchor.der));
    let why = match (holds, message.tampered) {
        (false, STRUCTURE) if signature.signer.is_none() && others => Some("R-0071"),
        (true, STRUCTURE) if own && !others => Some("R-0072"),
        _ => None,
    };
    (holds, format!("{} {:?}", signature.reason, signature.chain), why)
}

fn openssl(path: &Path, at: i64) -> (bool, String) {
    let output = Command::new("openssl")
        .args(["cms", "-verify", "-purpose", "smimesign", "-attime", &at.to_string(), "-CAfile"])
        .arg(folder().join("authority.pem"))
        .args(["-out", "/dev/null", "-in"])
        .arg(path)
        .output()
        .expect("openssl runs");
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// The files that xmllint minds, by number, with the first thing that it says of each.
fn xmllint(numbers: &[usize]) -> BTreeMap<usize, String> {
    let mut minded = BTreeMap::new();
    for some in numbers.chunks(500) {
        let output = Command::new("xmllint")
            .args(["--noout", "--nonet", "--dtdvalid"])
            .arg(root().join("tests/readers/daticert.dtd"))
            .args(some.iter().map(|n| format!("{n}.xml")))
            .current_dir(folder())
            .output()
            .expect("xmllint runs");
        for line in String::from_utf8_lossy(&output.stderr).lines().filter(|line| !line.contains("warning:")) {
            let number = line.split_once(".xml").and_then(|(number, _)| number.split(' ').next_back()?.parse().ok());
            if let Some(number) = number {
                minded.entry(number).or_insert_with(|| line.to_owned());
            }
        }
    }
    minded
}

fn messages() -> &'static [Generated] {
    static MESSAGES: OnceLock<Vec<Generated>> = OnceLock::new();
    MESSAGES.get_or_init(|| {
        let count = std::env::var("COLLAUDO_DIFFERENTIAL").ok().and_then(|count| count.parse().ok()).unwrap_or(1_000);
        let keys = collaudo::golden::keys().expect("the test keys read");
        generate(&keys, SEED, count).expect("the forger forges")
    })
}

/// Where the messages, their certification data and the trust anchor were written, once.
fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("differential-{}", messages().len()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        for (n, message) in messages().iter().enumerate() {
            fs::write(folder.join(format!("{n}.eml")), &message.octets).expect("written");
            if let Some(data) = &message.daticert {
                fs::write(folder.join(format!("{n}.xml")), data).expect("written");
            }
        }
        fs::write(folder.join("authority.pem"), authority_pem()).expect("written");
        folder
    })
}

fn authority() -> Certificate {
    let keys = collaudo::golden::keys().expect("the test keys read");
    Certificate::read(&keys.authority).expect("the authority's certificate reads")
}

fn authority_pem() -> Vec<u8> {
    let files = collaudo::golden::files().expect("the set is made");
    let pem = files.into_iter().find(|file| file.path == "trust/autorita.pem");
    pem.expect("the set holds its trust anchor").octets
}
