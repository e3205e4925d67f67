//! Goal: who asks for a public document gets what is published at that moment, and the trace says so.
//! Method: a watch fetches both each half hour, and asks the directory; the fault lasts from the first hour to the third.

use std::{sync::Arc, time::Duration};

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use collaudo_forge::open_index;
use collaudo_record::{Instant, Span, What};
use collaudo_scenario::{FaultKind, Forgery, IndexFault, IndexSource, PeerBehaviour, Plan, PlayerPlan};
use collaudo_world::{CRL_NAME, INDEX_NAME, Run, Subject, World};
use der::{Decode as _, Encode as _};
use x509_cert::{Certificate, crl::CertificateList};

use crate::{
    inside, plan,
    watch::{WatchSubject, sights},
    with_fault,
};

const DAY: i64 = 86_400;

#[test]
fn both_documents_are_published_once_and_fetched_as_published() {
    let plan = plan(7);
    let run = run(&plan);
    let published: Vec<_> = published(&run).into_iter().map(|(at, name, body)| (at, name, body.is_some())).collect();
    assert_eq!(published, [(plan.epoch, INDEX_NAME.to_owned(), true), (plan.epoch, CRL_NAME.to_owned(), true)]);
    let fetched = consulted(&run, INDEX_NAME, "https");
    assert_eq!(fetched.len(), 2 * 47, "two hosts, 47 times");
    let index = run.trace.body(&run.trace.header.index).expect("the index is kept");
    assert!(fetched.iter().all(|(_, body)| body.as_deref() == Some(index)));
    let (text, signed_at) = open_index(index).expect("opens");
    assert_eq!((providers(&text), signed_at), (vec!["alfa", "beta"], Some(plan.epoch.0 / 1_000_000)));
}

#[test]
fn an_unreachable_index_is_had_neither_over_https_nor_over_ldap() {
    let plan = asking(with_fault(FaultKind::Index(IndexFault::Unreachable)));
    let run = run(&plan);
    for over in ["https", "ldap"] {
        for (at, body) in consulted(&run, INDEX_NAME, over) {
            assert_eq!(body.is_none(), inside(at, &plan), "{over} at {at:?}");
        }
    }
    assert_eq!(sights(&run.trace.events, "told").len(), 47 - 4);
    assert_eq!(index_changes(&run), [true, false, true]);
}

#[test]
fn an_altered_index_differs_in_one_octet_and_is_still_an_index_but_for_its_signature() {
    let plan = asking(with_fault(FaultKind::Index(IndexFault::Altered)));
    let run = run(&plan);
    let good = run.trace.body(&run.trace.header.index).expect("the index is kept");
    let (text, _) = open_index(good).expect("opens");
    for (at, body) in consulted(&run, INDEX_NAME, "https") {
        let body = body.expect("it can be had");
        let different = body.iter().zip(good).filter(|(a, b)| a != b).count();
        assert_eq!((body.len(), different), (good.len(), usize::from(inside(at, &plan))));
        let (read, _) = open_index(&body).expect("opens");
        assert_eq!(read.contains("mailReceipt: tervizio@alfa.test"), inside(at, &plan));
        assert_eq!(read.lines().count(), text.lines().count());
    }
    assert!(consulted(&run, INDEX_NAME, "ldap").iter().all(|(_, body)| body.as_deref() == Some(good)));
}

#[test]
fn a_rolled_back_index_was_signed_two_days_before_and_lacks_a_provider() {
    let plan = asking(with_fault(FaultKind::Index(IndexFault::RolledBack { lacks: "beta".into() })));
    let run = run(&plan);
    for (at, body) in consulted(&run, INDEX_NAME, "https").into_iter().chain(consulted(&run, INDEX_NAME, "ldap")) {
        let (text, signed_at) = open_index(&body.expect("it can be had")).expect("opens");
        let epoch = plan.epoch.0 / 1_000_000;
        let expected = match inside(at, &plan) {
            true => (vec!["alfa"], Some(epoch - 2 * DAY)),
            false => (vec!["alfa", "beta"], Some(epoch)),
        };
        assert_eq!((providers(&text), signed_at), expected);
    }
    for told in sights(&run.trace.events, "told") {
        let entries = if inside(told.at, &plan) { "told Success 1 1" } else { "told Success 2 2" };
        assert!(told.what.starts_with(entries), "{told:?}");
    }
}

#[test]
fn an_unlisted_provider_is_missing_from_an_index_signed_then() {
    let plan = with_fault(FaultKind::Unlisted { host: "alfa".into() });
    let run = run(&plan);
    for (at, body) in consulted(&run, INDEX_NAME, "https") {
        let (text, signed_at) = open_index(&body.expect("it can be had")).expect("opens");
        let since = signed_at.expect("it is dated") - plan.epoch.0 / 1_000_000;
        let expected = match inside(at, &plan) {
            true => (vec!["beta"], 3600),
            false => (vec!["alfa", "beta"], if since == 0 { 0 } else { 3 * 3600 }),
        };
        assert_eq!((providers(&text), since), expected);
    }
    assert_eq!(index_changes(&run), [true, true, true]);
}

#[test]
fn a_revoked_certificate_is_in_the_list_from_then_on() {
    let plan = with_fault(FaultKind::Revoked { host: "beta".into() });
    let run = run(&plan);
    for (at, body) in consulted(&run, CRL_NAME, "https") {
        let list = crl(&body.expect("it can be had"), &run);
        let revoked = list.tbs_cert_list.revoked_certificates.unwrap_or_default();
        assert_eq!(revoked.len(), usize::from(at.0 - plan.epoch.0 >= 3_600_000_000), "at {at:?}");
        for one in revoked {
            assert_eq!(one.serial_number, certificates(&run, "beta")[0].tbs_certificate.serial_number);
            assert_eq!(unix(one.revocation_date), plan.epoch.0 / 1_000_000 + 3600);
        }
    }
    let changes: Vec<_> = published(&run).into_iter().filter(|(_, name, _)| name == CRL_NAME).map(|p| p.0).collect();
    assert_eq!(changes, [plan.epoch, Instant(plan.epoch.0 + 3_600_000_000)]);
}

#[test]
fn the_list_of_revoked_certificates_is_fresh_at_each_fetch_and_signed_by_the_authority() {
    let run = run(&plan(7));
    let lists = consulted(&run, CRL_NAME, "https");
    assert_eq!(lists.len(), 2 * 47);
    for (at, body) in lists {
        let list = crl(&body.expect("it can be had"), &run).tbs_cert_list;
        let (from, until) = (unix(list.this_update), list.next_update.map(unix).expect("it ends"));
        assert!((from..until).contains(&(at.0 / 1_000_000)), "{from} to {until}, had at {at:?}");
        assert_eq!((from % 10_800, until - from), (0, 21_600));
        assert!(until - at.0 / 1_000_000 > 10_000, "nobody could have a newer one before this one ends");
    }
}

#[test]
fn an_unreachable_list_of_revoked_certificates_gives_nothing() {
    let plan = with_fault(FaultKind::CrlUnreachable);
    for (at, body) in consulted(&run(&plan), CRL_NAME, "https") {
        assert_eq!(body.is_none(), inside(at, &plan), "at {at:?}");
    }
}

#[test]
fn certificates_that_a_peer_forges_with_stand_in_the_index() {
    let forged = [Forgery::ForeignAuthority, Forgery::ExpiredSigner, Forgery::FutureSigner, Forgery::UnlistedSigner];
    let mut plan = plan(7);
    plan.providers[1].player = PlayerPlan::Peer(PeerBehaviour::Silent);
    let step = plan.steps.remove(0);
    for (n, forgery) in (1..).zip(forged) {
        let mut step = step.clone();
        step.at = Duration::from_secs(n);
        step.submit.provider = "beta".into();
        step.submit.forged = Some(forgery);
        step.submit.forward_paths = vec!["anna@alfa.test".into()];
        plan.steps.push(step);
    }
    let run = run(&plan);
    let years = |certificate: &Certificate| {
        let validity = &certificate.tbs_certificate.validity;
        (unix(validity.not_before) / DAY / 365 + 1970, unix(validity.not_after) / DAY / 365 + 1970)
    };
    let listed = certificates(&run, "beta");
    assert_eq!(listed.iter().map(years).collect::<Vec<_>>(), [(2025, 2029), (2023, 2025), (2029, 2033), (2025, 2029)]);
    let authority = authority(&run);
    let by_it = listed.iter().map(|one| one.tbs_certificate.issuer == authority.tbs_certificate.subject);
    assert_eq!(by_it.collect::<Vec<_>>(), [true, true, true, false]);
    assert_eq!(certificates(&run, "alfa").len(), 1, "nobody forges in its name");
}

#[test]
fn the_directory_tells_what_the_index_holds() {
    let run = run(&asking(plan(7)));
    let told = sights(&run.trace.events, "told");
    assert_eq!(told.len(), 47);
    assert!(told.iter().all(|told| told.what.starts_with("told Success 2 2")), "{told:?}");
    let asked = consulted(&run, INDEX_NAME, "ldap");
    assert_eq!(asked.len(), 47);
    assert!(asked.iter().all(|(_, body)| body.as_deref() == run.trace.body(&run.trace.header.index)));
    let ldaps = |what: &What| matches!(what, What::Secured(s) if s.server == "index" && s.port == 636);
    assert_eq!(run.trace.events.iter().filter(|event| ldaps(&event.what)).count(), 47, "under TLS each time");
}

#[test]
fn a_directory_out_of_reach_is_missed() {
    let (alfa, index) = (|| "alfa".to_owned(), || "index".to_owned());
    for kind in [FaultKind::Partition { a: index(), b: alfa() }, FaultKind::Hold { a: alfa(), b: index() }] {
        let plan = asking(with_fault(kind.clone()));
        let asked = consulted(&run(&plan), INDEX_NAME, "ldap");
        let missed: Vec<_> = asked.iter().filter(|(_, body)| body.is_none()).map(|(at, _)| *at).collect();
        assert_eq!((asked.len(), missed.len()), (47, 4), "{kind:?}");
        // Who is held back misses it when it gives up, at its next look.
        let last = plan.epoch.after(Span(3 * 3_600_000_000));
        assert!(missed.iter().all(|at| inside(*at, &plan) || at.0 - last.0 < 1_000_000), "{kind:?}: {missed:?}");
    }
}

fn run(plan: &Plan) -> Run {
    let watch: Arc<dyn Subject> = Arc::new(WatchSubject);
    let run = World::build(plan, &watch).expect("the world is built").run().expect("the world runs");
    assert_eq!(run.problem, None);
    run
}

/// The same plan, in which `alfa` asks the directory.
fn asking(mut plan: Plan) -> Plan {
    plan.providers[0].index_source = IndexSource::Ldap;
    plan
}

type Octets = Option<Vec<u8>>;

fn published(run: &Run) -> Vec<(Instant, String, Octets)> {
    let read = |event: &collaudo_record::Event| match &event.what {
        What::Published { document, body } => {
            Some((event.at, document.clone(), body.as_ref().and_then(|hash| run.trace.body(hash)).map(<[u8]>::to_vec)))
        }
        _ => None,
    };
    run.trace.events.iter().filter_map(read).collect()
}

/// Whether the index could be had, at each change.
fn index_changes(run: &Run) -> Vec<bool> {
    published(run).into_iter().filter(|(_, name, _)| name == INDEX_NAME).map(|(_, _, body)| body.is_some()).collect()
}

fn consulted(run: &Run, name: &str, by: &str) -> Vec<(Instant, Octets)> {
    let read = |event: &collaudo_record::Event| match &event.what {
        What::Consulted { document, over, body, .. } if document == name && over == by => {
            Some((event.at, body.as_ref().and_then(|hash| run.trace.body(hash)).map(<[u8]>::to_vec)))
        }
        _ => None,
    };
    run.trace.events.iter().filter_map(read).collect()
}

/// The first word of each `providerName`, in lower case.
fn providers(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.strip_prefix("providerName: ")?.split(' ').next()).collect()
}

/// The certificates that the index lists for a provider, in order.
fn certificates(run: &Run, provider: &str) -> Vec<Certificate> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let (text, _) = open_index(run.trace.body(&run.trace.header.index).expect("kept")).expect("opens");
    let unfolded = text.replace("\n ", "");
    let record = unfolded.split("\n\n").find(|record| record.contains(&format!("providerName: {provider} ")));
    let values = record.expect("listed").lines().filter_map(|line| line.strip_prefix("providerCertificate;binary:: "));
    values.map(|value| Certificate::from_der(&STANDARD.decode(value).expect("base64")).expect("DER")).collect()
}

fn authority(run: &Run) -> Certificate {
    Certificate::from_der(run.trace.body(&run.trace.header.trust[0]).expect("kept")).expect("DER")
}

/// Reads a list, its signature checked.
fn crl(der: &[u8], run: &Run) -> CertificateList {
    let list = CertificateList::from_der(der).expect("DER");
    let key = authority(run).tbs_certificate.subject_public_key_info.subject_public_key;
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.raw_bytes())
        .verify(&list.tbs_cert_list.to_der().expect("DER"), list.signature.raw_bytes())
        .expect("signed by the authority");
    list
}

fn unix(time: x509_cert::time::Time) -> i64 {
    i64::try_from(time.to_unix_duration().as_secs()).expect("an instant")
}
