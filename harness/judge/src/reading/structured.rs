//! Structured fields, `Content-Type` and `Content-Disposition`: a value and its parameters.

use mail_parser::{ContentType, HeaderValue, parsers::MessageStream};

use super::{Word, cut};

/// A value with its parameters.
#[derive(Debug)]
pub(super) enum Structured<'a> {
    /// As nearly all stand: words and quoted words, nothing to decode.
    Plain(Plain<'a>),
    /// What only the decoder understands.
    Decoded(ContentType<'a>),
}

/// A value without comments, encodings and escapes.
#[derive(Debug)]
pub(super) struct Plain<'a> {
    main: &'a str,
    sub: Option<&'a str>,
    parameters: Vec<(&'a str, &'a str)>,
}

impl<'a> Structured<'a> {
    /// Reads what stands behind the colon, ended by CRLF. None where there is no value.
    pub(super) fn read(ended: &'a [u8]) -> Option<Self> {
        if let Some(plain) = Plain::read(ended) {
            return Some(Self::Plain(plain));
        }
        match MessageStream::new(ended).parse_content_type() {
            HeaderValue::ContentType(value) => Some(Self::Decoded(value)),
            _ => None,
        }
    }

    /// The value in lower case.
    pub(super) fn word(&self) -> Word {
        let (main, sub) = match self {
            Self::Plain(plain) => (plain.main, plain.sub),
            Self::Decoded(value) => (value.ctype(), value.subtype()),
        };
        match sub {
            Some(sub) => Word::of(&[main, "/", sub]),
            None => Word::of(&[main]),
        }
    }

    /// The first parameter of that name, which is in lower case; its value as it stands.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        match self {
            Self::Plain(plain) => {
                plain.parameters.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
            }
            Self::Decoded(value) => value.attribute(name),
        }
    }
}

impl<'a> Plain<'a> {
    fn read(ended: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(ended).ok()?.strip_suffix("\r\n")?;
        let (main, rest) = word(blank(text))?;
        let (sub, rest) = match rest.strip_prefix('/') {
            Some(rest) => word(rest).map(|(sub, rest)| (Some(sub), rest))?,
            None => (None, rest),
        };
        let (mut parameters, mut rest) = (Vec::new(), rest);
        while !is_end(rest) {
            let (name, value, behind) = parameter(rest)?;
            if parameters.is_empty() {
                parameters.reserve(3);
            }
            parameters.push((name, value));
            rest = behind;
        }
        Some(Self { main, sub, parameters })
    }
}

/// A semicolon may stand at the end.
fn is_end(rest: &str) -> bool {
    blank(rest.strip_prefix(';').unwrap_or(rest)).is_empty()
}

/// `; name=value`: the name, the value, what stands behind them.
fn parameter(text: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = word(blank(text.strip_prefix(';')?))?;
    let rest = rest.strip_prefix('=')?;
    let Some(quoted) = rest.strip_prefix('"') else {
        let (value, behind) = word(rest)?;
        return Some((name, value, behind));
    };
    let (value, behind) = cut(quoted, b'"')?;
    let is_plain = value.bytes().fold(true, |all, b| all & (matches!(b, b' '..=b'~') && b != b'\\'));
    let is_plain = is_plain && cut(value, b'=').is_none_or(|(_, behind)| !behind.contains('?'));
    (is_plain && !value.is_empty() && value.trim() == value).then_some((name, value, behind))
}

/// Letters, digits and the signs that mean nothing to any decoder; at least one.
fn word(text: &str) -> Option<(&str, &str)> {
    let is_such =
        |b: u8| matches!(b, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'+' | b':' | b'@');
    let end = text.bytes().position(|b| !is_such(b)).unwrap_or(text.len());
    text.split_at_checked(end).filter(|(word, _)| !word.is_empty())
}

/// What stands behind blanks and folds.
fn blank(text: &str) -> &str {
    let text = text.trim_start_matches([' ', '\t']);
    match text.strip_prefix("\r\n") {
        Some(folded) if folded.starts_with([' ', '\t']) => folded.trim_start_matches([' ', '\t']),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 6] = ["name", "boundary", "charset", "filename", "micalg", "x"];

    fn told(value: &Structured<'_>) -> (String, Vec<Option<String>>) {
        (value.word().to_string(), NAMES.iter().map(|name| value.attribute(name).map(str::to_owned)).collect())
    }

    fn decoded(ended: &str) -> Option<Structured<'_>> {
        match MessageStream::new(ended.as_bytes()).parse_content_type() {
            HeaderValue::ContentType(value) => Some(Structured::Decoded(value)),
            _ => None,
        }
    }

    /// Goal: the quick way says what the decoder says. Method: both, over values with one oddity each.
    #[test]
    fn a_plain_value_is_what_the_decoder_finds_in_it() {
        for text in [
            " text/plain",
            "Text/HTML; CharSet=ISO-8859-1",
            " multipart/signed; protocol=\"application/x-pkcs7-signature\"; micalg=sha-256;\r\n boundary=\"----=_Part (1); x\"",
            " text/plain; name=a; NAME=b; boundary=\"c d\"",
            " attachment;\r\n\tfilename=\"due parole.pdf\"",
            " inline",
            " text/plain;",
            " text/plain; charset=utf-8;",
            " application/xml;name=\"daticert.xml\"",
            "\r\n text/plain; x=\"=\"",
        ] {
            let ended = format!("{text}\r\n");
            let plain = Plain::read(ended.as_bytes()).map(Structured::Plain).expect(text);
            assert_eq!(Some(told(&plain)), decoded(&ended).as_ref().map(told), "{text}");
        }
    }

    #[test]
    fn what_is_not_plain_goes_to_the_decoder() {
        for text in [
            "",
            " text/plain (a comment)",
            " text/plain; name*=utf-8''a%20b",
            " text/plain; name*0=a; name*1=b",
            " text/plain; name=\"=?utf-8?q?a?=\"",
            " text/plain; name=\"a\\\"b\"",
            " text/plain; name=\"\"; x=y",
            " text/plain; name=\" a \"",
            " text/plain; name=\"a\r\n b\"",
            " text/plain; name",
            " text/plain; name = a",
            " text/plain ; name=a",
            " text/plain;; name=a",
            " text/plain; name=citt\u{e0}",
            " text/plain; name=\"open",
            " /plain",
        ] {
            let ended = format!("{text}\r\n");
            assert!(Plain::read(ended.as_bytes()).is_none(), "{text}");
            assert_eq!(
                Structured::read(ended.as_bytes()).as_ref().map(told),
                decoded(&ended).as_ref().map(told),
                "{text}"
            );
        }
    }
}
