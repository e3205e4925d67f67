//! What a trace says of a world before anything happens in it.

use collaudo_record::{FORMAT, Header, Player, Provider, User};
use collaudo_scenario::{Plan, PlayerPlan, ProviderPlan};

use crate::{
    index::certified_address,
    live::foreign::{Foreign, is_foreign},
    pki::Pki,
    recorder::Recorder,
};

pub(crate) fn header(
    plan: &Plan,
    world: &str,
    pki: &Pki,
    index: &[u8],
    recorder: &Recorder,
    foreign: Option<&Foreign>,
) -> Header {
    let further = foreign.iter().flat_map(|foreign| &foreign.authorities).map(Vec::as_slice);
    Header {
        format: FORMAT,
        scenario: plan.brief.clone(),
        world: world.to_owned(),
        opaque: foreign.is_some(),
        log_declared: foreign.is_some_and(|foreign| foreign.log.is_some()),
        seed: plan.seed,
        epoch: plan.epoch,
        providers: plan.providers.iter().map(|provider| declared_provider(provider, foreign)).collect(),
        index: recorder.keep(index),
        trust: [&*pki.authority.certificate].into_iter().chain(further).map(|one| recorder.keep(one)).collect(),
        index_signer: recorder.keep(&pki.index.certificate),
    }
}

fn declared_provider(provider: &ProviderPlan, foreign: Option<&Foreign>) -> Provider {
    Provider {
        name: provider.name.clone(),
        display_name: provider.display_name.clone(),
        player: match provider.player {
            // Whoever plays the others around a foreign provider is not examined.
            PlayerPlan::Subject if foreign.is_none() || is_foreign(foreign, provider) => Player::Subject,
            PlayerPlan::Subject => Player::Peer,
            PlayerPlan::Peer(_) => Player::Peer,
        },
        domains: vec![provider.domain.to_ascii_lowercase()],
        certified_address: certified_address(provider),
        service_mailbox: provider.service_mailbox.clone(),
        max_octets: provider.max_octets,
        max_recipients: provider.max_recipients,
        users: provider
            .users
            .iter()
            .map(|user| User {
                address: user.address.clone(),
                quota_octets: user.quota_octets,
                ordinary: user.ordinary.clone(),
            })
            .collect(),
    }
}
