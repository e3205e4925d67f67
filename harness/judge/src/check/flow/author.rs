//! Whether a provider looks up, for what it takes in, to whom the domain of the author belongs.

use super::{Check, Findings, Occasion, View, reception::Arrival};
use crate::{
    Clause,
    reading::{Index, Kind, Reading, Virus},
    story::address::domain,
};

/// An envelope whose signer the index does not list for its author is not taken for a correct one.
pub(super) const AUTHOR: Check = Check { clauses: &[Clause::PEC_7_02], run: author_belongs_to_signer };

//= PEC-7-02
fn author_belongs_to_signer(view: &View<'_>, out: &mut Findings) {
    for message in &view.story.appearances {
        let Some(arrival) = Arrival::of(view.story, message) else { continue };
        let host = arrival.to.name.as_str();
        if !view.library.has_index(host, message.event) {
            continue;
        }
        let Some(strange) = strange(view.library.index(host, message.event), message.reading) else { continue };
        let Some(holds) = is_told_apart(&arrival) else { continue };
        let mut occasion = Occasion::new(view, arrival.to, arrival.events()).by("R-0106");
        occasion.step = view.story.step_of(&message.reading.body).map(str::to_owned);
        let expected = format!("an envelope {strange} not taken for a correct one");
        occasion.holds(out, &[Clause::PEC_7_02], holds, &expected, &arrival.words());
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

/// Whether its taker kept it apart from correct envelopes: he refused it, or put it in an anomaly envelope. Without either and
/// without a receipt nothing is known: who takes everything for ordinary mail makes no receipt, too (R-0106).
fn is_told_apart(arrival: &Arrival<'_, '_>) -> Option<bool> {
    let message = arrival.message;
    let is_refused = || message.reading.virus == Virus::None && message.is_refused_without_cause(arrival.to);
    match arrival.bare.or(arrival.answered) {
        Some(_) => Some(false),
        None => (arrival.wrapped.is_some() || is_refused()).then_some(true),
    }
}

#[cfg(test)]
mod tests {
    use collaudo_record::{Basis, Event, Outcome, Reply, Span, Trace, Verdict, What};

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

    /// The same, and nothing is made of it.
    fn passed_over(draft: &mut Draft) {
        foreign(draft);
        if draft.name == "anomalia" {
            draft.swap("X-Trasporto: errore\r\n", "");
            draft.swap("strano@gamma.test", "altro@gamma.test");
        }
    }

    fn verdict(trace: &Trace) -> Option<Verdict> {
        judge(trace).verdicts.into_iter().find(|verdict| verdict.clause == "PEC-7-02")
    }

    fn outcome(trace: &Trace) -> Option<Outcome> {
        verdict(trace).map(|verdict| verdict.outcome)
    }

    /// What gamma's own address sent to beta.
    fn came(trace: &mut Trace) -> &mut Event {
        let is_it = |event: &&mut Event| {
            matches!(&event.what, What::Transfer(one) if one.reverse_path == "posta-certificata@gamma.test"
                && one.forward_paths.iter().any(|forward| forward.path == "bruno@beta.test"))
        };
        trace.events.iter_mut().find(is_it).expect("the strange message")
    }

    #[test]
    fn an_author_in_anothers_domain_is_looked_for_and_must_get_no_receipt() {
        assert_eq!(verdict(&fixture::trace(|_| {})), None);
        let passed = verdict(&fixture::trace(foreign)).expect("it is exercised");
        assert_eq!((passed.outcome, passed.provider.as_str()), (Outcome::Pass, "beta"));
        let answered = fixture::trace(|draft| {
            foreign(draft);
            if draft.name == "consegna-sintetica" {
                draft.swap("<identificativo>p1.4@alfa.test", "<identificativo>strano@gamma.test");
                draft.seen = Span::from_secs(20);
            }
        });
        assert_eq!(outcome(&answered), Some(Outcome::Fail));
    }

    #[test]
    fn an_author_in_anothers_domain_who_gets_no_answer_was_not_looked_for() {
        let mut trace = fixture::trace(passed_over);
        assert_eq!(outcome(&trace), None);
        let came = came(&mut trace);
        let What::Transfer(transfer) = &mut came.what else { return };
        let (at, body) = (came.at, transfer.body.clone().expect("it was sent whole"));
        transfer.reply = Some(Reply { code: 550, text: "5.7.1 no".into() });
        assert_eq!(outcome(&trace), Some(Outcome::Pass));
        let what = What::Stored { provider: "beta".into(), mailbox: "bruno@beta.test".into(), body };
        trace.events.push(Event { at, basis: Basis::Declared, what });
        assert_eq!(outcome(&trace), Some(Outcome::Fail));
    }
}
