use std::collections::BTreeMap;

use super::{Check, Findings, Occasion, View, access::may_be_full, count, quoted};
use crate::{
    Clause,
    reading::{Kind, Virus},
    story::{Appearance, Handover, Place, Story, octets::same_but_trace},
};

/// What arrives lies in the mailbox as it came.
pub(super) const STORING: Check = Check { clauses: &[Clause::PEC_2_2_3_04], run: storing };

/// What cannot be stored gives a non-delivery notice with its code.
pub(super) const FAILURE: Check = Check {
    clauses: &[Clause::PEC_2_2_3_05, Clause::PEC_3_3_3_01, Clause::PEC_AGID_12_01, Clause::PEC_AGID_12_02],
    run: failure,
};

//= PEC-2.2.3-04
fn storing(view: &View<'_>, out: &mut Findings) {
    for (lying, came) in stored(view.story) {
        let expected = format!("in {} as it came, trace fields aside", lying.mailbox().unwrap_or_default());
        let observed = format!("{} octets came, {} lie there", came.octets.len(), lying.octets.len());
        let holds = same_but_trace(came.octets, lying.octets);
        let occasion = Occasion::new(view, lying.at_provider(), [came.event, lying.event]);
        let occasion = occasion.about(view.story.submission_of(lying));
        occasion.holds(out, &[Clause::PEC_2_2_3_04], holds, &expected, &observed);
    }
}

/// What lies in mailboxes, each beside how it came there from outside.
pub(super) fn stored<'s, 'a>(story: &'s Story<'a>) -> impl Iterator<Item = (&'s Appearance<'a>, &'s Appearance<'a>)> {
    let mut came: BTreeMap<(usize, &str), &Appearance<'a>> = BTreeMap::new();
    for one in &story.appearances {
        if let Place::Wire { to, .. } = one.place {
            came.entry((one.first, &to.name)).or_insert(one);
        }
    }
    let lying = story.appearances.iter().filter(|one| one.mailbox().is_some());
    lying.filter_map(move |lying| Some((lying, *came.get(&(lying.first, &*lying.at_provider().name))?)))
}

/// Whether receipts of a handover may rightly be missing from the trace.
pub(super) fn may_lack_outcome(story: &Story<'_>, handover: &Handover<'_>) -> bool {
    let Some((_, at)) = handover.taken else { return true };
    let mut hosts = vec![handover.provider.name.as_str()];
    hosts.extend(handover.from.map(|from| from.name.as_str()));
    let submission = handover.submission.and_then(|number| story.submissions.get(number));
    let full = handover.is_internal() && submission.is_some_and(|submission| may_be_full(story, submission));
    full || story.disturbances.excuses(&hosts, at)
}

fn failure(view: &View<'_>, out: &mut Findings) {
    let story = view.story;
    let correct = story.handovers.iter().filter(|one| one.is_sound());
    for handover in correct.filter(|one| one.cannot_be_stored()) {
        let Some((event, _)) = handover.taken else { continue };
        let notices = story.copies(story.at(&handover.failures));
        if handover.failures.is_empty() && may_lack_outcome(story, handover) {
            continue;
        }
        let submission = handover.submission.and_then(|number| story.submissions.get(number));
        let events = story.at(&handover.failures).map(|one| one.event).chain([event]);
        let occasion = Occasion::new(view, handover.provider, events).about(submission);
        //= PEC-2.2.3-05
        //= PEC-3.3.3-01
        let why = if handover.exists { "its mailbox is full" } else { "there is no such mailbox" };
        let expected = format!("1 non-delivery notice for {}: {why}", handover.recipient);
        let observed = count(notices.max(handover.failures.len().min(1)), "non-delivery notice");
        let both = &[Clause::PEC_2_2_3_05, Clause::PEC_3_3_3_01];
        occasion.holds(out, both, !handover.failures.is_empty() && notices <= 1, &expected, &observed);
    }
    for handover in story.handovers.iter().filter(|one| one.virus == Virus::None) {
        codes(view, out, handover);
    }
}

/// The code stands in the text and in the certification data.
//= PEC-AGID.12-01
//= PEC-AGID.12-02
fn codes(view: &View<'_>, out: &mut Findings, handover: &Handover<'_>) {
    let story = view.story;
    let mut messages: Vec<_> = story.at(&handover.failures).collect();
    messages.dedup_by_key(|one| one.first);
    for notice in messages.into_iter().filter(|one| one.kind() == Kind::ErroreConsegna) {
        let certified = notice.reading.daticert.as_ref().and_then(|daticert| daticert.errore_esteso.as_deref());
        let code = certified.and_then(code);
        let right = match (handover.exists, handover.room) {
            (false, _) => Some("5.1.1"),
            (true, Some(false)) => Some("5.2.2"),
            _ => None,
        };
        let is_right = code.is_some_and(|code| right.is_none_or(|right| right == code));
        let is_in_text = code.is_some_and(|code| notice.reading.text.contains(code));
        let expected = format!("code {} in errore-esteso and in the text", right.unwrap_or("x.y.z"));
        let observed =
            format!("errore-esteso {}, {} in the text", quoted(certified), if is_in_text { "and" } else { "not" });
        let submission = handover.submission.and_then(|number| story.submissions.get(number));
        let occasion = Occasion::new(view, handover.provider, [notice.event]).about(submission);
        occasion.holds(out, &[Clause::PEC_AGID_12_01], is_right && is_in_text, &expected, &observed);
        if right == Some("5.2.2") {
            occasion.holds(out, &[Clause::PEC_AGID_12_02], is_right, &expected, &observed);
        }
    }
}

/// A leading `x.y.z`.
pub(in crate::check) fn code(text: &str) -> Option<&str> {
    let code = text.split(|c: char| c.is_whitespace() || c == '-').find(|word| !word.is_empty())?;
    let parts: Vec<_> = code.split('.').collect();
    let is_number = |part: &&str| !part.is_empty() && part.len() <= 3 && part.bytes().all(|b| b.is_ascii_digit());
    (parts.len() == 3 && parts.iter().all(is_number)).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::code;

    #[test]
    fn a_code_leads_its_text() {
        assert_eq!(code("5.1.1 - Alfa PEC S.p.A. - indirizzo non valido"), Some("5.1.1"));
        assert_eq!(code("5.2.2-Alfa"), Some("5.2.2"));
        assert_eq!(code("casella piena 5.2.2"), None);
        assert_eq!(code("5.2"), None);
        assert_eq!(code(""), None);
    }
}
