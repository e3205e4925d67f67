//! The same network on real sockets: the hosts, the actors and the tap of the simulation, octets that cross the kernel,
//! and a clock that follows real time and, where it may, leaps over the network's rests.

pub(crate) mod channel;
pub(crate) mod foreign;
mod hosts;
mod line;
pub(crate) mod sockets;
pub(crate) mod stage;
pub(crate) mod watch;

use std::{collections::BTreeMap, future::poll_fn, rc::Rc, time::Duration};

use collaudo_scenario::Plan;

use self::{
    sockets::{Door, Real, Sockets},
    stage::{Calm, Stage, Struckable},
    watch::{Timer, today},
};
use crate::{
    Run, World, WorldError, actors,
    chance::Chance,
    clock::{Clock, span},
    faults::Faults,
    net::Activity,
    tls,
    world::{Base, Ground},
};

const TLS: u64 = 2;

/// How long a network may take to come to rest, in real time.
const RESTLESS_MAX: Duration = Duration::from_secs(600);

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
    if let Some(foreign) = &world.foreign {
        let emptied = runtime.block_on(actors::watch::empty(&world.net, foreign));
        emptied.map_err(|error| WorldError::Mailbox(error.to_string()))?;
        // What that took is over before the plan begins.
        world.net.recorder.clock().leap_to(today());
    }
    let stage = Stage::set(&world, sockets)?;
    world.open()?;
    let problem = match runtime.block_on(stage.play(drive(&world, &stage, pace))) {
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

/// Lets the plan happen, to its end; says what went wrong, if anything did.
async fn drive(world: &World, stage: &Stage, pace: Pace) -> Result<Option<String>, WorldError> {
    let (plan, net) = (&world.plan, &stage.net);
    let clock = stage.clock();
    let end = plan.epoch.after(span(plan.until));
    let (mut faults, mut timer) = (Faults::new(plan)?, Timer::default());
    let mut stirred = (net.activity.so_far(), clock.now());
    while clock.now() < end {
        if net.activity.so_far() != stirred.0 {
            stirred = (net.activity.so_far(), clock.now());
        }
        let stirs = stirred.1.max(plan.epoch.after(span(last(plan))));
        if let Pace::Until(quiet) = pace
            && clock.now() >= stirs.after(span(quiet))
        {
            break;
        }
        faults.take_down_fallen(&mut Struckable(stage), net);
        faults.strike(&mut Struckable(stage), net)?;
        clock.ring();
        let next = || [clock.next_alarm(), faults.next()].into_iter().flatten().min().unwrap_or(end).min(end);
        let calm = match pace {
            Pace::Leaping => stage.calm(RESTLESS_MAX, || next() <= clock.now()).await,
            Pace::Real | Pace::Until(_) => poll_fn(|cx| stage.poll_due(cx, &mut timer, Some(next()))).await,
        };
        match calm {
            Calm::Due => {}
            Calm::Rests => drop(clock.leap_to(next())),
            Calm::Never => return Ok(Some(format!("no rest in {} s; the network is stuck", RESTLESS_MAX.as_secs()))),
        }
    }
    Ok(None)
}

/// When the plan has done all that it does.
fn last(plan: &Plan) -> Duration {
    let steps = plan.steps.iter().map(|step| step.at).chain(plan.visits.iter().map(|visit| visit.at));
    let faults = plan.faults.iter().map(|fault| fault.at.saturating_add(fault.lasts.unwrap_or_default()));
    steps.chain(plan.inquiries.iter().map(|inquiry| inquiry.at)).chain(faults).max().unwrap_or_default()
}
