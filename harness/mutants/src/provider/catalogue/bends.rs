//! Ways to bend a message, a transaction, a piece of mail that came in.

use collaudo_forge::{Entity, Opened, Signer, Style, Xml, open, reseal, signed_content};
use collaudo_node::BodyId;

use crate::{
    bench::signed_at,
    edit::rewrite_texts,
    pick::{Kind, kind_of},
    provider::{Desk, Mail},
};

/// Where mail of other hosts comes in.
pub(crate) const RELAY: u16 = 25;

/// Bends one of the provider's own messages of a kind.
pub(crate) fn bent(
    desk: &mut Desk<'_>,
    octets: &[u8],
    kind: Kind,
    bend: impl FnOnce(&mut Opened) -> bool,
) -> Option<Vec<u8>> {
    desk.changed(octets, |_, message| kind_of(message.fields()) == Some(kind) && bend(message))
}

/// Sets a header field.
pub(crate) fn set(message: &mut Opened, name: &str, value: &str) -> bool {
    message.fields_mut().set(name, value);
    true
}

/// Removes a header field.
pub(crate) fn drop(message: &mut Opened, name: &str) -> bool {
    message.fields_mut().remove(name)
}

/// Signs one of the provider's own messages of a kind in another way.
pub(crate) fn sealed(
    desk: &mut Desk<'_>,
    octets: &[u8],
    kind: Kind,
    seal: impl FnOnce(&Opened, &Signer, i64) -> Vec<u8>,
) -> Option<Vec<u8>> {
    let message = own(desk, octets, kind)?;
    Some(seal(&message, desk.signer()?, signed_at(&message)))
}

/// One of the provider's own messages of a kind, taken apart.
pub(crate) fn own(desk: &Desk<'_>, octets: &[u8], kind: Kind) -> Option<Opened> {
    let message = open(octets).ok().filter(|message| kind_of(message.fields()) == Some(kind))?;
    let from = message.fields().get("From").unwrap_or_default().to_ascii_lowercase();
    from.contains(&desk.house()?.certified_address.to_ascii_lowercase()).then_some(message)
}

/// A signature in a style of its own.
pub(crate) fn styled(message: &Opened, signer: &Signer, at: i64, style: Style) -> Vec<u8> {
    message.sealed(signer, at, style)
}

/// Sends a message of a kind elsewhere.
pub(crate) fn redirected(mut mail: Mail, kind: Kind, to: &str) -> Vec<Mail> {
    if mail.kind() == Some(kind) {
        mail.to = vec![to.to_owned()];
    }
    vec![mail]
}

/// Sends a message of a kind elsewhere, and writes so in `To`.
pub(crate) fn readdressed(desk: &mut Desk<'_>, mut mail: Mail, kind: Kind, to: &str) -> Vec<Mail> {
    if let Some(message) = bent(desk, &mail.message, kind, |message| set(message, "To", to)) {
        mail.message = message;
    }
    redirected(mail, kind, to)
}

/// Sends all but messages of a kind.
pub(crate) fn without(mail: Mail, kind: Kind) -> Vec<Mail> {
    if mail.kind() == Some(kind) { Vec::new() } else { vec![mail] }
}

/// Sends all but the messages of a kind about one recipient.
pub(crate) fn without_one(mail: Mail, kind: Kind, recipient: &str) -> Vec<Mail> {
    let about = open(&mail.message).ok().and_then(|message| Xml(message.daticert()?).text("consegna"));
    if mail.kind() == Some(kind) && about.as_deref() == Some(recipient) { Vec::new() } else { vec![mail] }
}

/// Sends a message of a kind, and another that says the same.
pub(crate) fn twice(desk: &mut Desk<'_>, mail: Mail, kind: Kind) -> Vec<Mail> {
    let again = bent(desk, &mail.message, kind, |message| {
        let id = message.fields().get("Message-ID").unwrap_or_default();
        message.fields_mut().set("Message-ID", &id.replacen('<', "<bis.", 1));
        rewrite_texts(message, &|text| format!("{text}\r\n"))
    });
    let again = again.map(|message| Mail { message, ..mail.clone() });
    std::iter::once(mail).chain(again).collect()
}

/// Takes what came from another host for something else, and keeps it as it came all the same: see [`kept`].
pub(crate) fn believes(
    desk: &mut Desk<'_>,
    port: u16,
    mail: &mut Mail,
    change: impl FnOnce(&Desk<'_>, &[u8]) -> Option<Vec<u8>>,
) {
    if port != RELAY {
        return;
    }
    if let Some(other) = change(desk, &mail.message) {
        let came = std::mem::replace(&mut mail.message, other);
        desk.memory.kept.insert(BodyId::of(&mail.message).to_string(), came.into());
    }
}

/// What came, in the place of what it was taken for.
pub(crate) fn kept(desk: &mut Desk<'_>, octets: &[u8]) -> Option<Vec<u8>> {
    desk.memory.kept.get(&BodyId::of(octets).to_string()).map(|came| came.to_vec())
}

/// What another provider might have sent, had it signed this with the key that the index lists.
pub(crate) fn as_if_signed(desk: &Desk<'_>, octets: &[u8], provider: &str) -> Option<Vec<u8>> {
    let signer = desk.scene.keys.providers.get(provider)?;
    let at = desk.now.unix_micros() / 1_000_000;
    if let Ok(opened) = open(octets) {
        return Some(reseal(&opened, signer, at));
    }
    let mut content = Entity::read(octets);
    let mut header = content.fields.clone();
    let names = ["Content-Type", "Content-Transfer-Encoding", "Content-Disposition"];
    header.remove("MIME-Version");
    for name in names {
        header.remove(name);
    }
    content.fields.0.retain(|field| {
        names
            .iter()
            .any(|name| field.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes())))
    });
    let (fields, body) = signed_content(&content.to_bytes(), signer, at, signer.style());
    Some([&header.to_bytes(), fields.as_bytes(), b"\r\n", &body].concat())
}
