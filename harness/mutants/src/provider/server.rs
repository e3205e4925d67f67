//! The provider's receiving end of an SMTP connection: commands, messages and replies pass through the habit's hands.

use std::collections::VecDeque;

use super::{
    client::Act,
    mail::{Mail, stuffed, take_line, take_message},
};

/// What a habit makes of what crosses.
pub(crate) trait Hands {
    /// The command that the provider reads in place of one.
    fn command(&mut self, line: &str) -> String;
    /// The message that the provider reads in place of one.
    fn message(&mut self, mail: &mut Mail);
    /// The reply that the peer reads in place of one; no lines for none.
    fn reply(&mut self, command: &str, lines: &mut Vec<String>);
}

/// One incoming connection.
#[derive(Debug)]
pub(crate) struct Server {
    heard: Vec<u8>,
    said: Vec<u8>,
    lines: Vec<String>,
    /// Commands without a reply yet; the greeting replies to an empty one.
    open: VecDeque<String>,
    phase: Phase,
    mail: Mail,
}

#[derive(Debug, PartialEq, Eq)]
enum Phase {
    Commands,
    /// `DATA` was read and not answered.
    Asked,
    Content,
}

impl Server {
    pub(crate) fn new() -> Self {
        Self {
            heard: Vec::new(),
            said: Vec::new(),
            lines: Vec::new(),
            open: [String::new()].into(),
            phase: Phase::Commands,
            mail: Mail::default(),
        }
    }

    /// Takes what the peer writes.
    pub(crate) fn hears(&mut self, octets: &[u8], hands: &mut dyn Hands) -> Vec<Act> {
        self.heard.extend_from_slice(octets);
        let mut acts = Vec::new();
        self.work(hands, &mut acts);
        acts
    }

    /// Takes what the provider writes.
    pub(crate) fn says(&mut self, octets: &[u8], hands: &mut dyn Hands) -> Vec<Act> {
        self.said.extend_from_slice(octets);
        let mut acts = Vec::new();
        while let Some(line) = take_line(&mut self.said) {
            let last = line.as_bytes().get(3) != Some(&b'-');
            self.lines.push(line);
            if last {
                self.replied(hands, &mut acts);
            }
        }
        if !acts.iter().any(|act| matches!(act, Act::Out(_))) {
            acts.push(Act::Drained);
        }
        acts
    }

    /// A whole reply of the provider's.
    fn replied(&mut self, hands: &mut dyn Hands, acts: &mut Vec<Act>) {
        let mut lines = std::mem::take(&mut self.lines);
        let accepts = lines.first().is_some_and(|line| line.starts_with("354"));
        let command = self.open.pop_front().unwrap_or_default();
        hands.reply(&command, &mut lines);
        if !lines.is_empty() {
            acts.push(Act::Out(joined(&lines)));
        }
        if self.phase == Phase::Asked && self.open.is_empty() {
            self.phase = if accepts { Phase::Content } else { Phase::Commands };
            self.work(hands, acts);
        }
    }

    fn work(&mut self, hands: &mut dyn Hands, acts: &mut Vec<Act>) {
        loop {
            match self.phase {
                Phase::Asked => return,
                Phase::Content => {
                    let Some(message) = take_message(&mut self.heard) else { return };
                    self.mail.message = message;
                    hands.message(&mut self.mail);
                    self.open.push_back(".".to_owned());
                    acts.push(Act::In(stuffed(&self.mail.message)));
                    self.phase = Phase::Commands;
                    self.mail = Mail::default();
                }
                Phase::Commands => {
                    let Some(line) = take_line(&mut self.heard) else { return };
                    if let Some(mail) = Mail::begun(&line) {
                        self.mail = mail;
                    }
                    self.mail.to.extend(Mail::recipient(&line));
                    if line.eq_ignore_ascii_case("DATA") {
                        self.phase = Phase::Asked;
                    }
                    let read = hands.command(&line);
                    self.open.push_back(line);
                    acts.push(Act::In(format!("{read}\r\n").into_bytes()));
                }
            }
        }
    }
}

/// A reply as it crosses: a hyphen behind the code of each line but the last.
fn joined(lines: &[String]) -> Vec<u8> {
    let mut octets = Vec::new();
    for (n, line) in lines.iter().enumerate() {
        let (code, text) = line.split_at_checked(3).unwrap_or((line, ""));
        let mark = if n + 1 < lines.len() { '-' } else { ' ' };
        let text = text.strip_prefix([' ', '-']).unwrap_or(text);
        octets.extend_from_slice(format!("{code}{mark}{text}\r\n").as_bytes());
    }
    octets
}
