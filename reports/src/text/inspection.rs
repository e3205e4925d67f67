//! What `collaudo inspect` prints of a stored message, of a story, and at the end.

use collaudo_record::{
    ClauseVerdict, Inspection, InspectionCounts, Outcome, PathCheck, PathVerdict, RecipientState, Requirement,
    SignaturePath, SignatureVerdict, StoredStory,
};

use super::{Pen, TextOptions};
use crate::words::{instant, visible};

/// A block on one message, ended by a line end; one line where it is ordinary mail.
///
/// *Takes* its number, where it is, and the rows of the catalogue by id.
pub fn inspection<'a>(
    number: u64,
    place: &str,
    inspection: &Inspection,
    law: &dyn Fn(&str) -> Option<&'a Requirement>,
    options: &TextOptions,
) -> String {
    let pen = pen(options);
    if inspection.kind == "ordinary" {
        return format!("{} {}\n", pen.faint(&format!("{number}  ordinary")), line(place));
    }
    let mut lines =
        vec![format!("{number}  {} {}", word(worst(inspection), 0, pen), pen.bold(&line(&inspection.label)))];
    lines.push(pen.field("in", place));
    lines.push(pen.field("kind", &inspection.kind));
    lines.push(pen.field("provider", &provider(inspection)));
    lines.extend(signature(inspection, pen));
    lines.push(pen.field("rows", &rows(&inspection.verdicts)));
    let is_told =
        |verdict: &&ClauseVerdict| matches!(verdict.verdict, Outcome::Fail | Outcome::Unknown | Outcome::Deviation);
    let mut told: Vec<_> = inspection.verdicts.iter().filter(is_told).collect();
    told.sort_by_key(|verdict| std::cmp::Reverse(verdict.verdict));
    lines.extend(told.into_iter().flat_map(|told| verdict(told, law(&told.clause), pen)));
    lines.push(String::new());
    lines.join("\n") + "\n"
}

/// One line on something that is not examined, ended by a line end.
pub fn not_examined(place: &str, fate: &str, why: &str, options: &TextOptions) -> String {
    format!("{} {}: {}\n", pen(options).faint(fate), line(place), line(why))
}

/// A block on what a set of messages tells of one message that somebody sent, ended by an empty line.
pub fn story(story: &StoredStory, options: &TextOptions) -> String {
    let pen = pen(options);
    let has_trouble = !story.contradictions.is_empty() || !story.late.is_empty();
    let head = if has_trouble { pen.red("STORY") } else { pen.bold("STORY") };
    let mut lines = vec![format!("{head} {}", line(&story.identifier))];
    let mut field = |name: &str, text: &str| lines.push(pen.field(name, text));
    if !story.mittente.is_empty() {
        field("from", &story.mittente);
    }
    if !story.oggetto.is_empty() {
        field("subject", &story.oggetto);
    }
    if let Some(accepted) = story.accepted {
        field("accepted", &instant(accepted));
    }
    for message in &story.messages {
        let about = if message.consegna.is_empty() { String::new() } else { format!(", for {}", message.consegna) };
        let signature = match message.signature {
            SignatureVerdict::Valid => "",
            SignatureVerdict::Invalid => ", signature INVALID",
            SignatureVerdict::Absent => ", NOT SIGNED",
        };
        let copies = if message.copies > 1 { format!(", stored {} times", message.copies) } else { String::new() };
        let when = message.data.map(|data| format!("{}  ", instant(data))).unwrap_or_default();
        field("holds", &format!("{when}{}{about}, message {}{signature}{copies}", message.kind, message.message));
    }
    for recipient in &story.recipients {
        let when = recipient.at.map(|when| format!(", {}", instant(when))).unwrap_or_default();
        field("to", &format!("{}: {}{when}", recipient.address, state(recipient.state)));
    }
    story.missing.iter().for_each(|remark| field("missing", &remark.words));
    lines.extend(story.contradictions.iter().map(|remark| pen.alarm("conflict", &remark.words)));
    lines.extend(story.late.iter().map(|remark| pen.alarm("late", &remark.words)));
    lines.push(String::new());
    lines.join("\n") + "\n"
}

/// What it all came to.
pub fn inspection_counts(counts: &InspectionCounts, options: &TextOptions) -> String {
    let pen = pen(options);
    let InspectionCounts { files, files_with_mail, archives, not_mail, skipped, unreadable, .. } = counts;
    let files = format!(
        "{files}: {files_with_mail} with mail, {archives} archives, {not_mail} not mail, {skipped} skipped, \
         {unreadable} unreadable"
    );
    let InspectionCounts { messages, certified, ordinary, unread, duplicates, judged, signatures, verdicts, .. } =
        counts;
    let messages = format!(
        "{messages}: {certified} certified, {ordinary} ordinary, {unread} not examined; {duplicates} stored before"
    );
    let signatures = format!(
        "{judged} certified messages, those inside others included: {} valid, {} invalid, {} absent",
        signatures.valid, signatures.invalid, signatures.absent
    );
    let rows = format!(
        "{} passed, {} deviations, {} unknown, {} failed",
        verdicts.pass, verdicts.deviation, verdicts.unknown, verdicts.fail
    );
    let lines = [
        pen.field("files", &files),
        pen.field("messages", &messages),
        pen.field("signed", &signatures),
        pen.field("rows", &rows),
    ];
    lines.join("\n") + "\n"
}

fn worst(inspection: &Inspection) -> Outcome {
    let worst = inspection.verdicts.iter().map(|verdict| verdict.verdict).max().unwrap_or(Outcome::NotExercised);
    match inspection.signature.verdict {
        SignatureVerdict::Invalid => Outcome::Fail,
        _ if checks(&inspection.signature.path).iter().any(|(.., check)| check.verdict == PathVerdict::Fails) => {
            Outcome::Fail
        }
        _ => worst,
    }
}

/// The word for an outcome, padded to so many characters.
fn word(outcome: Outcome, width: usize, pen: Pen) -> String {
    let pad = |word: &str| format!("{word:<width$}");
    match outcome {
        Outcome::Fail => pen.red(&pad("FAIL")),
        Outcome::Unknown => pen.yellow(&pad("UNKNOWN")),
        Outcome::Deviation => pen.yellow(&pad("DEVIATION")),
        Outcome::Pass => pen.green(&pad("PASS")),
        Outcome::NotExercised | Outcome::NotSupported => pen.yellow(&pad("NOTHING JUDGED")),
    }
}

fn provider(inspection: &Inspection) -> String {
    let from = inspection.from.join(", ");
    if from.is_empty() || from == inspection.provider {
        inspection.provider.clone()
    } else {
        format!("{} <{from}>", inspection.provider)
    }
}

fn signature(inspection: &Inspection, pen: Pen) -> Vec<String> {
    let signature = &inspection.signature;
    let verdict = match signature.verdict {
        SignatureVerdict::Valid => "valid",
        SignatureVerdict::Invalid => "INVALID",
        SignatureVerdict::Absent => "ABSENT",
    };
    let digest = if signature.digest.is_empty() { String::new() } else { format!(" ({})", signature.digest) };
    let reason = if signature.reason.is_empty() { String::new() } else { format!(": {}", signature.reason) };
    let told = format!("{verdict}{digest}{reason}");
    let is_good = signature.verdict == SignatureVerdict::Valid;
    let mut lines = vec![if is_good { pen.field("signature", &told) } else { pen.alarm("signature", &told) }];
    let mut field = |name: &str, text: &str| {
        if !text.is_empty() {
            lines.push(pen.field(name, text));
        }
    };
    field("signer", &signature.signer);
    field("issuer", &signature.issuer);
    if !signature.signed_at.is_empty() {
        field("signed at", &format!("{}, by the signer's own clock and word", signature.signed_at));
    }
    if signature.verdict != SignatureVerdict::Absent {
        lines.extend(path(&signature.path, pen));
    }
    lines
}

/// What was looked up, in the judge's words; what was not, on one line.
fn path(path: &SignaturePath, pen: Pen) -> Vec<String> {
    let mut lines = Vec::new();
    let mut not_given = Vec::new();
    for (name, missing, check) in checks(path) {
        match check.verdict {
            PathVerdict::NotGiven => not_given.push(missing),
            PathVerdict::Fails => lines.push(pen.alarm(name, &check.words)),
            PathVerdict::Holds | PathVerdict::Undecided => lines.push(pen.field(name, &check.words)),
        }
    }
    if !not_given.is_empty() {
        let words = format!("not given: {}; what it would show of the signer was not examined", not_given.join(", "));
        lines.push(pen.field("beyond", &words));
    }
    lines
}

fn checks(path: &SignaturePath) -> [(&'static str, &'static str, &PathCheck); 3] {
    [
        ("trust", "certificates to trust (--trust)", &path.trust),
        ("index", "the index of providers (--index)", &path.index),
        ("revoked", "a list of revoked certificates (--crl)", &path.revocation),
    ]
}

fn rows(verdicts: &[ClauseVerdict]) -> String {
    let of = |outcome| verdicts.iter().filter(|verdict| verdict.verdict == outcome).count();
    let counted = [
        (of(Outcome::Pass), "passed"),
        (of(Outcome::Deviation), "tolerated as deviations"),
        (of(Outcome::Unknown), "unknown"),
        (of(Outcome::Fail), "failed"),
    ];
    let told: Vec<_> = counted.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    if told.is_empty() { "none that this message decides".to_owned() } else { told.join(", ") }
}

/// The row, what it asks for, what was found.
fn verdict(verdict: &ClauseVerdict, law: Option<&Requirement>, pen: Pen) -> Vec<String> {
    let source = law.map(|row| format!(", {}", row.source)).unwrap_or_default();
    let recalled = if verdict.source == "recalled" { " (recalled, its text was not read)" } else { "" };
    let reading = verdict.reading.as_ref().map(|reading| format!(", {reading}")).unwrap_or_default();
    let party = verdict.party.replace('-', " ");
    let head = format!("{}, {party}{source}{recalled}{reading}", verdict.clause);
    vec![
        pen.hang(&format!("  {} ", word(verdict.verdict, 9, pen)), 12, &head),
        pen.field("expected", &verdict.expected),
        pen.field("observed", &verdict.observed),
    ]
}

fn state(state: RecipientState) -> &'static str {
    match state {
        RecipientState::Delivered => "delivered",
        RecipientState::NotDelivered => "not delivered",
        RecipientState::TimedOut => "nobody knows: the 24 hours ran out",
        RecipientState::Overdue => "no word within 12 hours",
        RecipientState::TakenInCharge => "taken in charge by its provider",
        RecipientState::Unknown => "no word in this set",
        RecipientState::Ordinary => "ordinary mail: no word is to be had",
    }
}

fn pen(options: &TextOptions) -> Pen {
    Pen { colour: options.colour, width: options.width.max(40) }
}

/// On one line, with nothing that acts on a screen.
fn line(text: &str) -> String {
    visible(text).split_whitespace().collect::<Vec<_>>().join(" ")
}
