//! What a person must look at: clauses that failed, expectations that do not hold, what was never exercised.

use collaudo_record::{ClauseRecord, ExpectationResult, Outcome, RunRecord, ScenarioOutcome, ScenarioRecord, Verdict};

use super::layout::Pen;
use crate::{
    finding::{Finding, findings},
    lang::Lang,
    words::{evidence, party, visible},
};

/// So many scenarios of one failed clause are told in full; the others are named.
const IN_FULL: usize = 3;

/// All of a run, a block each: clauses in the catalogue's order, then scenarios in theirs.
pub(super) fn of_run(record: &RunRecord, pen: Pen) -> Vec<String> {
    let mut blocks = Vec::new();
    for finding in findings(record, Outcome::Fail) {
        blocks.extend(clause(&finding, &pen.red("FAIL"), pen));
    }
    for scenario in &record.scenarios {
        blocks.extend(own_failures(scenario, pen));
    }
    for finding in findings(record, Outcome::Unknown) {
        blocks.extend(clause(&finding, &pen.yellow("UNKNOWN"), pen));
    }
    blocks.extend(record.scenarios.iter().filter_map(|scenario| uncovered(scenario, pen)));
    blocks.extend(findings(record, Outcome::Deviation).iter().map(|finding| deviation(finding, pen)));
    blocks
}

/// All of one scenario, in plain text; empty where there is nothing to look at.
pub(crate) fn of_scenario(record: &RunRecord, scenario: &ScenarioRecord) -> String {
    let pen = Pen::PLAIN;
    let mut blocks = Vec::new();
    for (outcome, word) in [(Outcome::Fail, "FAIL"), (Outcome::Unknown, "UNKNOWN")] {
        for verdict in scenario.verdicts.iter().filter(|v| v.outcome == outcome) {
            let row = record.clauses.iter().find(|c| c.requirement.id == verdict.clause);
            blocks.push(case(scenario, verdict, row, word, pen));
        }
    }
    blocks.extend(own_failures(scenario, pen));
    blocks.extend(uncovered(scenario, pen));
    blocks.join("\n\n")
}

fn clause(finding: &Finding<'_>, word: &str, pen: Pen) -> Vec<String> {
    let mut blocks: Vec<String> = finding
        .cases
        .iter()
        .take(IN_FULL)
        .map(|(scenario, verdict)| case(scenario, verdict, finding.clause, word, pen))
        .collect();
    let mut others: Vec<&str> = finding.cases.iter().skip(IN_FULL).map(|(s, _)| s.id.as_str()).collect();
    others.dedup();
    if !others.is_empty() {
        let head = format!("{word} {}  ", visible(finding.id));
        let said = format!("also in {}: {}", others.len(), others.join(", "));
        blocks.push(pen.hang(&head, FURTHER, &said));
    }
    blocks
}

/// The column in which further lines of a block without fields begin.
const FURTHER: usize = 4;

fn case(scenario: &ScenarioRecord, verdict: &Verdict, row: Option<&ClauseRecord>, word: &str, pen: Pen) -> String {
    let mut lines = vec![format!(
        "{word} {}  {}, {}  {}  {}  seed {}",
        pen.bold(&visible(&verdict.clause)),
        visible(&verdict.provider),
        visible(&party(Lang::En, &verdict.party)),
        visible(&scenario.id),
        visible(&scenario.world),
        visible(&scenario.seed),
    )];
    lines.extend(row.map(|row| law(row, pen)));
    lines.push(pen.field("expected", &verdict.expected));
    lines.push(observed(&verdict.observed, &verdict.evidence, pen));
    lines.extend(verdict.reading.as_ref().map(|reading| pen.field("reading", reading)));
    lines.extend(source(verdict, pen));
    if verdict.declared {
        lines.push(pen.field("rests on", "what the provider itself declared, in part or whole"));
    }
    lines.push(replay(scenario));
    lines.join("\n")
}

fn law(row: &ClauseRecord, pen: Pen) -> String {
    let row = &row.requirement;
    pen.field("law", &format!("\u{201c}{}\u{201d} {}, {}", row.statement, row.source, row.level))
}

/// That the clause behind a verdict is recalled; nothing where its text was read.
fn source(verdict: &Verdict, pen: Pen) -> Option<String> {
    (!verdict.source_read).then(|| pen.field("source", "recalled, not confirmed by a text"))
}

/// What was seen, and where: on one line where both fit.
fn observed(text: &str, places: &[u32], pen: Pen) -> String {
    const COLUMN: usize = 36;
    let seen = pen.field("observed", text);
    let cited = evidence(places);
    if cited.is_empty() {
        return seen;
    }
    let column = (seen.chars().count() + 4).max(COLUMN);
    if seen.contains('\n') || column + 10 + cited.chars().count() > pen.width {
        return format!("{seen}\n{}", pen.field("evidence", &cited));
    }
    format!("{seen:<column$}evidence  {cited}")
}

fn replay(scenario: &ScenarioRecord) -> String {
    format!("  replay    {}", visible(&scenario.replay))
}

/// What is peculiar to a scenario and went wrong: no trace, expectations, faults.
fn own_failures(scenario: &ScenarioRecord, pen: Pen) -> Vec<String> {
    let mut blocks = Vec::new();
    if let Some(problem) = &scenario.problem {
        let word = match scenario.outcome {
            ScenarioOutcome::Failed => pen.red("FAIL"),
            ScenarioOutcome::Unknown | ScenarioOutcome::Passed => pen.yellow("UNKNOWN"),
        };
        let head = format!("{word} {}", whose(scenario));
        blocks.push(format!("{head}\n{}\n{}", pen.field("problem", problem), replay(scenario)));
    }
    blocks.extend(scenario.expectations.iter().filter(|e| !e.holds).map(|e| expectation(scenario, e, pen)));
    for fault in scenario.faults.iter().filter(|f| !f.effective) {
        let head = format!("{} {}", pen.red("FAIL"), whose(scenario));
        let expected = format!("{} of {} changes the run", fault.kind, fault.hosts.join(", "));
        blocks.push(format!(
            "{head}\n{}\n{}\n{}",
            pen.field("expected", &expected),
            pen.field("observed", "the run without it went the same way: the fault never bit"),
            replay(scenario),
        ));
    }
    blocks
}

fn expectation(scenario: &ScenarioRecord, result: &ExpectationResult, pen: Pen) -> String {
    let place = format!("{}:{}", visible(&result.place.file), result.place.line);
    format!(
        "{} {}  {}\n{}\n{}\n{}",
        pen.red("FAIL"),
        pen.bold(&place),
        whose(scenario),
        pen.field("expected", &result.expected),
        observed(&result.observed, &result.evidence, pen),
        replay(scenario),
    )
}

fn uncovered(scenario: &ScenarioRecord, pen: Pen) -> Option<String> {
    if scenario.uncovered.is_empty() {
        return None;
    }
    let expected = format!("what it covers is exercised: {}", scenario.uncovered.join(", "));
    Some(format!(
        "{} {}\n{}\n{}\n{}",
        pen.yellow("NOT COVERED"),
        whose(scenario),
        pen.field("expected", &expected),
        pen.field("observed", "nothing exercised it"),
        replay(scenario),
    ))
}

fn deviation(finding: &Finding<'_>, pen: Pen) -> String {
    let mut scenarios: Vec<&str> = finding.cases.iter().map(|(s, _)| s.id.as_str()).collect();
    scenarios.dedup();
    let mut lines = Vec::new();
    if let Some((scenario, verdict)) = finding.cases.first() {
        let more = if scenarios.len() > 1 { format!("  and {} more", scenarios.len() - 1) } else { String::new() };
        lines.push(format!(
            "{} {}  {}, {}  {}{more}",
            pen.yellow("DEVIATION"),
            pen.bold(&visible(finding.id)),
            visible(&verdict.provider),
            visible(&party(Lang::En, &verdict.party)),
            visible(&scenario.id),
        ));
        lines.extend(finding.clause.map(|row| law(row, pen)));
        lines.push(observed(&verdict.observed, &verdict.evidence, pen));
        lines.extend(source(verdict, pen));
    }
    lines.join("\n")
}

fn whose(scenario: &ScenarioRecord) -> String {
    format!("{}  {}  seed {}", visible(&scenario.id), visible(&scenario.world), visible(&scenario.seed))
}
