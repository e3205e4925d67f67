//! Goal: every fault bites while it lasts, and no longer.
//! Method: a watch looks about itself each half hour; the fault lasts from the first hour to the third.

use std::{sync::Arc, time::Duration};

use collaudo_record::{Event, Span, What};
use collaudo_scenario::{CrashPoint, Fault, FaultKind, IndexFault, IndexSource, Plan};
use collaudo_world::{Run, Subject, World, WorldError};

use crate::{
    HOUR, inside, opened, plan,
    watch::{Sight, WatchSubject, sights},
    with_fault,
};

#[test]
fn a_slow_link_stays_slow_both_ways_until_it_is_healed() {
    let plan = with_fault(FaultKind::Slow { a: "beta".into(), b: "alfa".into(), latency: Duration::from_secs(2) });
    let run = run(&plan);
    let (looks, opened) = (sights(&run.trace.events, "looks"), opened(&run.trace.events, "beta"));
    let greeted = sights(&run.trace.events, "greeted");
    assert_eq!((looks.len(), opened.len(), greeted.len()), (47, 47, 47), "a look, a knock or a greeting is missing");
    for ((look, opened), greeted) in looks.iter().zip(opened).zip(greeted) {
        let (there, back) = (opened.0 - look.at.0, greeted.at.0 - opened.0);
        let slow = |micros| (2_000_000..2_100_000).contains(&micros);
        assert_eq!(
            (slow(there), slow(back)),
            (inside(look.at, &plan), inside(look.at, &plan)),
            "{there} us, {back} us"
        );
    }
}

#[test]
fn a_message_takes_the_latency_of_its_link_and_at_most_a_tick_more() {
    let latency = Duration::from_micros(7_300);
    let run = run(&Plan { latency: (latency, latency), ..plan(7) });
    for (look, opened) in sights(&run.trace.events, "looks").iter().zip(opened(&run.trace.events, "beta")) {
        let took = opened.0 - look.at.0;
        assert!((7_300..8_300).contains(&took), "{took} us");
    }
}

#[test]
fn a_fast_clock_shows_its_own_time_and_never_goes_back() {
    let offset = 600_000_000;
    let plan = with_fault(FaultKind::Clock { host: "alfa".into(), offset_micros: offset });
    let run = run(&plan);
    let all = sights(&run.trace.events, "");
    let off: Vec<_> = all.iter().filter(|sight| inside(sight.at, &plan)).map(|s| s.own.0 - s.at.0).collect();
    assert!(!off.is_empty() && off.iter().all(|off| *off == offset), "{off:?}");
    assert!(all.iter().map(|sight| sight.own).is_sorted(), "it went back");
    let healed = plan.epoch.after(Span(3 * 3_600_000_000 + offset));
    assert!(all.iter().filter(|sight| sight.at > healed).all(|sight| sight.own == sight.at), "it is still off");
    let mut looks = sights(&run.trace.events, "looks");
    // The look of the first hour falls into the jump.
    assert_eq!(looks.remove(1).own, plan.epoch.after(Span(3_600_000_000 + offset)));
    looks.insert(1, Sight { own: plan.epoch.after(Span(3_600_000_000)), ..looks[0].clone() });
    assert!(on_time(&looks, &plan), "a deadline came at another instant than its own");
}

#[test]
fn a_slow_clock_stands_still_until_the_world_has_caught_up() {
    let plan = with_fault(FaultKind::Clock { host: "alfa".into(), offset_micros: -600_000_000 });
    let run = run(&plan);
    assert!(sights(&run.trace.events, "").iter().map(|sight| sight.own).is_sorted(), "it went back");
    let looks = sights(&run.trace.events, "looks");
    assert!(on_time(&looks, &plan), "a deadline came at another instant than its own");
    let late = looks.iter().filter(|look| look.at.0 - look.own.0 == 600_000_000).count();
    assert_eq!(late, 4, "looks by the wrong clock");
}

/// Whether the looks come one each half hour by the own clock, none before its instant.
fn on_time(looks: &[Sight], plan: &Plan) -> bool {
    looks.len() >= 46
        && (1..).zip(looks).all(|(n, look)| (0..1_000_000).contains(&(look.own.0 - plan.epoch.0 - n * 1_800_000_000)))
}

#[test]
fn a_full_disk_fails_every_commit_and_every_snapshot() {
    let plan = with_fault(FaultKind::DiskFull { host: "alfa".into() });
    let run = run(&plan);
    let looks = sights(&run.trace.events, "looks");
    assert!(looks.iter().all(|look| !inside(look.at, &plan)), "something was written");
    assert!(looks.first().is_some_and(|look| look.what.ends_with("failures=0")));
    assert!(looks.last().is_some_and(|look| look.what.ends_with("failures=12")), "four looks, scans and greetings");
}

#[test]
fn a_scanner_that_is_down_gives_no_answer() {
    let plan = with_fault(FaultKind::ScannerDown { host: "alfa".into() });
    for sight in sights(&run(&plan).trace.events, "scanned") {
        let answered = sight.what.starts_with("scanned Clean");
        assert_eq!(answered, !inside(sight.at, &plan), "{sight:?}");
    }
}

#[test]
fn a_crash_counts_snapshots_among_the_commits() {
    let point = CrashPoint::AfterCommit(2);
    let plan = with_fault(FaultKind::Crash { host: "alfa".into(), point });
    let run = run(&plan);
    // At the first hour's look: a commit, then, before the second commit, the snapshot behind the first.
    let found: Vec<_> = sights(&run.trace.events, "found").into_iter().map(|sight| sight.what).collect();
    assert_eq!(found, ["found snapshot=false records=1 failures=0", "found snapshot=true records=0 failures=0"]);
}

#[test]
fn providers_listen_on_the_ports_of_relay_submission_and_mailboxes() {
    let run = run(&plan(7));
    let ports = run.trace.events.iter().filter_map(|event| match &event.what {
        What::Opened(session) if session.client == "alfa" => Some(session.port),
        _ => None,
    });
    assert_eq!(ports.take(6).collect::<Vec<_>>(), [25, 465, 587, 993, 995, 25]);
    assert!(sights(&run.trace.events, "lost").is_empty(), "a port refused");
}

#[test]
fn two_faults_on_one_link_each_hold_until_their_own_end() {
    let fault = |kind, hours| Fault { at: HOUR, lasts: Some(hours * HOUR), kind };
    let faults = vec![
        fault(FaultKind::Hold { a: "alfa".into(), b: "beta".into() }, 2),
        fault(FaultKind::Partition { a: "beta".into(), b: "alfa".into() }, 1),
    ];
    let plan = Plan { faults, ..plan(7) };
    let opened = opened(&run(&plan).trace.events, "beta");
    // What is held back arrives at the end of the hold.
    let early = opened.iter().filter(|at| inside(**at, &plan)).count();
    assert_eq!(early, 0, "the end of the partition let the held through");
    assert!(opened.len() > 40, "the end of the hold let nothing through");
}

#[test]
fn equal_seeds_give_equal_bytes_whatever_goes_wrong() {
    let (one, two) = (run(&all_faults()), run(&all_faults()));
    let begun = |event: &&Event| matches!(&event.what, What::Fault { .. });
    assert_eq!(one.trace.events.iter().filter(begun).count(), 27, "fourteen begin, and all end but a revocation");
    assert_eq!(one.trace.to_jsonl(), two.trace.to_jsonl());
}

/// Every fault, one an hour.
pub(crate) fn all_faults() -> Plan {
    let (alfa, beta) = (|| "alfa".to_owned(), || "beta".to_owned());
    let kinds = [
        FaultKind::Partition { a: alfa(), b: beta() },
        FaultKind::Hold { a: alfa(), b: beta() },
        FaultKind::Slow { a: alfa(), b: "index".into(), latency: Duration::from_millis(300) },
        FaultKind::Crash { host: alfa(), point: CrashPoint::AtOnce },
        FaultKind::Crash { host: alfa(), point: CrashPoint::AfterEffect(3) },
        FaultKind::Clock { host: alfa(), offset_micros: -1_000_000 },
        FaultKind::DiskFull { host: alfa() },
        FaultKind::ScannerDown { host: alfa() },
        FaultKind::Index(IndexFault::Unreachable),
        FaultKind::Index(IndexFault::Altered),
        FaultKind::Index(IndexFault::RolledBack { lacks: beta() }),
        FaultKind::CrlUnreachable,
        FaultKind::Revoked { host: beta() },
        FaultKind::Unlisted { host: beta() },
    ];
    let mut plan = plan(7);
    plan.providers[0].index_source = IndexSource::Ldap;
    plan.faults = (1..).zip(kinds).map(|(n, kind)| Fault { at: n * HOUR, lasts: Some(HOUR), kind }).collect();
    plan
}

#[test]
fn a_fault_of_a_host_that_is_not_there_is_refused() {
    let watch: Arc<dyn Subject> = Arc::new(WatchSubject);
    let refused = |plan: &Plan| match World::build(plan, &watch).expect("builds").run() {
        Err(WorldError::Host(host)) => Some(host),
        _ => None,
    };
    let mut plan = with_fault(FaultKind::Hold { a: "alfa".into(), b: "index".into() });
    assert_eq!(refused(&plan).as_deref(), Some("index"), "nobody asks the directory");
    plan.providers[0].index_source = IndexSource::Ldap;
    assert_eq!(refused(&plan), None);
    plan.faults[0].kind = FaultKind::DiskFull { host: "index".into() };
    assert_eq!(refused(&plan).as_deref(), Some("index"), "the directory has no disk");
}

fn run(plan: &Plan) -> Run {
    let watch: Arc<dyn Subject> = Arc::new(WatchSubject);
    let run = World::build(plan, &watch).expect("the world is built").run().expect("the world runs");
    assert_eq!(run.problem, None);
    run
}
