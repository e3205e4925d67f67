//! How providers use the index: fetched daily, kept when a new one is bad.

use collaudo_record::{Instant, Provider, Span};

use super::{Check, Findings, Occasion, View};
use crate::{
    Clause,
    library::{Consultation, Worth},
    reading::{Index, Kind},
    story::{Appearance, Place, Standing, address::domain},
};

/// A local copy, refreshed daily, kept while no better one is to be had.
pub(super) const COPY: Check = Check { clauses: &[Clause::PEC_4_5_09, Clause::PEC_4_5_10], run: copy };

/// One file over HTTPS, where the root record says.
pub(super) const SOURCE: Check = Check { clauses: &[Clause::PEC_4_5_06], run: source };

const DAY: Span = Span::from_hours(24);

/// How much later than a day a refresh may come: a retry, or a round hour.
const GRACE: Span = Span::from_hours(1);

fn copy(view: &View<'_>, out: &mut Findings) {
    // A world that shows no consultation shows nothing of it.
    let Some(first) = view.library.consultations().find(|one| one.is_of_index()) else { return };
    for provider in view.story.providers.all() {
        refreshed(view, out, provider, first.event);
        kept(view, out, provider);
    }
}

//= PEC-4.5-10
fn refreshed(view: &View<'_>, out: &mut Findings, provider: &Provider, first: u32) {
    let story = view.story;
    let asked: Vec<_> = view.library.consulted(&provider.name).map(|one| (one.event, one.at)).collect();
    // Whoever reads the index elsewhere does it unseen.
    if asked.is_empty() && view.trace.header.opaque {
        return;
    }
    let mut last = (first, view.trace.header.epoch);
    let late = |from: Instant, to: Instant| {
        let is_provider = |host: &str| story.providers.named(host).is_some();
        let due = story.disturbances.due_outside(&provider.name, from.after(DAY), is_provider);
        let due = due.map(|due| due.after(GRACE));
        due.is_some_and(|due| to > due)
    };
    for next in asked.iter().copied().chain([(last.0, story.end)]) {
        let is_end = next.1 == story.end;
        let is_missed = late(last.1, next.1);
        // Between two looks a pass shows; up to the end only what is missing does.
        if is_missed || !is_end && next.1 > view.trace.header.epoch.after(GRACE) {
            let expected = "a look for a newer index within a day of the last one";
            let observed = match is_end {
                true => format!("none for {}", next.1.since(last.1)),
                false => format!("the next after {}", next.1.since(last.1)),
            };
            let occasion = Occasion::new(view, provider, [last.0, next.0]);
            occasion.holds(out, &[Clause::PEC_4_5_10], !is_missed, expected, &observed);
        }
        last = next;
    }
}

/// What a provider does while what it last got is worth nothing shows which index it goes by.
struct Sign {
    event: u32,
    holds: bool,
    words: String,
}

//= PEC-4.5-09
//= PEC-4.5-10
fn kept(view: &View<'_>, out: &mut Findings, provider: &Provider) {
    let asked: Vec<_> = view.library.consulted(&provider.name).collect();
    for (place, one) in asked.iter().enumerate() {
        if one.worth == Worth::Good || !view.library.has_index(&provider.name, one.event) {
            continue;
        }
        let until = asked.get(place + 1).map_or(u32::MAX, |next| next.event);
        let index = view.library.index(&provider.name, one.event);
        for sign in signs(view, provider, index, (one.event, until)) {
            let occasion = Occasion::new(view, provider, [one.event, sign.event]);
            let expected = format!("as by the last good index: {} is not to be taken", what(one));
            occasion.holds(out, &[Clause::PEC_4_5_10], sign.holds, &expected, &sign.words);
            if one.worth == Worth::Bad {
                occasion.holds(out, &[Clause::PEC_4_5_09], sign.holds, &expected, &sign.words);
            }
        }
    }
}

fn what(one: &Consultation<'_>) -> &'static str {
    match one.worth {
        Worth::Bad => "one that is older, or whose signature does not hold,",
        _ => "what could not be had",
    }
}

fn signs(view: &View<'_>, provider: &Provider, index: &Index, (from, until): (u32, u32)) -> Vec<Sign> {
    let mut signs = Vec::new();
    for submission in view.story.submissions.iter().filter(|one| one.provider.name == provider.name) {
        let receipt = view.story.about(submission, Kind::Accettazione).next();
        let Some(receipt) = receipt.filter(|_| from < submission.event && submission.event < until) else { continue };
        for (address, tipo) in receipt.reading.daticert.iter().flat_map(|daticert| &daticert.destinatari) {
            let right = if index.managing(&domain(address)).is_some() { "certificato" } else { "esterno" };
            let words = format!("{address} is {tipo}");
            signs.push(Sign { event: receipt.event, holds: tipo == right, words });
        }
    }
    for handover in view.story.handovers.iter().filter(|one| one.provider.name == provider.name && one.is_sound()) {
        // What is taken in the end may have come before when nobody could tell its worth, for want of another document.
        let inside = |one: &&Appearance<'_>| from < one.event && one.event < until && one.standing == Standing::Correct;
        for envelope in view.story.at(&handover.crossings).filter(inside) {
            let Place::Wire { transfer, .. } = envelope.place else { continue };
            let Some(code) = transfer.reply.as_ref().map(|reply| reply.code) else { continue };
            let is_calm = view.story.disturbances.is_calm(&provider.name, envelope.at);
            let is_refused =
                code >= 500 && envelope.is_refused_without_cause(provider) || code < 500 && !envelope.arrived();
            if envelope.arrived() || is_refused && is_calm {
                let words = format!("a correct envelope: reply {code}");
                signs.push(Sign { event: envelope.event, holds: envelope.arrived(), words });
            }
        }
    }
    signs
}

fn source(view: &View<'_>, out: &mut Findings) {
    for one in view.library.consultations().filter(|one| one.is_of_index()) {
        let Some(provider) = view.story.providers.named(one.host) else { continue };
        let Some(index) = view.library.got(one).filter(|_| one.worth == Worth::Good) else { continue };
        let occasion = Occasion::new(view, provider, [one.event]);
        if one.over != "ldap" {
            //= PEC-4.5-06
            let root = index.records.iter().find(|record| record.path().len() == 1);
            let urls = root.map(|root| root.values("LDIFLocationURL")).unwrap_or_default();
            let is_there =
                |url: &String| url.to_ascii_lowercase().starts_with("https://") && url.ends_with(one.document);
            let holds = one.over == "https" && matches!(urls.as_slice(), [url] if is_there(url));
            let observed = format!("{} over {}, the root record has {}", one.document, one.over, urls.join(", "));
            let expected = "the whole file over HTTPS, where the root record says";
            occasion.holds(out, &[Clause::PEC_4_5_06], holds, expected, &observed);
        }
    }
}
