use collaudo_record::{Requirement, Review};

/// What a person answered to the question of one row. It is told beside what a machine found, and never for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    /// The row.
    pub row: Requirement,
    /// The answer.
    pub review: Review,
}
