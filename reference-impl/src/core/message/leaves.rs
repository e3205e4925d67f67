//! The leaves of a message: what a person who opens it and all that is attached would get, transfer encodings undone.

use collaudo_node::Bytes;

use super::{
    Message,
    mime::{content_type, file_name, leniently_decoded, part, rows},
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
        let kind = content_type(&self.0).value;
        if kind.starts_with("multipart/") {
            let rows = rows(&self.0, MAX_ENTITIES + 1);
            if !rows.is_empty() {
                return Ok(rows.iter().map(|row| part(&self.0, row).bytes().clone()).collect());
            }
        }
        let content = leniently_decoded(&self.0);
        let copied = |inner: Bytes, copies: bool, room: &mut usize| {
            if copies {
                *room = room.checked_sub(inner.len()).ok_or(Unfathomable::Copies)?;
            }
            Ok(vec![inner])
        };
        let body = self.0.body();
        let is_copy = |inner: &[u8]| !body.as_ptr_range().contains(&inner.as_ptr());
        let named_message = || file_name(&self.0).is_some_and(|name| name.to_ascii_lowercase().ends_with(".eml"));
        if matches!(kind.as_str(), "message/rfc822" | "message/global") || named_message() {
            let copies = is_copy(&content);
            return copied(content, copies, room);
        }
        visit(&content);
        match encapsulated(&content) {
            Some(signed) => {
                let copies = is_copy(&signed);
                copied(signed, copies, room)
            }
            None => Ok(Vec::new()),
        }
    }
}
