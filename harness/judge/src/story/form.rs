//! The form of a delivery receipt, as its parts show it.

use crate::reading::{Entity, Form, Reading};

/// The form that a receipt's parts show. Where brief and complete coincide, for nothing is attached, what the receipt
/// says of itself tells.
pub(crate) fn seen(receipt: &Reading) -> Form {
    let Some(enclosed) = &receipt.postacert else { return Form::Concise };
    let asked = receipt.daticert.as_ref().and_then(|daticert| daticert.ricevuta.as_deref());
    let parts = attachments(&enclosed.root);
    match parts.is_empty() {
        true if asked == Some("breve") => Form::Brief,
        false if parts.iter().any(|part| is_hash(part)) => Form::Brief,
        _ => Form::Complete,
    }
}

/// Whether an original is signed so that its parts can be told apart.
pub(crate) fn is_signed(root: &Entity) -> bool {
    root.media_type == "multipart/signed"
}

/// Whether an original is one CMS object.
pub(crate) fn is_opaque(root: &Entity) -> bool {
    matches!(root.media_type.as_str(), "application/pkcs7-mime" | "application/x-pkcs7-mime")
}

/// What attachments are looked for in: of a signed original its first part.
pub(crate) fn signed_content(root: &Entity) -> &Entity {
    if is_signed(root) { root.children.first().unwrap_or(root) } else { root }
}

/// A part that a brief receipt replaces: it bears a file name, or is a message.
pub(crate) fn is_attachment(part: &Entity) -> bool {
    part.name.is_some() || part.media_type == "message/rfc822"
}

/// Whether a part looks like what stands in for one.
pub(crate) fn is_hash(part: &Entity) -> bool {
    let is_suffixed = |name: &str| name.to_ascii_lowercase().ends_with(".hash");
    part.media_type == "text/plain" && part.name.as_deref().is_some_and(is_suffixed)
}

/// What a brief receipt replaces, or has replaced.
pub(crate) fn attachments(root: &Entity) -> Vec<&Entity> {
    if is_opaque(root) {
        return Vec::new();
    }
    leaves(signed_content(root)).into_iter().filter(|part| is_attachment(part)).collect()
}

/// The parts that have no parts, in order.
pub(crate) fn leaves(root: &Entity) -> Vec<&Entity> {
    let (mut found, mut waiting) = (Vec::new(), vec![root]);
    while let Some(part) = waiting.pop() {
        if part.children.is_empty() {
            found.push(part);
        }
        waiting.extend(part.children.iter().rev());
    }
    found
}
