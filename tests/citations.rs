//! Citations hold: what the code cites is there, and what the law asks for is cited where it is carried out and judged.

use std::collections::{BTreeMap, BTreeSet};

use collaudo::citations::{Place, citations};
use collaudo_tests::root;

/// Duties of the simulation that no line of the reference carries out by itself, each with why.
const NOWHERE_IN_THE_REFERENCE: [(&str, &str); 8] = [
    ("PEC-3.2.2-15", "an anomaly envelope goes straight into the mailbox: no SMTP path comes after it"),
    ("PEC-3.5-01", "the whole transaction; each of its steps is cited under its own row"),
    ("PEC-4.5-06", "binds whoever publishes the index"),
    ("PEC-4.5.6-02", "binds whoever publishes the index"),
    ("PEC-5.6-01", "binds whoever publishes the index"),
    ("PEC-5.6-02", "binds whoever publishes the index, and the shell that fetches it"),
    ("PEC-DM.12-02", "the limits are configured; the code holds none of its own"),
    ("PEC-DM.12-03", "the limits are configured; the code holds none of its own"),
];

#[test]
fn every_cited_clause_is_in_the_catalogue() {
    let rows: BTreeSet<_> = collaudo_judge::catalogue().into_iter().map(|row| row.id).collect();
    let cited = cited();
    assert!(cited.len() > 300, "only {} clauses are cited: has the form `//= PEC-...` changed?", cited.len());
    let unknown: Vec<_> = cited.iter().filter(|(id, _)| !rows.contains(*id)).collect();
    assert!(unknown.is_empty(), "no rows of harness/spec/requirements.toml: {unknown:#?}");
}

#[test]
fn every_check_cites_its_clause_in_the_judge() {
    let cited = cited();
    let cites = |id: &&str| cited.get(*id).is_some_and(|places| within(places, "harness/judge/src/check/"));
    let missing: Vec<_> = collaudo_judge::checked().filter(|id| !cites(id)).collect();
    assert!(missing.is_empty(), "write `//= {{id}}` where the judge decides {missing:?}");
}

#[test]
fn every_duty_that_the_simulation_shows_is_cited_in_the_reference_or_listed_here() {
    let cited = cited();
    let duty =
        |row: &collaudo_record::Requirement| row.how == "simulated" && row.level != "MAY" && row.party != "user-agent";
    let here = |id: &str| cited.get(id).is_some_and(|places| within(places, "reference-impl/src/"));
    let rows = collaudo_judge::catalogue();
    let uncited: BTreeSet<_> =
        rows.iter().filter(|row| duty(row) && !here(&row.id)).map(|row| row.id.as_str()).collect();
    let listed: BTreeSet<_> = NOWHERE_IN_THE_REFERENCE.into_iter().map(|(id, _)| id).collect();
    let missing: Vec<_> = uncited.difference(&listed).collect();
    assert!(missing.is_empty(), "write `//= {{id}}` where the reference does what they ask for: {missing:?}");
    let stale: Vec<_> = listed.difference(&uncited).collect();
    assert!(stale.is_empty(), "cited by now, or no such duty; take them out of the list above: {stale:?}");
}

fn cited() -> BTreeMap<String, Vec<Place>> {
    citations(&root()).expect("the sources can be read")
}

fn within(places: &[Place], folder: &str) -> bool {
    places.iter().any(|place| place.file.starts_with(folder))
}
