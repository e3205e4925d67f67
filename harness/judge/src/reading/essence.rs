//! What stays the same of a message from hop to hop, whatever fields were put on top of it on its way (R-0102).

use std::collections::{BTreeMap, BTreeSet};

use collaudo_record::{BodyHash, Trace, What};

use super::{Head, Kind, Reading, head};

/// Fields that say how a message came, one for each hop, and for whom it was put into a mailbox.
pub(crate) const TRACE_FIELDS: [&str; 6] =
    ["Received", "Return-Path", "Delivered-To", "X-Original-To", "Envelope-To", "Delivery-Date"];

/// Under so many fields it is looked for what came: those on top of it and the trace fields that it came with.
const FIELDS_MAX: usize = 64;

/// What was brought: how long it is without the trace fields that lead it, its hash and what it says it is.
type Brought = BTreeMap<usize, BTreeSet<(BodyHash, Kind)>>;

/// A message without the trace fields that lead it.
pub(super) fn essential<'o>(head: &Head, octets: &'o [u8]) -> &'o [u8] {
    let is_trace = |name: &str| TRACE_FIELDS.iter().any(|one| name.eq_ignore_ascii_case(one));
    let first = head.fields.iter().find(|field| !is_trace(field.name()));
    first.and_then(|field| octets.get(field.start..)).unwrap_or(octets)
}

/// Gives what lies in a mailbox the essence of what somebody brought or submitted, where it ends with all octets of that
/// and has nothing but fields on top.
pub(super) fn recognise(trace: &Trace, readings: &mut BTreeMap<BodyHash, Reading>) {
    let brought = brought(trace, readings);
    for event in &trace.events {
        let What::Stored { body, .. } = &event.what else { continue };
        let (Some(lying), Some(octets)) = (readings.get_mut(body), trace.body(body)) else { continue };
        let (length, one) = (essential(&lying.head, octets).len(), (lying.essence.clone(), lying.kind));
        let came_as_it_lies = brought.get(&length).is_some_and(|known| known.contains(&one));
        if !came_as_it_lies && let Some(essence) = under_fields(&brought, lying.kind, octets) {
            lying.essence = essence;
        }
    }
}

fn brought(trace: &Trace, readings: &BTreeMap<BodyHash, Reading>) -> Brought {
    let mut brought = Brought::new();
    for event in &trace.events {
        let What::Transfer(transfer) = &event.what else { continue };
        let Some(hash) = &transfer.body else { continue };
        let (Some(reading), Some(octets)) = (readings.get(hash), trace.body(hash)) else { continue };
        let length = essential(&reading.head, octets).len();
        brought.entry(length).or_default().insert((reading.essence.clone(), reading.kind));
    }
    brought
}

/// The longest message brought that lies under fields alone. Only what is as long as one is hashed. A field on top that
/// makes something else of it makes another message.
fn under_fields(brought: &Brought, kind: Kind, octets: &[u8]) -> Option<BodyHash> {
    field_ends(octets).take(FIELDS_MAX).find_map(|end| {
        let rest = octets.get(end..).filter(|rest| !rest.is_empty())?;
        let known = brought.get(&rest.len())?;
        let one = (BodyHash::of(rest), kind);
        known.contains(&one).then_some(one.0)
    })
}

/// Where each field ends, as far as the header is one.
fn field_ends(octets: &[u8]) -> impl Iterator<Item = usize> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let field = head::line(octets, at).filter(|line| head::begins_field(line))?;
        at += field.len();
        while let Some(fold) = head::line(octets, at).filter(|line| line.starts_with(b" ") || line.starts_with(b"\t")) {
            at += fold.len();
        }
        Some(at)
    })
}

#[cfg(test)]
mod tests {
    use crate::story::testing::{Script, at, stored, submit, wire};

    const CAME: &str = "Received: from x\r\n\tby y\r\nFrom: posta-certificata@beta.test\r\nX-Trasporto: posta-certificata\r\n\
                        Message-ID: <a@b>\r\n\r\nciao\r\n";

    const ON_TOP: &str =
        "Return-Path: <x@mail.test>\r\nX-Filtro: passato\r\n\tda y\r\nDelivered-To: bruno@beta.test\r\n";

    fn came(message: &str) -> Script {
        Script::default().add("comes", at(1), wire("mail.test", "beta", "x@mail.test", &["bruno@beta.test"], message))
    }

    /// Whether what came first is what lies in the mailbox, and so nobody else's than who brought it.
    fn is_recognised(script: Script, lying: &str) -> bool {
        script.add("lies", at(2), stored("bruno@beta.test", lying)).with(|view| {
            let own = view.sightings.iter().filter(|one| one.issuer.is_some_and(|issuer| issuer.name == "beta"));
            let others = view.sightings.iter().filter(|one| one.issuer.is_none());
            let (own, others) = (own.count(), others.count());
            assert!(matches!((own, others), (0, 1) | (1, 1)), "{own} of beta, {others} of nobody");
            own == 0
        })
    }

    #[test]
    fn what_lies_under_more_fields_is_what_came() {
        assert!(is_recognised(came(CAME), CAME));
        assert!(is_recognised(came(CAME), &format!("{ON_TOP}{CAME}")));
        let received = "Received: from x\r\n\tby y\r\n";
        assert!(is_recognised(came(CAME), &format!("{ON_TOP}{}", CAME.replace(received, ""))), "trace aside");
        let many = |times| format!("{}{CAME}", "X-Filtro: passato\r\n".repeat(times));
        assert!(is_recognised(came(CAME), &many(super::FIELDS_MAX - 1)));
        assert!(!is_recognised(came(CAME), &many(super::FIELDS_MAX)));
    }

    #[test]
    fn what_was_submitted_is_recognised_too() {
        let submitted = Script::default().add("sent", at(1), submit(CAME, &["bruno@beta.test"]));
        assert!(is_recognised(submitted, &format!("{ON_TOP}{CAME}")));
    }

    #[test]
    fn what_was_changed_further_down_is_another_message() {
        for (old, new) in [
            ("<a@b>", "<a@c>"),
            ("ciao", "Ciao"),
            ("Message-ID", "X-Filtro: passato\r\nMessage-ID"),
            ("ciao\r\n", "ciao\r\n\r\n"),
        ] {
            assert!(!is_recognised(came(CAME), &format!("{ON_TOP}{}", CAME.replace(old, new))), "{new}");
        }
    }

    /// Whether what came and what lies in the mailbox have the same essence.
    fn is_same(came: &str, lying: &str) -> bool {
        self::came(came).add("lies", at(2), stored("bruno@beta.test", lying)).with(|view| {
            let essences: Vec<_> = view.story.appearances.iter().map(|one| &one.reading.essence).collect();
            let [came, lies] = essences.as_slice() else { panic!("two appearances, not {essences:?}") };
            came == lies
        })
    }

    #[test]
    fn what_stands_on_top_is_fields_and_leaves_the_message_what_it_says_it_is() {
        let came = CAME.replace("X-Trasporto: posta-certificata\r\n", "");
        assert!(is_same(&came, &format!("X-Filtro: passato\r\n{came}")));
        for top in ["X-Trasporto: errore\r\n", "From y\r\nX-Filtro: passato\r\n", "X-Filtro: passato\r\n\r\n"] {
            assert!(!is_same(&came, &format!("{top}{came}")), "{top}");
        }
    }

    #[test]
    fn what_came_as_it_lies_is_not_looked_for_under_its_fields() {
        let longer = format!("X-Filtro: passato\r\n{CAME}");
        let both = came(CAME).add("longer", at(1), wire("mail.test", "beta", "", &["bruno@beta.test"], &longer));
        both.add("lies", at(2), stored("bruno@beta.test", &longer)).with(|view| {
            let essences: Vec<_> = view.story.appearances.iter().map(|one| &one.reading.essence).collect();
            assert!(matches!(essences.as_slice(), [short, long, lies] if long == lies && short != lies));
        });
    }

    #[test]
    fn a_message_without_a_header_is_recognised_and_an_empty_one_is_none() {
        assert!(is_same("\r\nciao\r\n", "X-Filtro: passato\r\n\r\nciao\r\n"));
        assert!(!is_same("", "X-Filtro: passato\r\n"));
    }
}
