use std::collections::BTreeMap;

use crate::UserPlan;

/// A provider that no topology knows, in the place of one that a topology has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guest {
    /// The short name of the provider whose place it takes; it keeps that name.
    pub provider: String,
    /// `providerName` of the index.
    pub display_name: String,
    /// Its certified domain.
    pub domain: String,
    /// `mailReceipt` of the index.
    pub service_mailbox: String,
    /// Who takes the part of whom: its users by the addresses that the topology has. Nobody else of the topology is there.
    pub users: BTreeMap<String, UserPlan>,
    /// The most that size in octets times recipients may come to.
    pub max_octets: u64,
    /// The most recipients that a message may have.
    pub max_recipients: u32,
    /// Others of the topology who stand elsewhere than it says.
    pub moved: Vec<Moved>,
}

/// A provider of a topology under another name of the index and another domain; its people keep their names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Its short name, which it keeps.
    pub provider: String,
    /// `providerName` of the index.
    pub display_name: String,
    /// Its certified domain.
    pub domain: String,
}
