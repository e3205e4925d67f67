use std::path::Path;

use collaudo_record::Ordinary;
use collaudo_scenario::{Error, PeerBehaviour, PlayerPlan, ProviderPlan, UserPlan, topology, topology_text};

use crate::outcome::{Outcome, SPECIALS};

/// Who takes part where nobody says: three providers and one that never answers, as a topology file.
pub const DEFAULT_NETWORK: &str = include_str!("../network.toml");

/// Who takes part, with the special addresses at each provider that is played in full.
///
/// # Errors
/// [`Error`], with the first thing that is wrong in the file and its place.
pub fn providers(file: Option<&Path>, profiles: &Path) -> Result<Vec<ProviderPlan>, Error> {
    let mut providers = match file {
        Some(path) => topology(path, profiles)?,
        None => topology_text(DEFAULT_NETWORK, Path::new("network.toml"), profiles)?,
    };
    providers.iter_mut().filter(|provider| provider.player == PlayerPlan::Subject).for_each(add_specials);
    Ok(providers)
}

/// The addresses at providers that never answer.
pub(crate) fn silent(providers: &[ProviderPlan]) -> impl Iterator<Item = &str> {
    let silent = |provider: &&ProviderPlan| provider.player == PlayerPlan::Peer(PeerBehaviour::Silent);
    providers.iter().filter(silent).flat_map(|provider| &provider.users).map(|user| user.address.as_str())
}

fn add_specials(provider: &mut ProviderPlan) {
    for special in SPECIALS.iter().filter(|special| special.mailbox) {
        let user = UserPlan {
            address: format!("{}@{}", special.local, provider.domain),
            password: format!("parola-di-{}", special.local),
            quota_octets: (special.outcome == Outcome::MailboxFull).then_some(0),
            // An envelope without its signature is ordinary mail.
            ordinary: Ordinary::Anomaly,
        };
        if !provider.users.iter().any(|there| there.address == user.address) {
            provider.users.push(user);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_network_has_three_families_and_one_that_is_silent() {
        let providers = providers(None, Path::new("")).expect("it reads");
        let families: Vec<_> =
            providers.iter().filter(|p| p.player == PlayerPlan::Subject).map(|p| &p.family).collect();
        assert_eq!(families.len(), 3);
        assert!((0..3).all(|n| !families[..n].contains(&families[n])), "two are alike");
        assert_eq!(silent(&providers).collect::<Vec<_>>(), ["muta@muta.test"]);
        let full = providers[1].users.iter().find(|user| user.address == "piena@beta.test").expect("it is there");
        assert_eq!(full.quota_octets, Some(0));
        assert!(!providers[1].users.iter().any(|user| user.address == "inesistente@beta.test"));
    }
}
