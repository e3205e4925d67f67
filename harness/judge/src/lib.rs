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
mod inspect;
mod library;
pub mod reading;
mod sighting;
mod stories;
mod story;
mod verdict;

use collaudo_record::{Judgement, Requirement, Trace};

pub use clause::{Clause, Row};
pub use clauses::CATALOGUE;
pub use inspect::{Anchors, AnchorsError, Profile, inspect};
pub use stories::{Summary, stories};

use check::View;
use library::Library;
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
    let library = Library::of(trace, &index);
    let story = Story::read(trace, &readings, &library, &sightings);
    let view =
        View { trace, readings: &readings, index: &index, library: &library, sightings: &sightings, story: &story };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_trace_is_judged_the_same() {
        let trace = fixture::trace(|_| {});
        assert_eq!(judge(&trace), judge(&trace));
    }

    #[test]
    fn verdicts_are_ordered_and_stand_once_for_each_clause_and_provider() {
        let verdicts = judge(&fixture::trace(|_| {})).verdicts;
        let places: Vec<_> = verdicts
            .iter()
            .map(|verdict| (CATALOGUE.iter().position(|row| row.id == verdict.clause), verdict.provider.clone()))
            .collect();
        assert!(places.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(
            verdicts.iter().all(|verdict| !verdict.evidence.is_empty() && verdict.matched > 0),
            "each cites an event"
        );
        assert!(verdicts.iter().all(|verdict| verdict.provider != "gamma"), "a peer is not bound");
    }

    /// Goal: a hostile message costs at most a verdict. Method: every body cut short and overwritten at many places.
    #[test]
    fn a_trace_of_damaged_messages_is_judged() {
        let good = fixture::trace(|_| {});
        for part in 1..12 {
            let mut trace = good.clone();
            for octets in trace.bodies.values_mut() {
                let mut damaged = octets.to_vec();
                let at = damaged.len() * part / 12;
                match part % 3 {
                    0 => damaged.truncate(at),
                    1 => damaged.iter_mut().skip(at).step_by(41).for_each(|b| *b = b'\n'),
                    _ => damaged.iter_mut().skip(at).step_by(29).for_each(|b| *b |= 0x80),
                }
                *octets = damaged.into();
            }
            assert_eq!(judge(&trace).messages.len(), judge(&good).messages.len());
        }
    }
}
