//! Just enough of BER to find one's way in a CMS structure and keep its octets: signatures are over octets, and deployed
//! ones come in DER and in BER of indefinite length.

/// CMS as mail carries it nests less than this; each level of indefinite length is read once more for each level above.
const MAX_DEPTH: usize = 24;

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OID: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;
const CONSTRUCTED: u8 = 0x20;

/// One element: its tag, what it holds, and all its octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    pub(super) whole: &'a [u8],
}

/// The elements that stand in a row of octets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Elements<'a>(pub(super) &'a [u8]);

impl<'a> Elements<'a> {
    /// The next element, whatever its tag.
    pub(super) fn any(&mut self) -> Option<Element<'a>> {
        let element = read(self.0, 0)?;
        self.0 = self.0.get(element.whole.len()..)?;
        Some(element)
    }

    /// The next element, which must have this tag.
    pub(super) fn required(&mut self, tag: u8) -> Option<Element<'a>> {
        self.any().filter(|element| element.tag == tag)
    }

    /// The next element, where it has this tag.
    pub(super) fn optional(&mut self, tag: u8) -> Option<Element<'a>> {
        (self.0.first() == Some(&tag)).then(|| self.any()).flatten()
    }
}

impl<'a> Element<'a> {
    /// What a constructed element holds.
    pub(super) fn inside(&self) -> Elements<'a> {
        Elements(self.content)
    }
}

/// The value of an octet string, also of one in pieces, whose tag may be an implicit one.
pub(super) fn octets(element: &Element<'_>) -> Option<Vec<u8>> {
    if element.tag & CONSTRUCTED == 0 {
        return Some(element.content.to_vec());
    }
    let mut out = Vec::new();
    let mut pieces = element.inside();
    while !pieces.0.is_empty() {
        out.extend_from_slice(pieces.required(OCTET_STRING)?.content);
    }
    Some(out)
}

/// The DER of an element whose content comes in these pieces.
pub(super) fn element(tag: u8, pieces: &[&[u8]]) -> Vec<u8> {
    let octets: usize = pieces.iter().map(|piece| piece.len()).sum();
    let length = octets.to_be_bytes();
    let length = length.iter().position(|octet| *octet != 0).and_then(|first| length.get(first..)).unwrap_or(&[0]);
    let mut out = Vec::with_capacity(octets + 10);
    out.push(tag);
    match length {
        [short] if *short < 128 => out.push(*short),
        long => {
            out.push(0x80 | u8::try_from(long.len()).unwrap_or_default());
            out.extend_from_slice(long);
        }
    }
    pieces.iter().for_each(|piece| out.extend_from_slice(piece));
    out
}

fn read(input: &[u8], depth: usize) -> Option<Element<'_>> {
    let (tag, length) = (*input.first()?, *input.get(1)?);
    // Tags over 30 take more octets; CMS has none.
    if tag & 0x1f == 0x1f || depth > MAX_DEPTH {
        return None;
    }
    if length == 0x80 {
        return indefinite(input, tag, depth);
    }
    let (header, length) = match length & 0x7f {
        short if length < 0x80 => (2, usize::from(short)),
        octets @ 1..=4 => {
            let digits = input.get(2..2 + usize::from(octets))?;
            (2 + digits.len(), digits.iter().fold(0_usize, |length, octet| length << 8 | usize::from(*octet)))
        }
        _ => return None,
    };
    let whole = input.get(..header.checked_add(length)?)?;
    Some(Element { tag, content: whole.get(header..)?, whole })
}

fn indefinite(input: &[u8], tag: u8, depth: usize) -> Option<Element<'_>> {
    if tag & CONSTRUCTED == 0 {
        return None;
    }
    let mut end = 2;
    loop {
        let rest = input.get(end..)?;
        if rest.starts_with(&[0, 0]) {
            return Some(Element { tag, content: input.get(2..end)?, whole: input.get(..end + 2)? });
        }
        end += read(rest, depth + 1)?.whole.len();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn definite_and_indefinite_lengths_hold_the_same() {
        let definite = Elements(&[0x30, 3, 2, 1, 5]).any().unwrap();
        let indefinite = Elements(&[0x30, 0x80, 2, 1, 5, 0, 0, 9]).any().unwrap();
        assert_eq!(definite.content, indefinite.content);
        assert_eq!(indefinite.whole.len(), 7);
    }

    #[test]
    fn octet_strings_in_pieces_are_put_together() {
        let element = Elements(&[0x24, 0x80, 4, 1, b'a', 4, 2, b'b', b'c', 0, 0]).any().unwrap();
        assert_eq!(octets(&element).unwrap(), b"abc");
    }

    #[test]
    fn an_element_has_the_shortest_length() {
        assert_eq!(element(SET, &[]), [0x31, 0]);
        assert_eq!(element(SET, &[&[7; 127]])[..2], [0x31, 127]);
        assert_eq!(element(SET, &[&[7; 100], &[7; 28]])[..3], [0x31, 0x81, 128]);
        assert_eq!(element(SET, &[&[7; 300]])[..4], [0x31, 0x82, 1, 44]);
    }

    #[test]
    fn depth_is_bounded() {
        assert_eq!(Elements(&[0x30, 0x80].repeat(1 << 16)).any(), None);
    }

    proptest! {
        #[test]
        fn any_octets_are_read_or_refused(octets in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Some(element) = Elements(&octets).any() {
                prop_assert!(octets.starts_with(element.whole));
            }
        }
    }
}
