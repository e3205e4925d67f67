//! Every scenario file is a test case of its own, named by its id.

use std::process::ExitCode;

use collaudo::{command::RunWorld, scenarios::Library, subjects, way};
use collaudo_record::{FORMAT, Outcome, RunRecord, ScenarioOutcome, ScenarioRecord, Totals};
use collaudo_reports::text;
use collaudo_tests::{SEED, root};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = match Library::open(&root().join("scenarios")) {
        Ok(Library { scenarios, errors }) => {
            let read = scenarios.into_iter().map(|scenario| {
                let id = scenario.id().to_owned();
                Trial::test(id, move || holds(way::walk(&scenario, SEED, &subjects::reference(), RunWorld::Sim)))
            });
            let unread = errors.into_iter().map(|error| {
                let file = error.file.clone();
                Trial::test(file, move || Err(Failed::from(error.to_string())))
            });
            read.chain(unread).collect()
        }
        Err(error) => vec![Trial::test("scenarios", move || Err(Failed::from(error.to_string())))],
    };
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn holds(judged: way::Judged) -> Result<(), Failed> {
    passes_cite_what_they_rest_on(&judged.record)?;
    if judged.record.outcome == ScenarioOutcome::Passed {
        return Ok(());
    }
    let record = RunRecord {
        format: FORMAT,
        subject: "reference".into(),
        seed: judged.record.seed.clone(),
        scenarios: vec![judged.record],
        clauses: Vec::new(),
        totals: Totals::default(),
        trace_sha256: String::new(),
    };
    Err(Failed::from(text::run(&record, &text::TextOptions::default())))
}

fn passes_cite_what_they_rest_on(record: &ScenarioRecord) -> Result<(), Failed> {
    let passes = record.verdicts.iter().filter(|verdict| verdict.outcome == Outcome::Pass);
    let cites = |place: &u32| (*place as usize) < record.events.len();
    match passes.into_iter().find(|verdict| verdict.evidence.is_empty() || !verdict.evidence.iter().all(cites)) {
        Some(verdict) => Err(Failed::from(format!("a pass that cites nothing, or what is not there: {verdict:?}"))),
        None => Ok(()),
    }
}
