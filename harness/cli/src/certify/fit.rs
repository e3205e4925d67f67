//! Whether a scenario can be run around the subject, and in whose part.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::Duration,
};

use collaudo_record::{Expectation, Ordinary};
use collaudo_scenario::{
    Access, FaultKind, Guest, IndexSource, OUTSIDE, PeerBehaviour, Plan, PlayerPlan, ProviderPlan, Scenario, UserPlan,
    World,
};

use super::lab::{Lab, Ours};
use crate::{scenarios, stopwatch};

/// The longest that an untimed scenario may have something to do.
const SHORT: Duration = Duration::from_secs(15 * 60);

/// A mailbox is as good as one without bounds from so many octets on.
const ROOMY_OCTETS: u64 = 100_000_000;

/// The most that a provider must take, as scenarios have it that say nothing else.
const USUAL: (u64, u32) = (30_000_000, 500);

/// Whether it is run.
pub(super) enum Fit {
    Runs(Box<Part>),
    /// Why not.
    Not(String),
}

/// A scenario with the subject in it.
pub(super) struct Part {
    pub(super) scenario: Scenario,
    /// The provider that the subject plays.
    pub(super) plays: String,
    /// Whether it waits for hours.
    pub(super) timed: bool,
    /// Whether one of ours cannot be reached in it, or puts mail off: the subject may then be slow to try again.
    pub(super) disturbs: bool,
}

impl Part {
    /// What happens, from now on. Each scenario has message identifiers of its own: to the subject it is all one life.
    pub(super) fn plan(&self, lab: &Lab) -> Plan {
        let now = stopwatch::now();
        let seed = self.scenario.id().bytes().fold(lab.seed ^ now.0.unsigned_abs(), |seed, octet| {
            (seed ^ u64::from(octet)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        let mut plan = self.scenario.clone().beginning(now).plan(seed);
        // What a scenario covers it covers with all of its parts; the subject has one of them.
        plan.brief.covers.clear();
        plan
    }
}

/// Finds the subject a part in a scenario.
pub(super) fn fit(scenario: &Scenario, lab: &Lab, ours: &Ours, skips_timed: bool, folder: &Path) -> Fit {
    match seat(scenario, lab, ours, folder) {
        Ok(part) if part.timed && skips_timed => Fit::Not("it waits for hours, and --skip-timed was given".into()),
        Ok(part) => Fit::Runs(Box::new(part)),
        Err(why) => Fit::Not(why),
    }
}

fn seat(scenario: &Scenario, lab: &Lab, ours: &Ours, folder: &Path) -> Result<Part, String> {
    if !scenario.worlds().contains(&World::Live) {
        return Err("it is not marked for real sockets".into());
    }
    let known =
        |provider: &ProviderPlan| ours.iter().any(|one| (&one.name, &one.domain) == (&provider.name, &provider.domain));
    if !scenario.providers().iter().all(known) {
        return Err(format!("it takes other providers than our {}", ours.len()));
    }
    let plan = scenario.plan(lab.seed);
    let provider = part(&plan).ok_or("no provider in it does anything that the subject could do")?;
    let plays = provider.name.clone();
    offered(&plan, provider, lab)?;
    faults(&plan, &plays)?;
    let guest = Guest {
        provider: plays.clone(),
        display_name: lab.subject.name.clone(),
        domain: lab.subject.domain.clone(),
        service_mailbox: lab.service_mailbox().to_owned(),
        users: users(&plan, provider, &lab.users())?,
        max_octets: lab.subject.max_octets,
        max_recipients: lab.subject.max_recipients,
    };
    let seated = scenarios::read_with(folder, scenario.id(), &guest).map_err(|error| error.to_string())?;
    let seated = seated.ok_or("its file has changed")?;
    let there = seated.providers().iter().find(|one| one.name == plays);
    if there.is_none_or(|one| (one.max_octets, one.max_recipients) != (guest.max_octets, guest.max_recipients)) {
        return Err("it wants other limits than the subject has".into());
    }
    let timed = plan.until.saturating_sub(last(&plan)) > SHORT || last(&plan) > SHORT;
    let puts_off = |one: &ProviderPlan| one.player == PlayerPlan::Peer(PeerBehaviour::Defers);
    let disturbs = !plan.faults.is_empty() || plan.providers.iter().any(puts_off);
    Ok(Part { scenario: seated, plays, timed, disturbs })
}

/// Whom the subject plays: where the case is one of reception or delivery, or has its parts exchanged, the provider that
/// the first message goes to; else the one that it comes from.
fn part(plan: &Plan) -> Option<&ProviderPlan> {
    let open = |name: &str| plan.providers.iter().find(|one| one.name == name && one.player == PlayerPlan::Subject);
    let domain = |path: &String| path.rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
    let managing = |path| plan.providers.iter().find(|one| one.domain == domain(path));
    let id = &plan.brief.id;
    let receives = id.starts_with("reception-point/") || id.starts_with("delivery-point/") || id.ends_with("~swapped");
    let visited = || open(&plan.visits.first()?.provider);
    let Some(step) = plan.steps.first() else { return visited() };
    let sender = open(&step.submit.provider);
    let recipient = step.submit.forward_paths.iter().find_map(|path| open(&managing(path)?.name));
    if receives { recipient.or(sender) } else { sender.or(recipient) }
}

/// Whether the subject offers what the scenario wants of the provider that it plays.
fn offered(plan: &Plan, provider: &ProviderPlan, lab: &Lab) -> Result<(), String> {
    let own = (lab.subject.max_octets, lab.subject.max_recipients);
    let wanted = (provider.max_octets, provider.max_recipients);
    let reads = |over| plan.visits.iter().any(|visit| visit.provider == provider.name && visit.over == over);
    let submits = |step: &&collaudo_scenario::Step| step.submit.provider == provider.name;
    let refusals = [
        (wanted != USUAL && wanted != own, "it wants other limits than the subject has"),
        (provider.unit.is_some(), "it wants a secondary environment"),
        (provider.backup, "it wants a second mail exchanger"),
        (provider.renewed, "it wants a certificate that follows another"),
        (provider.acceptance.is_some(), "it wants terms about acceptance receipts"),
        (plan.providers.iter().any(|one| one.index_source == IndexSource::Ldap), "it wants the index over LDAP"),
        (!plan.inquiries.is_empty(), "it asks the publisher of the index, who is ours"),
        (reads(Access::Pop3) && !lab.has_pop3(), "it reads mailboxes over POP3"),
        (
            plan.steps.iter().filter(submits).any(|step| step.submit.implicit_tls) && !lab.has_implicit_tls(),
            "it submits under TLS from the first octet",
        ),
    ];
    refusals.iter().find(|(refused, _)| *refused).map_or(Ok(()), |(_, why)| Err((*why).to_owned()))
}

/// Whether all that goes wrong goes wrong at our ends.
fn faults(plan: &Plan, subject: &str) -> Result<(), String> {
    for fault in &plan.faults {
        let hosts = fault.kind.hosts();
        match fault.kind {
            FaultKind::Partition { .. } | FaultKind::Hold { .. } | FaultKind::Slow { .. } => {}
            FaultKind::Index(_)
            | FaultKind::CrlUnreachable
            | FaultKind::Revoked { .. }
            | FaultKind::Unlisted { .. } => {
                return Err(
                    "it changes the index or the list of revoked certificates, which are handed out once".into()
                );
            }
            _ if hosts.iter().any(|host| host == subject) => {
                return Err(format!("nobody here can do this to the subject: {}", fault.kind.name()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Who takes the part of whom: those who take part first, each as the scenario wants it, then the others as they come.
fn users(plan: &Plan, provider: &ProviderPlan, own: &[UserPlan]) -> Result<BTreeMap<String, UserPlan>, String> {
    let named = named(plan);
    let (used, spare): (Vec<_>, Vec<_>) = provider.users.iter().partition(|user| named.contains(user.address.as_str()));
    let sees_ordinary_mail =
        plan.steps.iter().any(|step| step.submit.forged.is_some() || step.submit.provider == OUTSIDE);
    let suits = |user: &UserPlan, one: &UserPlan| {
        let is_of_a_mind = one.ordinary == user.ordinary || !(sees_ordinary_mail || user.ordinary != Ordinary::Refuse);
        let has_room = match user.quota_octets {
            None => one.quota_octets.is_none_or(|octets| octets >= ROOMY_OCTETS),
            some => one.quota_octets == some,
        };
        is_of_a_mind && has_room
    };
    let (mut left, mut seated): (Vec<_>, _) = (own.iter().collect(), BTreeMap::new());
    for user in used {
        let place = left.iter().position(|one| suits(user, one)).ok_or_else(|| lacking(user, sees_ordinary_mail))?;
        seated.insert(user.address.clone(), left.remove(place).clone());
    }
    seated.extend(spare.into_iter().map(|user| user.address.clone()).zip(left.into_iter().cloned()));
    Ok(seated)
}

fn lacking(user: &UserPlan, sees_ordinary_mail: bool) -> String {
    let policy = match &user.ordinary {
        Ordinary::Forward { .. } => " who forwards ordinary mail",
        Ordinary::Anomaly => " with ordinary = \"anomaly\"",
        Ordinary::Refuse if sees_ordinary_mail => " with ordinary = \"refuse\"",
        Ordinary::Refuse => "",
    };
    let quota = user.quota_octets.map(|octets| format!(" with quota_octets = {octets}")).unwrap_or_default();
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

fn last(plan: &Plan) -> Duration {
    let steps = plan.steps.iter().map(|step| step.at).chain(plan.visits.iter().map(|visit| visit.at));
    steps.chain(plan.faults.iter().map(|fault| fault.at)).max().unwrap_or_default()
}
