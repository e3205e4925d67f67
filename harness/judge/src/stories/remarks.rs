use std::collections::{BTreeMap, BTreeSet};

use collaudo_record::{RecipientState, RemarkCode, SignatureVerdict, Span, StoryRecipient, StoryRemark};

use super::{Summary, Tale, summary::StoryKind};

/// By how much clocks of two providers may differ.
const CLOCKS: Span = Span::from_secs(60);
/// How late the first notice may come (R-0003).
const FIRST_NOTICE: Span = Span::from_secs(12 * 3_600 + 1_800);
const DAY: Span = Span::from_hours(24);

fn remark(code: RemarkCode, recipient: &str, words: impl Into<String>) -> StoryRemark {
    StoryRemark { code, recipient: recipient.to_owned(), message: None, words: words.into() }
}

/// What a sender's whole set would hold. A recipient's holds envelopes alone, and lacks nothing.
pub(super) fn missing(tale: &Tale, recipients: &[StoryRecipient]) -> Vec<StoryRemark> {
    let has = |kind| tale.counting().any(|one| one.kind == kind);
    let is_senders = tale.counting().any(|one| !matches!(one.kind, StoryKind::Envelope | StoryKind::Refusal));
    let mut missing = Vec::new();
    if !is_senders {
        return missing;
    }
    if !has(StoryKind::Acceptance) {
        missing.push(remark(RemarkCode::NoAcceptance, "", "no acceptance receipt"));
    }
    for one in recipients.iter().filter(|one| one.certified != Some(false)) {
        let address = one.address.as_str();
        let later = |last: &str| format!("of {address} no word later than the {last}");
        missing.extend(match one.state {
            RecipientState::Unknown => {
                Some(remark(RemarkCode::NoOutcome, address, format!("no receipt and no notice on {address}")))
            }
            RecipientState::Overdue => Some(remark(RemarkCode::NoLaterWord, address, later("12 h notice"))),
            RecipientState::TakenInCharge => {
                Some(remark(RemarkCode::NoLaterWord, address, later("take-charge receipt")))
            }
            _ => None,
        });
    }
    missing
}

pub(super) fn contradictions(tale: &Tale) -> Vec<StoryRemark> {
    let mut found: Vec<StoryRemark> = tale.each().filter_map(does_not_count).collect();
    let has = |kind| tale.counting().any(|one| one.kind == kind);
    if has(StoryKind::Acceptance) && has(StoryKind::Refusal) {
        found.push(remark(RemarkCode::AcceptedAndRefused, "", "the message was accepted and was not accepted"));
    }
    found.extend(differing(tale));
    found.extend(outcomes(tale));
    found.extend(strangers(tale));
    found.extend(tale.counting().filter_map(|one| too_early(tale, one)));
    found
}

fn does_not_count(one: &Summary) -> Option<StoryRemark> {
    let why = match one.signature {
        SignatureVerdict::Valid => return None,
        SignatureVerdict::Invalid => "its signature is not valid",
        SignatureVerdict::Absent => "it is not signed",
    };
    let words = format!("{} (message {}) does not count: {why}", named(one), one.message);
    Some(StoryRemark { message: Some(one.message), ..remark(RemarkCode::DoesNotCount, &one.consegna, words) })
}

/// `the delivery receipt for bruno@beta.test`.
fn named(one: &Summary) -> String {
    match &*one.consegna {
        "" => format!("the {}", one.kind.words()),
        consegna => format!("the {} for {consegna}", one.kind.words()),
    }
}

/// What all messages under one identifier should say alike.
fn differing(tale: &Tale) -> Vec<StoryRemark> {
    let values = |text: fn(&Summary) -> String| -> BTreeSet<String> {
        tale.counting().map(text).filter(|text| !text.is_empty()).collect()
    };
    let texts = [
        ("client's identifiers", values(|one| one.msgid.to_string())),
        ("senders", values(|one| one.mittente.to_ascii_lowercase())),
        ("subjects", values(|one| one.oggetto.split_whitespace().collect::<Vec<_>>().join(" "))),
        ("lists of recipients", values(everyone)),
    ];
    let differ = texts.into_iter().filter(|(_, values)| values.len() > 1);
    let words = |(what, values): (&str, BTreeSet<String>)| {
        let values: Vec<String> = values.into_iter().collect();
        remark(RemarkCode::Differing, "", format!("different {what} under one identifier: {}", values.join("; ")))
    };
    differ.map(words).collect()
}

/// Recipients in one text, where the message tells all of them.
fn everyone(one: &Summary) -> String {
    let mut all: Vec<&str> = one.recipients.iter().map(|(address, _)| &**address).collect();
    all.sort_unstable();
    if one.is_whole && one.kind != StoryKind::TakeCharge { all.join(", ") } else { String::new() }
}

/// One recipient has one outcome, and one acceptance is told once.
fn outcomes(tale: &Tale) -> Vec<StoryRemark> {
    let mut counts: BTreeMap<(&str, StoryKind, bool), usize> = BTreeMap::new();
    for one in tale.counting().filter(|one| one.kind != StoryKind::TakeCharge && one.kind != StoryKind::Envelope) {
        let second = one.kind == StoryKind::Timeout && tale.is_second(one);
        *counts.entry((&one.consegna, one.kind, second)).or_default() += 1;
    }
    let mut found = Vec::new();
    for ((recipient, kind, _), count) in &counts {
        if *count > 1 {
            let whom = if recipient.is_empty() { String::new() } else { format!(" for {recipient}") };
            let words = format!("{count} different messages where there can be one: {}{whom}", kind.words());
            found.push(remark(RemarkCode::Repeated, recipient, words));
        }
        let is_delivered = || counts.contains_key(&(*recipient, StoryKind::Delivery, false));
        if *kind == StoryKind::Failure && is_delivered() {
            let words = format!("delivered and not delivered to {recipient}");
            found.push(remark(RemarkCode::DeliveredAndNot, recipient, words));
        }
    }
    found
}

/// Receipts on somebody to whom the message was not sent.
fn strangers(tale: &Tale) -> Vec<StoryRemark> {
    let whole = tale.counting().find(|one| one.kind == StoryKind::Acceptance && one.is_whole);
    let Some(whole) = whole else { return Vec::new() };
    let known: BTreeSet<&str> = whole.recipients.iter().map(|(known, _)| &**known).collect();
    let is_known = |address: &str| known.contains(address);
    let strange = tale.counting().filter(|one| !one.consegna.is_empty() && !is_known(&one.consegna));
    let words = |one: &Summary| format!("{}, whom the acceptance receipt does not name", named(one));
    strange.map(|one| remark(RemarkCode::StrangeRecipient, &one.consegna, words(one))).collect()
}

fn too_early(tale: &Tale, one: &Summary) -> Option<StoryRemark> {
    let passed = tale.since(one.at)?;
    if passed.0 < -CLOCKS.0 {
        let words = format!("{} has a certified time before that of the acceptance: {passed}", named(one));
        return Some(remark(RemarkCode::BeforeAcceptance, &one.consegna, words));
    }
    let due = if tale.is_second(one) { Span::from_hours(22) } else { Span::from_hours(12) };
    let is_early = one.kind == StoryKind::Timeout && passed.0 + CLOCKS.0 < due.0;
    let words = || format!("{} came before its hour: {passed} after the acceptance", named(one));
    is_early.then(|| remark(RemarkCode::EarlyNotice, &one.consegna, words()))
}

/// What came later than the law has it, by certified times. A take-charge receipt alone does not tell how late a word is.
pub(super) fn late(tale: &Tale, recipients: &[StoryRecipient]) -> Vec<StoryRemark> {
    let mut late = Vec::new();
    for recipient in recipients {
        let address = recipient.address.as_str();
        let after = |kind, limit: Span| {
            let mut such = tale.about(kind, address).filter_map(|one| tale.since(one.at));
            such.find(|passed| passed.0 > limit.0 + CLOCKS.0)
        };
        if let Some(passed) = after(StoryKind::Delivery, DAY) {
            let words = format!("delivered to {address} {passed} after the acceptance");
            late.push(remark(RemarkCode::LateDelivery, address, words));
        }
        if let Some(passed) = after(StoryKind::Failure, DAY) {
            let words = format!("told of the failure for {address} {passed} after the acceptance");
            late.push(remark(RemarkCode::LateFailure, address, words));
        }
        for notice in tale.about(StoryKind::Timeout, address) {
            let (limit, which) = if tale.is_second(notice) { (DAY, "second") } else { (FIRST_NOTICE, "first") };
            if let Some(passed) = tale.since(notice.at).filter(|passed| passed.0 > limit.0 + CLOCKS.0) {
                let words = format!("the {which} notice on {address} came {passed} after the acceptance");
                late.push(remark(RemarkCode::LateNotice, address, words));
            }
        }
    }
    late
}
