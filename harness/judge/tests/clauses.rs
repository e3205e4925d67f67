//! The typed catalogue is the one of `harness/spec`.

use std::{fmt::Write as _, fs, path::Path};

const REMEDY: &str = "run `COLLAUDO_WRITE_CLAUSES=1 cargo test -p collaudo-judge --test clauses`";

/// Goal: a row added to the catalogue reaches the judge. Method: the generated file is made again and compared; with the
/// variable set it is written.
#[test]
fn the_typed_catalogue_is_fresh() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let spec = fs::read_to_string(root.join("../spec/requirements.toml")).expect("the catalogue can be read");
    let fresh = generate(&spec.parse().expect("the catalogue is TOML"));
    let home = root.join("src/clauses.rs");
    if std::env::var_os("COLLAUDO_WRITE_CLAUSES").is_some() {
        fs::write(&home, &fresh).expect("src/clauses.rs can be written");
    }
    let committed = fs::read_to_string(&home).unwrap_or_default();
    assert!(committed == fresh, "src/clauses.rs does not follow harness/spec/requirements.toml: {REMEDY}");
}

#[test]
fn every_row_of_the_catalogue_has_its_constant() {
    let catalogue = collaudo_judge::catalogue();
    assert_eq!(collaudo_judge::Clause::PEC_3_1_1_06.id(), "PEC-3.1.1-06");
    assert_eq!(collaudo_judge::Clause::PEC_A_01.id(), "PEC-A-01");
    assert!(catalogue.iter().enumerate().all(|(n, row)| catalogue.iter().skip(n + 1).all(|other| other.id != row.id)));
}

fn generate(spec: &toml::Table) -> String {
    let rows = spec["requirement"].as_array().expect("rows");
    let mut text = String::from(
        "//! Generated from `harness/spec/requirements.toml`; `tests/clauses.rs` holds it fresh and says how to renew it.\n\n\
         crate::clause::catalogue! {\n",
    );
    for (place, row) in rows.iter().enumerate() {
        let field = |name: &str| row[name].as_str().expect("text");
        let name = field("id").replace(['-', '.'], "_");
        let _ = write!(text, "    {name} = {place}");
        for name in ["id", "level", "party", "how", "confidence", "source", "statement"] {
            let _ = write!(text, ", {:?}", field(name));
        }
        text.push_str(";\n");
    }
    text.push_str("}\n");
    text
}
