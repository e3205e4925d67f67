//! Goal: the scripted provider does what its script says, and nothing beside it.
//! Method: one peer sends an envelope to another, which behaves; what crossed between them is read from the trace.

mod toy;

use std::time::Duration;

use collaudo_forge::{Entity, Xml, open};
use collaudo_record::{Instant, Transfer, What};
use collaudo_scenario::{CrashPoint, Fault, FaultKind, Forgery, Inquiry, OUTSIDE, PeerBehaviour, Plan};
use collaudo_world::{Run, World};
use toy::{Script, failures, peers, step, transfers};

const TWO: &[&str] = &["bruno@beta.test", "bice@beta.test"];

#[test]
fn a_proper_peer_takes_charge_once_and_delivers_to_each() {
    let run = play(&sent(PeerBehaviour::Proper, Forgery::Envelope));
    let answers = answers(&run);
    assert_eq!(kinds(&answers), ["presa-in-carico", "avvenuta-consegna", "avvenuta-consegna"]);
    assert_eq!(recipients(&answers), ["servizio@gamma.test", "gina@gamma.test", "gina@gamma.test"]);
    let about: Vec<_> = answers.iter().skip(1).filter_map(|answer| answer.data("consegna")).collect();
    assert_eq!(about, TWO);
    assert_eq!(transfers(&run).len(), 4, "an answer was answered");
    assert_eq!(failures(&run), []);
}

#[test]
fn silence_and_unannounced_delivery_are_what_they_say() {
    for (behaviour, expected) in [
        (PeerBehaviour::Silent, [].as_slice()),
        (PeerBehaviour::TakesChargeOnly, &["presa-in-carico"]),
        (PeerBehaviour::DeliversUnannounced, &["avvenuta-consegna", "avvenuta-consegna"]),
    ] {
        let run = play(&sent(behaviour, Forgery::Envelope));
        assert_eq!(kinds(&answers(&run)), expected, "{behaviour:?}");
    }
}

#[test]
fn a_late_delivery_is_late_and_says_so() {
    let late = Duration::from_secs(2 * 3600);
    let mut plan = sent(PeerBehaviour::DeliversLate(late), Forgery::Envelope);
    plan.until = Duration::from_secs(3 * 3600);
    let run = play(&plan);
    let answers = answers(&run);
    assert_eq!(kinds(&answers), ["presa-in-carico", "avvenuta-consegna", "avvenuta-consegna"]);
    let after: Vec<_> = answers.iter().map(|answer| (answer.at.0 - toy::EPOCH.0) / 1_000_000).collect();
    assert!(matches!(after.as_slice(), [0..10, 7200..7210, 7200..7210]), "{after:?}");
    let hours: Vec<_> = answers.iter().filter_map(|answer| answer.data("ora")).collect();
    assert_eq!(hours.iter().map(|hour| hour.get(..2).unwrap_or_default()).collect::<Vec<_>>(), ["09", "11", "11"]);
}

#[test]
fn what_is_delivered_twice_is_the_same_twice() {
    let run = play(&sent(PeerBehaviour::DeliversTwice, Forgery::Envelope));
    let answers = answers(&run);
    let [_, one, two, again_one, again_two] = answers.as_slice() else { panic!("{} answers", answers.len()) };
    assert_eq!((one.octets, two.octets), (again_one.octets, again_two.octets));
    assert_ne!(one.octets, two.octets);
}

#[test]
fn forged_receipts_are_signed_by_nobody_that_the_index_lists() {
    let (run, listed) = play_listed(&sent(PeerBehaviour::ForgesReceipts, Forgery::Envelope));
    let signed: Vec<_> = answers(&run).iter().map(|answer| answer.is_signed_with(&listed)).collect();
    assert_eq!(signed, [true, false, false]);
}

#[test]
fn a_virus_is_told_for_each_recipient_to_the_sending_provider() {
    let run = play(&sent(PeerBehaviour::FindsVirus, Forgery::Envelope));
    let answers = answers(&run);
    assert_eq!(kinds(&answers), ["presa-in-carico", "rilevazione-virus", "rilevazione-virus"]);
    assert_eq!(recipients(&answers), ["servizio@gamma.test"; 3]);
    let about: Vec<_> = answers.iter().skip(1).filter_map(|answer| answer.data("consegna")).collect();
    assert_eq!(about, TWO);
}

#[test]
fn what_is_deferred_is_tried_each_ten_minutes_for_a_day() {
    let mut plan = sent(PeerBehaviour::Defers, Forgery::Envelope);
    plan.until = Duration::from_secs(30 * 3600);
    let run = play(&plan);
    let replies: Vec<_> = transfers(&run).iter().filter_map(|(_, seen)| seen.reply.as_ref()).map(|r| r.code).collect();
    assert_eq!(replies, [451; 24 * 6 + 1]);
    assert!(matches!(failures(&run).as_slice(), [("m1", _)]));
}

#[test]
fn a_slow_peer_waits_before_each_reply() {
    let run = play(&sent(PeerBehaviour::Slow(Duration::from_secs(5)), Forgery::Envelope));
    let seen = transfers(&run);
    let (at, envelope) = seen.first().expect("the envelope came");
    // MAIL, two RCPT, DATA, the dot.
    assert!((25..26).contains(&((at.0 - envelope.began.0) / 1_000_000)), "{} us", at.0 - envelope.began.0);
    assert_eq!(kinds(&answers(&run)).len(), 3);
}

#[test]
fn a_provider_that_is_down_gets_the_envelope_once_when_it_is_back() {
    let mut plan = sent(PeerBehaviour::Proper, Forgery::Envelope);
    plan.until = Duration::from_secs(3 * 3600);
    plan.faults = vec![Fault {
        at: Duration::ZERO,
        lasts: Some(Duration::from_secs(3600)),
        kind: FaultKind::Crash { host: "beta".into(), point: CrashPoint::AtOnce },
    }];
    let run = play(&plan);
    let after: Vec<_> = envelopes(&run).iter().map(|seen| (seen.at.0 - toy::EPOCH.0) / 1_000_000).collect();
    assert!(matches!(after.as_slice(), [3600..4210]), "{after:?}");
    assert_eq!(answers(&run).len(), 3);
    assert_eq!(failures(&run), []);
}

#[test]
fn a_peer_that_was_down_sends_nothing_twice() {
    let mut plan = sent(PeerBehaviour::Silent, Forgery::Envelope);
    plan.faults = vec![Fault {
        at: Duration::from_secs(600),
        lasts: Some(Duration::from_secs(60)),
        kind: FaultKind::Crash { host: "gamma".into(), point: CrashPoint::AtOnce },
    }];
    assert_eq!(envelopes(&play(&plan)).len(), 1);
}

#[test]
fn an_envelope_goes_twice_in_transactions_of_its_own() {
    let run = play(&sent(PeerBehaviour::Silent, Forgery::EnvelopeTwice));
    let seen = envelopes(&run);
    let [one, two] = seen.as_slice() else { panic!("{} envelopes", seen.len()) };
    assert_eq!(one.octets, two.octets);
}

#[test]
fn an_unsigned_envelope_is_an_envelope_but_for_its_signature() {
    let run = play(&sent(PeerBehaviour::Silent, Forgery::Unsigned));
    let seen = envelopes(&run);
    let [envelope] = seen.as_slice() else { panic!("{} envelopes", seen.len()) };
    let entity = Entity::read(envelope.octets);
    assert_eq!(entity.content_type(), "multipart/mixed");
    assert_eq!(entity.fields.get("X-Trasporto").as_deref(), Some("posta-certificata"));
}

#[test]
fn envelopes_are_signed_with_the_certificate_that_is_asked_for() {
    for (forgery, expected) in [
        (Forgery::Envelope, true),
        (Forgery::FutureSigner, false),
        (Forgery::ForeignAuthority, false),
        (Forgery::ExpiredSigner, false),
        (Forgery::UnlistedSigner, false),
    ] {
        let plan = sent(PeerBehaviour::Silent, forgery);
        let world = World::build(&plan, &subject()).expect("the world is built");
        let own = world.pki().providers.first().expect("gamma is the first").certificate.to_vec();
        let run = world.run().expect("the world runs");
        let signed: Vec<_> = envelopes(&run).iter().map(|envelope| envelope.is_signed_with(&own)).collect();
        assert_eq!(signed, [expected], "{forgery:?}");
    }
}

#[test]
fn a_stray_receipt_goes_to_the_first_recipient_and_starts_nothing() {
    let run = play(&sent(PeerBehaviour::Proper, Forgery::StrayReceipt));
    let seen = transfers(&run);
    let [(_, transfer)] = seen.as_slice() else { panic!("{} transfers", seen.len()) };
    let paths: Vec<_> = transfer.forward_paths.iter().map(|forward| forward.path.as_str()).collect();
    assert_eq!(paths, ["bruno@beta.test"]);
    let octets = transfer.body.as_ref().and_then(|hash| run.trace.body(hash)).expect("it was kept");
    let fields = Entity::read(octets).fields;
    assert_eq!(fields.get("X-Ricevuta").as_deref(), Some("avvenuta-consegna"));
}

#[test]
fn a_run_of_peers_repeats_byte_for_byte() {
    let plan = sent(PeerBehaviour::DeliversLate(Duration::from_secs(60)), Forgery::EnvelopeTwice);
    let [one, two] = [play(&plan), play(&plan)].map(|run| run.trace.to_jsonl());
    assert_eq!(one, two);
}

/// A step that gamma forges for two people at beta, which behaves.
fn sent(behaviour: PeerBehaviour, forgery: Forgery) -> Plan {
    let mut plan = peers(behaviour);
    let mut step = step("m1", ("gina", "gamma"), TWO);
    step.submit.forged = Some(forgery);
    plan.steps = vec![step];
    plan
}

fn subject() -> std::sync::Arc<dyn collaudo_world::Subject> {
    std::sync::Arc::new(Script::new(&[]))
}

fn play(plan: &Plan) -> Run {
    play_listed(plan).0
}

/// A run, and the certificate of the peer that behaves.
fn play_listed(plan: &Plan) -> (Run, Vec<u8>) {
    let world = World::build(plan, &subject()).expect("the world is built");
    let listed = world.pki().providers.get(1).expect("beta is the second").certificate.to_vec();
    let run = world.run().expect("the world runs");
    assert_eq!(run.problem, None);
    (run, listed)
}

/// A message as it crossed.
struct Crossed<'a> {
    at: Instant,
    transfer: &'a Transfer,
    octets: &'a [u8],
}

impl Crossed<'_> {
    fn data(&self, element: &str) -> Option<String> {
        Xml(open(self.octets).ok()?.daticert()?).text(element)
    }

    fn is_signed_with(&self, certificate: &[u8]) -> bool {
        let signature = open(self.octets).expect("it is signed").signature();
        signature.windows(certificate.len()).any(|window| window == certificate)
    }
}

/// What was taken between the peers, from that one.
fn crossed<'a>(run: &'a Run, client: &str) -> Vec<Crossed<'a>> {
    transfers(run)
        .into_iter()
        .filter(|(_, transfer)| transfer.session.client == client)
        .filter_map(|(at, transfer)| Some(Crossed { at, transfer, octets: run.trace.body(transfer.body.as_ref()?)? }))
        .collect()
}

fn envelopes(run: &Run) -> Vec<Crossed<'_>> {
    crossed(run, "gamma")
}

fn answers(run: &Run) -> Vec<Crossed<'_>> {
    crossed(run, "beta")
}

fn kinds(crossed: &[Crossed<'_>]) -> Vec<String> {
    crossed.iter().filter_map(|one| Entity::read(one.octets).fields.get("X-Ricevuta")).collect()
}

fn recipients<'a>(crossed: &[Crossed<'a>]) -> Vec<&'a str> {
    crossed.iter().flat_map(|one| &one.transfer.forward_paths).map(|forward| forward.path.as_str()).collect()
}

/// Goal: those outside the network are seen as what they are. Method: one posts to a peer and asks for the index.
#[test]
fn outsiders_speak_without_tls_and_get_no_index() {
    let mut plan = peers(PeerBehaviour::Silent);
    let mut post = step("o1", ("mario", "esterno"), &["bruno@beta.test"]);
    (post.submit.provider, post.submit.forged) = (OUTSIDE.to_owned(), Some(Forgery::Ordinary));
    plan.steps.push(post);
    plan.inquiries.push(Inquiry { at: Duration::from_secs(60), id: "a1".into() });
    let trace = play(&plan).trace;
    let posted = trace.events.iter().find_map(|event| match &event.what {
        What::Transfer(transfer) => Some((transfer.session.client.as_str(), transfer.secured, transfer.step.clone())),
        _ => None,
    });
    assert_eq!(posted, Some((OUTSIDE, false, None)));
    let announced =
        |what: &What| matches!(what, What::Announced { extensions, .. } if extensions.contains(&"STARTTLS".to_owned()));
    assert!(trace.events.iter().any(|event| announced(&event.what)));
    let asked = trace.events.iter().find_map(|event| match &event.what {
        What::Requested(request) => Some((request.host.as_str(), request.client.is_some(), request.status)),
        _ => None,
    });
    assert_eq!(asked, Some((OUTSIDE, false, None)));
}
