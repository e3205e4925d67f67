//! The words that all stages share: time, trace, expectation, verdict, anatomy, run record. Data only: nothing here
//! reads mail, decides or draws.
//!
//! Everything serialises to JSON; formats on disk carry [`FORMAT`], bumped when a field is added.

mod anatomy;
mod counts;
mod expectation;
mod inspection;
mod law;
mod run;
mod time;
mod trace;
mod verdict;

pub use anatomy::{Anatomy, Part, Signature};
pub use counts::{InspectionCounts, SignatureCounts, VerdictCounts};
pub use expectation::{Expectation, ExpectationResult, Place};
pub use inspection::{
    ClauseVerdict, InspectedSignature, Inspection, PathCheck, PathVerdict, RecipientState, RemarkCode, SignatureCause,
    SignaturePath, SignatureVerdict, StoredStory, StoryFacts, StoryLine, StoryRecipient, StoryRemark,
};
pub use law::{Answer, Exception, Question, Requirement, Review};
pub use run::{Answers, ClauseRecord, FaultRecord, Measured, RunRecord, ScenarioOutcome, ScenarioRecord, Totals};
pub use time::{Instant, Span};
pub use trace::{
    Basis, BodyHash, Event, FaultPhase, Forward, Header, LogEntry, Ordinary, Player, Provider, Reply, Request,
    ScenarioBrief, Session, Terms, Trace, TraceError, Transfer, User, What, Wire,
};
pub use verdict::{Judgement, Outcome, Verdict};

/// The version of every format on disk.
pub const FORMAT: u32 = 3;
