use std::fmt;

use collaudo_record::Requirement;

use crate::clauses::CATALOGUE;

/// A row of the catalogue, by its place. The only way to name a clause in a check, so that no check names one that is
/// not there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Clause(pub(crate) u16);

/// A row of `harness/spec/requirements.toml`, as far as verdicts need it.
#[derive(Debug)]
pub struct Row {
    /// Such as `PEC-3.1.1-06`.
    pub id: &'static str,
    /// `MUST`, `SHOULD` or `MAY`.
    pub level: &'static str,
    /// Who is bound.
    pub party: &'static str,
    /// `offline-lint`, `simulated`, `live` or `document-review`.
    pub how: &'static str,
    /// `read` or `recalled`.
    pub confidence: &'static str,
    /// Where the law says so.
    pub source: &'static str,
    /// In our words.
    pub statement: &'static str,
}

impl Clause {
    /// Its row. Clauses are only made from the catalogue, so there always is one.
    pub fn row(self) -> &'static Row {
        &CATALOGUE[usize::from(self.0)]
    }

    /// Such as `PEC-3.1.1-06`.
    pub fn id(self) -> &'static str {
        self.row().id
    }
}

impl fmt::Debug for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl From<&Row> for Requirement {
    fn from(row: &Row) -> Self {
        Self {
            id: row.id.to_owned(),
            source: row.source.to_owned(),
            level: row.level.to_owned(),
            party: row.party.to_owned(),
            statement: row.statement.to_owned(),
            how: row.how.to_owned(),
            confidence: row.confidence.to_owned(),
        }
    }
}

/// Makes the catalogue and a constant for each row of it.
macro_rules! catalogue {
    ($($name:ident = $place:literal, $id:literal, $level:literal, $party:literal, $how:literal, $confidence:literal,
       $source:literal, $statement:literal;)*) => {
        /// Every row, in the catalogue's order.
        pub static CATALOGUE: &[$crate::clause::Row] = &[$($crate::clause::Row {
            id: $id, level: $level, party: $party, how: $how, confidence: $confidence, source: $source, statement: $statement,
        }),*];

        impl $crate::clause::Clause {
            $(#[doc = $statement] pub const $name: Self = Self($place);)*
        }
    };
}
pub(crate) use catalogue;
