//! Who stops and starts a foreign provider: a person's commands, as the harness knows no program of theirs.

use std::{fmt, sync::Arc};

/// What is done to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// It stops where it stands.
    Kill,
    /// It begins anew.
    Start,
}

/// Carries a deed out; an error in words. It is waited for.
type Work = dyn Fn(Deed) -> Result<(), String> + Send + Sync;

/// Carries out deeds; a copy is the same keeper.
#[derive(Clone)]
pub struct Keeper(Arc<Work>);

impl Keeper {
    /// One that works so.
    pub fn new(work: impl Fn(Deed) -> Result<(), String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(work))
    }

    pub(crate) fn carry_out(&self, deed: Deed) -> Result<(), String> {
        (self.0)(deed)
    }
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keeper")
    }
}
