//! Stand-in providers: good ones, at whose border some messages meet what was asked for them.
//!
//! What a good provider does by itself (a full mailbox, an unknown one) it does by itself. What it would not do is done to it:
//! the scanner finds something, the envelope has lost its signature, the door answers "later". And where one message is to
//! find its mailbox full that otherwise is not, a twin takes it: the same provider, founded with full mailboxes, under the
//! same key.

mod door;
mod errand;
mod mark;
mod node;
mod verdict;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use collaudo_node::{Body, BodyId, Bytes, DurableLog, Finding, Node, Timestamp};
use collaudo_scenario::ProviderPlan;
use collaudo_world::{Declared, Founding, Subject};

use self::node::StandIn;

/// The subject, with the border of a lab around each of its nodes.
pub(crate) fn around(subject: Arc<dyn Subject>) -> Arc<dyn Subject> {
    Arc::new(Around { subject, houses: Mutex::default() })
}

struct Around {
    subject: Arc<dyn Subject>,
    /// By the founding record of the provider itself.
    houses: Mutex<BTreeMap<Bytes, House>>,
}

/// What a border has to know of its provider.
#[derive(Clone)]
struct House {
    domain: String,
    /// The founding records of its twins, in the order of [`Twin`].
    twins: [Bytes; 2],
}

/// The provider itself, or one like it in all but its mailboxes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Twin {
    /// Every mailbox is full.
    Full = 1,
    /// There is no mailbox.
    Empty = 2,
}

/// Before the names that twins give, by their place; the provider's own have none.
const MARKS: [&str; 3] = ["", "piene.", "vuote."];

impl Subject for Around {
    fn name(&self) -> &'static str {
        self.subject.name()
    }

    fn found(&self, founding: &Founding<'_>) -> Bytes {
        let record = self.subject.found(founding);
        let mut full = founding.provider.clone();
        full.users.iter_mut().for_each(|user| user.quota_octets = Some(0));
        let empty = ProviderPlan { users: Vec::new(), ..founding.provider.clone() };
        let twin = |provider: &ProviderPlan| {
            self.subject.found(&Founding {
                provider,
                host: founding.host.clone(),
                certified_address: founding.certified_address.clone(),
                service_mailbox: founding.service_mailbox.clone(),
                certificate: founding.certificate.clone(),
                authority: founding.authority.clone(),
                further_authorities: founding.further_authorities.clone(),
                index_signer: founding.index_signer.clone(),
                ..*founding
            })
        };
        let house = House { domain: founding.provider.domain.clone(), twins: [twin(&full), twin(&empty)] };
        self.houses.lock().unwrap_or_else(PoisonError::into_inner).insert(record.clone(), house);
        record
    }

    fn recover(&self, log: &dyn DurableLog, now: Timestamp) -> Box<dyn Node> {
        let own = self.subject.recover(log, now);
        let founding = log.records().next().unwrap_or_default();
        let house = self.houses.lock().unwrap_or_else(PoisonError::into_inner).get(&founding).cloned();
        let Some(House { domain, twins }) = house else { return own };
        let twins = twins.map(|record| self.subject.recover(&Fresh(record), now));
        Box::new(StandIn::new(domain, own, twins))
    }

    fn scan(&self, message: &Bytes) -> Finding {
        self.subject.scan(message)
    }

    fn declare(&self, record: &[u8]) -> Vec<Declared> {
        self.subject.declare(record)
    }
}

/// A log that holds nothing but its founding record.
struct Fresh(Bytes);

impl DurableLog for Fresh {
    fn records(&self) -> Box<dyn Iterator<Item = Bytes> + '_> {
        Box::new(std::iter::once(self.0.clone()))
    }

    fn body(&self, id: BodyId) -> Option<Bytes> {
        let founding = Body::new(self.0.clone());
        (founding.id == id).then_some(founding.bytes)
    }
}
