//! Who plays: providers, their keys and certificates, the index that lists them.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, LazyLock},
};

use collaudo_forge::{Digest, Key, PeerIdentity, Signer, base64_lines};
use collaudo_record::{Header, Player, Provider, ScenarioBrief, User};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_RSA_SHA256, SanType, SerialNumber, date_time_ymd,
};
use sha1::Digest as _;

use super::EPOCH;
use crate::Keys;

/// Issues every certificate; its parameters and itself.
pub(super) static AUTHORITY: LazyLock<(CertificateParams, Vec<u8>)> = LazyLock::new(authority);

pub(super) fn make_keys() -> Keys {
    let signer = |n, name| Signer::new(key(n), &leaf(n, name), &[]).unwrap();
    Keys {
        providers: [("alfa", "provider-01"), ("beta", "provider-02"), ("gamma", "provider-03")]
            .map(|(name, key)| (name.to_owned(), signer(key, name)))
            .into(),
        authority: Some(key("ca")),
        index: Some(signer("index", "indice")),
    }
}

pub(super) fn peer(name: &str) -> PeerIdentity {
    let display_name = match name {
        "alfa" => "Alfa PEC S.p.A.",
        "beta" => "Beta Posta S.r.l.",
        _ => "Gamma Servizi Digitali S.p.A.",
    };
    PeerIdentity {
        display_name: display_name.into(),
        domain: format!("{name}.test"),
        certified_address: format!("posta-certificata@{name}.test"),
    }
}

pub(super) fn header(id: &str) -> Header {
    let user = |address: &str| User {
        address: address.into(),
        quota_octets: None,
        ordinary: collaudo_record::Ordinary::Refuse,
    };
    let provider = |name: &str, users: [&str; 2]| Provider {
        name: name.into(),
        display_name: peer(name).display_name,
        player: Player::Subject,
        domains: vec![peer(name).domain],
        certified_address: peer(name).certified_address,
        service_mailbox: format!("servizio@{name}.test"),
        max_octets: 30_000_000,
        max_recipients: 500,
        users: users.map(user).into(),
    };
    let nothing = collaudo_record::BodyHash::of(b"");
    Header {
        format: collaudo_record::FORMAT,
        scenario: ScenarioBrief {
            id: id.into(),
            title: String::new(),
            why: String::new(),
            covers: Vec::new(),
            expect: Vec::new(),
        },
        world: "sim".into(),
        opaque: false,
        log_declared: false,
        seed: 1,
        epoch: EPOCH,
        providers: vec![
            provider("alfa", ["anna@alfa.test", "aldo@alfa.test"]),
            provider("beta", ["bruno@beta.test", "bianca@beta.test"]),
            provider("gamma", ["carla@gamma.test", "ciro@gamma.test"]),
        ],
        index: nothing.clone(),
        trust: Vec::new(),
        index_signer: nothing,
    }
}

pub(super) fn ldif(providers: &[Provider], keys: &Keys) -> String {
    let mut text = "dn: o=postacert\nobjectClass: top\nobjectClass: organization\nobjectClass: LDIFLocationURLObject\n\
                    o: postacert\nLDIFLocationURL: https://index.test/indice.ldif.p7m\n"
        .to_owned();
    for provider in providers {
        let certificate = keys.providers[&provider.name].certificate();
        let hash: String = sha1::Sha1::digest(certificate).iter().map(|octet| format!("{octet:02X}")).collect();
        text.push_str(&format!(
            "\ndn: providerName={name},o=postacert\nobjectClass: top\nobjectClass: provider\nproviderName: {name}\n\
             providerCertificateHash: {hash}\nproviderCertificate;binary:: {}mailReceipt: {}\nmanagedDomains: {}\n\
             LDIFLocationURL: https://index.{}/record.ldif.p7m\n",
            base64_lines(certificate).trim_end().replace("\r\n", "\n ") + "\n",
            provider.service_mailbox,
            provider.domains[0],
            provider.domains[0],
            name = provider.display_name,
        ));
    }
    text
}

fn pem(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../world/keys/{name}.pem"));
    fs::read_to_string(path).unwrap()
}

fn key(name: &str) -> Arc<Key> {
    Arc::new(Key::from_pem(&pem(name)).unwrap())
}

fn params(serial: u64, organization: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::OrganizationName, organization);
    params.serial_number = Some(SerialNumber::from(serial));
    params.not_before = date_time_ymd(2025, 1, 1);
    params.not_after = date_time_ymd(2029, 1, 1);
    params
}

fn authority() -> (CertificateParams, Vec<u8>) {
    let mut params = params(1, "Collaudo");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let certificate = params.self_signed(&KeyPair::from_pem(&pem("ca")).unwrap()).unwrap();
    (params, certificate.der().to_vec())
}

fn leaf(key_name: &str, name: &str) -> Vec<u8> {
    let mut params = params(2, &peer(name).display_name);
    params.subject_alt_names = vec![SanType::Rfc822Name(peer(name).certified_address.as_str().try_into().unwrap())];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    let pair = KeyPair::from_pem_and_sign_algo(&pem(key_name), &PKCS_RSA_SHA256).unwrap();
    let identifier = [&[0x04, 0x14][..], &Digest::Sha1.of(name.as_bytes())].concat();
    params.custom_extensions = vec![CustomExtension::from_oid_content(&[2, 5, 29, 14], identifier)];
    let issuer = Issuer::new(AUTHORITY.0.clone(), KeyPair::from_pem(&pem("ca")).unwrap());
    params.signed_by(&pair, &issuer).unwrap().der().to_vec()
}
