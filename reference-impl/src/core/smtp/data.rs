use collaudo_node::Bytes;

/// Octets of a message's own header.
const HEADER_LIMIT: usize = 1024 * 1024;

/// Reads the octets of DATA up to the line that holds a single dot, and takes away the dots that were added.
///
/// Only CRLF ends a line here: a dot between bare line feeds ends nothing, so that no second message can be smuggled
/// behind it, and a message with a bare CR or LF is told apart.
#[derive(Debug)]
pub(super) struct Data {
    octets: Vec<u8>,
    limit: usize,
    at: At,
    bare: bool,
    /// Which limit was passed.
    over: Option<Limit>,
    in_body: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    LineStart,
    Dot,
    DotCr,
    Middle,
    Cr,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Limit {
    Header,
    Message,
}

/// What DATA brought.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Brought {
    /// A message, its lines all ended by CRLF.
    Message(Bytes),
    /// More octets than the limit.
    TooLarge,
    /// More octets of header than its limit.
    LargeHeader,
    /// A bare CR or a bare LF.
    Bare,
}

impl Data {
    pub(super) fn new(limit: usize) -> Self {
        Self { octets: Vec::new(), limit, at: At::LineStart, bare: false, over: None, in_body: false }
    }

    /// Takes a piece; gives how much of it was read where the final dot stands in it.
    pub(super) fn push(&mut self, piece: &[u8]) -> Option<usize> {
        if self.over.is_none() {
            self.octets.reserve(piece.len().min(self.limit.saturating_sub(self.octets.len())));
        }
        let mut rest = piece;
        while let Some((&octet, behind)) = rest.split_first() {
            match (self.at, octet) {
                (At::LineStart, b'.') => self.at = At::Dot,
                (At::Dot, b'\r') => self.at = At::DotCr,
                (At::DotCr, b'\n') => return Some(piece.len() - behind.len()),
                (At::Cr, b'\n') => {
                    self.keep(b"\r\n");
                    self.at = At::LineStart;
                }
                (At::DotCr | At::Cr, _) => {
                    self.bare = true;
                    self.keep(b"\r");
                    self.at = At::Middle;
                    continue;
                }
                (At::LineStart | At::Dot | At::Middle, _) => {
                    rest = self.middle(rest);
                    continue;
                }
            }
            rest = behind;
        }
        None
    }

    pub(super) fn finish(self) -> Brought {
        match self.over {
            Some(Limit::Header) => Brought::LargeHeader,
            Some(Limit::Message) => Brought::TooLarge,
            None if self.bare => Brought::Bare,
            None => Brought::Message(self.octets.into()),
        }
    }

    /// Keeps what stands before the next CR or LF, and reads that.
    fn middle<'a>(&mut self, rest: &'a [u8]) -> &'a [u8] {
        self.at = At::Middle;
        let end = memchr::memchr2(b'\r', b'\n', rest);
        let (text, behind) = rest.split_at(end.unwrap_or(rest.len()));
        self.keep(text);
        match behind.split_first() {
            Some((b'\r', behind)) => {
                self.at = At::Cr;
                behind
            }
            Some((_, behind)) => {
                self.bare = true;
                self.keep(b"\n");
                behind
            }
            None => behind,
        }
    }

    fn keep(&mut self, octets: &[u8]) {
        if self.over.is_some() {
            return;
        }
        self.in_body |= octets == b"\r\n" && (self.octets.is_empty() || self.octets.ends_with(b"\r\n"));
        let end = self.octets.len() + octets.len();
        if end > self.limit {
            self.over = Some(Limit::Message);
        } else if end > HEADER_LIMIT && !self.in_body {
            self.over = Some(Limit::Header);
        }
        match self.over {
            Some(_) => self.octets = Vec::new(),
            None => self.octets.extend_from_slice(octets),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(wire: &[u8], cut: usize, limit: usize) -> Option<(Brought, usize)> {
        let mut data = Data::new(limit);
        let mut before = 0;
        for piece in wire.chunks(cut) {
            if let Some(used) = data.push(piece) {
                return Some((data.finish(), before + used));
            }
            before += piece.len();
        }
        None
    }

    #[test]
    fn dots_are_unstuffed_in_every_cut() {
        let wire = b"a\r\n..b\r\n.c\r\n\r\n.\r\nQUIT\r\n";
        for cut in 1..=wire.len() {
            let expected = Brought::Message(Bytes::from_static(b"a\r\n.b\r\nc\r\n\r\n"));
            assert_eq!(read(wire, cut, 100), Some((expected, wire.len() - 6)), "cut {cut}");
        }
    }

    #[test]
    fn an_empty_message_ends_at_once() {
        assert_eq!(read(b".\r\n", 1, 100), Some((Brought::Message(Bytes::new()), 3)));
    }

    #[test]
    fn a_dot_between_bare_line_ends_ends_nothing() {
        for smuggled in [
            &b"a\n.\nb\r\n.\r\n"[..],
            b"a\n.\r\nb\r\n.\r\n",
            b"a\r.\rb\r\n.\r\n",
            b"a\r\n.\rb\r\n.\r\n",
            b"a\r\n.\nb\r\n.\r\n",
        ] {
            for cut in 1..=smuggled.len() {
                assert_eq!(read(smuggled, cut, 100), Some((Brought::Bare, smuggled.len())), "{smuggled:?} cut {cut}");
            }
        }
    }

    #[test]
    fn the_limit_counts_unstuffed_octets() {
        assert!(matches!(read(b"..234\r\n.\r\n", 3, 6), Some((Brought::Message(_), _))));
        assert!(matches!(read(b"..2345\r\n.\r\n", 3, 6), Some((Brought::TooLarge, 11))));
    }

    #[test]
    fn a_header_without_end_is_told_apart_from_a_large_message() {
        let field = |octets: usize| b"A: b\r\n".repeat(octets / 6 + 1);
        let limit = 3 * HEADER_LIMIT;
        let endless = [&field(HEADER_LIMIT)[..], b".\r\n"].concat();
        assert!(matches!(read(&endless, 4096, limit), Some((Brought::LargeHeader, _))));
        let ended = [b"A: b\r\n\r\n", &field(HEADER_LIMIT)[..], b".\r\n"].concat();
        assert!(matches!(read(&ended, 4096, limit), Some((Brought::Message(_), _))));
        assert!(matches!(read(&ended, 4096, HEADER_LIMIT), Some((Brought::TooLarge, _))));
    }
}
