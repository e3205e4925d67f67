//! Checks: each looks at a whole trace and says what it found, clause by clause and provider by provider.

mod flow;
mod index;
pub(crate) mod message;

use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind},
};

use collaudo_record::{Outcome, Player, Provider, Trace};

use crate::{
    Clause,
    library::Library,
    reading::{Index, Readings},
    sighting::Sighting,
    story::Story,
};

/// All that a check may look at.
pub(crate) struct View<'a> {
    pub(crate) trace: &'a Trace,
    pub(crate) readings: &'a Readings,
    /// The index that stands in the header.
    pub(crate) index: &'a Index,
    /// Documents as each host had them.
    pub(crate) library: &'a Library<'a>,
    /// Every message where it was first seen, in that order.
    pub(crate) sightings: &'a [Sighting<'a>],
    pub(crate) story: &'a Story<'a>,
}

/// A check and the clauses that it decides; it may speak of no others.
pub(crate) struct Check {
    pub(crate) clauses: &'static [Clause],
    pub(crate) run: fn(&View<'_>, &mut Findings),
}

/// What a check found once: one clause, one bound provider, one occasion.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Finding {
    pub(crate) clause: Clause,
    /// The bound provider's name.
    pub(crate) provider: String,
    pub(crate) outcome: Outcome,
    /// What the law asks for here, in words, with values.
    pub(crate) expected: String,
    /// What was seen, in words, with values.
    pub(crate) observed: String,
    /// Places in the trace's events.
    pub(crate) evidence: Vec<u32>,
    /// Whether it rests on what the provider only declared.
    pub(crate) declared: bool,
    /// The step that it is about.
    pub(crate) step: Option<String>,
    /// The reading that it rests on, such as `R-0003`.
    pub(crate) reading: Option<&'static str>,
}

/// Where checks put what they find.
#[derive(Debug, Default)]
pub(crate) struct Findings(Vec<Finding>);

impl Findings {
    pub(crate) fn push(&mut self, finding: Finding) {
        self.0.push(finding);
    }
}

/// The registry.
fn checks() -> impl Iterator<Item = &'static Check> {
    [flow::CHECKS, index::CHECKS].into_iter().flatten()
}

/// Clauses that have a check, in the catalogue's order.
pub(crate) fn clauses() -> BTreeSet<Clause> {
    checks().flat_map(|check| check.clauses).copied().chain(message::clauses()).collect()
}

/// Runs every check over the trace. Only subjects are bound; a check that crashes leaves `unknown` for its clauses.
pub(crate) fn run<'a>(view: &'a View<'a>) -> Vec<Finding> {
    let mut all = message::run(view);
    all.extend(checks().flat_map(|check| run_one(view, check)));
    all
}

fn run_one(view: &View<'_>, check: &Check) -> Vec<Finding> {
    let mut findings = Findings::default();
    // The check works on its own findings and on shared data that it cannot change: nothing is left half done.
    let outcome = catch_unwind(AssertUnwindSafe(|| (check.run)(view, &mut findings)));
    let mut found: Vec<Finding> =
        findings.0.into_iter().filter(|finding| is_subject(view.trace, &finding.provider)).collect();
    if outcome.is_err() {
        found.extend(crashed(view.trace, check.clauses));
    }
    found
}

fn crashed(trace: &Trace, clauses: &[Clause]) -> Vec<Finding> {
    let subjects = trace.header.providers.iter().filter(|provider| provider.player == Player::Subject);
    let unknown = |provider: &Provider, clause| Finding {
        clause,
        provider: provider.name.clone(),
        outcome: Outcome::Unknown,
        expected: clause.row().statement.to_owned(),
        observed: "the check crashed".to_owned(),
        evidence: Vec::new(),
        declared: false,
        step: None,
        reading: None,
    };
    subjects.flat_map(|provider| clauses.iter().map(move |clause| unknown(provider, *clause))).collect()
}

fn is_subject(trace: &Trace, name: &str) -> bool {
    trace.header.providers.iter().any(|provider| provider.name == name && provider.player == Player::Subject)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn a_check_that_crashes_costs_unknown_for_its_own_clauses() {
        let check = Check {
            clauses: &[Clause::PEC_7_02],
            run: |view, _| {
                assert!(view.trace.events.is_empty(), "this check cannot bear events");
            },
        };
        let trace = fixture::trace(|_| {});
        let readings = Readings::of(&trace);
        let index = Index::of(&trace);
        let library = Library::of(&trace, &index);
        let story = Story::read(&trace, &readings, &library, &[]);
        let view = View {
            trace: &trace,
            readings: &readings,
            index: &index,
            library: &library,
            sightings: &[],
            story: &story,
        };
        let found: Vec<_> = run_one(&view, &check).into_iter().map(|f| (f.clause, f.provider, f.outcome)).collect();
        let unknown = |name: &str| (Clause::PEC_7_02, name.to_owned(), Outcome::Unknown);
        assert_eq!(found, [unknown("alfa"), unknown("beta")]);
    }
}
