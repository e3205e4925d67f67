use super::*;

struct Alfa {
    ready: bool,
}

impl House for Alfa {
    fn host(&self) -> &str {
        "mx.alfa.test"
    }
    fn is_ready(&self) -> bool {
        self.ready
    }
    fn size_limit(&self, _: Role) -> usize {
        100
    }
    fn recipients_limit(&self, _: Role) -> usize {
        3
    }
    fn manages(&self, address: &str) -> bool {
        address.ends_with("@alfa.test")
    }
    fn belongs(&self, address: &str, account: &str) -> bool {
        address == account && address == "anna@alfa.test"
    }
}

const HOUSE: Alfa = Alfa { ready: true };

fn session(role: Role) -> Session {
    let mut session = Session::new(role, &HOUSE);
    assert_eq!(session.said(), "220 mx.alfa.test ESMTP\r\n");
    session
}

/// Sends lines and gives the step and the replies.
fn send(session: &mut Session, lines: &str) -> (Step, String) {
    session.push(Bytes::copy_from_slice(lines.as_bytes()));
    let step = session.step(&HOUSE);
    (step, String::from_utf8(session.said().to_vec()).expect("replies are text"))
}

fn reply(session: &mut Session, line: &str) -> String {
    let (step, said) = send(session, &format!("{line}\r\n"));
    assert_eq!(step, Step::Wait, "{line}: {said}");
    said
}

fn secure(session: &mut Session) {
    assert!(reply(session, "EHLO client").contains("STARTTLS"));
    assert_eq!(send(session, "STARTTLS\r\n").0, Step::StartTls);
    session.secured();
    assert!(!reply(session, "EHLO client").contains("STARTTLS"));
}

fn logged_in() -> Session {
    let mut session = session(Role::Submission);
    secure(&mut session);
    let (step, _) = send(&mut session, &format!("AUTH PLAIN {}\r\n", STANDARD.encode("\0anna@alfa.test\0segreto")));
    assert_eq!(step, Step::Check { account: "anna@alfa.test".into(), secret: "segreto".into() });
    session.authenticated(true);
    assert!(session.said().starts_with(b"235"));
    session
}

#[test]
fn submission_offers_auth_only_under_tls() {
    //= PEC-5.3-02
    //= type=test
    let mut session = session(Role::Submission);
    assert!(!reply(&mut session, "EHLO client").contains("AUTH"));
    assert!(reply(&mut session, "AUTH PLAIN AGEAYg==").starts_with("530 "));
    assert!(reply(&mut session, "MAIL FROM:<anna@alfa.test>").starts_with("530 5.7.0 Occorre prima STARTTLS"));
    secure(&mut session);
    assert!(reply(&mut session, "EHLO client").contains("AUTH PLAIN LOGIN"));
}

#[test]
fn submission_without_login_is_refused() {
    //= PEC-2.2.1-01
    //= type=test
    let mut session = session(Role::Submission);
    secure(&mut session);
    assert!(reply(&mut session, "MAIL FROM:<anna@alfa.test>").starts_with("530 "));
}

#[test]
fn a_wrong_password_is_refused_and_the_third_closes() {
    let mut session = session(Role::Submission);
    secure(&mut session);
    for attempt in 1..=3 {
        assert_eq!(send(&mut session, "AUTH LOGIN\r\n").1, "334 VXNlcm5hbWU6\r\n");
        assert_eq!(send(&mut session, "YW5uYQ==\r\n").1, "334 UGFzc3dvcmQ6\r\n");
        let check = Step::Check { account: "anna".into(), secret: "no".into() };
        assert_eq!(send(&mut session, "bm8=\r\n").0, check);
        session.authenticated(false);
        assert!(session.said().starts_with(b"535"));
        let (step, _) = send(&mut session, "NOOP\r\n");
        assert_eq!(step == Step::Close, attempt == 3);
    }
}

#[test]
fn who_acts_for_another_is_refused_and_the_third_time_closes() {
    let mut session = session(Role::Submission);
    secure(&mut session);
    let line = format!("AUTH PLAIN {}\r\n", STANDARD.encode("carla@alfa.test\0anna@alfa.test\0segreto"));
    for _ in 0..2 {
        let (step, said) = send(&mut session, &line);
        assert!(step == Step::Wait && said.starts_with("535"), "{said}");
    }
    let (step, said) = send(&mut session, &line);
    assert!(step == Step::Close && said.contains("\r\n421 4.7.0 Troppi tentativi"), "{said}");
}

#[test]
fn who_sends_on_without_end_while_an_answer_is_owed_is_left() {
    let mut session = session(Role::Submission);
    secure(&mut session);
    let login = format!("AUTH PLAIN {}\r\n", STANDARD.encode("\0anna@alfa.test\0segreto"));
    assert!(matches!(send(&mut session, &login).0, Step::Check { .. }));
    assert_eq!(send(&mut session, &"NOOP\r\n".repeat(AHEAD_LIMIT / 6)), (Step::Wait, String::new()));
    let (step, said) = send(&mut session, &"NOOP\r\n".repeat(2));
    assert!(step == Step::Close && said.starts_with("421 4.7.0 Troppi dati"), "{said}");
}

#[test]
fn a_reverse_path_of_another_user_is_refused() {
    //= PEC-5.2-03
    //= type=test
    let mut session = logged_in();
    assert!(reply(&mut session, "MAIL FROM:<carla@alfa.test>").starts_with("550 5.7.1"));
    assert!(reply(&mut session, "MAIL FROM:<>").starts_with("550 5.7.1"));
    assert!(reply(&mut session, "MAIL FROM:<anna@alfa.test>").starts_with("250"));
}

#[test]
fn plaintext_pipelined_behind_starttls_is_dropped() {
    let mut session = session(Role::Submission);
    reply(&mut session, "EHLO client");
    let (step, said) = send(&mut session, "STARTTLS\r\nEHLO evil\r\nRSET\r\n");
    assert_eq!((step, said.as_str()), (Step::StartTls, "220 2.0.0 Pronto per TLS\r\n"));
    session.push(Bytes::from_static(b"NOOP\r\n"));
    session.secured();
    assert_eq!(session.step(&HOUSE), Step::Wait);
    assert_eq!(session.said(), "");
}

#[test]
fn a_message_is_handed_over_once_and_commands_behind_it_wait() {
    let mut session = logged_in();
    reply(&mut session, "MAIL FROM:<anna@alfa.test>");
    reply(&mut session, "RCPT TO:<bruno@beta.test>");
    assert!(reply(&mut session, "RCPT TO:<bruno@beta.test>").starts_with("250"));
    assert!(reply(&mut session, "DATA").starts_with("354"));
    let (step, _) = send(&mut session, "From: a\r\n\r\n..x\r\n.\r\nNOOP\r\n");
    let arrival = Arrival {
        reverse: "anna@alfa.test".into(),
        recipients: vec!["bruno@beta.test".into()],
        bytes: Bytes::from_static(b"From: a\r\n\r\n.x\r\n"),
    };
    assert_eq!(step, Step::Message(arrival));
    assert_eq!(session.step(&HOUSE), Step::Wait);
    session.answer("250 2.0.0 Accettato");
    assert_eq!(session.step(&HOUSE), Step::Wait);
    assert_eq!(session.said(), "250 2.0.0 Accettato\r\n250 2.0.0 Ok\r\n");
}

#[test]
fn a_dialogue_reads_the_same_in_every_cut() {
    let wire = b"EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<anna@alfa.test>\r\nDATA\r\na: b\r\n\r\n..x\r\n.\r\n";
    let run = |cut: usize| {
        let mut session = session(Role::Relay);
        let mut said = Vec::new();
        let mut last = Step::Wait;
        for piece in wire.chunks(cut) {
            assert_eq!(last, Step::Wait);
            session.push(Bytes::copy_from_slice(piece));
            last = session.step(&HOUSE);
            said.extend_from_slice(&session.said());
        }
        (last, said)
    };
    let (whole, said) = run(wire.len());
    assert!(matches!(&whole, Step::Message(arrival) if arrival.bytes == b"a: b\r\n\r\n.x\r\n"[..]));
    (1..wire.len()).for_each(|cut| assert_eq!(run(cut), (Step::Message(arrival(&whole)), said.clone()), "cut {cut}"));
}

fn arrival(step: &Step) -> Arrival {
    match step {
        Step::Message(arrival) => arrival.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn relay_for_other_domains_is_refused_and_unknown_mailboxes_are_not() {
    let mut session = session(Role::Relay);
    reply(&mut session, "EHLO client");
    assert!(reply(&mut session, "RCPT TO:<nessuno@alfa.test>").starts_with("503"));
    assert!(reply(&mut session, "MAIL FROM:<>").starts_with("250"));
    assert!(reply(&mut session, "MAIL FROM:<>").starts_with("503"));
    assert!(reply(&mut session, "DATA").starts_with("503"));
    assert!(reply(&mut session, "RCPT TO:<bruno@beta.test>").starts_with("550 5.7.1"));
    assert!(reply(&mut session, "RCPT TO:<nessuno@alfa.test>").starts_with("250"));
}

#[test]
fn a_message_with_bare_line_ends_is_refused() {
    let mut session = session(Role::Relay);
    for command in ["EHLO client", "MAIL FROM:<a@b>", "RCPT TO:<anna@alfa.test>", "DATA"] {
        reply(&mut session, command);
    }
    assert!(reply(&mut session, "a: b\n.\r\nMAIL FROM:<evil@b>\r\n.").starts_with("554 5.6.0"));
}

#[test]
fn size_beyond_the_limit_is_refused_by_smtp() {
    //= PEC-3.1.2-02
    //= type=test
    let mut session = logged_in();
    assert!(reply(&mut session, "MAIL FROM:<anna@alfa.test> SIZE=101").starts_with("552"));
    reply(&mut session, "MAIL FROM:<anna@alfa.test>");
    reply(&mut session, "RCPT TO:<bruno@beta.test>");
    reply(&mut session, "DATA");
    assert!(reply(&mut session, &format!("{}\r\n.", "x".repeat(99))).starts_with("552"));
}

#[test]
fn without_an_index_nothing_is_taken() {
    let closed = Alfa { ready: false };
    let mut session = session(Role::Relay);
    session.push(Bytes::from_static(b"EHLO client\r\nMAIL FROM:<a@b>\r\n"));
    session.step(&closed);
    assert!(String::from_utf8_lossy(&session.said()).contains("451 4.3.0"));
}

#[test]
fn a_client_that_reads_no_reply_is_left() {
    let many = "NOOP\r\n".repeat(1000);
    let mut session = session(Role::Relay);
    for _ in 0..40 {
        assert_eq!(send(&mut session, &many).0, Step::Wait);
        session.drained();
    }
    assert!((0..40).any(|_| send(&mut session, &many).0 == Step::Close));
}

#[test]
fn a_command_line_without_end_closes() {
    let mut session = session(Role::Relay);
    let (step, said) = send(&mut session, &"x".repeat(COMMAND_LIMIT + 1));
    assert!(step == Step::Close && said.starts_with("500"));
}
