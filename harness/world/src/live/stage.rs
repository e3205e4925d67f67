//! Hosts and sockets under one driver, on one thread: everyone works in turn, and whoever drives learns when there is
//! nothing left to do.

use std::{
    cell::RefCell,
    future::poll_fn,
    pin::pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use collaudo_record::{Instant, What};
use tokio::task::yield_now;

use super::{
    hosts::{Hosts, Work},
    keeper::{Deed, Keeper},
    movable::Follower,
    sockets::Sockets,
    watch::{Timer, Watch, pause},
};
use crate::{
    World, WorldError,
    clock::Clock,
    faults::{Struck, Way},
    net::{DIRECTORY, Net},
    tls,
};

/// How many looks in a row must find nothing stirred. Each look lets every task work that can, and asks the kernel.
const CALM_LOOKS: u32 = 4;

/// How long it must be quiet on top of that.
const GUARD: Duration = Duration::from_millis(1);

/// How many guards long octets may lie unread before whoever they are for counts as one who does not read.
const UNREAD_GUARDS: u32 = 20;

/// Hosts and what is between them.
pub(crate) struct Stage {
    pub(crate) net: Rc<Net>,
    pub(crate) sockets: Rc<Sockets>,
    hosts: RefCell<Hosts>,
    /// The clock of a foreign provider that can be moved, and this world's with it.
    pub(crate) follower: Option<Follower>,
    /// Who looks after a host that is none of ours.
    keeper: Option<Keeper>,
}

/// How a wait for rest ended.
pub(crate) enum Calm {
    /// Something is to be done, by the clock or by a host that has reached its crash point.
    Due,
    /// Nothing stirs and nothing is under way.
    Rests,
    /// It was not to be waited for any longer.
    Never,
}

impl Stage {
    /// Everyone in the world begins.
    pub(crate) fn set(world: &World, sockets: &Rc<Sockets>) -> Result<Self, WorldError> {
        let hosts = RefCell::new(Hosts::begin(world.cast()?));
        let keeper = world.foreign.as_ref().and_then(|foreign| foreign.keeper.clone());
        Ok(Self { net: world.net.clone(), sockets: sockets.clone(), hosts, follower: follower(world), keeper })
    }

    /// Nobody begins.
    pub(crate) fn alone(world: &World, sockets: &Rc<Sockets>) -> Self {
        let hosts = RefCell::new(Hosts::begin(Vec::new()));
        let follower = follower(world);
        Self { net: world.net.clone(), sockets: sockets.clone(), hosts, follower, keeper: None }
    }

    pub(crate) fn clock(&self) -> &Clock {
        self.net.recorder.clock()
    }

    /// Lets everyone work until the driver is done, or something goes wrong: then says what.
    pub(crate) async fn play<T>(&self, driver: impl Future<Output = T>) -> Result<T, String> {
        let mut watch = Watch::start();
        let mut driver = pin!(driver);
        poll_fn(|cx| {
            // The clock learns of the real time that has passed, and of how far it was moved.
            let leapt = self.follower.as_ref().map(Follower::lap).unwrap_or_default();
            self.clock().advance(watch.lap() + leapt);
            tls::set_time(u64::try_from(self.clock().now().0 / 1_000_000).unwrap_or_default());
            let problem = self.hosts.borrow_mut().poll(cx);
            if let Some(problem) = problem {
                return Poll::Ready(Err(problem));
            }
            let driven = driver.as_mut().poll(cx).map(Ok);
            if self.hosts.borrow().wait() {
                cx.waker().wake_by_ref();
            }
            driven
        })
        .await
    }

    /// Work of nobody's host, to be done beside them.
    pub(crate) fn admit(&self, work: Work) {
        self.hosts.borrow_mut().admit(work);
    }

    /// A host that is none of ours is stopped or started by whoever looks after it; says whether it is such a one.
    fn tell_keeper(&self, host: &str, deed: Deed) -> Result<bool, WorldError> {
        if self.net.foreign.as_deref() != Some(host) {
            return Ok(false);
        }
        let keeper = self.keeper.as_ref().ok_or_else(|| WorldError::Keeper("nobody knows how".into()))?;
        keeper.carry_out(deed).map_err(WorldError::Keeper).map(|()| true)
    }

    /// Waits, in real time, until it is that instant or a host has reached its crash point.
    pub(crate) fn poll_due(&self, cx: &mut Context<'_>, timer: &mut Timer, due: Option<Instant>) -> Poll<Calm> {
        if !self.net.fallen.borrow().is_empty() {
            return Poll::Ready(Calm::Due);
        }
        let Some(due) = due else { return Poll::Pending };
        let left = due.0.saturating_sub(self.clock().now().0);
        timer.poll(cx, Duration::from_micros(u64::try_from(left).unwrap_or_default())).map(|()| Calm::Due)
    }

    /// Waits until the network rests or something is due, for so much real time at most.
    pub(crate) async fn calm(&self, most: Duration, due: impl Fn() -> bool) -> Calm {
        let began = Watch::start();
        let (mut looks, mut guards) = (0, 0);
        loop {
            let before = self.net.activity.so_far();
            yield_now().await;
            if !self.net.fallen.borrow().is_empty() || due() {
                return Calm::Due;
            }
            if began.elapsed() > most {
                return Calm::Never;
            }
            looks += 1;
            if self.net.activity.so_far() != before {
                (looks, guards) = (0, 0);
            } else if looks >= CALM_LOOKS {
                if guards >= UNREAD_GUARDS || (guards > 0 && !self.sockets.carry()) {
                    return Calm::Rests;
                }
                pause(GUARD).await;
                (looks, guards) = (0, guards + 1);
            }
        }
    }
}

fn follower(world: &World) -> Option<Follower> {
    world.foreign.as_ref()?.clock.clone()
}

/// The stage as faults strike it.
pub(crate) struct Struckable<'a>(pub(crate) &'a Stage);

impl Struck for Struckable<'_> {
    fn crash(&mut self, host: &str) -> Result<(), WorldError> {
        self.0.hosts.borrow_mut().stop(host);
        self.0.tell_keeper(host, Deed::Kill).map(drop)
    }

    fn bounce(&mut self, host: &str) -> Result<(), WorldError> {
        self.0.hosts.borrow_mut().start(host);
        if self.0.tell_keeper(host, Deed::Start)? {
            self.0.net.recorder.observed(What::Host { host: host.to_owned(), up: true });
        }
        Ok(())
    }

    fn settle(&mut self, a: &str, b: &str, way: Way) {
        self.0.sockets.road(a, b).settle(way);
        let foreign = self.0.net.foreign.as_deref();
        if [(a, b), (b, a)].iter().any(|(one, other)| Some(*one) == foreign && *other == DIRECTORY) {
            self.0.net.documents.settle(way);
        }
    }
}
