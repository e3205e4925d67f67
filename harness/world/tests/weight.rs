//! Goal: the world itself holds a large message no more often than it must, however many hosts it passes.
//! Method: a carrier that takes a message, commits it and hands it on in the very octets that it committed; the heap's
//! peak, less what there was before. The meter counts a block that grows twice for a moment: with two that grow at once
//! (the tap's and the carrier's) half of the message is such air.

use std::{sync::Arc, time::Duration};

use collaudo_node::{Body, Bytes, ConnId, DurableLog, Effect, Finding, Host, Input, Node, Ticket, Timestamp};
use collaudo_record::What;
use collaudo_scenario::PlayerPlan;
use collaudo_world::{Declared, Founding, Subject, World};
use peak_alloc::PeakAlloc;

mod toy;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

const MESSAGE_OCTETS: usize = 30_000_000;

#[test]
fn two_hosts_and_the_trace_share_the_octets_of_a_large_message() {
    let mut plan = toy::alone();
    let mut step = toy::step("m1", ("anna", "alfa"), &["bruno@beta.test"]);
    step.submit.message = b"a line of the text that is none too long, and the next one is the same\r\n"
        .iter()
        .copied()
        .cycle()
        .take(MESSAGE_OCTETS)
        .collect();
    plan.providers.push(toy::provider("beta", PlayerPlan::Subject, "bruno"));
    plan.steps = vec![step];
    plan.until = Duration::from_secs(60);
    let subject: Arc<dyn Subject> = Arc::new(Courier);
    let before = HEAP.current_usage();
    HEAP.reset_peak_usage();
    let run = World::build(&plan, &subject).expect("the world is built").run().expect("the world runs");
    let peak = (HEAP.peak_usage() - before) as f64 / MESSAGE_OCTETS as f64;
    let stored = |what: &What| matches!(what, What::Stored { provider, .. } if provider == "beta");
    assert!(run.trace.events.iter().any(|event| stored(&event.what)), "it never arrived");
    assert!(peak < 4.5, "at its peak {peak:.2} messages");
}

struct Courier;

impl Subject for Courier {
    fn name(&self) -> &'static str {
        "courier"
    }

    fn found(&self, founding: &Founding<'_>) -> Bytes {
        Bytes::from(founding.provider.name.clone())
    }

    fn recover(&self, log: &dyn DurableLog, now: Timestamp) -> Box<dyn Node> {
        Box::new(Carrier::recover(log, now))
    }

    fn scan(&self, _: &Bytes) -> Finding {
        Finding::Clean
    }

    fn declare(&self, record: &[u8]) -> Vec<Declared> {
        let body = std::str::from_utf8(record).ok().and_then(collaudo_node::BodyId::from_hex);
        body.map(|body| Declared::Stored { mailbox: "a".into(), body }).into_iter().collect()
    }
}

struct Carrier {
    hands_on: bool,
    content: Option<Vec<u8>>,
    line: Vec<u8>,
    from: Option<ConnId>,
    carried: Option<Bytes>,
    said: usize,
}

const ONWARD: ConnId = ConnId::Outgoing(0);

impl Node for Carrier {
    fn handle(&mut self, _: Timestamp, input: Input, effects: &mut Vec<Effect>) {
        match input {
            Input::Opened { conn, .. } => say(conn, "220 carrier\r\n", effects),
            Input::Bytes { conn: ONWARD, bytes } => self.onward(&bytes, effects),
            Input::Bytes { conn, bytes } => self.heard(conn, &bytes, effects),
            Input::Committed { .. } => {
                if let Some(conn) = self.from.take() {
                    say(conn, "250 kept\r\n", effects);
                }
                if self.hands_on {
                    effects.push(Effect::Connect { conn: ONWARD, host: Host("mx.beta.test".into()), port: 25 });
                }
            }
            Input::Secured { conn: ONWARD } => say(ONWARD, "MAIL FROM:<a>\r\n", effects),
            _ => {}
        }
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        None
    }

    fn recover(log: &dyn DurableLog, _: Timestamp) -> Self {
        let hands_on = log.records().next().is_some_and(|name| *name == *b"alfa");
        Self { hands_on, content: None, line: Vec::new(), from: None, carried: None, said: 0 }
    }
}

impl Carrier {
    fn heard(&mut self, conn: ConnId, bytes: &[u8], effects: &mut Vec<Effect>) {
        if let Some(mut content) = self.content.take() {
            content.extend_from_slice(bytes);
            if !content.ends_with(b"\r\n.\r\n") {
                self.content = Some(content);
                return;
            }
            content.truncate(content.len() - 3);
            content.shrink_to_fit();
            let body = Body::new(content.into());
            self.carried = Some(body.bytes.clone());
            self.from = Some(conn);
            let records = vec![Bytes::from(body.id.to_string())];
            effects.push(Effect::Commit { ticket: Ticket(0), records, bodies: vec![body] });
            return;
        }
        self.line.extend_from_slice(bytes);
        if !self.line.ends_with(b"\r\n") {
            return;
        }
        match std::mem::take(&mut self.line).get(..4) {
            Some(b"AUTH") => say(conn, "235 yes\r\n", effects),
            Some(b"STAR") => {
                say(conn, "220 go\r\n", effects);
                effects.push(Effect::StartTls { conn });
            }
            Some(b"DATA") => {
                self.content = Some(Vec::new());
                say(conn, "354 go\r\n", effects);
            }
            _ => say(conn, "250 ok\r\n", effects),
        }
    }

    /// What the other side says, line by line; each is taken for a yes.
    fn onward(&mut self, bytes: &[u8], effects: &mut Vec<Effect>) {
        for _ in bytes.iter().filter(|octet| **octet == b'\n') {
            self.said += 1;
            match self.said {
                1 => say(ONWARD, "STARTTLS\r\n", effects),
                2 => effects.push(Effect::StartTls { conn: ONWARD }),
                3 => say(ONWARD, "RCPT TO:<b>\r\n", effects),
                4 => say(ONWARD, "DATA\r\n", effects),
                5 => {
                    let bytes = self.carried.take().unwrap_or_default();
                    effects.push(Effect::Write { conn: ONWARD, bytes });
                    say(ONWARD, ".\r\n", effects);
                }
                _ => effects.push(Effect::Close { conn: ONWARD }),
            }
        }
    }
}

fn say(conn: ConnId, text: &'static str, effects: &mut Vec<Effect>) {
    effects.push(Effect::Write { conn, bytes: Bytes::from_static(text.as_bytes()) });
}
