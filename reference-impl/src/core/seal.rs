//! The log's days are closed at midnight in Rome, each with a signature over its lines.

use std::time::Duration;

use collaudo_node::{Effect, Timestamp};

use super::{
    act::{Act, Then},
    message::log_seal,
    provider::{Alarm, Provider},
};

/// When it is looked again whether the last lines of a day are on disk.
const A_MOMENT: Duration = Duration::from_secs(1);

impl Provider {
    /// Sets the instant at which the log is sealed next.
    pub(super) fn arm_seal(&mut self, now: Timestamp) {
        let book = &self.ledger.book;
        if self.sealing || (self.alarms.has(&Alarm::Seal) && !book.is_full()) {
            return;
        }
        if let Some(due) = book.due() {
            self.alarms.set(Alarm::Seal, if book.is_full() { now } else { due });
        }
    }

    /// Seals a day that is over, or the first part of one that has very many lines.
    //= PEC-2.3-10
    //= PEC-DM.10-01
    pub(super) fn seal(&mut self, now: Timestamp, out: &mut Vec<Effect>) {
        let Some(due) = self.ledger.book.due().filter(|_| !self.sealing) else { return };
        // A line has the time of its act, which may still be on its way to the disk.
        if due <= now && self.acts.values().any(|act| act.at() < due) {
            return self.alarms.set(Alarm::Seal, now + A_MOMENT);
        }
        let Some(chapter) = self.ledger.book.chapter(&self.ledger.config.display_name, now) else { return };
        let seal = log_seal(&self.issuer, now, chapter.text.clone());
        self.sealing = true;
        let mut act = Act::new(now, Then::Sealed);
        act.close(seal, &chapter);
        self.begin(act, out);
    }
}
