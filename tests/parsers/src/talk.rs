//! Dialogues: what a client may say to the reference.

use std::cell::RefCell;

use crate::node::{Bench, Disk};

/// SMTP between providers (`r`, `R`) or from a user (`s`, `S`), as the first octet says; a capital letter cuts what follows at
/// line ends, as it must be where TLS begins in between.
pub(crate) fn smtp(octets: &[u8]) {
    let Some((mode, said)) = octets.split_first() else { return };
    let port = if mode.eq_ignore_ascii_case(&b's') { 587 } else { 25 };
    speak(&mut Bench::new(), port, said, mode.is_ascii_uppercase());
}

/// IMAP with a mailbox that holds messages; the first octet cuts as for SMTP.
pub(crate) fn imap(octets: &[u8]) {
    read_mail(993, octets);
}

/// POP3 with a mailbox that holds messages; the first octet cuts as for SMTP.
pub(crate) fn pop3(octets: &[u8]) {
    read_mail(995, octets);
}

/// What a directory answers over LDAP.
pub(crate) fn ldap(octets: &[u8]) {
    let (mut bench, asked) = Bench::asking_the_directory();
    if let Some(conn) = asked {
        bench.hear(conn, octets);
        bench.close(conn);
    }
}

fn read_mail(port: u16, octets: &[u8]) {
    thread_local!(static LIVED_IN: RefCell<Disk> = RefCell::new(lived_in()));
    let Some((mode, said)) = octets.split_first() else { return };
    speak(&mut Bench::on(LIVED_IN.with_borrow(Clone::clone)), port, said, mode.is_ascii_uppercase());
}

fn speak(bench: &mut Bench, port: u16, said: &[u8], by_line: bool) {
    let conn = bench.open(port);
    match by_line {
        true => said.split_inclusive(|octet| *octet == b'\n').for_each(|line| bench.hear(conn, line)),
        false => bench.hear(conn, said),
    }
    bench.close(conn);
}

/// A provider whose user Anna has sent two messages to Aldo, and has their receipts.
fn lived_in() -> Disk {
    let mut bench = Bench::new();
    let said = include_bytes!("../submission.txt");
    speak(&mut bench, 587, said, true);
    let taken = bench.said.windows(5).filter(|window| window.starts_with(b"250 2")).count();
    assert!(taken >= 2, "the submissions were refused: {}", String::from_utf8_lossy(&bench.said));
    bench.into_disk()
}
