use std::{sync::Arc, time::Duration};

use aws_lc_rs::digest::{SHA256, digest};
use cms::cert::IssuerAndSerialNumber;
use collaudo_node::{Bytes, Timestamp};
use const_oid::{
    ObjectIdentifier,
    db::{
        rfc5911::{ID_CONTENT_TYPE, ID_DATA, ID_MESSAGE_DIGEST, ID_SIGNED_DATA, ID_SIGNING_TIME},
        rfc5912::{ID_SHA_256, RSA_ENCRYPTION},
    },
};
use der::{
    Any, Decode, Encode,
    asn1::{GeneralizedTime, SetOfVec, UtcTime},
};
use spki::AlgorithmIdentifierOwned;
use x509_cert::{Certificate, time::Time};

use super::{
    CertificateFault,
    ber::{OCTET_STRING, SEQUENCE, SET, element},
    parts::{Content, Part, append_parts, boundary},
    write::{Header, base64},
};
use crate::Family;

/// CMSVersion v1.
const V1: &[u8] = &[0x02, 1, 1];
/// An element of context-specific tag 0 that holds others.
const TAG_0: u8 = 0xa0;

/// Who signs: names, certificate and family of the provider. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Issuer {
    signer: Arc<Signer>,
    family: Arc<Family>,
}

#[derive(Debug)]
struct Signer {
    certified_address: String,
    display_name: String,
    encoded: Encoded,
}

/// The DER of what stands in every signature of the provider.
#[derive(Debug)]
struct Encoded {
    /// IssuerAndSerialNumber.
    identifier: Vec<u8>,
    /// CertificateSet, under its tag in SignedData.
    certificates: Vec<u8>,
    sha_256: Vec<u8>,
    rsa: Vec<u8>,
    data: Vec<u8>,
    signed_data: Vec<u8>,
}

impl Issuer {
    /// *Takes* the address `posta-certificata@<domain>`, the provider's name as in the index, the DER of the signing
    /// certificate and of the authorities that are sent along. *Errors* where a certificate cannot be read.
    pub fn new(
        certified_address: &str,
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
        let mut all = vec![leaf];
        for issuer in issuers {
            all.push(Certificate::from_der(issuer).map_err(fault)?);
        }
        let certificates = SetOfVec::try_from(all).map_err(fault)?;
        let signer = Arc::new(Signer {
            certified_address: certified_address.into(),
            display_name: display_name.into(),
            encoded: Encoded::new(&identifier, &certificates).map_err(fault)?,
        });
        // What encodes once encodes ever after: only digest and instant change from message to message.
        signed_attributes(&[0; 32], Timestamp::default()).map_err(fault)?;
        Ok(Self { signer, family: Arc::default() })
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

    /// The provider's name as in the index.
    pub fn display_name(&self) -> &str {
        &self.signer.display_name
    }

    /// The DER of the SignedData, with its content inside or detached; `attributes` is that of the signed attributes.
    pub(super) fn signed_data(&self, attributes: &[u8], signature: &[u8], content: Option<&[u8]>) -> Vec<u8> {
        let Encoded { identifier, certificates, sha_256, rsa, data, signed_data } = &self.signer.encoded;
        let content = content.map(|content| element(TAG_0, &[&element(OCTET_STRING, &[content])]));
        let encapsulated = element(SEQUENCE, &[data, content.as_deref().unwrap_or_default()]);
        // Signed they are a SET OF, and here they have a tag instead (RFC 5652 §5.4).
        let attributes = [&[TAG_0], attributes.get(1..).unwrap_or_default()].concat();
        let signature = element(OCTET_STRING, &[signature]);
        let signer = element(SEQUENCE, &[V1, identifier, sha_256, &attributes, rsa, &signature]);
        let (digests, signers) = (element(SET, &[sha_256]), element(SET, &[&signer]));
        let signed = element(SEQUENCE, &[V1, &digests, &encapsulated, certificates, &signers]);
        element(SEQUENCE, &[signed_data, &element(TAG_0, &[&signed])])
    }
}

impl Encoded {
    fn new(identifier: &IssuerAndSerialNumber, certificates: &SetOfVec<Certificate>) -> der::Result<Self> {
        let algorithm = |oid, parameters| AlgorithmIdentifierOwned { oid, parameters }.to_der();
        let mut certificates = certificates.to_der()?;
        if let Some(tag) = certificates.first_mut() {
            *tag = TAG_0;
        }
        Ok(Self {
            identifier: identifier.to_der()?,
            certificates,
            sha_256: algorithm(ID_SHA_256, None)?,
            rsa: algorithm(RSA_ENCRYPTION, Some(Any::null()))?,
            data: ID_DATA.to_der()?,
            signed_data: ID_SIGNED_DATA.to_der()?,
        })
    }
}

/// The DER of contentType, signingTime and messageDigest (RFC 5652 §11): what is signed.
pub(super) fn signed_attributes(message_digest: &[u8], at: Timestamp) -> der::Result<Vec<u8>> {
    let attribute = |oid: ObjectIdentifier, value: &[u8]| -> der::Result<Vec<u8>> {
        Ok(element(SEQUENCE, &[&oid.to_der()?, &element(SET, &[value])]))
    };
    // RFC 5652 §11.3: UTCTime through 2049, GeneralizedTime after; jiff and DER both end with the year 9999.
    let seconds = u64::try_from(at.unix_micros().div_euclid(1_000_000)).unwrap_or(0).min(253_402_200_000);
    let since_epoch = Duration::from_secs(seconds);
    let time = match UtcTime::from_unix_duration(since_epoch) {
        Ok(time) => Time::UtcTime(time),
        Err(_) => Time::GeneralTime(GeneralizedTime::from_unix_duration(since_epoch)?),
    };
    let mut attributes = [
        attribute(ID_CONTENT_TYPE, &ID_DATA.to_der()?)?,
        attribute(ID_SIGNING_TIME, &time.to_der()?)?,
        attribute(ID_MESSAGE_DIGEST, &element(OCTET_STRING, &[message_digest]))?,
    ];
    // The order of a SET OF in DER.
    attributes.sort_unstable();
    Ok(element(SET, &attributes.each_ref().map(Vec::as_slice)))
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
    /// The signed attributes.
    to_sign: Bytes,
}

impl Draft {
    /// *Takes* the header without MIME fields and what is signed.
    pub(super) fn new(issuer: &Issuer, message_id: &str, at: Timestamp, header: Header, content: &Content<'_>) -> Self {
        let content = content.mixed(issuer.family(), message_id);
        let hash = digest(&SHA256, &content);
        // The types bound every length here and Issuer::new has encoded the same structure, so this cannot fail.
        let to_sign = signed_attributes(hash.as_ref(), at).expect("three attributes of fixed shape encode").into();
        Self {
            issuer: issuer.clone(),
            message_id: message_id.into(),
            header: header.into_bytes(),
            content: content.into(),
            boundary: boundary(&[hash.as_ref(), message_id.as_bytes()]),
            to_sign,
        }
    }

    /// The DER of the signed attributes: what RSA with SHA-256 is to sign.
    pub fn to_sign(&self) -> Bytes {
        self.to_sign.clone()
    }

    /// The whole message, with the signature over [`Draft::to_sign`].
    pub fn seal(&self, signature: &[u8]) -> Bytes {
        let signed_data = self.issuer.signed_data(&self.to_sign, bounded(signature), None);
        //= PEC-2.1-01
        //= PEC-2.1-02
        let Family { micalg, signature_type, preamble, .. } = self.issuer.family();
        let mut header = Header::default();
        header.add("MIME-Version", "1.0");
        let words = [
            "multipart/signed; protocol=\"",
            signature_type,
            "\"; micalg=\"",
            micalg,
            "\"; boundary=\"",
            &self.boundary,
            "\"",
        ];
        header.add("Content-Type", &words.concat());
        if !self.content.is_ascii() {
            header.add("Content-Transfer-Encoding", "8bit");
        }
        let signature = Part::file(signature_type, "smime.p7s", "base64", base64(&signed_data).into(), false);
        let mut out = Vec::with_capacity(self.header.len() + self.content.len() + signature.body.len() + MARGIN);
        out.extend_from_slice(&self.header);
        out.extend_from_slice(header.as_bytes());
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

/// Octets of the fields, boundaries and lines that stand around the parts of a message.
const MARGIN: usize = 1024;

/// What readers without MIME see first.
const PREAMBLE: &[u8] = b"Questo messaggio e' in formato MIME ed e' firmato (S/MIME).\r\n\r\n";

/// No RSA key has signatures over 16,384 bits; what is longer is cut and fails to verify.
pub(super) fn bounded(signature: &[u8]) -> &[u8] {
    signature.get(..2048).unwrap_or(signature)
}

/// The identifier of a generated message, as its header has it.
pub(super) fn bracketed(id: &str) -> String {
    ["<", id, ">"].concat()
}

/// A signature to which a second signer was added.
#[cfg(test)]
pub(super) fn signed_twice(cms: &[u8], certificate: &[u8]) -> Vec<u8> {
    use cms::{
        content_info::ContentInfo,
        signed_data::{SignedData, SignerIdentifier},
    };
    let mut signed: SignedData = ContentInfo::from_der(cms).unwrap().content.decode_as().unwrap();
    let mut second = signed.signer_infos.0.get(0).unwrap().clone();
    let Certificate { tbs_certificate, .. } = Certificate::from_der(certificate).unwrap();
    second.sid = SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
        issuer: tbs_certificate.issuer,
        serial_number: tbs_certificate.serial_number,
    });
    signed.signer_infos.0.insert(second).unwrap();
    ContentInfo { content_type: ID_SIGNED_DATA, content: Any::encode_from(&signed).unwrap() }.to_der().unwrap()
}

#[cfg(test)]
mod tests {
    use der::Tag;
    use x509_cert::attr::Attribute;

    use super::*;

    #[test]
    fn signed_attributes_are_what_a_library_would_encode() {
        for seconds in [0, 1_772_438_400, 4_000_000_000] {
            let at = Timestamp::from_unix_micros(seconds * 1_000_000);
            let since_epoch = Duration::from_secs(seconds.try_into().unwrap());
            let time = UtcTime::from_unix_duration(since_epoch).map(Time::UtcTime);
            let time =
                time.unwrap_or_else(|_| Time::GeneralTime(GeneralizedTime::from_unix_duration(since_epoch).unwrap()));
            let attribute = |oid, value| Attribute { oid, values: SetOfVec::try_from(vec![value]).unwrap() };
            let attributes = SetOfVec::try_from(vec![
                attribute(ID_MESSAGE_DIGEST, Any::new(Tag::OctetString, [7; 32]).unwrap()),
                attribute(ID_SIGNING_TIME, Any::encode_from(&time).unwrap()),
                attribute(ID_CONTENT_TYPE, Any::encode_from(&ID_DATA).unwrap()),
            ]);
            assert_eq!(signed_attributes(&[7; 32], at).unwrap(), attributes.unwrap().to_der().unwrap());
        }
    }
}
