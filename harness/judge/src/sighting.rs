use std::collections::BTreeSet;

use collaudo_record::{Basis, Instant, Provider, Trace, Transfer, What};

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
            let issuer = issuer(trace, readings, &event.what, reading);
            sightings.push(Sighting { reading, event: place, at: event.at, declared, issuer });
        }
    }
    sightings
}

fn issuer<'a>(trace: &'a Trace, readings: &Readings, what: &What, reading: &Reading) -> Option<&'a Provider> {
    match what {
        What::Transfer(transfer) => sender(trace, transfer),
        What::Stored { .. } if reading.kind == Kind::Ordinary => None,
        // A provider stores a message before it says yes to it: who sent it may be seen only then.
        What::Stored { provider, .. } => {
            carrier(trace, readings, reading).or_else(|| author(trace, reading)).or_else(|| named(trace, provider))
        }
        _ => None,
    }
}

fn named<'a>(trace: &'a Trace, name: &str) -> Option<&'a Provider> {
    trace.header.providers.iter().find(|provider| provider.name == name)
}

/// What a person's client brings, and what a stranger brings, is no provider's work, whatever it calls itself.
fn sender<'a>(trace: &'a Trace, transfer: &Transfer) -> Option<&'a Provider> {
    named(trace, &transfer.session.client).filter(|_| transfer.step.is_none())
}

/// The provider that first sent it over the wire.
fn carrier<'a>(trace: &'a Trace, readings: &Readings, reading: &Reading) -> Option<&'a Provider> {
    trace.events.iter().find_map(|event| match &event.what {
        What::Transfer(transfer) => {
            let carried = readings.get(transfer.body.as_ref()?)?;
            sender(trace, transfer).filter(|_| carried.essence == reading.essence)
        }
        _ => None,
    })
}

/// The provider that From names.
fn author<'a>(trace: &'a Trace, reading: &Reading) -> Option<&'a Provider> {
    let address = &reading.head.from.first()?.address;
    trace.header.providers.iter().find(|provider| provider.certified_address.eq_ignore_ascii_case(address))
}
