//! Services that a provider need not offer, and which of them a scenario wants of the provider that the subject plays.

use std::collections::{BTreeMap, BTreeSet};

use collaudo_record::{Ordinary, Outcome, RunRecord};
use collaudo_scenario::{Access, OUTSIDE, Plan, ProviderPlan};
use serde::Deserialize;

/// What `not_offered` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Service {
    /// Mailboxes over IMAP.
    Imap,
    /// Mailboxes over POP3.
    Pop3,
    /// Submission under TLS from the first octet.
    ImplicitTls,
    /// Delivery receipts of the brief form.
    BriefReceipts,
    /// Delivery receipts of the concise form.
    ConciseReceipts,
    /// Mail that is not certified, in an anomaly envelope.
    OrdinaryMail,
    /// Mail that is not certified, sent on elsewhere.
    Forwarding,
}

impl Service {
    const ALL: [Self; 7] = [
        Self::Imap,
        Self::Pop3,
        Self::ImplicitTls,
        Self::BriefReceipts,
        Self::ConciseReceipts,
        Self::OrdinaryMail,
        Self::Forwarding,
    ];

    /// Every service that the plan wants of a provider of it.
    pub(super) fn wanted(plan: &Plan, provider: &ProviderPlan) -> Vec<Self> {
        Self::ALL.into_iter().filter(|service| service.is_wanted(plan, provider)).collect()
    }

    /// Why a scenario is not run that wants it.
    pub(super) fn refusal(self) -> &'static str {
        match self {
            Self::Imap => "not offered: it reads mailboxes over IMAP",
            Self::Pop3 => "not offered: it reads mailboxes over POP3",
            Self::ImplicitTls => "not offered: it submits under TLS from the first octet",
            Self::BriefReceipts => "not offered: it wants brief delivery receipts",
            Self::ConciseReceipts => "not offered: it wants concise delivery receipts",
            Self::OrdinaryMail => "not offered: it wants ordinary mail in an anomaly envelope",
            Self::Forwarding => "not offered: it wants ordinary mail sent on",
        }
    }

    fn is_wanted(self, plan: &Plan, provider: &ProviderPlan) -> bool {
        let submits = || plan.steps.iter().filter(|step| step.submit.provider == provider.name);
        let reads = |over| plan.visits.iter().any(|visit| visit.provider == provider.name && visit.over == over);
        match self {
            Self::Imap => reads(Access::Imap),
            Self::Pop3 => reads(Access::Pop3),
            Self::ImplicitTls => submits().any(|step| step.submit.implicit_tls),
            Self::BriefReceipts => asks_for(plan, provider, b"breve"),
            Self::ConciseReceipts => asks_for(plan, provider, b"sintetica"),
            Self::OrdinaryMail => wants_policy(plan, provider, |policy| *policy == Ordinary::Anomaly),
            Self::Forwarding => wants_policy(plan, provider, |policy| matches!(policy, Ordinary::Forward { .. })),
        }
    }
}

/// Whether somebody there receives a message that asks for receipts of a form.
fn asks_for(plan: &Plan, provider: &ProviderPlan, form: &[u8]) -> bool {
    let field = [b"\nX-TipoRicevuta: ".as_slice(), form, b"\r"].concat();
    let receives = |path: &String| is_of(path, provider);
    plan.steps.iter().filter(|step| step.submit.forward_paths.iter().any(receives)).any(|step| {
        let message = &step.submit.message;
        let end = message.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(message.len());
        message.get(..end).is_some_and(|head| head.windows(field.len()).any(|window| window == field))
    })
}

/// Whether mail that may not count as certified comes there for somebody of such a policy.
fn wants_policy(plan: &Plan, provider: &ProviderPlan, is_it: impl Fn(&Ordinary) -> bool) -> bool {
    let comes = |step: &&collaudo_scenario::Step| step.submit.forged.is_some() || step.submit.provider == OUTSIDE;
    let paths = plan.steps.iter().filter(comes).flat_map(|step| &step.submit.forward_paths);
    let people: BTreeSet<&String> = paths.filter(|path| is_of(path, provider)).collect();
    provider.users.iter().any(|user| people.contains(&user.address) && is_it(&user.ordinary))
}

fn is_of(path: &str, provider: &ProviderPlan) -> bool {
    path.rsplit_once('@').is_some_and(|(_, domain)| domain.eq_ignore_ascii_case(&provider.domain))
}

/// Rows that come up only where a service is wanted that is not offered: they say so where nothing decided them.
pub(super) fn note(record: &mut RunRecord, rows: &BTreeSet<String>) {
    let mut changed: BTreeMap<bool, u32> = BTreeMap::new();
    for clause in record.clauses.iter_mut().filter(|clause| clause.outcome == Outcome::NotExercised) {
        if rows.contains(&clause.requirement.id) {
            clause.outcome = Outcome::NotSupported;
            *changed.entry(clause.checked).or_default() += 1;
        }
    }
    let checked = changed.get(&true).copied().unwrap_or_default();
    record.totals.not_exercised = record.totals.not_exercised.saturating_sub(checked);
    record.totals.not_supported += checked;
}
