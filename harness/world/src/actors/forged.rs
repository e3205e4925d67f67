//! What the scripted provider sends of its own accord: envelopes, right or wrong, and ordinary mail.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use collaudo_forge::{
    Body, Certified, Entity, Form, PeerIdentity, Recipient, Signer, Style, decode_words, envelope, open, reseal,
    rewritten_original, signed_content,
};
use collaudo_scenario::{Forgery, Step};

use super::{peer::Peer, smtp};
use crate::net::{Net, RELAY_PORT};

/// Sends a step's message to the providers of its recipients, as its forgery wants it.
pub(super) async fn send(net: &Net, peer: &Peer, step: &Step) -> io::Result<()> {
    let submit = &step.submit;
    let message = forged(net, peer, step).ok_or(io::ErrorKind::InvalidData)?;
    let mut routes: BTreeMap<&String, Vec<String>> = BTreeMap::new();
    for path in &submit.forward_paths {
        let domain = path.rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
        routes.entry(net.mx.get(&domain).ok_or(io::ErrorKind::NotFound)?).or_default().push(path.clone());
    }
    for (host, paths) in routes {
        let mut dialogue = smtp::connect(net, &peer.host, host, RELAY_PORT, None).await?;
        smtp::transact(&mut dialogue, &submit.reverse_path, &paths, &message).await?;
        dialogue.ask("QUIT").await?;
        dialogue.close().await?;
    }
    Ok(())
}

fn forged(net: &Net, peer: &Peer, step: &Step) -> Option<Vec<u8>> {
    let submit = &step.submit;
    let forgery = submit.forged?;
    let at = net.recorder.clock().now().0;
    match forgery {
        Forgery::Ordinary => return Some(submit.message.to_vec()),
        Forgery::SignedMail => return Some(signed(&submit.message, &peer.signer, at / 1_000_000)),
        _ => {}
    }
    let certified = certified(net, peer, step);
    let original = rewritten_original(&submit.message, &certified.identifier);
    let signer = match forgery {
        Forgery::UnlistedSigner => &peer.unlisted,
        Forgery::ExpiredSigner => &peer.expired,
        _ => &peer.signer,
    };
    let identity = match forgery {
        Forgery::EnvelopeInAnotherName => in_the_name_of(submit.forward_paths.first()?, &peer.identity),
        _ => peer.identity.clone(),
    };
    let whole = envelope(&original, &certified, &identity, signer, at);
    match forgery {
        Forgery::EnvelopeWithoutData => {
            let mut opened = open(&whole).ok()?;
            let Body::Multipart(content) = &mut opened.content_mut()?.body else { return None };
            content.parts.retain(|part| part.entity.file_name().as_deref() != Some("daticert.xml"));
            Some(reseal(&opened, signer, at / 1_000_000))
        }
        Forgery::AlteredEnvelope => {
            let mut opened = open(&whole).ok()?;
            let text = opened.texts_mut().into_iter().next()?;
            let altered = format!("{} ", text.text());
            text.set_text(&altered);
            Some(opened.to_bytes())
        }
        _ => Some(whole),
    }
}

/// The same provider under the certified address of a recipient's domain.
fn in_the_name_of(recipient: &str, own: &PeerIdentity) -> PeerIdentity {
    let domain = recipient.rsplit('@').next().unwrap_or_default();
    PeerIdentity { certified_address: format!("posta-certificata@{domain}"), ..own.clone() }
}

/// A message signed as it is, its header left outside but for what says how its body is written.
fn signed(message: &[u8], signer: &Signer, unix_secs: i64) -> Vec<u8> {
    let mut content = Entity::read(message);
    let mut header = content.fields.clone();
    let is_of_body = |field: &Vec<u8>| field.to_ascii_lowercase().starts_with(b"content-");
    content.fields.0.retain(is_of_body);
    header.0.retain(|field| !is_of_body(field));
    header.remove("MIME-Version");
    let (fields, body) = signed_content(&content.to_bytes(), signer, unix_secs, Style::default());
    [&header.to_bytes(), fields.as_bytes(), b"\r\n", &body].concat()
}

fn certified(net: &Net, peer: &Peer, step: &Step) -> Certified {
    let submit = &step.submit;
    let domains: BTreeSet<_> = net.mx.keys().collect();
    let header = Entity::read(&submit.message).fields;
    Certified {
        sender: submit.reverse_path.clone(),
        recipients: submit
            .forward_paths
            .iter()
            .map(|path| Recipient {
                address: path.clone(),
                certified: path.rsplit('@').next().is_some_and(|d| domains.contains(&d.to_ascii_lowercase())),
            })
            .collect(),
        reply_to: submit.reverse_path.clone(),
        subject: header.get("Subject").map(|subject| decode_words(&subject)).unwrap_or_default(),
        identifier: format!("forgiato.{}.{}@{}", step.id, net.recorder.clock().now().0, peer.identity.domain),
        msgid: header.get("Message-ID"),
        form: Form::Complete,
    }
}
