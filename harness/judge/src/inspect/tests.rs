//! Stored messages of the fixture's world, whole, bent and damaged.

use collaudo_record::{Inspection, Outcome, PathVerdict, SignatureVerdict};

use super::*;
use crate::fixture::{self, AUTHORITY, Draft, ldif};

/// A message of the fixture's world as somebody stored it, bent before it was signed.
pub(super) fn stored(name: &str, bend: impl Fn(&mut Draft)) -> Vec<u8> {
    let mut draft = fixture::drafts().into_iter().find(|draft| draft.name == name).expect("a draft of that name");
    bend(&mut draft);
    draft.render()
}

pub(super) fn all() -> Anchors {
    Anchors::read(&[AUTHORITY], Some(ldif().as_bytes()), &[]).expect("the fixture's anchors")
}

/// What a message comes to with nothing to hold it against.
pub(super) fn alone(octets: &[u8]) -> Inspection {
    let mut found = inspect(octets, &Anchors::default(), Profile::Deployed);
    assert_eq!(found.len(), 1, "one message");
    found.remove(0)
}

/// Rows with that outcome.
pub(super) fn rows(inspection: &Inspection, outcome: Outcome) -> Vec<&str> {
    let such = inspection.verdicts.iter().filter(|verdict| verdict.verdict == outcome);
    such.map(|verdict| &*verdict.clause).collect()
}

/// Rows that are no pass, with their words.
pub(super) fn complaints(inspection: &Inspection) -> Vec<String> {
    let such = inspection.verdicts.iter().filter(|verdict| verdict.verdict != Outcome::Pass);
    such.map(|one| format!("{:?} {}: {} / {}", one.verdict, one.clause, one.expected, one.observed)).collect()
}

#[test]
fn what_passes_has_no_words_and_all_else_has_them() {
    let inspection = alone(&stored("busta", |draft| draft.swap("To: bruno@beta.test", "To: carla@beta.test")));
    assert!(!rows(&inspection, Outcome::Fail).is_empty() && !rows(&inspection, Outcome::Pass).is_empty());
    for one in &inspection.verdicts {
        let is_silent = one.expected.is_empty() && one.observed.is_empty();
        let is_told = !one.expected.is_empty() && !one.observed.is_empty();
        assert!(if one.verdict == Outcome::Pass { is_silent } else { is_told }, "{one:?}");
    }
}

#[test]
fn every_good_message_passes_alone_and_before_anchors() {
    for draft in fixture::drafts() {
        let (name, octets) = (draft.name, draft.render());
        for anchors in [Anchors::default(), all()] {
            let found = inspect(&octets, &anchors, Profile::Strict);
            let first = found.first().expect("at least one");
            assert_eq!(complaints(first), Vec::<String>::new(), "{name}");
            if first.kind != "ordinary" {
                assert_eq!(first.signature.verdict, SignatureVerdict::Valid, "{name}");
                assert!(first.verdicts.len() > 30, "{name}: {}", first.verdicts.len());
            }
        }
    }
}

#[test]
fn what_was_not_given_is_said_to_be_so() {
    let octets = stored("accettazione", |_| {});
    let path = alone(&octets).signature.path;
    let words = [path.trust, path.index, path.revocation];
    assert!(words.iter().all(|check| check.verdict == PathVerdict::NotGiven && check.words.contains("not examined")));
    let given = inspect(&octets, &all(), Profile::Deployed).remove(0).signature.path;
    assert_eq!((given.trust.verdict, given.index.verdict), (PathVerdict::Holds, PathVerdict::Holds));
}

/// The header is outside of what is signed: an edited Subject leaves the signature valid, and is told all the same.
#[test]
fn a_subject_edited_after_signing_is_told_by_the_certification_data() {
    let octets = stored("accettazione", |draft| draft.swap("ACCETTAZIONE: C", "ACCETTAZIONE: Nuovo c"));
    let inspection = alone(&octets);
    assert_eq!(inspection.signature.verdict, SignatureVerdict::Valid);
    assert_eq!(rows(&inspection, Outcome::Fail), ["PEC-3.1.4-03"]);
}

/// How somebody's store may have changed the line ends of a message.
fn line_ends(octets: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let text = String::from_utf8(octets.to_vec()).expect("the fixture's messages are text");
    let lf = text.replace("\r\n", "\n");
    let mixed: String = lf
        .split_inclusive('\n')
        .enumerate()
        .map(|(n, line)| if n % 2 == 0 { line.replace('\n', "\r\n") } else { line.to_owned() })
        .collect();
    vec![
        ("LF", lf.clone().into_bytes()),
        ("mixed", mixed.into_bytes()),
        ("doubled CR", lf.replace('\n', "\r\r\n").into_bytes()),
    ]
}

#[test]
fn line_ends_that_storage_changed_change_no_verdict() {
    for name in ["accettazione", "busta", "consegna-breve", "anomalia", "secondo-avviso"] {
        let octets = stored(name, |_| {});
        for (form, changed) in line_ends(&octets) {
            let inspection = alone(&changed);
            assert_eq!(inspection.signature.verdict, SignatureVerdict::Valid, "{name} {form}");
            assert_eq!(complaints(&inspection), Vec::<String>::new(), "{name} {form}");
        }
    }
}

/// Goal: whatever was done to a message, there is a verdict. Method: cut short and overwritten at many places.
#[test]
fn damaged_messages_have_a_verdict_each() {
    for draft in fixture::drafts() {
        let octets = draft.render();
        for at in (0..octets.len()).step_by(octets.len() / 23 + 1) {
            let mut damaged = octets.clone();
            let end = (at + 7).min(damaged.len());
            damaged[at..end].copy_from_slice(&b"\0\xff\r\n\n\r<"[..end - at]);
            for octets in [&octets[..at], &damaged] {
                let found = inspect(octets, &Anchors::default(), Profile::Deployed);
                assert!(!found.is_empty(), "{} at {at}", draft.name);
                let crashed =
                    |one: &Inspection| one.verdicts.iter().any(|verdict| verdict.observed == "the check crashed");
                assert!(!found.iter().any(crashed), "{} at {at}", draft.name);
            }
        }
    }
}

#[test]
fn content_changed_after_signing_is_told_in_words() {
    let inspection =
        alone(&stored("primo-avviso", |draft| draft.after.push(("dodici ore dal suo", "dodici ore  dal suo"))));
    assert_eq!(inspection.signature.verdict, SignatureVerdict::Invalid);
    assert!(inspection.signature.reason.contains("something in it was changed"));
    assert_eq!(rows(&inspection, Outcome::Fail), ["PEC-2.1-01", "PEC-DPR.9-01"]);
    let unsigned = alone(&stored("accettazione", |draft| draft.signing = crate::fixture::Signing::None));
    assert_eq!(unsigned.signature.verdict, SignatureVerdict::Absent);
    assert_eq!(rows(&unsigned, Outcome::Fail), ["PEC-2.1-01", "PEC-2.1-02", "PEC-DPR.9-01"]);
    let words = complaints(&unsigned);
    assert!(words.iter().any(|one| one.ends_with("no signature: multipart/mixed")), "{words:?}");
}

#[test]
fn profiles_differ_in_what_deviates_alone() {
    let octets = stored("busta", |draft| draft.swap("X-TipoRicevuta: completa\r\n", ""));
    let strict = inspect(&octets, &Anchors::default(), Profile::Strict).remove(0);
    assert_eq!((rows(&strict, Outcome::Fail), rows(&strict, Outcome::Deviation)), (vec!["PEC-3.1.5-14"], vec![]));
    assert_eq!(rows(&alone(&octets), Outcome::Deviation), ["PEC-3.1.5-14"]);
}

/// Without the submission and the original nothing is passed that they alone would tell.
#[test]
fn what_only_the_submission_tells_is_not_passed() {
    let inspection = alone(&stored("accettazione", |_| {}));
    let passed = rows(&inspection, Outcome::Pass);
    for clause in ["PEC-2.1-01", "PEC-5.5.1-01", "PEC-4.4-07", "PEC-4.4-08", "PEC-4.4-10", "PEC-4.4-11", "PEC-4.5-05"] {
        assert!(!passed.contains(&clause), "{clause}");
    }
    let envelope = alone(&stored("busta", |_| {}));
    assert!(rows(&envelope, Outcome::Pass).contains(&"PEC-4.4-07"), "the enclosed original tells its sender");
}

/// Goal: a list of revoked certificates speaks of the time that the signer claims. Method: the same message signed some hours
/// before and after the authority's lists.
#[test]
fn a_revoked_certificate_is_told_as_of_the_time_of_signing() {
    use crate::{
        fixture::{EPOCH, ISSUER, Signing, list_of_revoked},
        reading::{Certificate, Crl},
    };
    use collaudo_record::Span;
    let issuer = Certificate::read(ISSUER).expect("a fixture");
    let made = |has_it| Crl::read(list_of_revoked(has_it), std::slice::from_ref(&issuer)).expect("a list").this_update;
    let told = |signed: collaudo_record::Instant, list: &[u8]| {
        let octets = stored("accettazione", |draft| {
            (draft.signing, draft.seen) = (Signing::Revocable, signed.since(EPOCH));
        });
        let anchors = Anchors::read(&[ISSUER], None, &[list]).expect("an authority and its list");
        let found = inspect(&octets, &anchors, Profile::Deployed).remove(0);
        assert_eq!(found.signature.verdict, SignatureVerdict::Valid);
        found.signature.path.revocation
    };
    let hour = |at: collaudo_record::Instant, hours| at.after(Span::from_hours(hours));
    let (clean, revoked) = (list_of_revoked(false), list_of_revoked(true));
    assert_eq!(told(hour(made(false), -1), clean).verdict, PathVerdict::Holds);
    assert_eq!(told(hour(made(false), 1), clean).verdict, PathVerdict::Undecided);
    assert_eq!(told(hour(made(true), 1), revoked).verdict, PathVerdict::Fails);
    let before = told(hour(made(true), -1), revoked);
    assert_eq!(before.verdict, PathVerdict::Holds);
    assert!(before.words.contains("was revoked on") && before.words.contains("the time that the signer claims"));
    let foreign = Anchors::read(&[AUTHORITY], None, &[clean]).expect("an authority and a list");
    let found = inspect(&stored("accettazione", |_| {}), &foreign, Profile::Deployed).remove(0);
    assert_eq!(found.signature.path.revocation.verdict, PathVerdict::Undecided);
}

/// An index of another day proves nothing (R-0060); one of the day that does not list the certificate does.
#[test]
fn an_index_that_is_younger_than_the_message_decides_nothing() {
    let verdict = |index: &str| {
        let octets = stored("accettazione", |draft| {
            draft.signing = crate::fixture::Signing::Beta;
            draft.header = draft.header.replace("posta-certificata@alfa", "posta-certificata@beta");
        });
        let anchors = Anchors::read(&[], Some(index.as_bytes()), &[]).expect("an index");
        let row = row_of_signer(&octets, &anchors);
        (row.verdict, row.reading)
    };
    // Beta's record lists alfa's certificate in the place of its own.
    let other = ldif().replace(
        "mailReceipt: servizio@beta.test\nmanagedDomains: beta.test",
        "mailReceipt: x@y.test\nmanagedDomains: y.test",
    );
    let other = other.replace("managedDomains: alfa.test", "managedDomains: beta.test");
    assert_eq!(verdict(&ldif()), (Outcome::Pass, None));
    assert_eq!(verdict(&other).0, Outcome::Fail);
    let own = ldif();
    let listed = own.split("\n\n").find(|record| record.contains("Beta PEC")).expect("beta's record");
    let unlisted = own.replace(listed, "").replace("managedDomains: alfa.test", "managedDomains: beta.test");
    assert_eq!(verdict(&unlisted).0, Outcome::Fail);

    // An older certificate of alfa's, which ran when it signed.
    let octets = signed_years_before(15, crate::fixture::Signing::Patched(b"200101000000Z", b"000101000000Z"));
    let anchors = Anchors::read(&[], Some(own.as_bytes()), &[]).expect("an index");
    let row = row_of_signer(&octets, &anchors);
    assert_eq!((row.verdict, row.reading.as_deref()), (Outcome::Unknown, Some("R-0060")));
}

/// A certificate that was not valid yet breaks the row of signatures, listed or not (R-0073).
#[test]
fn a_signature_outside_its_certificates_time_fails_whatever_the_index_lists() {
    let octets = signed_years_before(15, crate::fixture::Signing::Alfa);
    let listing = Anchors::read(&[], Some(ldif().as_bytes()), &[]).expect("an index");
    for anchors in [listing, Anchors::default()] {
        let row = row_of_signer(&octets, &anchors);
        assert_eq!(row.verdict, Outcome::Fail);
        assert!(row.observed.contains("valid from 01/01/2020"), "{}", row.observed);
    }
}

fn signed_years_before(years: i64, signing: crate::fixture::Signing) -> Vec<u8> {
    stored("accettazione", |draft| {
        draft.seen = collaudo_record::Span::from_hours(-24 * 365 * years);
        draft.signing = signing;
    })
}

fn row_of_signer(octets: &[u8], anchors: &Anchors) -> collaudo_record::ClauseVerdict {
    let found = inspect(octets, anchors, Profile::Deployed).remove(0);
    found.verdicts.into_iter().find(|one| one.clause == "PEC-2.1-01").expect("the row")
}
