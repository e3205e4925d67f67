//! Times of the law against the clock of the world: how far a provider's own clock is off, how long a receipt takes.

use collaudo_record::{Instant, Provider, Span, What};

use super::{super::message::times, Check, Findings, Occasion, View};
use crate::{
    Clause,
    reading::Kind,
    story::{Appearance, Story},
};

/// A provider's clock is within a second of the true time.
pub(super) const CLOCK: Check = Check { clauses: &[Clause::PEC_4_1_01, Clause::PEC_DM_9_02], run: clock };

/// The acceptance receipt comes within the time agreed.
pub(super) const TERM: Check = Check { clauses: &[Clause::PEC_DM_12_07], run: term };

/// DM art. 9: the *minuto secondo* is a second.
const SECOND: Span = Span::from_secs(1);

/// How near a fault of the clock may lie.
const PROMPT: Span = Span::from_secs(60);

/// A wrong line is a wrong line; a clock is wrong where nothing that its provider says agrees with the true time.
//= PEC-4.1-01
//= PEC-DM.9-02
fn clock(view: &View<'_>, out: &mut Findings) {
    for provider in view.story.providers.all() {
        let said: Vec<Stated> =
            stated(view, provider).into_iter().filter(|one| is_telling(view, provider, one)).collect();
        let Some(nearest) = said.iter().min_by_key(|one| one.off().0.unsigned_abs()) else { continue };
        let holds = nearest.off().0.unsigned_abs() <= SECOND.0.unsigned_abs();
        let expected = "a time of the provider's within one second of the true time";
        let observed = match nearest.off() {
            Span(0) => format!("none of {} times out of its place", said.len()),
            off => format!("the nearest of {} is {off} off", said.len()),
        };
        let both = &[Clause::PEC_4_1_01, Clause::PEC_DM_9_02];
        Occasion::new(view, provider, [nearest.event]).by("R-0082").holds(out, both, holds, expected, &observed);
    }
}

/// An instant that a provider gives, and between which instants of the world it lies if its clock is right.
struct Stated {
    event: u32,
    given: Instant,
    earliest: Option<Instant>,
    latest: Instant,
}

impl Stated {
    /// How far it lies outside; positive is fast.
    fn off(&self) -> Span {
        match self.earliest {
            _ if self.given > self.latest => self.given.since(self.latest),
            Some(earliest) if self.given < earliest => self.given.since(earliest),
            _ => Span(0),
        }
    }
}

/// The lines of its log, and what its receipts give in Date, certification data and text, which are whole seconds.
fn stated(view: &View<'_>, provider: &Provider) -> Vec<Stated> {
    let lines = view.trace.events.iter().zip(0_u32..).filter_map(|(event, place)| match &event.what {
        What::Logged { provider: name, entry } if *name == provider.name => {
            Some(Stated { event: place, given: entry.at, earliest: None, latest: event.at })
        }
        _ => None,
    });
    let own = view.story.messages().filter(|one| one.issuer.is_some_and(|issuer| issuer.name == provider.name));
    // An envelope's time is that of its acceptance receipt.
    let receipts = own.filter(|one| !matches!(one.kind(), Kind::PostaCertificata | Kind::NonAccettazione));
    let told = receipts.filter_map(|receipt| {
        let cause = cause(view.story, provider, receipt)?;
        let earliest = Some(Instant(cause.0.div_euclid(SECOND.0) * SECOND.0));
        let stated = move |(_, given)| Stated { event: receipt.event, given, earliest, latest: receipt.at };
        Some(times(receipt.reading).map(stated))
    });
    lines.chain(told.flatten()).collect()
}

/// When that came which a receipt answers.
pub(in crate::check) fn cause(story: &Story<'_>, provider: &Provider, receipt: &Appearance<'_>) -> Option<Instant> {
    match receipt.kind() {
        Kind::Accettazione | Kind::NonAccettazione | Kind::PostaCertificata => Some(story.submission_of(receipt)?.t0.0),
        Kind::PresaInCarico | Kind::AvvenutaConsegna | Kind::ErroreConsegna => {
            let ours = story.handovers.iter().filter(|one| one.provider.name == provider.name);
            let mut same = ours.filter(|one| Some(one.pec_msgid) == receipt.pec_msgid());
            let handover = same.next()?;
            let came = story.at(&handover.crossings).map(Appearance::came).min();
            came.or_else(|| Some(handover.taken?.1))
        }
        _ => None,
    }
}

/// What was said while a fault had the clock says nothing of it, and what lies far back may have waited to be written down.
fn is_telling(view: &View<'_>, provider: &Provider, one: &Stated) -> bool {
    let near = (Instant(one.latest.0 - PROMPT.0), one.latest.after(PROMPT));
    let may_have_waited = one.earliest.is_none() && one.latest.since(one.given) > SECOND;
    !may_have_waited && !view.story.disturbances.mistimes(&provider.name, near.0, near.1)
}

//= PEC-DM.12-07
fn term(view: &View<'_>, out: &mut Findings) {
    let agreed = view.trace.events.iter().zip(0_u32..).filter_map(|(event, place)| match &event.what {
        What::Terms(terms) => Some((place, terms.provider.as_str(), terms.acceptance?)),
        _ => None,
    });
    for (place, name, within) in agreed {
        for submission in view.story.submissions.iter().filter(|one| one.provider.name == name) {
            let receipts = view.story.about(submission, Kind::Accettazione).filter(|one| one.mailbox().is_some());
            let Some(receipt) = receipts.min_by_key(|one| one.at) else { continue };
            let (sent, expected) = (submission.t0.0, format!("an acceptance receipt within {within}, as agreed"));
            let in_time = receipt.at <= sent.after(within);
            // An outage is for the availability of the service (art. 12 c. 3 to 5).
            let due = view.story.disturbances.due(name, sent.after(within));
            if !in_time && due.is_none_or(|due| receipt.at <= due) {
                continue;
            }
            let observed = format!("{} after the message had come", receipt.at.since(sent));
            let occasion = Occasion::of(view, submission.provider, submission, [place, receipt.event]);
            occasion.holds(out, &[Clause::PEC_DM_12_07], in_time, &expected, &observed);
        }
    }
}
