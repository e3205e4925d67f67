use base64::{Engine, engine::general_purpose::STANDARD};

use super::Session;
use crate::core::mailbox::{
    Reader,
    desk::{ANNA, Desk, Disk},
};

const PLAIN: &str = "Date: Mon, 2 Mar 2026 11:00:00 +0100\r\nFrom: \"Anna Q.\" <anna@alfa.test>\r\n\
    To: Gruppo: a@b, c@d;\r\nSubject: =?utf-8?Q?citt=C3=A0?=\r\nMessage-ID: <1@x>\r\n\r\nBuongiorno a tutti.\r\n";
const MIXED: &str = "From: b@beta.test\r\nSubject: busta\r\nMIME-Version: 1.0\r\n\
    Content-Type: multipart/signed; protocol=\"application/x-pkcs7-signature\"; boundary=\"a b\"\r\n\r\n\
    --a b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n\
    --c\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nY2lhbyBtb25kbw==\r\n\
    --c\r\nContent-Type: message/rfc822; name=postacert.eml\r\nContent-Disposition: attachment; filename=postacert.eml\r\n\r\n\
    Subject: dentro\r\n\r\nuno\r\ndue\r\n\r\n--c--\r\n\
    --a b\r\nContent-Type: application/x-pkcs7-signature\r\n\r\nMIIB\r\n--a b--\r\n";

fn visit(desk: &mut Desk) -> Session {
    let mut session = Session::new();
    assert!(desk.secure(&mut session).starts_with("* OK [CAPABILITY IMAP4rev1 "));
    assert!(desk.say(&mut session, &format!("a LOGIN {ANNA} segreto")).starts_with("a OK"));
    session
}

fn selected(desk: &mut Desk) -> Session {
    let mut session = visit(desk);
    assert!(desk.say(&mut session, "s SELECT inbox").ends_with("s OK [READ-WRITE] Fatto\r\n"));
    session
}

fn filled() -> Desk {
    let mut desk = Desk::new();
    desk.store(PLAIN);
    desk.store(MIXED);
    desk
}

#[test]
fn nothing_is_served_before_the_login_and_the_third_wrong_one_closes() {
    //= PEC-5.2-01
    //= type=test
    let mut desk = filled();
    let session = &mut Session::new();
    session.push((&b"a CAPABILITY\r\n"[..]).into());
    assert!(!desk.secure(session).contains("a OK"));
    for line in ["a SELECT INBOX", "a LIST \"\" *", "a FETCH 1 FLAGS"] {
        assert!(desk.say(session, line).starts_with("a BAD"), "{line}");
    }
    assert!(desk.say(session, "a LOGIN anna@alfa.test no").starts_with("a NO [AUTHENTICATIONFAILED]"));
    assert!(desk.say(session, "a AUTHENTICATE PLAIN x!").starts_with("a BAD"));
    assert!(desk.say(session, "a LOGIN bruno@beta.test segreto").starts_with("a NO"));
    let (said, closed) = desk.send(session, b"a LOGIN anna@alfa.test no\r\n");
    assert!(said.ends_with("* BYE Troppi tentativi\r\n") && closed, "{said}");
}

#[test]
fn authenticate_plain_takes_its_response_at_once_or_later() {
    let mut desk = filled();
    let response = STANDARD.encode(format!("\0{ANNA}\0segreto"));
    let session = &mut Session::new();
    desk.secure(session);
    assert!(desk.say(session, &format!("a AUTHENTICATE PLAIN {response}")).starts_with("a OK"));
    let session = &mut Session::new();
    desk.secure(session);
    assert_eq!(desk.say(session, "a AUTHENTICATE PLAIN"), "+ \r\n");
    assert!(desk.say(session, &response).starts_with("a OK"));
    let session = &mut Session::new();
    desk.secure(session);
    desk.say(session, "a AUTHENTICATE PLAIN");
    assert!(desk.say(session, "*").starts_with("a BAD"));
    let other = STANDARD.encode(format!("carla@alfa.test\0{ANNA}\0segreto"));
    assert!(desk.say(session, &format!("a AUTHENTICATE PLAIN {other}")).starts_with("a NO"));
}

#[test]
fn select_tells_what_there_is() {
    let mut desk = filled();
    let session = &mut visit(&mut desk);
    let said = desk.say(session, "s SELECT INBOX");
    for line in
        ["* 2 EXISTS", "* 2 RECENT", "* OK [UNSEEN 1]", "* OK [UIDVALIDITY 1]", "* OK [UIDNEXT 3]", "(\\Answered"]
    {
        assert!(said.contains(line), "{line}: {said}");
    }
    // Only the first reader was the first to be told.
    assert!(desk.say(session, "s EXAMINE INBOX").contains("* 0 RECENT"));
    assert!(desk.say(session, "s SELECT Sent").starts_with("s NO [NONEXISTENT]"));
    assert!(desk.say(session, "s FETCH 1 FLAGS").starts_with("s BAD"));
    let status = desk.say(session, "s STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY UNSEEN RECENT)");
    assert!(status.starts_with("* STATUS INBOX (MESSAGES 2 UIDNEXT 3 UIDVALIDITY 1 UNSEEN 2 RECENT 0)"), "{status}");
}

#[test]
fn list_knows_one_mailbox() {
    let mut desk = filled();
    let session = &mut visit(&mut desk);
    for (pattern, listed) in
        [("*", true), ("%", true), ("inbox", true), ("I*X", true), ("Sent", false), ("INBO", false)]
    {
        for verb in ["LIST", "LSUB"] {
            let said = desk.say(session, &format!("l {verb} \"\" \"{pattern}\""));
            assert_eq!(said.contains(&format!("* {verb} (\\Noinferiors) \"/\" INBOX")), listed, "{pattern}: {said}");
            assert!(said.ends_with("l OK Fatto\r\n"));
        }
    }
    assert!(desk.say(session, "l LIST \"\" \"\"").starts_with("* LIST (\\Noselect) \"/\" \"\"\r\n"));
}

#[test]
fn quota_is_told_in_units_of_1024() {
    let mut desk = filled();
    let session = &mut visit(&mut desk);
    let said = desk.say(session, "q GETQUOTAROOT INBOX");
    assert!(said.starts_with("* QUOTAROOT INBOX \"\"\r\n* QUOTA \"\" (STORAGE 1 4)\r\nq OK"), "{said}");
    assert!(desk.say(session, "q GETQUOTA \"\"").starts_with("* QUOTA \"\" (STORAGE 1 4)"));
    assert!(desk.say(session, "q SETQUOTA \"\" (STORAGE 9)").starts_with("q NO"));
}

#[test]
fn fetched_octets_are_the_stored_ones() {
    let mut desk = filled();
    let session = &mut selected(&mut desk);
    let said = desk.say(session, "f UID FETCH 1:* (BODY.PEEK[])");
    let one = format!("* 1 FETCH (UID 1 BODY[] {{{}}}\r\n{PLAIN})\r\n", PLAIN.len());
    let two = format!("* 2 FETCH (UID 2 BODY[] {{{}}}\r\n{MIXED})\r\n", MIXED.len());
    assert_eq!(said, format!("{one}{two}f OK Fatto\r\n"));
    let said = desk.say(session, "f FETCH 1 (BODY.PEEK[]<6.3> BODY.PEEK[TEXT]<0.4> BODY.PEEK[]<9999.5>)");
    assert!(
        said.starts_with("* 1 FETCH (BODY[]<6> {3}\r\nMon BODY[TEXT]<0> {4}\r\nBuon BODY[]<9999> {0}\r\n)\r\n"),
        "{said}"
    );
    let said = desk.say(session, "f FETCH 1 (RFC822.SIZE INTERNALDATE RFC822.HEADER)");
    let dated = format!("RFC822.SIZE {} INTERNALDATE \"02-Mar-2026 10:00:00 +0000\" RFC822.HEADER {{", PLAIN.len());
    assert!(said.contains(&dated), "{said}");
    assert_eq!(desk.commits, 0);
}

#[test]
fn parts_headers_and_fields_are_fetched_by_their_numbers() {
    let mut desk = filled();
    let session = &mut selected(&mut desk);
    let mut fetched = |section: &str| {
        let said = desk.say(session, &format!("f FETCH 2 BODY.PEEK[{section}]"));
        let inner = said.strip_prefix(&format!("* 2 FETCH (BODY[{section}] ")).unwrap_or_else(|| panic!("{said}"));
        inner.strip_suffix(")\r\nf OK Fatto\r\n").unwrap_or_else(|| panic!("{said}")).to_owned()
    };
    assert_eq!(fetched("1.1"), "{16}\r\nY2lhbyBtb25kbw==");
    assert_eq!(fetched("1.2"), "{29}\r\nSubject: dentro\r\n\r\nuno\r\ndue\r\n");
    assert_eq!(fetched("1.2.HEADER"), "{19}\r\nSubject: dentro\r\n\r\n");
    assert_eq!(fetched("1.2.TEXT"), "{10}\r\nuno\r\ndue\r\n");
    assert_eq!(fetched("1.2.1"), "{10}\r\nuno\r\ndue\r\n");
    assert_eq!(fetched("2.MIME"), "{47}\r\nContent-Type: application/x-pkcs7-signature\r\n\r\n");
    assert_eq!(fetched("HEADER.FIELDS (Subject)"), "{18}\r\nSubject: busta\r\n\r\n");
    assert_eq!(fetched("3"), "NIL");
    assert_eq!(fetched("1.1.HEADER"), "NIL");
}

#[test]
fn envelope_and_structure_are_told() {
    let mut desk = filled();
    let session = &mut selected(&mut desk);
    let said = desk.say(session, "f FETCH 1 ALL");
    let envelope = "ENVELOPE (\"Mon, 2 Mar 2026 11:00:00 +0100\" \"=?utf-8?Q?citt=C3=A0?=\" \
        ((\"Anna Q.\" NIL \"anna\" \"alfa.test\")) ((\"Anna Q.\" NIL \"anna\" \"alfa.test\")) \
        ((\"Anna Q.\" NIL \"anna\" \"alfa.test\")) \
        ((NIL NIL \"Gruppo\" NIL)(NIL NIL \"a\" \"b\")(NIL NIL \"c\" \"d\")(NIL NIL NIL NIL)) NIL NIL NIL \"<1@x>\")";
    assert!(said.contains(envelope) && said.contains("FLAGS (\\Recent)"), "{said}");
    let said = desk.say(session, "f FETCH 1:2 BODY");
    assert!(said.contains("* 1 FETCH (BODY (\"TEXT\" \"plain\" NIL NIL NIL \"7bit\" 21 1))"), "{said}");
    let signed = "* 2 FETCH (BODY (((\"TEXT\" \"plain\" (\"charset\" \"utf-8\") NIL NIL \"base64\" 16 0)\
        (\"MESSAGE\" \"RFC822\" (\"name\" \"postacert.eml\") NIL NIL \"7bit\" 29 \
        (NIL \"dentro\" NIL NIL NIL NIL NIL NIL NIL NIL) (\"TEXT\" \"plain\" NIL NIL NIL \"7bit\" 10 2) 4) \"mixed\")\
        (\"application\" \"x-pkcs7-signature\" NIL NIL NIL \"7bit\" 4) \"signed\"))\r\n";
    assert!(said.contains(signed), "{said}");
    let said = desk.say(session, "f FETCH 2 BODYSTRUCTURE");
    assert!(said.contains("(\"attachment\" (\"filename\" \"postacert.eml\"))"), "{said}");
    assert!(
        said.contains("\"signed\" (\"protocol\" \"application/x-pkcs7-signature\" \"boundary\" \"a b\") NIL)"),
        "{said}"
    );
}

#[test]
fn reading_marks_as_seen_and_only_once_it_is_on_disk() {
    let mut desk = filled();
    let session = &mut selected(&mut desk);
    desk.disk = Disk::Hangs;
    assert_eq!(desk.say(session, "f FETCH 1 BODY[TEXT]"), "");
    desk.disk = Disk::Fails;
    let session = &mut selected(&mut desk);
    assert!(desk.say(session, "f FETCH 1 BODY[TEXT]").starts_with("f NO [UNAVAILABLE]"));
    desk.disk = Disk::Stands;
    let said = desk.say(session, "f FETCH 1 BODY[TEXT]");
    assert!(said.contains("Buongiorno a tutti.\r\n FLAGS (\\Seen))"), "{said}");
    assert!(!desk.say(session, "f FETCH 1 BODY[TEXT]").contains("FLAGS"));
    assert_eq!(desk.commits, 1);
    desk.say(session, "e EXAMINE INBOX");
    assert!(desk.say(session, "f FETCH 2 BODY[TEXT]").contains("pkcs7"));
    assert_eq!(desk.commits, 1);
}

#[test]
fn flags_are_stored_and_told_unless_silence_is_asked_for() {
    let mut desk = filled();
    let session = &mut selected(&mut desk);
    let said = desk.say(session, "t STORE 1 +FLAGS (\\Flagged \\Seen mio)");
    assert_eq!(said, "* 1 FETCH (UID 1 FLAGS (\\Flagged \\Seen \\Recent))\r\nt OK Fatto\r\n");
    assert!(desk.say(session, "t STORE 1 +FLAGS (\\Seen)").starts_with("* 1 FETCH "));
    assert_eq!(desk.say(session, "t UID STORE 1 -FLAGS.SILENT (\\Seen)"), "t OK Fatto\r\n");
    let said = desk.say(session, "t STORE 1:2 FLAGS (\\Deleted)");
    assert!(
        said.contains("* 1 FETCH (UID 1 FLAGS (\\Deleted \\Recent))\r\n* 2 FETCH (UID 2 FLAGS (\\Deleted \\Recent))")
    );
    assert!(desk.say(session, "t STORE 3 FLAGS ()").starts_with("t BAD"));
    desk.disk = Disk::Fails;
    assert!(desk.say(session, "t STORE 1 FLAGS ()").starts_with("t NO"));
    desk.disk = Disk::Stands;
    desk.say(session, "e EXAMINE INBOX");
    assert!(desk.say(session, "t STORE 1 FLAGS ()").starts_with("t NO [READ-ONLY]"));
}

#[test]
fn expunged_messages_free_room_and_never_lend_their_numbers() {
    let mut desk = filled();
    desk.store("Subject: tre\r\n\r\n");
    let room = desk.ledger.room(ANNA).unwrap();
    let session = &mut selected(&mut desk);
    desk.say(session, "t STORE 1,3 +FLAGS.SILENT \\Deleted");
    assert_eq!(desk.say(session, "x UID EXPUNGE 2:3"), "* 3 EXPUNGE\r\nx OK Fatto\r\n");
    assert_eq!(desk.say(session, "x EXPUNGE"), "* 1 EXPUNGE\r\nx OK Fatto\r\n");
    assert_eq!(desk.ledger.room(ANNA), Some(room + PLAIN.len() as u64 + 16));
    desk.store("Subject: quattro\r\n\r\n");
    assert!(desk.say(session, "n NOOP").contains("* 2 EXISTS"));
    assert!(desk.say(session, "f FETCH 1:* UID").starts_with("* 1 FETCH (UID 2)\r\n* 2 FETCH (UID 4)"));
    desk.say(session, "t STORE 1 +FLAGS \\Deleted");
    assert_eq!(desk.say(session, "c CLOSE"), "c OK Fatto\r\n");
    assert!(desk.say(session, "f FETCH 1 FLAGS").starts_with("f BAD"));
    assert_eq!(desk.ledger.account(ANNA).unwrap().messages().len(), 1);
}

#[test]
fn unselect_and_a_failed_disk_remove_nothing() {
    let mut desk = filled();
    let session = &mut selected(&mut desk);
    desk.say(session, "t STORE 1 +FLAGS \\Deleted");
    desk.disk = Disk::Fails;
    assert!(desk.say(session, "x EXPUNGE").starts_with("x NO"));
    assert_eq!(desk.say(session, "u UNSELECT"), "u OK Fatto\r\n");
    assert_eq!(desk.ledger.account(ANNA).unwrap().messages().len(), 2);
}

#[test]
fn what_another_reader_does_is_told_when_numbers_may_change() {
    let mut desk = filled();
    let session = &mut selected(&mut desk);
    desk.remove(1);
    let said = desk.say(session, "f FETCH 1:2 BODY.PEEK[HEADER.FIELDS (Subject)]");
    assert!(
        said.contains("* 2 FETCH") && said.ends_with("f NO [EXPUNGEISSUED] Messaggi non piu presenti\r\n"),
        "{said}"
    );
    assert_eq!(desk.say(session, "n NOOP"), "* 1 EXPUNGE\r\nn OK Fatto\r\n");
}

#[test]
fn idle_tells_at_once() {
    let mut desk = filled();
    let session = &mut selected(&mut desk);
    assert_eq!(session.watches(), None);
    assert_eq!(desk.say(session, "i IDLE"), "+ In ascolto\r\n");
    assert_eq!(session.watches(), Some(ANNA));
    desk.store("Subject: tre\r\n\r\n");
    assert_eq!(desk.serve(session).0, "* 3 EXISTS\r\n* 3 RECENT\r\n");
    desk.remove(1);
    assert_eq!(desk.say(session, "DONE"), "* 1 EXPUNGE\r\ni OK Fatto\r\n");
}

#[test]
fn search_finds_by_flag_field_text_and_date() {
    let mut desk = filled();
    let session = &mut selected(&mut desk);
    desk.say(session, "t STORE 1 +FLAGS.SILENT \\Seen");
    for (keys, found) in [
        ("ALL", " 1 2"),
        ("UNSEEN", " 2"),
        ("SEEN SUBJECT \"citta\"", ""),
        ("CHARSET UTF-8 SUBJECT citt", " 1"),
        ("FROM BETA.test", " 2"),
        ("NOT FROM beta.test", " 1"),
        ("OR SEEN HEADER Subject bust", " 1 2"),
        ("HEADER Message-ID \"\"", " 1"),
        ("BODY \"ciao mondo\"", " 2"),
        ("TEXT dentro", " 2"),
        ("BODY buongiorno", " 1"),
        // A signature is no text.
        ("BODY MIIB", ""),
        ("SINCE 2-Mar-2026", " 1 2"),
        ("BEFORE 2-Mar-2026", ""),
        ("SENTON 2-Mar-2026", " 1"),
        ("LARGER 300", " 2"),
        ("UID 2:9", " 2"),
        ("1", " 1"),
        ("(SEEN FLAGGED)", ""),
        ("KEYWORD mio", ""),
    ] {
        let said = desk.say(session, &format!("q SEARCH {keys}"));
        assert_eq!(said, format!("* SEARCH{found}\r\nq OK Fatto\r\n"), "{keys}");
    }
    desk.remove(1);
    desk.say(session, "n NOOP");
    assert!(desk.say(session, "q UID SEARCH ALL").starts_with("* SEARCH 2\r\n"));
    assert!(desk.say(session, "q SEARCH 1").starts_with("* SEARCH 1\r\n"));
    assert!(desk.say(session, "q SEARCH CHARSET KOI8-R ALL").starts_with("q NO [BADCHARSET"));
}

#[test]
fn nothing_can_be_added_or_moved() {
    let mut desk = filled();
    let session = &mut selected(&mut desk);
    for line in ["CREATE Sent", "DELETE INBOX", "RENAME INBOX x", "COPY 1 INBOX", "UID MOVE 1 INBOX", "SUBSCRIBE x"] {
        assert!(desk.say(session, &format!("a {line}")).starts_with("a NO [CANNOT]"), "{line}");
    }
    assert!(desk.say(session, "a APPEND INBOX (\\Seen) {30000000}").starts_with("a NO [CANNOT]"));
    assert!(desk.say(session, "b NOOP").starts_with("b OK"));
    assert!(desk.say(session, "a FETCH 1 BINARY[1]").starts_with("a BAD"));
}

#[test]
fn literals_are_asked_for_and_limited() {
    let mut desk = filled();
    let session = &mut Session::new();
    desk.secure(session);
    assert_eq!(desk.say(session, &format!("a LOGIN {{{}}}", ANNA.len())), "+ Pronto\r\n");
    assert!(desk.say(session, &format!("{ANNA} {{7+}}\r\nsegreto")).starts_with("a OK"));
    assert!(desk.say(session, "b SELECT {5000}").starts_with("b BAD"));
    assert!(desk.say(session, "c NOOP").starts_with("c OK"));
    let (said, closed) = desk.send(session, b"d SELECT {5000+}\r\n");
    assert!(said.starts_with("* BYE") && closed);
}

#[test]
fn nonsense_is_refused_and_too_much_of_it_closes() {
    let mut desk = filled();
    let session = &mut visit(&mut desk);
    assert!(desk.say(session, "a BAU").starts_with("a BAD"));
    assert!(desk.say(session, "").starts_with("* BAD"));
    assert!((0..30).any(|_| desk.send(session, b"\xff\x00 {x}\r\n").1));
    let session = &mut visit(&mut desk);
    assert!(desk.send(session, &vec![b'x'; 70_000]).1);
}

#[test]
fn what_nobody_needs_is_not_gathered() {
    let mut desk = filled();
    let session = &mut selected(&mut desk);
    let said = desk.say(session, &format!("f FETCH 1 ({})", ["ENVELOPE"; 5000].join(" ")));
    assert_eq!(said.matches("ENVELOPE").count(), 1);
    let many = (0..60).map(|number| format!("BODY.PEEK[HEADER.FIELDS (X-{number})]")).collect::<Vec<_>>().join(" ");
    assert!(desk.say(session, &format!("f FETCH 1 ({many})")).starts_with("f BAD"));
    assert!(desk.say(session, &format!("q SEARCH {}", ["TEXT x"; 101].join(" "))).starts_with("q NO [LIMIT]"));
    assert!(desk.say(session, &format!("q SEARCH {}", ["TEXT x"; 100].join(" "))).ends_with("q OK Fatto\r\n"));
}

#[test]
fn a_dialogue_reads_the_same_in_every_cut() {
    let wire =
        b"a LOGIN {14}\r\nanna@alfa.test segreto\r\nb SELECT INBOX\r\nc FETCH 1:2 (UID BODY[HEADER])\r\nd LOGOUT\r\n";
    let run = |cut: usize| {
        let mut desk = filled();
        let session = &mut Session::new();
        let mut said = desk.secure(session);
        let mut over = false;
        for piece in wire.chunks(cut) {
            assert!(!over);
            let (more, closed) = desk.send(session, piece);
            said += &more;
            over = closed;
        }
        assert!(over);
        said
    };
    let whole = run(wire.len());
    assert!(whole.ends_with("* BYE Arrivederci\r\nd OK Fatto\r\n"));
    (1..wire.len()).for_each(|cut| assert_eq!(run(cut), whole, "cut {cut}"));
}

#[test]
fn a_message_whose_body_cannot_be_read_is_missed() {
    let mut desk = filled();
    let session = &mut selected(&mut desk);
    desk.lose_bodies();
    assert!(desk.say(session, "f FETCH 1 (BODY.PEEK[])").starts_with("f NO"));
    assert!(desk.say(session, "f FETCH 1 FLAGS").starts_with("* 1 FETCH"));
}

proptest::proptest! {
    #[test]
    fn any_octets_are_survived(words in proptest::collection::vec(word(), 0..40), logged_in: bool) {
        let mut desk = filled();
        let mut session = if logged_in { selected(&mut desk) } else { Session::new() };
        if !logged_in {
            desk.secure(&mut session);
        }
        for octets in words {
            if desk.send(&mut session, &octets).1 {
                break;
            }
        }
    }

    #[test]
    fn any_message_is_told(octets in message()) {
        let mut desk = Desk::new();
        desk.store(octets.clone());
        let session = &mut selected(&mut desk);
        let said = desk.say(session, "f FETCH 1 (ENVELOPE BODY BODYSTRUCTURE BODY.PEEK[1.1] BODY.PEEK[1.MIME])");
        assert!(said.ends_with(")\r\nf OK Fatto\r\n"), "{said}");
        let header = desk.say(session, "f FETCH 1 BODY.PEEK[HEADER]").len();
        let text = desk.say(session, "f FETCH 1 BODY.PEEK[TEXT]").len();
        assert!(header + text >= octets.len());
        desk.say(session, "q SEARCH TEXT x SENTSINCE 1-Jan-2026 FROM y");
    }
}

/// Pieces of commands, and noise.
fn word() -> impl proptest::strategy::Strategy<Value = Vec<u8>> {
    use proptest::prelude::*;
    let known = prop::sample::select(vec![
        "a ",
        "\r\n",
        "FETCH ",
        "UID ",
        "1:*",
        "*:4294967295",
        " (BODY[",
        "1.2.HEADER",
        "]<0.9>)",
        "STORE 1 FLAGS (\\Seen)",
        "SEARCH ",
        "OR NOT ",
        "SUBJECT ",
        "{3}\r\n",
        "{9+}\r\n",
        "\"x\\\"",
        "IDLE",
        "DONE\r\n",
        "EXPUNGE",
        "LIST \"\" ",
        "AUTHENTICATE PLAIN",
        "AGEAYg==",
        "CLOSE",
        "SELECT INBOX\r\n",
        "b NOOP\r\n",
        "HEADER.FIELDS (Subject",
        "((((",
    ]);
    prop_oneof![4 => known.prop_map(|word| word.as_bytes().to_vec()), 1 => prop::collection::vec(any::<u8>(), 1..9)]
}

/// Pieces of messages, all of them text.
fn message() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let known = prop::sample::select(vec![
        "\r\n",
        "\r\n\r\n",
        "From: ",
        "To: ",
        "\"a\\\" <",
        "x@y>",
        "(((",
        "a:b,c;",
        "Content-Type: multipart/mixed; boundary=x",
        "Content-Type: message/rfc822",
        "--x",
        "--x--",
        "Content-Disposition: attachment; filename*0=\"a",
        "Subject: città",
        "Content-Transfer-Encoding: base64",
        "\0",
        "\n",
        "=?utf-8?B?",
        "Date: Mon, 2 Mar 2026 11:00:00 +0100",
    ]);
    prop::collection::vec(known, 0..40).prop_map(|words| words.concat())
}
