use std::{sync::Arc, time::Duration};

use cms::{
    cert::{CertificateChoices, IssuerAndSerialNumber},
    content_info::{CmsVersion, ContentInfo},
    signed_data::{CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos},
};
use const_oid::{ObjectIdentifier, db};
use der::{
    Any, AnyRef, Decode, Encode, Tag,
    asn1::{OctetString, SetOfVec, UtcTime},
};
use spki::AlgorithmIdentifierOwned;
use x509_cert::{Certificate, attr::Attribute, attr::Attributes};

use crate::{Certificates, Digest, ForgeError, Key, Style, ber::indefinite, mime};

const SMIME_CAPABILITIES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.15");
const SIGNING_CERTIFICATE_V2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");

/// One capability: the sequence of the identifier of AES-256 in CBC mode.
const AES_256_CBC: &[u8] = &[0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2a];

/// A key with the certificate that speaks for it and the certificates that speak for that one.
#[derive(Clone)]
pub struct Signer {
    key: Arc<Key>,
    certificate: Vec<u8>,
    leaf: Certificate,
    issuers: Vec<Certificate>,
    style: Style,
}

impl Signer {
    /// Takes the signing certificate and those sent along with it, all in DER.
    ///
    /// # Errors
    /// [`ForgeError::Certificate`].
    pub fn new(key: Arc<Key>, certificate: &[u8], issuers: &[Vec<u8>]) -> Result<Self, ForgeError> {
        let read = |der: &[u8]| Certificate::from_der(der).map_err(ForgeError::Certificate);
        Ok(Self {
            key,
            certificate: certificate.to_vec(),
            leaf: read(certificate)?,
            issuers: issuers.iter().map(|der| read(der)).collect::<Result<_, _>>()?,
            style: Style::default(),
        })
    }

    /// The same key and issuers under another certificate.
    ///
    /// # Errors
    /// [`ForgeError::Certificate`].
    pub fn with_certificate(&self, certificate: &[u8]) -> Result<Self, ForgeError> {
        let leaf = Certificate::from_der(certificate).map_err(ForgeError::Certificate)?;
        Ok(Self { certificate: certificate.to_vec(), leaf, ..self.clone() })
    }

    /// Another key under the same issuers, with the certificate that speaks for it.
    ///
    /// # Errors
    /// [`ForgeError::Certificate`].
    pub fn with_key(&self, key: Arc<Key>, certificate: &[u8]) -> Result<Self, ForgeError> {
        Ok(Self { key, ..self.with_certificate(certificate)? })
    }

    /// The same signer, whose envelopes, receipts and notices look as this style has them.
    pub fn in_style(&self, style: Style) -> Self {
        Self { style, ..self.clone() }
    }

    /// How its envelopes, receipts and notices look.
    pub fn style(&self) -> Style {
        self.style
    }

    /// The signing certificate in DER.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }
}

/// Signs a MIME entity (with CRLF) detached: `ContentInfo` of `SignedData`, as `smime.p7s` holds it, in DER, or in BER
/// where the style says so.
pub fn sign(entity: &[u8], signer: &Signer, unix_secs: i64, style: Style) -> Vec<u8> {
    let der = signed_data(entity, signer, unix_secs, style, false).unwrap_or_default();
    // ContentInfo, [0], SignedData and the four sets and sequences in it; what is signed over stays DER.
    if style.ber { indefinite(&der, 4) } else { der }
}

/// Signs octets and encloses them: DER `ContentInfo` of `SignedData`, as a `.p7m` file holds it.
pub fn encapsulated(content: &[u8], signer: &Signer, unix_secs: i64, style: Style) -> Vec<u8> {
    signed_data(content, signer, unix_secs, style, true).unwrap_or_default()
}

/// A `multipart/signed` body and its header fields, each with CRLF.
//= PEC-2.1-02
pub fn signed_content(entity: &[u8], signer: &Signer, unix_secs: i64, style: Style) -> (String, Vec<u8>) {
    let boundary = mime::boundary("firma", entity);
    let kind = style.signature_type;
    let micalg = style.micalg.unwrap_or_else(|| style.digest.micalg());
    let micalg = style.quotes.around(micalg, true);
    let fields = format!(
        "MIME-Version: 1.0\r\nContent-Type: multipart/signed; protocol=\"{kind}\";\r\n \
         micalg={micalg}; boundary=\"{boundary}\"\r\n",
    );
    let preamble = if style.preamble { "Messaggio firmato in formato S/MIME\r\n\r\n" } else { "" };
    let name = style.quotes.around("smime.p7s", true);
    let mut body = format!("{preamble}--{boundary}\r\n").into_bytes();
    body.extend_from_slice(entity);
    body.extend_from_slice(
        format!(
            "\r\n--{boundary}\r\nContent-Type: {kind}; name={name}\r\n\
             Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename={name}\r\n\r\n{}\
             --{boundary}--\r\n",
            mime::base64_lines(&sign(entity, signer, unix_secs, style))
        )
        .as_bytes(),
    );
    (fields, body)
}

/// The opaque form that the law does not want: an `application/pkcs7-mime` body and its header fields.
pub fn signed_opaque(entity: &[u8], signer: &Signer, unix_secs: i64, style: Style) -> (String, Vec<u8>) {
    let fields = "MIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; smime-type=signed-data;\r\n \
                  name=\"smime.p7m\"\r\nContent-Transfer-Encoding: base64\r\n\
                  Content-Disposition: attachment; filename=\"smime.p7m\"\r\n";
    (fields.to_owned(), mime::base64_lines(&encapsulated(entity, signer, unix_secs, style)).into_bytes())
}

/// The signer's claim of the time in a DER signature, seconds since 1970; none where it makes none.
pub fn signing_time(cms: &[u8]) -> Option<i64> {
    let info = ContentInfo::from_der(cms).ok()?;
    let data = info.content.decode_as::<SignedData>().ok()?;
    let attributes = data.signer_infos.0.iter().next()?.signed_attrs.as_ref()?.iter();
    let time = attributes.into_iter().find(|attribute| attribute.oid == db::rfc5911::ID_SIGNING_TIME)?;
    let time = time.values.iter().next()?.decode_as::<UtcTime>().ok()?;
    i64::try_from(time.to_unix_duration().as_secs()).ok()
}

fn signed_data(content: &[u8], signer: &Signer, unix_secs: i64, style: Style, enclose: bool) -> der::Result<Vec<u8>> {
    let digest_alg = AlgorithmIdentifierOwned { oid: digest_oid(style.digest), parameters: None };
    let (signed_attrs, to_sign) = if style.bare {
        (None, content.to_vec())
    } else {
        let attributes = attributes(&style.digest.of(content), signer, unix_secs, style)?;
        let to_sign = attributes.to_der()?;
        (Some(attributes), to_sign)
    };
    let info = SignerInfo {
        version: CmsVersion::V1,
        sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
            issuer: signer.leaf.tbs_certificate.issuer.clone(),
            serial_number: signer.leaf.tbs_certificate.serial_number.clone(),
        }),
        digest_alg: digest_alg.clone(),
        signed_attrs,
        signature_algorithm: AlgorithmIdentifierOwned {
            oid: signature_oid(style),
            parameters: Some(Any::from(AnyRef::NULL)),
        },
        signature: OctetString::new(signer.key.sign(style.digest, &to_sign))?,
        unsigned_attrs: None,
    };
    let econtent = if enclose { Some(Any::new(Tag::OctetString, content)?) } else { None };
    let data = SignedData {
        version: CmsVersion::V1,
        digest_algorithms: SetOfVec::try_from(vec![digest_alg])?,
        encap_content_info: EncapsulatedContentInfo { econtent_type: db::rfc5911::ID_DATA, econtent },
        certificates: certificates(signer, style.certificates)?,
        crls: None,
        signer_infos: SignerInfos::try_from(vec![info])?,
    };
    ContentInfo { content_type: db::rfc5911::ID_SIGNED_DATA, content: Any::encode_from(&data)? }.to_der()
}

//= PEC-2.1-03
fn certificates(signer: &Signer, which: Certificates) -> der::Result<Option<CertificateSet>> {
    let leaf = (which == Certificates::All).then_some(&signer.leaf);
    let issuers = (which != Certificates::None).then_some(&signer.issuers).into_iter().flatten();
    let all: Vec<_> = leaf.into_iter().chain(issuers).cloned().map(CertificateChoices::Certificate).collect();
    if all.is_empty() { Ok(None) } else { CertificateSet::try_from(all).map(Some) }
}

fn attributes(digest: &[u8], signer: &Signer, unix_secs: i64, style: Style) -> der::Result<Attributes> {
    let time = UtcTime::from_unix_duration(Duration::from_secs(unix_secs.max(0).unsigned_abs()))?;
    let mut attributes = vec![
        attribute(db::rfc5911::ID_CONTENT_TYPE, Any::encode_from(&db::rfc5911::ID_DATA)?)?,
        attribute(db::rfc5911::ID_SIGNING_TIME, Any::encode_from(&time)?)?,
        attribute(db::rfc5911::ID_MESSAGE_DIGEST, Any::new(Tag::OctetString, digest)?)?,
    ];
    if style.more_attributes {
        attributes.push(attribute(SMIME_CAPABILITIES, Any::new(Tag::Sequence, AES_256_CBC)?)?);
        attributes.push(attribute(SIGNING_CERTIFICATE_V2, Any::new(Tag::Sequence, certificate_hash(signer))?)?);
    }
    SetOfVec::try_from(attributes)
}

/// The value of `SigningCertificateV2` (RFC 5035 §3) behind its own tag: one hash, over SHA-256, which is the default.
fn certificate_hash(signer: &Signer) -> Vec<u8> {
    let hash = Digest::Sha256.of(&signer.certificate);
    [&[0x30, 0x24, 0x30, 0x22, 0x04, 0x20], hash.as_slice()].concat()
}

fn attribute(oid: ObjectIdentifier, value: Any) -> der::Result<Attribute> {
    Ok(Attribute { oid, values: SetOfVec::try_from(vec![value])? })
}

fn signature_oid(style: Style) -> ObjectIdentifier {
    match style.digest {
        _ if !style.more_attributes => db::rfc5912::RSA_ENCRYPTION,
        Digest::Sha256 => db::rfc5912::SHA_256_WITH_RSA_ENCRYPTION,
        Digest::Sha1 => db::rfc5912::SHA_1_WITH_RSA_ENCRYPTION,
    }
}

fn digest_oid(digest: Digest) -> ObjectIdentifier {
    match digest {
        Digest::Sha256 => db::rfc5912::ID_SHA_256,
        Digest::Sha1 => db::rfc5912::ID_SHA_1,
    }
}

#[cfg(test)]
pub(crate) mod tests;
