//! Who the provider is: its signing key and certificates, and what the node is told of its configuration.

use std::{fs, path::Path};

use aws_lc_rs::{rand::SystemRandom, rsa::KeyPair, signature::RSA_PKCS1_SHA256};
use collaudo_node::Bytes;
use rustls::pki_types::{PrivateKeyDer, pem::PemObject};

use super::{
    Error,
    config::{Ordinary, Settings},
    tls::certificates,
};
use crate::{Config, Family, IndexSource, User};

/// The names of the two documents in [`collaudo_node::Effect::Fetch`].
pub(super) const INDEX: &str = "indice";
pub(super) const CRL: &str = "lista-revoche";

/// The key that signs all that the provider makes.
pub(super) struct Signer(KeyPair);

impl Signer {
    /// Reads an RSA key in PEM, PKCS#8.
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let key = PrivateKeyDer::from_pem_file(path).map_err(|error| Error::at(path, error))?;
        let key = match &key {
            PrivateKeyDer::Pkcs8(key) => KeyPair::from_pkcs8(key.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(key) => KeyPair::from_der(key.secret_pkcs1_der()),
            _ => return Err(Error::at(path, "holds no RSA key; signatures of certified mail are RSA")),
        };
        key.map(Self).map_err(|error| Error::at(path, format!("holds no RSA key that can be used: {error}")))
    }

    /// Takes a key in PKCS#8.
    pub(super) fn from_pkcs8(der: &[u8]) -> Result<Self, Error> {
        KeyPair::from_pkcs8(der).map(Self).map_err(|error| Error::Other(format!("no RSA key: {error}")))
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Bytes, Error> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        let signed = self.0.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature);
        signed.map_err(|_| Error::Other("the signing key does not sign".to_owned()))?;
        Ok(signature.into())
    }
}

/// The certificate that signs the index, in DER.
pub(super) fn index_signer(settings: &Settings) -> Result<Vec<u8>, Error> {
    first(&settings.path(&settings.index.signer))
}

fn first(path: &Path) -> Result<Vec<u8>, Error> {
    Ok(certificates(path)?.first().map(|der| der.to_vec()).unwrap_or_default())
}

/// What the node is told of the configuration.
pub(super) fn node_config(settings: &Settings) -> Result<Config, Error> {
    let Settings { domain, host, name, service_mailbox, limits, files, .. } = settings;
    let mut chain = certificates(&settings.path(&files.signing_certificate))?.into_iter().map(|der| der.to_vec());
    let certificate = chain.next().unwrap_or_default();
    let user = |user: &super::config::User| User {
        address: user.address.clone(),
        quota_octets: user.quota_octets,
        ordinary: match &user.ordinary {
            Ordinary::Refuse => crate::Ordinary::Refuse,
            Ordinary::Anomaly => crate::Ordinary::Anomaly,
            Ordinary::Forward(to) => crate::Ordinary::Forward { to: to.clone() },
        },
    };
    Ok(Config {
        host: host.clone(),
        display_name: name.clone(),
        domain: domain.clone(),
        certified_address: format!("posta-certificata@{domain}"),
        service_mailbox: service_mailbox.clone(),
        max_octets: limits.max_octets,
        max_recipients: limits.max_recipients,
        family: Family::default(),
        users: settings.users.iter().map(user).collect(),
        certificate,
        issuers: chain.collect(),
        trust: certificates(&settings.path(&files.authority))?.into_iter().map(|der| der.to_vec()).collect(),
        index_signer: index_signer(settings)?,
        index_source: index_source(settings)?,
        index_name: INDEX.to_owned(),
        crl_name: settings.crl.as_ref().map_or(String::new(), |_| CRL.to_owned()),
    })
}

fn index_source(settings: &Settings) -> Result<IndexSource, Error> {
    let Some(directory) = settings.index.from.strip_prefix("ldaps://") else { return Ok(IndexSource::Ldif) };
    let (host, port) = directory.split_once(':').unwrap_or((directory, "636"));
    let fault = |_| Error::Other(format!("index from \"{}\": \"{port}\" is no port", settings.index.from));
    Ok(IndexSource::Ldap { host: host.to_owned(), port: port.parse().map_err(fault)? })
}

/// A file of the configuration as it lies there.
pub(super) fn file(path: &Path) -> Result<Bytes, Error> {
    fs::read(path).map(Into::into).map_err(|error| Error::at(path, error))
}
