use collaudo_node::Bytes;
use gestore::core::message::{EnvelopeRead, Form, Issuer, Stamp, delivery, take_charge};

use crate::world::*;

const ANNA: &str = "anna@alfa.test";
const BRUNO: &str = "bruno@beta.test";
const CARLA: &str = "carla@alfa.test";
const NOTICE: &str = "preavviso-errore-consegna";

/// A world in which beta's host is a script that takes everything and never says more.
fn silent_beta() -> World {
    let mut world = World::new();
    world.machines.remove("beta");
    world.scripts.insert("beta".to_owned(), |line| match line {
        "QUIT" => Some("221 bye\r\n"),
        "DATA" => Some("354 go\r\n"),
        "." => Some("250 taken\r\n"),
        "STARTTLS" => Some("220 go\r\n"),
        _ if line.starts_with("EHLO") => Some("250-script\r\n250-STARTTLS\r\n250 8BITMIME\r\n"),
        _ if line.starts_with("MAIL") || line.starts_with("RCPT") => Some("250 ok\r\n"),
        _ => None,
    });
    world
}

/// The envelope that alfa made last.
fn envelope(world: &World) -> EnvelopeRead {
    let bodies = world.machines["alfa"].disk.bodies.values();
    let envelopes = bodies.filter(|bytes| header(bytes, "X-Trasporto").as_deref() == Some("posta-certificata"));
    EnvelopeRead::read(envelopes.last().expect("an envelope")).expect("a correct envelope")
}

fn issuer(name: &str, display: &str) -> Issuer {
    let address = format!("posta-certificata@{name}.test");
    Issuer::new(&address, display, &pem(&format!("{name}.crt.pem")), &[]).expect("an issuer")
}

fn beta_takes_charge(world: &World) -> Bytes {
    let certified = envelope(world).certified;
    let stamp = Stamp { id: "presa@beta.test", at: world.now };
    let issuer = issuer("beta", "Gestore Beta S.p.A.");
    let draft = take_charge(&issuer, stamp, &certified, "ricevute@alfa.test", &[BRUNO.to_owned()]);
    draft.seal(&sign(&key("beta"), &draft.to_sign()))
}

fn delivered(world: &World, by: &str, display: &str) -> Bytes {
    let stamp = Stamp { id: &format!("consegna@{by}.test"), at: world.now };
    let draft = delivery(&issuer(by, display), stamp, &envelope(world), BRUNO, Form::Concise);
    draft.seal(&sign(&key(by), &draft.to_sign()))
}

fn beta_delivers(world: &mut World) {
    let receipt = delivered(world, "beta", "Gestore Beta S.p.A.");
    let reply = world.relay("alfa", "posta-certificata@beta.test", &[ANNA], &receipt);
    assert!(reply.starts_with("250 "), "{reply}");
}

fn times(world: &World) -> Vec<u64> {
    world.events("alfa", NOTICE).iter().map(|(at, _)| at.as_secs() / 60).collect()
}

#[test]
fn without_any_receipt_two_notices_are_given() {
    //= PEC-3.1.6-06
    //= type=test
    let mut world = silent_beta();
    world.anna_writes(&[BRUNO]);
    world.pass(hours(30));
    assert_eq!(world.kinds(ANNA), ["accettazione", NOTICE, NOTICE]);
    assert_eq!(times(&world), [12 * 60, 23 * 60 + 50]);
}

#[test]
fn a_destination_that_is_down_gives_two_notices_and_nothing_more() {
    //= PEC-2.2.2-03
    //= type=test
    let mut world = World::new();
    world.crash("beta");
    world.anna_writes(&[BRUNO]);
    world.pass(hours(26));
    assert_eq!(world.kinds(ANNA), ["accettazione", NOTICE, NOTICE]);
    world.start("beta");
    world.pass(hours(10));
    assert_eq!(world.kinds(ANNA).len(), 3);
    assert!(world.kinds(BRUNO).is_empty());
}

#[test]
fn notices_are_given_for_each_recipient() {
    //= PEC-3.1.6-16
    //= type=test
    let mut world = silent_beta();
    world.anna_writes(&[BRUNO, "dora@beta.test"]);
    world.pass(hours(13));
    assert_eq!(world.kinds(ANNA), ["accettazione", NOTICE, NOTICE]);
}

#[test]
fn after_take_charge_only_the_second_notice_is_given() {
    //= PEC-3.1.6-04
    //= type=test
    let mut world = silent_beta();
    world.anna_writes(&[BRUNO]);
    world.pass(hours(1));
    let receipt = beta_takes_charge(&world);
    let to = ["ricevute@alfa.test"];
    assert!(world.relay("alfa", "posta-certificata@beta.test", &to, &receipt).starts_with("250 "));
    world.pass(hours(30));
    assert_eq!(times(&world), [23 * 60 + 50]);
}

#[test]
fn a_receipt_between_the_limits_leaves_the_first_notice_alone() {
    //= PEC-3.1.6-05
    //= type=test
    let mut world = silent_beta();
    world.anna_writes(&[BRUNO]);
    world.pass(hours(13));
    beta_delivers(&mut world);
    world.pass(hours(30));
    assert_eq!(world.kinds(ANNA), ["accettazione", NOTICE, "avvenuta-consegna"]);
}

#[test]
fn a_receipt_after_the_second_notice_is_delivered_once() {
    let mut world = silent_beta();
    world.anna_writes(&[BRUNO]);
    world.pass(hours(25));
    let receipt = delivered(&world, "beta", "Gestore Beta S.p.A.");
    for _ in 0..2 {
        assert!(world.relay("alfa", "posta-certificata@beta.test", &[ANNA], &receipt).starts_with("250 "));
    }
    world.pass(hours(30));
    assert_eq!(world.kinds(ANNA), ["accettazione", NOTICE, NOTICE, "avvenuta-consegna"]);
}

#[test]
fn a_receipt_of_a_provider_that_does_not_manage_the_domain_closes_nothing() {
    let mut world = silent_beta();
    world.anna_writes(&[BRUNO]);
    let receipt = delivered(&world, "alfa", "Gestore Alfa S.p.A.");
    assert!(world.relay("alfa", "posta-certificata@alfa.test", &[ANNA], &receipt).starts_with("250 "));
    world.pass(hours(30));
    assert_eq!(world.kinds(ANNA), ["accettazione", "avvenuta-consegna", NOTICE, NOTICE]);
}

#[test]
fn limits_missed_while_down_are_told_at_the_first_step_after() {
    let mut world = silent_beta();
    world.anna_writes(&[BRUNO]);
    world.pass(hours(1));
    world.crash("alfa");
    world.now = world.now + hours(29);
    world.start("alfa");
    world.pass(minutes(1));
    assert_eq!(world.kinds(ANNA), ["accettazione", NOTICE, NOTICE]);
    assert_eq!(times(&world), [30 * 60, 30 * 60]);
}

#[test]
fn a_notice_that_could_not_be_committed_is_given_a_minute_later() {
    let mut world = silent_beta();
    world.anna_writes(&[BRUNO]);
    world.machine("alfa").commits = Commits::Fail;
    world.pass(hours(12));
    assert_eq!(world.kinds(ANNA).len(), 1);
    world.machine("alfa").commits = Commits::Stand;
    world.pass(minutes(2));
    assert_eq!(world.kinds(ANNA), ["accettazione", NOTICE]);
}

#[test]
fn a_limit_that_passed_while_the_provider_was_down_is_told_before_the_delivery() {
    //= PEC-3.1.6-01
    //= type=test
    for (to, away, notices) in [(BRUNO, 11, 0), (BRUNO, 13, 1), (BRUNO, 25, 2), (CARLA, 11, 0), (CARLA, 13, 1)] {
        let mut world = World::new();
        let conn = world.login("alfa", ANNA);
        // The last write before the crash is that of the submission, or of what beta is about to tell of.
        world.machine(if to == BRUNO { "beta" } else { "alfa" }).commits = Commits::Kill;
        world.give("alfa", conn, ANNA, &[to], &message(ANNA, to, "", ""));
        world.crash("alfa");
        world.pass(hours(away));
        world.start("alfa");
        if to == BRUNO {
            world.start("beta");
        }
        world.pass(hours(1));
        let expected = [vec!["accettazione"], vec![NOTICE; notices], vec!["avvenuta-consegna"]].concat();
        assert_eq!(world.kinds(ANNA), expected, "{to} after {away} hours");
    }
}

#[test]
fn an_envelope_that_waited_inside_for_a_day_goes_no_further() {
    //= PEC-2.2.2-03
    //= type=test
    let mut world = World::new();
    let conn = world.login("alfa", ANNA);
    world.machine("alfa").commits = Commits::Kill;
    world.give("alfa", conn, ANNA, &[CARLA], &message(ANNA, CARLA, "", ""));
    world.pass(hours(25));
    world.start("alfa");
    world.pass(hours(1));
    assert_eq!(world.kinds(ANNA), ["accettazione", NOTICE, NOTICE]);
    assert!(world.kinds(CARLA).is_empty());
    assert_eq!(world.events("alfa", "giacenza-scaduta").len(), 1);
}
