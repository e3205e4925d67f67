//! Goal: the simulated network by itself, with a node that knows just enough SMTP to be talked to.
//! Method: the toy takes every message, commits it, and afterwards knocks at the other host each half hour.

use std::{sync::Arc, time::Duration};

use collaudo_node::{Bytes, ConnId, DurableLog, Effect, Host, Input, Node, Ticket, Timestamp};
use collaudo_record::{Event, Instant, ScenarioBrief, What};
use collaudo_scenario::{CrashPoint, Fault, FaultKind, Plan, PlayerPlan, ProviderPlan, Step, Submit, UserPlan};
use collaudo_world::{Declared, Founding, Run, Subject, World};

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

fn plan(seed: u64) -> Plan {
    let provider = |name: &str, user: &str| ProviderPlan {
        name: name.into(),
        display_name: format!("{name} PEC S.p.A."),
        domain: format!("{name}.test"),
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

struct ToySubject;

impl Subject for ToySubject {
    fn name(&self) -> &'static str {
        "toy"
    }

    fn found(&self, founding: &Founding<'_>) -> Bytes {
        Bytes::from(founding.provider.name.clone().into_bytes())
    }

    fn recover(&self, log: &dyn DurableLog, now: Timestamp) -> Box<dyn Node> {
        Box::new(Toy::recover(log, now))
    }

    fn scan(&self, _: &[u8]) -> collaudo_node::Finding {
        collaudo_node::Finding::Clean
    }

    fn declare(&self, _: &[u8]) -> Vec<Declared> {
        Vec::new()
    }
}

struct Toy {
    knock_at: Option<Timestamp>,
    knocks: u64,
    talk: Vec<u8>,
    waiting: Option<ConnId>,
    content: bool,
}

const HALF_HOUR: Duration = Duration::from_secs(1800);

impl Node for Toy {
    fn handle(&mut self, now: Timestamp, input: Input, effects: &mut Vec<Effect>) {
        match input {
            Input::Opened { conn, .. } => write(conn, "220 toy\r\n", effects),
            Input::Bytes { conn: conn @ ConnId::Incoming(_), bytes } => {
                self.talk.extend_from_slice(&bytes);
                while let Some(end) = self.talk.iter().position(|b| *b == b'\n') {
                    let line: Vec<u8> = self.talk.drain(..=end).collect();
                    self.line(conn, &String::from_utf8_lossy(&line), effects);
                }
            }
            Input::Committed { .. } => {
                self.knock_at = Some(now + HALF_HOUR);
                if let Some(conn) = self.waiting.take() {
                    write(conn, "250 kept\r\n", effects);
                }
            }
            Input::Deadline => {
                self.knock_at = Some(now + HALF_HOUR);
                let conn = ConnId::Outgoing(self.knocks);
                self.knocks += 1;
                effects.push(Effect::Connect { conn, host: Host("mx.beta.test".into()), port: 25 });
            }
            Input::Connected { conn } => effects.push(Effect::Close { conn }),
            _ => {}
        }
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        self.knock_at
    }

    fn recover(log: &dyn DurableLog, now: Timestamp) -> Self {
        let knock_at = (log.records().count() > 1).then(|| now + HALF_HOUR);
        Self { knock_at, knocks: 0, talk: Vec::new(), waiting: None, content: false }
    }
}

impl Toy {
    fn line(&mut self, conn: ConnId, line: &str, effects: &mut Vec<Effect>) {
        let word = line.split_whitespace().next().unwrap_or_default();
        if self.content {
            if word == "." {
                self.content = false;
                self.waiting = Some(conn);
                let record = Bytes::from_static(b"kept");
                effects.push(Effect::Commit { ticket: Ticket(0), records: vec![record], bodies: Vec::new() });
            }
            return;
        }
        match word {
            "STARTTLS" => {
                write(conn, "220 go\r\n", effects);
                effects.push(Effect::StartTls { conn });
            }
            "AUTH" => write(conn, "235 yes\r\n", effects),
            "DATA" => {
                self.content = true;
                write(conn, "354 go\r\n", effects);
            }
            _ => write(conn, "250 ok\r\n", effects),
        }
    }
}

fn write(conn: ConnId, text: &'static str, effects: &mut Vec<Effect>) {
    effects.push(Effect::Write { conn, bytes: Bytes::from_static(text.as_bytes()) });
}
