//! A foreign provider, and what `certify` is told of it: LAB.toml, the index, ports of its own.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use collaudo_record::{Outcome, RunRecord};

use crate::subject::{OURS, collaudo, free_ports, run, told};

/// Its domain.
pub const DOMAIN: &str = "straniero.test";

/// Its name in the index.
pub const NAME: &str = "Gestore Straniero S.r.l.";

/// Its users, their passwords, and what LAB.toml says besides.
pub const USERS: [(&str, &str, &str); 4] = [
    ("uno", "primo", "ordinary = \"refuse\""),
    ("due", "secondo", "ordinary = \"refuse\""),
    ("tre", "terzo", "ordinary = \"refuse\""),
    ("piena", "quarto", "ordinary = \"refuse\"\nquota_octets = 0"),
];

/// Where everyone is.
#[derive(Clone, Debug)]
pub struct Places {
    /// Where users submit, with STARTTLS.
    pub submission: u16,
    /// Where other providers hand over mail.
    pub relay: u16,
    /// Where it finds ours.
    pub ours: Vec<u16>,
    /// What else `[subject.at]` says.
    pub further: String,
}

impl Places {
    /// Free ports, and mailboxes as Maildirs under a folder.
    pub fn with_maildirs(folder: &Path) -> Self {
        let ports = free_ports(2 + OURS.len());
        let (own, ours) = ports.split_at(2);
        let further = format!("maildir = \"{}/{{user}}\"\n", folder.display());
        Self { submission: own[0], relay: own[1], ours: ours.to_vec(), further }
    }
}

/// Empty Maildirs for every user and the service mailbox.
pub fn maildirs(folder: &Path) {
    for user in USERS.map(|(user, ..)| user).into_iter().chain(["ricevute"]) {
        for part in ["new", "cur", "tmp"] {
            fs::create_dir_all(folder.join(user).join(part)).expect("a folder");
        }
    }
}

/// LAB.toml for a provider whose certificates lie in `keys`, with an index that is signed as of `signed_at`.
pub fn lab_toml(places: &Places, keys: &Path, signed_at: &str, quiet_ms: u32) -> String {
    let keys = keys.display();
    let mut text = format!(
        "seed = 7\nquiet_ms = {quiet_ms}\nclock_seconds = 30\n[subject]\nname = \"{NAME}\"\ndomain = \"{DOMAIN}\"\n\
         host = \"mx.{DOMAIN}\"\nservice_mailbox = \"ricevute@{DOMAIN}\"\nsigning_certificate = \"{keys}/signing.pem\"\n\
         authorities = [\"{keys}/ca.pem\"]\ntls_authorities = [\"{keys}/ca.pem\"]\nmax_octets = 30_000_000\n\
         max_recipients = 500\n[subject.at]\nsubmission = \"127.0.0.1:{}\"\nrelay = \"127.0.0.1:{}\"\n{}",
        places.submission, places.relay, places.further
    );
    for (user, password, rest) in USERS {
        text += &format!("[[subject.user]]\naddress = \"{user}@{DOMAIN}\"\npassword = \"{password}\"\n{rest}\n");
    }
    text += &format!("[index]\n{signed_at}\n[ours]\n");
    OURS.iter().zip(&places.ours).for_each(|(domain, port)| text += &format!("\"{domain}\" = \"127.0.0.1:{port}\"\n"));
    text
}

/// Makes its keys and certificates in a folder.
pub fn keys(folder: &Path) {
    run(Command::new("sh").arg(crate::root().join("tests/subjects/keys.sh")).arg(folder).args([DOMAIN, NAME]));
}

/// Has `certify --init` make a folder for a provider whose certificates lie in `keys`; *gives* the line that says as of when
/// its index is signed. The index holds no port: it serves at any.
pub fn init(folder: &Path, keys: &Path) -> String {
    run(collaudo().args(["certify", "--init"]).arg(folder));
    let lab = folder.join("LAB.toml");
    let template = fs::read_to_string(&lab).expect("a file");
    let signed_at = template.lines().find(|line| line.starts_with("signed_at")).expect("its line").to_owned();
    fs::write(&lab, lab_toml(&Places::with_maildirs(folder), keys, &signed_at, 1)).expect("a file");
    run(collaudo().args(["certify", "--init"]).arg(folder));
    signed_at
}

/// The record of a run in a folder; panics with what the program said where there is none.
pub fn record(out: &Path, ended: &Output) -> RunRecord {
    let text = fs::read(out.join("run.json")).unwrap_or_else(|_| panic!("{}", told(ended)));
    serde_json::from_slice(&text).expect("it reads")
}

/// The rows that failed, with the scenarios in which they did, and what was seen there.
pub fn failed(record: &RunRecord) -> BTreeMap<String, BTreeSet<String>> {
    let mut rows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for scenario in &record.scenarios {
        for verdict in scenario.verdicts.iter().filter(|verdict| verdict.outcome == Outcome::Fail) {
            let seen = format!("{}: expected {}; observed {}", scenario.id, verdict.expected, verdict.observed);
            rows.entry(verdict.clause.clone()).or_default().insert(seen);
        }
    }
    rows
}

/// A folder of a test, empty.
pub fn folder(test: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("collaudo-{test}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}
