//! Lets a plan happen on real sockets: rings, strikes, and lets time pass or leap.

use std::{future::poll_fn, time::Duration};

use collaudo_record::Instant;
use collaudo_scenario::Plan;

use super::{
    Pace,
    course::Course,
    follow::{Followed, State},
    movable::Follower,
    stage::{Calm, Stage, Struckable},
    watch::{Timer, Watch},
};
use crate::{World, WorldError, clock::span, faults::Faults};

/// How long a network may take to come to rest, in real time.
const RESTLESS_MAX: Duration = Duration::from_secs(600);

/// How often it is asked, in real time, whether anything still stirs.
const LOOK: Duration = Duration::from_millis(50);

/// Lets the plan happen, to its end, and reads the log to its end where there is one; says what went wrong, if anything did.
pub(super) async fn drive(
    world: &World,
    stage: &Stage,
    pace: Pace,
    log: &mut Option<Followed>,
) -> Result<Option<String>, WorldError> {
    let problem = play(world, stage, pace, log).await?;
    match log {
        Some(log) if problem.is_none() => {
            // Nobody leaps over what is read.
            stage.follower.iter().for_each(Follower::is_busy);
            Ok(log.end(&stage.net).await)
        }
        _ => Ok(problem),
    }
}

async fn play(
    world: &World,
    stage: &Stage,
    pace: Pace,
    log: &mut Option<Followed>,
) -> Result<Option<String>, WorldError> {
    let (plan, net) = (&world.plan, &stage.net);
    let clock = stage.clock();
    let (end, done) = (plan.epoch.after(span(plan.until)), plan.epoch.after(span(busy_until(plan))));
    let (mut faults, mut timer) = (Faults::new(plan)?, Timer::default());
    let follows = stage.follower.as_ref().map(|follower| (follower, Course::of(plan, follower.stride())));
    let mut peace = Peace::begin();
    while clock.now() < end {
        let is_done = clock.now() >= done;
        let leaps = follows.as_ref().map_or(0, |(follower, _)| follower.leaps());
        log.iter_mut().for_each(|log| log.tell(net));
        let state = (net.activity.so_far(), is_done, leaps);
        let quiet = peace.lasts(state);
        if let Pace::Until(most) = pace
            && is_done
            && quiet >= most
        {
            break;
        }
        faults.take_down_fallen(&mut Struckable(stage), net)?;
        faults.strike(&mut Struckable(stage), net)?;
        clock.ring();
        let next = || [clock.next_alarm(), faults.next()].into_iter().flatten().min().unwrap_or(end).min(end);
        let calm = match pace {
            Pace::Leaping => stage.calm(RESTLESS_MAX, || next() <= clock.now()).await,
            Pace::Real | Pace::Until(_) => {
                // Behind its end nothing is waited for but that it stays quiet.
                let may_leap = pace == Pace::Real || !is_done;
                if let Some((follower, course)) = &follows {
                    let (stop, crosses) = course.stop(clock.now());
                    // What a node of ours does in its own time may be as late as what the subject does in its.
                    let strict = [clock.next_alarm_besides(|host| world.has_node(host)), faults.next()];
                    let until = strict.into_iter().flatten().chain([end, stop]).min();
                    // What comes too late there comes too late for good.
                    let rest = log.iter().map(Followed::lag).fold(follower.rest(), Duration::max);
                    let rest = rest * if crosses { 2 } else { 1 };
                    let rests =
                        may_leap && quiet >= rest && log.as_mut().map_or(Ok(true), |log| log.is_up_to_date(state))?;
                    tell(follower, clock.now(), until.filter(|_| rests))?;
                }
                let look = clock.now().after(span(LOOK)).min(next());
                poll_fn(|cx| stage.poll_due(cx, &mut timer, Some(look))).await
            }
        };
        match calm {
            Calm::Due => {}
            Calm::Rests => drop(clock.leap_to(next())),
            Calm::Never => return Ok(Some(format!("no rest in {} s; the network is stuck", RESTLESS_MAX.as_secs()))),
        }
    }
    Ok(None)
}

/// Tells a movable clock whether this world waits for an instant, and lets it leap.
fn tell(follower: &Follower, now: Instant, until: Option<Instant>) -> Result<(), WorldError> {
    match until {
        Some(until) if until > now => follower.rests(now, until).map_err(WorldError::Moving),
        _ => {
            follower.is_busy();
            Ok(())
        }
    }
}

/// Since when nothing has stirred, in real time.
struct Peace {
    seen: State,
    since: Watch,
}

impl Peace {
    fn begin() -> Self {
        Self { seen: (0, false, 0), since: Watch::start() }
    }

    /// How long all of this has been as it is.
    fn lasts(&mut self, seen: State) -> Duration {
        if self.seen != seen {
            *self = Self { seen, since: Watch::start() };
        }
        self.since.elapsed()
    }
}

/// When a plan has done all that it does. What it would undo behind its own end it never does.
pub fn busy_until(plan: &Plan) -> Duration {
    let steps = plan.steps.iter().map(|step| step.at).chain(plan.visits.iter().map(|visit| visit.at));
    let faults = plan.faults.iter().map(|fault| {
        let over = fault.at.saturating_add(fault.lasts.unwrap_or_default());
        if over <= plan.until { over } else { fault.at }
    });
    steps.chain(plan.inquiries.iter().map(|inquiry| inquiry.at)).chain(faults).max().unwrap_or_default()
}
