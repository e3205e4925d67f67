use std::time::Duration;

use const_oid::db;
use der::{
    Any, AnyRef, Decode, Encode,
    asn1::{BitString, OctetString, UtcTime},
};
use spki::AlgorithmIdentifierOwned;
use x509_cert::{
    Certificate, Version,
    crl::{CertificateList, RevokedCert, TbsCertList},
    ext::Extension,
    serial_number::SerialNumber,
    time::Time,
};

use crate::{Digest, ForgeError, Key};

/// The list (DER) of an authority's revoked certificates: serial numbers and the seconds at which they were revoked. It
/// counts from one second to another.
///
/// # Errors
/// [`ForgeError::Certificate`].
pub fn revocation_list(
    authority: &[u8],
    key: &Key,
    (from, until): (i64, i64),
    revoked: &[(u64, i64)],
) -> Result<Vec<u8>, ForgeError> {
    written(authority, key, (from, until), revoked).map_err(ForgeError::Certificate)
}

fn written(authority: &[u8], key: &Key, (from, until): (i64, i64), revoked: &[(u64, i64)]) -> der::Result<Vec<u8>> {
    let authority = Certificate::from_der(authority)?.tbs_certificate;
    let algorithm = AlgorithmIdentifierOwned {
        oid: db::rfc5912::SHA_256_WITH_RSA_ENCRYPTION,
        parameters: Some(Any::from(AnyRef::NULL)),
    };
    let entry = |(serial, at): &(u64, i64)| -> der::Result<RevokedCert> {
        Ok(RevokedCert {
            serial_number: SerialNumber::from(*serial),
            revocation_date: time(*at)?,
            crl_entry_extensions: None,
        })
    };
    let revoked = revoked.iter().map(entry).collect::<der::Result<Vec<_>>>()?;
    let list = TbsCertList {
        version: Version::V2,
        signature: algorithm.clone(),
        issuer: authority.subject.clone(),
        this_update: time(from)?,
        next_update: Some(time(until)?),
        revoked_certificates: (!revoked.is_empty()).then_some(revoked),
        crl_extensions: Some(extensions(&authority)?),
    };
    let signature = BitString::from_bytes(&key.sign(Digest::Sha256, &list.to_der()?))?;
    CertificateList { tbs_cert_list: list, signature_algorithm: algorithm, signature }.to_der()
}

/// Number one, and whose key signed (RFC 5280 §5.2.1, §5.2.3).
fn extensions(authority: &x509_cert::TbsCertificate) -> der::Result<Vec<Extension>> {
    let extension = |extn_id, value: &[u8]| -> der::Result<Extension> {
        Ok(Extension { extn_id, critical: false, extn_value: OctetString::new(value)? })
    };
    let mut extensions = vec![extension(db::rfc5280::ID_CE_CRL_NUMBER, &[0x02, 0x01, 0x01])?];
    let own = authority.extensions.iter().flatten();
    let identifier = own.into_iter().find(|own| own.extn_id == db::rfc5280::ID_CE_SUBJECT_KEY_IDENTIFIER);
    if let Some(identifier) = identifier {
        // An OCTET STRING there, the same octets behind the tag [0] inside a SEQUENCE here.
        let octets = identifier.extn_value.as_bytes().get(2..).unwrap_or_default();
        let length = u8::try_from(octets.len()).unwrap_or(0);
        let value = [&[0x30, length + 2, 0x80, length], octets].concat();
        extensions.push(extension(db::rfc5280::ID_CE_AUTHORITY_KEY_IDENTIFIER, &value)?);
    }
    Ok(extensions)
}

fn time(unix: i64) -> der::Result<Time> {
    UtcTime::from_unix_duration(Duration::from_secs(unix.unsigned_abs())).map(Time::UtcTime)
}
