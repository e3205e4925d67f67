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
    such.map(|verdict| verdict.clause.as_str()).collect()
}

/// Rows that are no pass, with their words.
pub(super) fn complaints(inspection: &Inspection) -> Vec<String> {
    let such = inspection.verdicts.iter().filter(|verdict| verdict.verdict != Outcome::Pass);
    such.map(|one| format!("{:?} {}: {} / {}", one.verdict, one.clause, one.expected, one.observed)).collect()
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
