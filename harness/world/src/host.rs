//! One node on its host: its inputs gathered from connections, clock and disk, its effects carried out in
//! their order.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    rc::Rc,
    sync::Arc,
};

use collaudo_node::{BodyId, ConnId, DurableLog as _, Effect, Finding, Host, Input, Node, Timestamp};
use collaudo_record::{BodyHash, Instant, What};
use collaudo_scenario::FaultKind;
use rustls::ServerConfig;
use tokio::{
    select,
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::spawn_local,
};

use crate::{
    Declared, Subject, WorldError,
    conn::{self, Order},
    net::{Ended, Metered, Net, PROVIDER_PORTS, TlsSide},
    pki::Identity,
    store::Store,
    tap::Tap,
    transport::{Arrival, Listener},
};

/// How often in a row a node may want an instant that is past, before it counts as stuck.
const MAX_PAST_DEADLINES: u32 = 1_000;

/// A provider's host: what outlives its crashes.
pub(crate) struct Machine {
    pub(crate) name: String,
    pub(crate) subject: Arc<dyn Subject>,
    pub(crate) border: Option<Border>,
    pub(crate) identity: Identity,
    pub(crate) server_tls: Arc<ServerConfig>,
    pub(crate) store: RefCell<Store>,
    /// The last instant that the node was told: its clock may be wrong, but it never goes back.
    pub(crate) told: Cell<Timestamp>,
}

/// Puts something between a provider's node, known by the provider's name, and the world.
pub type Border = Arc<dyn Fn(&str, Box<dyn Node>) -> Box<dyn Node> + Send + Sync>;

impl Machine {
    /// The node as its disk has it, behind its border.
    fn recover(&self, now: Timestamp) -> Box<dyn Node> {
        let node = self.subject.recover(&*self.store.borrow(), now);
        match &self.border {
            Some(border) => border(&self.name, node),
            None => node,
        }
    }

    /// The instant by the host's own clock.
    fn now(&self, net: &Net) -> Timestamp {
        let micros = net.recorder.clock().now().0.saturating_add(net.offset_micros(&self.name));
        let now = Timestamp::from_unix_micros(micros).max(self.told.get());
        self.told.set(now);
        now
    }

    /// The world's instant at which the host's clock will show another one.
    fn in_world(&self, due: Timestamp, net: &Net) -> Instant {
        Instant(due.unix_micros().saturating_sub(net.offset_micros(&self.name)))
    }
}

/// Starts the node and drives it until the host crashes or the run is over.
pub(crate) async fn run(net: Rc<Net>, machine: Rc<Machine>) -> Ended {
    let (arrived, mut arriving) = unbounded_channel();
    for port in PROVIDER_PORTS {
        spawn_local(listen(net.transport.listen(&machine.name, port).await?, port, arrived.clone()));
    }
    let bell = net.recorder.clock().bell(&machine.name);
    net.recorder.observed(What::Host { host: machine.name.clone(), up: true });
    let mut running = Running::start(net, machine);
    loop {
        running.settle().await?;
        select! {
            biased;
            Some(input) = running.arriving.recv() => running.inputs.push_back(input),
            Some((arrival, port)) = arriving.recv() => running.accept(arrival, port),
            () = bell.notified() => {}
        }
        running.net.stir();
    }
}

/// Hands on whoever connects to a port.
async fn listen(mut listener: Box<dyn Listener>, port: u16, arrived: UnboundedSender<(Arrival, u16)>) {
    while let Ok(arrival) = listener.accept().await {
        let _ = arrived.send((arrival, port));
    }
}

struct Running {
    net: Rc<Net>,
    machine: Rc<Machine>,
    node: Box<dyn Node>,
    inputs: VecDeque<Input>,
    arriving: UnboundedReceiver<Input>,
    arrivals: UnboundedSender<Input>,
    conns: BTreeMap<ConnId, UnboundedSender<Order>>,
    accepted: u64,
}

impl Running {
    fn start(net: Rc<Net>, machine: Rc<Machine>) -> Self {
        let (arrivals, arriving) = unbounded_channel();
        let node = machine.recover(machine.now(&net));
        let inputs = [Input::Started].into();
        Self { net, machine, node, inputs, arriving, arrivals, conns: BTreeMap::new(), accepted: 0 }
    }

    /// Lets the node work until it waits for something that has not happened yet.
    async fn settle(&mut self) -> Ended {
        let mut past_deadlines = 0;
        let mut effects = Vec::new();
        loop {
            while let Some(input) = self.inputs.pop_front() {
                if let Input::Closed { conn, .. } = &input {
                    self.conns.remove(conn);
                }
                self.node.handle(self.machine.now(&self.net), input, &mut effects);
                for effect in effects.drain(..) {
                    let is_commit = matches!(effect, Effect::Commit { .. } | Effect::Snapshot { .. });
                    self.perform(effect)?;
                    if self.net.reaches_crash_point(&self.machine.name, is_commit) {
                        // The crash point: the host does nothing more until it is taken down.
                        std::future::pending::<()>().await;
                    }
                }
            }
            let due = self.node.next_deadline();
            if due.is_none_or(|due| due > self.machine.now(&self.net)) {
                let due = due.map(|due| self.machine.in_world(due, &self.net));
                self.net.recorder.clock().set_alarm(&self.machine.name, due);
                return Ok(());
            }
            past_deadlines += 1;
            if past_deadlines > MAX_PAST_DEADLINES {
                return Err(
                    format!("{}: the node wants the same past instant again and again", self.machine.name).into()
                );
            }
            self.inputs.push_back(Input::Deadline);
        }
    }

    fn perform(&mut self, effect: Effect) -> Result<(), WorldError> {
        match effect {
            Effect::Connect { conn, host, port } => self.connect(conn, host, port),
            Effect::Write { conn, bytes } => self.order(conn, Order::Write(bytes)),
            Effect::StartTls { conn } => self.order(conn, Order::StartTls),
            Effect::Close { conn } => {
                self.order(conn, Order::Close);
                self.conns.remove(&conn);
            }
            Effect::Commit { ticket, records, bodies } => {
                if self.is_full() {
                    self.inputs.push_back(Input::StoreFailed { ticket });
                    return Ok(());
                }
                let bodies = bodies.into_iter().map(|body| self.net.recorder.share(body));
                self.machine.store.borrow_mut().commit(&records, bodies);
                for record in &records {
                    self.declare(record);
                }
                self.inputs.push_back(Input::Committed { ticket });
            }
            Effect::Snapshot { ticket, state } => {
                let input = match self.is_full() {
                    true => Input::StoreFailed { ticket },
                    false => {
                        self.machine.store.borrow_mut().keep_snapshot(state);
                        Input::Committed { ticket }
                    }
                };
                self.inputs.push_back(input);
            }
            Effect::Scan { ticket, bytes } => {
                let finding = match self.net.suffers(&FaultKind::ScannerDown { host: self.machine.name.clone() }) {
                    true => Finding::Unavailable,
                    false => self.machine.subject.scan(&bytes),
                };
                self.inputs.push_back(Input::Scanned { ticket, finding });
            }
            Effect::Load { ticket, body } => {
                let bytes = self.machine.store.borrow().body(body);
                self.inputs.push_back(Input::Loaded { ticket, bytes });
            }
            Effect::Sign { ticket, message } => {
                let signature = self.machine.identity.key.sign(&message)?.into();
                self.inputs.push_back(Input::Signed { ticket, signature });
            }
            Effect::CheckPassword { ticket, account, secret } => {
                let ok = self.net.passwords.get(&account.to_ascii_lowercase()) == Some(&secret);
                self.inputs.push_back(Input::PasswordChecked { ticket, ok });
            }
            Effect::Resolve { ticket, domain } => {
                let hosts = self.net.resolve(&self.machine.name, &domain).into_iter().map(Host).collect();
                self.inputs.push_back(Input::Resolved { ticket, hosts });
            }
            Effect::Fetch { ticket, name } => {
                let document = self.net.documents.fetch(&self.machine.name, &name)?;
                self.inputs.push_back(Input::Fetched { ticket, document });
            }
        }
        Ok(())
    }

    fn declare(&self, record: &[u8]) {
        let provider = &self.machine.name;
        for declared in self.machine.subject.declare(record) {
            let provider = provider.clone();
            let what = match declared {
                Declared::Stored { mailbox, body } => What::Stored { provider, mailbox, body: self.kept(body) },
                Declared::Retained { body } => What::Retained { provider, body: self.kept(body) },
                Declared::Sealed { day, seal } => What::Sealed { provider, day, seal: self.kept(seal) },
                Declared::Logged(entry) => What::Logged { provider, entry },
            };
            self.net.recorder.declared(what);
        }
    }

    /// What the store does not hold is named all the same: the judge cannot find it either.
    fn kept(&self, body: BodyId) -> BodyHash {
        match self.machine.store.borrow().body(body) {
            Some(_) => self.net.recorder.name(body),
            None => BodyHash(body.to_string()),
        }
    }

    fn is_full(&self) -> bool {
        self.net.suffers(&FaultKind::DiskFull { host: self.machine.name.clone() })
    }

    fn order(&self, conn: ConnId, order: Order) {
        // A connection that has gone takes no orders; the node learns of it by `Closed`.
        if let Some(orders) = self.conns.get(&conn) {
            let _ = orders.send(order);
        }
    }

    fn connect(&mut self, conn: ConnId, host: Host, port: u16) {
        let (orders, taken) = unbounded_channel();
        self.conns.insert(conn, orders);
        let (net, inputs) = (self.net.clone(), self.arrivals.clone());
        let wires = conn::Wires { conn, net, orders: taken, inputs, tap: None, calls: true };
        let me = self.machine.name.clone();
        spawn_local(async move { conn::outgoing(wires, &me, host.0, port).await });
    }

    fn accept(&mut self, arrival: Arrival, port: u16) {
        let Arrival { io, client, port: client_port } = arrival;
        let conn = ConnId::Incoming(self.accepted);
        self.accepted += 1;
        let session = self.net.recorder.session(client.clone(), self.machine.name.clone(), port);
        let tap = Rc::new(RefCell::new(Tap::new(self.net.recorder.clone(), session, client_port)));
        let (orders, taken) = unbounded_channel();
        self.conns.insert(conn, orders);
        let known = self.net.hosts.iter().find(|(_, short)| **short == client).map(|(name, _)| name.clone());
        self.inputs.push_back(Input::Opened { conn, port, peer: Host(known.unwrap_or(client)) });
        let wires = conn::Wires {
            conn,
            net: self.net.clone(),
            orders: taken,
            inputs: self.arrivals.clone(),
            tap: Some(tap.clone()),
            calls: false,
        };
        let io = Box::new(Metered { inner: io, tap, calls: false });
        spawn_local(conn::serve(wires, io, TlsSide::Server(self.machine.server_tls.clone())));
    }
}
