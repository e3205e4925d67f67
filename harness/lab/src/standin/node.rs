//! A stand-in provider as a node: the provider itself, its twins, and the doors between them and the world.

use std::collections::{BTreeMap, VecDeque};

use collaudo_node::{ConnId, DurableLog, Effect, End, Finding, Host, Input, Node, Timestamp};

use super::{
    MARKS, Twin,
    door::{Act, Door, Mail},
    errand::{Errand, Next},
    mark::Marked,
    verdict::Border,
};

/// Where other providers hand their messages over.
const RELAY: u16 = 25;
/// Where people submit theirs.
const SUBMISSION: [u16; 2] = [465, 587];
/// The provider itself.
const OWN: usize = 0;
/// What a node names itself has its own place above this bit.
const PLACE: u32 = 56;

pub(super) struct StandIn {
    border: Border,
    /// The provider itself, then its twins.
    nodes: [Box<dyn Node>; 3],
    /// SMTP connections that somebody opened, each with its port.
    doors: BTreeMap<ConnId, (u16, Door)>,
    /// Messages handed to twins, by twin and the number of a connection that has no wire.
    errands: BTreeMap<(usize, u64), Errand>,
    /// How many of those there were.
    handed: u64,
    /// Connections on which twins hand over what they made, under the names that the world knows.
    marked: BTreeMap<ConnId, Marked>,
}

/// What is to be told to a node, in order.
type Queue = VecDeque<(usize, Input)>;

impl StandIn {
    pub(super) fn new(domain: String, own: Box<dyn Node>, twins: [Box<dyn Node>; 2]) -> Self {
        let [full, empty] = twins;
        Self {
            border: Border::new(domain),
            nodes: [own, full, empty],
            doors: BTreeMap::new(),
            errands: BTreeMap::new(),
            handed: 0,
            marked: BTreeMap::new(),
        }
    }

    /// What the world has goes to the node that it is for.
    fn takes(&mut self, now: Timestamp, mut input: Input, effects: &mut Vec<Effect>, queue: &mut Queue) {
        match input {
            Input::Started => queue.extend((0..self.nodes.len()).map(|place| (place, Input::Started))),
            Input::Deadline => {
                let due = |node: &dyn Node| node.next_deadline().is_some_and(|at| at <= now);
                let nodes = self.nodes.iter().enumerate().filter(|(_, node)| due(&***node));
                queue.extend(nodes.map(|(place, _)| (place, Input::Deadline)));
            }
            Input::Opened { conn, port, .. } => {
                if port == RELAY || SUBMISSION.contains(&port) {
                    self.doors.insert(conn, (port, Door::new()));
                }
                queue.push_back((OWN, input));
            }
            Input::Bytes { conn, ref bytes } if self.doors.contains_key(&conn) => {
                let acts = self.at_door(conn, |door| door.hears(bytes));
                self.perform(now, conn, acts, effects, queue);
            }
            Input::Closed { conn, .. } if self.doors.remove(&conn).is_some() => queue.push_back((OWN, input)),
            _ => {
                if let Input::Closed { conn, .. } = &input {
                    self.marked.remove(conn);
                }
                let place = unplaced(&mut input);
                queue.push_back((place, input));
            }
        }
    }

    /// What a node wants goes to the world, but for what the border has a say in.
    fn gives(&mut self, now: Timestamp, place: usize, effect: Effect, effects: &mut Vec<Effect>, queue: &mut Queue) {
        match effect {
            Effect::Scan { ticket, ref bytes } if self.border.is_hostile(bytes) => {
                let finding = Finding::Hostile { name: "Collaudo.Test.Signature".into() };
                queue.push_back((place, Input::Scanned { ticket, finding }));
            }
            Effect::Write { conn, ref bytes } if place == OWN && self.doors.contains_key(&conn) => {
                let acts = self.at_door(conn, |door| door.says(bytes));
                self.perform(now, conn, acts, effects, queue);
            }
            Effect::Write { conn: ConnId::Incoming(errand), ref bytes } if place != OWN => {
                queue.push_back((place, Input::Drained { conn: ConnId::Incoming(errand) }));
                let next = self.errands.get_mut(&(place, errand)).and_then(|errand| errand.hears(bytes));
                self.goes_on(now, (place, errand), next, effects, queue);
            }
            Effect::StartTls { conn: conn @ ConnId::Incoming(errand) } if place != OWN => {
                queue.push_back((place, Input::Secured { conn }));
                let next = self.errands.get_mut(&(place, errand)).and_then(Errand::secured).map(Next::Say);
                self.goes_on(now, (place, errand), next, effects, queue);
            }
            Effect::Close { conn: ConnId::Incoming(errand) } if place != OWN => {
                let gone = self.errands.contains_key(&(place, errand));
                let next = gone.then(|| Next::Over(b"451 4.3.0 The provider hung up\r\n".to_vec()));
                self.goes_on(now, (place, errand), next, effects, queue);
            }
            // The log is the provider's own: a twin has no need to be found again.
            Effect::Snapshot { ticket, .. } if place != OWN => queue.push_back((place, Input::Committed { ticket })),
            effect => effects.push(self.marks(place, placed(place, effect))),
        }
    }

    /// What a twin hands over, under names that the provider itself does not give.
    fn marks(&mut self, place: usize, effect: Effect) -> Effect {
        match effect {
            Effect::Connect { conn, port: RELAY, .. } if place != OWN => {
                let mark = MARKS.get(place).copied().unwrap_or_default();
                self.marked.insert(conn, Marked::new(mark));
                effect
            }
            Effect::Write { conn, bytes } => match self.marked.get_mut(&conn) {
                None => Effect::Write { conn, bytes },
                // A write of no octets, where a line is not whole yet, is drained like any other.
                Some(marked) => Effect::Write { conn, bytes: marked.writes(&bytes).into() },
            },
            effect => effect,
        }
    }

    fn perform(&mut self, now: Timestamp, conn: ConnId, acts: Vec<Act>, effects: &mut Vec<Effect>, queue: &mut Queue) {
        for act in acts {
            match act {
                Act::Out(bytes) => effects.push(Effect::Write { conn, bytes: bytes.into() }),
                Act::In(bytes) => queue.push_back((OWN, Input::Bytes { conn, bytes: bytes.into() })),
                Act::Drained => queue.push_back((OWN, Input::Drained { conn })),
                Act::Close => effects.push(Effect::Close { conn }),
                Act::Decide(mail) => self.decide(now, conn, &mail, effects, queue),
            }
        }
    }

    fn decide(&mut self, now: Timestamp, conn: ConnId, mail: &Mail, effects: &mut Vec<Effect>, queue: &mut Queue) {
        let port = self.doors.get(&conn).map(|(port, _)| *port);
        let (decision, twin) = match port {
            Some(RELAY) => self.border.received(mail, now),
            _ => (self.border.submitted(mail), None),
        };
        if let Some(twin) = twin {
            self.hand_over(conn, mail, twin, queue);
        }
        let acts = self.at_door(conn, |door| door.decided(decision));
        self.perform(now, conn, acts, effects, queue);
    }

    /// A client with no wire begins to talk to a twin.
    fn hand_over(&mut self, door: ConnId, mail: &Mail, twin: Twin, queue: &mut Queue) {
        let (place, number) = (twin as usize, self.handed);
        self.handed += 1;
        self.errands.insert((place, number), Errand::new(door, mail));
        let peer = Host("stand-in".into());
        queue.push_back((place, Input::Opened { conn: ConnId::Incoming(number), port: RELAY, peer }));
    }

    fn goes_on(
        &mut self,
        now: Timestamp,
        (place, number): (usize, u64),
        next: Option<Next>,
        effects: &mut Vec<Effect>,
        queue: &mut Queue,
    ) {
        let conn = ConnId::Incoming(number);
        match next {
            None => {}
            Some(Next::Say(bytes)) => queue.push_back((place, Input::Bytes { conn, bytes: bytes.into() })),
            Some(Next::Over(reply)) => {
                queue.push_back((place, Input::Closed { conn, end: End::Finished }));
                let Some(errand) = self.errands.remove(&(place, number)) else { return };
                let acts = self.at_door(errand.door, |door| door.answered(reply));
                self.perform(now, errand.door, acts, effects, queue);
            }
        }
    }

    fn at_door(&mut self, conn: ConnId, work: impl FnOnce(&mut Door) -> Vec<Act>) -> Vec<Act> {
        self.doors.get_mut(&conn).map(|(_, door)| work(door)).unwrap_or_default()
    }
}

impl Node for StandIn {
    fn handle(&mut self, now: Timestamp, input: Input, effects: &mut Vec<Effect>) {
        let mut queue = Queue::new();
        self.takes(now, input, effects, &mut queue);
        while let Some((place, input)) = queue.pop_front() {
            let Some(node) = self.nodes.get_mut(place) else { continue };
            let mut wanted = Vec::new();
            node.handle(now, input, &mut wanted);
            for effect in wanted {
                self.gives(now, place, effect, effects, &mut queue);
            }
        }
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        self.nodes.iter().filter_map(|node| node.next_deadline()).min()
    }

    /// Of itself it knows no provider to stand for.
    fn recover(_: &dyn DurableLog, _: Timestamp) -> Self {
        let nobody = || Box::new(Nobody) as Box<dyn Node>;
        Self::new(String::new(), nobody(), [nobody(), nobody()])
    }
}

/// A node that does nothing.
struct Nobody;

impl Node for Nobody {
    fn handle(&mut self, _: Timestamp, _: Input, _: &mut Vec<Effect>) {}

    fn next_deadline(&self) -> Option<Timestamp> {
        None
    }

    fn recover(_: &dyn DurableLog, _: Timestamp) -> Self {
        Self
    }
}

/// The effect under names that no other node of the house uses.
fn placed(place: usize, mut effect: Effect) -> Effect {
    let mark = u64::try_from(place).unwrap_or_default() << PLACE;
    match &mut effect {
        Effect::Connect { conn, .. }
        | Effect::Write { conn, .. }
        | Effect::StartTls { conn }
        | Effect::Close { conn } => {
            if let ConnId::Outgoing(number) = conn {
                *number |= mark;
            }
        }
        Effect::Commit { ticket, .. }
        | Effect::Load { ticket, .. }
        | Effect::Sign { ticket, .. }
        | Effect::Snapshot { ticket, .. }
        | Effect::Scan { ticket, .. }
        | Effect::CheckPassword { ticket, .. }
        | Effect::Resolve { ticket, .. }
        | Effect::Fetch { ticket, .. } => ticket.0 |= mark,
    }
    effect
}

/// The node that an input is for, which knows it by its own name.
fn unplaced(input: &mut Input) -> usize {
    let name = match input {
        Input::Connected { conn }
        | Input::Secured { conn }
        | Input::Bytes { conn, .. }
        | Input::Drained { conn }
        | Input::Closed { conn, .. }
        | Input::Opened { conn, .. } => match conn {
            ConnId::Outgoing(number) => number,
            ConnId::Incoming(_) => return OWN,
        },
        Input::Committed { ticket }
        | Input::StoreFailed { ticket }
        | Input::Loaded { ticket, .. }
        | Input::Signed { ticket, .. }
        | Input::Scanned { ticket, .. }
        | Input::PasswordChecked { ticket, .. }
        | Input::Resolved { ticket, .. }
        | Input::Fetched { ticket, .. } => &mut ticket.0,
        Input::Started | Input::Deadline => return OWN,
    };
    let place = usize::try_from(*name >> PLACE).unwrap_or_default();
    *name &= (1 << PLACE) - 1;
    place
}

#[cfg(test)]
mod tests {
    use collaudo_node::{BodyId, Bytes, Ticket};

    use super::*;

    #[test]
    fn a_twin_s_names_come_back_to_it_as_it_gave_them() {
        for place in 0..3 {
            let conn = ConnId::Outgoing(7);
            let Effect::Write { conn, .. } = placed(place, Effect::Write { conn, bytes: Bytes::new() }) else {
                panic!("a write stays one")
            };
            let mut input = Input::Drained { conn };
            assert_eq!(unplaced(&mut input), place);
            assert_eq!(input, Input::Drained { conn: ConnId::Outgoing(7) });
            let Effect::Load { ticket, .. } = placed(place, Effect::Load { ticket: Ticket(9), body: BodyId([0; 32]) })
            else {
                panic!("a load stays one")
            };
            let mut input = Input::Committed { ticket };
            assert_eq!((unplaced(&mut input), input), (place, Input::Committed { ticket: Ticket(9) }));
        }
    }
}
