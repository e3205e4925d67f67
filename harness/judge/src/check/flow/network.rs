//! Who speaks to whom, over what, and by whose machines.

use std::collections::BTreeMap;

use collaudo_record::{Instant, Provider, Terms, What};

use super::{Check, Findings, Occasion, View};
use crate::{
    Clause,
    reading::{Field, Head, Kind, TRACE_FIELDS},
    story::{Appearance, Place, octets::unfolded},
};

/// What a provider holds of another one came by SMTP.
pub(super) const EXCHANGE: Check = Check { clauses: &[Clause::PEC_2_2_2_01], run: exchange };

/// People hand their messages to a service of submission.
pub(super) const SUBMISSION: Check = Check { clauses: &[Clause::PEC_3_1_01], run: submission };

/// The reception point says that it speaks TLS.
pub(super) const ANNOUNCEMENT: Check = Check { clauses: &[Clause::PEC_5_3_04], run: announcement };

/// Certified mail passes through providers' own machines alone.
pub(super) const MACHINES: Check = Check { clauses: &[Clause::PEC_5_3_06], run: machines };

/// So are those that stand in for them.
pub(super) const SECOND_CHOICES: Check = Check { clauses: &[Clause::PEC_5_3_08], run: second_choices };

/// Where servers take mail from each other.
const RELAY: u16 = 25;

/// Where people hand it over (RFC 6409, RFC 8314).
const SUBMISSIONS: [u16; 2] = [587, 465];

//= PEC-2.2.2-01
fn exchange(view: &View<'_>, out: &mut Findings) {
    let story = view.story;
    // Ordinary mail has ways of its own, and an anomaly envelope is made where it lies.
    let certified = |one: &&Appearance<'_>| !matches!(one.kind(), Kind::Ordinary | Kind::Anomalia);
    for lying in story.appearances.iter().filter(certified).filter(|one| one.mailbox().is_some()) {
        let (here, Some(issuer)) = (lying.at_provider(), lying.issuer) else { continue };
        if issuer.name == here.name {
            continue;
        }
        let crossed = story.appearances.iter().find(|one| match one.place {
            Place::Wire { transfer, to, .. } => {
                to.name == here.name && transfer.session.port == RELAY && is_about_the_same(lying, one)
            }
            Place::Mailbox { .. } => false,
        });
        let events = crossed.map(|one| one.event).into_iter().chain([lying.event]);
        let expected = format!("a message of {} brought by SMTP, on port {RELAY}", issuer.name);
        let observed = if crossed.is_some() { "it was" } else { "it lies there, and no transaction brought it" };
        let occasion = Occasion::new(view, here, events).about(story.submission_of(lying));
        occasion.holds(out, &[Clause::PEC_2_2_2_01], crossed.is_some(), &expected, observed);
    }
}

/// Copies of one message, or messages of one sort about one transaction: what befell a copy on its way is for other rows.
fn is_about_the_same(lying: &Appearance<'_>, one: &Appearance<'_>) -> bool {
    one.first == lying.first || one.pec_msgid().is_some() && one.pec_msgid() == lying.pec_msgid()
}

//= PEC-3.1-01
fn submission(view: &View<'_>, out: &mut Findings) {
    for submission in view.story.submissions.iter().filter(|one| one.taken()) {
        let port = submission.transfer.session.port;
        let expected = "submission on a port for it, 587 or 465";
        let occasion = Occasion::of(view, submission.provider, submission, []);
        let holds = SUBMISSIONS.contains(&port);
        occasion.holds(out, &[Clause::PEC_3_1_01], holds, expected, &format!("taken on port {port}"));
    }
}

//= PEC-5.3-04
fn announcement(view: &View<'_>, out: &mut Findings) {
    for (event, place) in view.trace.events.iter().zip(0_u32..) {
        let What::Announced { session, extensions } = &event.what else { continue };
        let Some(provider) = view.story.providers.named(&session.server).filter(|_| session.port == RELAY) else {
            continue;
        };
        let holds = extensions.iter().any(|one| one.eq_ignore_ascii_case("STARTTLS"));
        let observed = format!("announced: {}", extensions.join(", "));
        let expected = "STARTTLS among what the reception point announces";
        Occasion::new(view, provider, [place]).holds(out, &[Clause::PEC_5_3_04], holds, expected, &observed);
    }
}

/// What each provider says of itself, and where.
fn terms<'v>(view: &'v View<'v>) -> BTreeMap<&'v str, (u32, &'v Terms)> {
    let terms = view.trace.events.iter().zip(0_u32..).filter_map(|(event, place)| match &event.what {
        What::Terms(terms) => Some((terms.provider.as_str(), (place, terms))),
        _ => None,
    });
    terms.collect()
}

//= PEC-5.3-06
fn machines(view: &View<'_>, out: &mut Findings) {
    let terms = terms(view);
    if terms.is_empty() {
        return;
    }
    let known: Vec<&str> = terms
        .values()
        .flat_map(|(_, terms)| terms.machines.iter().map(String::as_str).chain([terms.provider.as_str()]))
        .collect();
    let is_known = |host: &str| known.iter().any(|one| one.eq_ignore_ascii_case(host));
    for one in view.story.appearances.iter().filter(|one| one.kind() != Kind::Ordinary) {
        let Some(issuer) = one.issuer.filter(|issuer| issuer.name != one.at_provider().name) else { continue };
        let Some((declared, _)) = terms.get(issuer.name.as_str()) else { continue };
        let hops = hops(one);
        let strange: Vec<&str> = hops.iter().map(String::as_str).filter(|host| !is_known(host)).collect();
        let expected = "a way from provider to provider by machines of theirs alone";
        let observed = match (strange.as_slice(), &one.place) {
            ([], _) if !hops.is_empty() => format!("Received names {}", hops.join(", ")),
            ([], Place::Wire { from: Some(from), to, .. }) => format!("handed by {} to {} itself", from.name, to.name),
            ([], _) => continue,
            (some, _) => format!("Received names {}, of no provider", some.join(", ")),
        };
        let occasion = Occasion::new(view, issuer, [*declared, one.event]).by("R-0083");
        let occasion = occasion.about(view.story.submission_of(one));
        occasion.holds(out, &[Clause::PEC_5_3_06], strange.is_empty(), expected, &observed);
    }
    bare_of_providers(view, out);
}

/// Certified mail that a provider hands to somebody who is none.
fn bare_of_providers(view: &View<'_>, out: &mut Findings) {
    for (event, place) in view.trace.events.iter().zip(0_u32..) {
        let What::Transfer(transfer) = &event.what else { continue };
        let Some(from) = view.story.providers.named(&transfer.session.client) else { continue };
        let reading = transfer.body.as_ref().and_then(|body| view.readings.get(body));
        let is_certified = reading.is_some_and(|reading| reading.kind != Kind::Ordinary);
        let server = &transfer.session.server;
        if is_certified && view.story.providers.named(server).is_none() {
            let expected = "certified mail handed to a provider";
            let observed = format!("handed to {server}, which is none");
            Occasion::new(view, from, [place]).holds(out, &[Clause::PEC_5_3_06], false, expected, &observed);
        }
    }
}

/// The hosts that a message's own trace names: the fields on top of its header. Those of an envelope that its original has
/// too are repeated, and came from elsewhere.
fn hops(one: &Appearance<'_>) -> Vec<String> {
    let received = |head: &Head| head.all("Received").map(|field| unfolded(field.raw())).collect::<Vec<_>>();
    let originals = one.reading.postacert.as_ref().map(|original| received(&original.head)).unwrap_or_default();
    let is_trace = |field: &&Field| TRACE_FIELDS.iter().any(|name| field.name().eq_ignore_ascii_case(name));
    let on_top = one.reading.head.fields.iter().take_while(is_trace);
    let own = on_top.filter(|field| field.name().eq_ignore_ascii_case("Received")).map(|field| unfolded(field.raw()));
    let own = own.filter(|line| !originals.contains(line));
    own.flat_map(|line| named_hosts(&String::from_utf8_lossy(&line))).collect()
}

/// The names behind `from` and `by` (RFC 5321 §4.4); what stands in brackets or behind the semicolon is no name of a host.
fn named_hosts(received: &str) -> Vec<String> {
    let clauses = received.split(';').next().unwrap_or_default();
    let words: Vec<&str> = clauses.split_whitespace().collect();
    let behind = |keyword: &str| {
        let at = words.iter().position(|word| word.eq_ignore_ascii_case(keyword))?;
        words.get(at + 1).map(|host| host.trim_end_matches('.').to_owned())
    };
    ["from", "by"].into_iter().filter_map(behind).filter(|host| !host.starts_with(['(', '['])).collect()
}

//= PEC-5.3-08
fn second_choices(view: &View<'_>, out: &mut Findings) {
    let terms = terms(view);
    let mut seen: BTreeMap<&str, Instant> = BTreeMap::new();
    for (event, place) in view.trace.events.iter().zip(0_u32..) {
        let What::Resolved { domain, exchangers, .. } = &event.what else { continue };
        let owner: Option<&Provider> = view.story.providers.managing(domain);
        let (Some(owner), Some(others)) = (owner, exchangers.get(1..).filter(|others| !others.is_empty())) else {
            continue;
        };
        let Some((declared, own)) = terms.get(owner.name.as_str()) else { continue };
        if seen.insert(domain, event.at).is_some() {
            continue;
        }
        let is_own = |host: &&String| own.machines.iter().any(|machine| machine.eq_ignore_ascii_case(host));
        let holds = others.iter().all(|host| is_own(&host));
        let expected = format!("second choices among the machines of {}: {}", owner.name, own.machines.join(", "));
        let observed = format!("DNS has {}", others.join(", "));
        let occasion = Occasion::new(view, owner, [*declared, place]);
        occasion.holds(out, &[Clause::PEC_5_3_08], holds, &expected, &observed);
    }
}

#[cfg(test)]
mod tests {
    use super::named_hosts;

    #[test]
    fn a_trace_field_names_who_gave_and_who_took() {
        let line =
            "from mx.alfa.test (unknown [10.0.0.7]) by mx.beta.test with ESMTPS id x1 for <a@b>; Mon, 1 Jun 2026";
        assert_eq!(named_hosts(line), ["mx.alfa.test", "mx.beta.test"]);
        assert_eq!(named_hosts("by mx.beta.test.; from nowhere"), ["mx.beta.test"]);
        assert_eq!(named_hosts("from [10.0.0.7] by"), Vec::<String>::new());
        assert_eq!(named_hosts(""), Vec::<String>::new());
    }
}
