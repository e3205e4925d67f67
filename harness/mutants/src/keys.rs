use std::{collections::BTreeMap, sync::Arc};

use collaudo_forge::{Key, Signer};

use crate::Unfit;

/// The keys of a run; bends that need one which is not there are unfit.
#[derive(Clone, Default)]
pub struct Keys {
    /// By provider name, such as `alfa`.
    pub providers: BTreeMap<String, Signer>,
    /// The authority's, to issue certificates anew.
    pub authority: Option<Arc<Key>>,
    /// The index publisher's.
    pub index: Option<Signer>,
}

impl Keys {
    pub(crate) fn provider(&self, name: &str) -> Result<&Signer, Unfit> {
        self.providers.get(name).ok_or_else(|| Unfit::Key(name.to_owned()))
    }

    pub(crate) fn authority(&self) -> Result<&Key, Unfit> {
        self.authority.as_deref().ok_or_else(|| Unfit::Key("the authority".to_owned()))
    }

    pub(crate) fn index(&self) -> Result<&Signer, Unfit> {
        self.index.as_ref().ok_or_else(|| Unfit::Key("the index".to_owned()))
    }
}
