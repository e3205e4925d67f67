//! The provider index: fetched daily, the last good one kept (§4.5).

use std::time::Duration;

use collaudo_node::{Body, Bytes, Effect, Timestamp};

use super::{
    act::{Act, Then},
    journal::Record,
    message::Index,
    provider::{Alarm, Provider, Waiting},
};

//= PEC-4.5-10
const DAILY: Duration = Duration::from_secs(24 * 3600);
const AGAIN: Duration = Duration::from_secs(600);

impl Provider {
    pub(super) fn fetch(&mut self, out: &mut Vec<Effect>) {
        let ticket = self.ticket(Waiting::Index);
        out.push(Effect::Fetch { ticket, name: self.ledger.config.index_name.clone() });
    }

    /// Takes a fetched index, if it is one: a bad one leaves the last good one in force.
    pub(super) fn fetched(&mut self, now: Timestamp, document: Option<Bytes>, out: &mut Vec<Effect>) {
        let read = document.and_then(|p7m| {
            Index::read(&p7m, &self.ledger.config.index_signer).ok().map(|index| (Body::new(p7m), index))
        });
        let Some((body, index)) = read else { return self.alarms.set(Alarm::Fetch, now + AGAIN) };
        self.alarms.set(Alarm::Fetch, now + DAILY);
        if self.index.is_some() && self.ledger.index == Some(body.id) {
            return;
        }
        let mut act = Act::new(now, Then::Index(index));
        act.record(Record::Indexed { body: body.id });
        act.keep(body);
        self.begin(act, out);
    }
}
