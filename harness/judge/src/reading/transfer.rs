//! Transfer encodings undone, and octets made text. What nearly all parts have is read quickly; all else goes to the decoders,
//! which take anything and whose word decides: the quick ways are short forms of theirs.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use mail_parser::decoders::{
    base64::base64_decode, charsets::map::charset_decoder, quoted_printable::quoted_printable_decode,
};

use super::head::decode_octets;

/// A body without its transfer encoding, named in lower case.
pub(super) fn decode(body: &[u8], encoding: &str) -> Vec<u8> {
    match encoding {
        "base64" => base64(body),
        "quoted-printable" => {
            quoted_printable(body).or_else(|| quoted_printable_decode(body)).unwrap_or_else(|| body.to_vec())
        }
        _ => body.to_vec(),
    }
}

/// Digits in lines. The lenient decoder skips white space, but for a form feed.
fn base64(body: &[u8]) -> Vec<u8> {
    let mut digits = Vec::with_capacity(body.len());
    let mut begun = 0;
    for end in memchr::memchr_iter(b'\n', body).chain([body.len()]) {
        digits.extend_from_slice(body.get(begun..end).unwrap_or_default().trim_ascii());
        begun = end + 1;
    }
    STANDARD.decode(&digits).unwrap_or_else(|_| {
        digits.retain(|b| *b != b'\x0c');
        base64_decode(&digits).unwrap_or_default()
    })
}

/// Lines that end alike, without white space at their ends, and escapes as they should be; otherwise none.
fn quoted_printable(body: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(body.len());
    let line_end: &[u8] = if memchr::memchr(b'\r', body).is_some() { b"\r\n" } else { b"\n" };
    let mut rest = body;
    while let Some(end) = memchr::memchr(b'\n', rest) {
        let (line, behind) = rest.split_at_checked(end + 1)?;
        let line = line.strip_suffix(line_end)?;
        rest = behind;
        match line.strip_suffix(b"=") {
            Some(line) => unescape(line, &mut decoded)?,
            None if line.last().is_some_and(u8::is_ascii_whitespace) => return None,
            None => {
                unescape(line, &mut decoded)?;
                decoded.extend_from_slice(line_end);
            }
        }
    }
    unescape(rest, &mut decoded)?;
    Some(decoded)
}

fn unescape(line: &[u8], into: &mut Vec<u8>) -> Option<()> {
    if memchr::memchr(b'\r', line).is_some() {
        return None;
    }
    let mut rest = line;
    while let Some(at) = memchr::memchr(b'=', rest) {
        let (before, escape) = rest.split_at_checked(at)?;
        let [_, high, low, behind @ ..] = escape else { return None };
        let digit = |b: &u8| char::from(*b).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        into.extend_from_slice(before);
        into.push(digit(high)? << 4 | digit(low)?);
        rest = behind;
    }
    into.extend_from_slice(rest);
    Some(())
}

/// Octets as text: by their charset, named in lower case, else as UTF-8, else as Latin-1.
pub(super) fn text(octets: &[u8], charset: &str) -> String {
    let is_latin = matches!(charset, "iso-8859-1" | "us-ascii" | "windows-1252");
    // What the decoder takes for characters of Windows-1252.
    if is_latin && !octets.iter().fold(false, |any, b| any | matches!(b, 0x80..=0x9f)) {
        return latin(octets);
    }
    match charset_decoder(charset.as_bytes()) {
        Some(decoder) => decoder(octets),
        None => decode_octets(octets),
    }
}

fn latin(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len() + octets.len() / 16);
    for piece in octets.split_inclusive(|b| !b.is_ascii()) {
        match piece.split_last() {
            Some((last, before)) if !last.is_ascii() => {
                text.push_str(std::str::from_utf8(before).unwrap_or_default());
                text.push(char::from(*last));
            }
            _ => text.push_str(std::str::from_utf8(piece).unwrap_or_default()),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: the quick ways say what the decoders say. Method: both, over bodies with one oddity each.
    #[test]
    fn a_body_is_decoded_as_the_decoder_would() {
        for body in [
            "",
            "Citt=E0 e=\r\n mercati=3D\r\n\r\nfine",
            "Citt=e0=\nx\n",
            "x =\r\ny\r\n",
            "=\r\n",
            "x =3D\r\n",
            "x \r\ny\t\r\n",
            "x\r\ny\n",
            "x\ny\r\n",
            "x\r",
            "x=\r",
            "x=",
            "x=3",
            "x=3\r\n",
            "x=ZZ",
            "x==3D",
            "x= \r\ny",
        ] {
            let lenient = quoted_printable_decode(body.as_bytes());
            let quick = quoted_printable(body.as_bytes());
            assert!(quick.is_none() || quick == lenient, "{body:?}: {quick:?}, {lenient:?}");
        }
        assert_eq!(
            quoted_printable(b"Citt=E0 e=\r\n mercati=3D\r\n").as_deref(),
            Some(&b"Citt\xe0 e mercati=\r\n"[..])
        );
        for body in
            ["", "Q2lhbw==", "Q2lh\r\nbw==\r\n", "Q2lh\nbw==", "Q2lhbw", "Q2\x0clhbw==", "Q2 lh bw==", "Q2lh!bw=="]
        {
            let bare = body.replace('\x0c', "");
            assert_eq!(base64(body.as_bytes()), base64_decode(bare.as_bytes()).unwrap_or_default(), "{body:?}");
        }
    }

    #[test]
    fn latin_octets_are_the_decoders_text() {
        let octets: Vec<u8> = (0..=0x7f).chain(0xa0..=0xff).collect();
        for charset in ["iso-8859-1", "us-ascii", "windows-1252"] {
            let decoder = charset_decoder(charset.as_bytes()).expect("it is known");
            assert_eq!(text(&octets, charset), decoder(&octets), "{charset}");
            assert_eq!(text(b"10 \x80", charset), decoder(b"10 \x80"), "{charset}");
        }
        assert_eq!(text(b"perch\xe9", ""), "perch\u{e9}");
    }
}
