//! The bent providers, by what they do wrong.

/// A table of bent providers: name, who, scenarios, what is wrong, rows that must fail, habit.
macro_rules! providers {
    ($($id:expr, $provider:expr, [$($scenario:expr),+ $(,)?], $why:literal, [$($row:literal),* $(,)?], $habit:expr;)*) => {
        pub(crate) static ALL: &[crate::provider::BentProvider] = &[$(crate::provider::BentProvider {
            id: $id,
            provider: $provider,
            scenarios: &[$($scenario),+],
            why: $why,
            must_fail: rows![$($row),*],
            permits: None,
            habit: $habit,
        }),*];
    };
}

/// The habit of making a kind of message otherwise.
macro_rules! makes {
    ($kind:expr, $bend:expr) => {
        crate::provider::Habit {
            makes: Some(|desk, octets| super::bends::bent(desk, octets, $kind, $bend)),
            ..crate::provider::GOOD
        }
    };
}

/// The habit of sending other transactions.
macro_rules! sends {
    ($send:expr) => {
        crate::provider::Habit { sends: Some($send), ..crate::provider::GOOD }
    };
}

/// The habit of putting something else on disk.
macro_rules! commits {
    ($commit:expr) => {
        crate::provider::Habit { commits: Some($commit), ..crate::provider::GOOD }
    };
}

mod access;
mod bends;
mod delivery;
mod envelope;
mod log;
mod order;
mod paths;
mod permitted;
mod receipts;
mod reception;
mod services;
mod timeouts;
mod virus;

use super::BentProvider;

const ALFA: &str = "alfa";
const BETA: &str = "beta";

/// A correct envelope of a scripted provider's, which takes the answers as they are; nothing binds it.
const FOREIGN: &str = "reception-point/correct-foreign-envelope";

pub(crate) fn all() -> Vec<BentProvider> {
    let tables = [
        access::ALL,
        envelope::ALL,
        receipts::ALL,
        paths::ALL,
        reception::ALL,
        delivery::ALL,
        order::ALL,
        timeouts::ALL,
        services::ALL,
        virus::ALL,
        log::ALL,
        permitted::ALL,
    ];
    tables.concat()
}
