//! TLS that repeats on the wire: its randomness comes from the seed, its time from the run's clock, its server key is
//! Ed25519 (one length of signature), and nothing is resumed.

use std::{cell::RefCell, sync::Arc, time::Duration};

use ::aws_lc_rs::agreement::{PrivateKey, PublicKey, UnparsedPublicKey, X25519, agree};
use rustls::{
    ClientConfig, ConfigBuilder, Error, NamedGroup, PeerMisbehaved, RootCertStore, ServerConfig,
    client::{Resumption, WantsClientCert},
    crypto::{
        ActiveKeyExchange, CryptoProvider, GetRandomFailed, SecureRandom, SharedSecret, SupportedKxGroup, aws_lc_rs,
    },
    pki_types::{CertificateDer, PrivatePkcs8KeyDer, UnixTime},
    server::{NoClientAuth, NoServerSessionStorage, WebPkiClientVerifier, danger::ClientCertVerifier},
    time_provider::TimeProvider,
    version::TLS13,
};

use crate::{WorldError, chance::Chance, pki::Pki};

thread_local! {
    // A run stays on one thread, and rustls wants its randomness and its time behind `'static` references.
    static RUN: RefCell<Run> = RefCell::new(Run { chance: Chance::new(0, 0), unix_seconds: 0 });
}

struct Run {
    chance: Chance,
    unix_seconds: u64,
}

/// Begins a run on this thread.
pub(crate) fn seed(chance: Chance) {
    RUN.with_borrow_mut(|run| run.chance = chance);
}

/// Tells TLS the time.
pub(crate) fn set_time(unix_seconds: u64) {
    RUN.with_borrow_mut(|run| run.unix_seconds = unix_seconds);
}

/// For a server of these names.
pub(crate) fn server_config(pki: &Pki, hosts: &[&str]) -> Result<Arc<ServerConfig>, WorldError> {
    server(pki, hosts, Arc::new(NoClientAuth))
}

/// For the publisher of the provider index: it serves those who hold a certificate, and nobody else.
//= PEC-5.6-01
pub(crate) fn publisher_config(pki: &Pki, host: &str) -> Result<Arc<ServerConfig>, WorldError> {
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots(pki)?), Arc::new(provider()));
    server(pki, &[host], verifier.build().map_err(|error| Error::General(error.to_string()))?)
}

/// For everyone who connects.
pub(crate) fn client_config(pki: &Pki) -> Result<Arc<ClientConfig>, Error> {
    let mut config = client(pki)?.with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

/// For a provider that shows who it is: the certificate of its hosts.
pub(crate) fn licensed_config(pki: &Pki, hosts: &[&str]) -> Result<Arc<ClientConfig>, WorldError> {
    let mut config = client(pki)?.with_client_auth_cert(chain(pki, hosts)?, key(pki).into())?;
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

fn server(pki: &Pki, hosts: &[&str], clients: Arc<dyn ClientCertVerifier>) -> Result<Arc<ServerConfig>, WorldError> {
    let mut config = ServerConfig::builder_with_details(Arc::new(provider()), Arc::new(RunTime))
        .with_protocol_versions(&[&TLS13])?
        .with_client_cert_verifier(clients)
        .with_single_cert(chain(pki, hosts)?, key(pki).into())?;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}

fn client(pki: &Pki) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, Error> {
    let builder = ClientConfig::builder_with_details(Arc::new(provider()), Arc::new(RunTime));
    Ok(builder.with_protocol_versions(&[&TLS13])?.with_root_certificates(roots(pki)?))
}

fn roots(pki: &Pki) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(pki.tls_authority().to_vec()))?;
    Ok(roots)
}

fn chain(pki: &Pki, hosts: &[&str]) -> Result<Vec<CertificateDer<'static>>, WorldError> {
    Ok(vec![CertificateDer::from(pki.tls_certificate(hosts)?)])
}

fn key(pki: &Pki) -> PrivatePkcs8KeyDer<'static> {
    PrivatePkcs8KeyDer::from(pki.tls_key().to_vec())
}

fn provider() -> CryptoProvider {
    CryptoProvider { kx_groups: vec![&SeededX25519], secure_random: &SeededRandom, ..aws_lc_rs::default_provider() }
}

#[derive(Debug)]
struct RunTime;

impl TimeProvider for RunTime {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(RUN.with_borrow(|run| run.unix_seconds))))
    }
}

#[derive(Debug)]
struct SeededRandom;

impl SecureRandom for SeededRandom {
    fn fill(&self, octets: &mut [u8]) -> Result<(), GetRandomFailed> {
        RUN.with_borrow_mut(|run| run.chance.fill(octets));
        Ok(())
    }
}

#[derive(Debug)]
struct SeededX25519;

impl SupportedKxGroup for SeededX25519 {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let mut secret = [0; 32];
        RUN.with_borrow_mut(|run| run.chance.fill(&mut secret));
        let secret = PrivateKey::from_private_key(&X25519, &secret).map_err(|_| Error::FailedToGetRandomBytes)?;
        let public = secret.compute_public_key().map_err(|_| Error::FailedToGetRandomBytes)?;
        Ok(Box::new(Exchange { secret, public }))
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::X25519
    }
}

struct Exchange {
    secret: PrivateKey,
    public: PublicKey,
}

impl ActiveKeyExchange for Exchange {
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, Error> {
        let refused = Error::PeerMisbehaved(PeerMisbehaved::InvalidKeyShare);
        agree(&self.secret, UnparsedPublicKey::new(&X25519, peer), refused, |shared| Ok(SharedSecret::from(shared)))
    }

    fn pub_key(&self) -> &[u8] {
        self.public.as_ref()
    }

    fn group(&self) -> NamedGroup {
        NamedGroup::X25519
    }
}
