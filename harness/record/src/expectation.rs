use serde::{Deserialize, Serialize};

use crate::Span;

/// Something peculiar to a scenario, that the law alone does not say of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "expect", rename_all = "kebab-case")]
pub enum Expectation {
    /// So many messages of a kind come to a mailbox.
    Arrives {
        /// The mailbox's address.
        at: String,
        /// The wire value of the kind, `anomalia` or `ordinary`.
        gets: String,
        /// The step whose message it is about.
        of: Option<String>,
        /// The one recipient it is about: `consegna` of the certification data.
        about: Option<String>,
        /// The form of a delivery receipt, as its parts show it: `completa`, `breve`, `sintetica`.
        form: Option<String>,
        /// Exactly so many.
        count: u32,
        /// Each no earlier and no later than this after the acceptance of `of` (before acceptance: after its step).
        between: Option<(Span, Span)>,
        /// The reading that the window rests on.
        reading: Option<String>,
        /// Where the scenario says so.
        place: Place,
    },
    /// A visit finds so many messages: [`crate::What::Fetched`] events that name it.
    Fetches {
        /// The visit's id.
        visit: String,
        /// Exactly so many.
        count: u32,
        /// Where the scenario says so.
        place: Place,
    },
    /// A step is refused by SMTP itself.
    Refused {
        /// The step's id.
        step: String,
        /// The reply's code.
        code: u16,
        /// Where the scenario says so.
        place: Place,
    },
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The path as the user would write it.
    pub file: String,
    /// From 1.
    pub line: u32,
}

/// What became of an expectation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExpectationResult {
    /// Where the scenario says so.
    pub place: Place,
    /// Whether it holds.
    pub holds: bool,
    /// In words.
    pub expected: String,
    /// In words.
    pub observed: String,
    /// Places in the trace's events.
    pub evidence: Vec<u32>,
}
