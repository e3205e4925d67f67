//! 500 readers wait over IMAP while 200 clients submit at once.

use std::{fs, io, thread};

use crate::{
    client::{Smtp, Talk},
    house::Network,
};

const ANNA: &str = "anna@alfa.test";
const BRUNO: &str = "bruno@beta.test";
/// Whose mailbox the readers watch.
const WATCHED: &str = "bruno@alfa.test";
const READERS: usize = 500;
const CLIENTS: usize = 200;
const MESSAGES: usize = 3;
/// The most memory that a provider may ever have held, in KiB.
const MEMORY_KIB: u64 = 1024 * 1024;

/// A reader that is logged in and waits.
fn wait(network: &Network) -> io::Result<Talk> {
    Talk::idle(network.port("alfa.test", "imap"), &network.tls, WATCHED, network.password(WATCHED))
}

/// The most memory that a process ever held, in KiB.
fn peak(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("a status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[test]
fn many_readers_and_many_clients_at_once_are_served_without_an_error() {
    if fs::metadata("/proc/self/status").is_err() {
        return eprintln!("skipped: this machine does not tell how much memory a process held");
    }
    let mut network = Network::new("crowd", &["alfa.test", "beta.test"]);
    network.serve("alfa.test");
    network.serve("beta.test");
    let mut readers: Vec<Talk> = (0..READERS).map(|_| wait(&network).expect("a reader")).collect();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (port, tls) = (network.port("alfa.test", "submission"), network.tls.clone());
            let password = network.password(ANNA).to_owned();
            thread::spawn(move || -> io::Result<()> {
                let mut smtp = Smtp::begin(port, &tls)?;
                smtp.login(ANNA, &password)?;
                (0..MESSAGES).try_for_each(|n| smtp.submit(ANNA, BRUNO, &format!("m-{client}-{n}")).map(drop))
            })
        })
        .collect();
    for client in clients {
        client.join().expect("a client").expect("a message taken");
    }
    network.submit(ANNA).submit(ANNA, WATCHED, "Novità").expect("a message taken");
    // Each is told that there is a new message, and takes up its work again.
    for reader in &mut readers {
        reader.until("* ").expect("news");
        reader.send(b"DONE\r\n").expect("a reader that is still there");
        reader.until("c OK").expect("the end of waiting");
    }
    assert_eq!(network.wait_for(BRUNO, CLIENTS * MESSAGES).len(), CLIENTS * MESSAGES);
    for domain in ["alfa.test", "beta.test"] {
        let kib = peak(network.pid(domain));
        println!("{domain}: {} MiB at most (VmHWM)", kib / 1024);
        assert!(kib <= MEMORY_KIB, "{domain} held {kib} KiB");
    }
}
