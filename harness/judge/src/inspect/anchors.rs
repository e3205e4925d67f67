use std::{error::Error, fmt, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::reading::{Certificate, Index, Trust, UnverifiedCrl};

/// What stored messages are held against besides themselves: anchors of trust, an index of providers, lists of revoked
/// certificates. Each may be left out, and what was left out is said.
#[derive(Debug, Default)]
pub struct Anchors {
    pub(super) trust: Trust,
    pub(super) index: Index,
    pub(super) has_index: bool,
    pub(super) crls: Vec<UnverifiedCrl>,
}

/// Why an anchor cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnchorsError {
    /// The file of this place among those of trust, from 0, holds no certificate in PEM or DER.
    NoCertificate(usize),
    /// The index holds no record.
    NoRecord,
    /// The file of this place among the lists of revoked certificates, from 0, is none in PEM or DER.
    NoList(usize),
}

impl fmt::Display for AnchorsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCertificate(_) => {
                f.write_str("found no certificate where certificates to trust were expected, in PEM or DER")
            }
            Self::NoRecord => {
                f.write_str("found no record where an index of providers was expected, as LDIF or as the signed file")
            }
            Self::NoList(_) => {
                f.write_str("found no list where a list of revoked certificates was expected, in PEM or DER")
            }
        }
    }
}

impl Error for AnchorsError {}

impl Anchors {
    /// Reads what to hold messages against.
    ///
    /// *Takes* files of certificates to trust, each in DER or with any number of them in PEM; an index as LDIF or as the
    /// signed file, whose own signature is not examined; lists of revoked certificates in DER or PEM.
    ///
    /// *Errors*: which file holds nothing of what it should.
    pub fn read(trust: &[&[u8]], index: Option<&[u8]>, crls: &[&[u8]]) -> Result<Self, AnchorsError> {
        let mut anchors = Vec::new();
        for (place, file) in trust.iter().enumerate() {
            let before = anchors.len();
            anchors.extend(blocks(file, "CERTIFICATE").iter().filter_map(|der| Certificate::read(der)));
            if anchors.len() == before {
                return Err(AnchorsError::NoCertificate(place));
            }
        }
        let mut lists = Vec::new();
        for (place, file) in crls.iter().enumerate() {
            let before = lists.len();
            lists.extend(blocks(file, "X509 CRL").iter().filter_map(|der| UnverifiedCrl::read(der)));
            if lists.len() == before {
                return Err(AnchorsError::NoList(place));
            }
        }
        let has_index = index.is_some();
        let index = index.map(|octets| Index::of_directory(octets, None)).unwrap_or_default();
        if has_index && index.records.is_empty() {
            return Err(AnchorsError::NoRecord);
        }
        Ok(Self { trust: Trust::new(anchors), index, has_index, crls: lists })
    }

    /// How many certificates, records of providers and lists of revoked certificates were read.
    pub fn counts(&self) -> (usize, usize, usize) {
        (self.trust.anchors().len(), self.index.records.len(), self.crls.len())
    }

    /// Certificates that are trusted.
    pub(super) fn trusted(&self) -> &[Arc<Certificate>] {
        self.trust.anchors()
    }
}

/// The blocks of a PEM file under that label; a file that is no PEM is one block.
pub(super) fn blocks(octets: &[u8], label: &str) -> Vec<Vec<u8>> {
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let text = String::from_utf8_lossy(octets);
    if !text.contains("-----BEGIN ") {
        return vec![octets.to_vec()];
    }
    let mut blocks = Vec::new();
    for part in text.split(begin.as_str()).skip(1) {
        let Some((digits, _)) = part.split_once(end.as_str()) else { continue };
        let digits: String = digits.split_whitespace().collect();
        blocks.extend(STANDARD.decode(digits));
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{AUTHORITY, INDEX_SIGNER, ldif, list_of_revoked};

    fn pem(label: &str, der: &[u8]) -> String {
        format!("-----BEGIN {label}-----\r\n{}\r\n-----END {label}-----\r\n", STANDARD.encode(der))
    }

    #[test]
    fn certificates_and_lists_are_read_in_der_and_in_pem() {
        let bundle = format!("Root\n{}\n{}", pem("CERTIFICATE", AUTHORITY), pem("CERTIFICATE", INDEX_SIGNER));
        let list = pem("X509 CRL", list_of_revoked(true));
        let ldif = ldif();
        let read = Anchors::read(
            &[AUTHORITY, bundle.as_bytes()],
            Some(ldif.as_bytes()),
            &[list.as_bytes(), list_of_revoked(false)],
        );
        let (certificates, records, lists) = read.expect("all can be read").counts();
        assert_eq!((certificates, lists), (3, 2));
        assert!(records > 1);
    }

    #[test]
    fn a_file_of_another_kind_is_told_by_its_place() {
        assert_eq!(Anchors::read(&[AUTHORITY, b"hello"], None, &[]).err(), Some(AnchorsError::NoCertificate(1)));
        assert_eq!(Anchors::read(&[], Some(b"hello"), &[]).err(), Some(AnchorsError::NoRecord));
        assert_eq!(Anchors::read(&[], None, &[AUTHORITY]).err(), Some(AnchorsError::NoList(0)));
    }
}
