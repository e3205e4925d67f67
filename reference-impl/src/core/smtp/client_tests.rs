use super::*;

fn hear(client: &mut Client, replies: &str) -> (Move, String) {
    client.push(Bytes::copy_from_slice(replies.as_bytes()));
    let moved = client.step();
    (moved, client.said().iter().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect())
}

fn parcel(body: &'static [u8]) -> Parcel {
    let recipients = vec!["bruno@beta.test".to_owned(), "carla@beta.test".to_owned()];
    Parcel { reverse: "anna@alfa.test".into(), recipients, body: Bytes::from_static(body) }
}

fn ready(offers: &str) -> Client {
    let mut client = Client::new("mx.alfa.test", true);
    assert_eq!(hear(&mut client, "220 mx\r\n"), (Move::Wait, "EHLO mx.alfa.test\r\n".into()));
    assert_eq!(hear(&mut client, "250-mx\r\n250 STARTTLS\r\n"), (Move::Wait, "STARTTLS\r\n".into()));
    assert_eq!(hear(&mut client, "220 go\r\n250 8BITMIME\r\n").0, Move::StartTls);
    client.secured();
    assert_eq!(hear(&mut client, offers), (Move::Ready, "EHLO mx.alfa.test\r\n".into()));
    client
}

#[test]
fn a_parcel_is_handed_over_under_tls() {
    //= PEC-5.3-03
    //= type=test
    let mut client = ready("250-mx\r\n250-PIPELINING\r\n250 SIZE 100\r\n");
    assert_eq!(client.hand(parcel(b"a\r\n.b\r\n")), None);
    let (moved, said) = hear(&mut client, "250 ok\r\n250 ok\r\n550 5.1.1 no\r\n");
    assert_eq!(moved, Move::Wait);
    let paths = "MAIL FROM:<anna@alfa.test> SIZE=7\r\nRCPT TO:<bruno@beta.test>\r\nRCPT TO:<carla@beta.test>\r\n";
    assert_eq!(said, format!("{paths}DATA\r\n"));
    assert_eq!(hear(&mut client, "354 go\r\n").1, "a\r\n..b\r\n.\r\n");
    assert!(client.awaits_final_reply());
    let refused = Verdict::Refused { code: "5.1.1".into(), text: "no".into() };
    let done = vec![("bruno@beta.test".into(), Verdict::Sent), ("carla@beta.test".into(), refused)];
    assert_eq!(hear(&mut client, "250 2.0.0 taken\r\n").0, Move::Done(done));
}

#[test]
fn without_pipelining_each_command_waits_for_its_reply() {
    let mut client = ready("250 mx\r\n");
    client.hand(parcel(b"a\r\n"));
    assert_eq!(hear(&mut client, "").1, "MAIL FROM:<anna@alfa.test>\r\n");
    assert_eq!(hear(&mut client, "250 ok\r\n").1, "RCPT TO:<bruno@beta.test>\r\n");
    assert_eq!(hear(&mut client, "250 ok\r\n").1, "RCPT TO:<carla@beta.test>\r\n");
    assert_eq!(hear(&mut client, "450 later\r\n").1, "DATA\r\n");
}

#[test]
fn a_refused_mail_holds_for_all_recipients_and_the_session_goes_on() {
    for (offers, replies) in
        [("250 mx\r\n", "451 no\r\n"), ("250-mx\r\n250 PIPELINING\r\n", "451 no\r\n503 x\r\n503 x\r\n503 x\r\n")]
    {
        let mut client = ready(offers);
        client.hand(parcel(b"a\r\n"));
        client.said();
        assert_eq!(hear(&mut client, replies), (Move::Wait, "RSET\r\n".into()));
        let later = |address: &str| (address.to_owned(), Verdict::Later);
        let done = Move::Done(vec![later("bruno@beta.test"), later("carla@beta.test")]);
        assert_eq!(hear(&mut client, "250 ok\r\n").0, done);
    }
}

#[test]
fn who_asks_for_a_message_that_it_takes_for_nobody_gets_none() {
    let mut client = ready("250-mx\r\n250 PIPELINING\r\n");
    client.hand(parcel(b"a\r\n"));
    client.said();
    assert_eq!(hear(&mut client, "250 ok\r\n450 later\r\n450 later\r\n354 go\r\n"), (Move::Wait, ".\r\n".into()));
    let later = |address: &str| (address.to_owned(), Verdict::Later);
    let done = Move::Done(vec![later("bruno@beta.test"), later("carla@beta.test")]);
    assert_eq!(hear(&mut client, "250 taken\r\n").0, done);
}

#[test]
fn a_provider_without_starttls_gets_nothing() {
    //= PEC-5.3-03
    //= type=test
    let mut client = Client::new("mx.alfa.test", true);
    hear(&mut client, "220 mx\r\n");
    assert_eq!(hear(&mut client, "250 mx\r\n").0, Move::Broken);
}

#[test]
fn an_ordinary_host_without_starttls_is_spoken_to_in_the_clear() {
    let mut client = Client::new("mx.alfa.test", false);
    hear(&mut client, "220 mx\r\n");
    assert_eq!(hear(&mut client, "250 mx\r\n").0, Move::Ready);
}

#[test]
fn eight_bit_octets_are_not_sent_where_they_are_not_taken() {
    let mut client = ready("250 mx\r\n");
    let verdicts = client.hand(parcel(b"\xe8\r\n")).expect("verdicts at once");
    assert!(verdicts.iter().all(|(_, verdict)| matches!(verdict, Verdict::Refused { code, .. } if code == "5.6.3")));
    let mut client = ready("250-mx\r\n250 8BITMIME\r\n");
    assert_eq!(client.hand(parcel(b"\xe8\r\n")), None);
    assert!(hear(&mut client, "").1.contains("BODY=8BITMIME"));
}

#[test]
fn a_large_body_goes_out_as_it_is_taken() {
    let mut client = ready("250 mx\r\n");
    let body: Vec<u8> = b"0123456789012345678901234567890123456789012345678901234567\r\n".repeat(5000);
    let recipients = vec!["bruno@beta.test".to_owned()];
    client.hand(Parcel { reverse: String::new(), recipients, body: body.clone().into() });
    hear(&mut client, "250 ok\r\n250 ok\r\n");
    let mut wire = hear(&mut client, "354 go\r\n").1;
    assert!(wire.len() < body.len());
    while !wire.ends_with("\r\n.\r\n") {
        let before = wire.len();
        client.drained();
        wire.push_str(&hear(&mut client, "").1);
        assert!(wire.len() > before);
    }
    assert_eq!(wire.len(), body.len() + 3);
}

#[test]
fn a_word_before_the_final_dot_is_heard_behind_it() {
    let mut client = ready("250 mx\r\n");
    let recipients = vec!["bruno@beta.test".to_owned()];
    client.hand(Parcel { reverse: String::new(), recipients, body: vec![b'a'; 100_000].into() });
    hear(&mut client, "250 ok\r\n250 ok\r\n");
    assert_eq!(hear(&mut client, "354 go\r\n552 5.3.4 too large\r\n").0, Move::Wait);
    client.drained();
    let refused = Verdict::Refused { code: "5.3.4".into(), text: "too large".into() };
    let (moved, said) = hear(&mut client, "");
    assert_eq!(moved, Move::Done(vec![("bruno@beta.test".into(), refused)]));
    assert!(said.ends_with("\r\n.\r\n"));
}

#[test]
fn what_is_no_smtp_ends_the_session() {
    for reply in ["hello\r\n", "220 mx\n", "2\r\n", "999 x\r\n", "220_x\r\n", "554 go away\r\n", "421 busy\r\n"] {
        assert_eq!(hear(&mut Client::new("mx", false), reply).0, Move::Broken, "{reply:?}");
    }
}
