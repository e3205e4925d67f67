//! Goal: a crash between any two effects loses nothing that was acknowledged, and doubles nothing.
//! Method: one delivery is run to see how many effects each node carries out; then once for each effect of each node,
//! with a crash right after it and a restart later. The judge must find no clause broken, and each run must end in
//! exactly one outcome for a message that was acknowledged.

use std::time::Duration;

use collaudo::{subjects, way};
use collaudo_record::{BodyHash, Outcome, Trace, What};
use collaudo_scenario::{CrashPoint, Fault, FaultKind, Plan};
use collaudo_tests::{SEED, scenario};

#[test]
fn a_crash_between_any_two_effects_of_a_delivery_ends_in_one_outcome() {
    let plan = plan();
    let whole = way::stir(&plan, &subjects::reference()).expect("it runs");
    let mut visited = 0;
    for (host, effects) in whole.effects {
        for n in 1..=effects {
            let mut crashed = plan.clone();
            let kind = FaultKind::Crash { host: host.clone(), point: CrashPoint::AfterEffect(n) };
            crashed.faults = vec![Fault { at: Duration::ZERO, lasts: Some(Duration::from_secs(60)), kind }];
            let run = way::stir(&crashed, &subjects::reference()).expect("it runs");
            let place = format!("{host}, after effect {n} of {effects}");
            assert_eq!(run.problem, None, "{place}");
            ends_in_one_outcome(&run.trace, &place);
            visited += 1;
        }
    }
    println!("{visited} crash points visited");
    assert!(visited > 50, "only {visited} crash points");
}

fn ends_in_one_outcome(trace: &Trace, place: &str) {
    let judgement = collaudo_judge::judge(trace);
    let failed: Vec<_> = judgement.verdicts.iter().filter(|v| v.outcome == Outcome::Fail).collect();
    assert!(failed.is_empty(), "{place}: {failed:#?}");
    let acknowledged = trace.events.iter().any(|event| {
        matches!(&event.what, What::Transfer(t) if t.step.is_some() && t.reply.as_ref().is_some_and(|r| r.code == 250))
    });
    let stored = |mailbox: &str, kind: &str| stored(trace, &judgement, mailbox, kind);
    let accepted = stored("anna@alfa.test", "accettazione");
    assert!(accepted <= 1 && (accepted == 1 || !acknowledged), "{place}: {accepted} acceptance receipts");
    for (mailbox, kind) in [("bruno@beta.test", "posta-certificata"), ("anna@alfa.test", "avvenuta-consegna")] {
        assert_eq!(stored(mailbox, kind), accepted, "{place}: {kind} at {mailbox}");
    }
}

fn stored(trace: &Trace, judgement: &collaudo_record::Judgement, mailbox: &str, kind: &str) -> usize {
    let is_kind =
        |body: &BodyHash| judgement.messages.iter().any(|message| message.body == *body && message.kind == kind);
    let here =
        |what: &What| matches!(what, What::Stored { mailbox: found, body, .. } if found == mailbox && is_kind(body));
    trace.events.iter().filter(|event| here(&event.what)).count()
}

fn plan() -> Plan {
    let text = "title = \"Crash points\"\nwhy = \"Exactly once.\"\ntopology = \"two-providers\"\ncovers = []\nuntil = \"3h\"\n\
                step = [{ at = \"1s\", submit = { id = \"m1\", from = \"anna\", to = [\"bruno\"] } }]\n";
    scenario(text).plan(SEED)
}
