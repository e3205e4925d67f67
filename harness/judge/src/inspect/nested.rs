use std::borrow::Cow;

use super::joined;
use crate::reading::{Entity, Kind, Reading, Signature, Trust, is_cms};

/// How deep messages may lie in messages; what lies deeper is not looked for.
const MAX_DEPTH: u32 = 8;

/// What is done with each message found: its octets, its place, what was read.
type Take<'t> = dyn FnMut(&[u8], &str, &Reading) + 't;

/// Finds the messages to judge in stored octets: a certified message and those that its original encloses; of other
/// messages the certified ones in them, else the message itself.
pub(super) fn walk(octets: &[u8], trust: &Trust, take: &mut Take<'_>) {
    let mut walk = Walk { trust, take, found: 0 };
    let stored = Reading::alone(octets, trust);
    if stored.reading.kind != Kind::Ordinary {
        walk.certified(&stored.octets, &stored.place, &stored.reading, 0);
        return;
    }
    walk.inside(&stored.reading.root, &stored.octets, "", 0);
    if walk.found == 0 {
        (walk.take)(&stored.octets, "", &stored.reading);
    }
}

struct Walk<'w, 't> {
    trust: &'w Trust,
    take: &'w mut Take<'t>,
    found: usize,
}

impl Walk<'_, '_> {
    fn certified(&mut self, octets: &[u8], place: &str, reading: &Reading, depth: u32) {
        self.found += 1;
        (self.take)(octets, place, reading);
        let Some(original) = &reading.postacert else { return };
        // Most originals hold nothing that could be another message.
        if depth < MAX_DEPTH && (is_signed(&original.root) || original.root.any(|part| holds_message(part).is_some())) {
            self.message(&original.octets, &joined(place, "postacert.eml"), depth + 1);
        }
    }

    /// A message inside another: certified if it says so and is signed; else what lies in it is looked at.
    fn message(&mut self, octets: &[u8], place: &str, depth: u32) {
        let stored = Reading::alone(octets, self.trust);
        let place = joined(place, &stored.place);
        // That a user's client wrote a field of ours makes no certified message.
        if stored.reading.kind != Kind::Ordinary && stored.reading.signature.is_some() {
            self.certified(&stored.octets, &place, &stored.reading, depth);
        } else {
            self.inside(&stored.reading.root, &stored.octets, &place, depth);
        }
    }

    /// Every message among the parts of an entity.
    fn inside(&mut self, entity: &Entity, octets: &[u8], place: &str, depth: u32) {
        for (child, number) in entity.children.iter().zip(1..) {
            self.inside(child, octets, &joined(place, &format!("part {number}")), depth);
        }
        let Some(holds) = holds_message(entity).filter(|_| depth < MAX_DEPTH && entity.children.is_empty()) else {
            return;
        };
        let decoded = entity.octets(octets);
        let content = match holds {
            Holds::Message => decoded,
            Holds::SignedData => match Signature::read(&decoded, &[], self.trust).1 {
                // Signed documents are no messages.
                Some(content) if begins_like_a_message(&content) => Cow::Owned(content),
                _ => return,
            },
        };
        self.message(&content, &joined(place, &entity.media_type), depth + 1);
    }
}

/// What a part may hold.
#[derive(Clone, Copy)]
enum Holds {
    Message,
    SignedData,
}

fn holds_message(entity: &Entity) -> Option<Holds> {
    let is_named =
        |suffix: &str| entity.name.as_deref().is_some_and(|name| name.to_ascii_lowercase().ends_with(suffix));
    match entity.media_type.as_str() {
        "message/rfc822" | "message/global" => Some(Holds::Message),
        media_type if is_cms(media_type) || is_named(".p7m") => Some(Holds::SignedData),
        _ if is_named(".eml") => Some(Holds::Message),
        _ => None,
    }
}

fn is_signed(root: &Entity) -> bool {
    root.any(|part| part.media_type == "multipart/signed")
}

/// Whether the first line is a header field.
fn begins_like_a_message(content: &[u8]) -> bool {
    let line = content.split(|b| *b == b'\n').next().unwrap_or_default();
    let name = line.split(|b| *b == b':').next().unwrap_or_default();
    name.len() < line.len() && !name.is_empty() && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
}
