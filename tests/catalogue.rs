//! The catalogue keeps its promises: each row is judged, asked of a person or excused, and an excuse goes stale loudly.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use collaudo_record::Requirement;
use collaudo_tests::root;
use toml::{Table, Value};

const DOCUMENT_REVIEW: &str = "document-review";

#[test]
fn each_row_has_a_check_or_a_question_or_an_exception_and_never_two() {
    let checked: BTreeSet<_> = collaudo_judge::checked().collect();
    let mut faults = Vec::new();
    for row in collaudo_judge::catalogue() {
        let has = [
            (checked.contains(row.id.as_str()), "a check in the judge"),
            (row.question.is_some(), "a question in harness/spec/requirements.toml"),
            (row.exception.is_some(), "an entry in harness/spec/exceptions.toml"),
        ];
        let has: Vec<_> = has.iter().filter(|(there, _)| *there).map(|(_, what)| *what).collect();
        match has.as_slice() {
            [_] => {}
            [] => faults.push(format!("{} is silent: give it a check, a question or an exception", row.id)),
            more => faults.push(format!("{} has {}: take away what is no longer needed", row.id, more.join(" and "))),
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_excuse_names_rows_that_are_there_and_each_row_once() {
    let text = fs::read_to_string(root().join("harness/spec/exceptions.toml")).expect("it can be read");
    let file: Table = text.parse().expect("TOML");
    let excused: Vec<_> = file["exception"].as_array().expect("entries").iter().flat_map(excused).collect();
    let rows: BTreeSet<_> = collaudo_judge::catalogue().into_iter().map(|row| row.id).collect();
    let unknown: Vec<_> = excused.iter().filter(|id| !rows.contains(*id)).collect();
    assert!(unknown.is_empty(), "no rows of the catalogue: {unknown:?}");
    let once: BTreeSet<_> = excused.iter().collect();
    assert_eq!(once.len(), excused.len(), "a row is excused twice");
}

fn excused(entry: &Value) -> Vec<String> {
    let clauses = entry["clauses"].as_array().expect("clauses is a list");
    clauses.iter().map(|id| id.as_str().expect("an id").to_owned()).collect()
}

#[test]
fn questions_are_asked_where_the_law_can_be_judged_from_documents_alone() {
    let asked = |row: &&Requirement| row.question.is_some() && row.how != DOCUMENT_REVIEW;
    let rows = collaudo_judge::catalogue();
    let faults: Vec<_> = rows.iter().filter(asked).map(|row| row.id.as_str()).collect();
    assert!(faults.is_empty(), "how is not {DOCUMENT_REVIEW}: write an exception or a check for {faults:?}");
}

#[test]
fn no_duty_that_the_simulation_can_show_is_excused() {
    let duty = |row: &&Requirement| row.level != "MAY" && ["simulated", "offline-lint"].contains(&row.how.as_str());
    let rows = collaudo_judge::catalogue();
    let excused: Vec<_> = rows.iter().filter(duty).filter(|row| row.exception.is_some()).map(|row| &row.id).collect();
    assert!(excused.is_empty(), "the simulation or the message alone can show these: {excused:?}");
}

#[test]
fn an_exception_that_needs_something_needs_real_sockets() {
    for row in collaudo_judge::catalogue() {
        let needs = row.exception.as_ref().and_then(|exception| exception.needs.as_deref());
        let live = row.how == "live";
        let excused = row.exception.is_some();
        assert_eq!(needs, (excused && live).then_some("live"), "{} is judged {}", row.id, row.how);
    }
}

#[test]
fn every_row_has_an_italian_wording_of_its_own() {
    for row in collaudo_judge::catalogue() {
        assert!(row.statement_it.ends_with('.') && row.statement_it.len() > 20, "{}: {:?}", row.id, row.statement_it);
        assert_ne!(row.statement, row.statement_it, "{}", row.id);
    }
}

/// Goal: rows that say one thing twice are known as such, and judged as such. Method: the relation is symmetric and
/// transitive, and whatever mutant must fail one row of a group must fail all of them.
#[test]
fn rows_that_restate_each_other_are_judged_alike() {
    let rows = collaudo_judge::catalogue();
    let order: BTreeMap<_, _> = rows.iter().enumerate().map(|(n, row)| (row.id.as_str(), n)).collect();
    let group = |row: &Requirement| -> BTreeSet<String> { row.restates.iter().chain([&row.id]).cloned().collect() };
    for row in &rows {
        assert!(!row.restates.contains(&row.id), "{} restates itself", row.id);
        assert!(row.restates.is_sorted_by_key(|id| order[id.as_str()]), "{}: out of order", row.id);
        for other in &row.restates {
            assert_eq!(group(row), group(&rows[order[other.as_str()]]), "{} and {other}", row.id);
        }
    }
    let checked: BTreeSet<_> = collaudo_judge::checked().collect();
    let traces = collaudo_mutants::all().iter().map(|mutant| (mutant.id, mutant.must_fail));
    let providers = collaudo_mutants::providers().iter().map(|bent| (bent.id, bent.must_fail));
    let bent: Vec<_> = traces.chain(providers).collect();
    let mut faults = BTreeSet::new();
    for row in rows.iter().filter(|row| !row.restates.is_empty()) {
        let all = group(row);
        let judged = all.iter().filter(|id| checked.contains(id.as_str())).count();
        assert!(judged == 0 || judged == all.len(), "{all:?}: some have a check and some have none");
        faults.extend(bent.iter().filter_map(|(mutant, must_fail)| {
            let failing = all.iter().filter(|id| must_fail.contains(&id.as_str())).count();
            (failing > 0 && failing < all.len()).then(|| format!("{mutant} fails some of {all:?} only"))
        }));
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
