//! A pure function of the trace: reads what was recorded and judges it clause by clause.
//!
//! The way of the data: bodies -> [`reading::Readings`] -> sightings and the story of each message -> checks -> findings ->
//! at most one verdict for each clause and bound provider. Nothing here reads a clock, draws a number or knows who made
//! the trace.

mod anatomy;
mod check;
mod clause;
mod clauses;
mod expect;
#[cfg(test)]
mod fixture;
pub mod reading;
mod sighting;
mod story;
mod verdict;

use collaudo_record::{Judgement, Requirement, Trace};

pub use clause::{Clause, Row};
pub use clauses::CATALOGUE;

use check::View;
use reading::{Index, Readings};
use story::Story;

/// Judges one trace.
///
/// *Gives* verdicts by clause and provider, the outcome of each expectation, the anatomy of each message. A check that
/// crashes costs `unknown` for its own clauses and nothing else.
pub fn judge(trace: &Trace) -> Judgement {
    let readings = Readings::of(trace);
    let index = Index::of(trace);
    let sightings = sighting::sightings(trace, &readings);
    let story = Story::read(trace, &readings, &index, &sightings);
    let view = View { trace, readings: &readings, index: &index, sightings: &sightings, story: &story };
    Judgement {
        verdicts: verdict::aggregate(check::run(&view)),
        expectations: expect::results(&view),
        messages: anatomy::anatomies(&view),
    }
}

/// The ids of the clauses that have a check, in the catalogue's order.
pub fn checked() -> impl Iterator<Item = &'static str> {
    check::clauses().into_iter().map(Clause::id)
}

/// The catalogue as it was when this judge was built.
pub fn catalogue() -> Vec<Requirement> {
    CATALOGUE.iter().map(Requirement::from).collect()
}
