//! The machine's clock is set anew while the server runs: whatever is due by it comes at once.

use std::{fs, path::Path, time::Duration};

use crate::{client::Talk, house::Network};

const ANNA: &str = "anna@alfa.test";
const BRUNO: &str = "bruno@beta.test";
/// Where distributions put the library that moves the clock of a single program.
const FAKETIME: [&str; 4] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/faketime/libfaketime.so.1",
    "/usr/lib64/faketime/libfaketime.so.1",
];
/// Less than the minute after which the queue's next attempt would wake the server in any case.
const SOON: Duration = Duration::from_secs(45);

/// Nobody speaks to the server while it waits: anna's program is in IDLE, and beta.test is not there at all.
#[test]
fn a_clock_that_was_set_ahead_is_noticed_though_nobody_speaks() {
    let Some(library) = FAKETIME.into_iter().find(|path| Path::new(path).exists()) else {
        return eprintln!("skipped: this machine has no libfaketime");
    };
    let mut network = Network::new("time", &["alfa.test", "beta.test"]);
    let ahead = network.folder("alfa.test").join("ahead");
    fs::write(&ahead, "+0").expect("a file");
    network.set_environment(vec![
        ("LD_PRELOAD", library.to_owned()),
        ("FAKETIME_TIMESTAMP_FILE", ahead.display().to_string()),
        ("FAKETIME_NO_CACHE", "1".to_owned()),
        // What a change of the calendar does not touch on a real machine.
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
    ]);
    // So that the leap does not end her session, too.
    network.set("alfa.test", "imap_idle_seconds", 1_000_000);
    network.serve("alfa.test");
    network.submit(ANNA).submit(ANNA, BRUNO, "Contratto").expect("a message taken");
    network.wait_for(ANNA, 1);
    let mut anna = Talk::idle(network.port("alfa.test", "imap"), &network.tls, ANNA, network.password(ANNA));
    let anna = anna.as_mut().expect("a reader");
    anna.be_patient_for(SOON).expect("a connection");
    fs::write(&ahead, "+43260").expect("the clock leaps twelve hours and a minute");
    assert_eq!(anna.until("* ").expect("news without a word from anybody"), "* 2 EXISTS");
    assert_eq!(network.mailbox(ANNA)[1].0, "preavviso-errore-consegna");
}
