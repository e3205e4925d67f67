//! The provider index as its publisher makes it: an LDIF text inside a signed DER structure (RFC 6109 §4.5).

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cms::{
    cert::{CertificateChoices, IssuerAndSerialNumber},
    content_info::{CmsVersion, ContentInfo},
    signed_data::{
        CertificateSet, DigestAlgorithmIdentifiers, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo,
        SignerInfos,
    },
};
use const_oid::db::rfc5911::{ID_DATA, ID_SIGNED_DATA};
use const_oid::db::rfc5912::{ID_SHA_256, RSA_ENCRYPTION};
use der::{
    Any, AnyRef, Decode, Encode,
    asn1::{OctetString, OctetStringRef, SetOfVec},
};
use sha1::{Digest, Sha1};
use spki::AlgorithmIdentifierOwned;
use x509_cert::Certificate;

use crate::{WorldError, pki::Identity};

/// The name under which a provider fetches the index.
pub const INDEX_NAME: &str = "indice.ldif.p7m";

/// One record of the index.
pub(crate) struct Record<'a> {
    pub(crate) display_name: &'a str,
    pub(crate) service_mailbox: &'a str,
    pub(crate) domain: &'a str,
    pub(crate) certificate: &'a [u8],
}

/// The signed index, binary DER.
pub(crate) fn publish(records: &[Record<'_>], signer: &Identity) -> Result<Vec<u8>, WorldError> {
    sign(ldif(records).as_bytes(), signer)
}

//= PEC-4.5-02
//= PEC-4.5.1-01
fn ldif(records: &[Record<'_>]) -> String {
    let mut text = String::from(
        "version: 1\n\ndn: o=postacert\nobjectClass: top\nobjectClass: organization\nobjectClass: LDIFLocationURLObject\n\
         o: postacert\nLDIFLocationURL: https://index.test/indice.ldif.p7m\n",
    );
    for record in records {
        let hash: String = Sha1::digest(record.certificate).iter().map(|octet| format!("{octet:02X}")).collect();
        let name = record.display_name;
        let lines = [
            format!("dn: providerName={name},o=postacert"),
            "objectClass: top".into(),
            "objectClass: provider".into(),
            format!("providerName: {name}"),
            format!("providerCertificateHash: {hash}"),
            format!("providerCertificate;binary:: {}", STANDARD.encode(record.certificate)),
            format!("mailReceipt: {}", record.service_mailbox),
            format!("managedDomains: {}", record.domain),
            format!("LDIFLocationURL: https://index.{}/record.ldif.p7m", record.domain),
        ];
        text.push('\n');
        for line in lines {
            fold(&line, &mut text);
        }
    }
    text
}

/// LDIF folds long lines: a new line and one space.
fn fold(line: &str, text: &mut String) {
    let mut width = 0;
    for character in line.chars() {
        if width == 76 {
            text.push_str("\n ");
            width = 1;
        }
        text.push(character);
        width += 1;
    }
    let _ = writeln!(text);
}

//= PEC-4.5-07
//= PEC-4.5-08
fn sign(content: &[u8], signer: &Identity) -> Result<Vec<u8>, WorldError> {
    let certificate = Certificate::from_der(&signer.certificate)?;
    let sha256 = AlgorithmIdentifierOwned { oid: ID_SHA_256, parameters: None };
    let signer_info = SignerInfo {
        version: CmsVersion::V1,
        sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
            issuer: certificate.tbs_certificate.issuer.clone(),
            serial_number: certificate.tbs_certificate.serial_number.clone(),
        }),
        digest_alg: sha256.clone(),
        signed_attrs: None,
        signature_algorithm: AlgorithmIdentifierOwned {
            oid: RSA_ENCRYPTION,
            parameters: Some(Any::from(AnyRef::NULL)),
        },
        signature: OctetString::new(signer.key.sign(content)?)?,
        unsigned_attrs: None,
    };
    let signed = SignedData {
        version: CmsVersion::V1,
        digest_algorithms: DigestAlgorithmIdentifiers::try_from(vec![sha256])?,
        encap_content_info: EncapsulatedContentInfo {
            econtent_type: ID_DATA,
            econtent: Some(Any::encode_from(&OctetStringRef::new(content)?)?),
        },
        certificates: Some(CertificateSet(SetOfVec::try_from(vec![CertificateChoices::Certificate(certificate)])?)),
        crls: None,
        signer_infos: SignerInfos(SetOfVec::try_from(vec![signer_info])?),
    };
    Ok(ContentInfo { content_type: ID_SIGNED_DATA, content: Any::encode_from(&signed)? }.to_der()?)
}
