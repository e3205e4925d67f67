//! The public documents that a provider fetches: from a file, or over HTTPS.

use std::{path::PathBuf, time::Duration};

use collaudo_node::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::{Request, StatusCode, Uri, header::HOST};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tracing::warn;

use super::{Error, clock, config::Settings, identity, net::Dialer, public::Public};

/// The index of the whole country comes to a few megabytes.
const MAX_OCTETS: usize = 64 << 20;
/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the documents lie.
#[derive(Clone)]
pub(super) struct Documents {
    folder: PathBuf,
    index: String,
    crl: String,
    public: Public,
}

impl Documents {
    /// What is fetched is published, too.
    pub(super) fn new(settings: &Settings, public: Public) -> Self {
        let crl = settings.crl.as_ref().map(|crl| crl.from.clone()).unwrap_or_default();
        Self { folder: settings.folder.clone(), index: settings.index.from.clone(), crl, public }
    }

    /// Fetches a document by its name; `None` where it is not to be had now.
    pub(super) async fn fetch(&self, name: &str, dialer: &Dialer) -> Option<Bytes> {
        let from = if name == identity::INDEX { &self.index } else { &self.crl };
        let fetched = match from.starts_with("https://") {
            true => clock::within(PATIENCE, get(from, dialer))
                .await
                .unwrap_or_else(|| Err(Error::Other("too slow".to_owned()))),
            false => identity::file(&self.folder.join(from)),
        };
        match &fetched {
            Ok(document) => self.public.take(name, document),
            Err(fault) => warn!(document = name, from, %fault, "a document cannot be had"),
        }
        fetched.ok()
    }
}

/// Gets a document over HTTPS; the server's certificate must lead to the authority.
async fn get(url: &str, dialer: &Dialer) -> Result<Bytes, Error> {
    fn other(fault: impl ToString) -> Error {
        Error::Other(fault.to_string())
    }
    let uri: Uri = url.parse().map_err(other)?;
    let host = uri.host().ok_or_else(|| other("the URL names no host"))?;
    let address = dialer.find(host, uri.port_u16().unwrap_or(443)).await;
    let address = address.ok_or_else(|| other(format!("host {host} is not found; [routes] may name it")))?;
    let stream = TcpStream::connect(address).await.map_err(other)?;
    let name = ServerName::try_from(host.to_owned()).map_err(other)?;
    let stream = dialer.tls.verifying.connect(name, stream).await.map_err(other)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(other)?;
    tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::get(path).header(HOST, host).body(Empty::<Bytes>::new()).map_err(other)?;
    let response = sender.send_request(request).await.map_err(other)?;
    match response.status() {
        StatusCode::OK => {}
        status => return Err(other(format!("the server answers {status}"))),
    }
    let body = Limited::new(response.into_body(), MAX_OCTETS).collect().await.map_err(other)?;
    Ok(body.to_bytes())
}
