//! `gestore crl`: the authority of a network makes its next list of revoked certificates.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use collaudo_node::Timestamp;
use der::{Decode, Encode, asn1::Uint};
use rcgen::{
    CertificateRevocationListParams, Issuer, KeyIdMethod, KeyPair, RevokedCertParams, SerialNumber, date_time_ymd,
};
use x509_cert::{Certificate, crl::CertificateList};

use super::keys::{self, told};
use crate::shell::{Error, clock, config, tls::certificates};

/// Days that a list is good for where nothing else is asked for: ten years, as all that [`super::init`] makes.
pub const DAYS: u32 = 3650;

/// Where [`super::init`] keeps the authority.
pub(super) const KEEP: &str = "authority";
const KEY: &str = "authority.key.pem";
const CERTIFICATE: &str = "authority.crt.pem";
/// The list as it was made last.
const LIST: &str = "lista-revoche.crl";

/// The extension of a list that holds its number (RFC 5280 §5.2.3).
const NUMBER: &str = "2.5.29.20";

/// A new list of revoked certificates, as [`renew`] is to make it.
#[derive(Clone, Debug)]
pub struct Renewal {
    /// The folder that [`super::init`] made.
    pub folder: PathBuf,
    /// Certificates in PEM that are revoked from now on; who was revoked before stays so.
    pub revoke: Vec<PathBuf>,
    /// How long the list is good.
    pub days: u32,
}

/// What a list says.
#[derive(Debug, Default)]
pub(super) struct List {
    number: u64,
    /// Serial numbers, and since when they are revoked.
    revoked: BTreeMap<Vec<u8>, Duration>,
}

/// Makes the next list and lays it where each provider of the folder reads it. *Gives* what a person should read.
///
/// *Errors*: a folder without an authority, a certificate that it has not issued, a disk that does not take the list.
pub fn renew(renewal: &Renewal) -> Result<String, Error> {
    let keep = renewal.folder.join(KEEP);
    let key = fs::read_to_string(keep.join(KEY)).map_err(|error| Error::at(&keep.join(KEY), error))?;
    let providers = providers(&renewal.folder)?;
    let mut list = last(&keep, &providers)?;
    let now = clock::now();
    let authority = read_certificate(&keep.join(CERTIFICATE))?;
    for path in &renewal.revoke {
        let certificate = read_certificate(path)?;
        if !has_issued(&authority, &certificate) {
            return Err(Error::at(path, "was issued by another authority, which alone can revoke it"));
        }
        let serial = certificate.tbs_certificate.serial_number.as_bytes().to_vec();
        list.revoked.entry(serial).or_insert_with(|| now.since(Timestamp::default()));
    }
    let der = list.sign(&keys::issuer(&key)?, now, renewal.days)?;
    let count = list.revoked.len();
    let (number, days) = (list.number + 1, renewal.days);
    let mut text = format!("list {number}: revoked certificates: {count}; good for {days} days\n");
    for path in [keep.join(LIST)].iter().chain(&providers) {
        replace(path, &der)?;
        text += &format!("  {}\n", path.display());
    }
    Ok(
        text + "A server that runs takes it up when it next asks for it ([crl] refresh_seconds), or when it is started again.\n"
    )
}

/// Where the providers of a folder read their list, each of them that reads a file.
fn providers(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let inner = fs::read_dir(folder).map_err(|error| Error::at(folder, error))?;
    let mut folders: Vec<PathBuf> = inner.filter_map(|entry| Some(entry.ok()?.path())).collect();
    folders.push(folder.to_owned());
    folders.sort();
    let mut lists = Vec::new();
    for folder in folders.into_iter().filter(|folder| folder.join(config::FILE).exists()) {
        if let Some(crl) = config::read(&folder)?.crl.filter(|crl| !crl.from.contains("://")) {
            lists.push(folder.join(crl.from));
        }
    }
    Ok(lists)
}

/// The last list that the authority has made.
fn last(keep: &Path, providers: &[PathBuf]) -> Result<List, Error> {
    let known = std::iter::once(keep.join(LIST)).chain(providers.iter().cloned()).find(|path| path.exists());
    let Some(path) = known else { return Ok(List::default()) };
    let der = fs::read(&path).map_err(|error| Error::at(&path, error))?;
    List::read(&der).ok_or_else(|| Error::at(&path, "is no list of revoked certificates in DER"))
}

fn read_certificate(path: &Path) -> Result<Certificate, Error> {
    let der = certificates(path)?.first().map(|der| der.to_vec()).unwrap_or_default();
    Certificate::from_der(&der).map_err(|error| Error::at(path, error))
}

/// Whether it was this authority: names tell nothing, for all that [`super::init`] makes have the same.
fn has_issued(authority: &Certificate, certificate: &Certificate) -> bool {
    let key = authority.tbs_certificate.subject_public_key_info.subject_public_key.raw_bytes();
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key);
    let signed = certificate.tbs_certificate.to_der();
    signed.is_ok_and(|signed| key.verify(&signed, certificate.signature.raw_bytes()).is_ok())
}

/// The file as it was stays until the new one is whole.
fn replace(path: &Path, octets: &[u8]) -> Result<(), Error> {
    let new = path.with_extension("new");
    fs::write(&new, octets).map_err(|error| Error::at(&new, error))?;
    fs::rename(&new, path).map_err(|error| Error::at(path, error))
}

impl List {
    fn read(der: &[u8]) -> Option<Self> {
        let list = CertificateList::from_der(der).ok()?.tbs_cert_list;
        let extensions = list.crl_extensions.unwrap_or_default();
        let number = extensions.iter().find(|extension| extension.extn_id.to_string() == NUMBER);
        let number = number.and_then(|extension| Uint::from_der(extension.extn_value.as_bytes()).ok());
        // A number has up to twenty octets, and ours count from 1.
        let number = number.map_or(0, |n| n.as_bytes().iter().fold(0, |sum: u64, octet| sum << 8 | u64::from(*octet)));
        let revoked = list.revoked_certificates.unwrap_or_default().into_iter();
        let revoked = revoked
            .map(|entry| (entry.serial_number.as_bytes().to_vec(), entry.revocation_date.to_unix_duration()))
            .collect();
        Some(Self { number, revoked })
    }

    /// The list that follows this one, in DER.
    pub(super) fn sign(&self, issuer: &Issuer<'_, KeyPair>, now: Timestamp, days: u32) -> Result<Vec<u8>, Error> {
        let epoch = date_time_ymd(1970, 1, 1);
        let now = now.since(Timestamp::default());
        let revoked = self.revoked.iter().map(|(serial, since)| RevokedCertParams {
            serial_number: SerialNumber::from_slice(serial),
            revocation_time: epoch + *since,
            reason_code: None,
            invalidity_date: None,
        });
        let list = CertificateRevocationListParams {
            this_update: epoch + now,
            next_update: epoch + now + Duration::from_secs(u64::from(days) * 24 * 3600),
            crl_number: SerialNumber::from(self.number + 1),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Ok(list.signed_by(issuer).map_err(told)?.der().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::{super::keys::Authority, *};

    #[test]
    fn each_list_follows_the_one_before_and_forgets_nobody() {
        let issuer = keys::issuer(&Authority::new().expect("an authority").key()).expect("its key");
        let at = Timestamp::from_unix_micros(1_900_000_000_000_000);
        let first = List::read(&List::default().sign(&issuer, at, 1).expect("a list")).expect("a list");
        assert_eq!((first.number, first.revoked.len()), (1, 0));
        let since = Duration::from_secs(1_800_000_000);
        let revoked = List { number: 300, revoked: BTreeMap::from([(vec![1, 2, 3], since)]) };
        let second = List::read(&revoked.sign(&issuer, at, 1).expect("a list")).expect("a list");
        assert_eq!((second.number, second.revoked), (301, revoked.revoked));
    }
}
