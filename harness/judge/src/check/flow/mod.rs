//! Checks of who gets what, when: they walk the story and not the single message.

mod access;
mod author;
mod clock;
mod content;
mod delivery;
mod documents;
mod envelope;
mod form;
mod identifiers;
mod log;
mod network;
mod ordinary;
mod publisher;
mod receipts;
mod reception;
mod regime;
mod routes;
mod seal;
mod session;
mod size;
mod taking;
#[cfg(test)]
mod tests;
mod timeouts;
mod transaction;
mod virus;
mod visits;

use collaudo_record::{Basis, Outcome, Provider};

pub(super) use clock::cause;
pub(super) use delivery::code;
pub(super) use timeouts::is_second;

use super::{Check, Finding, Findings, View};
use crate::{Clause, story::Submission};

/// Checks of who gets what, when.
pub(crate) const CHECKS: &[Check] = &[
    access::FORMAL,
    access::ADMISSION,
    identifiers::UNIQUE,
    identifiers::KEPT,
    routes::SENDER,
    routes::CERTIFIED,
    routes::FAMILIES,
    session::LOGIN,
    session::SECURE,
    network::EXCHANGE,
    network::SUBMISSION,
    network::ANNOUNCEMENT,
    network::MACHINES,
    network::SECOND_CHOICES,
    size::BOUND,
    clock::CLOCK,
    clock::TERM,
    content::CONTENT,
    publisher::SESSIONS,
    regime::EVIDENCE,
    envelope::FIELDS,
    envelope::REQUEST,
    envelope::ORIGINAL,
    timeouts::NOTICES,
    timeouts::OUTCOME,
    taking::TAKE_CHARGE,
    taking::SERVICE,
    reception::TREATMENT,
    reception::ANOMALY,
    reception::FILING,
    author::AUTHOR,
    delivery::STORING,
    delivery::FAILURE,
    receipts::RECEIPTS,
    receipts::BASIS,
    form::FORM,
    form::BRIEF,
    transaction::WHOLE,
    transaction::TIME,
    log::LOG,
    seal::SEAL,
    visits::LOGIN,
    visits::VISITS,
    documents::COPY,
    documents::SOURCE,
    ordinary::SETTING,
    ordinary::SILENCE,
    ordinary::CLEAR,
    virus::ACCESS,
    virus::RECEPTION,
    virus::SENDER,
    virus::ORDINARY,
];

/// An occasion on which clauses bind a provider.
struct Occasion<'v> {
    view: &'v View<'v>,
    provider: &'v str,
    step: Option<String>,
    evidence: Vec<u32>,
    reading: Option<&'static str>,
}

impl<'v> Occasion<'v> {
    fn new(view: &'v View<'v>, provider: &'v Provider, evidence: impl IntoIterator<Item = u32>) -> Self {
        let mut evidence: Vec<_> = evidence.into_iter().collect();
        evidence.sort_unstable();
        evidence.dedup();
        Self { view, provider: &provider.name, step: None, evidence, reading: None }
    }

    /// An occasion that a submission gives.
    fn of(
        view: &'v View<'v>,
        provider: &'v Provider,
        submission: &Submission<'_>,
        evidence: impl IntoIterator<Item = u32>,
    ) -> Self {
        Self::new(view, provider, std::iter::once(submission.event).chain(evidence)).about(Some(submission))
    }

    fn about(mut self, submission: Option<&Submission<'_>>) -> Self {
        self.step = submission.and_then(Submission::step).map(str::to_owned);
        self
    }

    fn by(mut self, reading: &'static str) -> Self {
        self.reading = Some(reading);
        self
    }

    /// Pass or fail.
    fn holds(&self, out: &mut Findings, clauses: &[Clause], holds: bool, expected: &str, observed: &str) {
        self.judge(out, clauses, if holds { Outcome::Pass } else { Outcome::Fail }, expected, observed);
    }

    fn judge(&self, out: &mut Findings, clauses: &[Clause], outcome: Outcome, expected: &str, observed: &str) {
        let events = &self.view.trace.events;
        let is_declared = |place: &u32| {
            usize::try_from(*place)
                .ok()
                .and_then(|place| events.get(place))
                .is_some_and(|one| one.basis == Basis::Declared)
        };
        for clause in clauses {
            out.push(Finding {
                clause: *clause,
                provider: self.provider.to_owned(),
                outcome,
                expected: expected.to_owned(),
                observed: observed.to_owned(),
                evidence: self.evidence.clone(),
                declared: self.evidence.iter().any(is_declared),
                step: self.step.clone(),
                reading: self.reading,
            });
        }
    }
}

/// `none`, or how many of what.
fn count(number: usize, what: &str) -> String {
    match number {
        0 => format!("no {what}"),
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}

/// A text in quotes, or that there is none.
fn quoted(text: Option<&str>) -> String {
    text.map_or_else(|| "none".to_owned(), |text| format!("\"{text}\""))
}
