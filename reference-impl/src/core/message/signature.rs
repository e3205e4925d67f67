//! S/MIME signatures of other providers, read and verified.

use std::sync::Arc;

use collaudo_node::{BodyId, Bytes, Timestamp};
use const_oid::{
    ObjectIdentifier,
    db::{
        rfc5911::{ID_CONTENT_TYPE, ID_DATA, ID_MESSAGE_DIGEST, ID_SIGNED_DATA, ID_SIGNING_TIME},
        rfc5912::RSA_ENCRYPTION,
    },
};
use der::Decode;
use x509_cert::time::Time;

use super::{
    Message,
    ber::{Element, Elements, INTEGER, OCTET_STRING, OID, SEQUENCE, SET, element, octets},
    certificate::{Hash, Known},
    memory::Memory,
    mime::{content_type, decoded, part, parts},
    revocation::timestamp,
};

/// Signatures come with a handful of certificates.
const MAX_CERTIFICATES: usize = 50;
const EXPLICIT_0: u8 = 0xa0;
const IMPLICIT_0: u8 = 0xa0;
const IMPLICIT_1: u8 = 0xa1;
const PRIMITIVE_0: u8 = 0x80;

/// The two parts of a multipart/signed message.
pub(super) struct Signed {
    /// The octets that are signed: the first part, header included.
    pub(super) content: Bytes,
    /// The CMS structure of the second part.
    pub(super) cms: Bytes,
}

impl Signed {
    /// Finds the signature structure of a message: multipart/signed with exactly two parts, the second a CMS signature.
    //= PEC-2.2.2-10
    pub(super) fn find(message: &Message) -> Option<Self> {
        if content_type(message).value() != "multipart/signed" {
            return None;
        }
        let ranges = parts(message).ok()?;
        let [content, signature] = ranges.as_slice() else { return None };
        let signature = part(message, signature);
        let kind = content_type(&signature).value();
        if kind != "application/pkcs7-signature" && kind != "application/x-pkcs7-signature" {
            return None;
        }
        Some(Self { content: message.body().slice(content.clone()), cms: decoded(&signature)? })
    }
}

/// A SignedData structure of one signer; its octets are kept as they came.
pub(super) struct SignedData<'a> {
    /// The content, where it travels inside.
    pub(super) content: Option<Vec<u8>>,
    certificates: Vec<&'a [u8]>,
    signer: SignerInfo<'a>,
}

struct SignerInfo<'a> {
    identifier: Element<'a>,
    digest: ObjectIdentifier,
    /// The content of the SET OF signed attributes.
    attributes: &'a [u8],
    algorithm: ObjectIdentifier,
    signature: Vec<u8>,
}

impl<'a> SignedData<'a> {
    /// Reads DER, or BER of indefinite length; `None` for what is no SignedData of exactly one signer.
    pub(super) fn read(cms: &'a [u8]) -> Option<Self> {
        let mut info = Elements(cms).required(SEQUENCE)?.inside();
        if object_identifier(info.required(OID)?)? != ID_SIGNED_DATA {
            return None;
        }
        let mut data = info.required(EXPLICIT_0)?.inside().required(SEQUENCE)?.inside();
        data.required(INTEGER)?;
        data.required(SET)?;
        let mut encapsulated = data.required(SEQUENCE)?.inside();
        encapsulated.required(OID)?;
        let content = match encapsulated.optional(EXPLICIT_0) {
            Some(explicit) => Some(octets(&explicit.inside().any()?)?),
            None => None,
        };
        let mut certificates = Vec::new();
        if let Some(set) = data.optional(IMPLICIT_0) {
            let mut set = set.inside();
            while !set.0.is_empty() {
                certificates.push(set.any()?);
            }
        }
        data.optional(IMPLICIT_1);
        let mut signers = data.required(SET)?.inside();
        let signer = SignerInfo::read(signers.required(SEQUENCE)?)?;
        if !signers.0.is_empty() || certificates.len() > MAX_CERTIFICATES {
            return None;
        }
        let certificates = certificates.iter().filter(|found| found.tag == SEQUENCE).map(|found| found.whole).collect();
        Some(Self { content, certificates, signer })
    }

    /// All certificates that travel along and can be read.
    pub(super) fn certificates(&self, memory: &Memory) -> Vec<Arc<Known>> {
        self.certificates.iter().filter_map(|der| memory.read(der).ok()).collect()
    }

    /// The signingTime attribute, where there is one that can be read.
    pub(super) fn signing_time(&self) -> Option<Timestamp> {
        let time = Time::from_der(self.signer.attribute(ID_SIGNING_TIME)?.whole).ok()?;
        Some(timestamp(&time))
    }

    /// Whether the signer's identifier is this certificate's.
    pub(super) fn names(&self, known: &Known) -> bool {
        let identifier = &self.signer.identifier;
        match identifier.tag {
            SEQUENCE => issuer_and_serial(known.der()).is_some_and(|of_known| {
                let mut sought = identifier.inside();
                (sought.any(), sought.any()) == (Some(of_known.0), Some(of_known.1))
            }),
            _ => known.key_identifier() == Some(identifier.content),
        }
    }

    /// Recalculates digest and signature over the octets of `content`; gives their name, be they signed by it or not.
    //= PEC-2.2.2-14
    pub(super) fn verify(&self, content: &[u8], signer: &Known) -> Result<BodyId, &'static str> {
        let hash = Hash::of_digest(self.signer.digest).ok_or("l'algoritmo di impronta della firma non è ammesso")?;
        let algorithm = self.signer.algorithm;
        if algorithm != RSA_ENCRYPTION && Hash::of_signature(algorithm) != Some(hash) {
            return Err("l'algoritmo di firma non è ammesso");
        }
        let told = self.signer.message_digest().ok_or("gli attributi firmati non sono corretti")?;
        let digest = hash.digest(content);
        if told != digest.as_ref() {
            return Err("il contenuto è stato alterato dopo la firma");
        }
        match signer.verify(hash, &element(SET, &[self.signer.attributes]), &self.signer.signature) {
            // Where the signature rests on the digest that names octets, it need not be counted again.
            true if hash == Hash::Sha256 => Ok(digest.as_ref().try_into().map_or_else(|_| BodyId::of(content), BodyId)),
            true => Ok(BodyId::of(content)),
            false => Err("il valore della firma non è corretto"),
        }
    }
}

impl<'a> SignerInfo<'a> {
    fn read(element: Element<'a>) -> Option<Self> {
        let mut info = element.inside();
        info.required(INTEGER)?;
        let identifier = info.any().filter(|found| matches!(found.tag, SEQUENCE | PRIMITIVE_0))?;
        let digest = algorithm(info.required(SEQUENCE)?)?;
        // Without signed attributes the signature would be over the content itself, which could then be read as a set
        // of attributes; no provider signs so.
        let attributes = info.required(IMPLICIT_0)?.content;
        let algorithm = algorithm(info.required(SEQUENCE)?)?;
        let signature = octets(&info.required(OCTET_STRING)?)?;
        Some(Self { identifier, digest, attributes, algorithm, signature })
    }

    /// The one value of the first attribute of that kind.
    fn attribute(&self, sought: ObjectIdentifier) -> Option<Element<'a>> {
        let mut attributes = Elements(self.attributes);
        while !attributes.0.is_empty() {
            let mut attribute = attributes.required(SEQUENCE)?.inside();
            if object_identifier(attribute.required(OID)?)? == sought {
                let mut values = attribute.required(SET)?.inside();
                return values.any().filter(|_| values.0.is_empty());
            }
        }
        None
    }

    /// The messageDigest attribute; `None` unless there is one of it and one contentType, which says id-data.
    fn message_digest(&self) -> Option<&'a [u8]> {
        let (mut digests, mut types) = (Vec::new(), Vec::new());
        let mut attributes = Elements(self.attributes);
        while !attributes.0.is_empty() {
            let mut attribute = attributes.required(SEQUENCE)?.inside();
            let kind = object_identifier(attribute.required(OID)?)?;
            let mut values = attribute.required(SET)?.inside();
            match kind {
                ID_MESSAGE_DIGEST => digests.push(values.required(OCTET_STRING)?.content),
                ID_CONTENT_TYPE => types.push(object_identifier(values.required(OID)?)?),
                _ => continue,
            }
            if !values.0.is_empty() {
                return None;
            }
        }
        match (digests.as_slice(), types.as_slice()) {
            ([digest], [ID_DATA]) => Some(digest),
            _ => None,
        }
    }
}

/// The content that travels inside a SignedData structure, whoever signed it, and be it nobody.
pub(super) fn encapsulated(cms: &Bytes) -> Option<Bytes> {
    let mut info = Elements(cms).required(SEQUENCE)?.inside();
    if object_identifier(info.required(OID)?)? != ID_SIGNED_DATA {
        return None;
    }
    let mut data = info.required(EXPLICIT_0)?.inside().required(SEQUENCE)?.inside();
    data.required(INTEGER)?;
    data.required(SET)?;
    let mut content = data.required(SEQUENCE)?.inside();
    content.required(OID)?;
    let inner = content.required(EXPLICIT_0)?.inside().any()?;
    match inner.tag {
        OCTET_STRING => Some(cms.slice_ref(inner.content)),
        _ => octets(&inner).map(Into::into),
    }
}

fn algorithm(element: Element<'_>) -> Option<ObjectIdentifier> {
    object_identifier(element.inside().required(OID)?)
}

fn object_identifier(element: Element<'_>) -> Option<ObjectIdentifier> {
    ObjectIdentifier::from_bytes(element.content).ok()
}

/// Issuer and serial number of a certificate, as they stand in it.
fn issuer_and_serial(der: &[u8]) -> Option<(Element<'_>, Element<'_>)> {
    let mut tbs = Elements(der).required(SEQUENCE)?.inside().required(SEQUENCE)?.inside();
    tbs.optional(EXPLICIT_0);
    let serial = tbs.required(INTEGER)?;
    tbs.required(SEQUENCE)?;
    Some((tbs.required(SEQUENCE)?, serial))
}
