//! Lines of a message that begin with `From ` are quoted in a mailbox of one file, for they would end it. Two customs take
//! the quoting away differently, a third never quoted; the file does not say which it follows.

use std::borrow::Cow;

/// The ways in which a message with quoted lines can be read, the likeliest first, each different from the others: one `>`
/// less on every quoted line (mboxrd), only on lines with one `>` (mboxo), as stored. A signature may tell which it is.
pub fn readings(stored: &[u8]) -> Vec<Cow<'_, [u8]>> {
    let mut readings = Vec::new();
    for reading in [unquoted(stored, usize::MAX), unquoted(stored, 1), Cow::Borrowed(stored)] {
        if !readings.contains(&reading) {
            readings.push(reading);
        }
    }
    readings
}

/// Whether a line is one that a mailbox of one file quotes: some `>`, then `From `.
pub(crate) fn is_quoted(line: &[u8]) -> bool {
    depth(line) > 0
}

/// How many `>` stand before the `From ` of a line; none where there is no such word.
fn depth(line: &[u8]) -> usize {
    let marks = line.iter().take_while(|octet| **octet == b'>').count();
    if line[marks..].starts_with(b"From ") { marks } else { 0 }
}

fn unquoted(stored: &[u8], deepest: usize) -> Cow<'_, [u8]> {
    let is_to_change = |line: &[u8]| (1..=deepest).contains(&depth(line));
    if !stored.split_inclusive(|octet| *octet == b'\n').any(is_to_change) {
        return Cow::Borrowed(stored);
    }
    let lines = stored.split_inclusive(|octet| *octet == b'\n');
    Cow::Owned(lines.flat_map(|line| &line[usize::from(is_to_change(line))..]).copied().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_without_quoted_lines_has_one_reading() {
        assert_eq!(readings(b"a\n> From b\nFromage\n"), [&b"a\n> From b\nFromage\n"[..]]);
    }

    #[test]
    fn each_custom_gives_its_reading() {
        let stored = b">From a\n>>From b\n";
        assert_eq!(readings(stored), [&b"From a\n>From b\n"[..], b"From a\n>>From b\n", stored]);
    }
}
