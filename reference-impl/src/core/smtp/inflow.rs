use std::collections::VecDeque;

use collaudo_node::Bytes;

/// Octets that arrived and were not yet read, kept in the pieces in which they came.
#[derive(Debug, Default)]
pub(crate) struct Inflow {
    pieces: VecDeque<Bytes>,
    octets: usize,
    line: Vec<u8>,
}

/// What stands next in the inflow.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// A line that CRLF ended, without it.
    Whole(Vec<u8>),
    /// No line yet.
    Part,
    /// A line with a bare CR or a bare LF.
    Bare,
    /// A line beyond the limit.
    TooLong,
}

impl Inflow {
    pub(crate) fn push(&mut self, bytes: Bytes) {
        if !bytes.is_empty() {
            self.octets += bytes.len();
            self.pieces.push_back(bytes);
        }
    }

    /// Forgets all that was not read.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Octets that wait.
    pub(crate) fn len(&self) -> usize {
        self.octets
    }

    /// The next piece, as it came.
    pub(crate) fn piece(&mut self) -> Option<Bytes> {
        let piece = self.pieces.pop_front()?;
        self.octets -= piece.len();
        Some(piece)
    }

    /// Puts the rest of a piece back in front.
    pub(crate) fn unread(&mut self, rest: Bytes) {
        if !rest.is_empty() {
            self.octets += rest.len();
            self.pieces.push_front(rest);
        }
    }

    /// Reads a line of at most `limit` octets, its CRLF included.
    pub(crate) fn line(&mut self, limit: usize) -> Line {
        while let Some(mut piece) = self.piece() {
            let found = memchr::memchr(b'\n', &piece);
            let taken = piece.split_to(found.map_or(piece.len(), |at| at + 1));
            self.unread(piece);
            self.line.extend_from_slice(&taken);
            if self.line.len() > limit {
                return Line::TooLong;
            }
            if found.is_some() {
                let mut line = std::mem::take(&mut self.line);
                if !line.ends_with(b"\r\n") {
                    return Line::Bare;
                }
                line.truncate(line.len() - 2);
                return if line.contains(&b'\r') { Line::Bare } else { Line::Whole(line) };
            }
        }
        Line::Part
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inflow(pieces: &[&'static [u8]]) -> Inflow {
        let mut inflow = Inflow::default();
        pieces.iter().for_each(|piece| inflow.push(Bytes::from_static(piece)));
        inflow
    }

    #[test]
    fn a_line_may_come_in_any_cut() {
        let mut inflow = inflow(&[b"NO", b"OP\r", b"\nQUIT\r\nx"]);
        assert_eq!(inflow.line(100), Line::Whole(b"NOOP".to_vec()));
        assert_eq!(inflow.line(100), Line::Whole(b"QUIT".to_vec()));
        assert_eq!(inflow.line(100), Line::Part);
    }

    #[test]
    fn a_bare_cr_or_lf_is_told() {
        assert_eq!(inflow(&[b"NOOP\n"]).line(100), Line::Bare);
        assert_eq!(inflow(&[b"NO\rOP\r\n"]).line(100), Line::Bare);
        assert_eq!(inflow(&[b"NOOP\r\r\n"]).line(100), Line::Bare);
    }

    #[test]
    fn a_line_beyond_the_limit_is_told_before_it_ends() {
        assert_eq!(inflow(&[b"0123456789"]).line(8), Line::TooLong);
        assert_eq!(inflow(&[b"012345\r\n"]).line(8), Line::Whole(b"012345".to_vec()));
    }
}
