use std::sync::Arc;

use aws_lc_rs::{
    digest,
    signature::{
        ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
        RsaParameters, UnparsedPublicKey,
    },
};
use collaudo_node::{BodyId, Bytes, Timestamp};
use const_oid::{
    ObjectIdentifier,
    db::rfc5912::{
        ID_SHA_256, ID_SHA_384, ID_SHA_512, RSA_ENCRYPTION, SHA_256_WITH_RSA_ENCRYPTION, SHA_384_WITH_RSA_ENCRYPTION,
        SHA_512_WITH_RSA_ENCRYPTION,
    },
};
use der::{Decode, Encode};
use x509_cert::{
    Certificate,
    ext::pkix::{
        BasicConstraints, ExtendedKeyUsage, KeyUsage, NameConstraints, SubjectAltName, SubjectKeyIdentifier,
        name::GeneralName,
    },
    name::Name,
};

use super::{
    ber::{Elements, SEQUENCE},
    index::sha_1,
    memory::Memory,
};

/// A path is no longer, and no more signatures are tried to find one.
const MAX_PATH: usize = 8;
const MAX_SIGNATURES: usize = 64;
/// Critical extensions that are understood here: keyUsage, subjectAltName, basicConstraints, nameConstraints,
/// certificatePolicies, extKeyUsage.
const UNDERSTOOD: [&str; 6] = ["2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.30", "2.5.29.32", "2.5.29.37"];
const EMAIL_PROTECTION: &str = "1.3.6.1.5.5.7.3.4";
const ANY_PURPOSE: &str = "2.5.29.37.0";

/// Why a certificate of the configuration cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("certificate cannot be read: {0}")]
pub struct CertificateFault(pub(super) String);

/// The certification authorities that signatures must lead up to.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    anchors: Vec<Arc<Known>>,
    memory: Arc<Memory>,
}

/// A certificate with its octets.
#[derive(Debug)]
pub(super) struct Known {
    id: BodyId,
    sha_1: String,
    der: Vec<u8>,
    certificate: Certificate,
    /// The RSA key, ready for the digest that nearly all signatures rest on.
    key: Option<ParsedPublicKey>,
    said: Said,
}

/// What the extensions of a certificate say, the serial number beside them. An extension that is broken or that stands
/// there twice counts as none.
#[derive(Debug)]
struct Said {
    serial_number: Option<Vec<u8>>,
    emails: Vec<String>,
    key_identifier: Option<Vec<u8>>,
    usage: Option<KeyUsage>,
    purposes: Option<ExtendedKeyUsage>,
    constraints: Option<BasicConstraints>,
    names: Option<NameConstraints>,
    /// Whether all that is critical is understood here.
    understood: bool,
}

impl Trust {
    /// *Takes* the DER of each anchor.
    pub fn new(anchors: &[Bytes]) -> Result<Self, CertificateFault> {
        let anchors = anchors.iter().map(|der| Known::read(der).map(Arc::new)).collect::<Result<_, _>>()?;
        Ok(Self { anchors, memory: Arc::default() })
    }

    pub(super) fn anchors(&self) -> impl Iterator<Item = &Known> {
        self.anchors.iter().map(Arc::as_ref)
    }

    /// What is remembered of certificates that came before.
    pub(super) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Looks for a path from `leaf` over certificates of `pool` to an anchor, all of them valid at `now`.
    ///
    /// *Gives* the certificates of the path but for the anchor, which nobody can revoke.
    //= PEC-2.2.2-15
    pub(super) fn check<'a>(
        &'a self,
        leaf: &'a Known,
        pool: &'a [Arc<Known>],
        now: Timestamp,
    ) -> Result<Vec<&'a Known>, &'static str> {
        if !leaf.is_valid_at(now) {
            return Err("il certificato di firma non è valido alla data di ricezione");
        }
        leaf.check_signer()?;
        let mut tried = 0;
        let mut open = vec![vec![leaf]];
        while let Some(mut path) = open.pop() {
            let Some(&last) = path.last() else { continue };
            if self.anchors.iter().any(|anchor| anchor.der == last.der) {
                path.pop();
                return Ok(path);
            }
            for issuer in self.anchors.iter().chain(pool).map(Arc::as_ref) {
                let fits = issuer.certificate.tbs_certificate.subject == last.certificate.tbs_certificate.issuer
                    && path.len() < MAX_PATH
                    && path.iter().all(|known| known.der != issuer.der)
                    && issuer.is_valid_at(now)
                    && issuer.may_issue(path.len() - 1, leaf);
                if !fits {
                    continue;
                }
                tried += 1;
                if tried > MAX_SIGNATURES {
                    return Err("il percorso di certificazione è troppo lungo");
                }
                if self.memory.has_signed(issuer, last) {
                    open.push(path.iter().copied().chain([issuer]).collect());
                }
            }
        }
        Err("il certificato di firma non risale a un'autorità riconosciuta")
    }
}

impl Known {
    pub(super) fn read(der: &[u8]) -> Result<Self, CertificateFault> {
        let certificate = Certificate::from_der(der).map_err(|error| CertificateFault(error.to_string()))?;
        let said = Said::by(&certificate);
        let key = rsa_key(&certificate).and_then(|bits| ParsedPublicKey::new(Hash::Sha256.rsa(), bits).ok());
        Ok(Self { id: BodyId::of(der), sha_1: sha_1(der), der: der.to_vec(), certificate, key, said })
    }

    /// Names the octets.
    pub(super) fn id(&self) -> BodyId {
        self.id
    }

    /// The hash by which the index names it.
    pub(super) fn sha_1(&self) -> &str {
        &self.sha_1
    }

    pub(super) fn der(&self) -> &[u8] {
        &self.der
    }

    pub(super) fn subject(&self) -> &Name {
        &self.certificate.tbs_certificate.subject
    }

    pub(super) fn issuer(&self) -> &Name {
        &self.certificate.tbs_certificate.issuer
    }

    /// The serial number in DER.
    pub(super) fn serial_number(&self) -> Option<&Vec<u8>> {
        self.said.serial_number.as_ref()
    }

    /// Whether the authority may sign lists of revoked certificates.
    pub(super) fn may_sign_lists(&self) -> bool {
        self.said.usage.is_none_or(|usage| usage.crl_sign())
    }

    /// The addresses of subjectAltName.
    pub(super) fn emails(&self) -> &[String] {
        &self.said.emails
    }

    /// subjectKeyIdentifier.
    pub(super) fn key_identifier(&self) -> Option<&[u8]> {
        self.said.key_identifier.as_deref()
    }

    /// Whether `signature` is this key's over `message`; keys under 2048 bits are refused.
    pub(super) fn verify(&self, hash: Hash, message: &[u8], signature: &[u8]) -> bool {
        match hash {
            Hash::Sha256 => self.key.as_ref().is_some_and(|key| key.verify_sig(message, signature).is_ok()),
            Hash::Sha384 | Hash::Sha512 => rsa_key(&self.certificate)
                .is_some_and(|bits| UnparsedPublicKey::new(hash.rsa(), bits).verify(message, signature).is_ok()),
        }
    }

    fn is_valid_at(&self, now: Timestamp) -> bool {
        let validity = &self.certificate.tbs_certificate.validity;
        let now = u64::try_from(now.unix_micros().div_euclid(1_000_000)).unwrap_or(0);
        (validity.not_before.to_unix_duration().as_secs()..=validity.not_after.to_unix_duration().as_secs())
            .contains(&now)
    }

    /// Whether the certificate is one to sign mail with.
    fn check_signer(&self) -> Result<(), &'static str> {
        let signs = self.said.usage.is_none_or(|usage| usage.digital_signature());
        let mails = self.said.purposes.as_ref().is_none_or(|usage| {
            usage.0.iter().any(|purpose| [EMAIL_PROTECTION, ANY_PURPOSE].contains(&purpose.to_string().as_str()))
        });
        if signs && mails && self.said.understood {
            Ok(())
        } else {
            Err("il certificato non è abilitato alla firma di messaggi")
        }
    }

    /// Whether the certificate is of an authority that may stand above `below` others and above this leaf.
    fn may_issue(&self, below: usize, leaf: &Self) -> bool {
        let Said { usage, constraints, names, understood, .. } = &self.said;
        let authority = constraints.as_ref().is_some_and(|constraints| {
            constraints.ca && constraints.path_len_constraint.is_none_or(|most| below <= usize::from(most))
        });
        let signs = usage.is_none_or(|usage| usage.key_cert_sign());
        let names = names.as_ref().is_none_or(|constraints| allows(constraints, leaf.emails()));
        authority && signs && names && *understood
    }

    /// Whether this key has signed the other certificate; [`Memory`] knows it without counting again.
    pub(super) fn has_signed(&self, other: &Self) -> bool {
        let signed = Elements(&other.der).required(SEQUENCE).and_then(|whole| whole.inside().required(SEQUENCE));
        let hash = Hash::of_signature(other.certificate.signature_algorithm.oid);
        let signature = other.certificate.signature.as_bytes();
        matches!((signed, hash, signature), (Some(signed), Some(hash), Some(signature)) if self.verify(hash, signed.whole, signature))
    }
}

impl Said {
    fn by(certificate: &Certificate) -> Self {
        let names = extension::<SubjectAltName>(certificate).map(|names| names.0).unwrap_or_default();
        let identifier = extension::<SubjectKeyIdentifier>(certificate);
        let extensions = certificate.tbs_certificate.extensions.as_deref().unwrap_or_default();
        Self {
            serial_number: certificate.tbs_certificate.serial_number.to_der().ok(),
            emails: names.iter().filter_map(email).map(Into::into).collect(),
            key_identifier: identifier.map(|identifier| identifier.0.as_bytes().to_vec()),
            usage: extension(certificate),
            purposes: extension(certificate),
            constraints: extension(certificate),
            names: extension(certificate),
            understood: extensions
                .iter()
                .all(|found| !found.critical || UNDERSTOOD.contains(&found.extn_id.to_string().as_str())),
        }
    }
}

/// The key of a certificate, where it is one of RSA.
fn rsa_key(certificate: &Certificate) -> Option<&[u8]> {
    let key = &certificate.tbs_certificate.subject_public_key_info;
    (key.algorithm.oid == RSA_ENCRYPTION).then(|| key.subject_public_key.raw_bytes())
}

/// The one extension of this type; where it is broken or there are two, the certificate counts as without it.
fn extension<'a, T: Decode<'a> + const_oid::AssociatedOid>(certificate: &'a Certificate) -> Option<T> {
    certificate.tbs_certificate.get::<T>().ok().flatten().map(|(_, value)| value)
}

/// The digests that a signature may rest on. SHA-1 is not among them: the sender of a message chooses most of what the
/// provider signs, and collisions of chosen prefixes are within reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    pub(super) fn of_digest(oid: ObjectIdentifier) -> Option<Self> {
        match oid {
            ID_SHA_256 => Some(Self::Sha256),
            ID_SHA_384 => Some(Self::Sha384),
            ID_SHA_512 => Some(Self::Sha512),
            _ => None,
        }
    }

    pub(super) fn of_signature(oid: ObjectIdentifier) -> Option<Self> {
        match oid {
            SHA_256_WITH_RSA_ENCRYPTION => Some(Self::Sha256),
            SHA_384_WITH_RSA_ENCRYPTION => Some(Self::Sha384),
            SHA_512_WITH_RSA_ENCRYPTION => Some(Self::Sha512),
            _ => None,
        }
    }

    pub(super) fn digest(self, content: &[u8]) -> digest::Digest {
        digest::digest(
            match self {
                Self::Sha256 => &digest::SHA256,
                Self::Sha384 => &digest::SHA384,
                Self::Sha512 => &digest::SHA512,
            },
            content,
        )
    }

    fn rsa(self) -> &'static RsaParameters {
        match self {
            Self::Sha256 => &RSA_PKCS1_2048_8192_SHA256,
            Self::Sha384 => &RSA_PKCS1_2048_8192_SHA384,
            Self::Sha512 => &RSA_PKCS1_2048_8192_SHA512,
        }
    }
}

fn email(name: &GeneralName) -> Option<&str> {
    match name {
        GeneralName::Rfc822Name(address) => Some(address.as_str()),
        _ => None,
    }
}

/// Whether name constraints let these addresses be (RFC 5280 §4.2.1.10).
fn allows(constraints: &NameConstraints, addresses: &[String]) -> bool {
    let bases = |trees: &Option<Vec<_>>| -> Vec<String> {
        let trees: &[x509_cert::ext::pkix::constraints::name::GeneralSubtree] = trees.as_deref().unwrap_or_default();
        trees.iter().filter_map(|tree| email(&tree.base)).map(str::to_ascii_lowercase).collect()
    };
    let (permitted, excluded) = (bases(&constraints.permitted_subtrees), bases(&constraints.excluded_subtrees));
    addresses.iter().map(|address| address.to_ascii_lowercase()).all(|address| {
        let within = |base: &String| {
            let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
            match base.as_str() {
                base if base.contains('@') => address == base,
                base if base.starts_with('.') => domain.ends_with(base),
                base => domain == base,
            }
        };
        (permitted.is_empty() || permitted.iter().any(within)) && !excluded.iter().any(within)
    })
}

#[cfg(test)]
mod tests {
    use rcgen::{
        BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, KeyPair,
        KeyUsagePurpose, NameConstraints, SanType, date_time_ymd,
    };

    use super::{super::samples::*, *};

    /// An authority without limits, 2020 to 2040.
    fn authority(name: &str) -> CertificateParams {
        let mut params = named(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params
    }

    /// A signer of mail, 2020 to 2040.
    fn signer() -> CertificateParams {
        let mut params = named("signer");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::EmailProtection];
        params.subject_alt_names = vec![SanType::Rfc822Name("posta-certificata@Alfa.test".try_into().unwrap())];
        params
    }

    fn named(name: &str) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2040, 1, 1));
        params
    }

    /// A certificate of `params` for the key of `subject`, signed in the name of `above` with the key of `issuer`.
    fn issue(params: &CertificateParams, subject: &Identity, above: &CertificateParams, issuer: &Identity) -> Bytes {
        let key = |identity: &Identity| KeyPair::try_from(identity.key()).unwrap();
        let (subject, issuer) = (key(subject), key(issuer));
        params.signed_by(&subject, &rcgen::Issuer::from_params(above, &issuer)).unwrap().der().to_vec().into()
    }

    /// Checks a leaf under `between` under a root. ALFA signs mail, BETA is the authority between, INDEX the root.
    fn check(leaf: &CertificateParams, between: &CertificateParams) -> Result<(), &'static str> {
        let root = authority("root");
        let leaf = issue(leaf, &ALFA, between, &BETA);
        check_chain(&leaf, &[issue(between, &BETA, &root, &INDEX)], &issue(&root, &INDEX, &root, &INDEX))
    }

    fn check_chain(leaf: &[u8], pool: &[Bytes], root: &Bytes) -> Result<(), &'static str> {
        let pool: Vec<_> = pool.iter().map(|der| Arc::new(Known::read(der).unwrap())).collect();
        let (trust, leaf) = (Trust::new(std::slice::from_ref(root)).unwrap(), Known::read(leaf).unwrap());
        let checked = trust.check(&leaf, &pool, NOW).map(drop);
        assert_eq!(trust.check(&leaf, &pool, NOW).map(drop), checked, "what is remembered changes no answer");
        checked
    }

    const NO_AUTHORITY: Result<(), &str> = Err("il certificato di firma non risale a un'autorità riconosciuta");
    const NO_SIGNER: Result<(), &str> = Err("il certificato non è abilitato alla firma di messaggi");

    #[test]
    fn a_path_over_an_authority_between_is_found() {
        assert_eq!(check(&signer(), &authority("between")), Ok(()));
    }

    #[test]
    fn a_name_without_its_key_signs_nothing() {
        let root = authority("root");
        let anchor = issue(&root, &INDEX, &root, &INDEX);
        assert_eq!(check_chain(&issue(&signer(), &ALFA, &root, &INDEX), &[], &anchor), Ok(()));
        assert_eq!(check_chain(&issue(&signer(), &ALFA, &root, &BETA), &[], &anchor), NO_AUTHORITY);
    }

    #[test]
    fn a_path_ends_only_at_an_anchor() {
        let (root, other) = (authority("root"), authority("other"));
        let pool = [issue(&root, &INDEX, &root, &INDEX)];
        let leaf = issue(&signer(), &ALFA, &root, &INDEX);
        assert_eq!(check_chain(&leaf, &pool, &issue(&other, &BETA, &other, &BETA)), NO_AUTHORITY);
    }

    #[test]
    fn every_certificate_of_the_path_is_in_its_time() {
        let mut expired = authority("between");
        expired.not_after = date_time_ymd(2026, 1, 1);
        assert_eq!(check(&signer(), &expired), NO_AUTHORITY);
        let mut future = signer();
        future.not_before = date_time_ymd(2027, 1, 1);
        assert_eq!(
            check(&future, &authority("between")),
            Err("il certificato di firma non è valido alla data di ricezione")
        );
    }

    #[test]
    fn only_authorities_issue() {
        let mut no_authority = authority("between");
        no_authority.is_ca = IsCa::ExplicitNoCa;
        assert_eq!(check(&signer(), &no_authority), NO_AUTHORITY);
        let mut no_issuer = authority("between");
        no_issuer.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        assert_eq!(check(&signer(), &no_issuer), NO_AUTHORITY);
    }

    #[test]
    fn an_authority_has_no_more_below_than_it_may() {
        let limited = |below| {
            let mut root = authority("root");
            root.is_ca = IsCa::Ca(BasicConstraints::Constrained(below));
            let between = authority("between");
            let pool = [issue(&between, &BETA, &root, &INDEX)];
            check_chain(&issue(&signer(), &ALFA, &between, &BETA), &pool, &issue(&root, &INDEX, &root, &INDEX))
        };
        assert_eq!((limited(1), limited(0)), (Ok(()), NO_AUTHORITY));
    }

    #[test]
    fn the_leaf_is_one_to_sign_mail_with() {
        let mut cipher = signer();
        cipher.key_usages = vec![KeyUsagePurpose::KeyEncipherment];
        assert_eq!(check(&cipher, &authority("between")), NO_SIGNER);
        let mut server = signer();
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        assert_eq!(check(&server, &authority("between")), NO_SIGNER);
    }

    #[test]
    fn a_critical_extension_that_is_not_understood_is_refused() {
        let mut strange = signer();
        let mut extension = rcgen::CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 1], vec![5, 0]);
        strange.custom_extensions = vec![extension.clone()];
        assert_eq!(check(&strange, &authority("between")), Ok(()));
        extension.set_criticality(true);
        strange.custom_extensions = vec![extension];
        assert_eq!(check(&strange, &authority("between")), NO_SIGNER);
    }

    #[test]
    fn name_constraints_bind_the_address() {
        let check_names = |permitted: &[&str], excluded: &[&str]| {
            let trees = |names: &[&str]| names.iter().map(|name| GeneralSubtree::Rfc822Name((*name).into())).collect();
            let mut between = authority("between");
            between.name_constraints =
                Some(NameConstraints { permitted_subtrees: trees(permitted), excluded_subtrees: trees(excluded) });
            check(&signer(), &between)
        };
        assert_eq!(check_names(&["beta.test", "ALFA.test"], &[]), Ok(()));
        assert_eq!(check_names(&[".test"], &[]), Ok(()));
        assert_eq!(check_names(&["posta-certificata@alfa.test"], &[]), Ok(()));
        assert_eq!(check_names(&["beta.test"], &[]), NO_AUTHORITY);
        assert_eq!(check_names(&["fa.test"], &[]), NO_AUTHORITY);
        assert_eq!(check_names(&[".test"], &["alfa.test"]), NO_AUTHORITY);
    }

    #[test]
    fn a_crowd_of_look_alikes_is_not_tried_for_ever() {
        let root = authority("root");
        let crowd: Vec<Bytes> = (0..70_u16)
            .map(|number| {
                let mut params = authority("root");
                params.serial_number = Some(number.to_be_bytes().to_vec().into());
                issue(&params, &BETA, &root, &BETA)
            })
            .collect();
        let stranger = authority("stranger");
        let anchor = issue(&stranger, &INDEX, &stranger, &INDEX);
        let leaf = issue(&signer(), &ALFA, &root, &BETA);
        assert_eq!(check_chain(&leaf, &crowd, &anchor), Err("il percorso di certificazione è troppo lungo"));
    }
}
