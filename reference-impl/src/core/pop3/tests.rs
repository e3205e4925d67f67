use super::Session;
use crate::core::mailbox::{
    Reader,
    desk::{ANNA, Desk, Disk},
};

const FIRST: &str = "Subject: uno\r\n\r\n.punto\r\nriga\r\naltra\r\n";
const SECOND: &str = "Subject: due\r\n\r\nciao\r\n";

fn visit(desk: &mut Desk) -> Session {
    let mut session = Session::new();
    assert!(desk.secure(&mut session).starts_with("+OK mx.alfa.test POP3"));
    assert_eq!(desk.say(&mut session, &format!("USER {ANNA}")), "+OK\r\n");
    assert!(desk.say(&mut session, "PASS segreto").starts_with("+OK"));
    session
}

fn filled() -> Desk {
    let mut desk = Desk::new();
    desk.store(FIRST);
    desk.store(SECOND);
    desk
}

#[test]
fn messages_are_counted_listed_and_fetched_as_they_are() {
    let mut desk = filled();
    let session = &mut visit(&mut desk);
    assert_eq!(desk.say(session, "STAT"), format!("+OK 2 {}\r\n", FIRST.len() + SECOND.len()));
    assert_eq!(desk.say(session, "LIST"), format!("+OK\r\n1 {}\r\n2 {}\r\n.\r\n", FIRST.len(), SECOND.len()));
    assert_eq!(desk.say(session, "LIST 2"), format!("+OK 2 {}\r\n", SECOND.len()));
    assert_eq!(desk.say(session, "UIDL"), "+OK\r\n1 1\r\n2 2\r\n.\r\n");
    let stuffed = FIRST.replace("\r\n.", "\r\n..");
    assert_eq!(desk.say(session, "RETR 1"), format!("+OK {} ottetti\r\n{stuffed}.\r\n", FIRST.len()));
    assert!(desk.say(session, "TOP 1 1").ends_with("\r\nSubject: uno\r\n\r\n..punto\r\n.\r\n"));
    assert!(desk.say(session, "TOP 2 0").ends_with("\r\nSubject: due\r\n\r\n.\r\n"));
    for line in ["RETR 3", "RETR 0", "RETR x", "RETR", "TOP 1", "TOP 1 x", "LIST 3", "DELE 3", "NOOP 1", "BAU"] {
        assert!(desk.say(session, line).starts_with("-ERR"), "{line}");
    }
}

#[test]
fn deletions_stand_at_quit_and_not_before() {
    let mut desk = filled();
    let session = &mut visit(&mut desk);
    assert_eq!(desk.say(session, "DELE 1"), "+OK\r\n");
    assert!(desk.say(session, "RETR 1").starts_with("-ERR"));
    assert_eq!(desk.say(session, "STAT"), format!("+OK 1 {}\r\n", SECOND.len()));
    assert_eq!(desk.commits, 0);
    desk.disk = Disk::Hangs;
    assert_eq!(desk.say(session, "QUIT"), "");
    let session = &mut visit(&mut desk);
    assert_eq!(desk.say(session, "UIDL"), "+OK\r\n1 1\r\n2 2\r\n.\r\n");
    desk.disk = Disk::Stands;
    desk.say(session, "DELE 1");
    assert_eq!(desk.send(session, b"QUIT\r\n"), ("+OK Arrivederci\r\n".to_owned(), true));
    let session = &mut visit(&mut desk);
    assert_eq!(desk.say(session, "UIDL"), "+OK\r\n1 2\r\n.\r\n");
    assert_eq!(desk.ledger.room(ANNA), Some(4096 - SECOND.len() as u64));
}

#[test]
fn a_disk_that_fails_at_quit_is_told() {
    let mut desk = filled();
    let session = &mut visit(&mut desk);
    desk.say(session, "DELE 2");
    desk.disk = Disk::Fails;
    let (said, closed) = desk.send(session, b"QUIT\r\n");
    assert!(said.starts_with("-ERR [SYS/TEMP]") && closed);
    assert_eq!(desk.ledger.account(ANNA).unwrap().messages().len(), 2);
}

#[test]
fn rset_and_silence_delete_nothing() {
    let mut desk = filled();
    let session = &mut visit(&mut desk);
    desk.say(session, "DELE 1");
    desk.say(session, "RSET");
    assert_eq!(desk.say(session, "UIDL 1"), "+OK 1 1\r\n");
    desk.say(session, "DELE 1");
    session.expire();
    assert_eq!(desk.commits, 0);
}

#[test]
fn nothing_is_served_before_the_login_and_the_third_wrong_one_closes() {
    //= PEC-5.2-01
    //= type=test
    let mut desk = filled();
    let session = &mut Session::new();
    session.push((&b"CAPA\r\n"[..]).into());
    desk.secure(session);
    for line in ["STAT", "RETR 1", "PASS segreto"] {
        assert!(desk.say(session, line).starts_with("-ERR"), "{line}");
    }
    for attempt in 1..=3 {
        desk.say(session, &format!("USER {ANNA}"));
        let (said, closed) = desk.send(session, b"PASS sbagliata\r\n");
        assert!(said.starts_with("-ERR [AUTH]"));
        assert_eq!(closed, attempt == 3);
    }
}

#[test]
fn the_service_mailbox_can_be_read_and_a_stranger_has_none() {
    let mut desk = filled();
    for (account, answer) in
        [("ricevute@alfa.test", "+OK 0"), ("ANNA@alfa.test", "+OK 2"), ("posta-certificata@alfa.test", "-ERR")]
    {
        let session = &mut Session::new();
        desk.secure(session);
        desk.say(session, &format!("USER {account}"));
        assert!(desk.say(session, "PASS segreto").starts_with(answer), "{account}");
    }
}

#[test]
fn a_long_message_comes_in_lots_and_whole() {
    let mut desk = Desk::new();
    let body = format!("Subject: x\r\n\r\n{}", ".riga\r\n".repeat(100_000));
    desk.store(body.clone());
    let session = &mut visit(&mut desk);
    let said = desk.say(session, "RETR 1");
    let (_, wire) = said.split_once("\r\n").unwrap();
    assert_eq!(wire.strip_suffix(".\r\n").unwrap().replace("\r\n..", "\r\n."), body);
}

#[test]
fn what_another_reader_took_away_is_missed_and_never_taken_for_another() {
    let mut desk = filled();
    let session = &mut visit(&mut desk);
    desk.remove(1);
    desk.store("Subject: tre\r\n\r\n");
    assert!(desk.say(session, "RETR 2").contains("Subject: due"));
    desk.say(session, "DELE 1");
    desk.say(session, "QUIT");
    let left: Vec<u32> = desk.ledger.account(ANNA).unwrap().messages().keys().copied().collect();
    assert_eq!(left, [2, 3]);
}

#[test]
fn lines_without_end_and_floods_close() {
    let mut desk = filled();
    let session = &mut visit(&mut desk);
    assert!(desk.send(session, &[b'x'; 600]).1);
    let session = &mut visit(&mut desk);
    assert!(desk.send(session, b"NOOP\n").1);
    let session = &mut visit(&mut desk);
    desk.disk = Disk::Hangs;
    desk.say(session, "DELE 1");
    desk.say(session, "QUIT");
    assert!(desk.send(session, &vec![b'x'; 70_000]).1);
}

proptest::proptest! {
    #[test]
    fn any_octets_are_survived(words in proptest::collection::vec(word(), 0..40)) {
        let mut desk = filled();
        let mut session = visit(&mut desk);
        for octets in words {
            if desk.send(&mut session, &octets).1 {
                break;
            }
        }
    }
}

/// Pieces of commands, and noise.
fn word() -> impl proptest::strategy::Strategy<Value = Vec<u8>> {
    use proptest::prelude::*;
    let known = prop::sample::select(vec![
        "\r\n",
        "LIST",
        "UIDL ",
        "RETR ",
        "TOP ",
        "DELE ",
        "1",
        " 2",
        " 99999999999999999999",
        "-1",
        "RSET",
        "STAT\r\n",
        "USER x",
    ]);
    prop_oneof![4 => known.prop_map(|word| word.as_bytes().to_vec()), 1 => prop::collection::vec(any::<u8>(), 1..9)]
}
