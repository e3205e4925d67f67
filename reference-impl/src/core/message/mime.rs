//! MIME entities (RFC 2045 to 2047, 2231), read.

use std::{borrow::Cow, collections::BTreeSet, ops::Range};

use base64::{
    Engine,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use collaudo_node::Bytes;
use memchr::memmem;

use super::{Message, header::Field, parameters::Parameterised};

/// No message has more; a hostile one is read no further.
const MAX_PARTS: usize = 10_000;
/// Fields of one name that an entity is read by.
const MAX_READINGS: usize = 4;

/// The Content-Type of an entity; `text/plain` where it has none that can be read.
pub(super) fn content_type(entity: &Message) -> &Parameterised {
    entity.content_type(|| {
        entity
            .get("Content-Type")
            .map(|field| Parameterised::read(&field.unfolded()))
            .filter(|found| found.value().contains('/'))
            .unwrap_or_else(|| Parameterised::bare("text/plain"))
    })
}

/// Every Content-Type of an entity: where there are several, readers choose in different ways.
pub(super) fn content_types(entity: &Message) -> Cow<'_, [Parameterised]> {
    if entity.all("Content-Type").nth(1).is_none() {
        return Cow::Borrowed(std::slice::from_ref(content_type(entity)));
    }
    let read = |field: &Field| Parameterised::read(&field.unfolded());
    entity.all("Content-Type").take(MAX_READINGS).map(read).collect()
}

/// The name that an entity gives to its file, from Content-Disposition, else from Content-Type.
pub(super) fn file_name(entity: &Message) -> Option<String> {
    let disposition = entity.get("Content-Disposition").map(|field| Parameterised::read(&field.unfolded()));
    let named = disposition.as_ref().and_then(|field| field.parameter("filename")).map(Into::into);
    named.or_else(|| content_type(entity).parameter("name").map(Into::into))
}

/// The octets of an entity, its transfer encoding undone; `None` where that fails.
pub(crate) fn decoded(entity: &Message) -> Option<Bytes> {
    let body = entity.body();
    let encoding = entity.get("Content-Transfer-Encoding").map(|field| {
        let mut word = field.text();
        word.make_ascii_lowercase();
        word
    });
    match encoding.as_deref().unwrap_or("7bit") {
        "7bit" | "8bit" | "binary" => Some(body),
        "base64" => unbase64(&body).map(Into::into),
        "quoted-printable" => Some(unquote_printable(&body).into()),
        _ => None,
    }
}

/// The octets of an entity as forgiving readers would have them, once for each transfer encoding that it names: base64
/// whatever stands between its characters, and an encoding that is not known left as it is.
pub(super) fn leniently_decoded(entity: &Message) -> Vec<Bytes> {
    let body = entity.body();
    let word = |field: &Field| {
        let text = field.text();
        let text = text.trim_start();
        let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(text.len());
        text.get(..end).unwrap_or_default().to_ascii_lowercase()
    };
    let decode = |encoding: &str| match encoding {
        "base64" => unbase64(&body).unwrap_or_else(|| forgiving_base64(&body)).into(),
        "quoted-printable" => unquote_printable(&body).into(),
        _ => body.clone(),
    };
    let mut named = entity.all("Content-Transfer-Encoding").take(MAX_READINGS).map(word);
    let Some(first) = named.next() else { return vec![body.clone()] };
    let mut encodings: BTreeSet<String> = named.collect();
    if encodings.is_empty() {
        return vec![decode(&first)];
    }
    encodings.insert(first);
    encodings.iter().map(|encoding| decode(encoding)).collect()
}

/// Base64 where what is not of its alphabet is passed over, and padding begins a new group.
fn forgiving_base64(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut bits, mut held) = (0_u32, 0_u32);
    let mut rest = text;
    while let Some((octet, behind)) = rest.split_first() {
        if held == 0
            && let Some((four, behind)) = rest.split_first_chunk::<4>()
            && let Some(three) = group(*four)
        {
            out.extend_from_slice(&three);
            rest = behind;
            continue;
        }
        rest = behind;
        match value(*octet) {
            value @ ..64 => bits = bits << 6 | value,
            _ if *octet == b'=' => {
                held = 0;
                continue;
            }
            _ => continue,
        }
        held += 6;
        if held >= 8 {
            held -= 8;
            let [.., low] = (bits >> held).to_be_bytes();
            out.push(low);
        }
    }
    out
}

/// The octets of a group of four characters, all of the alphabet.
fn group(four: [u8; 4]) -> Option<[u8; 3]> {
    let [a, b, c, d] = four.map(value);
    let [_, three @ ..] = (a << 18 | b << 12 | c << 6 | d).to_be_bytes();
    ((a | b | c | d) < 64).then_some(three)
}

/// What an octet stands for in base64; 255 where it is not of the alphabet.
fn value(octet: u8) -> u32 {
    u32::from(VALUES.get(usize::from(octet)).copied().unwrap_or(255))
}

const VALUES: [u8; 256] = {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut values = [255; 256];
    let mut value = 0;
    while value < 64 {
        values[alphabet[value as usize] as usize] = value;
        value += 1;
    }
    values
};

/// Base64 with any line breaks and with or without padding.
pub(super) fn unbase64(text: &[u8]) -> Option<Vec<u8>> {
    const ENGINE: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    let mut packed = Vec::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |lf| lf + 1);
        let (line, behind) = rest.split_at(end);
        packed.extend_from_slice(line.trim_ascii());
        rest = behind;
    }
    // The quick one takes all that is whole; what is padded in part, the other takes too.
    base64_simd::forgiving_decode_to_vec(&packed).ok().or_else(|| {
        packed.retain(|octet| !octet.is_ascii_whitespace());
        ENGINE.decode(&packed).ok()
    })
}

/// Why a multipart has no parts that can be told apart; in Italian, for the anomaly envelope's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PartsFault {
    /// Content-Type is no multipart, or has no boundary of 1 to 70 characters.
    #[error("boundary mancante o non valido")]
    Boundary,
    /// The closing delimiter is missing, or stands first.
    #[error("delimitatore di chiusura mancante dopo l'ottetto {0}")]
    NotClosed(usize),
    /// There are more than any message has.
    #[error("più di {MAX_PARTS} parti, all'ottetto {0}")]
    TooMany(usize),
}

/// The parts of a multipart body, as ranges of it. A fault's place is counted in octets of the body.
pub(crate) fn parts(entity: &Message) -> Result<Vec<Range<usize>>, PartsFault> {
    let content_type = content_type(entity);
    let boundary = content_type.parameter("boundary").filter(|_| content_type.value().starts_with("multipart/"));
    let boundary = boundary.filter(|boundary| (1..=70).contains(&boundary.len())).ok_or(PartsFault::Boundary)?;
    let body = entity.body();
    let mut found = Vec::new();
    let mut begin: Option<usize> = None;
    for delimiter in delimiters(&body, boundary) {
        found.extend(begin.map(|begin| content(&body, begin, delimiter.at)));
        if delimiter.closes {
            return begin.map(|_| found).ok_or(PartsFault::NotClosed(delimiter.at));
        }
        if found.len() >= MAX_PARTS {
            return Err(PartsFault::TooMany(delimiter.at));
        }
        begin = Some(delimiter.next);
    }
    Err(PartsFault::NotClosed(begin.unwrap_or_default()))
}

/// The parts of a multipart body as the most forgiving reader would have them, no more than `most`: the last one need not
/// be closed, and the closing delimiter closes nothing.
pub(super) fn rows(entity: &Message, content_type: &Parameterised, most: usize) -> Vec<Range<usize>> {
    let Some(boundary) = content_type.parameter("boundary").filter(|boundary| !boundary.is_empty()) else {
        return Vec::new();
    };
    let body = entity.body();
    let mut found = Vec::new();
    let mut begin: Option<usize> = None;
    for delimiter in delimiters(&body, boundary).take(most) {
        found.extend(begin.map(|begin| content(&body, begin, delimiter.at)));
        begin = Some(delimiter.next);
    }
    found.extend(begin.map(|begin| begin..body.len()));
    found
}

/// What stands between two delimiters: the line end before a delimiter belongs to the delimiter.
fn content(body: &[u8], begin: usize, end: usize) -> Range<usize> {
    let content = body.get(begin..end).unwrap_or_default();
    let content = content.strip_suffix(b"\n").unwrap_or(content);
    let content = content.strip_suffix(b"\r").unwrap_or(content);
    begin..begin + content.len()
}

/// A line that parts two entities.
struct Delimiter {
    at: usize,
    /// Where the next line begins.
    next: usize,
    closes: bool,
}

fn delimiters(body: &[u8], boundary: &str) -> impl Iterator<Item = Delimiter> {
    let line = memmem::Finder::new(&[b"--", boundary.as_bytes()].concat()).into_owned();
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let at = from + line.find(body.get(from..)?)?;
            let behind = at + line.needle().len();
            let next = memchr::memchr(b'\n', body.get(behind..)?).map_or(body.len(), |lf| behind + lf + 1);
            let rest = body.get(behind..next)?;
            let closed = rest.strip_prefix(b"--");
            let begins_line = at == 0 || body.get(at - 1) == Some(&b'\n');
            let ends_line = closed.unwrap_or(rest).iter().all(u8::is_ascii_whitespace);
            from = if begins_line { next } else { behind };
            if begins_line && ends_line {
                return Some(Delimiter { at, next, closes: closed.is_some() });
            }
        }
    })
}

/// A part of a multipart entity, its header read.
pub(crate) fn part(entity: &Message, range: &Range<usize>) -> Message {
    Message::read_leniently(part_octets(entity, range))
}

/// The octets of a part of a multipart entity.
pub(super) fn part_octets(entity: &Message, range: &Range<usize>) -> Bytes {
    let start = entity.body_at() + range.start;
    entity.bytes().slice(start..start + range.len())
}

fn unquote_printable(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|octet| *octet == b'\n') {
        let (content, end) = match line.strip_suffix(b"\r\n") {
            Some(content) => (content, &b"\r\n"[..]),
            None => line.strip_suffix(b"\n").map_or((line, &b""[..]), |content| (content, &b"\n"[..])),
        };
        let content = content.trim_ascii_end();
        match content.strip_suffix(b"=") {
            Some(soft) => unescape(soft, b'=', &mut out),
            None => {
                unescape(content, b'=', &mut out);
                out.extend_from_slice(end);
            }
        }
    }
    out
}

/// Appends a text, each mark with two hexadecimal digits replaced by the octet that they name.
pub(super) fn unescape(text: &[u8], mark: u8, out: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(at) = memchr::memchr(mark, rest) {
        let (before, marked) = rest.split_at(at);
        out.extend_from_slice(before);
        let digit = |place: usize| marked.get(place).and_then(|octet| char::from(*octet).to_digit(16));
        let octet = digit(1).zip(digit(2)).and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        out.push(octet.unwrap_or(mark));
        rest = marked.get(if octet.is_some() { 3 } else { 1 }..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
}

/// An entity made of the octets given.
pub(super) fn entity(bytes: Bytes) -> Message {
    Message::read_leniently(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str) -> Message {
        entity(Bytes::from(text.to_owned()))
    }

    fn bodies(text: &str) -> Option<Vec<String>> {
        let whole = of(text);
        let ranges = parts(&whole).ok()?;
        Some(ranges.iter().map(|range| String::from_utf8_lossy(&part(&whole, range).body()).into_owned()).collect())
    }

    #[test]
    fn parts_lose_only_the_line_end_before_the_delimiter() {
        let text = "Content-Type: multipart/mixed; boundary=\"a b\"\r\n\r\npreamble\r\n--a b\r\n\r\none\r\n\r\n--a b  \r\n\r\n\r\n--a b--\r\nepilogue";
        assert_eq!(bodies(text).unwrap(), ["one\r\n", ""]);
    }

    #[test]
    fn a_multipart_that_never_closes_has_no_parts() {
        assert_eq!(bodies("Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\none\r\n--xx--\r\n"), None);
        assert_eq!(bodies("Content-Type: multipart/mixed; boundary=x\r\n\r\n--x--\r\n"), None);
        assert_eq!(bodies("Content-Type: multipart/mixed\r\n\r\n----\r\n\r\n------\r\n"), None);
        assert_eq!(bodies("Content-Type: text/plain; boundary=x\r\n\r\n--x\r\n\r\n--x--\r\n"), None);
    }

    #[test]
    fn a_fault_says_where() {
        let fault = |text: &str| parts(&of(text)).unwrap_err().to_string();
        assert!(fault("Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\none").ends_with("l'ottetto 5"));
        assert!(fault("Content-Type: multipart/mixed\r\n\r\n").contains("boundary"));
        let many = format!("Content-Type: multipart/mixed; boundary=x\r\n\r\n{}", "--x\r\n".repeat(MAX_PARTS + 2));
        assert!(fault(&many).ends_with(&format!("all'ottetto {}", 5 * MAX_PARTS)), "{}", fault(&many));
    }

    #[test]
    fn delimiters_begin_their_line() {
        let text = "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\na--x\r\n ---x\r\n--xy\r\n--x\t\r\n\r\nb\r\n--x--";
        assert_eq!(bodies(text).unwrap(), ["a--x\r\n ---x\r\n--xy", "b"]);
    }

    #[test]
    fn a_million_parts_are_not_read() {
        let many = "--x\r\n".repeat(MAX_PARTS + 2);
        assert_eq!(bodies(&format!("Content-Type: multipart/mixed; boundary=x\r\n\r\n{many}--x--\r\n")), None);
    }

    #[test]
    fn names_are_read_in_every_spelling() {
        let name = |fields: &str| file_name(&of(&format!("{fields}\r\n\r\n")));
        assert_eq!(name("Content-Type: application/pdf; name=a.pdf").as_deref(), Some("a.pdf"));
        assert_eq!(
            name("Content-Type: application/pdf;\r\n NAME = \"a \\\"b\\\".pdf\" (x; name=y)").as_deref(),
            Some("a \"b\".pdf")
        );
        assert_eq!(
            name("Content-Disposition: attachment; filename*=utf-8'it'citt%C3%A0.pdf; filename=x").as_deref(),
            Some("città.pdf")
        );
        assert_eq!(
            name("Content-Disposition: attachment; filename*0=\"ab\"; filename*1*=%63; filename*2=d").as_deref(),
            Some("abcd")
        );
        assert_eq!(name("Content-Type: application/pdf; name=\"=?utf-8?Q?citt=C3=A0?=\"").as_deref(), Some("città"));
        assert_eq!(name("Content-Type: application/pdf"), None);
        assert_eq!(name("Content-Type: x/y; name=a\r\nContent-Disposition: inline; filename=b").as_deref(), Some("b"));
    }

    proptest! {
        #[test]
        fn base64_that_is_strict_reads_the_same_forgivingly(text in "([A-Za-z0-9+/ \r\n]{0,8}=?){0,6}") {
            if let Some(strict) = unbase64(text.as_bytes()) {
                prop_assert_eq!(strict, forgiving_base64(text.as_bytes()));
            }
        }
    }

    #[test]
    fn forgiving_base64_passes_over_what_is_not_of_the_alphabet() {
        let decode = |text: &str| String::from_utf8(forgiving_base64(text.as_bytes())).unwrap();
        assert_eq!(decode("Y2lhbyBtb25kbyE="), "ciao mondo!");
        for cut in 0.."Y2lhbyBtb25kbyE=".len() {
            let (one, two) = "Y2lhbyBtb25kbyE=".split_at(cut);
            assert_eq!(decode(&format!("{one}\r\n!{two}")), "ciao mondo!", "cut at {cut}");
        }
        assert_eq!(decode("Y2lhbw==Y2lhbw"), "ciaociao");
        assert_eq!(decode("Y2lhb=Y2lh"), "ciacia");
    }

    #[test]
    fn transfer_encodings_are_undone() {
        let decode = |encoding: &str, body: &str| {
            decoded(&of(&format!("Content-Transfer-Encoding: {encoding}\r\n\r\n{body}")))
                .map(|octets| String::from_utf8(octets.to_vec()).unwrap())
        };
        assert_eq!(decode("BASE64", "Y2lh\r\nbw==\r\n").as_deref(), Some("ciao"));
        assert_eq!(decode("base64", "Y2lhbw").as_deref(), Some("ciao"));
        assert_eq!(decode("base64", " Y2 l\thb\r w\n").as_deref(), Some("ciao"));
        assert_eq!(decode("base64", "%%").as_deref(), None);
        assert_eq!(decode("quoted-printable", "a=3Db =\r\nc  \r\nd=zz").as_deref(), Some("a=b c\r\nd=zz"));
        assert_eq!(decode("uuencode", "x"), None);
    }
}
