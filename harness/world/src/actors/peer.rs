//! The scripted provider: takes what comes, and answers as its script says. What it sends is forged, never built as the
//! reference builds it nor read as the judge reads it.

use std::{cell::RefCell, collections::BTreeMap, io, rc::Rc, sync::Arc};

use collaudo_forge::{PeerIdentity, Signer};
use collaudo_record::What;
use collaudo_scenario::{PeerBehaviour, Plan, Step};
use rustls::ServerConfig;
use tokio::task::spawn_local;

use super::{
    agenda::Agenda,
    answers::{self, Taken},
    dialogue::Dialogue,
    forged, from_now, sleep_until,
    smtp::Caller,
};
use crate::{
    clock::span,
    net::{Ended, Io, Metered, Net, RELAY_PORT, TlsSide},
    tap::Tap,
    transport::{Arrival, Listener},
};

/// A provider of the index that no subject plays.
pub(crate) struct Peer {
    pub(crate) name: String,
    pub(crate) host: String,
    pub(crate) identity: PeerIdentity,
    pub(crate) signer: Signer,
    /// Under a certificate that the index does not list.
    pub(crate) unlisted: Signer,
    /// Under a certificate that is no longer valid.
    pub(crate) expired: Signer,
    /// Under a certificate that is not yet valid.
    pub(crate) future: Signer,
    /// Under a certificate that another authority issued.
    pub(crate) foreign: Signer,
    /// Under a certificate of which the index has the hash alone.
    pub(crate) only_hashed: Signer,
    pub(crate) behaviour: PeerBehaviour,
    pub(crate) server_tls: Arc<ServerConfig>,
    /// `mailReceipt` by domain.
    pub(crate) service_mailboxes: BTreeMap<String, String>,
    /// What it sends of its own accord.
    pub(crate) agenda: Agenda<Rc<Step>>,
}

impl Peer {
    /// Who it is where it connects.
    pub(super) fn caller(&self) -> Caller<'_> {
        Caller { host: &self.name, name: &self.host }
    }
}

/// What a plan has a provider send of its own accord.
pub(crate) fn agenda(plan: &Plan, provider: &str) -> Agenda<Rc<Step>> {
    let own = plan.steps.iter().filter(|step| step.submit.forged.is_some() && step.submit.provider == provider);
    Agenda::new(own.map(|step| (plan.epoch.after(span(step.at)), Rc::new(step.clone()))).collect())
}

pub(crate) async fn run(net: Rc<Net>, peer: Rc<Peer>) -> Ended {
    let listener = net.transport.listen(&peer.name, RELAY_PORT).await?;
    net.recorder.observed(What::Host { host: peer.name.clone(), up: true });
    spawn_local(listen(net.clone(), peer.clone(), listener));
    peer.agenda
        .keep(net.clone(), &peer.name, |step| {
            let (net, peer) = (net.clone(), peer.clone());
            async move { forged::send(&net, &peer, &step).await }
        })
        .await
}

async fn listen(net: Rc<Net>, peer: Rc<Peer>, mut listener: Box<dyn Listener>) -> Ended {
    loop {
        let Arrival { io, client, port } = listener.accept().await?;
        net.stir();
        let session = net.recorder.session(client, peer.name.clone(), RELAY_PORT);
        let tap = Rc::new(RefCell::new(Tap::new(net.recorder.clone(), session, port)));
        let server = Server::new(net.clone(), peer.clone(), io, tap);
        let net = net.clone();
        spawn_local(async move {
            // The other side has gone: a peer has nobody to tell.
            let _ = server.serve().await;
            net.stir();
        });
    }
}

/// A dialogue with whoever relays to the peer, the tap listening.
struct Server {
    net: Rc<Net>,
    peer: Rc<Peer>,
    dialogue: Dialogue,
    tap: Rc<RefCell<Tap>>,
    reverse_path: Option<String>,
    forward_paths: Vec<String>,
}

impl Server {
    fn new(net: Rc<Net>, peer: Rc<Peer>, io: Box<dyn Io>, tap: Rc<RefCell<Tap>>) -> Self {
        let dialogue = Dialogue::new(Box::new(Metered { inner: io, tap: tap.clone(), calls: false }));
        Self { net, peer, dialogue, tap, reverse_path: None, forward_paths: Vec::new() }
    }

    async fn serve(mut self) -> io::Result<()> {
        self.say(&format!("220 {} ESMTP\r\n", self.peer.host)).await?;
        loop {
            let line = self.dialogue.line().await?;
            self.tap.borrow_mut().up(&line);
            self.net.stir();
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            let word = text.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            match word.as_str() {
                "EHLO" => {
                    let host = &self.peer.host;
                    self.say(&format!("250-{host}\r\n250-8BITMIME\r\n250-SIZE 104857600\r\n250 STARTTLS\r\n")).await?;
                }
                "STARTTLS" => {
                    self.say("220 2.0.0 go ahead\r\n").await?;
                    let side = TlsSide::Server(self.peer.server_tls.clone());
                    self.dialogue = self.dialogue.secure(&side).await?;
                    self.tap.borrow_mut().secured();
                }
                "MAIL" => {
                    (self.reverse_path, self.forward_paths) = (Some(path(&text)), Vec::new());
                    self.say("250 2.1.0 ok\r\n").await?;
                }
                "RCPT" if self.reverse_path.is_some() => {
                    self.forward_paths.push(path(&text));
                    self.say("250 2.1.5 ok\r\n").await?;
                }
                "DATA" if !self.forward_paths.is_empty() => self.take().await?,
                "RCPT" | "DATA" => self.say("503 5.5.1 not now\r\n").await?,
                "RSET" => {
                    (self.reverse_path, self.forward_paths) = (None, Vec::new());
                    self.say("250 2.0.0 ok\r\n").await?;
                }
                "QUIT" => {
                    self.say("221 2.0.0 bye\r\n").await?;
                    return self.dialogue.close().await;
                }
                _ => self.say("250 2.0.0 ok\r\n").await?,
            }
        }
    }

    /// Takes a message, or puts it off, and answers it in its time.
    async fn take(&mut self) -> io::Result<()> {
        self.say("354 end with a dot\r\n").await?;
        let tap = self.tap.clone();
        let octets = self.dialogue.content(|heard| tap.borrow_mut().up(heard)).await?;
        let reverse_path = self.reverse_path.take().unwrap_or_default();
        let forward_paths = std::mem::take(&mut self.forward_paths);
        if self.peer.behaviour == PeerBehaviour::Defers {
            return self.say("451 4.3.0 not now\r\n").await;
        }
        self.say("250 2.0.0 taken\r\n").await?;
        let (net, peer) = (self.net.clone(), self.peer.clone());
        let taken = Taken { at: net.recorder.clock().now(), reverse_path, forward_paths, octets };
        spawn_local(async move {
            answers::answer(&net, &peer, &taken).await;
            net.stir();
        });
        Ok(())
    }

    async fn say(&mut self, reply: &str) -> io::Result<()> {
        if let PeerBehaviour::Slow(wait) = self.peer.behaviour {
            sleep_until(&self.net, from_now(&self.net, wait)).await;
        }
        self.dialogue.say(reply.as_bytes()).await?;
        self.tap.borrow_mut().down(reply.as_bytes());
        Ok(())
    }
}

fn path(line: &str) -> String {
    line.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(path, _)| path.to_owned()).unwrap_or_default()
}
