//! `collaudo mutants`: every check is shown a trace that it must fail, and every permission one that it must not.

mod case;
mod ground;
mod words;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use collaudo_record::Requirement;
use collaudo_scenario::{Scenario, matches};

use self::{
    case::{Case, Fate, Sort},
    ground::Ground,
};
use crate::{
    command::{Ending, Format, Place},
    run::RunError,
    scenarios::Library,
};

/// The seed of every run that is bent.
const SEED: u64 = 0x5eed;

/// What the proof came to.
#[derive(Debug, Default)]
pub struct Proof {
    /// Mutants that were tried: those of which some declared clause has a check.
    pub mutants: usize,
    /// Of these the bent traces.
    pub traces: usize,
    /// Of these the bent providers.
    pub providers: usize,
    /// Those whose failed set is exactly what they declare.
    pub killed: usize,
    /// Those that no declared clause has failed, by id, with what went on instead.
    pub survivors: Vec<(&'static str, String)>,
    /// Those whose failed set is another than they declare, by id, with the difference.
    pub misblamed: Vec<(&'static str, String)>,
    /// Variants that make use of what a clause permits; they are no mutants.
    pub permitted: usize,
    /// Of these the ones that no clause has failed.
    pub permitted_clean: usize,
    /// The others, by id, with what failed.
    pub blamed: Vec<(&'static str, String)>,
    /// Clauses with a check.
    pub clauses_checked: usize,
    /// Of these the ones that a killed mutant declares.
    pub clauses_proved: BTreeSet<&'static str>,
    /// Of these the ones that no mutant has proved able to fail, where all were tried.
    pub clauses_unproved: Vec<&'static str>,
}

impl Proof {
    /// Whether every mutant is killed and every permission left alone; where all were tried, whether every check is proved
    /// able to fail.
    pub fn holds(&self) -> bool {
        self.killed == self.mutants && self.permitted_clean == self.permitted && self.clauses_unproved.is_empty()
    }

    fn note(&mut self, case: Case, fate: Fate, checked: &BTreeSet<&'static str>) {
        let permits = case.permits().is_some();
        if permits {
            self.permitted += 1;
        } else {
            self.mutants += 1;
            match case.sort() {
                Sort::Trace => self.traces += 1,
                Sort::Provider => self.providers += 1,
            }
        }
        match fate {
            Fate::AsDeclared if permits => self.permitted_clean += 1,
            Fate::AsDeclared => {
                self.killed += 1;
                self.clauses_proved.extend(case.must_fail().iter().filter(|clause| checked.contains(*clause)));
            }
            Fate::Survived(why) | Fate::Misblamed(why) if permits => self.blamed.push((case.id(), why)),
            Fate::Survived(why) => self.survivors.push((case.id(), why)),
            Fate::Misblamed(why) => self.misblamed.push((case.id(), why)),
        }
    }
}

/// The mutants that the check of each clause must kill.
pub(crate) fn by_clause() -> BTreeMap<String, Vec<String>> {
    let mut mutants: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for case in case::all() {
        for clause in case.must_fail() {
            mutants.entry((*clause).to_owned()).or_default().push(case.id().to_owned());
        }
    }
    mutants
}

/// The row, its exception with the variants that make use of what it permits.
pub(crate) fn with_permitted(mut row: Requirement) -> Requirement {
    if let Some(exception) = &mut row.exception {
        let permitted = case::all().into_iter().filter(|case| case.permits() == Some(row.id.as_str()));
        exception.variants = permitted.map(|case| case.id().to_owned()).collect();
    }
    row
}

pub(crate) fn run(patterns: &[String], out: Option<&Path>, format: Format, place: &Place) -> Result<Ending, RunError> {
    let library = Library::open(&place.folder())?;
    let proof = prove(&library.scenarios, patterns, out);
    match format {
        Format::Text => print!("{}", words::text(&proof)),
        Format::Json => println!("{}", words::json(&proof)),
    }
    Ok(if proof.holds() { Ending::Passed } else { Ending::Failed })
}

pub(crate) fn list(format: Format) {
    match format {
        Format::Text => print!("{}", words::list_text(&case::all())),
        Format::Json => println!("{}", words::list_json(&case::all())),
    }
}

/// Bends the trace of each mutant's scenario, or runs it with a bent provider, and has it judged; of the mutants those that
/// a pattern means, all where there is none. The bent traces go into the folder `out`, if one is given.
pub fn prove(scenarios: &[Scenario], patterns: &[String], out: Option<&Path>) -> Proof {
    let checked: BTreeSet<_> = collaudo_judge::checked().collect();
    let is_meant = |case: &Case| patterns.is_empty() || patterns.iter().any(|pattern| matches(pattern, case.id()));
    let is_due = |case: &Case| case.permits().is_some() || case.must_fail().iter().any(|id| checked.contains(id));
    let due: Vec<_> = case::all().into_iter().filter(|case| is_meant(case) && is_due(case)).collect();
    let wanted: BTreeSet<_> = due.iter().flat_map(|case| case.scenarios()).copied().collect();
    let wanted: Vec<_> = scenarios.iter().filter(|scenario| wanted.contains(scenario.id())).collect();
    let grounds = side_by_side(&wanted, |scenario| Some((scenario.id().to_owned(), Ground::of(scenario)?)));
    let grounds: BTreeMap<_, _> = grounds.into_iter().flatten().collect();
    let mut tried = side_by_side(&due, |case| (*case, case.fate(&grounds, &checked, out)));
    tried.sort_by_key(|(case, _)| case.id());
    let mut proof = Proof { clauses_checked: checked.len(), ..Proof::default() };
    for (case, fate) in tried {
        proof.note(case, fate, &checked);
    }
    if patterns.is_empty() {
        let unproved = collaudo_judge::checked().filter(|clause| !proof.clauses_proved.contains(clause));
        proof.clauses_unproved = unproved.collect();
    }
    proof
}

/// Does the same work for each, on every core; in no order.
fn side_by_side<T: Sync, U: Send>(all: &[T], work: impl Fn(&T) -> U + Sync) -> Vec<U> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(one) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let result = work(one);
                    if let Ok(mut done) = done.lock() {
                        done.push(result);
                    }
                }
            });
        }
    });
    done.into_inner().unwrap_or_default()
}
