//! The parts of what a provider writes, in the style that it is known for.

use crate::{
    Body, Entity, Fields, Signer, Style,
    mime::{base64_lines, multipart},
    signed_content,
    words::{encode_charset, encode_quoted},
};

/// How certification data is transferred.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// As base64.
    #[default]
    Base64,
    /// As quoted-printable.
    QuotedPrintable,
    /// As it is; what is not ASCII goes as base64 all the same.
    SevenBit,
}

impl Encoding {
    /// Reads the value of `Content-Transfer-Encoding`; what is unknown is base64.
    pub fn read(wire: &str) -> Self {
        match wire.trim().to_ascii_lowercase().as_str() {
            "quoted-printable" => Self::QuotedPrintable,
            "7bit" => Self::SevenBit,
            _ => Self::Base64,
        }
    }
}

/// The text first, what else there is behind it, signed.
//= PEC-4.3-03
pub(crate) fn seal(
    header: &str,
    text: &str,
    original: Option<Entity>,
    data: Option<Entity>,
    signer: &Signer,
    at_unix_micros: i64,
) -> Vec<u8> {
    let style = signer.style();
    let (first, second) = if style.original_first { (original, data) } else { (data, original) };
    let parts: Vec<_> = [Some(readable(text, style)), first, second].into_iter().flatten().collect();
    let content = multipart("mixed", &parts);
    let at = at_unix_micros.div_euclid(1_000_000);
    let (fields, body) = signed_content(&content.to_bytes(), signer, at, style);
    let mut fields = Fields::read([header, style.own_fields, &fields].concat().as_bytes());
    let place = |field: &[u8]| style.first_fields.iter().position(|name| Fields::is(field, name));
    fields.0.sort_by_key(|field| place(field).unwrap_or(usize::MAX));
    [&fields.to_bytes(), &b"\r\n"[..], &body].concat()
}

/// A message that came or is enclosed, as it is.
//= PEC-4.3.2-01
pub(crate) fn enclosed(message: &[u8], name: &str, style: Style) -> Entity {
    let encoding = match message.is_ascii() {
        true if style.says_seven_bit => "Content-Transfer-Encoding: 7bit\r\n",
        true => "",
        false => "Content-Transfer-Encoding: 8bit\r\n",
    };
    let name = style.quotes.around(name, true);
    let fields = format!(
        "Content-Type: message/rfc822; name={name}\r\n{encoding}Content-Disposition: {}; filename={name}\r\n",
        disposition(style)
    );
    Entity::leaf(&fields, message)
}

/// The part of the certification data.
//= PEC-4.3.3-01
pub(crate) fn data(xml: &str, style: Style) -> Entity {
    let (encoding, body) = match style.data_encoding {
        Encoding::QuotedPrintable => ("quoted-printable", encode_quoted(xml.as_bytes())),
        Encoding::SevenBit if xml.is_ascii() => ("7bit", xml.to_owned()),
        Encoding::SevenBit | Encoding::Base64 => ("base64", base64_lines(xml.as_bytes())),
    };
    let name = style.quotes.around("daticert.xml", true);
    let charset = style.quotes.around("UTF-8", false);
    let fields = format!(
        "Content-Type: application/xml; name={name}; charset={charset}\r\n\
         Content-Transfer-Encoding: {encoding}\r\nContent-Disposition: {}; filename={name}\r\n",
        disposition(style)
    );
    Entity::leaf(&fields, body)
}

/// The readable text: plain, or with a page that says the same.
//= PEC-4.3.1-02
//= PEC-4.3.1-03
fn readable(text: &str, style: Style) -> Entity {
    let mut plain = leaf("text/plain", text, style);
    if style.html {
        return multipart("alternative", &[plain, leaf("text/html", &page(text), style)]);
    }
    plain.fields.push("Content-Disposition", "inline");
    plain
}

//= PEC-4.3.1-01
fn leaf(kind: &str, text: &str, style: Style) -> Entity {
    let octets = encode_charset("iso-8859-1", text);
    let (encoding, body) = match style.text_encoding {
        Encoding::QuotedPrintable => ("quoted-printable", encode_quoted(&octets)),
        Encoding::SevenBit | Encoding::Base64 => ("base64", base64_lines(&octets)),
    };
    let charset = style.quotes.around("iso-8859-1", false);
    let fields = format!("Content-Type: {kind}; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n");
    Entity { body: Body::Leaf(body.into_bytes()), ..Entity::leaf(&fields, "") }
}

//= PEC-4.3.1-04
fn page(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace("\r\n", "<br>\r\n");
    format!("<html><head><title>Posta certificata</title></head><body>\r\n<p>{text}</p>\r\n</body></html>\r\n")
}

fn disposition(style: Style) -> &'static str {
    if style.inline { "inline" } else { "attachment" }
}
