use std::sync::Arc;

use collaudo_record::Instant;

use crate::{
    attach::{Attachment, Content, Encoding, Wrapping},
    draw::Draw,
    encode,
    letter::{BOUNDARY, Letter, MessageId},
};

/// What a letter needs from the run to become octets.
pub(crate) struct Sending<'a> {
    /// The step's id.
    pub(crate) id: &'a str,
    /// When it is sent.
    pub(crate) at: Instant,
    /// The provider's domain, in which the client's `Message-ID` lies.
    pub(crate) domain: &'a str,
    /// The run's seed.
    pub(crate) seed: u64,
}

/// Writes a letter as an RFC 5322 message with CRLF. The same letter and sending give the same octets.
pub(crate) fn write(letter: &Letter, sending: &Sending<'_>) -> Arc<[u8]> {
    let Pieces { before, behind } = pieces(letter, sending);
    let own = before.len() + behind.len();
    let filler = letter.size.and_then(|size| size.checked_sub(own)).map(filler).unwrap_or_default();
    [before, filler, behind].concat().into_bytes().into()
}

/// The most octets that a letter has unfilled, whatever the seed and the day, and room for one line more.
pub(crate) fn most_unfilled(letter: &Letter, id: &str, domain: &str) -> usize {
    let Pieces { before, behind } = pieces(letter, &Sending { id, at: Instant(0), domain, seed: u64::MAX });
    // A day of two digits has one octet more than the first of January; the shortest line has two.
    before.len() + behind.len() + 3
}

/// A message up to the end of its text, and what comes behind.
struct Pieces {
    before: String,
    behind: String,
}

fn pieces(letter: &Letter, sending: &Sending<'_>) -> Pieces {
    let mut draw = Draw::new(sending.seed, sending.id);
    let mut before: String = fields(letter, sending).iter().map(|(name, value)| encode::field(name, value)).collect();
    before.push_str("MIME-Version: 1.0\r\n");
    let text = text_of(letter);
    if letter.attachments.is_empty() {
        before.push_str(&text);
        return Pieces { before, behind: String::new() };
    }
    let boundary = format!("{BOUNDARY}{}", sending.id);
    let mut behind = String::from("\r\n");
    for (n, attachment) in letter.attachments.iter().enumerate() {
        let part = wrapped(attachment, &format!("{n}.{}", sending.id), &mut draw);
        behind.push_str(&format!("--{boundary}\r\n{part}\r\n"));
    }
    behind.push_str(&format!("--{boundary}--\r\n"));
    let eight = eight_bit(&behind);
    before.push_str(&format!("Content-Type: multipart/mixed; boundary=\"{boundary}\"\r\n{eight}\r\n"));
    before.push_str(&format!("--{boundary}\r\n{text}"));
    Pieces { before, behind }
}

/// So many octets, at least two, in lines that fit any text part.
fn filler(octets: usize) -> String {
    let full: String = FILLING.chars().cycle().take(FULL).collect();
    let mut out = String::with_capacity(octets);
    let mut left = octets;
    while left > 0 {
        // One octet alone would be no line.
        let line = if left == FULL + 1 { FULL - 1 } else { left.min(FULL) };
        out.push_str(full.get(..line.saturating_sub(2)).unwrap_or_default());
        out.push_str("\r\n");
        left = left.saturating_sub(line.max(2));
    }
    out
}

/// The header in its order: the scenario's own fields take the place of those of the same name.
fn fields(letter: &Letter, sending: &Sending<'_>) -> Vec<(String, String)> {
    let list = |addresses: &[String]| Some(addresses.join(", ")).filter(|list| !list.is_empty());
    let usual = [
        ("Date", Some(date(sending.at))),
        ("From", Some(letter.from.clone())),
        ("To", list(&letter.to)),
        ("Cc", list(&letter.cc)),
        ("Subject", Some(letter.subject.clone())),
        ("Message-ID", message_id(letter, sending)),
        ("X-TipoRicevuta", letter.receipt.map(str::to_owned)),
    ];
    let own = |name: &str| letter.fields.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
    let mut fields = Vec::new();
    for (name, value) in usual {
        match own(name) {
            Some((name, values)) => fields.extend(values.iter().map(|value| (name.clone(), value.clone()))),
            None => fields.extend(value.map(|value| (name.to_owned(), value))),
        }
    }
    let further = letter.fields.iter().filter(|(name, _)| !usual_name(name));
    fields.extend(further.flat_map(|(name, values)| values.iter().map(|value| (name.clone(), value.clone()))));
    fields
}

fn usual_name(name: &str) -> bool {
    ["Date", "From", "To", "Cc", "Subject", "Message-ID", "X-TipoRicevuta"]
        .iter()
        .any(|own| own.eq_ignore_ascii_case(name))
}

fn message_id(letter: &Letter, sending: &Sending<'_>) -> Option<String> {
    match &letter.message_id {
        MessageId::Absent => None,
        MessageId::Given(id) => Some(id.clone()),
        MessageId::Drawn => Some(format!("<{}.{:x}@client.{}>", sending.id, sending.seed, sending.domain)),
    }
}

/// Legal time in Italy, as the sender's client would write it.
fn date(at: Instant) -> String {
    let moment = jiff::Timestamp::from_microsecond(at.0).unwrap_or_default();
    let zone = jiff::tz::TimeZone::get("Europe/Rome").unwrap_or(jiff::tz::TimeZone::UTC);
    moment.to_zoned(zone).strftime("%a, %-d %b %Y %H:%M:%S %z").to_string()
}

/// The text, with the line ends that the letter wants.
fn text_of(letter: &Letter) -> String {
    let part = text_part(&letter.text, "text/plain", None);
    let Some((bare, (head, body))) = letter.bare.zip(part.split_once("\r\n\r\n")) else { return part };
    let inside = body.strip_suffix("\r\n").unwrap_or(body).replace("\r\n", &bare.to_string());
    format!("{head}\r\n\r\n{inside}\r\n")
}

/// A part and all that it stands in, from the inside out; `place` tells it from every other.
fn wrapped(attachment: &Attachment, place: &str, draw: &mut Draw) -> String {
    let mut part = attached(attachment, draw);
    for (depth, wrapping) in attachment.within.iter().enumerate().rev() {
        let boundary = format!("{INNER}{depth}.{place}");
        let eight = eight_bit(&part);
        part = match wrapping {
            Wrapping::Message => format!(
                "Content-Type: message/rfc822;\r\n name=\"inoltrato.eml\"\r\n{eight}\
                 Content-Disposition: attachment;\r\n filename=\"inoltrato.eml\"\r\n\r\n{FORWARDED}{part}"
            ),
            Wrapping::Multipart => format!(
                "Content-Type: multipart/mixed; boundary=\"{boundary}\"\r\n{eight}\r\n\
                 --{boundary}\r\n{part}\r\n--{boundary}--\r\n"
            ),
            Wrapping::Signed => format!(
                "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\";\r\n micalg=sha-256; \
                 boundary=\"{boundary}\"\r\n{eight}\r\n--{boundary}\r\n{part}\r\n--{boundary}\r\n\
                 Content-Type: application/pkcs7-signature;\r\n name=\"smime.p7s\"\r\n\
                 Content-Disposition: attachment;\r\n filename=\"smime.p7s\"\r\n\
                 Content-Transfer-Encoding: base64\r\n\r\n{}\r\n--{boundary}--\r\n",
                encode::base64_lines(&draw.octets(256))
            ),
        };
    }
    part
}

/// The field that a part has around it where not all of it is ASCII.
fn eight_bit(part: &str) -> &'static str {
    if part.is_ascii() { "" } else { "Content-Transfer-Encoding: 8bit\r\n" }
}

fn attached(attachment: &Attachment, draw: &mut Draw) -> String {
    let octets = match (&attachment.content, attachment.encoding) {
        (Content::Text(text), None) => return text_part(text, &attachment.media, Some(&attachment.name)),
        (Content::Text(text), Some(_)) => encode::crlf(text.as_bytes()),
        (Content::Octets(octets), _) => octets.clone(),
        (Content::Drawn(size), _) => draw.octets(*size),
    };
    let (encoding, body) = match (attachment.encoding, &attachment.content) {
        (None | Some(Encoding::Base64), _) => ("base64", encode::base64_lines(&octets)),
        (Some(Encoding::QuotedPrintable), Content::Text(text)) => ("quoted-printable", encode::quoted_printable(text)),
        (Some(Encoding::QuotedPrintable), _) => ("quoted-printable", encode::quoted_octets(&octets)),
        (Some(Encoding::SevenBit), _) => ("7bit", as_it_is(&octets)),
        (Some(Encoding::EightBit), _) => ("8bit", as_it_is(&octets)),
    };
    let head = part_head(&attachment.media, Some(&attachment.name), charset(&attachment.media, &octets));
    format!("{head}Content-Transfer-Encoding: {encoding}\r\n\r\n{body}")
}

fn as_it_is(octets: &[u8]) -> String {
    String::from_utf8_lossy(&encode::crlf(octets)).into_owned()
}

/// The parameter of a text's type.
fn charset(media: &str, octets: &[u8]) -> &'static str {
    match (media.starts_with("text/"), octets.is_ascii()) {
        (false, _) => "",
        (true, true) => "; charset=us-ascii",
        (true, false) => "; charset=utf-8",
    }
}

/// A part that holds text, its head included.
fn text_part(text: &str, media: &str, name: Option<&str>) -> String {
    let charset = charset(media, text.as_bytes());
    // RFC 2046 §5.2.1: an attached message may not be encoded; the reader has seen to it that it need not be.
    let plain = media.starts_with("message/") || encode::goes_plain(text);
    let head = part_head(media, name, charset);
    if plain {
        return format!("{head}Content-Transfer-Encoding: 7bit\r\n\r\n{}", as_it_is(text.as_bytes()));
    }
    format!("{head}Content-Transfer-Encoding: quoted-printable\r\n\r\n{}", encode::quoted_printable(text))
}

fn part_head(media: &str, name: Option<&str>, charset: &str) -> String {
    let Some(name) = name else { return format!("Content-Type: {media}{charset}\r\n") };
    let (named, filed) = (encode::parameter("name", name), encode::parameter("filename", name));
    format!("Content-Type: {media}{charset};\r\n {named}\r\nContent-Disposition: attachment;\r\n {filed}\r\n")
}

/// What boundaries inside attachments begin with: none of them begins with one that stands around it.
const INNER: &str = "=_dentro-";
/// The head of an attached message, up to what its part says.
const FORWARDED: &str = "From: mittente@esterno.example\r\nTo: destinatario@esterno.example\r\n\
    Subject: Messaggio inoltrato\r\nDate: Mon, 12 Jan 2026 10:15:00 +0100\r\n\
    Message-ID: <inoltrato@esterno.example>\r\nMIME-Version: 1.0\r\n";
/// What a message is filled up with.
const FILLING: &str = "riempitivo ";
/// A full line of it, with CRLF: no more than quoted-printable allows.
const FULL: usize = 78;

#[cfg(test)]
mod tests {
    use super::filler;

    #[test]
    fn filling_has_as_many_octets_as_asked_in_lines_that_fit() {
        for octets in (2..400).chain([600_000, 29_999_999]) {
            let filling = filler(octets);
            assert_eq!(filling.len(), octets);
            assert!(filling.ends_with("\r\n") && filling.lines().all(|line| line.len() <= 76));
        }
        assert_eq!(filler(0), "");
    }
}
