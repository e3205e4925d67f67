//! How it stands with a row of the catalogue: judged by machine, asked of a person, excused, or none of these.

use collaudo_record::{Answer, ClauseRecord, Outcome};

use crate::{lang::Lang, words};

/// How it stands with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// A machine has a check for it, which came to this.
    Checked(Outcome),
    /// A person was asked, and answered.
    Answered(Answer),
    /// A person is to be asked.
    Asked,
    /// Neither, for a reason.
    Excused,
    /// None of these: nobody has looked at it yet.
    Open,
}

impl Standing {
    pub(crate) const fn of(clause: &ClauseRecord) -> Self {
        match (clause.checked, &clause.review, &clause.requirement.question, &clause.requirement.exception) {
            (true, ..) => Self::Checked(clause.outcome),
            (false, Some(review), ..) => Self::Answered(review.answer),
            (false, None, Some(_), _) => Self::Asked,
            (false, None, None, Some(_)) => Self::Excused,
            (false, None, None, None) => Self::Open,
        }
    }

    /// The word of files: stable, English, without spaces.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Checked(Outcome::Pass) => "pass",
            Self::Checked(Outcome::Fail) => "fail",
            Self::Checked(Outcome::Deviation) => "deviation",
            Self::Checked(Outcome::Unknown) => "unknown",
            Self::Checked(Outcome::NotExercised) => "not-exercised",
            Self::Checked(Outcome::NotSupported) => "not-supported",
            Self::Answered(_) => "answered",
            Self::Asked => "asked",
            Self::Excused => "excused",
            Self::Open => "open",
        }
    }

    /// The word for people.
    pub(crate) const fn word(self, lang: Lang) -> &'static str {
        match self {
            Self::Checked(outcome) => words::outcome(lang, outcome),
            Self::Answered(answer) => match answer {
                Answer::Yes => lang.of("a person says: yes", "una persona dice: sì"),
                Answer::No => lang.of("a person says: no", "una persona dice: no"),
                Answer::Partly => lang.of("a person says: in part", "una persona dice: in parte"),
                Answer::NotApplicable => lang.of("a person says: not applicable", "una persona dice: non applicabile"),
            },
            Self::Asked => lang.of("asked of a person", "chiesto a una persona"),
            Self::Excused => lang.of("excused", "escluso"),
            Self::Open => lang.of("not yet checked", "non ancora verificato"),
        }
    }
}
