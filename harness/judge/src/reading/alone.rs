//! Stored messages: read alone, whatever they are wrapped in.

use std::{
    borrow::Cow,
    panic::{AssertUnwindSafe, catch_unwind},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use collaudo_record::{BodyHash, SignatureCause};

use super::{Entity, Kind, Purpose, Reading, Signature, Trust, asn1, count, signature_of, with_restored_line_ends};

/// A stored message as read, and where in its octets it was found.
pub(crate) struct Stored<'a> {
    pub(crate) reading: Reading,
    /// What its entities' places count in: its octets, line ends put right where storage doubled their CR.
    pub(crate) octets: Cow<'a, [u8]>,
    /// Empty where it is the octets themselves.
    pub(crate) place: String,
}

impl Reading {
    /// Reads one stored message: as [`Reading::of`], but without essence and virus, which only a trace asks for. A signed
    /// entity is found in a wrapper that has no message of its own, such as a mailing list's, and in a file of SignedData.
    pub(crate) fn alone<'a>(octets: &'a [u8], trust: &Trust) -> Stored<'a> {
        let body = BodyHash::of(octets);
        let read = catch_unwind(AssertUnwindSafe(|| {
            if let Some(structure) = signed_file(octets) {
                return of_file(body.clone(), octets, &structure, trust);
            }
            if !has_doubled_cr(octets) {
                return of_message(body.clone(), Cow::Borrowed(octets), trust);
            }
            let mut stored = of_message(body.clone(), Cow::Owned(with_restored_line_ends(octets)), trust);
            stored.reading.octets = count(octets);
            if let Some(signature) = stored.reading.signature.as_mut().filter(|signature| signature.valid) {
                signature.cause = SignatureCause::HoldsRestored;
            }
            stored
        }));
        read.unwrap_or_else(|_| Stored::of(Self::unreadable(body, octets), Cow::Borrowed(octets)))
    }
}

impl<'a> Stored<'a> {
    fn of(reading: Reading, octets: Cow<'a, [u8]>) -> Self {
        Self { reading, octets, place: String::new() }
    }
}

/// Whether the first line ends in more CR than one.
fn has_doubled_cr(octets: &[u8]) -> bool {
    octets
        .iter()
        .position(|b| *b == b'\n')
        .and_then(|end| octets.get(..end))
        .is_some_and(|line| line.ends_with(b"\r\r"))
}

/// Whether that type is SignedData with its content enclosed.
pub(crate) fn is_cms(media_type: &str) -> bool {
    matches!(media_type, "application/pkcs7-mime" | "application/x-pkcs7-mime")
}

/// The SignedData of a file that is nothing else: DER or BER, PEM, or bare base64.
fn signed_file(octets: &[u8]) -> Option<Cow<'_, [u8]>> {
    // No structure that holds a signature is shorter than 128 octets, and no text begins so.
    if octets.first() == Some(&asn1::SEQUENCE) && octets.get(1).is_some_and(|length| *length >= 0x80) {
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
fn of_file<'a>(body: BodyHash, octets: &'a [u8], structure: &[u8], trust: &Trust) -> Stored<'a> {
    let (signature, content) = Signature::read(structure, &[], trust);
    let Some(content) = content else {
        let reading = Reading { signature: Some(signature), ..Reading::unreadable(body, octets) };
        return Stored::of(reading, Cow::Borrowed(octets));
    };
    let inner = of_message(BodyHash::of(&content), Cow::Borrowed(&content), trust);
    if inner.reading.kind != Kind::Ordinary && inner.reading.signature.is_some() {
        let place = joined("signed file", &inner.place);
        return Stored { reading: inner.reading, place, octets: Cow::Owned(content) };
    }
    let root = Entity::read(&content);
    let reading = Reading::from(body, octets, root.clone(), Some(signature), Some(root), Purpose::Alone);
    Stored::of(reading, Cow::Owned(content))
}

fn of_message<'a>(body: BodyHash, octets: Cow<'a, [u8]>, trust: &Trust) -> Stored<'a> {
    let root = Entity::read(&octets);
    if root.media_type == "multipart/signed" {
        let signature = Some(signature_of(&root, &octets, trust));
        return Stored::of(Reading::from(body, &octets, root, signature, None, Purpose::Alone), octets);
    }
    if is_cms(&root.media_type) {
        let (signature, content) = Signature::read(&root.decoded, &[], trust);
        let opaque = content.map(|content| Entity::read(&content));
        return Stored::of(Reading::from(body, &octets, root, Some(signature), opaque, Purpose::Alone), octets);
    }
    let mut way = Vec::new();
    if let Some(signed) = signed_inside(&root, &mut way) {
        let own = octets.get(signed.whole.clone()).unwrap_or_default();
        let signature = Some(signature_of(signed, &octets, trust));
        // The wrapper kept the fields of the message and put another content around what is signed.
        let entity = Entity { head: root.head.clone(), ..signed.clone() };
        let reading = Reading::from(BodyHash::of(own), own, entity, signature, None, Purpose::Alone);
        if reading.kind != Kind::Ordinary {
            return Stored { reading, place: joined(&way.join(" > "), "multipart/signed"), octets };
        }
    }
    Stored::of(Reading::from(body, &octets, root, None, None, Purpose::Alone), octets)
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
