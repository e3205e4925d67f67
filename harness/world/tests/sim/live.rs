//! Goal: the same nodes on real sockets do and suffer what they do and suffer in the simulation.
//! Method: the toy and the watch once more, over the loopback interface; where the two worlds must agree, they are compared.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use collaudo_record::What;
use collaudo_scenario::{CrashPoint, Fault, FaultKind, Plan};
use collaudo_world::{Pace, Run, Subject, World};

use crate::{
    MESSAGE,
    faults::all_faults,
    host, inside, opened, plan,
    toy::ToySubject,
    transfer_of_step,
    watch::{Sight, WatchSubject, sights},
    with_fault,
};

#[test]
fn a_submission_is_seen_whole() {
    let run = run(&plan(7), ToySubject);
    assert_eq!(run.trace.header.world, "live");
    let transfer = run.trace.events.iter().find_map(transfer_of_step).expect("the submission was seen");
    assert_eq!(transfer.step.as_deref(), Some("m1"));
    assert_eq!((transfer.session.client.as_str(), transfer.session.server.as_str()), ("users", "alfa"));
    assert!(transfer.secured);
    assert_eq!(transfer.reply.as_ref().map(|reply| reply.code), Some(250));
    let body = transfer.body.as_ref().and_then(|hash| run.trace.body(hash)).expect("its octets were kept");
    assert_eq!(body, MESSAGE);
}

#[test]
fn a_day_is_leapt_over_and_no_timer_fires_before_its_instant() {
    let run = run(&plan(7), ToySubject);
    let knocks = opened(&run.trace.events, "beta");
    assert_eq!(knocks.len(), 47, "one each half hour from the first to the last of a day");
    for (n, knock) in (1..).zip(&knocks) {
        assert!(knock.0 >= run.trace.header.epoch.0 + n * 1_800_000_000, "knock {n} came early");
    }
    assert!(run.trace.events.is_sorted_by_key(|event| event.at), "time went back");
}

#[test]
fn a_partition_is_refused_and_a_hold_is_silent() {
    let (alfa, beta) = (|| "alfa".to_owned(), || "beta".to_owned());
    for kind in [FaultKind::Partition { a: alfa(), b: beta() }, FaultKind::Hold { a: alfa(), b: beta() }] {
        let plan = with_fault(kind.clone());
        let run = run(&plan, ToySubject);
        let knocks = opened(&run.trace.events, "beta");
        assert!(knocks.iter().all(|at| !inside(*at, &plan)), "{kind:?} let a connection through");
        assert!(knocks.len() > 40, "{kind:?} never ended");
    }
}

#[test]
fn a_slow_road_is_slow_both_ways_until_it_is_healed() {
    const LATENCY: i64 = 120_000_000;
    let latency = Duration::from_micros(LATENCY.unsigned_abs());
    let plan = with_fault(FaultKind::Slow { a: "beta".into(), b: "alfa".into(), latency });
    let run = run(&plan, WatchSubject);
    let (looks, opened) = (sights(&run.trace.events, "looks"), opened(&run.trace.events, "beta"));
    let greeted = sights(&run.trace.events, "greeted");
    assert_eq!((looks.len(), opened.len(), greeted.len()), (47, 47, 47), "a look, a knock or a greeting is missing");
    for ((look, opened), greeted) in looks.iter().zip(opened).zip(greeted) {
        let (there, back) = (opened.0 - look.at.0 >= LATENCY, greeted.at.0 - opened.0 >= LATENCY);
        assert_eq!((there, back), (inside(look.at, &plan), inside(look.at, &plan)), "{look:?}");
    }
}

#[test]
fn a_crash_after_a_commit_comes_before_its_acknowledgement_and_keeps_the_commit() {
    let crash = FaultKind::Crash { host: "alfa".into(), point: CrashPoint::AfterCommit(1) };
    let faults = vec![Fault { at: Duration::ZERO, lasts: Some(Duration::from_secs(10)), kind: crash }];
    let run = run(&Plan { faults, ..plan(7) }, ToySubject);
    let transfer = run.trace.events.iter().find_map(transfer_of_step).expect("the submission was seen");
    assert_eq!(transfer.reply, None, "it was acknowledged");
    let lives: Vec<_> = run.trace.events.iter().filter_map(|e| host(e, "alfa")).collect();
    assert_eq!(lives, [true, false, true, false], "it starts, crashes, starts again, and stops with the run");
    assert!(opened(&run.trace.events, "beta").len() > 40, "the restarted node has lost what it committed");
}

#[test]
fn every_fault_shows_a_node_what_it_shows_in_the_simulation() {
    let plan = all_faults();
    let simulated = World::build(&plan, &subject(WatchSubject)).expect("builds").run().expect("runs");
    let live = run(&plan, WatchSubject);
    let faults = |run: &Run| -> Vec<_> {
        let phase = |what: &What| match what {
            What::Fault { fault, phase, .. } => Some((*fault, *phase)),
            _ => None,
        };
        run.trace.events.iter().filter_map(|event| phase(&event.what)).collect()
    };
    assert_eq!(faults(&live), faults(&simulated));
    // What goes on at once ends in either order, and a server that goes before TLS breaks off in either way.
    let seen = |run: &Run| -> Vec<_> {
        let what = |Sight { what, .. }: Sight| what.replace("lost Finished", "lost TlsFailed");
        let mut seen: Vec<_> = sights(&run.trace.events, "").into_iter().map(what).collect();
        seen.sort();
        seen
    };
    assert_eq!(seen(&live), seen(&simulated));
}

#[test]
fn in_real_time_nothing_is_leapt_over() {
    let lasts = Duration::from_millis(500);
    let plan = Plan { until: lasts, ..plan(7) };
    let world = World::build_live(&plan, &subject(WatchSubject), Pace::Real).expect("the world is built");
    let began = stamp("began");
    let run = world.run().expect("the world runs");
    assert_eq!(run.problem, None);
    let took = stamp("ended").duration_since(began).unwrap_or_default();
    // The disk's clock is a coarse one.
    assert!(took > lasts - Duration::from_millis(50), "half a second went by in {took:?}");
}

/// The time by the disk's clock.
fn stamp(name: &str) -> SystemTime {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("real-time-{name}"));
    std::fs::write(&path, name).expect("written");
    std::fs::metadata(&path).and_then(|file| file.modified()).expect("files have times")
}

fn subject(subject: impl Subject + 'static) -> Arc<dyn Subject> {
    Arc::new(subject)
}

fn run(plan: &Plan, who: impl Subject + 'static) -> Run {
    let run = World::build_live(plan, &subject(who), Pace::Leaping)
        .expect("the world is built")
        .run()
        .expect("the world runs");
    assert_eq!(run.problem, None);
    run
}
