//! What the scripted provider sends of its own accord: envelopes, right or wrong, and ordinary mail.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use collaudo_forge::{
    Body, Certified, Entity, Form, PeerIdentity, Recipient, Signer, Style, decode_words, envelope, open, reseal,
    rewritten_original, signed_content, stray_receipt, unsigned,
};
use collaudo_scenario::{Forgery, Step};

use super::{domain, failed, peer::Peer, post, smtp::Letter};
use crate::net::Net;

/// Sends a step's message to the providers of its recipients, as its forgery wants it.
pub(super) async fn send(net: &Net, peer: &Peer, step: &Step) {
    let routes = match letter(net, peer, step).ok_or_else(|| io::ErrorKind::InvalidData.into()) {
        Ok(letter) => routes(net, &letter),
        Err(error) => Err(error),
    };
    match routes {
        Ok(routes) => {
            let twice = step.submit.forged == Some(Forgery::EnvelopeTwice);
            for (host, letter) in routes {
                let letters = vec![letter; if twice { 2 } else { 1 }];
                if let Err(error) = post::deliver(net, peer.caller(), host, letters).await {
                    failed(net, &step.id, &error);
                }
            }
        }
        Err(error) => failed(net, &step.id, &error),
    }
}

/// A letter cut up by the hosts that serve its paths.
fn routes<'a>(net: &'a Net, letter: &Letter) -> io::Result<BTreeMap<&'a String, Letter>> {
    let mut routes = BTreeMap::new();
    for path in &letter.forward_paths {
        let host = net.exchanger(&domain(path)).ok_or(io::ErrorKind::NotFound)?;
        let part = routes.entry(host).or_insert_with(|| Letter { forward_paths: Vec::new(), ..letter.clone() });
        part.forward_paths.push(path.clone());
    }
    Ok(routes)
}

fn letter(net: &Net, peer: &Peer, step: &Step) -> Option<Letter> {
    let submit = &step.submit;
    if submit.forged == Some(Forgery::StrayReceipt) {
        let to = submit.forward_paths.first()?;
        let at = net.recorder.clock().now().0;
        return Some(Letter {
            reverse_path: peer.identity.certified_address.clone(),
            forward_paths: vec![to.clone()],
            message: stray_receipt(to, &submit.reverse_path, &peer.signer, &peer.identity, at).into(),
        });
    }
    Some(Letter {
        reverse_path: submit.reverse_path.clone(),
        forward_paths: submit.forward_paths.clone(),
        message: forged(net, peer, step)?.into(),
    })
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
        Forgery::FutureSigner => &peer.future,
        Forgery::ForeignAuthority => &peer.foreign,
        Forgery::HashListedSigner => &peer.only_hashed,
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
        Forgery::Unsigned => Some(unsigned(&whole)),
        _ => Some(whole),
    }
}

/// The same provider under the certified address of a recipient's domain.
fn in_the_name_of(recipient: &str, own: &PeerIdentity) -> PeerIdentity {
    PeerIdentity { certified_address: format!("posta-certificata@{}", domain(recipient)), ..own.clone() }
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
            .map(|path| Recipient { address: path.clone(), certified: domains.contains(&domain(path)) })
            .collect(),
        reply_to: submit.reverse_path.clone(),
        subject: header.get("Subject").map(|subject| decode_words(&subject)).unwrap_or_default(),
        identifier: format!("forgiato.{}.{}@{}", step.id, net.recorder.clock().now().0, peer.identity.domain),
        msgid: header.get("Message-ID"),
        form: Form::read(&header.get("X-TipoRicevuta").unwrap_or_default()),
    }
}
