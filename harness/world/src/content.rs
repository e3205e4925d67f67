use memchr::memchr;

/// The most octets of a content: four times what the largest provider takes.
pub(crate) const CONTENT_OCTETS_MAX: usize = 128 * 1024 * 1024;

/// A content on its way (a message, mostly), which ends with a line that is a dot and nothing more: SMTP and POP3 send
/// messages so, a dot doubled where a line begins with one.
#[derive(Default)]
pub(crate) struct Content {
    octets: Vec<u8>,
    /// Where the line that is being read begins.
    line: usize,
}

/// What became of octets that a content was given.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// All of them belong to it.
    All,
    /// So many belong to it; the final dot was among them.
    Ended(usize),
    /// More than [`CONTENT_OCTETS_MAX`]; it is given up.
    TooMuch,
}

impl Content {
    /// Takes octets up to the end of the content.
    pub(crate) fn take(&mut self, octets: &[u8]) -> Taken {
        self.octets.reserve(octets.len().min(CONTENT_OCTETS_MAX));
        let mut rest = octets;
        while !rest.is_empty() {
            let end = memchr(b'\n', rest).map_or(rest.len(), |n| n + 1);
            let (part, behind) = rest.split_at(end);
            rest = behind;
            self.octets.extend_from_slice(part);
            if self.octets.len() > CONTENT_OCTETS_MAX {
                return Taken::TooMuch;
            }
            if self.octets.last() != Some(&b'\n') {
                break;
            }
            match self.octets.get(self.line..) {
                Some(b".\r\n") if self.is_after_crlf() => {
                    self.octets.truncate(self.line);
                    return Taken::Ended(octets.len() - rest.len());
                }
                Some([b'.', ..]) => {
                    self.octets.remove(self.line);
                }
                _ => {}
            }
            self.line = self.octets.len();
        }
        Taken::All
    }

    /// What it came to, with CRLF and without the dots that were not its own.
    pub(crate) fn into_octets(self) -> Vec<u8> {
        self.octets
    }

    fn is_after_crlf(&self) -> bool {
        self.line == 0 || self.octets.get(..self.line).is_some_and(|before| before.ends_with(b"\r\n"))
    }
}

/// Dots at the beginning of a line doubled, the final dot line appended.
pub(crate) fn stuffed(content: &[u8]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(content.len() + 64);
    for line in content.split_inclusive(|b| *b == b'\n') {
        if line.first() == Some(&b'.') {
            octets.push(b'.');
        }
        octets.extend_from_slice(line);
    }
    if !octets.is_empty() && !octets.ends_with(b"\r\n") {
        octets.extend_from_slice(b"\r\n");
    }
    octets.extend_from_slice(b".\r\n");
    octets
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTENT: &[u8] = b".dots\r\n..are kept\r\n\r\n.\nand a bare line end\r\n";

    #[test]
    fn a_content_arrives_as_it_was_in_any_cut() {
        let sent = stuffed(CONTENT);
        for cut in 0..sent.len() {
            let (one, two) = sent.split_at(cut);
            let mut content = Content::default();
            assert_eq!(content.take(one), Taken::All, "cut at {cut}");
            assert_eq!(content.take(&[two, b"QUIT\r\n"].concat()), Taken::Ended(two.len()), "cut at {cut}");
            assert_eq!(content.into_octets(), CONTENT, "cut at {cut}");
        }
    }

    #[test]
    fn a_content_may_be_empty() {
        let mut content = Content::default();
        assert_eq!(content.take(&stuffed(b"")), Taken::Ended(3));
        assert_eq!(content.into_octets(), b"");
    }

    #[test]
    fn a_content_without_end_is_given_up() {
        let mut content = Content::default();
        let piece = vec![b'x'; CONTENT_OCTETS_MAX / 4];
        let taken: Vec<_> = (0..5).map(|_| content.take(&piece)).collect();
        assert_eq!(taken.last(), Some(&Taken::TooMuch));
    }
}
