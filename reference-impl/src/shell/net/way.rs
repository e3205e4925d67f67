//! The way on which a connection hears what the node wants of it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use collaudo_node::Bytes;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Octets that may lie between the node and a socket and pass for taken: most of what is said is one short reply, and to be
/// told of each of them costs the node as much as to say it.
const ROOM: usize = 64 * 1024;

/// What the node wants of a connection.
#[derive(Debug)]
pub(in crate::shell) enum Order {
    Write(Bytes),
    StartTls,
    Close,
}

/// All that one call of the node wants of a connection: what stands behind a `StartTls` is known before the first octet of
/// it is sent.
#[derive(Debug)]
pub(in crate::shell) struct Lot {
    pub(super) orders: Vec<Order>,
    /// Whether the node is to be told when all of it has gone.
    pub(super) is_awaited: bool,
}

/// Who speaks for the node.
#[derive(Debug)]
pub(in crate::shell) struct Speaker {
    lots: UnboundedSender<Lot>,
    unsent: Arc<AtomicUsize>,
}

/// Who listens for the connection.
#[derive(Debug)]
pub(in crate::shell) struct Listener {
    lots: UnboundedReceiver<Lot>,
    unsent: Arc<AtomicUsize>,
}

/// A way for a new connection.
pub(in crate::shell) fn way() -> (Speaker, Listener) {
    let (speaking, listening) = unbounded_channel();
    let unsent = Arc::new(AtomicUsize::new(0));
    (Speaker { lots: speaking, unsent: unsent.clone() }, Listener { lots: listening, unsent })
}

impl Speaker {
    /// Hands on orders. *Gives* whether what is written may pass for taken; if not, the connection tells when it has gone.
    pub(in crate::shell) fn say(&self, orders: Vec<Order>) -> bool {
        let octets = orders.iter().map(Order::octets).sum();
        let is_awaited = self.unsent.fetch_add(octets, Ordering::Relaxed) + octets > ROOM;
        // A task that has ended has told so, or is about to.
        let _ = self.lots.send(Lot { orders, is_awaited });
        !is_awaited
    }
}

impl Listener {
    /// The next lot; nothing once the node has forgotten the connection.
    pub(super) async fn hear(&mut self) -> Option<Lot> {
        self.lots.recv().await
    }

    pub(super) fn poll_hear(&mut self, cx: &mut Context<'_>) -> Poll<Option<Lot>> {
        self.lots.poll_recv(cx)
    }

    /// So many octets have gone.
    pub(super) fn sent(&self, octets: usize) {
        self.unsent.fetch_sub(octets, Ordering::Relaxed);
    }
}

impl Order {
    fn octets(&self) -> usize {
        match self {
            Self::Write(bytes) => bytes.len(),
            Self::StartTls | Self::Close => 0,
        }
    }
}

impl Lot {
    /// Whether it ends the connection.
    pub(super) fn closes(&self) -> bool {
        self.orders.iter().any(|order| matches!(order, Order::Close))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_short_passes_for_taken_until_much_of_it_is_unsent() {
        let (speaker, listener) = way();
        let write = |octets| vec![Order::Write(Bytes::from(vec![b'x'; octets]))];
        assert!(speaker.say(write(ROOM - 1)) && speaker.say(write(1)));
        assert!(!speaker.say(write(1)), "there is no more room");
        listener.sent(ROOM);
        assert!(!speaker.say(write(ROOM)), "one octet is still unsent");
        listener.sent(ROOM + 1);
        assert!(speaker.say(write(ROOM)));
    }
}
