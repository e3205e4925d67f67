//! The same network on real sockets: the hosts, the actors and the tap of the simulation, octets that cross the kernel,
//! and a clock that follows real time and leaps where the network rests.

mod hosts;
mod line;
pub(crate) mod sockets;
pub(crate) mod stage;
pub(crate) mod watch;

use std::{collections::BTreeMap, rc::Rc};

use collaudo_scenario::Plan;

use self::{
    sockets::{Door, Real, Sockets},
    stage::{Calm, RESTLESS_MAX, Stage, Struckable},
};
use crate::{
    Run, World, WorldError,
    chance::Chance,
    clock::{Clock, span},
    faults::Faults,
    net::Activity,
    tls,
    world::{Base, Ground},
};

const TLS: u64 = 2;

/// What a plan runs on, with its sockets; the doors that are named here are at the real ports beside them.
pub(crate) fn base(plan: &Plan, allotted: BTreeMap<Door, u16>) -> (Base, Rc<Sockets>) {
    let (clock, activity) = (Clock::new(plan.epoch), Activity::default());
    let sockets = Rc::new(Sockets::new(clock.clone(), activity.clone(), allotted));
    let base = Base {
        name: "live",
        clock,
        activity,
        transport: Box::new(Real(sockets.clone())),
        ground: Ground::Live(sockets.clone()),
        directory: false,
        channel: None,
        border: None,
    };
    (base, sockets)
}

/// Runs a plan to its end.
pub(crate) fn run(world: World, sockets: &Rc<Sockets>) -> Result<Run, WorldError> {
    tls::seed(Chance::new(world.plan.seed, TLS));
    let runtime = runtime()?;
    let stage = Stage::set(&world, sockets)?;
    world.open()?;
    let problem = match runtime.block_on(stage.play(drive(&world, &stage))) {
        Ok(driven) => driven?,
        Err(problem) => Some(problem),
    };
    world.close();
    drop(stage);
    drop(runtime);
    Ok(world.harvest(problem))
}

/// What sockets and real time need.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, WorldError> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?)
}

/// Leaps over the network's rests until the plan is over; says what went wrong, if anything did.
async fn drive(world: &World, stage: &Stage) -> Result<Option<String>, WorldError> {
    let (plan, net) = (&world.plan, &stage.net);
    let clock = stage.clock();
    let end = plan.epoch.after(span(plan.until));
    let mut faults = Faults::new(plan)?;
    while clock.now() < end {
        faults.take_down_fallen(&mut Struckable(stage), net);
        faults.strike(&mut Struckable(stage), net)?;
        clock.ring();
        let next = || [clock.next_alarm(), faults.next()].into_iter().flatten().min().unwrap_or(end).min(end);
        match stage.calm(|| next() <= clock.now()).await {
            Calm::Due => {}
            Calm::Rests => drop(clock.leap_to(next())),
            Calm::Never => return Ok(Some(format!("no rest in {} s; the network is stuck", RESTLESS_MAX.as_secs()))),
        }
    }
    Ok(None)
}
