use std::collections::BTreeSet;

use gestore::{Declared, declare};

use crate::world::*;

const ANNA: &str = "anna@alfa.test";
const BRUNO: &str = "bruno@beta.test";

#[test]
fn nothing_is_acknowledged_before_it_is_committed() {
    let mut world = World::new();
    let conn = world.login("alfa", ANNA);
    world.machine("alfa").commits = Commits::Hang;
    let text = message(ANNA, BRUNO, "", "");
    assert_eq!(world.give("alfa", conn, ANNA, &[BRUNO], &text), "");
    assert!(world.connects.is_empty());
    world.release("alfa");
    assert!(world.say("alfa", conn, "NOOP\r\n").starts_with("250 2.0.0 Ricevuto\r\n250 "));
    assert_eq!(world.kinds(BRUNO), ["posta-certificata"]);
}

#[test]
fn what_could_not_be_committed_is_put_off_and_leaves_nothing() {
    let mut world = World::new();
    let conn = world.login("alfa", ANNA);
    let before = world.machines["alfa"].disk.records.len();
    world.machine("alfa").commits = Commits::Fail;
    let text = message(ANNA, BRUNO, "", "");
    assert!(world.give("alfa", conn, ANNA, &[BRUNO], &text).starts_with("451 "));
    assert_eq!(world.machines["alfa"].disk.records.len(), before);
    assert!(world.connects.is_empty());
    world.machine("alfa").commits = Commits::Stand;
    assert!(world.give("alfa", conn, ANNA, &[BRUNO], &text).starts_with("250 "));
    assert_eq!(world.kinds(ANNA), ["accettazione", "avvenuta-consegna"]);
}

#[test]
fn a_full_store_at_the_destination_only_delays() {
    let mut world = World::new();
    world.machine("beta").commits = Commits::Fail;
    world.anna_writes(&[BRUNO]);
    assert_eq!(world.kinds(ANNA), ["accettazione"]);
    world.machine("beta").commits = Commits::Stand;
    world.pass(minutes(2));
    assert_eq!(world.kinds(ANNA), ["accettazione", "avvenuta-consegna"]);
    assert_eq!(world.kinds(BRUNO).len(), 1);
}

#[test]
fn a_store_that_fails_while_an_envelope_is_handed_over_inside_only_delays() {
    let mut world = World::new();
    let conn = world.login("alfa", ANNA);
    world.machine("alfa").fail_from = Some(1);
    let text = message(ANNA, "carla@alfa.test", "", "");
    assert!(world.give("alfa", conn, ANNA, &["carla@alfa.test"], &text).starts_with("250 "));
    assert_eq!((world.kinds(ANNA).len(), world.kinds("carla@alfa.test").len()), (1, 0));
    world.machine("alfa").commits = Commits::Stand;
    world.pass(minutes(1) / 2);
    assert_eq!((world.kinds(ANNA).len(), world.kinds("carla@alfa.test").len()), (1, 0));
    world.pass(minutes(1));
    assert_eq!(world.kinds(ANNA), ["accettazione", "avvenuta-consegna"]);
    assert_eq!(world.kinds("carla@alfa.test"), ["posta-certificata"]);
}

#[test]
fn a_250_that_could_not_be_noted_is_noted_a_minute_later() {
    let mut world = World::new();
    let conn = world.login("alfa", ANNA);
    world.machine("alfa").fail_from = Some(1);
    assert!(world.give("alfa", conn, ANNA, &[BRUNO], &message(ANNA, BRUNO, "", "")).starts_with("250 "));
    assert!(world.events("alfa", "invio").is_empty());
    world.machine("alfa").commits = Commits::Stand;
    world.pass(minutes(1) / 2);
    assert!(world.events("alfa", "invio").is_empty());
    world.pass(minutes(1));
    assert_eq!(world.events("alfa", "invio").len(), 1);
    assert_eq!(world.connects.iter().filter(|(_, host)| host == "mx.beta.test").count(), 1);
}

#[test]
fn a_crash_between_commit_and_250_gives_one_receipt_set() {
    let mut world = World::new();
    world.machine("beta").commits = Commits::Kill;
    world.anna_writes(&[BRUNO]);
    assert!(world.machines["beta"].node.is_none());
    assert_eq!((world.kinds(BRUNO).len(), world.kinds(ANNA).len()), (1, 1));
    world.start("beta");
    world.pass(hours(30));
    assert_eq!(world.kinds(BRUNO), ["posta-certificata"]);
    assert_eq!(world.kinds(ANNA), ["accettazione", "avvenuta-consegna"]);
    assert_eq!(world.kinds("ricevute@alfa.test"), ["presa-in-carico"]);
    assert_eq!(world.events("beta", "replica").len(), 1);
}

#[test]
fn a_crash_of_the_sender_before_its_note_of_the_250_gives_one_receipt_set() {
    let mut world = World::new();
    let conn = world.login("alfa", ANNA);
    world.machine("alfa").commits = Commits::Kill;
    assert_eq!(world.give("alfa", conn, ANNA, &[BRUNO], &message(ANNA, BRUNO, "", "")), "");
    world.start("alfa");
    assert_eq!(world.kinds(BRUNO), ["posta-certificata"]);
    world.pass(hours(30));
    assert_eq!(world.kinds(ANNA), ["accettazione", "avvenuta-consegna"]);
}

#[test]
fn a_crash_at_any_commit_leaves_one_of_each() {
    // Every commit of either side in turn is the last before a crash; the outcome is the same each time.
    for name in ["alfa", "beta"] {
        for nth in 0..8 {
            let mut world = World::new();
            let conn = world.login("alfa", ANNA);
            world.machine(name).kill_at = Some(nth);
            world.give(
                "alfa",
                conn,
                ANNA,
                &[BRUNO, "carla@alfa.test"],
                &message(ANNA, "bruno@beta.test, carla@alfa.test", "", ""),
            );
            if world.machines[name].node.is_none() {
                world.start(name);
            }
            world.pass(hours(30));
            let mut kinds = world.kinds(ANNA);
            kinds.sort();
            assert_eq!(kinds, ["accettazione", "avvenuta-consegna", "avvenuta-consegna"], "{name}, commit {nth}");
            assert_eq!(world.kinds(BRUNO), ["posta-certificata"], "{name}, commit {nth}");
            assert_eq!(world.kinds("carla@alfa.test"), ["posta-certificata"], "{name}, commit {nth}");
            assert_eq!(world.kinds("ricevute@alfa.test"), ["presa-in-carico"], "{name}, commit {nth}");
        }
    }
}

#[test]
fn identifiers_are_never_used_again() {
    //= PEC-2.2.1-09
    //= type=test
    let mut world = World::new();
    for _ in 0..3 {
        world.anna_writes(&[BRUNO, "carla@alfa.test"]);
        world.crash("alfa");
        world.start("alfa");
    }
    let mut ids: BTreeSet<String> = BTreeSet::new();
    let made = ["accettazione", "posta-certificata", "avvenuta-consegna"];
    for record in &world.machines["alfa"].disk.history {
        if let Some(Declared::Logged { event, related, .. }) = declare(record)
            && made.contains(&event.as_str())
        {
            for id in related {
                assert!(ids.insert(id.clone()), "{id} twice");
            }
        }
    }
    assert_eq!(ids.len(), 9);
}

/// Has anna write more messages than a snapshot waits for, with a crash of alfa behind its write of that number.
fn many_messages(killed_at: Option<usize>) -> World {
    let mut world = World::new();
    world.machine("alfa").kill_at = killed_at;
    let text = message(ANNA, BRUNO, "", "");
    let mut taken = 0;
    for _ in 0..120 {
        taken += usize::from(world.submit(ANNA, &[BRUNO], &text).starts_with("250 "));
        if world.machines["alfa"].node.is_none() {
            world.start("alfa");
        }
    }
    world.pass(hours(1));
    let kinds = world.kinds(ANNA);
    let count = |wanted: &str| kinds.iter().filter(|kind| *kind == wanted).count();
    assert!(count("accettazione") >= taken && taken >= 119);
    let ends = (count("avvenuta-consegna"), world.kinds(BRUNO).len(), kinds.len());
    assert_eq!(ends, (count("accettazione"), count("accettazione"), 2 * count("accettazione")), "{killed_at:?}");
    world
}

#[test]
fn a_log_is_cut_short_by_snapshots_and_a_crash_right_before_or_behind_one_loses_nothing() {
    let before = World::new().machines["alfa"].disk.writes;
    let world = many_messages(None);
    let disk = &world.machines["alfa"].disk;
    assert!(disk.snapshot.is_some() && disk.records.len() < disk.history.len() / 2);
    let snapshot = disk.snapshot_at.expect("a snapshot") - before;
    for killed_at in snapshot - 1..=snapshot + 1 {
        let world = many_messages(Some(killed_at));
        assert!(world.machines["alfa"].disk.snapshot.is_some());
    }
}

#[test]
fn a_line_of_the_log_that_was_changed_on_disk_is_found_at_the_next_start() {
    //= PEC-2.3-10
    //= type=test
    let mut world = World::new();
    world.anna_writes(&[BRUNO]);
    world.crash("alfa");
    let disk = &mut world.machine("alfa").disk;
    let line = disk.records.iter().position(|record| String::from_utf8_lossy(record).contains("Contratto"));
    let line = disk.records.get_mut(line.expect("a line with the subject")).expect("the line");
    *line = String::from_utf8_lossy(line).replace("Contratto", "Contratti").into();
    world.start("alfa");
    let fault = world.machines["alfa"].node.as_ref().and_then(|node| node.fault().map(str::to_owned));
    assert!(fault.is_some_and(|fault| fault.contains("chain")));
}
