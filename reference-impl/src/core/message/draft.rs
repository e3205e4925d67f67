use std::{sync::Arc, time::Duration};

use aws_lc_rs::digest::{SHA256, digest};
use cms::{
    cert::{CertificateChoices, IssuerAndSerialNumber},
    content_info::{CmsVersion, ContentInfo},
    signed_data::{
        CertificateSet, EncapsulatedContentInfo, SignedAttributes, SignedData, SignerIdentifier, SignerInfo,
        SignerInfos,
    },
};
use collaudo_node::{Bytes, Timestamp};
use const_oid::{
    ObjectIdentifier,
    db::{
        rfc5911::{ID_CONTENT_TYPE, ID_DATA, ID_MESSAGE_DIGEST, ID_SIGNED_DATA, ID_SIGNING_TIME},
        rfc5912::{ID_SHA_256, RSA_ENCRYPTION},
    },
};
use der::{
    Any, Decode, Encode, Tag,
    asn1::{GeneralizedTime, OctetString, SetOfVec, UtcTime},
};
use spki::AlgorithmIdentifierOwned;
use x509_cert::{Certificate, attr::Attribute, time::Time};

use super::{
    CertificateFault,
    parts::{Content, Part, append_parts, boundary},
    write::{Header, base64},
};
use crate::Family;

/// Who signs: names, certificate and family of the provider. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Issuer {
    signer: Arc<Signer>,
    family: Arc<Family>,
}

#[derive(Debug)]
struct Signer {
    certified_address: String,
    domain: String,
    display_name: String,
    identifier: IssuerAndSerialNumber,
    certificates: CertificateSet,
}

impl Issuer {
    /// *Takes* the address `posta-certificata@<domain>`, the mail domain, the provider's name as in the index, the DER of
    /// the signing certificate and of the authorities that are sent along. *Errors* where a certificate cannot be read.
    pub fn new(
        certified_address: &str,
        domain: &str,
        display_name: &str,
        certificate: &[u8],
        issuers: &[Bytes],
    ) -> Result<Self, CertificateFault> {
        let fault = |error: der::Error| CertificateFault(error.to_string());
        let leaf = Certificate::from_der(certificate).map_err(fault)?;
        let identifier = IssuerAndSerialNumber {
            issuer: leaf.tbs_certificate.issuer.clone(),
            serial_number: leaf.tbs_certificate.serial_number.clone(),
        };
        //= PEC-2.1-03
        let mut all = vec![CertificateChoices::Certificate(leaf)];
        for issuer in issuers {
            all.push(CertificateChoices::Certificate(Certificate::from_der(issuer).map_err(fault)?));
        }
        let signer = Arc::new(Signer {
            certified_address: certified_address.into(),
            domain: domain.into(),
            display_name: display_name.into(),
            identifier,
            certificates: CertificateSet(SetOfVec::try_from(all).map_err(fault)?),
        });
        let issuer = Self { signer, family: Arc::default() };
        // What encodes once encodes ever after: only digest, instant and signature change from message to message.
        let attributes = signed_attributes(&[0; 32], Timestamp::default()).map_err(fault)?;
        issuer.signed_data(&attributes, &[0; 512], None).map_err(fault)?;
        Ok(issuer)
    }

    /// The same issuer, whose messages look as that family's do.
    pub fn in_family(self, family: &Family) -> Self {
        Self { family: Arc::new(family.clone()), ..self }
    }

    /// What its messages look like.
    pub(super) fn family(&self) -> &Family {
        &self.family
    }

    /// The address in From.
    pub fn certified_address(&self) -> &str {
        &self.signer.certified_address
    }

    /// The mail domain.
    pub fn domain(&self) -> &str {
        &self.signer.domain
    }

    /// The provider's name as in the index.
    pub fn display_name(&self) -> &str {
        &self.signer.display_name
    }

    /// The DER of the SignedData, with its content inside or detached.
    pub(super) fn signed_data(
        &self,
        attributes: &SignedAttributes,
        signature: &[u8],
        content: Option<&[u8]>,
    ) -> der::Result<Vec<u8>> {
        let econtent = content.map(|content| Any::new(Tag::OctetString, content)).transpose()?;
        let sha_256 = AlgorithmIdentifierOwned { oid: ID_SHA_256, parameters: None };
        let signer = SignerInfo {
            version: CmsVersion::V1,
            sid: SignerIdentifier::IssuerAndSerialNumber(self.signer.identifier.clone()),
            digest_alg: sha_256.clone(),
            signed_attrs: Some(attributes.clone()),
            signature_algorithm: AlgorithmIdentifierOwned { oid: RSA_ENCRYPTION, parameters: Some(Any::null()) },
            signature: OctetString::new(signature)?,
            unsigned_attrs: None,
        };
        let signed = SignedData {
            version: CmsVersion::V1,
            digest_algorithms: SetOfVec::try_from(vec![sha_256])?,
            encap_content_info: EncapsulatedContentInfo { econtent_type: ID_DATA, econtent },
            certificates: Some(self.signer.certificates.clone()),
            crls: None,
            signer_infos: SignerInfos(SetOfVec::try_from(vec![signer])?),
        };
        ContentInfo { content_type: ID_SIGNED_DATA, content: Any::encode_from(&signed)? }.to_der()
    }
}

/// contentType, signingTime and messageDigest (RFC 5652 §11).
pub(super) fn signed_attributes(message_digest: &[u8], at: Timestamp) -> der::Result<SignedAttributes> {
    let attribute = |oid: ObjectIdentifier, value: Any| -> der::Result<Attribute> {
        Ok(Attribute { oid, values: SetOfVec::try_from(vec![value])? })
    };
    // RFC 5652 §11.3: UTCTime through 2049, GeneralizedTime after; jiff and DER both end with the year 9999.
    let seconds = u64::try_from(at.unix_micros().div_euclid(1_000_000)).unwrap_or(0).min(253_402_200_000);
    let since_epoch = Duration::from_secs(seconds);
    let time = match UtcTime::from_unix_duration(since_epoch) {
        Ok(time) => Time::UtcTime(time),
        Err(_) => Time::GeneralTime(GeneralizedTime::from_unix_duration(since_epoch)?),
    };
    SetOfVec::try_from(vec![
        attribute(ID_CONTENT_TYPE, Any::encode_from(&ID_DATA)?)?,
        attribute(ID_SIGNING_TIME, Any::encode_from(&time)?)?,
        attribute(ID_MESSAGE_DIGEST, Any::new(Tag::OctetString, message_digest)?)?,
    ])
}

/// A message that lacks nothing but its signature.
#[derive(Clone, Debug)]
pub struct Draft {
    issuer: Issuer,
    message_id: String,
    header: Vec<u8>,
    /// The multipart/mixed entity that is signed.
    content: Bytes,
    boundary: String,
    attributes: SignedAttributes,
    to_sign: Bytes,
}

impl Draft {
    /// *Takes* the header without MIME fields and what is signed.
    pub(super) fn new(issuer: &Issuer, message_id: &str, at: Timestamp, header: Header, content: &Content<'_>) -> Self {
        let content = content.mixed(issuer.family(), message_id);
        let hash = digest(&SHA256, &content);
        // The types bound every length here and Issuer::new has encoded the same structure, so this cannot fail.
        let attributes = signed_attributes(hash.as_ref(), at).expect("three attributes of fixed shape encode");
        let to_sign = attributes.to_der().expect("three attributes of fixed shape encode").into();
        Self {
            issuer: issuer.clone(),
            message_id: message_id.into(),
            header: header.into_bytes(),
            content: content.into(),
            boundary: boundary(&[hash.as_ref(), message_id.as_bytes()]),
            attributes,
            to_sign,
        }
    }

    /// The DER of the signed attributes: what RSA with SHA-256 is to sign.
    pub fn to_sign(&self) -> Bytes {
        self.to_sign.clone()
    }

    /// The whole message, with the signature over [`Draft::to_sign`].
    pub fn seal(&self, signature: &[u8]) -> Bytes {
        let signed_data = self
            .issuer
            .signed_data(&self.attributes, bounded(signature), None)
            .expect("Issuer::new has encoded the same");
        //= PEC-2.1-01
        //= PEC-2.1-02
        let Family { micalg, signature_type, preamble, .. } = self.issuer.family();
        let mut header = Header::default();
        header.add("MIME-Version", "1.0");
        let signed = format!("multipart/signed; protocol=\"{signature_type}\"; micalg=\"{micalg}\"");
        header.add("Content-Type", &format!("{signed}; boundary=\"{}\"", self.boundary));
        if !self.content.is_ascii() {
            header.add("Content-Transfer-Encoding", "8bit");
        }
        let signature = Part::file(signature_type, "smime.p7s", "base64", base64(&signed_data).into(), false);
        let mut out = Vec::with_capacity(self.header.len() + self.content.len() + 3 * signed_data.len());
        out.extend_from_slice(&self.header);
        out.extend(header.into_bytes());
        out.extend_from_slice(b"\r\n");
        if *preamble {
            out.extend_from_slice(PREAMBLE);
        }
        append_parts(&self.boundary, &[Part::whole(self.content.clone()), signature], &mut out);
        out.into()
    }

    /// How large the message will be, once an RSA-2048 signature seals it.
    pub fn octets(&self) -> usize {
        self.seal(&[0; 256]).len()
    }

    /// The identifier in its Message-ID field, without angle brackets.
    pub fn message_id(&self) -> &str {
        &self.message_id
    }
}

/// What readers without MIME see first.
const PREAMBLE: &[u8] = b"Questo messaggio e' in formato MIME ed e' firmato (S/MIME).\r\n\r\n";

/// No RSA key has signatures over 16,384 bits; what is longer is cut and fails to verify.
pub(super) fn bounded(signature: &[u8]) -> &[u8] {
    signature.get(..2048).unwrap_or(signature)
}

/// The identifier of a generated message, as its header has it.
pub(super) fn bracketed(id: &str) -> String {
    format!("<{id}>")
}

/// A signature to which a second signer was added.
#[cfg(test)]
pub(super) fn signed_twice(cms: &[u8], certificate: &[u8]) -> Vec<u8> {
    let mut signed: SignedData = ContentInfo::from_der(cms).unwrap().content.decode_as().unwrap();
    let mut second = signed.signer_infos.0.get(0).unwrap().clone();
    second.sid = SignerIdentifier::IssuerAndSerialNumber(
        Issuer::new("", "", "", certificate, &[]).unwrap().signer.identifier.clone(),
    );
    signed.signer_infos.0.insert(second).unwrap();
    ContentInfo { content_type: ID_SIGNED_DATA, content: Any::encode_from(&signed).unwrap() }.to_der().unwrap()
}
