//! The signing certificate, issued anew by the authority: profile, names.

use collaudo_forge::Digest;
use const_oid::{ObjectIdentifier, db::rfc5280};
use der::{
    Any, Tag,
    asn1::{OctetString, SetOfVec},
};
use x509_cert::{
    TbsCertificate,
    attr::AttributeTypeAndValue,
    ext::Extension,
    name::{RdnSequence, RelativeDistinguishedName},
};

use super::{Bench, bench::Bent};

const KEY_USAGE: ObjectIdentifier = rfc5280::ID_CE_KEY_USAGE;
const AUTHORITY_KEY: ObjectIdentifier = rfc5280::ID_CE_AUTHORITY_KEY_IDENTIFIER;
const SUBJECT_KEY: ObjectIdentifier = rfc5280::ID_CE_SUBJECT_KEY_IDENTIFIER;
const ALT_NAME: ObjectIdentifier = rfc5280::ID_CE_SUBJECT_ALT_NAME;
const BASIC_CONSTRAINTS: ObjectIdentifier = rfc5280::ID_CE_BASIC_CONSTRAINTS;
const EMAIL: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.1");

bends! {
    "certificate-without-address", "accettazione/complete", Valid,
        "The certificate holds no address.",
        "Il certificato non contiene alcun indirizzo.",
        ["2.1-04", "2.1-05", "5.5.1-02", "5.5.2-01", "5.5.2-06"], |b| renewed(b, |tbs| remove(tbs, ALT_NAME));
    "certificate-other-address", "avvenuta-consegna/complete", Valid,
        "The certificate holds another address than the one that the receipt comes from.",
        "Il certificato contiene un indirizzo diverso da quello da cui proviene la ricevuta.",
        ["2.1-05"], |b| renewed(b, |tbs| {
            remove(tbs, ALT_NAME);
            // GeneralNames with one rfc822Name of 17 octets.
            add(tbs, ALT_NAME, &[&[0x30, 19, 0x81, 17][..], b"ufficio@beta.test"].concat());
        });
    "certificate-address-in-subject", "posta-certificata/complete", Valid,
        "The certificate's subject holds the address too.",
        "L'indirizzo compare anche nel subject del certificato.",
        ["5.5.1-03"], |b| {
            let address = b.signer_address();
            renewed(b, |tbs| tbs.subject.0.extend(named(EMAIL, Tag::Ia5String, &address)))
        };
    "certificate-basic-constraints", "presa-in-carico/complete", Valid,
        "The certificate has Basic Constraints.",
        "Il certificato contiene l'estensione Basic Constraints.",
        ["2.1-04", "5.5.2-02"], |b| renewed(b, |tbs| add(tbs, BASIC_CONSTRAINTS, &[0x30, 0]));
    "certificate-without-key-usage", "avvenuta-consegna/brief", Valid,
        "The certificate has no Key Usage.",
        "Il certificato non contiene l'estensione Key Usage.",
        ["2.1-04", "5.5.2-01", "5.5.2-03"], |b| renewed(b, |tbs| remove(tbs, KEY_USAGE));
    "certificate-key-usage-not-critical", "avvenuta-consegna/concise", Valid,
        "The certificate's Key Usage is not critical.",
        "L'estensione Key Usage del certificato non è critica.",
        ["2.1-04", "5.5.2-03"], |b| renewed(b, |tbs| critical(tbs, KEY_USAGE, false));
    "certificate-without-authority-key", "accettazione/mixed", Valid,
        "The certificate has no Authority Key Identifier.",
        "Il certificato non contiene l'estensione Authority Key Identifier.",
        ["2.1-04", "5.5.2-01", "5.5.2-04"], |b| renewed(b, |tbs| remove(tbs, AUTHORITY_KEY));
    "certificate-without-subject-key", "posta-certificata/mixed", Valid,
        "The certificate has no Subject Key Identifier.",
        "Il certificato non contiene l'estensione Subject Key Identifier.",
        ["2.1-04", "5.5.2-01", "5.5.2-05"], |b| renewed(b, |tbs| remove(tbs, SUBJECT_KEY));
    "certificate-alternative-name-critical", "rilevazione-virus/virus", Valid,
        "The certificate's Subject Alternative Name is critical.",
        "L'estensione Subject Alternative Name del certificato è critica.",
        ["2.1-04", "5.5.2-06"], |b| renewed(b, |tbs| critical(tbs, ALT_NAME, true));
    "certificate-sha1", "errore-consegna/virus", Valid,
        "The certificate itself is signed over SHA-1.",
        "Il certificato stesso è firmato con SHA-1.",
        ["AGID.SHA-01"], |b| {
            let signer = b.keys.renewed(&b.signer, Digest::Sha1, |_| {})?;
            b.certified_by(&signer)
        };
}

impl Bench<'_> {
    fn signer_address(&self) -> String {
        crate::house::PROVIDERS.get(self.author).map(|provider| provider.address()).unwrap_or_default()
    }
}

fn renewed(b: &mut Bench<'_>, edit: impl FnOnce(&mut TbsCertificate)) -> Bent {
    let signer = b.keys.renewed(&b.signer, Digest::Sha256, edit)?;
    let changed = signer.certificate() != b.signer.certificate();
    Ok(changed && b.certified_by(&signer)?)
}

fn remove(tbs: &mut TbsCertificate, oid: ObjectIdentifier) {
    tbs.extensions.get_or_insert_default().retain(|extension| extension.extn_id != oid);
}

fn critical(tbs: &mut TbsCertificate, oid: ObjectIdentifier, critical: bool) {
    let extensions = tbs.extensions.get_or_insert_default().iter_mut();
    extensions.filter(|extension| extension.extn_id == oid).for_each(|extension| extension.critical = critical);
}

fn add(tbs: &mut TbsCertificate, oid: ObjectIdentifier, value: &[u8]) {
    if let Ok(extn_value) = OctetString::new(value) {
        tbs.extensions.get_or_insert_default().push(Extension { extn_id: oid, critical: false, extn_value });
    }
}

fn named(oid: ObjectIdentifier, tag: Tag, value: &str) -> Vec<RelativeDistinguishedName> {
    let attribute = Any::new(tag, value.as_bytes()).map(|value| AttributeTypeAndValue { oid, value });
    let set = attribute.and_then(|attribute| SetOfVec::try_from(vec![attribute]));
    RdnSequence(set.map(RelativeDistinguishedName).into_iter().collect()).0
}
