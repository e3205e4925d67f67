//! The way to the disk: one commit at a time, of all acts that are ready for it, and a snapshot between two commits.
//!
//! One at a time, because each line of the log is chained to the last that stands, and because a snapshot must know of
//! every record that it replaces.

use collaudo_node::{Effect, Timestamp};

use super::{
    act::Act,
    journal::Record,
    provider::{Provider, Waiting},
};

/// Records behind the last snapshot, from which on the next is due. It is due only once they outweigh the last one too:
/// so what is written in all stays within three times what happens.
const RECORDS: usize = 1000;

/// What is on its way to the disk.
#[derive(Debug, Default)]
pub(super) struct Writer {
    /// Acts that are ready.
    waiting: Vec<u64>,
    under_way: Option<UnderWay>,
    /// What stands behind the last snapshot.
    records: usize,
    octets: usize,
    /// Octets of the last snapshot.
    snapshot: usize,
}

#[derive(Debug)]
enum UnderWay {
    Commit { acts: Vec<u64>, records: usize, octets: usize, next: u64 },
    Snapshot { octets: usize },
}

impl Writer {
    /// *Takes* how many records stand behind the last snapshot.
    pub(super) fn new(records: usize) -> Self {
        Self { records, ..Self::default() }
    }

    fn is_snapshot_due(&self) -> bool {
        self.records >= RECORDS && self.octets >= self.snapshot
    }
}

impl Provider {
    /// Puts an act on disk whose messages are all signed.
    pub(super) fn write(&mut self, number: u64, act: Act, out: &mut Vec<Effect>) {
        self.acts.insert(number, act);
        self.writer.waiting.push(number);
        self.write_on(out);
    }

    /// Takes up the next snapshot or commit, if none is under way.
    fn write_on(&mut self, out: &mut Vec<Effect>) {
        if self.writer.under_way.is_some() {
            return;
        }
        if self.writer.is_snapshot_due() {
            // It grows by no more than what was written since the last one.
            let state = self.ledger.freeze(self.writer.snapshot + self.writer.octets);
            self.writer.under_way = Some(UnderWay::Snapshot { octets: state.len() });
            let ticket = self.ticket(Waiting::Disk);
            return out.push(Effect::Snapshot { ticket, state });
        }
        let mut chain = self.ledger.book.end();
        let (mut acts, mut records, mut bodies) = (Vec::new(), Vec::new(), Vec::new());
        let mut scratch = Vec::with_capacity(1024);
        for number in std::mem::take(&mut self.writer.waiting) {
            let Some(mut act) = self.acts.remove(&number) else { continue };
            if self.is_void(&act) {
                self.abandon(act);
                continue;
            }
            for record in act.records_mut() {
                chain = record.link(chain);
                records.push(record.encode_by(&mut scratch));
            }
            bodies.extend_from_slice(act.bodies());
            self.acts.insert(number, act);
            acts.push(number);
        }
        if acts.is_empty() {
            return;
        }
        //= PEC-2.2.1-09
        let next = self.next;
        records.push(Record::Counted { next }.encode_by(&mut scratch));
        let octets = records.iter().map(|record| record.len()).sum();
        self.writer.under_way = Some(UnderWay::Commit { acts, records: records.len(), octets, next });
        let ticket = self.ticket(Waiting::Disk);
        out.push(Effect::Commit { ticket, records, bodies });
    }

    /// What was under way to the disk stands, or does not, no part of it.
    pub(super) fn written(&mut self, now: Timestamp, stands: bool, out: &mut Vec<Effect>) {
        match self.writer.under_way.take() {
            Some(UnderWay::Commit { acts, records, octets, next }) if stands => {
                self.writer.records += records;
                self.writer.octets += octets;
                self.ledger.apply(&Record::Counted { next });
                // All of them stand before anything follows from one: the next commit continues behind the last.
                let following: Vec<Act> = acts.iter().filter_map(|number| self.stand(*number)).collect();
                following.into_iter().for_each(|act| self.follow_up(now, act, out));
            }
            Some(UnderWay::Commit { acts, .. }) => {
                acts.into_iter().for_each(|number| self.store_failed(now, number, out));
            }
            Some(UnderWay::Snapshot { octets }) => {
                // One that could not be kept is tried again after as many records more.
                self.writer.records = 0;
                if stands {
                    self.writer.octets = 0;
                    self.writer.snapshot = octets;
                }
            }
            None => {}
        }
        self.arm_seal(now);
        self.write_on(out);
    }
}
