use std::collections::BTreeMap;

use collaudo_record::{Instant, LogEntry, Player, Provider, Span, What};

use super::{Check, Findings, Occasion, View, quoted};
use crate::{
    Clause,
    reading::{Field, Kind},
    story::{Standing, Submission, address::same, octets::unfolded},
};

/// How far a line's own time may lie from the instant at which it was seen.
const NEAR: Span = Span::from_secs(60);

/// Every operation has its line, and a line all that the law asks for.
pub(super) const LOG: Check = Check {
    clauses: &[
        Clause::PEC_2_3_01,
        Clause::PEC_2_3_02,
        Clause::PEC_2_3_03,
        Clause::PEC_2_3_04,
        Clause::PEC_2_3_05,
        Clause::PEC_2_3_06,
        Clause::PEC_2_3_07,
        Clause::PEC_2_3_08,
        Clause::PEC_2_3_09,
    ],
    run: log,
};

/// A line of a provider's log.
struct Line<'a> {
    event: u32,
    seen: Instant,
    provider: &'a Provider,
    entry: &'a LogEntry,
}

fn log(view: &View<'_>, out: &mut Findings) {
    let lines: Vec<Line<'_>> = view
        .trace
        .events
        .iter()
        .zip(0_u32..)
        .filter_map(|(event, place)| match &event.what {
            What::Logged { provider, entry } => {
                let provider = view.story.providers.named(provider)?;
                Some(Line { event: place, seen: event.at, provider, entry })
            }
            _ => None,
        })
        .collect();
    for line in &lines {
        fields(view, out, line);
    }
    // What shows no log shows nothing of it; where the world can look into every log, a provider without any keeps none.
    // Where it looks into one alone, that is the log of whoever is examined.
    let header = &view.trace.header;
    let looks_inside = |provider: &Provider| match header.opaque {
        true => header.log_declared && provider.player == Player::Subject,
        false => !lines.is_empty(),
    };
    for provider in view.story.providers.all() {
        let own: Vec<_> = lines.iter().filter(|line| line.provider.name == provider.name).collect();
        if !own.is_empty() {
            related(view, out, provider, &own);
        }
        if !own.is_empty() || looks_inside(provider) {
            operations(view, out, provider, &own);
        }
    }
}

/// The submission that a line speaks of.
fn submission_of<'v>(view: &'v View<'v>, entry: &LogEntry) -> Option<&'v Submission<'v>> {
    let by_id = |one: &&Submission<'_>| entry.pec_msgid.as_deref().is_some_and(|id| one.pec_msgids.contains(&id));
    let msgid = entry.msgid.as_deref().map(|id| id.trim_matches(['<', '>']));
    let by_msgid = |one: &&Submission<'_>| msgid.is_some() && one.msgid() == msgid;
    let all = &view.story.submissions;
    // Where two share an identifier, which is a row of its own, the other one tells them apart.
    let by_both = all.iter().filter(by_id).find(by_msgid);
    by_both.or_else(|| all.iter().find(by_id)).or_else(|| all.iter().find(by_msgid))
}

fn fields(view: &View<'_>, out: &mut Findings, line: &Line<'_>) {
    let entry = line.entry;
    let submission = submission_of(view, entry);
    let occasion = Occasion::new(view, line.provider, [line.event]).about(submission);
    //= PEC-2.3-02
    let id = entry.pec_msgid.as_deref().or(entry.msgid.as_deref()).filter(|id| !id.is_empty());
    occasion.holds(out, &[Clause::PEC_2_3_02], id.is_some(), "the message's identifier", &quoted(id));
    //= PEC-2.3-03
    let apart = entry.at.since(line.seen);
    let holds = apart.0.unsigned_abs() <= NEAR.0.unsigned_abs();
    let (name, disturbances) = (&line.provider.name, &view.story.disturbances);
    let is_mistimed = disturbances.mistimes(name, Instant(line.seen.0 - NEAR.0), line.seen.after(NEAR));
    // The event's time counts, and not that of the writing.
    let is_late = || disturbances.writes_late(name, entry.at, entry.at.after(NEAR), line.seen);
    if !is_mistimed && (holds || !is_late()) {
        let observed = format!("{apart} from when it was seen");
        occasion.holds(out, &[Clause::PEC_2_3_03], holds, "date and time of the event", &observed);
    }
    //= PEC-2.3-07
    let kind = (!entry.event.trim().is_empty()).then_some(entry.event.as_str());
    occasion.holds(out, &[Clause::PEC_2_3_07], kind.is_some(), "the kind of event", &quoted(kind));
    let Some(submission) = submission else { return };
    //= PEC-2.3-04
    let expected = format!("sender {}", submission.sender());
    let holds = same(&entry.sender, submission.sender());
    occasion.holds(out, &[Clause::PEC_2_3_04], holds, &expected, &format!("sender {}", entry.sender));
    //= PEC-2.3-05
    let is_ours = |path: &String| submission.recipients.iter().any(|one| same(one.address, path));
    let holds = !entry.recipients.is_empty() && entry.recipients.iter().all(is_ours);
    let expected = "recipients of the original";
    occasion.holds(out, &[Clause::PEC_2_3_05], holds, expected, &format!("recipients {}", entry.recipients.join(", ")));
    //= PEC-2.3-06
    let (decoded, raw) = subjects(submission);
    let given = one_line(entry.subject.as_bytes());
    let expected = format!("subject \"{decoded}\"");
    let holds = given == decoded || given == raw;
    occasion.holds(out, &[Clause::PEC_2_3_06], holds, &expected, &format!("subject \"{given}\""));
    //= PEC-2.3-09
    let sending = submission.provider;
    let given = entry.sending_provider.to_ascii_lowercase();
    let names = [&sending.name, &sending.display_name].into_iter().chain(&sending.domains);
    let holds = names.into_iter().any(|name| !name.is_empty() && given.contains(&name.to_ascii_lowercase()));
    let expected = format!("sending provider {}", sending.display_name);
    occasion.holds(out, &[Clause::PEC_2_3_09], holds, &expected, &quoted(Some(&entry.sending_provider)));
}

/// The subject of the original, decoded and as it stands.
fn subjects(submission: &Submission<'_>) -> (String, String) {
    let Some((reading, _)) = submission.message else { return (String::new(), String::new()) };
    let raw = reading.head.first("Subject").map(Field::raw).unwrap_or_default();
    let decoded = reading.head.subject.as_deref().unwrap_or_default();
    (one_line(decoded.as_bytes()), one_line(raw))
}

fn one_line(text: &[u8]) -> String {
    String::from_utf8_lossy(&unfolded(text)).into_owned()
}

/// Acceptance, refusal, timeout, reception, delivery: each has a line of its message near its time. Operations of one sort
/// may share a line, others may not.
//= PEC-2.3-01
fn operations(view: &View<'_>, out: &mut Findings, provider: &Provider, lines: &[&Line<'_>]) {
    let story = view.story;
    let mut done: Vec<(&str, &str, u32, Instant)> = Vec::new();
    for receipt in story.messages().filter(|one| one.issuer.is_some_and(|issuer| issuer.name == provider.name)) {
        let what = match receipt.kind() {
            Kind::Accettazione => "acceptance",
            Kind::NonAccettazione => "refusal",
            Kind::PreavvisoErroreConsegna => "timeout notice",
            _ => continue,
        };
        done.extend(receipt.pec_msgid().map(|id| (what, id, receipt.event, receipt.at)));
    }
    for handover in
        story.handovers.iter().filter(|one| one.provider.name == provider.name && one.standing == Standing::Correct)
    {
        if let Some((event, at)) = handover.taken.filter(|_| !handover.is_internal()) {
            done.push(("reception", handover.pec_msgid, event, at));
        }
        done.extend(story.at(&handover.stored).map(|one| ("delivery", handover.pec_msgid, one.event, one.at)));
    }
    let mut spent: BTreeMap<u32, &str> = BTreeMap::new();
    for (what, id, event, at) in done {
        let submission = story.submissions.iter().find(|one| one.pec_msgids.contains(&id));
        // When the line was seen counts: the time that it gives is a row of its own.
        let is_of = |line: &&&Line<'_>| {
            speaks_of(line.entry, id, submission)
                && line.seen.since(at).0.unsigned_abs() <= NEAR.0.unsigned_abs()
                && spent.get(&line.event).is_none_or(|sort| *sort == what)
        };
        let nearest = lines.iter().filter(is_of).min_by_key(|line| line.seen.since(at).0.unsigned_abs());
        let line = nearest.copied();
        if let Some(line) = line {
            spent.insert(line.event, what);
        }
        let occasion = Occasion::new(view, provider, line.map(|line| line.event).into_iter().chain([event]));
        let expected = format!("a line for the {what} of {id}");
        let observed = if line.is_some() { "there it is" } else { "none near its time" };
        occasion.about(submission).holds(out, &[Clause::PEC_2_3_01], line.is_some(), &expected, observed);
    }
}

/// Whether a line is about a transaction: by its identifier, by another that the transaction has got; where the line names
/// none, which is a row of its own, by sender and subject.
fn speaks_of(entry: &LogEntry, id: &str, submission: Option<&Submission<'_>>) -> bool {
    let is_like = || {
        submission.is_some_and(|one| {
            same(&entry.sender, one.sender()) && one_line(entry.subject.as_bytes()) == subjects(one).0
        })
    };
    match entry.pec_msgid.as_deref() {
        Some(own) => own == id || submission.is_some_and(|one| one.pec_msgids.contains(&own)),
        None => is_like(),
    }
}

/// Messages that the provider made because of another are named where that other is.
//= PEC-2.3-08
fn related(view: &View<'_>, out: &mut Findings, provider: &Provider, lines: &[&Line<'_>]) {
    for message in view.story.messages().filter(|one| one.issuer.is_some_and(|issuer| issuer.name == provider.name)) {
        let (Some(own), Some(id)) = (message.reading.head.message_id.as_deref(), message.pec_msgid()) else { continue };
        if message.kind() == Kind::Anomalia {
            continue;
        }
        let submission = view.story.submission_of(message);
        let is_envelope = message.kind() == Kind::PostaCertificata;
        let names = |line: &&&Line<'_>| {
            let listed = |id: &str| line.entry.related.iter().any(|one| one.trim_matches(['<', '>']) == id);
            // An envelope goes by the transaction's identifier, whatever its header says.
            speaks_of(line.entry, id, submission) && (listed(own) || is_envelope && (listed(id) || own == id))
        };
        let line = lines.iter().find(names);
        let events = line.map(|line| line.event).into_iter().chain([message.event]);
        let expected = format!("a line of {id} names {own}, the {} made because of it", message.kind().wire());
        let observed = if line.is_some() { "there it is" } else { "none does" };
        Occasion::new(view, provider, events).about(submission).holds(
            out,
            &[Clause::PEC_2_3_08],
            line.is_some(),
            &expected,
            observed,
        );
    }
}
