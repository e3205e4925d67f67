//! The rules, each seen to hold on good messages and to break on messages bent in one place.

use super::bends::BENDS;
use std::collections::{BTreeMap, BTreeSet};

use collaudo_record::{Basis, Event, FaultPhase, Outcome, Span, Trace, What};

use crate::{
    Clause,
    check::{Finding, View},
    fixture::{self, Draft, Signing},
    library::Library,
    reading::{Index, Readings},
    sighting::sightings,
    story::Story,
};

/// What the rules say of the world, its messages bent.
fn findings(bend: impl Fn(&mut Draft)) -> Vec<Finding> {
    findings_of(&fixture::trace(bend))
}

fn findings_of(trace: &Trace) -> Vec<Finding> {
    let readings = Readings::of(trace);
    let index = Index::of(trace);
    let sightings = sightings(trace, &readings);
    let library = Library::of(trace, &index);
    let story = Story::read(trace, &readings, &library, &sightings);
    let view =
        View { trace, readings: &readings, index: &index, library: &library, sightings: &sightings, story: &story };
    super::run(&view)
}

fn worse(findings: &[Finding]) -> BTreeMap<Clause, (Outcome, String)> {
    let mut worse = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.outcome > Outcome::Pass) {
        let words = format!("expected {}, observed {}", finding.expected, finding.observed);
        worse.entry(finding.clause).or_insert((finding.outcome, words));
    }
    worse
}

#[test]
fn good_messages_pass_every_rule() {
    let findings = findings(|_| {});
    assert_eq!(worse(&findings), BTreeMap::new());
}

/// Goal: no rule is silent on a world that holds every kind of message. Method: those that need what this world has not
/// are named.
#[test]
fn every_rule_is_exercised_by_the_good_messages() {
    let passed: BTreeSet<Clause> = findings(|_| {}).into_iter().map(|finding| finding.clause).collect();
    let silent: Vec<Clause> = super::clauses().filter(|clause| !passed.contains(clause)).collect();
    assert_eq!(silent, []);
}

/// Goal: who answers an envelope may only repeat what its author certified. Method: one element wrong in the envelope and in
/// all that its taker makes of it.
#[test]
fn what_is_repeated_of_an_envelope_is_laid_to_its_author_alone() {
    let wrong = [
        ("<risposte>anna@alfa.test</risposte>", "<risposte>altra@altrove.test</risposte>"),
        ("<risposte>anna@alfa.test</risposte>", ""),
        ("<oggetto>Contratto", "<oggetto>Altro contratto"),
        ("<mittente>anna@", "<mittente>altra@"),
    ];
    for (right, wrong) in wrong {
        let answers = ["busta", "presa-in-carico", "consegna"];
        let found = findings(|draft| {
            if answers.contains(&draft.name) {
                draft.content = draft.content.replace(right, wrong);
            }
        });
        let blamed: BTreeSet<&str> = found
            .iter()
            .filter(|finding| finding.outcome == Outcome::Fail && finding.clause.id().starts_with("PEC-4.4-"))
            .map(|finding| finding.provider.as_str())
            .collect();
        assert_eq!(blamed, BTreeSet::from(["alfa"]), "{wrong}");
    }
}

/// A bend of one message and the clauses that must fail, no more and no fewer.
pub(super) type Bend = (&'static str, &'static [(&'static str, &'static str)], &'static [Clause]);

#[test]
fn a_bent_message_fails_the_rows_that_it_breaks_and_no_others() {
    let mut wrong = Vec::new();
    for (name, swaps, expected) in BENDS {
        let failed = failed(|draft| {
            if draft.name == *name {
                swaps.iter().for_each(|(from, to)| draft.swap(from, to));
            }
        });
        if failed != expected.iter().copied().collect() {
            wrong.push(format!("{name} {swaps:?}: failed {failed:?}, expected {expected:?}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// The description of an error is what must be there, no word that leads to it (R-0107).
#[test]
fn a_cause_is_told_by_its_description_in_any_words() {
    const CAUSE: &str = "e' stato rilevato un problema: destinatario nascosto.\r\nIl messaggio non e' stato accettato.";
    let told = |said: &str, certified: &str| {
        let found = findings(|draft| {
            if draft.name == "non-accettazione" {
                draft.swap(CAUSE, said);
                draft.swap("<errore-esteso>destinatario nascosto</errore-esteso>", certified);
            }
        });
        !worse(&found).contains_key(&Clause::PEC_3_1_2_09)
    };
    let certified = "<errore-esteso>From, To, Cc, Bcc o dimensioni fuori norma</errore-esteso>";
    assert!(told("non e' stato accettato: From, To, Cc, Bcc o dimensioni fuori norma.", certified));
    assert!(!told("non e' stato accettato.", certified));
    assert!(told("non e' stato accettato: mittente non valido.", ""));
    assert!(!told("non e' stato accettato.", ""));
    // What came of the message is no cause of it.
    assert!(!told("non e' stato accettato.", "<errore-esteso>messaggio non accettato</errore-esteso>"));
}

#[test]
fn every_rule_is_broken_by_some_bend() {
    let broken: BTreeSet<Clause> = BENDS.iter().flat_map(|(.., clauses)| *clauses).chain(ELSEWHERE).copied().collect();
    let unbroken: Vec<Clause> = super::clauses().filter(|clause| !broken.contains(clause)).collect();
    assert_eq!(unbroken, []);
}

/// Goal: a wrong time is no fault of the Date beside it. Method: the delivery receipt's three times, bent one by one and in
/// pairs; that they differ is the business of a row about the whole transaction.
#[test]
fn a_date_is_right_by_what_can_be_true() {
    let (date, certified, text) = ("10:00:06 +0200", "<ora>10:00:06", "alle ore 10:00:06");
    let late = |places: &[&str]| {
        failed(|draft| {
            if draft.name == "consegna" {
                places.iter().for_each(|place| draft.swap(place, &place.replace("10:", "11:")));
            }
        })
    };
    assert_eq!(late(&[certified]), [].into());
    assert_eq!(late(&[text]), [Clause::PEC_3_3_2_1_05].into());
    assert_eq!(late(&[date]), [Clause::PEC_3_3_2_05].into());
    // Two agree, and neither can be true: the receipt was seen an hour before.
    assert_eq!(late(&[certified, text]), [].into());
    assert_eq!(late(&[date, text]), [Clause::PEC_3_3_2_05].into());
    assert_eq!(late(&[date, certified]), [Clause::PEC_3_3_2_05].into());
    assert_eq!(late(&[date, certified, text]), [Clause::PEC_3_3_2_05].into());
}

/// Goal: a wrong list of recipients is laid to its own row, in the message of who made it and of who repeats it. Method: one
/// recipient of three another, in the envelope and what answers it, and in a receipt alone; a receipt of another's recipient.
#[test]
fn who_is_concerned_is_no_fault_of_the_list_beside_it() {
    use Clause as C;
    let (listed, other) = ("bruno@beta.test</destinatari>", "bianca@beta.test</destinatari>");
    let found = findings(|draft| {
        if ["busta", "presa-in-carico", "consegna"].contains(&draft.name) {
            draft.swap(listed, other);
        }
    });
    let blamed: BTreeSet<_> = found
        .iter()
        .filter(|finding| finding.outcome == Outcome::Fail)
        .map(|finding| (finding.provider.as_str(), finding.clause))
        .collect();
    assert_eq!(blamed, [("alfa", C::PEC_4_4_08)].into());
    let bent = |name: &str, from: &str, to: &str| {
        failed(|draft| {
            if draft.name == name {
                draft.swap(from, to);
            }
        })
    };
    assert_eq!(bent("presa-in-carico", listed, other), [C::PEC_4_4_08].into());
    assert_eq!(bent("consegna", "<consegna>bruno@beta.test", "<consegna>elsa@gamma.test"), [C::PEC_4_4_21].into());
    assert_eq!(bent("consegna", "<consegna>bruno@beta.test", "<consegna>bianca@beta.test"), [C::PEC_4_4_21].into());
    assert_eq!(bent("consegna", "a \"bruno@beta.test", "a \"elsa@gamma.test"), [C::PEC_3_3_2_1_05].into());
    // The provider that such a receipt reaches, which knows of no outcome for its own recipient, has done nothing wrong.
    let failed = |from: &str, to: &str| {
        let trace = fixture::trace(|draft| {
            if draft.name == "consegna" {
                draft.swap(from, to);
            }
        });
        let verdicts = crate::judge(&trace).verdicts.into_iter();
        let alfas = verdicts.filter(|one| one.provider == "alfa" && one.outcome == Outcome::Fail);
        alfas.map(|one| one.clause).collect::<BTreeSet<_>>()
    };
    assert_eq!(failed("<consegna>bruno@beta.test", "<consegna>elsa@gamma.test"), failed("CONSEGNA", "CONSEGNA"));
}

fn failed(bend: impl Fn(&mut Draft)) -> BTreeSet<Clause> {
    let found = worse(&findings(bend));
    found.into_iter().filter(|(_, (outcome, _))| *outcome == Outcome::Fail).map(|(clause, _)| clause).collect()
}

/// Goal: a first notice is judged as one however late it comes. Method: notices moved, the provider down meanwhile, its clock
/// wrong.
#[test]
fn which_notice_it_is_its_order_tells_and_not_its_hour_alone() {
    use Clause as C;
    let texts = |first: Span, second: Span, meanwhile: &[(i64, What)], swap: Option<(&'static str, &'static str)>| {
        let mut trace = fixture::trace(|draft| match (draft.name, swap) {
            ("primo-avviso", swap) => {
                draft.seen = first;
                swap.into_iter().for_each(|(from, to)| draft.swap(from, to));
            }
            ("secondo-avviso", _) => draft.seen = second,
            _ => {}
        });
        for (hours, what) in meanwhile {
            let at = fixture::EPOCH.after(Span::from_hours(*hours));
            trace.events.push(Event { at, basis: Basis::Observed, what: what.clone() });
        }
        trace.events.sort_by_key(|event| event.at);
        let mut worse = worse(&findings_of(&trace));
        worse.retain(|clause, _| [C::PEC_3_1_6_13, C::PEC_3_1_6_14].contains(clause));
        worse.into_keys().collect::<Vec<_>>()
    };
    let hours = Span::from_hours;
    let minute = Span::from_secs(60);
    let host = |up| What::Host { host: "alfa".into(), up };
    let clock = |phase| What::Fault { fault: 1, kind: "clock".into(), hosts: vec!["alfa".into()], phase };
    assert_eq!(texts(hours(18), hours(23), &[], None), []);
    assert_eq!(texts(hours(12), hours(20), &[], None), []);
    assert_eq!(texts(hours(25), Span(hours(25).0 + minute.0), &[(1, host(false)), (25, host(true))], None), []);
    // Where the provider's clock leapt its hours are not the world's.
    let leapt = [(1, clock(FaultPhase::Injected)), (30, clock(FaultPhase::Healed))];
    assert_eq!(texts(hours(24), hours(36), &leapt, None), []);
    assert_eq!(texts(hours(18), hours(23), &[], Some(("un ulteriore avviso", "qualcosa"))), [C::PEC_3_1_6_13]);
    // The other way round each has the other's text.
    assert_eq!(texts(hours(23), hours(12), &[], None), [C::PEC_3_1_6_13, C::PEC_3_1_6_14]);
}

/// Goal: what signs a message is judged apart from what it says. Method: every message of alfa signed otherwise.
#[test]
fn a_message_signed_otherwise_fails_the_rows_of_signatures() {
    use Clause as C;
    let alfa = |signing| {
        move |draft: &mut Draft| {
            if draft.signing == Signing::Alfa {
                draft.signing = signing
            }
        }
    };
    assert_eq!(failed(alfa(Signing::Beta)), [C::PEC_2_1_01, C::PEC_2_1_05].into());
    assert_eq!(failed(alfa(Signing::Uncertified)), [C::PEC_2_1_01, C::PEC_2_1_03, C::PEC_DPR_9_01].into());
    assert_eq!(failed(alfa(Signing::None)), [C::PEC_2_1_01, C::PEC_2_1_02, C::PEC_DPR_9_01].into());
    let bare = [
        C::PEC_2_1_01,
        C::PEC_2_1_04,
        C::PEC_5_5_1_01,
        C::PEC_5_5_2_01,
        C::PEC_5_5_1_03,
        C::PEC_5_5_2_02,
        C::PEC_5_5_2_03,
        C::PEC_5_5_2_06,
        C::PEC_5_5_2_07,
        C::PEC_AGID_SHA_02,
        C::PEC_DPR_9_01,
    ];
    assert_eq!(failed(alfa(Signing::Bare)), bare.into());
    let anomaly = |draft: &mut Draft| {
        if draft.name == "anomalia" {
            draft.signing = Signing::Alfa
        }
    };
    assert!(failed(anomaly).is_superset(&[C::PEC_3_2_2_16, C::PEC_2_1_01].into()));
}

/// Goal: each row of the profile is judged by itself. Method: octets of a good certificate replaced; the index no longer
/// lists it, and the profile as a whole is broken too.
#[test]
fn a_certificate_out_of_profile_fails_the_row_that_it_breaks() {
    use Clause as C;
    let patched = |from, to| {
        let mut failed = failed(move |draft| {
            if draft.name == "accettazione" {
                draft.signing = Signing::Patched(from, to)
            }
        });
        assert!(failed.remove(&C::PEC_2_1_01));
        assert!(failed.remove(&C::PEC_2_1_04));
        failed
    };
    let no_alt_name = [C::PEC_5_5_1_02, C::PEC_5_5_2_01, C::PEC_5_5_2_06, C::PEC_2_1_05].into();
    assert_eq!(patched(&[0x55, 0x1d, 17], &[0x55, 0x1d, 18]), no_alt_name);
    assert_eq!(patched(b"\x13\x02IT", b"\x13\x02it"), [C::PEC_5_5_1_04].into());
    assert_eq!(patched(&[0x30, 22, 0x80, 20], &[0x30, 22, 0x82, 20]), [C::PEC_5_5_2_04].into());
    assert_eq!(patched(&[4, 22, 4, 20], &[4, 22, 5, 20]), [C::PEC_5_5_2_05].into());
    assert_eq!(patched(&[3, 2, 7, 0x80], &[3, 2, 7, 0]), [C::PEC_5_5_2_03].into());
}

#[test]
fn a_digest_of_sha_1_fails_now_and_was_tolerated_once() {
    let signing = |draft: &mut Draft| {
        if draft.name == "busta" {
            draft.signing = Signing::Sha1
        }
    };
    assert!(failed(signing).contains(&Clause::PEC_AGID_SHA_01));
    let once = |draft: &mut Draft| {
        signing(draft);
        draft.seen = if draft.name == "busta" { Span::from_hours(-24 * 365 * 3) } else { draft.seen };
    };
    let found = worse(&findings(once));
    assert_eq!(found.get(&Clause::PEC_AGID_SHA_01).map(|(outcome, _)| *outcome), Some(Outcome::Deviation));
}

/// What deployed practice tolerates is told and is no failure: message, what is replaced, the rows.
const TOLERATED: &[Bend] = &[
    (
        "busta",
        &[("Sender: \"Per conto di: anna@alfa.test\" <posta-certificata@alfa.test>\r\n", "")],
        &[Clause::PEC_2_1_07],
    ),
    ("busta", &[("X-TipoRicevuta: completa\r\n", "")], &[Clause::PEC_3_1_5_14]),
    ("busta", &[("10:00:01 +0200", "10:00:07 +0200")], &[Clause::PEC_3_1_5_08]),
    ("busta", &[("charset=iso-8859-1", "charset=utf-8")], &[Clause::PEC_4_3_1_01]),
    ("accettazione", &[("<risposte>anna@alfa.test</risposte>", "<risposte/>")], &[Clause::PEC_4_4_10]),
    (
        "errore-consegna",
        &[("<errore-esteso>5.2.2 - Beta PEC - casella piena</errore-esteso>", "")],
        &[Clause::PEC_4_4_23, Clause::PEC_3_3_3_09, Clause::PEC_AGID_12_02],
    ),
    (
        "consegna-breve",
        &[("b73c55bb565ae1997276b0ef4f91da643f8aa5e6", "16f0a172ae965bc74624afede9a5ed24a025c59d")],
        &[Clause::PEC_3_3_2_2_05],
    ),
];

#[test]
fn what_deployed_providers_do_is_told_as_a_deviation() {
    for (name, swaps, expected) in TOLERATED {
        let found = worse(&findings(|draft| {
            if draft.name == *name {
                swaps.iter().for_each(|(from, to)| draft.swap(from, to));
            }
        }));
        assert_eq!(
            found.keys().copied().collect::<BTreeSet<_>>(),
            expected.iter().copied().collect(),
            "{swaps:?}: {found:#?}"
        );
        let first = expected.first().and_then(|clause| found.get(clause));
        assert_eq!(first.map(|(outcome, _)| *outcome), Some(Outcome::Deviation), "{swaps:?}");
    }
}

#[test]
fn content_changed_after_it_was_signed_is_told() {
    let change = |draft: &mut Draft| {
        if draft.name == "primo-avviso" {
            draft.after.push(("dodici ore dal suo", "dodici ore  dal suo"))
        }
    };
    assert_eq!(failed(change), [Clause::PEC_2_1_01, Clause::PEC_DPR_9_01].into());
}

/// What other tests than the one of bends break.
const ELSEWHERE: &[Clause] = &[
    Clause::PEC_2_1_01,
    Clause::PEC_2_1_02,
    Clause::PEC_2_1_03,
    Clause::PEC_2_1_04,
    Clause::PEC_3_2_2_16,
    Clause::PEC_5_5_1_01,
    Clause::PEC_5_5_1_02,
    Clause::PEC_5_5_1_03,
    Clause::PEC_5_5_1_04,
    Clause::PEC_5_5_2_01,
    Clause::PEC_5_5_2_02,
    Clause::PEC_5_5_2_03,
    Clause::PEC_5_5_2_04,
    Clause::PEC_5_5_2_05,
    Clause::PEC_5_5_2_06,
    Clause::PEC_5_5_2_07,
    Clause::PEC_AGID_SHA_01,
    Clause::PEC_AGID_SHA_02,
    Clause::PEC_DPR_9_01,
    Clause::PEC_3_3_2_2_05,
];
