use collaudo_record::{Instant, Outcome, Span, What};

use super::{
    super::message,
    Check, Findings, Occasion, View,
    access::{may_be_full, must_reach},
    delivery::may_lack_outcome,
};
use crate::{
    Clause,
    reading::{Kind, Reading, Virus},
    story::{Appearance, Handover, Place, Story, address::same},
};

/// Two providers' clocks aside, deployed messages show seconds between two fields of one message.
const TOLERATED: Span = Span::from_secs(10);

/// All steps are there.
pub(super) const WHOLE: Check =
    Check { clauses: &[Clause::PEC_3_4_01, Clause::PEC_DM_6_02, Clause::PEC_3_5_01], run: whole };

/// One processing has one time.
pub(super) const TIME: Check = Check { clauses: &[Clause::PEC_4_1_02, Clause::PEC_DM_9_01], run: time };

fn whole(view: &View<'_>, out: &mut Findings) {
    let story = view.story;
    let known = story.handovers.iter().filter(|one| one.is_sound() && one.can_be_stored());
    for handover in known.filter(|one| one.taken.is_some()) {
        if handover.is_internal() {
            internal(view, out, handover);
        } else {
            between(view, out, handover);
        }
    }
    unsent(view, out);
}

/// An accepted message whose envelope never got to a provider that could be reached.
//= PEC-3.5-01
fn unsent(view: &View<'_>, out: &mut Findings) {
    let story = view.story;
    for submission in story.submissions.iter().filter(|one| one.formal.conforms() && one.virus() == Virus::None) {
        let Some(receipt) = story.about(submission, Kind::Accettazione).next() else { continue };
        for recipient in &submission.recipients {
            let Some(other) = recipient.provider.filter(|other| other.name != submission.provider.name) else {
                continue;
            };
            let crossed = story.about(submission, Kind::PostaCertificata).any(|one| match &one.place {
                Place::Wire { to, .. } => to.name == other.name,
                Place::Mailbox { mailbox, .. } => same(mailbox, recipient.address),
            });
            if !crossed && must_reach(story, submission, recipient) {
                let occasion = Occasion::of(view, submission.provider, submission, [receipt.event]);
                let expected = format!("the transport envelope sent to {}", other.name);
                occasion.holds(out, &[Clause::PEC_3_5_01], false, &expected, "none was seen");
            }
        }
    }
}

/// A step of a transaction: its name, and where it was seen.
type Seen = (&'static str, Option<u32>);

fn first(story: &Story<'_>, places: &[usize]) -> Option<u32> {
    story.at(places).map(|one| one.event).next()
}

fn words(steps: &[Seen]) -> String {
    let missing: Vec<_> = steps.iter().filter(|(_, event)| event.is_none()).map(|(name, _)| *name).collect();
    if missing.is_empty() { "all of them".to_owned() } else { format!("missing: {}", missing.join(", ")) }
}

fn settle(out: &mut Findings, occasion: &Occasion<'_>, clauses: &[Clause], steps: &[Seen], excused: bool) {
    let complete = steps.iter().all(|(_, event)| event.is_some());
    if complete || !excused {
        let names: Vec<_> = steps.iter().map(|(name, _)| *name).collect();
        occasion.holds(out, clauses, complete, &names.join(", "), &words(steps));
    }
}

//= PEC-3.4-01
//= PEC-DM.6-02
fn internal(view: &View<'_>, out: &mut Findings, handover: &Handover<'_>) {
    let story = view.story;
    let Some(submission) = handover.submission.and_then(|number| story.submissions.get(number)) else { return };
    let acceptance = story.about(submission, Kind::Accettazione).map(|one| one.event).next();
    let steps = [
        ("acceptance receipt", acceptance),
        ("transport envelope in the mailbox", first(story, &handover.stored)),
        ("delivery receipt", first(story, &handover.deliveries)),
    ];
    let occasion = Occasion::of(view, handover.provider, submission, steps.iter().filter_map(|(_, event)| *event));
    let both = &[Clause::PEC_3_4_01, Clause::PEC_DM_6_02];
    settle(out, &occasion, both, &steps, may_lack_outcome(story, handover));
}

/// Each side answers for its own steps.
//= PEC-3.5-01
fn between(view: &View<'_>, out: &mut Findings, handover: &Handover<'_>) {
    let story = view.story;
    let (Some(from), Some((crossed, at))) = (handover.from, handover.taken) else { return };
    let Some(submission) = handover.submission.and_then(|number| story.submissions.get(number)) else { return };
    let hosts = [from.name.as_str(), &handover.provider.name];
    let excused = story.disturbances.excuses(&hosts, at) || may_lack_outcome(story, handover);
    let theirs = [
        ("transport envelope taken", Some(crossed)),
        ("take-charge receipt", first(story, &handover.take_charges)),
        ("transport envelope in the mailbox", first(story, &handover.stored)),
        ("delivery receipt", first(story, &handover.deliveries)),
    ];
    let on = |provider, steps: &[Seen]| {
        Occasion::of(view, provider, submission, steps.iter().filter_map(|(_, event)| *event).collect::<Vec<_>>())
    };
    settle(out, &on(handover.provider, &theirs), &[Clause::PEC_3_5_01], &theirs, excused);
    let filed = |places: &[usize]| {
        story.at(places).find(|one| one.mailbox().is_some() && one.at_provider().name == from.name).map(|one| one.event)
    };
    let arrived = |places: &[usize]| story.at(places).any(|one| one.transfer().is_some() && one.arrived());
    let mut ours = vec![
        ("acceptance receipt", story.about(submission, Kind::Accettazione).map(|one| one.event).next()),
        ("transport envelope sent", Some(crossed)),
    ];
    if arrived(&handover.take_charges) {
        ours.push(("take-charge receipt filed", filed(&handover.take_charges)));
    }
    if arrived(&handover.deliveries) {
        ours.push(("delivery receipt filed", filed(&handover.deliveries)));
    }
    let full = may_be_full(story, submission);
    settle(out, &on(from, &ours), &[Clause::PEC_3_5_01], &ours, excused || full);
}

//= PEC-4.1-02
//= PEC-DM.9-01
fn time(view: &View<'_>, out: &mut Findings) {
    let story = view.story;
    for submission in &story.submissions {
        let Some(receipt) = story.about(submission, Kind::Accettazione).next() else { continue };
        let envelope = story.about(submission, Kind::PostaCertificata).next();
        let mut times = named_times("receipt", receipt.reading);
        times.extend(envelope.into_iter().flat_map(|envelope| named_times("envelope", envelope.reading)));
        let occasion = Occasion::of(
            view,
            submission.provider,
            submission,
            [Some(receipt), envelope].into_iter().flatten().map(|one| one.event),
        );
        one_time(out, &occasion, &times);
        logged(view, out, receipt);
    }
    for message in story.messages() {
        let together = matches!(message.kind(), Kind::Accettazione | Kind::PostaCertificata | Kind::Ordinary);
        if let Some(issuer) = message.issuer.filter(|_| !together) {
            let occasion = Occasion::new(view, issuer, [message.event]).about(story.submission_of(message));
            one_time(out, &occasion, &named_times(message.kind().wire(), message.reading));
        }
    }
}

fn named_times(what: &str, reading: &Reading) -> Vec<(String, Instant)> {
    message::times(reading).map(|(name, at)| (format!("{name} of the {what}"), at)).collect()
}

fn one_time(out: &mut Findings, occasion: &Occasion<'_>, times: &[(String, Instant)]) {
    let (Some((first_name, first)), true) = (times.first(), times.len() > 1) else { return };
    let Some((name, worst)) = times.iter().max_by_key(|(_, at)| at.since(*first).0.unsigned_abs()) else { return };
    let apart = worst.since(*first);
    let outcome = match apart.0.unsigned_abs() {
        micros if micros < 1_000_000 => Outcome::Pass,
        micros if micros <= TOLERATED.0.unsigned_abs() => Outcome::Deviation,
        _ => Outcome::Fail,
    };
    let expected = format!("one time in {} places of one processing", times.len());
    let observed = match outcome {
        Outcome::Pass => "one time".to_owned(),
        _ => format!("{name} differs from {first_name} by {apart}"),
    };
    occasion.judge(out, &[Clause::PEC_4_1_02, Clause::PEC_DM_9_01], outcome, &expected, &observed);
}

/// Where the provider's log speaks of the message, it speaks of that time too.
fn logged(view: &View<'_>, out: &mut Findings, receipt: &Appearance<'_>) {
    let Some(issuer) = receipt.issuer else { return };
    let Some(certified) = receipt.reading.daticert.as_ref().and_then(|daticert| daticert.at) else { return };
    let id = receipt.pec_msgid();
    let lines: Vec<_> = view
        .trace
        .events
        .iter()
        .zip(0_u32..)
        .filter_map(|(event, place)| match &event.what {
            What::Logged { provider, entry }
                if *provider == issuer.name && id.is_some() && entry.pec_msgid.as_deref() == id =>
            {
                Some((place, entry.at))
            }
            _ => None,
        })
        .collect();
    let Some(nearest) = lines.iter().min_by_key(|(_, at)| at.since(certified).0.unsigned_abs()) else { return };
    let times =
        vec![("daticert of the receipt".to_owned(), certified), ("the log".to_owned(), whole_second(nearest.1))];
    let submission = view.story.submission_of(receipt);
    one_time(out, &Occasion::new(view, issuer, [receipt.event, nearest.0]).about(submission), &times);
}

/// Certified times are whole seconds.
fn whole_second(at: Instant) -> Instant {
    Instant(at.0.div_euclid(1_000_000) * 1_000_000)
}
