//! The tap: sits above TLS at the accepting end of a connection and reads along, without a word of its own. It knows
//! the shape of an SMTP dialogue and keeps paths, replies and the message's octets; it never looks inside a message.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use collaudo_record::{Forward, Reply, Session, Transfer, What, Wire};
use sha2::{Digest, Sha256};

use crate::recorder::Recorder;

/// One connection's tap. Dropped, it records what it has and that the connection is gone.
pub(crate) struct Tap {
    recorder: Recorder,
    session: Session,
    client_port: u16,
    secured: bool,
    account: Option<String>,
    login: Login,
    /// Octets of the client's that are no whole line yet.
    up: Vec<u8>,
    /// Octets of the server's that are no whole line yet.
    down: Vec<u8>,
    /// What the client asked and the server has not answered yet, in order.
    asked: std::collections::VecDeque<Asked>,
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

#[derive(Default)]
struct Content {
    octets: Vec<u8>,
    /// Where the line that is being read begins.
    line: usize,
}

enum Asked {
    Login(Option<String>),
    Reverse(String),
    Forward(String),
    Data,
    Dot,
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
            recorder,
            session,
            client_port,
            secured: false,
            account: None,
            login: Login::No,
            up: Vec::new(),
            down: Vec::new(),
            // The greeting answers nobody.
            asked: [Asked::Other].into(),
            content: None,
            transfer: None,
            wire: WireCount::default(),
        }
    }

    pub(crate) fn secured(&mut self) {
        self.secured = true;
        self.up.clear();
        self.down.clear();
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
        while !octets.is_empty() {
            if let Some(content) = &mut self.content {
                let (taken, ended) = content.take(octets);
                octets = octets.get(taken..).unwrap_or_default();
                if ended {
                    self.content_ended();
                }
            } else {
                let Some(end) = octets.iter().position(|b| *b == b'\n') else {
                    self.up.extend_from_slice(octets);
                    return;
                };
                let (line, rest) = octets.split_at(end + 1);
                self.up.extend_from_slice(line);
                octets = rest;
                let line = std::mem::take(&mut self.up);
                self.command(String::from_utf8_lossy(&line).trim_end());
            }
        }
    }

    /// Octets from server to client.
    pub(crate) fn down(&mut self, octets: &[u8]) {
        self.down.extend_from_slice(octets);
        while let Some(end) = self.down.iter().position(|b| *b == b'\n') {
            let line: Vec<u8> = self.down.drain(..=end).collect();
            self.reply_line(String::from_utf8_lossy(&line).trim_end());
        }
    }

    fn command(&mut self, line: &str) {
        match std::mem::take(&mut self.login) {
            Login::No => {}
            Login::Plain => return self.asked.push_back(Asked::Login(plain_account(line))),
            Login::Account => {
                self.login = Login::Secret(decode(line).unwrap_or_default());
                return self.asked.push_back(Asked::Other);
            }
            Login::Secret(account) => return self.asked.push_back(Asked::Login(Some(account))),
        }
        let upper = line.to_ascii_uppercase();
        let asked = if let Some(path) = path_after(line, &upper, "MAIL FROM:") {
            Asked::Reverse(path)
        } else if let Some(path) = path_after(line, &upper, "RCPT TO:") {
            Asked::Forward(path)
        } else if upper == "DATA" {
            Asked::Data
        } else if upper == "RSET" || upper.starts_with("EHLO") || upper.starts_with("HELO") {
            Asked::Reset
        } else {
            self.auth(line, &upper)
        };
        self.asked.push_back(asked);
    }

    fn auth(&mut self, line: &str, upper: &str) -> Asked {
        let word = |n| line.split_ascii_whitespace().nth(n);
        if upper.starts_with("AUTH PLAIN") {
            match word(2) {
                Some(response) => return Asked::Login(plain_account(response)),
                None => self.login = Login::Plain,
            }
        } else if upper.starts_with("AUTH LOGIN") {
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
        if rest.starts_with('-') {
            return;
        }
        let reply = Reply { code, text: rest.trim_start().to_owned() };
        match self.asked.pop_front() {
            Some(Asked::Login(account)) if code == 235 => self.account = account,
            Some(Asked::Login(_)) => self.login = Login::No,
            Some(Asked::Reverse(path)) => self.begin(path, reply),
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
            Some(Asked::Reset) => self.end(),
            Some(Asked::Other) if code >= 400 => self.login = Login::No,
            Some(Asked::Other) | None => {}
        }
    }

    fn begin(&mut self, reverse_path: String, reply: Reply) {
        self.end();
        let refused = reply.code >= 400;
        self.transfer = Some(Transfer {
            session: self.session.clone(),
            step: self.recorder.step_of(&self.session.client, self.client_port),
            began: self.recorder.clock().now(),
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
        let octets = self.content.take().map(|content| content.octets).unwrap_or_default();
        self.asked.push_back(Asked::Dot);
        if let Some(transfer) = &mut self.transfer {
            transfer.body = Some(self.recorder.keep(&octets));
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

impl Content {
    /// Takes octets up to the end of the content; says how many it took, and whether the final dot was among them.
    fn take(&mut self, octets: &[u8]) -> (usize, bool) {
        let mut taken = 0;
        while let Some(rest) = octets.get(taken..).filter(|rest| !rest.is_empty()) {
            let end = rest.iter().position(|b| *b == b'\n').map_or(rest.len(), |n| n + 1);
            self.octets.extend_from_slice(rest.get(..end).unwrap_or_default());
            taken += end;
            if self.octets.last() != Some(&b'\n') {
                break;
            }
            match self.octets.get(self.line..) {
                Some(b".\r\n") if self.after_crlf() => {
                    self.octets.truncate(self.line);
                    return (taken, true);
                }
                Some([b'.', ..]) => {
                    self.octets.remove(self.line);
                }
                _ => {}
            }
            self.line = self.octets.len();
        }
        (taken, false)
    }

    fn after_crlf(&self) -> bool {
        self.line == 0 || self.octets.get(..self.line).is_some_and(|before| before.ends_with(b"\r\n"))
    }
}

fn path_after(line: &str, upper: &str, command: &str) -> Option<String> {
    if !upper.starts_with(command) {
        return None;
    }
    let rest = line.get(command.len()..)?.trim_start();
    let path = match rest.strip_prefix('<') {
        Some(inner) => inner.split('>').next()?,
        None => rest.split(' ').next()?,
    };
    Some(path.to_owned())
}

fn plain_account(response: &str) -> Option<String> {
    decode(response)?.split('\0').nth(1).map(str::to_owned)
}

fn decode(text: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(text).ok()?).ok()
}
