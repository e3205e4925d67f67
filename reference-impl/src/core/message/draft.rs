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
    write::{Header, base64, quoted_printable_latin1},
};

/// Who signs: names and certificate of the provider. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Issuer(Arc<Signer>);

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
        let issuer = Self(Arc::new(Signer {
            certified_address: certified_address.into(),
            domain: domain.into(),
            display_name: display_name.into(),
            identifier,
            certificates: CertificateSet(SetOfVec::try_from(all).map_err(fault)?),
        }));
        // What encodes once encodes ever after: only digest, instant and signature change from message to message.
        let attributes = signed_attributes(&[0; 32], Timestamp::default()).map_err(fault)?;
        issuer.signed_data(&attributes, &[0; 512]).map_err(fault)?;
        Ok(issuer)
    }

    /// The address in From.
    pub fn certified_address(&self) -> &str {
        &self.0.certified_address
    }

    /// The mail domain.
    pub fn domain(&self) -> &str {
        &self.0.domain
    }

    /// The provider's name as in the index.
    pub fn display_name(&self) -> &str {
        &self.0.display_name
    }

    /// The DER of the detached SignedData.
    fn signed_data(&self, attributes: &SignedAttributes, signature: &[u8]) -> der::Result<Vec<u8>> {
        let sha_256 = AlgorithmIdentifierOwned { oid: ID_SHA_256, parameters: None };
        let signer = SignerInfo {
            version: CmsVersion::V1,
            sid: SignerIdentifier::IssuerAndSerialNumber(self.0.identifier.clone()),
            digest_alg: sha_256.clone(),
            signed_attrs: Some(attributes.clone()),
            signature_algorithm: AlgorithmIdentifierOwned { oid: RSA_ENCRYPTION, parameters: Some(Any::null()) },
            signature: OctetString::new(signature)?,
            unsigned_attrs: None,
        };
        let signed = SignedData {
            version: CmsVersion::V1,
            digest_algorithms: SetOfVec::try_from(vec![sha_256])?,
            encap_content_info: EncapsulatedContentInfo { econtent_type: ID_DATA, econtent: None },
            certificates: Some(self.0.certificates.clone()),
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
    /// *Takes* the header without MIME fields and the parts in their order.
    pub(super) fn new(issuer: &Issuer, message_id: &str, at: Timestamp, header: Header, parts: Vec<Part>) -> Self {
        let content = mixed(message_id, &parts);
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
        // No RSA key has signatures over 16,384 bits; what is longer is cut and fails to verify.
        let signature = signature.get(..2048).unwrap_or(signature);
        let signed_data =
            self.issuer.signed_data(&self.attributes, signature).expect("Issuer::new has encoded the same");
        //= PEC-2.1-01
        //= PEC-2.1-02
        let mut header = Header::default();
        header.add("MIME-Version", "1.0");
        let signed = "multipart/signed; protocol=\"application/x-pkcs7-signature\"; micalg=\"sha-256\"";
        header.add("Content-Type", &format!("{signed}; boundary=\"{}\"", self.boundary));
        if !self.content.is_ascii() {
            header.add("Content-Transfer-Encoding", "8bit");
        }
        let boundary = self.boundary.as_bytes();
        let signature = Part::file("application/x-pkcs7-signature", "smime.p7s", "base64", base64(&signed_data).into());
        let mut out = Vec::with_capacity(self.header.len() + self.content.len() + 3 * signed_data.len());
        out.extend_from_slice(&self.header);
        out.extend(header.into_bytes());
        out.extend_from_slice(b"\r\n--");
        out.extend_from_slice(boundary);
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(&self.content);
        out.extend_from_slice(b"\r\n--");
        out.extend_from_slice(boundary);
        out.extend_from_slice(b"\r\n");
        signature.append_to(&mut out);
        out.extend_from_slice(b"\r\n--");
        out.extend_from_slice(boundary);
        out.extend_from_slice(b"--\r\n");
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

/// One part of the signed content.
pub(super) struct Part {
    header: Header,
    body: Bytes,
}

impl Part {
    /// The readable text; lines end in `\n`.
    pub(super) fn text(text: &str) -> Self {
        //= PEC-4.3.1-01
        //= PEC-4.3.1-02
        let mut header = Header::default();
        header.add("Content-Type", "text/plain; charset=\"iso-8859-1\"");
        header.add("Content-Transfer-Encoding", "quoted-printable");
        header.add("Content-Disposition", "inline");
        //= PEC-4.3-01
        Self { header, body: quoted_printable_latin1(text).into() }
    }

    /// daticert.xml.
    pub(super) fn daticert(xml: &[u8]) -> Self {
        //= PEC-4.3.3-01
        //= PEC-4.3.3-03
        Self::file("application/xml", "daticert.xml", "base64", base64(xml).into())
    }

    /// A message, octet by octet.
    pub(super) fn message(name: &str, message: &Bytes) -> Self {
        // A user's octets over 127 stay as they are (PEC-3.1.5-17 over PEC-4.3-01): to encode them would change the original.
        let encoding = if message.is_ascii() { "7bit" } else { "8bit" };
        Self::file("message/rfc822", name, encoding, message.clone())
    }

    fn file(kind: &str, name: &str, encoding: &str, body: Bytes) -> Self {
        let mut header = Header::default();
        header.add("Content-Type", &format!("{kind}; name=\"{name}\""));
        header.add("Content-Transfer-Encoding", encoding);
        header.add("Content-Disposition", &format!("attachment; filename=\"{name}\""));
        Self { header, body }
    }

    fn append_to(&self, out: &mut Vec<u8>) {
        out.extend(self.header.clone().into_bytes());
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(&self.body);
    }
}

/// The multipart/mixed entity of these parts, header included.
//= PEC-4.3-02
fn mixed(message_id: &str, parts: &[Part]) -> Vec<u8> {
    let hashes: Vec<_> = parts.iter().map(|part| digest(&SHA256, &part.body)).collect();
    let mut seeds: Vec<&[u8]> = hashes.iter().map(AsRef::as_ref).collect();
    seeds.push(message_id.as_bytes());
    let boundary = boundary(&seeds);
    let mut header = Header::default();
    header.add("Content-Type", &format!("multipart/mixed; boundary=\"{boundary}\""));
    if !parts.iter().all(|part| part.body.is_ascii()) {
        header.add("Content-Transfer-Encoding", "8bit");
    }
    let mut out = Vec::with_capacity(4096 + parts.iter().map(|part| part.body.len()).sum::<usize>());
    out.extend(header.into_bytes());
    for part in parts {
        out.extend_from_slice(b"\r\n--");
        out.extend_from_slice(boundary.as_bytes());
        out.extend_from_slice(b"\r\n");
        part.append_to(&mut out);
    }
    out.extend_from_slice(b"\r\n--");
    out.extend_from_slice(boundary.as_bytes());
    out.extend_from_slice(b"--\r\n");
    out
}

/// A boundary that the content cannot hold: it derives from the content's own digest, which nobody can write into the
/// content beforehand, and it is the same in every run.
fn boundary(seeds: &[&[u8]]) -> String {
    let hash = digest(&SHA256, &seeds.concat());
    let hex: String = hash.as_ref().iter().take(16).map(|octet| format!("{octet:02x}")).collect();
    format!("=_{hex}")
}

/// The identifier of a generated message, as its header has it.
pub(super) fn bracketed(id: &str) -> String {
    format!("<{id}>")
}

/// A file with its signature and the signer's certificate in one structure (.p7m).
#[cfg(test)]
pub(super) fn signed_file(
    content: &[u8],
    certificate: &[u8],
    at: Timestamp,
    sign: impl Fn(&[u8]) -> Vec<u8>,
) -> Vec<u8> {
    let issuer = Issuer::new("", "", "", certificate, &[]).unwrap();
    let attributes = signed_attributes(digest(&SHA256, content).as_ref(), at).unwrap();
    let detached = issuer.signed_data(&attributes, &sign(&attributes.to_der().unwrap())).unwrap();
    let mut signed: SignedData = ContentInfo::from_der(&detached).unwrap().content.decode_as().unwrap();
    signed.encap_content_info.econtent = Some(Any::encode_from(&OctetString::new(content).unwrap()).unwrap());
    ContentInfo { content_type: ID_SIGNED_DATA, content: Any::encode_from(&signed).unwrap() }.to_der().unwrap()
}

/// A signature to which a second signer was added.
#[cfg(test)]
pub(super) fn signed_twice(cms: &[u8], certificate: &[u8]) -> Vec<u8> {
    let mut signed: SignedData = ContentInfo::from_der(cms).unwrap().content.decode_as().unwrap();
    let mut second = signed.signer_infos.0.get(0).unwrap().clone();
    second.sid = SignerIdentifier::IssuerAndSerialNumber(
        Issuer::new("", "", "", certificate, &[]).unwrap().0.identifier.clone(),
    );
    signed.signer_infos.0.insert(second).unwrap();
    ContentInfo { content_type: ID_SIGNED_DATA, content: Any::encode_from(&signed).unwrap() }.to_der().unwrap()
}
