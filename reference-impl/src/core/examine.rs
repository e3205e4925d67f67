//! What comes in is shown to the scanner before anything becomes of it (§3.1.3, §3.2.3).

use collaudo_node::{Body, ConnId, Effect, Finding, Timestamp};

use super::{
    act::Act,
    journal::Record,
    message::Incoming,
    provider::{Provider, Waiting},
    smtp::Arrival,
};

const NOT_NOW: &str = "451 4.7.1 Controllo antivirus non disponibile, riprovare";

/// A message before the scanner, and who waits for what becomes of it.
#[derive(Debug)]
pub(super) struct Examined {
    pub(super) conn: ConnId,
    pub(super) arrival: Arrival,
    /// What it is, where it came from another host; else a user of ours submits it.
    pub(super) incoming: Option<Incoming>,
}

impl Provider {
    //= PEC-3.1.3-01
    //= PEC-2.2.2-20
    //= PEC-5.4-01
    pub(super) fn examine(&mut self, examined: Examined, out: &mut Vec<Effect>) {
        let bytes = examined.arrival.bytes.clone();
        let ticket = self.ticket(Waiting::Scan(Box::new(examined)));
        out.push(Effect::Scan { ticket, bytes });
    }

    /// The scanner has spoken. Where it gave no answer the message is put off: nothing passes unseen.
    pub(super) fn examined(&mut self, now: Timestamp, examined: Examined, finding: Finding, out: &mut Vec<Effect>) {
        let Examined { conn, arrival, incoming } = examined;
        let threat = match finding {
            Finding::Clean => None,
            Finding::Hostile { name } => Some(name),
            Finding::Unavailable => return self.answer(now, conn, NOT_NOW, out),
        };
        match incoming {
            None => self.submitted(now, conn, &arrival, threat, out),
            Some(incoming) => self.received(now, conn, arrival, incoming, threat, out),
        }
    }
}

impl Act {
    /// Puts a message aside as it came.
    //= PEC-2.2.4-01
    //= PEC-2.2.4-02
    //= PEC-DM.11-01
    pub(super) fn put_aside(&mut self, body: Body) {
        self.record(Record::Retained { body: body.id, at: self.at() });
        self.keep(body);
    }
}
