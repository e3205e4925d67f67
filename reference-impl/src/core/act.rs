//! An act: messages to be signed, then one commit, then what follows from it. Nothing is told before the commit stands.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use collaudo_node::{Body, BodyId, Bytes, ConnId, Effect, Timestamp};

use super::{
    book::{Chapter, Day},
    directory::Document,
    journal::{About, Carries, LogLine, Note, Outgoing, Record, Track, Transaction},
    ledger::{fold, key},
    message::{Draft, Index, LogSeal, Revocations, Timeout},
    provider::{Alarm, Answer, Provider, RETRY, Waiting},
    queue::LaneKey,
    seen::Sight,
};

/// What is to be made and put on disk together, at one instant.
#[derive(Debug)]
pub(super) struct Act {
    //= PEC-4.1-02
    //= PEC-DM.9-01
    at: Timestamp,
    unsigned: usize,
    makings: Vec<Making>,
    records: Vec<Record>,
    bodies: Vec<Body>,
    held: Held,
    pub(super) then: Then,
}

/// A paper of ours on its way to be signed.
#[derive(Debug)]
struct Making {
    paper: Paper,
    sealed: Option<Bytes>,
}

#[derive(Debug)]
enum Paper {
    /// A message, and where it goes.
    Message { draft: Box<Draft>, about: Arc<About>, places: Vec<Place> },
    /// Lines of the log.
    Chapter { seal: LogSeal, day: Day, lines: usize, closes: bool },
}

/// Where a message of ours goes.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// Into the mailbox of a user of ours.
    Mailbox(String),
    /// To another host, or to our own reception point.
    Queue { reverse: String, recipients: Vec<String>, domain: String, secure: bool, carries: Box<Carries> },
}

/// What follows once the commit stands, or failed.
#[derive(Debug)]
pub(super) enum Then {
    /// The client is answered that its message was taken.
    Answer(ConnId),
    /// The client is answered that its message was not taken.
    Refuse(ConnId, &'static str),
    /// A time limit was told of.
    Limit { pec_msgid: String, recipient: String, limit: Timeout },
    /// A waiting message was settled in part or in whole.
    Settled(u64, LaneKey),
    /// A waiting message went to our own reception point.
    HandedOver(u64),
    /// A provider index comes into force.
    Index(Index),
    /// A reader of a mailbox is answered.
    Visit(ConnId),
    /// A list of revoked certificates comes into force.
    Revocations(Revocations),
    /// The log was sealed.
    Sealed,
    /// Nothing more.
    Rest,
}

/// What acts under way have laid hands on, so that no second act does.
#[derive(Debug, Default)]
pub(super) struct Held {
    rooms: BTreeMap<String, u64>,
    seen: BTreeSet<(BodyId, String)>,
    tracks: BTreeSet<(String, String)>,
}

impl Act {
    pub(super) fn new(at: Timestamp, then: Then) -> Self {
        Self {
            at,
            unsigned: 0,
            makings: Vec::new(),
            records: Vec::new(),
            bodies: Vec::new(),
            held: Held::default(),
            then,
        }
    }

    pub(super) fn record(&mut self, record: Record) {
        self.records.push(record);
    }

    /// Puts a message into a mailbox, where room was set aside if it has a limit.
    pub(super) fn stored(&mut self, mailbox: String, body: &Body) {
        let octets = body.bytes.len() as u64;
        self.record(Record::Stored { mailbox, body: body.id, octets, at: self.at });
    }

    pub(super) fn keep(&mut self, body: Body) {
        self.bodies.push(body);
    }

    /// Writes a line into the log.
    pub(super) fn log(&mut self, event: &str, about: &Arc<About>, related: Vec<String>) {
        //= PEC-2.3-01
        let line = LogLine { event: event.to_owned(), about: about.clone(), related, at: self.at };
        self.record(Record::logged(line));
    }

    /// Writes a line into the log that is about no message.
    pub(super) fn note(&mut self, event: &str, detail: &str) {
        self.record(Record::noted(Note { event: event.to_owned(), detail: detail.to_owned(), at: self.at }));
    }

    pub(super) fn records_mut(&mut self) -> &mut [Record] {
        &mut self.records
    }

    pub(super) fn bodies(&self) -> &[Body] {
        &self.bodies
    }

    /// Has a message signed, and logs that it was made.
    pub(super) fn make(&mut self, event: &str, about: &Arc<About>, draft: Draft, places: Vec<Place>) {
        self.log(event, about, vec![draft.message_id().to_owned()]);
        self.unsigned += 1;
        let paper = Paper::Message { draft: Box::new(draft), about: about.clone(), places };
        self.makings.push(Making { paper, sealed: None });
    }

    /// Has lines of the log signed.
    pub(super) fn close(&mut self, seal: LogSeal, chapter: &Chapter) {
        let Chapter { day, lines, closes, .. } = *chapter;
        self.unsigned += 1;
        self.makings.push(Making { paper: Paper::Chapter { seal, day, lines, closes }, sealed: None });
    }

    /// Has the client refused for another reason, where it is to be refused.
    pub(super) fn refuse_with(&mut self, reply: &'static str) {
        if let Then::Refuse(_, before) = &mut self.then {
            *before = reply;
        }
    }

    pub(super) fn at(&self) -> Timestamp {
        self.at
    }
}

impl Paper {
    fn to_sign(&self) -> Bytes {
        match self {
            Self::Message { draft, .. } => draft.to_sign(),
            Self::Chapter { seal, .. } => seal.to_sign(),
        }
    }

    fn seal(&self, signature: &[u8]) -> Bytes {
        match self {
            Self::Message { draft, .. } => draft.seal(signature),
            Self::Chapter { seal, .. } => seal.seal(signature),
        }
    }
}

impl Provider {
    /// Begins an act: has its messages signed, if there are any.
    pub(super) fn begin(&mut self, act: Act, out: &mut Vec<Effect>) {
        let number = self.next_act;
        self.next_act += 1;
        for (n, making) in act.makings.iter().enumerate() {
            let ticket = self.ticket(Waiting::Signature { act: number, making: n });
            out.push(Effect::Sign { ticket, message: making.paper.to_sign() });
        }
        let ready = act.unsigned == 0;
        self.acts.insert(number, act);
        if ready {
            self.commit(number, out);
        }
    }

    pub(super) fn signed(&mut self, number: u64, making: usize, signature: &Bytes, out: &mut Vec<Effect>) {
        let Some(act) = self.acts.get_mut(&number) else { return };
        if let Some(making) = act.makings.get_mut(making) {
            making.sealed = Some(making.paper.seal(signature));
            act.unsigned -= 1;
        }
        if act.unsigned == 0 {
            self.commit(number, out);
        }
    }

    /// Puts an act on disk whose messages are all signed.
    fn commit(&mut self, number: u64, out: &mut Vec<Effect>) {
        let Some(mut act) = self.acts.remove(&number) else { return };
        for making in std::mem::take(&mut act.makings) {
            self.place(&mut act, making);
        }
        self.write(number, act, out);
    }

    /// A notice whose reason went away while it was signed is not given.
    pub(super) fn is_void(&self, act: &Act) -> bool {
        let Then::Limit { pec_msgid, recipient, limit } = &act.then else { return false };
        match self.ledger.open(pec_msgid, recipient) {
            None => true,
            Some((_, track)) => *limit == Timeout::TwelveHours && track.taken,
        }
    }

    /// Lets an act go that is not to be put on disk.
    pub(super) fn abandon(&mut self, act: Act) {
        self.release(act.held);
        if let Then::Limit { pec_msgid, recipient, .. } = act.then {
            self.arm(&pec_msgid, &recipient);
        }
    }

    /// Turns a signed paper into the records that put it where it goes.
    fn place(&mut self, act: &mut Act, making: Making) {
        let Some(sealed) = making.sealed else { return };
        let body = Body::new(sealed);
        match making.paper {
            Paper::Message { about, places, .. } => {
                places.into_iter().for_each(|place| self.lay(act, &body, &about, place));
            }
            Paper::Chapter { day, lines, closes, .. } => {
                act.record(Record::Sealed { day, seal: body.id, lines, closes });
            }
        }
        act.keep(body);
    }

    /// Lays a message where it goes.
    pub(super) fn lay(&mut self, act: &mut Act, body: &Body, about: &Arc<About>, place: Place) {
        match place {
            Place::Mailbox(address) => self.store(act, &address, body, about),
            Place::Queue { reverse, recipients, domain, secure, carries } => {
                let carries = *carries;
                let expires = act.at + carries.lifetime();
                let number = self.number();
                let body = body.id;
                let outgoing = Outgoing { number, body, reverse, recipients, domain, secure, expires, carries };
                act.record(Record::Queued(outgoing));
            }
        }
    }

    /// Puts a message into a user's mailbox, where it has room; logs it where it has none.
    pub(super) fn store(&mut self, act: &mut Act, address: &str, body: &Body, about: &Arc<About>) {
        let octets = body.bytes.len() as u64;
        match self.ledger.mailbox(address).map(str::to_owned) {
            Some(mailbox) if self.hold_room(act, &mailbox, octets) => {
                act.stored(mailbox, body);
            }
            // §2.2.3 has a notice for envelopes alone: a receipt that finds no room is lost, and the log says so.
            Some(_) => act.log("casella-piena", &about.for_mailbox(address), Vec::new()),
            None => act.log("casella-inesistente", &about.for_mailbox(address), Vec::new()),
        }
    }

    /// Sets room aside in a mailbox until the act is done; says no where there is none.
    pub(super) fn hold_room(&mut self, act: &mut Act, mailbox: &str, octets: u64) -> bool {
        let held = self.held.rooms.entry(fold(mailbox)).or_default();
        if self.ledger.room(mailbox).is_some_and(|room| room < held.saturating_add(octets)) {
            return false;
        }
        *held += octets;
        *act.held.rooms.entry(fold(mailbox)).or_default() += octets;
        true
    }

    /// Lays hands on a signed content for a recipient, and records that it was taken.
    pub(super) fn hold_seen(&mut self, act: &mut Act, identity: BodyId, recipient: &str) {
        let seen = (identity, key(recipient));
        self.held.seen.insert(seen.clone());
        act.held.seen.insert(seen);
        act.record(Record::Seen(Sight { at: act.at, identity, recipient: recipient.to_owned() }));
    }

    pub(super) fn is_seen_held(&self, identity: BodyId, recipient: &str) -> bool {
        self.held.seen.contains(&(identity, key(recipient)))
    }

    /// Lays hands on a followed recipient; says no where another act has.
    pub(super) fn hold_track(&mut self, act: &mut Act, pec_msgid: &str, recipient: &str) -> bool {
        let track = (pec_msgid.to_owned(), key(recipient));
        act.held.tracks.insert(track.clone());
        self.held.tracks.insert(track)
    }

    pub(super) fn is_track_held(&self, pec_msgid: &str, recipient: &str) -> bool {
        self.held.tracks.contains(&(pec_msgid.to_owned(), key(recipient)))
    }

    fn release(&mut self, held: Held) {
        for (mailbox, octets) in held.rooms {
            let left = self.held.rooms.remove(&mailbox).unwrap_or_default().saturating_sub(octets);
            if left > 0 {
                self.held.rooms.insert(mailbox, left);
            }
        }
        for seen in &held.seen {
            self.held.seen.remove(seen);
        }
        for track in &held.tracks {
            self.held.tracks.remove(track);
        }
    }

    /// The act is on disk: only now it counts.
    pub(super) fn stand(&mut self, number: u64) -> Option<Act> {
        let mut act = self.acts.remove(&number)?;
        self.release(std::mem::take(&mut act.held));
        act.records.iter().for_each(|record| self.ledger.apply(record));
        Some(act)
    }

    /// The act is on disk: only now it is told.
    pub(super) fn follow_up(&mut self, now: Timestamp, act: Act, out: &mut Vec<Effect>) {
        match act.then {
            Then::Answer(conn) => self.answer(now, conn, "250 2.0.0 Ricevuto", out),
            Then::Refuse(conn, reply) => self.answer(now, conn, reply, out),
            Then::Settled(number, key) => self.unhand(now, number, &key, out),
            Then::Index(index) => self.index = Some(index),
            Then::Visit(conn) => self.visit_answered(now, conn, Answer::Committed, out),
            Then::Revocations(revocations) => self.revocations = Some(revocations),
            Then::Sealed => self.sealing = false,
            Then::Limit { .. } | Then::HandedOver(_) | Then::Rest => {}
        }
        self.wake_if_ready(now, out);
        for record in act.records {
            self.follow(now, record, out);
        }
    }

    /// The act is not on disk, no part of it.
    pub(super) fn store_failed(&mut self, now: Timestamp, number: u64, out: &mut Vec<Effect>) {
        let Some(mut act) = self.acts.remove(&number) else { return };
        if let Then::Settled(..) = act.then {
            // The other host has the message: that must not be forgotten, so it is written again.
            self.acts.insert(number, act);
            return self.alarms.set(Alarm::Again(number), now + RETRY);
        }
        let tracks = act.held.tracks.clone();
        self.release(std::mem::take(&mut act.held));
        match act.then {
            Then::Answer(conn) | Then::Refuse(conn, _) => {
                tracks.iter().for_each(|(pec_msgid, recipient)| self.arm(pec_msgid, recipient));
                self.answer(now, conn, "451 4.3.0 Errore temporaneo, riprovare", out);
            }
            Then::Limit { pec_msgid, recipient, .. } => {
                self.alarms.set(Alarm::Limit { pec_msgid, recipient }, now + RETRY);
            }
            Then::HandedOver(number) => self.alarms.set(Alarm::HandOver(number), now + RETRY),
            Then::Visit(conn) => self.visit_answered(now, conn, Answer::StoreFailed, out),
            Then::Index(_) => self.alarms.set(Alarm::Fetch(Document::Index), now + RETRY),
            Then::Revocations(_) => self.alarms.set(Alarm::Fetch(Document::Revocations), now + RETRY),
            Then::Sealed => {
                self.sealing = false;
                self.alarms.set(Alarm::Seal, now + RETRY);
            }
            Then::Settled(..) | Then::Rest => {}
        }
    }

    pub(super) fn write_again(&mut self, number: u64, out: &mut Vec<Effect>) {
        if let Some(act) = self.acts.remove(&number) {
            self.write(number, act, out);
        }
    }

    /// What a committed record sets in motion.
    fn follow(&mut self, now: Timestamp, record: Record, out: &mut Vec<Effect>) {
        match record {
            Record::Queued(outgoing) => self.enqueue(now, outgoing.number, out),
            Record::Opened(Transaction { certified, open, .. }) => {
                for Track { recipient, .. } in open {
                    self.arm(&certified.pec_msgid, &recipient);
                }
            }
            Record::Taken { pec_msgid, recipient }
            | Record::Warned { pec_msgid, recipient }
            | Record::Closed { pec_msgid, recipient } => self.arm(&pec_msgid, &recipient),
            Record::Stored { mailbox, .. } | Record::Flagged { mailbox, .. } | Record::Removed { mailbox, .. } => {
                self.stirred(now, &mailbox, out);
            }
            _ => {}
        }
    }
}
