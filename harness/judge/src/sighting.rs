use std::collections::BTreeSet;

use collaudo_record::{Basis, Instant, Provider, Trace, What};

use crate::reading::{Kind, Reading, Readings, message_of};

/// The first time that a message was seen. A copy that only gained trace fields on its way is the same message.
#[derive(Debug)]
pub(crate) struct Sighting<'a> {
    pub(crate) reading: &'a Reading,
    /// Place in the trace's events.
    pub(crate) event: u32,
    pub(crate) at: Instant,
    /// Whether only the provider says so.
    pub(crate) declared: bool,
    /// Who issued it: the host that sent it, else whom its From names, else whose mailbox holds it. None for what users
    /// and strangers wrote.
    pub(crate) issuer: Option<&'a Provider>,
}

/// Every message of the trace, in the order in which they were first seen.
pub(crate) fn sightings<'a>(trace: &'a Trace, readings: &'a Readings) -> Vec<Sighting<'a>> {
    let mut seen = BTreeSet::new();
    let mut sightings = Vec::new();
    for (event, place) in trace.events.iter().zip(0..) {
        let Some(reading) = message_of(&event.what).and_then(|body| readings.get(body)) else { continue };
        if seen.insert(&reading.essence) {
            let declared = event.basis == Basis::Declared;
            let issuer = issuer(trace, &event.what, reading);
            sightings.push(Sighting { reading, event: place, at: event.at, declared, issuer });
        }
    }
    sightings
}

fn issuer<'a>(trace: &'a Trace, what: &What, reading: &Reading) -> Option<&'a Provider> {
    let named = |name: &str| trace.header.providers.iter().find(|provider| provider.name == name);
    match what {
        // What a person's client brings, and what a stranger brings, is no provider's work, whatever it calls itself.
        What::Transfer(transfer) => named(&transfer.session.client).filter(|_| transfer.step.is_none()),
        What::Stored { .. } if reading.kind == Kind::Ordinary => None,
        What::Stored { provider, .. } => author(trace, reading).or_else(|| named(provider)),
        _ => None,
    }
}

/// The provider that From names.
fn author<'a>(trace: &'a Trace, reading: &Reading) -> Option<&'a Provider> {
    let address = &reading.head.from.first()?.address;
    trace.header.providers.iter().find(|provider| provider.certified_address.eq_ignore_ascii_case(address))
}
