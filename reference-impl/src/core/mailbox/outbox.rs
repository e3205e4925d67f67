use std::collections::VecDeque;

use collaudo_node::Bytes;

/// Octets handed to the transport at a time: the next lot waits until this one was taken.
const LOT: usize = 64 * 1024;

/// What was said and not yet sent. Parts of a stored message are kept by reference.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    pieces: VecDeque<Bytes>,
    octets: usize,
    line: Vec<u8>,
    untaken: bool,
}

impl Outbox {
    /// Says a line; its end is added.
    pub(crate) fn say(&mut self, line: &str) {
        self.write(line.as_bytes());
        self.write(b"\r\n");
    }

    /// Copies octets.
    pub(crate) fn write(&mut self, octets: &[u8]) {
        self.line.extend_from_slice(octets);
    }

    /// Takes octets over without a copy.
    pub(crate) fn hand(&mut self, octets: Bytes) {
        self.flush();
        self.octets += octets.len();
        self.pieces.push_back(octets);
    }

    /// Whether so much waits that nothing more should be said.
    pub(crate) fn is_full(&self) -> bool {
        self.octets + self.line.len() >= LOT
    }

    /// What is to be sent now: nothing while the last lot was not taken.
    pub(crate) fn lot(&mut self) -> Vec<Bytes> {
        if self.untaken { Vec::new() } else { self.take(LOT) }
    }

    /// All that is left, for a connection that is about to be closed.
    pub(crate) fn rest(&mut self) -> Vec<Bytes> {
        self.take(usize::MAX)
    }

    /// The last lot was taken.
    pub(crate) fn drained(&mut self) {
        self.untaken = false;
    }

    fn take(&mut self, mut left: usize) -> Vec<Bytes> {
        self.flush();
        let mut lot = Vec::new();
        while left > 0
            && let Some(mut piece) = self.pieces.pop_front()
        {
            let taken = piece.split_to(piece.len().min(left));
            if !piece.is_empty() {
                self.pieces.push_front(piece);
            }
            left -= taken.len();
            self.octets -= taken.len();
            if !taken.is_empty() {
                lot.push(taken);
            }
        }
        self.untaken |= !lot.is_empty();
        lot
    }

    fn flush(&mut self) {
        if !self.line.is_empty() {
            self.octets += self.line.len();
            self.pieces.push_back(std::mem::take(&mut self.line).into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lot_waits_until_the_last_was_taken() {
        let mut outbox = Outbox::default();
        outbox.say("a");
        assert_eq!(outbox.lot(), [Bytes::from_static(b"a\r\n")]);
        outbox.say("b");
        outbox.say("c");
        assert!(outbox.lot().is_empty());
        outbox.drained();
        assert_eq!(outbox.lot(), [Bytes::from_static(b"b\r\nc\r\n")]);
    }

    #[test]
    fn much_goes_in_lots_and_in_order() {
        let mut outbox = Outbox::default();
        let body = Bytes::from((0..LOT + 10).map(|n| (n % 251) as u8).collect::<Vec<_>>());
        outbox.write(b"head ");
        outbox.hand(body.clone());
        outbox.write(b" tail");
        assert!(outbox.is_full());
        let first = outbox.lot().concat();
        assert_eq!(first.len(), LOT);
        outbox.drained();
        let second = outbox.lot().concat();
        assert_eq!([first, second].concat(), [b"head ", &body[..], b" tail"].concat());
        assert!(!outbox.is_full());
    }
}
