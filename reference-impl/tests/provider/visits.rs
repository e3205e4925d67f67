use collaudo_node::{Bytes, ConnId, Effect, Host, Input, Node};
use gestore::{Gestore, found};

use crate::world::*;

const ANNA: &str = "anna@alfa.test";
const BRUNO: &str = "bruno@beta.test";

/// A session with anna's mailbox, or bruno's, selected.
fn select(world: &mut World, name: &str, account: &str) -> ConnId {
    let conn = world.open(name, 993);
    assert!(world.say(name, conn, &format!("a LOGIN {account} segreto\r\n")).starts_with("a OK"));
    assert!(world.say(name, conn, "s SELECT INBOX\r\n").ends_with("s OK [READ-WRITE] Fatto\r\n"));
    conn
}

#[test]
fn nothing_is_said_or_heard_before_the_handshake() {
    //= PEC-5.3-02
    //= type=test
    for (port, greeting) in [(465, "220 "), (993, "* OK "), (995, "+OK ")] {
        let config = config("alfa", "Gestore Alfa S.p.A.", &[("anna", None)]);
        let disk = Disk { records: vec![found(&config)], ..Disk::default() };
        let mut node = Gestore::recover(&disk, START);
        let conn = ConnId::Incoming(0);
        let mut take = |input| {
            let mut effects = Vec::new();
            node.handle(START, input, &mut effects);
            effects
        };
        assert_eq!(take(Input::Opened { conn, port, peer: Host("client".to_owned()) }), [Effect::StartTls { conn }]);
        assert_eq!(take(Input::Bytes { conn, bytes: Bytes::from_static(b"QUIT\r\na LOGOUT\r\n") }), []);
        let said = take(Input::Secured { conn });
        assert!(
            matches!(&said[..], [Effect::Write { bytes, .. }] if bytes.starts_with(greeting.as_bytes())),
            "{said:?}"
        );
    }
}

#[test]
fn a_user_submits_under_tls_from_the_first_octet() {
    let mut world = World::new();
    let conn = world.open("alfa", 465);
    let hello = world.say("alfa", conn, "EHLO client\r\n");
    assert!(hello.contains("AUTH PLAIN") && !hello.contains("STARTTLS"), "{hello}");
    // The account is anna, the password is segreto.
    assert!(world.say("alfa", conn, "AUTH PLAIN AGFubmFAYWxmYS50ZXN0AHNlZ3JldG8=\r\n").starts_with("235 "));
    assert!(world.give("alfa", conn, ANNA, &[BRUNO], &message(ANNA, BRUNO, "", "")).starts_with("250 "));
    assert_eq!(world.kinds(BRUNO), ["posta-certificata"]);
}

#[test]
fn a_message_that_is_removed_makes_room_at_the_delivery_point() {
    let mut world = World::new();
    world.anna_writes(&[BRUNO]);
    let octets = world.mailbox(BRUNO)[0].len() as u64;
    let mut world = World::new();
    world.add("beta", config("beta", "Gestore Beta S.p.A.", &[("bruno", Some(octets * 3 / 2))]));
    world.anna_writes(&[BRUNO]);
    world.anna_writes(&[BRUNO]);
    assert_eq!(world.events("beta", "consegna").len(), 1);
    let conn = select(&mut world, "beta", BRUNO);
    world.say("beta", conn, "t STORE 1 +FLAGS (\\Deleted)\r\n");
    assert!(world.say("beta", conn, "x EXPUNGE\r\n").starts_with("* 1 EXPUNGE\r\nx OK"));
    world.anna_writes(&[BRUNO]);
    assert_eq!(world.events("beta", "consegna").len(), 2);
}

#[test]
fn a_mark_is_told_once_it_is_on_disk_and_stays_there() {
    let mut world = World::new();
    world.anna_writes(&[BRUNO]);
    let conn = select(&mut world, "alfa", ANNA);
    world.machine("alfa").commits = Commits::Hang;
    assert_eq!(world.say("alfa", conn, "t STORE 1 +FLAGS (\\Flagged)\r\n"), "");
    world.release("alfa");
    assert!(world.say("alfa", conn, "n NOOP\r\n").starts_with("* 1 FETCH (UID 1 FLAGS (\\Flagged \\Recent))\r\nt OK"));
    world.crash("alfa");
    world.start("alfa");
    let conn = select(&mut world, "alfa", ANNA);
    assert!(world.say("alfa", conn, "f FETCH 1:2 FLAGS\r\n").starts_with("* 1 FETCH (FLAGS (\\Flagged \\Recent))\r\n"));
    world.machine("alfa").commits = Commits::Fail;
    assert!(world.say("alfa", conn, "t STORE 1 -FLAGS (\\Flagged)\r\n").starts_with("t NO"));
}

#[test]
fn who_idles_hears_of_arrivals_and_of_what_another_reader_does() {
    let mut world = World::new();
    world.anna_writes(&[BRUNO]);
    let idle = select(&mut world, "alfa", ANNA);
    assert!(world.say("alfa", idle, "i IDLE\r\n").starts_with("+ "));
    let other = select(&mut world, "alfa", ANNA);
    world.say("alfa", other, "t STORE 1 +FLAGS.SILENT (\\Deleted)\r\nx EXPUNGE\r\n");
    world.anna_writes(&[BRUNO]);
    let said = world.say("alfa", idle, "DONE\r\n");
    let told = ["* 1 FETCH (UID 1 FLAGS (\\Deleted \\Recent))", "* 1 EXPUNGE", "* 2 EXISTS", "* 3 EXISTS", "i OK"];
    let places: Vec<_> = told.iter().map(|line| said.find(line).unwrap_or_else(|| panic!("{line}: {said}"))).collect();
    assert!(places.is_sorted(), "{said}");
}

#[test]
fn a_reader_that_is_silent_is_sent_away_and_removes_nothing() {
    let mut world = World::new();
    world.anna_writes(&[BRUNO]);
    let conn = world.open("alfa", 995);
    world.say("alfa", conn, &format!("USER {ANNA}\r\nPASS segreto\r\n"));
    assert!(world.say("alfa", conn, "DELE 1\r\n").starts_with("+OK"));
    world.pass(minutes(11));
    assert_eq!(world.say("alfa", conn, "NOOP\r\n"), "");
    let conn = select(&mut world, "alfa", ANNA);
    assert!(world.say("alfa", conn, "f FETCH 1 UID\r\n").starts_with("* 1 FETCH (UID 1)"));
    world.pass(minutes(31));
    assert_eq!(world.say("alfa", conn, "n NOOP\r\n"), "* BYE Tempo scaduto\r\n");
}
