//! A network of providers on loopback, each a process of its own, in a folder that goes when the test is over.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicU16, Ordering},
    },
    thread,
    time::Duration,
};

use rustls::ClientConfig;

use crate::client;

/// Services, by the names that `[ports]` has for them.
const SERVICES: [&str; 7] = ["submissions", "submission", "relay", "imap", "pop3", "ldap", "https"];

/// Blocks of a thousand ports for processes of tests.
const BLOCKS: u32 = 20;
/// Attempts of a tenth of a second each, after which something is not to come any more.
const PATIENCE: usize = 600;

/// Providers that know each other.
pub(crate) struct Network {
    folder: PathBuf,
    providers: BTreeMap<String, Provider>,
    passwords: BTreeMap<String, String>,
    environment: Vec<(&'static str, String)>,
    pub(crate) tls: Arc<ClientConfig>,
}

struct Provider {
    folder: PathBuf,
    ports: BTreeMap<&'static str, u16>,
    process: Option<Child>,
    log: Arc<Mutex<String>>,
}

impl Network {
    /// Makes providers for these domains, each with anna and bruno; none is served yet.
    pub(crate) fn new(name: &str, domains: &[&str]) -> Self {
        let folder = std::env::temp_dir().join(format!("gestore-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        let args = domains.iter().flat_map(|domain| ["--domain", domain]);
        let made = gestore().arg("init").arg(&folder).args(args).output().expect("gestore runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let told = String::from_utf8(made.stdout).expect("text");
        let passwords = told.lines().filter_map(|line| {
            let (address, password) = line.trim().split_once(' ').filter(|(address, _)| address.contains('@'))?;
            Some((address.to_owned(), password.trim().to_owned()))
        });
        let passwords = passwords.collect();
        let authority = fs::read(folder.join("authority/authority.crt.pem")).expect("an authority");
        let providers = domains.iter().map(|domain| {
            let folder = if domains.len() == 1 { folder.clone() } else { folder.join(domain) };
            let ports = SERVICES.map(|service| (service, free_port())).into();
            ((*domain).to_owned(), Provider { folder, ports, process: None, log: Arc::default() })
        });
        let providers = providers.collect();
        let network = Self { folder, providers, passwords, environment: Vec::new(), tls: client::trusting(&authority) };
        for domain in domains {
            network.move_ports(domain);
        }
        network
    }

    /// Has a provider serve at its ports, and find the others at theirs.
    fn move_ports(&self, domain: &str) {
        for (service, port) in &self.providers[domain].ports {
            self.set(domain, service, (*port).into());
        }
        for (other, provider) in &self.providers {
            let place = format!("\"127.0.0.1:{}\"", provider.ports["relay"]);
            self.replace(domain, &format!("\"{other}\""), &place);
        }
    }

    /// Has all that is served from now on find this in its environment.
    pub(crate) fn set_environment(&mut self, environment: Vec<(&'static str, String)>) {
        self.environment = environment;
    }

    /// Changes the configuration of a provider.
    pub(crate) fn edit(&self, domain: &str, change: impl FnOnce(String) -> String) {
        let file = self.providers[domain].folder.join("gestore.toml");
        let text = fs::read_to_string(&file).expect("a configuration");
        fs::write(&file, change(text)).expect("the configuration can be written");
    }

    /// Changes a number of the configuration of a provider.
    pub(crate) fn set(&self, domain: &str, key: &str, value: u64) {
        self.replace(domain, key, &value.to_string());
    }

    fn replace(&self, domain: &str, key: &str, value: &str) {
        self.edit(domain, |text| {
            let set = |line: &str| match line.split_once(" = ") {
                Some((found, _)) if found == key => format!("{key} = {value}\n"),
                _ => format!("{line}\n"),
            };
            text.lines().map(set).collect()
        });
    }

    /// Serves a provider, and waits until it is ready.
    pub(crate) fn serve(&mut self, domain: &str) {
        self.serve_logging(domain, "debug");
    }

    /// The same, with so much in its log.
    pub(crate) fn serve_logging(&mut self, domain: &str, level: &str) {
        let provider = self.providers.get_mut(domain).expect("a provider of the network");
        let mut command = gestore();
        command.arg("serve").arg(&provider.folder).args(["--log", level]);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("gestore runs");
        let errors = process.stderr.take().expect("standard error");
        let log = provider.log.clone();
        let logging = thread::spawn(move || {
            for line in BufReader::new(errors).lines().map_while(Result::ok) {
                log.lock().expect("a log").push_str(&(line + "\n"));
            }
        });
        let mut out = BufReader::new(process.stdout.take().expect("standard output"));
        let mut said = String::new();
        while !said.ends_with("ready\n") {
            if out.read_line(&mut said).expect("text") == 0 {
                logging.join().expect("its last words");
                let status = process.wait().expect("it has ended");
                panic!("{domain} is not served ({status}): {said}{}", provider.log.lock().expect("a log"));
            }
        }
        thread::spawn(move || out.read_to_end(&mut Vec::new()));
        provider.process = Some(process);
    }

    /// Ends a provider without a word, as a power cut does.
    pub(crate) fn kill(&mut self, domain: &str) {
        let mut process = self.take(domain);
        process.kill().expect("it can be killed");
        process.wait().expect("it ends");
    }

    /// Ends a provider as Ctrl-C does; it must end well.
    pub(crate) fn stop(&mut self, domain: &str) {
        let mut process = self.take(domain);
        let told = Command::new("kill").args(["-INT", &process.id().to_string()]).status().expect("kill runs");
        assert!(told.success());
        let status = process.wait().expect("it ends");
        assert!(status.success(), "{domain} ended with {status}: {}", self.log(domain));
    }

    fn take(&mut self, domain: &str) -> Child {
        self.providers.get_mut(domain).and_then(|provider| provider.process.take()).expect("it is served")
    }

    pub(crate) fn pid(&self, domain: &str) -> u32 {
        self.providers[domain].process.as_ref().expect("it is served").id()
    }

    pub(crate) fn port(&self, domain: &str, service: &str) -> u16 {
        self.providers[domain].ports[service]
    }

    pub(crate) fn folder(&self, domain: &str) -> &Path {
        &self.providers[domain].folder
    }

    /// The folder that `gestore init` made.
    pub(crate) fn root(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.join("authority/authority.crt.pem")
    }

    pub(crate) fn password(&self, address: &str) -> &str {
        &self.passwords[address]
    }

    /// All that a provider has logged so far.
    pub(crate) fn log(&self, domain: &str) -> String {
        self.providers[domain].log.lock().expect("a log").clone()
    }

    /// A client of SMTP that is logged in.
    pub(crate) fn submit(&self, address: &str) -> client::Smtp {
        let domain = address.rsplit('@').next().expect("a domain");
        let mut smtp = client::Smtp::begin(self.port(domain, "submission"), &self.tls).expect("a connection");
        smtp.login(address, self.password(address)).expect("a login");
        smtp
    }

    /// The kinds and subjects of all messages in a mailbox, in their order.
    pub(crate) fn mailbox(&self, address: &str) -> Vec<(String, String)> {
        let domain = address.rsplit('@').next().expect("a domain");
        let mut pop3 = client::Pop3::begin(self.port(domain, "pop3"), &self.tls).expect("a connection");
        pop3.login(address, self.password(address)).expect("a login");
        pop3.headers().expect("headers").iter().map(|header| (client::kind(header), client::subject(header))).collect()
    }

    /// Waits until a mailbox holds so many messages, and gives them.
    pub(crate) fn wait_for(&self, address: &str, count: usize) -> Vec<(String, String)> {
        for _ in 0..PATIENCE {
            let found = self.mailbox(address);
            if found.len() >= count {
                return found;
            }
            thread::sleep(Duration::from_millis(100));
        }
        panic!("{address} has {:?}, and not {count} messages", self.mailbox(address));
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for provider in self.providers.values_mut() {
            if let Some(mut process) = provider.process.take() {
                let _ = process.kill();
                let _ = process.wait();
            }
        }
        if !thread::panicking() {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

pub(crate) fn gestore() -> Command {
    Command::new(env!("CARGO_BIN_EXE_gestore"))
}

/// A port that nobody has, outside the range from which the system gives ports away.
///
/// Between its being found and its being served other tests may run, in this process and in others. So each process has
/// a block of its own, and holds the block's first port as long as it lives.
fn free_port() -> u16 {
    static BLOCK: LazyLock<(TcpListener, AtomicU16)> = LazyLock::new(|| {
        let first = std::process::id() % BLOCKS;
        let block = (0..BLOCKS).find_map(|n| {
            let start = u16::try_from(11_000 + (first + n) % BLOCKS * 1000).expect("a port");
            Some((TcpListener::bind(("127.0.0.1", start)).ok()?, AtomicU16::new(start + 1)))
        });
        block.expect("a block of ports that no other process holds")
    });
    loop {
        let port = BLOCK.1.fetch_add(1, Ordering::Relaxed);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
