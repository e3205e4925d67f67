//! What a person gets who looks into a mailbox.

use collaudo_record::What;

use super::{Check, Findings, Occasion, View};
use crate::{
    Clause,
    story::{address::same, octets::same_octets},
};

/// Whoever has the right password is let in.
pub(super) const LOGIN: Check = Check { clauses: &[Clause::PEC_6_02], run: login };

/// What lies there, unchanged, under TLS.
pub(super) const VISITS: Check =
    Check { clauses: &[Clause::PEC_2_2_3_04, Clause::PEC_5_3_01, Clause::PEC_5_3_02], run: visits };

/// A visit that breaks off behind the login has opened nothing.
//= PEC-6-02
fn login(view: &View<'_>, out: &mut Findings) {
    let events = || view.trace.events.iter().zip(0_u32..);
    for (event, place) in events() {
        let What::Entered { visit, provider, mailbox, over, admitted } = &event.what else { continue };
        let Some(provider) = view.story.providers.named(provider) else { continue };
        let broken = events().find_map(|(event, place)| match &event.what {
            What::StepFailed { step, why } if step == visit => Some((place, event.at, why)),
            _ => None,
        });
        let last = broken.map_or(event.at, |(_, at, _)| at);
        let holds = *admitted && broken.is_none();
        if holds || view.story.disturbances.is_calm(&provider.name, last) {
            let expected = format!("{mailbox} opened over {over} to who has its password");
            let observed = broken.map_or_else(|| "opened".to_owned(), |(.., why)| format!("not opened: {why}"));
            let evidence = broken.map(|(place, ..)| place).into_iter().chain([place]);
            Occasion::new(view, provider, evidence).holds(out, &[Clause::PEC_6_02], holds, &expected, &observed);
        }
    }
}

fn visits(view: &View<'_>, out: &mut Findings) {
    for (event, place) in view.trace.events.iter().zip(0_u32..) {
        let What::Fetched { provider, mailbox, over, secured, body, .. } = &event.what else { continue };
        let (Some(provider), Some(octets)) = (view.story.providers.named(provider), view.trace.body(body)) else {
            continue;
        };
        let mut lying = view.story.appearances.iter().filter(|one| {
            one.event < place
                && one.at_provider().name == provider.name
                && one.mailbox().is_some_and(|own| same(own, mailbox))
        });
        let source = lying.find(|one| same_octets(one.octets, octets));
        let occasion = Occasion::new(view, provider, source.map(|one| one.event).into_iter().chain([place]));
        let occasion = occasion.about(source.and_then(|source| view.story.submission_of(source)));
        //= PEC-2.2.3-04
        let expected = format!("a message of {mailbox} over {over} as it lies there");
        let observed = match source {
            Some(_) => "the same octets".to_owned(),
            None => format!("{} octets that lie there in no message", octets.len()),
        };
        occasion.holds(out, &[Clause::PEC_2_2_3_04], source.is_some(), &expected, &observed);
        // The explorer works above TLS: what it does not carry it cannot show.
        if view.trace.header.world != "explore" {
            //= PEC-5.3-01
            //= PEC-5.3-02
            let observed = if *secured { "under TLS" } else { "in the clear" };
            let both = &[Clause::PEC_5_3_01, Clause::PEC_5_3_02];
            occasion.holds(out, both, *secured, "mailboxes read under TLS", observed);
        }
    }
}
