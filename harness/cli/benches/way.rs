//! What the way of the data costs. `cargo bench -p collaudo`: criterion's figures, then each claim beside its limit,
//! measured in the same run.

use std::{
    collections::BTreeSet,
    fs,
    hint::black_box,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use collaudo::{scenarios::Library, subjects, way};
use collaudo_record::{Trace, What};
use collaudo_scenario::{Plan, Scenario, Vocabulary};
use collaudo_world::{Pki, Run, Subject, World};
use criterion::{BatchSize, Criterion};

const SEED: u64 = 0x5eed;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    whole_scenarios(&mut criterion);
    criterion.final_summary();
    println!();
    dead_provider_among_twenty();
    certified_messages_beside_signatures();
    day_of_a_thousand_messages();
}

fn whole_scenarios(criterion: &mut Criterion) {
    let subject = subjects::reference();
    let scenarios = root().join("scenarios");
    let library = Library::open(&scenarios).expect("the scenarios are there").scenarios;
    for id in ["flows/cross-provider", "timeouts/destination-down-26h"] {
        let scenario = library.iter().find(|scenario| scenario.id() == id).expect("a scenario of that id");
        let plan = scenario.plan(SEED);
        criterion.bench_function(&format!("run {id}"), |bencher| {
            bencher.iter_batched(|| build(&plan, &subject), |world| black_box(world.run()), BatchSize::PerIteration);
        });
        let trace = way::stir(&plan, &subject).expect("it runs").trace;
        criterion.bench_function(&format!("judge {id}"), |bencher| {
            bencher.iter(|| black_box(collaudo_judge::judge(&trace)));
        });
    }
}

/// One message to a provider that is down for the whole day, users on one host.
fn dead_provider_among_twenty() {
    let plan = scenario(
        "topology = \"twenty-providers\"\nuntil = \"24h\"\nlatency = [\"1ms\", \"10ms\"]\n\
         step = [{ at = \"1s\", submit = { id = \"m1\", from = \"anna\", to = [\"bruno\"], subject = \"Un giorno\" } }]\n\
         fault = [{ at = \"0s\", crash = \"beta\" }]\n",
    );
    let subject = subjects::reference();
    let times: Vec<_> = (0..5)
        .map(|_| {
            let world = build(&plan, &subject);
            let (spent, run) = cpu(|| world.run());
            assert_eq!(run.expect("it runs").problem, None);
            spent
        })
        .collect();
    let median = median(times);
    println!("24 h, one of twenty providers down: {:.1} ms of CPU; limit 250 ms", millis(median));
}

/// Messages from one provider to another with real signatures, a hundred over each connection, beside what the signatures
/// alone allow. Each round signs before and after it runs, so that a machine that others slow down slows both.
fn certified_messages_beside_signatures() {
    const SESSIONS: usize = 2;
    const MESSAGES: usize = 100 * SESSIONS;
    const ROUNDS: usize = 7;
    let steps: Vec<_> = (0..MESSAGES)
        .map(|n| {
            let session = n % SESSIONS;
            format!(
                "{{ at = \"1s\", submit = {{ id = \"m{n}\", session = \"s{session}\", from = \"anna\", to = [\"bruno\"], \
                 subject = \"n. {n}\" }} }}"
            )
        })
        .collect();
    let plan = scenario(&format!("topology = \"two-providers\"\nuntil = \"2m\"\nstep = [{}]\n", steps.join(",\n")));
    let subject = subjects::reference();
    let rounds: Vec<(Duration, Duration)> = (0..ROUNDS)
        .map(|_| {
            let world = build(&plan, &subject);
            let pki = world.pki().clone();
            let before = four_signatures(&pki, MESSAGES / 2);
            let (running, run) = cpu(|| world.run());
            let after = four_signatures(&pki, MESSAGES / 2);
            let Run { trace, problem, .. } = run.expect("it runs");
            assert_eq!(problem, None);
            assert_eq!(
                submissions(&trace),
                (SESSIONS, MESSAGES),
                "connections, and what was stored for those who wait"
            );
            (running, before + after)
        })
        .collect();
    let running = median(rounds.iter().map(|(running, _)| *running).collect());
    let signing = median(rounds.iter().map(|(_, signing)| *signing).collect());
    let mut percents: Vec<f64> =
        rounds.iter().map(|(running, signing)| 100.0 * signing.as_secs_f64() / running.as_secs_f64()).collect();
    percents.sort_unstable_by(f64::total_cmp);
    let a_second = |time: Duration| MESSAGES as f64 / time.as_secs_f64();
    println!(
        "certified messages, 100 a connection: {:.0} a second and core; RSA-2048 signatures: {:.0}, so four a message allow \
         {:.0}: {:.0} % of that (median of {ROUNDS} rounds); limit 60 %",
        a_second(running),
        4.0 * a_second(signing),
        a_second(signing),
        percents[ROUNDS / 2]
    );
}

/// What the signatures of that many messages cost: two of the one provider, two of the other.
fn four_signatures(pki: &Pki, messages: usize) -> Duration {
    let (spent, ()) = cpu(|| {
        for n in 0..2 * messages {
            for provider in &pki.providers[..2] {
                black_box(provider.key.sign(&n.to_be_bytes()).expect("signs"));
            }
        }
    });
    spent
}

/// How many connections people submitted over, and how many delivery receipts they got.
fn submissions(trace: &Trace) -> (usize, usize) {
    let mut sessions = BTreeSet::new();
    let mut receipts = 0;
    for event in &trace.events {
        match &event.what {
            What::Transfer(transfer) if transfer.account.is_some() => {
                sessions.insert(transfer.session.session);
            }
            What::Logged { provider, entry } if provider == "beta" && entry.event == "avvenuta-consegna" => {
                receipts += 1
            }
            _ => {}
        }
    }
    (sessions.len(), receipts)
}

/// Twenty bursts of fifty messages over a day, among twenty providers of which one is down for the first 13 hours.
fn day_of_a_thousand_messages() {
    let mut plan = scenario(
        "topology = \"twenty-providers\"\nuntil = \"48h\"\n\
         step = [{ at = \"0s\", submit = { id = \"m\", from = \"anna\", to = [\"bruno\"] } }]\n\
         fault = [{ at = \"0s\", for = \"13h\", crash = \"alfa\" }]\n",
    );
    let pattern = plan.steps.remove(0);
    let providers = plan.providers.clone();
    for n in 0..1_000 {
        let (from, to) = (&providers[1 + n % 19], &providers[n * 7 % 20]);
        let (sender, recipient) = (&from.users[0], &to.users[0]);
        let mut step = pattern.clone();
        step.at = Duration::from_secs(72 * 60 * (n as u64 / 50));
        step.id = format!("m{n}");
        step.submit.provider.clone_from(&from.name);
        step.submit.account.clone_from(&sender.address);
        step.submit.password.clone_from(&sender.password);
        step.submit.reverse_path.clone_from(&sender.address);
        step.submit.forward_paths = vec![recipient.address.clone()];
        step.submit.message = format!(
            "Date: Mon, 02 Mar 2026 09:00:00 +0100\r\nFrom: {}\r\nTo: {}\r\nSubject: n. {n}\r\nMessage-ID: <{n}@client.test>\r\n\r\nTesto.\r\n",
            sender.address, recipient.address
        )
        .into_bytes()
        .into();
        plan.steps.push(step);
    }
    let world = build(&plan, &subjects::reference());
    let (spent, run) = cpu(|| world.run());
    let Run { trace, problem, .. } = run.expect("it runs");
    assert_eq!(problem, None);
    let messages = collaudo_judge::judge(&trace).messages;
    let of_kind = |kind: &str| messages.iter().filter(|message| message.kind == kind).count();
    println!(
        "a day of 1000 messages among twenty providers, one of them down for 13 h: {:.1} s of CPU; limit 60 s; \
         {} acceptance receipts, {} delivery receipts, {} timeout notices",
        spent.as_secs_f64(),
        of_kind("accettazione"),
        of_kind("avvenuta-consegna"),
        of_kind("preavviso-errore-consegna")
    );
}

fn build(plan: &Plan, subject: &Arc<dyn Subject>) -> World {
    World::build(plan, subject).expect("the world is built")
}

fn scenario(text: &str) -> Plan {
    let scenarios = root().join("scenarios");
    let text = format!("title = \"Bench\"\nwhy = \"Bench.\"\ncovers = []\n{text}");
    let vocabulary = Vocabulary { catalogued: &[], checked: &[] };
    let mut read = Scenario::parse(&text, &scenarios.join("bench.toml"), &scenarios, &vocabulary)
        .unwrap_or_else(|error| panic!("{error}"));
    read.remove(0).plan(SEED)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// CPU time of this thread where the system tells it, wall time elsewhere.
fn cpu<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    #[expect(clippy::disallowed_methods, reason = "a bench measures")]
    let wall = Instant::now();
    let before = thread_cpu();
    let done = work();
    let spent = match (before, thread_cpu()) {
        (Some(before), Some(after)) => after - before,
        _ => wall.elapsed(),
    };
    (spent, done)
}

fn thread_cpu() -> Option<Duration> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}
