//! Writes the report of a hand-made run to a file, to look at: `cargo run -p collaudo-reports --example sample -- FILE`.

#[allow(dead_code, reason = "the tests use all of it")]
#[path = "../tests/reports/fixture.rs"]
mod fixture;
#[path = "../tests/reports/story.rs"]
mod story;

use collaudo_record::{ClauseRecord, Outcome, Requirement};
use collaudo_reports::Lang;

fn main() -> std::io::Result<()> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "report.html".into());
    let (small, mut bodies, measured) = fixture::run();
    let (crowd, more) = fixture::crowd();
    bodies.extend(more);
    let scenarios = small.scenarios.into_iter().chain(crowd.scenarios).collect();
    let record = fixture::record_of(scenarios, catalogue()?);
    let page = collaudo_reports::html::run(&record, Some(&measured), Lang::En, &|hash| bodies.get(hash).cloned());
    std::fs::write(path, page)
}

/// The real catalogue, some of it as if it were checked.
fn catalogue() -> std::io::Result<Vec<ClauseRecord>> {
    #[derive(serde::Deserialize)]
    struct Catalogue {
        requirement: Vec<Requirement>,
    }
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../harness/spec/requirements.toml"))?;
    let catalogue: Catalogue = toml::from_str(&text).map_err(std::io::Error::other)?;
    let row = |(n, requirement): (usize, Requirement)| ClauseRecord {
        requirement,
        checked: n % 4 == 0,
        outcome: Outcome::NotExercised,
        scenarios: Vec::new(),
        mutants: Vec::new(),
        code: Vec::new(),
        review: None,
    };
    Ok(catalogue.requirement.into_iter().enumerate().map(row).collect())
}
