//! What a bent provider puts on its disk, and what it says of itself thereby.

use std::{collections::BTreeMap, time::Duration};

use collaudo_forge::Entity;
use collaudo_node::{Body, BodyId, Bytes};
use collaudo_record::LogEntry;

use crate::pick::{Kind, kind_of};

/// What a committed record declares.
#[derive(Clone, Debug)]
pub enum Told {
    /// A message was put in a mailbox.
    Stored {
        /// The mailbox's address.
        mailbox: String,
        /// The message.
        body: BodyId,
    },
    /// A message was put aside.
    Retained {
        /// The message.
        body: BodyId,
    },
    /// A day of the log was closed.
    Sealed {
        /// The day in Rome, such as `2026-03-02`.
        day: String,
        /// The signed file.
        seal: BodyId,
    },
    /// A line was written in the log.
    Logged(LogEntry),
}

impl Told {
    /// The body that it speaks of.
    pub(crate) fn body_mut(&mut self) -> Option<&mut BodyId> {
        match self {
            Self::Stored { body, .. } | Self::Retained { body } | Self::Sealed { seal: body, .. } => Some(body),
            Self::Logged(_) => None,
        }
    }
}

/// What goes to disk at once, under the hand of a habit.
pub(crate) struct Commit<'a> {
    /// What its records declare, in order.
    pub(crate) told: Vec<Told>,
    /// What is kept besides.
    pub(crate) bodies: Vec<Body>,
    /// All that was kept before.
    pub(crate) before: &'a BTreeMap<BodyId, Bytes>,
}

/// How late something comes to the disk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hold {
    /// So long.
    pub(crate) span: Duration,
    /// Whether the provider goes on as if it were there already.
    pub(crate) answered: bool,
}

impl Commit<'_> {
    /// A body's octets.
    pub(crate) fn octets(&self, id: BodyId) -> Option<&Bytes> {
        self.bodies.iter().find(|body| body.id == id).map(|body| &body.bytes).or_else(|| self.before.get(&id))
    }

    /// What a body says that it is.
    pub(crate) fn kind(&self, id: BodyId) -> Option<Kind> {
        kind_of(&Entity::read(self.octets(id)?).fields)
    }

    /// Keeps octets and names them.
    pub(crate) fn keep(&mut self, octets: Vec<u8>) -> BodyId {
        let body = Body::new(octets.into());
        let id = body.id;
        self.bodies.push(body);
        id
    }

    /// Whether it puts a message of a kind in a mailbox.
    pub(crate) fn stores(&self, kind: Kind) -> bool {
        self.stored().any(|(_, body)| self.kind(body) == Some(kind))
    }

    /// The messages that it puts in mailboxes.
    pub(crate) fn stored(&self) -> impl Iterator<Item = (&str, BodyId)> {
        self.told.iter().filter_map(|told| match told {
            Told::Stored { mailbox, body } => Some((mailbox.as_str(), *body)),
            _ => None,
        })
    }

    /// Keeps of what it declares only some.
    pub(crate) fn retain(&mut self, wanted: impl Fn(&Self, &Told) -> bool) {
        let told = std::mem::take(&mut self.told);
        let kept: Vec<_> = told.iter().filter(|told| wanted(self, told)).cloned().collect();
        self.told = kept;
    }

    /// Puts no message of a kind in any mailbox.
    pub(crate) fn unstore(&mut self, kind: Kind) {
        self.retain(|commit, told| match told {
            Told::Stored { body, .. } => commit.kind(*body) != Some(kind),
            _ => true,
        });
    }

    /// Changes the lines of the log.
    pub(crate) fn log(&mut self, change: impl Fn(&mut LogEntry)) {
        for told in &mut self.told {
            if let Told::Logged(entry) = told {
                change(entry);
            }
        }
    }
}
