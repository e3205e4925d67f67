//! Two providers exchange certified mail, and what they hold survives their end.

use std::fs;

use rusqlite::Connection;

use crate::{
    client::{Pop3, Smtp, Talk},
    house::{Network, gestore},
};

const ANNA: &str = "anna@alfa.test";
const BRUNO: &str = "bruno@beta.test";

fn kinds(mailbox: &[(String, String)]) -> Vec<&str> {
    mailbox.iter().map(|(kind, _)| kind.as_str()).collect()
}

/// Submitted over STARTTLS with a login, relayed over STARTTLS, read over TLS: every message of the law's flow is there.
#[test]
fn two_providers_exchange_mail_and_a_restart_keeps_everything() {
    let mut network = Network::new("exchange", &["alfa.test", "beta.test"]);
    network.serve("alfa.test");
    network.serve("beta.test");
    let taken = network.submit(ANNA).submit(ANNA, BRUNO, "Contratto").expect("a message taken");
    assert!(taken.starts_with("250 2.0.0"), "{taken}");
    let anna = network.wait_for(ANNA, 2);
    assert_eq!(kinds(&anna), ["accettazione", "avvenuta-consegna"]);
    assert_eq!(anna[1].1, "CONSEGNA: Contratto");
    assert_eq!(kinds(&network.wait_for(BRUNO, 1)), ["posta-certificata"]);
    assert_eq!(kinds(&network.wait_for("ricevute@alfa.test", 1)), ["presa-in-carico"]);
    for domain in ["alfa.test", "beta.test"] {
        network.stop(domain);
        network.serve(domain);
    }
    assert_eq!(network.mailbox(ANNA), anna);
    network.submit(ANNA).submit(ANNA, BRUNO, "Secondo").expect("a message taken");
    assert_eq!(kinds(&network.wait_for(BRUNO, 2)), ["posta-certificata", "posta-certificata"]);
}

#[test]
fn mail_between_users_of_one_provider_needs_no_other() {
    let mut network = Network::new("alone", &["alfa.test"]);
    network.serve("alfa.test");
    network.submit(ANNA).submit(ANNA, "bruno@alfa.test", "In casa").expect("a message taken");
    assert_eq!(kinds(&network.wait_for(ANNA, 2)), ["accettazione", "avvenuta-consegna"]);
    // Without a route and without DNS there is no such domain, and the sender hears of it.
    network.submit(ANNA).submit(ANNA, "x@gamma.test", "Fuori").expect("a message taken");
    let anna = network.wait_for(ANNA, 4);
    assert_eq!(kinds(&anna[2..]), ["accettazione", "errore-consegna"]);
}

#[test]
fn a_user_that_is_added_to_the_configuration_has_a_mailbox_after_a_restart() {
    let mut network = Network::new("added", &["alfa.test"]);
    network.serve("alfa.test");
    network.submit(ANNA).submit(ANNA, "dora@alfa.test", "Prima").expect("a message taken");
    assert_eq!(kinds(&network.wait_for(ANNA, 2)), ["accettazione", "errore-consegna"]);
    network.stop("alfa.test");
    network.edit("alfa.test", |text| text.replace("[index]", "[[user]]\naddress = \"dora@alfa.test\"\n\n[index]"));
    network.serve("alfa.test");
    network.submit(ANNA).submit(ANNA, "dora@alfa.test", "Dopo").expect("a message taken");
    assert_eq!(kinds(&network.wait_for(ANNA, 4)[2..]), ["accettazione", "avvenuta-consegna"]);
}

#[test]
fn what_was_deleted_leaves_the_store_when_it_is_served_again() {
    let mut network = Network::new("deleted", &["alfa.test"]);
    network.serve("alfa.test");
    network.submit(ANNA).submit(ANNA, "bruno@alfa.test", "Via").expect("a message taken");
    network.wait_for(ANNA, 2);
    let store = network.folder("alfa.test").join("store.db");
    let envelopes = || -> i64 {
        let query = "SELECT count(*) FROM body WHERE instr(bytes, CAST('X-Trasporto: posta-certificata' AS BLOB))";
        Connection::open(&store).and_then(|store| store.query_row(query, [], |row| row.get(0))).expect("a number")
    };
    let bruno = "bruno@alfa.test";
    let mut pop3 = Pop3::begin(network.port("alfa.test", "pop3"), &network.tls).expect("a connection");
    pop3.login(bruno, network.password(bruno)).expect("a login");
    pop3.delete(1).expect("a message that is there");
    network.stop("alfa.test");
    assert_eq!(envelopes(), 1);
    let anna = {
        network.serve("alfa.test");
        network.mailbox(ANNA)
    };
    assert_eq!(kinds(&anna), ["accettazione", "avvenuta-consegna"], "what lies in a mailbox stays");
    network.stop("alfa.test");
    assert_eq!(envelopes(), 0);
}

#[test]
fn a_folder_that_is_not_empty_is_left_alone() {
    let network = Network::new("refused", &["alfa.test"]);
    let before = fs::read(network.folder("alfa.test").join("gestore.toml")).expect("a configuration");
    let again = gestore().arg("init").arg(network.folder("alfa.test")).output().expect("gestore runs");
    assert_eq!(again.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&again.stderr).contains("is not empty"));
    assert_eq!(fs::read(network.folder("alfa.test").join("gestore.toml")).expect("a configuration"), before);
}

#[test]
fn a_mistake_in_the_configuration_is_told_with_its_line_and_nothing_is_served() {
    let network = Network::new("mistake", &["alfa.test"]);
    network.edit("alfa.test", |text| text.replace("handshake_seconds", "handshake_second"));
    let refused = gestore().arg("serve").arg(network.folder("alfa.test")).output().expect("gestore runs");
    let told = String::from_utf8_lossy(&refused.stderr);
    assert_eq!((refused.status.code(), refused.stdout.len()), (Some(2), 0));
    assert!(told.contains("gestore.toml:") && told.contains("nearest is \"handshake_seconds\""), "{told}");
}

#[test]
fn a_store_belongs_to_one_domain() {
    let mut network = Network::new("moved", &["alfa.test"]);
    network.serve("alfa.test");
    network.stop("alfa.test");
    network.edit("alfa.test", |text| text.replace("alfa.test", "gamma.test"));
    let refused = gestore().arg("serve").arg(network.folder("alfa.test")).output().expect("gestore runs");
    let told = String::from_utf8_lossy(&refused.stderr);
    assert!(refused.status.code() == Some(2) && told.contains("is the store of alfa.test"), "{told}");
    network.edit("alfa.test", |text| text.replace("gamma.test", "alfa.test"));
    network.serve("alfa.test");
}

#[test]
fn a_folder_is_served_once() {
    let mut network = Network::new("once", &["alfa.test"]);
    network.serve("alfa.test");
    let second = gestore().arg("serve").arg(network.folder("alfa.test")).output().expect("gestore runs");
    assert_eq!(second.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&second.stderr).contains("served already"));
}

/// Whoever is connected when the server ends is told so, and what was acknowledged before is there after.
#[test]
fn clients_have_a_last_word_when_the_server_ends() {
    let mut network = Network::new("end", &["alfa.test"]);
    network.serve("alfa.test");
    let mut smtp = network.submit(ANNA);
    let mut imap = Talk::begin(network.port("alfa.test", "imap"), &network.tls).expect("a connection");
    assert!(imap.line().expect("a greeting").starts_with("* OK"));
    smtp.submit(ANNA, "bruno@alfa.test", "Ultimo").expect("a message taken");
    network.stop("alfa.test");
    assert_eq!(smtp.reply().expect("a last word"), "421 4.3.2 Servizio in chiusura");
    assert!(smtp.reply().is_err(), "the connection is closed");
    assert_eq!(imap.line().expect("a last word"), "* BYE Servizio in chiusura");
    network.serve("alfa.test");
    assert_eq!(kinds(&network.wait_for(ANNA, 2)), ["accettazione", "avvenuta-consegna"]);
}

/// While somebody else keeps the store, nothing can be written: nothing is acknowledged, and nothing is half there.
#[test]
fn a_store_that_cannot_be_written_acknowledges_nothing() {
    let mut network = Network::new("locked", &["alfa.test"]);
    network.serve("alfa.test");
    let mut smtp = network.submit(ANNA);
    smtp.submit(ANNA, "bruno@alfa.test", "Prima").expect("a message taken");
    let before = network.wait_for(ANNA, 2);
    let other = Connection::open(network.folder("alfa.test").join("store.db")).expect("the store");
    other.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    let told = smtp.submit(ANNA, "bruno@alfa.test", "Intanto").expect_err("no room on the disk").to_string();
    assert_eq!(told, "451 4.3.0 Errore temporaneo, riprovare");
    other.execute_batch("ROLLBACK").expect("the lock goes");
    assert_eq!(network.mailbox(ANNA), before);
    smtp.submit(ANNA, "bruno@alfa.test", "Dopo").expect("a message taken");
    let after = network.wait_for(ANNA, 4);
    assert!(after[2..].iter().all(|(_, subject)| subject.ends_with(": Dopo")), "{after:?}");
}

#[test]
fn a_user_can_have_a_new_password() {
    let mut network = Network::new("password", &["alfa.test"]);
    let set = |address: &str| gestore().arg("password").arg(network.folder("alfa.test")).arg(address).output();
    let set = set("anna@alfa.test").expect("gestore runs");
    assert!(set.status.success(), "{}", String::from_utf8_lossy(&set.stderr));
    let new = String::from_utf8(set.stdout).expect("text").trim().to_owned();
    network.serve("alfa.test");
    let begin = || Smtp::begin(network.port("alfa.test", "submission"), &network.tls).expect("a connection");
    assert!(begin().login(ANNA, network.password(ANNA)).is_err(), "the old one is no more");
    begin().login(ANNA, &new).expect("the new one");
    begin().login("bruno@alfa.test", network.password("bruno@alfa.test")).expect("others keep theirs");
    let stranger = gestore().arg("password").arg(network.folder("alfa.test")).arg("x@alfa.test").output();
    assert!(String::from_utf8_lossy(&stranger.expect("gestore runs").stderr).contains("is no user"));
}
