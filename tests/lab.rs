//! Goal: programs that nobody here wrote use a lab as they would use a provider, and time there leaps when it is told to.
//! Method: a lab of three providers, one of which never answers, is used by Python's smtplib, imaplib and poplib, by `openssl`
//! and by `swaks`, each of which verifies the lab's certificates.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use collaudo::subjects;
use collaudo_record::{Instant, What};
use collaudo_scenario::topology_text;
use collaudo_tests::{have, root};
use collaudo_world::{Injection, Lab, LabError, LabSettings, Service};

const HOUR: Duration = Duration::from_secs(3600);

const TOPOLOGY: &str = r#"
title = "Two providers, and one that never answers"
provider = [
    { name = "alfa", title = "Alfa PEC S.p.A.", domain = "alfa.test", users = ["anna", "aldo"] },
    { name = "beta", title = "Beta Posta S.r.l.", domain = "beta.test", users = ["bruno"] },
    { name = "muta", title = "Muta S.r.l.", domain = "muta.test", users = ["nessuno"], play = "peer", behaviour = "silent" },
]
"#;

#[test]
fn a_message_of_smtplib_has_its_receipts_and_leaps_bring_both_notices() {
    if !have("python3", "a_message_of_smtplib_has_its_receipts_and_leaps_bring_both_notices") {
        return;
    }
    let (lab, python) = (lab(settings()), Python::of("notices"));
    python.knows(&lab);
    python.does(&["submit", "anna@alfa.test", "bruno@beta.test", "Prova"]);
    python.does(&["find", "imap", "anna@alfa.test", "accettazione", "avvenuta-consegna"]);
    python.does(&["find", "pop3", "bruno@beta.test", "posta-certificata"]);
    python.does(&["submit-implicit", "anna@alfa.test", "nessuno@muta.test", "Silenzio"]);
    python.does(&["find", "imap", "anna@alfa.test", "accettazione", "avvenuta-consegna", "accettazione"]);

    let sent = lab.now().expect("it runs");
    let first = lab.leap_to_message(24 * HOUR).expect("it leaps").expect("the first notice comes");
    assert!(since(sent, first) > 11 * HOUR && since(sent, first) < 13 * HOUR, "the first notice is one of 12 hours");
    lab.leap(12 * HOUR).expect("it leaps");
    let notices = ["preavviso-errore-consegna"; 2];
    let all = ["accettazione", "avvenuta-consegna", "accettazione"].into_iter().chain(notices);
    python.does(&["find", "imap", "anna@alfa.test"].into_iter().chain(all).collect::<Vec<_>>());

    let trace = lab.trace().expect("it runs");
    let accounts: BTreeSet<_> = trace.events.iter().filter_map(|event| account(&event.what)).collect();
    assert_eq!(accounts, ["anna@alfa.test"].into());
    let bodies = trace.events.iter().filter_map(|event| match &event.what {
        What::Stored { body, .. } => Some(body),
        _ => None,
    });
    assert!(bodies.clone().count() > 5, "messages were stored");
    for body in bodies {
        assert_eq!(lab.body(body).expect("it runs").as_deref(), trace.body(body), "its octets are there");
    }
}

#[test]
fn a_lab_begins_anew_at_the_same_ports() {
    let lab = lab(settings());
    let places = lab.places().clone();
    lab.inject(injection("m1", Some("anna@alfa.test"), "bruno@beta.test")).expect("it is handed over");
    lab.leap(HOUR).expect("it leaps");
    assert_eq!(stored(&lab), ["anna@alfa.test", "anna@alfa.test", "bruno@beta.test", "servizio@alfa.test"]);
    let later = lab.now().expect("it runs");
    lab.reset().expect("it begins anew");
    assert!(lab.now().expect("it runs") < later, "the clock is not back");
    assert_eq!(stored(&lab), [""; 0]);
    lab.inject(injection("m2", Some("anna@alfa.test"), "bruno@beta.test")).expect("it is handed over");
    lab.leap(HOUR).expect("it leaps");
    assert_eq!(stored(&lab).len(), 4);
    assert_eq!(*lab.places(), places);
    assert!(places.values().all(|at| std::net::TcpStream::connect(at).is_ok()), "nobody listens there any more");
}

#[test]
fn ordinary_mail_comes_from_outside_and_strangers_submit_nothing() {
    let lab = lab(settings());
    lab.inject(injection("o1", None, "bruno@beta.test")).expect("it is handed over");
    let posted = lab.events(0).expect("it runs").into_iter().find_map(|event| match event.what {
        What::Transfer(transfer) => Some((transfer.session.client, transfer.session.port)),
        _ => None,
    });
    assert_eq!(posted, Some(("esterno".to_owned(), 25)));
    let refused = lab.inject(injection("m1", Some("zeno@alfa.test"), "bruno@beta.test"));
    assert!(matches!(&refused, Err(LabError::Refused(why)) if why.contains("zeno@alfa.test")), "{refused:?}");
}

#[test]
fn timers_ring_on_the_way_and_the_next_one_can_be_leapt_to() {
    let lab = lab(settings());
    let begun = lab.now().expect("it runs");
    let next = lab.leap_to_next().expect("it leaps").expect("providers have timers");
    assert!(next > begun);
    let later = lab.leap(3 * HOUR).expect("it leaps");
    assert!(since(next, later) >= 3 * HOUR && since(next, later) < 4 * HOUR, "{next:?} {later:?}");
    assert_eq!(lab.leap_to_message(HOUR).expect("it leaps"), None, "nobody wrote anything");
}

#[test]
fn what_stands_between_a_node_and_the_world_is_asked_for_each_provider() {
    let asked: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let names = asked.clone();
    let border: collaudo_world::Border = Arc::new(move |name, node| {
        names.lock().expect("nobody panicked").insert(name.to_owned());
        node
    });
    drop(lab(LabSettings { border: Some(border), ..settings() }));
    assert_eq!(*asked.lock().expect("nobody panicked"), ["alfa".to_owned(), "beta".to_owned()].into());
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("it listens").port();
    let ports = [(("beta".to_owned(), Service::Imap), port)].into();
    let refused = Lab::start(LabSettings { ports, ..settings() }).expect_err("the port is taken").to_string();
    assert!(refused.contains(&port.to_string()) && refused.contains("beta:993"), "{refused}");
}

#[test]
fn a_clock_at_which_no_signature_is_valid_is_refused() {
    let epoch = Some(Instant(1_900_000_000_000_000));
    let refused = Lab::start(LabSettings { epoch, ..settings() }).expect_err("it is 2030").to_string();
    assert!(refused.contains("valid from 2025 to the end of 2028"), "{refused}");
}

#[test]
fn openssl_trusts_every_port() {
    if !have("openssl", "openssl_trusts_every_port") {
        return;
    }
    let (lab, folder) = (lab(settings()), folder("openssl"));
    let ca = certificate(&lab, &folder);
    // A peer has a relay port and no other.
    assert_eq!(lab.places().len(), 5 + 5 + 1 + 1, "{:?}", lab.places());
    for ((provider, service), at) in lab.places() {
        let mut openssl = Command::new("openssl");
        openssl.args(["s_client", "-brief", "-verify_return_error", "-verify_ip", "127.0.0.1", "-CAfile"]).arg(&ca);
        openssl.args(["-connect", &at.to_string()]);
        if matches!(service, Service::Submission | Service::Relay) {
            openssl.args(["-starttls", "smtp"]);
        }
        let output = openssl.stdin(Stdio::null()).output().expect("it runs");
        assert!(output.status.success(), "{provider} {service:?}: {}", told(&output));
    }
}

#[test]
fn swaks_submits_with_login() {
    if !have("swaks", "swaks_submits_with_login") {
        return;
    }
    let (lab, folder) = (lab(settings()), folder("swaks-lab"));
    let ca = certificate(&lab, &folder);
    let at = place(&lab, "alfa", Service::Submission);
    let output = Command::new("swaks")
        .args(["--server", &at.ip().to_string(), "--port", &at.port().to_string(), "--tls", "--tls-verify"])
        .args(["--tls-ca-path", &ca.display().to_string(), "--auth", "LOGIN"])
        .args(["--auth-user", "aldo@alfa.test", "--auth-password", "parola-di-aldo"])
        .args(["--from", "aldo@alfa.test", "--to", "bruno@beta.test"])
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{}", told(&output));
    lab.leap(Duration::from_secs(60)).expect("it leaps");
    assert_eq!(stored(&lab), ["aldo@alfa.test", "aldo@alfa.test", "bruno@beta.test", "servizio@alfa.test"]);
}

fn settings() -> LabSettings {
    let scenarios = root().join("scenarios");
    let path = scenarios.join("topologies/lab.toml");
    LabSettings {
        providers: topology_text(TOPOLOGY, &path, &scenarios.join("profiles")).expect("the topology reads"),
        subject: subjects::reference(),
        border: None,
        ports: BTreeMap::new(),
        epoch: None,
    }
}

fn lab(settings: LabSettings) -> Lab {
    Lab::start(settings).expect("the lab starts")
}

fn injection(id: &str, account: Option<&str>, to: &str) -> Injection {
    let from = account.unwrap_or("mario@esterno.example");
    let message =
        format!("From: {from}\r\nTo: {to}\r\nSubject: Prova\r\nDate: Mon, 02 Mar 2026 09:00:00 +0100\r\n\r\nx\r\n");
    Injection {
        id: id.into(),
        account: account.map(str::to_owned),
        reverse_path: from.into(),
        forward_paths: vec![to.into()],
        message: message.into_bytes().into(),
    }
}

/// In which mailboxes messages were put, sorted.
fn stored(lab: &Lab) -> Vec<String> {
    let events = lab.events(0).expect("it runs").into_iter();
    let mut mailboxes: Vec<_> = events
        .filter_map(|event| match event.what {
            What::Stored { mailbox, .. } => Some(mailbox),
            _ => None,
        })
        .collect();
    mailboxes.sort();
    mailboxes
}

fn account(what: &What) -> Option<&str> {
    match what {
        What::Transfer(transfer) => transfer.account.as_deref(),
        _ => None,
    }
}

fn since(one: Instant, other: Instant) -> Duration {
    Duration::from_micros(u64::try_from(other.0 - one.0).unwrap_or_default())
}

fn place(lab: &Lab, provider: &str, service: Service) -> SocketAddr {
    lab.places()[&(provider.to_owned(), service)]
}

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("lab").join(name);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

fn certificate(lab: &Lab, folder: &Path) -> PathBuf {
    let path = folder.join("ca.pem");
    fs::write(&path, lab.authority()).expect("written");
    path
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The script, and where it finds what it has to know.
struct Python(PathBuf);

impl Python {
    fn of(test: &str) -> Self {
        Self(folder(test))
    }

    fn knows(&self, lab: &Lab) {
        certificate(lab, &self.0);
        let places = lab.places().iter();
        let ports: BTreeMap<_, _> =
            places.map(|((provider, service), at)| (format!("{provider} {service:?}"), at.port())).collect();
        fs::write(self.0.join("ports.json"), serde_json::to_string(&ports).expect("JSON")).expect("written");
    }

    fn does(&self, arguments: &[&str]) {
        let script = root().join("tests/readers/lab.py");
        let output = Command::new("python3").arg(script).arg(&self.0).args(arguments).output().expect("it runs");
        assert!(output.status.success(), "{arguments:?}: {}", told(&output));
    }
}
