//! The same network on real sockets: the hosts, the actors and the tap of the simulation, octets that cross the kernel,
//! and a clock that follows real time and, where it may, leaps over the network's rests.

pub(crate) mod channel;
mod course;
pub(crate) mod drive;
pub(crate) mod follow;
pub(crate) mod foreign;
mod hosts;
pub(crate) mod keeper;
pub(crate) mod kiosk;
mod line;
pub(crate) mod logbook;
pub(crate) mod movable;
pub(crate) mod sockets;
pub(crate) mod stage;
pub(crate) mod strays;
pub(crate) mod watch;

use std::{collections::BTreeMap, rc::Rc, time::Duration};

use collaudo_scenario::Plan;

use self::{
    follow::Followed,
    movable::Follower,
    sockets::{Door, Real, Sockets},
    stage::Stage,
    watch::today,
};
use crate::{
    Run, World, WorldError, actors,
    chance::Chance,
    clock::Clock,
    net::Activity,
    tls,
    world::{Base, Ground},
};

const TLS: u64 = 2;

/// How time passes on real sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As it passes, and over every rest of the network in one leap: everyone must be of this world.
    Leaping,
    /// As it passes: a day takes a day.
    Real,
    /// As it passes; the run ends early where the plan has nothing more to do and nothing has stirred for so long.
    Until(Duration),
}

/// What a plan runs on, with its sockets; the doors that are named here are at the real ports beside them.
pub(crate) fn base(plan: &Plan, pace: Pace, allotted: BTreeMap<Door, u16>) -> (Base, Rc<Sockets>) {
    let (clock, activity) = (Clock::new(plan.epoch), Activity::default());
    let sockets = Rc::new(Sockets::new(clock.clone(), activity.clone(), allotted));
    let base = Base {
        name: "live",
        clock,
        activity,
        transport: Box::new(Real(sockets.clone())),
        ground: Ground::Live(sockets.clone(), pace),
        directory: false,
        channel: None,
        border: None,
        foreign: None,
    };
    (base, sockets)
}

/// Runs a plan to its end.
pub(crate) fn run(world: World, sockets: &Rc<Sockets>, pace: Pace) -> Result<Run, WorldError> {
    tls::seed(Chance::new(world.plan.seed, TLS));
    let runtime = runtime()?;
    let mut log = runtime.block_on(Followed::begin(world.foreign.as_deref(), world.plan.seed))?;
    if let Some(foreign) = &world.foreign {
        let emptied = runtime.block_on(actors::watch::empty(&world.net, foreign));
        world.marks.replace(emptied.map_err(|error| WorldError::Mailbox(error.to_string()))?);
        // What that took is over before the plan begins.
        let ahead = foreign.clock.as_ref().map(Follower::ahead).unwrap_or_default();
        world.net.recorder.clock().leap_to(today().after(ahead));
    }
    let stage = Stage::set(&world, sockets)?;
    world.open()?;
    let problem = match runtime.block_on(stage.play(drive::drive(&world, &stage, pace, &mut log))) {
        Ok(driven) => driven?,
        Err(problem) => Some(problem),
    };
    world.close();
    drop(stage);
    drop(runtime);
    let mut run = world.harvest(problem);
    // Where a run was broken off nobody has read to the end.
    run.trace.header.log_declared &= run.problem.is_none();
    Ok(run)
}

/// What sockets and real time need.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, WorldError> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?)
}
