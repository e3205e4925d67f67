//! Whether the subject offers what a scenario wants of a provider, and whether all that goes wrong can go wrong.

use collaudo_scenario::{CrashPoint, FaultKind, IndexFault, IndexSource, Plan, ProviderPlan};

use crate::certify::lab::Lab;

/// The most that a provider must take, as scenarios have it that say nothing else.
const USUAL: (u64, u32) = (30_000_000, 500);

/// Whether the subject offers what the scenario wants of the provider that it plays.
pub(super) fn offered(plan: &Plan, provider: &ProviderPlan, lab: &Lab) -> Result<(), String> {
    let refusals = [
        (limits_matter(plan, provider, lab), "it wants other limits than the subject has"),
        (provider.unit.is_some(), "it wants a secondary environment"),
        (provider.backup, "it wants a second mail exchanger"),
        (provider.renewed, "it wants a certificate that follows another"),
        (provider.acceptance.is_some(), "it wants terms about acceptance receipts"),
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

/// Whether all that goes wrong goes wrong at our ends, or can be brought about at the subject's.
pub(super) fn faults(plan: &Plan, subject: &str, lab: &Lab) -> Result<(), String> {
    let can_be_killed = lab.commands.keeper(lab.folder()).is_some();
    for fault in &plan.faults {
        let hosts = fault.kind.hosts();
        let strikes_it = hosts.iter().any(|host| host == subject);
        let is_of_the_directory = strikes_it && hosts.iter().any(|host| host == DIRECTORY);
        match &fault.kind {
            FaultKind::Partition { .. } | FaultKind::Hold { .. } | FaultKind::Slow { .. }
                if is_of_the_directory && lab.index_source() == IndexSource::Ldif =>
            {
                return Err("it breaks the way to a directory, and the subject reads none at index.ldap".into());
            }
            FaultKind::Partition { .. } | FaultKind::Hold { .. } | FaultKind::Slow { .. } => {}
            FaultKind::Revoked { .. } if strikes_it => {
                return Err("it revokes the subject's certificate, which another authority issued".into());
            }
            FaultKind::Index(_)
            | FaultKind::CrlUnreachable
            | FaultKind::Revoked { .. }
            | FaultKind::Unlisted { .. } => documents(&fault.kind, lab)?,
            FaultKind::Crash { point: CrashPoint::AtOnce, .. }
                if strikes_it && fault.lasts.is_some() && can_be_killed => {}
            FaultKind::Crash { point: CrashPoint::AtOnce, .. } if strikes_it && fault.lasts.is_some() => {
                return Err("it kills and starts the subject, and [commands] says nothing of how".into());
            }
            kind if strikes_it => return Err(format!("nobody here can do this to the subject: {}", kind.name())),
            _ => {}
        }
    }
    Ok(())
}

/// Whether the subject meets what is published when the scenario has it changed.
fn documents(kind: &FaultKind, lab: &Lab) -> Result<(), String> {
    if lab.index.counters().is_none() {
        return Err("it changes the index or the list of revoked certificates, and index.https serves none".into());
    }
    if lab.index.refresh_seconds > DAY_SECONDS {
        return Err("it rests on an index that is read every day, and index.refresh_seconds says otherwise".into());
    }
    match kind {
        FaultKind::CrlUnreachable | FaultKind::Revoked { .. } if lab.index.crl_refresh_seconds > LIST_SECONDS => {
            Err("it rests on a list that is read before it ends, and index.crl_refresh_seconds says otherwise".into())
        }
        FaultKind::Index(IndexFault::Altered | IndexFault::RolledBack { .. })
            if lab.index_source() == IndexSource::Ldap =>
        {
            Err("it alters the signed file, and the subject reads the directory".into())
        }
        _ => Ok(()),
    }
}

/// The directory, as faults name it.
pub(super) const DIRECTORY: &str = "index";

/// How long a list of revoked certificates lasts.
const LIST_SECONDS: u64 = 6 * 3600;

/// How often scenarios have the index read.
const DAY_SECONDS: u64 = 24 * 3600;
