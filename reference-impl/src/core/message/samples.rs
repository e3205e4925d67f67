//! Keys, certificates and messages for tests. The keys are public and sign nothing but samples.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use collaudo_node::{Bytes, Timestamp};
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
    Issuer::new("posta-certificata@alfa.test", "alfa.test", "Alfa Certificata S.p.A.", ALFA.certificate, &ca).unwrap()
}

pub(super) fn beta() -> Issuer {
    Issuer::new("posta-certificata@beta.test", "beta.test", "Beta Certificata S.p.A.", BETA.certificate, &[]).unwrap()
}

pub(super) fn trust() -> Trust {
    Trust::new(&[Bytes::from_static(CA)]).unwrap()
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
    let issuer = Issuer::new("", "", "", signer.certificate, &[]).unwrap();
    let draft = log_seal(&issuer, NOW, Bytes::copy_from_slice(content));
    draft.seal(&signer.sign(&draft.to_sign())).unwrap().to_vec()
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
