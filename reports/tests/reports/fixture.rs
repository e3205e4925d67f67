//! A run told by hand: one scenario of each fate.

use collaudo_record::*;

use crate::story::{Bodies, RECALLED, Story};

pub(crate) const HOSTILE: &str = "<script>alert('x')</script> \"&\" \u{202e}gpj.exe\x1b[31m";

/// The record, the octets of its messages, and what was measured.
pub(crate) fn run() -> (RunRecord, Bodies, Measured) {
    let stories = [
        hostile_subject(),
        unknown_mailbox(),
        cross_provider(),
        crash_before_reply(),
        unreadable(),
        back_after_an_hour(),
        down_for_a_day(),
    ];
    let mut bodies = Bodies::new();
    let mut scenarios = Vec::new();
    for story in stories {
        bodies.extend(story.bodies);
        scenarios.push(story.record);
    }
    let record = record_of(scenarios, catalogue());
    let measured = Measured {
        format: FORMAT,
        began: "2026-07-01T10:00:00Z".into(),
        wall_ms: 1_234,
        jobs: 2,
        scenario_ms: record.scenarios.iter().map(|s| (s.id.clone(), 87)).collect(),
    };
    (record, bodies, measured)
}

/// The run with an exception, two questions, and a person's `no` to one of them.
pub(crate) fn reviewed() -> (RunRecord, Bodies, Measured) {
    let (mut record, bodies, measured) = run();
    let question = Question {
        ask: "Is every operation in the log?".into(),
        ask_it: "Ogni operazione \u{e8} nel log?".into(),
        evidence: "The log of a day.".into(),
        evidence_it: "Il log di un giorno.".into(),
    };
    let exception = Exception {
        reason: "Every trace would pass.".into(),
        reason_it: "Ogni prova sarebbe superata.".into(),
        needs: Some("live".into()),
        variants: vec!["further-part".into()],
    };
    let review = Review {
        answer: Answer::No,
        evidence: "Receptions are missing.".into(),
        who: "M. Rossi".into(),
        date: "2026-03-02".into(),
    };
    for clause in &mut record.clauses {
        match clause.requirement.id.as_str() {
            "PEC-2.2.2-01" => clause.requirement.exception = Some(exception.clone()),
            "PEC-2.3-01" => {
                clause.requirement.question = Some(question.clone());
                clause.review = Some(review.clone());
            }
            "PEC-DM.12-01" => clause.requirement.question = Some(question.clone()),
            _ => {}
        }
    }
    record.totals.questions = 2;
    record.totals.answers.no = 1;
    record.totals.exceptions = 1;
    (record, bodies, measured)
}

/// A run record of these scenarios: each clause gets the worst of its verdicts, and all is counted.
pub(crate) fn record_of(scenarios: Vec<ScenarioRecord>, mut clauses: Vec<ClauseRecord>) -> RunRecord {
    for clause in &mut clauses {
        let id = &clause.requirement.id;
        let of = |s: &ScenarioRecord| s.verdicts.iter().filter(|v| v.clause == *id).map(|v| v.outcome).max();
        let worst = scenarios.iter().filter_map(of).max();
        clause.checked |= worst.is_some();
        clause.outcome = worst.unwrap_or(Outcome::NotExercised);
        clause.scenarios = scenarios.iter().filter(|s| of(s).is_some()).map(|s| s.id.clone()).collect();
    }
    let fate = |outcome| scenarios.iter().filter(|s| s.outcome == outcome).count() as u32;
    let rows = |outcome| clauses.iter().filter(|c| c.checked && c.outcome == outcome).count() as u32;
    let totals = Totals {
        scenarios: scenarios.len() as u32,
        scenarios_passed: fate(ScenarioOutcome::Passed),
        scenarios_failed: fate(ScenarioOutcome::Failed),
        scenarios_unknown: fate(ScenarioOutcome::Unknown),
        catalogued: clauses.len() as u32,
        checked: clauses.iter().filter(|c| c.checked).count() as u32,
        exercised: clauses.iter().filter(|c| c.checked && c.outcome >= Outcome::Pass).count() as u32,
        passed: rows(Outcome::Pass),
        failed: rows(Outcome::Fail),
        deviation: rows(Outcome::Deviation),
        unknown: rows(Outcome::Unknown),
        not_exercised: rows(Outcome::NotExercised),
        not_supported: rows(Outcome::NotSupported),
        questions: 0,
        answers: Answers::default(),
        exceptions: 0,
        simulated_seconds: scenarios.iter().map(|s| s.simulated.0 as u64 / 1_000_000).sum(),
    };
    RunRecord {
        format: FORMAT,
        subject: "reference".into(),
        seed: "0x5eed".into(),
        scenarios,
        clauses,
        totals,
        trace_sha256: "c0ffee00".repeat(8),
    }
}

/// A small catalogue in the real one's shape.
pub(crate) fn catalogue() -> Vec<ClauseRecord> {
    let rows = [
        (
            "PEC-2.1-01",
            "signature",
            "Every message the system itself creates is signed with the key of its provider.",
            true,
        ),
        ("PEC-2.1-05", "signature", "The address in From equals the address named in the signing certificate.", true),
        ("PEC-2.2.2-01", "reception-point", "Providers exchange messages over SMTP.", false),
        ("PEC-2.3-01", "log", "All operations are recorded in a dedicated message log.", false),
        ("PEC-3.1.1-06", "access-point", "The Bcc field has no value.", true),
        ("PEC-3.1.4-01", "access-point", "An accepted message gives its sender an acceptance receipt.", true),
        (RECALLED, "access-point", "One acceptance receipt is issued per submission.", true),
        (
            "PEC-3.1.5-13",
            "access-point",
            "The envelope carries X-Riferimento-Message-ID with the client's identifier.",
            true,
        ),
        (
            "PEC-3.1.6-02",
            "access-point",
            "If within 24 hours of dispatch no delivery receipt has arrived, a second notice is sent, even when a take-charge receipt did arrive.",
            true,
        ),
        ("PEC-3.2.1-01", "reception-point", "For every correct envelope a take-charge receipt is sent.", true),
        (
            "PEC-3.3.2-01",
            "delivery-point",
            "The delivery receipt is issued only once a correct envelope is in the mailbox.",
            true,
        ),
        ("PEC-3.3.3-01", "delivery-point", "An error while delivering gives the sender a non-delivery notice.", true),
        ("PEC-5.3-01", "security", "All communication within the PEC network uses secure channels.", true),
        ("PEC-DM.12-01", "security", "A message of at least 30 megabytes is carried.", false),
    ];
    let row = |(id, party, statement, checked): (&str, &str, &str, bool)| ClauseRecord {
        requirement: Requirement {
            id: id.into(),
            source: "RFC 6109 \u{a7}3".into(),
            level: "MUST".into(),
            party: party.into(),
            statement: statement.into(),
            statement_it: String::new(),
            how: "simulated".into(),
            confidence: if id == RECALLED { "recalled" } else { "read" }.into(),
            restates: Vec::new(),
            question: None,
            exception: None,
        },
        checked,
        outcome: Outcome::NotExercised,
        scenarios: Vec::new(),
        mutants: if checked { vec![format!("bent-{id}").to_lowercase()] } else { Vec::new() },
        code: vec![Place { file: "harness/judge/src/check/sample.rs".into(), line: 12 }],
        review: None,
    };
    rows.into_iter().map(row).collect()
}

/// Seven providers, one of whom keeps its mail to itself, one that floods another, two that do nothing.
pub(crate) fn crowd() -> (RunRecord, Bodies) {
    let names = ["alfa", "beta", "gamma", "delta", "epsilon", "zeta", "eta"];
    let why = "Many lanes and many rows are still read.";
    let mut story = Story::new("topologies/crowd", "A crowd", why, &names);
    story.accepted(0.4, "Contratto");
    let envelope = story.message("posta-certificata", "transport envelope", "POSTA CERTIFICATA: Contratto");
    story.send(0.5, "alfa", "alfa", &envelope, Some((250, "Ok")));
    for (n, name) in (1..).zip(&names[1..5]) {
        story.send(f64::from(n), "alfa", name, &envelope, Some((250, "Ok")));
        story.store(f64::from(n) + 0.1, name, &format!("destinatario.dal.nome.lungo@{name}.test"), &envelope);
    }
    for n in 0..389 {
        story.send(10.0 + f64::from(n), "epsilon", "alfa", &envelope, Some((250, "Ok")));
    }
    let bodies = story.bodies;
    (record_of(vec![story.record], catalogue()), bodies)
}

fn hostile_subject() -> Story {
    let why = "A subject that is markup to a browser and an order to a terminal is a subject and no more.";
    let mut story = Story::new("attacks/hostile-subject", "A hostile subject", why, &["alfa", "beta"]);
    let sent = story.accepted(0.4, HOSTILE);
    story.delivered(0.9, HOSTILE);
    story.passes(&["PEC-2.1-01", "PEC-3.1.4-01", RECALLED], &[sent]);
    let said = ("From is the certificate's address", &*format!("From differs in case only, under subject {HOSTILE}"));
    story.verdict(Outcome::Deviation, "PEC-2.1-05", "signature", said, &[sent]);
    story
}

fn unknown_mailbox() -> Story {
    let why = "A mailbox that is not there gives the sender a notice with its cause.";
    let mut story = Story::new("delivery-point/unknown-mailbox", "Unknown mailbox", why, &["alfa", "beta"]);
    let sent = story.accepted(0.4, "Contratto");
    let envelope = story.message("posta-certificata", "transport envelope", "POSTA CERTIFICATA: Contratto");
    story.send(0.8, "alfa", "beta", &envelope, Some((250, "Ok")));
    let notice = story.message(
        "errore-consegna",
        "non-delivery notice for nessuno@beta.test",
        "AVVISO DI MANCATA CONSEGNA: Contratto",
    );
    story.send(1.2, "beta", "alfa", &notice, Some((250, "Ok")));
    let stored = story.store(1.3, "alfa", "anna@alfa.test", &notice);
    let refused = story.message("ordinary", "submission m2", "Seconda prova");
    story.send(3.0, "users", "alfa", &refused, Some((550, "5.7.1 Mittente diverso dall'account")));
    story.passes(&["PEC-2.1-01", "PEC-3.1.4-01", "PEC-3.3.3-01"], &[sent, stored]);
    story
}

fn cross_provider() -> Story {
    let why = "The plain case: two providers, one envelope, three receipts.";
    let mut story = Story::new("flows/cross-provider", "Cross-provider delivery", why, &["alfa", "beta", "gamma"]);
    let sent = story.accepted(0.412, "Contratto");
    let crossed = story.delivered(0.9, "Contratto");
    let clauses = ["PEC-2.1-01", "PEC-2.1-05", "PEC-3.1.4-01", "PEC-3.1.5-13", "PEC-3.2.1-01", "PEC-3.3.2-01"];
    story.passes(&clauses, &[sent, crossed, crossed + 1, crossed + 2]);
    story.record.expectations.push(expectation(
        true,
        "1 avvenuta-consegna of m1 at anna@alfa.test",
        "1, at +1.250s",
        9,
    ));
    story
}

fn crash_before_reply() -> Story {
    let why = "A provider that dies between its commit and its 250 takes the envelope once.";
    let mut story = Story::new("flows/crash-before-250", "Crash between commit and 250", why, &["alfa", "beta"]);
    let sent = story.accepted(0.4, "Contratto");
    let envelope = story.message("posta-certificata", "transport envelope", "POSTA CERTIFICATA: Contratto");
    story.fault(0.9, "crash", &["beta"], FaultPhase::Injected);
    story.host(0.9, "beta", false);
    let broken = story.send(0.91, "alfa", "beta", &envelope, None);
    for n in 1..=4 {
        story.send(0.91 + f64::from(n) * 300.0, "alfa", "beta", &envelope, Some((451, "4.3.0 Riprovare")));
    }
    story.fault(1_500.0, "crash", &["beta"], FaultPhase::Healed);
    story.host(1_500.0, "beta", true);
    story.delivered(1_801.0, "Contratto");
    story.record.simulated = Span::from_secs(3_600);
    story.record.outcome = ScenarioOutcome::Unknown;
    story.record.uncovered = vec!["PEC-5.3-01".into()];
    story.record.faults.push(FaultRecord { kind: "crash".into(), hosts: vec!["beta".into()], effective: true });
    story.passes(&["PEC-2.1-01", "PEC-3.1.4-01"], &[sent]);
    let said = ("one take-charge receipt per transaction", "the connection broke before the reply: cannot tell");
    story.verdict(Outcome::Unknown, "PEC-3.2.1-01", "reception-point", said, &[broken]);
    story
}

fn unreadable() -> Story {
    let mut story = Story::new("flows/unreadable", "Unreadable", "It is not.", &[]);
    story.record.outcome = ScenarioOutcome::Unknown;
    story.record.problem =
        Some("scenarios/flows/unreadable.toml:9: unknown clause \"PEC-3.1.1-6\"; nearest is \"PEC-3.1.1-06\"".into());
    story.record.simulated = Span::default();
    story.record.trace_sha256.clear();
    story
}

fn back_after_an_hour() -> Story {
    let why = "An hour of silence is made good without a notice.";
    let mut story =
        Story::new("timeouts/destination-back-after-1h", "Destination back after 1 h", why, &["alfa", "beta"]);
    let sent = story.accepted(0.4, "Contratto");
    story.delivered(0.9, "Contratto");
    story.fault(60.0, "hold", &["alfa", "beta"], FaultPhase::Injected);
    story.fault(3_660.0, "hold", &["alfa", "beta"], FaultPhase::Healed);
    story.record.simulated = Span::from_hours(2);
    story.record.outcome = ScenarioOutcome::Failed;
    let hosts = vec!["alfa".into(), "beta".into()];
    story.record.faults.push(FaultRecord { kind: "hold".into(), hosts, effective: false });
    story.passes(&["PEC-2.1-01", "PEC-3.1.4-01"], &[sent]);
    let said = "1 avvenuta-consegna of m1 at anna@alfa.test between +1h00m00s and +1h30m00s";
    story.record.expectations.push(expectation(false, said, "1, at +1.250s", 12));
    story
}

fn down_for_a_day() -> Story {
    let why = "Nothing leaves for 26 hours: two notices, the second between 22 and 24 hours after dispatch.";
    let mut story =
        Story::new("timeouts/destination-down-24h", "Destination down for 26 hours", why, &["alfa", "beta"]);
    let sent = story.accepted(0.4, "Contratto");
    story.fault(0.5, "partition", &["alfa", "beta"], FaultPhase::Injected);
    let subject = "AVVISO DI MANCATA CONSEGNA PER SUP. TEMPO MASSIMO: Contratto";
    let notice = story.message("preavviso-errore-consegna", "timeout notice (12 h) for bruno@beta.test", subject);
    let first = story.store(43_200.4, "alfa", "anna@alfa.test", &notice);
    story.fault(93_600.0, "partition", &["alfa", "beta"], FaultPhase::Healed);
    story.delivered(93_605.0, "Contratto");
    story.record.simulated = Span::from_hours(30);
    story.record.outcome = ScenarioOutcome::Failed;
    let hosts = vec!["alfa".into(), "beta".into()];
    story.record.faults.push(FaultRecord { kind: "partition".into(), hosts, effective: true });
    let said = ("1 timeout notice at anna between +22h and +24h after dispatch of m1", "none by +30h");
    story.verdict(Outcome::Fail, "PEC-3.1.6-02", "access-point", said, &[10, first, first + 1]);
    story.passes(&["PEC-2.1-01", "PEC-3.1.4-01"], &[sent]);
    story
}

fn expectation(holds: bool, expected: &str, observed: &str, line: u32) -> ExpectationResult {
    ExpectationResult {
        place: Place { file: "scenarios/flows/example.toml".into(), line },
        holds,
        expected: expected.into(),
        observed: observed.into(),
        evidence: vec![3],
    }
}
