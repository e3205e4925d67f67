//! BODYSTRUCTURE and ENVELOPE (RFC 3501 §7.4.2).

use std::borrow::Cow;

use imap_codec::imap_types::{
    body::{
        BasicFields, Body, BodyStructure, Disposition, MultiPartExtensionData, SinglePartExtensionData, SpecificFields,
    },
    core::{IString, Literal, NString, Vec1},
    envelope::Envelope,
};

use super::{
    address,
    entity::{Content, Entity},
};
use crate::core::message::{Message, parameters};

/// The structure of an entity, with its extension data where they are asked for.
pub(super) fn structure(entity: &Entity, extended: bool) -> BodyStructure<'static> {
    let (kind, subtype) = entity.kind.split_once('/').unwrap_or(("text", "plain"));
    if let Content::Parts(parts) = &entity.content
        && let Ok(bodies) = Vec1::try_from(parts.iter().map(|part| structure(part, extended)).collect::<Vec<_>>())
    {
        let extension_data = extended.then(|| MultiPartExtensionData {
            parameter_list: parameter_list(&entity.parameters),
            tail: Some(disposition(&entity.message)),
        });
        return BodyStructure::Multi { bodies, subtype: istring(subtype.as_bytes()), extension_data };
    }
    let body = entity.message.body();
    let number_of_lines = number(body.iter().filter(|octet| **octet == b'\n').count());
    let specific = match &entity.content {
        Content::Message(inner) => SpecificFields::Message {
            envelope: Box::new(envelope(&inner.message)),
            body_structure: Box::new(structure(inner, extended)),
            number_of_lines,
        },
        _ if kind == "text" => SpecificFields::Text { subtype: istring(subtype.as_bytes()), number_of_lines },
        // A multipart or a message that could not be taken apart is told as what it is then: octets.
        _ if kind == "multipart" || entity.kind == "message/rfc822" => {
            SpecificFields::Basic { r#type: istring(b"application"), subtype: istring(b"octet-stream") }
        }
        _ => SpecificFields::Basic { r#type: istring(kind.as_bytes()), subtype: istring(subtype.as_bytes()) },
    };
    let field = |name: &str| entity.message.get(name).map(|field| field.unfolded());
    let basic = BasicFields {
        parameter_list: parameter_list(&entity.parameters),
        id: optional(field("Content-ID")),
        description: optional(field("Content-Description")),
        content_transfer_encoding: istring(&field("Content-Transfer-Encoding").unwrap_or(Cow::Borrowed(b"7bit"))),
        size: number(body.len()),
    };
    let extension_data = extended.then(|| SinglePartExtensionData {
        md5: optional(field("Content-MD5")),
        tail: Some(disposition(&entity.message)),
    });
    BodyStructure::Single { body: Body { basic, specific }, extension_data }
}

/// The envelope of a message: the fields of its header as they were written.
pub(super) fn envelope(message: &Message) -> Envelope<'static> {
    let field = |name: &str| optional(message.get(name).map(|field| field.unfolded()));
    let addresses = |name: &str| message.get(name).map(|field| address::read(&field.unfolded())).unwrap_or_default();
    let from = addresses("From");
    let or_from = |name: &str| Some(addresses(name)).filter(|all| !all.is_empty()).unwrap_or_else(|| from.clone());
    Envelope {
        date: field("Date"),
        subject: field("Subject"),
        sender: or_from("Sender"),
        reply_to: or_from("Reply-To"),
        to: addresses("To"),
        cc: addresses("Cc"),
        bcc: addresses("Bcc"),
        in_reply_to: field("In-Reply-To"),
        message_id: field("Message-ID"),
        from,
    }
}

fn disposition(message: &Message) -> Disposition<'static> {
    let found = message.get("Content-Disposition").map(|field| parameters::raw(&field.unfolded()));
    let found = found.filter(|(value, _)| !value.is_empty());
    Disposition { disposition: found.map(|(value, all)| (istring(value.as_bytes()), parameter_list(&all))), tail: None }
}

fn parameter_list(all: &[(String, Vec<u8>)]) -> Vec<(IString<'static>, IString<'static>)> {
    all.iter().map(|(name, value)| (istring(name.as_bytes()), istring(value))).collect()
}

/// A string of IMAP: quoted where it can be, else a literal.
pub(super) fn istring(octets: &[u8]) -> IString<'static> {
    // Neither form can hold NUL, and no header has a use for it.
    let octets: Vec<u8> = octets.iter().copied().filter(|octet| *octet != 0).collect();
    IString::try_from(octets).unwrap_or_else(|_| Literal::unvalidated(Vec::new()).into())
}

pub(super) fn nstring(octets: &[u8]) -> NString<'static> {
    NString(Some(istring(octets)))
}

fn optional(octets: Option<Cow<[u8]>>) -> NString<'static> {
    NString(octets.map(|octets| istring(&octets)))
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
