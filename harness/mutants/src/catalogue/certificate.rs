//! Signing certificates, issued anew by the authority: profile, names, strength.

use std::sync::Arc;

use collaudo_forge::{Digest, Key, reissue};
use const_oid::{ObjectIdentifier, db::rfc5280};
use der::{
    Any, Decode, Tag,
    asn1::{OctetString, SetOfVec},
};
use spki::SubjectPublicKeyInfoOwned;
use x509_cert::{
    TbsCertificate,
    attr::AttributeTypeAndValue,
    ext::Extension,
    name::{RdnSequence, RelativeDistinguishedName},
};

use super::CROSS;
use crate::{Bench, Unfit};

const KEY_USAGE: ObjectIdentifier = rfc5280::ID_CE_KEY_USAGE;
const AUTHORITY_KEY: ObjectIdentifier = rfc5280::ID_CE_AUTHORITY_KEY_IDENTIFIER;
const SUBJECT_KEY: ObjectIdentifier = rfc5280::ID_CE_SUBJECT_KEY_IDENTIFIER;
const ALT_NAME: ObjectIdentifier = rfc5280::ID_CE_SUBJECT_ALT_NAME;
const BASIC_CONSTRAINTS: ObjectIdentifier = rfc5280::ID_CE_BASIC_CONSTRAINTS;
const COUNTRY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.6");
const ORGANIZATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const EMAIL: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.1");
const OF_NOBODY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.16572.2.2.99");

/// A key of 1024 bits, for this alone.
const WEAK_KEY: &str = include_str!("weak.pem");

mutants! {
    "certificate-other-name", CROSS, "The certificate names another company than the index.",
        ["2.1-04", "5.5.1-01"],
        |b| renewed(b, |tbs| tbs.subject = subject("IT", "Omega PEC S.p.A."));
    "certificate-without-address", CROSS, "The certificate holds no address.",
        ["2.1-04", "2.1-05", "2.2.6-01", "5.5.1-02", "5.5.2-01", "5.5.2-06"],
        |b| renewed(b, |tbs| remove(tbs, ALT_NAME));
    "certificate-address-of-another-kind", CROSS, "The certificate's alternative name is a host, not an address.",
        ["2.1-04", "2.1-05", "2.2.6-01", "5.5.1-02", "5.5.2-06"],
        |b| renewed(b, |tbs| set(tbs, ALT_NAME, &alternative(0x82, "beta.test")));
    "certificate-other-address", CROSS, "The certificate holds another address.",
        ["2.1-05", "2.2.6-01"],
        |b| renewed(b, |tbs| set(tbs, ALT_NAME, &alternative(0x81, "ufficio@beta.test")));
    "certificate-address-in-subject", CROSS, "The certificate's subject holds the address too.",
        ["5.5.1-03"],
        |b| renewed(b, |tbs| tbs.subject.0.extend(named(EMAIL, Tag::Ia5String, "posta-certificata@beta.test")));
    "certificate-country", CROSS, "The certificate's subject holds a country that is none.",
        ["2.1-04", "5.5.1-04"],
        |b| renewed(b, |tbs| tbs.subject = subject("it", "Beta Posta S.r.l."));
    "certificate-basic-constraints", CROSS, "The certificate has Basic Constraints.",
        ["2.1-04", "5.5.2-02"],
        |b| renewed(b, |tbs| add(tbs, BASIC_CONSTRAINTS, false, &[0x30, 0]));
    "certificate-without-key-usage", CROSS, "The certificate has no Key Usage.",
        ["2.1-04", "5.5.2-01", "5.5.2-03"],
        |b| renewed(b, |tbs| remove(tbs, KEY_USAGE));
    "certificate-key-usage-not-critical", CROSS, "The certificate's Key Usage is not critical.",
        ["2.1-04", "5.5.2-03"],
        |b| renewed(b, |tbs| critical(tbs, KEY_USAGE, false));
    "certificate-key-usage-encipherment", CROSS, "The certificate's key is for encipherment, not for signatures.",
        ["2.1-04", "5.5.2-03"],
        |b| renewed(b, |tbs| set(tbs, KEY_USAGE, &[0x03, 0x02, 0x05, 0x20]));
    "certificate-without-authority-key", CROSS, "The certificate has no Authority Key Identifier.",
        ["2.1-04", "5.5.2-01", "5.5.2-04"],
        |b| renewed(b, |tbs| remove(tbs, AUTHORITY_KEY));
    "certificate-authority-key-critical", CROSS, "The certificate's Authority Key Identifier is critical.",
        ["2.1-04", "5.5.2-04"],
        |b| renewed(b, |tbs| critical(tbs, AUTHORITY_KEY, true));
    "certificate-authority-key-empty", CROSS, "The certificate's Authority Key Identifier identifies no key.",
        ["2.1-04", "5.5.2-04"],
        |b| renewed(b, |tbs| set(tbs, AUTHORITY_KEY, &[0x30, 0]));
    "certificate-without-subject-key", CROSS, "The certificate has no Subject Key Identifier.",
        ["2.1-04", "5.5.2-01", "5.5.2-05"],
        |b| renewed(b, |tbs| remove(tbs, SUBJECT_KEY));
    "certificate-subject-key-critical", CROSS, "The certificate's Subject Key Identifier is critical.",
        ["2.1-04", "5.5.2-05"],
        |b| renewed(b, |tbs| critical(tbs, SUBJECT_KEY, true));
    "certificate-alternative-name-critical", CROSS, "The certificate's Subject Alternative Name is critical.",
        ["2.1-04", "5.5.2-06"],
        |b| renewed(b, |tbs| critical(tbs, ALT_NAME, true));
    "certificate-own-extension-critical", CROSS, "The certificate has a critical extension of the provider's own.",
        ["2.1-04", "5.5.2-07"],
        |b| extended(b, true);
    "certificate-sha1", CROSS, "The certificate is signed over SHA-1.",
        ["AGID.SHA-01"],
        |b| b.certificate("beta", Digest::Sha1, |_| {});
    "certificate-weak-key", CROSS, "The provider signs with a key of 1024 bits.",
        ["AGID.SHA-02"],
        |b| {
            let old = b.keys.provider("beta")?.clone();
            let key = Key::from_pem(WEAK_KEY)?;
            let public = SubjectPublicKeyInfoOwned::from_der(&key.public_key())?;
            let certificate = reissue(old.certificate(), b.keys.authority()?, Digest::Sha256, |tbs| {
                tbs.subject_public_key_info = public;
            })?;
            let new = old.with_key(Arc::new(key), &certificate)?;
            b.adopt("beta", &old, &new)
        };
}

/// Gives the certificate an extension of the provider's own.
pub(super) fn extended(bench: &mut Bench<'_>, critical: bool) -> Result<(), Unfit> {
    renewed(bench, |tbs| add(tbs, OF_NOBODY, critical, &[0x05, 0]))
}

fn renewed(bench: &mut Bench<'_>, edit: impl FnOnce(&mut TbsCertificate)) -> Result<(), Unfit> {
    bench.certificate("beta", Digest::Sha256, edit)
}

fn remove(tbs: &mut TbsCertificate, oid: ObjectIdentifier) {
    tbs.extensions.get_or_insert_default().retain(|extension| extension.extn_id != oid);
}

fn critical(tbs: &mut TbsCertificate, oid: ObjectIdentifier, critical: bool) {
    let extensions = tbs.extensions.get_or_insert_default().iter_mut();
    extensions.filter(|extension| extension.extn_id == oid).for_each(|extension| extension.critical = critical);
}

fn set(tbs: &mut TbsCertificate, oid: ObjectIdentifier, value: &[u8]) {
    for extension in tbs.extensions.get_or_insert_default().iter_mut().filter(|extension| extension.extn_id == oid) {
        if let Ok(value) = OctetString::new(value) {
            extension.extn_value = value;
        }
    }
}

fn add(tbs: &mut TbsCertificate, oid: ObjectIdentifier, critical: bool, value: &[u8]) {
    if let Ok(extn_value) = OctetString::new(value) {
        tbs.extensions.get_or_insert_default().push(Extension { extn_id: oid, critical, extn_value });
    }
}

fn subject(country: &str, company: &str) -> RdnSequence {
    let names = [
        named(COUNTRY, Tag::PrintableString, country),
        named(ORGANIZATION, Tag::Utf8String, company),
        named(COMMON_NAME, Tag::Utf8String, "Posta Certificata"),
    ];
    RdnSequence(names.into_iter().flatten().collect())
}

fn named(oid: ObjectIdentifier, tag: Tag, value: &str) -> Option<RelativeDistinguishedName> {
    let value = Any::new(tag, value.as_bytes()).ok()?;
    SetOfVec::try_from(vec![AttributeTypeAndValue { oid, value }]).ok().map(RelativeDistinguishedName)
}

/// `SubjectAltName` with one name of less than 126 octets.
fn alternative(tag: u8, name: &str) -> Vec<u8> {
    let length = |octets: usize| u8::try_from(octets).unwrap_or(0);
    [&[0x30, length(name.len() + 2), tag, length(name.len())], name.as_bytes()].concat()
}
