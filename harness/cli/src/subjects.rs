//! Those who can be examined. Here, and nowhere else, the world and the reference meet.

use std::sync::Arc;

use collaudo_node::{Bytes, DurableLog, Finding, Node, Timestamp};
use collaudo_record::{Instant, LogEntry, Ordinary};
use collaudo_scenario::{Family, IndexSource, UserPlan};
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
            max_recipients: provider.max_recipients,
            family: family(&provider.family),
            users: provider.users.iter().map(user).collect(),
            certificate: founding.certificate.to_vec(),
            issuers: vec![founding.authority.to_vec()],
            trust: [&founding.authority]
                .into_iter()
                .chain(&founding.further_authorities)
                .map(|one| one.to_vec())
                .collect(),
            index_signer: founding.index_signer.to_vec(),
            index_source: match provider.index_source {
                IndexSource::Ldif => gestore::IndexSource::Ldif,
                IndexSource::Ldap => {
                    gestore::IndexSource::Ldap { host: founding.directory_host.to_owned(), port: DIRECTORY_PORT }
                }
            },
            index_name: founding.index_name.to_owned(),
            crl_name: founding.crl_name.to_owned(),
        })
    }

    fn recover(&self, log: &dyn DurableLog, now: Timestamp) -> Box<dyn Node> {
        Box::new(Gestore::recover(log, now))
    }

    fn scan(&self, message: &Bytes) -> Finding {
        gestore::scan(message)
    }

    fn declare(&self, record: &[u8]) -> Vec<Declared> {
        gestore::declare(record).into_iter().map(declared).collect()
    }
}

/// LDAP under TLS from the first octet.
const DIRECTORY_PORT: u16 = 636;

fn user(plan: &UserPlan) -> User {
    let ordinary = match &plan.ordinary {
        Ordinary::Refuse => gestore::Ordinary::Refuse,
        Ordinary::Anomaly => gestore::Ordinary::Anomaly,
        Ordinary::Forward { to } => gestore::Ordinary::Forward { to: to.clone() },
    };
    User { address: plan.address.clone(), quota_octets: plan.quota_octets, ordinary }
}

fn family(plan: &Family) -> gestore::Family {
    let Family { original_first, html, inline, micalg, signature_type, data_encoding, preamble } = plan.clone();
    gestore::Family { original_first, html, inline, micalg, signature_type, data_encoding, preamble }
}

fn declared(declared: gestore::Declared) -> Declared {
    match declared {
        gestore::Declared::Stored { mailbox, body } => Declared::Stored { mailbox, body },
        gestore::Declared::Retained { body } => Declared::Retained { body },
        gestore::Declared::Sealed { day, seal } => Declared::Sealed { day, seal },
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
