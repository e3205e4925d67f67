//! What a habit has at hand while it departs.

use std::collections::{BTreeMap, BTreeSet};

use collaudo_forge::{Opened, PeerIdentity, Signer, open, reseal};
use collaudo_node::{Bytes, Timestamp};
use collaudo_record::{Header, Provider};

use super::Mail;
use crate::{Keys, bench::signed_at};

/// Where a bent provider stands: the world as a good run declares it, and the keys.
pub struct Scene {
    /// The bent provider's name, such as `beta`.
    pub provider: &'static str,
    /// The header of a good run of the scenario.
    pub header: Header,
    /// The keys of the run.
    pub keys: Keys,
}

/// What outlives a bent provider's crashes.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// Its first start.
    pub(crate) begun: Option<Timestamp>,
    /// What it has kept, by name.
    pub(crate) kept: BTreeMap<String, Bytes>,
    /// What it sends later.
    pub(crate) waiting: Option<Mail>,
    marks: BTreeSet<String>,
}

/// A moment of a bent provider's work.
pub(crate) struct Desk<'a> {
    pub(crate) scene: &'a Scene,
    pub(crate) memory: &'a mut Memory,
    /// The instant, by the world's clock.
    pub(crate) now: Timestamp,
}

impl Desk<'_> {
    /// Whether this is the first time that it is asked so.
    pub(crate) fn first(&mut self, mark: &str) -> bool {
        self.memory.marks.insert(mark.to_owned())
    }

    /// The bent provider, as declared.
    pub(crate) fn house(&self) -> Option<&Provider> {
        self.named(self.scene.provider)
    }

    /// A provider, as declared.
    pub(crate) fn named(&self, name: &str) -> Option<&Provider> {
        self.scene.header.providers.iter().find(|provider| provider.name == name)
    }

    /// The key of the bent provider.
    pub(crate) fn signer(&self) -> Option<&Signer> {
        self.scene.keys.providers.get(self.scene.provider)
    }

    /// The bent provider, as what it writes names it.
    pub(crate) fn identity(&self) -> PeerIdentity {
        let house = self.house();
        PeerIdentity {
            display_name: house.map(|house| house.display_name.clone()).unwrap_or_default(),
            domain: house.and_then(|house| house.domains.first().cloned()).unwrap_or_default(),
            certified_address: house.map(|house| house.certified_address.clone()).unwrap_or_default(),
        }
    }

    /// Changes one of the bent provider's own messages, signed anew at the same instant where the change lies under the
    /// signature; none where it is another's message, or nothing changed.
    pub(crate) fn changed(
        &mut self,
        octets: &[u8],
        change: impl FnOnce(&mut Self, &mut Opened) -> bool,
    ) -> Option<Vec<u8>> {
        let before = open(octets).ok()?;
        let from = before.fields().get("From").unwrap_or_default().to_ascii_lowercase();
        if !from.contains(&self.house()?.certified_address.to_ascii_lowercase()) {
            return None;
        }
        let mut after = before.clone();
        if !change(self, &mut after) || after == before {
            return None;
        }
        if after.content() == before.content() {
            return Some(after.to_bytes());
        }
        Some(reseal(&after, self.signer()?, signed_at(&before)))
    }
}
