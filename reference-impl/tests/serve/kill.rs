//! `kill -9` under load: what was acknowledged has exactly one outcome, and no receipt is there twice.
//!
//! Ten kills in an ordinary run; `GESTORE_KILLS=200 cargo test -p gestore --test serve kill` makes as many as asked for.
//! Clients submit at one provider for users of the other without a pause; now the one, now the other is killed, at
//! moments drawn from a fixed seed, and served again. Mailboxes are read at the end, by POP3.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use crate::{client::Smtp, house::Network};

const ANNA: &str = "anna@alfa.test";
const BRUNO: &str = "bruno@beta.test";
const CLIENTS: usize = 4;
const KILLS: usize = 10;
/// Attempts of a second each for all that is under way at the end.
const PATIENCE: usize = 300;

/// Submits one message after another, and writes down which were acknowledged.
fn load(
    network: &Network,
    client: usize,
    stop: &Arc<AtomicBool>,
    taken: &Arc<Mutex<BTreeSet<String>>>,
) -> JoinHandle<usize> {
    let (port, tls) = (network.port("alfa.test", "submission"), network.tls.clone());
    let password = network.password(ANNA).to_owned();
    let (stop, taken) = (stop.clone(), taken.clone());
    thread::spawn(move || {
        let mut number = 0;
        while !stop.load(Ordering::Relaxed) {
            let session = Smtp::begin(port, &tls).and_then(|mut smtp| smtp.login(ANNA, &password).map(|_| smtp));
            let Ok(mut smtp) = session else {
                thread::sleep(Duration::from_millis(20));
                continue;
            };
            while !stop.load(Ordering::Relaxed) {
                // A number is given once: what was not acknowledged is not brought again.
                number += 1;
                let subject = format!("m-{client}-{number}");
                match smtp.submit(ANNA, BRUNO, &subject) {
                    Ok(_) => taken.lock().expect("a list").insert(subject),
                    Err(_) => break,
                };
            }
        }
        number
    })
}

/// How often each kind of message is there, by the subject of the original.
fn count(mailbox: &[(String, String)]) -> BTreeMap<(String, String), usize> {
    let mut counts = BTreeMap::new();
    for (kind, subject) in mailbox {
        let original = subject.rsplit(": ").next().unwrap_or_default().to_owned();
        *counts.entry((original, kind.clone())).or_default() += 1;
    }
    counts
}

/// The subjects of a mailbox that have a message of this kind.
fn with(counts: &BTreeMap<(String, String), usize>, kind: &str) -> BTreeSet<String> {
    counts.keys().filter(|(_, found)| found == kind).map(|(subject, _)| subject.clone()).collect()
}

#[test]
fn killed_under_load_what_was_acknowledged_has_one_outcome_and_no_receipt_is_doubled() {
    let kills = env::var("GESTORE_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(KILLS);
    let mut network = Network::new("kill", &["alfa.test", "beta.test"]);
    network.serve("alfa.test");
    network.serve("beta.test");
    let (stop, taken) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(BTreeSet::new())));
    let clients: Vec<_> = (0..CLIENTS).map(|client| load(&network, client, &stop, &taken)).collect();
    let mut chance: u64 = 0x5eed;
    for kill in 0..kills {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        thread::sleep(Duration::from_millis(100 + (chance >> 33) % 500));
        let domain = ["alfa.test", "beta.test"][kill % 2];
        network.kill(domain);
        network.serve(domain);
    }
    stop.store(true, Ordering::Relaxed);
    let tried: usize = clients.into_iter().map(|client| client.join().expect("a client")).sum();
    let taken = taken.lock().expect("a list").clone();
    let delivered = |network: &Network| with(&count(&network.mailbox(ANNA)), "avvenuta-consegna");
    for attempt in 0..PATIENCE {
        if taken.is_subset(&delivered(&network)) {
            break;
        }
        // A start takes up at once all that waits for its next attempt, which may be minutes away.
        if attempt % 5 == 0 {
            let domain = ["alfa.test", "beta.test"][attempt / 5 % 2];
            network.stop(domain);
            network.serve(domain);
        }
        thread::sleep(Duration::from_secs(1));
    }
    let (anna, bruno) = (count(&network.mailbox(ANNA)), count(&network.mailbox(BRUNO)));
    let service = count(&network.mailbox("ricevute@alfa.test"));
    for (name, counts) in [("anna", &anna), ("bruno", &bruno), ("alfa's service mailbox", &service)] {
        let doubled: Vec<_> = counts.iter().filter(|(_, count)| **count > 1).collect();
        assert_eq!(doubled, Vec::new(), "doubled at {name}");
    }
    let outcomes = ["errore-consegna", "preavviso-errore-consegna", "non-accettazione", "rilevazione-virus"];
    for other in outcomes {
        assert_eq!(with(&anna, other), BTreeSet::new(), "{other}: nothing here is to fail");
    }
    for (what, found) in [
        ("acceptance receipt", with(&anna, "accettazione")),
        ("delivery receipt", with(&anna, "avvenuta-consegna")),
        ("envelope", with(&bruno, "posta-certificata")),
        ("take-charge receipt", with(&service, "presa-in-carico")),
    ] {
        let missing: Vec<_> = taken.difference(&found).collect();
        assert_eq!(missing, Vec::<&String>::new(), "acknowledged, and without its {what}");
    }
    assert_eq!(with(&anna, "accettazione"), with(&bruno, "posta-certificata"), "what was accepted was delivered");
    assert!(taken.len() >= kills, "{} messages in {kills} kills are no load", taken.len());
    println!(
        "{kills} kills: {tried} submitted, {} acknowledged, {} accepted",
        taken.len(),
        with(&anna, "accettazione").len()
    );
}
