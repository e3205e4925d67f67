use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use aws_lc_rs::signature::{self as rsa, ParsedPublicKey, RsaParameters};
use collaudo_record::{Instant, SignatureCause};
use const_oid::{ObjectIdentifier, db::rfc5912};
use der::Decode;
use sha1::{Digest, Sha1};
use sha2::{Sha256, Sha384, Sha512};
use x509_cert::name::Name;

use super::{Certificate, Trust, asn1};

/// What the signature of a `multipart/signed` message or of a signed document comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Signature {
    /// Whether content, signature and certificate belong together.
    pub valid: bool,
    /// Why not, in words; empty where it is valid.
    pub reason: String,
    /// The same for programs.
    pub cause: SignatureCause,
    /// Digest algorithm, such as `sha256`; empty where the structure cannot be read.
    pub digest: String,
    /// The certificate that belongs to the signer's information.
    pub signer: Option<Arc<Certificate>>,
    /// All certificates enclosed (DER).
    pub certificates: Vec<Vec<u8>>,
    /// The signer's own claim.
    pub signed_at: Option<Instant>,
    /// Whether a path leads from the signer to an anchor, all of it valid at the time of signing; why not.
    pub chain: Result<(), Broken>,
    /// The `protocol` parameter in lower case.
    pub protocol: String,
    /// The `micalg` parameter in lower case.
    pub micalg: String,
    /// Whether content is enclosed in the structure.
    pub encloses: bool,
    /// Whether the structure came as DER; otherwise as BER.
    pub is_der: bool,
}

impl Signature {
    /// The addresses that the signer's certificate names.
    pub fn addresses(&self) -> &[String] {
        self.signer.as_ref().map_or(&[], |signer| &signer.rfc822_names)
    }

    /// A signature that is not there, or cannot be read.
    pub(super) fn unreadable(reason: impl Into<String>) -> Self {
        Self {
            valid: false,
            reason: reason.into(),
            cause: SignatureCause::Unreadable,
            digest: String::new(),
            signer: None,
            certificates: Vec::new(),
            signed_at: None,
            chain: Err(Broken::NoSigner),
            protocol: String::new(),
            micalg: String::new(),
            encloses: false,
            is_der: false,
        }
    }

    /// Reads SignedData and verifies it against the content that it encloses or, where it encloses none, against the
    /// first of these forms of the detached content that fits. Gives the enclosed content too.
    pub(crate) fn read(octets: &[u8], detached: &[&[u8]], trust: &Trust) -> (Self, Option<Vec<u8>>) {
        let Some(definite) = asn1::definite(octets) else {
            return (Self::unreadable("the signature is no ASN.1 structure"), None);
        };
        let Some(parsed) = Parsed::of(&definite) else {
            return (Self::unreadable("the signature is no CMS SignedData"), None);
        };
        let enclosed = parsed.content.map(<[u8]>::to_vec);
        let mut signature = match &enclosed {
            Some(content) => parsed.judge(&[content], trust),
            None => parsed.judge(detached, trust),
        };
        signature.encloses = enclosed.is_some();
        signature.is_der = *definite == *octets;
        (signature, enclosed)
    }
}

/// SignedData cut into its pieces, each with its original octets.
struct Parsed<'a> {
    content: Option<&'a [u8]>,
    certificates: Vec<&'a [u8]>,
    signers: Vec<&'a [u8]>,
}

impl<'a> Parsed<'a> {
    fn of(definite: &'a [u8]) -> Option<Self> {
        let mut info = asn1::Values(asn1::first(definite).filter(|tlv| tlv.tag == asn1::SEQUENCE)?.value);
        let kind = info.tagged(asn1::OID)?;
        if kind.whole != SIGNED_DATA {
            return None;
        }
        let mut data = asn1::Values(asn1::first(info.tagged(0xa0)?.value)?.value);
        data.tagged(asn1::INTEGER)?;
        data.tagged(asn1::SET)?;
        let mut encapsulated = asn1::Values(data.tagged(asn1::SEQUENCE)?.value);
        encapsulated.tagged(asn1::OID)?;
        let content = encapsulated.tagged(0xa0).and_then(|explicit| asn1::first(explicit.value)).map(|tlv| tlv.value);
        let certificates = data.tagged(0xa0).map_or(&[][..], |set| set.value);
        data.tagged(0xa1);
        let signers = data.tagged(asn1::SET)?.value;
        Some(Self {
            content,
            certificates: asn1::Values(certificates)
                .filter(|tlv| tlv.tag == asn1::SEQUENCE)
                .map(|tlv| tlv.whole)
                .collect(),
            signers: asn1::Values(signers).map(|tlv| tlv.whole).collect(),
        })
    }

    fn judge(&self, contents: &[&[u8]], trust: &Trust) -> Signature {
        let enclosed: Vec<_> = self.certificates.iter().filter_map(|der| trust.certificate(der)).collect();
        let mut signature = Signature {
            certificates: self.certificates.iter().map(|der| der.to_vec()).collect(),
            ..Signature::unreadable("")
        };
        let [signer] = self.signers.as_slice() else {
            signature.reason = format!("{} signers where one was expected", self.signers.len());
            signature.cause = SignatureCause::Signers;
            return signature;
        };
        let Some(info) = SignerInfo::of(signer, &enclosed) else {
            signature.reason = "the signer's information cannot be read".to_owned();
            return signature;
        };
        signature.digest =
            Hash::of(&info.digest).map_or_else(|| info.digest.to_string(), |hash| hash.name().to_owned());
        signature.signed_at = info.attributes.as_ref().and_then(Attributes::signing_time);
        signature.signer = enclosed.iter().find(|certificate| info.is_by(certificate)).cloned();
        (signature.cause, signature.reason) = match verify(&info, signature.signer.as_deref(), contents) {
            Ok(()) => (SignatureCause::Holds, String::new()),
            Err(why) => why,
        };
        signature.valid = signature.cause == SignatureCause::Holds;
        if let Some(certificate) = &signature.signer {
            signature.chain = chain(certificate, &enclosed, trust, signature.signed_at);
        }
        signature
    }
}

/// id-signedData, tag and length included.
const SIGNED_DATA: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];

/// What the structure says of one signer (RFC 5652 §5.3). Read by hand, for attributes of deployed signatures need not stand
/// in the order of DER.
struct SignerInfo<'a> {
    id: SignerId<'a>,
    digest: ObjectIdentifier,
    attributes: Option<Attributes<'a>>,
    algorithm: ObjectIdentifier,
    value: &'a [u8],
}

/// How the signer's certificate is named.
enum SignerId<'a> {
    /// The issuer's name as it stands, and the serial number.
    IssuerAndSerial(&'a [u8], &'a [u8]),
    KeyIdentifier(&'a [u8]),
}

impl<'a> SignerInfo<'a> {
    fn of(signer: &'a [u8], enclosed: &[Arc<Certificate>]) -> Option<Self> {
        const KEY_IDENTIFIER: u8 = 0x80;
        let mut fields = asn1::Values(asn1::first(signer)?.value);
        fields.tagged(asn1::INTEGER)?;
        let id = match fields.tagged(KEY_IDENTIFIER) {
            Some(id) => SignerId::KeyIdentifier(id.value),
            None => {
                let mut id = asn1::Values(fields.tagged(asn1::SEQUENCE)?.value);
                let issuer = id.tagged(asn1::SEQUENCE)?.whole;
                // Nearly all name it in the octets of the certificate; what differs must be a name at least.
                if !enclosed.iter().any(|certificate| certificate.issuer_octets() == issuer) {
                    Name::from_der(issuer).ok()?;
                }
                SignerId::IssuerAndSerial(issuer, id.tagged(asn1::INTEGER)?.value)
            }
        };
        let algorithm = |fields: &mut asn1::Values<'a>| {
            let oid = asn1::Values(fields.tagged(asn1::SEQUENCE)?.value).tagged(asn1::OID)?;
            ObjectIdentifier::from_der(oid.whole).ok()
        };
        let digest = algorithm(&mut fields)?;
        let attributes = fields.tagged(0xa0).map(|tlv| Attributes(tlv.value));
        let algorithm = algorithm(&mut fields)?;
        Some(Self { id, digest, attributes, algorithm, value: fields.tagged(asn1::OCTET_STRING)?.value })
    }

    fn is_by(&self, certificate: &Certificate) -> bool {
        match &self.id {
            SignerId::IssuerAndSerial(issuer, serial) => certificate.is_named_in(issuer, serial),
            SignerId::KeyIdentifier(id) => certificate.subject_key_id() == Some(id),
        }
    }
}

/// Whether the signature holds over one of these contents; why not, for programs and for people.
fn verify(
    info: &SignerInfo<'_>,
    signer: Option<&Certificate>,
    contents: &[&[u8]],
) -> Result<(), (SignatureCause, String)> {
    let unknown =
        |what: &str, oid: &ObjectIdentifier| (SignatureCause::UnknownAlgorithm, format!("unknown {what} {oid}"));
    let because = |cause, words: &str| (cause, words.to_owned());
    let hash = Hash::of(&info.digest).ok_or_else(|| unknown("digest algorithm", &info.digest))?;
    let algorithm =
        Algorithm::of(&info.algorithm, Some(hash)).ok_or_else(|| unknown("signature algorithm", &info.algorithm))?;
    let signer =
        signer.ok_or_else(|| because(SignatureCause::NoCertificate, "the signer's certificate is not enclosed"))?;
    let wrong_key = || because(SignatureCause::WrongKey, WRONG_KEY);
    let Some(attributes) = &info.attributes else {
        let fits = contents.iter().any(|content| algorithm.verifies(signer, content, info.value));
        return fits.then_some(()).ok_or_else(wrong_key);
    };
    let lacking = |what: &str| (SignatureCause::Incomplete, format!("the signed attributes hold no {what}"));
    let digest = attributes.message_digest().ok_or_else(|| lacking("message digest"))?;
    if !contents.iter().any(|content| hash.digest(content) == digest) {
        return Err(because(SignatureCause::ContentChanged, CHANGED));
    }
    attributes.content_type().ok_or_else(|| lacking("content type"))?;
    algorithm.verifies(signer, &attributes.as_signed(), info.value).then_some(()).ok_or_else(wrong_key)
}

const WRONG_KEY: &str = "the signature value does not fit the key of the enclosed certificate";
const CHANGED: &str = "the content is not the one that was signed, something in it was changed: its digest differs";

/// The signed attributes, in the octets that were signed.
struct Attributes<'a>(&'a [u8]);

impl<'a> Attributes<'a> {
    /// RFC 5652 §5.4: signed under the tag of SET, not under the one that they travel with.
    fn as_signed(&self) -> Vec<u8> {
        let mut octets = Vec::with_capacity(self.0.len() + 4);
        asn1::write(asn1::SET, self.0, &mut octets);
        octets
    }

    fn value(&self, oid: &[u8]) -> Option<asn1::Tlv<'a>> {
        asn1::Values(self.0).find_map(|attribute| {
            let mut fields = asn1::Values(attribute.value);
            fields.tagged(asn1::OID).filter(|tlv| tlv.value == oid)?;
            asn1::first(fields.tagged(asn1::SET)?.value)
        })
    }

    fn content_type(&self) -> Option<&'a [u8]> {
        self.value(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 3]).map(|tlv| tlv.value)
    }

    fn message_digest(&self) -> Option<&'a [u8]> {
        self.value(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 4]).map(|tlv| tlv.value)
    }

    fn signing_time(&self) -> Option<Instant> {
        let time = self.value(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 5])?;
        let since = x509_cert::time::Time::from_der(time.whole).ok()?.to_unix_duration();
        i64::try_from(since.as_micros()).ok().map(Instant)
    }
}

/// How far a path may lead.
const MAX_PATH: usize = 6;

/// Why no path leads from a signer to an anchor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// The signer's certificate is not there.
    NoSigner,
    /// Nobody said whom to trust.
    NoAnchor,
    /// The signer claims no time to verify its certificate at.
    NoTime,
    /// This certificate, by its subject, was not valid at that time.
    NotValid(String),
    /// The certificate of this authority is neither enclosed nor an anchor.
    NoAuthority(String),
    /// More certificates than any real path has.
    TooLong,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSigner => f.write_str("there is no signer"),
            Self::NoAnchor => f.write_str("no anchor of trust was given"),
            Self::NoTime => f.write_str("the signer claims no time to verify its certificate at"),
            Self::NotValid(subject) => write!(f, "{subject} is not valid at the time of signing"),
            Self::NoAuthority(issuer) => write!(f, "no certificate of the authority {issuer} is at hand"),
            Self::TooLong => f.write_str("the path of certificates is too long"),
        }
    }
}

/// A path from the signer over enclosed certificates to an anchor, all valid at that instant.
fn chain(
    signer: &Arc<Certificate>,
    enclosed: &[Arc<Certificate>],
    trust: &Trust,
    at: Option<Instant>,
) -> Result<(), Broken> {
    let anchors = trust.anchors();
    if anchors.is_empty() {
        return Err(Broken::NoAnchor);
    }
    let at = at.ok_or(Broken::NoTime)?;
    let mut here = signer;
    for _ in 0..MAX_PATH {
        if !here.is_valid_at(at) {
            return Err(Broken::NotValid(here.subject.clone()));
        }
        if anchors.iter().any(|anchor| anchor.der == here.der) {
            return Ok(());
        }
        let mut authorities = anchors.iter().chain(enclosed).filter(|authority| authority.der != here.der);
        here = authorities
            .find(|authority| authority.is_authority() && trust.is_signed_by(here, authority))
            .ok_or_else(|| Broken::NoAuthority(here.issuer.clone()))?;
    }
    Err(Broken::TooLong)
}

/// A digest algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    fn of(oid: &ObjectIdentifier) -> Option<Self> {
        match *oid {
            rfc5912::ID_SHA_1 | rfc5912::SHA_1_WITH_RSA_ENCRYPTION => Some(Self::Sha1),
            rfc5912::ID_SHA_256 | rfc5912::SHA_256_WITH_RSA_ENCRYPTION => Some(Self::Sha256),
            rfc5912::ID_SHA_384 | rfc5912::SHA_384_WITH_RSA_ENCRYPTION => Some(Self::Sha384),
            rfc5912::ID_SHA_512 | rfc5912::SHA_512_WITH_RSA_ENCRYPTION => Some(Self::Sha512),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    fn digest(self, octets: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => Sha1::digest(octets).to_vec(),
            Self::Sha256 => Sha256::digest(octets).to_vec(),
            Self::Sha384 => Sha384::digest(octets).to_vec(),
            Self::Sha512 => Sha512::digest(octets).to_vec(),
        }
    }
}

/// RSA with PKCS #1 v1.5 padding over a digest; the only kind that was ever seen in certified mail.
#[derive(Clone, Copy, Debug)]
pub(super) struct Algorithm(Hash);

impl Algorithm {
    /// `rsaEncryption` alone leaves the digest to be named elsewhere.
    pub(super) fn of(oid: &ObjectIdentifier, digest: Option<Hash>) -> Option<Self> {
        if *oid == rfc5912::RSA_ENCRYPTION { digest.map(Self) } else { Hash::of(oid).map(Self) }
    }

    pub(super) fn name_of(oid: &ObjectIdentifier) -> String {
        Hash::of(oid).map_or_else(|| oid.to_string(), |hash| format!("{}WithRSA", hash.name()))
    }

    /// Keys from 1024 bits are verified, for there are real messages signed with them; whether they may still be used is
    /// for a check to say.
    pub(super) fn verifies(self, signer: &Certificate, octets: &[u8], value: &[u8]) -> bool {
        let key = signer.keys().of(self.0, signer);
        key.is_some_and(|key| key.verify_sig(octets, value).is_ok())
    }
}

/// The key of a certificate, made ready for each digest once. It is a function of the certificate: certificates are compared
/// without it.
#[derive(Default)]
pub(super) struct Keys([OnceLock<Option<ParsedPublicKey>>; 4]);

impl Keys {
    fn of(&self, hash: Hash, certificate: &Certificate) -> Option<&ParsedPublicKey> {
        let (place, parameters): (_, &'static RsaParameters) = match hash {
            Hash::Sha1 => (0, &rsa::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY),
            Hash::Sha256 => (1, &rsa::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY),
            Hash::Sha384 => (2, &rsa::RSA_PKCS1_2048_8192_SHA384),
            Hash::Sha512 => (3, &rsa::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY),
        };
        let is_rsa = certificate.key_algorithm == "RSA";
        let parsed = || is_rsa.then(|| ParsedPublicKey::new(parameters, certificate.key()).ok())?;
        self.0[place].get_or_init(parsed).as_ref()
    }
}

impl Clone for Keys {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Keys {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{AUTHORITY, EPOCH, INDEX_SIGNER, Signing, signed_data};

    const CONTENT: &[u8] = b"Content-Type: text/plain\r\n\r\nciao";

    fn trust(octets: &[u8]) -> Trust {
        Trust::new(Certificate::read(octets))
    }

    #[test]
    fn a_signature_holds_over_its_content_alone() {
        let octets = signed_data(CONTENT, Signing::Alfa, EPOCH, false);
        let (good, enclosed) = Signature::read(&octets, &[CONTENT], &trust(AUTHORITY));
        assert_eq!((good.valid, good.reason.as_str(), good.digest.as_str(), enclosed), (true, "", "sha256", None));
        assert_eq!((good.signed_at, good.is_der, good.encloses), (Some(EPOCH), true, false));
        let (bad, _) = Signature::read(&octets, &[b"Content-Type: text/plain\r\n\r\naltro"], &Trust::default());
        assert!(!bad.valid && bad.reason.contains("digest differs"), "{}", bad.reason);
    }

    #[test]
    fn signed_attributes_changed_afterwards_do_not_fit_the_key() {
        let mut octets = signed_data(CONTENT, Signing::Alfa, EPOCH, false);
        let time = b"260701080000Z";
        let at = octets.windows(time.len()).position(|here| here == time).expect("the signing time");
        octets[at + 1] = b'7';
        let (signature, _) = Signature::read(&octets, &[CONTENT], &Trust::default());
        assert_eq!((signature.valid, signature.reason.as_str()), (false, WRONG_KEY));
    }

    #[test]
    fn attributes_that_stand_in_no_order_are_read() {
        let octets = signed_data(CONTENT, Signing::Unsorted, EPOCH, false);
        let (signature, _) = Signature::read(&octets, &[CONTENT], &Trust::default());
        assert!(signature.valid && signature.signed_at == Some(EPOCH), "{}", signature.reason);
    }

    #[test]
    fn a_structure_of_indefinite_lengths_is_read_like_its_definite_form() {
        let octets = signed_data(CONTENT, Signing::Open, EPOCH, false);
        let (signature, _) = Signature::read(&octets, &[CONTENT], &trust(AUTHORITY));
        assert!(signature.valid && !signature.is_der, "{}", signature.reason);
        assert_eq!(signature.chain, Ok(()));
    }

    #[test]
    fn a_path_ends_in_an_anchor_and_holds_when_it_was_signed() {
        let chain = |at, trust: &Trust| {
            Signature::read(&signed_data(CONTENT, Signing::Alfa, at, false), &[CONTENT], trust).0.chain
        };
        assert_eq!(chain(EPOCH, &trust(AUTHORITY)), Ok(()));
        assert_eq!(chain(EPOCH, &Trust::default()), Err(Broken::NoAnchor));
        let strange = chain(EPOCH, &trust(INDEX_SIGNER));
        assert!(strange.is_err_and(|why| why.to_string().contains("Autorita di prova")));
        let before = Instant(1_500_000_000_000_000);
        assert!(chain(before, &trust(AUTHORITY)).is_err_and(|why| matches!(why, Broken::NotValid(_))));
    }
}
