//! Which scenarios can go on at once: each needs a lane and users of the subject that no other has.

use std::{collections::BTreeMap, path::Path, time::Duration};

use collaudo_scenario::UserPlan;

use super::{
    fit::{Part, Room},
    lab::{Lab, Ours},
};

/// The lanes and users, and which of them are taken.
#[derive(Clone)]
pub(super) struct Rooms<'a> {
    lab: &'a Lab,
    ours: &'a Ours,
    folder: &'a Path,
    /// How many scenarios each free lane has had behind which something may come late.
    lanes: BTreeMap<u32, u32>,
    taken: BTreeMap<u32, u32>,
    /// Whether somebody is there who must be alone.
    closed: bool,
    free: Vec<UserPlan>,
}

impl<'a> Rooms<'a> {
    /// All of them free.
    pub(super) fn new(lab: &'a Lab, ours: &'a Ours, folder: &'a Path) -> Self {
        let lanes = lab.lanes(ours).into_iter().map(|lane| (lane, 0)).collect();
        Self { lab, ours, folder, lanes, taken: BTreeMap::new(), closed: false, free: lab.users() }
    }

    /// How many lanes there are.
    pub(super) fn count(&self) -> usize {
        self.lanes.len() + self.taken.len()
    }

    /// Takes a lane and users for a scenario, where there are any: the lane into which the least may come late.
    pub(super) fn take(&mut self, part: &Part) -> Option<Part> {
        if self.closed || self.lanes.is_empty() || (part.alone && !self.taken.is_empty()) {
            return None;
        }
        let mut lanes: Vec<_> = self.lanes.iter().map(|(lane, late)| (*late, *lane)).collect();
        lanes.sort_unstable();
        let settle = |(_, lane)| part.settle(self.lab, self.ours, &Room { lane, free: &self.free }, self.folder);
        let settled = lanes.into_iter().find_map(settle)?;
        let late = self.lanes.remove(&settled.lane).unwrap_or_default();
        self.taken.insert(settled.lane, late + u32::from(settled.timed || settled.disturbs));
        self.closed = settled.alone;
        self.free.retain(|user| !settled.people.contains(&user.address));
        Some(settled)
    }

    /// A scenario is over.
    pub(super) fn leave(&mut self, part: &Part) {
        self.closed = false;
        self.lanes.extend(self.taken.remove_entry(&part.lane));
        let left = |user: &UserPlan| part.people.contains(&user.address);
        self.free = self.lab.users().into_iter().filter(|user| left(user) || self.free.contains(user)).collect();
    }

    /// How long all of it takes, where each part takes so long, and how many go on at once at most.
    pub(super) fn foresee(&self, mut waiting: Waiting<'_>, lasts: impl Fn(&Part) -> Duration) -> (Duration, usize) {
        let mut rooms = self.clone();
        let (mut running, mut now, mut most) = (BTreeMap::new(), Duration::ZERO, 0);
        loop {
            for part in waiting.start(running.len(), |part| rooms.take(part)) {
                running.insert((now.saturating_add(lasts(&part)), part.lane), part);
            }
            most = most.max(running.len());
            let Some(((at, _), part)) = running.pop_first() else { return (now, most) };
            now = at;
            rooms.leave(&part);
        }
    }
}

/// Those that wait for a place, in their order.
pub(super) struct Waiting<'p> {
    parts: Vec<&'p Part>,
    in_step: bool,
}

impl<'p> Waiting<'p> {
    /// With `in_step` they live by one clock: the shortest first, for who is busy holds up who waits; and those that wait for
    /// hours begin together, so that their hours come together.
    pub(super) fn new(mut parts: Vec<&'p Part>, in_step: bool) -> Self {
        if in_step {
            parts.sort_by_key(|part| (part.alone, part.timed, part.lasts, part.disturbs));
        }
        Self { parts, in_step }
    }

    /// Those that have found a place while so many are running. None that waits for hours begins before all others have
    /// begun.
    pub(super) fn start(&mut self, running: usize, mut take: impl FnMut(&Part) -> Option<Part>) -> Vec<Part> {
        let (mut begun, mut left) = (Vec::new(), Vec::new());
        for part in std::mem::take(&mut self.parts) {
            let is_out_of_step = self.in_step && (running > 0 || begun.iter().any(|one: &Part| !one.timed));
            let must_wait = part.timed && (is_out_of_step || left.iter().any(|other: &&Part| !other.timed));
            match if must_wait { None } else { take(part) } {
                Some(settled) => begun.push(settled),
                None => left.push(part),
            }
        }
        self.parts = left;
        begun
    }

    /// Those that have found none.
    pub(super) fn left(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().copied()
    }
}
