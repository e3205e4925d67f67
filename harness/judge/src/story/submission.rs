use std::collections::BTreeSet;

use collaudo_record::{Instant, Provider, Trace, Transfer, What};

use super::{
    Appearance, Formal, Providers,
    address::{domain, same},
    appearance::{is_positive, is_submission},
    octets::same_original,
};
use crate::{
    library::Library,
    reading::{Kind, Reading, Readings, Virus},
};

/// What a person handed to the access point, and what followed.
#[derive(Debug)]
pub(crate) struct Submission<'a> {
    /// Its place in the trace's events.
    pub(crate) event: u32,
    /// The transaction.
    pub(crate) transfer: &'a Transfer,
    /// The access point's provider.
    pub(crate) provider: &'a Provider,
    /// The message; none where the transaction never came so far.
    pub(crate) message: Option<(&'a Reading, &'a [u8])>,
    /// The formal checks made again.
    pub(crate) formal: Formal,
    /// The earliest and the latest instant that acceptance may have had: when the final dot came, and the reply.
    pub(crate) t0: (Instant, Instant),
    /// Those whose forward path was taken, each once.
    pub(crate) recipients: Vec<Recipient<'a>>,
    /// PEC identifiers given to it; one where all is well.
    pub(crate) pec_msgids: Vec<&'a str>,
    /// Places of all appearances that are about it.
    pub(crate) appearances: Vec<usize>,
}

/// A recipient.
#[derive(Debug)]
pub(crate) struct Recipient<'a> {
    /// The forward path.
    pub(crate) address: &'a str,
    /// Who manages its domain; none where no provider does, or none that the access point could know of.
    pub(crate) provider: Option<&'a Provider>,
}

impl<'a> Submission<'a> {
    /// The step of the plan.
    pub(crate) fn step(&self) -> Option<&'a str> {
        self.transfer.step.as_deref()
    }

    /// The client's identifier, without angle brackets.
    pub(crate) fn msgid(&self) -> Option<&'a str> {
        self.message.and_then(|(reading, _)| reading.head.message_id.as_deref()).filter(|id| !id.is_empty())
    }

    /// The last reply's code.
    pub(crate) fn code(&self) -> Option<u16> {
        self.transfer.reply.as_ref().map(|reply| reply.code)
    }

    /// Whether SMTP said yes to the message.
    pub(crate) fn taken(&self) -> bool {
        self.message.is_some() && is_positive(self.code())
    }

    /// Whether SMTP said no for good.
    pub(crate) fn refused(&self) -> bool {
        self.code().is_some_and(|code| code >= 500)
    }

    /// What it carries.
    pub(crate) fn virus(&self) -> Virus {
        self.message.map_or(Virus::None, |(reading, _)| reading.virus)
    }

    /// The sender: the reverse path.
    pub(crate) fn sender(&self) -> &'a str {
        &self.transfer.reverse_path
    }
}

/// Every submission of the trace, not yet joined with what followed.
pub(crate) fn submissions<'a>(
    trace: &'a Trace,
    readings: &'a Readings,
    library: &Library<'_>,
    providers: &Providers<'a>,
) -> Vec<Submission<'a>> {
    let numbered = trace.events.iter().zip(0_u32..);
    numbered
        .filter_map(|(event, place)| match &event.what {
            What::Transfer(transfer) if is_submission(transfer) => {
                submission(trace, readings, library, providers, transfer, (place, event.at))
            }
            _ => None,
        })
        .collect()
}

fn submission<'a>(
    trace: &'a Trace,
    readings: &'a Readings,
    library: &Library<'_>,
    providers: &Providers<'a>,
    transfer: &'a Transfer,
    (event, at): (u32, Instant),
) -> Option<Submission<'a>> {
    let provider = providers.named(&transfer.session.server)?;
    let body = transfer.body.as_ref();
    let message = body.and_then(|body| readings.get(body).zip(trace.body(body)));
    let mut recipients: Vec<Recipient<'a>> = Vec::new();
    for forward in &transfer.forward_paths {
        let taken = is_positive(forward.reply.as_ref().map(|reply| reply.code));
        if taken && !recipients.iter().any(|one| same(one.address, &forward.path)) {
            let domain = domain(&forward.path);
            let is_known = library.knows(&provider.name, event, &domain);
            recipients
                .push(Recipient { address: &forward.path, provider: providers.managing(&domain).filter(|_| is_known) });
        }
    }
    let paths: Vec<_> = recipients.iter().map(|one| one.address).collect();
    let mut formal = message.map_or_else(Formal::default, |(_, octets)| {
        Formal::of(octets, &transfer.reverse_path, &paths, provider.max_octets)
    });
    let asked: BTreeSet<_> = transfer.forward_paths.iter().map(|one| one.path.to_ascii_lowercase()).collect();
    if u32::try_from(asked.len()).is_ok_and(|asked| asked > provider.max_recipients) {
        formal.unclear = Some("more recipients than the provider allows");
    }
    let t0 = (transfer.body_at.unwrap_or(at), at);
    Some(Submission {
        event,
        transfer,
        provider,
        message,
        formal,
        t0,
        recipients,
        pec_msgids: Vec::new(),
        appearances: Vec::new(),
    })
}

/// Joins what appeared with the submission that it is about.
///
/// First what the access point itself made (receipt, refusal, envelope): by the original's octets, by the client's
/// identifier, by sender, recipients, subject and instant. Then all else by the PEC identifier, else by the client's.
pub(crate) fn join<'a>(submissions: &mut [Submission<'a>], appearances: &mut [Appearance<'a>]) {
    for place in 0..appearances.len() {
        let Some(appearance) = appearances.get(place).filter(|one| is_of_access(one)) else { continue };
        let best = match appearances.get(appearance.first).and_then(|first| first.submission) {
            Some(same) => Some(same),
            None => best_match(submissions, appearance),
        };
        attach(submissions, appearances, place, best);
    }
    for place in 0..appearances.len() {
        let Some(appearance) = appearances.get(place).filter(|one| one.submission.is_none()) else { continue };
        if matches!(appearance.kind(), Kind::Ordinary | Kind::Accettazione | Kind::NonAccettazione) {
            continue;
        }
        let found = by_identifier(submissions, appearance);
        attach(submissions, appearances, place, found);
    }
}

fn is_of_access(appearance: &Appearance<'_>) -> bool {
    matches!(appearance.kind(), Kind::Accettazione | Kind::NonAccettazione | Kind::PostaCertificata)
}

fn attach<'a>(
    submissions: &mut [Submission<'a>],
    appearances: &mut [Appearance<'a>],
    place: usize,
    submission: Option<usize>,
) {
    let (Some(number), Some(appearance)) = (submission, appearances.get_mut(place)) else { return };
    let Some(submission) = submissions.get_mut(number) else { return };
    appearance.submission = Some(number);
    submission.appearances.push(place);
    if let Some(id) =
        appearance.pec_msgid().filter(|id| is_of_access(appearance) && !submission.pec_msgids.contains(id))
    {
        submission.pec_msgids.push(id);
    }
}

/// The submission that what the access point made belongs to; ties go to the one that has nothing yet, then to the one
/// that SMTP said yes to, then to the earlier.
fn best_match(submissions: &[Submission<'_>], appearance: &Appearance<'_>) -> Option<usize> {
    let issuer = appearance.issuer?;
    let fits =
        |one: &Submission<'_>| one.message.is_some() && one.provider.name == issuer.name && one.t0.0 <= appearance.at;
    let mut best = None;
    for (number, one) in submissions.iter().enumerate().filter(|(_, one)| fits(one)) {
        let score = score(one, appearance);
        let rank = (score, one.pec_msgids.is_empty(), one.taken());
        if score >= 3 && best.is_none_or(|(ahead, _)| rank > ahead) {
            best = Some((rank, number));
        }
    }
    best.map(|(_, number)| number)
}

fn score(submission: &Submission<'_>, appearance: &Appearance<'_>) -> i32 {
    let mut score = 0;
    if let Some(((_, octets), enclosed)) = submission.message.zip(appearance.reading.postacert.as_ref()) {
        score += if same_original(octets, &enclosed.octets) { 16 } else { 0 };
    }
    if appearance.pec_msgid().is_some_and(|id| submission.pec_msgids.contains(&id)) {
        score += 8;
    }
    score += match (submission.msgid(), appearance.msgid()) {
        (Some(one), Some(other)) if one == other => 6,
        (Some(_), Some(_)) => -6,
        (None, Some(_)) => -1,
        _ => 0,
    };
    let Some(daticert) = &appearance.reading.daticert else { return score };
    let sender = daticert.mittente.as_deref().is_some_and(|mittente| same(mittente, submission.sender()));
    score += if sender { 2 } else { -2 };
    let certified: BTreeSet<_> = daticert.destinatari.iter().map(|(one, _)| one.to_ascii_lowercase()).collect();
    let asked: BTreeSet<_> = submission.recipients.iter().map(|one| one.address.to_ascii_lowercase()).collect();
    score += i32::from(certified == asked);
    let subject = submission.message.and_then(|(reading, _)| reading.head.subject.as_deref());
    score + i32::from(daticert.oggetto.as_deref().unwrap_or_default() == subject.unwrap_or_default())
}

fn by_identifier(submissions: &[Submission<'_>], appearance: &Appearance<'_>) -> Option<usize> {
    let id = appearance.pec_msgid();
    let holders: Vec<_> = submissions
        .iter()
        .enumerate()
        .filter(|(_, one)| id.is_some_and(|id| one.pec_msgids.contains(&id)))
        .map(|(number, _)| number)
        .collect();
    let is_ours = |number: &&usize| {
        submissions.get(**number).is_some_and(|one| one.msgid().is_some() && one.msgid() == appearance.msgid())
    };
    if let Some(number) = holders.iter().find(is_ours).or(holders.first()) {
        return Some(*number);
    }
    // An identifier that nobody knows is a forgery, unless its one other key says where it belongs.
    let everyone: Vec<_> = (0..submissions.len()).collect();
    let known = |number: &&usize| submissions.get(**number).is_some_and(|one| one.t0.0 <= appearance.at);
    everyone.iter().filter(known).find(is_ours).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::story::testing::{Act, ORIGINAL, Script, accepted, at, submit};

    const BRUNO: &[&str] = &["bruno@beta.test"];

    #[test]
    fn what_smtp_put_off_or_refused_was_not_taken() {
        for (answer, is_taken) in [(250, true), (451, false), (554, false)] {
            let script = Script::default().add("submit", at(1), submit(ORIGINAL, BRUNO)).bent("submit", |act| {
                if let Act::Submit { code, .. } = act {
                    *code = answer;
                }
            });
            let taken: Vec<_> = script.with(|view| view.story.submissions.iter().map(Submission::taken).collect());
            assert_eq!(taken, [is_taken], "{answer}");
        }
    }

    #[test]
    fn of_two_submissions_alike_the_earlier_gets_the_receipt() {
        let twice = accepted(ORIGINAL, BRUNO).add("again", at(5), submit(ORIGINAL, BRUNO));
        let receipts = |script: Script| -> Vec<usize> {
            script.with(|view| view.story.submissions.iter().map(|one| one.appearances.len()).collect())
        };
        assert_eq!(receipts(twice.moved("accettazione", at(9))), [1, 0]);
    }
}
