//! The simulated network: turmoil's hosts and links under a clock that leaps.

mod links;
pub(crate) mod transport;

use std::time::Duration;

use self::links::{Links, NEVER};
use crate::{
    Run, World, WorldError,
    chance::Chance,
    clock::span,
    faults::{Faults, Struck, Way},
    net::{DIRECTORY, OUTSIDE, USERS, has_directory, has_outsiders},
    tls,
};

/// One step of the network.
const TICK: Duration = Duration::from_millis(1);

/// Steps without a rest after which a run counts as stuck: more than a quarter of an hour of traffic without a pause.
const MAX_RESTLESS_TICKS: u32 = 1_000_000;

const LATENCY: u64 = 1;
const TLS: u64 = 2;

/// Runs a plan to its end.
pub(crate) fn run(world: World) -> Result<Run, WorldError> {
    tls::seed(Chance::new(world.plan.seed, TLS));
    let mut sim = turmoil::Builder::new()
        .rng_seed(world.plan.seed)
        .tick_duration(TICK)
        .simulation_duration(Duration::MAX)
        .tcp_capacity(1024)
        .min_message_latency(NEVER)
        .max_message_latency(NEVER)
        .build();
    for (name, start) in world.cast()? {
        sim.host(name, start);
    }
    let problem = drive(&world, &mut sim)?;
    world.close();
    drop(sim);
    Ok(world.harvest(problem))
}

/// Steps the network and leaps over its rests until the plan is over; says what went wrong, if anything did.
fn drive(world: &World, sim: &mut turmoil::Sim<'_>) -> Result<Option<String>, WorldError> {
    let (plan, net) = (&world.plan, &world.net);
    let clock = net.recorder.clock();
    let end = plan.epoch.after(span(plan.until));
    let mut faults = Faults::new(plan)?;
    let mut links = links(world, sim);
    let mut restless = 0;
    world.open()?;
    while clock.now() < end {
        faults.strike(&mut Network { sim, links: &mut links }, net)?;
        clock.ring();
        links.deliver(clock.now(), sim);
        tls::set_time(u64::try_from(clock.now().0 / 1_000_000).unwrap_or_default());
        let before = net.activity.so_far();
        if let Err(error) = sim.step() {
            return Ok(Some(error.to_string()));
        }
        links.look(clock.now(), sim);
        clock.advance(TICK);
        faults.take_down_fallen(&mut Network { sim, links: &mut links }, net)?;
        restless += 1;
        if restless > MAX_RESTLESS_TICKS {
            return Ok(Some(format!("no rest in {MAX_RESTLESS_TICKS} ticks; the network is stuck")));
        }
        let (message, alarm) = (links.next(), clock.next_alarm());
        let rests = message.is_none() && net.activity.so_far() == before;
        if message.is_none() && !rests {
            continue;
        }
        let next = [message, alarm, faults.next()].into_iter().flatten().min().unwrap_or(end).min(end);
        if clock.leap_to(next) && rests {
            restless = 0;
            // Not for a fault: one that never bites must leave no trace, not even in the latencies.
            if alarm == Some(next) {
                links.draw();
            }
        }
    }
    Ok(None)
}

fn links(world: &World, sim: &turmoil::Sim<'_>) -> Links {
    let plan = &world.plan;
    let directory = has_directory(plan).then_some(DIRECTORY);
    let outside = has_outsiders(plan).then_some(OUTSIDE);
    let providers = plan.providers.iter().map(|p| p.name.as_str());
    let hosts: Vec<_> = providers.chain([USERS]).chain(directory).chain(outside).collect();
    Links::new(&hosts, Chance::new(plan.seed, LATENCY), plan.latency, sim)
}

/// The simulated network as faults strike it.
struct Network<'a, 's> {
    sim: &'a mut turmoil::Sim<'s>,
    links: &'a mut Links,
}

impl Struck for Network<'_, '_> {
    fn crash(&mut self, host: &str) -> Result<(), WorldError> {
        self.sim.crash(host);
        Ok(())
    }

    fn bounce(&mut self, host: &str) -> Result<(), WorldError> {
        self.sim.bounce(host);
        Ok(())
    }

    fn settle(&mut self, a: &str, b: &str, way: Way) {
        self.links.settle(a, b, way, self.sim);
    }
}
