//! What is bent: a good run of a scenario.

use std::{collections::BTreeSet, sync::Arc};

use collaudo_forge::{Key, Signer};
use collaudo_mutants::Keys;
use collaudo_record::{Outcome, Trace};
use collaudo_scenario::{Plan, Scenario};
use collaudo_world::{Identity, Pki, Subject, World};

use super::SEED;
use crate::{subjects, way};

/// A good run: its plan and trace, the keys that signed it, and what fails in it as it is, which should be nothing.
pub(crate) struct Ground {
    pub(crate) plan: Plan,
    pub(crate) trace: Trace,
    pub(crate) keys: Keys,
    pub(crate) failing: BTreeSet<Failure>,
}

/// A clause and the provider that has failed it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Failure {
    pub(crate) clause: String,
    pub(crate) provider: String,
}

impl Ground {
    /// Runs a scenario with the reference everywhere; none where its world cannot be built.
    pub(crate) fn of(scenario: &Scenario) -> Option<Self> {
        let (plan, subject) = (scenario.plan(SEED), subjects::reference());
        let keys = keys(&plan, &subject)?;
        let trace = way::stir(&plan, &subject).ok()?.trace;
        let failing = failing(&trace);
        Some(Self { plan, trace, keys, failing })
    }
}

/// All that fails in a trace.
pub(crate) fn failing(trace: &Trace) -> BTreeSet<Failure> {
    let verdicts = collaudo_judge::judge(trace).verdicts.into_iter();
    let failed = verdicts.filter(|verdict| verdict.outcome == Outcome::Fail);
    failed.map(|verdict| Failure { clause: verdict.clause, provider: verdict.provider }).collect()
}

fn keys(plan: &Plan, subject: &Arc<dyn Subject>) -> Option<Keys> {
    let world = World::build(plan, subject).ok()?;
    let pki: &Pki = world.pki();
    let issuers = [pki.authority.certificate.to_vec()];
    let key = |identity: &Identity| Key::from_der(&identity.key.pkcs8).ok().map(Arc::new);
    let signer = |identity: &Identity| Signer::new(key(identity)?, &identity.certificate, &issuers).ok();
    let named = plan.providers.iter().zip(&pki.providers);
    let named = named.map(|(provider, identity)| Some((provider.name.clone(), signer(identity)?)));
    Some(Keys { providers: named.collect::<Option<_>>()?, authority: key(&pki.authority), index: signer(&pki.index) })
}
