//! Fields with parameters (RFC 2045 §5.1, RFC 2183, RFC 2231): Content-Type and Content-Disposition.

use std::ops::Range;

use super::{
    encoded::{self, Charset},
    mime::unescape,
};

const MAX_PARAMETERS: usize = 100;

/// A Content-Type or Content-Disposition field.
#[derive(Clone, Debug)]
pub(super) struct Parameterised {
    /// The value, then whatever the parameters are cut from.
    text: String,
    value: usize,
    parameters: Vec<Parameter>,
}

/// Where a name, and where its value stand in the text.
#[derive(Clone, Debug)]
struct Parameter {
    name: Range<usize>,
    value: Range<usize>,
}

impl Parameterised {
    /// Reads the field's value, unfolded.
    pub(super) fn read(field: &[u8]) -> Self {
        Self::read_plain(field).unwrap_or_else(|| {
            let (value, parameters) = raw(field);
            let parameters = join(parameters);
            parameters.iter().fold(Self::bare(&value), |found, (name, value)| found.with(name, value))
        })
    }

    /// A field without parameters.
    pub(super) fn bare(value: &str) -> Self {
        Self { text: value.to_owned(), value: value.len(), parameters: Vec::new() }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        let (begin, middle) = (self.text.len(), self.text.len() + name.len());
        self.text.extend([name, value]);
        self.parameters.push(Parameter { name: begin..middle, value: middle..self.text.len() });
        self
    }

    /// `type/subtype`, or the disposition, in lower case.
    pub(super) fn value(&self) -> &str {
        self.at(&(0..self.value))
    }

    /// A parameter, by its name in lower case; those of RFC 2231 are put together and decoded.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|one| self.at(&one.name).eq_ignore_ascii_case(name));
        found.map(|one| self.at(&one.value))
    }

    fn at(&self, place: &Range<usize>) -> &str {
        self.text.get(place.clone()).unwrap_or_default()
    }

    /// Reads a field as nearly all are: in ASCII, without comments, escapes, encoded words or pieces of RFC 2231.
    fn read_plain(field: &[u8]) -> Option<Self> {
        // Not cut short at the first that is odd: so it is done for many octets at once.
        let odd =
            |octet: &u8| !octet.is_ascii() | (*octet == b'(') | (*octet == b'\\') | (*octet == b'*') | (*octet == b'?');
        if field.iter().fold(false, |found, octet| found | odd(octet)) {
            return None;
        }
        let mut text = std::str::from_utf8(field.trim_ascii_start()).ok()?.to_owned();
        let mut pieces = Pieces { text: text.as_bytes(), at: Some(0) };
        let value = trim(text.as_bytes(), pieces.next()?);
        if text.as_bytes().get(value.clone())?.iter().any(|octet| matches!(octet, b'\t'..=b'\r' | b' ')) {
            return None;
        }
        let mut parameters: Vec<Parameter> = Vec::with_capacity(2);
        for piece in pieces.take(MAX_PARAMETERS) {
            let octets = text.as_bytes();
            let Some(equals) = memchr::memchr(b'=', octets.get(piece.clone())?) else { continue };
            let name = trim(octets, piece.start..piece.start + equals);
            let value = unquoted(octets, trim(octets, piece.start + equals + 1..piece.end));
            let is_known = |one: &Parameter| {
                text.get(one.name.clone())
                    .zip(text.get(name.clone()))
                    .is_some_and(|(one, other)| one.eq_ignore_ascii_case(other))
            };
            if !parameters.iter().any(is_known) {
                parameters.push(Parameter { name, value });
            }
        }
        text.get_mut(value.clone())?.make_ascii_lowercase();
        Some(Self { text, value: value.end, parameters })
    }
}

/// A place in a text without the white space around it.
fn trim(text: &[u8], place: Range<usize>) -> Range<usize> {
    let inside = text.get(place.clone()).unwrap_or_default();
    let begin = place.end - inside.trim_ascii_start().len();
    begin..begin + inside.trim_ascii().len()
}

/// A place in a text without the quotes around it; what stands behind the second does not count.
fn unquoted(text: &[u8], place: Range<usize>) -> Range<usize> {
    match text.get(place.clone()).and_then(|inside| inside.strip_prefix(b"\"")) {
        Some(inner) => place.start + 1..place.start + 1 + memchr::memchr(b'"', inner).unwrap_or(inner.len()),
        None => place,
    }
}

/// What stands between the semicolons outside quoted strings, where there is neither comment nor escape.
struct Pieces<'a> {
    text: &'a [u8],
    /// Where the next one begins; none behind the last.
    at: Option<usize>,
}

impl Iterator for Pieces<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let begin = self.at.take()?;
        let mut quoted = false;
        for at in memchr::memchr2_iter(b';', b'"', self.text.get(begin..)?) {
            match self.text.get(begin + at) {
                Some(b'"') => quoted = !quoted,
                _ if quoted => {}
                _ => {
                    self.at = Some(begin + at + 1);
                    return Some(begin..begin + at);
                }
            }
        }
        Some(begin..self.text.len())
    }
}

/// The value of such a field in lower case, and its parameters: names in lower case, values as they were written but
/// for their quotes.
pub(crate) fn raw(field: &[u8]) -> (String, Vec<(String, Vec<u8>)>) {
    let mut pieces = cut(field).into_iter();
    let value = pieces.next().unwrap_or_default();
    let mut value = lower(value.trim_ascii());
    if value.contains(char::is_whitespace) {
        value = value.split('/').map(|word| word.trim()).collect::<Vec<_>>().join("/");
    }
    let parameters = pieces.take(MAX_PARAMETERS).filter_map(|piece| {
        let equals = memchr::memchr(b'=', &piece)?;
        let (name, text) = piece.split_at(equals);
        Some((lower(name.trim_ascii()), unquote(text.get(1..)?.trim_ascii())))
    });
    (value, parameters.collect())
}

fn lower(text: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(text).into_owned();
    text.make_ascii_lowercase();
    text
}

/// Cuts at the semicolons that stand outside quoted strings and comments, which are left out.
fn cut(field: &[u8]) -> Vec<Vec<u8>> {
    if !field.iter().any(|octet| matches!(octet, b'"' | b'(')) {
        return field.split(|octet| *octet == b';').map(<[u8]>::to_vec).collect();
    }
    let mut pieces = vec![Vec::new()];
    let (mut quoted, mut escaped, mut depth) = (false, false, 0_usize);
    for octet in field {
        let plain = !quoted && !escaped;
        match octet {
            b'(' if plain => depth += 1,
            b')' if plain && depth > 0 => {
                depth -= 1;
                continue;
            }
            b';' if plain && depth == 0 => {
                pieces.push(Vec::new());
                continue;
            }
            b'"' if !escaped && depth == 0 => quoted = !quoted,
            _ => {}
        }
        escaped = !escaped && (quoted || depth > 0) && *octet == b'\\';
        if depth == 0
            && let Some(last) = pieces.last_mut()
        {
            last.push(*octet);
        }
    }
    pieces
}

fn unquote(text: &[u8]) -> Vec<u8> {
    let Some(inner) = text.strip_prefix(b"\"") else { return text.to_vec() };
    if !inner.contains(&b'\\') {
        let end = memchr::memchr(b'"', inner).unwrap_or(inner.len());
        return inner.get(..end).unwrap_or_default().to_vec();
    }
    let mut out = Vec::with_capacity(inner.len());
    let mut escaped = false;
    for octet in inner {
        match octet {
            _ if escaped => {
                out.push(*octet);
                escaped = false;
            }
            b'\\' => escaped = true,
            b'"' => break,
            _ => out.push(*octet),
        }
    }
    out
}

/// Puts the pieces of RFC 2231 together (`name*0`, `name*1*`, `name*`); a plain parameter may hold encoded words.
fn join(raw: Vec<(String, Vec<u8>)>) -> Vec<(String, String)> {
    let mut whole: Vec<(String, String)> = Vec::with_capacity(raw.len());
    for (name, value) in &raw {
        let base = name.split('*').next().unwrap_or_default();
        if whole.iter().any(|(known, _)| known == base) {
            continue;
        }
        if !name.contains('*') {
            // RFC 2231 takes precedence where a sender gives both.
            let extended =
                raw.iter().any(|(other, _)| other.strip_prefix(base).is_some_and(|tail| tail.starts_with('*')));
            if !extended {
                whole.push((base.into(), encoded::decode(value)));
            }
            continue;
        }
        let mut octets = Vec::new();
        let mut charset = None;
        for number in 0..MAX_PARAMETERS {
            let plain = format!("{base}*{number}");
            let piece = raw.iter().find(|(other, _)| {
                *other == plain
                    || other.strip_suffix('*') == Some(&plain)
                    || (number == 0 && *other == format!("{base}*"))
            });
            let Some((found, value)) = piece else { break };
            let mut text = value.as_slice();
            if found.ends_with('*') {
                if number == 0 {
                    let mut marks = text.splitn(3, |octet| *octet == b'\'');
                    if let (Some(set), Some(_), Some(rest)) = (marks.next(), marks.next(), marks.next()) {
                        charset = Charset::named(set);
                        text = rest;
                    }
                }
                octets.extend(unpercent(text));
            } else {
                octets.extend_from_slice(text);
            }
        }
        whole.push((base.into(), charset.map_or_else(|| Charset::guess(&octets), |charset| charset.decode(&octets))));
    }
    whole
}

fn unpercent(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    unescape(text, b'%', &mut out);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_plain_field_is_read_as_any_other(field in "(multipart/Mixed|a / b)?([;= ]|\"|[a-bA-B]{1,2}){0,20}") {
            if let Some(plain) = Parameterised::read_plain(field.as_bytes()) {
                let (value, parameters) = raw(field.as_bytes());
                prop_assert_eq!(plain.value(), value);
                let parameters = join(parameters);
                prop_assert_eq!(plain.parameters.len(), parameters.len());
                for (name, value) in &parameters {
                    prop_assert_eq!(plain.parameter(name), Some(value.as_str()));
                }
            }
        }
    }
}
