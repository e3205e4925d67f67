use collaudo_node::{BodyId, Bytes, DurableLog, Finding, Node, Timestamp};
use collaudo_record::LogEntry;
use collaudo_scenario::ProviderPlan;

/// Who is examined: makes a node for a provider of the plan, and says what its records mean.
pub trait Subject: Send + Sync {
    /// A word for reports, such as `reference`.
    fn name(&self) -> &'static str;

    /// The founding record of a provider's log.
    fn found(&self, founding: &Founding<'_>) -> Bytes;

    /// The node, as [`Node::recover`] builds it.
    fn recover(&self, log: &dyn DurableLog, now: Timestamp) -> Box<dyn Node>;

    /// What the provider's scanner finds in a message, whole: [`collaudo_node::Effect::Scan`].
    fn scan(&self, message: &Bytes) -> Finding;

    /// What a committed record declares, in its order; nothing where it is the provider's own affair.
    fn declare(&self, record: &[u8]) -> Vec<Declared>;
}

/// What a provider is told of itself and of the world before its first start.
#[derive(Debug)]
pub struct Founding<'a> {
    /// Its plan.
    pub provider: &'a ProviderPlan,
    /// Its host's name, such as `mx.alfa.test`.
    pub host: String,
    /// The address that it signs with.
    pub certified_address: String,
    /// The address that other providers write to.
    pub service_mailbox: String,
    /// Its signing certificate (DER); the key stays with the world, see [`collaudo_node::Effect::Sign`].
    pub certificate: Bytes,
    /// The certificate (DER) of the authority that issued it, and of every other signing certificate: the trust anchor.
    pub authority: Bytes,
    /// Certificates (DER) of further authorities whose signing certificates are good: those of a foreign provider.
    pub further_authorities: Vec<Bytes>,
    /// The certificate (DER) that signs the provider index.
    pub index_signer: Bytes,
    /// The signed index's name for [`collaudo_node::Effect::Fetch`].
    pub index_name: &'static str,
    /// The host that serves the index over LDAP, with TLS from the first octet, at port 636.
    pub directory_host: &'static str,
    /// The name of the list of revoked certificates for [`collaudo_node::Effect::Fetch`]; empty where none is looked at.
    pub crl_name: &'static str,
}

/// What a provider says of itself.
#[derive(Clone, Debug)]
pub enum Declared {
    /// It put a message in a mailbox.
    Stored {
        /// The mailbox's address.
        mailbox: String,
        /// The message, committed with the record or before it.
        body: BodyId,
    },
    /// It put a message aside, because of what the scanner found in it.
    Retained {
        /// The message, committed with the record or before it.
        body: BodyId,
    },
    /// It closed a day of its log.
    Sealed {
        /// The day in Rome, such as `2026-03-02`.
        day: String,
        /// DER SignedData with the day's lines inside, committed with the record or before it.
        seal: BodyId,
    },
    /// It wrote a line in its log.
    Logged(LogEntry),
}
