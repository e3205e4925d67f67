//! Whether a scenario can be run around the subject, and in whose part.

mod offers;
mod people;

use std::{path::Path, sync::Arc, time::Duration};

use collaudo_record::{Instant, Ordinary};
use collaudo_scenario::{
    FaultKind, Guest, Moved, PeerBehaviour, Plan, PlayerPlan, ProviderPlan, Scenario, UserPlan, World,
};
use collaudo_world::busy_until;

use self::{offers::DIRECTORY, people::Wanted};
use super::{
    lab::{A_LANE, FIRST_LANE, Lab, Ours, in_lane},
    publish,
    services::Service,
};
use crate::scenarios;

/// The longest that an untimed scenario may have something to do: so all of them together are done in minutes.
const SHORT: Duration = Duration::from_secs(4 * 60);

/// The longest that it may be watched behind that.
const WATCHED: Duration = Duration::from_secs(15 * 60);

/// Whether it is run.
pub(super) enum Fit {
    Runs(Box<Part>),
    /// Why not.
    Not(String),
}

/// What a scenario comes to before it is run.
pub(super) struct Prospect {
    pub(super) fit: Fit,
    /// Whether there is a part in it that wants a service which is not offered.
    pub(super) lacks_service: bool,
}

/// A scenario with the subject in it.
#[derive(Clone)]
pub(super) struct Part {
    pub(super) scenario: Scenario,
    /// As it was before anybody took a seat.
    unseated: Arc<Plan>,
    wanted: Arc<Wanted>,
    /// Where it is run: ours stand under the domains of that lane.
    pub(super) lane: u32,
    /// How long it lasts: as long as it says, where it waits for hours, else as long as it has something to do.
    pub(super) lasts: Duration,
    /// The provider that the subject plays.
    pub(super) plays: String,
    /// Why it does not play the one that the case is about, where it does not.
    pub(super) instead: Option<String>,
    /// Users of the subject who take part, by address.
    pub(super) people: Vec<String>,
    /// Whether it waits for hours.
    pub(super) timed: bool,
    /// Whether it changes what all scenarios share: what is published, or whether the subject is there.
    pub(super) alone: bool,
    /// Whether one of ours cannot be reached in it, or puts mail off: the subject may then be slow to try again.
    pub(super) disturbs: bool,
}

impl Part {
    /// How many of ours a scenario that waits for hours wants of a lane, where that is more than every lane has.
    pub(super) fn breadth(&self) -> usize {
        let wanted = self.unseated.providers.len();
        if self.timed && wanted > A_LANE { wanted } else { 0 }
    }

    /// Whether it can be run in a lane.
    pub(super) fn suits(&self, lab: &Lab, lane: u32) -> bool {
        suits(&self.unseated, &self.plays, lab, lane).is_ok()
    }

    /// Who of those who are free takes part in it, by address; none where somebody is lacking.
    pub(super) fn choose<'f>(&self, free: impl IntoIterator<Item = &'f UserPlan>) -> Option<Vec<String>> {
        let chosen = self.wanted.choose(free).ok()?;
        Some(chosen.into_iter().map(|user| user.address.clone()).collect())
    }

    /// The same in another lane, with these people; none where its file has changed.
    pub(super) fn settle(&self, lab: &Lab, people: Vec<String>, lane: u32, folder: &Path) -> Option<Self> {
        let seated = seated(&self.unseated, (&self.wanted, people), lab, self.provider()?, (lane, folder)).ok()?;
        Some(Self { instead: self.instead.clone(), ..seated })
    }

    fn provider(&self) -> Option<&ProviderPlan> {
        self.unseated.providers.iter().find(|one| one.name == self.plays)
    }

    /// What happens in it, as it was before anybody took a seat.
    pub(super) fn unseated(&self) -> &Plan {
        &self.unseated
    }

    /// What happens, from now on. Each scenario has message identifiers of its own: to the subject it is all one life.
    pub(super) fn plan(&self, lab: &Lab, now: Instant) -> Plan {
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
pub(super) fn fit(scenario: &Scenario, lab: &Lab, ours: &Ours, folder: &Path) -> Prospect {
    let mut lacks_service = false;
    let fit = match seat(scenario, lab, ours, folder, &mut lacks_service) {
        Ok(part) => Fit::Runs(Box::new(part)),
        Err(why) => Fit::Not(why),
    };
    Prospect { fit, lacks_service }
}

/// The first part that the subject can play; where it can play none, the reason is that of the one that suits it best.
fn seat(scenario: &Scenario, lab: &Lab, ours: &Ours, folder: &Path, lacks_service: &mut bool) -> Result<Part, String> {
    if !scenario.worlds().contains(&World::Live) {
        return Err("it is not marked for real sockets".into());
    }
    let plan = Arc::new(scenario.plan(lab.seed));
    let mut first = None;
    for provider in parts(&plan, lab) {
        let lacking = Service::wanted(&plan, provider).into_iter().find(|service| !lab.offers(*service));
        *lacks_service |= lacking.is_some();
        let tried = match lacking {
            Some(service) => Err(service.refusal().to_owned()),
            None => plays(&plan, provider, lab, ours),
        };
        match tried {
            Ok((wanted, people)) => {
                let part = seated(&plan, (&Arc::new(wanted), people), lab, provider, (FIRST_LANE, folder))?;
                return Ok(Part { instead: first, ..part });
            }
            Err(why) => drop(first.get_or_insert(why)),
        }
    }
    Err(first.unwrap_or_else(|| "no provider in it does anything that the subject could do".into()))
}

/// The parts in which there is something to do, in the order in which they suit the subject.
///
/// First, where the case is one of reception or delivery, or has its parts exchanged, the provider that the first message
/// goes to; else the one that it comes from. Then the others. Where a service is the case, those go before that read the
/// index as the subject does.
fn parts<'a>(plan: &'a Plan, lab: &Lab) -> Vec<&'a ProviderPlan> {
    let id = &plan.brief.id;
    let receives = id.starts_with("reception-point/") || id.starts_with("delivery-point/") || id.ends_with("~swapped");
    let acts = plan.steps.iter().flat_map(|step| {
        let sender = plan.providers.iter().find(|one| one.name == step.submit.provider);
        let recipients = step.submit.forward_paths.iter().filter_map(|path| managing(plan, path));
        if receives {
            recipients.chain(sender).collect::<Vec<_>>()
        } else {
            sender.into_iter().chain(recipients).collect()
        }
    });
    let visited = plan.visits.iter().filter_map(|visit| plan.providers.iter().find(|one| one.name == visit.provider));
    let mut parts: Vec<&ProviderPlan> = Vec::new();
    for provider in acts.chain(visited).filter(|one| one.player == PlayerPlan::Subject) {
        if !parts.iter().any(|known| known.name == provider.name) {
            parts.push(provider);
        }
    }
    if id.starts_with("services/") {
        parts.sort_by_key(|one| one.index_source != lab.index_source());
    }
    parts
}

/// The provider whose domain a path ends in.
fn managing<'a>(plan: &'a Plan, path: &str) -> Option<&'a ProviderPlan> {
    let domain = path.rsplit('@').next().unwrap_or_default();
    plan.providers.iter().find(|one| one.domain.eq_ignore_ascii_case(domain))
}

/// Whom it takes of the subject's users, and who of all of them that may be, where it can play that provider.
fn plays(plan: &Plan, provider: &ProviderPlan, lab: &Lab, ours: &Ours) -> Result<(Wanted, Vec<String>), String> {
    // A provider's keys go by its place.
    let is_ours = |(place, other): (usize, &ProviderPlan)| {
        ours.get(place).is_some_and(|one| (&one.name, &one.domain) == (&other.name, &other.domain))
    };
    if !plan.providers.iter().enumerate().all(is_ours) {
        return Err(format!("it takes other providers than our {}", ours.len()));
    }
    suits(plan, &provider.name, lab, FIRST_LANE)?;
    offers::offered(plan, provider, lab)?;
    offers::faults(plan, &provider.name, lab)?;
    let (wanted, all) = (Wanted::of(plan, provider), lab.users());
    let people = wanted.choose(&all)?.into_iter().map(|user| user.address.clone()).collect();
    Ok((wanted, people))
}

/// Whether a lane has all that is wanted of ours; in words what it has not.
fn suits(plan: &Plan, plays: &str, lab: &Lab, lane: u32) -> Result<(), String> {
    for other in &plan.providers {
        let domain = in_lane(&other.domain, lane);
        if other.name != plays && !lab.ours.contains_key(&domain) {
            return Err(format!("[ours] has no address for {domain}"));
        }
        if lane != FIRST_LANE && (other.unit.is_some() || other.backup || other.renewed) {
            return Err(format!("the index has what is peculiar to {} in the first lane alone", other.name));
        }
    }
    let forwards = |user: &UserPlan| {
        matches!(user.ordinary, Ordinary::Forward { .. }) && people::named(plan).contains(user.address.as_str())
    };
    if lane != FIRST_LANE && plan.providers.iter().flat_map(|one| &one.users).any(forwards) {
        return Err("mail is forwarded to ours in the first lane alone".into());
    }
    if lane != FIRST_LANE && publish::is_changed(plan) {
        return Err("what is published is changed for the first lane alone".into());
    }
    Ok(())
}

/// The scenario with the subject in that part.
fn seated(
    plan: &Arc<Plan>,
    (wanted, people): (&Arc<Wanted>, Vec<String>),
    lab: &Lab,
    provider: &ProviderPlan,
    (lane, folder): (u32, &Path),
) -> Result<Part, String> {
    let guest = Guest {
        provider: provider.name.clone(),
        display_name: lab.subject.name.clone(),
        domain: lab.subject.domain.clone(),
        service_mailbox: lab.service_mailbox().to_owned(),
        users: wanted.seats(&people, &lab.users()),
        max_octets: lab.subject.max_octets,
        max_recipients: lab.subject.max_recipients,
        moved: plan.providers.iter().filter(|_| lane != FIRST_LANE).map(|one| moved(one, lane)).collect(),
    };
    let seated = scenarios::read_with(folder, &plan.brief.id, &guest).map_err(|error| error.to_string())?;
    let scenario = seated.ok_or("its file has changed")?;
    let busy = busy_until(plan);
    let timed = plan.until.saturating_sub(busy) > WATCHED || busy > SHORT;
    let puts_off = |one: &ProviderPlan| one.player == PlayerPlan::Peer(PeerBehaviour::Defers);
    let disturbs = !plan.faults.is_empty() || plan.providers.iter().any(puts_off);
    let lasts = if timed { plan.until } else { busy };
    Ok(Part {
        scenario,
        unseated: plan.clone(),
        wanted: wanted.clone(),
        lane,
        lasts,
        alone: publish::is_changed(plan) || strikes(plan, &guest.provider),
        plays: guest.provider,
        instead: None,
        people,
        timed,
        disturbs,
    })
}

/// Whether it is a crash of the subject itself, or nothing passes between it and the directory: all of its users meet that.
fn strikes(plan: &Plan, subject: &str) -> bool {
    plan.faults.iter().any(|fault| {
        let hosts = fault.kind.hosts();
        let is_shared = matches!(fault.kind, FaultKind::Crash { .. }) || hosts.iter().any(|host| host == DIRECTORY);
        is_shared && hosts.iter().any(|host| host == subject)
    })
}

/// One of ours as the index of a further lane has it.
pub(super) fn moved(provider: &ProviderPlan, lane: u32) -> Moved {
    Moved {
        provider: provider.name.clone(),
        display_name: format!("{} {lane}", provider.display_name),
        domain: in_lane(&provider.domain, lane),
    }
}
