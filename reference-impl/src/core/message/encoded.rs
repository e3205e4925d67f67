//! Encoded words of header fields (RFC 2047), read and written.

use base64::{Engine, engine::general_purpose::STANDARD};

/// RFC 2047 §2.
const MAX_WORD: usize = 75;
/// Some writers make longer words; the search for their end stops here, so that a row of beginnings costs little.
const MAX_REACH: usize = 500;

/// Decodes a field's value; what is no encoded word, or of a character set not known here, stays as it is.
///
/// Octets over 127 outside encoded words are taken for UTF-8, where they are not that for ISO-8859-1.
pub(super) fn decode(value: &[u8]) -> String {
    if find(value, b"=?").is_none() {
        return Charset::guess(value);
    }
    let mut text = String::new();
    let mut pending: Option<(Charset, Vec<u8>)> = None;
    let mut rest = value;
    while !rest.is_empty() {
        let start = find(rest, b"=?").unwrap_or(rest.len());
        let (plain, tail) = rest.split_at(start);
        let word = Word::at(tail);
        // White space between two encoded words is not shown; octets of one character may lie in both.
        let joins = plain.iter().all(u8::is_ascii_whitespace);
        if let Some((charset, octets)) = pending.take() {
            match &word {
                Some(word) if joins && word.charset == charset => pending = Some((charset, octets)),
                Some(_) if joins => text.push_str(&charset.decode(&octets)),
                _ => {
                    text.push_str(&charset.decode(&octets));
                    text.push_str(&Charset::guess(plain));
                }
            }
        } else {
            text.push_str(&Charset::guess(plain));
        }
        match word {
            Some(word) => {
                pending.get_or_insert_with(|| (word.charset, Vec::new())).1.extend_from_slice(&word.octets);
                rest = tail.get(word.length..).unwrap_or_default();
            }
            None => {
                let skipped = tail.len().min(2);
                text.push_str(&Charset::guess(tail.get(..skipped).unwrap_or_default()));
                rest = tail.get(skipped..).unwrap_or_default();
            }
        }
    }
    if let Some((charset, octets)) = pending {
        text.push_str(&charset.decode(&octets));
    }
    text
}

/// Encodes a text as encoded words, to be parted by a fold; ISO-8859-1 where that suffices, else UTF-8.
pub(super) fn encode(text: &str) -> Vec<String> {
    let latin = text.chars().all(|c| u32::from(c) < 256);
    let (name, room) = if latin { ("iso-8859-1", 75 - 17) } else { ("utf-8", 75 - 12) };
    let mut words = Vec::new();
    let mut body = String::new();
    for c in text.chars() {
        let mut utf8 = [0; 4];
        let octets: &[u8] = match u8::try_from(u32::from(c)) {
            Ok(octet) if latin => &[octet],
            _ => c.encode_utf8(&mut utf8).as_bytes(),
        };
        let shown: String = octets.iter().map(|octet| q(*octet)).collect();
        if body.len() + shown.len() > room {
            words.push(format!("=?{name}?Q?{body}?="));
            body.clear();
        }
        body.push_str(&shown);
    }
    words.push(format!("=?{name}?Q?{body}?="));
    debug_assert!(words.iter().all(|word| word.len() <= MAX_WORD));
    words
}

/// One octet of the "Q" encoding, safe in every place of a header.
fn q(octet: u8) -> String {
    match octet {
        b' ' => "_".into(),
        b'!' | b'*' | b'+' | b'-' | b'/' => char::from(octet).into(),
        _ if octet.is_ascii_alphanumeric() => char::from(octet).into(),
        _ => format!("={octet:02X}"),
    }
}

/// An encoded word, decoded to octets.
struct Word {
    charset: Charset,
    octets: Vec<u8>,
    length: usize,
}

impl Word {
    /// The encoded word that begins at the first octet.
    fn at(text: &[u8]) -> Option<Self> {
        let reach = text.get(..text.len().min(MAX_REACH))?;
        let mut pieces = reach.strip_prefix(b"=?")?.splitn(3, |octet| *octet == b'?');
        let (name, encoding, rest) = (pieces.next()?, pieces.next()?, pieces.next()?);
        let end = find(rest, b"?=")?;
        let body = rest.get(..end)?;
        if body.iter().any(|octet| !(b'!'..=b'~').contains(octet) && *octet != b' ') {
            return None;
        }
        let charset = Charset::named(name.split(|octet| *octet == b'*').next()?)?;
        let octets = match encoding {
            b"b" | b"B" => STANDARD.decode(body).ok()?,
            b"q" | b"Q" => unquote(body)?,
            _ => return None,
        };
        Some(Self { charset, octets, length: 2 + name.len() + 1 + encoding.len() + 1 + end + 2 })
    }
}

/// Undoes the "Q" encoding.
fn unquote(body: &[u8]) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(body.len());
    let mut rest = body.iter();
    while let Some(octet) = rest.next() {
        octets.push(match octet {
            b'_' => b' ',
            b'=' => {
                let digit = |octet: Option<&u8>| char::from(*octet?).to_digit(16);
                let (high, low) = (digit(rest.next())?, digit(rest.next())?);
                u8::try_from(high * 16 + low).ok()?
            }
            _ => *octet,
        });
    }
    Some(octets)
}

/// The character sets that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Charset {
    Utf8,
    Latin1,
    Windows1252,
    Latin9,
}

impl Charset {
    /// By its name, ignoring case.
    pub(super) fn named(name: &[u8]) -> Option<Self> {
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        match () {
            () if is("utf-8") || is("utf8") || is("us-ascii") || is("ascii") => Some(Self::Utf8),
            () if is("iso-8859-1") || is("latin1") => Some(Self::Latin1),
            () if is("windows-1252") || is("cp1252") => Some(Self::Windows1252),
            () if is("iso-8859-15") => Some(Self::Latin9),
            () => None,
        }
    }

    /// Decodes octets that say nothing of their character set.
    pub(super) fn guess(octets: &[u8]) -> String {
        match std::str::from_utf8(octets) {
            Ok(text) => text.into(),
            Err(_) => Self::Latin1.decode(octets),
        }
    }

    pub(super) fn decode(self, octets: &[u8]) -> String {
        match self {
            Self::Utf8 => String::from_utf8_lossy(octets).into_owned(),
            Self::Latin1 => octets.iter().copied().map(char::from).collect(),
            Self::Windows1252 => octets.iter().copied().map(windows_1252).collect(),
            Self::Latin9 => octets.iter().copied().map(latin_9).collect(),
        }
    }
}

fn windows_1252(octet: u8) -> char {
    const HIGH: &str = "€\u{fffd}‚ƒ„…†‡ˆ‰Š‹Œ\u{fffd}Ž\u{fffd}\u{fffd}‘’“”•–—˜™š›œ\u{fffd}žŸ";
    match octet {
        0x80..=0x9f => HIGH.chars().nth(usize::from(octet - 0x80)).unwrap_or(char::REPLACEMENT_CHARACTER),
        _ => char::from(octet),
    }
}

fn latin_9(octet: u8) -> char {
    match octet {
        0xa4 => '€',
        0xa6 => 'Š',
        0xa8 => 'š',
        0xb4 => 'Ž',
        0xb8 => 'ž',
        0xbc => 'Œ',
        0xbd => 'œ',
        0xbe => 'Ÿ',
        _ => char::from(octet),
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(haystack, needle)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_of_every_known_character_set_are_read() {
        assert_eq!(decode(b"=?UTF-8?Q?perch=C3=A9?="), "perché");
        assert_eq!(decode(b"=?iso-8859-1*it?q?perch=E9?="), "perché");
        assert_eq!(decode(b"=?utf-8?B?cGVyY2jDqQ==?="), "perché");
        assert_eq!(decode(b"=?windows-1252?Q?=80_=93x=94?="), "€ “x”");
        assert_eq!(decode(b"=?ISO-8859-15?Q?=A4?="), "€");
    }

    #[test]
    fn white_space_between_words_is_not_shown_and_between_word_and_text_is() {
        assert_eq!(decode(b"=?utf-8?Q?a?= \t=?utf-8?Q?b?="), "ab");
        assert_eq!(decode(b"=?utf-8?Q?a?= =?iso-8859-1?Q?b?="), "ab");
        assert_eq!(decode(b"=?utf-8?Q?a?= b =?utf-8?Q?c?="), "a b c");
    }

    #[test]
    fn a_character_cut_by_two_words_is_put_together() {
        assert_eq!(decode(b"=?utf-8?Q?perch=C3?= =?utf-8?Q?=A9?="), "perché");
    }

    #[test]
    fn what_is_no_word_stays_as_it_is() {
        for text in ["=?", "=?utf-8?Q?x", "=?koi8-r?Q?x?=", "=?utf-8?X?x?=", "=?utf-8?Q?=ZZ?=", "a =?= b ?="] {
            assert_eq!(decode(text.as_bytes()), text);
        }
        assert_eq!(decode("già".as_bytes()), "già");
        assert_eq!(decode(b"gi\xe0"), "già");
    }

    #[test]
    fn the_smaller_character_set_is_chosen() {
        assert_eq!(encode("perché"), ["=?iso-8859-1?Q?perch=E9?="]);
        assert_eq!(encode("10 €"), ["=?utf-8?Q?10_=E2=82=AC?="]);
    }

    proptest! {
        #[test]
        fn what_is_encoded_decodes_to_itself(text in "\\PC{0,200}") {
            let words = encode(&text);
            prop_assert!(words.iter().all(|word| word.len() <= MAX_WORD));
            prop_assert_eq!(decode(words.join("\r\n ").as_bytes()), text);
        }

        #[test]
        fn decoding_takes_any_octets(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            decode(&octets);
        }
    }
}
