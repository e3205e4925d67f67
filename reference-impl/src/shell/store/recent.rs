//! Bodies that were just written: most are asked for at once, to be sent on.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use collaudo_node::{Body, BodyId, Bytes};

/// Octets that are kept; the oldest go first.
const ROOM: usize = 32 * 1024 * 1024;

#[derive(Default)]
pub(super) struct Recent(Mutex<Shelf>);

#[derive(Default)]
struct Shelf {
    bodies: BTreeMap<BodyId, Bytes>,
    order: VecDeque<BodyId>,
    octets: usize,
}

impl Recent {
    pub(super) fn keep(&self, bodies: Vec<Body>) {
        let mut shelf = self.shelf();
        for Body { id, bytes } in bodies {
            let octets = bytes.len();
            if shelf.bodies.insert(id, bytes).is_none() {
                shelf.octets += octets;
                shelf.order.push_back(id);
            }
        }
        while shelf.octets > ROOM {
            let Some(oldest) = shelf.order.pop_front() else { return };
            let gone = shelf.bodies.remove(&oldest).map_or(0, |bytes| bytes.len());
            shelf.octets -= gone;
        }
    }

    pub(super) fn get(&self, id: BodyId) -> Option<Bytes> {
        self.shelf().bodies.get(&id).cloned()
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_where_there_is_no_room() {
        let recent = Recent::default();
        let body = |octet: u8| Body::new(vec![octet; ROOM / 2].into());
        let (first, second, third) = (body(1), body(2), body(3));
        recent.keep(vec![first.clone(), second.clone(), first.clone()]);
        assert!(recent.get(first.id).is_some() && recent.get(second.id).is_some());
        recent.keep(vec![third.clone()]);
        assert_eq!(recent.get(first.id), None);
        assert!(recent.get(second.id).is_some() && recent.get(third.id).is_some());
    }
}
