//! What all hosts of a network share, and how they connect.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    io,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll},
};

use collaudo_record::What;
use collaudo_scenario::{CrashPoint, FaultKind, IndexSource, Plan, ProviderPlan};
use rustls::{ClientConfig, ServerConfig, pki_types::ServerName};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::{
    documents::Documents,
    recorder::Recorder,
    tap::Tap,
    transport::{Link, Transport},
};

/// The host that all people share.
pub(crate) const USERS: &str = "users";

/// The host of those who are no part of the network.
pub(crate) use collaudo_scenario::OUTSIDE;

/// Between providers.
pub(crate) const RELAY_PORT: u16 = 25;

/// From people.
pub(crate) const SUBMISSION_PORT: u16 = 587;

/// From people, under TLS from the first octet.
pub(crate) const SUBMISSIONS_PORT: u16 = 465;

/// Mailboxes over IMAP, under TLS from the first octet.
pub(crate) const IMAPS_PORT: u16 = 993;

/// Mailboxes over POP3, under TLS from the first octet.
pub(crate) const POP3S_PORT: u16 = 995;

/// Where a provider's host listens.
pub(crate) const PROVIDER_PORTS: [u16; 5] = [RELAY_PORT, SUBMISSION_PORT, SUBMISSIONS_PORT, IMAPS_PORT, POP3S_PORT];

/// The host that serves the provider index over LDAP, as nodes know it; it stands where a provider asks it.
pub(crate) const DIRECTORY_HOST: &str = "index.test";

/// Its short name.
pub(crate) const DIRECTORY: &str = "index";

/// LDAP, under TLS from the first octet.
pub(crate) const DIRECTORY_PORT: u16 = 636;

/// The host of a provider, as nodes know it.
pub(crate) fn mx(provider: &ProviderPlan) -> String {
    format!("mx.{}", provider.domain)
}

/// The second choice of a provider that has one: the same machine under another name.
fn backup(provider: &ProviderPlan) -> Option<String> {
    provider.backup.then(|| format!("mx2.{}", provider.domain))
}

/// The names of a provider's machines, the first choice first.
pub(crate) fn exchangers(provider: &ProviderPlan) -> Vec<String> {
    std::iter::once(mx(provider)).chain(backup(provider)).collect()
}

/// Whether somebody in the plan is no part of the network.
pub(crate) fn has_outsiders(plan: &Plan) -> bool {
    !plan.inquiries.is_empty() || plan.steps.iter().any(|step| step.submit.provider == OUTSIDE)
}

/// Whether a provider of the plan asks the directory.
pub(crate) fn has_directory(plan: &Plan) -> bool {
    plan.providers.iter().any(|provider| provider.index_source == IndexSource::Ldap)
}

/// How a host's work ends, where it ends at all.
pub(crate) type Ended = Result<(), Box<dyn std::error::Error>>;

pub(crate) struct Net {
    pub(crate) transport: Box<dyn Transport>,
    pub(crate) recorder: Recorder,
    /// Short host name by the name that nodes know, such as `alfa` by `mx.alfa.test`.
    pub(crate) hosts: BTreeMap<String, String>,
    /// The names that nodes know by certified domain, the first choice first: the MX records.
    pub(crate) mx: BTreeMap<String, Vec<String>>,
    /// Who has asked for which MX records.
    pub(crate) resolved: RefCell<BTreeSet<(String, String)>>,
    pub(crate) passwords: BTreeMap<String, String>,
    pub(crate) documents: Documents,
    pub(crate) client_tls: Arc<ClientConfig>,
    /// What is wrong now, crashes left out, by place in the plan.
    pub(crate) in_force: RefCell<BTreeMap<u32, FaultKind>>,
    /// Hosts that do not run now.
    pub(crate) down: RefCell<BTreeSet<String>>,
    /// Grows with everything that happens: while it stands still and no message is under way, the network rests.
    pub(crate) activity: Activity,
    /// Effects that were carried out so far, by host.
    pub(crate) effects: RefCell<BTreeMap<String, u32>>,
    /// Crashes that wait for their point, by host.
    pub(crate) armed: RefCell<BTreeMap<String, Armed>>,
    /// A host that has just reached its crash point.
    pub(crate) fallen: RefCell<Vec<(String, u32)>>,
    /// The short name of a provider that no host of ours plays.
    pub(crate) foreign: Option<String>,
}

/// A count of everything that happens.
#[derive(Clone, Default)]
pub(crate) struct Activity(Rc<Cell<u64>>);

impl Activity {
    pub(crate) fn stir(&self) {
        self.0.set(self.0.get() + 1);
    }

    pub(crate) fn so_far(&self) -> u64 {
        self.0.get()
    }
}

/// A crash that waits for its point; counts down.
pub(crate) struct Armed {
    pub(crate) fault: u32,
    pub(crate) point: CrashPoint,
}

impl Net {
    pub(crate) fn stir(&self) {
        self.activity.stir();
    }

    /// The first choice of a domain.
    pub(crate) fn exchanger(&self, domain: &str) -> Option<&String> {
        self.mx.get(domain)?.first()
    }

    /// A host asks where a domain's mail goes.
    pub(crate) fn resolve(&self, host: &str, domain: &str) -> Vec<String> {
        let domain = domain.to_ascii_lowercase();
        let exchangers = self.mx.get(&domain).cloned().unwrap_or_default();
        if self.resolved.borrow_mut().insert((host.to_owned(), domain.clone())) {
            let (host, exchangers) = (host.to_owned(), exchangers.clone());
            self.recorder.observed(What::Resolved { host, domain, exchangers });
        }
        exchangers
    }

    /// Whether a fault of that kind is in force.
    pub(crate) fn suffers(&self, fault: &FaultKind) -> bool {
        self.in_force.borrow().values().any(|kind| kind == fault)
    }

    /// By how many microseconds a host's clock is off.
    pub(crate) fn offset_micros(&self, name: &str) -> i64 {
        let in_force = self.in_force.borrow();
        let of_host = in_force.values().filter_map(|kind| match kind {
            FaultKind::Clock { host, offset_micros } if host == name => Some(*offset_micros),
            _ => None,
        });
        of_host.fold(0, i64::saturating_add)
    }

    /// Connects a host to another by the name that nodes know.
    pub(crate) async fn connect(&self, from: &str, host: &str, port: u16) -> io::Result<Link> {
        let short = self.hosts.get(host).ok_or(io::ErrorKind::NotFound)?;
        if self.down.borrow().contains(short) {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let link = self.transport.connect(from, short, port).await;
        self.stir();
        match self.foreign.as_ref().is_some_and(|foreign| foreign == short) {
            true => Ok(self.tapped(link?, from, port)),
            false => link,
        }
    }

    /// The other end is nobody of ours: the tap sits at this one.
    fn tapped(&self, link: Link, from: &str, port: u16) -> Link {
        let server = self.foreign.clone().unwrap_or_default();
        let session = self.recorder.session(from.to_owned(), server, port);
        let tap = Rc::new(RefCell::new(Tap::new(self.recorder.clone(), session, link.port)));
        let io = Box::new(Metered { inner: link.io, tap: tap.clone(), calls: true });
        Link { io, tap: Some(tap), ..link }
    }

    /// Counts an effect that `host` has carried out; true where it has reached its crash point, and must do nothing more.
    pub(crate) fn reaches_crash_point(&self, host: &str, is_commit: bool) -> bool {
        let mut effects = self.effects.borrow_mut();
        match effects.get_mut(host) {
            Some(count) => *count += 1,
            None => drop(effects.insert(host.to_owned(), 1)),
        }
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

/// The end of a connection at which the tap sits, every octet of it counted.
pub(crate) struct Metered {
    pub(crate) inner: Box<dyn Io>,
    pub(crate) tap: Rc<RefCell<Tap>>,
    /// Whether it is the connecting end.
    pub(crate) calls: bool,
}

impl Metered {
    fn heard(&self, octets: &[u8]) {
        let mut tap = self.tap.borrow_mut();
        if self.calls { tap.wire_down(octets) } else { tap.wire_up(octets) }
    }

    fn said(&self, octets: &[u8]) {
        let mut tap = self.tap.borrow_mut();
        if self.calls { tap.wire_up(octets) } else { tap.wire_down(octets) }
    }
}

impl AsyncRead for Metered {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(cx, buf);
        if let Some(read) = buf.filled().get(before..) {
            self.heard(read);
        }
        polled
    }
}

impl AsyncWrite for Metered {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write(cx, octets);
        if let Poll::Ready(Ok(n)) = &polled {
            self.said(octets.get(..*n).unwrap_or_default());
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
