use const_oid::db;
use der::{Any, AnyRef, Decode, Encode, asn1::BitString};
use spki::AlgorithmIdentifierOwned;
use x509_cert::{Certificate, TbsCertificate};

use crate::{Digest, ForgeError, Key};

/// Issues a certificate (DER) again with something changed, signed by the authority's key.
///
/// # Errors
/// [`ForgeError::Certificate`].
pub fn reissue(
    certificate: &[u8],
    authority: &Key,
    digest: Digest,
    edit: impl FnOnce(&mut TbsCertificate),
) -> Result<Vec<u8>, ForgeError> {
    let mut certificate = Certificate::from_der(certificate).map_err(ForgeError::Certificate)?;
    let algorithm = AlgorithmIdentifierOwned {
        oid: match digest {
            Digest::Sha256 => db::rfc5912::SHA_256_WITH_RSA_ENCRYPTION,
            Digest::Sha1 => db::rfc5912::SHA_1_WITH_RSA_ENCRYPTION,
        },
        parameters: Some(Any::from(AnyRef::NULL)),
    };
    certificate.tbs_certificate.signature = algorithm.clone();
    certificate.signature_algorithm = algorithm;
    edit(&mut certificate.tbs_certificate);
    let to_sign = certificate.tbs_certificate.to_der().map_err(ForgeError::Certificate)?;
    certificate.signature =
        BitString::from_bytes(&authority.sign(digest, &to_sign)).map_err(ForgeError::Certificate)?;
    certificate.to_der().map_err(ForgeError::Certificate)
}
