//! The reference provider of certified mail: a state machine without IO.
//!
//! [`Gestore`] is the node of one provider: access point, reception point and delivery point in one. It is born from
//! its log alone, whose first record is made by [`found`]; what it has committed is told by [`declare`], and
//! [`compact`] makes a snapshot of it.

mod config;
pub mod core;
mod scan;
#[cfg(feature = "serve")]
pub mod shell;

use std::collections::BTreeSet;

use collaudo_node::{BodyId, Bytes, DurableLog, Effect, Input, Node, Timestamp};

pub use self::{
    config::{Config, Family, IndexSource, Ordinary, User},
    core::{Declared, Patience, Refresh, compact, declare, found, founding},
    scan::scan,
};

/// A provider of certified mail, as a node.
#[derive(Debug)]
pub struct Gestore(Result<Box<core::Provider>, String>);

impl Gestore {
    /// Why the provider serves nobody: its log, or a certificate of its founding record, cannot be read.
    pub fn fault(&self) -> Option<&str> {
        self.0.as_ref().err().map(String::as_str)
    }

    /// The bodies that what was committed refers to: a store may drop all others before the first input of this life.
    pub fn bodies(&self) -> BTreeSet<BodyId> {
        self.0.as_ref().map(|provider| provider.bodies()).unwrap_or_default()
    }

    /// Has it wait so long for clients that are silent; without this, as long as the protocols ask for.
    pub fn with_patience(mut self, patience: Patience) -> Self {
        self.0.iter_mut().for_each(|provider| provider.patience = patience);
        self
    }

    /// Has it ask for its public documents so often; without this, once a day.
    pub fn with_refresh(mut self, refresh: Refresh) -> Self {
        self.0.iter_mut().for_each(|provider| provider.refresh = refresh);
        self
    }

    /// Has up to so many connections to one destination where much waits for it; without this, one.
    pub fn with_couriers(mut self, most: usize) -> Self {
        self.0.iter_mut().for_each(|provider| provider.couriers = most.max(1));
        self
    }
}

impl Node for Gestore {
    fn handle(&mut self, now: Timestamp, input: Input, effects: &mut Vec<Effect>) {
        match (&mut self.0, input) {
            (Ok(provider), input) => provider.handle(now, input, effects),
            (Err(_), Input::Opened { conn, .. }) => {
                let bytes = Bytes::from_static(b"421 4.3.0 Servizio non disponibile\r\n");
                effects.extend([Effect::Write { conn, bytes }, Effect::Close { conn }]);
            }
            (Err(_), _) => {}
        }
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        self.0.as_ref().ok().and_then(|provider| provider.next_deadline())
    }

    fn recover(log: &dyn DurableLog, _now: Timestamp) -> Self {
        Self(core::Provider::recover(log).map(Box::new))
    }
}
