//! Limits, each with its reply.

use std::{io, net::TcpStream, thread, time::Duration};

use crate::{
    client::{Clear, Pop3, Smtp, Talk},
    house::Network,
};

const ANNA: &str = "anna@alfa.test";
const CARLA: &str = "carla@gamma.test";

/// alfa.test, served with one number of its configuration changed.
fn limited(name: &str, key: &str, value: u64) -> Network {
    let mut network = Network::new(name, &["alfa.test"]);
    network.set("alfa.test", key, value);
    network.set("alfa.test", "delay_milliseconds", 1);
    network.serve("alfa.test");
    network
}

fn begin(network: &Network) -> io::Result<Smtp> {
    Smtp::begin(network.port("alfa.test", "submission"), &network.tls)
}

fn talk(network: &Network, service: &str) -> Talk {
    Talk::begin(network.port("alfa.test", service), &network.tls).expect("a connection")
}

fn refused(session: io::Result<Smtp>) -> String {
    session.err().expect("a refusal").to_string()
}

#[test]
fn one_connection_too_many_hears_why_in_each_protocol() {
    let network = limited("crowded", "connections_per_peer", 2);
    let held: Vec<_> = (0..2).map(|_| begin(&network).expect("a connection")).collect();
    for service in ["submission", "relay"] {
        let said = Clear::begin(network.port("alfa.test", service)).and_then(|mut clear| clear.line());
        assert!(said.expect("a line").starts_with("421 4.7.0 Troppe connessioni"));
    }
    for (service, word) in [("submissions", "421 4.7.0 "), ("imap", "* BYE "), ("pop3", "-ERR [SYS/TEMP] ")] {
        let said = talk(&network, service).line().expect("a line");
        assert!(said.starts_with(word) && said.contains("Troppe connessioni"), "{said}");
    }
    drop(held);
    let mut attempts = (0..100).map(|_| begin(&network).inspect_err(|_| thread::sleep(Duration::from_millis(50))));
    assert!(attempts.any(|attempt| attempt.is_ok()), "there is room again");
}

#[test]
fn a_full_house_says_so() {
    let network = limited("full", "connections", 1);
    let _held = begin(&network).expect("a connection");
    assert!(refused(begin(&network)).starts_with("421 4.3.2 Troppe connessioni"));
}

#[test]
fn who_is_silent_is_sent_away() {
    let network = limited("silent", "smtp_idle_seconds", 3);
    let mut smtp = begin(&network).expect("a connection");
    assert_eq!(smtp.reply().expect("a last word"), "421 4.4.2 Tempo scaduto, connessione chiusa");
    assert!(smtp.reply().is_err(), "the connection is closed");
}

#[test]
fn readers_that_are_silent_are_sent_away() {
    let mut network = Network::new("readers", &["alfa.test"]);
    network.set("alfa.test", "imap_idle_seconds", 3);
    network.set("alfa.test", "pop3_idle_seconds", 3);
    network.serve("alfa.test");
    let mut imap = talk(&network, "imap");
    assert!(imap.line().expect("a greeting").starts_with("* OK"));
    assert!(imap.line().expect("a last word").starts_with("* BYE"));
    let mut pop3 = talk(&network, "pop3");
    assert!(pop3.line().expect("a greeting").starts_with("+OK"));
    assert!(pop3.line().is_err(), "nothing is said, and the connection is closed (RFC 1939)");
}

#[test]
fn a_session_does_not_last_for_ever() {
    let network = limited("long", "smtp_session_seconds", 3);
    let mut smtp = begin(&network).expect("a connection");
    let last = (0..1000).find_map(|_| {
        thread::sleep(Duration::from_millis(100));
        smtp.command("NOOP", "250").err()
    });
    assert!(last.expect("an end").to_string().starts_with("421 4.4.2"));
}

#[test]
fn a_handshake_that_does_not_come_is_not_waited_for() {
    let network = limited("handshake", "handshake_seconds", 1);
    for service in ["imap", "submissions"] {
        let mut clear = Clear::begin(network.port("alfa.test", service)).expect("a connection");
        assert!(clear.line().is_err(), "the connection is closed without a word");
    }
}

#[test]
fn wrong_passwords_shut_the_connection_then_the_account() {
    let network = limited("account", "failures_per_account", 4);
    let mut smtp = begin(&network).expect("a connection");
    for _ in 0..2 {
        let said = smtp.login(ANNA, "sbagliata").expect_err("a wrong password").to_string();
        assert_eq!(said, "535 5.7.8 Credenziali non valide");
    }
    assert!(smtp.login(ANNA, "sbagliata").is_err());
    assert!(smtp.reply().expect("a last word").starts_with("421 4.7.0 Troppi tentativi"));
    network.submit(ANNA);
    // A right password forgives what was before it; four wrong ones in a row do not pass.
    for _ in 0..2 {
        let mut smtp = begin(&network).expect("a connection");
        for _ in 0..2 {
            assert!(smtp.login(ANNA, "sbagliata").is_err());
        }
    }
    let said = begin(&network).expect("a connection").login(ANNA, network.password(ANNA));
    assert!(said.expect_err("a shut account").to_string().starts_with("535 5.7.8"));
    let mut pop3 = Pop3::begin(network.port("alfa.test", "pop3"), &network.tls).expect("a connection");
    let said = pop3.login(ANNA, network.password(ANNA)).expect_err("a shut account").to_string();
    assert!(said.starts_with("-ERR [AUTH]"), "{said}");
}

#[test]
fn a_peer_with_too_many_wrong_passwords_is_not_let_in() {
    let network = limited("peer", "failures_per_peer", 3);
    for name in ["uno", "due", "tre"] {
        assert!(begin(&network).expect("a connection").login(name, "sbagliata").is_err());
    }
    assert!(refused(begin(&network)).starts_with("421 4.7.0 Troppe credenziali errate"));
    assert!(talk(&network, "imap").line().expect("a line").starts_with("* BYE"));
}

#[test]
fn lines_sizes_and_recipients_have_their_replies() {
    let mut network = Network::new("sizes", &["alfa.test"]);
    network.set("alfa.test", "max_octets", 10_000);
    network.set("alfa.test", "max_recipients", 2);
    network.serve("alfa.test");
    let mut smtp = network.submit(ANNA);
    let declared = smtp.command(&format!("MAIL FROM:<{ANNA}> SIZE=20001"), "250").expect_err("too large");
    assert!(declared.to_string().starts_with("552 5.3.4"), "{declared}");
    smtp.command(&format!("MAIL FROM:<{ANNA}>"), "250").expect("a sender");
    for recipient in ["uno@gamma.test", "due@gamma.test"] {
        smtp.command(&format!("RCPT TO:<{recipient}>"), "250").expect("a recipient");
    }
    smtp.command(&format!("RCPT TO:<{CARLA}>"), "452 4.5.3").expect("one recipient too many");
    smtp.command("DATA", "354").expect("room for a message");
    let text = "riga\r\n".repeat(4000);
    let said = smtp.command(&format!("Subject: x\r\n\r\n{text}."), "552 5.3.4");
    said.expect("a message that is too large");
    smtp.command(&"x".repeat(3000), "500 5.5.2").expect("a line that is too long");
}

#[test]
fn who_sends_nothing_at_all_holds_nothing_after_it_has_gone() {
    let network = limited("gone", "connections", 1);
    for _ in 0..20 {
        drop(TcpStream::connect(("127.0.0.1", network.port("alfa.test", "imap"))).expect("a connection"));
    }
    let mut attempts = (0..100).map(|_| begin(&network).inspect_err(|_| thread::sleep(Duration::from_millis(50))));
    assert!(attempts.any(|attempt| attempt.is_ok()));
}
