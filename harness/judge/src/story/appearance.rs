use std::collections::BTreeMap;

use collaudo_record::{BodyHash, Event, Instant, Provider, Trace, Transfer, What};

use super::{Arrives, Providers, Standing, address::same, octets::has_bare_line_ends};
use crate::{
    library::Library,
    reading::{Kind, Reading, Readings},
    sighting::Sighting,
};

/// How the story tells what a message is worth.
pub(crate) type Trust = fn(&Reading, Arrives<'_>) -> Standing;

/// A message seen at one place: on the wire between providers, or in a mailbox. What people submit is no appearance.
#[derive(Debug)]
pub(crate) struct Appearance<'a> {
    /// Its place in the trace's events.
    pub(crate) event: u32,
    /// When.
    pub(crate) at: Instant,
    /// Where.
    pub(crate) place: Place<'a>,
    /// What.
    pub(crate) reading: &'a Reading,
    /// Its octets.
    pub(crate) octets: &'a [u8],
    /// What it is worth.
    pub(crate) standing: Standing,
    /// The first appearance of the same message.
    pub(crate) first: usize,
    /// Who issued it: seen where it first appears.
    pub(crate) issuer: Option<&'a Provider>,
    /// The submission that it is about, by its place in the story.
    pub(crate) submission: Option<usize>,
}

/// Where a message was seen.
#[derive(Debug)]
pub(crate) enum Place<'a> {
    /// On its way to a provider.
    Wire {
        /// The transaction.
        transfer: &'a Transfer,
        /// The provider that sent it; none for strangers.
        from: Option<&'a Provider>,
        /// The provider that was to take it.
        to: &'a Provider,
    },
    /// In a mailbox.
    Mailbox {
        /// The provider.
        provider: &'a Provider,
        /// The address.
        mailbox: &'a str,
    },
}

impl<'a> Appearance<'a> {
    /// What it says it is.
    pub(crate) fn kind(&self) -> Kind {
        self.reading.kind
    }

    /// The PEC identifier of the transaction that it belongs to.
    pub(crate) fn pec_msgid(&self) -> Option<&'a str> {
        pec_msgid(self.reading)
    }

    /// The client's identifier, as certified or else as its header has it.
    pub(crate) fn msgid(&self) -> Option<&'a str> {
        let certified = self.reading.daticert.as_ref().and_then(|daticert| daticert.msgid.as_deref());
        certified.or(self.reading.head.x_riferimento.as_deref())
    }

    /// The one recipient concerned.
    pub(crate) fn consegna(&self) -> Option<&'a str> {
        self.reading.daticert.as_ref().and_then(|daticert| daticert.consegna.as_deref())
    }

    /// Whether it concerns that recipient: by `consegna`, or for a take-charge receipt by `ricezione`. Where that element is
    /// missing the text tells.
    pub(crate) fn concerns(&self, recipient: &str) -> bool {
        let taken = self.reading.daticert.as_ref().map_or(&[][..], |daticert| &daticert.ricezione);
        match (self.kind(), self.consegna()) {
            (Kind::PresaInCarico, _) if !taken.is_empty() => taken.iter().any(|one| same(one, recipient)),
            (_, Some(consegna)) => same(consegna, recipient),
            (Kind::Accettazione | Kind::NonAccettazione | Kind::PostaCertificata, None) => false,
            (Kind::Anomalia | Kind::Ordinary, None) => false,
            (_, None) => self.names(recipient),
        }
    }

    /// Whether its text names that recipient.
    pub(crate) fn names(&self, recipient: &str) -> bool {
        self.reading.text.to_ascii_lowercase().contains(&recipient.to_ascii_lowercase())
    }

    /// Whether its accepting end took it: a mailbox always did.
    pub(crate) fn arrived(&self) -> bool {
        match self.place {
            Place::Wire { transfer, .. } => is_positive(transfer.reply.as_ref().map(|reply| reply.code)),
            Place::Mailbox { .. } => true,
        }
    }

    /// When its octets had come: what follows from them may be seen before the reply to them.
    pub(crate) fn came(&self) -> Instant {
        self.transfer().map_or(self.at, |transfer| transfer.body_at.unwrap_or(transfer.began))
    }

    /// The provider at whose end it was seen.
    pub(crate) fn at_provider(&self) -> &'a Provider {
        match self.place {
            Place::Wire { to, .. } => to,
            Place::Mailbox { provider, .. } => provider,
        }
    }

    /// The mailbox that holds it.
    pub(crate) fn mailbox(&self) -> Option<&'a str> {
        match self.place {
            Place::Mailbox { mailbox, .. } => Some(mailbox),
            Place::Wire { .. } => None,
        }
    }

    /// Whether its taker refused it for good, though it is within what he allows and its lines end as they must.
    pub(crate) fn is_refused_without_cause(&self, to: &Provider) -> bool {
        let Some(transfer) = self.transfer() else { return false };
        let is_final = transfer.reply.as_ref().is_some_and(|reply| reply.code >= 500);
        let number = transfer.forward_paths.len();
        let paths = u64::try_from(number).unwrap_or(u64::MAX);
        let has_room = self.reading.octets.saturating_mul(paths) <= to.max_octets
            && u32::try_from(number).is_ok_and(|number| number <= to.max_recipients);
        is_final && has_room && !has_bare_line_ends(self.octets)
    }

    /// The transaction that carried it.
    pub(crate) fn transfer(&self) -> Option<&'a Transfer> {
        match self.place {
            Place::Wire { transfer, .. } => Some(transfer),
            Place::Mailbox { .. } => None,
        }
    }
}

/// The PEC identifier that a message speaks of: of an envelope its own, of an anomaly envelope the received message's.
pub(crate) fn pec_msgid(reading: &Reading) -> Option<&str> {
    let certified = reading.daticert.as_ref().and_then(|daticert| daticert.identificativo.as_deref());
    match reading.kind {
        Kind::PostaCertificata => certified.or(reading.head.message_id.as_deref()),
        Kind::Anomalia => reading.head.message_id.as_deref(),
        _ => certified,
    }
}

/// Whether an SMTP reply says yes.
pub(crate) fn is_positive(code: Option<u16>) -> bool {
    code.is_some_and(|code| (200..300).contains(&code))
}

/// Whether people's clients made this transaction.
pub(crate) fn is_submission(transfer: &Transfer) -> bool {
    transfer.step.is_some()
        || transfer.account.is_some()
        || matches!(transfer.session.port, 465 | 587)
        || transfer.session.client == "users"
}

/// Every appearance of the trace, in the order of its events.
pub(crate) fn appearances<'a>(
    trace: &'a Trace,
    readings: &'a Readings,
    library: &Library<'_>,
    sightings: &[Sighting<'a>],
    providers: &Providers<'a>,
    trust: Trust,
) -> Vec<Appearance<'a>> {
    let issuers: BTreeMap<_, _> =
        sightings.iter().map(|sighting| (&sighting.reading.essence, sighting.issuer)).collect();
    let mut all: Vec<Appearance<'a>> = Vec::new();
    let mut firsts = BTreeMap::new();
    for (event, place) in trace.events.iter().zip(0_u32..) {
        let Some((body, seen)) = seen(event, providers) else { continue };
        let (Some(reading), Some(octets)) = (readings.get(body), trace.body(body)) else { continue };
        let host = match &seen {
            Place::Wire { to, .. } => &to.name,
            Place::Mailbox { provider, .. } => &provider.name,
        };
        let standing = trust(reading, Arrives { library, host, event: place, at: event.at });
        let first = *firsts.entry(identity(reading)).or_insert(all.len());
        let issuer = match all.get(first) {
            Some(first) => first.issuer,
            None => issuers.get(&reading.essence).copied().unwrap_or_else(|| issuer(reading, &seen, providers)),
        };
        all.push(Appearance {
            event: place,
            at: event.at,
            place: seen,
            reading,
            octets,
            standing,
            first,
            issuer,
            submission: None,
        });
    }
    all
}

/// What makes two copies one message, even where one of them was damaged on its way: what they say they are. Without an
/// identifier of its own a message is its octets.
fn identity(reading: &Reading) -> (Kind, Option<&str>, Option<&str>, Option<&BodyHash>) {
    let id = reading.head.message_id.as_deref().filter(|id| !id.is_empty() && reading.kind != Kind::Ordinary);
    let octets = id.is_none().then_some(&reading.essence);
    (reading.kind, id, reading.head.x_riferimento.as_deref(), octets)
}

fn seen<'a>(event: &'a Event, providers: &Providers<'a>) -> Option<(&'a BodyHash, Place<'a>)> {
    match &event.what {
        What::Transfer(transfer) if !is_submission(transfer) => {
            let to = providers.named(&transfer.session.server)?;
            Some((
                transfer.body.as_ref()?,
                Place::Wire { transfer, from: providers.named(&transfer.session.client), to },
            ))
        }
        What::Stored { provider, mailbox, body } => {
            Some((body, Place::Mailbox { provider: providers.named(provider)?, mailbox }))
        }
        _ => None,
    }
}

/// The host that sent it, else whom its From names, else whose mailbox holds it.
fn issuer<'a>(reading: &Reading, place: &Place<'a>, providers: &Providers<'a>) -> Option<&'a Provider> {
    let signs = |one: &&Provider| reading.head.from.iter().any(|from| same(&from.address, &one.certified_address));
    match (reading.kind, place) {
        (Kind::Ordinary, _) => None,
        (_, Place::Wire { from, .. }) => from.or_else(|| providers.all().find(signs)),
        (_, Place::Mailbox { provider, .. }) => providers.all().find(signs).or(Some(provider)),
    }
}
