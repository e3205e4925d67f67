//! The authority revokes a certificate, and a server that runs takes the new list up.

use std::process::Command;

use crate::house::{Network, gestore};

const ANNA: &str = "anna@alfa.test";
const BRUNO: &str = "bruno@beta.test";
/// Messages after which a list is not to come any more; between two of them lies at least a commit on each side.
const MOST: usize = 200;

/// Makes the next list of a network. *Gives* what was said of it.
fn renew(network: &Network, args: &[&str]) -> String {
    let done = gestore().arg("crl").arg(network.root()).args(args).output().expect("gestore runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("text")
}

#[test]
fn mail_of_a_revoked_provider_is_an_anomaly_to_who_asks_for_the_list_each_second() {
    let mut network = Network::new("revoked", &["alfa.test", "beta.test"]);
    network.set("alfa.test", "refresh_seconds", 1);
    network.serve("alfa.test");
    network.serve("beta.test");
    let mut smtp = network.submit(BRUNO);
    smtp.submit(BRUNO, ANNA, "Prima").expect("a message taken");
    assert_eq!(network.wait_for(ANNA, 1)[0].0, "posta-certificata");
    let beta = network.folder("beta.test").join("signing.crt.pem").display().to_string();
    let told = renew(&network, &["--revoke", &beta]);
    assert!(told.starts_with("list 2: revoked certificates: 1; good for 3650 days\n"), "{told}");
    let is_anomaly = (1..MOST).any(|n| {
        smtp.submit(BRUNO, ANNA, "Dopo").expect("a message taken");
        network.wait_for(ANNA, n + 1)[n].0 == "errore"
    });
    assert!(is_anomaly, "{}", network.log("alfa.test"));
}

#[test]
fn a_list_follows_the_one_before_and_openssl_verifies_it() {
    let network = Network::new("renewed", &["alfa.test", "beta.test"]);
    let beta = network.folder("beta.test").join("signing.crt.pem").display().to_string();
    renew(&network, &["--revoke", &beta]);
    let told = renew(&network, &["--days", "30"]);
    assert!(told.starts_with("list 3: revoked certificates: 1; good for 30 days\n"), "{told}");
    let stranger = Network::new("foreign", &["alfa.test"]);
    let theirs = stranger.folder("alfa.test").join("signing.crt.pem");
    let refused = gestore().arg("crl").arg(network.root()).arg("--revoke").arg(theirs).output().expect("gestore runs");
    // Both authorities have one name, and only the key tells them apart.
    assert_eq!(refused.status.code(), Some(2), "{}", String::from_utf8_lossy(&refused.stdout));
    let list = network.folder("alfa.test").join("lista-revoche.crl");
    let mut verify = Command::new("openssl");
    verify.args(["crl", "-inform", "DER", "-noout", "-text", "-in"]).arg(list).arg("-CAfile").arg(network.authority());
    let Ok(done) = verify.output() else { return eprintln!("skipped: openssl is missing") };
    let told = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success() && told.contains("verify OK"), "{told}");
    assert_eq!(told.matches("Serial Number: ").count(), 1, "{told}");
}
