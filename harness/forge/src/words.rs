//! Encoded words (RFC 2047), as much of them as a subject needs.

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::Words;

/// The most that stands between the question marks of an encoded word, which has 75 characters at most.
const WORD_MAX: usize = 56;

/// The longest line that is not folded.
const LINE_MAX: usize = 76;

/// Decodes the encoded words of a field's value; what cannot be decoded stays.
pub fn decode_words(value: &str) -> String {
    let mut decoded = String::new();
    let mut rest = value;
    let mut after_word = false;
    while let Some(start) = rest.find("=?") {
        let (before, from_word) = rest.split_at(start);
        if !(after_word && before.trim().is_empty()) {
            decoded.push_str(before);
        }
        match word(from_word) {
            Some((text, behind)) => {
                decoded.push_str(&text);
                rest = behind;
                after_word = true;
            }
            None => {
                decoded.push_str("=?");
                rest = from_word.strip_prefix("=?").unwrap_or_default();
                after_word = false;
            }
        }
    }
    decoded.push_str(rest);
    decoded
}

/// Writes text as the value of `Subject`: as it is where it is ASCII, else as encoded words in UTF-8; folded.
pub fn encode_words(text: &str) -> String {
    encode_words_in(text, Words::Utf8Base64)
}

/// Writes text as the value of `Subject`: as it is where it is ASCII, else as encoded words; folded.
pub(crate) fn encode_words_in(text: &str, form: Words) -> String {
    if text.bytes().all(|b| b.is_ascii_graphic() || b == b' ') {
        return fold(text);
    }
    let latin = form == Words::Latin && text.chars().all(|c| u32::from(c) < 256);
    let charset = if latin { "ISO-8859-1" } else { "UTF-8" };
    let word = |chunk: &str| match form {
        Words::Utf8Base64 => STANDARD.encode(chunk),
        Words::Utf8Quoted | Words::Latin => quoted_word(&encode_charset(charset, chunk)),
    };
    let encoding = if form == Words::Utf8Base64 { "B" } else { "Q" };
    let mut chunks = vec![String::new()];
    for c in text.chars() {
        let grown = chunks.last().map(|chunk| word(&format!("{chunk}{c}")).len()).unwrap_or_default();
        if grown > WORD_MAX {
            chunks.push(String::new());
        }
        if let Some(chunk) = chunks.last_mut() {
            chunk.push(c);
        }
    }
    let words: Vec<_> = chunks.iter().map(|chunk| format!("=?{charset}?{encoding}?{}?=", word(chunk))).collect();
    words.join("\r\n ")
}

/// Breaks a long line before blanks; unfolded it is the same text.
fn fold(text: &str) -> String {
    let mut folded = String::new();
    let mut width = "Subject: ".len();
    for (n, word) in text.split(' ').enumerate() {
        if n > 0 {
            let breaks = !folded.trim().is_empty() && !word.is_empty() && width + word.len() >= LINE_MAX;
            folded.push_str(if breaks { "\r\n " } else { " " });
            width = if breaks { 1 } else { width + 1 };
        }
        folded.push_str(word);
        width += word.len();
    }
    folded
}

/// Octets inside an encoded word in quoted-printable (RFC 2047 §4.2).
fn quoted_word(octets: &[u8]) -> String {
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || b"!*+-/.:,".contains(&octet);
    let written = |octet: &u8| match *octet {
        b' ' => "_".to_owned(),
        octet if plain(octet) => char::from(octet).to_string(),
        octet => format!("={octet:02X}"),
    };
    octets.iter().map(written).collect()
}

/// Octets of a charset as text; unknown charsets are read as ISO-8859-1.
pub(crate) fn decode_charset(charset: &str, octets: &[u8]) -> String {
    match charset.to_ascii_lowercase().as_str() {
        "utf-8" | "us-ascii" => String::from_utf8_lossy(octets).into_owned(),
        _ => octets.iter().map(|b| char::from(*b)).collect(),
    }
}

/// Text as octets of a charset; what the charset does not have becomes a question mark.
pub(crate) fn encode_charset(charset: &str, text: &str) -> Vec<u8> {
    match charset.to_ascii_lowercase().as_str() {
        "utf-8" | "us-ascii" => text.as_bytes().to_vec(),
        _ => text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect(),
    }
}

/// Decodes quoted-printable; what is not is taken as it is.
pub(crate) fn decode_quoted(octets: &[u8], underscore_is_space: bool) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(octets.len());
    let mut rest = octets;
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        match (*first, behind) {
            (b'=', [b'\r', b'\n', after @ ..] | [b'\n', after @ ..]) => rest = after,
            (b'=', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                decoded.push(digit(*high) << 4 | digit(*low));
                rest = after;
            }
            (b'_', _) if underscore_is_space => decoded.push(b' '),
            (octet, _) => decoded.push(octet),
        }
    }
    decoded
}

/// Writes octets (lines with CRLF) as quoted-printable.
pub(crate) fn encode_quoted(octets: &[u8]) -> String {
    let mut quoted = String::new();
    for line in octets.split_inclusive(|octet| *octet == b'\n') {
        match line.strip_suffix(b"\r\n") {
            Some(line) => quoted.push_str(&format!("{}\r\n", quoted_line(line))),
            None => quoted.push_str(&quoted_line(line)),
        }
    }
    quoted
}

/// One line, softly broken before it grows beyond 76.
fn quoted_line(line: &[u8]) -> String {
    let mut quoted = String::new();
    let mut width = 0;
    for (at, octet) in line.iter().enumerate() {
        let last = at + 1 == line.len();
        let plain = octet.is_ascii_graphic() && *octet != b'=' || *octet == b' ' && !last;
        let next = if plain { char::from(*octet).to_string() } else { format!("={octet:02X}") };
        if width + next.len() > 75 {
            quoted.push_str("=\r\n");
            width = 0;
        }
        width += next.len();
        quoted.push_str(&next);
    }
    quoted
}

fn digit(hex: u8) -> u8 {
    char::from(hex).to_digit(16).and_then(|value| u8::try_from(value).ok()).unwrap_or(0)
}

/// The first encoded word's text and what follows it.
fn word(from_word: &str) -> Option<(String, &str)> {
    let (charset, rest) = from_word.strip_prefix("=?")?.split_once('?')?;
    let (encoding, rest) = rest.split_once('?')?;
    let (text, behind) = rest.split_once("?=")?;
    let octets = match encoding {
        "B" | "b" => STANDARD.decode(text).ok()?,
        "Q" | "q" => decode_quoted(text.as_bytes(), true),
        _ => return None,
    };
    Some((decode_charset(charset.split('*').next().unwrap_or(charset), &octets), behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back_as_they_went() {
        for text in
            ["Contratto", "Perché no? È già così, e la riga è lunga assai più di quanto una parola possa tenere"]
        {
            for form in [Words::Utf8Base64, Words::Utf8Quoted, Words::Latin] {
                let words = encode_words_in(text, form);
                assert_eq!(decode_words(&words.replace("\r\n", "")), text);
                assert!(words.split("\r\n ").all(|word| word.len() <= 75), "{words}");
            }
        }
        assert_eq!(decode_words("ACCETTAZIONE: =?iso-8859-1?Q?citt=E0_viva?="), "ACCETTAZIONE: città viva");
        assert_eq!(decode_words("=?x?"), "=?x?");
    }

    #[test]
    fn a_long_subject_is_folded_and_stays_the_same_text() {
        for text in ["a ".repeat(90), format!(" {}  b ", "x".repeat(200)), "breve".to_owned(), "parola ".repeat(30)] {
            let folded = encode_words(&text);
            assert_eq!(folded.replace("\r\n", ""), text);
            assert!(folded.split("\r\n").all(|line| line.len() <= 77 || !line.trim().contains(' ')), "{folded}");
            assert!(folded.split("\r\n").all(|line| !line.trim().is_empty()), "{folded:?}");
        }
    }

    #[test]
    fn quoted_text_comes_back_as_it_went_in_short_lines() {
        let text = format!("Perch\u{e9} = {}\r\nfine \r\n", "no? ".repeat(40));
        let quoted = encode_quoted(text.as_bytes());
        assert_eq!(decode_quoted(quoted.as_bytes(), false), text.as_bytes());
        assert!(quoted.is_ascii() && quoted.lines().all(|line| line.len() <= 76));
    }
}
