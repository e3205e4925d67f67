//! Goal: whoever looks into a mailbox gets what the server sends, octet for octet, and says so where it goes wrong.
//! Method: a scripted server for each dialogue; what was fetched is read from the trace.

mod toy;

use std::time::Duration;

use collaudo_record::{Event, What};
use collaudo_scenario::{Access, Plan, Visit};
use collaudo_world::Run;
use toy::{Answers, Script, alone, failures};

const ONE: &str = "Subject: uno\r\n\r\na3 OK no end\r\n)\r\n.\r\n..\r\nfine\r\n";
const TWO: &str = "Subject: due\r\n\r\n";

const IMAP: Answers = &[
    (993, "", "* OK [CAPABILITY IMAP4rev1] here {7}\r\n"),
    (993, "LOGIN \"anna@alfa.test\" \"segreta\"", "{tag} OK in\r\n"),
    (
        993,
        "SELECT INBOX",
        "* FLAGS (\\Seen)\r\n* 2 EXISTS\r\n* OK [UIDVALIDITY 1] valid\r\n{tag} OK [READ-WRITE] yours\r\n",
    ),
    (993, "UID FETCH 1:*", "* 1 FETCH (UID 4)\r\n* 2 FETCH (FLAGS (\\Seen) UID 11)\r\n{tag} OK\x20\r\n"),
    (
        993,
        "UID FETCH 4 BODY.PEEK[]",
        "* 2 FETCH (FLAGS ())\r\n* 1 FETCH (UID 4 BODY[] {46}\r\nSubject: uno\r\n\r\na3 OK no end\r\n)\r\n.\r\n..\r\nfine\r\n\
         )\r\n{tag} OK done\r\n",
    ),
    (993, "UID FETCH 11 BODY.PEEK[]", "* 2 FETCH (BODY[] {16}\r\nSubject: due\r\n\r\n UID 11)\r\n{tag} OK done\r\n"),
    (993, "UID STORE", "{tag} OK stored\r\n"),
    (993, "EXPUNGE", "* 1 EXPUNGE\r\n* 1 EXPUNGE\r\n{tag} OK gone\r\n"),
    (993, "LOGOUT", "* BYE\r\n{tag} OK bye\r\n"),
];

const POP3: Answers = &[
    (995, "", "+OK here\r\n"),
    (995, "USER anna@alfa.test", "+OK\r\n"),
    (995, "PASS segreta", "+OK in\r\n"),
    (995, "STAT", "+OK 2 67\r\n"),
    (995, "RETR 1", "+OK\r\nSubject: uno\r\n\r\na3 OK no end\r\n)\r\n..\r\n...\r\nfine\r\n.\r\n"),
    (995, "RETR 2", "+OK 16 octets\r\nSubject: due\r\n\r\n.\r\n"),
    (995, "DELE", "+OK\r\n"),
    (995, "QUIT", "+OK\r\n"),
];

#[test]
fn every_message_is_fetched_octet_for_octet() {
    for (over, word, answers) in [(Access::Imap, "imap", IMAP), (Access::Pop3, "pop3", POP3)] {
        let run = Script::new(answers).play(&visited(over, false));
        assert_eq!(run.problem, None);
        assert_eq!(failures(&run), [], "{word}");
        assert_eq!(fetched(&run, word), [ONE, TWO], "{word}");
    }
}

#[test]
fn messages_are_deleted_behind_the_fetch_where_the_visit_says_so() {
    for (over, answers, marks, ends) in
        [(Access::Imap, IMAP, "UID STORE", "EXPUNGE"), (Access::Pop3, POP3, "DELE", "QUIT")]
    {
        let [kept, deleted] = [false, true].map(|deletes| {
            let script = Script::new(answers);
            let run = script.play(&visited(over, deletes));
            assert_eq!(failures(&run), [], "{over:?}");
            let heard = script.heard.lock().expect("nothing panicked").clone();
            let said = |words: &str| heard.iter().filter(|line| line.contains(words)).count();
            (said(marks), said(ends))
        });
        assert_eq!(deleted, (2, 1), "{over:?}");
        assert_eq!(kept, (0, usize::from(over == Access::Pop3)), "{over:?}");
    }
}

#[test]
fn a_refused_visit_is_recorded() {
    let imap: Answers = &[(993, "", "* OK here\r\n"), (993, "LOGIN", "{tag} NO wrong\r\n")];
    let pop3: Answers = &[(995, "", "+OK\r\n"), (995, "USER", "+OK\r\n"), (995, "PASS", "-ERR wrong\r\n")];
    for (over, answers) in [(Access::Imap, imap), (Access::Pop3, pop3)] {
        let run = Script::new(answers).play(&visited(over, false));
        let failures = failures(&run);
        assert!(matches!(failures.as_slice(), [("v1", why)] if why.contains("refused")), "{failures:?}");
    }
}

#[test]
fn an_empty_mailbox_gives_nothing() {
    let imap: Answers = &[
        (993, "", "* OK here\r\n"),
        (993, "LOGIN", "{tag} OK in\r\n"),
        (993, "SELECT", "* 0 EXISTS\r\n{tag} OK yours\r\n"),
        (993, "LOGOUT", "* BYE\r\n{tag} OK bye\r\n"),
    ];
    let pop3: Answers = &[
        (995, "", "+OK here\r\n"),
        (995, "USER", "+OK\r\n"),
        (995, "PASS", "+OK\r\n"),
        (995, "STAT", "+OK 0 0\r\n"),
        (995, "QUIT", "+OK\r\n"),
    ];
    for (over, word, answers) in [(Access::Imap, "imap", imap), (Access::Pop3, "pop3", pop3)] {
        let script = Script::new(answers);
        let run = script.play(&visited(over, true));
        assert_eq!((fetched(&run, word).len(), failures(&run).len()), (0, 0), "{word}");
        let last = script.heard.lock().expect("nothing panicked").last().cloned().unwrap_or_default();
        assert!(last.ends_with("LOGOUT") || last == "QUIT", "the visit ended with {last}");
    }
}

#[test]
fn a_visit_that_breaks_off_is_recorded_behind_what_was_fetched() {
    let imap: Answers = &[
        (993, "", "* OK here\r\n"),
        (993, "LOGIN", "{tag} OK in\r\n"),
        (993, "SELECT", "* 2 EXISTS\r\n{tag} OK yours\r\n"),
        (993, "UID FETCH 1:*", "* 1 FETCH (UID 1)\r\n* 2 FETCH (UID 2)\r\n{tag} OK done\r\n"),
        (993, "UID FETCH 1", "* 1 FETCH (UID 1 BODY[] \"Subject: due\")\r\n{tag} OK done\r\n"),
        (993, "UID FETCH 2", "* 1 FETCH (UID 1 BODY[] \"Subject: due\")\r\n{tag} OK done\r\n"),
    ];
    let pop3: Answers = &[
        (995, "", "+OK here\r\n"),
        (995, "USER", "+OK\r\n"),
        (995, "PASS", "+OK\r\n"),
        (995, "STAT", "+OK 2 12\r\n"),
        (995, "RETR 1", "+OK\r\nSubject: due\r\n.\r\n"),
        (995, "RETR 2", "hang up"),
    ];
    for (over, word, answers) in [(Access::Imap, "imap", imap), (Access::Pop3, "pop3", pop3)] {
        let run = Script::new(answers).play(&visited(over, false));
        assert_eq!(fetched(&run, word).len(), 1, "{word}");
        assert_eq!(failures(&run).len(), 1, "{word}");
    }
}

fn visited(over: Access, deletes: bool) -> Plan {
    let mut plan = alone();
    plan.visits = vec![Visit {
        at: Duration::from_secs(60),
        id: "v1".into(),
        provider: "alfa".into(),
        account: "anna@alfa.test".into(),
        password: "segreta".into(),
        over,
        deletes,
    }];
    plan
}

fn fetched<'a>(run: &'a Run, word: &str) -> Vec<&'a str> {
    let body = |event: &'a Event| match &event.what {
        What::Fetched { visit, provider, mailbox, over, secured: true, body } => {
            let told = [visit.as_str(), provider.as_str(), mailbox.as_str(), over.as_str()];
            assert_eq!(told, ["v1", "alfa", "anna@alfa.test", word]);
            run.trace.body(body).and_then(|octets| std::str::from_utf8(octets).ok())
        }
        _ => None,
    };
    run.trace.events.iter().filter_map(body).collect()
}
