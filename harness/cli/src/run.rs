//! `collaudo run`: every scenario walked, on as many threads as there are processors; one record of it all.

use std::{
    io::IsTerminal as _,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use collaudo_record::{FORMAT, Measured, RunRecord, ScenarioOutcome};
use collaudo_reports::{json, text};
use collaudo_scenario::{Scenario, matches};
use collaudo_world::Subject;
use indicatif::{ProgressBar, ProgressStyle};

use crate::{
    command::{Ending, Format, RunArgs},
    mutants, out, record, review,
    scenarios::Library,
    stopwatch::{self, Stopwatch},
    subjects,
    way::{self, Judged},
};

/// Why a run could not be made.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The folder of scenarios cannot be listed.
    #[error("{0}")]
    Scenarios(#[from] collaudo_scenario::Error),
    /// A pattern that names nothing.
    #[error("no scenario matches \"{0}\"; `collaudo list scenarios` shows what there is")]
    NoMatch(String),
    /// Nothing that was asked for is marked for the world that was asked for.
    #[error(
        "none of these scenarios has \"{0}\" among its worlds; add it to the scenario's `worlds`, or choose another --world"
    )]
    Unmarked(&'static str),
    /// A replay of something that is no `SCENARIO@SEED`.
    #[error("cannot replay \"{0}\"; expected SCENARIO@SEED, such as flows/cross-provider@0x5eed")]
    Replay(String),
    /// The reviewer's answers cannot be used.
    #[error("{0}")]
    Review(#[from] review::Mistakes),
    /// A list that is no file to fill in.
    #[error("only questions can be listed as TOML; expected `collaudo list questions --format toml`")]
    NoToml,
    /// The run's folder cannot be written.
    #[error("cannot write {0}")]
    Out(#[from] out::OutError),
    /// The golden set cannot be made.
    #[error(transparent)]
    Golden(#[from] crate::golden::GoldenError),
}

/// Runs the scenarios that the patterns name.
///
/// # Errors
/// [`RunError`], before anything was run; a scenario that fails is no error.
pub fn run(args: &RunArgs) -> Result<Ending, RunError> {
    let Library { mut scenarios, errors } = Library::open(&args.place.folder())?;
    if let Some(idle) = args.patterns.iter().find(|pattern| {
        !scenarios.iter().any(|scenario| matches(pattern, scenario.id()))
            && !errors.iter().any(|e| e.file.contains(*pattern))
    }) {
        return Err(RunError::NoMatch(idle.clone()));
    }
    if !args.patterns.is_empty() {
        scenarios.retain(|scenario| args.patterns.iter().any(|pattern| matches(pattern, scenario.id())));
    }
    scenarios.retain(|scenario| scenario.worlds().contains(&args.world.as_scenario()));
    if scenarios.is_empty() && errors.is_empty() {
        return Err(RunError::Unmarked(args.world.name()));
    }
    for error in &errors {
        eprintln!("error: {error}");
    }
    let ended = run_these(&scenarios, args)?;
    Ok(if errors.is_empty() { ended } else { Ending::Unreadable })
}

/// Runs the one scenario of that id.
///
/// # Errors
/// As [`run`].
pub fn run_exactly(id: &str, args: &RunArgs) -> Result<Ending, RunError> {
    let Library { mut scenarios, .. } = Library::open(&args.place.folder())?;
    scenarios.retain(|scenario| scenario.id() == id);
    if scenarios.is_empty() {
        return Err(RunError::NoMatch(id.to_owned()));
    }
    run_these(&scenarios, args)
}

fn run_these(scenarios: &[Scenario], args: &RunArgs) -> Result<Ending, RunError> {
    let reviews = args.review.read()?;
    let began = stopwatch::today();
    let stopwatch = Stopwatch::start();
    let subject = subjects::reference();
    let jobs = args.jobs.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from)).max(1);
    let progress = Progress::begin(scenarios.len(), args);
    let walked = walk_all(scenarios, args, &subject, jobs, &progress);
    progress.end();

    let scenario_ms = walked.iter().map(|(judged, ms)| (judged.record.id.clone(), *ms)).collect();
    let (records, traces): (_, Vec<_>) = walked.into_iter().map(|(judged, _)| (judged.record, judged.trace)).unzip();
    let record = record::run(subject.name(), args.seed, records, &mutants::by_clause(), reviews);
    let jobs = u32::try_from(jobs).unwrap_or(u32::MAX);
    let measured = Measured { format: FORMAT, began, wall_ms: stopwatch.elapsed_ms(), jobs, scenario_ms };
    out::write(&args.out, &record, Some(&measured), &traces, args.lang)?;
    show(&record, &measured, args);
    Ok(ending(&record))
}

/// Every scenario on some thread; the result does not depend on which.
fn walk_all(
    scenarios: &[Scenario],
    args: &RunArgs,
    subject: &Arc<dyn Subject>,
    jobs: usize,
    progress: &Progress,
) -> Vec<(Judged, u64)> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..jobs.min(scenarios.len()) {
            scope.spawn(|| {
                while let Some((n, scenario)) = take(scenarios, &next) {
                    let stopwatch = Stopwatch::start();
                    let judged = way::walk(scenario, args.seed, subject, args.world);
                    progress.line(&text::scenario_line(&judged.record));
                    if let Ok(mut done) = done.lock() {
                        done.push((n, judged, stopwatch.elapsed_ms()));
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_by_key(|(n, _, _)| *n);
    done.into_iter().map(|(_, judged, ms)| (judged, ms)).collect()
}

fn take<'a>(scenarios: &'a [Scenario], next: &AtomicUsize) -> Option<(usize, &'a Scenario)> {
    let n = next.fetch_add(1, Ordering::Relaxed);
    scenarios.get(n).map(|scenario| (n, scenario))
}

/// What a person sees while it runs: on standard error, so that standard output holds the result alone.
struct Progress(Option<ProgressBar>);

impl Progress {
    fn begin(scenarios: usize, args: &RunArgs) -> Self {
        eprintln!("seed {}, {scenarios} scenarios", record::hex_seed(args.seed));
        if !std::io::stderr().is_terminal() {
            return Self(None);
        }
        let bar = ProgressBar::new(u64::try_from(scenarios).unwrap_or_default());
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}") {
            bar.set_style(style);
        }
        Self(Some(bar))
    }

    fn line(&self, line: &str) {
        if let Some(bar) = &self.0 {
            bar.set_message(line.to_owned());
            bar.inc(1);
        }
    }

    fn end(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

fn show(record: &RunRecord, measured: &Measured, args: &RunArgs) {
    match args.format {
        Format::Json => println!("{}", json::run(record, measured.wall_ms, &args.out.display().to_string())),
        Format::Text => {
            let report = args.out.join("report.html").display().to_string();
            let colour = std::io::stdout().is_terminal();
            let options = text::TextOptions { colour, report: Some(report), ..text::TextOptions::default() };
            print!("{}", text::run(record, &options));
        }
    }
}

/// What the scenarios came to, and what a person answered.
pub(crate) fn ending(record: &RunRecord) -> Ending {
    let any = |outcome| record.scenarios.iter().any(|scenario| scenario.outcome == outcome);
    let answers = record.clauses.iter().filter_map(|clause| Some((&clause.requirement, clause.review.as_ref()?)));
    let answered = review::ending(answers);
    if any(ScenarioOutcome::Failed) || answered == Ending::Failed {
        Ending::Failed
    } else if any(ScenarioOutcome::Unknown) || answered == Ending::Unknown {
        Ending::Unknown
    } else {
        Ending::Passed
    }
}
