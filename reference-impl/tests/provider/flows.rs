use collaudo_node::Bytes;
use gestore::{Declared, core::message::Index};

use crate::world::*;

const ANNA: &str = "anna@alfa.test";
const BRUNO: &str = "bruno@beta.test";

#[test]
fn a_message_to_another_provider_gives_each_side_its_receipts() {
    //= PEC-2.2.1-02
    //= type=test
    //= PEC-3.2.1-01
    //= type=test
    let mut world = World::new();
    world.anna_writes(&[BRUNO]);
    assert_eq!(world.kinds(ANNA), ["accettazione", "avvenuta-consegna"]);
    assert_eq!(world.kinds(BRUNO), ["posta-certificata"]);
    assert_eq!(world.kinds("ricevute@alfa.test"), ["presa-in-carico"]);
    assert!(world.kinds("ricevute@beta.test").is_empty());
    world.pass(hours(30));
    assert_eq!(world.kinds(ANNA).len(), 2);
}

#[test]
fn a_transaction_that_is_over_is_forgotten() {
    let kept = |world: &World| {
        let state = gestore::compact(&world.machines["alfa"].disk).expect("a log that can be read");
        !String::from_utf8_lossy(&state).contains("\"transactions\":{}")
    };
    let mut world = World::new();
    assert!(!kept(&world));
    world.anna_writes(&[BRUNO]);
    assert_eq!(world.kinds(ANNA), ["accettazione", "avvenuta-consegna"]);
    assert!(!kept(&world));
    world.crash("beta");
    world.anna_writes(&[BRUNO]);
    assert!(kept(&world));
}

#[test]
fn the_envelope_in_the_mailbox_is_the_one_that_was_sent() {
    //= PEC-2.2.3-04
    //= type=test
    let mut world = World::new();
    world.anna_writes(&[BRUNO]);
    let stored = world.mailbox(BRUNO).remove(0);
    assert!(world.machines["alfa"].disk.bodies.values().any(|sent| *sent == stored));
}

#[test]
fn one_take_charge_receipt_covers_all_recipients_of_a_provider() {
    //= PEC-3.2.1-02
    //= type=test
    let mut world = World::new();
    world.anna_writes(&[BRUNO, "dora@beta.test", "nessuno@beta.test"]);
    assert_eq!(world.kinds("ricevute@alfa.test"), ["presa-in-carico"]);
    let mut kinds = world.kinds(ANNA);
    kinds.sort();
    assert_eq!(kinds, ["accettazione", "avvenuta-consegna", "avvenuta-consegna", "errore-consegna"]);
}

#[test]
fn sender_and_recipient_of_one_provider_go_the_whole_way_without_take_charge() {
    //= PEC-3.4-01
    //= type=test
    let mut world = World::new();
    world.anna_writes(&["carla@alfa.test"]);
    assert_eq!(world.kinds(ANNA), ["accettazione", "avvenuta-consegna"]);
    assert_eq!(world.kinds("carla@alfa.test"), ["posta-certificata"]);
    assert!(world.kinds("ricevute@alfa.test").is_empty());
    assert!(world.connects.is_empty());
    world.pass(hours(30));
    assert_eq!(world.kinds(ANNA).len(), 2);
}

#[test]
fn an_unknown_mailbox_gives_a_notice_of_non_delivery() {
    //= PEC-2.2.3-05
    //= type=test
    for to in ["nessuno@beta.test", "nessuno@alfa.test", "ricevute@beta.test"] {
        let mut world = World::new();
        world.anna_writes(&[to]);
        assert_eq!(world.kinds(ANNA), ["accettazione", "errore-consegna"], "{to}");
        world.pass(hours(30));
        assert_eq!(world.kinds(ANNA).len(), 2);
    }
}

#[test]
fn a_full_mailbox_gives_a_notice_of_non_delivery() {
    //= PEC-3.3.3-01
    //= type=test
    let mut world = World::new();
    world.anna_writes(&["piena@beta.test"]);
    assert_eq!(world.kinds(ANNA), ["accettazione", "errore-consegna"]);
    assert_eq!(world.kinds("ricevute@alfa.test"), ["presa-in-carico"]);
    assert!(world.kinds("piena@beta.test").is_empty());
}

#[test]
fn a_mailbox_fills_up_with_what_is_stored_in_it() {
    let mut world = World::new();
    world.anna_writes(&[BRUNO]);
    let size = world.mailbox(BRUNO)[0].len() as u64;
    let mut world = World::new();
    world.add("beta", config("beta", "Gestore Beta S.p.A.", &[("bruno", Some(size * 5 / 2))]));
    (0..3).for_each(|_| world.anna_writes(&[BRUNO]));
    assert_eq!(world.kinds(BRUNO).len(), 2);
    assert_eq!(world.kinds(ANNA).iter().filter(|kind| *kind == "errore-consegna").count(), 1);
}

#[test]
fn receipts_that_find_no_room_are_lost_and_logged() {
    let mut world = World::new();
    let text = message("poca@alfa.test", BRUNO, "", "");
    assert!(world.submit("poca@alfa.test", &[BRUNO], &text).starts_with("250 "));
    assert!(world.kinds("poca@alfa.test").is_empty());
    assert_eq!(world.kinds(BRUNO), ["posta-certificata"]);
    assert_eq!(world.events("alfa", "casella-piena").len(), 2);
    world.pass(hours(30));
    assert!(world.events("alfa", "preavviso-errore-consegna").is_empty());
}

/// The recipients that a machine's log names, line by line.
fn logged_recipients(world: &World, name: &str) -> Vec<Vec<String>> {
    let lines = world.log(name).into_iter();
    let recipients = lines.filter_map(|line| match line {
        Declared::Logged { recipients, .. } => Some(recipients),
        _ => None,
    });
    recipients.collect()
}

#[test]
fn every_line_of_the_log_names_recipients_of_the_original() {
    //= PEC-2.3-05
    //= type=test
    let mut world = World::new();
    let text = message("poca@alfa.test", BRUNO, "", "");
    assert!(world.submit("poca@alfa.test", &[BRUNO], &text).starts_with("250 "));
    assert_eq!((world.events("beta", "invio").len(), world.events("alfa", "casella-piena").len()), (2, 2));
    for name in ["alfa", "beta"] {
        let lines = logged_recipients(&world, name);
        assert!(!lines.is_empty() && lines.iter().all(|recipients| recipients == &[BRUNO]), "{name}: {lines:?}");
    }
}

#[test]
fn recipients_in_cc_get_the_concise_receipt_and_those_in_to_the_one_asked_for() {
    //= PEC-2.1-14
    //= type=test
    for (asked, to_has, cc_has) in [("completa", true, false), ("sintetica", false, false)] {
        let mut world = World::new();
        let extra = format!("X-TipoRicevuta: {asked}\r\n");
        let text = message(ANNA, BRUNO, "dora@beta.test", &extra);
        assert!(world.submit(ANNA, &[BRUNO, "dora@beta.test"], &text).starts_with("250 "));
        let receipts: Vec<String> =
            world.mailbox(ANNA).iter().skip(1).map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect();
        assert_eq!(receipts.len(), 2);
        assert_eq!(receipts[0].contains("postacert.eml"), to_has, "{asked}, To");
        assert_eq!(receipts[1].contains("postacert.eml"), cc_has, "{asked}, Cc");
    }
}

#[test]
fn a_formally_wrong_message_gives_a_notice_and_nothing_else() {
    //= PEC-3.1.1-09
    //= type=test
    //= PEC-3.1.1-10
    //= type=test
    let mut world = World::new();
    let text = message(ANNA, BRUNO, "", "Bcc: dora@beta.test\r\n");
    assert!(world.submit(ANNA, &[BRUNO], &text).starts_with("250 "));
    assert_eq!(world.kinds(ANNA), ["non-accettazione"]);
    world.pass(hours(30));
    assert_eq!(world.kinds(ANNA).len(), 1);
    assert!(world.kinds(BRUNO).is_empty() && world.connects.is_empty());
}

#[test]
fn too_large_by_little_is_a_notice_and_by_much_is_for_smtp() {
    //= PEC-3.1.2-02
    //= type=test
    let mut world = World::new();
    let text = |octets: usize| message(ANNA, BRUNO, "", "") + &"0123456789\r\n".repeat(octets / 12);
    assert!(world.submit(ANNA, &[BRUNO], &text(110_000)).starts_with("250 "));
    assert_eq!(world.kinds(ANNA), ["non-accettazione"]);
    assert!(world.submit(ANNA, &[BRUNO], &text(210_000)).starts_with("552 "));
    assert_eq!(world.kinds(ANNA).len(), 1);
}

#[test]
fn without_an_index_nothing_is_taken_and_it_is_asked_for_again() {
    let mut world = World::new();
    let index = world.machine("alfa").documents.remove("indice").expect("an index");
    world.crash("alfa");
    let disk = &mut world.machine("alfa").disk;
    disk.records.truncate(1);
    disk.history.truncate(1);
    world.start("alfa");
    // For half a minute clients wait for their greeting: an index may be on its way.
    let conn = world.open("alfa", 25);
    assert_eq!(world.say("alfa", conn, "NOOP\r\n"), "");
    world.pass(minutes(1));
    let text = message(ANNA, BRUNO, "", "");
    assert!(world.submit(ANNA, &[BRUNO], &text).starts_with("451 "));
    assert!(world.relay("alfa", "a@b.test", &[ANNA], &"x".into()).starts_with("451 "));
    world.machine("alfa").documents.insert("indice", index);
    world.pass(minutes(11));
    world.anna_writes(&[BRUNO]);
}

#[test]
fn the_last_good_index_outlives_a_crash() {
    //= PEC-4.5-10
    //= type=test
    let mut world = World::new();
    world.crash("alfa");
    world.machine("alfa").documents.remove("indice");
    world.start("alfa");
    world.anna_writes(&[BRUNO]);
    assert_eq!(world.kinds(ANNA), ["accettazione", "avvenuta-consegna"]);
}

#[test]
fn ordinary_mail_is_refused() {
    //= PEC-2.2.2-08
    //= type=test
    let mut world = World::new();
    let text = message("qualcuno@altrove.test", BRUNO, "", "");
    let reply = world.relay("beta", "qualcuno@altrove.test", &[BRUNO], &text.into());
    assert!(reply.starts_with("550 5.7.1"), "{reply}");
    assert!(world.kinds(BRUNO).is_empty());
}

#[test]
fn an_envelope_whose_signature_is_broken_is_ordinary_mail() {
    //= PEC-2.2.2-14
    //= type=test
    let mut world = World::new();
    world.anna_writes(&[BRUNO]);
    let envelope = String::from_utf8(world.mailbox(BRUNO).remove(0).to_vec()).expect("an ASCII envelope");
    let bent = envelope.replace("Buongiorno.", "Buonasera..");
    assert_ne!(bent, envelope);
    assert!(world.relay("beta", ANNA, &[BRUNO], &bent.into()).starts_with("550 "));
}

#[test]
fn the_same_envelope_twice_is_stored_once() {
    let mut world = World::new();
    world.anna_writes(&[BRUNO]);
    let envelope = world.mailbox(BRUNO).remove(0);
    assert!(world.relay("beta", ANNA, &[BRUNO], &envelope).starts_with("250 "));
    world.crash("beta");
    world.start("beta");
    assert!(world.relay("beta", ANNA, &[BRUNO], &envelope).starts_with("250 "));
    assert_eq!(world.kinds(BRUNO).len(), 1);
    assert_eq!(world.kinds(ANNA).len(), 2);
    assert_eq!(world.events("beta", "replica").len(), 2);
    // Another recipient of it is no replica, but the same in another spelling is.
    let spelled = [BRUNO, "dora@beta.test", "dora@BETA.test"];
    assert!(world.relay("beta", ANNA, &spelled, &envelope).starts_with("250 "));
    assert_eq!((world.kinds(BRUNO).len(), world.kinds("dora@beta.test").len()), (1, 1));
}

#[test]
fn a_message_of_a_provider_that_is_no_envelope_goes_into_an_anomaly_envelope() {
    //= PEC-2.2.2-07
    //= type=test
    //= PEC-2.2.3-03
    //= type=test
    let mut world = World::new();
    let bent = no_envelope(&mut world);
    assert!(world.relay("beta", ANNA, &["dora@beta.test"], &bent).starts_with("250 "));
    assert_eq!(world.kinds("dora@beta.test"), ["errore"]);
    assert!(world.relay("beta", ANNA, &["nessuno@beta.test"], &bent).starts_with("550 "));
    assert_eq!(world.kinds(ANNA).len(), 2);
    assert_eq!(world.kinds("ricevute@alfa.test").len(), 1);
}

/// A message of alfa's with a good signature that is no envelope any more: X-Trasporto stands outside what is signed.
fn no_envelope(world: &mut World) -> Bytes {
    world.anna_writes(&[BRUNO]);
    let envelope = String::from_utf8(world.mailbox(BRUNO).remove(0).to_vec()).expect("an ASCII envelope");
    let bent = envelope.replacen("X-Trasporto: posta-certificata\r\n", "", 1);
    assert_ne!(bent, envelope);
    bent.into()
}

#[test]
fn the_log_identifies_what_went_into_an_anomaly_envelope() {
    //= PEC-2.3-02
    //= type=test
    //= PEC-2.3-06
    //= type=test
    let mut world = World::new();
    let bent = no_envelope(&mut world);
    // The null reverse path names nobody: then the sender is the author.
    assert!(world.relay("beta", "", &["dora@beta.test", "nessuno@beta.test"], &bent).starts_with("250 "));
    let id = header(&bent, "Message-ID");
    let mut told = Vec::new();
    for line in world.log("beta") {
        let Declared::Logged { event, msgid, sender, recipients, subject, .. } = line else { continue };
        if event == "anomalia" || event == "casella-inesistente" {
            assert_eq!(msgid, id);
            assert_eq!(subject.as_deref(), Some("POSTA CERTIFICATA: Contratto"));
            assert_eq!(sender, "posta-certificata@alfa.test");
            told.push((event, recipients.len()));
        }
    }
    assert_eq!(told, [("casella-inesistente".to_owned(), 1), ("anomalia".to_owned(), 2)]);
}

#[test]
fn an_anomaly_envelope_that_finds_no_room_is_refused() {
    let mut world = World::new();
    let bent = no_envelope(&mut world);
    // There is room for the message, but not for what it would be wrapped in.
    let room = bent.len() as u64 + 500;
    world.add("beta", config("beta", "Gestore Beta S.p.A.", &[("stretta", Some(room)), ("larga", Some(3 * room))]));
    assert!(world.relay("beta", ANNA, &["stretta@beta.test"], &bent).starts_with("452 "));
    assert!(world.relay("beta", ANNA, &["stretta@beta.test", "larga@beta.test"], &bent).starts_with("250 "));
    assert_eq!((world.kinds("stretta@beta.test").len(), world.kinds("larga@beta.test").len()), (0, 1));
    assert_eq!(world.events("beta", "casella-piena").len(), 2);
}

#[test]
fn a_take_charge_receipt_never_reaches_a_user() {
    //= PEC-2.1.1.1.1-03
    //= type=test
    let mut world = World::new();
    world.anna_writes(&[BRUNO]);
    let receipt = world.mailbox("ricevute@alfa.test").remove(0);
    let mut other = World::new();
    assert!(other.relay("alfa", "posta-certificata@beta.test", &[ANNA], &receipt).starts_with("250 "));
    assert!(other.kinds(ANNA).is_empty());
    assert_eq!(other.kinds("ricevute@alfa.test"), ["presa-in-carico"]);
}

#[test]
fn a_reverse_path_of_another_user_is_refused() {
    //= PEC-5.2-03
    //= type=test
    let mut world = World::new();
    let conn = world.login("alfa", ANNA);
    let text = message("carla@alfa.test", BRUNO, "", "");
    assert!(world.give("alfa", conn, "carla@alfa.test", &[BRUNO], &text).starts_with("550 "));
}

#[test]
fn two_runs_leave_the_same_disk() {
    let run = || {
        let mut world = World::new();
        world.anna_writes(&[BRUNO, "carla@alfa.test", "nessuno@beta.test"]);
        world.pass(hours(25));
        world.machines["alfa"].disk.records.clone()
    };
    assert_eq!(run(), run());
}

#[test]
fn a_log_that_cannot_be_read_serves_nobody() {
    let mut world = World::new();
    world.crash("alfa");
    world.machine("alfa").disk.records.push("{}".into());
    world.start("alfa");
    assert!(world.machines["alfa"].node.as_ref().is_some_and(|node| node.fault().is_some()));
}

#[test]
fn the_test_index_lists_both_providers() {
    let index = Index::read(&file("index.ldif.p7m"), &pem("authority.crt.pem")).expect("a good index");
    assert!(index.is_certified("X@ALFA.TEST") && index.is_certified(BRUNO) && !index.is_certified("x@altrove.test"));
}
