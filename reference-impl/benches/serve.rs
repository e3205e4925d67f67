//! Certified messages a second of `gestore serve` on loopback, by its own processor time, against the ceiling that four
//! signatures set.
//!
//! Two providers in a process each, TLS on, every commit synced. Clients submit at one provider for users of the other, 100
//! messages a connection; each message is signed four times (acceptance receipt, envelope, take-charge receipt, delivery
//! receipt) and verified three times. What the clients cost is not counted: only the time, user and system, that the
//! kernel charges to the two servers, from the first connection until the last delivery receipt lies in its mailbox.
//! The ceiling is how often one processor signs in a second of its time, divided by four, measured in the same run.

#[path = "../tests/serve/client.rs"]
#[expect(dead_code, reason = "the tests use all of it")]
mod client;
#[path = "../tests/serve/house.rs"]
#[expect(dead_code, reason = "the tests use all of it")]
mod house;

use std::{
    fs,
    process::{Command, ExitCode},
    thread,
    time::{Duration, Instant},
};

use aws_lc_rs::{rand::SystemRandom, rsa::KeyPair, signature::RSA_PKCS1_SHA256};
use rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject};

use client::{Pop3, Smtp};
use house::Network;

const ANNA: &str = "anna@alfa.test";
const BRUNO: &str = "bruno@beta.test";
const DOMAINS: [&str; 2] = ["alfa.test", "beta.test"];
const CONNECTIONS: usize = 40;
/// Connections at once.
const CLIENTS: usize = 40;
const MESSAGES: usize = 100;
/// The share of the ceiling that must be reached.
const LEAST: f64 = 0.40;

fn main() -> ExitCode {
    let mut network = Network::new("bench", &DOMAINS);
    for domain in DOMAINS {
        network.serve_logging(domain, "warn");
    }
    // Reads the index, proves the password, fills the caches.
    network.submit(ANNA).submit(ANNA, BRUNO, "prima").expect("a message taken");
    network.wait_for(ANNA, 2);
    let signs = signatures_a_second(&network);
    let (before, start) = (cpu_seconds(&network), now());
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| (0..CONNECTIONS / CLIENTS).for_each(|_| submit_all(&network)));
        }
    });
    let total = CONNECTIONS * MESSAGES;
    while waiting_for_anna(&network) < 2 + 2 * total {
        thread::sleep(Duration::from_millis(200));
    }
    let (spent, wall) = (cpu_seconds(&network) - before, (now() - start).as_secs_f64());
    let signs = signs.max(signatures_a_second(&network));
    let (rate, ceiling) = (total as f64 / spent, signs / 4.0);
    println!("{total} certified messages in {wall:.1} s, {spent:.2} s of processor time of both providers");
    println!("by processor time  {rate:.0} messages a second");
    println!(
        "ceiling            {ceiling:.0} messages a second (four signatures each, {signs:.0} signatures a second)"
    );
    println!("reached            {:.0} %, at least {:.0} % asked for", 100.0 * rate / ceiling, 100.0 * LEAST);
    if rate / ceiling < LEAST { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

#[expect(clippy::disallowed_methods, reason = "a bench measures")]
fn now() -> Instant {
    Instant::now()
}

fn submit_all(network: &Network) {
    let mut smtp: Smtp = network.submit(ANNA);
    for n in 0..MESSAGES {
        smtp.submit(ANNA, BRUNO, &format!("m{n}")).expect("a message taken");
    }
}

fn waiting_for_anna(network: &Network) -> usize {
    let mut pop3 = Pop3::begin(network.port("alfa.test", "pop3"), &network.tls).expect("a connection");
    pop3.login(ANNA, network.password(ANNA)).expect("a login");
    pop3.count().expect("a number")
}

/// How often one processor signs in a second of its time, with alfa's own key.
fn signatures_a_second(network: &Network) -> f64 {
    let file = network.folder("alfa.test").join("signing.key.pem");
    let key = PrivatePkcs8KeyDer::from_pem_file(file).expect("a key");
    let key = KeyPair::from_pkcs8(key.secret_pkcs8_der()).expect("an RSA key");
    let (mut signature, chance) = (vec![0; key.public_modulus_len()], SystemRandom::new());
    let (second, before, mut count) = (ticks_a_second(), ticks(std::process::id()), 0);
    while ticks(std::process::id()) - before < second {
        for _ in 0..50 {
            key.sign(&RSA_PKCS1_SHA256, &chance, b"signed attributes", &mut signature).expect("a signature");
        }
        count += 50;
    }
    f64::from(count) * second as f64 / (ticks(std::process::id()) - before) as f64
}

/// Processor time of both providers so far, user and system.
fn cpu_seconds(network: &Network) -> f64 {
    let ticks: u64 = DOMAINS.iter().map(|domain| ticks(network.pid(domain))).sum();
    ticks as f64 / ticks_a_second() as f64
}

/// What the kernel counts in.
fn ticks_a_second() -> u64 {
    let asked = Command::new("getconf").arg("CLK_TCK").output().expect("getconf runs");
    String::from_utf8_lossy(&asked.stdout).trim().parse().expect("a number")
}

fn ticks(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("a running process");
    // Behind the name, which may hold anything and stands in brackets: utime and stime are fields 14 and 15 of all.
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
    fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum()
}
