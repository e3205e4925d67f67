use std::io::{self, Read};

/// What is read at a time.
const STRIDE: usize = 64 << 10;

/// A reader that can look ahead as far as it is asked to.
#[derive(Debug)]
pub(crate) struct Window<R> {
    input: R,
    buffer: Vec<u8>,
    from: usize,
    offset: u64,
    ended: bool,
}

impl<R: Read> Window<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { input, buffer: Vec::new(), from: 0, offset: 0, ended: false }
    }

    /// How many octets were consumed.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// The octets ahead: at least so many, fewer only where the input ends.
    pub(crate) fn peek(&mut self, octets: usize) -> io::Result<&[u8]> {
        while self.buffer.len() - self.from < octets && !self.ended {
            self.fill(octets)?;
        }
        Ok(&self.buffer[self.from..])
    }

    pub(crate) fn consume(&mut self, octets: usize) {
        let octets = octets.min(self.buffer.len() - self.from);
        self.from += octets;
        self.offset += octets as u64;
    }

    fn fill(&mut self, wanted: usize) -> io::Result<()> {
        // What was consumed goes first, so that the buffer holds little more than what is ahead.
        self.buffer.drain(..self.from);
        self.from = 0;
        if self.buffer.capacity() > 4 * wanted.max(STRIDE) {
            self.buffer.shrink_to(2 * wanted.max(STRIDE));
        }
        let missing = wanted.saturating_sub(self.buffer.len()).max(STRIDE);
        let read = self.input.by_ref().take(missing as u64).read_to_end(&mut self.buffer)?;
        self.ended = read < missing;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_peeked_is_still_to_come() {
        let mut window = Window::new(&b"From here to there"[..]);
        assert_eq!(window.peek(4).expect("reads"), b"From here to there");
        window.consume(5);
        assert_eq!(window.peek(100).expect("reads"), b"here to there");
        window.consume(100);
        assert_eq!(window.peek(1).expect("reads"), b"");
        assert_eq!(window.offset(), 18);
    }
}
