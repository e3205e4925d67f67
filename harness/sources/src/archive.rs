//! A zip archive: its members, in the archive's order. Bounded: what expands out of all measure is left alone.

use std::{
    cell::Cell,
    io::{self, Read, Seek},
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind},
};

use zip::ZipArchive;

use crate::{
    found::{Fate, File, Found, Limits, Place, Step},
    open::{self, Ended, Giver},
    why::Why,
};

/// What an archive may still expand to, the archives inside it included.
#[derive(Debug)]
pub(crate) struct Budget {
    allowed: u64,
    times: u64,
    spent: Cell<u64>,
}

impl Budget {
    pub(crate) fn of(archive_octets: u64, limits: &Limits) -> Self {
        let times = limits.expansion;
        let allowed = archive_octets.saturating_mul(times).max(limits.expansion_floor);
        Self { allowed, times, spent: Cell::new(0) }
    }

    fn is_spent(&self) -> bool {
        self.spent.get() > self.allowed
    }

    fn why(&self) -> Why {
        Why::Bomb { allowed: self.allowed, times: self.times }
    }
}

/// Examines what an archive holds. Should its reader, which others wrote, crash on it, the rest of it is lost and no more.
pub(crate) fn examine<R: Read + Seek>(
    place: &Place,
    archive: R,
    budget: &Budget,
    limits: &Limits,
    give: Giver<'_>,
) -> Ended {
    let examined = catch_unwind(AssertUnwindSafe(|| members(place, archive, budget, limits, give)));
    let crashed = || Why::BadArchive("its reader crashed".to_owned());
    examined.unwrap_or_else(|_| ControlFlow::Continue((Fate::Unreadable, Some(crashed()))))
}

fn members<R: Read + Seek>(place: &Place, archive: R, budget: &Budget, limits: &Limits, give: Giver<'_>) -> Ended {
    let mut archive = match ZipArchive::new(archive) {
        Ok(archive) => archive,
        Err(why) => return ControlFlow::Continue((Fate::Unreadable, Some(Why::BadArchive(why.to_string())))),
    };
    for number in 0..archive.len() {
        let name = archive.name_for_index(number).and_then(Result::ok).unwrap_or_default().into_owned();
        let place = place.step(Step::Member(name));
        let (fate, why) = match archive.by_index(number) {
            Ok(member) if member.is_dir() => continue,
            Ok(mut member) => open::member(&place, &mut Metered { input: &mut member, budget }, budget, limits, give)?,
            Err(why) => (Fate::Unreadable, Some(Why::BadMember(why.to_string()))),
        };
        let is_spent = budget.is_spent();
        let (fate, why) = if is_spent { (Fate::Unreadable, Some(budget.why())) } else { (fate, why) };
        give(Found::File(File { place, fate, why, named: false }))?;
        if is_spent {
            return ControlFlow::Continue((Fate::Unreadable, Some(budget.why())));
        }
    }
    let why = archive.has_duplicate_names().then_some(Why::SameName);
    ControlFlow::Continue((Fate::Archive, why))
}

/// A member that is read against the budget.
struct Metered<'a> {
    input: &'a mut dyn Read,
    budget: &'a Budget,
}

impl Read for Metered<'_> {
    fn read(&mut self, octets: &mut [u8]) -> io::Result<usize> {
        if self.budget.is_spent() {
            return Err(io::Error::other("it expands to too much"));
        }
        let read = self.input.read(octets)?;
        self.budget.spent.set(self.budget.spent.get().saturating_add(read as u64));
        Ok(read)
    }
}
