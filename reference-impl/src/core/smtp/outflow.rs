use collaudo_node::Bytes;

/// Octets handed to the transport at a time: the next lot waits until this one was taken.
const LOT: usize = 64 * 1024;

/// A last lot up to this goes out together with the final dot.
const SMALL: usize = 16 * 1024;

/// A message on its way out behind DATA: dots stuffed, the final dot behind it.
#[derive(Debug)]
pub(crate) struct Outflow {
    body: Bytes,
    at: usize,
}

impl Outflow {
    pub(crate) fn new(body: Bytes) -> Self {
        Self { body, at: 0 }
    }

    /// Whether the final dot was given too.
    pub(crate) fn is_done(&self) -> bool {
        self.at > self.body.len()
    }

    /// The next lot, in one or more pieces; empty where all was given.
    pub(crate) fn lot(&mut self) -> Vec<Bytes> {
        if self.is_done() {
            return Vec::new();
        }
        let end = self.body.len().min(self.at + LOT);
        let lot = self.body.slice(self.at..end);
        let line_start = self.at == 0 || self.body.get(self.at - 1) == Some(&b'\n');
        let lot = stuffed(lot, line_start);
        self.at = end;
        if end < self.body.len() {
            return vec![lot];
        }
        self.at = end + 1;
        let dot: &[u8] = if end == 0 || self.body.ends_with(b"\r\n") { b".\r\n" } else { b"\r\n.\r\n" };
        match lot.len() {
            ..=SMALL => vec![[&lot, dot].concat().into()],
            _ => vec![lot, Bytes::from_static(dot)],
        }
    }
}

/// Copies only where a line begins with a dot.
fn stuffed(lot: Bytes, line_start: bool) -> Bytes {
    let first = line_start && lot.first() == Some(&b'.');
    if !first && memchr::memmem::find(&lot, b"\n.").is_none() {
        return lot;
    }
    let mut out = Vec::with_capacity(lot.len() + 64);
    let mut start = line_start;
    for line in lot.split_inclusive(|&octet| octet == b'\n') {
        if start && line.first() == Some(&b'.') {
            out.push(b'.');
        }
        out.extend_from_slice(line);
        start = true;
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(body: &[u8]) -> Vec<u8> {
        let mut out = Outflow::new(Bytes::copy_from_slice(body));
        let mut wire = Vec::new();
        loop {
            let lot = out.lot();
            if lot.is_empty() {
                return wire;
            }
            lot.iter().for_each(|piece| wire.extend_from_slice(piece));
        }
    }

    #[test]
    fn dots_at_line_starts_are_doubled_and_the_final_dot_follows() {
        assert_eq!(wire(b".a\r\nb.\r\n..c\r\n"), b"..a\r\nb.\r\n...c\r\n.\r\n");
        assert_eq!(wire(b"a"), b"a\r\n.\r\n");
        assert_eq!(wire(b""), b".\r\n");
    }

    #[test]
    fn what_has_no_dot_at_a_line_start_is_not_copied() {
        let lot = Bytes::from_static(b"a.\r\nb\r\n");
        for (lot, line_start) in [(lot.clone(), true), (lot.slice(1..), false)] {
            assert_eq!(stuffed(lot.clone(), line_start).as_ptr(), lot.as_ptr());
        }
    }

    #[test]
    fn a_dot_at_the_edge_of_a_lot_is_seen() {
        let mut body = vec![b'a'; LOT - 2];
        body.extend_from_slice(b"\r\n.b\r\n");
        let mut expected = vec![b'a'; LOT - 2];
        expected.extend_from_slice(b"\r\n..b\r\n.\r\n");
        assert_eq!(wire(&body), expected);
        body.remove(0);
        expected.remove(0);
        assert_eq!(wire(&body), expected);
    }
}
