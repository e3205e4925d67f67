//! The ends of connections as they pass through a habit's hands.

mod house;

use super::{
    Mail,
    client::{Act, Client},
    mail::{stuffed, take_message},
    server::{Hands, Server},
};

const TRANSACTION: &[u8] =
    b"MAIL FROM:<a@alfa.test> SIZE=99 BODY=8BITMIME\r\nRCPT TO:<b@beta.test>\r\nDATA\r\nX: 1\r\n\r\n..\r\n.\r\n";

fn written(acts: &[Act]) -> Vec<String> {
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    acts.iter()
        .map(|act| match act {
            Act::Out(octets) => format!("> {}", text(octets).trim_end()),
            Act::In(octets) => format!("< {}", text(octets).trim_end()),
            Act::Drained => "drained".to_owned(),
        })
        .collect()
}

#[test]
fn a_message_crosses_with_its_dots_doubled_and_comes_back_as_it_was() {
    for message in [&b".\r\n..x\r\nend\r\n"[..], b"", b"\r\n", b"a\r\n.\r\n"] {
        let mut crossed = [&stuffed(message), &b"QUIT\r\n"[..]].concat();
        assert_eq!(take_message(&mut crossed).as_deref(), Some(message));
        assert_eq!(crossed, b"QUIT\r\n");
    }
    assert_eq!(take_message(&mut b"no end\r\n".to_vec()), None);
}

#[test]
fn a_transaction_is_collected_whole_and_carried_out_reply_by_reply() {
    let mut client = Client::new(false);
    let mut same = |mail: Mail| vec![mail];
    assert_eq!(written(&client.says(b"EHLO alfa\r\n", &mut same)), ["> EHLO alfa"]);
    assert_eq!(written(&client.hears(b"250 beta\r\n", &mut same)), ["< 250 beta"]);
    let acts = client.says(TRANSACTION, &mut same);
    assert_eq!(
        written(&acts),
        ["< 250 2.1.0 Bene", "< 250 2.0.0 Bene", "< 354 2.0.0 Scriva", "> MAIL FROM:<a@alfa.test> BODY=8BITMIME"]
    );
    assert!(client.performs());
    assert_eq!(written(&client.hears(b"250 1\r\n", &mut same)), ["> RCPT TO:<b@beta.test>"]);
    assert_eq!(written(&client.hears(b"250-2\r\n250 2\r\n", &mut same)), ["> DATA"]);
    assert_eq!(written(&client.hears(b"354 3\r\n", &mut same)), ["> X: 1\r\n\r\n..\r\n."]);
    assert_eq!(written(&client.hears(b"250 taken\r\n", &mut same)), ["< 250 taken"]);
    assert_eq!(written(&client.says(b"QUIT\r\n", &mut same)), ["> QUIT"]);
}

#[test]
fn a_lost_transaction_is_answered_and_a_doubled_one_carried_out_twice() {
    let mut client = Client::new(false);
    let acts = client.says(TRANSACTION, &mut |_| Vec::new());
    assert_eq!(written(&acts).last().map(String::as_str), Some("drained"));
    assert!(written(&acts).contains(&"< 250 2.0.0 Bene".to_owned()));
    assert!(!client.performs());
    let mut twice = |mail: Mail| vec![mail.clone(), mail];
    client.says(TRANSACTION, &mut twice);
    let mut mails = 1;
    for _ in 0..8 {
        let acts = written(&client.hears(b"250 x\r\n", &mut twice));
        mails += acts.iter().filter(|act| act.starts_with("> MAIL")).count();
    }
    assert_eq!((mails, client.performs()), (2, false));
}

#[test]
fn a_refused_transaction_is_told_with_the_refusal() {
    let mut client = Client::new(false);
    let mut same = |mail: Mail| vec![mail];
    client.says(TRANSACTION, &mut same);
    assert_eq!(written(&client.hears(b"550 no\r\n", &mut same)), ["> RSET"]);
    assert_eq!(written(&client.hears(b"250 reset\r\n", &mut same)), ["< 550 no"]);
}

struct Bent;

impl Hands for Bent {
    fn command(&mut self, line: &str) -> String {
        line.replace("anna", "aldo")
    }

    fn message(&mut self, mail: &mut Mail) {
        mail.message = format!("{}: {}\r\n", mail.from, mail.to.join(" ")).into_bytes();
    }

    fn reply(&mut self, command: &str, lines: &mut Vec<String>) {
        if command.starts_with("EHLO") {
            lines.retain(|line| !line.contains("STARTTLS"));
        }
    }
}

#[test]
fn what_comes_in_passes_through_the_hands_of_the_habit() {
    let mut server = Server::new();
    assert_eq!(written(&server.says(b"220 alfa\r\n", &mut Bent)), ["> 220 alfa"]);
    assert_eq!(written(&server.hears(b"EHLO x\r\n", &mut Bent)), ["< EHLO x"]);
    assert_eq!(written(&server.says(b"250-alfa\r\n250 STARTTLS\r\n", &mut Bent)), ["> 250 alfa"]);
    let acts =
        server.hears(b"MAIL FROM:<anna@alfa.test>\r\nRCPT TO:<b@beta.test>\r\nDATA\r\nhidden\r\n.\r\n", &mut Bent);
    assert_eq!(written(&acts), ["< MAIL FROM:<aldo@alfa.test>", "< RCPT TO:<b@beta.test>", "< DATA"]);
    let acts = server.says(b"250 1\r\n250 2\r\n354 3\r\n", &mut Bent);
    assert_eq!(written(&acts), ["> 250 1", "> 250 2", "> 354 3", "< anna@alfa.test: b@beta.test\r\n."]);
}
