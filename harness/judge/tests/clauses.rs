//! The typed catalogue is the one of `harness/spec`.

use std::{fmt::Write as _, fs, path::Path};

use toml::{Table, Value};

const REMEDY: &str = "run `COLLAUDO_WRITE_CLAUSES=1 cargo test -p collaudo-judge --test clauses`";

/// Goal: a row added to the catalogue, and what is said of one, reaches the judge. Method: the generated file is made
/// again and compared; with the variable set it is written.
#[test]
fn the_typed_catalogue_is_fresh() {
    let fresh = generate(&spec("requirements.toml"), &spec("exceptions.toml"));
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/clauses.rs");
    if std::env::var_os("COLLAUDO_WRITE_CLAUSES").is_some() {
        fs::write(&home, &fresh).expect("src/clauses.rs can be written");
    }
    let committed = fs::read_to_string(&home).unwrap_or_default();
    assert!(committed == fresh, "src/clauses.rs does not follow harness/spec: {REMEDY}");
}

#[test]
fn every_row_of_the_catalogue_has_its_constant() {
    let catalogue = collaudo_judge::catalogue();
    assert_eq!(collaudo_judge::Clause::PEC_3_1_1_06.id(), "PEC-3.1.1-06");
    assert_eq!(collaudo_judge::Clause::PEC_A_01.id(), "PEC-A-01");
    assert!(catalogue.iter().enumerate().all(|(n, row)| catalogue.iter().skip(n + 1).all(|other| other.id != row.id)));
}

fn spec(file: &str) -> Table {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec").join(file);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
    text.parse().unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn generate(requirements: &Table, exceptions: &Table) -> String {
    let mut text = String::from(
        "//! Generated from `harness/spec`; `tests/clauses.rs` holds it fresh and says how to renew it.\n\n\
         crate::clause::catalogue! {\n",
    );
    for (place, row) in tables(requirements, "requirement").enumerate() {
        let id = field(row, "id");
        let _ = write!(text, "    {} = {place}", id.replace(['-', '.'], "_"));
        for name in ["id", "level", "party", "how", "confidence", "source", "statement", "statement_it"] {
            let _ = write!(text, ", {:?}", field(row, name));
        }
        let excuse = tables(exceptions, "exception").find(|one| words(one, "clauses").contains(&id));
        let _ = writeln!(text, ", {:?}, {}, {};", words(row, "restates"), question(row), exception(excuse));
    }
    text.push_str("}\n");
    text
}

fn question(row: &Table) -> String {
    let Some(Value::Table(asked)) = row.get("question") else { return "None".to_owned() };
    let [ask, ask_it, evidence, evidence_it] =
        ["ask", "ask_it", "evidence", "evidence_it"].map(|name| field(asked, name));
    format!(
        "Some(crate::clause::Asked {{ ask: {ask:?}, ask_it: {ask_it:?}, evidence: {evidence:?}, evidence_it: {evidence_it:?} }})"
    )
}

fn exception(excuse: Option<&Table>) -> String {
    let Some(excuse) = excuse else { return "None".to_owned() };
    let [reason, reason_it] = ["reason", "reason_it"].map(|name| field(excuse, name));
    let needs = excuse.get("needs").and_then(Value::as_str);
    format!("Some(crate::clause::Excuse {{ reason: {reason:?}, reason_it: {reason_it:?}, needs: {needs:?} }})")
}

fn tables<'a>(spec: &'a Table, name: &str) -> impl Iterator<Item = &'a Table> {
    spec.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table)
}

fn words<'a>(table: &'a Table, name: &str) -> Vec<&'a str> {
    table.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

fn field<'a>(table: &'a Table, name: &str) -> &'a str {
    let id = table.get("id").or_else(|| table.get("clauses"));
    table.get(name).and_then(Value::as_str).unwrap_or_else(|| panic!("no {name:?} in {id:?}"))
}
