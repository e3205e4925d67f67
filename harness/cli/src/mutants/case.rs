//! One mutant of either sort, and what became of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    slice,
    sync::Arc,
};

use collaudo_mutants::{BentProvider, House, Mutant, Scene};
use collaudo_record::Trace;
use collaudo_world::{Run, Subject};

use super::ground::{Failure, Ground, failing};
use crate::{bent, out, subjects, way};

/// A mutant.
#[derive(Clone, Copy)]
pub(crate) enum Case {
    Trace(&'static Mutant),
    Provider(&'static BentProvider),
}

/// What is bent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Trace,
    Provider,
}

/// What became of a mutant.
pub(crate) enum Fate {
    /// All of what it declares has failed and nothing else.
    AsDeclared,
    /// Nothing of it has failed.
    Survived(String),
    /// Something else has failed.
    Misblamed(String),
}

/// Every mutant.
pub(crate) fn all() -> Vec<Case> {
    let traces = collaudo_mutants::all().iter().map(Case::Trace);
    traces.chain(collaudo_mutants::providers().iter().map(Case::Provider)).collect()
}

impl Case {
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Trace(mutant) => mutant.id,
            Self::Provider(bent) => bent.id,
        }
    }

    pub(crate) fn sort(self) -> Sort {
        match self {
            Self::Trace(_) => Sort::Trace,
            Self::Provider(_) => Sort::Provider,
        }
    }

    pub(crate) fn scenarios(self) -> &'static [&'static str] {
        match self {
            Self::Trace(mutant) => slice::from_ref(&mutant.scenario),
            Self::Provider(bent) => bent.scenarios,
        }
    }

    pub(crate) fn why(self) -> &'static str {
        match self {
            Self::Trace(mutant) => mutant.why,
            Self::Provider(bent) => bent.why,
        }
    }

    pub(crate) fn must_fail(self) -> &'static [&'static str] {
        match self {
            Self::Trace(mutant) => mutant.must_fail,
            Self::Provider(bent) => bent.must_fail,
        }
    }

    pub(crate) fn permits(self) -> Option<&'static str> {
        match self {
            Self::Trace(mutant) => mutant.permits,
            Self::Provider(bent) => bent.permits,
        }
    }

    /// Bends, has judged, and compares what has failed with what is declared.
    pub(crate) fn fate(
        self,
        grounds: &BTreeMap<String, Ground>,
        checked: &BTreeSet<&'static str>,
        out: Option<&Path>,
    ) -> Fate {
        let must = self.must_fail().iter().filter(|id| checked.contains(*id)).map(|id| (*id).to_owned()).collect();
        match self.failed(grounds, out) {
            Ok(failed) => compared(&must, &failed),
            Err(why) => Fate::Survived(why),
        }
    }

    fn failed(self, grounds: &BTreeMap<String, Ground>, out: Option<&Path>) -> Result<BTreeSet<String>, String> {
        let mut failed = BTreeSet::new();
        for scenario in self.scenarios() {
            let ground = grounds.get(*scenario).ok_or_else(|| format!("no run of {scenario}"))?;
            let trace = self.bent(ground)?;
            if let Some(out) = out {
                out::trace(&out.join(self.id()), scenario, &trace).map_err(|error| error.to_string())?;
            }
            failed.extend(failing(&trace).difference(&ground.failing).map(|failure| self.named(failure)));
        }
        Ok(failed)
    }

    fn bent(self, ground: &Ground) -> Result<Trace, String> {
        match self {
            Self::Trace(mutant) => collaudo_mutants::bend(mutant, &ground.trace, &ground.keys)
                .map_err(|unfit| format!("could not be bent: {unfit}")),
            Self::Provider(bent) => run_with(bent, ground),
        }
    }

    /// A clause that another than the bent provider has failed is not what a mutant declares.
    fn named(self, failure: &Failure) -> String {
        match self {
            Self::Provider(bent) if bent.provider != failure.provider => {
                format!("{} at {}", failure.clause, failure.provider)
            }
            _ => failure.clause.clone(),
        }
    }
}

/// Runs a scenario with a bent provider in it.
fn run_with(bent: &'static BentProvider, ground: &Ground) -> Result<Trace, String> {
    let scene = Scene { provider: bent.provider, header: ground.trace.header.clone(), keys: ground.keys.clone() };
    let good = subjects::reference();
    let house = House::new(bent, scene, bent::reader(good.clone()));
    let subject: Arc<dyn Subject> = Arc::new(bent::Bent { good, house });
    let scenario = &ground.plan.brief.id;
    match way::stir(&ground.plan, &subject)? {
        Run { problem: Some(problem), .. } => Err(format!("{scenario} fell over: {problem}")),
        Run { trace, .. } if trace.events == ground.trace.events => Err(format!("changed nothing in {scenario}")),
        Run { trace, .. } => Ok(trace),
    }
}

fn compared(must: &BTreeSet<String>, failed: &BTreeSet<String>) -> Fate {
    if failed == must {
        return Fate::AsDeclared;
    }
    let listed = |set: BTreeSet<&String>| set.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let difference = format!(
        "not failed: [{}]; failed besides: [{}]",
        listed(must.difference(failed).collect()),
        listed(failed.difference(must).collect())
    );
    if must.is_disjoint(failed) { Fate::Survived(difference) } else { Fate::Misblamed(difference) }
}
