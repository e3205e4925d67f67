//! A provider's end of an SMTP connection that somebody opened: each message is held until it is whole, so that what becomes
//! of it can be decided before the provider hears of it. All else passes as it comes.

use std::collections::VecDeque;

/// The most octets of a message that is held.
const HELD_MAX: usize = 256 << 20;

/// What follows from octets, in order.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// To be written to the client.
    Out(Vec<u8>),
    /// To be read by the provider.
    In(Vec<u8>),
    /// What the provider wrote went no further; it may write on.
    Drained,
    /// A message is whole: [`Door::decided`] is waited for.
    Decide(Mail),
    /// The connection is to end.
    Close,
}

/// A transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mail {
    /// The line of `MAIL`, whole.
    pub(super) mail: String,
    /// The lines of `RCPT` that the provider took.
    pub(super) rcpt: Vec<String>,
    /// The message as it crossed: dots doubled, the final dot behind it.
    pub(super) raw: Vec<u8>,
}

/// What becomes of a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// The provider reads these octets, stuffed as they cross.
    Pass(Vec<u8>),
    /// The provider hears nothing of it; this is the reply.
    Answer(String),
    /// The provider hears nothing of it; somebody else answers: [`Door::answered`].
    Elsewhere,
}

#[derive(Debug)]
pub(super) struct Door {
    heard: Vec<u8>,
    /// Where the search for the final dot goes on.
    searched: usize,
    said: Vec<u8>,
    reply: Vec<u8>,
    waiting: VecDeque<Wait>,
    phase: Phase,
    mail: Mail,
    /// Whether the last reply asked for more of a login.
    prompted: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Phase {
    Commands,
    /// `DATA` came; replies to what came before it are open.
    Asked,
    Content,
    /// What becomes of a message is not clear yet.
    Busy,
}

/// What a reply of the provider is about.
#[derive(Debug)]
enum Wait {
    /// Goes to the client.
    Relay,
    Mail(String),
    Rcpt(String),
    /// `DATA`, which the client was answered long ago; behind it come these octets.
    Data(Vec<u8>),
    /// `RSET`, of which the client knows nothing; it gets this reply.
    Reset(Option<String>),
}

impl Door {
    pub(super) fn new() -> Self {
        Self {
            heard: Vec::new(),
            searched: 0,
            said: Vec::new(),
            reply: Vec::new(),
            // The greeting.
            waiting: [Wait::Relay].into(),
            phase: Phase::Commands,
            mail: Mail::default(),
            prompted: false,
        }
    }

    /// Takes what the client writes.
    pub(super) fn hears(&mut self, octets: &[u8]) -> Vec<Act> {
        self.heard.extend_from_slice(octets);
        let mut acts = Vec::new();
        self.work(&mut acts);
        acts
    }

    /// Takes what the provider writes.
    pub(super) fn says(&mut self, octets: &[u8]) -> Vec<Act> {
        self.said.extend_from_slice(octets);
        let mut acts = Vec::new();
        while let Some(line) = take_line(&mut self.said) {
            let last = line.get(3) != Some(&b'-');
            self.reply.extend_from_slice(&line);
            if last {
                let reply = std::mem::take(&mut self.reply);
                self.replied(reply, &mut acts);
            }
        }
        self.work(&mut acts);
        if !acts.iter().any(|act| matches!(act, Act::Out(_))) {
            acts.push(Act::Drained);
        }
        acts
    }

    /// Carries out what was decided of the message at hand.
    pub(super) fn decided(&mut self, decision: Decision) -> Vec<Act> {
        let (command, wait): (&[u8], _) = match decision {
            Decision::Pass(raw) => (b"DATA\r\n", Wait::Data(raw)),
            Decision::Answer(reply) => (b"RSET\r\n", Wait::Reset(Some(reply))),
            Decision::Elsewhere => (b"RSET\r\n", Wait::Reset(None)),
        };
        self.waiting.push_back(wait);
        vec![Act::In(command.to_vec())]
    }

    /// Whoever else took the message has answered.
    pub(super) fn answered(&mut self, reply: Vec<u8>) -> Vec<Act> {
        let mut acts = vec![Act::Out(reply)];
        self.phase = Phase::Commands;
        self.work(&mut acts);
        acts
    }

    fn work(&mut self, acts: &mut Vec<Act>) {
        loop {
            match self.phase {
                Phase::Busy => return,
                Phase::Asked if !self.waiting.is_empty() => return,
                Phase::Asked if self.mail.rcpt.is_empty() => {
                    // The provider says itself what is wrong.
                    self.passes(b"DATA\r\n".to_vec(), Wait::Relay, acts);
                    self.phase = Phase::Commands;
                }
                Phase::Asked => {
                    acts.push(Act::Out(b"354 Start mail input; end with a dot alone on a line\r\n".to_vec()));
                    self.phase = Phase::Content;
                }
                Phase::Content => {
                    let Some(raw) = self.take_message() else {
                        if self.heard.len() > HELD_MAX {
                            acts.push(Act::Out(b"552 5.3.4 The message is too large for this lab\r\n".to_vec()));
                            acts.push(Act::Close);
                            self.heard.clear();
                            self.phase = Phase::Busy;
                        }
                        return;
                    };
                    acts.push(Act::Decide(Mail { raw, ..std::mem::take(&mut self.mail) }));
                    self.phase = Phase::Busy;
                }
                Phase::Commands => {
                    let Some(line) = take_line(&mut self.heard) else { return };
                    self.command(line, acts);
                }
            }
        }
    }

    fn command(&mut self, line: Vec<u8>, acts: &mut Vec<Act>) {
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        let verb = text.to_ascii_uppercase();
        let wait = if std::mem::take(&mut self.prompted) {
            Wait::Relay
        } else if verb.starts_with("MAIL FROM:") {
            Wait::Mail(text)
        } else if verb.starts_with("RCPT TO:") {
            Wait::Rcpt(text)
        } else if verb == "DATA" {
            self.phase = Phase::Asked;
            return;
        } else {
            if verb == "RSET" || verb.starts_with("EHLO") || verb.starts_with("HELO") {
                self.mail = Mail::default();
            }
            Wait::Relay
        };
        self.passes(line, wait, acts);
    }

    fn passes(&mut self, line: Vec<u8>, wait: Wait, acts: &mut Vec<Act>) {
        self.waiting.push_back(wait);
        acts.push(Act::In(line));
    }

    /// A whole reply of the provider's.
    fn replied(&mut self, reply: Vec<u8>, acts: &mut Vec<Act>) {
        let good = reply.starts_with(b"2");
        match self.waiting.pop_front() {
            Some(Wait::Data(raw)) if reply.starts_with(b"354") => {
                self.passes(raw, Wait::Relay, acts);
                self.phase = Phase::Commands;
                return;
            }
            Some(Wait::Data(_)) => self.phase = Phase::Commands,
            Some(Wait::Reset(None)) => return,
            Some(Wait::Reset(Some(answer))) => {
                self.phase = Phase::Commands;
                acts.push(Act::Out(format!("{answer}\r\n").into_bytes()));
                return;
            }
            Some(Wait::Mail(mail)) if good => self.mail = Mail { mail, ..Mail::default() },
            Some(Wait::Rcpt(rcpt)) if good => self.mail.rcpt.push(rcpt),
            Some(Wait::Relay | Wait::Mail(_) | Wait::Rcpt(_)) | None => {
                self.prompted = reply.starts_with(b"334");
            }
        }
        acts.push(Act::Out(reply));
    }

    /// Takes a whole message, its final dot with it, off the front of what came.
    fn take_message(&mut self) -> Option<Vec<u8>> {
        let end = if self.heard.starts_with(b".\r\n") {
            3
        } else {
            let from = self.searched.saturating_sub(4);
            let found = self.heard.get(from..)?.windows(5).position(|window| window == b"\r\n.\r\n");
            self.searched = self.heard.len();
            from + found? + 5
        };
        self.searched = 0;
        Some(self.heard.drain(..end).collect())
    }
}

impl Mail {
    /// Whom it is for.
    pub(super) fn recipients(&self) -> Vec<String> {
        let path = |line: &String| {
            let (_, rest) = line.split_once(':')?;
            let rest = rest.trim_start();
            let inside = rest.strip_prefix('<').and_then(|rest| rest.split_once('>')).map(|(path, _)| path);
            inside.or_else(|| rest.split(' ').next()).map(str::to_owned)
        };
        self.rcpt.iter().filter_map(path).collect()
    }

    /// The message, dots undoubled.
    pub(super) fn message(&self) -> Vec<u8> {
        let raw = self.raw.strip_suffix(b".\r\n").unwrap_or(&self.raw);
        let lines = raw.split_inclusive(|octet| *octet == b'\n');
        lines.flat_map(|line| line.strip_prefix(b".").unwrap_or(line)).copied().collect()
    }
}

/// A message as it crosses: dots doubled, the final dot behind it.
pub(super) fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(message.len() + 5);
    for line in message.split_inclusive(|octet| *octet == b'\n') {
        if line.starts_with(b".") {
            octets.push(b'.');
        }
        octets.extend_from_slice(line);
    }
    if !octets.is_empty() && !octets.ends_with(b"\r\n") {
        octets.extend_from_slice(b"\r\n");
    }
    octets.extend_from_slice(b".\r\n");
    octets
}

/// Takes a line off the front of what came, its line break with it.
pub(super) fn take_line(octets: &mut Vec<u8>) -> Option<Vec<u8>> {
    let end = octets.iter().position(|octet| *octet == b'\n')?;
    Some(octets.drain(..=end).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open() -> Door {
        let mut door = Door::new();
        assert_eq!(door.says(b"220 mx\r\n"), [Act::Out(b"220 mx\r\n".to_vec())]);
        door
    }

    /// Up to a whole message, the commands in one piece.
    fn whole(door: &mut Door) -> Mail {
        let acts = door.hears(b"MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nRCPT TO:<c@y>\r\nDATA\r\n");
        assert_eq!(acts.len(), 3, "DATA waits: {acts:?}");
        door.says(b"250 ok\r\n");
        door.says(b"250 ok\r\n");
        let acts = door.says(b"550 no\r\n");
        assert!(matches!(acts.as_slice(), [Act::Out(_), Act::Out(last)] if last.starts_with(b"354")), "{acts:?}");
        assert_eq!(door.hears(b"Subject: x\r\n\r\n..dot\r\n."), []);
        let acts = door.hears(b"\r\nNOOP\r\n");
        match <[Act; 1]>::try_from(acts) {
            Ok([Act::Decide(mail)]) => mail,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_message_is_held_until_it_is_whole_and_names_those_who_were_taken() {
        let mail = whole(&mut open());
        assert_eq!(mail.recipients(), ["b@y"]);
        assert_eq!(mail.message(), b"Subject: x\r\n\r\n.dot\r\n");
        assert_eq!(stuffed(&mail.message()), mail.raw);
    }

    #[test]
    fn a_message_that_passes_comes_to_the_provider_behind_its_own_prompt() {
        let mut door = open();
        let mail = whole(&mut door);
        assert_eq!(door.decided(Decision::Pass(mail.raw.clone())), [Act::In(b"DATA\r\n".to_vec())]);
        let acts = door.says(b"354 go\r\n");
        assert_eq!(acts, [Act::In(mail.raw), Act::In(b"NOOP\r\n".to_vec()), Act::Drained]);
        assert_eq!(door.says(b"250 done\r\n"), [Act::Out(b"250 done\r\n".to_vec())]);
    }

    #[test]
    fn an_answer_hides_the_message_from_the_provider() {
        let mut door = open();
        whole(&mut door);
        assert_eq!(door.decided(Decision::Answer("451 later".into())), [Act::In(b"RSET\r\n".to_vec())]);
        let acts = door.says(b"250 ok\r\n");
        assert_eq!(acts, [Act::Out(b"451 later\r\n".to_vec()), Act::In(b"NOOP\r\n".to_vec())]);
    }

    #[test]
    fn who_answers_elsewhere_is_waited_for() {
        let mut door = open();
        whole(&mut door);
        door.decided(Decision::Elsewhere);
        assert_eq!(door.says(b"250 ok\r\n"), [Act::Drained]);
        let acts = door.answered(b"250 taken\r\n".to_vec());
        assert_eq!(acts, [Act::Out(b"250 taken\r\n".to_vec()), Act::In(b"NOOP\r\n".to_vec())]);
    }

    #[test]
    fn what_a_client_says_means_the_same_however_it_is_cut() {
        let said = b"EHLO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\nS: x\r\n\r\n..\r\n.x\r\n.\r\nQUIT\r\n";
        let talk = |cut: usize| {
            let (mut door, mut crossed) = (open(), Vec::new());
            for piece in said.chunks(cut) {
                let mut acts = VecDeque::from(door.hears(piece));
                while let Some(act) = acts.pop_front() {
                    acts.extend(match &act {
                        Act::In(octets) if octets == b"DATA\r\n" => door.says(b"354 go\r\n"),
                        Act::In(_) => door.says(b"250 ok\r\n"),
                        Act::Decide(mail) => door.decided(Decision::Pass(mail.raw.clone())),
                        Act::Out(_) | Act::Drained | Act::Close => Vec::new(),
                    });
                    crossed.push(act);
                }
            }
            crossed.retain(|act| matches!(act, Act::In(_) | Act::Decide(_)));
            crossed
        };
        let whole = talk(said.len());
        assert_eq!(whole.len(), 7, "EHLO, MAIL, RCPT, the decision, DATA, the message, QUIT: {whole:?}");
        for cut in 1..said.len() {
            assert_eq!(talk(cut), whole, "cut at {cut}");
        }
    }

    #[test]
    fn a_password_that_looks_like_a_command_is_none() {
        let mut door = open();
        door.hears(b"AUTH LOGIN\r\n");
        door.says(b"334 VXNlcm5hbWU6\r\n");
        assert_eq!(door.hears(b"DATA\r\n"), [Act::In(b"DATA\r\n".to_vec())]);
    }
}
