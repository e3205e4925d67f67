//! A twin counts its messages as the provider itself does, so both would give the same names to different ones. What a twin
//! sends gets a mark in its own `Message-ID`, which no signature covers.

/// The sending end of an SMTP connection of a twin.
#[derive(Debug)]
pub(super) struct Marked {
    mark: &'static str,
    /// A line whose end is not written yet.
    rest: Vec<u8>,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Commands,
    Header,
    Body,
}

impl Marked {
    pub(super) fn new(mark: &'static str) -> Self {
        Self { mark, rest: Vec::new(), phase: Phase::Commands }
    }

    /// Takes what the twin writes; gives what crosses, whole lines alone.
    pub(super) fn writes(&mut self, octets: &[u8]) -> Vec<u8> {
        self.rest.extend_from_slice(octets);
        let Some(end) = self.rest.iter().rposition(|octet| *octet == b'\n') else { return Vec::new() };
        let lines: Vec<u8> = self.rest.drain(..=end).collect();
        let mut crosses = Vec::with_capacity(lines.len() + self.mark.len());
        for line in lines.split_inclusive(|octet| *octet == b'\n') {
            self.line(line, &mut crosses);
        }
        crosses
    }

    fn line(&mut self, line: &[u8], crosses: &mut Vec<u8>) {
        const FIELD: &[u8] = b"Message-ID: <";
        self.phase = match self.phase {
            Phase::Commands if line.eq_ignore_ascii_case(b"DATA\r\n") => Phase::Header,
            Phase::Header if line == b"\r\n" => Phase::Body,
            Phase::Header | Phase::Body if line == b".\r\n" => Phase::Commands,
            same => same,
        };
        match line.split_at_checked(FIELD.len()) {
            Some((field, rest)) if self.phase == Phase::Header && field.eq_ignore_ascii_case(FIELD) => {
                crosses.extend_from_slice(field);
                crosses.extend_from_slice(self.mark.as_bytes());
                crosses.extend_from_slice(rest);
            }
            _ => crosses.extend_from_slice(line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_s_own_name_is_marked_and_nothing_else_of_it_however_it_is_cut() {
        let written = b"MAIL FROM:<>\r\nDATA\r\nX-Riferimento-Message-ID: <a@x>\r\nMessage-ID: <b@y>\r\n\r\nMessage-ID: <c@z>\r\n.\r\n\
            MAIL FROM:<>\r\nMessage-ID: <no@field>\r\nDATA\r\nMessage-ID: <d@y>\r\n\r\n.\r\n";
        let expected = String::from_utf8_lossy(written).replace("<b@y>", "<t.b@y>").replace("<d@y>", "<t.d@y>");
        for cut in 1..written.len() {
            let mut marked = Marked::new("t.");
            let crossed: Vec<u8> = written.chunks(cut).flat_map(|piece| marked.writes(piece)).collect();
            assert_eq!(String::from_utf8_lossy(&crossed), expected, "cut at {cut}");
        }
    }
}
