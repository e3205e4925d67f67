use collaudo_node::Bytes;
use gestore::{Declared, Ordinary};

use crate::world::*;

const BRUNO: &str = "bruno@beta.test";
const DORA: &str = "dora@beta.test";
const STRANGER: &str = "qualcuno@altrove.test";

fn ordinary() -> Bytes {
    message(STRANGER, BRUNO, "", "").into()
}

fn forward(to: &str) -> Ordinary {
    Ordinary::Forward { to: to.to_owned() }
}

/// A host of ordinary mail that takes everything.
fn altrove(world: &mut World) {
    world.scripts.insert("altrove".to_owned(), |line| match line {
        "DATA" => Some("354 go\r\n"),
        "." => Some("250 ok\r\n"),
        _ if line.starts_with("EHLO") => Some("250 script\r\n"),
        _ if line.starts_with("MAIL") || line.starts_with("RCPT") => Some("250 ok\r\n"),
        _ => None,
    });
}

#[test]
fn ordinary_mail_that_is_refused_leaves_a_line_in_the_log() {
    let mut world = World::new();
    assert!(world.relay("beta", STRANGER, &[BRUNO], &ordinary()).starts_with("550 5.7.1"));
    assert!(world.relay("beta", STRANGER, &["nessuno@beta.test"], &ordinary()).starts_with("550 5.1.1"));
    let mut told = Vec::new();
    for line in world.log("beta") {
        let Declared::Logged { event, msgid, sender, recipients, subject, .. } = line else { continue };
        assert_eq!((msgid.as_deref(), subject.as_deref()), (Some("<mio@client>"), Some("Contratto")));
        assert_eq!(sender, STRANGER);
        told.push((event, recipients.concat()));
    }
    let expected = [("rifiuto", BRUNO), ("casella-inesistente", "nessuno@beta.test")];
    assert_eq!(told, expected.map(|(event, to)| (event.to_owned(), to.to_owned())));
}

#[test]
fn ordinary_mail_that_is_let_in_comes_in_an_anomaly_envelope_once() {
    //= PEC-2.2.2-09
    //= type=test
    let mut world = World::new();
    world.policy("beta", "bruno", Ordinary::Anomaly);
    for _ in 0..2 {
        assert!(world.relay("beta", STRANGER, &[BRUNO], &ordinary()).starts_with("250 "));
        world.crash("beta");
        world.start("beta");
    }
    assert_eq!(world.kinds(BRUNO), ["errore"]);
    assert_eq!((world.events("beta", "anomalia").len(), world.events("beta", "replica").len()), (1, 1));
    assert!(world.connects.is_empty());
}

#[test]
fn each_recipient_of_ordinary_mail_has_a_policy_of_their_own() {
    //= PEC-PRACT-04
    //= type=test
    let mut world = World::new();
    altrove(&mut world);
    world.policy("beta", "bruno", Ordinary::Anomaly);
    world.policy("beta", "piena", forward("altra@altrove.test"));
    let to = [BRUNO, DORA, "piena@beta.test", "nessuno@beta.test"];
    assert!(world.relay("beta", STRANGER, &to, &ordinary()).starts_with("250 "));
    assert_eq!((world.kinds(BRUNO), world.kinds(DORA).len()), (vec!["errore".to_owned()], 0));
    assert!(world.heard.contains(&"RCPT TO:<altra@altrove.test>".to_owned()));
    let count = |event: &str| world.events("beta", event).len();
    assert_eq!(["anomalia", "rifiuto", "inoltro", "casella-inesistente", "invio"].map(count), [1, 1, 1, 1, 1]);
}

#[test]
fn ordinary_mail_that_is_forwarded_goes_on_as_it_is_and_nothing_is_stored() {
    let mut world = World::new();
    altrove(&mut world);
    world.policy("beta", "bruno", forward("altra@altrove.test"));
    assert!(world.relay("beta", STRANGER, &[BRUNO], &ordinary()).starts_with("250 "));
    assert!(world.relay("beta", STRANGER, &[BRUNO], &ordinary()).starts_with("250 "));
    let from = world.heard.iter().position(|line| line == "DATA").expect("a message");
    let sent: Vec<&str> = world.heard[from + 1..].iter().take_while(|line| *line != ".").map(String::as_str).collect();
    assert_eq!(sent.join("\r\n") + "\r\n", String::from_utf8_lossy(&ordinary()));
    assert!(world.heard.contains(&format!("MAIL FROM:<{STRANGER}>")));
    assert_eq!(world.heard.iter().filter(|line| *line == "DATA").count(), 1);
    assert!(world.kinds(BRUNO).is_empty());
}

#[test]
fn users_who_forward_to_each_other_make_no_loop() {
    let mut world = World::new();
    world.policy("beta", "bruno", forward(DORA));
    world.policy("beta", "dora", forward(BRUNO));
    assert!(world.relay("beta", STRANGER, &[BRUNO], &ordinary()).starts_with("550 "));
    world.policy("beta", "dora", Ordinary::Anomaly);
    assert!(world.relay("beta", STRANGER, &[BRUNO, DORA], &ordinary()).starts_with("250 "));
    assert_eq!(world.kinds(DORA), ["errore"]);
    let passed = "Received: from x by y; Mon, 2 Mar 2026 11:00:00 +0100\r\n".repeat(101);
    let looped: Bytes = (passed + &message(STRANGER, DORA, "", "")).into();
    assert!(world.relay("beta", STRANGER, &[DORA], &looped).starts_with("554 5.4.6"));
}

/// Ordinary mail for bruno, who has it wrapped, and dora, who has it sent on, brought until it is taken; beta may die
/// before one of its effects, and starts again.
fn brought(dies_at: Option<usize>) -> World {
    let mut world = open_beta();
    world.machine("beta").dies_at = dies_at;
    for _ in 0..3 {
        if world.relay("beta", STRANGER, &[BRUNO, DORA], &ordinary()).starts_with("250 ") {
            break;
        }
        if world.machines["beta"].node.is_none() {
            world.start("beta");
        }
    }
    if world.machines["beta"].node.is_none() {
        world.start("beta");
    }
    world.pass(hours(1));
    assert_eq!((world.kinds(BRUNO), world.kinds(DORA).len()), (vec!["errore".to_owned()], 0), "{dies_at:?}");
    assert_eq!((world.events("beta", "invio").len(), world.events("beta", "inoltro").len()), (1, 1), "{dies_at:?}");
    // An answer that is lost makes who forwards bring it again: that is the other's to know again.
    assert!((1..=2).contains(&world.heard.iter().filter(|line| *line == "DATA").count()), "{dies_at:?}");
    world
}

fn open_beta() -> World {
    let mut world = World::new();
    altrove(&mut world);
    world.policy("beta", "bruno", Ordinary::Anomaly);
    world.policy("beta", "dora", forward("altra@altrove.test"));
    world
}

#[test]
fn ordinary_mail_is_let_in_once_whatever_effect_a_crash_comes_before() {
    let began = open_beta().machines["beta"].effects;
    let points = began..brought(None).machines["beta"].effects;
    assert!(points.len() > 20, "{points:?}");
    points.for_each(|at| drop(brought(Some(at))));
}
