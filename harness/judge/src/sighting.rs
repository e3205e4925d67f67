use std::collections::{BTreeMap, BTreeSet};

use collaudo_record::{Basis, BodyHash, Instant, Provider, Trace, Transfer, What};

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
    let carriers = carriers(trace, readings);
    let mut seen = BTreeSet::new();
    let mut sightings = Vec::new();
    for (event, place) in trace.events.iter().zip(0..) {
        let Some(reading) = message_of(&event.what).and_then(|body| readings.get(body)) else { continue };
        if seen.insert(&reading.essence) {
            let declared = event.basis == Basis::Declared;
            let issuer = issuer(trace, &carriers, &event.what, reading);
            sightings.push(Sighting { reading, event: place, at: event.at, declared, issuer });
        }
    }
    sightings
}

/// The provider that first sent a message over the wire, by what stays the same of the message from hop to hop.
type Carriers<'a> = BTreeMap<&'a BodyHash, &'a Provider>;

fn carriers<'a>(trace: &'a Trace, readings: &'a Readings) -> Carriers<'a> {
    let mut carriers = Carriers::new();
    for event in &trace.events {
        let What::Transfer(transfer) = &event.what else { continue };
        let Some(carried) = transfer.body.as_ref().and_then(|body| readings.get(body)) else { continue };
        if let Some(sender) = sender(trace, transfer) {
            carriers.entry(&carried.essence).or_insert(sender);
        }
    }
    carriers
}

fn issuer<'a>(trace: &'a Trace, carriers: &Carriers<'a>, what: &What, reading: &Reading) -> Option<&'a Provider> {
    match what {
        What::Transfer(transfer) => sender(trace, transfer),
        What::Stored { .. } if reading.kind == Kind::Ordinary => None,
        // A provider stores a message before it says yes to it: who sent it may be seen only then.
        What::Stored { provider, .. } => {
            let carrier = carriers.get(&reading.essence).copied();
            carrier.or_else(|| author(trace, reading)).or_else(|| named(trace, provider))
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

/// The provider that From names.
fn author<'a>(trace: &'a Trace, reading: &Reading) -> Option<&'a Provider> {
    let address = &reading.head.from.first()?.address;
    trace.header.providers.iter().find(|provider| provider.certified_address.eq_ignore_ascii_case(address))
}
