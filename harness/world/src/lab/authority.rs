//! Who vouches for the hosts of a lab before programs that nobody here wrote: an authority of its own, made at its start
//! and gone with it. Nobody who trusts it trusts a key that others know.

use std::{sync::Arc, time::Duration};

use collaudo_record::Instant;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::{ClientConfig, ServerConfig, pki_types::CertificateDer};

use crate::{WorldError, live::channel, world::Channel};

/// By which every host is reached, whatever its own name is.
const LOCAL: [&str; 2] = ["localhost", "127.0.0.1"];

/// Clients refuse certificates that last longer than this.
const LASTS: Duration = Duration::from_secs(800 * 24 * 3600);

/// A clock of a client may be behind.
const EARLIER: Duration = Duration::from_secs(24 * 3600);

pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    pem: String,
    /// Of all hosts: they are one process.
    key: KeyPair,
    from: Instant,
}

impl Authority {
    /// Its certificates are valid for two years from `today` on.
    pub(crate) fn make(today: Instant) -> Result<Self, WorldError> {
        let mut params = lasting(CertificateParams::default(), today);
        params.distinguished_name.push(DnType::CommonName, "Collaudo lab, made for one run");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let own = KeyPair::generate()?;
        let certificate = params.self_signed(&own)?;
        Ok(Self {
            certificate: certificate.der().clone(),
            pem: certificate.pem(),
            issuer: Issuer::new(params, own),
            key: KeyPair::generate()?,
            from: today,
        })
    }

    /// Its certificate, for those who are to trust it.
    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }
}

impl Channel for Authority {
    fn server(&self, hosts: &[&str]) -> Result<Arc<ServerConfig>, WorldError> {
        let names: Vec<_> = hosts.iter().copied().chain(LOCAL).map(str::to_owned).collect();
        let mut params = lasting(CertificateParams::new(names)?, self.from);
        params.distinguished_name.push(DnType::CommonName, hosts.first().copied().unwrap_or_default());
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&self.key, &self.issuer)?.der().to_vec();
        channel::server(certificate, self.key.serialize_der())
    }

    fn client(&self) -> Result<Arc<ClientConfig>, WorldError> {
        channel::client([&*self.certificate])
    }
}

fn lasting(mut params: CertificateParams, from: Instant) -> CertificateParams {
    let from = date_time_ymd(1970, 1, 1) + Duration::from_micros(u64::try_from(from.0).unwrap_or_default());
    (params.not_before, params.not_after) = (from - EARLIER, from + LASTS);
    params
}
