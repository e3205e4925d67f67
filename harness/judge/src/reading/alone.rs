//! Stored messages: read alone, whatever they are wrapped in.

use std::{
    borrow::Cow,
    panic::{AssertUnwindSafe, catch_unwind},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use collaudo_record::BodyHash;

use super::{Entity, Kind, Purpose, Reading, Signature, Trust, asn1, signature_of};

/// A stored message as read, and where in its octets it was found.
pub(crate) struct Stored {
    pub(crate) reading: Reading,
    /// Empty where it is the octets themselves.
    pub(crate) place: String,
    /// What a file of SignedData encloses: the places of the reading are places in it.
    content: Option<Vec<u8>>,
}

impl Stored {
    fn itself(reading: Reading) -> Self {
        Self { reading, place: String::new(), content: None }
    }

    /// The octets in which the places of the reading are, of those that were read.
    pub(crate) fn octets<'a>(&'a self, read: &'a [u8]) -> &'a [u8] {
        self.content.as_deref().unwrap_or(read)
    }
}

impl Reading {
    /// Reads one stored message: as [`Reading::of`], but without essence and virus, which only a trace asks for. A signed
    /// entity is found in a wrapper that has no message of its own, such as a mailing list's, and in a file of SignedData.
    pub(crate) fn alone(octets: &[u8], trust: &Trust) -> Stored {
        let body = BodyHash::of(octets);
        let read = catch_unwind(AssertUnwindSafe(|| match signed_file(octets) {
            Some(structure) => of_file(body.clone(), octets, &structure, trust),
            None => of_message(body.clone(), octets, trust),
        }));
        read.unwrap_or_else(|_| Stored::itself(Self::unreadable(body, octets)))
    }
}

/// Whether that type is SignedData with its content enclosed.
pub(crate) fn is_cms(media_type: &str) -> bool {
    matches!(media_type, "application/pkcs7-mime" | "application/x-pkcs7-mime")
}

/// The SignedData of a file that is nothing else: DER or BER, PEM, or bare base64.
fn signed_file(octets: &[u8]) -> Option<Cow<'_, [u8]>> {
    if octets.first() == Some(&asn1::SEQUENCE) {
        return Some(Cow::Borrowed(octets));
    }
    let digits = match octets.trim_ascii_start() {
        text if text.starts_with(b"-----BEGIN ") => {
            let text = std::str::from_utf8(text).ok()?;
            let (_, behind) = text.split_once("-----\n").or_else(|| text.split_once("-----\r\n"))?;
            behind.split_once("-----END ")?.0
        }
        // The first octet of a SEQUENCE, and a length that no short one has.
        text if text.starts_with(b"MI") => std::str::from_utf8(text).ok()?,
        _ => return None,
    };
    let digits: Vec<u8> = digits.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    STANDARD.decode(digits).ok().map(Cow::Owned)
}

/// A file of SignedData: a whole message inside is that message; a MIME entity inside is signed by the file.
fn of_file(body: BodyHash, octets: &[u8], structure: &[u8], trust: &Trust) -> Stored {
    let (signature, content) = Signature::read(structure, &[], trust);
    let Some(content) = content else {
        let reading = Reading { signature: Some(signature), ..Reading::unreadable(body, octets) };
        return Stored::itself(reading);
    };
    let inner = of_message(BodyHash::of(&content), &content, trust);
    if inner.reading.kind != Kind::Ordinary && inner.reading.signature.is_some() {
        return Stored { place: joined("signed file", &inner.place), content: Some(content), ..inner };
    }
    let root = Entity::read(&content);
    let reading = Reading::from(body, octets, root.clone(), Some(signature), Some(root), Purpose::Alone);
    Stored { content: Some(content), ..Stored::itself(reading) }
}

fn of_message(body: BodyHash, octets: &[u8], trust: &Trust) -> Stored {
    let root = Entity::read(octets);
    if root.media_type == "multipart/signed" {
        let signature = Some(signature_of(&root, octets, trust));
        let reading = Reading::from(body, octets, root, signature, None, Purpose::Alone);
        return Stored::itself(reading);
    }
    if is_cms(&root.media_type) {
        let (signature, content) = Signature::read(&root.decoded, &[], trust);
        let opaque = content.map(|content| Entity::read(&content));
        let reading = Reading::from(body, octets, root, Some(signature), opaque, Purpose::Alone);
        return Stored::itself(reading);
    }
    let mut way = Vec::new();
    if let Some(signed) = signed_inside(&root, &mut way) {
        let own = octets.get(signed.whole.clone()).unwrap_or_default();
        // The wrapper kept the fields of the message and put another content around what is signed.
        let entity = Entity { head: root.head.clone(), ..signed.clone() };
        let signature = Some(signature_of(&entity, octets, trust));
        let reading = Reading::from(BodyHash::of(own), own, entity, signature, None, Purpose::Alone);
        if reading.kind != Kind::Ordinary {
            return Stored { place: joined(&way.join(" > "), "multipart/signed"), ..Stored::itself(reading) };
        }
    }
    Stored::itself(Reading::from(body, octets, root, None, None, Purpose::Alone))
}

/// The first `multipart/signed` among the parts, messages not entered. How deep they nest is bounded by the reader.
fn signed_inside<'a>(entity: &'a Entity, way: &mut Vec<String>) -> Option<&'a Entity> {
    for (child, number) in entity.children.iter().zip(1..) {
        way.push(format!("part {number}"));
        if child.media_type == "multipart/signed" && child.children.len() > 1 {
            return Some(child);
        }
        if let Some(found) = signed_inside(child, way) {
            return Some(found);
        }
        way.pop();
    }
    None
}

/// Steps of a way, one inside the other.
pub(crate) fn joined(outer: &str, inner: &str) -> String {
    match (outer, inner) {
        ("", only) | (only, "") => only.to_owned(),
        (outer, inner) => format!("{outer} > {inner}"),
    }
}
