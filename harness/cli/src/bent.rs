//! A bent provider as one that can be examined: the world's words on one side, the mutants' on the other.

use std::sync::Arc;

use collaudo_mutants::{Founded, House, Told, is_marked};
use collaudo_node::{Bytes, DurableLog, Finding, Node, Timestamp};
use collaudo_world::{Declared, Founding, Subject};

/// A subject of which one provider is bent; `good` is what all the others are, and what the bent one is inside.
pub(crate) struct Bent {
    pub(crate) good: Arc<dyn Subject>,
    pub(crate) house: Arc<House>,
}

impl Subject for Bent {
    fn name(&self) -> &'static str {
        "bent"
    }

    fn found(&self, founding: &Founding<'_>) -> Bytes {
        if founding.provider.name != self.house.provider() {
            return self.good.found(founding);
        }
        let mut founded = Founded {
            plan: founding.provider.clone(),
            host: founding.host.clone(),
            certified_address: founding.certified_address.clone(),
            service_mailbox: founding.service_mailbox.clone(),
            index_signer: founding.index_signer.to_vec(),
            crl_name: founding.crl_name,
        };
        self.house.founds(&mut founded);
        let record = self.good.found(&Founding {
            provider: &founded.plan,
            host: founded.host,
            certified_address: founded.certified_address,
            service_mailbox: founded.service_mailbox,
            certificate: founding.certificate.clone(),
            authority: founding.authority.clone(),
            further_authorities: founding.further_authorities.clone(),
            index_signer: founded.index_signer.into(),
            index_name: founding.index_name,
            directory_host: founding.directory_host,
            crl_name: founded.crl_name,
        });
        self.house.founding(&record)
    }

    fn recover(&self, log: &dyn DurableLog, now: Timestamp) -> Box<dyn Node> {
        if is_marked(log) {
            self.house.recover(log, now, |log, now| self.good.recover(log, now))
        } else {
            self.good.recover(log, now)
        }
    }

    fn scan(&self, message: &Bytes) -> Finding {
        self.good.scan(message)
    }

    fn declare(&self, record: &[u8]) -> Vec<Declared> {
        match self.house.declare(record) {
            Some(told) => told.into_iter().map(declared).collect(),
            None => self.good.declare(record),
        }
    }
}

/// What a record of the good provider declares, in the mutants' words.
pub(crate) fn reader(good: Arc<dyn Subject>) -> impl Fn(&[u8]) -> Vec<Told> + Send + Sync + 'static {
    move |record| good.declare(record).into_iter().map(told).collect()
}

fn told(declared: Declared) -> Told {
    match declared {
        Declared::Stored { mailbox, body } => Told::Stored { mailbox, body },
        Declared::Retained { body } => Told::Retained { body },
        Declared::Sealed { day, seal } => Told::Sealed { day, seal },
        Declared::Logged(entry) => Told::Logged(entry),
    }
}

fn declared(told: Told) -> Declared {
    match told {
        Told::Stored { mailbox, body } => Declared::Stored { mailbox, body },
        Told::Retained { body } => Declared::Retained { body },
        Told::Sealed { day, seal } => Declared::Sealed { day, seal },
        Told::Logged(entry) => Declared::Logged(entry),
    }
}
