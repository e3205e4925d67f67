//! TLS that repeats on the wire: its randomness comes from the seed, its time from the run's clock, its server key is
//! Ed25519 (one length of signature), and nothing is resumed.

use std::{cell::RefCell, sync::Arc, time::Duration};

use ::aws_lc_rs::agreement::{PrivateKey, PublicKey, UnparsedPublicKey, X25519, agree};
use rustls::{
    ClientConfig, Error, NamedGroup, PeerMisbehaved, RootCertStore, ServerConfig,
    client::Resumption,
    crypto::{
        ActiveKeyExchange, CryptoProvider, GetRandomFailed, SecureRandom, SharedSecret, SupportedKxGroup, aws_lc_rs,
    },
    pki_types::{CertificateDer, PrivatePkcs8KeyDer, UnixTime},
    server::NoServerSessionStorage,
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

/// For a server of that name.
pub(crate) fn server_config(pki: &Pki, host: &str) -> Result<Arc<ServerConfig>, WorldError> {
    let chain = vec![CertificateDer::from(pki.tls_certificate(host)?)];
    let key = PrivatePkcs8KeyDer::from(pki.tls_key().to_vec());
    let mut config = ServerConfig::builder_with_details(Arc::new(provider()), Arc::new(RunTime))
        .with_protocol_versions(&[&TLS13])?
        .with_no_client_auth()
        .with_single_cert(chain, key.into())?;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}

/// For everyone who connects.
pub(crate) fn client_config(pki: &Pki) -> Result<Arc<ClientConfig>, Error> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(pki.tls_authority().to_vec()))?;
    let mut config = ClientConfig::builder_with_details(Arc::new(provider()), Arc::new(RunTime))
        .with_protocol_versions(&[&TLS13])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
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
