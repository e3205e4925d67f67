//! Goal: `collaudo lab` keeps what it promises to programs that nobody here wrote.
//! Method: the program is started as a person starts it, at free ports; a Python script that knows nothing but the object that
//! it prints, `swaks`, `curl` and a browser use it; then it is interrupted.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    path::PathBuf,
    process::{Child, ChildStdout, Command, Output, Stdio},
};

use collaudo_tests::{have, root};
use serde_json::Value;

#[test]
fn each_special_address_and_each_outcome_gives_its_receipts_and_the_api_is_as_described() {
    if !have("python3", "each_special_address_and_each_outcome_gives_its_receipts_and_the_api_is_as_described") {
        return;
    }
    let lab = Running::start("special");
    let ready = lab.folder.join("ready.json");
    fs::write(&ready, lab.ready.to_string()).expect("written");
    let messages = lab.folder.join("messages");
    if messages.exists() {
        fs::remove_dir_all(&messages).expect("what a former run left goes");
    }
    let script = root().join("tests/readers/special.py");
    let output = Command::new("python3").arg(script).arg(&ready).arg(&messages).output().expect("it runs");
    assert!(output.status.success(), "{}", told(&output));
    // Whatever was asked for, all that was sent is as the law has it.
    let output =
        Command::new(program()).args(["inspect", "--format", "json"]).arg(&messages).output().expect("it runs");
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let judged: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert!(judged["messages"].as_array().is_some_and(|messages| messages.len() > 60), "{judged}");
}

#[test]
fn the_object_has_the_contract_s_fields_and_nothing_follows_it() {
    let lab = Running::start("contract");
    let keys = |value: &Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    assert_eq!(sorted(keys(&lab.ready)), ["api", "ca", "format", "page", "providers"]);
    assert_eq!(lab.ready["format"], 1);
    let providers = lab.ready["providers"].as_array().expect("a list");
    assert_eq!(providers.len(), 4);
    for provider in &providers[..3] {
        assert_eq!(sorted(keys(provider)), ["domain", "imap", "ldap", "pop3", "relay", "submission", "users"]);
        for service in ["submission", "imap", "pop3", "relay", "ldap"] {
            assert_eq!(sorted(keys(&provider[service])), ["host", "port", "tls"]);
        }
        assert_eq!(sorted(keys(&provider["users"][0])), ["address", "password"]);
    }
    assert_eq!(sorted(keys(&providers[3])), ["domain", "ldap", "relay", "users"], "one that never answers");
    lab.interrupt();
}

#[test]
fn swaks_submits_over_tls_with_login() {
    if !have("swaks", "swaks_submits_over_tls_with_login") {
        return;
    }
    let lab = Running::start("swaks");
    let provider = &lab.ready["providers"][1];
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let server = format!("127.0.0.1:{}", provider["submission"]["port"]);
    let user = text(&provider["users"][0]["address"]);
    let output = Command::new("swaks")
        .args(["--server", &server, "--tls", "--tls-verify", "--tls-ca-path", &text(&lab.ready["ca"])])
        .args(["--auth", "LOGIN", "--auth-user", &user, "--auth-password", &text(&provider["users"][0]["password"])])
        .args(["--from", &user, "--to", "anna@alfa.test"])
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{}", told(&output));
}

#[test]
fn a_browser_shows_what_curl_had_the_lab_do() {
    let test = "a_browser_shows_what_curl_had_the_lab_do";
    let Some(browser) = BROWSERS.into_iter().find(|browser| have(browser, test)).filter(|_| have("curl", test)) else {
        return;
    };
    let lab = Running::start("browser");
    let text = |name: &str| lab.ready[name].as_str().expect("text").to_owned();
    let curl = |path: &str, json: &str| {
        let url = format!("{}{path}", text("api"));
        let header = "Content-Type: application/json";
        let output = Command::new("curl").args(["-sS", "--fail-with-body", "-H", header, "-d", json, &url]).output();
        let output = output.expect("it runs");
        assert!(output.status.success(), "{}", told(&output));
        serde_json::from_slice::<Value>(&output.stdout).expect("JSON")
    };
    let injected =
        curl("/messages", r#"{"account":"anna@alfa.test","to":["bruno@beta.test"],"subject":"<b>Contratto</b>"}"#);
    assert!(injected["reply"].as_str().is_some_and(|reply| reply.starts_with("250")), "{injected}");
    curl("/leap", r#"{"hours":1}"#);
    let page = |path: &str| {
        let output = Command::new(browser)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
            .arg(format!("--user-data-dir={}", lab.folder.join("browser").display()))
            .arg(format!("{}{path}", text("page")))
            .output()
            .expect("it runs");
        assert!(output.status.success(), "{}", told(&output));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let whole = page("");
    for shown in ["&lt;b&gt;Contratto&lt;/b&gt;", "accettazione", "posta-certificata", "avvenuta-consegna", "piena@"] {
        assert!(whole.contains(shown), "no {shown:?} in {whole}");
    }
    let diagram = page("threads/1");
    assert!(diagram.contains("<svg") && diagram.contains("presa-in-carico"), "{diagram}");
    assert!(![whole, diagram].concat().contains("<script"), "it reads without scripts");
}

/// Names of one browser.
const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

#[test]
fn a_network_file_says_who_takes_part() {
    let file = folder("network").join("lab.toml");
    let network = "title = \"One\"\n[[provider]]\nname = \"delta\"\ntitle = \"Delta S.p.A.\"\ndomain = \"delta.example\"\n\
        users = [\"dino\"]\nprofile = \"text-only\"\n";
    fs::write(&file, network).expect("written");
    let profiles = root().join("scenarios").display().to_string();
    let lab = Running::start_with("network", &[&file.display().to_string(), "--scenarios", &profiles]);
    let providers = lab.ready["providers"].as_array().expect("a list");
    let domains: Vec<_> = providers.iter().map(|provider| &provider["domain"]).collect();
    assert_eq!(domains, ["delta.example"]);
    let users = providers[0]["users"].as_array().expect("a list");
    let has = |address: &str| users.iter().any(|user| user["address"] == address);
    assert!(has("dino@delta.example") && has("piena@delta.example"), "{users:?}");
}

#[test]
fn a_network_file_and_ports_that_are_wrong_are_told() {
    let folder = folder("wrong");
    let file = folder.join("lab.toml");
    fs::write(&file, "title = \"x\"\nprovider = [{ name = \"alfa\", domain = \"alfa.test\", users = [\"a\"] }]\n")
        .expect("written");
    for (arguments, told_of) in
        [(vec![file.display().to_string()], "lab.toml:2"), (vec!["--ports".into(), "80".into()], "80")]
    {
        let output =
            Command::new(program()).arg("lab").args(&arguments).current_dir(&folder).output().expect("it runs");
        assert_eq!(output.status.code(), Some(2), "{}", told(&output));
        assert!(told(&output).contains(told_of), "{}", told(&output));
    }
}

/// A lab that was started as a person starts it.
struct Running {
    child: Option<Child>,
    out: BufReader<ChildStdout>,
    ready: Value,
    folder: PathBuf,
}

impl Running {
    fn start(test: &str) -> Self {
        Self::start_with(test, &[])
    }

    fn start_with(test: &str, arguments: &[&str]) -> Self {
        let folder = folder(test);
        let mut child = Command::new(program())
            .arg("lab")
            .args(arguments)
            .args(["--ports", "0", "--format", "json", "--ca", "ca.pem"])
            .current_dir(&folder)
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().expect("it is piped"));
        out.read_line(&mut line).expect("it says when it is ready");
        Self { child: Some(child), out, ready: serde_json::from_str(&line).expect("one JSON object"), folder }
    }

    /// Ctrl-C; it ends in order and has said nothing more.
    fn interrupt(mut self) {
        let mut child = self.child.take().expect("it runs");
        let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill is there");
        assert!(killed.success());
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).expect("text");
        assert_eq!(rest, "", "nothing follows the object");
        assert_eq!(child.wait().expect("it ends").code(), Some(0));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn program() -> &'static str {
    env!("CARGO_BIN_EXE_collaudo-tested")
}

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("special").join(name);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

fn sorted(mut words: Vec<String>) -> Vec<String> {
    words.sort();
    words
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
