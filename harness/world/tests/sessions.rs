//! Goal: messages of one session go over one connection, and the tap tells them apart.
//! Method: a scripted server takes them, with and without pipelining; what was seen is read from the trace.

mod toy;

use collaudo_record::What;
use std::time::Duration;

use collaudo_scenario::{CrashPoint, Fault, FaultKind, Plan};
use collaudo_world::Run;
use toy::{Answers, Script, alone, failures, step, transfers};

const LOCKSTEP: Answers = &[
    (587, "", "220 here\r\n"),
    (587, "EHLO", "250-here\r\n250 STARTTLS\r\n"),
    (587, "STARTTLS", "220 go\r\n"),
    (587, "AUTH PLAIN", "235 in\r\n"),
    (587, "RCPT TO:<nobody@beta.test>", "550 nobody\r\n"),
    (587, "MAIL", "250 ok\r\n"),
    (587, "RCPT", "250 ok\r\n"),
    (587, "RSET", "250 ok\r\n"),
    (587, "DATA", "354 go\r\n"),
    (587, ".", "250 taken\r\n"),
    (587, "QUIT", "221 bye\r\n"),
];

const PIPELINED: Answers = &[
    (465, "", "220 here\r\n"),
    (465, "EHLO", "250-here\r\n250-PIPELINING\r\n250 8BITMIME\r\n"),
    (465, "AUTH PLAIN", "235 in\r\n"),
    (465, "RCPT TO:<nobody@beta.test>", "550 nobody\r\n"),
    (465, "MAIL", "250 ok\r\n"),
    (465, "RCPT", "250 ok\r\n"),
    (465, "RSET", "250 ok\r\n"),
    (465, "DATA", "354 go\r\n"),
    (465, ".", "250 taken\r\n"),
    (465, "QUIT", "221 bye\r\n"),
];

#[test]
fn messages_of_a_session_share_a_connection_and_keep_their_steps() {
    for (answers, port) in [(LOCKSTEP, 587), (PIPELINED, 465)] {
        let run = Script::new(answers).play(&session(port));
        assert_eq!(run.problem, None);
        assert_eq!(failures(&run), [], "port {port}");
        assert_eq!(connections(&run, port), 2, "three messages in a session, one without");
        for id in ["m1", "m2", "m3", "m4"] {
            let of_step: Vec<_> =
                transfers(&run).into_iter().filter(|(_, seen)| seen.step.as_deref() == Some(id)).collect();
            let [(_, seen)] = of_step.as_slice() else { panic!("{id} was seen {} times", of_step.len()) };
            assert!(seen.secured);
            assert_eq!(seen.account.as_deref(), Some("anna@alfa.test"));
            let body = seen.body.as_ref().and_then(|hash| run.trace.body(hash)).unwrap_or_default();
            let refused = id == "m2";
            assert_eq!(seen.forward_paths.len(), 1, "{id}");
            let expected = if refused { "" } else { &format!("\r\n\r\n.{id}\r\n") };
            assert!(body.ends_with(expected.as_bytes()), "{id} on port {port}");
            assert_eq!(body.is_empty(), refused, "{id} on port {port}");
        }
    }
}

#[test]
fn a_session_that_breaks_off_fails_the_steps_that_were_not_handed_over() {
    let hangs_up: Answers = &[
        (465, "", "220 here\r\n"),
        (465, "EHLO", "250-here\r\n250 PIPELINING\r\n"),
        (465, "AUTH PLAIN", "235 in\r\n"),
        (465, "RCPT TO:<nobody@beta.test>", "hang up"),
        (465, "MAIL", "250 ok\r\n"),
        (465, "RCPT", "250 ok\r\n"),
        (465, "DATA", "354 go\r\n"),
        (465, ".", "250 taken\r\n"),
        (465, "QUIT", "221 bye\r\n"),
    ];
    let run = Script::new(hangs_up).play(&session(465));
    let failed: Vec<_> = failures(&run).into_iter().map(|(step, _)| step).collect();
    assert_eq!(failed, ["m2", "m3"]);
}

#[test]
fn a_session_repeats_byte_for_byte() {
    let [one, two] = [0, 1].map(|_| Script::new(PIPELINED).play(&session(465)).trace.to_jsonl());
    assert_eq!(one, two);
}

#[test]
fn a_refused_login_fails_the_whole_session() {
    let refuses: Answers =
        &[(465, "", "220 here\r\n"), (465, "EHLO", "250 here\r\n"), (465, "AUTH PLAIN", "535 no\r\n")];
    let mut failed: Vec<_> =
        failures(&Script::new(refuses).play(&session(465))).into_iter().map(|(step, _)| step.to_owned()).collect();
    failed.sort();
    assert_eq!(failed, ["m1", "m2", "m3", "m4"]);
}

#[test]
fn a_provider_that_crashes_fails_the_steps_that_it_had_not_taken() {
    let mut all_failed = Vec::new();
    for effects in 5..20 {
        let mut plan = session(465);
        plan.steps.retain(|step| step.id != "m4");
        plan.faults = vec![Fault {
            at: Duration::ZERO,
            lasts: Some(Duration::from_secs(60)),
            kind: FaultKind::Crash { host: "alfa".into(), point: CrashPoint::AfterEffect(effects) },
        }];
        let run = Script::new(PIPELINED).play(&plan);
        let taken =
            transfers(&run).iter().filter(|(_, seen)| seen.reply.as_ref().is_some_and(|r| r.code == 250)).count();
        let failed = failures(&run).len();
        assert!(taken + failed >= 3, "after {effects} effects {taken} were taken and {failed} failed");
        all_failed.push(failed);
    }
    assert_eq!((all_failed.first(), all_failed.last()), (Some(&3), Some(&0)));
}

/// Three messages in one session, the second to nobody, and one by itself.
fn session(port: u16) -> Plan {
    let mut plan = alone();
    plan.steps = vec![
        step("m1", ("anna", "alfa"), &["bruno@beta.test"]),
        step("m2", ("anna", "alfa"), &["nobody@beta.test"]),
        step("m3", ("anna", "alfa"), &["bruno@beta.test"]),
        step("m4", ("anna", "alfa"), &["bruno@beta.test"]),
    ];
    for step in &mut plan.steps {
        step.submit.implicit_tls = port == 465;
        step.submit.session = (step.id != "m4").then(|| "s1".to_owned());
    }
    plan
}

fn connections(run: &Run, on: u16) -> usize {
    run.trace.events.iter().filter(|event| matches!(&event.what, What::Opened(session) if session.port == on)).count()
}
