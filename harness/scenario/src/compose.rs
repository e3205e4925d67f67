use std::sync::Arc;

use collaudo_record::Instant;

use crate::{
    draw::Draw,
    encode,
    letter::{Attachment, BOUNDARY, Content, Letter, MessageId},
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
    let mut draw = Draw::new(sending.seed, sending.id);
    let mut out: String = fields(letter, sending).iter().map(|(name, value)| encode::field(name, value)).collect();
    out.push_str("MIME-Version: 1.0\r\n");
    if letter.attachments.is_empty() {
        out.push_str(&text_part(&letter.text, "text/plain", None));
        return out.into_bytes().into();
    }
    let boundary = format!("{BOUNDARY}{}", sending.id);
    out.push_str(&format!("Content-Type: multipart/mixed; boundary=\"{boundary}\"\r\n\r\n"));
    let parts = letter.attachments.iter().map(|attachment| attached(attachment, &mut draw));
    for part in std::iter::once(text_part(&letter.text, "text/plain", None)).chain(parts) {
        out.push_str(&format!("--{boundary}\r\n{part}\r\n"));
    }
    out.push_str(&format!("--{boundary}--\r\n"));
    out.into_bytes().into()
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

fn attached(attachment: &Attachment, draw: &mut Draw) -> String {
    let octets = match &attachment.content {
        Content::Text(text) => return text_part(text, &attachment.media, Some(&attachment.name)),
        Content::Octets(octets) => octets.clone(),
        Content::Drawn(size) => draw.octets(*size),
    };
    let head = part_head(&attachment.media, Some(&attachment.name), "");
    format!("{head}Content-Transfer-Encoding: base64\r\n\r\n{}", encode::base64_lines(&octets))
}

/// A part that holds text, its head included.
fn text_part(text: &str, media: &str, name: Option<&str>) -> String {
    let charset = match (media.starts_with("text/"), text.is_ascii()) {
        (false, _) => "",
        (true, true) => "; charset=us-ascii",
        (true, false) => "; charset=utf-8",
    };
    // RFC 2046 §5.2.1: an attached message may not be encoded; the reader has seen to it that it need not be.
    let plain = media.starts_with("message/") || encode::goes_plain(text);
    let head = part_head(media, name, charset);
    if plain {
        let text = String::from_utf8_lossy(&encode::crlf(text.as_bytes())).into_owned();
        return format!("{head}Content-Transfer-Encoding: 7bit\r\n\r\n{text}");
    }
    format!("{head}Content-Transfer-Encoding: quoted-printable\r\n\r\n{}", encode::quoted_printable(text))
}

fn part_head(media: &str, name: Option<&str>, charset: &str) -> String {
    let Some(name) = name else { return format!("Content-Type: {media}{charset}\r\n") };
    let (named, filed) = (encode::parameter("name", name), encode::parameter("filename", name));
    format!("Content-Type: {media}{charset};\r\n {named}\r\nContent-Disposition: attachment;\r\n {filed}\r\n")
}
