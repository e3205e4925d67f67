use crate::world::*;

const ANNA: &str = "anna@alfa.test";
const BRUNO: &str = "bruno@beta.test";

fn script(world: &mut World, name: &str, script: Script) {
    world.machines.remove(name);
    world.scripts.insert(name.to_owned(), script);
}

#[test]
fn attempts_are_spaced_and_never_more_than_half_an_hour_apart() {
    let mut world = World::new();
    world.crash("beta");
    world.anna_writes(&[BRUNO]);
    world.pass(hours(26));
    let times: Vec<u64> = world.connects.iter().map(|(at, _)| at.since(START).as_secs() / 60).collect();
    assert_eq!(times[..8], [0, 1, 3, 8, 18, 33, 63, 93]);
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] <= 30));
    assert!(times.last().is_some_and(|last| (23 * 60 + 30..=24 * 60).contains(last)));
}

#[test]
fn a_destination_that_comes_back_gets_all_that_waits_on_one_connection() {
    let mut world = World::new();
    world.crash("beta");
    (0..3).for_each(|_| world.anna_writes(&[BRUNO]));
    world.pass(minutes(50));
    world.connects.clear();
    world.start("beta");
    world.pass(minutes(30));
    assert_eq!(world.kinds(BRUNO).len(), 3);
    assert_eq!(world.connects.iter().filter(|(_, host)| host == "mx.beta.test").count(), 1);
    assert_eq!(world.kinds(ANNA).len(), 6);
}

#[test]
fn a_permanent_refusal_is_told_at_once() {
    //= PEC-3.3.3-01
    //= type=test
    let mut world = World::new();
    script(&mut world, "beta", |line| match line {
        "STARTTLS" => Some("220 go\r\n"),
        "DATA" => Some("354 go\r\n"),
        "." => Some("250 ok\r\n"),
        "RCPT TO:<dora@beta.test>" => Some("550 5.7.1 no\r\n"),
        _ if line.starts_with("EHLO") => Some("250-script\r\n250-PIPELINING\r\n250 STARTTLS\r\n"),
        _ if line.starts_with("MAIL") || line.starts_with("RCPT") => Some("250 ok\r\n"),
        _ => None,
    });
    world.anna_writes(&[BRUNO, "dora@beta.test"]);
    assert_eq!(world.kinds(ANNA), ["accettazione", "errore-consegna"]);
    world.pass(hours(30));
    let notice = "preavviso-errore-consegna";
    assert_eq!(world.kinds(ANNA), ["accettazione", "errore-consegna", notice, notice]);
}

#[test]
fn a_recipient_put_off_is_brought_again_alone() {
    let mut world = World::new();
    script(&mut world, "beta", |line| match line {
        "STARTTLS" => Some("220 go\r\n"),
        "DATA" => Some("354 go\r\n"),
        "." => Some("250 ok\r\n"),
        "RCPT TO:<dora@beta.test>" => Some("450 later\r\n"),
        _ if line.starts_with("EHLO") => Some("250-script\r\n250 STARTTLS\r\n"),
        _ if line.starts_with("MAIL") || line.starts_with("RCPT") || line == "RSET" => Some("250 ok\r\n"),
        _ => None,
    });
    world.anna_writes(&[BRUNO, "dora@beta.test"]);
    world.pass(minutes(10));
    let count = |wanted: &str| world.heard.iter().filter(|line| *line == wanted).count();
    assert_eq!(count("RCPT TO:<bruno@beta.test>"), 1);
    assert_eq!(count("RCPT TO:<dora@beta.test>"), 4);
    assert_eq!(world.kinds(ANNA), ["accettazione"]);
}

#[test]
fn a_provider_without_starttls_gets_no_envelope() {
    //= PEC-5.3-03
    //= type=test
    let mut world = World::new();
    script(&mut world, "beta", |line| line.starts_with("EHLO").then_some("250 script\r\n"));
    world.anna_writes(&[BRUNO]);
    world.pass(hours(25));
    assert!(!world.heard.iter().any(|line| line.starts_with("MAIL")));
    assert_eq!(world.kinds(ANNA).len(), 3);
}

#[test]
fn an_ordinary_host_gets_the_envelope_and_nothing_is_followed() {
    let mut world = World::new();
    script(&mut world, "altrove", |line| match line {
        "DATA" => Some("354 go\r\n"),
        "." => Some("250 ok\r\n"),
        _ if line.starts_with("EHLO") => Some("250 script\r\n"),
        _ if line.starts_with("MAIL") || line.starts_with("RCPT") => Some("250 ok\r\n"),
        _ => None,
    });
    world.anna_writes(&["x@altrove.test"]);
    assert!(world.heard.iter().any(|line| line == "X-Trasporto: posta-certificata"));
    world.pass(hours(30));
    assert_eq!(world.kinds(ANNA), ["accettazione"]);
}

#[test]
fn a_domain_that_does_not_exist_is_told_at_once() {
    let mut world = World::new();
    world.anna_writes(&["x@nessuno.test"]);
    assert_eq!(world.kinds(ANNA), ["accettazione", "errore-consegna"]);
}

#[test]
fn an_ordinary_host_that_is_down_is_told_within_the_day() {
    //= PEC-2.2.2-03
    //= type=test
    //= PEC-DPR.8-01
    //= type=test
    let mut world = World::new();
    world.deserted.push("gamma".to_owned());
    world.anna_writes(&["x@gamma.test"]);
    world.pass(hours(23));
    assert_eq!(world.kinds(ANNA), ["accettazione"]);
    world.pass(hours(1));
    assert_eq!(world.kinds(ANNA), ["accettazione", "errore-consegna"]);
}

#[test]
fn a_receipt_outlives_its_provider_s_absence_of_any_length() {
    let notice = "preavviso-errore-consegna";
    for away in [hours(24), hours(24 * 6)] {
        let mut world = World::new();
        world.machine("beta").commits = Commits::Kill;
        world.anna_writes(&[BRUNO]);
        world.pass(away);
        assert_eq!((world.kinds(BRUNO).len(), world.kinds(ANNA).len()), (1, 3));
        world.start("beta");
        world.pass(minutes(1));
        assert_eq!(world.kinds(ANNA), ["accettazione", notice, notice, "avvenuta-consegna"], "{away:?}");
        assert_eq!(world.kinds("ricevute@alfa.test"), ["presa-in-carico"], "{away:?}");
    }
}

#[test]
fn receipts_are_given_up_after_five_days_of_attempts() {
    let mut world = World::new();
    world.machine("beta").commits = Commits::Kill;
    world.anna_writes(&[BRUNO]);
    world.crash("alfa");
    world.start("beta");
    world.pass(hours(24 * 5) - minutes(1));
    assert!(world.events("beta", "giacenza-scaduta").is_empty());
    world.pass(minutes(2));
    assert_eq!(world.events("beta", "giacenza-scaduta").len(), 2);
}

#[test]
fn a_silent_host_is_given_up_and_tried_again() {
    let mut world = World::new();
    script(&mut world, "beta", |_| None);
    world.anna_writes(&[BRUNO]);
    world.pass(minutes(7));
    let times: Vec<u64> = world.connects.iter().map(|(at, _)| at.since(START).as_secs() / 60).collect();
    assert_eq!(times, [0, 6]);
}

#[test]
fn a_silent_client_is_sent_away() {
    let mut world = World::new();
    let conn = world.open("alfa", 25);
    world.pass(minutes(6));
    assert!(world.say("alfa", conn, "NOOP\r\n").starts_with("421 "));
}

#[test]
fn a_client_that_waits_for_our_answer_is_not_sent_away() {
    let mut world = World::new();
    let conn = world.login("alfa", ANNA);
    world.machine("alfa").commits = Commits::Hang;
    assert_eq!(world.give("alfa", conn, ANNA, &[BRUNO], &message(ANNA, BRUNO, "", "")), "");
    world.pass(minutes(10));
    world.release("alfa");
    assert!(world.say("alfa", conn, "NOOP\r\n").starts_with("250 2.0.0 Ricevuto\r\n250 "));
    world.pass(minutes(6));
    assert!(world.say("alfa", conn, "NOOP\r\n").starts_with("421 "));
}

#[test]
fn no_connection_between_providers_is_left_behind() {
    let mut world = World::new();
    world.anna_writes(&[BRUNO]);
    assert_eq!(world.connects.len(), 2);
    assert_eq!(world.lasting_links(), 0);
}

#[test]
fn a_large_envelope_crosses_whole() {
    let mut world = World::new();
    let text = message(ANNA, BRUNO, "", "") + &".0123456789\r\n".repeat(7000);
    assert!(world.submit(ANNA, &[BRUNO], &text).starts_with("250 "));
    let stored = world.mailbox(BRUNO).remove(0);
    assert!(stored.len() > text.len());
    assert_eq!(world.kinds(ANNA), ["accettazione", "avvenuta-consegna"]);
}

#[test]
fn a_client_that_sends_drop_by_drop_is_sent_away() {
    let mut world = World::new();
    let conn = world.open("alfa", 25);
    let mut said = String::new();
    for _ in 0..45 {
        world.pass(minutes(3));
        said += &world.say("alfa", conn, "N");
    }
    assert!(said.starts_with("421 4.4.2"), "{said}");
}

#[test]
fn recipients_beyond_the_limit_are_refused_one_by_one() {
    let mut world = World::new();
    let mut config = config("alfa", "Gestore Alfa S.p.A.", &[("anna", None)]);
    config.max_recipients = 2;
    world.add("alfa", config);
    let to = ["a@beta.test", "b@beta.test", "c@beta.test"];
    assert!(world.submit(ANNA, &to, &message(ANNA, &to.join(", "), "", "")).starts_with("452 4.5.3"));
    assert!(world.submit(ANNA, &to[..2], &message(ANNA, &to[..2].join(", "), "", "")).starts_with("250 "));
}

#[test]
fn many_that_wait_go_over_several_connections_and_each_arrives_once() {
    let mut world = World::new();
    world.crash("beta");
    (0..40).for_each(|_| world.anna_writes(&[BRUNO]));
    world.pass(minutes(50));
    let node = world.machine("alfa").node.take().expect("a running node");
    world.machine("alfa").node = Some(node.with_couriers(3));
    world.connects.clear();
    world.start("beta");
    world.pass(minutes(30));
    assert_eq!(world.kinds(BRUNO).len(), 40);
    assert_eq!(world.connects.iter().filter(|(_, host)| host == "mx.beta.test").count(), 3);
    assert_eq!(world.kinds(ANNA).len(), 80);
    assert_eq!(world.lasting_links(), 0, "all of them have gone again");
}

#[test]
fn what_a_courier_had_that_is_lost_on_the_way_is_brought_by_the_others() {
    let mut world = World::new();
    world.crash("beta");
    (0..40).for_each(|_| world.anna_writes(&[BRUNO]));
    world.pass(minutes(50));
    let node = world.machine("alfa").node.take().expect("a running node");
    world.machine("alfa").node = Some(node.with_couriers(3));
    world.start("beta");
    world.machine("beta").kill_at = Some(5);
    world.pass(minutes(30));
    world.start("beta");
    world.pass(hours(2));
    assert_eq!(world.kinds(BRUNO).len(), 40);
    assert_eq!(world.kinds(ANNA).len(), 80);
}
