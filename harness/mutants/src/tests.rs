//! Every mutant bends the good trace of its scenario, as this crate's own forger plays it.

pub(crate) mod play;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use collaudo_forge::{Entity, open};
use collaudo_record::{Trace, What};

use crate::{Mutant, Unfit, all, bend, providers};
use play::{good, keys};

fn bent(mutant: &Mutant) -> Trace {
    bend(mutant, &good(mutant.scenario), keys()).unwrap_or_else(|why| panic!("{}: {why}", mutant.id))
}

fn named(id: &str) -> &'static Mutant {
    all().iter().find(|mutant| mutant.id == id).unwrap()
}

fn message(trace: &Trace, header: &str) -> collaudo_forge::Opened {
    let messages = trace.bodies.values().filter_map(|body| open(body).ok());
    messages.into_iter().find(|message| message.fields().get("X-Ricevuta").as_deref() == Some(header)).unwrap()
}

#[test]
fn there_are_enough_mutants_and_no_two_of_one_name() {
    let names: BTreeSet<_> = all().iter().map(|mutant| mutant.id).collect();
    assert_eq!(names.len(), all().len());
    assert!(names.len() >= 150, "{}", names.len());
    assert!(providers().iter().all(|bent| !names.contains(bent.id)), "a trace and a provider have one name");
    let bent: BTreeSet<_> = providers().iter().map(|bent| bent.id).collect();
    assert_eq!(bent.len(), providers().len());
}

#[test]
fn every_row_that_must_fail_is_in_the_catalogue_once() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../spec/requirements.toml");
    let catalogue: toml::Table = fs::read_to_string(path).unwrap().parse().unwrap();
    let rows = catalogue["requirement"].as_array().unwrap().iter();
    let known: BTreeSet<_> = rows.map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    let traces = all().iter().map(|mutant| (mutant.id, mutant.must_fail, mutant.permits));
    let bent = providers().iter().map(|bent| (bent.id, bent.must_fail, bent.permits));
    for (id, must_fail, permits) in traces.chain(bent) {
        assert_eq!(must_fail.is_empty(), permits.is_some(), "{id} breaks something, or is permitted by something");
        let rows: BTreeSet<_> = must_fail.iter().chain(&permits).collect();
        assert_eq!(rows.len(), must_fail.len() + permits.iter().len(), "{id} names a row twice");
        for row in rows {
            assert!(known.contains(*row), "{id}: unknown row {row}");
        }
    }
}

#[test]
fn every_mutant_bends_its_scenario_and_keeps_the_trace_in_order() {
    let mut plays: BTreeMap<_, Trace> = BTreeMap::new();
    for mutant in all() {
        let good = plays.entry(mutant.scenario).or_insert_with(|| good(mutant.scenario));
        let bent = bend(mutant, good, keys()).unwrap_or_else(|why| panic!("{}: {why}", mutant.id));
        // What is permitted may be what a good run does anyway.
        let bends = (&bent.events, &bent.header) != (&good.events, &good.header);
        assert!(bends || mutant.permits.is_some(), "{} bends nothing", mutant.id);
        assert!(bent.events.is_sorted_by_key(|event| event.at), "{}", mutant.id);
        for event in &bent.events {
            if let What::Stored { body, .. } = &event.what {
                assert!(bent.body(body).is_some(), "{} lost a body", mutant.id);
            }
        }
        assert!(bent.body(&bent.header.index).is_some(), "{} lost the index", mutant.id);
    }
}

#[test]
fn bending_twice_gives_the_same_trace() {
    for mutant in all().iter().step_by(25) {
        assert_eq!(bent(mutant), bent(mutant), "{}", mutant.id);
    }
}

#[test]
fn another_scenarios_trace_is_refused() {
    let why = bend(named("acceptance-subject-prefix"), &good("access-point/bcc-field"), keys());
    assert_eq!(why, Err(Unfit::Scenario("access-point/bcc-field".to_owned())));
}

#[test]
fn a_header_bend_leaves_the_signature_as_it_was() {
    let before = message(&good("flows/cross-provider"), "accettazione");
    let after = message(&bent(named("acceptance-subject-prefix")), "accettazione");
    assert_eq!(after.signature(), before.signature());
    assert_eq!(after.fields().get("Subject").as_deref(), Some("ACCETTATO: Contratto"));
}

#[test]
fn a_bend_under_the_signature_is_signed_anew_at_the_same_instant() {
    let before = message(&good("flows/cross-provider"), "accettazione");
    let after = message(&bent(named("acceptance-tipo-english")), "accettazione");
    assert_ne!(after.signature(), before.signature());
    assert_eq!(after.signed_at(), before.signed_at());
    assert!(after.daticert().unwrap().contains("tipo=\"acceptance\""));
}

#[test]
fn a_broken_signature_is_the_old_one_over_another_text() {
    let before = message(&good("flows/cross-provider"), "accettazione");
    let after = message(&bent(named("acceptance-signature-broken")), "accettazione");
    assert_eq!(after.signature(), before.signature());
    assert_ne!(after.content(), before.content());
}

#[test]
fn a_bent_certificate_is_the_one_that_the_index_lists() {
    let trace = bent(named("certificate-basic-constraints"));
    let (ldif, _) = collaudo_forge::open_index(trace.body(&trace.header.index).unwrap()).unwrap();
    let signature = message(&trace, "avvenuta-consegna").signature();
    let listed = ldif.replace("\n ", "");
    let certificates = listed.lines().filter_map(|line| line.strip_prefix("providerCertificate;binary:: "));
    let found = certificates.filter(|text| {
        let fields = "Content-Transfer-Encoding: base64\r\n";
        let der = Entity::leaf(fields, text.as_bytes()).decoded();
        signature.windows(der.len()).any(|window| window == der)
    });
    assert_eq!(found.count(), 1);
}

#[test]
fn a_retimed_notice_says_its_new_time_everywhere() {
    let trace = bent(named("second-notice-early"));
    let times: Vec<_> = trace
        .bodies
        .values()
        .filter_map(|body| open(body).ok())
        .filter_map(|notice| {
            let date = notice.fields().get("Date")?;
            let at = collaudo_forge::unix_of_date(&date)?;
            (notice.fields().get("X-Ricevuta")? == "preavviso-errore-consegna").then_some((at, notice))
        })
        .collect();
    assert_eq!(times.len(), 2);
    for (at, mut notice) in times {
        let moment = collaudo_forge::Moment::at(at);
        assert_eq!(notice.signed_at(), Some(at));
        assert!(notice.daticert().unwrap().contains(&moment.hour));
        assert!(notice.texts_mut().first().unwrap().text().contains(&moment.hour));
    }
}

#[test]
fn the_author_alone_is_left_to_be_judged() {
    let trace = bent(named("delivery-subject-prefix"));
    let bound = trace.header.providers.iter().filter(|provider| provider.player == collaudo_record::Player::Subject);
    assert_eq!(bound.map(|provider| provider.name.as_str()).collect::<Vec<_>>(), ["beta"]);
}

#[test]
fn what_is_refused_can_be_welcomed_with_all_that_follows() {
    let trace = bent(named("takes-envelope-of-revoked-signer"));
    let kinds = trace.events.iter().filter_map(|event| match &event.what {
        What::Transfer(transfer) => open(trace.body(transfer.body.as_ref()?)?).ok()?.fields().get("X-Ricevuta"),
        _ => None,
    });
    assert_eq!(kinds.collect::<Vec<_>>(), ["presa-in-carico", "avvenuta-consegna"]);
    assert!(
        trace
            .events
            .iter()
            .any(|event| matches!(&event.what, What::Stored { mailbox, .. } if mailbox == "bruno@beta.test"))
    );
}

#[test]
fn a_notice_too_many_stands_in_its_sealed_day() {
    let trace = bent(named("first-notice-in-spite-of-take-charge"));
    let made = trace.events.iter().rev().find_map(|event| match &event.what {
        What::Logged { entry, .. } if entry.event == "preavviso-errore-consegna" => entry.related.first().cloned(),
        _ => None,
    });
    let seals = trace.events.iter().filter_map(|event| match &event.what {
        What::Sealed { provider, seal, .. } if provider == "alfa" => trace.body(seal),
        _ => None,
    });
    let lines: Vec<_> = seals.map(|der| collaudo_forge::open_log(der).unwrap().0).collect();
    assert_eq!(lines.len(), 1);
    assert!(lines.iter().all(|text| text.contains(made.as_deref().unwrap())));
}
