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

use crate::{Digest, Encoding, ForgeError, Key, mime};

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

/// Which certificates go into the signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Certificates {
    /// The signing certificate and its issuers.
    #[default]
    All,
    /// The issuers alone.
    WithoutSigner,
    /// None.
    None,
}

/// How to sign and to write what is signed; the default is as the law has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// The digest, of content and attributes.
    pub digest: Digest,
    /// The certificates sent along.
    pub certificates: Certificates,
    /// Signs the content itself, with no signed attributes and so with no signing time.
    pub bare: bool,
    /// `micalg`, where it is spelt otherwise than [`Digest::micalg`] has it, such as `sha256`.
    pub micalg: Option<&'static str>,
    /// The signature's type: `application/x-pkcs7-signature` or `application/pkcs7-signature`.
    pub signature_type: &'static str,
    /// Whether a line of prose stands before the first boundary.
    pub preamble: bool,
    /// Whether the text stands in HTML too, as an alternative.
    pub html: bool,
    /// Whether `postacert.eml` stands before `daticert.xml`.
    pub original_first: bool,
    /// Whether attached parts say `inline` and not `attachment`.
    pub inline: bool,
    /// How `daticert.xml` is transferred.
    pub data_encoding: Encoding,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            digest: Digest::Sha256,
            certificates: Certificates::All,
            bare: false,
            micalg: None,
            signature_type: "application/x-pkcs7-signature",
            preamble: true,
            html: false,
            original_first: true,
            inline: false,
            data_encoding: Encoding::Base64,
        }
    }
}

/// Signs a MIME entity (with CRLF) detached: DER `ContentInfo` of `SignedData`, as `smime.p7s` holds it.
pub fn sign(entity: &[u8], signer: &Signer, unix_secs: i64, style: Style) -> Vec<u8> {
    signed_data(entity, signer, unix_secs, style, false).unwrap_or_default()
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
    let fields = format!(
        "MIME-Version: 1.0\r\nContent-Type: multipart/signed; protocol=\"{kind}\";\r\n \
         micalg=\"{}\"; boundary=\"{boundary}\"\r\n",
        style.micalg.unwrap_or_else(|| style.digest.micalg())
    );
    let preamble = if style.preamble { "Messaggio firmato in formato S/MIME\r\n\r\n" } else { "" };
    let mut body = format!("{preamble}--{boundary}\r\n").into_bytes();
    body.extend_from_slice(entity);
    body.extend_from_slice(
        format!(
            "\r\n--{boundary}\r\nContent-Type: {kind}; name=\"smime.p7s\"\r\n\
             Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"smime.p7s\"\r\n\r\n{}\
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
        let attributes = attributes(&style.digest.of(content), unix_secs)?;
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
            oid: db::rfc5912::RSA_ENCRYPTION,
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

fn attributes(digest: &[u8], unix_secs: i64) -> der::Result<Attributes> {
    let time = UtcTime::from_unix_duration(Duration::from_secs(unix_secs.max(0).unsigned_abs()))?;
    SetOfVec::try_from(vec![
        attribute(db::rfc5911::ID_CONTENT_TYPE, Any::encode_from(&db::rfc5911::ID_DATA)?)?,
        attribute(db::rfc5911::ID_SIGNING_TIME, Any::encode_from(&time)?)?,
        attribute(db::rfc5911::ID_MESSAGE_DIGEST, Any::new(Tag::OctetString, digest)?)?,
    ])
}

fn attribute(oid: ObjectIdentifier, value: Any) -> der::Result<Attribute> {
    Ok(Attribute { oid, values: SetOfVec::try_from(vec![value])? })
}

fn digest_oid(digest: Digest) -> ObjectIdentifier {
    match digest {
        Digest::Sha256 => db::rfc5912::ID_SHA_256,
        Digest::Sha1 => db::rfc5912::ID_SHA_1,
    }
}

#[cfg(test)]
pub(crate) mod tests;
