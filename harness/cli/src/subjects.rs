//! Those who can be examined. Here, and nowhere else, the world and the reference meet.

use std::sync::Arc;

use collaudo_node::{Bytes, DurableLog, Finding, Node, Timestamp};
use collaudo_record::{Instant, LogEntry};
use collaudo_world::{Declared, Founding, Subject};
use gestore::{Config, Gestore, User};

/// The reference provider, one node for each provider of the plan.
pub fn reference() -> Arc<dyn Subject> {
    Arc::new(Reference)
}

struct Reference;

impl Subject for Reference {
    fn name(&self) -> &'static str {
        "reference"
    }

    fn found(&self, founding: &Founding<'_>) -> Bytes {
        let provider = founding.provider;
        gestore::found(&Config {
            host: founding.host.clone(),
            display_name: provider.display_name.clone(),
            domain: provider.domain.clone(),
            certified_address: founding.certified_address.clone(),
            service_mailbox: founding.service_mailbox.clone(),
            max_octets: provider.max_octets,
            users: provider
                .users
                .iter()
                .map(|user| User { address: user.address.clone(), quota_octets: user.quota_octets })
                .collect(),
            certificate: founding.certificate.to_vec(),
            issuers: vec![founding.authority.to_vec()],
            trust: vec![founding.authority.to_vec()],
            index_signer: founding.index_signer.to_vec(),
            index_name: founding.index_name.to_owned(),
        })
    }

    fn recover(&self, log: &dyn DurableLog, now: Timestamp) -> Box<dyn Node> {
        Box::new(Gestore::recover(log, now))
    }

    fn scan(&self, _octets: &[u8]) -> Finding {
        Finding::Clean
    }

    fn declare(&self, record: &[u8]) -> Vec<Declared> {
        gestore::declare(record).into_iter().map(declared).collect()
    }
}

fn declared(declared: gestore::Declared) -> Declared {
    match declared {
        gestore::Declared::Stored { mailbox, body } => Declared::Stored { mailbox, body },
        gestore::Declared::Logged {
            event,
            pec_msgid,
            msgid,
            sender,
            recipients,
            subject,
            related,
            sending_provider,
            at,
        } => Declared::Logged(LogEntry {
            event,
            pec_msgid,
            msgid,
            sender,
            recipients,
            subject: subject.unwrap_or_default(),
            related,
            sending_provider,
            at: Instant(at.unix_micros()),
        }),
    }
}
