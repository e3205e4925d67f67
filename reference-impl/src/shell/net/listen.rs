//! Doors: each has a port of its own, and the port that the node knows it by.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use collaudo_node::ConnId;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc::UnboundedSender, watch},
};
use tokio_rustls::TlsAcceptor;
use tracing::{debug, warn};

use super::{
    gate::{Gate, Pass, Refusal},
    line::{Line, Secure, Times},
    way::way,
};
use crate::shell::{
    Error, clock,
    driver::Event,
    public::{Public, Way},
};

/// Who is refused under TLS costs a handshake: no more than so many at a time, the others are dropped without a word.
const REFUSALS: usize = 32;
/// How long a refusal may take.
const REFUSAL: Duration = Duration::from_secs(5);
/// When accepting is tried again where the machine has no more handles.
const BREATH: Duration = Duration::from_millis(100);

/// What is served at a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::shell) enum Service {
    Submissions,
    Submission,
    Relay,
    Imap,
    Pop3,
    /// A public document, of which the node knows nothing.
    Public(Way),
}

impl Service {
    /// The port that the world knows it by.
    pub(in crate::shell) fn port(self) -> u16 {
        match self {
            Self::Submissions => 465,
            Self::Submission => 587,
            Self::Relay => 25,
            Self::Imap => 993,
            Self::Pop3 => 995,
            Self::Public(Way::Ldap) => 636,
            Self::Public(Way::Https) => 443,
        }
    }

    /// Whether TLS begins with the first octet.
    fn is_implicit(self) -> bool {
        !matches!(self, Self::Submission | Self::Relay)
    }

    fn refusal(self, refusal: Refusal) -> String {
        let (code, why) = match refusal {
            Refusal::Full => ("4.3.2", "Troppe connessioni, riprovare"),
            Refusal::Crowded => ("4.7.0", "Troppe connessioni da questo indirizzo"),
            Refusal::Barred => ("4.7.0", "Troppe credenziali errate da questo indirizzo, riprovare tra qualche minuto"),
        };
        match self {
            Self::Submissions | Self::Submission | Self::Relay => format!("421 {code} {why}\r\n"),
            Self::Imap => format!("* BYE [UNAVAILABLE] {why}\r\n"),
            Self::Pop3 => format!("-ERR [SYS/TEMP] {why}\r\n"),
            // Who asks for a document is told by the end of the connection.
            Self::Public(_) => String::new(),
        }
    }
}

/// What all doors share.
#[derive(Clone)]
pub(in crate::shell) struct Door {
    pub(in crate::shell) acceptor: TlsAcceptor,
    pub(in crate::shell) events: UnboundedSender<Event>,
    pub(in crate::shell) public: Public,
    pub(in crate::shell) gate: Gate,
    /// Whether a peer is barred for its wrong passwords.
    pub(in crate::shell) is_barred: Arc<dyn Fn(IpAddr) -> bool + Send + Sync>,
    pub(in crate::shell) times: Times,
    pub(in crate::shell) opened: Arc<AtomicU64>,
    pub(in crate::shell) stop: watch::Receiver<bool>,
}

/// Opens a door at an address and serves it until the stop; *gives* where it is, for a port that was 0.
pub(in crate::shell) async fn open(door: &Door, service: Service, at: SocketAddr) -> Result<SocketAddr, Error> {
    let fault = |error| Error::Other(format!("cannot listen at {at} ({service:?}): {error}; [ports] names another"));
    let listener = TcpListener::bind(at).await.map_err(fault)?;
    let bound = listener.local_addr().map_err(fault)?;
    tokio::spawn(serve(listener, service, door.clone()));
    Ok(bound)
}

async fn serve(listener: TcpListener, service: Service, mut door: Door) {
    let refusals = Arc::new(Semaphore::new(REFUSALS));
    loop {
        let accepted = tokio::select! {
            biased;
            _ = door.stop.changed() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => door.admit(stream, peer.ip(), service, &refusals),
            Err(error) => {
                warn!(%error, ?service, "a connection could not be taken");
                clock::pause(BREATH).await;
            }
        }
    }
}

impl Door {
    fn admit(&self, stream: TcpStream, peer: IpAddr, service: Service, refusals: &Arc<Semaphore>) {
        let pass = match (self.is_barred)(peer) {
            true => Err(Refusal::Barred),
            false => self.gate.enter(peer),
        };
        match pass {
            Ok(pass) => match service {
                Service::Public(way) => self.publish(way, stream, pass),
                _ => self.connect(service, stream, peer, pass),
            },
            Err(refusal) => {
                warn!(%peer, ?service, ?refusal, "connection refused");
                let Ok(permit) = refusals.clone().try_acquire_owned() else { return };
                let acceptor = self.acceptor.clone();
                tokio::spawn(async move {
                    // Who does not hear it is refused all the same.
                    let _ = clock::within(REFUSAL, refuse(stream, service, refusal, &acceptor)).await;
                    drop(permit);
                });
            }
        }
    }

    /// Hands a connection to the node.
    fn connect(&self, service: Service, stream: TcpStream, peer: IpAddr, pass: Pass) {
        let conn = ConnId::Incoming(self.opened.fetch_add(1, Ordering::Relaxed));
        debug!(?conn, %peer, ?service, "connection");
        let (speaker, listener) = way();
        let _ = self.events.send(Event::Opened { conn, port: service.port(), peer, speaker });
        let line = Line {
            conn,
            events: self.events.clone(),
            listener,
            secure: Secure::Accept(self.acceptor.clone()),
            is_implicit: service.is_implicit(),
            times: self.times,
            stop: self.stop.clone(),
        };
        tokio::spawn(async move {
            line.serve(stream).await;
            drop(pass);
        });
    }

    /// Serves public documents.
    fn publish(&self, way: Way, stream: TcpStream, pass: Pass) {
        let (acceptor, public, handshake) = (self.acceptor.clone(), self.public.clone(), self.times.handshake);
        let mut stop = self.stop.clone();
        let session = async move {
            match clock::within(handshake, acceptor.accept(stream)).await {
                Some(Ok(stream)) => public.serve(way, stream).await,
                _ => debug!(?way, "TLS failed"),
            }
        };
        tokio::spawn(async move {
            tokio::select! {
                () = session => {}
                _ = stop.changed() => {}
            }
            drop(pass);
        });
    }
}

async fn refuse(mut stream: TcpStream, service: Service, refusal: Refusal, tls: &TlsAcceptor) -> std::io::Result<()> {
    let word = service.refusal(refusal);
    if service.is_implicit() {
        let mut stream = tls.accept(stream).await?;
        stream.write_all(word.as_bytes()).await?;
        return stream.shutdown().await;
    }
    stream.write_all(word.as_bytes()).await?;
    stream.shutdown().await
}
