//! Scenarios around the subject, as many at once as there is room for, each on a thread of its own.

use std::{
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use collaudo_record::{ScenarioRecord, Trace};
use collaudo_reports::text;
use collaudo_world::{Follower, Foreign, MovableClock, Subject, World};

use super::{
    CertifyError, Setting, clock,
    fit::Part,
    lab::Lane,
    publish, rejudge,
    rooms::{Place, Rooms, Waiting},
};
use crate::{record, stopwatch::Stopwatch, subjects, way};

/// What a thread may need that runs a world.
const STACK_OCTETS: usize = 16 * 1024 * 1024;

/// A scenario that is over.
pub(super) struct Over {
    pub(super) record: ScenarioRecord,
    pub(super) trace: Option<Trace>,
    pub(super) ms: u64,
}

/// Runs all that was not kept before; each scenario is kept as soon as it is over.
///
/// # Errors
/// The first [`CertifyError`], once what was going on then is over; what is over is kept.
pub(super) fn run(parts: &[Part], rooms: Rooms<'_>, setting: &Setting<'_>) -> Result<Vec<Over>, CertifyError> {
    let (mut over, mut fresh) = (Vec::new(), Vec::new());
    for part in parts {
        match setting.kept.get(part.scenario.id())? {
            Some(trace) => over.push(Over { record: rejudge::record(&trace, None), trace: Some(trace), ms: 0 }),
            None => fresh.push(part),
        }
    }
    over.iter().for_each(|one| eprintln!("{}", text::scenario_line(&one.record)));
    over.extend(run_all(Waiting::new(fresh, setting.clock.is_some()), rooms, setting)?);
    Ok(over)
}

fn run_all(mut waiting: Waiting<'_>, mut rooms: Rooms<'_>, setting: &Setting<'_>) -> Result<Vec<Over>, CertifyError> {
    let (mut over, mut failed) = (Vec::new(), None);
    let of = rooms.count();
    thread::scope(|scope| {
        let (ends, ended) = mpsc::channel();
        let mut running = 0;
        loop {
            // Whoever follows the clock keeps it from leaping: nobody is left behind who begins with the others.
            let begun: Vec<_> = match failed {
                None => waiting.start(running, |part| rooms.take(part)),
                Some(_) => Vec::new(),
            };
            let begun: Vec<_> = begun.into_iter().map(|part| (part, setting.clock.map(MovableClock::follow))).collect();
            for (part, follower) in begun {
                running += 1;
                let ends = ends.clone();
                let work = move || {
                    let walked = walk(&part, of, setting, follower);
                    // Whoever waits for it is there until all are over.
                    let _ = ends.send((part, walked));
                };
                let spawned = thread::Builder::new().stack_size(STACK_OCTETS).spawn_scoped(scope, work);
                if let Err(why) = spawned {
                    running -= 1;
                    failed.get_or_insert(CertifyError::World(why.into()));
                }
            }
            if running == 0 {
                return;
            }
            let Ok((part, walked)) = ended.recv() else { return };
            running -= 1;
            rooms.leave(&Place::of(&part));
            match walked {
                Ok(one) => {
                    eprintln!("{}", text::scenario_line(&one.record));
                    over.push(one);
                }
                Err(error) => drop(failed.get_or_insert(error)),
            }
        }
    });
    match (failed, waiting.left().next()) {
        (Some(error), _) => Err(error),
        (None, Some(part)) => Err(CertifyError::Lab(format!("there is no lane for {}", part.scenario.id()))),
        (None, None) => Ok(over),
    }
}

/// One scenario happens now, and is kept.
fn walk(part: &Part, of: usize, setting: &Setting<'_>, follower: Option<Follower>) -> Result<Over, CertifyError> {
    let Setting { lab, ours, clock, kept, kiosk, log } = *setting;
    let stopwatch = Stopwatch::start();
    let plan = part.plan(lab, clock::now(clock));
    let lane = Lane { number: part.lane, of };
    let foreign = lab.foreign(&part.plays, ours, &part.people, lane);
    let log = log.map(|log| log.book.clone());
    let mut foreign = Foreign { clock: follower, kiosk: kiosk.cloned(), log, ..foreign };
    let reference: Arc<dyn Subject> = subjects::reference();
    let quiet = (!part.timed).then(|| Duration::from_millis(lab.quiet_ms));
    let stirred = way::guarded(|| World::build_around(&plan, &reference, &foreign, quiet)?.run());
    if let Some(why) = clock.and_then(MovableClock::broken) {
        return Err(CertifyError::Clock(why));
    }
    if let Some(kiosk) = kiosk.filter(|_| part.alone) {
        // Whoever lived by the clock does so no more, or it would wait for him.
        (foreign.clock, foreign.log) = (None, None);
        publish::restore(lab, &foreign, kiosk, clock, &plan)?;
    }
    let (record, trace) = match stirred.map(|run| run.map_err(|error| error.to_string())) {
        Ok(Ok(run)) => {
            if run.problem.is_none() {
                kept.put(part.scenario.id(), &run.trace)?;
            }
            (rejudge::record(&run.trace, run.problem), Some(run.trace))
        }
        Ok(Err(problem)) | Err(problem) => (record::broken(&plan, "live", problem), None),
    };
    Ok(Over { record, trace, ms: stopwatch.elapsed_ms() })
}
