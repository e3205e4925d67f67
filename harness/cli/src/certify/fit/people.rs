//! Which of the subject's users take the parts of those whom a scenario names.

use std::collections::{BTreeMap, BTreeSet};

use collaudo_record::{Expectation, Ordinary};
use collaudo_scenario::{OUTSIDE, Plan, ProviderPlan, UserPlan};

/// A mailbox is as good as one without bounds from so many octets on.
const ROOMY_OCTETS: u64 = 100_000_000;

/// Whom a scenario wants of the subject.
pub(super) struct Wanted {
    /// Those who have something to do, the peculiar first.
    used: Vec<UserPlan>,
    /// The addresses of the others.
    spare: Vec<String>,
    sees_ordinary_mail: bool,
}

impl Wanted {
    /// Of the provider that the subject plays.
    pub(super) fn of(plan: &Plan, provider: &ProviderPlan) -> Self {
        let named = named(plan);
        let users = provider.users.iter();
        let (mut used, spare): (Vec<_>, Vec<_>) = users.partition(|user| named.contains(user.address.as_str()));
        let sees_ordinary_mail =
            plan.steps.iter().any(|step| step.submit.forged.is_some() || step.submit.provider == OUTSIDE);
        used.sort_by_key(|user| (is_roomy(user), !sees_ordinary_mail || user.ordinary == Ordinary::Refuse));
        let used = used.into_iter().cloned().collect();
        Self { used, spare: spare.into_iter().map(|user| user.address.clone()).collect(), sees_ordinary_mail }
    }

    /// Who of those who are free takes the parts of those who have something to do; in words who is lacking.
    pub(super) fn choose<'f>(&self, free: impl IntoIterator<Item = &'f UserPlan>) -> Result<Vec<&'f UserPlan>, String> {
        let mut left: Vec<_> = free.into_iter().collect();
        // Whoever is peculiar is left to those who want just that.
        left.sort_by_key(|user| user.ordinary != Ordinary::Refuse || !is_roomy(user));
        let mut chosen = Vec::new();
        for user in &self.used {
            let place = left.iter().position(|one| suits(user, one, self.sees_ordinary_mail));
            chosen.push(left.remove(place.ok_or_else(|| lacking(user, self.sees_ordinary_mail))?));
        }
        Ok(chosen)
    }

    /// The subject's users by the addresses that the scenario has: those who were chosen, and the others as they come.
    pub(super) fn seats(&self, chosen: &[String], all: &[UserPlan]) -> BTreeMap<String, UserPlan> {
        let used = self.used.iter().zip(chosen).filter_map(|(user, address)| {
            Some((user.address.clone(), all.iter().find(|one| one.address == *address)?.clone()))
        });
        let idle = all.iter().filter(|one| !chosen.contains(&one.address)).cloned();
        used.chain(self.spare.iter().cloned().zip(idle)).collect()
    }
}

/// Whether a user of the subject is what the scenario wants.
fn suits(wanted: &UserPlan, one: &UserPlan, sees_ordinary_mail: bool) -> bool {
    let is_of_a_mind = !sees_ordinary_mail || one.ordinary == wanted.ordinary;
    let has_room = if is_roomy(wanted) { is_roomy(one) } else { one.quota_octets == wanted.quota_octets };
    is_of_a_mind && has_room
}

fn is_roomy(user: &UserPlan) -> bool {
    user.quota_octets.is_none_or(|octets| octets >= ROOMY_OCTETS)
}

fn lacking(user: &UserPlan, sees_ordinary_mail: bool) -> String {
    let policy = match &user.ordinary {
        _ if !sees_ordinary_mail => String::new(),
        Ordinary::Forward { to } => format!(" with ordinary = {{ forward = \"{to}\" }}"),
        Ordinary::Anomaly => " with ordinary = \"anomaly\"".to_owned(),
        Ordinary::Refuse => " with ordinary = \"refuse\"".to_owned(),
    };
    let quota = user.quota_octets.filter(|_| !is_roomy(user));
    let quota = quota.map(|octets| format!(" with quota_octets = {octets}")).unwrap_or_default();
    format!("it takes one more user of the subject{policy}{quota} than the file lists")
}

/// The addresses that take part.
pub(super) fn named(plan: &Plan) -> BTreeSet<&str> {
    let submitted = plan.steps.iter().map(|step| &step.submit);
    let paths = submitted.flat_map(|submit| submit.forward_paths.iter().chain([&submit.account, &submit.reverse_path]));
    let visited = plan.visits.iter().map(|visit| &visit.account);
    let expected = plan.brief.expect.iter().flat_map(|expectation| match expectation {
        Expectation::Arrives { at, about, .. } => [Some(at), about.as_ref()],
        _ => [None, None],
    });
    paths.chain(visited).chain(expected.flatten()).map(String::as_str).collect()
}
