//! `gestore serve` as the subject of `collaudo certify`, with the LAB.toml that tells of it.

use std::{
    fmt::Write as _,
    fs,
    io::{BufRead as _, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::atomic::{AtomicU16, Ordering},
};

/// Its domain.
pub const DOMAIN: &str = "soggetto.test";

/// The domains of ours that most scenarios take.
pub const OURS: [&str; 3] = ["alfa.test", "beta.test", "gamma.test"];

/// The services that LAB.toml and gestore.toml know.
const SERVICES: [&str; 5] = ["submissions", "submission", "relay", "imap", "pop3"];

/// What the subject is to be like.
pub struct Setup<'a> {
    /// The test that wants it.
    pub test: &'a str,
    /// Its users, each with what is peculiar to it, as both files write it.
    pub users: Vec<(String, &'a str)>,
    /// The domains of our providers.
    pub ours: Vec<String>,
    /// Keys before the first table of LAB.toml.
    pub keys: &'a str,
    /// The rest of `[clock]`, where its clock is to be moved.
    pub clock: Option<&'a str>,
    /// How often it fetches index and list of revoked certificates from us, in seconds, if it does; then commands kill and
    /// start it.
    pub fetches: Option<u32>,
}

impl<'a> Setup<'a> {
    /// Four users and three providers: enough for most scenarios.
    pub fn usual(test: &'a str) -> Self {
        let users = [
            ("uno", "ordinary = \"refuse\""),
            ("due", "ordinary = \"refuse\""),
            ("tre", "ordinary = \"anomaly\""),
            ("piena", "quota_octets = 0"),
        ];
        Self {
            test,
            users: users.map(|(name, rest)| (name.to_owned(), rest)).into(),
            ours: OURS.map(str::to_owned).into(),
            keys: "quiet_ms = 4000\n",
            clock: None,
            fetches: None,
        }
    }
}

/// The provider, and what `certify` was told of it.
pub struct Subject {
    /// Where all of this lies.
    pub folder: PathBuf,
    /// The provider's program.
    pub server: Server,
}

impl Subject {
    /// None, in plain words, where a program is not there.
    pub fn serve(setup: &Setup<'_>) -> Option<Self> {
        let gestore = gestore();
        if !gestore.is_file() {
            let gestore = gestore.display();
            eprintln!("{}: skipped, {gestore} is not built; `cargo build -p gestore` builds it", setup.test);
            return None;
        }
        let faketime = faketime();
        if setup.clock.is_some() && faketime.is_none() {
            eprintln!("{}: skipped, there is no libfaketime", setup.test);
            return None;
        }
        let folder = std::env::temp_dir().join(format!("collaudo-{}-{}", setup.test, std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        let users = setup.users.iter().flat_map(|(user, _)| ["--user", user.as_str()]);
        let init =
            run(Command::new(&gestore).arg("init").arg(folder.join("subject")).args(["--domain", DOMAIN]).args(users));
        let ports = free_ports(SERVICES.len() + setup.ours.len() + 1);
        let (ports, ours) = ports.split_at(SERVICES.len());
        let (ours, published) = ours.split_at(setup.ours.len());
        let published = published.first().copied().zip(setup.fetches);
        run(collaudo().args(["certify", "--init"]).arg(folder.join("lab")));
        let lab = folder.join("lab/LAB.toml");
        let signed_at = fs::read_to_string(&lab).expect("a file");
        let signed_at = signed_at.lines().find(|line| line.starts_with("signed_at")).expect("its line").to_owned();
        fs::write(&lab, lab_toml(setup, &init, ports, ours, &signed_at)).expect("a file");
        if let Some(published) = published {
            fetch(&folder, published, &gestore, setup.clock.and(faketime.as_deref()));
        }
        run(collaudo().args(["certify", "--init"]).arg(folder.join("lab")));
        hand_out(setup, &folder, ports, ours, published);
        let server = Server::start(&gestore, &folder, setup.clock.and(faketime.as_deref()));
        Some(Self { folder, server })
    }

    /// Has LAB.toml say where the log can be read: a table and what belongs to it, in place of what was said before.
    pub fn log(&self, table: &str) {
        let lab = self.folder.join("lab/LAB.toml");
        let text = fs::read_to_string(&lab).expect("a file");
        let before = text.split("[log]\n").next().unwrap_or_default();
        fs::write(&lab, format!("{before}[log]\n{table}")).expect("a file");
    }

    /// `[log]` for what the server's own verb prints, sent through a filter of the shell, such as `| grep -v x`.
    pub fn printed(&self, filter: &str) -> String {
        let fields =
            ["event", "pec_msgid", "msgid", "sender", "recipients", "subject", "related", "sending_provider", "at"];
        let fields: String = fields.iter().map(|field| format!("{field} = \"{field}\"\n")).collect();
        let command = format!("'{}' log ../subject{filter}", gestore().display());
        format!("command = '''{command}'''\nformat = \"json\"\n[log.fields]\n{fields}")
    }

    /// The path of a run's folder.
    pub fn out(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// `collaudo certify` with its file.
    pub fn certify(&self, arguments: &[&str]) -> Command {
        let mut command = collaudo();
        command.arg("certify").arg(self.folder.join("lab/LAB.toml")).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

fn lab_toml(setup: &Setup<'_>, init: &str, ports: &[u16], ours: &[u16], signed_at: &str) -> String {
    let password = |name: &str| {
        let line = init.lines().find(|line| line.trim_start().starts_with(&format!("{name}@{DOMAIN}")));
        line.and_then(|line| line.split_whitespace().last()).expect("a password").to_owned()
    };
    let clock = setup.clock.map(|rest| format!("[clock]\nmove = \"\"\"\n{MOVE}\"\"\"\n{rest}\n")).unwrap_or_default();
    let mut text = format!(
        "seed = 7\nclock_seconds = 30\n{}{clock}[subject]\nname = \"Gestore di prova {DOMAIN}\"\n\
         domain = \"{DOMAIN}\"\nhost = \"mx.{DOMAIN}\"\nservice_mailbox = \"ricevute@{DOMAIN}\"\n\
         service_password = \"{}\"\nsigning_certificate = \"../subject/signing.crt.pem\"\n\
         authorities = [\"../subject/authority/authority.crt.pem\"]\n\
         tls_authorities = [\"../subject/authority/authority.crt.pem\"]\nmax_octets = 30_000_000\nmax_recipients = 500\n\
         [subject.at]\n",
        setup.keys,
        password("ricevute")
    );
    for (service, port) in SERVICES.iter().zip(ports) {
        let _ = writeln!(text, "{service} = \"127.0.0.1:{port}\"");
    }
    for (user, rest) in &setup.users {
        let password = password(user);
        let _ = writeln!(text, "[[subject.user]]\naddress = \"{user}@{DOMAIN}\"\npassword = \"{password}\"\n{rest}");
    }
    text += &format!("[index]\n{signed_at}\n[ours]\n{}", routes(setup, ours));
    text
}

/// Has LAB.toml say where index and list are fetched, and how the provider is killed and started again.
fn fetch(folder: &Path, (port, seconds): (u16, u32), gestore: &Path, faketime: Option<&Path>) {
    let lab = folder.join("lab/LAB.toml");
    let text = fs::read_to_string(&lab).expect("a file");
    let named = |(name, value): (&str, String)| format!("{name}='{value}' ");
    let time: String = faketime.into_iter().flat_map(|library| another_time(library, folder)).map(named).collect();
    let start = format!(
        "{time}'{}' serve ../subject > ../again 2>&1 & echo $! > ../{PID}; until grep -q ready ../again; do sleep 0.1; done",
        gestore.display()
    );
    let published = format!(
        "[index]\nhttps = \"127.0.0.1:{port}\"\nrefresh_seconds = {seconds}\ncrl_refresh_seconds = {seconds}\n"
    );
    let commands = format!("[commands]\nkill = \"kill -9 $(cat ../{PID}); sleep 0.3\"\nstart = \"{start}\"\n");
    fs::write(&lab, commands_first(&text.replace("[index]\n", &published), &commands)).expect("a file");
}

/// A table more, in front of all others.
fn commands_first(text: &str, commands: &str) -> String {
    text.replacen("[subject]\n", &format!("{commands}[subject]\n"), 1)
}

/// Where the number of the provider's process stands.
const PID: &str = "pid";

/// What the clock's command does: whoever reads the file never finds half of it.
const MOVE: &str = "printf '+%s' \"$SECONDS_AHEAD\" > ../faketime.half && mv ../faketime.half ../faketime";

fn routes(setup: &Setup<'_>, ours: &[u16]) -> String {
    setup.ours.iter().zip(ours).map(|(domain, port)| format!("\"{domain}\" = \"127.0.0.1:{port}\"\n")).collect()
}

/// What SHEET.md says is to be given to the provider.
fn hand_out(setup: &Setup<'_>, folder: &Path, ports: &[u16], ours: &[u16], published: Option<(u16, u32)>) {
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
    let (mut user, mut text) = (String::new(), String::new());
    for line in read(subject.join("gestore.toml")).lines() {
        let key = line.split(" =").next().unwrap_or_default().trim();
        if key == "address" {
            line.clone_into(&mut user);
        }
        let own = setup.users.iter().find(|(name, _)| user.contains(&format!("\"{name}@"))).map(|(_, rest)| *rest);
        let own = own.and_then(|rest| rest.lines().find(|line| line.starts_with(key)));
        let service = SERVICES.iter().position(|service| *service == key).filter(|_| line.contains("TLS"));
        text += &match (key, service) {
            (_, Some(place)) => format!("{key} = {}", ports[place]),
            ("ldap" | "https", _) => String::new(),
            ("ordinary", _) => own.unwrap_or("ordinary = \"refuse\"").to_owned(),
            ("quota_octets", _) => own.unwrap_or(line).to_owned(),
            ("from", _) if published.is_some() => {
                let name = if line.contains("indice") { "indice.ldif.p7m" } else { "autorita.crl" };
                format!("from = \"https://127.0.0.1:{}/{name}\"", published.unwrap_or_default().0)
            }
            ("refresh_seconds", _) if published.is_some() => {
                format!("refresh_seconds = {}", published.unwrap_or_default().1)
            }
            _ => line.to_owned(),
        };
        text.push('\n');
    }
    fs::write(subject.join("gestore.toml"), text + &routes(setup, ours)).expect("a file");
}

/// `gestore serve`, until it is dropped.
pub struct Server {
    child: Child,
    /// Where the number of the process stands, its own or that of one which a command has started in its place.
    pid: Option<PathBuf>,
}

impl Server {
    fn start(gestore: &Path, folder: &Path, faketime: Option<&Path>) -> Self {
        let mut command = Command::new(gestore);
        command.arg("serve").arg(folder.join("subject"));
        if let Some(library) = faketime {
            fs::write(folder.join("faketime"), "+0").expect("a file");
            command.envs(another_time(library, folder));
        }
        let mut server = Self::of(command.stderr(Stdio::null()));
        let pid = folder.join(PID);
        fs::write(&pid, server.child.id().to_string()).expect("a file");
        server.pid = Some(pid);
        server
    }

    /// Starts a program and waits until it says that it is ready.
    pub fn of(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("it runs");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let ready = lines.map_while(Result::ok).any(|line| line == "ready");
        let server = Self { child, pid: None };
        assert!(ready, "the server is not ready");
        server
    }

    /// Ends it at once.
    pub fn end(&mut self) {
        let own = self.child.id().to_string();
        let _ = self.child.kill();
        let _ = self.child.wait();
        let another = self.pid.as_ref().and_then(|pid| fs::read_to_string(pid).ok());
        let another = another.filter(|pid| pid.trim() != own);
        if let Some(pid) = another {
            let _ = Command::new("kill").args(["-9", pid.trim()]).status();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// With what a program sees the time that the clock's command has written.
fn another_time(library: &Path, folder: &Path) -> [(&'static str, String); 4] {
    [
        ("LD_PRELOAD", library.display().to_string()),
        ("FAKETIME_TIMESTAMP_FILE", folder.join("faketime").display().to_string()),
        ("FAKETIME_NO_CACHE", "1".into()),
        ("DONT_FAKE_MONOTONIC", "1".into()),
    ]
}

/// The library that has a program see another time, where the machine has it.
fn faketime() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").ok()?.flatten().map(|entry| entry.path());
    let folders = folders.chain([PathBuf::from("/usr/lib"), PathBuf::from("/usr/local/lib")]);
    folders.map(|folder| folder.join("faketime/libfaketimeMT.so.1")).find(|library| library.is_file())
}

/// Ports that nobody has now, and that the system gives to nobody who connects: those begin higher. No two callers of a
/// program get the same, and two programs begin apart.
pub fn free_ports(count: usize) -> Vec<u16> {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 100 * 200).unwrap_or_default();
    let next = || 10_000 + (first + TAKEN.fetch_add(1, Ordering::Relaxed)) % 20_000;
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    std::iter::repeat_with(next).filter(is_free).take(count).collect()
}

/// A program of the workspace, beside the tests.
fn beside(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("this program");
    let folder = own.parent().and_then(Path::parent).expect("cargo's folder");
    folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// The server's program, which may not be built.
pub fn gestore() -> PathBuf {
    beside("gestore")
}

/// The program of the project, as the tests build it.
pub fn collaudo() -> Command {
    Command::new(beside("collaudo-tested"))
}

/// Runs a command that has to succeed; *gives* what it printed.
pub fn run(command: &mut Command) -> String {
    let ended = command.stdin(Stdio::null()).output().expect("it runs");
    assert!(ended.status.success(), "{command:?}: {}", told(&ended));
    String::from_utf8_lossy(&ended.stdout).into_owned()
}

/// All that a program said.
pub fn told(ended: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr))
}
