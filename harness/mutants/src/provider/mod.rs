//! Bent providers: good providers but for one habit.
//!
//! A [`BentProvider`] stands around a provider's node and departs from the law in one point of behaviour, in the scenarios
//! that it names: it answers what the world was asked, changes what crosses its connections, puts something else on its
//! disk, forgets. All others in the scenario are as they should be and stay bound: what fails must fail for the bent one
//! alone. What must fail is decided from the law, as for bent traces.

mod catalogue;
mod client;
mod commit;
mod desk;
mod house;
mod mail;
mod node;
mod server;
#[cfg(test)]
mod tests;
use std::{sync::LazyLock, time::Duration};

use collaudo_node::{Effect, Input};
use collaudo_scenario::ProviderPlan;

pub use self::{
    commit::Told,
    desk::Scene,
    house::{House, is_marked},
};
pub(crate) use self::{
    commit::{Commit, Hold},
    desk::Desk,
    mail::Mail,
};

/// A provider with one bad habit, and what it must break.
#[derive(Clone, Copy)]
pub struct BentProvider {
    /// Its name, such as `delivery-receipt-before-commit`; no bent trace has the same.
    pub id: &'static str,
    /// Who has the habit, such as `beta`.
    pub provider: &'static str,
    /// The scenarios in which it shows.
    pub scenarios: &'static [&'static str],
    /// What is wrong, in one sentence.
    pub why: &'static str,
    /// Every clause that must fail in one of the scenarios, sorted.
    pub must_fail: &'static [&'static str],
    /// The clause whose permission the habit makes use of, where it breaks none.
    pub permits: Option<&'static str>,
    pub(crate) habit: Habit,
}

/// What a provider is told before its first start, as far as a habit may want it otherwise.
#[derive(Clone, Debug)]
pub struct Founded {
    /// Its plan.
    pub plan: ProviderPlan,
    /// Its host's name, such as `mx.alfa.test`.
    pub host: String,
    /// The address that it signs with.
    pub certified_address: String,
    /// The address that other providers write to.
    pub service_mailbox: String,
    /// The certificate (DER) that signs the provider index.
    pub index_signer: Vec<u8>,
    /// The name of the list of revoked certificates; empty where it is to look at none.
    pub crl_name: &'static str,
}

/// Puts other octets in the place of some; none where they stay.
pub(crate) type Change = fn(&mut Desk<'_>, &[u8]) -> Option<Vec<u8>>;

/// Where a provider departs from the good one that it is otherwise; [`GOOD`] nowhere.
#[derive(Clone, Copy)]
pub(crate) struct Habit {
    /// It is set up otherwise.
    pub(crate) founded: Option<fn(&mut Founded)>,
    /// It makes, or keeps, a message otherwise: changed where it is put on disk, or else where it is sent.
    pub(crate) makes: Option<Change>,
    /// It puts something else on disk, or declares something else.
    pub(crate) commits: Option<fn(&mut Desk<'_>, &mut Commit)>,
    /// It puts something on disk later than it should.
    pub(crate) holds: Option<fn(&mut Desk<'_>, &Commit) -> Option<Hold>>,
    /// The records that it finds again after a crash.
    pub(crate) recalls: Option<fn(&[u8]) -> bool>,
    /// It sends other transactions than the one it should, in this order.
    pub(crate) sends: Option<fn(&mut Desk<'_>, Mail) -> Vec<Mail>>,
    /// It takes an incoming message for another than it is; the port says from whom it comes.
    pub(crate) hears: Option<fn(&mut Desk<'_>, u16, &mut Mail)>,
    /// It takes an SMTP command for another than it is.
    pub(crate) commands: Option<fn(&mut Desk<'_>, u16, &str) -> String>,
    /// It answers an SMTP command otherwise: the command, empty for the greeting, a dot for a message's end; then the lines.
    pub(crate) replies: Option<fn(&mut Desk<'_>, &str, &mut Vec<String>)>,
    /// It never asks, and answers itself.
    pub(crate) asks: Option<fn(&mut Desk<'_>, &Effect) -> Option<Input>>,
    /// It takes an answer for another than it is: what was asked about, the answer.
    pub(crate) learns: Option<fn(&mut Desk<'_>, &str, &mut Input)>,
    /// It reads something else from its disk than lies there.
    pub(crate) loads: Option<Change>,
    /// By how many seconds its clock is wrong.
    pub(crate) clock_secs: i64,
    /// Between these, from its first start on, no alarm of its own wakes it.
    pub(crate) sleeps: Option<(Duration, Duration)>,
    /// It sends without TLS.
    pub(crate) in_clear: bool,
}

/// No habit at all.
pub(crate) const GOOD: Habit = Habit {
    founded: None,
    makes: None,
    commits: None,
    holds: None,
    recalls: None,
    sends: None,
    hears: None,
    commands: None,
    replies: None,
    asks: None,
    learns: None,
    loads: None,
    clock_secs: 0,
    sleeps: None,
    in_clear: false,
};

/// Every bent provider, in the catalogue's order.
pub fn providers() -> &'static [BentProvider] {
    static ALL: LazyLock<Vec<BentProvider>> = LazyLock::new(catalogue::all);
    &ALL
}

impl std::fmt::Debug for BentProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BentProvider").field("id", &self.id).finish_non_exhaustive()
    }
}
