//! Goal: a provider that is a program of its own, behind real sockets, is examined as it would be anywhere else.
//! Method: `gestore init` and `gestore serve` are the subject; `collaudo certify` knows of it what its LAB.toml says. A
//! certification that is killed and gone on with, and one that is judged again, come to what the whole one came to.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::Duration,
};

use collaudo_record::{Outcome, RunRecord, ScenarioOutcome};

/// Both directions, a refusal, an anomaly, forged mail, a mailbox that takes nothing, a visit.
const PATTERNS: [&str; 6] = [
    "flows/cross-provider",
    "access-point/bcc-field",
    "reception-point/unlisted-signer-refused",
    "reception-point/ordinary-in-anomaly-envelope",
    "delivery-point/mailbox-full",
    "delivery-point/unknown-mailbox",
];

#[test]
fn a_server_passes_all_that_it_takes_part_in_and_a_run_gone_on_with_says_the_same() {
    let test = "a_server_passes_all_that_it_takes_part_in_and_a_run_gone_on_with_says_the_same";
    let Some(subject) = Subject::serve(test) else { return };
    let whole = subject.out("whole");
    let ended = subject.certify(&["--out", &whole]).output().expect("it runs");
    assert_eq!(ended.status.code(), Some(0), "{}", told(&ended));
    let record = record(&whole);
    assert_eq!(record.scenarios.len(), 7, "{:?}", idle(&whole));
    for scenario in &record.scenarios {
        assert_eq!((scenario.outcome, scenario.world.as_str()), (ScenarioOutcome::Passed, "live"), "{}", scenario.id);
    }
    assert_eq!(record.subject, "Gestore di prova soggetto.test");

    let halved = subject.out("halved");
    let mut child = subject.certify(&["--out", &halved]).spawn().expect("it runs");
    wait_for(|| kept(&halved).len() >= 3);
    // By then all of the fourth has crossed: a server that finds nobody at the other end tries again in its own time.
    thread::sleep(Duration::from_millis(2_500));
    child.kill().expect("it is ours");
    child.wait().expect("it ends");
    let before = kept(&halved);
    assert!(before.len() < 7, "it was not killed halfway");
    let ended = subject.certify(&["--resume", &halved]).output().expect("it runs");
    assert_eq!(ended.status.code(), Some(0), "{}", told(&ended));
    let after = kept(&halved);
    assert!(before.iter().all(|(path, octets)| after.get(path) == Some(octets)), "what was kept was run again");
    assert_eq!(verdicts(&self::record(&halved)), verdicts(&record));

    let again = subject.out("again");
    drop(subject.server);
    let traces = kept(&halved).into_keys();
    let judged = collaudo().arg("judge").args(traces).args(["--out", &again]).output().expect("it runs");
    assert_eq!(judged.status.code(), Some(0), "{}", told(&judged));
    assert_eq!(self::record(&again).clauses, self::record(&halved).clauses);
}

#[test]
fn what_does_not_answer_is_told_with_what_to_do_and_nothing_is_run() {
    let test = "what_does_not_answer_is_told_with_what_to_do_and_nothing_is_run";
    let Some(mut subject) = Subject::serve(test) else { return };
    subject.server.end();
    let out = subject.out("nothing");
    let ended = subject.certify(&["--out", &out]).output().expect("it runs");
    assert_eq!(ended.status.code(), Some(2), "{}", told(&ended));
    let told = told(&ended);
    assert!(told.contains("FAIL  submission at 127.0.0.1:") && told.contains("start the server"), "{told}");
    assert!(kept(&out).is_empty());
}

/// The provider, and what `certify` was told of it.
struct Subject {
    folder: PathBuf,
    server: Server,
}

impl Subject {
    /// None, in plain words, where the program is not there.
    fn serve(test: &str) -> Option<Self> {
        let gestore = beside("gestore");
        if !gestore.is_file() {
            eprintln!("{test}: skipped, {} is not built; `cargo build -p gestore` builds it", gestore.display());
            return None;
        }
        let folder = std::env::temp_dir().join(format!("collaudo-{test}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        let users = ["uno", "due", "tre", "piena"].into_iter().flat_map(|user| ["--user", user]);
        let subject = folder.join("subject");
        let init = run(Command::new(&gestore).arg("init").arg(subject).args(["--domain", DOMAIN]).args(users));
        let (ports, ours) = (free_ports(5), free_ports(3));
        run(collaudo().args(["certify", "--init"]).arg(folder.join("lab")));
        let lab = folder.join("lab/LAB.toml");
        let signed_at = fs::read_to_string(&lab).expect("a file");
        let signed_at = signed_at.lines().find(|line| line.starts_with("signed_at")).expect("its line").to_owned();
        fs::write(&lab, lab_toml(&init, &ports, &ours, &signed_at)).expect("a file");
        run(collaudo().args(["certify", "--init"]).arg(folder.join("lab")));
        hand_out(&folder, &ports, &ours);
        let server = Server::start(&gestore, &folder.join("subject"));
        Some(Self { folder, server })
    }

    fn out(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    fn certify(&self, options: &[&str]) -> Command {
        let mut command = collaudo();
        command.arg("certify").arg(self.folder.join("lab/LAB.toml")).args(PATTERNS).arg("--skip-timed").args(options);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

const DOMAIN: &str = "soggetto.test";

fn lab_toml(init: &str, ports: &[u16], ours: &[u16], signed_at: &str) -> String {
    let password = |name: &str| {
        let line = init.lines().find(|line| line.trim_start().starts_with(&format!("{name}@{DOMAIN}")));
        line.and_then(|line| line.split_whitespace().last()).expect("a password").to_owned()
    };
    let mut text = format!(
        "seed = 7\nquiet_ms = 4000\nclock_seconds = 30\n[subject]\nname = \"Gestore di prova {DOMAIN}\"\n\
         domain = \"{DOMAIN}\"\nhost = \"mx.{DOMAIN}\"\nservice_mailbox = \"ricevute@{DOMAIN}\"\n\
         service_password = \"{}\"\nsigning_certificate = \"../subject/signing.crt.pem\"\n\
         authorities = [\"../subject/authority/authority.crt.pem\"]\n\
         tls_authorities = [\"../subject/authority/authority.crt.pem\"]\nmax_octets = 30_000_000\nmax_recipients = 500\n\
         [subject.at]\n",
        password("ricevute")
    );
    for (service, port) in SERVICES.iter().zip(ports) {
        text += &format!("{service} = \"127.0.0.1:{port}\"\n");
    }
    for (user, rest) in [
        ("uno", "ordinary = \"refuse\""),
        ("due", "ordinary = \"refuse\""),
        ("tre", "ordinary = \"anomaly\""),
        ("piena", "quota_octets = 0"),
    ] {
        text +=
            &format!("[[subject.user]]\naddress = \"{user}@{DOMAIN}\"\npassword = \"{}\"\n{rest}\n", password(user));
    }
    text += &format!("[index]\n{signed_at}\n[ours]\n");
    OURS.iter().zip(ours).for_each(|(domain, port)| text += &format!("\"{domain}\" = \"127.0.0.1:{port}\"\n"));
    text
}

const SERVICES: [&str; 5] = ["submissions", "submission", "relay", "imap", "pop3"];
const OURS: [&str; 3] = ["alfa.test", "beta.test", "gamma.test"];

/// What SHEET.md says is to be given to the provider.
fn hand_out(folder: &Path, ports: &[u16], ours: &[u16]) {
    let (lab, subject) = (folder.join("lab"), folder.join("subject"));
    let read = |path: PathBuf| fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    for (from, to) in [
        ("indice.ldif.p7m", "indice.ldif.p7m"),
        ("index-signer.crt.pem", "index-signer.crt.pem"),
        ("autorita.crl", "lista-revoche.crl"),
    ] {
        fs::copy(lab.join(from), subject.join(to)).expect("a copy");
    }
    let authorities = [
        read(subject.join("authority/authority.crt.pem")),
        read(lab.join("authority.crt.pem")),
        read(lab.join("tls-authority.crt.pem")),
    ];
    fs::write(subject.join("authority.crt.pem"), authorities.concat()).expect("a file");
    let mut user = String::new();
    let mut text = String::new();
    for line in read(subject.join("gestore.toml")).lines() {
        let key = line.split(" =").next().unwrap_or_default().trim();
        if key == "address" {
            line.clone_into(&mut user);
        }
        let service = SERVICES.iter().position(|service| *service == key).filter(|_| line.contains("TLS"));
        text += &match (key, service) {
            (_, Some(place)) => format!("{key} = {}", ports[place]),
            ("ldap" | "https", _) => String::new(),
            ("ordinary", _) if !user.contains("tre@") => "ordinary = \"refuse\"".to_owned(),
            ("quota_octets", _) if user.contains("piena@") => "quota_octets = 0".to_owned(),
            _ => line.to_owned(),
        };
        text.push('\n');
    }
    OURS.iter().zip(ours).for_each(|(domain, port)| text += &format!("\"{domain}\" = \"127.0.0.1:{port}\"\n"));
    fs::write(subject.join("gestore.toml"), text).expect("a file");
}

/// `gestore serve`, until it is dropped.
struct Server(Child);

impl Server {
    fn start(gestore: &Path, folder: &Path) -> Self {
        let mut command = Command::new(gestore);
        command.arg("serve").arg(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("it runs");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let ready = lines.map_while(Result::ok).any(|line| line == "ready");
        let server = Self(child);
        assert!(ready, "the server is not ready");
        server
    }

    fn end(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// Scenario, clause and provider, with what they came to.
fn verdicts(record: &RunRecord) -> BTreeMap<(String, String, String), Outcome> {
    let all = record.scenarios.iter().flat_map(|scenario| scenario.verdicts.iter().map(move |one| (scenario, one)));
    all.map(|(scenario, one)| ((scenario.id.clone(), one.clause.clone(), one.provider.clone()), one.outcome)).collect()
}

fn record(out: &str) -> RunRecord {
    let text = fs::read(Path::new(out).join("run.json")).expect("the record");
    serde_json::from_slice(&text).expect("it reads")
}

fn idle(out: &str) -> String {
    fs::read_to_string(Path::new(out).join("not-run.json")).unwrap_or_default()
}

/// Every kept trace, with its octets.
fn kept(out: &str) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![Path::new(out).join("kept")]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "jsonl") {
                found.insert(path.clone(), fs::read(&path).unwrap_or_default());
            }
        }
    }
    found
}

fn wait_for(done: impl Fn() -> bool) {
    for _ in 0..6_000 {
        if done() {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("nothing came of it");
}

/// Ports that nobody has now.
fn free_ports(count: usize) -> Vec<u16> {
    let held: Vec<_> = (0..count).map(|_| TcpListener::bind("127.0.0.1:0").expect("a port")).collect();
    held.iter().map(|listener| listener.local_addr().expect("its address").port()).collect()
}

/// A program of the workspace, beside the tests.
fn beside(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("this program");
    let folder = own.parent().and_then(Path::parent).expect("cargo's folder");
    folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

fn collaudo() -> Command {
    Command::new(env!("CARGO_BIN_EXE_collaudo-tested"))
}

fn run(command: &mut Command) -> String {
    let ended = command.stdin(Stdio::null()).output().expect("it runs");
    assert!(ended.status.success(), "{command:?}: {}", told(&ended));
    String::from_utf8_lossy(&ended.stdout).into_owned()
}

fn told(ended: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr))
}
