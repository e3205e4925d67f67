//! Which scenarios can go on at once: each needs a lane and users of the subject that no other has.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::Duration,
};

use collaudo_scenario::UserPlan;

use super::{
    fit::Part,
    lab::{FIRST_LANE, Lab, Ours, in_lane},
};

/// The lanes and users, and which of them are taken.
pub(super) struct Rooms<'a> {
    lab: &'a Lab,
    folder: &'a Path,
    users: Vec<UserPlan>,
    free: BTreeMap<u32, Lane>,
    taken: BTreeMap<u32, Lane>,
    /// Who has a part, by address.
    busy: BTreeSet<String>,
    /// Whether somebody is there who must be alone.
    closed: bool,
}

/// What tells one lane from another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Lane {
    /// How much it has that few scenarios want: whoever wants less takes one that has less.
    breadth: usize,
    /// How many scenarios it has had behind which something may come late.
    late: u32,
}

impl<'a> Rooms<'a> {
    /// All of them free.
    pub(super) fn new(lab: &'a Lab, first: &Ours, folder: &'a Path) -> Self {
        let breadth = |lane| {
            let there = first.iter().filter(|one| lab.ours.contains_key(&in_lane(&one.domain, lane))).count();
            there + usize::from(lane == FIRST_LANE)
        };
        let free = lab.lanes(first).into_iter().map(|lane| (lane, Lane { breadth: breadth(lane), late: 0 })).collect();
        let (taken, busy) = (BTreeMap::new(), BTreeSet::new());
        Self { lab, folder, users: lab.users(), free, taken, busy, closed: false }
    }

    /// How many lanes there are.
    pub(super) fn count(&self) -> usize {
        self.free.len() + self.taken.len()
    }

    /// Takes a lane and users for a scenario, where there are any: of the lanes that have what it wants one that has little
    /// else, and of these the one into which the least may come late.
    pub(super) fn take(&mut self, part: &Part) -> Option<Part> {
        let place = self.find(part)?;
        let settled = part.settle(self.lab, place.people.clone(), place.lane, self.folder)?;
        self.book(part, &place);
        Some(settled)
    }

    fn find(&self, part: &Part) -> Option<Place> {
        if self.closed || self.free.is_empty() || (part.alone && !self.taken.is_empty()) {
            return None;
        }
        let people = part.choose(self.users.iter().filter(|user| !self.busy.contains(&user.address)))?;
        let lanes = self.free.iter().filter(|(lane, _)| part.suits(self.lab, **lane));
        let (lane, _) = lanes.min_by_key(|(lane, what)| (**what, **lane))?;
        Some(Place { lane: *lane, people })
    }

    fn book(&mut self, part: &Part, place: &Place) {
        if let Some(lane) = self.free.remove(&place.lane) {
            let late = lane.late + u32::from(part.timed || part.disturbs);
            self.taken.insert(place.lane, Lane { late, ..lane });
        }
        self.closed = part.alone;
        self.busy.extend(place.people.iter().cloned());
    }

    /// A scenario is over.
    pub(super) fn leave(&mut self, place: &Place) {
        self.closed = false;
        self.free.extend(self.taken.remove_entry(&place.lane));
        self.busy.retain(|address| !place.people.contains(address));
    }

    /// How long all of it takes, where parts that begin together last so long, and how many go on at once at most.
    pub(super) fn foresee(
        mut self,
        mut waiting: Waiting<'_>,
        last: impl Fn(&[&Part]) -> Vec<Duration>,
    ) -> (Duration, usize) {
        let (mut running, mut now, mut most) = (BTreeMap::new(), Duration::ZERO, 0);
        loop {
            let begun = waiting.start(running.len(), |part| {
                let place = self.find(part)?;
                self.book(part, &place);
                Some((part, place))
            });
            let parts: Vec<_> = begun.iter().map(|(part, _)| *part).collect();
            for ((_, place), lasts) in begun.into_iter().zip(last(&parts)) {
                running.insert((now.saturating_add(lasts), place.lane), place);
            }
            most = most.max(running.len());
            let Some(((at, _), place)) = running.pop_first() else { return (now, most) };
            now = at;
            self.leave(&place);
        }
    }
}

/// What a scenario takes up while it goes on.
pub(super) struct Place {
    lane: u32,
    people: Vec<String>,
}

impl Place {
    /// Where a scenario was settled.
    pub(super) fn of(part: &Part) -> Self {
        Self { lane: part.lane, people: part.people.clone() }
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
            parts.sort_by_key(|part| (part.alone, part.timed, part.lasts, Reverse(part.breadth()), part.disturbs));
        }
        Self { parts, in_step }
    }

    /// Those that have found a place while so many are running. None that waits for hours begins before all others have
    /// begun.
    pub(super) fn start<T>(&mut self, running: usize, mut take: impl FnMut(&'p Part) -> Option<T>) -> Vec<T> {
        let (mut begun, mut left) = (Vec::new(), Vec::new());
        let (mut is_untimed_begun, mut is_untimed_left) = (false, false);
        for part in std::mem::take(&mut self.parts) {
            let is_out_of_step = self.in_step && (running > 0 || is_untimed_begun);
            let must_wait = part.timed && (is_out_of_step || is_untimed_left);
            match if must_wait { None } else { take(part) } {
                Some(settled) => {
                    is_untimed_begun |= !part.timed;
                    begun.push(settled);
                }
                None => {
                    is_untimed_left |= !part.timed;
                    left.push(part);
                }
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
