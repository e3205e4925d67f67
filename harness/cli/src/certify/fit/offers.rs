//! Whether the subject offers what a scenario wants of a provider, and whether all that goes wrong can go wrong.

use collaudo_scenario::{Access, FaultKind, Plan, ProviderPlan};

use crate::certify::lab::Lab;

/// The most that a provider must take, as scenarios have it that say nothing else.
const USUAL: (u64, u32) = (30_000_000, 500);

/// Whether the subject offers what the scenario wants of the provider that it plays.
pub(super) fn offered(plan: &Plan, provider: &ProviderPlan, lab: &Lab) -> Result<(), String> {
    let reads = |over| plan.visits.iter().any(|visit| visit.provider == provider.name && visit.over == over);
    let mut own = plan.steps.iter().filter(|step| step.submit.provider == provider.name);
    let refusals = [
        (limits_matter(plan, provider, lab), "it wants other limits than the subject has"),
        (provider.unit.is_some(), "it wants a secondary environment"),
        (provider.backup, "it wants a second mail exchanger"),
        (provider.renewed, "it wants a certificate that follows another"),
        (provider.acceptance.is_some(), "it wants terms about acceptance receipts"),
        (reads(Access::Pop3) && !lab.has_pop3(), "it reads mailboxes over POP3"),
        (
            own.any(|step| step.submit.implicit_tls) && !lab.has_implicit_tls(),
            "it submits under TLS from the first octet",
        ),
    ];
    refusals.iter().find(|(refused, _)| *refused).map_or(Ok(()), |(_, why)| Err((*why).to_owned()))
}

/// Whether something that is submitted there would be taken under the one limits and not under the others. What a scenario
/// measures by the usual limits is measured by the subject's own.
fn limits_matter(plan: &Plan, provider: &ProviderPlan, lab: &Lab) -> bool {
    let (octets, recipients) = (provider.max_octets, provider.max_recipients);
    let is_usual = (octets, recipients) == USUAL;
    plan.steps.iter().filter(|step| step.submit.provider == provider.name).any(|step| {
        let (size, count) = (step.submit.message.len(), step.submit.forward_paths.len());
        let many = |most: u32| u32::try_from(count).is_ok_and(|count| count <= most);
        let large = |most: u64| u64::try_from(size.saturating_mul(count)).is_ok_and(|product| product <= most);
        many(recipients) != many(lab.subject.max_recipients)
            || (!is_usual && large(octets) != large(lab.subject.max_octets))
    })
}

/// Whether all that goes wrong goes wrong at our ends.
pub(super) fn faults(plan: &Plan, subject: &str, _lab: &Lab) -> Result<(), String> {
    for fault in &plan.faults {
        let strikes_it = fault.kind.hosts().iter().any(|host| host == subject);
        match fault.kind {
            FaultKind::Partition { .. } | FaultKind::Hold { .. } | FaultKind::Slow { .. }
                if strikes_it && fault.kind.hosts().iter().any(|host| host == DIRECTORY) =>
            {
                return Err("it breaks the way to a directory that the subject does not read at ours".into());
            }
            FaultKind::Partition { .. } | FaultKind::Hold { .. } | FaultKind::Slow { .. } => {}
            FaultKind::Index(_)
            | FaultKind::CrlUnreachable
            | FaultKind::Revoked { .. }
            | FaultKind::Unlisted { .. } => {
                return Err(
                    "it changes the index or the list of revoked certificates, which are handed out once".into()
                );
            }
            _ if strikes_it => return Err(format!("nobody here can do this to the subject: {}", fault.kind.name())),
            _ => {}
        }
    }
    Ok(())
}

/// The directory, as faults name it.
const DIRECTORY: &str = "index";
