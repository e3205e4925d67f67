//! The leaves of a message: what a person who opens it and all that is attached would get, transfer encodings undone.

use collaudo_node::Bytes;

use super::{
    Message,
    mime::{content_types, file_name, leniently_decoded, part_octets, rows},
    signature::encapsulated,
};

/// A chain of forwarded certified messages nests three or four levels for each of them.
const MAX_DEPTH: usize = 64;
const MAX_ENTITIES: usize = 10_000;
/// Attached messages and signed contents that are encoded have to be copied, and the copies kept while their parts are
/// visited; together they may come to twice the message. Mail that nests encodings deeper is made to exhaust its reader.
const MAX_COPIES: usize = 2;

/// What cannot be looked through to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unfathomable {
    #[error("parti annidate oltre {MAX_DEPTH} livelli")]
    Depth,
    #[error("più di {MAX_ENTITIES} parti")]
    Entities,
    #[error("codifiche annidate oltre misura")]
    Copies,
}

/// Shows the decoded octets of each leaf to `visit`, in no certain order.
///
/// Attached messages and what is signed inside a CMS structure are opened whatever they are labelled. Readers forgive
/// much, so all is read as leniently as the most forgiving of them would. Costs no stack, however deep a message nests.
pub(crate) fn leaves(message: Bytes, mut visit: impl FnMut(&[u8])) -> Result<(), Unfathomable> {
    let mut room = message.len().saturating_mul(MAX_COPIES);
    let mut entities = 1_usize;
    let mut open = vec![(message, 0_usize)];
    while let Some((octets, depth)) = open.pop() {
        let inner = Entity::of(octets).open(&mut room, &mut visit)?;
        if !inner.is_empty() && depth >= MAX_DEPTH {
            return Err(Unfathomable::Depth);
        }
        entities += inner.len();
        if entities > MAX_ENTITIES {
            return Err(Unfathomable::Entities);
        }
        open.extend(inner.into_iter().map(|octets| (octets, depth + 1)));
    }
    Ok(())
}

struct Entity(Message);

impl Entity {
    fn of(octets: Bytes) -> Self {
        Self(Message::read_leniently(octets))
    }

    /// The entities that stand inside; a leaf has none and is visited.
    fn open(&self, room: &mut usize, visit: &mut impl FnMut(&[u8])) -> Result<Vec<Bytes>, Unfathomable> {
        let kinds = content_types(&self.0);
        let multiparts = kinds.iter().filter(|kind| kind.value().starts_with("multipart/"));
        let rows = multiparts.flat_map(|kind| rows(&self.0, kind, MAX_ENTITIES + 1));
        let mut inner: Vec<Bytes> = rows.map(|row| part_octets(&self.0, &row)).collect();
        if !inner.is_empty() {
            return Ok(inner);
        }
        let is_message = kinds.iter().any(|kind| matches!(kind.value(), "message/rfc822" | "message/global"))
            || file_name(&self.0).is_some_and(|name| name.to_ascii_lowercase().ends_with(".eml"));
        for content in leniently_decoded(&self.0) {
            if is_message {
                inner.push(content);
                continue;
            }
            visit(&content);
            inner.extend(encapsulated(&content));
        }
        let body = self.0.body().as_ptr_range();
        let copies = inner.iter().filter(|inner| !body.contains(&inner.as_ptr())).map(Bytes::len).sum();
        *room = room.checked_sub(copies).ok_or(Unfathomable::Copies)?;
        Ok(inner)
    }
}
