//! TLS 1.2 and 1.3, as server and as client.

use std::{path::Path, sync::Arc};

use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, ServerConfig, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::{Error, config::Settings};

/// All that a provider needs for TLS.
#[derive(Clone)]
pub(super) struct Tls {
    pub(super) acceptor: TlsAcceptor,
    /// Checks the other's certificate against the authority.
    pub(super) verifying: TlsConnector,
    /// Takes any certificate, as hosts do between which TLS is opportunistic (RFC 3207).
    pub(super) trusting: TlsConnector,
}

impl Tls {
    pub(super) fn read(settings: &Settings) -> Result<Self, Error> {
        let (certificate, key) =
            (settings.path(&settings.files.tls_certificate), settings.path(&settings.files.tls_key));
        let private = PrivateKeyDer::from_pem_file(&key).map_err(|error| Error::at(&key, error))?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let server = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::Other(error.to_string()))?
            .with_no_client_auth()
            .with_single_cert(certificates(&certificate)?, private)
            .map_err(|error| Error::at(&certificate, error))?;
        let authority = settings.path(&settings.files.authority);
        let mut roots = RootCertStore::empty();
        for root in certificates(&authority)? {
            roots.add(root).map_err(|error| Error::at(&authority, error))?;
        }
        let client = || ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
        let other = |error: rustls::Error| Error::Other(error.to_string());
        let verifying = client().map_err(other)?.with_root_certificates(roots).with_no_client_auth();
        let anyone = Arc::new(Anyone(provider.clone()));
        let trusting = client().map_err(other)?.dangerous().with_custom_certificate_verifier(anyone);
        Ok(Self {
            acceptor: Arc::new(server).into(),
            verifying: Arc::new(verifying).into(),
            trusting: Arc::new(trusting.with_no_client_auth()).into(),
        })
    }
}

/// The certificates of a PEM file, at least one.
pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let found = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let found = found.map_err(|error| Error::at(path, error))?;
    if found.is_empty() { Err(Error::at(path, "holds no certificate in PEM form")) } else { Ok(found) }
}

/// Lets any certificate pass whose key the other side has.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
