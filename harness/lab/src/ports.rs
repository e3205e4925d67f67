use std::collections::BTreeMap;

use collaudo_scenario::{PlayerPlan, ProviderPlan};
use collaudo_world::{Place, Service};

/// Where ports begin if nobody says otherwise.
pub const BASE: u16 = 6100;

/// Which ports of the loopback interface a lab takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ports {
    /// The page at this one, the directory behind it, and ten for each provider: the first provider's submission with
    /// `STARTTLS` eleven above, then submission under TLS, IMAP, POP3, relay.
    From(u16),
    /// Free ones.
    Free,
}

/// In the order of their ports.
const ORDER: [Service; 5] = [Service::Submission, Service::Submissions, Service::Imap, Service::Pop3, Service::Relay];

impl Ports {
    /// Reads the number of a base; 0 for free ports.
    ///
    /// # Errors
    /// Words for a person, where it is no number or leaves no room for twenty providers.
    pub fn read(text: &str) -> Result<Self, String> {
        const MOST: u16 = u16::MAX - 220;
        match text.parse() {
            Ok(0) => Ok(Self::Free),
            Ok(base @ 1024..=MOST) => Ok(Self::From(base)),
            _ => Err(format!(
                "\"{text}\" is no base of ports; expected 0 for free ones, or a number from 1024 to {MOST}"
            )),
        }
    }

    pub(crate) fn page(self) -> u16 {
        match self {
            Self::From(base) => base,
            Self::Free => 0,
        }
    }

    pub(crate) fn places(self, providers: &[ProviderPlan]) -> BTreeMap<Place, u16> {
        let Self::From(base) = self else { return BTreeMap::new() };
        let mut places = BTreeMap::from([((String::new(), Service::Directory), base + 1)]);
        for (provider, first) in providers.iter().zip((base + 11..).step_by(10)) {
            let offered = |service: &Service| provider.player == PlayerPlan::Subject || *service == Service::Relay;
            let services = ORDER.into_iter().zip(first..).filter(|(service, _)| offered(service));
            places.extend(services.map(|(service, port)| ((provider.name.clone(), service), port)));
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_leaves_room_for_twenty_providers() {
        assert_eq!(Ports::read("0"), Ok(Ports::Free));
        assert_eq!(Ports::read("6100"), Ok(Ports::From(BASE)));
        for wrong in ["80", "65400", "-1", "x", ""] {
            assert!(Ports::read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn no_two_services_share_a_port() {
        let providers = crate::providers(None, "".as_ref()).expect("the network reads");
        let places = Ports::From(BASE).places(&providers);
        let ports: std::collections::BTreeSet<_> = places.values().collect();
        assert_eq!((places.len(), ports.len()), (17, 17), "three of five, a silent one, the directory");
        assert!(!ports.contains(&BASE), "the page has it");
    }
}
