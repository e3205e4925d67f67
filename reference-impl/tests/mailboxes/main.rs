//! Clients that others wrote read their mail: Python's `smtplib`, `imaplib` and `poplib` against the node on loopback.
//!
//! The handshake is taken as done, since TLS is the driver's affair.

mod house;

use std::{path::PathBuf, process::Command};

use house::House;

/// Runs a script with the ports of submission, IMAP and POP3; gives what it printed.
fn script(house: &House, name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/mailboxes").join(name);
    let ports = [465, 993, 995].map(|port| house.port(port).to_string());
    let done = Command::new("python3").arg(path).args(ports).output().expect("python3 runs");
    assert!(done.status.success(), "{name}:\n{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("scripts print text")
}

#[test]
fn clients_of_the_standard_library_read_mark_and_remove() {
    if Command::new("python3").arg("--version").output().is_err() {
        return eprintln!("skipped: python3 is missing");
    }
    let house = House::open();
    let fetched = script(&house, "read.py");
    let stored = house.mailbox("anna@alfa.test");
    assert_eq!(fetched.lines().map(str::to_owned).collect::<Vec<_>>(), stored, "octets differ from those stored");
    // What was told stays so after a crash, and no number is given twice.
    house.restart();
    script(&house, "again.py");
}
