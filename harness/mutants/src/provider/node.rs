//! The bent provider as a node: the good one inside, its habit between it and the world.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use collaudo_node::{Body, BodyId, Bytes, ConnId, DurableLog, Effect, Input, Node, Ticket, Timestamp};

use super::{
    Commit, Desk, GOOD, Habit, Hold, House, Mail,
    client::{Act, Client},
    server::{Hands, Server},
};

/// Where mail comes in.
const SMTP: u16 = 25;
const SMTP_PORTS: [u16; 3] = [SMTP, 465, 587];

pub(crate) struct Bent {
    inner: Box<dyn Node>,
    house: Option<Arc<House>>,
    habit: Habit,
    clients: BTreeMap<ConnId, Client>,
    servers: BTreeMap<ConnId, (u16, Server)>,
    /// What an open question is about.
    questions: BTreeMap<Ticket, String>,
    /// What is yet to come to the disk, and when.
    held: VecDeque<(Timestamp, Effect)>,
    /// Commits of which the provider thinks that they are done.
    early: BTreeSet<Ticket>,
}

/// What happens next.
enum Happens {
    /// As the world has it.
    Outside(Input),
    /// As the habit has it.
    Inside(Input),
}

impl Bent {
    pub(crate) fn new(inner: Box<dyn Node>, house: Arc<House>) -> Self {
        Self { habit: house.bent.habit, house: Some(house), ..Self::idle(inner) }
    }

    fn idle(inner: Box<dyn Node>) -> Self {
        Self {
            inner,
            house: None,
            habit: GOOD,
            clients: BTreeMap::new(),
            servers: BTreeMap::new(),
            questions: BTreeMap::new(),
            held: VecDeque::new(),
            early: BTreeSet::new(),
        }
    }

    /// The instant by the provider's own clock.
    fn clock(&self, now: Timestamp) -> Timestamp {
        moved(now, self.habit.clock_secs)
    }

    /// When the provider itself wants to be woken, by the world's clock.
    fn alarm(&self) -> Option<Timestamp> {
        let due = moved(self.inner.next_deadline()?, -self.habit.clock_secs);
        let begun = self.house.as_ref().and_then(|house| house.shelf().memory.begun);
        match (self.habit.sleeps, begun) {
            (Some((from, to)), Some(begun)) if due >= begun + from => Some(due.max(begun + to)),
            _ => Some(due),
        }
    }

    /// Hands the provider what the world has for it, as the habit lets it come.
    fn takes(&mut self, now: Timestamp, input: Input, effects: &mut Vec<Effect>, next: &mut VecDeque<Happens>) {
        match input {
            Input::Opened { conn, port, .. } if self.listens() && SMTP_PORTS.contains(&port) => {
                self.servers.insert(conn, (port, Server::new()));
                next.push_back(Happens::Inside(input));
            }
            Input::Closed { conn, .. } => {
                self.servers.remove(&conn);
                self.clients.remove(&conn);
                next.push_back(Happens::Inside(input));
            }
            Input::Bytes { conn, ref bytes } => {
                let acts = if let Some((port, mut server)) = self.servers.remove(&conn) {
                    let acts = self.with_hands(now, port, |hands| server.hears(bytes, hands));
                    self.servers.insert(conn, (port, server));
                    acts
                } else if let Some(mut client) = self.clients.remove(&conn) {
                    let acts = client.hears(bytes, &mut |mail| self.outgoing(now, mail));
                    self.clients.insert(conn, client);
                    acts
                } else {
                    next.push_back(Happens::Inside(input));
                    return;
                };
                perform(conn, acts, effects, next);
            }
            Input::Drained { conn } if self.clients.get(&conn).is_some_and(Client::performs) => {}
            Input::Deadline if self.alarm().is_none_or(|due| due > now) => {}
            Input::Committed { ticket } | Input::StoreFailed { ticket } if self.early.remove(&ticket) => {}
            input => next.push_back(Happens::Inside(self.learned(now, input))),
        }
    }

    /// An answer, as the habit lets the provider read it.
    fn learned(&mut self, now: Timestamp, mut input: Input) -> Input {
        let Some(house) = &self.house else { return input };
        match &mut input {
            Input::Loaded { bytes: Some(bytes), .. } => {
                let read = self.habit.loads.and_then(|loads| house.at_desk(now, |desk| loads(desk, bytes)));
                if let Some(read) = read {
                    *bytes = read.into();
                }
            }
            Input::Scanned { ticket, .. }
            | Input::PasswordChecked { ticket, .. }
            | Input::Resolved { ticket, .. }
            | Input::Fetched { ticket, .. } => {
                let about = self.questions.remove(ticket).unwrap_or_default();
                if let Some(learns) = self.habit.learns {
                    house.at_desk(now, |desk| learns(desk, &about, &mut input));
                }
            }
            Input::StoreFailed { .. } => {
                if let Some(learns) = self.habit.learns {
                    house.at_desk(now, |desk| learns(desk, "disk", &mut input));
                }
            }
            _ => {}
        }
        input
    }

    /// Lets the world see what the provider wants, as the habit lets it come.
    fn gives(&mut self, now: Timestamp, effect: Effect, effects: &mut Vec<Effect>, next: &mut VecDeque<Happens>) {
        if let (Some(asks), Some(house)) = (self.habit.asks, &self.house)
            && let Some(answer) = house.at_desk(now, |desk| asks(desk, &effect))
        {
            next.push_back(Happens::Inside(answer));
            return;
        }
        match effect {
            Effect::Connect { conn, port: SMTP, .. } => {
                if self.habit.sends.is_some() || self.habit.makes.is_some() || self.habit.in_clear {
                    self.clients.insert(conn, Client::new(self.habit.in_clear));
                }
                effects.push(effect);
            }
            Effect::StartTls { conn } if self.habit.in_clear && self.clients.contains_key(&conn) => {
                next.push_back(Happens::Inside(Input::Secured { conn }));
            }
            Effect::Write { conn, ref bytes } => {
                let acts = if let Some((port, mut server)) = self.servers.remove(&conn) {
                    let acts = self.with_hands(now, port, |hands| server.says(bytes, hands));
                    self.servers.insert(conn, (port, server));
                    acts
                } else if let Some(mut client) = self.clients.remove(&conn) {
                    let acts = client.says(bytes, &mut |mail| self.outgoing(now, mail));
                    self.clients.insert(conn, client);
                    acts
                } else {
                    effects.push(effect);
                    return;
                };
                perform(conn, acts, effects, next);
            }
            Effect::Commit { ticket, records, bodies } => {
                self.commits(now, ticket, &records, bodies, effects, next);
            }
            // Its log stays whole, so that it can be told from the others'.
            Effect::Snapshot { ticket, .. } => next.push_back(Happens::Inside(Input::Committed { ticket })),
            Effect::Load { ticket, body } => {
                let Some(house) = &self.house else { return };
                let shelf = house.shelf();
                let body = shelf.changed.get(&body).copied().unwrap_or(body);
                match shelf.bodies.get(&body).filter(|_| !self.held.is_empty()) {
                    // What is held back lies in memory, for the provider thinks that it lies on disk.
                    Some(bytes) => {
                        next.push_back(Happens::Outside(Input::Loaded { ticket, bytes: Some(bytes.clone()) }))
                    }
                    None => effects.push(Effect::Load { ticket, body }),
                }
            }
            effect => {
                let about = match &effect {
                    Effect::Fetch { ticket, name } => Some((*ticket, name)),
                    Effect::Resolve { ticket, domain } => Some((*ticket, domain)),
                    Effect::CheckPassword { ticket, account, .. } => Some((*ticket, account)),
                    _ => None,
                };
                self.questions.extend(about.map(|(ticket, about)| (ticket, about.clone())));
                effects.push(effect);
            }
        }
    }

    fn commits(
        &mut self,
        now: Timestamp,
        ticket: Ticket,
        records: &[Bytes],
        bodies: Vec<Body>,
        effects: &mut Vec<Effect>,
        next: &mut VecDeque<Happens>,
    ) {
        let Some(house) = self.house.clone() else { return };
        let told = records.iter().flat_map(|record| house.read(record)).collect();
        let before = house.shelf().bodies.clone();
        let mut commit = Commit { told, bodies, before: &before };
        let changed = self.changes(now, &house, &mut commit);
        let hold = self.habit.holds.and_then(|holds| house.at_desk(now, |desk| holds(desk, &commit)));
        let Commit { told, bodies, .. } = commit;
        let records = house.enter(records, told, &bodies, changed);
        let effect = Effect::Commit { ticket, records, bodies };
        let behind = self.held.back().map(|(due, _)| *due);
        let Hold { span, answered } = match (hold, behind) {
            (Some(hold), _) => hold,
            // Nothing overtakes what is held back, or the log would lose its order.
            (None, Some(due)) => Hold { span: due.since(now), answered: true },
            (None, None) => {
                effects.push(effect);
                return;
            }
        };
        self.held.push_back(((now + span).max(behind.unwrap_or(now)), effect));
        if answered {
            self.early.insert(ticket);
            next.push_back(Happens::Inside(Input::Committed { ticket }));
        }
    }

    /// Lets the habit change what goes to disk; gives the bodies that lie there in the place of others.
    fn changes(&self, now: Timestamp, house: &House, commit: &mut Commit<'_>) -> Vec<(BodyId, BodyId)> {
        let mut changed = Vec::new();
        if let Some(makes) = self.habit.makes {
            for body in &mut commit.bodies {
                let octets = house.at_desk(now, |desk| makes(desk, &body.bytes));
                if let Some(octets) = octets {
                    let other = Body::new(octets.into());
                    changed.push((body.id, other.id));
                    *body = other;
                }
            }
        }
        let shelf = house.shelf();
        let known = |id| changed.iter().find(|(old, _)| *old == id).map(|(_, new)| *new);
        for told in &mut commit.told {
            if let Some(id) = told.body_mut() {
                *id = known(*id).or_else(|| shelf.changed.get(id).copied()).unwrap_or(*id);
            }
        }
        drop(shelf);
        if let Some(commits) = self.habit.commits {
            house.at_desk(now, |desk| commits(desk, commit));
        }
        changed
    }

    /// What is sent in the place of a transaction.
    fn outgoing(&self, now: Timestamp, mut mail: Mail) -> Vec<Mail> {
        let Some(house) = &self.house else { return vec![mail] };
        house.at_desk(now, |desk| {
            if let Some(makes) = self.habit.makes.filter(|_| !house.has_changed(&mail.message))
                && let Some(octets) = makes(desk, &mail.message)
            {
                mail.message = octets;
            }
            self.habit.sends.map_or_else(|| vec![mail.clone()], |sends| sends(desk, mail.clone()))
        })
    }

    /// Whether anything that comes in over SMTP passes through its hands.
    fn listens(&self) -> bool {
        self.habit.hears.is_some() || self.habit.commands.is_some() || self.habit.replies.is_some()
    }

    fn with_hands(&self, now: Timestamp, port: u16, work: impl FnOnce(&mut dyn Hands) -> Vec<Act>) -> Vec<Act> {
        let Some(house) = &self.house else { return Vec::new() };
        house.at_desk(now, |desk| work(&mut Habits { habit: &self.habit, desk, port }))
    }

    /// Puts on disk what has been held back for long enough.
    fn release(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        while self.held.front().is_some_and(|(due, _)| *due <= now) {
            effects.extend(self.held.pop_front().map(|(_, effect)| effect));
        }
    }
}

/// The same instant by a clock that is so many seconds ahead.
fn moved(at: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_unix_micros(at.unix_micros().saturating_add(seconds.saturating_mul(1_000_000)))
}

fn perform(conn: ConnId, acts: Vec<Act>, effects: &mut Vec<Effect>, next: &mut VecDeque<Happens>) {
    for act in acts {
        match act {
            Act::Out(bytes) => effects.push(Effect::Write { conn, bytes: bytes.into() }),
            Act::In(bytes) => next.push_back(Happens::Inside(Input::Bytes { conn, bytes: bytes.into() })),
            Act::Drained => next.push_back(Happens::Inside(Input::Drained { conn })),
        }
    }
}

impl Node for Bent {
    fn handle(&mut self, now: Timestamp, input: Input, effects: &mut Vec<Effect>) {
        self.release(now, effects);
        let mut next = VecDeque::from([Happens::Outside(input)]);
        while let Some(happens) = next.pop_front() {
            match happens {
                Happens::Outside(input) => self.takes(now, input, effects, &mut next),
                Happens::Inside(input) => {
                    let mut wanted = Vec::new();
                    self.inner.handle(self.clock(now), input, &mut wanted);
                    for effect in wanted {
                        self.gives(now, effect, effects, &mut next);
                    }
                }
            }
        }
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        let held = self.held.front().map(|(due, _)| *due);
        [self.alarm(), held].into_iter().flatten().min()
    }

    /// Of itself it knows no provider to stand around: it is born by [`House::recover`].
    fn recover(_: &dyn DurableLog, _: Timestamp) -> Self {
        Self::idle(Box::new(Nobody))
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

/// The hands of a habit on an incoming connection.
struct Habits<'a, 'b> {
    habit: &'a Habit,
    desk: &'a mut Desk<'b>,
    port: u16,
}

impl Hands for Habits<'_, '_> {
    fn command(&mut self, line: &str) -> String {
        self.habit.commands.map_or_else(|| line.to_owned(), |commands| commands(self.desk, self.port, line))
    }

    fn message(&mut self, mail: &mut Mail) {
        if let Some(hears) = self.habit.hears {
            hears(self.desk, self.port, mail);
        }
    }

    fn reply(&mut self, command: &str, lines: &mut Vec<String>) {
        if let Some(replies) = self.habit.replies {
            replies(self.desk, command, lines);
        }
    }
}
