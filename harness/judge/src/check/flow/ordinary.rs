//! Mail that is not certified: what a mailbox's holder chose becomes of it, and nobody is told by certified mail.

use collaudo_record::{Ordinary, Provider, User, What};

use super::{
    Check, Findings, Occasion, View,
    reception::{Arrival, wraps},
    virus::notice_about,
};
use crate::{
    Clause,
    reading::Virus,
    story::{
        Appearance, Standing, Story,
        address::{domain, same},
        is_positive,
        octets::same_but_trace,
    },
};

/// The mailbox's own setting decides.
pub(super) const SETTING: Check = Check { clauses: &[Clause::PEC_3_2_2_17, Clause::PEC_PRACT_04], run: setting };

/// What of it is not delivered gives no notice.
pub(super) const SILENCE: Check = Check { clauses: &[Clause::PEC_2_2_3_06], run: silence };

/// It may come without TLS.
pub(super) const CLEAR: Check = Check { clauses: &[Clause::PEC_5_3_05], run: clear };

fn is_ordinary(standing: Standing) -> bool {
    !matches!(standing, Standing::Correct | Standing::Malformed | Standing::Doubtful)
}

/// Arrivals of ordinary mail, each with its paths.
fn arrivals<'v>(view: &'v View<'v>) -> impl Iterator<Item = (Arrival<'v, 'v>, Vec<(&'v str, bool)>)> {
    let ordinary = view.story.appearances.iter().filter(|one| is_ordinary(one.standing));
    ordinary.filter_map(|message| {
        let arrival = Arrival::of(view.story, message)?;
        let said = |code: Option<u16>| message.arrived() && is_positive(code);
        let paths = message.transfer()?.forward_paths.iter();
        let paths = paths.map(|one| (one.path.as_str(), said(one.reply.as_ref().map(|reply| reply.code))));
        Some((arrival, paths.collect()))
    })
}

//= PEC-3.2.2-17
//= PEC-PRACT-04
fn setting(view: &View<'_>, out: &mut Findings) {
    for (arrival, paths) in arrivals(view) {
        if arrival.message.reading.virus != Virus::None {
            continue;
        }
        for (path, taken) in paths {
            let Some(user) = arrival.to.users.iter().find(|user| same(&user.address, path)) else { continue };
            let lying = in_mailbox(view.story, arrival.message, arrival.to, path);
            if let Some((holds, expected)) = honoured(view, &arrival, user, taken, lying) {
                let events = lying.map(|one| one.event).into_iter().chain([arrival.message.event]);
                let code = arrival.message.transfer().and_then(|one| one.reply.as_ref()).map_or(0, |reply| reply.code);
                let lies = if lying.is_some() { "in the mailbox" } else { "not in the mailbox" };
                let observed = format!("{}: reply {code}, {lies}", arrival.message.standing.words());
                let both = &[Clause::PEC_3_2_2_17, Clause::PEC_PRACT_04];
                Occasion::new(view, arrival.to, events).holds(out, both, holds, &expected, &observed);
            }
        }
    }
}

/// The message in that mailbox, enclosed or not.
fn in_mailbox<'s, 'a>(
    story: &'s Story<'a>,
    message: &Appearance<'a>,
    to: &Provider,
    path: &str,
) -> Option<&'s Appearance<'a>> {
    let mut here = story
        .appearances
        .iter()
        .filter(|one| one.at_provider().name == to.name && one.mailbox().is_some_and(|mailbox| same(mailbox, path)));
    here.find(|one| one.reading.essence == message.reading.essence || wraps(one, message))
}

/// Whether what happened is what the holder chose; none where that cannot be told.
fn honoured(
    view: &View<'_>,
    arrival: &Arrival<'_, '_>,
    user: &User,
    taken: bool,
    lying: Option<&Appearance<'_>>,
) -> Option<(bool, String)> {
    let to = &user.address;
    let story = view.story;
    let refused = arrival.message.is_refused_without_cause(arrival.to);
    let excused = story.disturbances.excuses(&[&arrival.to.name], arrival.message.at);
    match &user.ordinary {
        Ordinary::Refuse => Some((lying.is_none(), format!("refused, as {to} chose"))),
        Ordinary::Anomaly => {
            let expected = format!("in an anomaly envelope in {to}, as its holder chose");
            match (lying, taken) {
                (Some(_), _) => Some((true, expected)),
                (None, true) => (!excused && user.quota_octets.is_none()).then_some((false, expected)),
                (None, false) => refused.then_some((false, expected)),
            }
        }
        Ordinary::Forward { to: target } => {
            let expected = format!("sent on to {target} and not stored, as {to} chose");
            let can_be_seen = story.providers.managing(&domain(target)).is_some();
            match (lying, taken) {
                (Some(_), _) => Some((false, expected)),
                (None, true) if was_sent_on(view, arrival, target) => Some((true, expected)),
                (None, true) => (can_be_seen && !excused).then_some((false, expected)),
                (None, false) => refused.then_some((false, expected)),
            }
        }
    }
}

fn was_sent_on(view: &View<'_>, arrival: &Arrival<'_, '_>, target: &str) -> bool {
    view.trace.events.iter().any(|event| match &event.what {
        What::Transfer(transfer) => {
            transfer.session.client == arrival.to.name
                && transfer.forward_paths.iter().any(|forward| same(&forward.path, target))
                && transfer
                    .body
                    .as_ref()
                    .and_then(|body| view.trace.body(body))
                    .is_some_and(|octets| same_but_trace(octets, arrival.message.octets))
        }
        _ => false,
    })
}

//= PEC-2.2.3-06
fn silence(view: &View<'_>, out: &mut Findings) {
    for (arrival, paths) in arrivals(view) {
        let lies = |path: &str| in_mailbox(view.story, arrival.message, arrival.to, path).is_some();
        // Of a virus another row speaks.
        if arrival.message.reading.virus != Virus::None || paths.iter().all(|(path, _)| lies(path)) {
            continue;
        }
        let notice = notice_about(view.story, &arrival);
        let events = notice.map(|one| one.event).into_iter().chain([arrival.message.event]);
        let observed = notice.map_or("none", |one| one.kind().wire());
        let expected = "no notice of certified mail: it was ordinary mail that could not be delivered";
        let occasion = Occasion::new(view, arrival.to, events);
        occasion.holds(out, &[Clause::PEC_2_2_3_06], notice.is_none(), expected, observed);
    }
}

//= PEC-5.3-05
fn clear(view: &View<'_>, out: &mut Findings) {
    // The explorer works above TLS: what it does not carry it cannot show.
    if view.trace.header.world == "explore" {
        return;
    }
    for (event, place) in view.trace.events.iter().zip(0_u32..) {
        let What::Transfer(transfer) = &event.what else { continue };
        let is_stranger = view.story.providers.named(&transfer.session.client).is_none() && transfer.step.is_none();
        let Some(provider) = view.story.providers.named(&transfer.session.server) else { continue };
        let Some(reply) = transfer.reverse_reply.as_ref().filter(|_| is_stranger && !transfer.secured) else {
            continue;
        };
        if transfer.session.port != 25 {
            continue;
        }
        let wants_tls = reply.code == 530 || reply.code >= 500 && reply.text.to_ascii_uppercase().contains("TLS");
        let occasion = Occasion::new(view, provider, [place]);
        let observed = format!("reply {} {}", reply.code, reply.text);
        let expected = "ordinary mail not refused for want of TLS";
        occasion.holds(out, &[Clause::PEC_5_3_05], !wants_tls, expected, &observed);
    }
}
