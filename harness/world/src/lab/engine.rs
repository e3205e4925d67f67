//! The thread of a lab: one world after another, each from a beginning to the next reset, and between them orders.

use std::{
    collections::BTreeMap,
    future::poll_fn,
    net::SocketAddr,
    rc::Rc,
    sync::{Arc, mpsc},
    task::Poll,
    time::Duration,
};

use collaudo_record::{BodyHash, Event, Instant, ScenarioBrief, Trace, What};
use collaudo_scenario::{OUTSIDE, Plan, Step, Submit};
use tokio::{runtime::Runtime, sync::mpsc::UnboundedReceiver};

use super::{Injection, LabError, LabSettings, authority::Authority, door};
use crate::{
    World, WorldError, actors,
    clock::span,
    live::{
        self, Pace,
        sockets::{Door, Sockets},
        stage::{Calm, Stage},
        watch::{Timer, today},
    },
    pki::are_valid_at,
    world::{Base, Channel},
};

/// How long a leap waits for the network to rest, in real time: programs outside may talk without end.
const RESTLESS_MAX: Duration = Duration::from_secs(30);

/// Where an answer goes; whoever does not wait for it misses nothing.
pub(super) type Reply<T> = mpsc::Sender<Result<T, LabError>>;

/// What a lab is told.
#[derive(Debug)]
pub(super) enum Order {
    Now(Reply<Instant>),
    Leap(Duration, Reply<Instant>),
    LeapToNext(Reply<Option<Instant>>),
    LeapToMessage(Duration, Reply<Option<Instant>>),
    Trace(Reply<Trace>),
    Events(usize, Reply<Vec<Event>>),
    Body(BodyHash, Reply<Option<Arc<[u8]>>>),
    Inject(Injection, Reply<()>),
    Reset(Reply<()>),
    Stop,
}

/// A lab that listens.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) doors: BTreeMap<Door, SocketAddr>,
    pub(super) authority: String,
}

/// Runs until it is told to stop; where it breaks, says so to everyone who asks.
pub(super) fn run(
    settings: LabSettings,
    mut orders: UnboundedReceiver<Order>,
    ready: mpsc::Sender<Result<Ready, LabError>>,
) {
    let mut waiting = Waiting::Start(ready);
    let error = match Keeper::new(settings).and_then(|mut keeper| keeper.keep(&mut orders, &mut waiting)) {
        Ok(()) => return,
        Err(error) => error,
    };
    let why = error.to_string();
    waiting.tell(Err(error));
    while let Some(order) = orders.blocking_recv() {
        order.refuse(&why);
    }
}

/// Who waits for a world to begin.
enum Waiting {
    Start(mpsc::Sender<Result<Ready, LabError>>),
    Reset(Reply<()>),
    Nobody,
}

impl Waiting {
    fn tell(&mut self, begun: Result<Ready, LabError>) {
        match std::mem::replace(self, Self::Nobody) {
            Self::Start(ready) => drop(ready.send(begun)),
            Self::Reset(reply) => drop(reply.send(begun.map(drop))),
            Self::Nobody => {}
        }
    }
}

/// What outlives a reset.
struct Keeper {
    settings: LabSettings,
    authority: Rc<Authority>,
    runtime: Runtime,
    ports: BTreeMap<Door, u16>,
}

impl Keeper {
    fn new(settings: LabSettings) -> Result<Self, LabError> {
        let ports = settings.ports.iter().map(|(place, port)| (door(place), *port)).collect();
        Ok(Self { settings, authority: Rc::new(Authority::make(today())?), runtime: live::runtime()?, ports })
    }

    /// One world after another.
    fn keep(&mut self, orders: &mut UnboundedReceiver<Order>, waiting: &mut Waiting) -> Result<(), LabError> {
        while let Some(reply) = self.live(orders, waiting)? {
            *waiting = Waiting::Reset(reply);
        }
        Ok(())
    }

    /// One world, until a reset, whose answer waits for the next one; or to the end.
    fn live(
        &mut self,
        orders: &mut UnboundedReceiver<Order>,
        waiting: &mut Waiting,
    ) -> Result<Option<Reply<()>>, LabError> {
        let (world, sockets) = self.build()?;
        let stage = Stage::set(&world, &sockets)?;
        world.open()?;
        let life = Life { world: &world, stage: &stage };
        // At the first rest everyone who listens does.
        self.runtime.block_on(stage.play(life.settle())).map_err(LabError::Stopped)??;
        let doors = sockets.doors();
        self.ports = doors.iter().map(|(door, at)| (door.clone(), at.port())).collect();
        waiting.tell(Ok(Ready { doors, authority: self.authority.pem().to_owned() }));
        self.runtime.block_on(stage.play(life.serve(orders))).map_err(LabError::Stopped)
    }

    fn build(&self) -> Result<(World, Rc<Sockets>), WorldError> {
        let epoch = self.settings.epoch.unwrap_or_else(today);
        if !are_valid_at(epoch) {
            return Err(WorldError::Clock(epoch));
        }
        let plan = Plan {
            brief: ScenarioBrief {
                id: "lab".into(),
                title: "A lab".into(),
                why: "Whatever its users do.".into(),
                covers: Vec::new(),
                expect: Vec::new(),
            },
            seed: 0,
            epoch,
            until: Duration::MAX,
            providers: self.settings.providers.clone(),
            steps: Vec::new(),
            visits: Vec::new(),
            inquiries: Vec::new(),
            faults: Vec::new(),
            latency: (Duration::ZERO, Duration::ZERO),
        };
        let (base, sockets) = live::base(&plan, Pace::Real, self.ports.clone());
        let channel: Option<Rc<dyn Channel>> = Some(self.authority.clone());
        let base = Base { name: "lab", directory: true, channel, border: self.settings.border.clone(), ..base };
        Ok((World::on(base, &plan, &self.settings.subject)?, sockets))
    }
}

/// One world of a lab.
struct Life<'a> {
    world: &'a World,
    stage: &'a Stage,
}

/// What comes next.
enum Turn {
    Due,
    Order(Order),
}

impl Life<'_> {
    /// Does what it is told; ends at a reset, with where the answer goes, or where nobody tells it anything any more.
    async fn serve(&self, orders: &mut UnboundedReceiver<Order>) -> Option<Reply<()>> {
        let mut timer = Timer::default();
        loop {
            self.stage.clock().ring();
            match self.turn(orders, &mut timer).await {
                Turn::Due => {}
                Turn::Order(Order::Reset(reply)) => return Some(reply),
                Turn::Order(Order::Stop) => return None,
                Turn::Order(order) => self.obey(order).await,
            }
        }
    }

    /// Waits for an order, or for the next timer to come by itself.
    async fn turn(&self, orders: &mut UnboundedReceiver<Order>, timer: &mut Timer) -> Turn {
        poll_fn(|cx| {
            if let Poll::Ready(order) = orders.poll_recv(cx) {
                return Poll::Ready(Turn::Order(order.unwrap_or(Order::Stop)));
            }
            self.stage.poll_due(cx, timer, self.stage.clock().next_alarm()).map(|_| Turn::Due)
        })
        .await
    }

    async fn obey(&self, order: Order) {
        let (clock, recorder) = (self.stage.clock(), &self.stage.net.recorder);
        match order {
            Order::Now(reply) => answer(&reply, clock.now()),
            Order::Leap(by, reply) => {
                let leapt = self.leap(clock.now().after(span(by)), || false).await;
                drop(reply.send(leapt.map(|()| clock.now())));
            }
            Order::LeapToNext(reply) => drop(reply.send(self.leap_to_next().await)),
            Order::LeapToMessage(within, reply) => {
                let seen = recorder.so_far();
                let stored = || recorder.any_since(seen, |what| matches!(what, What::Stored { .. }));
                let leapt = self.leap(clock.now().after(span(within)), stored).await;
                drop(reply.send(leapt.map(|()| stored().then(|| clock.now()))));
            }
            Order::Trace(reply) => answer(&reply, self.world.so_far()),
            Order::Events(from, reply) => answer(&reply, recorder.events(from)),
            Order::Body(hash, reply) => answer(&reply, recorder.body(&hash)),
            Order::Inject(injection, reply) => self.inject(injection, reply),
            Order::Reset(_) | Order::Stop => {}
        }
    }

    async fn leap_to_next(&self) -> Result<Option<Instant>, LabError> {
        self.settle().await?;
        let clock = self.stage.clock();
        let Some(next) = clock.next_alarm() else { return Ok(None) };
        self.leap(next, || false).await?;
        Ok(Some(clock.now()))
    }

    /// Waits until the network rests, now.
    async fn settle(&self) -> Result<(), LabError> {
        self.leap(self.stage.clock().now(), || false).await
    }

    /// Goes on to an instant, or to the first rest before it at which it is enough; every timer on the way rings at its own.
    async fn leap(&self, target: Instant, enough: impl Fn() -> bool) -> Result<(), LabError> {
        let clock = self.stage.clock();
        loop {
            clock.ring();
            match self.stage.calm(RESTLESS_MAX, || clock.next_alarm().is_some_and(|alarm| alarm <= clock.now())).await {
                Calm::Due => {}
                Calm::Rests if clock.now() >= target || enough() => return Ok(()),
                Calm::Rests => drop(clock.leap_to(clock.next_alarm().map_or(target, |alarm| alarm.min(target)))),
                Calm::Never => {
                    let why =
                        format!("the lab does not come to rest: in {} s something stirred", RESTLESS_MAX.as_secs());
                    return Err(LabError::Refused(why));
                }
            }
        }
    }

    /// The errand runs beside the hosts, whose turn must come for it to end.
    fn inject(&self, injection: Injection, reply: Reply<()>) {
        let net = self.stage.net.clone();
        let step = match self.step(injection) {
            Ok(step) => step,
            Err(error) => return drop(reply.send(Err(error))),
        };
        self.stage.admit(Box::pin(async move {
            let done = match step.submit.provider.as_str() {
                OUTSIDE => actors::outsider::post(&net, &step).await,
                _ => actors::submission::hand_in(&net, &step).await,
            };
            let told = |error| LabError::Refused(format!("{} could not be handed over: {error}", step.id));
            drop(reply.send(done.map_err(told)));
            Ok(())
        }));
    }

    fn step(&self, injection: Injection) -> Result<Step, LabError> {
        let Injection { id, account, reverse_path, forward_paths, message } = injection;
        let (provider, account, password) = match account {
            None => (OUTSIDE.to_owned(), String::new(), String::new()),
            Some(account) => {
                let users = self.world.plan.providers.iter().flat_map(|p| p.users.iter().map(move |user| (p, user)));
                let mut known = users.filter(|(_, user)| user.address.eq_ignore_ascii_case(&account));
                let unknown = || LabError::Refused(format!("\"{account}\" is no user of this lab"));
                let (provider, user) = known.next().ok_or_else(unknown)?;
                (provider.name.clone(), user.address.clone(), user.password.clone())
            }
        };
        let submit = Submit {
            provider,
            account,
            password,
            reverse_path,
            forward_paths,
            message,
            implicit_tls: false,
            session: None,
            forged: None,
        };
        Ok(Step { at: Duration::ZERO, id, submit })
    }
}

impl Order {
    /// Tells whoever asked that there is no lab any more.
    fn refuse(self, why: &str) {
        let stopped = || LabError::Stopped(why.to_owned());
        match self {
            Self::Now(reply) | Self::Leap(_, reply) => drop(reply.send(Err(stopped()))),
            Self::LeapToNext(reply) | Self::LeapToMessage(_, reply) => drop(reply.send(Err(stopped()))),
            Self::Trace(reply) => drop(reply.send(Err(stopped()))),
            Self::Events(_, reply) => drop(reply.send(Err(stopped()))),
            Self::Body(_, reply) => drop(reply.send(Err(stopped()))),
            Self::Inject(_, reply) | Self::Reset(reply) => drop(reply.send(Err(stopped()))),
            Self::Stop => {}
        }
    }
}

fn answer<T>(reply: &Reply<T>, value: T) {
    drop(reply.send(Ok(value)));
}
