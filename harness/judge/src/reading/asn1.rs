//! Just enough ASN.1 to keep original octets: a reader of tag, length and value, and BER with indefinite lengths made
//! definite. What the values mean is left to typed readers.

use std::borrow::Cow;

/// How deep structures may nest.
const MAX_DEPTH: u32 = 32;

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OID: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;
const CONSTRUCTED: u8 = 0x20;

/// A tag, a value and the octets of both.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tlv<'a> {
    pub(super) tag: u8,
    pub(super) value: &'a [u8],
    pub(super) whole: &'a [u8],
}

/// Reads values one behind the other; definite lengths only.
#[derive(Clone, Copy, Debug)]
pub(super) struct Values<'a>(pub(super) &'a [u8]);

impl<'a> Values<'a> {
    /// The next value if it has that tag; otherwise the reader stays where it is.
    pub(super) fn tagged(&mut self, tag: u8) -> Option<Tlv<'a>> {
        let mut ahead = *self;
        let tlv = ahead.next().filter(|tlv| tlv.tag == tag)?;
        *self = ahead;
        Some(tlv)
    }
}

impl<'a> Iterator for Values<'a> {
    type Item = Tlv<'a>;

    fn next(&mut self) -> Option<Tlv<'a>> {
        let header = header(self.0)?;
        let end = header.octets.checked_add(header.length?)?;
        let (whole, rest) = self.0.split_at_checked(end)?;
        self.0 = rest;
        Some(Tlv { tag: header.tag, value: whole.get(header.octets..)?, whole })
    }
}

/// The first value of these octets.
pub(super) fn first(octets: &[u8]) -> Option<Tlv<'_>> {
    Values(octets).next()
}

struct Header {
    tag: u8,
    octets: usize,
    /// None where it is indefinite.
    length: Option<usize>,
}

#[inline(always)]
fn header(octets: &[u8]) -> Option<Header> {
    let (&tag, rest) = octets.split_first()?;
    let (&short, rest) = rest.split_first()?;
    // Tags above 30 do not occur in what is read here.
    if tag & 0x1f == 0x1f {
        return None;
    }
    let (octets, length) = match (short, rest) {
        (0..=0x7f, _) => (2, Some(usize::from(short))),
        (0x80, _) => (2, None),
        (0x81, [digit, ..]) => (3, Some(usize::from(*digit))),
        (0x82, [high, low, ..]) => (4, Some(usize::from(*high) << 8 | usize::from(*low))),
        _ => {
            let count = usize::from(short & 0x7f);
            let digits = rest.get(..count).filter(|_| count <= 4)?;
            (2 + count, Some(digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit))))
        }
    };
    Some(Header { tag, octets, length })
}

/// Makes BER definite: indefinite lengths are counted, octet strings in pieces are joined. What is definite already stays
/// as it is, octet by octet, so that certificates and signed attributes keep theirs.
///
/// *Gives* none where the octets are no ASN.1 or nest too deep; trailing octets are left out.
pub(super) fn definite(octets: &[u8]) -> Option<Cow<'_, [u8]>> {
    let whole = first(octets).filter(|tlv| is_definite(tlv.whole, 0));
    if let Some(whole) = whole {
        return Some(Cow::Borrowed(whole.whole));
    }
    let mut out = Vec::with_capacity(octets.len());
    convert(octets, &mut out, 0)?;
    Some(Cow::Owned(out))
}

/// Converts one value; gives how many octets of the input it took.
fn convert(octets: &[u8], out: &mut Vec<u8>, depth: u32) -> Option<usize> {
    let header = header(octets)?;
    if depth > MAX_DEPTH {
        return None;
    }
    let whole = header.length.map(|length| header.octets.checked_add(length));
    let end = match whole {
        Some(end) => Some(end.filter(|end| *end <= octets.len())?),
        None => None,
    };
    if let Some(end) = end
        && (header.tag & CONSTRUCTED == 0 || is_definite(octets.get(header.octets..end)?, depth))
        && header.tag != OCTET_STRING | CONSTRUCTED
    {
        out.extend_from_slice(octets.get(..end)?);
        return Some(end);
    }
    if header.tag & CONSTRUCTED == 0 {
        return None;
    }
    let mut content = Vec::new();
    let taken = convert_children(
        octets.get(..end.unwrap_or(octets.len()))?,
        header.octets,
        end.is_none(),
        &mut content,
        depth,
    )?;
    if header.tag == OCTET_STRING | CONSTRUCTED {
        let joined: Vec<u8> = Values(&content).flat_map(|piece| piece.value.iter().copied()).collect();
        write(OCTET_STRING, &joined, out);
    } else {
        write(header.tag, &content, out);
    }
    Some(taken)
}

fn convert_children(octets: &[u8], start: usize, indefinite: bool, out: &mut Vec<u8>, depth: u32) -> Option<usize> {
    let mut at = start;
    loop {
        let rest = octets.get(at..)?;
        if indefinite && rest.starts_with(&[0, 0]) {
            return Some(at + 2);
        }
        if rest.is_empty() {
            return (!indefinite).then_some(at);
        }
        at += convert(rest, out, depth + 1)?;
    }
}

/// Whether nothing in these values is of indefinite length or an octet string in pieces.
fn is_definite(octets: &[u8], depth: u32) -> bool {
    let mut rest = octets;
    while let Some(header) = header(rest) {
        let end = header.length.map_or(usize::MAX, |length| header.octets.saturating_add(length));
        let Some((own, behind)) = rest.split_at_checked(end) else { return false };
        rest = behind;
        if header.tag & CONSTRUCTED != 0 {
            let is_whole = header.tag != OCTET_STRING | CONSTRUCTED && depth < MAX_DEPTH;
            if !is_whole || !own.get(header.octets..).is_some_and(|inside| is_definite(inside, depth + 1)) {
                return false;
            }
        }
    }
    rest.is_empty()
}

pub(super) fn write(tag: u8, value: &[u8], out: &mut Vec<u8>) {
    out.push(tag);
    let length = value.len();
    match u8::try_from(length) {
        Ok(short @ 0..=0x7f) => out.push(short),
        _ => {
            let digits: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|digit| *digit == 0).collect();
            out.push(0x80 | u8::try_from(digits.len()).unwrap_or(0));
            out.extend_from_slice(&digits);
        }
    }
    out.extend_from_slice(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indefinite_lengths_are_counted_and_pieces_joined() {
        let ber = [0x30, 0x80, 0x24, 0x80, 4, 1, b'a', 4, 1, b'b', 0, 0, 2, 1, 7, 0, 0];
        assert_eq!(definite(&ber).as_deref(), Some(&[0x30, 7, 4, 2, b'a', b'b', 2, 1, 7][..]));
    }

    #[test]
    fn what_is_definite_keeps_its_octets() {
        let long_form = [0x30, 0x81, 3, 2, 1, 7];
        let nested = [0x30, 0x81, 6, 0x30, 0x81, 3, 2, 1, 7];
        for own in [&long_form[..], &nested] {
            assert_eq!(definite(own).as_deref(), Some(own));
        }
    }

    #[test]
    fn octets_that_are_cut_short_are_refused() {
        assert_eq!(definite(&[0x30, 0x80, 2, 1, 7]), None);
        assert_eq!(definite(&[0x30, 9, 2, 1, 7]), None);
        assert_eq!(definite(&[]), None);
        assert_eq!(definite(&[0x30, 0x80].repeat(1_000)), None);
    }
}
