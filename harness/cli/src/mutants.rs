//! `collaudo mutants`: every check is shown a trace that it must fail.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use collaudo_forge::{Key, Signer};
use collaudo_mutants::{Keys, Mutant, all};
use collaudo_record::{Outcome, Trace};
use collaudo_scenario::Scenario;
use collaudo_world::{Identity, Pki, Subject, World};
use serde_json::json;

use crate::{
    command::{Ending, Format, Place},
    run::RunError,
    scenarios::Library,
    subjects, way,
};

/// The seed of every trace that is bent.
const SEED: u64 = 0x5eed;

/// What the proof came to.
#[derive(Debug, Default)]
pub struct Proof {
    /// Mutants that were tried: those of which some declared clause has a check.
    pub mutants: usize,
    /// Those whose failed set is exactly what they declare.
    pub killed: usize,
    /// Those that no declared clause has failed, by id, with what went on instead.
    pub survivors: Vec<(&'static str, String)>,
    /// Those whose failed set is another than they declare, by id, with the difference.
    pub misblamed: Vec<(&'static str, String)>,
    /// Clauses with a check.
    pub clauses_checked: usize,
    /// Of these the ones that a killed mutant declares.
    pub clauses_proved: BTreeSet<&'static str>,
}

/// How many mutants must be killed by the check of each clause.
pub(crate) fn by_clause() -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    for clause in all().iter().flat_map(|mutant| mutant.must_fail) {
        *counts.entry((*clause).to_owned()).or_default() += 1;
    }
    counts
}

pub(crate) fn run(format: Format, place: &Place) -> Result<Ending, RunError> {
    let library = Library::open(&place.folder())?;
    let proof = prove(&library.scenarios);
    match format {
        Format::Text => print!("{}", in_words(&proof)),
        Format::Json => {
            let ids = |named: &[(&'static str, String)]| named.iter().map(|(id, _)| *id).collect::<Vec<_>>();
            println!(
                "{}",
                json!({
                    "format": 1,
                    "mutants": proof.mutants,
                    "killed": proof.killed,
                    "survivors": ids(&proof.survivors),
                    "misblamed": ids(&proof.misblamed),
                    "clauses_checked": proof.clauses_checked,
                    "clauses_proved": proof.clauses_proved.len(),
                })
            );
        }
    }
    let proved = proof.killed == proof.mutants && proof.clauses_proved.len() == proof.clauses_checked;
    Ok(if proved { Ending::Passed } else { Ending::Failed })
}

pub(crate) fn list(format: Format) {
    match format {
        Format::Text => {
            for mutant in all() {
                println!("{:48}  {}", mutant.id, mutant.must_fail.join(" "));
            }
        }
        Format::Json => {
            let mutants: Vec<_> = all()
                .iter()
                .map(|m| json!({"id": m.id, "scenario": m.scenario, "why": m.why, "must_fail": m.must_fail}))
                .collect();
            println!("{}", json!({"format": 1, "mutants": mutants}));
        }
    }
}

/// Bends the trace of each mutant's scenario and has it judged.
pub fn prove(scenarios: &[Scenario]) -> Proof {
    let checked: BTreeSet<_> = collaudo_judge::checked().collect();
    let due: Vec<_> = all().iter().filter(|mutant| mutant.must_fail.iter().any(|id| checked.contains(id))).collect();
    let grounds = grounds(scenarios, &due);
    let next = AtomicUsize::new(0);
    let tried = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(mutant) = due.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let fate = fate(mutant, grounds.get(mutant.scenario), &checked);
                    if let Ok(mut tried) = tried.lock() {
                        tried.push((mutant.id, *mutant, fate));
                    }
                }
            });
        }
    });
    let mut tried = tried.into_inner().unwrap_or_default();
    tried.sort_by_key(|(id, _, _)| *id);
    let mut proof = Proof { mutants: tried.len(), clauses_checked: checked.len(), ..Proof::default() };
    for (id, mutant, fate) in tried {
        match fate {
            Fate::Killed => {
                proof.killed += 1;
                proof.clauses_proved.extend(mutant.must_fail.iter().filter(|clause| checked.contains(*clause)));
            }
            Fate::Survived(why) => proof.survivors.push((id, why)),
            Fate::Misblamed(why) => proof.misblamed.push((id, why)),
        }
    }
    proof
}

/// A good trace, the keys that signed it, and what fails in it as it is, which should be nothing.
struct Ground {
    trace: Trace,
    keys: Keys,
    failing: BTreeSet<String>,
}

enum Fate {
    Killed,
    Survived(String),
    Misblamed(String),
}

fn grounds(scenarios: &[Scenario], due: &[&Mutant]) -> BTreeMap<String, Ground> {
    let wanted: BTreeSet<_> = due.iter().map(|mutant| mutant.scenario).collect();
    let subject = subjects::reference();
    let ground = |scenario: &Scenario| Some((scenario.id().to_owned(), ground(scenario, &subject)?));
    scenarios.iter().filter(|scenario| wanted.contains(scenario.id())).filter_map(ground).collect()
}

fn ground(scenario: &Scenario, subject: &Arc<dyn Subject>) -> Option<Ground> {
    let plan = scenario.plan(SEED);
    let keys = keys(World::build(&plan, subject).ok()?.pki(), plan.providers.iter().map(|p| p.name.as_str()))?;
    let trace = way::stir(&plan, subject).ok()?.trace;
    let failing = failing(&trace);
    Some(Ground { trace, keys, failing })
}

fn keys<'a>(pki: &Pki, names: impl Iterator<Item = &'a str>) -> Option<Keys> {
    let issuers = [pki.authority.certificate.to_vec()];
    let key = |identity: &Identity| Key::from_der(&identity.key.pkcs8).ok().map(Arc::new);
    let signer = |identity: &Identity| Signer::new(key(identity)?, &identity.certificate, &issuers).ok();
    let named = names.zip(&pki.providers).map(|(name, identity)| Some((name.to_owned(), signer(identity)?)));
    Some(Keys { providers: named.collect::<Option<_>>()?, authority: key(&pki.authority), index: signer(&pki.index) })
}

fn fate(mutant: &Mutant, ground: Option<&Ground>, checked: &BTreeSet<&str>) -> Fate {
    let Some(ground) = ground else {
        return Fate::Survived(format!("no trace of {}", mutant.scenario));
    };
    let bent = match collaudo_mutants::bend(mutant, &ground.trace, &ground.keys) {
        Ok(bent) => bent,
        Err(unfit) => return Fate::Survived(format!("could not be bent: {unfit}")),
    };
    let must: BTreeSet<_> =
        mutant.must_fail.iter().filter(|id| checked.contains(*id)).map(|id| (*id).to_owned()).collect();
    let failed: BTreeSet<_> = failing(&bent).difference(&ground.failing).cloned().collect();
    if failed == must {
        return Fate::Killed;
    }
    let listed = |set: BTreeSet<&String>| set.into_iter().map(String::as_str).collect::<Vec<_>>().join(" ");
    let difference = format!(
        "not failed: [{}]; failed besides: [{}]",
        listed(must.difference(&failed).collect()),
        listed(failed.difference(&must).collect())
    );
    if must.is_disjoint(&failed) { Fate::Survived(difference) } else { Fate::Misblamed(difference) }
}

fn failing(trace: &Trace) -> BTreeSet<String> {
    let verdicts = collaudo_judge::judge(trace).verdicts;
    verdicts.into_iter().filter(|verdict| verdict.outcome == Outcome::Fail).map(|verdict| verdict.clause).collect()
}

fn in_words(proof: &Proof) -> String {
    let mut text = String::new();
    for (word, named) in [("SURVIVED", &proof.survivors), ("MISBLAMED", &proof.misblamed)] {
        for (id, why) in named {
            text.push_str(&format!("{word} {id}\n  {why}\n"));
        }
    }
    let unproved: Vec<_> = collaudo_judge::checked().filter(|id| !proof.clauses_proved.contains(id)).collect();
    if !unproved.is_empty() {
        text.push_str(&format!("checks that no mutant has proved able to fail: {}\n", unproved.join(" ")));
    }
    text.push_str(&format!(
        "{} of {} mutants killed; {} of {} checked clauses proved able to fail\n",
        proof.killed,
        proof.mutants,
        proof.clauses_proved.len(),
        proof.clauses_checked
    ));
    text
}
