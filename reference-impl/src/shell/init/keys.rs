//! Keys and certificates: an authority, who signs the index, and what each provider signs and speaks TLS with.

use collaudo_node::Bytes;
use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, RsaKeySize, SanType, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, pem::PemObject};

use super::crl;
use crate::{
    core::message,
    shell::{Error, clock, identity::Signer},
};

/// Years that all that is made here is good for.
const YEARS: i32 = 10;

/// An authority of the network's own.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: String,
    index_key: KeyPair,
    index_certificate: String,
}

/// What one provider holds, in PEM.
pub(super) struct Provider {
    pub(super) domain: String,
    pub(super) signing_key: String,
    pub(super) signing_certificate: String,
    pub(super) tls_key: String,
    pub(super) tls_certificate: String,
}

/// The name of a provider, as its certificate, its index record and its messages have it.
pub(super) fn name_of(domain: &str) -> String {
    format!("Gestore di prova {domain}")
}

impl Authority {
    pub(super) fn new() -> Result<Self, Error> {
        let params = authority()?;
        let key = rsa()?;
        let certificate = params.self_signed(&key).map_err(told)?.pem();
        let issuer = Issuer::new(params, key);
        let mut params = self::params("Indice dei gestori")?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        let index_key = rsa()?;
        let index_certificate = params.signed_by(&index_key, &issuer).map_err(told)?.pem();
        Ok(Self { issuer, certificate, index_key, index_certificate })
    }

    /// Issues what a provider needs.
    pub(super) fn provider(&self, domain: &str) -> Result<Provider, Error> {
        let mut params = params(&name_of(domain))?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::EmailProtection];
        let address = format!("posta-certificata@{domain}").try_into().map_err(told)?;
        params.subject_alt_names = vec![SanType::Rfc822Name(address)];
        params.use_authority_key_identifier_extension = true;
        let signing = rsa()?;
        //= PEC-5.5.2-05
        params.custom_extensions = vec![subject_key_identifier(&params.key_identifier(&signing))];
        let signing_certificate = params.signed_by(&signing, &self.issuer).map_err(told)?.pem();

        let host = format!("mx.{domain}");
        let names = [host.as_str(), domain, "localhost", "127.0.0.1", "::1"].map(str::to_owned);
        let mut params = self::params(&host)?;
        params.subject_alt_names = CertificateParams::new(names).map_err(told)?.subject_alt_names;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        let tls = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(told)?;
        let tls_certificate = params.signed_by(&tls, &self.issuer).map_err(told)?.pem();
        Ok(Provider {
            domain: domain.to_owned(),
            signing_key: signing.serialize_pem(),
            signing_certificate,
            tls_key: tls.serialize_pem(),
            tls_certificate,
        })
    }

    pub(super) fn key(&self) -> String {
        self.issuer.key().serialize_pem()
    }

    pub(super) fn certificate(&self) -> String {
        self.certificate.clone()
    }

    pub(super) fn index_key(&self) -> String {
        self.index_key.serialize_pem()
    }

    pub(super) fn index_signer(&self) -> String {
        self.index_certificate.clone()
    }

    /// The index as it is published: signed, its content inside (.p7m).
    pub(super) fn sign_index(&self, ldif: &str) -> Result<Vec<u8>, Error> {
        let certificate = der(&self.index_certificate)?;
        let issuer = message::Issuer::new("", "", &certificate, &[]).map_err(told)?;
        let seal = message::log_seal(&issuer, clock::now(), Bytes::copy_from_slice(ldif.as_bytes()));
        let signature = Signer::from_pkcs8(self.index_key.serialized_der())?.sign(&seal.to_sign())?;
        Ok(seal.seal(&signature).to_vec())
    }

    /// A list that revokes nobody.
    pub(super) fn crl(&self) -> Result<Vec<u8>, Error> {
        crl::List::default().sign(&self.issuer, clock::now(), crl::DAYS)
    }
}

/// The authority of a network that was made before, by its key in PEM.
pub(super) fn issuer(key: &str) -> Result<Issuer<'static, KeyPair>, Error> {
    Ok(Issuer::new(authority()?, KeyPair::from_pem(key).map_err(told)?))
}

/// What an authority is, but for its key.
fn authority() -> Result<CertificateParams, Error> {
    let mut params = params("Autorita di prova")?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

/// Written by hand, for the library has it go with basic constraints, which a provider's certificate must not have.
//= PEC-5.5.2-02
fn subject_key_identifier(identifier: &[u8]) -> CustomExtension {
    const OCTET_STRING: u8 = 4;
    // A hash: so short that one octet tells its length.
    let length = u8::try_from(identifier.len()).unwrap_or(u8::MAX);
    CustomExtension::from_oid_content(&[2, 5, 29, 14], [&[OCTET_STRING, length], identifier].concat())
}

/// A certificate in PEM as DER.
pub(super) fn der(pem: &str) -> Result<Vec<u8>, Error> {
    CertificateDer::from_pem_slice(pem.as_bytes()).map(|der| der.to_vec()).map_err(told)
}

fn params(name: &str) -> Result<CertificateParams, Error> {
    let (year, month, day) = today()?;
    let mut subject = DistinguishedName::new();
    subject.push(DnType::OrganizationName, name);
    subject.push(DnType::CommonName, name);
    let mut params = CertificateParams::default();
    params.distinguished_name = subject;
    params.not_before = date_time_ymd(year, month, day);
    // The first of the month is a day of every year.
    params.not_after = date_time_ymd(year + YEARS, month, 1);
    Ok(params)
}

fn today() -> Result<(i32, u8, u8), Error> {
    let now = Timestamp::from_microsecond(clock::now().unix_micros()).map_err(told)?;
    let date = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let part = |part: i8| u8::try_from(part).map_err(told);
    Ok((date.year().into(), part(date.month())?, part(date.day())?))
}

fn rsa() -> Result<KeyPair, Error> {
    KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).map_err(told)
}

pub(super) fn told(fault: impl ToString) -> Error {
    Error::Other(format!("keys and certificates cannot be made: {}", fault.to_string()))
}
