//! From verdicts to the record of a run.

use std::collections::{BTreeMap, BTreeSet};

use collaudo_record::{
    Answer, Answers, ClauseRecord, Event, FORMAT, FaultRecord, Judgement, Outcome, RunRecord, ScenarioOutcome,
    ScenarioRecord, Span, Totals, Trace, Verdict, What,
};
use collaudo_scenario::Plan;
use sha2::{Digest as _, Sha256};

use crate::{code, mutants, review::Reviews};

/// One scenario that left a trace.
pub(crate) fn scenario(
    plan: &Plan,
    trace: &Trace,
    judgement: Judgement,
    faults: Vec<FaultRecord>,
    problem: Option<String>,
) -> ScenarioRecord {
    let Judgement { verdicts, expectations, messages } = judgement;
    let exercised: BTreeSet<_> = verdicts.iter().filter(|v| decided(v.outcome)).map(|v| v.clause.as_str()).collect();
    let uncovered: Vec<_> = plan.brief.covers.iter().filter(|id| !exercised.contains(id.as_str())).cloned().collect();
    let failed = problem.is_some()
        || verdicts.iter().any(|v| v.outcome == Outcome::Fail)
        || expectations.iter().any(|e| !e.holds)
        || faults.iter().any(|f| !f.effective);
    let unknown = !uncovered.is_empty() || verdicts.iter().any(|v| v.outcome == Outcome::Unknown);
    let outcome = match (failed, unknown) {
        (true, _) => ScenarioOutcome::Failed,
        (false, true) => ScenarioOutcome::Unknown,
        (false, false) => ScenarioOutcome::Passed,
    };
    let last = trace.events.last().map_or(plan.epoch, |event| event.at);
    ScenarioRecord {
        outcome,
        simulated: last.since(plan.epoch),
        replay: replay(plan, &trace.header.world),
        world: trace.header.world.clone(),
        trace_sha256: trace.sha256(),
        problem,
        providers: trace.header.providers.clone(),
        events: trace.events.clone(),
        verdicts,
        expectations,
        uncovered,
        faults,
        messages,
        ..blank(plan)
    }
}

/// One scenario that left none.
pub(crate) fn broken(plan: &Plan, world: &str, problem: String) -> ScenarioRecord {
    let (world, replay) = (world.to_owned(), replay(plan, world));
    ScenarioRecord { outcome: ScenarioOutcome::Failed, problem: Some(problem), world, replay, ..blank(plan) }
}

/// One scenario whose trace the judge could not judge: what crashed is unknown.
pub(crate) fn unjudged(plan: &Plan, trace: &Trace, problem: String) -> ScenarioRecord {
    let uncovered = plan.brief.covers.clone();
    let outcome = ScenarioOutcome::Unknown;
    let seen = scenario(plan, trace, Judgement::default(), Vec::new(), Some(problem));
    ScenarioRecord { outcome, uncovered, ..seen }
}

fn blank(plan: &Plan) -> ScenarioRecord {
    ScenarioRecord {
        id: plan.brief.id.clone(),
        title: plan.brief.title.clone(),
        why: plan.brief.why.clone(),
        world: String::new(),
        replay: String::new(),
        seed: hex_seed(plan.seed),
        epoch: plan.epoch,
        outcome: ScenarioOutcome::Unknown,
        simulated: Span::default(),
        trace_sha256: String::new(),
        problem: None,
        providers: Vec::new(),
        events: Vec::new(),
        verdicts: Vec::new(),
        expectations: Vec::new(),
        uncovered: Vec::new(),
        faults: Vec::new(),
        messages: Vec::new(),
    }
}

/// The command that runs it again: byte for byte where the world repeats itself.
fn replay(plan: &Plan, world: &str) -> String {
    let (id, seed) = (&plan.brief.id, hex_seed(plan.seed));
    match world {
        "live" => format!("collaudo run {id} --world live --seed {seed}"),
        _ => format!("collaudo replay {id}@{seed}"),
    }
}

/// What happened between hosts, in mailboxes and in logs, the faults themselves left out.
pub(crate) fn doings(trace: &Trace) -> Vec<&Event> {
    let fault = |event: &&Event| !matches!(event.what, What::Fault { .. } | What::Host { .. });
    trace.events.iter().filter(fault).collect()
}

/// The whole run.
pub(crate) fn run(
    subject: &str,
    seed: u64,
    scenarios: Vec<ScenarioRecord>,
    mutants: &BTreeMap<String, Vec<String>>,
    reviews: Reviews,
) -> RunRecord {
    let clauses = clauses(&scenarios, mutants, reviews);
    let totals = totals(&scenarios, &clauses);
    let mut traces = Sha256::new();
    for scenario in &scenarios {
        traces.update(&scenario.trace_sha256);
    }
    let trace_sha256 = traces.finalize().iter().map(|octet| format!("{octet:02x}")).collect();
    RunRecord {
        format: FORMAT,
        subject: subject.to_owned(),
        seed: hex_seed(seed),
        scenarios,
        clauses,
        totals,
        trace_sha256,
    }
}

/// The catalogue, with what the scenarios, the mutants and a person say of each row.
pub(crate) fn clauses(
    scenarios: &[ScenarioRecord],
    mutants: &BTreeMap<String, Vec<String>>,
    mut reviews: Reviews,
) -> Vec<ClauseRecord> {
    let mut verdicts: BTreeMap<&str, Vec<(&str, &Verdict)>> = BTreeMap::new();
    for scenario in scenarios {
        for verdict in &scenario.verdicts {
            verdicts.entry(&verdict.clause).or_default().push((&scenario.id, verdict));
        }
    }
    let checked: BTreeSet<_> = collaudo_judge::checked().collect();
    let code = code::by_clause();
    collaudo_judge::catalogue()
        .into_iter()
        .map(mutants::with_permitted)
        .map(|requirement| {
            let said = verdicts.get(requirement.id.as_str()).map(Vec::as_slice).unwrap_or_default();
            let exercising: BTreeSet<_> =
                said.iter().filter(|(_, v)| decided(v.outcome)).map(|(id, _)| (*id).to_owned()).collect();
            ClauseRecord {
                checked: checked.contains(requirement.id.as_str()),
                outcome: said.iter().map(|(_, v)| v.outcome).max().unwrap_or(Outcome::NotExercised),
                scenarios: exercising.into_iter().collect(),
                mutants: mutants.get(&requirement.id).cloned().unwrap_or_default(),
                code: code.get(requirement.id.as_str()).cloned().unwrap_or_default(),
                review: reviews.remove(&requirement.id),
                requirement,
            }
        })
        .collect()
}

fn totals(scenarios: &[ScenarioRecord], clauses: &[ClauseRecord]) -> Totals {
    let ended = |outcome| count(scenarios.iter().filter(|s| s.outcome == outcome).count());
    let came_to = |outcome| count(clauses.iter().filter(|c| c.checked && c.outcome == outcome).count());
    let simulated: i64 = scenarios.iter().map(|s| s.simulated.0).sum();
    Totals {
        scenarios: count(scenarios.len()),
        scenarios_passed: ended(ScenarioOutcome::Passed),
        scenarios_failed: ended(ScenarioOutcome::Failed),
        scenarios_unknown: ended(ScenarioOutcome::Unknown),
        catalogued: count(clauses.len()),
        checked: count(clauses.iter().filter(|c| c.checked).count()),
        exercised: count(clauses.iter().filter(|c| c.checked && !c.scenarios.is_empty()).count()),
        passed: came_to(Outcome::Pass),
        failed: came_to(Outcome::Fail),
        deviation: came_to(Outcome::Deviation),
        unknown: came_to(Outcome::Unknown),
        not_exercised: came_to(Outcome::NotExercised),
        not_supported: came_to(Outcome::NotSupported),
        questions: count(clauses.iter().filter(|c| c.requirement.question.is_some()).count()),
        answers: answers(clauses),
        exceptions: count(clauses.iter().filter(|c| c.requirement.exception.is_some()).count()),
        simulated_seconds: u64::try_from(simulated / 1_000_000).unwrap_or_default(),
    }
}

fn answers(clauses: &[ClauseRecord]) -> Answers {
    let given = |answer| count(clauses.iter().filter_map(|c| c.review.as_ref()).filter(|r| r.answer == answer).count());
    Answers {
        yes: given(Answer::Yes),
        no: given(Answer::No),
        partly: given(Answer::Partly),
        not_applicable: given(Answer::NotApplicable),
    }
}

/// Whether something was seen that decides.
fn decided(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Pass | Outcome::Deviation | Outcome::Fail)
}

/// The way a seed is written everywhere.
pub(crate) fn hex_seed(seed: u64) -> String {
    format!("{seed:#x}")
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
