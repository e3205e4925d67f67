//! What the scripted provider sends of its own accord: envelopes, right or wrong, and ordinary mail.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use collaudo_forge::{
    Body, Certified, Entity, Form, Recipient, decode_words, envelope, open, reseal, rewritten_original,
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
    if forgery == Forgery::Ordinary {
        return Some(submit.message.to_vec());
    }
    let at = net.recorder.clock().now().0;
    let certified = certified(net, peer, step);
    let original = rewritten_original(&submit.message, &certified.identifier);
    let signer = if forgery == Forgery::UnlistedSigner { &peer.unlisted } else { &peer.signer };
    let whole = envelope(&original, &certified, &peer.identity, signer, at);
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
        Forgery::Envelope | Forgery::UnlistedSigner | Forgery::Ordinary => Some(whole),
    }
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
