//! The kiosk's counters: HTTPS and LDAP, each under TLS from the first octet, on a thread of their own.

use std::{io, net::SocketAddr, rc::Rc, sync::Arc, time::Duration};

use collaudo_node::Bytes;
use rustls::ServerConfig;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    select,
    task::{LocalSet, spawn_local},
};
use tokio_rustls::TlsAcceptor;

use super::{Counters, Kiosk};
use crate::{
    CRL_NAME, INDEX_NAME, WorldError,
    directory::Session,
    documents::MEDIA_TYPE,
    live::{channel, runtime, watch},
    net::DIRECTORY_HOST,
    pki::Pki,
};

/// How long somebody may take for one request over HTTP.
const PATIENCE: Duration = Duration::from_secs(60);

/// The most octets of a request over HTTP.
const REQUEST_OCTETS: u64 = 16 * 1024;

/// How often a way that is held is looked at again.
const EVERY: Duration = Duration::from_millis(100);

/// The content type of a list of revoked certificates (RFC 2585 §4.2).
const LIST_TYPE: &str = "application/pkix-crl";

/// Addresses that are listened at.
pub(super) struct Doors {
    https: Option<std::net::TcpListener>,
    ldap: Option<std::net::TcpListener>,
    server: Arc<ServerConfig>,
}

impl Doors {
    pub(super) fn bind(counters: &Counters) -> Result<Self, WorldError> {
        let bind = |at: Option<SocketAddr>| -> io::Result<Option<std::net::TcpListener>> {
            let Some(at) = at else { return Ok(None) };
            let told = |error: io::Error| io::Error::new(error.kind(), format!("cannot listen at {at}: {error}"));
            let listener = std::net::TcpListener::bind(at).map_err(told)?;
            listener.set_nonblocking(true)?;
            Ok(Some(listener))
        };
        let pki = Pki::issue(&[])?;
        let addresses = [counters.https, counters.ldap].into_iter().flatten().map(|at| at.ip());
        let names: Vec<_> =
            [DIRECTORY_HOST, "localhost"].into_iter().chain(counters.names.iter().map(String::as_str)).collect();
        let certificate = pki.tls_certificate_at(&names, &addresses.collect::<Vec<_>>())?;
        let server = channel::server(certificate, pki.tls_key().to_vec())?;
        Ok(Self { https: bind(counters.https)?, ldap: bind(counters.ldap)?, server })
    }

    /// Serves for as long as the program runs.
    pub(super) fn serve(self, kiosk: &Kiosk) {
        // Without a runtime nobody is served, and the trials before a run say so.
        let Ok(runtime) = runtime() else { return };
        let local = LocalSet::new();
        let (https, ldap) = (self.https, self.ldap);
        for (listener, is_https) in [(https, true), (ldap, false)] {
            let Some(listener) = listener else { continue };
            let (kiosk, acceptor) = (kiosk.clone(), TlsAcceptor::from(self.server.clone()));
            local.spawn_local(async move { listen(listener, &kiosk, acceptor, is_https).await });
        }
        runtime.block_on(local);
    }
}

async fn listen(
    listener: std::net::TcpListener,
    kiosk: &Kiosk,
    acceptor: TlsAcceptor,
    is_https: bool,
) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let acceptor = Rc::new(acceptor);
    loop {
        // One that is gone before it is accepted is no reason to end.
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (kiosk, acceptor) = (kiosk.clone(), acceptor.clone());
        spawn_local(async move {
            // Whoever goes before the answer wants none.
            let _ = match is_https {
                true => select! {
                    biased;
                    served = file(&kiosk, &acceptor, stream) => served,
                    () = watch::pause(PATIENCE) => Ok(()),
                },
                false => directory(&kiosk, &acceptor, stream).await,
            };
        });
    }
}

/// One request over HTTP/1.1.
async fn file(kiosk: &Kiosk, acceptor: &TlsAcceptor, stream: TcpStream) -> io::Result<()> {
    let mut io = BufReader::new(acceptor.accept(stream).await?.take(REQUEST_OCTETS));
    let (mut request, mut line) = (String::new(), String::new());
    io.read_line(&mut request).await?;
    while io.read_line(&mut line).await? > 2 {
        line.clear();
    }
    let mut io = io.into_inner().into_inner();
    let mut words = request.split_whitespace();
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (status, media_type, octets) = match (method, path.trim_start_matches('/')) {
        ("GET" | "HEAD", INDEX_NAME) => found(kiosk.index(), MEDIA_TYPE),
        ("GET" | "HEAD", CRL_NAME) => found(kiosk.revoked(), LIST_TYPE),
        ("GET" | "HEAD", _) => ("404 Not Found", "text/plain", Bytes::new()),
        _ => ("405 Method Not Allowed", "text/plain", Bytes::new()),
    };
    let length = octets.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    io.write_all(head.as_bytes()).await?;
    if method == "GET" {
        io.write_all(&octets).await?;
    }
    io.shutdown().await
}

fn found(octets: Option<Bytes>, media_type: &'static str) -> (&'static str, &'static str, Bytes) {
    match octets {
        Some(octets) => ("200 OK", media_type, octets),
        None => ("503 Service Unavailable", "text/plain", Bytes::new()),
    }
}

/// One session over LDAP.
async fn directory(kiosk: &Kiosk, acceptor: &TlsAcceptor, stream: TcpStream) -> io::Result<()> {
    if !kiosk.lets_pass(true).await {
        return Ok(());
    }
    let mut io = acceptor.accept(stream).await?;
    let (mut session, mut octets) = (Session::default(), Vec::new());
    loop {
        octets.clear();
        if io.read_buf(&mut octets).await? == 0 || !kiosk.lets_pass(false).await {
            return io.shutdown().await;
        }
        let Some(edition) = kiosk.shown(|shown| shown.directory.clone()) else { return Ok(()) };
        let answer = session.take(&octets, &edition.entries);
        for _ in 0..answer.searches {
            kiosk.note(INDEX_NAME, "ldap", Some(edition.signed.clone()));
        }
        io.write_all(&answer.octets).await?;
        io.flush().await?;
        if answer.ends {
            return io.shutdown().await;
        }
    }
}

impl Kiosk {
    /// The signed index, for somebody who has come for it.
    fn index(&self) -> Option<Bytes> {
        let found = self.shown(|shown| shown.index.clone());
        self.note(INDEX_NAME, "https", found.clone());
        found
    }

    /// The list of this moment, for somebody who has come for it.
    fn revoked(&self) -> Option<Bytes> {
        let (list, now) = {
            let state = self.state();
            (state.shown.list.clone(), state.now())
        };
        let found = list.and_then(|list| list.at(now).ok());
        self.note(CRL_NAME, "https", found.clone());
        found
    }

    fn shown<T>(&self, part: impl FnOnce(&super::Shown) -> T) -> T {
        part(&self.state().shown)
    }

    /// Waits for what holds up the way to the directory; false where nothing passes there. Whoever finds nobody is noted.
    async fn lets_pass(&self, comes: bool) -> bool {
        loop {
            let (way, is_there) = self.shown(|shown| (shown.way, shown.directory.is_some()));
            if way.parted || !is_there {
                if comes {
                    self.note(INDEX_NAME, "ldap", None);
                }
                return false;
            }
            if !way.held {
                if let Some(latency) = way.slow {
                    watch::pause(latency).await;
                }
                return true;
            }
            watch::pause(EVERY).await;
        }
    }
}
