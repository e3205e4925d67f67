//! Goal: an ordinary mail system is examined to the end, and what it breaks is what an ordinary mail system breaks.
//! Method: Postfix with Dovecot, both as others wrote them, in a folder of their own (subjects/postfix.sh); which rows must
//! fail, and why, says subjects/postfix.toml. Whatever it never makes stands as not exercised. All untimed scenarios take
//! minutes: they are run where COLLAUDO_POSTFIX is set, and a few of them everywhere.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use collaudo_record::{Outcome, Requirement, RunRecord};
use collaudo_tests::{
    root,
    stranger::{self, DOMAIN, Lab, SERVICE},
    subject::{collaudo, free_ports, run},
};
use serde::Deserialize;

/// How many scenarios go on at once.
const LANES: usize = 12;

/// How long nothing must stir before a scenario is over.
const QUIET_MS: u32 = 2_000;

/// A message each way, one that is not to be let in, one that is not certified.
const FEW: [&str; 4] = [
    "flows/cross-provider",
    "access-point/bcc-field",
    "reception-point/ordinary-mail-refused",
    "reception-point/envelope-in-another-name",
];

#[derive(Deserialize)]
struct Reasons {
    broken: Vec<Reason>,
}

/// Rows that fail for one reason.
#[derive(Deserialize)]
struct Reason {
    rows: BTreeSet<String>,
    why: String,
    /// Of these, those that the few scenarios show.
    #[serde(default)]
    few: BTreeSet<String>,
}

#[test]
fn an_ordinary_mail_system_breaks_what_such_a_system_breaks() {
    let test = "an_ordinary_mail_system_breaks_what_such_a_system_breaks";
    let everything = std::env::var_os("COLLAUDO_POSTFIX").is_some();
    let Some(system) = MailSystem::start(test) else { return };
    let text = fs::read_to_string(root().join("tests/subjects/postfix.toml")).expect("a file");
    let Reasons { broken } = toml::from_str(&text).expect("it reads");
    assert!(broken.iter().all(|reason| !reason.why.is_empty()), "each row has a reason");
    let few = broken.iter().flat_map(|reason| reason.few.iter().cloned()).collect();
    let all: BTreeSet<_> = broken.iter().flat_map(|reason| reason.rows.iter().cloned()).collect();

    let record = system.certify(if everything { &[] } else { &FEW });
    let mut wrong = stranger::compare("postfix", &record, if everything { &all } else { &few });
    for clause in record.clauses.iter().filter(|clause| is_about_form(&clause.requirement)) {
        if !matches!(clause.outcome, Outcome::NotExercised | Outcome::NotSupported) {
            let (row, outcome) = (&clause.requirement.id, clause.outcome);
            wrong.push(format!("postfix: {row} is {outcome:?}, about the form of what it never makes"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(record.scenarios.len() >= if everything { 100 } else { 5 }, "{} were run", record.scenarios.len());
}

/// Whether a row is about something that a message shows by itself. The index is what we handed out.
fn is_about_form(row: &Requirement) -> bool {
    row.how == "offline-lint" && row.party != "provider-index"
}

/// Postfix and Dovecot, until it is dropped.
struct MailSystem {
    folder: PathBuf,
}

impl MailSystem {
    /// None, in plain words, where it cannot be had.
    fn start(test: &str) -> Option<Self> {
        let installed = ["/usr/sbin/postfix", "/usr/sbin/dovecot"].iter().all(|program| Path::new(program).is_file());
        let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
        if !installed || !is_root {
            eprintln!("{test}: skipped, it takes Postfix and Dovecot, and root to run them");
            return None;
        }
        let folder = stranger::folder("postfix");
        stranger::keys(&folder);
        let imap = free_ports(1)[0];
        let mut lab = Lab {
            keys: format!("quiet_ms = {QUIET_MS}\n"),
            at: format!("imap = \"127.0.0.1:{imap}\"\n"),
            users: users(),
            ..Lab::at_free_ports(&folder, LANES)
        };
        lab.prepare(&folder.join("lab"));
        let everyone = lab.users.iter().map(|(user, password, _)| format!("{user} {password}\n"));
        let service = format!("{} {}\n", SERVICE.0, SERVICE.1);
        fs::write(folder.join("users"), everyone.chain([service]).collect::<String>()).expect("a file");
        let ports = [lab.submission, lab.relay, imap].map(|port| port.to_string());
        let routes = lab.ours.iter().map(|(domain, port)| format!("{domain}={port}"));
        let system = Self { folder };
        run(script("start").arg(&system.folder).arg(DOMAIN).args(ports).args(routes));
        Some(system)
    }

    fn certify(&self, patterns: &[&str]) -> RunRecord {
        let out = self.folder.join("out");
        let mut certify = collaudo();
        certify.arg("certify").arg(self.folder.join("lab/LAB.toml")).args(patterns).arg("--skip-timed");
        let ended = certify.arg("--out").arg(&out).stdin(Stdio::null()).output().expect("it runs");
        stranger::record(&out, &ended)
    }
}

impl Drop for MailSystem {
    fn drop(&mut self) {
        run(script("stop").arg(&self.folder));
    }
}

/// For each lane two whose holders want no ordinary mail, and one who does; a mailbox is one like another here.
fn users() -> Vec<(String, &'static str, &'static str)> {
    let of = |lane: usize| {
        [
            (format!("uno{lane}"), "primo", "ordinary = \"refuse\""),
            (format!("due{lane}"), "secondo", "ordinary = \"refuse\""),
            (format!("tre{lane}"), "terzo", "ordinary = \"anomaly\""),
        ]
    };
    (1..=LANES).flat_map(of).collect()
}

fn script(verb: &str) -> Command {
    let mut command = Command::new("sh");
    command.arg(root().join("tests/subjects/postfix.sh")).arg(verb);
    command
}
