//! Programs that others wrote against `gestore serve`; each is skipped with a word where the machine lacks it.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use crate::house::Network;

const ANNA: &str = "anna@alfa.test";
const BRUNO: &str = "bruno@beta.test";

/// Whether the machine has a program; says so where not.
fn has(program: &str, question: &str) -> bool {
    let asked = Command::new(program).arg(question).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if asked.is_err() {
        eprintln!("skipped: {program} is missing");
    }
    asked.is_ok()
}

fn two(name: &str) -> Network {
    let mut network = Network::new(name, &["alfa.test", "beta.test"]);
    network.serve("alfa.test");
    network.serve("beta.test");
    network
}

fn run(command: &mut Command) -> String {
    let done = command.output().expect("the program runs");
    let told = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{command:?}:\n{told}\n{}", String::from_utf8_lossy(&done.stderr));
    told
}

#[test]
fn python_submits_over_both_ports_and_reads_over_imap_and_pop3() {
    if !has("python3", "--version") {
        return;
    }
    let network = two("python");
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/serve/exchange.py");
    let port = |domain, service| network.port(domain, service).to_string();
    let told = run(Command::new("python3").arg(script).arg(network.authority()).args([
        &port("alfa.test", "submission"),
        &port("alfa.test", "submissions"),
        &port("alfa.test", "imap"),
        &port("beta.test", "pop3"),
        network.password(ANNA),
        network.password(BRUNO),
    ]));
    assert_eq!(
        told.trim(),
        "accettazione accettazione avvenuta-consegna avvenuta-consegna; posta-certificata posta-certificata"
    );
}

#[test]
fn swaks_submits_over_tls_with_a_login() {
    if !has("swaks", "--version") {
        return;
    }
    let network = two("swaks");
    for (service, tls, mechanism) in [("submission", "--tls", "LOGIN"), ("submissions", "--tls-on-connect", "PLAIN")] {
        let server = format!("localhost:{}", network.port("alfa.test", service));
        let told = run(Command::new("swaks").args(["--server", &server, tls, "--auth", mechanism]).args([
            "--auth-user",
            ANNA,
            "--auth-password",
            network.password(ANNA),
            "--from",
            ANNA,
            "--to",
            BRUNO,
            "--header",
            "Subject: swaks",
        ]));
        assert!(told.contains("250 2.0.0"), "{told}");
    }
    assert_eq!(network.wait_for(ANNA, 4).len(), 4);
}

#[test]
fn openssl_sees_tls_1_2_and_1_3_and_nothing_older() {
    if !has("openssl", "version") {
        return;
    }
    let network = two("openssl");
    let connect = |version: &str, service: &str, starttls: &[&str]| {
        let server = format!("localhost:{}", network.port("alfa.test", service));
        let mut command = Command::new("openssl");
        command.args(["s_client", "-connect", &server, version, "-verify_return_error", "-CAfile"]);
        command.arg(network.authority()).args(starttls).stdin(Stdio::null()).output().expect("openssl runs")
    };
    for version in ["-tls1_2", "-tls1_3"] {
        for (service, starttls) in [
            ("submission", &["-starttls", "smtp"][..]),
            ("relay", &["-starttls", "smtp"]),
            ("imap", &[]),
            ("pop3", &[]),
        ] {
            let done = connect(version, service, starttls);
            let told = String::from_utf8_lossy(&done.stdout);
            assert!(done.status.success() && told.contains("Verify return code: 0"), "{version} {service}: {told}");
        }
    }
    assert!(!connect("-tls1_1", "imap", &["-cipher", "ALL:@SECLEVEL=0"]).status.success());
}

#[test]
fn sqlite_reads_the_store_while_it_is_served() {
    if !has("sqlite3", "--version") {
        return;
    }
    let network = two("sqlite");
    network.submit(ANNA).submit(ANNA, BRUNO, "Contratto").expect("a message taken");
    network.wait_for(ANNA, 2);
    let store = network.folder("alfa.test").join("store.db");
    let count = |query: &str| run(Command::new("sqlite3").arg("-readonly").arg(&store).arg(query));
    assert_eq!(
        count("SELECT count(*) FROM log WHERE records LIKE '%\"stored\":{\"mailbox\":\"anna@alfa.test\"%'").trim(),
        "2"
    );
    let receipt = "SELECT count(*) FROM body WHERE instr(bytes, CAST('Subject: CONSEGNA: Contratto' AS BLOB))";
    assert_eq!(count(receipt).trim(), "1");
    assert_eq!(count("PRAGMA integrity_check").trim(), "ok");
}

#[test]
fn curl_gets_the_signed_index_and_openssl_verifies_it() {
    if !has("curl", "--version") || !has("openssl", "version") {
        return;
    }
    let network = two("curl");
    let base = format!("https://localhost:{}", network.port("alfa.test", "https"));
    let get = |path: &str, out: &PathBuf| {
        let url = format!("{base}{path}");
        let mut command = Command::new("curl");
        command.args(["-sS", "-w", "%{http_code} %{content_type}", "--cacert"]).arg(network.authority());
        run(command.arg("-o").arg(out).arg(url))
    };
    let folder = network.folder("alfa.test");
    let (index, crl, none) = (folder.join("got.p7m"), folder.join("got.crl"), folder.join("got.none"));
    assert_eq!(get("/indice.ldif.p7m", &index), "200 application/pkcs7-mime");
    assert_eq!(get("/lista-revoche.crl", &crl), "200 application/pkix-crl");
    assert_eq!(get("/altro", &none), "404 text/plain; charset=utf-8");
    let mut verify = Command::new("openssl");
    verify.args(["cms", "-verify", "-inform", "DER", "-purpose", "any", "-in"]).arg(&index);
    let ldif = run(verify.arg("-CAfile").arg(network.authority()));
    assert!(ldif.contains("managedDomains: alfa.test") && ldif.contains("managedDomains: beta.test"), "{ldif}");
    let mut list = Command::new("openssl");
    run(list.args(["crl", "-inform", "DER", "-noout", "-text", "-in"]).arg(&crl));
}

/// Arguments of ldapsearch that ask alfa.test, its authority trusted.
fn ldapsearch(network: &Network) -> Command {
    let mut command = Command::new("ldapsearch");
    // It takes "localhost" for the machine's own name.
    let uri = format!("ldaps://127.0.0.1:{}", network.port("alfa.test", "ldap"));
    command.env("LDAPTLS_CACERT", network.authority()).args(["-x", "-LLL", "-o", "ldif-wrap=no", "-H", &uri]);
    command
}

#[test]
fn ldapsearch_reads_the_index() {
    if !has("ldapsearch", "-VV") {
        return;
    }
    let network = two("ldapsearch");
    let all = run(ldapsearch(&network).args(["-b", "o=postacert"]));
    assert_eq!(all.matches("\ndn: providerName=").count(), 2, "{all}");
    let one = run(ldapsearch(&network).args(["-b", "o=postacert", "(managedDomains=BETA.test)", "mailReceipt"]));
    assert!(one.ends_with("\nmailReceipt: ricevute@beta.test\n\n"), "{one}");
    let refused = ldapsearch(&network).args(["-D", "cn=x", "-w", "x", "-b", "o=postacert"]).output();
    assert!(!refused.expect("ldapsearch runs").status.success());
}

#[test]
fn mutt_reads_the_mailbox_over_imap() {
    // It wants a terminal, which script gives it.
    if !has("mutt", "-v") || !has("script", "--version") {
        return;
    }
    let network = two("mutt");
    network.submit(ANNA).submit(ANNA, BRUNO, "Contratto").expect("a message taken");
    network.wait_for(BRUNO, 1);
    let folder = network.folder("beta.test");
    let copy = folder.join("copy.mbox");
    let rc = folder.join("muttrc");
    let settings = format!(
        "set ssl_ca_certificates_file=\"{}\"\nset certificate_file=\"{}\"\nset imap_user=\"{BRUNO}\"\nset imap_pass=\"{}\"\n\
         set folder=\"imaps://localhost:{}/\"\nset spoolfile=\"+INBOX\"\nset mbox_type=mbox\nset confirmappend=no\nset confirmcreate=no\nset copy=no\n\
         push \"<copy-message>{}<enter><exit>\"\n",
        network.authority().display(),
        folder.join("certificates").display(),
        network.password(BRUNO),
        network.port("beta.test", "imap"),
        copy.display(),
    );
    std::fs::write(&rc, settings).expect("settings");
    let mut mutt = Command::new("script");
    mutt.args(["-qec", &format!("mutt -F {}", rc.display()), "/dev/null"]).env("TERM", "xterm").env("HOME", folder);
    run(mutt.stdin(Stdio::null()));
    let read = std::fs::read_to_string(&copy).unwrap_or_default();
    assert!(read.contains("Subject: POSTA CERTIFICATA: Contratto"), "mutt has copied: {read}");
}
