//! JUnit XML, for the machines that build: a test case per scenario, a suite per folder of scenarios.

use collaudo_record::{Measured, Outcome, RunRecord, ScenarioOutcome, ScenarioRecord};
use quick_xml::escape::escape;

use crate::{
    finding::came_to,
    text::of_scenario,
    words::{count, visible},
};

/// The whole document. Times are wall-clock seconds where they were measured, else left out.
pub fn run(record: &RunRecord, measured: Option<&Measured>) -> String {
    let totals = &record.totals;
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    xml.push_str(&format!(
        "<testsuites name=\"collaudo {}\" tests=\"{}\" failures=\"{}\" errors=\"{}\">\n",
        escape(record.subject.as_str()),
        totals.scenarios,
        totals.scenarios_failed,
        totals.scenarios_unknown,
    ));
    let mut rest = record.scenarios.as_slice();
    while let Some(first) = rest.first() {
        let folder = folder_and_name(first).0;
        let length = rest.iter().take_while(|s| folder_and_name(s).0 == folder).count();
        let (suite, after) = rest.split_at(length);
        test_suite(&mut xml, record, folder, suite, measured);
        rest = after;
    }
    xml.push_str("</testsuites>\n");
    // Control characters are no XML, not even escaped.
    visible(&xml).into_owned()
}

fn test_suite(
    xml: &mut String,
    record: &RunRecord,
    folder: &str,
    suite: &[ScenarioRecord],
    measured: Option<&Measured>,
) {
    let of = |outcome| suite.iter().filter(|s| s.outcome == outcome).count();
    xml.push_str(&format!(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\">\n    <properties>\n",
        escape(folder),
        suite.len(),
        of(ScenarioOutcome::Failed),
        of(ScenarioOutcome::Unknown),
    ));
    for (name, value) in [("seed", &record.seed), ("trace_sha256", &record.trace_sha256)] {
        xml.push_str(&format!("      <property name=\"{name}\" value=\"{}\"/>\n", escape(value.as_str())));
    }
    xml.push_str("    </properties>\n");
    for scenario in suite {
        test_case(xml, record, scenario, measured);
    }
    xml.push_str("  </testsuite>\n");
}

fn test_case(xml: &mut String, record: &RunRecord, scenario: &ScenarioRecord, measured: Option<&Measured>) {
    let (folder, name) = folder_and_name(scenario);
    xml.push_str(&format!("    <testcase classname=\"{}\" name=\"{}\"", escape(folder), escape(name)));
    if let Some(ms) = measured.and_then(|m| m.scenario_ms.get(&scenario.id)) {
        xml.push_str(&format!(" time=\"{}.{:03}\"", ms / 1_000, ms % 1_000));
    }
    let element = match scenario.outcome {
        ScenarioOutcome::Passed => return xml.push_str("/>\n"),
        ScenarioOutcome::Unknown => "error",
        ScenarioOutcome::Failed => "failure",
    };
    xml.push_str(&format!(
        ">\n      <{element} message=\"{}\">{}</{element}>\n    </testcase>\n",
        escape(in_short(scenario)),
        escape(of_scenario(record, scenario)),
    ));
}

fn in_short(scenario: &ScenarioRecord) -> String {
    if let Some(problem) = &scenario.problem {
        return problem.clone();
    }
    let failed = came_to(scenario, Outcome::Fail);
    let unmet = scenario.expectations.iter().filter(|e| !e.holds).count();
    let idle = scenario.faults.iter().filter(|f| !f.effective).count();
    let unknown = came_to(scenario, Outcome::Unknown);
    let said = [
        (failed, format!("{} failed", count(failed, "clause"))),
        (unmet, format!("{} unmet", count(unmet, "expectation"))),
        (idle, format!("{} without effect", count(idle, "fault"))),
        (unknown, format!("{} unknown", count(unknown, "clause"))),
        (scenario.uncovered.len(), format!("{} not exercised", count(scenario.uncovered.len(), "covered clause"))),
    ];
    said.into_iter().filter(|(n, _)| *n > 0).map(|(_, said)| said).collect::<Vec<_>>().join(", ")
}

fn folder_and_name(scenario: &ScenarioRecord) -> (&str, &str) {
    scenario.id.rsplit_once('/').unwrap_or(("scenarios", &scenario.id))
}
