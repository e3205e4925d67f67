use serde::{Deserialize, Serialize};

/// What a walk over stored messages came to, in counts that add up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InspectionCounts {
    /// Files looked at, members of archives and standard input included: the sum of the five that follow.
    pub files: u64,
    /// Files that hold messages.
    pub files_with_mail: u64,
    /// Files that hold files.
    pub archives: u64,
    /// Files that hold something else.
    pub not_mail: u64,
    /// What was left aside on purpose, such as a folder that a link leads back to.
    pub skipped: u64,
    /// What could not be read, in whole or to its end.
    pub unreadable: u64,
    /// Messages stored in the files: the sum of the three that follow.
    pub messages: u64,
    /// Messages that are certified mail, or have some in them.
    pub certified: u64,
    /// Messages that are not, and have none.
    pub ordinary: u64,
    /// Messages that were not examined.
    pub unread: u64,
    /// Messages that were stored before in the same octets; counted above, too.
    pub duplicates: u64,
    /// Certified messages that were judged, those inside others included.
    pub judged: u64,
    /// Their signatures.
    pub signatures: SignatureCounts,
    /// Rows of the catalogue, over all of them.
    pub verdicts: VerdictCounts,
}

/// Signatures of certified messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignatureCounts {
    /// That hold.
    pub valid: u64,
    /// That do not.
    pub invalid: u64,
    /// That are not there.
    pub absent: u64,
}

/// Verdicts on rows of the catalogue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictCounts {
    /// As the law has it.
    pub pass: u64,
    /// Tolerated by deployed practice.
    pub deviation: u64,
    /// Not decided.
    pub unknown: u64,
    /// Against the law.
    pub fail: u64,
}
