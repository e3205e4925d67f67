use serde::{Deserialize, Serialize};

/// A row of the catalogue, as `harness/spec/requirements.toml` has it, with what `harness/spec/exceptions.toml` says of it.
///
/// Each row has a check, a question or an exception, and never two of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirement {
    /// Such as `PEC-3.1.1-06`.
    pub id: String,
    /// Where the law says so.
    pub source: String,
    /// `MUST`, `SHOULD` or `MAY`.
    pub level: String,
    /// Who is bound.
    pub party: String,
    /// In our words, in English.
    pub statement: String,
    /// In our words, in Italian.
    #[serde(default)]
    pub statement_it: String,
    /// `offline-lint`, `simulated`, `live` or `document-review`.
    pub how: String,
    /// `read`, or `recalled` where no text was read that confirms it.
    pub confidence: String,
    /// The other rows that say the same, in the catalogue's order; each of them names this one, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub restates: Vec<String>,
    /// What a person is asked, where only a person can tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<Question>,
    /// Why there is neither a check nor a question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exception: Option<Exception>,
}

/// A question of the reviewer's checklist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// What to ask, in English; `yes` says that the row is fulfilled.
    pub ask: String,
    /// The same in Italian.
    pub ask_it: String,
    /// The evidence to ask for, in English.
    pub evidence: String,
    /// The same in Italian.
    pub evidence_it: String,
}

/// Why a row is judged neither by machine nor by a person's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// In English.
    pub reason: String,
    /// In Italian.
    pub reason_it: String,
    /// `live` where real sockets could show it; none where nothing of ours could.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<String>,
    /// Where the row grants a freedom: the variants that make use of it and must provoke no failure, by their ids. The
    /// catalogue does not hold them; whoever knows the mutants adds them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<String>,
}

/// What a person answered to a row's question. It stands beside what the machine found and never for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// The answer.
    pub answer: Answer,
    /// What it rests on, in the person's words.
    pub evidence: String,
    /// Who answered.
    pub who: String,
    /// When, as `2026-03-02`.
    pub date: String,
}

/// A person's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// The row is fulfilled.
    Yes,
    /// It is not.
    No,
    /// In part: something is left to settle.
    Partly,
    /// It does not concern this provider.
    NotApplicable,
}

impl Answer {
    /// Every answer.
    pub const ALL: [Self; 4] = [Self::Yes, Self::No, Self::Partly, Self::NotApplicable];

    /// As a review file and the record write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Partly => "partly",
            Self::NotApplicable => "not-applicable",
        }
    }
}
