use bytes::Bytes;

use crate::BodyId;

/// A body to keep: its octets and their id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// [`BodyId::of`] the octets.
    pub id: BodyId,
    /// The octets.
    pub bytes: Bytes,
}

impl Body {
    /// Names the octets.
    pub fn new(bytes: Bytes) -> Self {
        Self { id: BodyId::of(&bytes), bytes }
    }
}

/// What [`crate::Effect::Commit`] has put on disk, as [`crate::Node::recover`] reads it back.
pub trait DurableLog {
    /// The newest [`crate::Effect::Snapshot`]; none before the first.
    fn snapshot(&self) -> Option<Bytes> {
        None
    }

    /// The records committed since that snapshot, in order; where there is none, all of them, the founding record first.
    fn records(&self) -> Box<dyn Iterator<Item = Bytes> + '_>;

    /// A committed body.
    fn body(&self, id: BodyId) -> Option<Bytes>;
}
