use serde::{Deserialize, Serialize};

use crate::{Anatomy, ExpectationResult};

/// All that the judge says of one trace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// At most one for each clause and bound provider; clauses that nothing exercised are left out. Ordered by clause,
    /// then provider.
    pub verdicts: Vec<Verdict>,
    /// One for each expectation of the header, in its order.
    pub expectations: Vec<ExpectationResult>,
    /// One for each message of the trace, in the order in which they were first seen.
    pub messages: Vec<Anatomy>,
}

/// What a clause came to for one provider in one trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Such as `PEC-3.1.1-06`.
    pub clause: String,
    /// The worst of what was found.
    pub outcome: Outcome,
    /// The bound provider's name, such as `alfa`.
    pub provider: String,
    /// The bound party, as the catalogue has it: `access-point`, `reception-point` ...
    pub party: String,
    /// What the law asks for here, in words.
    pub expected: String,
    /// What was seen, in words.
    pub observed: String,
    /// Places in the trace's events that it rests on; a pass cites at least one.
    pub evidence: Vec<u32>,
    /// How often the clause was looked at, the worst case included.
    pub matched: u32,
    /// Whether it rests, in any part, on what the provider only declared.
    pub declared: bool,
    /// Whether the text of the law behind the clause was read; where not, the clause is recalled and awaits its text.
    pub source_read: bool,
    /// The step that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The reading that it rests on, such as `R-0003`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<String>,
}

/// What a clause came to. The order is from best to worst, for the sake of aggregation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The subject says that it does not offer it.
    NotSupported,
    /// Nothing was seen that could decide.
    NotExercised,
    /// At least one event matched.
    Pass,
    /// Not what the law says, tolerated by deployed practice, recorded.
    Deviation,
    /// A check could not decide, or crashed.
    Unknown,
    /// Not what the law says.
    Fail,
}
