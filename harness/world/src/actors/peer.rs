//! The scripted provider: takes what comes, and answers as its script says. What it sends is forged, never built as the
//! reference builds it nor read as the judge reads it.

use std::{collections::BTreeMap, rc::Rc, sync::Arc};

use collaudo_forge::{PeerIdentity, Signer};
use collaudo_record::What;
use collaudo_scenario::{PeerBehaviour, Step};
use rustls::ServerConfig;
use tokio::task::spawn_local;
use turmoil::net::TcpListener;

use super::{
    forged, sender,
    smtp::{self, Dialogue},
};
use crate::{
    net::{Io, Metered, Net, RELAY_PORT, TlsSide},
    tap::Tap,
};

/// A provider of the index that no subject plays.
pub(crate) struct Peer {
    pub(crate) name: String,
    pub(crate) host: String,
    pub(crate) identity: PeerIdentity,
    pub(crate) signer: Signer,
    pub(crate) unlisted: Signer,
    pub(crate) expired: Signer,
    pub(crate) behaviour: PeerBehaviour,
    pub(crate) server_tls: Arc<ServerConfig>,
    /// `mailReceipt` by domain.
    pub(crate) service_mailboxes: BTreeMap<String, String>,
}

/// A message that the peer has taken.
struct Taken {
    reverse_path: String,
    forward_paths: Vec<String>,
    octets: Vec<u8>,
}

pub(crate) async fn run(net: Rc<Net>, peer: Rc<Peer>, steps: Rc<Vec<Step>>) -> turmoil::Result {
    let listener = TcpListener::bind(("0.0.0.0", RELAY_PORT)).await?;
    net.recorder.observed(What::Host { host: peer.name.clone(), up: true });
    spawn_local(listen(net.clone(), peer.clone(), listener));
    let name = peer.name.clone();
    sender::each_at_its_instant(net.clone(), &name, &steps, |step| {
        let (net, peer) = (net.clone(), peer.clone());
        async move { forged::send(&net, &peer, &step).await }
    })
    .await
}

async fn listen(net: Rc<Net>, peer: Rc<Peer>, listener: TcpListener) -> turmoil::Result {
    loop {
        let (stream, from) = listener.accept().await?;
        net.stir();
        let client = turmoil::reverse_lookup(from.ip()).unwrap_or_else(|| from.ip().to_string());
        let session = net.recorder.session(client, peer.name.clone(), RELAY_PORT);
        let tap = Rc::new(std::cell::RefCell::new(Tap::new(net.recorder.clone(), session, from.port())));
        let io: Box<dyn Io> = Box::new(Metered { inner: stream, tap: tap.clone() });
        let (net, peer) = (net.clone(), peer.clone());
        spawn_local(async move {
            // The other side has gone: a peer has nobody to tell.
            let _ = serve(&net, &peer, Heard { dialogue: Dialogue::new(io), tap }).await;
            net.stir();
        });
    }
}

/// A dialogue with the tap listening.
struct Heard {
    dialogue: Dialogue,
    tap: Rc<std::cell::RefCell<Tap>>,
}

impl Heard {
    async fn line(&mut self) -> std::io::Result<Vec<u8>> {
        let line = self.dialogue.line().await?;
        self.tap.borrow_mut().up(&line);
        Ok(line)
    }

    async fn say(&mut self, text: &str) -> std::io::Result<()> {
        self.dialogue.say(text.as_bytes()).await?;
        self.tap.borrow_mut().down(text.as_bytes());
        Ok(())
    }
}

async fn serve(net: &Rc<Net>, peer: &Rc<Peer>, mut heard: Heard) -> std::io::Result<()> {
    heard.say(&format!("220 {} ESMTP\r\n", peer.host)).await?;
    let (mut reverse_path, mut forward_paths) = (String::new(), Vec::new());
    loop {
        let line = heard.line().await?;
        net.stir();
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        let upper = text.to_ascii_uppercase();
        if upper.starts_with("EHLO") {
            heard.say(&format!("250-{}\r\n250-8BITMIME\r\n250-SIZE 104857600\r\n250 STARTTLS\r\n", peer.host)).await?;
        } else if upper == "STARTTLS" {
            heard.say("220 2.0.0 go ahead\r\n").await?;
            heard.dialogue = heard.dialogue.secure(&TlsSide::Server(peer.server_tls.clone())).await?;
            heard.tap.borrow_mut().secured();
        } else if upper.starts_with("MAIL FROM:") {
            (reverse_path, forward_paths) = (path(&text), Vec::new());
            heard.say("250 2.1.0 ok\r\n").await?;
        } else if upper.starts_with("RCPT TO:") {
            forward_paths.push(path(&text));
            heard.say("250 2.1.5 ok\r\n").await?;
        } else if upper == "DATA" {
            heard.say("354 end with a dot\r\n").await?;
            let octets = content(&mut heard).await?;
            heard.say("250 2.0.0 taken\r\n").await?;
            let taken = Taken { reverse_path: reverse_path.clone(), forward_paths: forward_paths.clone(), octets };
            spawn_local(answer(net.clone(), peer.clone(), taken));
        } else if upper == "QUIT" {
            heard.say("221 2.0.0 bye\r\n").await?;
            return heard.dialogue.close().await;
        } else {
            heard.say("250 2.0.0 ok\r\n").await?;
        }
    }
}

async fn content(heard: &mut Heard) -> std::io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    loop {
        let line = heard.line().await?;
        match line.strip_prefix(b".") {
            Some(b"\r\n") => return Ok(octets),
            Some(unstuffed) => octets.extend_from_slice(unstuffed),
            None => octets.extend_from_slice(&line),
        }
    }
}

async fn answer(net: Rc<Net>, peer: Rc<Peer>, taken: Taken) {
    match peer.behaviour {
        PeerBehaviour::Silent | PeerBehaviour::Defers => {}
        _ => {
            if let Err(error) = take_charge(&net, &peer, &taken).await {
                net.recorder.observed(What::StepFailed {
                    step: format!("{}: take-charge receipt", peer.name),
                    why: error.to_string(),
                });
            }
        }
    }
    net.stir();
}

async fn take_charge(net: &Net, peer: &Peer, taken: &Taken) -> std::io::Result<()> {
    let domain = taken.reverse_path.rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
    let to = peer.service_mailboxes.get(&domain).ok_or(std::io::ErrorKind::NotFound)?;
    let host = net.mx.get(&domain).ok_or(std::io::ErrorKind::NotFound)?;
    let at = net.recorder.clock().now().0;
    let receipt =
        collaudo_forge::take_charge(&taken.octets, &peer.signer, &peer.identity, &taken.forward_paths, to, at);
    let mut dialogue = smtp::connect(net, &peer.host, host, RELAY_PORT, None).await?;
    smtp::transact(&mut dialogue, &peer.identity.certified_address, std::slice::from_ref(to), &receipt).await?;
    dialogue.ask("QUIT").await?;
    dialogue.close().await
}

fn path(line: &str) -> String {
    line.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(path, _)| path.to_owned()).unwrap_or_default()
}
