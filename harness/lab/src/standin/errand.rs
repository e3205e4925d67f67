//! A message handed to a twin: the client's end of an SMTP connection that has no wire.

use std::collections::VecDeque;

use collaudo_node::ConnId;

use super::door::{Mail, take_line};

#[derive(Debug)]
pub(super) struct Errand {
    /// Whose client waits for the reply.
    pub(super) door: ConnId,
    script: VecDeque<Vec<u8>>,
    said: Vec<u8>,
    reply: Vec<u8>,
    greeted: bool,
}

/// What follows from a reply.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The twin is to read this.
    Say(Vec<u8>),
    /// It is over, with this reply.
    Over(Vec<u8>),
}

impl Errand {
    pub(super) fn new(door: ConnId, mail: &Mail) -> Self {
        let hello = || b"EHLO collaudo.test\r\n".to_vec();
        let line = |text: &String| format!("{text}\r\n").into_bytes();
        let mut script = VecDeque::from([hello(), b"STARTTLS\r\n".to_vec(), hello(), line(&mail.mail)]);
        script.extend(mail.rcpt.iter().map(line));
        script.extend([b"DATA\r\n".to_vec(), mail.raw.clone()]);
        Self { door, script, said: Vec::new(), reply: Vec::new(), greeted: false }
    }

    /// Takes what the twin writes.
    pub(super) fn hears(&mut self, octets: &[u8]) -> Option<Next> {
        self.said.extend_from_slice(octets);
        while let Some(line) = take_line(&mut self.said) {
            let last = line.get(3) != Some(&b'-');
            self.reply.extend_from_slice(&line);
            if !last {
                continue;
            }
            let reply = std::mem::take(&mut self.reply);
            if reply.starts_with(b"4") || reply.starts_with(b"5") {
                return Some(Next::Over(reply));
            }
            // Behind the 220 of `STARTTLS` comes the handshake, and only then the next command.
            if reply.starts_with(b"220") && std::mem::replace(&mut self.greeted, true) {
                return None;
            }
            return Some(self.script.pop_front().map_or(Next::Over(reply), Next::Say));
        }
        None
    }

    /// The twin says that the connection is under TLS now.
    pub(super) fn secured(&mut self) -> Option<Vec<u8>> {
        self.script.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_handed_over_under_tls_and_its_reply_comes_back() {
        let mail =
            Mail { mail: "MAIL FROM:<a@x>".into(), rcpt: vec!["RCPT TO:<b@y>".into()], raw: b"x\r\n.\r\n".to_vec() };
        let mut errand = Errand::new(ConnId::Incoming(7), &mail);
        let say = |text: &str| Some(Next::Say(text.as_bytes().to_vec()));
        assert_eq!(errand.hears(b"220 mx\r\n"), say("EHLO collaudo.test\r\n"));
        assert_eq!(errand.hears(b"250-mx\r\n250 STARTTLS\r\n"), say("STARTTLS\r\n"));
        assert_eq!(errand.hears(b"220 go\r\n"), None);
        assert_eq!(errand.secured(), Some(b"EHLO collaudo.test\r\n".to_vec()));
        assert_eq!(errand.hears(b"250 mx\r\n"), say("MAIL FROM:<a@x>\r\n"));
        assert_eq!(errand.hears(b"250 ok\r\n"), say("RCPT TO:<b@y>\r\n"));
        assert_eq!(errand.hears(b"250 ok\r\n"), say("DATA\r\n"));
        assert_eq!(errand.hears(b"354 go\r\n"), say("x\r\n.\r\n"));
        assert_eq!(errand.hears(b"250 taken\r\n"), Some(Next::Over(b"250 taken\r\n".to_vec())));
    }

    #[test]
    fn a_refusal_on_the_way_is_the_reply() {
        let mut errand = Errand::new(ConnId::Incoming(7), &Mail::default());
        assert_eq!(errand.hears(b"421 busy\r\n"), Some(Next::Over(b"421 busy\r\n".to_vec())));
    }
}
