//! What `collaudo run` prints when the run is over.

mod inspection;
mod layout;
mod problem;
mod review;
mod totals;

use collaudo_record::{Outcome, RunRecord, ScenarioOutcome, ScenarioRecord};

use crate::{
    finding::{came_to, exercised},
    words::{count, visible},
};
pub use inspection::InspectionText;
use layout::Pen;
pub(crate) use problem::of_scenario;

/// How the text shall look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextOptions {
    /// Whether to colour words with ANSI escapes.
    pub colour: bool,
    /// Columns that a line may take; long words and command lines may take more.
    pub width: usize,
    /// Whether to print a line a scenario; not needed where each was printed as it ended.
    pub scenarios: bool,
    /// Where the report lies, as it shall be shown.
    pub report: Option<String>,
}

impl Default for TextOptions {
    fn default() -> Self {
        Self { colour: false, width: 100, scenarios: true, report: None }
    }
}

/// The whole text, ended by a line end: the seed first, a line a scenario, what failed, counts, replay lines last.
pub fn run(record: &RunRecord, options: &TextOptions) -> String {
    let pen = Pen { colour: options.colour, width: options.width.max(40) };
    let mut sections = vec![format!("subject {}  seed {}", visible(&record.subject), visible(&record.seed))];
    if options.scenarios && !record.scenarios.is_empty() {
        sections.push(scenario_lines(record, pen));
    }
    sections.extend(problem::of_run(record, pen));
    sections.extend(review::of_run(record, pen));
    sections.push(totals::counts(record, pen));
    sections.push(totals::by_chapter(&record.clauses, pen));
    sections.extend(last_lines(record, options, pen));
    sections.retain(|section| !section.is_empty());
    let mut text = sections.join("\n\n");
    text.push('\n');
    text
}

/// One line: `PASS flows/cross-provider  sim  14 messages  +10m00s  32 clauses`; not ended, not coloured.
pub fn scenario_line(scenario: &ScenarioRecord) -> String {
    line(scenario, word(scenario.outcome), 0)
}

fn scenario_lines(record: &RunRecord, pen: Pen) -> String {
    let width = record.scenarios.iter().map(|s| visible(&s.id).chars().count()).max().unwrap_or(0);
    let words = record.scenarios.iter().map(|s| word(s.outcome).len()).max().unwrap_or(0);
    let lines: Vec<String> = record
        .scenarios
        .iter()
        .map(|scenario| {
            let word = format!("{:<words$}", word(scenario.outcome));
            line(scenario, &pen.scenario(scenario.outcome, &word), width)
        })
        .collect();
    lines.join("\n")
}

fn line(scenario: &ScenarioRecord, word: &str, id_width: usize) -> String {
    let id = visible(&scenario.id);
    let world = visible(&scenario.world);
    let messages = count(scenario.messages.len(), "message");
    let simulated = scenario.simulated.to_string();
    let clauses = count(exercised(scenario), "clause");
    let mut line = if id_width == 0 {
        format!("{word} {id}  {world}  {messages}  {simulated}  {clauses}")
    } else {
        format!("{word} {id:<id_width$}  {world}  {messages:>12}  {simulated:>11}  {clauses:>11}")
    };
    let failed = came_to(scenario, Outcome::Fail);
    let unmet = scenario.expectations.iter().filter(|e| !e.holds).count();
    let idle = scenario.faults.iter().filter(|f| !f.effective).count();
    for (n, said) in [
        (failed, format!("{failed} failed")),
        (unmet, format!("{unmet} unmet")),
        (came_to(scenario, Outcome::Unknown), format!("{} unknown", came_to(scenario, Outcome::Unknown))),
        (scenario.uncovered.len(), format!("{} not covered", scenario.uncovered.len())),
        (idle, count(idle, "idle fault")),
        (usize::from(scenario.problem.is_some()), "stopped".to_owned()),
    ] {
        if n > 0 {
            line.push_str("  ");
            line.push_str(&said);
        }
    }
    line
}

const fn word(outcome: ScenarioOutcome) -> &'static str {
    match outcome {
        ScenarioOutcome::Passed => "PASS",
        ScenarioOutcome::Unknown => "UNKNOWN",
        ScenarioOutcome::Failed => "FAIL",
    }
}

fn last_lines(record: &RunRecord, options: &TextOptions, pen: Pen) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(report) = &options.report {
        lines.push(format!("report    {}", visible(report)));
    }
    let replays = record
        .scenarios
        .iter()
        .filter(|s| s.outcome != ScenarioOutcome::Passed)
        .map(|s| format!("replay    {}", pen.bold(&visible(&s.replay))));
    lines.extend(replays);
    if lines.is_empty() { Vec::new() } else { vec![lines.join("\n")] }
}
