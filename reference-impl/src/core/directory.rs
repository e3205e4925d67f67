//! Public documents: the provider index and the list of revoked certificates. The last good one of each is kept.

use std::time::Duration;

use collaudo_node::{Body, Bytes, Effect, Timestamp};

use super::{
    act::{Act, Then},
    journal::Record,
    message::{Index, Revocations},
    provider::{Alarm, Provider, Waiting},
};
use crate::IndexSource;

//= PEC-4.5-10
const DAILY: Duration = Duration::from_secs(24 * 3600);

/// How long a document holds at most until it is asked for again; a matter of this life of the node, not of its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refresh {
    /// The provider index.
    pub index: Duration,
    /// The list of revoked certificates, which is asked for earlier where half of its own time is over earlier.
    pub revocations: Duration,
}

impl Default for Refresh {
    fn default() -> Self {
        Self { index: DAILY, revocations: DAILY }
    }
}

/// When a document is asked for again that was not to be had, or not newer.
const AGAIN: Duration = Duration::from_secs(600);

/// A document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Document {
    Index,
    Revocations,
}

impl Document {
    fn name(self) -> &'static str {
        match self {
            Self::Index => "indice",
            Self::Revocations => "lista-revoche",
        }
    }
}

impl Provider {
    pub(super) fn fetch(&mut self, now: Timestamp, document: Document, out: &mut Vec<Effect>) {
        let config = &self.ledger.config;
        if document == Document::Revocations && config.crl_name.is_empty() {
            return;
        }
        let name = match (document, config.index_source.clone()) {
            (Document::Index, IndexSource::Ldap { host, port }) => return self.inquire(now, host, port, out),
            (Document::Index, IndexSource::Ldif) => config.index_name.clone(),
            (Document::Revocations, _) => config.crl_name.clone(),
        };
        let ticket = self.ticket(Waiting::Document(document));
        out.push(Effect::Fetch { ticket, name });
    }

    pub(super) fn fetched(&mut self, now: Timestamp, document: Document, octets: Option<Bytes>, out: &mut Vec<Effect>) {
        let Some(octets) = octets else { return self.keep_last(now, document, "non raggiungibile", out) };
        match document {
            Document::Index => match Index::read(&octets, &self.ledger.config.index_signer) {
                Ok(index) => self.take_index(now, octets, index, out),
                Err(fault) => self.keep_last(now, document, &fault.to_string(), out),
            },
            Document::Revocations => match Revocations::read(&octets, &self.trust) {
                Ok(revocations) => self.take_revocations(now, octets, revocations, out),
                Err(fault) => self.keep_last(now, document, &fault.to_string(), out),
            },
        }
    }

    /// Takes an index into force, unless it is older than the one that is.
    //= PEC-4.5-09
    pub(super) fn take_index(&mut self, now: Timestamp, octets: Bytes, index: Index, out: &mut Vec<Effect>) {
        let body = Body::new(octets);
        if self.index.as_ref().is_some_and(|before| index.signed_at() < before.signed_at()) {
            return self.keep_last(now, Document::Index, "più vecchio di quello in uso", out);
        }
        self.alarms.set(Alarm::Fetch(Document::Index), now + self.refresh.index);
        self.faults.remove(&Document::Index);
        if self.index.is_none() || self.ledger.index != Some(body.id) {
            let mut act = Act::new(now, Then::Index(index));
            act.record(Record::Indexed { body: body.id });
            act.note(Document::Index.name(), &body.id.to_string());
            act.keep(body);
            self.begin(act, out);
        }
    }

    fn take_revocations(&mut self, now: Timestamp, octets: Bytes, found: Revocations, out: &mut Vec<Effect>) {
        let body = Body::new(octets);
        if self.revocations.as_ref().is_some_and(|before| found.this_update() < before.this_update()) {
            return self.keep_last(now, Document::Revocations, "più vecchia di quella in uso", out);
        }
        self.revocations_asked = true;
        let next = next_list(now, found.this_update(), found.next_update(), self.refresh.revocations);
        self.alarms.set(Alarm::Fetch(Document::Revocations), next);
        self.faults.remove(&Document::Revocations);
        if self.revocations.is_none() || self.ledger.revocations != Some(body.id) {
            let mut act = Act::new(now, Then::Revocations(found));
            act.record(Record::Revoked { body: body.id });
            act.note(Document::Revocations.name(), &body.id.to_string());
            act.keep(body);
            self.begin(act, out);
        }
    }

    /// Keeps the last good document in force, asks again in a while, and notes once why.
    pub(super) fn keep_last(&mut self, now: Timestamp, document: Document, fault: &str, out: &mut Vec<Effect>) {
        let refresh = match document {
            Document::Index => self.refresh.index,
            Document::Revocations => self.refresh.revocations,
        };
        self.alarms.set(Alarm::Fetch(document), now + refresh.min(AGAIN));
        self.revocations_asked |= document == Document::Revocations;
        self.wake_if_ready(now, out);
        if self.faults.get(&document).is_none_or(|before| before != fault) {
            self.faults.insert(document, fault.to_owned());
            let mut act = Act::new(now, Then::Rest);
            act.note(&format!("{}-rifiuto", document.name()), fault);
            self.begin(act, out);
        }
    }
}

/// When the next list of revoked certificates is asked for: when half of this one's time has passed, after `refresh` at
/// the latest where lists last for longer, and again and again while there is no newer one.
//= PEC-2.2.2-16
fn next_list(now: Timestamp, this_update: Timestamp, next_update: Timestamp, refresh: Duration) -> Timestamp {
    let half = this_update + next_update.since(this_update) / 2;
    half.min(now + refresh).max(now + refresh.min(AGAIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: u64) -> Timestamp {
        Timestamp::default() + Duration::from_secs(minutes * 60)
    }

    #[test]
    fn a_list_is_asked_for_again_at_half_its_time_each_day_at_least_and_then_each_ten_minutes() {
        let six_hours = |now| next_list(at(now), at(0), at(360), DAILY);
        assert_eq!((six_hours(1), six_hours(100)), (at(180), at(180)));
        assert_eq!((six_hours(175), six_hours(300), six_hours(700)), (at(185), at(310), at(710)));
        assert_eq!(next_list(at(1), at(0), at(30 * 24 * 60), DAILY), at(1) + DAILY);
        let minute = Duration::from_secs(60);
        assert_eq!(next_list(at(1), at(0), at(30 * 24 * 60), minute), at(2));
        assert_eq!(next_list(at(700), at(0), at(360), minute), at(701));
    }
}
