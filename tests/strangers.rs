//! Goal: what `certify` says of a provider is the law's word and not our reference's: one of another maker, in another
//! language, passes, and each mistake that it makes is told by the rows that it breaks and by no others.
//! Method: subjects/provider.py, written from the law alone, makes one mistake after the other (subjects/faults.toml says
//! which rows each must break, and why), each in a run of its own over the same few scenarios.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
};

use collaudo_record::ScenarioOutcome;
use collaudo_tests::{
    have, root,
    stranger::{self, DOMAIN, Lab, NAME, SERVICE},
    subject::{Server, collaudo},
};
use serde::Deserialize;

/// Both directions, a refusal, mailboxes that take nothing or are not there, mail that is not certified, an answer elsewhere.
const PATTERNS: [&str; 8] = [
    "flows/cross-provider",
    "flows/no-message-id",
    "flows/reply-to",
    "access-point/bcc-field",
    "delivery-point/mailbox-full",
    "delivery-point/unknown-mailbox",
    "reception-point/ordinary-mail-refused",
    "reception-point/unlisted-signer-refused",
];

/// How many scenarios these are: the first is run twice, with its parts exchanged; the third names two.
const SCENARIOS: usize = 10;

/// How long nothing must stir before a scenario is over.
const QUIET_MS: u32 = 2_500;

/// Name, password, and what else LAB.toml says of each.
const USERS: [(&str, &str, &str); 4] = [
    ("uno", "primo", "ordinary = \"refuse\""),
    ("due", "secondo", "ordinary = \"refuse\""),
    ("tre", "terzo", "ordinary = \"refuse\""),
    ("piena", "quarto", "quota_octets = 0"),
];

#[derive(Deserialize)]
struct Faults {
    fault: Vec<Fault>,
}

/// A mistake, and the rows that it breaks.
#[derive(Deserialize)]
struct Fault {
    name: String,
    fails: BTreeSet<String>,
}

#[test]
fn a_provider_of_another_maker_passes_and_each_of_its_mistakes_breaks_its_rows_alone() {
    let test = "a_provider_of_another_maker_passes_and_each_of_its_mistakes_breaks_its_rows_alone";
    let Some(python) = python(test).filter(|_| have("openssl", test)) else { return };
    let text = fs::read_to_string(root().join("tests/subjects/faults.toml")).expect("a file");
    let Faults { mut fault } = toml::from_str(&text).expect("it reads");
    assert_eq!(fault.len(), 10, "there are ten");
    fault.push(Fault { name: String::new(), fails: BTreeSet::new() });

    let folder = stranger::folder("strangers");
    let keys = folder.join("keys");
    stranger::keys(&keys);
    let mut lab = lab(&keys);
    lab.prepare(&folder.join("lab"));
    let wrong: Vec<_> = thread::scope(|scope| {
        let runs = fault.iter().map(|fault| scope.spawn(|| examine(python, fault, &folder, &lab.signed_at)));
        runs.collect::<Vec<_>>().into_iter().filter_map(|run| run.join().expect("it runs")).collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Examines the provider with a fault; says what is otherwise than declared, if anything is.
fn examine(python: &str, fault: &Fault, folder: &Path, signed_at: &str) -> Option<String> {
    let name = if fault.name.is_empty() { "none" } else { &fault.name };
    let own = folder.join(name);
    stranger::maildirs(&own.join("mail"), USERS.map(|(user, ..)| user).into_iter());
    for file in ["ca.pem", "signing.pem", "signing.key", "tls.pem", "tls.key"] {
        fs::copy(folder.join("keys").join(file), own.join(file)).expect("a copy");
    }
    let at = format!("maildir = \"{}/{{user}}\"\n", own.join("mail").display());
    let lab = Lab { at, signed_at: signed_at.to_owned(), ..lab(&own) };
    fs::write(own.join("LAB.toml"), lab.text()).expect("a file");
    fs::write(own.join("provider.json"), config(&lab, &own, &folder.join("lab"))).expect("a file");
    let mut provider = Command::new(python);
    // -B leaves nothing behind in the sources. Its machine keeps the legal time of Italy.
    provider.arg("-B").arg(root().join("tests/subjects/provider.py")).env("TZ", "CET-1CEST,M3.5.0,M10.5.0/3");
    provider.stderr(fs::File::create(own.join("log")).expect("a file"));
    let _server = Server::of(provider.arg(&own).arg(&fault.name));
    let out = own.join("run");
    let mut certify = collaudo();
    certify.arg("certify").arg(own.join("LAB.toml")).args(PATTERNS).arg("--skip-timed").arg("--out").arg(&out);
    let ended = certify.stdin(Stdio::null()).output().expect("it runs");
    let record = stranger::record(&out, &ended);
    let mut wrong = stranger::compare(name, &record, &fault.fails);
    let passed = record.scenarios.iter().filter(|scenario| scenario.outcome == ScenarioOutcome::Passed).count();
    if record.scenarios.len() != SCENARIOS || (fault.fails.is_empty() && passed != SCENARIOS) {
        wrong.push(format!("{name}: {passed} of {} scenarios passed, of {SCENARIOS}", record.scenarios.len()));
    }
    (!wrong.is_empty()).then(|| wrong.join("\n"))
}

fn lab(certificates: &Path) -> Lab {
    let users = USERS.map(|(user, password, rest)| (user.to_owned(), password, rest));
    let keys = format!("quiet_ms = {QUIET_MS}\n");
    // Its own folder is named in each run; the index knows nothing of it.
    let at = "maildir = \"{user}\"\n".to_owned();
    Lab { keys, at, users: users.into(), ..Lab::at_free_ports(certificates, 1) }
}

/// What the provider is told.
fn config(lab: &Lab, own: &Path, handed_out: &Path) -> String {
    let users = USERS.into_iter().chain([(SERVICE.0, SERVICE.1, "")]);
    let passwords = users.map(|(user, password, _)| (format!("{user}@{DOMAIN}"), password.into()));
    let passwords: serde_json::Map<_, _> = passwords.collect();
    let full =
        USERS.iter().filter(|(_, _, rest)| *rest == "quota_octets = 0").map(|(user, ..)| format!("{user}@{DOMAIN}"));
    let full: Vec<_> = full.collect();
    let route = |(domain, port): &(String, u16)| (domain.clone(), serde_json::json!(["127.0.0.1", port]));
    let routes: serde_json::Map<_, _> = lab.ours.iter().map(route).collect();
    let config = serde_json::json!({
        "domain": DOMAIN, "name": NAME, "passwords": passwords, "full": full, "routes": routes,
        "submission": lab.submission, "relay": lab.relay, "maildir": own.join("mail"),
        "index": handed_out.join("indice.ldif.p7m"), "crl": handed_out.join("autorita.crl"),
        "authority": handed_out.join("authority.crt.pem"), "tls authority": handed_out.join("tls-authority.crt.pem"),
    });
    config.to_string()
}

/// A Python that has the provider's library: the first on the path, or that of the system, for which Debian packages it. None,
/// in plain words, where there is none.
fn python(test: &str) -> Option<&'static str> {
    let imports = |python: &&str| {
        let tried = Command::new(python).args(["-c", "import aiosmtpd.controller"]).stderr(Stdio::null()).status();
        tried.is_ok_and(|status| status.success())
    };
    let found = ["python3", "/usr/bin/python3"].into_iter().find(imports);
    if found.is_none() {
        eprintln!("{test}: skipped, no Python of this machine has aiosmtpd (Debian's package python3-aiosmtpd)");
    }
    found
}
