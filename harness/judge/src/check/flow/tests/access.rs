use collaudo_record::{FaultPhase, Outcome, Reply, Trace, What};

use super::{fails, passes, silent, verdicts};
use crate::story::testing::{
    Act, HOUR, ID, ORIGINAL, Script, accepted, at, crossing, fault, internal, logged, refused, stored, submit,
    timeout_at,
};

const BRUNO: &[&str] = &["bruno@beta.test"];

fn bcc() -> String {
    ORIGINAL.replace("Subject:", "Bcc: dario@beta.test\r\nSubject:")
}

/// The same bend for the envelope on the wire and in the mailbox.
fn envelope(script: Script, old: &str, new: &str) -> Script {
    script.text("busta", old, new).text("busta-stored", old, new)
}

#[test]
fn a_crossing_where_all_is_well_passes() {
    passes(
        &crossing(ORIGINAL),
        &[
            "2.1-09 alfa",
            "2.1-10 alfa",
            "2.1-10 beta",
            "2.1-13 alfa",
            "2.1.1.1.1-02 alfa",
            "2.1.1.1.1-02 beta",
            "2.1.1.2-01 alfa",
            "2.1.1.2-03 alfa",
            "2.2.1-01 alfa",
            "2.2.1-02 alfa",
            "2.2.1-07 alfa",
            "2.2.1-12 alfa",
            "2.2.1-13 alfa",
            "2.2.1-14 alfa",
            "2.2.1-14 beta",
            "2.2.6-01 alfa",
            "2.2.6-01 beta",
            "3.1.4-09 alfa",
            "3.1.5-03 alfa",
            "3.1.5-15 alfa",
            "3.1.5-17 alfa",
            "3.1.5-19 alfa",
            "3.5-01 alfa",
            "3.5-01 beta",
            "4.1-02 alfa",
            "4.1-02 beta",
            "5.2-01 alfa",
            "5.2-03 alfa",
            "5.3-01 alfa",
            "5.3-02 alfa",
            "5.3-03 beta",
            "DM.6-01 beta",
            "DM.9-01 alfa",
            "DPR.11-02 alfa",
            "DPR.11-02 beta",
        ],
    );
}

#[test]
fn a_message_within_one_provider_passes() {
    passes(
        &internal(),
        &["3.4-01 alfa", "DM.6-02 alfa", "DM.6-03 alfa", "2.2.3-02 alfa", "3.3.2.1-02 alfa", "2.1-14 alfa"],
    );
    let lost = ["2.1.1.1.1-05 alfa", "2.2.1-02 alfa", "2.2.3-02 alfa", "3.3.2-01 alfa", "3.4-01 alfa", "DM.6-02 alfa"];
    fails(&internal().without("busta-stored"), &lost);
    let untold = ["2.2.1-02 alfa", "3.1.4-09 alfa", "3.4-01 alfa", "DM.6-02 alfa"];
    fails(&internal().without("accettazione"), &untold);
}

#[test]
fn each_accepted_submission_has_one_acceptance_receipt() {
    let good = || crossing(ORIGINAL);
    fails(&good().without("accettazione").without("log-accept"), &["2.2.1-02 alfa", "3.1.4-09 alfa", "3.5-01 alfa"]);
    fails(&good().twice("accettazione"), &["2.2.1-02 alfa", "3.1.4-09 alfa"]);
    fails(&refused(ORIGINAL, BRUNO), &["2.2.1-02 alfa"]);
    let by_smtp = Script::default().add("submit", at(1), submit(ORIGINAL, BRUNO));
    fails(&by_smtp.bent("submit", |act| reply(act, 550)), &["2.2.1-02 alfa"]);
}

#[test]
fn an_envelope_that_could_go_must_show() {
    let alone = accepted(ORIGINAL, BRUNO);
    fails(&alone, &["2.2.1-02 alfa", "3.5-01 alfa"]);
    let off = || alone.clone().add("off", at(0), Act::Host { host: "beta".into(), up: false });
    silent(&off(), &["2.2.1-02 alfa"]);
    // After a day it is given up, and no later than that.
    let back_at = |minutes: i64| {
        let back = off().add("on", at(minutes * 60), Act::Host { host: "beta".into(), up: true });
        back.add("end", at(30 * HOUR), Act::End)
    };
    let back = |hours: i64| back_at(60 * hours);
    silent(&back(26), &["2.2.1-02 alfa", "3.5-01 alfa"]);
    assert!(verdicts(&back(20), Outcome::Fail).contains("2.2.1-02 alfa"));
    // It need not be tried in the last minutes before it is given up, which may be with the second notice.
    let told = |script: Script, minutes: i64| script.add("second", at(minutes * 60), timeout_at(minutes * 60));
    let unsent = |script: &Script| {
        let failed = verdicts(script, Outcome::Fail);
        ["2.2.1-02 alfa", "3.5-01 alfa"].map(|one| failed.contains(one))
    };
    assert_eq!(unsent(&told(back_at(1_414), 1_430)), [false; 2]);
    assert_eq!(unsent(&told(back_at(1_290), 1_330)), [false; 2]);
    assert_eq!(unsent(&told(back_at(1_290), 1_430)), [true; 2]);
    assert_eq!(unsent(&told(back_at(1_200), 1_330)), [true; 2]);
    assert_eq!(unsent(&told(back_at(1_200), 730)), [true; 2]);
}

#[test]
fn what_is_refused_and_comes_to_light_all_the_same_was_let_in() {
    let sent = refused(&bcc(), BRUNO).add("lies", at(9), stored("bruno@beta.test", &bcc()));
    let expected = ["2.1.1.2-01 beta", "2.2.1-03 alfa", "2.2.2-09 beta", "3.1.1-09 alfa", "3.2.2-01 beta"];
    fails(&sent, &expected);
}

#[test]
fn a_bcc_is_refused_with_a_notice() {
    passes(
        &refused(&bcc(), BRUNO),
        &["3.1.1-06 alfa", "2.1-15 alfa", "2.2.1-03 alfa", "3.1.1-09 alfa", "3.1.1-10 alfa", "3.1.2-01 alfa"],
    );
    let let_in = ["2.1-15 alfa", "2.2.1-03 alfa", "3.1.1-06 alfa", "3.1.1-09 alfa", "3.1.1-10 alfa", "3.1.2-01 alfa"];
    fails(&crossing(&bcc()), &let_in);
    let untold = ["2.2.1-03 alfa", "3.1.1-10 alfa", "3.1.2-01 alfa"];
    let silence = refused(&bcc(), BRUNO).without("avviso");
    fails(&silence, &["2.1-15 alfa", "2.2.1-03 alfa", "3.1.1-06 alfa", "3.1.1-10 alfa", "3.1.2-01 alfa"]);
    let by_smtp = silence.bent("submit", |act| reply(act, 554));
    passes(&by_smtp, &["3.1.1-06 alfa", "3.1.1-09 alfa"]);
    assert_eq!(verdicts(&by_smtp, Outcome::Deviation).into_iter().collect::<Vec<_>>(), untold);
}

#[test]
fn an_empty_bcc_is_accepted() {
    let empty = ORIGINAL.replace("Subject:", "Bcc: \r\nSubject:");
    passes(&crossing(&empty), &["3.1.1-06 alfa", "2.2.1-02 alfa"]);
    fails(&refused(&empty, BRUNO), &["2.2.1-02 alfa", "3.1.1-06 alfa"]);
}

/// A message for each formal rule, with the fault that breaks it.
fn faulty() -> [(String, &'static str); 5] {
    [
        (ORIGINAL.replace("ciao\r\n", "ci\rao\r\n"), "3.1.1-01 alfa"),
        (ORIGINAL.replace("From: Anna <anna@alfa.test>", "From: Anna"), "3.1.1-02 alfa"),
        (ORIGINAL.replace("To: ", "Cc: "), "3.1.1-03 alfa"),
        (ORIGINAL.replace("anna@alfa.test", "rosa@gamma.test"), "3.1.1-04 alfa"),
        (ORIGINAL.replace("bruno@beta.test", "dario@beta.test"), "3.1.1-05 alfa"),
    ]
}

#[test]
fn each_formal_fault_exercises_its_own_rule() {
    for (message, clause) in faulty() {
        passes(&refused(&message, BRUNO), &[clause]);
        let mut let_in = vec![clause, "2.2.1-03 alfa", "3.1.1-09 alfa", "3.1.1-10 alfa", "3.1.2-01 alfa"];
        let_in.sort_unstable();
        fails(&accepted(&message, BRUNO), &let_in);
    }
}

/// What a mail system does that knows nothing of certified mail: it takes a message and sends it on.
fn sent_on(message: &str) -> Script {
    let script = Script { peer: Some("beta"), ..Script::default() };
    script.add("submit", at(1), submit(message, BRUNO)).add("lies", at(2), stored("bruno@beta.test", message))
}

#[test]
fn what_goes_on_as_it_came_breaks_the_rule_of_its_fault() {
    for (message, clause) in faulty() {
        let mut expected = vec![clause, "2.2.1-03 alfa", "3.1.1-09 alfa", "3.1.1-10 alfa", "3.1.2-01 alfa"];
        expected.sort_unstable();
        fails(&sent_on(&message), &expected);
    }
    let all = ["2.1-15 alfa", "2.2.1-03 alfa", "3.1.1-06 alfa", "3.1.1-09 alfa", "3.1.1-10 alfa", "3.1.2-01 alfa"];
    fails(&sent_on(&bcc()), &all);
}

#[test]
fn a_refusal_for_size_alone_does_not_show_that_recipients_were_counted() {
    let sizes = |script: Script, limit: usize| {
        let limit = |trace: &mut Trace| {
            trace.header.providers.iter_mut().for_each(|one| one.max_octets = limit as u64);
        };
        let sizes = script.judged(limit).into_iter();
        let sizes = sizes.filter(|one| ["PEC-3.1.1-07", "PEC-3.1.1-08"].contains(&one.clause.as_str()));
        sizes.map(|one| (one.clause.trim_start_matches("PEC-3.1.1-").to_owned(), one.outcome)).collect::<Vec<_>>()
    };
    let sent_on = |to: &[&str]| {
        let message = for_all(to);
        let script = Script::default().add("submit", at(1), submit(&message, to));
        script.add("lies", at(2), stored("bruno@beta.test", &message))
    };
    let by_smtp = |to: &[&str]| sent_on(to).without("lies").bent("submit", |act| reply(act, 552));
    let (alone, both) = (["bruno@beta.test"], ["bruno@beta.test", "dario@beta.test"]);
    let (too_long, too_long_for_both) = (ORIGINAL.len() / 2, ORIGINAL.len() * 3 / 2);
    let verdict = |row: &str, outcome| (row.to_owned(), outcome);
    assert_eq!(sizes(by_smtp(&alone), too_long), [verdict("07", Outcome::Pass)]);
    assert_eq!(sizes(by_smtp(&both), too_long_for_both), [verdict("08", Outcome::Pass)]);
    assert_eq!(sizes(sent_on(&alone), too_long), [verdict("07", Outcome::Fail), verdict("08", Outcome::Fail)]);
    assert_eq!(sizes(sent_on(&both), too_long_for_both), [verdict("08", Outcome::Fail)]);
}

/// The original to these recipients.
fn for_all(to: &[&str]) -> String {
    ORIGINAL.replace("To: bruno@beta.test", &format!("To: {}", to.join(",")))
}

#[test]
fn the_clients_identifier_is_kept_and_gives_way() {
    let good = || crossing(ORIGINAL);
    let reference = "X-Riferimento-Message-ID: <m1@client>\r\n";
    let left_out = envelope(good(), &format!("{reference}Reply-To"), "Reply-To");
    fails(&left_out, &["2.2.1-14 alfa"]);
    fails(&good().text("accettazione", reference, ""), &["2.1.1.1.1-02 alfa", "2.2.1-14 alfa"]);
    let unchanged =
        envelope(good(), &format!("Message-ID: <{ID}>\r\n{reference}MIME"), "Message-ID: <m1@client>\r\nMIME");
    fails(&unchanged, &["2.2.1-12 alfa", "2.2.1-13 alfa", "3.3.2.1-03 beta"]);
}

#[test]
fn two_messages_have_two_identifiers() {
    let again = |script: Script, id: &str| {
        let other = |text: String| text.replace("m1@client", "m2@client").replace(ID, id);
        let receipt = other(script.message("accettazione")).replace("<accettazione1@", "<accettazione5@");
        let busta = other(script.message("busta"));
        let message = other(ORIGINAL.to_owned());
        script
            .add("submit2", at(5), submit(&message, BRUNO))
            .add("accettazione2", at(5), stored("anna@alfa.test", &receipt))
            .add("busta2", at(5), crate::story::testing::wire("alfa", "beta", "anna@alfa.test", BRUNO, &busta))
    };
    let first = || {
        accepted(ORIGINAL, BRUNO).add(
            "busta",
            at(1),
            crate::story::testing::wire("alfa", "beta", "anna@alfa.test", BRUNO, &crossing(ORIGINAL).message("busta")),
        )
    };
    let unique = |id: &str, outcome| verdicts(&again(first(), id), outcome).contains("2.2.1-09 alfa");
    assert!(unique("pec2@alfa.test", Outcome::Pass));
    assert!(unique(ID, Outcome::Fail));
    silent(&crossing(ORIGINAL), &["2.2.1-09 alfa"]);
}

#[test]
fn paths_are_certified_and_receipts_follow_them() {
    let good = || crossing(ORIGINAL);
    let more = "</destinatari><destinatari>dario@beta.test</destinatari>";
    fails(&envelope(good(), "</destinatari>", more), &["2.1-13 alfa"]);
    fails(&good().text("accettazione", "certificato\">bruno", "esterno\">bruno"), &["2.2.1-07 alfa"]);
    let elsewhere = |act: &mut Act| *act = stored("carla@alfa.test", &act.message().clone());
    fails(&good().bent("accettazione", elsewhere), &["2.1-10 alfa"]);
    let replies = ORIGINAL.replace("Subject:", "Reply-To: carla@alfa.test\r\nSubject:");
    passes(&crossing(&replies), &["2.1-08 alfa", "2.1-11 alfa", "2.1-11 beta", "2.1.1.2-06 alfa", "3.1.5-06 alfa"]);
    silent(&crossing(&replies), &["2.1-09 alfa"]);
    fails(&crossing(&replies).bent("accettazione", elsewhere), &["2.1-10 alfa", "2.1-11 alfa"]);
    let other_sender = |act: &mut Act| {
        if let Act::Wire { reverse, .. } = act {
            *reverse = "posta-certificata@alfa.test".into();
        }
    };
    fails(&good().bent("busta", other_sender), &["3.1.5-19 alfa"]);
}

#[test]
fn the_envelope_repeats_fields_of_the_original() {
    let more = ORIGINAL.replace(
        "Subject:",
        "Received: from client\r\n\tby phone\r\nReturn-Path: <anna@alfa.test>\r\nCc: dario@beta.test\r\nSubject:",
    );
    let with_trace = |script: Script| {
        envelope(
            script,
            "X-Trasporto",
            "Received: from client\r\n by phone\r\nReturn-Path: <anna@alfa.test>\r\nX-Trasporto",
        )
    };
    let good = || with_trace(crossing(&more));
    let both =
        ["2.1.1.2-02 alfa", "2.1.1.2-04 alfa", "2.1.1.2-05 alfa", "3.1.5-02 alfa", "3.1.5-04 alfa", "3.1.5-05 alfa"];
    passes(&good(), &both);
    // Who passes it on writes above what was there.
    let above = "Received: from alfa by beta\r\nReceived: from client\r\n by";
    passes(&envelope(good(), "Received: from client\r\n by", above), &both);
    fails(&envelope(good(), "\r\n by phone", "\r\n by hand"), &["2.1.1.2-02 alfa", "3.1.5-02 alfa"]);
    fails(&envelope(good(), "Cc: dario@beta.test\r\nReply", "Reply"), &["2.1.1.2-04 alfa", "3.1.5-04 alfa"]);
    let no_path = envelope(good(), "Return-Path: <anna@alfa.test>\r\nX-Tr", "X-Tr");
    fails(&no_path, &["2.1.1.2-05 alfa", "3.1.5-05 alfa"]);
    let named = envelope(good(), "To: bruno@beta.test\r\nSubject: x", "To: Bruno <bruno@beta.test>\r\nSubject: x");
    fails(&named, &["2.1.1.2-03 alfa", "3.1.5-03 alfa"]);
    let invented = envelope(crossing(ORIGINAL), "Reply-To: anna", "Cc: x@beta.test\r\nReply-To: anna");
    let mut expected = vec!["2.1.1.2-04 alfa", "3.1.5-04 alfa"];
    expected.sort_unstable();
    fails(&invented, &expected);
    fails(&envelope(crossing(ORIGINAL), "Reply-To: anna", "Reply-To: posta-certificata"), &["2.1-09 alfa"]);
}

#[test]
fn the_original_travels_unchanged() {
    let changed = envelope(crossing(ORIGINAL), "ciao", "miao");
    fails(&changed, &["3.1.5-17 alfa", "3.3.2.1-03 beta", "5.4-02 alfa", "DPR.11-02 alfa"]);
    fails(
        &crossing(ORIGINAL).text("busta-stored", "ciao", "miao"),
        &["2.2.3-04 beta", "5.4-02 beta", "DPR.11-02 beta"],
    );
}

#[test]
fn one_processing_has_one_time() {
    let other = crossing(ORIGINAL).text("accettazione", "<ora>10:00:01", "<ora>10:00:41");
    fails(&other, &["4.1-02 alfa", "DM.9-01 alfa"]);
    let near = crossing(ORIGINAL).text("accettazione", "10:00:01 +0200", "10:00:04 +0200");
    assert_eq!(verdicts(&near, Outcome::Deviation).into_iter().collect::<Vec<_>>(), ["4.1-02 alfa", "DM.9-01 alfa"]);
    let logged = crossing(ORIGINAL).bent("log-accept", |act| {
        if let Act::Logged { entry, .. } = act {
            entry.at = at(31);
        }
    });
    fails(&logged, &["4.1-02 alfa", "DM.9-01 alfa"]);
}

#[test]
fn who_submits_is_logged_in_as_himself() {
    let as_carla = |act: &mut Act| {
        if let Act::Submit { account, .. } = act {
            *account = Some("carla@alfa.test".into());
        }
    };
    fails(&crossing(ORIGINAL).bent("submit", as_carla), &["5.2-03 alfa"]);
    passes(&refused(ORIGINAL, BRUNO).bent("submit", as_carla), &["5.2-03 alfa"]);
    // To be refused it must be answered.
    let unsent = |answer: Option<u16>| {
        let script = Script::default().add("submit", at(1), submit(ORIGINAL, BRUNO)).bent("submit", as_carla);
        let verdicts = script.judged(|trace| {
            for event in &mut trace.events {
                let What::Transfer(transfer) = &mut event.what else { continue };
                (transfer.body, transfer.body_at, transfer.reply) = (None, None, None);
                transfer.forward_paths.clear();
                transfer.reverse_reply = answer.map(|code| Reply { code, text: String::new() });
            }
        });
        verdicts.into_iter().find(|one| one.clause == "PEC-5.2-03").map(|one| one.outcome)
    };
    assert_eq!([Some(550), Some(451), Some(250), None].map(unsent), [Some(Outcome::Pass), None, None, None]);
    // Formal checks that it passes give it no right to a receipt.
    fails(&sent_on(ORIGINAL).bent("submit", as_carla), &["5.2-03 alfa"]);
    silent(&sent_on(ORIGINAL), &["5.2-03 alfa"]);
    let in_carlas_name = ORIGINAL.replace("From: Anna <anna@", "From: Carla <carla@");
    assert!(verdicts(&sent_on(&in_carlas_name), Outcome::Fail).contains("5.2-03 alfa"));
    let nobody = |act: &mut Act| {
        if let Act::Submit { account, .. } = act {
            *account = None;
        }
    };
    fails(&crossing(ORIGINAL).bent("submit", nobody), &["2.2.1-01 alfa", "5.2-01 alfa"]);
}

#[test]
fn what_crosses_goes_under_tls() {
    let mut clear = crossing(ORIGINAL);
    clear.clear = true;
    fails(&clear, &["5.3-01 alfa", "5.3-01 beta", "5.3-02 alfa", "5.3-03 alfa", "5.3-03 beta"]);
}

#[test]
fn every_operation_has_its_line_with_all_that_belongs_in_it() {
    let good = || crossing(ORIGINAL);
    let all = [
        "2.3-01 alfa",
        "2.3-02 beta",
        "2.3-03 beta",
        "2.3-04 alfa",
        "2.3-05 alfa",
        "2.3-06 alfa",
        "2.3-07 beta",
        "2.3-08 beta",
        "2.3-09 beta",
    ];
    passes(&good(), &all);
    let bend = |name: &str, bend: fn(&mut collaudo_record::LogEntry)| {
        good().bent(name, |act| {
            if let Act::Logged { entry, .. } = act {
                bend(entry);
            }
        })
    };
    fails(&good().without("log-deliver"), &["2.3-01 beta", "2.3-08 beta"]);
    fails(&bend("log-accept", |entry| entry.sender.clear()), &["2.3-04 alfa"]);
    fails(&bend("log-accept", |entry| entry.recipients.clear()), &["2.3-05 alfa"]);
    fails(&bend("log-accept", |entry| entry.subject.clear()), &["2.3-06 alfa"]);
    fails(&bend("log-take", |entry| entry.event.clear()), &["2.3-07 beta"]);
    fails(&bend("log-take", |entry| entry.related.clear()), &["2.3-08 beta"]);
    fails(&bend("log-take", |entry| entry.sending_provider.clear()), &["2.3-09 beta"]);
    fails(&bend("log-take", |entry| entry.at = at(90)), &["2.3-03 beta"]);
    fails(&bend("log-take", |entry| (entry.pec_msgid, entry.msgid) = (None, None)), &["2.3-02 beta"]);
    let none = good().without("log-take").without("log-deliver");
    fails(&none, &["2.3-01 beta"]);
}

#[test]
fn silence_of_a_log_counts_where_the_world_reads_it() {
    let good = || {
        let script = crossing(ORIGINAL);
        Script { opaque: true, peer: Some("alfa"), ..script.without("log-accept") }
    };
    let read = |script: Script| Script { log_declared: true, ..script };
    passes(&read(good()), &["2.3-01 beta", "2.3-02 beta", "2.3-08 beta"]);
    let one_less = || good().without("log-deliver");
    fails(&read(one_less()), &["2.3-01 beta", "2.3-08 beta"]);
    let none = || one_less().without("log-take");
    fails(&read(none()), &["2.3-01 beta"]);
    silent(&none(), &["2.3-01 beta", "2.3-08 beta"]);
}

#[test]
fn a_line_that_the_full_disk_did_not_take_tells_when_the_event_was() {
    let told = |event: i64, seen: i64| crossing(ORIGINAL).add("late", at(seen), logged("alfa", "invio", event, &[]));
    let full = |script: Script, host: &str, from: i64| {
        let script = script.add("full", at(from), fault("disk-full", host, FaultPhase::Injected));
        script.add("room", at(1_000), fault("disk-full", host, FaultPhase::Healed))
    };
    fails(&told(2, 1_002), &["2.3-03 alfa"]);
    fails(&full(told(2, 1_002), "alfa", 2), &[]);
    fails(&full(told(2, 1_002), "beta", 2), &["2.3-03 alfa"]);
    // Before there was room no less than then, soon after, and never ahead of time.
    fails(&full(told(2, 1_002), "alfa", 70), &["2.3-03 alfa"]);
    fails(&full(told(2, 1_700), "alfa", 2), &["2.3-03 alfa"]);
    fails(&full(told(1_002, 900), "alfa", 2), &["2.3-03 alfa"]);
}

fn reply(act: &mut Act, code: u16) {
    if let Act::Submit { code: own, .. } = act {
        *own = code;
    }
}
