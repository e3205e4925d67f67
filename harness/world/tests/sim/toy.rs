use std::time::Duration;

use collaudo_node::{Bytes, ConnId, DurableLog, Effect, Finding, Host, Input, Node, Ticket, Timestamp};
use collaudo_world::{Declared, Founding, Subject};

/// Makes a [`Toy`] for everyone.
pub(crate) struct ToySubject;

impl Subject for ToySubject {
    fn name(&self) -> &'static str {
        "toy"
    }

    fn found(&self, founding: &Founding<'_>) -> Bytes {
        Bytes::from(founding.provider.name.clone().into_bytes())
    }

    fn recover(&self, log: &dyn DurableLog, now: Timestamp) -> Box<dyn Node> {
        Box::new(Toy::recover(log, now))
    }

    fn scan(&self, _: &Bytes) -> Finding {
        Finding::Clean
    }

    fn declare(&self, _: &[u8]) -> Vec<Declared> {
        Vec::new()
    }
}

struct Toy {
    knock_at: Option<Timestamp>,
    knocks: u64,
    talk: Vec<u8>,
    waiting: Option<ConnId>,
    content: bool,
}

const HALF_HOUR: Duration = Duration::from_secs(1800);

impl Node for Toy {
    fn handle(&mut self, now: Timestamp, input: Input, effects: &mut Vec<Effect>) {
        match input {
            Input::Opened { conn, .. } => write(conn, "220 toy\r\n", effects),
            Input::Bytes { conn: conn @ ConnId::Incoming(_), bytes } => {
                self.talk.extend_from_slice(&bytes);
                while let Some(end) = self.talk.iter().position(|b| *b == b'\n') {
                    let line: Vec<u8> = self.talk.drain(..=end).collect();
                    self.line(conn, &String::from_utf8_lossy(&line), effects);
                }
            }
            Input::Committed { .. } => {
                self.knock_at = Some(now + HALF_HOUR);
                if let Some(conn) = self.waiting.take() {
                    write(conn, "250 kept\r\n", effects);
                }
            }
            Input::Deadline => {
                self.knock_at = Some(now + HALF_HOUR);
                let conn = ConnId::Outgoing(self.knocks);
                self.knocks += 1;
                effects.push(Effect::Connect { conn, host: Host("mx.beta.test".into()), port: 25 });
            }
            Input::Connected { conn } => effects.push(Effect::Close { conn }),
            _ => {}
        }
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        self.knock_at
    }

    fn recover(log: &dyn DurableLog, now: Timestamp) -> Self {
        let knock_at = (log.records().count() > 1).then(|| now + HALF_HOUR);
        Self { knock_at, knocks: 0, talk: Vec::new(), waiting: None, content: false }
    }
}

impl Toy {
    fn line(&mut self, conn: ConnId, line: &str, effects: &mut Vec<Effect>) {
        let word = line.split_whitespace().next().unwrap_or_default();
        if self.content {
            if word == "." {
                self.content = false;
                self.waiting = Some(conn);
                let record = Bytes::from_static(b"kept");
                effects.push(Effect::Commit { ticket: Ticket(0), records: vec![record], bodies: Vec::new() });
            }
            return;
        }
        match word {
            "STARTTLS" => {
                write(conn, "220 go\r\n", effects);
                effects.push(Effect::StartTls { conn });
            }
            "AUTH" => write(conn, "235 yes\r\n", effects),
            "DATA" => {
                self.content = true;
                write(conn, "354 go\r\n", effects);
            }
            _ => write(conn, "250 ok\r\n", effects),
        }
    }
}

fn write(conn: ConnId, text: &'static str, effects: &mut Vec<Effect>) {
    effects.push(Effect::Write { conn, bytes: Bytes::from_static(text.as_bytes()) });
}
