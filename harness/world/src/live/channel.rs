//! TLS before programs that nobody here wrote: 1.2 and 1.3 with real randomness, for nothing here has to repeat.

use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    crypto::aws_lc_rs::default_provider,
    pki_types::{CertificateDer, PrivatePkcs8KeyDer},
};

use crate::WorldError;

/// For a server that shows this certificate (DER), whose key is PKCS#8.
pub(crate) fn server(certificate: Vec<u8>, key: Vec<u8>) -> Result<Arc<ServerConfig>, WorldError> {
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(certificate)], PrivatePkcs8KeyDer::from(key).into())?;
    Ok(Arc::new(config))
}

/// For a client that trusts these authorities (DER).
pub(crate) fn client<'a>(authorities: impl IntoIterator<Item = &'a [u8]>) -> Result<Arc<ClientConfig>, WorldError> {
    let mut roots = RootCertStore::empty();
    for authority in authorities {
        roots.add(CertificateDer::from(authority))?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
