//! The tap: sits above TLS at the accepting end of a connection and reads along, without a word of its own. It knows
//! the shape of an SMTP dialogue and keeps paths, replies and the message's octets; it never looks inside a message.
//! Where another protocol is spoken, it counts what goes over the wire and no more.

use std::collections::VecDeque;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use collaudo_record::{Forward, Instant, Reply, Session, Transfer, What, Wire};
use memchr::memchr;
use sha2::{Digest, Sha256};

use crate::{
    content::{Content, Taken},
    net::{RELAY_PORT, SUBMISSION_PORT, SUBMISSIONS_PORT},
    recorder::Recorder,
};

/// The octets of a line that are kept; no command or reply that means anything is longer.
const LINE_OCTETS_MAX: usize = 64 * 1024;

/// The most commands that may wait for their replies: more than a message of the most recipients needs.
const ASKED_MAX: usize = 10_000;

/// One connection's tap. Dropped, it records what it has and that the connection is gone.
pub(crate) struct Tap {
    recorder: Recorder,
    session: Session,
    client_port: u16,
    secured: bool,
    account: Option<String>,
    login: Login,
    /// The dialogue is not SMTP, or beyond what anyone would say: nothing of it is read any more.
    deaf: bool,
    /// The client's line that is not whole yet.
    up: Line,
    /// The server's line that is not whole yet.
    down: Line,
    /// What the client asked and the server has not answered yet, in order.
    asked: VecDeque<Asked>,
    content: Option<Content>,
    transfer: Option<Transfer>,
    wire: WireCount,
}

/// What the octets on the wire came to, ciphertext included.
#[derive(Default)]
pub(crate) struct WireCount {
    up: (u64, Sha256),
    down: (u64, Sha256),
}

/// A line that arrives in pieces.
#[derive(Default)]
struct Line(Vec<u8>);

enum Asked {
    Login(Option<String>),
    /// The path, and when it came.
    Reverse(String, Instant),
    Forward(String),
    Data,
    Dot,
    /// `EHLO`, with the extensions of the reply so far.
    Hello(Vec<String>),
    Reset,
    Other,
}

#[derive(Default, PartialEq)]
enum Login {
    #[default]
    No,
    /// `AUTH PLAIN` without an initial response.
    Plain,
    /// `AUTH LOGIN`: the account comes next.
    Account,
    /// `AUTH LOGIN`: the secret comes next.
    Secret(String),
}

impl Tap {
    pub(crate) fn new(recorder: Recorder, session: Session, client_port: u16) -> Self {
        recorder.observed(What::Opened(session.clone()));
        Self {
            deaf: ![RELAY_PORT, SUBMISSION_PORT, SUBMISSIONS_PORT].contains(&session.port),
            recorder,
            session,
            client_port,
            secured: false,
            account: None,
            login: Login::No,
            up: Line::default(),
            down: Line::default(),
            // The greeting answers nobody.
            asked: [Asked::Other].into(),
            content: None,
            transfer: None,
            wire: WireCount::default(),
        }
    }

    pub(crate) fn secured(&mut self) {
        self.secured = true;
        self.up = Line::default();
        self.down = Line::default();
        self.recorder.observed(What::Secured(self.session.clone()));
    }

    pub(crate) fn wire_up(&mut self, octets: &[u8]) {
        self.wire.up.0 += octets.len() as u64;
        self.wire.up.1.update(octets);
    }

    pub(crate) fn wire_down(&mut self, octets: &[u8]) {
        self.wire.down.0 += octets.len() as u64;
        self.wire.down.1.update(octets);
    }

    /// Octets from client to server.
    pub(crate) fn up(&mut self, mut octets: &[u8]) {
        while !octets.is_empty() && !self.deaf {
            if let Some(content) = &mut self.content {
                match content.take(octets) {
                    Taken::All => return,
                    Taken::Ended(taken) => {
                        octets = octets.get(taken..).unwrap_or_default();
                        self.content_ended();
                    }
                    Taken::TooMuch => self.stop_listening(),
                }
            } else {
                let mut line = std::mem::take(&mut self.up);
                if line.take(&mut octets) {
                    self.command(&line.text());
                } else {
                    self.up = line;
                }
            }
        }
    }

    /// Octets from server to client.
    pub(crate) fn down(&mut self, mut octets: &[u8]) {
        while !octets.is_empty() && !self.deaf {
            let mut line = std::mem::take(&mut self.down);
            if line.take(&mut octets) {
                self.reply_line(&line.text());
            } else {
                self.down = line;
            }
        }
    }

    fn stop_listening(&mut self) {
        self.deaf = true;
        self.content = None;
        self.end();
    }

    fn ask(&mut self, asked: Asked) {
        self.asked.push_back(asked);
        if self.asked.len() > ASKED_MAX {
            self.stop_listening();
        }
    }

    fn command(&mut self, line: &str) {
        match std::mem::take(&mut self.login) {
            Login::No => {}
            Login::Plain => return self.ask(Asked::Login(plain_account(line))),
            Login::Account => {
                self.login = Login::Secret(decode(line).unwrap_or_default());
                return self.ask(Asked::Other);
            }
            Login::Secret(account) => return self.ask(Asked::Login(Some(account))),
        }
        let asked = if let Some(path) = path_after(line, "MAIL FROM:") {
            Asked::Reverse(path, self.recorder.clock().now())
        } else if let Some(path) = path_after(line, "RCPT TO:") {
            Asked::Forward(path)
        } else if line.eq_ignore_ascii_case("DATA") {
            Asked::Data
        } else if after(line, "EHLO").is_some() {
            Asked::Hello(Vec::new())
        } else if line.eq_ignore_ascii_case("RSET") || after(line, "HELO").is_some() {
            Asked::Reset
        } else {
            self.auth(line)
        };
        self.ask(asked);
    }

    fn auth(&mut self, line: &str) -> Asked {
        let word = |n| line.split_ascii_whitespace().nth(n);
        if after(line, "AUTH PLAIN").is_some() {
            match word(2) {
                Some(response) => return Asked::Login(plain_account(response)),
                None => self.login = Login::Plain,
            }
        } else if after(line, "AUTH LOGIN").is_some() {
            self.login = match word(2) {
                Some(account) => Login::Secret(decode(account).unwrap_or_default()),
                None => Login::Account,
            };
        }
        Asked::Other
    }

    fn reply_line(&mut self, line: &str) {
        let Some((code, rest)) = line.split_at_checked(3) else { return };
        let Ok(code) = code.parse::<u16>() else { return };
        if let (Some(Asked::Hello(extensions)), 200..300) = (self.asked.front_mut(), code) {
            extensions.push(rest.trim_start_matches(['-', ' ']).to_owned());
        }
        if rest.starts_with('-') {
            return;
        }
        let reply = Reply { code, text: rest.trim_start().to_owned() };
        match self.asked.pop_front() {
            Some(Asked::Login(account)) if code == 235 => self.account = account,
            Some(Asked::Login(_)) => self.login = Login::No,
            Some(Asked::Reverse(path, began)) => self.begin(path, began, reply),
            Some(Asked::Forward(path)) => {
                if let Some(transfer) = &mut self.transfer {
                    transfer.forward_paths.push(Forward { path, reply: Some(reply) });
                }
            }
            Some(Asked::Data) if code == 354 => self.content = Some(Content::default()),
            Some(Asked::Data | Asked::Dot) => {
                if let Some(transfer) = &mut self.transfer {
                    transfer.reply = Some(reply);
                }
                self.end();
            }
            Some(Asked::Hello(extensions)) => self.announced(extensions),
            Some(Asked::Reset) => self.end(),
            Some(Asked::Other) if code >= 400 => self.login = Login::No,
            Some(Asked::Other) | None => {}
        }
    }

    /// `EHLO` ends a transaction. Its reply's first line is a greeting; what is said under TLS nobody needs to know again.
    fn announced(&mut self, extensions: Vec<String>) {
        self.end();
        if !self.secured && !extensions.is_empty() {
            let (session, extensions) = (self.session.clone(), extensions.into_iter().skip(1).collect());
            self.recorder.observed(What::Announced { session, extensions });
        }
    }

    fn begin(&mut self, reverse_path: String, began: Instant, reply: Reply) {
        self.end();
        let refused = reply.code >= 400;
        self.transfer = Some(Transfer {
            session: self.session.clone(),
            step: self.recorder.next_step(&self.session.client, self.client_port),
            began,
            secured: self.secured,
            account: self.account.clone(),
            reverse_path,
            reverse_reply: Some(reply),
            forward_paths: Vec::new(),
            body: None,
            body_at: None,
            reply: None,
        });
        if refused {
            self.end();
        }
    }

    fn content_ended(&mut self) {
        let mut octets = self.content.take().map(Content::into_octets).unwrap_or_default();
        octets.shrink_to_fit();
        self.ask(Asked::Dot);
        if let Some(transfer) = &mut self.transfer {
            transfer.body = Some(self.recorder.keep_shared(octets.into()));
            transfer.body_at = Some(self.recorder.clock().now());
        }
    }

    fn end(&mut self) {
        if let Some(transfer) = self.transfer.take() {
            self.recorder.observed(What::Transfer(transfer));
        }
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.end();
        let WireCount { up, down } = std::mem::take(&mut self.wire);
        let mut both = Sha256::new();
        both.update(up.1.finalize());
        both.update(down.1.finalize());
        let sha256 = both.finalize().iter().map(|octet| format!("{octet:02x}")).collect();
        let wire = Wire { octets_up: up.0, octets_down: down.0, sha256 };
        self.recorder.observed(What::Closed { session: self.session.clone(), wire });
    }
}

impl Line {
    /// Takes octets up to the line's end and says whether it was among them; what is too long to mean anything is dropped.
    fn take(&mut self, octets: &mut &[u8]) -> bool {
        let end = memchr(b'\n', octets);
        let (part, rest) = octets.split_at(end.map_or(octets.len(), |n| n + 1));
        *octets = rest;
        let room = LINE_OCTETS_MAX.saturating_sub(self.0.len());
        self.0.extend_from_slice(part.get(..room).unwrap_or(part));
        end.is_some()
    }

    fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(self.0.trim_ascii_end())
    }
}

fn path_after(line: &str, command: &str) -> Option<String> {
    let rest = after(line, command)?.trim_start();
    let path = match rest.strip_prefix('<') {
        Some(inner) => inner.split('>').next()?,
        None => rest.split(' ').next()?,
    };
    Some(path.to_owned())
}

/// What stands behind a command, in any case of letters.
fn after<'a>(line: &'a str, command: &str) -> Option<&'a str> {
    let (begin, rest) = line.split_at_checked(command.len())?;
    begin.eq_ignore_ascii_case(command).then_some(rest)
}

fn plain_account(response: &str) -> Option<String> {
    decode(response)?.split('\0').nth(1).map(str::to_owned)
}

fn decode(text: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::Clock, net::USERS};

    #[test]
    fn pipelined_transactions_are_told_apart() {
        let (recorder, mut tap) = tap(SUBMISSION_PORT);
        recorder.claim(USERS, 1, ["m1", "m2"].map(str::to_owned));
        tap.down(b"220 here\r\n");
        tap.up(b"mail from:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\n");
        tap.down(b"250 ok\r\n250 ok\r\n354 go\r\n");
        tap.up(b"one\r\n.\r\nMAIL FROM:<c@x>\r\nRCPT TO:<d@x>\r\nDATA\r\n");
        tap.down(b"250 one\r\n250 ok\r\n250-yes\r\n250 ok\r\n354 go\r\n");
        tap.up(b"two\r\n");
        tap.up(b".\r\n");
        tap.down(b"451 tw");
        tap.down(b"o\r\n");
        let seen = transfers(&recorder);
        let [one, two] = seen.as_slice() else { panic!("{} transactions", seen.len()) };
        let told = |seen: &Transfer| {
            let reply = seen.reply.clone().map(|reply| (reply.code, reply.text));
            (seen.step.clone(), seen.reverse_path.clone(), seen.body.clone(), reply)
        };
        let body = |octets| Some(recorder.keep(octets));
        assert_eq!(told(one), (Some("m1".into()), "a@x".into(), body(b"one\r\n"), Some((250, "one".into()))));
        assert_eq!(told(two), (Some("m2".into()), "c@x".into(), body(b"two\r\n"), Some((451, "two".into()))));
    }

    #[test]
    fn a_line_without_end_is_not_kept_and_the_next_one_is_read() {
        let (recorder, mut tap) = tap(RELAY_PORT);
        tap.down(b"220 here\r\n");
        for _ in 0..64 {
            tap.up(&[b'x'; 8 * 1024]);
            tap.down(&[b'5'; 8 * 1024]);
        }
        assert!(tap.up.0.len() <= LINE_OCTETS_MAX && tap.down.0.len() <= LINE_OCTETS_MAX);
        tap.up(b"\r\nMAIL FROM:<a@x>\r\n");
        tap.down(b"\r\n550 no\r\n");
        assert_eq!(transfers(&recorder).len(), 1);
    }

    #[test]
    fn commands_without_end_make_the_tap_deaf() {
        let (recorder, mut tap) = tap(RELAY_PORT);
        for _ in 0..2 * ASKED_MAX {
            tap.up(b"MAIL FROM:<a@x>\r\n");
        }
        assert!(tap.asked.len() <= ASKED_MAX + 1);
        tap.down(b"220 here\r\n550 no\r\n");
        assert_eq!(transfers(&recorder).len(), 0);
    }

    #[test]
    fn other_protocols_are_counted_and_not_read() {
        let (recorder, mut tap) = tap(993);
        tap.wire_up(b"1234");
        tap.up(b"MAIL FROM:<a@x>\r\n");
        tap.down(b"250 ok\r\n250 ok\r\n");
        drop(tap);
        let seen: Vec<_> = recorder.take().0.into_iter().map(|event| event.what).collect();
        assert!(
            matches!(seen.as_slice(), [What::Opened(_), What::Closed { wire, .. }] if wire.octets_up == 4),
            "{seen:?}"
        );
    }

    fn tap(port: u16) -> (Recorder, Tap) {
        let recorder = Recorder::new(Clock::new(Instant(0)));
        let session = recorder.session(USERS.into(), "alfa".into(), port);
        (recorder.clone(), Tap::new(recorder, session, 1))
    }

    fn transfers(recorder: &Recorder) -> Vec<Transfer> {
        let (events, _) = recorder.take();
        events
            .into_iter()
            .filter_map(|event| match event.what {
                What::Transfer(transfer) => Some(transfer),
                _ => None,
            })
            .collect()
    }
}
