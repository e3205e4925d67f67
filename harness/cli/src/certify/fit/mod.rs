//! Whether a scenario can be run around the subject, and in whose part.

mod offers;
mod people;

use std::{path::Path, time::Duration};

use collaudo_record::Instant;
use collaudo_scenario::{Guest, PeerBehaviour, Plan, PlayerPlan, ProviderPlan, Scenario, World};

use self::people::Company;
use super::lab::{Lab, Ours};
use crate::scenarios;

/// The longest that an untimed scenario may have something to do.
const SHORT: Duration = Duration::from_secs(15 * 60);

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
    /// Users of the subject who take part, by address.
    pub(super) people: Vec<String>,
    /// Whether it waits for hours.
    pub(super) timed: bool,
    /// Whether one of ours cannot be reached in it, or puts mail off: the subject may then be slow to try again.
    pub(super) disturbs: bool,
}

impl Part {
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
pub(super) fn fit(scenario: &Scenario, lab: &Lab, ours: &Ours, skips_timed: bool, folder: &Path) -> Fit {
    match seat(scenario, lab, ours, folder) {
        Ok(part) if part.timed && skips_timed => Fit::Not("it waits for hours, and --skip-timed was given".into()),
        Ok(part) => Fit::Runs(Box::new(part)),
        Err(why) => Fit::Not(why),
    }
}

/// The first part that the subject can play; where it can play none, the reason is that of the one that suits it best.
fn seat(scenario: &Scenario, lab: &Lab, ours: &Ours, folder: &Path) -> Result<Part, String> {
    if !scenario.worlds().contains(&World::Live) {
        return Err("it is not marked for real sockets".into());
    }
    let plan = scenario.plan(lab.seed);
    let mut first = None;
    for provider in parts(&plan, lab) {
        match plays(&plan, provider, lab, ours) {
            Ok(company) => return seated(scenario, &plan, company, lab, provider, folder),
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

/// Who takes part of the subject's users, where it can play that provider.
fn plays(plan: &Plan, provider: &ProviderPlan, lab: &Lab, ours: &Ours) -> Result<Company, String> {
    for (place, other) in plan.providers.iter().enumerate() {
        // A provider's keys go by its place.
        if ours.get(place).is_none_or(|one| (&one.name, &one.domain) != (&other.name, &other.domain)) {
            return Err(format!("it takes other providers than our {}", ours.len()));
        }
        if other.name != provider.name && !lab.ours.contains_key(&other.domain) {
            return Err(format!("[ours] has no address for {}", other.domain));
        }
    }
    offers::offered(plan, provider, lab)?;
    offers::faults(plan, &provider.name, lab)?;
    people::company(plan, provider, &lab.users())
}

/// The scenario with the subject in that part.
fn seated(
    scenario: &Scenario,
    plan: &Plan,
    company: Company,
    lab: &Lab,
    provider: &ProviderPlan,
    folder: &Path,
) -> Result<Part, String> {
    let guest = Guest {
        provider: provider.name.clone(),
        display_name: lab.subject.name.clone(),
        domain: lab.subject.domain.clone(),
        service_mailbox: lab.service_mailbox().to_owned(),
        users: company.seats,
        max_octets: lab.subject.max_octets,
        max_recipients: lab.subject.max_recipients,
    };
    let seated = scenarios::read_with(folder, scenario.id(), &guest).map_err(|error| error.to_string())?;
    let scenario = seated.ok_or("its file has changed")?;
    let timed = plan.until.saturating_sub(last(plan)) > SHORT || last(plan) > SHORT;
    let puts_off = |one: &ProviderPlan| one.player == PlayerPlan::Peer(PeerBehaviour::Defers);
    let disturbs = !plan.faults.is_empty() || plan.providers.iter().any(puts_off);
    Ok(Part { scenario, plays: guest.provider, people: company.people, timed, disturbs })
}

fn last(plan: &Plan) -> Duration {
    let steps = plan.steps.iter().map(|step| step.at).chain(plan.visits.iter().map(|visit| visit.at));
    steps.chain(plan.faults.iter().map(|fault| fault.at)).max().unwrap_or_default()
}
