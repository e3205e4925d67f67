//! Bent traces and bent providers: the proof that checks can fail.
//!
//! A [`BentProvider`] is bent where it runs, and its trace shows what follows. A [`Mutant`] takes the trace of a good run, bends it in one point and says which clauses must then fail: the clause,
//! the rows that restate it, and what follows from it. Where the change lies under a signature the forger signs anew, so
//! that nothing but the point itself is wrong. What must fail is decided from the law and the catalogue's observables;
//! the judge's code is never looked at. A message's author is the one who is judged by a bent message: the others become
//! peers in the trace's header, for whoever let it pass is another mutant's affair.

/// Rows of the catalogue without their common prefix.
macro_rules! rows {
    ($($row:literal),* $(,)?) => { &[$(concat!("PEC-", $row)),*] };
}

mod bench;
mod catalogue;
mod documents;
mod edit;
mod flow;
mod keys;
mod pick;
mod provider;
#[cfg(test)]
mod tests;
mod treated;

use std::sync::LazyLock;

use collaudo_record::Trace;

pub use bench::Bench;
pub use keys::Keys;
pub use pick::{Kind, Pick};
pub use provider::{BentProvider, Founded, House, Scene, Told, is_marked, providers};

/// One bend and what it must break.
#[derive(Clone, Copy, Debug)]
pub struct Mutant {
    /// Its name, such as `take-charge-to-user`.
    pub id: &'static str,
    /// The scenario whose trace it bends, such as `flows/cross-provider`.
    pub scenario: &'static str,
    /// What is wrong, in one sentence.
    pub why: &'static str,
    /// Every clause that must fail, sorted; rows that have no check are the caller's to leave out. None where it bends
    /// nothing that the law forbids.
    pub must_fail: &'static [&'static str],
    /// The clause whose permission it makes use of, where it breaks none.
    pub permits: Option<&'static str>,
    bend: fn(&mut Bench<'_>) -> Result<(), Unfit>,
}

/// Why a trace cannot be bent in this way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It is another scenario's trace.
    #[error("the trace is of {0}")]
    Scenario(String),
    /// It has no such message, event or part.
    #[error("the trace has no {0}")]
    Missing(String),
    /// The keys are not all there.
    #[error("no key of {0} was given")]
    Key(String),
    /// What the forger says.
    #[error(transparent)]
    Forge(#[from] collaudo_forge::ForgeError),
    /// A certificate or name that does not encode.
    #[error("encode a certificate: {0}")]
    Der(#[from] der::Error),
}

/// Every mutant, in the catalogue's order.
pub fn all() -> &'static [Mutant] {
    static ALL: LazyLock<Vec<Mutant>> = LazyLock::new(catalogue::all);
    &ALL
}

/// Bends a good trace; bodies that nothing refers to any more are left out.
///
/// # Errors
/// [`Unfit`], where the trace or the keys are not what the mutant needs.
pub fn bend(mutant: &Mutant, good: &Trace, keys: &Keys) -> Result<Trace, Unfit> {
    if good.header.scenario.id != mutant.scenario {
        return Err(Unfit::Scenario(good.header.scenario.id.clone()));
    }
    let mut bench = Bench::new(good.clone(), keys);
    (mutant.bend)(&mut bench)?;
    Ok(bench.finish())
}
