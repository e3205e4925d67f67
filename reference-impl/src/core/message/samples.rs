//! Keys, certificates and messages for tests. The keys are public and sign nothing but samples.

use std::time::Duration;

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use collaudo_node::{Bytes, Timestamp};
use der::Decode;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CrlIssuingDistributionPoint,
    DistinguishedName, DnType, DnValue, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevocationReason,
    RevokedCertParams, SerialNumber, date_time_ymd,
};
use sha1::{Digest, Sha1};

use super::*;

/// 2026-03-02T09:00:00+01:00
pub(super) const NOW: Timestamp = Timestamp::from_unix_micros(1_772_438_400_000_000);

/// Somebody who can sign.
pub(super) struct Identity {
    pub(super) certificate: &'static [u8],
    key: &'static [u8],
}

pub(super) const ALFA: Identity =
    Identity { certificate: include_bytes!("samples/alfa.cert.der"), key: include_bytes!("samples/alfa.key.der") };
pub(super) const BETA: Identity =
    Identity { certificate: include_bytes!("samples/beta.cert.der"), key: include_bytes!("samples/beta.key.der") };
pub(super) const INDEX: Identity =
    Identity { certificate: include_bytes!("samples/index.cert.der"), key: include_bytes!("samples/index.key.der") };
pub(super) const CA: &[u8] = include_bytes!("samples/ca.cert.der");

impl Identity {
    pub(super) fn key(&self) -> &'static [u8] {
        self.key
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let key = RsaKeyPair::from_pkcs8(self.key).unwrap();
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).unwrap();
        signature
    }

    pub(super) fn seal(&self, draft: &Draft) -> Bytes {
        draft.seal(&self.sign(&draft.to_sign()))
    }
}

pub(super) fn issuer() -> Issuer {
    let ca = [Bytes::from_static(CA)];
    Issuer::new("posta-certificata@alfa.test", "Alfa Certificata S.p.A.", ALFA.certificate, &ca).unwrap()
}

pub(super) fn beta() -> Issuer {
    Issuer::new("posta-certificata@beta.test", "Beta Certificata S.p.A.", BETA.certificate, &[]).unwrap()
}

/// The authority twice: with the key that signed the certificates, and with one that signs its lists here.
pub(super) fn trust() -> Trust {
    Trust::new(&[Bytes::from_static(CA), lister().0]).unwrap()
}

/// The authority's certificate for INDEX's key, and who signs with it.
fn lister() -> (Bytes, rcgen::Issuer<'static, KeyPair>) {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CountryName, DnValue::PrintableString("IT".try_into().unwrap()));
    params.distinguished_name.push(DnType::OrganizationName, "Prove");
    params.distinguished_name.push(DnType::CommonName, "Autorita di prova");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::CrlSign];
    params.serial_number = Some(99_u64.into());
    let key = KeyPair::try_from(INDEX.key()).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    (certificate.der().to_vec().into(), rcgen::Issuer::new(params, key))
}

/// An instant so many seconds after [`NOW`].
pub(super) fn later(seconds: i64) -> Timestamp {
    Timestamp::from_unix_micros(NOW.unix_micros() + seconds * 1_000_000)
}

/// A list of [`NOW`], good for six hours, that revokes these certificates.
pub(super) fn crl(revoked: &[&[u8]], part: Option<CrlIssuingDistributionPoint>) -> Vec<u8> {
    let now = date_time_ymd(2026, 3, 2) + Duration::from_secs(8 * 3600);
    let revoked = revoked.iter().map(|certificate| {
        let certificate = x509_cert::Certificate::from_der(certificate).unwrap();
        RevokedCertParams {
            serial_number: SerialNumber::from_slice(certificate.tbs_certificate.serial_number.as_bytes()),
            revocation_time: now,
            reason_code: Some(RevocationReason::KeyCompromise),
            invalidity_date: None,
        }
    });
    let params = CertificateRevocationListParams {
        this_update: now,
        next_update: now + Duration::from_secs(6 * 3600),
        crl_number: 1_u64.into(),
        issuing_distribution_point: part,
        revoked_certs: revoked.collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    params.signed_by(&lister().1).unwrap().der().to_vec()
}

pub(super) fn revocations(revoked: &[&[u8]]) -> Revocations {
    Revocations::read(&crl(revoked, None), &trust()).unwrap()
}

pub(super) fn record(name: &str, domain: &str, certificate: &[u8]) -> String {
    let hash: String = Sha1::digest(certificate).iter().map(|octet| format!("{octet:02X}")).collect();
    format!(
        "dn: providerName={name},o=postacert\nobjectclass: top\nobjectClass: provider\nproviderName: {name}\n\
         providerCertificateHash: {hash}\nproviderCertificate;binary:: {}\nmailReceipt: ricevute@{domain}\n\
         managedDomains: {domain}\nmanagedDomains: PEC.{domain}\n\n",
        STANDARD
            .encode(certificate)
            .as_bytes()
            .chunks(60)
            .map(|line| std::str::from_utf8(line).unwrap())
            .collect::<Vec<_>>()
            .join("\n ")
    )
}

pub(super) fn ldif() -> String {
    let root = "version: 1\ndn: o=postacert\nobjectclass: top\nobjectclass: organization\no: postacert\n\n";
    let alfa = record("Alfa Certificata S.p.A.", "alfa.test", ALFA.certificate);
    let beta = record("Beta Certificata S.p.A.", "beta.test", BETA.certificate);
    format!("{root}{alfa}{beta}")
}

pub(super) fn p7m(ldif: &str, signer: &Identity) -> Vec<u8> {
    signed_file(ldif.as_bytes(), signer)
}

/// A file with its signature and the signer's certificate in one structure (.p7m).
pub(super) fn signed_file(content: &[u8], signer: &Identity) -> Vec<u8> {
    let issuer = Issuer::new("", "", signer.certificate, &[]).unwrap();
    let draft = log_seal(&issuer, NOW, Bytes::copy_from_slice(content));
    draft.seal(&signer.sign(&draft.to_sign())).to_vec()
}

pub(super) fn index() -> Index {
    Index::read(&p7m(&ldif(), &INDEX), INDEX.certificate).unwrap()
}

pub(super) fn certified() -> Certified {
    submission("Subject: Contratto =?utf-8?B?ZSBhbGxlZ2F0aQ==?= <1>\r\nMessage-ID: <client-1@pc>\r\n").certified
}

pub(super) fn submission(fields: &str) -> Submission {
    let text = format!(
        "Received: from pc by alfa\r\nFrom: Anna <anna@alfa.test>\r\nTo: Bruno <bruno@beta.test>,\r\n carla@ordinaria.test\r\n\
         Cc: dario@beta.test\r\n{fields}\r\nciao\r\n"
    );
    submission_of(text.into())
}

pub(super) fn submission_of(text: Bytes) -> Submission {
    let to = ["bruno@beta.test", "carla@ordinaria.test", "dario@beta.test"].map(String::from);
    formal_check(&text, "anna@alfa.test", &to, 30_000_000, "pec1@alfa.test", &|address| !address.contains("ordinaria"))
        .unwrap()
}
