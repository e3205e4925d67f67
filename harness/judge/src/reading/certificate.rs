use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use collaudo_record::Instant;
use const_oid::ObjectIdentifier;
use der::{Decode, Encode};
use sha1::{Digest, Sha1};
use sha2::Sha256;
use x509_cert::{Certificate as Typed, name::Name};

use super::{
    asn1,
    signature::{Algorithm, Keys},
};

/// A certificate's fields as far as the law speaks of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Certificate {
    /// Its octets.
    pub der: Vec<u8>,
    /// SHA-1 over them, 40 hexadecimal digits in lower case.
    pub sha1: String,
    /// 3 for X.509v3.
    pub version: u8,
    /// Subject such as `CN=Posta Certificata, O=Alfa PEC S.p.A., C=IT`.
    pub subject: String,
    /// Issuer, likewise.
    pub issuer: String,
    /// Attributes of the subject in order: identifier in dots, text.
    pub subject_attributes: Vec<(String, String)>,
    /// Values of commonName.
    pub common_names: Vec<String>,
    /// Values of organizationName.
    pub organizations: Vec<String>,
    /// Whether the subject holds an emailAddress.
    pub email_in_subject: bool,
    /// Validity begins.
    pub not_before: Instant,
    /// Validity ends.
    pub not_after: Instant,
    /// `RSA`, or the algorithm's identifier.
    pub key_algorithm: String,
    /// Bits of the RSA modulus; 0 where it is no RSA key.
    pub key_bits: u32,
    /// How it is signed, such as `sha256WithRSA`.
    pub signature_algorithm: String,
    /// rfc822Name values of subjectAltName.
    pub rfc822_names: Vec<String>,
    /// dNSName values of subjectAltName.
    pub dns_names: Vec<String>,
    /// In order.
    pub extensions: Vec<Extension>,
    typed: Box<Typed>,
    fingerprint: [u8; 32],
    issuer_octets: Vec<u8>,
    keys: Keys,
}

/// An extension.
#[derive(Clone, Debug, PartialEq)]
pub struct Extension {
    /// Dotted decimal.
    pub oid: String,
    /// Whether it is critical.
    pub critical: bool,
    /// Its DER value.
    pub value: Vec<u8>,
}

/// Identifiers of extensions, dotted.
pub mod oid {
    /// subjectKeyIdentifier
    pub const SUBJECT_KEY_ID: &str = "2.5.29.14";
    /// keyUsage
    pub const KEY_USAGE: &str = "2.5.29.15";
    /// subjectAltName
    pub const SUBJECT_ALT_NAME: &str = "2.5.29.17";
    /// basicConstraints
    pub const BASIC_CONSTRAINTS: &str = "2.5.29.19";
    /// authorityKeyIdentifier
    pub const AUTHORITY_KEY_ID: &str = "2.5.29.35";
}

impl Certificate {
    /// Reads a certificate in DER.
    pub fn read(octets: &[u8]) -> Option<Self> {
        let typed = Typed::from_der(octets).ok()?;
        let tbs = &typed.tbs_certificate;
        let extensions: Vec<Extension> = tbs.extensions.iter().flatten().map(extension).collect();
        let key = &tbs.subject_public_key_info;
        let is_rsa = key.algorithm.oid == const_oid::db::rfc5912::RSA_ENCRYPTION;
        Some(Self {
            der: octets.to_vec(),
            sha1: hex(&Sha1::digest(octets)),
            version: tbs.version as u8 + 1,
            subject: words(&tbs.subject),
            issuer: words(&tbs.issuer),
            subject_attributes: attributes(&tbs.subject),
            common_names: values(&tbs.subject, "2.5.4.3"),
            organizations: values(&tbs.subject, "2.5.4.10"),
            email_in_subject: !values(&tbs.subject, EMAIL_ADDRESS).is_empty(),
            not_before: instant(tbs.validity.not_before.to_unix_duration()),
            not_after: instant(tbs.validity.not_after.to_unix_duration()),
            key_algorithm: if is_rsa { "RSA".to_owned() } else { key.algorithm.oid.to_string() },
            key_bits: if is_rsa { modulus_bits(key.subject_public_key.raw_bytes()).unwrap_or(0) } else { 0 },
            signature_algorithm: Algorithm::name_of(&typed.signature_algorithm.oid),
            rfc822_names: extensions
                .iter()
                .filter(|e| e.oid == oid::SUBJECT_ALT_NAME)
                .flat_map(|e| names(e, RFC_822_NAME))
                .collect(),
            dns_names: extensions
                .iter()
                .filter(|e| e.oid == oid::SUBJECT_ALT_NAME)
                .flat_map(|e| names(e, DNS_NAME))
                .collect(),
            extensions,
            typed: Box::new(typed),
            fingerprint: Sha256::digest(octets).into(),
            issuer_octets: issuer_octets(octets).unwrap_or_default().to_vec(),
            keys: Keys::default(),
        })
    }

    /// The extension of that identifier.
    pub fn extension(&self, oid: &str) -> Option<&Extension> {
        self.extensions.iter().find(|extension| extension.oid == oid)
    }

    /// Whether that instant lies within its validity.
    pub fn is_valid_at(&self, at: Instant) -> bool {
        self.not_before <= at && at <= self.not_after
    }

    /// Whether its basic constraints make it an authority.
    pub fn is_authority(&self) -> bool {
        self.extension(oid::BASIC_CONSTRAINTS)
            .and_then(|extension| asn1::first(&extension.value))
            .and_then(|sequence| asn1::first(sequence.value))
            .is_some_and(|ca| ca.tag == 0x01 && ca.value != [0])
    }

    /// Whether that authority's key signed this certificate.
    pub fn is_signed_by(&self, authority: &Self) -> bool {
        let typed = &self.typed;
        let (kind, value) = (&typed.signature_algorithm.oid, typed.signature.raw_bytes());
        let fits = |tbs| match Algorithm::of(kind, None) {
            Some(algorithm) => algorithm.verifies(authority, tbs, value),
            // Certificates of TLS servers; the law has RSA alone for its own.
            None => *kind == ED_25519 && UnparsedPublicKey::new(&ED25519, authority.key()).verify(tbs, value).is_ok(),
        };
        typed.tbs_certificate.issuer == authority.typed.tbs_certificate.subject
            && tbs_octets(&self.der).is_some_and(fits)
    }

    /// SHA-256 over its octets.
    pub(super) fn fingerprint(&self) -> &[u8; 32] {
        &self.fingerprint
    }

    /// Whether that is its subject.
    pub(super) fn is_subject(&self, name: &Name) -> bool {
        self.typed.tbs_certificate.subject == *name
    }

    /// Its key, ready to verify with.
    pub(super) fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Its RSA key in the form of PKCS #1.
    pub(super) fn key(&self) -> &[u8] {
        self.typed.tbs_certificate.subject_public_key_info.subject_public_key.raw_bytes()
    }

    /// Whether issuer and serial number are these.
    pub(super) fn is_named(&self, issuer: &Name, serial: &[u8]) -> bool {
        self.has_serial(serial) && self.typed.tbs_certificate.issuer == *issuer
    }

    /// Whether issuer (DER) and serial number are these; a name in other octets may be the same name.
    pub(super) fn is_named_in(&self, issuer: &[u8], serial: &[u8]) -> bool {
        let is_same = || Name::from_der(issuer).is_ok_and(|issuer| self.is_named(&issuer, serial));
        self.has_serial(serial) && (self.issuer_octets == issuer || is_same())
    }

    fn has_serial(&self, serial: &[u8]) -> bool {
        let bare = |number: &[u8]| number.iter().position(|b| *b != 0).map_or(0, |zeros| zeros);
        let own = self.typed.tbs_certificate.serial_number.as_bytes();
        own.get(bare(own)..) == serial.get(bare(serial)..)
    }

    /// Its issuer's name (DER) as it stands; empty where it cannot be found.
    pub(super) fn issuer_octets(&self) -> &[u8] {
        &self.issuer_octets
    }

    /// The value of its subjectKeyIdentifier.
    pub fn subject_key_id(&self) -> Option<&[u8]> {
        let extension = self.extension(oid::SUBJECT_KEY_ID)?;
        asn1::first(&extension.value).filter(|value| value.tag == asn1::OCTET_STRING).map(|value| value.value)
    }

    /// Octets of the bits of keyUsage, most significant first.
    pub fn key_usage(&self) -> Option<&[u8]> {
        let extension = self.extension(oid::KEY_USAGE)?;
        asn1::first(&extension.value).filter(|bits| bits.tag == asn1::BIT_STRING).and_then(|bits| bits.value.get(1..))
    }

    /// Whether its authorityKeyIdentifier has a keyIdentifier.
    pub fn names_authority_key(&self) -> bool {
        self.extension(oid::AUTHORITY_KEY_ID)
            .and_then(|extension| asn1::first(&extension.value))
            .and_then(|sequence| asn1::first(sequence.value))
            .is_some_and(|id| id.tag == 0x80 && !id.value.is_empty())
    }
}

/// Tags of subjectAltName.
const RFC_822_NAME: u8 = 0x81;
const DNS_NAME: u8 = 0x82;

const ED_25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

const EMAIL_ADDRESS: &str = "1.2.840.113549.1.9.1";

fn extension(typed: &x509_cert::ext::Extension) -> Extension {
    Extension { oid: typed.extn_id.to_string(), critical: typed.critical, value: typed.extn_value.as_bytes().to_vec() }
}

/// Names of one kind in a subjectAltName.
fn names(extension: &Extension, kind: u8) -> Vec<String> {
    let names = asn1::first(&extension.value).map_or(&[][..], |sequence| sequence.value);
    asn1::Values(names).filter(|name| name.tag == kind).map(|name| latin(name.value)).collect()
}

/// The signed part as it stands.
pub(super) fn tbs_octets(certificate: &[u8]) -> Option<&[u8]> {
    asn1::first(asn1::first(certificate)?.value).map(|tbs| tbs.whole)
}

/// The issuer's name as it stands: behind version, serial number and algorithm.
fn issuer_octets(certificate: &[u8]) -> Option<&[u8]> {
    const VERSION: u8 = 0xa0;
    let mut fields = asn1::Values(asn1::first(tbs_octets(certificate)?)?.value);
    fields.tagged(VERSION);
    fields.tagged(asn1::INTEGER)?;
    fields.tagged(asn1::SEQUENCE)?;
    fields.tagged(asn1::SEQUENCE).map(|issuer| issuer.whole)
}

fn modulus_bits(key: &[u8]) -> Option<u32> {
    let modulus = asn1::first(asn1::first(key)?.value).filter(|number| number.tag == asn1::INTEGER)?;
    let mut digits = modulus.value.iter().skip_while(|digit| **digit == 0);
    let first = digits.next()?;
    Some(8 - first.leading_zeros() + 8 * u32::try_from(digits.count()).ok()?)
}

fn attributes(name: &Name) -> Vec<(String, String)> {
    let attributes = name.0.iter().flat_map(|rdn| rdn.0.iter());
    attributes.map(|attribute| (attribute.oid.to_string(), text(&attribute.value))).collect()
}

/// For people: the most telling attribute first.
fn words(name: &Name) -> String {
    let word = |(oid, text): (String, String)| {
        let key = match oid.as_str() {
            "2.5.4.3" => "CN",
            "2.5.4.5" => "serialNumber",
            "2.5.4.6" => "C",
            "2.5.4.7" => "L",
            "2.5.4.8" => "ST",
            "2.5.4.10" => "O",
            "2.5.4.11" => "OU",
            "2.5.4.97" => "organizationIdentifier",
            EMAIL_ADDRESS => "emailAddress",
            other => other,
        };
        format!("{key}={text}")
    };
    attributes(name).into_iter().rev().map(word).collect::<Vec<_>>().join(", ")
}

fn values(name: &Name, wanted: &str) -> Vec<String> {
    attributes(name).into_iter().filter(|(oid, _)| oid == wanted).map(|(_, text)| text).collect()
}

fn text(value: &der::Any) -> String {
    const BMP_STRING: u8 = 0x1e;
    let octets = value.to_der().unwrap_or_default();
    let Some(tlv) = asn1::first(&octets) else { return String::new() };
    if tlv.tag == BMP_STRING {
        let units: Vec<u16> =
            tlv.value.chunks_exact(2).map(|pair| pair.iter().fold(0, |sum, b| sum << 8 | u16::from(*b))).collect();
        return String::from_utf16_lossy(&units);
    }
    latin(tlv.value)
}

/// UTF-8, or what Latin-1 makes of it.
fn latin(octets: &[u8]) -> String {
    std::str::from_utf8(octets).map_or_else(|_| octets.iter().map(|b| char::from(*b)).collect(), str::to_owned)
}

pub(super) fn instant(since_1970: std::time::Duration) -> Instant {
    Instant(i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX))
}

/// Hexadecimal digits in lower case.
pub(crate) fn hex(octets: &[u8]) -> String {
    octets.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::AUTHORITY;

    /// The octets with the last `from` in them replaced.
    fn patched(octets: &[u8], from: &[u8], to: &[u8]) -> Certificate {
        let at = octets.windows(from.len()).rposition(|here| here == from).expect("there is something to patch");
        let mut octets = octets.to_vec();
        octets[at..at + from.len()].copy_from_slice(to);
        Certificate::read(&octets).expect("a certificate still")
    }

    #[test]
    fn who_signed_a_certificate_name_and_key_tell_together() {
        let own = Certificate::read(include_bytes!("../../tests/fixtures/alfa.der")).expect("a fixture");
        let authority = Certificate::read(AUTHORITY).expect("a fixture");
        assert!(own.is_signed_by(&authority));
        let mut key = authority.key().to_vec();
        key[40] ^= 0x10;
        let namesake = patched(AUTHORITY, authority.key(), &key);
        assert_eq!(namesake.subject, authority.subject);
        assert!(!own.is_signed_by(&namesake), "the name is right, the key is another");
        let renamed = patched(AUTHORITY, b"Autorita di prova", b"Autorita di altri");
        assert_eq!(renamed.key(), authority.key());
        assert!(!own.is_signed_by(&renamed), "the key is right, the name is another");
    }
}
