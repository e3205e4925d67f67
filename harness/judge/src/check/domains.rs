//! Whether a provider looks up, for what it takes in, to whom the domain of the author belongs.

use collaudo_record::{Outcome, What};

use super::{Check, Finding, Findings, View};
use crate::{
    Clause,
    reading::{Index, Kind, Reading},
    story::address::domain,
};

pub(super) const CHECKS: &[Check] = &[Check { clauses: &[Clause::PEC_7_02], run: author_belongs_to_signer }];

//= PEC-7-02
fn author_belongs_to_signer(view: &View<'_>, findings: &mut Findings) {
    for (event, place) in view.trace.events.iter().zip(0..) {
        let What::Transfer(transfer) = &event.what else { continue };
        // What a person submits is no envelope, whatever it looks like.
        let body = transfer.body.as_ref().filter(|_| transfer.step.is_none());
        let Some(reading) = body.and_then(|body| view.readings.get(body)) else { continue };
        let provider = &transfer.session.server;
        if !view.library.has_index(provider, place) {
            continue;
        }
        let Some(strange) = strange(view.library.index(provider, place), reading) else { continue };
        let treated = view.sightings.iter().find(|sighting| {
            let issued = sighting.issuer.is_some_and(|issuer| issuer.name == *provider);
            issued && sighting.event >= place && certifies(sighting.reading, reading)
        });
        findings.push(Finding {
            clause: Clause::PEC_7_02,
            provider: provider.clone(),
            outcome: if treated.is_some() { Outcome::Fail } else { Outcome::Pass },
            expected: format!("an envelope {strange} not taken for a correct one"),
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

/// What a look into the index must find strange in an envelope: its certificate is not there, or not for that author.
fn strange(index: &Index, reading: &Reading) -> Option<String> {
    let signature = reading.signature.as_ref().filter(|_| reading.kind == Kind::PostaCertificata)?;
    let author = reading.head.from.first().map_or("nobody", |from| from.address.as_str());
    match signature.signer.as_ref().and_then(|signer| index.listing(&signer.der)) {
        None if index.records.is_empty() => None,
        None => Some(format!("from {author}, signed with a certificate that the index does not list,")),
        Some(record) if record.domains.contains(&domain(author)) => None,
        Some(record) => Some(format!("from {author}, signed with a key of {},", record.name)),
    }
}

/// Whether a receipt says that the envelope was taken in charge or delivered.
fn certifies(receipt: &Reading, envelope: &Reading) -> bool {
    let id = receipt.daticert.as_ref().and_then(|daticert| daticert.identificativo.as_deref());
    matches!(receipt.kind, Kind::PresaInCarico | Kind::AvvenutaConsegna)
        && id.is_some()
        && id == envelope.head.message_id.as_deref()
}

#[cfg(test)]
mod tests {
    use collaudo_record::Verdict;

    use super::*;
    use crate::{
        fixture::{self, Draft, Signing},
        judge,
    };

    /// A correct envelope in form, from gamma's address, signed with beta's key.
    fn foreign(draft: &mut Draft) {
        if draft.name == "strano" {
            draft.header = format!("X-Trasporto: posta-certificata\r\n{}", draft.header);
            draft.content = "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\nx\r\n--a--".to_owned();
            draft.signing = Signing::Beta;
        }
    }

    fn verdict(bend: impl Fn(&mut Draft)) -> Option<Verdict> {
        judge(&fixture::trace(bend)).verdicts.into_iter().find(|verdict| verdict.clause == "PEC-7-02")
    }

    #[test]
    fn an_author_in_anothers_domain_is_looked_for_and_must_get_no_receipt() {
        assert_eq!(verdict(|_| {}), None);
        let passed = verdict(foreign).expect("it is exercised");
        assert_eq!((passed.outcome, passed.provider.as_str()), (Outcome::Pass, "beta"));
        let failed = verdict(|draft| {
            foreign(draft);
            if draft.name == "consegna-sintetica" {
                draft.swap("<identificativo>p1.4@alfa.test", "<identificativo>strano@gamma.test");
                draft.seen = collaudo_record::Span::from_secs(20);
            }
        });
        assert_eq!(failed.map(|verdict| verdict.outcome), Some(Outcome::Fail));
    }
}
