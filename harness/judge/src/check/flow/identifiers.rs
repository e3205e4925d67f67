use std::collections::BTreeMap;

use super::{Check, Findings, Occasion, View, quoted};
use crate::{
    Clause,
    reading::Kind,
    story::{Appearance, Submission},
};

/// The PEC identifier is unique.
pub(super) const UNIQUE: Check = Check { clauses: &[Clause::PEC_2_2_1_09], run: unique };

/// The client's identifier gives way to it and is kept.
pub(super) const KEPT: Check = Check {
    clauses: &[Clause::PEC_2_2_1_12, Clause::PEC_2_2_1_13, Clause::PEC_2_2_1_14, Clause::PEC_2_1_1_1_1_02],
    run: kept,
};

/// It takes two to be alike: a trace with one identifier shows nothing.
//= PEC-2.2.1-09
fn unique(view: &View<'_>, out: &mut Findings) {
    let mut holders: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (number, submission) in view.story.submissions.iter().enumerate() {
        for id in &submission.pec_msgids {
            holders.entry(id).or_default().push(number);
        }
    }
    let total: usize = holders.values().map(Vec::len).sum();
    if total < 2 {
        return;
    }
    for (id, numbers) in holders {
        let expected = format!("each of {total} messages has an identifier of its own");
        let observed = format!("{id} stands for {}", super::count(numbers.len(), "message"));
        for submission in numbers.iter().filter_map(|number| view.story.submissions.get(*number)) {
            let seen = view.story.at(&submission.appearances).find(|one| one.pec_msgid() == Some(id));
            Occasion::of(view, submission.provider, submission, seen.map(|one| one.event)).holds(
                out,
                &[Clause::PEC_2_2_1_09],
                numbers.len() == 1,
                &expected,
                &observed,
            );
        }
    }
}

fn kept(view: &View<'_>, out: &mut Findings) {
    for message in view.story.messages() {
        let Some(submission) = view.story.submission_of(message) else { continue };
        let Some(issuer) = message.issuer else { continue };
        let Some(msgid) = submission.msgid() else {
            invented(view, out, message, submission);
            continue;
        };
        let occasion = Occasion::of(view, issuer, submission, [message.event]);
        if message.kind() == Kind::PostaCertificata
            && let Some(enclosed) = &message.reading.postacert
        {
            let (own, reference) = (enclosed.head.message_id.as_deref(), enclosed.head.x_riferimento.as_deref());
            //= PEC-2.2.1-12
            let is_pec = own == message.pec_msgid() || own == message.reading.head.message_id.as_deref();
            let replaced = own.is_some() && own != Some(msgid) && is_pec;
            let expected = format!("Message-ID of postacert.eml is {}", quoted(message.pec_msgid()));
            occasion.holds(out, &[Clause::PEC_2_2_1_12], replaced, &expected, &quoted(own));
            //= PEC-2.2.1-13
            let expected = format!("X-Riferimento-Message-ID of postacert.eml is \"{msgid}\"");
            occasion.holds(out, &[Clause::PEC_2_2_1_13], reference == Some(msgid), &expected, &quoted(reference));
        }
        //= PEC-2.2.1-14
        //= PEC-2.1.1.1.1-02
        let clauses = reference_clauses(message.kind());
        let reference = message.reading.head.x_riferimento.as_deref();
        let expected = format!("X-Riferimento-Message-ID of {} is \"{msgid}\"", message.kind().wire());
        occasion.holds(out, clauses, reference == Some(msgid), &expected, &quoted(reference));
    }
}

/// The rows about `X-Riferimento-Message-ID` that bind a kind.
fn reference_clauses(kind: Kind) -> &'static [Clause] {
    match kind {
        Kind::Ordinary | Kind::Anomalia => &[],
        Kind::Accettazione | Kind::PresaInCarico | Kind::AvvenutaConsegna => {
            &[Clause::PEC_2_2_1_14, Clause::PEC_2_1_1_1_1_02]
        }
        _ => &[Clause::PEC_2_2_1_14],
    }
}

/// A reference to an identifier that the client never set. That there is none shows nothing.
fn invented(view: &View<'_>, out: &mut Findings, message: &Appearance<'_>, submission: &Submission<'_>) {
    let reference = message.reading.head.x_riferimento.as_deref();
    if let (Some(reference), Some(issuer)) = (reference, message.issuer) {
        let occasion = Occasion::of(view, issuer, submission, [message.event]);
        let expected = "no X-Riferimento-Message-ID: the client set no identifier";
        occasion.holds(out, reference_clauses(message.kind()), false, expected, &quoted(Some(reference)));
    }
}
