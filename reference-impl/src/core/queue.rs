//! The queue: what waits for other hosts, in one lane for each destination.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use collaudo_node::{Bytes, ConnId, Effect, Host, Timestamp};

use super::{
    journal::{Carries, Outgoing},
    provider::{Alarm, Provider, RELAY_PORT, Waiting},
    settle::Outcome,
    smtp::{Client, Move, Parcel, Verdict},
};

/// How long an envelope waits at most: so much less than a day that its sender is told within the day.
//= PEC-2.2.2-03
//= PEC-DPR.8-01
const A_DAY: Duration = Duration::from_secs(23 * 3600 + 50 * 60);
/// How long everything else waits, of whose loss nobody would be told (RFC 5321 §4.5.4.1, R-0047).
const FIVE_DAYS: Duration = Duration::from_secs(5 * 24 * 3600);
/// Whatever waits that long is tried at least once after a recovery, though its time ran out before.
const GRACE: Duration = Duration::from_secs(3600);
/// Messages that must wait for each courier under way before another goes beside them.
const WORTH_A_HANDSHAKE: usize = 4;
/// Minutes between two attempts; the last holds for all that follow.
const PAUSES: [u64; 6] = [1, 2, 5, 10, 15, 30];
/// The silence after which another host is given up (RFC 5321 §4.5.3.2).
const SILENCE: Duration = Duration::from_secs(300);
/// The same for what becomes of a whole message, which the other host may have to look at.
const FINAL_SILENCE: Duration = Duration::from_secs(600);

/// A destination.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LaneKey {
    pub(super) domain: String,
    pub(super) secure: bool,
}

/// All that moves in the queue; what waits in it is the ledger's.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    lanes: BTreeMap<LaneKey, Lane>,
    couriers: BTreeMap<ConnId, Courier>,
    /// Messages that a courier has in hand, or whose outcome is being written.
    in_hand: BTreeSet<u64>,
    /// Messages that another host told us to bring again.
    put_off: BTreeMap<u64, Rest>,
    next_conn: u64,
}

#[derive(Debug, Default)]
struct Lane {
    waiting: BTreeSet<u64>,
    /// Somebody is on the way there.
    busy: bool,
    hosts: VecDeque<Host>,
    rest: Option<Rest>,
}

/// A pause after attempts that failed.
#[derive(Clone, Copy, Debug)]
struct Rest {
    attempts: usize,
    until: Timestamp,
}

/// A connection to another host.
#[derive(Debug)]
struct Courier {
    key: LaneKey,
    host: Host,
    /// Whether it goes beside another one: what becomes of it says nothing about the destination.
    helps: bool,
    client: Client,
    in_hand: Option<u64>,
    /// Whether it has brought a message so far.
    useful: bool,
    /// Whether it has said QUIT, and waits for the last reply.
    leaving: bool,
}

impl Rest {
    fn after(before: Option<Self>, now: Timestamp) -> Self {
        let attempts = before.map_or(0, |rest| rest.attempts) + 1;
        let minutes = PAUSES.get(attempts - 1).or(PAUSES.last()).copied().unwrap_or_default();
        Self { attempts, until: now + Duration::from_secs(minutes * 60) }
    }
}

impl Lanes {
    pub(super) fn new_conn(&mut self) -> ConnId {
        let conn = ConnId::Outgoing(self.next_conn);
        self.next_conn += 1;
        conn
    }

    /// The next message of a lane that can go now.
    fn next(&self, key: &LaneKey, now: Timestamp) -> Option<u64> {
        let lane = self.lanes.get(key)?;
        let can_go = |number: &&u64| !self.in_hand.contains(*number) && self.put_off_until(**number) <= Some(now);
        lane.waiting.iter().find(can_go).copied()
    }

    fn put_off_until(&self, number: u64) -> Option<Timestamp> {
        self.put_off.get(&number).map(|rest| rest.until)
    }

    /// When the first message of a lane can go that cannot go now.
    fn soonest(&self, key: &LaneKey) -> Option<Timestamp> {
        if self.put_off.is_empty() {
            return None;
        }
        let waiting = &self.lanes.get(key)?.waiting;
        waiting.iter().filter(|number| !self.in_hand.contains(number)).filter_map(|n| self.put_off_until(*n)).min()
    }
}

impl Carries {
    /// How long it waits for other hosts at most.
    pub(super) fn lifetime(&self) -> Duration {
        match self {
            Self::Envelope { .. } => A_DAY,
            Self::Receipt { .. } | Self::Ordinary { .. } => FIVE_DAYS,
        }
    }
}

impl Outgoing {
    /// When it is given up, where it sets out now.
    fn given_up(&self, now: Timestamp) -> Timestamp {
        match self.carries {
            Carries::Envelope { .. } => self.expires,
            Carries::Receipt { .. } | Carries::Ordinary { .. } => self.expires.max(now + GRACE),
        }
    }

    pub(super) fn lane(&self) -> LaneKey {
        LaneKey { domain: self.domain.clone(), secure: self.secure }
    }
}

impl Provider {
    /// Sends a waiting message on its way.
    pub(super) fn enqueue(&mut self, now: Timestamp, number: u64, out: &mut Vec<Effect>) {
        let Some(outgoing) = self.ledger.outgoing.get(&number) else { return };
        if outgoing.domain.eq_ignore_ascii_case(&self.ledger.config.domain) {
            return self.load_for_hand_over(number, out);
        }
        let key = outgoing.lane();
        self.alarms.set(Alarm::Expire(number), outgoing.given_up(now));
        self.lanes.lanes.entry(key.clone()).or_default().waiting.insert(number);
        self.kick(now, &key, out);
    }

    /// Sets out for a destination, if something is to go there and nothing is on the way.
    pub(super) fn kick(&mut self, now: Timestamp, key: &LaneKey, out: &mut Vec<Effect>) {
        let next = self.lanes.next(key, now);
        let soonest = self.lanes.soonest(key);
        let Some(lane) = self.lanes.lanes.get_mut(key) else { return };
        if lane.busy || lane.rest.is_some_and(|rest| rest.until > now) {
            return;
        }
        if next.is_some() {
            lane.busy = true;
            let ticket = self.ticket(Waiting::Hosts(key.clone()));
            return out.push(Effect::Resolve { ticket, domain: key.domain.clone() });
        }
        if lane.waiting.is_empty() {
            self.lanes.lanes.remove(key);
            return self.alarms.clear(&Alarm::Lane(key.clone()));
        }
        if let Some(at) = soonest {
            self.alarms.set(Alarm::Lane(key.clone()), at);
        }
    }

    pub(super) fn resolved(&mut self, now: Timestamp, key: LaneKey, hosts: Vec<Host>, out: &mut Vec<Effect>) {
        let Some(lane) = self.lanes.lanes.get_mut(&key) else { return };
        lane.hosts = hosts.into();
        if !lane.hosts.is_empty() {
            return self.set_out(now, &key, out);
        }
        // The domain does not exist: nothing there can ever be brought.
        lane.busy = false;
        while let Some(number) = self.lanes.next(&key, now) {
            self.lanes.in_hand.insert(number);
            let recipients = self.ledger.outgoing.get(&number).map(|waiting| waiting.recipients.clone());
            let outcomes = recipients.unwrap_or_default().into_iter().map(|r| (r, Outcome::NoDomain)).collect();
            self.settle(now, number, outcomes, out);
        }
    }

    /// Connects to the next host of a destination, or lets it rest where none is left.
    fn set_out(&mut self, now: Timestamp, key: &LaneKey, out: &mut Vec<Effect>) {
        let Some(lane) = self.lanes.lanes.get_mut(key) else { return };
        let Some(host) = lane.hosts.pop_front() else {
            lane.busy = false;
            let rest = Rest::after(lane.rest, now);
            lane.rest = Some(rest);
            return self.alarms.set(Alarm::Lane(key.clone()), rest.until);
        };
        let conn = self.lanes.new_conn();
        self.engage(now, conn, key, host, false, out);
    }

    fn engage(&mut self, now: Timestamp, conn: ConnId, key: &LaneKey, host: Host, helps: bool, out: &mut Vec<Effect>) {
        let client = Client::new(&self.ledger.config.host, key.secure);
        let (key, peer) = (key.clone(), host.clone());
        let courier = Courier { key, host: peer, helps, client, in_hand: None, useful: false, leaving: false };
        self.lanes.couriers.insert(conn, courier);
        self.alarms.set(Alarm::Link(conn), now + SILENCE);
        //= PEC-2.2.2-01
        out.push(Effect::Connect { conn, host, port: RELAY_PORT });
    }

    /// Has another courier go beside one that has found its way, where so much waits that it is worth a handshake.
    fn reinforce(&mut self, now: Timestamp, conn: ConnId, out: &mut Vec<Effect>) {
        let Some(courier) = self.lanes.couriers.get(&conn) else { return };
        let (key, host) = (courier.key.clone(), courier.host.clone());
        let under_way = self.lanes.couriers.values().filter(|other| other.key == key && !other.leaving).count();
        let waiting = self.lanes.lanes.get(&key).map_or(0, |lane| lane.waiting.len());
        if under_way < self.couriers && waiting > under_way * WORTH_A_HANDSHAKE {
            let conn = self.lanes.new_conn();
            self.engage(now, conn, &key, host, true, out);
        }
    }

    /// The connection stands: the other host speaks first.
    pub(super) fn linked(&mut self, now: Timestamp, conn: ConnId) {
        if self.lanes.couriers.contains_key(&conn) {
            self.alarms.set(Alarm::Link(conn), now + SILENCE);
        }
    }

    pub(super) fn link_secured(&mut self, now: Timestamp, conn: ConnId, out: &mut Vec<Effect>) {
        if let Some(courier) = self.lanes.couriers.get_mut(&conn) {
            courier.client.secured();
            self.pump(now, conn, out);
        }
    }

    pub(super) fn heard(&mut self, now: Timestamp, conn: ConnId, bytes: Bytes, out: &mut Vec<Effect>) {
        if let Some(courier) = self.lanes.couriers.get_mut(&conn) {
            courier.client.push(bytes);
            self.pump(now, conn, out);
        }
    }

    pub(super) fn link_drained(&mut self, now: Timestamp, conn: ConnId, out: &mut Vec<Effect>) {
        if let Some(courier) = self.lanes.couriers.get_mut(&conn) {
            courier.client.drained();
            self.flush(now, conn, out);
            self.pump(now, conn, out);
        }
    }

    /// Sends what the courier has to say, and waits anew.
    fn flush(&mut self, now: Timestamp, conn: ConnId, out: &mut Vec<Effect>) {
        let Some(courier) = self.lanes.couriers.get_mut(&conn) else { return };
        let said = courier.client.said();
        if said.is_empty() {
            return;
        }
        out.extend(said.into_iter().map(|bytes| Effect::Write { conn, bytes }));
        let silence = if courier.client.awaits_final_reply() { FINAL_SILENCE } else { SILENCE };
        self.alarms.set(Alarm::Link(conn), now + silence);
    }

    /// Lets a courier go on as far as it can.
    fn pump(&mut self, now: Timestamp, conn: ConnId, out: &mut Vec<Effect>) {
        while let Some(courier) = self.lanes.couriers.get_mut(&conn) {
            let moved = courier.client.step();
            self.flush(now, conn, out);
            match moved {
                Move::Wait => return,
                Move::StartTls => return out.push(Effect::StartTls { conn }),
                Move::Ready => self.pick(now, conn, out),
                Move::Done(verdicts) => self.done(now, conn, verdicts, out),
                Move::Broken => {
                    out.push(Effect::Close { conn });
                    self.unlinked(now, conn, out);
                }
            }
        }
    }

    /// Gives the courier its next message, or lets it go.
    fn pick(&mut self, now: Timestamp, conn: ConnId, out: &mut Vec<Effect>) {
        let Some(courier) = self.lanes.couriers.get(&conn) else { return };
        let next = self.lanes.next(&courier.key, now);
        let body = next.and_then(|number| self.ledger.outgoing.get(&number)).map(|outgoing| outgoing.body);
        if let (Some(number), Some(body)) = (next, body) {
            self.lanes.in_hand.insert(number);
            if let Some(courier) = self.lanes.couriers.get_mut(&conn) {
                courier.in_hand = Some(number);
            }
            let ticket = self.ticket(Waiting::Parcel { conn });
            out.push(Effect::Load { ticket, body });
            return self.reinforce(now, conn, out);
        }
        let Some(courier) = self.lanes.couriers.get_mut(&conn) else { return };
        courier.client.quit();
        courier.leaving = true;
        let (key, helps) = (courier.key.clone(), courier.helps);
        self.flush(now, conn, out);
        if let Some(lane) = self.lanes.lanes.get_mut(&key).filter(|_| !helps) {
            lane.busy = false;
            lane.rest = None;
        }
        self.kick(now, &key, out);
    }

    pub(super) fn loaded(&mut self, now: Timestamp, conn: ConnId, body: Option<Bytes>, out: &mut Vec<Effect>) {
        let Some(courier) = self.lanes.couriers.get_mut(&conn) else { return };
        let waiting = courier.in_hand.and_then(|number| self.ledger.outgoing.get(&number));
        let verdicts = match (waiting, body) {
            (Some(Outgoing { reverse, recipients, .. }), Some(body)) => {
                courier.client.hand(Parcel { reverse: reverse.clone(), recipients: recipients.clone(), body })
            }
            (waiting, _) => {
                let recipients = waiting.map(|waiting| waiting.recipients.clone()).unwrap_or_default();
                Some(recipients.into_iter().map(|recipient| (recipient, Verdict::Later)).collect())
            }
        };
        self.flush(now, conn, out);
        if let Some(verdicts) = verdicts {
            self.done(now, conn, verdicts, out);
            self.pump(now, conn, out);
        }
    }

    /// The other host has said what becomes of the message in hand.
    fn done(&mut self, now: Timestamp, conn: ConnId, verdicts: Vec<(String, Verdict)>, out: &mut Vec<Effect>) {
        let Some(courier) = self.lanes.couriers.get_mut(&conn) else { return };
        courier.useful = true;
        if let Some(number) = courier.in_hand.take() {
            let mut outcomes = Vec::new();
            for (recipient, verdict) in verdicts {
                match verdict {
                    Verdict::Sent => outcomes.push((recipient, Outcome::Sent)),
                    Verdict::Refused { code, text } => outcomes.push((recipient, Outcome::Refused { code, text })),
                    Verdict::Later => self.put_off(now, number),
                }
            }
            self.settle(now, number, outcomes, out);
        }
        self.pick(now, conn, out);
    }

    /// Keeps a message back for a while.
    pub(super) fn put_off(&mut self, now: Timestamp, number: u64) {
        let before = self.lanes.put_off.get(&number).copied();
        // Several recipients put off by one attempt are one attempt.
        if before.is_none_or(|rest| rest.until <= now) {
            self.lanes.put_off.insert(number, Rest::after(before, now));
        }
    }

    /// Another host said nothing for too long.
    pub(super) fn silent(&mut self, now: Timestamp, conn: ConnId, out: &mut Vec<Effect>) {
        if self.lanes.couriers.contains_key(&conn) {
            out.push(Effect::Close { conn });
            self.unlinked(now, conn, out);
        }
    }

    /// A connection is gone: what the courier had in hand waits on, for its fate is not known.
    pub(super) fn unlinked(&mut self, now: Timestamp, conn: ConnId, out: &mut Vec<Effect>) {
        let Some(courier) = self.lanes.couriers.remove(&conn) else { return };
        self.alarms.clear(&Alarm::Link(conn));
        if courier.leaving {
            return;
        }
        if let Some(number) = courier.in_hand {
            self.lanes.in_hand.remove(&number);
        }
        if courier.helps {
            return self.kick(now, &courier.key, out);
        }
        if let Some(lane) = self.lanes.lanes.get_mut(&courier.key).filter(|_| courier.useful) {
            // The host is well enough; it is not the next one's turn, and the pauses begin anew.
            lane.hosts.clear();
            lane.rest = None;
        }
        self.set_out(now, &courier.key, out);
    }

    /// A message is free again, or gone: see what there is to do for its destination.
    pub(super) fn unhand(&mut self, now: Timestamp, number: u64, key: &LaneKey, out: &mut Vec<Effect>) {
        self.lanes.in_hand.remove(&number);
        if !self.ledger.outgoing.contains_key(&number) {
            self.lanes.put_off.remove(&number);
            self.alarms.clear(&Alarm::Expire(number));
            if let Some(lane) = self.lanes.lanes.get_mut(key) {
                lane.waiting.remove(&number);
            }
        }
        self.kick(now, key, out);
    }

    /// A message has waited for too long.
    pub(super) fn expire(&mut self, now: Timestamp, number: u64, out: &mut Vec<Effect>) {
        let Some(outgoing) = self.ledger.outgoing.get(&number) else { return };
        if !self.lanes.in_hand.insert(number) {
            return self.alarms.set(Alarm::Expire(number), now + super::provider::RETRY);
        }
        let outcomes = outgoing.recipients.iter().map(|recipient| (recipient.clone(), Outcome::Expired)).collect();
        self.settle(now, number, outcomes, out);
    }
}
