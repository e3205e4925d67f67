//! Goal: the simulated network by itself, with a node that knows just enough SMTP to be talked to.
//! Method: the toy takes every message, commits it, and afterwards knocks at the other host each half hour. What the
//! toy does not need, the watch does: see there.

mod documents;
mod faults;
mod live;
mod toy;
mod watch;

use std::{sync::Arc, time::Duration};

use collaudo_record::{Event, Instant, ScenarioBrief, What};
use collaudo_scenario::{CrashPoint, Fault, FaultKind, Plan, PlayerPlan, ProviderPlan, Step, Submit, UserPlan};
use collaudo_world::{Run, Subject, World};

use self::toy::ToySubject;

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn equal_seeds_give_equal_bytes_tls_included() {
    let (one, two, other) = (run(&plan(7)), run(&plan(7)), run(&plan(8)));
    assert_eq!(one.problem, None);
    assert!(one.trace.events.iter().any(|e| matches!(e.what, What::Secured(_))), "no handshake to compare");
    assert!(one.trace.events.iter().any(|e| matches!(e.what, What::Closed { .. })), "no wire to compare");
    assert_eq!(one.trace.to_jsonl(), two.trace.to_jsonl());
    assert_ne!(one.trace.to_jsonl(), other.trace.to_jsonl());
}

#[test]
fn a_submission_is_seen_whole() {
    let run = run(&plan(7));
    let transfer = run.trace.events.iter().find_map(transfer_of_step).expect("the submission was seen");
    assert_eq!(transfer.step.as_deref(), Some("m1"));
    assert_eq!(transfer.account.as_deref(), Some("anna@alfa.test"));
    assert!(transfer.secured);
    assert_eq!(transfer.forward_paths.len(), 1);
    assert_eq!(transfer.reply.as_ref().map(|reply| reply.code), Some(250));
    let body = transfer.body.as_ref().and_then(|hash| run.trace.body(hash)).expect("its octets were kept");
    assert_eq!(body, MESSAGE);
}

#[test]
fn a_day_is_leapt_over_and_every_timer_fires_at_its_instant() {
    let run = run(&plan(7));
    let knocks: Vec<_> = opened(&run.trace.events, "beta");
    assert_eq!(knocks.len(), 47, "one each half hour from the first to the last of a day");
    for (n, knock) in (1..).zip(&knocks) {
        let late = knock.0 - run.trace.header.epoch.0 - n * 1_800_000_000;
        assert!((0..1_000_000).contains(&late), "knock {n} came {late} us after its instant");
    }
}

#[test]
fn a_partition_is_refused_and_a_hold_is_silent() {
    for kind in [
        FaultKind::Partition { a: "alfa".into(), b: "beta".into() },
        FaultKind::Hold { a: "alfa".into(), b: "beta".into() },
    ] {
        let mut plan = plan(7);
        plan.faults = vec![Fault { at: HOUR, lasts: Some(2 * HOUR), kind: kind.clone() }];
        let run = run(&plan);
        assert_eq!(run.problem, None);
        let inside = opened(&run.trace.events, "beta")
            .iter()
            .filter(|at| (at.0 - plan.epoch.0) > 3_600_000_000 && (at.0 - plan.epoch.0) < 3 * 3_600_000_000)
            .count();
        assert_eq!(inside, 0, "{kind:?} let a connection through");
    }
}

#[test]
fn a_crash_after_a_commit_comes_before_its_acknowledgement_and_keeps_the_commit() {
    let mut plan = plan(7);
    plan.faults = vec![Fault {
        at: Duration::ZERO,
        lasts: Some(Duration::from_secs(10)),
        kind: FaultKind::Crash { host: "alfa".into(), point: CrashPoint::AfterCommit(1) },
    }];
    let run = run(&plan);
    assert_eq!(run.problem, None);
    let transfer = run.trace.events.iter().find_map(transfer_of_step).expect("the submission was seen");
    assert_eq!(transfer.reply, None, "it was acknowledged");
    let lives: Vec<_> = run.trace.events.iter().filter_map(|e| host(e, "alfa")).collect();
    assert_eq!(lives, [true, false, true, false], "it starts, crashes, starts again, and stops with the run");
    assert!(opened(&run.trace.events, "beta").len() > 40, "the restarted node has lost what it committed");
}

const MESSAGE: &[u8] = b"From: anna@alfa.test\r\n\r\n.dots\r\n..are kept\r\n";

/// The instants of a fault that lasts from one to three hours after the epoch.
fn inside(at: Instant, plan: &Plan) -> bool {
    (1..3).contains(&((at.0 - plan.epoch.0) / 3_600_000_000))
}

fn with_fault(kind: FaultKind) -> Plan {
    Plan { faults: vec![Fault { at: HOUR, lasts: Some(2 * HOUR), kind }], ..plan(7) }
}

fn plan(seed: u64) -> Plan {
    let provider = |name: &str, user: &str| ProviderPlan {
        name: name.into(),
        display_name: format!("{name} PEC S.p.A."),
        domain: format!("{name}.test"),
        service_mailbox: format!("servizio@{name}.test"),
        player: PlayerPlan::Subject,
        users: vec![UserPlan {
            address: format!("{user}@{name}.test"),
            password: "segreta".into(),
            quota_octets: None,
            ordinary: collaudo_record::Ordinary::Refuse,
        }],
        max_octets: 30_000_000,
        max_recipients: 500,
        unit: None,
        family: collaudo_scenario::Family::default(),
        index_source: collaudo_scenario::IndexSource::Ldif,
        renewed: false,
        backup: false,
        acceptance: None,
    };
    Plan {
        brief: ScenarioBrief {
            id: "world/toy".into(),
            title: String::new(),
            why: String::new(),
            covers: Vec::new(),
            expect: Vec::new(),
        },
        seed,
        epoch: Instant(1_772_438_400_000_000),
        until: 24 * HOUR,
        providers: vec![provider("alfa", "anna"), provider("beta", "bruno")],
        steps: vec![Step {
            at: Duration::ZERO,
            id: "m1".into(),
            submit: Submit {
                provider: "alfa".into(),
                account: "anna@alfa.test".into(),
                password: "segreta".into(),
                reverse_path: "anna@alfa.test".into(),
                forward_paths: vec!["bruno@beta.test".into()],
                message: MESSAGE.into(),
                implicit_tls: false,
                session: None,
                forged: None,
            },
        }],
        visits: Vec::new(),
        inquiries: Vec::new(),
        faults: Vec::new(),
        latency: (Duration::from_millis(1), Duration::from_millis(10)),
    }
}

fn run(plan: &Plan) -> Run {
    let toy: Arc<dyn Subject> = Arc::new(ToySubject);
    World::build(plan, &toy).expect("the world is built").run().expect("the world runs")
}

fn transfer_of_step(event: &Event) -> Option<&collaudo_record::Transfer> {
    match &event.what {
        What::Transfer(transfer) if transfer.step.is_some() => Some(transfer),
        _ => None,
    }
}

fn opened(events: &[Event], server: &str) -> Vec<Instant> {
    let at = |e: &Event| matches!(&e.what, What::Opened(s) if s.server == server && s.client == "alfa").then_some(e.at);
    events.iter().filter_map(at).collect()
}

fn host(event: &Event, name: &str) -> Option<bool> {
    match &event.what {
        What::Host { host, up } if host == name => Some(*up),
        _ => None,
    }
}
