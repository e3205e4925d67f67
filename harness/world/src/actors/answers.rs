//! What the scripted provider sends because of an envelope that it took.

use std::io;

use collaudo_forge::{Entity, Signer, delivery, take_charge, virus_detection};
use collaudo_record::Instant;
use collaudo_scenario::PeerBehaviour;

use super::{domain, failed, peer::Peer, post, sleep_until, smtp::Letter};
use crate::{clock::span, net::Net};

/// What the peer's scanner claims to have found.
const VIRUS: &str = "EICAR-STANDARD-ANTIVIRUS-TEST-FILE";

/// A message that the peer has taken.
pub(super) struct Taken {
    pub(super) at: Instant,
    pub(super) reverse_path: String,
    pub(super) forward_paths: Vec<String>,
    pub(super) octets: Vec<u8>,
}

/// Answers an envelope as the peer's script says; anything else is not answered.
pub(super) async fn answer(net: &Net, peer: &Peer, taken: &Taken) {
    if !is_envelope(&taken.octets) {
        return;
    }
    if let Err(error) = send(net, peer, taken).await {
        failed(net, &format!("{}: receipts", peer.name), &error);
    }
}

async fn send(net: &Net, peer: &Peer, taken: &Taken) -> io::Result<()> {
    let sender = domain(&taken.reverse_path);
    let back = Back {
        net,
        peer,
        taken,
        host: net.exchanger(&sender).ok_or(io::ErrorKind::NotFound)?,
        service_mailbox: peer.service_mailboxes.get(&sender).ok_or(io::ErrorKind::NotFound)?,
    };
    let signer = &peer.signer;
    match peer.behaviour {
        PeerBehaviour::Silent | PeerBehaviour::Defers => Ok(()),
        PeerBehaviour::TakesChargeOnly => back.post(vec![back.take_charge()]).await,
        PeerBehaviour::Proper | PeerBehaviour::Slow(_) => {
            back.post([vec![back.take_charge()], back.deliveries(signer)].concat()).await
        }
        PeerBehaviour::DeliversLate(late) => {
            back.post(vec![back.take_charge()]).await?;
            sleep_until(net, taken.at.after(span(late))).await;
            back.post(back.deliveries(signer)).await
        }
        PeerBehaviour::DeliversTwice => {
            let deliveries = back.deliveries(signer);
            back.post([vec![back.take_charge()], deliveries.clone(), deliveries].concat()).await
        }
        PeerBehaviour::DeliversUnannounced => back.post(back.deliveries(signer)).await,
        PeerBehaviour::ForgesReceipts => {
            back.post([vec![back.take_charge()], back.deliveries(&peer.unlisted)].concat()).await
        }
        PeerBehaviour::FindsVirus => back.post([vec![back.take_charge()], back.virus_notices()].concat()).await,
    }
}

/// The way back to where an envelope came from.
struct Back<'a> {
    net: &'a Net,
    peer: &'a Peer,
    taken: &'a Taken,
    host: &'a str,
    service_mailbox: &'a str,
}

impl Back<'_> {
    async fn post(&self, letters: Vec<Letter>) -> io::Result<()> {
        post::deliver(self.net, self.peer.caller(), self.host, letters).await
    }

    fn take_charge(&self) -> Letter {
        let Taken { octets, forward_paths, .. } = self.taken;
        let to = self.service_mailbox;
        self.letter(to, take_charge(octets, &self.peer.signer, &self.peer.identity, forward_paths, to, self.now()))
    }

    /// One for each recipient, to the sender.
    fn deliveries(&self, signer: &Signer) -> Vec<Letter> {
        let Taken { octets, forward_paths, reverse_path: to, .. } = self.taken;
        let receipt = |recipient: &String| delivery(octets, signer, &self.peer.identity, recipient, to, self.now());
        forward_paths.iter().map(|recipient| self.letter(to, receipt(recipient))).collect()
    }

    //= PEC-3.2.3-02
    fn virus_notices(&self) -> Vec<Letter> {
        let Taken { octets, forward_paths, .. } = self.taken;
        let (peer, to) = (self.peer, self.service_mailbox);
        let notice = |recipient: &String| {
            virus_detection(octets, &peer.signer, &peer.identity, recipient, VIRUS, to, self.now())
        };
        forward_paths.iter().map(|recipient| self.letter(to, notice(recipient))).collect()
    }

    fn letter(&self, to: &str, message: Vec<u8>) -> Letter {
        Letter {
            reverse_path: self.peer.identity.certified_address.clone(),
            forward_paths: vec![to.to_owned()],
            message: message.into(),
        }
    }

    fn now(&self) -> i64 {
        self.net.recorder.clock().now().0
    }
}

/// Whether a message says of itself that it is a transport envelope; its header alone is read.
fn is_envelope(message: &[u8]) -> bool {
    let end = memchr::memmem::find(message, b"\r\n\r\n").map_or(message.len(), |end| end + 2);
    let fields = Entity::read(message.get(..end).unwrap_or_default()).fields;
    fields.get("X-Trasporto").is_some_and(|value| value.eq_ignore_ascii_case("posta-certificata"))
}
