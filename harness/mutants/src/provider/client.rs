//! The provider's sending end of an SMTP connection: each transaction is taken from the provider whole, and what is carried
//! out in its place is the habit's affair.

use std::collections::VecDeque;

use super::mail::{Mail, take_line, take_message};

/// What follows from octets, in order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// To be written to the other host.
    Out(Vec<u8>),
    /// To be read by the provider.
    In(Vec<u8>),
    /// The provider may write on.
    Drained,
}

/// One outgoing connection.
#[derive(Debug, Default)]
pub(crate) struct Client {
    said: Vec<u8>,
    heard: Vec<u8>,
    phase: Phase,
    /// Whether the provider is made to believe that there is TLS.
    in_clear: bool,
}

#[derive(Debug, Default)]
enum Phase {
    /// Outside of a transaction everything passes.
    #[default]
    Passing,
    /// The provider writes a transaction; nothing has left yet.
    Collecting { mail: Mail, content: bool },
    /// Transactions are carried out: what remains of the one at hand, those behind it, what the provider will be told.
    Performing { script: VecDeque<Vec<u8>>, behind: VecDeque<Mail>, answer: Option<Vec<u8>> },
}

impl Client {
    pub(crate) fn new(in_clear: bool) -> Self {
        Self { in_clear, ..Self::default() }
    }

    /// Takes what the provider writes; `sends` makes of its transaction those that are carried out.
    pub(crate) fn says(&mut self, octets: &[u8], sends: &mut dyn FnMut(Mail) -> Vec<Mail>) -> Vec<Act> {
        self.said.extend_from_slice(octets);
        let mut acts = self.work(sends);
        if !acts.iter().any(|act| matches!(act, Act::Out(_))) {
            acts.push(Act::Drained);
        }
        acts
    }

    /// Takes what the other host answers.
    pub(crate) fn hears(&mut self, octets: &[u8], sends: &mut dyn FnMut(Mail) -> Vec<Mail>) -> Vec<Act> {
        if !self.performs() {
            return vec![Act::In(octets.to_vec())];
        }
        self.heard.extend_from_slice(octets);
        let mut acts = Vec::new();
        while let Some(line) = take_line(&mut self.heard) {
            if line.as_bytes().get(3) != Some(&b'-') {
                self.advance(&line, &mut acts);
            }
        }
        acts.extend(self.work(sends));
        acts
    }

    /// Whether it is busy with what the provider knows nothing of.
    pub(crate) fn performs(&self) -> bool {
        matches!(self.phase, Phase::Performing { .. })
    }

    fn work(&mut self, sends: &mut dyn FnMut(Mail) -> Vec<Mail>) -> Vec<Act> {
        let mut acts = Vec::new();
        loop {
            match &mut self.phase {
                Phase::Performing { .. } => return acts,
                Phase::Collecting { mail, content: true } => {
                    let Some(message) = take_message(&mut self.said) else { return acts };
                    let mails = sends(Mail { message, ..std::mem::take(mail) });
                    self.phase = Phase::Performing { script: VecDeque::new(), behind: mails.into(), answer: None };
                    self.next(&mut acts);
                }
                Phase::Collecting { mail, content } => {
                    let Some(line) = take_line(&mut self.said) else { return acts };
                    let verb = line.to_ascii_uppercase();
                    if let Some(address) = Mail::recipient(&line) {
                        mail.to.push(address);
                    } else if verb == "RSET" {
                        self.phase = Phase::Passing;
                    } else if verb == "DATA" {
                        *content = true;
                    }
                    let reply: &[u8] = if verb == "DATA" { b"354 2.0.0 Scriva\r\n" } else { b"250 2.0.0 Bene\r\n" };
                    acts.push(Act::In(reply.to_vec()));
                }
                Phase::Passing => {
                    let Some(line) = take_line(&mut self.said) else { return acts };
                    match Mail::begun(&line) {
                        Some(mail) => {
                            self.phase = Phase::Collecting { mail, content: false };
                            acts.push(Act::In(b"250 2.1.0 Bene\r\n".to_vec()));
                        }
                        None if self.in_clear && line.eq_ignore_ascii_case("STARTTLS") => {
                            acts.push(Act::In(b"220 2.0.0 Pronti\r\n".to_vec()));
                        }
                        None => acts.push(Act::Out(format!("{line}\r\n").into_bytes())),
                    }
                }
            }
        }
    }

    /// A reply came to what was written last.
    fn advance(&mut self, reply: &str, acts: &mut Vec<Act>) {
        let Phase::Performing { script, answer, .. } = &mut self.phase else { return };
        let refused = reply.starts_with(['4', '5']);
        if refused && !script.is_empty() {
            script.clear();
            answer.get_or_insert_with(|| format!("{reply}\r\n").into_bytes());
            acts.push(Act::Out(b"RSET\r\n".to_vec()));
        } else if let Some(line) = script.pop_front() {
            acts.push(Act::Out(line));
        } else {
            answer.get_or_insert_with(|| format!("{reply}\r\n").into_bytes());
            self.next(acts);
        }
    }

    /// Begins the next transaction, or tells the provider how the first one ended.
    fn next(&mut self, acts: &mut Vec<Act>) {
        let Phase::Performing { script, behind, answer } = &mut self.phase else { return };
        match behind.pop_front() {
            Some(mail) => {
                *script = mail.script().into();
                acts.extend(script.pop_front().map(Act::Out));
            }
            None => {
                let answer = answer.take().unwrap_or_else(|| b"250 2.0.0 Bene\r\n".to_vec());
                self.phase = Phase::Passing;
                acts.push(Act::In(answer));
            }
        }
    }
}
