use std::collections::BTreeMap;

use collaudo_node::{Body, BodyId, Bytes, DurableLog};

/// A host's disk: what was committed stays, whatever happens to the host.
#[derive(Debug, Default)]
pub(crate) struct Store {
    /// Where a log begins anew.
    snapshot: Option<Bytes>,
    records: Vec<Bytes>,
    bodies: BTreeMap<BodyId, Bytes>,
}

impl Store {
    pub(crate) fn keep_snapshot(&mut self, state: Bytes) {
        self.snapshot = Some(state);
        self.records.clear();
    }

    pub(crate) fn commit(&mut self, records: &[Bytes], bodies: impl Iterator<Item = Body>) {
        self.records.extend_from_slice(records);
        for Body { id, bytes } in bodies {
            self.bodies.entry(id).or_insert(bytes);
        }
    }
}

impl DurableLog for Store {
    fn snapshot(&self) -> Option<Bytes> {
        self.snapshot.clone()
    }

    fn records(&self) -> Box<dyn Iterator<Item = Bytes> + '_> {
        Box::new(self.records.iter().cloned())
    }

    fn body(&self, id: BodyId) -> Option<Bytes> {
        self.bodies.get(&id).cloned()
    }
}
