use std::fmt;

use collaudo_record::{Exception, Question, Requirement};

use crate::clauses::CATALOGUE;

/// A row of the catalogue, by its place. The only way to name a clause in a check, so that no check names one that is
/// not there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Clause(pub(crate) u16);

/// A row of `harness/spec/requirements.toml`, with what `harness/spec/exceptions.toml` says of it.
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
    /// In our words, in English.
    pub statement: &'static str,
    /// In our words, in Italian.
    pub statement_it: &'static str,
    /// The other rows that say the same.
    pub restates: &'static [&'static str],
    /// What a person is asked.
    pub question: Option<Asked>,
    /// Why there is neither a check nor a question.
    pub exception: Option<Excuse>,
}

/// A row's question, as [`Question`] has it.
#[derive(Debug)]
pub struct Asked {
    /// The question.
    pub ask: &'static str,
    /// The question in Italian.
    pub ask_it: &'static str,
    /// The evidence to ask for.
    pub evidence: &'static str,
    /// The evidence, in Italian.
    pub evidence_it: &'static str,
}

/// A row's exception, as [`Exception`] has it.
#[derive(Debug)]
pub struct Excuse {
    /// The reason.
    pub reason: &'static str,
    /// The reason in Italian.
    pub reason_it: &'static str,
    /// `live`, or nothing.
    pub needs: Option<&'static str>,
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
            statement_it: row.statement_it.to_owned(),
            how: row.how.to_owned(),
            confidence: row.confidence.to_owned(),
            restates: row.restates.iter().map(|id| (*id).to_owned()).collect(),
            question: row.question.as_ref().map(Question::from),
            exception: row.exception.as_ref().map(Exception::from),
        }
    }
}

impl From<&Asked> for Question {
    fn from(asked: &Asked) -> Self {
        Self {
            ask: asked.ask.to_owned(),
            ask_it: asked.ask_it.to_owned(),
            evidence: asked.evidence.to_owned(),
            evidence_it: asked.evidence_it.to_owned(),
        }
    }
}

impl From<&Excuse> for Exception {
    fn from(excuse: &Excuse) -> Self {
        Self {
            reason: excuse.reason.to_owned(),
            reason_it: excuse.reason_it.to_owned(),
            needs: excuse.needs.map(str::to_owned),
            variants: Vec::new(),
        }
    }
}

/// Makes the catalogue and a constant for each row of it.
macro_rules! catalogue {
    ($($name:ident = $place:literal, $id:literal, $level:literal, $party:literal, $how:literal, $confidence:literal,
       $source:literal, $statement:literal, $statement_it:literal, $restates:expr, $question:expr, $exception:expr;)*) => {
        /// Every row, in the catalogue's order.
        pub static CATALOGUE: &[$crate::clause::Row] = &[$($crate::clause::Row {
            id: $id, level: $level, party: $party, how: $how, confidence: $confidence, source: $source,
            statement: $statement, statement_it: $statement_it, restates: &$restates, question: $question,
            exception: $exception,
        }),*];

        impl $crate::clause::Clause {
            $(#[doc = $statement] pub const $name: Self = Self($place);)*
        }
    };
}
pub(crate) use catalogue;
