//! Which of the subject's users take the parts of those whom a scenario names.

use std::collections::{BTreeMap, BTreeSet};

use collaudo_record::{Expectation, Ordinary};
use collaudo_scenario::{OUTSIDE, Plan, ProviderPlan, UserPlan};

/// A mailbox is as good as one without bounds from so many octets on.
const ROOMY_OCTETS: u64 = 100_000_000;

/// Who plays whom.
pub(super) struct Company {
    /// The subject's users, by the addresses that the scenario has.
    pub(super) seats: BTreeMap<String, UserPlan>,
    /// Those who have something to do, by their own addresses.
    pub(super) people: Vec<String>,
}

/// Who takes the part of whom: those who take part first, out of those who are free, and of them first those who are peculiar;
/// then the others as they come.
pub(super) fn company(
    plan: &Plan,
    provider: &ProviderPlan,
    free: &[UserPlan],
    all: &[UserPlan],
) -> Result<Company, String> {
    let named = named(plan);
    let (mut used, spare): (Vec<_>, Vec<_>) =
        provider.users.iter().partition(|user| named.contains(user.address.as_str()));
    let sees_ordinary_mail =
        plan.steps.iter().any(|step| step.submit.forged.is_some() || step.submit.provider == OUTSIDE);
    used.sort_by_key(|user| (is_roomy(user), !sees_ordinary_mail || user.ordinary == Ordinary::Refuse));
    let (mut left, mut seats, mut people) = (free.iter().collect::<Vec<_>>(), BTreeMap::new(), Vec::new());
    for user in used {
        let place = left.iter().position(|one| suits(user, one, sees_ordinary_mail));
        let one = left.remove(place.ok_or_else(|| lacking(user, sees_ordinary_mail))?);
        people.push(one.address.clone());
        seats.insert(user.address.clone(), one.clone());
    }
    let idle = all.iter().filter(|one| !people.contains(&one.address)).cloned();
    seats.extend(spare.into_iter().map(|user| user.address.clone()).zip(idle));
    Ok(Company { seats, people })
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
fn named(plan: &Plan) -> BTreeSet<&str> {
    let submitted = plan.steps.iter().map(|step| &step.submit);
    let paths = submitted.flat_map(|submit| submit.forward_paths.iter().chain([&submit.account, &submit.reverse_path]));
    let visited = plan.visits.iter().map(|visit| &visit.account);
    let expected = plan.brief.expect.iter().flat_map(|expectation| match expectation {
        Expectation::Arrives { at, about, .. } => [Some(at), about.as_ref()],
        _ => [None, None],
    });
    paths.chain(visited).chain(expected.flatten()).map(String::as_str).collect()
}
