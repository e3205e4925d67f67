//! Whether a provider looks up, for what it takes in, to whom the domain of the author belongs.

use collaudo_record::{Outcome, What};

use super::{Check, Finding, Findings, View};
use crate::{
    Clause,
    reading::{Kind, Reading},
    story::address::domain,
};

pub(super) const CHECKS: &[Check] = &[Check { clauses: &[Clause::PEC_7_02], run: author_belongs_to_signer }];

//= PEC-7-02
fn author_belongs_to_signer(view: &View<'_>, findings: &mut Findings) {
    for (event, place) in view.trace.events.iter().zip(0..) {
        let What::Transfer(transfer) = &event.what else { continue };
        let Some(reading) = transfer.body.as_ref().and_then(|body| view.readings.get(body)) else { continue };
        let Some((author, signer)) = mismatch(view, reading) else { continue };
        let provider = &transfer.session.server;
        let treated = view.sightings.iter().find(|sighting| {
            let issued = sighting.issuer.is_some_and(|issuer| issuer.name == *provider);
            issued && sighting.event >= place && certifies(sighting.reading, reading)
        });
        findings.push(Finding {
            clause: Clause::PEC_7_02,
            provider: provider.clone(),
            outcome: if treated.is_some() { Outcome::Fail } else { Outcome::Pass },
            expected: format!("an envelope from {author}, signed with a key of {signer}, not taken for a correct one"),
            observed: match treated {
                Some(sighting) => format!("answered with {}", sighting.reading.kind.wire()),
                None => "no receipt for it".to_owned(),
            },
            evidence: std::iter::once(place).chain(treated.map(|sighting| sighting.event)).collect(),
            declared: treated.is_some_and(|sighting| sighting.declared),
            step: view.story.step_of(&reading.body).map(str::to_owned),
            reading: None,
        });
    }
}

/// The author's address and the signer's name, where the author's domain is not the signer's.
fn mismatch<'a>(view: &View<'a>, reading: &'a Reading) -> Option<(&'a str, &'a str)> {
    let signature =
        reading.signature.as_ref().filter(|signature| signature.valid && reading.kind == Kind::PostaCertificata)?;
    let record = view.index.listing(&signature.signer.as_ref()?.der)?;
    let author = &reading.head.from.first()?.address;
    (!record.domains.contains(&domain(author))).then_some((author, record.name.as_str()))
}

/// Whether a receipt says that the envelope was taken in charge or delivered.
fn certifies(receipt: &Reading, envelope: &Reading) -> bool {
    let id = receipt.daticert.as_ref().and_then(|daticert| daticert.identificativo.as_deref());
    matches!(receipt.kind, Kind::PresaInCarico | Kind::AvvenutaConsegna)
        && id.is_some()
        && id == envelope.head.message_id.as_deref()
}
