//! What a trace says of a world before anything happens in it.

use collaudo_record::{FORMAT, Header, Player, Provider, User};
use collaudo_scenario::{Plan, PlayerPlan, ProviderPlan};

use crate::{
    index::{certified_address, service_mailbox},
    pki::Pki,
    recorder::Recorder,
};

pub(crate) fn header(plan: &Plan, world: &str, pki: &Pki, index: &[u8], recorder: &Recorder) -> Header {
    Header {
        format: FORMAT,
        scenario: plan.brief.clone(),
        world: world.to_owned(),
        opaque: false,
        seed: plan.seed,
        epoch: plan.epoch,
        providers: plan.providers.iter().map(declared_provider).collect(),
        index: recorder.keep(index),
        trust: vec![recorder.keep(&pki.authority.certificate)],
        index_signer: recorder.keep(&pki.index.certificate),
    }
}

fn declared_provider(provider: &ProviderPlan) -> Provider {
    Provider {
        name: provider.name.clone(),
        display_name: provider.display_name.clone(),
        player: match provider.player {
            PlayerPlan::Subject => Player::Subject,
            PlayerPlan::Peer(_) => Player::Peer,
        },
        domains: vec![provider.domain.to_ascii_lowercase()],
        certified_address: certified_address(provider),
        service_mailbox: service_mailbox(provider),
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
