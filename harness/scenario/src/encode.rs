use base64::{Engine, engine::general_purpose::STANDARD};

/// A header field: its value with encoded words where it is not ASCII, folded at white space.
///
/// Gives the field with its final CRLF. RFC 5322 §2.2.3, RFC 2047 §2.
pub(crate) fn field(name: &str, value: &str) -> String {
    if value.is_empty() {
        return format!("{name}:\r\n");
    }
    let value = if value.is_ascii() { value.to_owned() } else { encoded_words(value) };
    let mut out = format!("{name}:");
    let mut column = out.len();
    for (n, word) in value.split(' ').enumerate() {
        // An empty word is one more space: a fold before it would leave a line of spaces alone.
        if n > 0 && column + 1 + word.len() > LINE && !word.is_empty() && !out.ends_with(' ') {
            out.push_str("\r\n");
            column = 0;
        }
        out.push(' ');
        out.push_str(word);
        column += 1 + word.len();
    }
    out.push_str("\r\n");
    out
}

/// Base64 in lines of 76, each with CRLF.
pub(crate) fn base64_lines(octets: &[u8]) -> String {
    let mut out = String::with_capacity(octets.len() / 57 * 78 + 80);
    for line in octets.chunks(57) {
        STANDARD.encode_string(line, &mut out);
        out.push_str("\r\n");
    }
    if octets.is_empty() {
        out.push_str("\r\n");
    }
    out
}

/// Whether a text goes as it is: ASCII, short lines, nothing that looks like a boundary.
pub(crate) fn goes_plain(text: &str) -> bool {
    let tame = |c: char| c.is_ascii_graphic() || matches!(c, ' ' | '\t' | '\n');
    text.chars().all(tame) && text.lines().all(|line| line.len() <= 998) && !text.contains("=_")
}

/// Whether a text goes as it is where octets have eight bits: short lines, no control characters, nothing that looks
/// like a boundary.
pub(crate) fn goes_8bit(text: &str) -> bool {
    let tame = |c: char| !c.is_control() || matches!(c, '\t' | '\n');
    text.chars().all(tame) && text.lines().all(|line| line.len() <= 998) && !text.contains("=_")
}

/// Line feeds become CRLF; what is CRLF already stays, and so does a lone CR. The last line gets its CRLF.
pub(crate) fn crlf(octets: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(octets.len() + octets.len() / 32 + 2);
    let mut last = 0;
    for &octet in octets {
        if octet == b'\n' && last != b'\r' {
            out.push(b'\r');
        }
        out.push(octet);
        last = octet;
    }
    if !out.is_empty() && !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// Quoted-printable (RFC 2045 §6.7) of a text with line feeds, lines of at most 76.
pub(crate) fn quoted_printable(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut column = 0;
        let mut octets = line.bytes().peekable();
        while let Some(octet) = octets.next() {
            let last = octets.peek().is_none();
            let plain = octet.is_ascii_graphic() && octet != b'=' || matches!(octet, b' ' | b'\t') && !last;
            let width = if plain { 1 } else { 3 };
            if column + width > 75 {
                out.push_str("=\r\n");
                column = 0;
            }
            match plain {
                true => out.push(char::from(octet)),
                false => out.push_str(&format!("={octet:02X}")),
            }
            column += width;
        }
        out.push_str("\r\n");
    }
    out
}

/// Quoted-printable of any octets: all but letters and digits as numbers, so that nothing of them can be read off.
pub(crate) fn quoted_octets(octets: &[u8]) -> String {
    let mut out = String::new();
    for chunk in octets.chunks(25) {
        for octet in chunk {
            match octet.is_ascii_alphanumeric() {
                true => out.push(char::from(*octet)),
                false => out.push_str(&format!("={octet:02X}")),
            }
        }
        out.push_str("=\r\n");
    }
    out.push_str("\r\n");
    out
}

/// A parameter of a MIME field: quoted where it is ASCII, else as RFC 2231 §4 has it.
pub(crate) fn parameter(name: &str, value: &str) -> String {
    if value.is_ascii() {
        return format!("{name}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""));
    }
    let percent = |octet: u8| match octet.is_ascii_alphanumeric() || b"-._".contains(&octet) {
        true => char::from(octet).to_string(),
        false => format!("%{octet:02X}"),
    };
    format!("{name}*=utf-8''{}", value.bytes().map(percent).collect::<String>())
}

/// A value with its words of ASCII as they are, so that an address stays one; neighbours that are not go together, for
/// a reader drops the space between two encoded words.
fn encoded_words(value: &str) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut run: Vec<&str> = Vec::new();
    for word in value.split(' ') {
        if !word.is_ascii() {
            run.push(word);
            continue;
        }
        out.extend(encoded(&std::mem::take(&mut run).join(" ")));
        out.push(word.to_owned());
    }
    out.extend(encoded(&run.join(" ")));
    out.join(" ")
}

/// A text as encoded words in UTF-8 and base64, none cutting a character; none for an empty text.
fn encoded(text: &str) -> Vec<String> {
    let mut chunks: Vec<String> = Vec::new();
    for c in text.chars() {
        match chunks.last_mut() {
            Some(chunk) if chunk.len() + c.len_utf8() <= ENCODED => chunk.push(c),
            _ => chunks.push(c.to_string()),
        }
    }
    chunks.iter().map(|chunk| format!("=?UTF-8?B?{}?=", STANDARD.encode(chunk))).collect()
}

/// Where a header line is folded.
const LINE: usize = 76;
/// Octets of text in one encoded word: 52 digits of base64, so that a field's name and a word fit one line.
const ENCODED: usize = 39;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_ascii_field_is_folded_and_unfolds_to_itself() {
        let value = "uno due tre quattro cinque ".repeat(8);
        let folded = field("Subject", value.trim_end());
        assert!(folded.lines().all(|line| line.len() <= 78));
        assert_eq!(folded.replace("\r\n", ""), format!("Subject: {}", value.trim_end()));
    }

    #[test]
    fn spaces_of_the_value_survive_folding() {
        let value = format!("{}  {} ", "a".repeat(70), "b".repeat(70));
        let folded = field("X", &value);
        assert_eq!(folded.replace("\r\n", ""), format!("X: {value}"));
        assert!(folded.lines().all(|line| !line.trim().is_empty()));
    }

    #[test]
    fn an_empty_field_has_no_value() {
        assert_eq!(field("Bcc", ""), "Bcc:\r\n");
    }

    #[test]
    fn an_accented_subject_goes_in_encoded_words() {
        assert_eq!(field("Subject", "Perché"), "Subject: =?UTF-8?B?UGVyY2jDqQ==?=\r\n");
        let long = field("Subject", &"è".repeat(60));
        assert!(long.is_ascii() && long.lines().all(|line| line.len() <= 78));
        let from = field("From", "Città di Forlì <anna@alfa.test>");
        assert_eq!(from, "From: =?UTF-8?B?Q2l0dMOg?= di =?UTF-8?B?Rm9ybMOs?= <anna@alfa.test>\r\n");
        assert_eq!(field("X", "è è"), "X: =?UTF-8?B?w6ggw6g=?=\r\n");
    }

    #[test]
    fn line_feeds_become_crlf_once() {
        assert_eq!(crlf(b"a\nb\r\nc"), b"a\r\nb\r\nc\r\n");
        assert_eq!(crlf(b"a\r\n"), b"a\r\n");
        assert_eq!(crlf(b""), b"");
    }

    #[test]
    fn quoted_printable_hides_what_may_not_travel() {
        assert_eq!(quoted_printable("perché = \nfine"), "perch=C3=A9 =3D=20\r\nfine\r\n");
        assert!(quoted_printable(&"è".repeat(200)).lines().all(|line| line.len() <= 76));
    }

    #[test]
    fn octets_in_quoted_printable_cannot_be_read_off() {
        assert_eq!(quoted_octets(b"a!\r\n"), "a=21=0D=0A=\r\n\r\n");
        assert!(quoted_octets(&[0; 200]).lines().all(|line| line.len() <= 76));
    }

    #[test]
    fn a_parameter_is_quoted_or_percent_encoded() {
        assert_eq!(parameter("name", "a\"b.txt"), "name=\"a\\\"b.txt\"");
        assert_eq!(parameter("filename", "città.txt"), "filename*=utf-8''citt%C3%A0.txt");
    }

    #[test]
    fn base64_comes_in_lines_of_76() {
        assert_eq!(base64_lines(b"abc"), "YWJj\r\n");
        assert_eq!(base64_lines(&[0; 57]).len(), 78);
        assert_eq!(base64_lines(&[0; 58]).lines().count(), 2);
    }
}
