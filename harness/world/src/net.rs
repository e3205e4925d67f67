//! What all hosts of a simulated network share, and how they connect.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    io,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll},
};

use collaudo_node::Bytes;
use collaudo_record::Instant;
use collaudo_scenario::CrashPoint;
use rustls::{ClientConfig, ServerConfig, pki_types::ServerName};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::{TlsAcceptor, TlsConnector};
use turmoil::net::TcpStream;

use crate::{recorder::Recorder, tap::Tap};

/// The host that all people share.
pub(crate) const USERS: &str = "users";

/// Between providers.
pub(crate) const RELAY_PORT: u16 = 25;

/// From people.
pub(crate) const SUBMISSION_PORT: u16 = 587;

/// The host that serves the provider index over LDAP.
pub(crate) const DIRECTORY_HOST: &str = "index.test";

pub(crate) struct Net {
    pub(crate) recorder: Recorder,
    /// When the run began.
    pub(crate) epoch: Instant,
    /// Short host name by the name that nodes know, such as `alfa` by `mx.alfa.test`.
    pub(crate) hosts: BTreeMap<String, String>,
    /// The name that nodes know by certified domain: the MX records.
    pub(crate) mx: BTreeMap<String, String>,
    pub(crate) passwords: BTreeMap<String, String>,
    pub(crate) index: Bytes,
    pub(crate) client_tls: Arc<ClientConfig>,
    /// How far each host's clock is off, in microseconds.
    pub(crate) offsets: RefCell<BTreeMap<String, i64>>,
    /// Hosts whose disk takes nothing.
    pub(crate) full: RefCell<BTreeSet<String>>,
    /// Hosts whose scanner gives no answer.
    pub(crate) unscanned: RefCell<BTreeSet<String>>,
    /// Hosts that do not run now.
    pub(crate) down: RefCell<BTreeSet<String>>,
    /// Grows with everything that happens: while it stands still and no message is under way, the network rests.
    pub(crate) activity: Cell<u64>,
    /// Effects that were carried out so far, by host.
    pub(crate) effects: RefCell<BTreeMap<String, u32>>,
    /// Crashes that wait for their point, by host.
    pub(crate) armed: RefCell<BTreeMap<String, Armed>>,
    /// A host that has just reached its crash point.
    pub(crate) fallen: RefCell<Vec<(String, u32)>>,
}

/// A crash that waits for its point; counts down.
pub(crate) struct Armed {
    pub(crate) fault: u32,
    pub(crate) point: CrashPoint,
}

impl Net {
    pub(crate) fn stir(&self) {
        self.activity.set(self.activity.get() + 1);
    }

    /// Connects one host to another by the name that nodes know.
    pub(crate) async fn connect(&self, host: &str, port: u16) -> io::Result<TcpStream> {
        let short = self.hosts.get(host).ok_or(io::ErrorKind::NotFound)?;
        if self.down.borrow().contains(short) {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let stream = TcpStream::connect((short.as_str(), port)).await;
        self.stir();
        stream
    }

    /// Counts an effect that `host` has carried out; true where it has reached its crash point, and must do nothing more.
    pub(crate) fn reaches_crash_point(&self, host: &str, is_commit: bool) -> bool {
        *self.effects.borrow_mut().entry(host.to_owned()).or_default() += 1;
        let mut armed = self.armed.borrow_mut();
        let Some(crash) = armed.get_mut(host) else { return false };
        let left = match &mut crash.point {
            CrashPoint::AfterCommit(left) if is_commit => left,
            CrashPoint::AfterEffect(left) => left,
            CrashPoint::AfterCommit(_) | CrashPoint::AtOnce => return false,
        };
        *left = left.saturating_sub(1);
        if *left > 0 {
            return false;
        }
        self.fallen.borrow_mut().push((host.to_owned(), crash.fault));
        armed.remove(host);
        true
    }
}

/// A connection, plain or under TLS.
pub(crate) trait Io: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Io for T {}

/// Which side of a handshake a connection takes.
pub(crate) enum TlsSide {
    Server(Arc<ServerConfig>),
    Client(Arc<ClientConfig>, String),
}

impl TlsSide {
    pub(crate) async fn secure(&self, io: Box<dyn Io>) -> io::Result<Box<dyn Io>> {
        Ok(match self {
            Self::Server(config) => Box::new(TlsAcceptor::from(config.clone()).accept(io).await?),
            Self::Client(config, host) => {
                let name = ServerName::try_from(host.clone()).map_err(io::Error::other)?;
                Box::new(TlsConnector::from(config.clone()).connect(name, io).await?)
            }
        })
    }
}

/// The accepting end of a connection, every octet of it counted by the tap.
pub(crate) struct Metered {
    pub(crate) inner: TcpStream,
    pub(crate) tap: Rc<RefCell<Tap>>,
}

impl AsyncRead for Metered {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(cx, buf);
        if let Some(read) = buf.filled().get(before..) {
            self.tap.borrow_mut().wire_up(read);
        }
        polled
    }
}

impl AsyncWrite for Metered {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write(cx, octets);
        if let Poll::Ready(Ok(n)) = &polled {
            self.tap.borrow_mut().wire_down(octets.get(..*n).unwrap_or_default());
        }
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
