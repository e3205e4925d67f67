//! A node that knows its lines and nothing else, and plans to put it in.
#![allow(dead_code, reason = "each test takes what it needs")]

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use collaudo_node::{Bytes, ConnId, DurableLog, Effect, Finding, Input, Node, Timestamp};
use collaudo_record::{Instant, Ordinary, ScenarioBrief, Transfer, What};
use collaudo_scenario::{Family, IndexSource, PeerBehaviour, Plan, PlayerPlan, ProviderPlan, Step, Submit, UserPlan};
use collaudo_world::{Declared, Founding, Run, Subject, World};

pub(crate) const EPOCH: Instant = Instant(1_772_438_400_000_000);

/// What is said on a port when a line begins so; the empty beginning is the greeting. `{tag}` is the line's first word, which
/// is left out of account where an answer has it. After `354` lines are heard up to the one that is a dot.
pub(crate) type Answers = &'static [(u16, &'static str, &'static str)];

/// A node by its answers, and all lines that it has heard.
#[derive(Clone)]
pub(crate) struct Script {
    pub(crate) answers: Answers,
    pub(crate) heard: Arc<Mutex<Vec<String>>>,
}

impl Script {
    pub(crate) fn new(answers: Answers) -> Self {
        Self { answers, heard: Arc::default() }
    }

    pub(crate) fn play(&self, plan: &Plan) -> Run {
        let subject: Arc<dyn Subject> = Arc::new(self.clone());
        World::build(plan, &subject).expect("the world is built").run().expect("the world runs")
    }
}

impl Subject for Script {
    fn name(&self) -> &'static str {
        "script"
    }

    fn found(&self, _: &Founding<'_>) -> Bytes {
        Bytes::new()
    }

    fn recover(&self, _: &dyn DurableLog, _: Timestamp) -> Box<dyn Node> {
        Box::new(Actor { script: self.clone(), talks: BTreeMap::new() })
    }

    fn scan(&self, _: &Bytes) -> Finding {
        Finding::Clean
    }

    fn declare(&self, _: &[u8]) -> Vec<Declared> {
        Vec::new()
    }
}

struct Actor {
    script: Script,
    talks: BTreeMap<ConnId, Talk>,
}

struct Talk {
    port: u16,
    unread: Vec<u8>,
    content: bool,
}

impl Node for Actor {
    fn handle(&mut self, _: Timestamp, input: Input, effects: &mut Vec<Effect>) {
        match input {
            Input::Opened { conn, port, .. } => {
                self.talks.insert(conn, Talk { port, unread: Vec::new(), content: false });
                match port {
                    465 | 993 | 995 => effects.push(Effect::StartTls { conn }),
                    _ => self.answer(conn, "", effects),
                }
            }
            Input::Secured { conn } if self.talks.get(&conn).is_some_and(|talk| talk.port != 587) => {
                self.answer(conn, "", effects);
            }
            Input::Bytes { conn, bytes } => {
                let Some(talk) = self.talks.get_mut(&conn) else { return };
                talk.unread.extend_from_slice(&bytes);
                let mut lines = Vec::new();
                while let Some(end) = talk.unread.iter().position(|b| *b == b'\n') {
                    lines.push(String::from_utf8_lossy(&talk.unread.drain(..=end).collect::<Vec<_>>()).into_owned());
                }
                for line in lines {
                    self.hear(conn, line.trim_end(), effects);
                }
            }
            _ => {}
        }
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        None
    }

    fn recover(_: &dyn DurableLog, _: Timestamp) -> Self {
        Self { script: Script::new(&[]), talks: BTreeMap::new() }
    }
}

impl Actor {
    fn hear(&mut self, conn: ConnId, line: &str, effects: &mut Vec<Effect>) {
        let Some(talk) = self.talks.get_mut(&conn) else { return };
        if talk.content && line != "." {
            return;
        }
        talk.content = false;
        self.script.heard.lock().expect("no test panics with it").push(line.to_owned());
        self.answer(conn, line, effects);
        if line == "STARTTLS" {
            effects.push(Effect::StartTls { conn });
        }
    }

    fn answer(&mut self, conn: ConnId, line: &str, effects: &mut Vec<Effect>) {
        let Some(talk) = self.talks.get_mut(&conn) else { return };
        let (tag, behind) = line.split_once(' ').unwrap_or((line, ""));
        let fits = |begin: &str, answer: &str| match begin {
            "" => line.is_empty(),
            _ if answer.contains("{tag}") => behind.starts_with(begin),
            _ => line.starts_with(begin),
        };
        let answer = self.script.answers.iter().find(|(port, begin, answer)| *port == talk.port && fits(begin, answer));
        match answer {
            Some((_, _, "hang up")) => effects.push(Effect::Close { conn }),
            Some((_, _, answer)) => {
                talk.content = answer.starts_with("354");
                let bytes = answer.replace("{tag}", tag).into_bytes().into();
                effects.push(Effect::Write { conn, bytes });
            }
            None => panic!("no answer to \"{line}\" on port {}", talk.port),
        }
    }
}

pub(crate) fn provider(name: &str, player: PlayerPlan, user: &str) -> ProviderPlan {
    ProviderPlan {
        name: name.into(),
        display_name: format!("{name} PEC S.p.A."),
        domain: format!("{name}.test"),
        service_mailbox: format!("servizio@{name}.test"),
        player,
        users: vec![UserPlan {
            address: format!("{user}@{name}.test"),
            password: "segreta".into(),
            quota_octets: None,
            ordinary: Ordinary::Refuse,
        }],
        max_octets: 30_000_000,
        max_recipients: 500,
        unit: None,
        family: Family::default(),
        index_source: IndexSource::Ldif,
        renewed: false,
        backup: false,
        acceptance: None,
    }
}

/// One provider that the script plays, and nothing to do.
pub(crate) fn alone() -> Plan {
    plan(vec![provider("alfa", PlayerPlan::Subject, "anna")])
}

/// Two providers that peers play: one sends, the other behaves.
pub(crate) fn peers(behaviour: PeerBehaviour) -> Plan {
    plan(vec![
        provider("gamma", PlayerPlan::Peer(PeerBehaviour::Proper), "gina"),
        provider("beta", PlayerPlan::Peer(behaviour), "bruno"),
    ])
}

fn plan(providers: Vec<ProviderPlan>) -> Plan {
    Plan {
        brief: ScenarioBrief {
            id: "world/toy".into(),
            title: String::new(),
            why: String::new(),
            covers: Vec::new(),
            expect: Vec::new(),
        },
        seed: 7,
        epoch: EPOCH,
        until: Duration::from_secs(3600),
        providers,
        steps: Vec::new(),
        visits: Vec::new(),
        inquiries: Vec::new(),
        faults: Vec::new(),
        latency: (Duration::from_millis(1), Duration::from_millis(10)),
    }
}

pub(crate) fn step(id: &str, from: (&str, &str), to: &[&str]) -> Step {
    let account = format!("{}@{}.test", from.0, from.1);
    let message = format!(
        "From: {account}\r\nTo: {}\r\nSubject: {id}\r\nMessage-ID: <{id}@client.test>\r\n\r\n.{id}\r\n",
        to.join(", ")
    );
    Step {
        at: Duration::ZERO,
        id: id.into(),
        submit: Submit {
            provider: from.1.into(),
            account: account.clone(),
            password: "segreta".into(),
            reverse_path: account,
            forward_paths: to.iter().map(|path| (*path).to_owned()).collect(),
            message: message.into_bytes().into(),
            implicit_tls: false,
            session: None,
            forged: None,
        },
    }
}

pub(crate) fn transfers(run: &Run) -> Vec<(Instant, &Transfer)> {
    let events = run.trace.events.iter();
    events
        .filter_map(|event| match &event.what {
            What::Transfer(transfer) => Some((event.at, transfer)),
            _ => None,
        })
        .collect()
}

/// Steps and visits that were not carried out, in order.
pub(crate) fn failures(run: &Run) -> Vec<(&str, &str)> {
    let events = run.trace.events.iter();
    events
        .filter_map(|event| match &event.what {
            What::StepFailed { step, why } => Some((step.as_str(), why.as_str())),
            _ => None,
        })
        .collect()
}
