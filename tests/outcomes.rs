//! Goal: whatever is sent and whatever goes wrong, each certified recipient of an accepted message ends in exactly one
//! outcome, no receipt is doubled, nothing acknowledged is lost, no octet of a message changes (R-0005), and the judge
//! finds no clause broken. Method: plans drawn at random, up to 20 messages among four providers with named faults, each
//! written as a scenario: what a failure prints is a file that runs.

use std::{collections::BTreeMap, fmt::Write as _};

use collaudo::{subjects, way};
use collaudo_record::{Outcome, Trace, What};
use collaudo_scenario::{Plan, Step};
use collaudo_tests::{
    SEED,
    message::{Received, received, shown, without_rewritten},
    scenario,
};
use proptest::{prelude::*, test_runner::RngSeed};

/// In the mailbox of this user nothing has room.
const FULL: &str = "elio";

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 32,
        failure_persistence: None,
        // The same plans each time; PROPTEST_RNG_SEED and PROPTEST_CASES give others, and more.
        rng_seed: RngSeed::Fixed(SEED),
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_plan_ends_in_one_outcome_for_each_recipient(messages in messages(), faults in faults()) {
        let text = written(&messages, &faults);
        let plan = scenario(&text).plan(SEED);
        let run = way::stir(&plan, &subjects::reference());
        prop_assert!(run.as_ref().is_ok_and(|run| run.problem.is_none()), "{:?}\n{text}", run.map(|run| run.problem));
        if let Ok(run) = run {
            let wrong = wrong(&plan, &run.trace);
            prop_assert!(wrong.is_empty(), "{wrong:#?}\nin this scenario:\n{text}");
        }
    }
}

/// All that contradicts the reading, in words.
fn wrong(plan: &Plan, trace: &Trace) -> Vec<String> {
    let mailboxes = mailboxes(trace);
    let mut wrong: Vec<String> = plan.steps.iter().flat_map(|step| outcomes(plan, step, trace, &mailboxes)).collect();
    wrong.extend(doubled(&mailboxes));
    let judgement = collaudo_judge::judge(trace);
    let failed =
        judgement.verdicts.iter().filter(|verdict| matches!(verdict.outcome, Outcome::Fail | Outcome::Unknown));
    wrong.extend(failed.map(|verdict| format!("{verdict:?}")));
    wrong
}

/// What was stored where, as a third reader reads it.
fn mailboxes(trace: &Trace) -> BTreeMap<&str, Vec<Received>> {
    let mut mailboxes: BTreeMap<&str, Vec<Received>> = BTreeMap::new();
    for event in &trace.events {
        if let What::Stored { mailbox, body, .. } = &event.what
            && let Some(octets) = trace.body(body)
        {
            mailboxes.entry(mailbox).or_default().push(received(octets));
        }
    }
    mailboxes
}

fn outcomes(plan: &Plan, step: &Step, trace: &Trace, mailboxes: &BTreeMap<&str, Vec<Received>>) -> Vec<String> {
    let submit = &step.submit;
    let all = |mailbox: &str, kind: &str, recipient: &str| -> Vec<&Received> {
        let here = mailboxes.get(mailbox).into_iter().flatten();
        let about = here.filter(|message| is_about(message, &step.id) && message.kind == kind);
        about.filter(|message| recipient.is_empty() || message.about.as_deref() == Some(recipient)).collect()
    };
    let of = |mailbox: &str, kind: &str, recipient: &str| all(mailbox, kind, recipient).len();
    let sender = submit.reverse_path.as_str();
    let accepted = of(sender, "accettazione", "");
    let mut wrong = Vec::new();
    if taken(trace, &step.id) && accepted + of(sender, "non-accettazione", "") != 1 {
        wrong.push(format!("{}: acknowledged, and {accepted} acceptance receipts", step.id));
    }
    for recipient in submit.forward_paths.iter().filter(|_| accepted == 1) {
        let [delivered, failed, noticed] = ["avvenuta-consegna", "errore-consegna", "preavviso-errore-consegna"]
            .map(|kind| of(sender, kind, recipient));
        // What the other provider tells after the second notice comes late; the sender's own has told already.
        let notices = all(sender, "errore-consegna", recipient);
        let late = noticed == 2 && !notices.iter().any(|notice| is_issued_for(notice, sender));
        let place = format!("{} to {recipient}", step.id);
        if !(delivered + failed == 1 && noticed < 2 || late && delivered + failed <= 1) {
            wrong.push(format!(
                "{place}: {delivered} delivery receipts, {failed} non-delivery notices, {noticed} timeout notices"
            ));
        }
        let arrived = of(recipient, "posta-certificata", "");
        if arrived != delivered {
            wrong.push(format!("{place}: arrived {arrived} times, {delivered} delivery receipts"));
        }
    }
    let here = plan
        .providers
        .iter()
        .flat_map(|provider| &provider.users)
        .filter_map(|user| mailboxes.get(user.address.as_str()));
    for message in here.flatten().filter(|message| message.kind == "posta-certificata") {
        let returned = message.postacert.as_deref().unwrap_or_default();
        if is_about(message, &step.id)
            && shown(&without_rewritten(returned)) != shown(&without_rewritten(&submit.message))
        {
            wrong.push(format!("{}: its octets have changed", step.id));
        }
    }
    wrong
}

fn is_about(message: &Received, id: &str) -> bool {
    message.msgid.as_deref().is_some_and(|msgid| msgid.contains(&format!("<{id}.")))
}

/// Whether the provider of a user has issued a message.
fn is_issued_for(message: &Received, user: &str) -> bool {
    let domain = user.rsplit('@').next().unwrap_or_default();
    message.issuer.as_deref().is_some_and(|issuer| issuer.contains(&format!("@{domain}")))
}

/// Whether a step's message was acknowledged.
fn taken(trace: &Trace, id: &str) -> bool {
    trace.events.iter().any(|event| {
        matches!(&event.what, What::Transfer(t) if t.step.as_deref() == Some(id) && t.reply.as_ref().is_some_and(|r| r.code == 250))
    })
}

/// The same receipt twice in one mailbox; of timeout notices there are two.
fn doubled(mailboxes: &BTreeMap<&str, Vec<Received>>) -> Vec<String> {
    let mut counts: BTreeMap<_, usize> = BTreeMap::new();
    for (mailbox, messages) in mailboxes {
        for message in messages {
            let key = (*mailbox, &message.kind, &message.issuer, &message.identifier, &message.about);
            *counts.entry(key).or_default() += 1;
        }
    }
    let most = |kind: &str| if kind == "preavviso-errore-consegna" { 2 } else { 1 };
    counts.iter().filter(|((_, kind, ..), n)| **n > most(kind)).map(|(key, n)| format!("{n} times {key:?}")).collect()
}

#[derive(Clone, Debug)]
struct Message {
    minute: u32,
    from: usize,
    to: Vec<usize>,
    lines: u32,
}

fn messages() -> impl Strategy<Value = Vec<Message>> {
    let message = (0..20 * 60_u32, 0..PEOPLE.len() - 1, prop::collection::btree_set(0..PEOPLE.len(), 1..4), 0..40_u32)
        .prop_map(|(minute, from, to, lines)| Message { minute, from, to: to.into_iter().collect(), lines });
    prop::collection::vec(message, 1..=20)
}

/// A fault as a scenario names it, without its instants.
fn faults() -> impl Strategy<Value = Vec<(u32, u32, String)>> {
    let two = prop::sample::subsequence(PROVIDERS.to_vec(), 2).prop_shuffle();
    let pair = two.prop_map(|two| format!("[\"{}\", \"{}\"]", two[0], two[1]));
    let one = || prop::sample::select(PROVIDERS.to_vec());
    let kind = prop_oneof![
        pair.clone().prop_map(|pair| format!("partition = {pair}")),
        pair.clone().prop_map(|pair| format!("hold = {pair}")),
        (pair, 1..50_u32).prop_map(|(pair, s)| format!("slow = {pair}, latency = \"{s}s\"")),
        one().prop_map(|one| format!("crash = \"{one}\"")),
        (one(), 1..12_u32).prop_map(|(one, n)| format!("crash = \"{one}\", after_commit = {n}")),
        (one(), 1..60_u32).prop_map(|(one, n)| format!("crash = \"{one}\", after_effect = {n}")),
        one().prop_map(|one| format!("disk_full = \"{one}\"")),
        one().prop_map(|one| format!("scanner_down = \"{one}\"")),
        Just("index = \"unreachable\"".to_owned()),
        Just("index = \"altered\"".to_owned()),
        one().prop_map(|one| format!("index = \"rolled-back\", lacks = \"{one}\"")),
        Just("crl = \"unreachable\"".to_owned()),
    ];
    prop::collection::vec((0..24 * 60_u32, prop_oneof![1..120_u32, 120..30 * 60_u32], kind), 0..4)
}

const PROVIDERS: [&str; 4] = ["alfa", "beta", "gamma", "delta"];
/// The last has no mailbox anywhere.
const PEOPLE: [&str; 9] = ["anna", "aldo", "bruno", "bianca", "carla", "dario", "diana", FULL, "nessuno@beta.test"];

fn written(messages: &[Message], faults: &[(u32, u32, String)]) -> String {
    let mut text = format!(
        "title = \"Drawn\"\nwhy = \"Any plan.\"\ntopology = \"four-providers\"\ncovers = []\nuntil = \"84h\"\n\
         mailbox = {{ {FULL} = {{ quota = \"0 B\" }} }}\nstep = [\n"
    );
    for (n, message) in messages.iter().enumerate() {
        let to: Vec<_> = message.to.iter().map(|place| format!("\"{}\"", PEOPLE[*place])).collect();
        let _ = writeln!(
            text,
            "    {{ at = \"{}m\", submit = {{ id = \"m{n}\", from = \"{}\", to = [{}], text = \"{}\" }} }},",
            message.minute,
            // Who has no room for receipts sends nothing.
            PEOPLE[message.from].replace(FULL, "diana"),
            to.join(", "),
            "una riga\\n".repeat(message.lines as usize),
        );
    }
    text.push_str("]\nfault = [\n");
    for (at, lasts, kind) in faults {
        let _ = writeln!(text, "    {{ at = \"{at}m\", for = \"{lasts}m\", {kind} }},");
    }
    text.push_str("]\n");
    text
}
