//! Connections that the node asks for: a name becomes an address, by the routes of the configuration or by DNS.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use collaudo_node::{ConnId, End, Host, Input};
use rustls::pki_types::ServerName;
use tokio::{
    net::TcpStream,
    sync::{mpsc::UnboundedSender, watch},
};
use tracing::debug;

use super::{
    line::{Line, Secure, Times},
    way::Listener,
};
use crate::shell::{
    clock,
    dns::{Dns, Mail},
    driver::Event,
    tls::Tls,
};

/// How long a connection may take to stand.
const CONNECT: Duration = Duration::from_secs(30);
/// The port at which other hosts take mail; everything else is the directory, whose certificate is always checked.
const RELAY_PORT: u16 = 25;

/// Finds hosts and connects to them.
#[derive(Clone)]
pub(in crate::shell) struct Dialer {
    pub(in crate::shell) routes: Arc<BTreeMap<String, SocketAddr>>,
    pub(in crate::shell) dns: Option<Dns>,
    pub(in crate::shell) tls: Tls,
    /// Whether certificates of hosts that take mail are checked.
    pub(in crate::shell) verify: bool,
    pub(in crate::shell) times: Times,
    pub(in crate::shell) stop: watch::Receiver<bool>,
}

/// A connection that the node has asked for.
pub(in crate::shell) struct Dialled {
    pub(in crate::shell) conn: ConnId,
    pub(in crate::shell) host: Host,
    pub(in crate::shell) port: u16,
    pub(in crate::shell) events: UnboundedSender<Event>,
    pub(in crate::shell) listener: Listener,
}

impl Dialer {
    /// The hosts that take mail for a domain, the preferred first; none where it does not exist.
    ///
    /// A domain of which DNS says nothing now is given as a host of its own name: connecting to it fails, and the node
    /// tries again later instead of telling the sender that it does not exist.
    pub(in crate::shell) async fn resolve(&self, domain: &str) -> Vec<Host> {
        if self.routes.contains_key(&domain.to_ascii_lowercase()) {
            return vec![Host(domain.to_owned())];
        }
        let Some(dns) = &self.dns else {
            debug!(domain, "no route and no DNS server in the configuration: the domain does not exist");
            return Vec::new();
        };
        match dns.mail(domain).await {
            Mail::Hosts(hosts) => hosts.into_iter().map(Host).collect(),
            Mail::Nowhere => Vec::new(),
            Mail::Unknown => vec![Host(domain.to_owned())],
        }
    }

    /// Connects, and serves the connection until it ends.
    pub(in crate::shell) async fn dial(self, mut asked: Dialled) {
        let connected = async {
            let address = self.find(&asked.host.0, asked.port).await?;
            clock::within(CONNECT, TcpStream::connect(address)).await?.ok()
        };
        let given_up = async {
            while let Some(lot) = asked.listener.hear().await {
                if lot.closes() {
                    return;
                }
            }
        };
        let stream = tokio::select! {
            stream = connected => stream,
            () = given_up => return,
        };
        let (conn, events) = (asked.conn, asked.events);
        match (stream, self.secure(&asked.host, asked.port)) {
            (Some(stream), Some(secure)) => {
                debug!(?conn, host = asked.host.0, "connected");
                let _ = events.send(Event::Wire(Input::Connected { conn }, None));
                let Self { times, stop, .. } = self;
                let listener = asked.listener;
                let line = Line { conn, events, listener, secure, is_implicit: false, times, stop };
                line.serve(stream).await;
            }
            _ => {
                debug!(?conn, host = asked.host.0, "cannot connect");
                let _ = events.send(Event::Wire(Input::Closed { conn, end: End::Refused }, None));
            }
        }
    }

    /// The address of a host: what the routes say, port and all, else its IP address and this port.
    pub(in crate::shell) async fn find(&self, host: &str, port: u16) -> Option<SocketAddr> {
        if let Some(address) = self.routes.get(&host.to_ascii_lowercase()) {
            return Some(*address);
        }
        let ip = match host.parse::<IpAddr>() {
            Ok(ip) => ip,
            Err(_) if host.eq_ignore_ascii_case("localhost") => Ipv4Addr::LOCALHOST.into(),
            Err(_) => self.dns.as_ref()?.address(host).await?,
        };
        Some(SocketAddr::new(ip, port))
    }

    fn secure(&self, host: &Host, port: u16) -> Option<Secure> {
        let connector = if port != RELAY_PORT || self.verify { &self.tls.verifying } else { &self.tls.trusting };
        Some(Secure::Connect(connector.clone(), ServerName::try_from(host.0.clone()).ok()?))
    }
}
