use std::collections::VecDeque;

use collaudo_node::Bytes;
use imap_codec::fragmentizer::{FragmentInfo, Fragmentizer, LiteralAnnouncement};

/// Octets of a command with its literals.
const COMMAND_LIMIT: u32 = 64 * 1024;
/// Octets read at a time; what is behind a whole command waits in the pieces in which it came.
const PIECE: usize = 4096;

/// Octets that arrived, put together to commands.
#[derive(Debug)]
pub(super) struct Inflow {
    pieces: VecDeque<Bytes>,
    octets: usize,
    fragments: Fragmentizer,
}

/// What came next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Come {
    /// Nothing whole.
    Part,
    /// A whole command, or a whole line of an exchange.
    Whole(Vec<u8>),
    /// The client has announced a literal; what it sent of the command so far.
    Literal(LiteralAnnouncement, Vec<u8>),
    /// More than a command may have.
    TooLong,
}

impl Inflow {
    pub(super) fn new() -> Self {
        Self { pieces: VecDeque::new(), octets: 0, fragments: Fragmentizer::new(COMMAND_LIMIT) }
    }

    pub(super) fn push(&mut self, bytes: Bytes) {
        self.octets += bytes.len();
        self.pieces.push_back(bytes);
    }

    /// Octets that wait.
    pub(super) fn len(&self) -> usize {
        self.octets
    }

    /// Reads on.
    pub(super) fn next(&mut self) -> Come {
        loop {
            let fragment = self.fragments.progress();
            if self.fragments.is_max_message_size_exceeded() {
                return Come::TooLong;
            }
            match fragment {
                None if !self.feed() => return Come::Part,
                Some(FragmentInfo::Line { announcement: Some(literal), .. }) => {
                    return Come::Literal(literal, self.fragments.message_bytes().to_vec());
                }
                Some(_) if self.fragments.is_message_complete() => {
                    return Come::Whole(self.fragments.message_bytes().to_vec());
                }
                _ => {}
            }
        }
    }

    /// Forgets a command whose literal was refused: the client does not send it.
    pub(super) fn skip(&mut self) {
        self.fragments.skip_message();
    }

    fn feed(&mut self) -> bool {
        let Some(mut piece) = self.pieces.pop_front() else { return false };
        let taken = piece.split_to(piece.len().min(PIECE));
        self.octets -= taken.len();
        if !piece.is_empty() {
            self.pieces.push_front(piece);
        }
        self.fragments.enqueue_bytes(&taken);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inflow(wire: &[u8], cut: usize) -> Inflow {
        let mut inflow = Inflow::new();
        wire.chunks(cut).for_each(|piece| inflow.push(Bytes::copy_from_slice(piece)));
        inflow
    }

    #[test]
    fn commands_and_literals_come_in_any_cut() {
        let wire = b"a NOOP\r\nb LOGIN {4}\r\nanna x\r\nc";
        for cut in 1..wire.len() {
            let mut inflow = inflow(wire, cut);
            assert_eq!(inflow.next(), Come::Whole(b"a NOOP\r\n".to_vec()), "cut {cut}");
            assert!(matches!(inflow.next(), Come::Literal(LiteralAnnouncement { length: 4, .. }, _)), "cut {cut}");
            assert_eq!(inflow.next(), Come::Whole(b"b LOGIN {4}\r\nanna x\r\n".to_vec()), "cut {cut}");
            assert_eq!((inflow.next(), inflow.len()), (Come::Part, 0));
        }
    }

    #[test]
    fn a_line_without_end_is_told() {
        let mut inflow = inflow(&vec![b'x'; COMMAND_LIMIT as usize + 1], 1 << 20);
        assert_eq!(inflow.next(), Come::TooLong);
    }

    #[test]
    fn a_refused_literal_is_never_read_as_one() {
        let mut inflow = inflow(b"a APPEND INBOX {9}\r\nb NOOP\r\n", 100);
        assert!(matches!(inflow.next(), Come::Literal(..)));
        inflow.skip();
        assert_eq!(inflow.next(), Come::Whole(b"b NOOP\r\n".to_vec()));
    }
}
