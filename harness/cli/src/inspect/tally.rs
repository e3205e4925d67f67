//! Counts that add up, and how it ends.

use std::collections::BTreeSet;

use collaudo_record::{BodyHash, Inspection, InspectionCounts, Outcome, PathVerdict, SignatureVerdict};
use collaudo_sources::{Fate, File};

use crate::{command::Ending, inspect::examine::Examined};

/// What was counted so far.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) counts: InspectionCounts,
    seen: BTreeSet<BodyHash>,
    named_unread: bool,
    failed: bool,
    unknown: bool,
}

impl Tally {
    pub(crate) fn count(&mut self, examined: &Examined) {
        match examined {
            Examined::Message { inspections, .. } => self.message(inspections),
            // Its file says that it is not mail.
            Examined::Signature { .. } => {}
            Examined::Unread { .. } => {
                self.counts.messages += 1;
                self.counts.unread += 1;
            }
            Examined::File(file) => self.file(file),
        }
    }

    fn file(&mut self, file: &File) {
        let counts = &mut self.counts;
        counts.files += 1;
        *match file.fate {
            Fate::Mail => &mut counts.files_with_mail,
            Fate::Archive => &mut counts.archives,
            Fate::NotMail => &mut counts.not_mail,
            Fate::Skipped => &mut counts.skipped,
            Fate::Unreadable => &mut counts.unreadable,
        } += 1;
        self.named_unread |= file.named && file.fate == Fate::Unreadable;
    }

    fn message(&mut self, inspections: &[Inspection]) {
        let is_certified = |inspection: &&Inspection| inspection.kind != "ordinary";
        self.counts.messages += 1;
        if inspections.iter().any(|inspection| is_certified(&inspection)) {
            self.counts.certified += 1;
        } else {
            self.counts.ordinary += 1;
        }
        // What lies inside another message stands in other octets.
        if let Some(outermost) = inspections.first().filter(|outermost| outermost.place.is_empty())
            && !self.seen.insert(outermost.sha256.clone())
        {
            self.counts.duplicates += 1;
        }
        inspections.iter().filter(is_certified).for_each(|inspection| self.judged(inspection));
    }

    fn judged(&mut self, inspection: &Inspection) {
        let counts = &mut self.counts;
        counts.judged += 1;
        let signature = &inspection.signature;
        *match signature.verdict {
            SignatureVerdict::Valid => &mut counts.signatures.valid,
            SignatureVerdict::Invalid => &mut counts.signatures.invalid,
            SignatureVerdict::Absent => &mut counts.signatures.absent,
        } += 1;
        let path = &signature.path;
        let speaks_against =
            [&path.trust, &path.index, &path.revocation].map(|check| check.verdict == PathVerdict::Fails);
        self.failed |= signature.verdict == SignatureVerdict::Invalid || speaks_against.contains(&true);
        for verdict in &inspection.verdicts {
            let verdicts = &mut counts.verdicts;
            *match verdict.verdict {
                Outcome::Pass => &mut verdicts.pass,
                Outcome::Deviation => &mut verdicts.deviation,
                Outcome::Fail => &mut verdicts.fail,
                Outcome::Unknown => &mut verdicts.unknown,
                Outcome::NotExercised | Outcome::NotSupported => continue,
            } += 1;
            self.failed |= verdict.verdict == Outcome::Fail;
            self.unknown |= verdict.verdict == Outcome::Unknown;
        }
    }

    /// What the messages came to, and what a person answered: 2 beats 1 beats 3.
    pub(crate) fn ending(&self, answered: Ending) -> Ending {
        if self.named_unread {
            Ending::Unreadable
        } else if self.failed || answered == Ending::Failed {
            Ending::Failed
        } else if self.unknown || answered == Ending::Unknown {
            Ending::Unknown
        } else {
            Ending::Passed
        }
    }
}
