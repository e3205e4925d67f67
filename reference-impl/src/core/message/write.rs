//! Writing header fields and transfer encodings.

use std::{borrow::Cow, fmt::Write as _};

use base64_simd::STANDARD;

use super::{
    Subject, encoded,
    header::{Field, MAX_LINE_OCTETS},
};

/// RFC 5322 §2.1.1: lines should not be longer.
const GOOD_LINE: usize = 78;

/// A header in the making.
#[derive(Clone, Debug, Default)]
pub(super) struct Header(Vec<u8>);

/// Octets that most headers of a part need.
const SMALL: usize = 256;

impl Header {
    /// Adds a field; long values are folded where they have white space. A control character, which could end the field
    /// and begin another, becomes a space.
    pub(super) fn add(&mut self, name: &str, value: &str) {
        if self.0.capacity() == 0 {
            self.0.reserve(SMALL);
        }
        // What fits in a line, and holds nothing that could do harm, stands as it is.
        if name.len() + 2 + value.len() <= GOOD_LINE && value.bytes().all(|octet| matches!(octet, b' '..=b'~')) {
            [name, ": ", value, "\r\n"].iter().for_each(|piece| self.0.extend_from_slice(piece.as_bytes()));
            return;
        }
        let value = value.replace(|c: char| c.is_control() && c != '\t', " ");
        self.0.extend_from_slice(name.as_bytes());
        self.0.push(b':');
        let mut line = name.len() + 1;
        let mut first = true;
        for word in words(&value) {
            // Unfolding gives back the value octet by octet, for a fold only adds a line end before white space.
            let lead = usize::from(first);
            let limit = if first { MAX_LINE_OCTETS } else { GOOD_LINE };
            if line + lead + word.len() > limit {
                self.0.extend_from_slice(b"\r\n");
                line = 0;
            }
            if first {
                self.0.push(b' ');
            }
            self.0.extend_from_slice(word.as_bytes());
            line += lead + word.len();
            first = false;
        }
        self.0.extend_from_slice(b"\r\n");
    }

    /// Adds a field where there is a value.
    pub(super) fn add_if(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.add(name, value);
        }
    }

    /// Adds a field of another message, octet by octet.
    pub(super) fn copy(&mut self, field: &Field) {
        self.0.extend_from_slice(field.raw());
        if !field.raw().ends_with(b"\n") {
            self.0.extend_from_slice(b"\r\n");
        }
    }

    /// Adds a Subject: a prefix and the subject of the original, as it stood there where that can be.
    pub(super) fn subject(&mut self, prefix: &str, subject: Option<&Subject>) {
        // A word with no place to fold would make too long a line.
        let repeatable = |wire: &&str| words(wire).iter().all(|word| word.len() + prefix.len() < MAX_LINE_OCTETS - 10);
        let value = match subject {
            None => prefix.into(),
            Some(subject) => match subject.wire.as_deref().filter(repeatable) {
                Some(wire) => format!("{prefix}{wire}"),
                None => format!("{prefix}{}", encoded::encode(&subject.text).join(" ")),
            },
        };
        self.add("Subject", &value);
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The fields written so far.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// Cuts a value into words, each with the white space before it; white space at the end stays with the last word.
fn words(value: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = 0;
    let mut in_word = false;
    for (at, octet) in value.bytes().enumerate() {
        let space = octet == b' ' || octet == b'\t';
        if space && in_word {
            words.push(value.get(start..at).unwrap_or_default());
            start = at;
        }
        in_word = !space;
    }
    let last = value.get(start..).unwrap_or_default();
    match words.pop() {
        Some(word) if last.trim_ascii().is_empty() => words.push(value.get(start - word.len()..).unwrap_or_default()),
        Some(word) => words.extend([word, last]),
        None => words.push(last),
    }
    words
}

/// Base64 in lines of 76 characters, the last without its end.
pub(super) fn base64(octets: &[u8]) -> Vec<u8> {
    // All in one go and then cut: a call for each line costs twice as much.
    let text = STANDARD.encode_to_string(octets);
    let mut out = Vec::with_capacity(text.len() / LINE * (LINE + 2) + LINE);
    for (number, line) in text.as_bytes().chunks(LINE).enumerate() {
        if number > 0 {
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(line);
    }
    out
}

/// Characters of a line of base64.
const LINE: usize = 76;

/// Quoted-printable of a text whose lines end in `\n`, in ISO-8859-1; what that set lacks becomes a question mark.
pub(super) fn quoted_printable_latin1(text: &str) -> Vec<u8> {
    quoted_lines(text, |line| match line.is_ascii() {
        true => Cow::Borrowed(line.as_bytes()),
        false => line.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect(),
    })
}

/// Quoted-printable of a text whose lines end in `\n`, in UTF-8.
pub(super) fn quoted_printable(text: &str) -> Vec<u8> {
    quoted_lines(text, |line| Cow::Borrowed(line.as_bytes()))
}

fn quoted_lines<'a>(text: &'a str, octets: impl Fn(&'a str) -> Cow<'a, [u8]>) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + text.len() / 4);
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            out.extend_from_slice(b"\r\n");
        }
        quoted_line(&octets(line), &mut out);
    }
    out
}

/// XML whose lines end in `\n` in ASCII with CRLF, other characters as references; `None` where a line gets too long.
pub(super) fn ascii_lines(xml: &str) -> Option<Vec<u8>> {
    let mut out = String::with_capacity(xml.len() + xml.len() / 16);
    for (number, line) in xml.split('\n').enumerate() {
        if number > 0 {
            out.push_str("\r\n");
        }
        let start = out.len();
        if line.is_ascii() {
            out.push_str(line);
        } else {
            for c in line.chars() {
                let _ = if c.is_ascii() { out.write_char(c) } else { write!(out, "&#x{:X};", u32::from(c)) };
            }
        }
        if out.len() - start > MAX_LINE_OCTETS {
            return None;
        }
    }
    Some(out.into_bytes())
}

const DIGITS: &[u8; 16] = b"0123456789ABCDEF";

/// Hexadecimal digits in lower case.
pub(super) fn hex(octets: &[u8]) -> String {
    let digit = |value: u8| char::from(DIGITS[usize::from(value)].to_ascii_lowercase());
    let mut out = String::with_capacity(2 * octets.len());
    out.extend(octets.iter().flat_map(|octet| [digit(octet >> 4), digit(octet & 0xf)]));
    out
}

fn quoted_line(octets: &[u8], out: &mut Vec<u8>) {
    let mut room = 75;
    for (at, octet) in octets.iter().enumerate() {
        let last = at + 1 == octets.len();
        let plain = match octet {
            b'=' => false,
            b'!'..=b'~' => true,
            b' ' => !last,
            _ => false,
        };
        let shown = if plain { 1 } else { 3 };
        if shown > room {
            out.extend_from_slice(b"=\r\n");
            room = 75;
        }
        room -= shown;
        match plain {
            true => out.push(*octet),
            false => out.extend([b'=', DIGITS[usize::from(octet >> 4)], DIGITS[usize::from(octet & 0xf)]]),
        }
    }
}

/// A text without what may stand neither in XML nor in a line of text: control characters become spaces.
pub(super) fn harmless(text: &str) -> Cow<'_, str> {
    let does_harm = |c: char| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}');
    if !text.contains(does_harm) {
        return text.into();
    }
    let harmless = |c: char| match c {
        c if c.is_control() => ' ',
        c if does_harm(c) => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    text.chars().map(harmless).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Message;
    use super::*;

    fn written(name: &str, value: &str) -> Vec<u8> {
        let mut header = Header::default();
        header.add(name, value);
        header.into_bytes()
    }

    fn subject(text: &str, wire: Option<&str>) -> String {
        let mut header = Header::default();
        header.subject("CONSEGNA: ", Some(&Subject { text: text.into(), wire: wire.map(Into::into) }));
        String::from_utf8(header.into_bytes()).unwrap()
    }

    #[test]
    fn an_ascii_subject_is_repeated_as_it_stood() {
        assert_eq!(
            subject("perché", Some("=?utf-8?B?cGVyY2jDqQ==?=")),
            "Subject: CONSEGNA: =?utf-8?B?cGVyY2jDqQ==?=\r\n"
        );
        assert_eq!(subject("perché", None), "Subject: CONSEGNA: =?iso-8859-1?Q?perch=E9?=\r\n");
    }

    #[test]
    fn a_subject_without_a_place_to_fold_is_encoded() {
        let long = "x".repeat(990);
        let written = subject(&long, Some(&long));
        assert!(written.lines().all(|line| line.len() <= GOOD_LINE + 10), "{written}");
        let message = Message::read(written.into_bytes().into()).unwrap();
        assert_eq!(message.subject().unwrap().text, format!("CONSEGNA: {long}"));
    }

    #[test]
    fn a_missing_subject_leaves_the_prefix() {
        let mut header = Header::default();
        header.subject("CONSEGNA: ", None);
        assert_eq!(header.into_bytes(), b"Subject: CONSEGNA: \r\n");
    }

    #[test]
    fn a_value_cannot_begin_another_field() {
        assert_eq!(written("To", "a@x.it\r\nBcc: b@y.it"), b"To: a@x.it  Bcc: b@y.it\r\n");
    }

    #[test]
    fn identifiers_are_not_folded_unless_they_must() {
        let id = format!("<{}@alfa.test>", "x".repeat(100));
        assert_eq!(written("Message-ID", &id), format!("Message-ID: {id}\r\n").into_bytes());
        let id = format!("<{}@alfa.test>", "x".repeat(960));
        assert!(Message::read(written("X-Riferimento-Message-ID", &id).into()).is_ok());
    }

    #[test]
    fn quoted_printable_keeps_its_lines_short_and_its_ends_visible() {
        assert_eq!(quoted_printable_latin1("è €=\nfine "), b"=E8 ?=3D\r\nfine=20");
        let long = quoted_printable_latin1(&"è".repeat(100));
        assert!(long.split(|octet| *octet == b'\n').all(|line| line.len() <= 77));
        assert_eq!(quoted_printable("è\n"), b"=C3=A8\r\n");
    }

    #[test]
    fn xml_in_ascii_says_the_same_in_bounded_lines() {
        assert_eq!(ascii_lines("<a>è€</a>\n").unwrap(), b"<a>&#xE8;&#x20AC;</a>\r\n");
        assert!(ascii_lines(&"x".repeat(998)).is_some() && ascii_lines(&"x".repeat(999)).is_none());
    }

    proptest! {
        #[test]
        fn folding_gives_back_the_value(value in "[!-~]([ -~\t]{0,300}[!-~])?") {
            let raw = written("Subject", &value);
            let message = Message::read(raw.into()).unwrap();
            let field = message.get("Subject").unwrap();
            prop_assert_eq!(field.unfolded(), value.into_bytes());
        }
    }
}
