use collaudo_node::{Bytes, Finding};
use gestore::core::message::{EnvelopeRead, Issuer, Stamp, virus_detection};

use crate::world::*;

const ANNA: &str = "anna@alfa.test";
const BRUNO: &str = "bruno@beta.test";
const NOTICE: &str = "preavviso-errore-consegna";

fn infected(to: &str) -> String {
    message(ANNA, to, "", "") + "VIRUS\r\n"
}

/// A world in which alfa's scanner knows nothing of the virus that beta's finds.
fn blind_alfa() -> World {
    let mut world = World::new();
    world.machine("alfa").scanner = ("", Finding::Clean);
    world
}

fn subjects(world: &World, address: &str) -> Vec<String> {
    world.mailbox(address).iter().filter_map(|bytes| header(bytes, "Subject")).collect()
}

#[test]
fn a_submission_with_a_virus_gives_a_notice_and_is_put_aside_as_it_came() {
    //= PEC-3.1.3-01
    //= type=test
    //= PEC-3.1.3-02
    //= type=test
    //= PEC-2.2.1-04
    //= type=test
    let mut world = World::new();
    let text = infected(BRUNO);
    assert!(world.submit(ANNA, &[BRUNO], &text).starts_with("250 "));
    assert_eq!(subjects(&world, ANNA), ["AVVISO DI NON ACCETTAZIONE PER VIRUS: Contratto"]);
    assert_eq!(world.retained("alfa"), [Bytes::from(text)]);
    world.pass(hours(30));
    assert_eq!((world.kinds(ANNA).len(), world.kinds(BRUNO).len(), world.connects.len()), (1, 0, 0));
}

#[test]
fn a_virus_is_told_of_even_where_a_formal_check_fails_too() {
    let mut world = World::new();
    let text = message(ANNA, BRUNO, "", "Bcc: dora@beta.test\r\n") + "VIRUS\r\n";
    assert!(world.submit(ANNA, &[BRUNO], &text).starts_with("250 "));
    assert_eq!(subjects(&world, ANNA), ["AVVISO DI NON ACCETTAZIONE PER VIRUS: Contratto"]);
    assert_eq!(world.retained("alfa").len(), 1);
}

#[test]
fn nothing_passes_a_scanner_that_gives_no_answer() {
    let mut world = World::new();
    world.machine("alfa").scanner = ("", Finding::Unavailable);
    let text = message(ANNA, BRUNO, "", "");
    assert!(world.submit(ANNA, &[BRUNO], &text).starts_with("451 "));
    assert!(world.kinds(ANNA).is_empty());
    world.machine("alfa").scanner = ("", Finding::Clean);
    world.machine("beta").scanner = ("", Finding::Unavailable);
    assert!(world.submit(ANNA, &[BRUNO], &text).starts_with("250 "));
    assert_eq!((world.kinds(ANNA).len(), world.kinds(BRUNO).len()), (1, 0));
    world.machine("beta").scanner = ("", Finding::Clean);
    world.pass(minutes(3));
    assert_eq!(world.kinds(ANNA), ["accettazione", "avvenuta-consegna"]);
}

#[test]
fn an_infected_envelope_goes_no_further_and_each_recipient_is_told_of_once() {
    //= PEC-2.2.2-19
    //= type=test
    //= PEC-3.2.3-03
    //= type=test
    //= PEC-3.2.4-01
    //= type=test
    let mut world = blind_alfa();
    let to = [BRUNO, "dora@beta.test"];
    assert!(world.submit(ANNA, &to, &infected(&to.join(", "))).starts_with("250 "));
    assert_eq!(world.kinds("ricevute@alfa.test"), ["rilevazione-virus", "rilevazione-virus"]);
    let told = "AVVISO DI MANCATA CONSEGNA PER VIRUS: Contratto";
    assert_eq!(subjects(&world, ANNA), ["ACCETTAZIONE: Contratto", told, told]);
    assert!(world.kinds(BRUNO).is_empty() && world.kinds("dora@beta.test").is_empty());
    assert_eq!(world.retained("beta").len(), 1);
    world.pass(hours(30));
    assert_eq!(world.kinds(ANNA).len(), 3);
}

#[test]
fn an_infected_envelope_that_comes_again_is_told_of_no_more() {
    let mut world = blind_alfa();
    assert!(world.submit(ANNA, &[BRUNO], &infected(BRUNO)).starts_with("250 "));
    let envelope = world.retained("beta").remove(0);
    for _ in 0..2 {
        world.crash("beta");
        world.start("beta");
        assert!(world.relay("beta", ANNA, &[BRUNO], &envelope).starts_with("250 "));
    }
    assert_eq!((world.kinds("ricevute@alfa.test").len(), world.kinds(ANNA).len()), (1, 2));
    assert_eq!((world.retained("beta").len(), world.events("beta", "replica").len()), (1, 2));
}

/// Anna sends a virus that beta finds; a host may die before one of its effects, and starts again.
fn found_by_beta(dies: Option<(&str, usize)>) -> World {
    let mut world = blind_alfa();
    if let Some((name, at)) = dies {
        world.machine(name).dies_at = Some(at);
    }
    let conn = world.open("alfa", 587);
    let taken = world.converse(conn, ANNA, &[BRUNO], &infected(BRUNO)).starts_with("250 ");
    for name in ["alfa", "beta"] {
        if world.machines[name].node.is_none() {
            world.start(name);
        }
    }
    world.pass(hours(26));
    let kinds = world.kinds(ANNA);
    let outcome = ["accettazione", "errore-consegna"];
    assert!(kinds == outcome || (!taken && kinds.is_empty()), "{dies:?}: {kinds:?}");
    let notices = world.kinds("ricevute@alfa.test");
    assert_eq!(notices, ["rilevazione-virus"][..kinds.len() / 2], "{dies:?}");
    assert_eq!((world.kinds(BRUNO).len(), world.retained("beta").len()), (0, kinds.len() / 2), "{dies:?}");
    world
}

#[test]
fn one_outcome_stands_whatever_effect_a_crash_comes_before() {
    let began = blind_alfa();
    let ended = found_by_beta(None);
    for name in ["alfa", "beta"] {
        let points = began.machines[name].effects..ended.machines[name].effects;
        assert!(points.len() > 20, "{points:?}");
        points.for_each(|at| drop(found_by_beta(Some((name, at)))));
    }
}

/// What beta would send of a message of alfa's, of its sender or another.
fn notice(world: &World, sender: Option<&str>, recipient: &str) -> Bytes {
    let bodies = world.machines["alfa"].disk.bodies.values();
    let mut envelopes = bodies.filter(|bytes| header(bytes, "X-Trasporto").as_deref() == Some("posta-certificata"));
    let envelope = EnvelopeRead::read(envelopes.next().expect("an envelope")).expect("a correct envelope");
    let mut certified = envelope.certified;
    if let Some(sender) = sender {
        certified.sender = sender.to_owned();
    }
    let address = "posta-certificata@beta.test";
    let issuer = Issuer::new(address, "Gestore Beta S.p.A.", &pem("beta.crt.pem"), &[]);
    let stamp = Stamp { id: "virus@beta.test", at: world.now };
    let draft =
        virus_detection(&issuer.expect("an issuer"), stamp, &certified, "ricevute@alfa.test", recipient, "Prova");
    draft.seal(&sign(&key("beta"), &draft.to_sign()))
}

fn beta_finds(world: &mut World, notice: &Bytes) {
    let reply = world.relay("alfa", "posta-certificata@beta.test", &["ricevute@alfa.test"], notice);
    assert!(reply.starts_with("250 "), "{reply}");
}

#[test]
fn a_virus_notice_after_an_outcome_changes_nothing() {
    let mut world = World::new();
    world.anna_writes(&[BRUNO]);
    let notice = notice(&world, None, BRUNO);
    beta_finds(&mut world, &notice);
    assert_eq!(world.kinds(ANNA), ["accettazione", "avvenuta-consegna"]);
    assert_eq!(world.kinds("ricevute@alfa.test"), ["presa-in-carico", "rilevazione-virus"]);
}

#[test]
fn a_virus_notice_that_names_another_sender_or_recipient_closes_nothing() {
    let mut world = World::new();
    world.crash("beta");
    world.anna_writes(&[BRUNO]);
    for (sender, recipient) in [(Some("carla@alfa.test"), BRUNO), (None, "dora@beta.test"), (None, "carla@alfa.test")] {
        let notice = notice(&world, sender, recipient);
        beta_finds(&mut world, &notice);
    }
    assert_eq!((world.kinds(ANNA).len(), world.kinds("carla@alfa.test").len()), (1, 0));
    world.pass(hours(30));
    assert_eq!(world.kinds(ANNA), ["accettazione", NOTICE, NOTICE]);
}

#[test]
fn a_virus_notice_is_the_last_word_and_no_time_limit_follows() {
    let mut world = World::new();
    world.crash("beta");
    world.anna_writes(&[BRUNO]);
    world.pass(hours(13));
    let notice = notice(&world, None, BRUNO);
    beta_finds(&mut world, &notice);
    beta_finds(&mut world, &notice);
    world.crash("alfa");
    world.start("alfa");
    world.pass(hours(30));
    assert_eq!(world.kinds(ANNA), ["accettazione", NOTICE, "errore-consegna"]);
}

#[test]
fn infected_ordinary_mail_is_turned_away_and_infected_messages_of_providers_are_put_aside() {
    //= PEC-2.2.2-20
    //= type=test
    //= PEC-2.2.2-21
    //= type=test
    let mut world = World::new();
    world.policy("beta", "bruno", gestore::Ordinary::Anomaly);
    let text: Bytes = infected(BRUNO).into();
    assert!(world.relay("beta", "qualcuno@altrove.test", &[BRUNO], &text).starts_with("554 "));
    assert!(world.kinds(BRUNO).is_empty() && world.retained("beta").is_empty());
    assert_eq!(world.events("beta", "virus").len(), 1);
    world.machine("beta").scanner = ("Buongiorno", Finding::Hostile { name: "Prova".to_owned() });
    world.machine("alfa").scanner = ("", Finding::Clean);
    world.anna_writes(&["carla@alfa.test"]);
    let receipt = world.mailbox(ANNA).remove(1);
    world.machine("beta").scanner = ("avvenuta", Finding::Hostile { name: "Prova".to_owned() });
    assert!(world.relay("beta", "posta-certificata@alfa.test", &[BRUNO], &receipt).starts_with("250 "));
    assert!(world.kinds(BRUNO).is_empty() && world.connects.is_empty());
    assert_eq!(world.retained("beta").len(), 1);
}
