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

/// Its service mailbox, without the domain, and that one's password.
pub const SERVICE: (&str, &str) = ("ricevute", "quinto");

/// What LAB.toml says of it.
#[derive(Clone, Debug)]
pub struct Lab {
    /// Keys before the first table.
    pub keys: String,
    /// Where its certificates lie.
    pub certificates: PathBuf,
    /// Where users submit, with STARTTLS.
    pub submission: u16,
    /// Where other providers hand over mail.
    pub relay: u16,
    /// What else `[subject.at]` says.
    pub at: String,
    /// Name, password, and what else is said of each user.
    pub users: Vec<(String, &'static str, &'static str)>,
    /// Where it finds ours, by domain.
    pub ours: Vec<(String, u16)>,
    /// The line that says as of when its index is signed.
    pub signed_at: String,
}

impl Lab {
    /// At free ports, with so many lanes of ours.
    pub fn at_free_ports(certificates: &Path, lanes: usize) -> Self {
        let domains = (1..=lanes).flat_map(|lane| OURS.map(|domain| in_lane(domain, lane)));
        let domains: Vec<_> = domains.collect();
        let ports = free_ports(2 + domains.len());
        let (own, ours) = ports.split_at(2);
        Self {
            keys: String::new(),
            certificates: certificates.to_owned(),
            submission: own[0],
            relay: own[1],
            at: String::new(),
            users: Vec::new(),
            ours: domains.into_iter().zip(ours.iter().copied()).collect(),
            signed_at: String::new(),
        }
    }

    /// The file.
    pub fn text(&self) -> String {
        let Self { keys, submission, relay, at, signed_at, .. } = self;
        let (there, (service, password)) = (self.certificates.display(), SERVICE);
        let mut text = format!(
            "seed = 7\nclock_seconds = 30\n{keys}[subject]\nname = \"{NAME}\"\ndomain = \"{DOMAIN}\"\nhost = \"mx.{DOMAIN}\"\n\
             service_mailbox = \"{service}@{DOMAIN}\"\nservice_password = \"{password}\"\n\
             signing_certificate = \"{there}/signing.pem\"\nauthorities = [\"{there}/ca.pem\"]\n\
             tls_authorities = [\"{there}/ca.pem\"]\nmax_octets = 30_000_000\nmax_recipients = 500\n[subject.at]\n\
             submission = \"127.0.0.1:{submission}\"\nrelay = \"127.0.0.1:{relay}\"\n{at}"
        );
        for (user, password, rest) in &self.users {
            text += &format!("[[subject.user]]\naddress = \"{user}@{DOMAIN}\"\npassword = \"{password}\"\n{rest}\n");
        }
        text += &format!("[index]\n{signed_at}\n[ours]\n");
        self.ours.iter().for_each(|(domain, port)| text += &format!("\"{domain}\" = \"127.0.0.1:{port}\"\n"));
        text
    }

    /// Has `certify --init` prepare a folder, and notes as of when the index there is signed. The index holds no port of mail.
    pub fn prepare(&mut self, folder: &Path) {
        run(collaudo().args(["certify", "--init"]).arg(folder));
        let lab = folder.join("LAB.toml");
        let template = fs::read_to_string(&lab).expect("a file");
        let signed_at = template.lines().find(|line| line.starts_with("signed_at"));
        signed_at.expect("its line").clone_into(&mut self.signed_at);
        fs::write(&lab, self.text()).expect("a file");
        run(collaudo().args(["certify", "--init"]).arg(folder));
    }
}

fn in_lane(domain: &str, lane: usize) -> String {
    match domain.split_once('.') {
        Some((name, rest)) if lane > 1 => format!("{name}-{lane}.{rest}"),
        _ => domain.to_owned(),
    }
}

/// Empty Maildirs for users and the service mailbox.
pub fn maildirs<'a>(folder: &Path, users: impl Iterator<Item = &'a str>) {
    for user in users.chain([SERVICE.0]) {
        for part in ["new", "cur", "tmp"] {
            fs::create_dir_all(folder.join(user).join(part)).expect("a folder");
        }
    }
}

/// Makes its keys and certificates in a folder.
pub fn keys(folder: &Path) {
    run(Command::new("sh").arg(crate::root().join("tests/subjects/keys.sh")).arg(folder).args([DOMAIN, NAME]));
}

/// The record of a run in a folder; panics with what the program said where there is none.
pub fn record(out: &Path, ended: &Output) -> RunRecord {
    let text = fs::read(out.join("run.json")).unwrap_or_else(|_| panic!("{}", told(ended)));
    serde_json::from_slice(&text).expect("it reads")
}

/// The rows that failed, with the scenarios in which they did, and what was seen there.
fn failed(record: &RunRecord) -> BTreeMap<String, BTreeSet<String>> {
    let mut rows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for scenario in &record.scenarios {
        for verdict in scenario.verdicts.iter().filter(|verdict| verdict.outcome == Outcome::Fail) {
            let seen = format!("{}: expected {}; observed {}", scenario.id, verdict.expected, verdict.observed);
            rows.entry(verdict.clause.clone()).or_default().insert(seen);
        }
    }
    rows
}

/// What is otherwise than declared, in words.
pub fn compare(name: &str, record: &RunRecord, declared: &BTreeSet<String>) -> Vec<String> {
    let failed = failed(record);
    let rows: BTreeSet<_> = failed.keys().cloned().collect();
    let undeclared = rows.difference(declared);
    let undeclared = undeclared.map(|row| format!("{name}: {row} fails, and is not declared: {:?}", failed.get(row)));
    let missing = declared.difference(&rows).map(|row| format!("{name}: {row} is declared, and does not fail"));
    undeclared.chain(missing).collect()
}

/// A folder of a test, empty.
pub fn folder(test: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("collaudo-{test}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}
