//! What a provider publishes: its own copy of the provider index, over LDAP and as the signed file, and of the list of
//! revoked certificates. All of it under TLS, to be read by anybody and changed by nobody.

mod https;
mod ldap;
mod search;

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use collaudo_node::Bytes;
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tracing::{debug, warn};

use super::{
    Error, clock,
    config::Settings,
    identity::{CRL, index_signer},
};
use crate::core::message::{Entry, Index};

/// How long a session may last: long enough for the index of the whole country over a slow line.
const SESSION: Duration = Duration::from_secs(300);

/// How a public document is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Ldap,
    Https,
}

/// The last good copies.
#[derive(Clone)]
pub(super) struct Public(Arc<Inner>);

struct Inner {
    signer: Vec<u8>,
    copies: RwLock<Copies>,
}

#[derive(Default)]
struct Copies {
    index: Option<Bytes>,
    entries: Arc<Vec<Entry>>,
    crl: Option<Bytes>,
}

impl Public {
    pub(super) fn new(settings: &Settings) -> Result<Self, Error> {
        Ok(Self(Arc::new(Inner { signer: index_signer(settings)?, copies: RwLock::default() })))
    }

    /// Takes a document that was fetched; an index that its signer has not signed is none.
    pub(super) fn take(&self, name: &str, document: &Bytes) {
        let mut copies = self.0.copies.write().unwrap_or_else(PoisonError::into_inner);
        if name == CRL {
            copies.crl = Some(document.clone());
            return;
        }
        match Index::entries(document, &self.0.signer) {
            Ok(entries) => {
                copies.index = Some(document.clone());
                copies.entries = Arc::new(entries);
            }
            Err(fault) => warn!(%fault, "the index is not published"),
        }
    }

    /// Serves one session.
    pub(super) async fn serve(&self, way: Way, stream: TlsStream<TcpStream>) {
        let session = async {
            match way {
                Way::Ldap => ldap::converse(self.entries(), stream).await,
                Way::Https => https::converse(self.clone(), stream).await,
            }
        };
        match clock::within(SESSION, session).await {
            Some(Ok(())) => {}
            Some(Err(error)) => debug!(?way, %error, "a session broke"),
            None => debug!(?way, "a session took too long"),
        }
    }

    fn entries(&self) -> Arc<Vec<Entry>> {
        self.0.copies.read().unwrap_or_else(PoisonError::into_inner).entries.clone()
    }

    fn index(&self) -> Option<Bytes> {
        self.0.copies.read().unwrap_or_else(PoisonError::into_inner).index.clone()
    }

    fn crl(&self) -> Option<Bytes> {
        self.0.copies.read().unwrap_or_else(PoisonError::into_inner).crl.clone()
    }
}
