//! What is signed: the parts of a message, in the shape of the provider's family (§4.3).

use aws_lc_rs::digest::{SHA256, digest};
use collaudo_node::Bytes;

use super::{
    html::html,
    write::{Header, ascii_lines, base64, hex, quoted_printable, quoted_printable_latin1},
};
use crate::Family;

/// The signed content of a message, before it is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Content<'a> {
    /// The readable text; lines end in `\n`.
    pub(super) text: &'a str,
    /// Whether nothing may stand beside the text and the original, be it the text once more (§3.2.2).
    pub(super) bare: bool,
    /// daticert.xml.
    pub(super) daticert: Option<&'a [u8]>,
    /// The name and the octets of the message that is enclosed.
    pub(super) original: Option<(&'a str, &'a Bytes)>,
}

impl Content<'_> {
    /// The multipart/mixed entity, header included.
    //= PEC-4.3-02
    pub(super) fn mixed(&self, family: &Family, message_id: &str) -> Vec<u8> {
        //= PEC-4.3-03
        let mut parts = vec![match family.html && !self.bare {
            true => Part::alternative(self.text, message_id),
            false => Part::text(self.text),
        }];
        let text = parts.len();
        parts.extend(self.daticert.map(|xml| Part::daticert(xml, family)));
        parts.extend(self.original.map(|(name, message)| Part::message(name, message, family.inline)));
        if family.original_first
            && let Some(attached) = parts.get_mut(text..)
        {
            attached.reverse();
        }
        let (header, boundary) = multipart("mixed", message_id, &parts);
        let mut out = Vec::with_capacity(2048 + parts.iter().map(|part| part.body.len()).sum::<usize>());
        out.extend_from_slice(header.as_bytes());
        out.extend_from_slice(b"\r\n");
        append_parts(&boundary, &parts, &mut out);
        out
    }
}

/// One part of a multipart.
pub(super) struct Part {
    header: Option<Header>,
    pub(super) body: Bytes,
}

impl Part {
    /// An entity that has its header already.
    pub(super) fn whole(entity: Bytes) -> Self {
        Self { header: None, body: entity }
    }

    /// The readable text; lines end in `\n`.
    fn text(text: &str) -> Self {
        Self::latin("text/plain", text)
    }

    /// The readable text twice, the second time as HTML.
    fn alternative(text: &str, message_id: &str) -> Self {
        //= PEC-4.3.1-03
        let parts = [Self::text(text), Self::latin("text/html", &html(text))];
        let (header, boundary) = multipart("alternative", message_id, &parts);
        let mut body = Vec::new();
        append_parts(&boundary, &parts, &mut body);
        Self { header: Some(header), body: body.into() }
    }

    fn latin(kind: &str, text: &str) -> Self {
        //= PEC-4.3.1-01
        //= PEC-4.3.1-02
        let mut header = Header::default();
        header.add("Content-Type", &[kind, "; charset=\"iso-8859-1\""].concat());
        header.add("Content-Transfer-Encoding", "quoted-printable");
        header.add("Content-Disposition", "inline");
        //= PEC-4.3-01
        Self { header: Some(header), body: quoted_printable_latin1(text).into() }
    }

    /// daticert.xml.
    fn daticert(xml: &[u8], family: &Family) -> Self {
        //= PEC-4.3.3-01
        //= PEC-4.3.3-03
        //= PEC-4.3-01
        let asked = family.data_encoding.as_str();
        let (encoding, body) = match asked {
            "7bit" | "quoted-printable" => {
                let text = String::from_utf8_lossy(xml);
                match ascii_lines(&text).filter(|_| asked == "7bit") {
                    Some(ascii) => ("7bit", ascii),
                    // A line that is too long for 7bit can still be quoted.
                    None => ("quoted-printable", quoted_printable(&text)),
                }
            }
            _ => ("base64", base64(xml)),
        };
        Self::file("application/xml", "daticert.xml", encoding, body.into(), family.inline)
    }

    /// A message, octet by octet.
    fn message(name: &str, message: &Bytes, inline: bool) -> Self {
        // A user's octets over 127 stay as they are (PEC-3.1.5-17 over PEC-4.3-01): to encode them would change the original.
        let encoding = if message.is_ascii() { "7bit" } else { "8bit" };
        Self::file("message/rfc822", name, encoding, message.clone(), inline)
    }

    /// A file with its name.
    pub(super) fn file(kind: &str, name: &str, encoding: &str, body: Bytes, inline: bool) -> Self {
        let mut header = Header::default();
        header.add("Content-Type", &[kind, "; name=\"", name, "\""].concat());
        header.add("Content-Transfer-Encoding", encoding);
        let disposition = if inline { "inline" } else { "attachment" };
        header.add("Content-Disposition", &[disposition, "; filename=\"", name, "\""].concat());
        Self { header: Some(header), body }
    }

    fn append_to(&self, out: &mut Vec<u8>) {
        if let Some(header) = &self.header {
            out.extend_from_slice(header.as_bytes());
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(&self.body);
    }
}

/// The header of a multipart entity of these parts, and the boundary that it names.
fn multipart(subtype: &str, message_id: &str, parts: &[Part]) -> (Header, String) {
    let hashes: Vec<_> = parts.iter().map(|part| digest(&SHA256, &part.body)).collect();
    let mut seeds: Vec<&[u8]> = hashes.iter().map(AsRef::as_ref).collect();
    seeds.push(message_id.as_bytes());
    let boundary = boundary(&seeds);
    let mut header = Header::default();
    header.add("Content-Type", &["multipart/", subtype, "; boundary=\"", &boundary, "\""].concat());
    if !parts.iter().all(|part| part.body.is_ascii()) {
        header.add("Content-Transfer-Encoding", "8bit");
    }
    (header, boundary)
}

/// Appends the body of a multipart entity.
pub(super) fn append_parts(boundary: &str, parts: &[Part], out: &mut Vec<u8>) {
    for (number, part) in parts.iter().enumerate() {
        let before: &[u8] = if number == 0 { b"--" } else { b"\r\n--" };
        out.extend_from_slice(before);
        out.extend_from_slice(boundary.as_bytes());
        out.extend_from_slice(b"\r\n");
        part.append_to(out);
    }
    out.extend_from_slice(b"\r\n--");
    out.extend_from_slice(boundary.as_bytes());
    out.extend_from_slice(b"--\r\n");
}

/// A boundary that the content cannot hold: it derives from the content's own digest, which nobody can write into the
/// content beforehand, and it is the same in every run.
pub(super) fn boundary(seeds: &[&[u8]]) -> String {
    let hash = digest(&SHA256, &seeds.concat());
    let (half, _) = hash.as_ref().split_at(16);
    ["=_", &hex(half)].concat()
}
