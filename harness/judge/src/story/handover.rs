use std::collections::BTreeMap;

use collaudo_record::{Instant, Provider};

use super::{
    Appearance, Place, Providers, Standing, Submission,
    address::{domain, same},
    appearance::is_positive,
};
use crate::reading::{Kind, Reading, Virus};

/// What trace fields may add to a message on its way into a mailbox.
const TRACE_OCTETS: u64 = 4_096;

/// An envelope handed to a recipient's provider for one recipient, and what that provider made of it.
#[derive(Debug)]
pub(crate) struct Handover<'a> {
    /// The recipient's provider.
    pub(crate) provider: &'a Provider,
    /// The recipient.
    pub(crate) recipient: &'a str,
    /// The PEC identifier.
    pub(crate) pec_msgid: &'a str,
    /// The sending provider; none where a stranger sent it.
    pub(crate) from: Option<&'a Provider>,
    /// The envelope, where it was seen.
    pub(crate) envelope: Option<&'a Reading>,
    /// What it is worth.
    pub(crate) standing: Standing,
    /// What it carries.
    pub(crate) virus: Virus,
    /// The event by which it is in the provider's hands: the transaction that it said yes to, or within one provider the
    /// acceptance receipt. None where it never said yes.
    pub(crate) taken: Option<(u32, Instant)>,
    /// Transactions on the wire that named this recipient, places of appearances; none within one provider.
    pub(crate) crossings: Vec<usize>,
    /// The submission.
    pub(crate) submission: Option<usize>,
    /// The envelope holds the original: so many octets at least.
    pub(crate) octets_min: u64,
    /// Whether the mailbox exists.
    pub(crate) exists: bool,
    /// Whether the mailbox had room; none where that cannot be told.
    pub(crate) room: Option<bool>,
    /// The envelope in the recipient's mailbox.
    pub(crate) stored: Vec<usize>,
    /// Delivery receipts for this recipient.
    pub(crate) deliveries: Vec<usize>,
    /// Non-delivery notices for this recipient.
    pub(crate) failures: Vec<usize>,
    /// Take-charge receipts that name this recipient.
    pub(crate) take_charges: Vec<usize>,
}

impl Handover<'_> {
    /// Whether sender and recipient have the same provider.
    pub(crate) fn is_internal(&self) -> bool {
        self.crossings.is_empty()
    }

    /// Whether it is a correct envelope without a virus: one that goes the whole way.
    pub(crate) fn is_sound(&self) -> bool {
        self.standing == Standing::Correct && self.virus == Virus::None
    }

    /// Whether it surely can be stored.
    pub(crate) fn can_be_stored(&self) -> bool {
        self.exists && self.room == Some(true)
    }

    /// Whether it surely cannot be stored.
    pub(crate) fn cannot_be_stored(&self) -> bool {
        !self.exists || self.room == Some(false)
    }
}

/// Every handover, in the order in which they began.
pub(crate) fn handovers<'a>(
    appearances: &[Appearance<'a>],
    submissions: &[Submission<'a>],
    providers: &Providers<'a>,
    visits: &[(u32, &str)],
) -> Vec<Handover<'a>> {
    let mut all = Vec::new();
    let mut places = BTreeMap::new();
    for (place, appearance) in appearances.iter().enumerate() {
        cross(&mut all, &mut places, providers, place, appearance);
    }
    for (number, submission) in submissions.iter().enumerate() {
        stay(&mut all, appearances, number, submission);
    }
    let places = Places::of(appearances);
    for handover in &mut all {
        outcome(handover, &places, visits);
    }
    all
}

/// Where to look for what became of an envelope.
struct Places<'s, 'a> {
    appearances: &'s [Appearance<'a>],
    by_identifier: BTreeMap<&'a str, Vec<usize>>,
    /// Mailboxes in lower case.
    by_mailbox: BTreeMap<String, Vec<usize>>,
}

impl<'s, 'a> Places<'s, 'a> {
    fn of(appearances: &'s [Appearance<'a>]) -> Self {
        let (mut by_identifier, mut by_mailbox): (BTreeMap<_, Vec<_>>, BTreeMap<_, Vec<_>>) = Default::default();
        for (place, one) in appearances.iter().enumerate() {
            if let Some(id) = one.pec_msgid() {
                by_identifier.entry(id).or_default().push(place);
            }
            if let Some(mailbox) = one.mailbox() {
                by_mailbox.entry(mailbox.trim().to_ascii_lowercase()).or_default().push(place);
            }
        }
        Self { appearances, by_identifier, by_mailbox }
    }

    fn at(&self, places: Option<&'s Vec<usize>>) -> impl Iterator<Item = (usize, &'s Appearance<'a>)> {
        let appearances = self.appearances;
        places.into_iter().flatten().filter_map(|place| Some((*place, appearances.get(*place)?)))
    }
}

/// An envelope on the wire is a handover for each recipient of its path that the provider manages.
fn cross<'a>(
    all: &mut Vec<Handover<'a>>,
    places: &mut BTreeMap<(&'a str, &'a str, String), usize>,
    providers: &Providers<'a>,
    place: usize,
    appearance: &Appearance<'a>,
) {
    let (Kind::PostaCertificata, Some(id)) = (appearance.kind(), appearance.pec_msgid()) else { return };
    let Place::Wire { transfer, from, to } = appearance.place else { return };
    for forward in &transfer.forward_paths {
        let managed = providers.managing(&domain(&forward.path)).is_some_and(|one| one.name == to.name);
        if !managed {
            continue;
        }
        let key = (to.name.as_str(), id, forward.path.to_ascii_lowercase());
        let number = *places.entry(key).or_insert_with(|| {
            all.push(begun(to, &forward.path, id, from, Some(appearance), appearance.submission));
            all.len() - 1
        });
        let Some(handover) = all.get_mut(number) else { continue };
        handover.crossings.push(place);
        let yes = appearance.arrived() && is_positive(forward.reply.as_ref().map(|reply| reply.code));
        if yes && handover.taken.is_none() {
            handover.taken = Some((appearance.event, appearance.at));
            handover.standing = appearance.standing;
        }
    }
}

/// Within one provider an accepted submission is handed over where it was accepted.
fn stay<'a>(all: &mut Vec<Handover<'a>>, appearances: &[Appearance<'a>], number: usize, submission: &Submission<'a>) {
    let about = || submission.appearances.iter().filter_map(|place| appearances.get(*place));
    let receipt = about().find(|one| one.kind() == Kind::Accettazione && one.arrived());
    let envelope = about().find(|one| one.kind() == Kind::PostaCertificata);
    // A receipt that was lost is a fault of its own; what lies in the mailbox was accepted all the same.
    let accepted = receipt.map(|receipt| receipt.event).or(envelope.map(|_| submission.event));
    let id = receipt.or(envelope).and_then(Appearance::pec_msgid);
    let (Some(accepted), Some(id)) = (accepted, id) else { return };
    for recipient in &submission.recipients {
        let Some(provider) = recipient.provider.filter(|one| one.name == submission.provider.name) else { continue };
        let mut handover = begun(provider, recipient.address, id, Some(provider), envelope, Some(number));
        handover.taken = Some((accepted, submission.t0.0));
        handover.virus = handover.virus.max(submission.virus());
        handover.octets_min = submission.message.map_or(1, |(reading, _)| reading.octets);
        all.push(handover);
    }
}

fn begun<'a>(
    provider: &'a Provider,
    recipient: &'a str,
    pec_msgid: &'a str,
    from: Option<&'a Provider>,
    envelope: Option<&Appearance<'a>>,
    submission: Option<usize>,
) -> Handover<'a> {
    Handover {
        provider,
        recipient,
        pec_msgid,
        from,
        envelope: envelope.map(|one| one.reading),
        standing: envelope.map_or(Standing::Correct, |one| one.standing),
        virus: envelope.map_or(Virus::None, |one| one.reading.virus),
        taken: None,
        crossings: Vec::new(),
        submission,
        octets_min: 1,
        exists: false,
        room: None,
        stored: Vec::new(),
        deliveries: Vec::new(),
        failures: Vec::new(),
        take_charges: Vec::new(),
    }
}

fn outcome<'s>(handover: &mut Handover<'_>, places: &'s Places<'s, '_>, visits: &[(u32, &str)]) {
    let (provider, recipient) = (handover.provider, handover.recipient);
    let user = provider.users.iter().find(|user| same(&user.address, recipient));
    handover.exists = user.is_some() || same(&provider.service_mailbox, recipient);
    for (place, one) in places.at(places.by_identifier.get(handover.pec_msgid)) {
        let is_issuers = one.issuer.is_some_and(|issuer| issuer.name == provider.name);
        let ours = is_issuers && one.concerns(recipient);
        match one.kind() {
            Kind::PostaCertificata if one.mailbox().is_some_and(|mailbox| same(mailbox, recipient)) => {
                handover.stored.push(place);
            }
            Kind::AvvenutaConsegna if ours => handover.deliveries.push(place),
            Kind::ErroreConsegna if ours => handover.failures.push(place),
            // Whom it names in its data is for the rows about that; it is the receipt of this envelope.
            Kind::PresaInCarico if ours || is_issuers && one.names(recipient) => handover.take_charges.push(place),
            _ => {}
        }
    }
    handover.room = match user.and_then(|user| user.quota_octets) {
        None => Some(true),
        Some(quota) => room(handover, places, visits, quota),
    };
}

/// Whether the envelope fits into what was free when it came. What somebody has fetched may be gone.
fn room<'s>(handover: &Handover<'_>, places: &'s Places<'s, '_>, visits: &[(u32, &str)], quota: u64) -> Option<bool> {
    let begun = handover.taken.map_or(u32::MAX, |(event, _)| event);
    let lying = places.at(places.by_mailbox.get(&handover.recipient.trim().to_ascii_lowercase()));
    let held = lying.filter(|(place, one)| one.event < begun && !handover.stored.contains(place));
    let here: Vec<_> = held.map(|(_, one)| one).collect();
    let visited = |one: &Appearance<'_>| {
        visits.iter().any(|(event, mailbox)| one.event < *event && *event < begun && same(mailbox, handover.recipient))
    };
    let all: u64 = here.iter().map(|one| one.reading.octets).sum();
    let gone: u64 = here.iter().filter(|one| visited(one)).map(|one| one.reading.octets).sum();
    let (free, freed) = (quota.saturating_sub(all), quota.saturating_sub(all - gone));
    match handover.envelope.map(|envelope| envelope.octets) {
        Some(octets) if octets > freed => Some(false),
        Some(octets) if octets + TRACE_OCTETS <= free => Some(true),
        None if handover.octets_min > freed => Some(false),
        _ => None,
    }
}
