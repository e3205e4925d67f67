use std::collections::BTreeSet;

use collaudo_node::Timestamp;
use der::{Decode, Encode};
use x509_cert::{crl::CertificateList, ext::Extensions, name::Name, time::Time};

use super::{
    Trust,
    ber::{BIT_STRING, Elements, OID, SEQUENCE},
    certificate::{Hash, Known},
};

/// The list of a large authority comes to a few megabytes.
const MAX_OCTETS: usize = 16 << 20;

/// What an authority has revoked, by its signed list (CRL, RFC 5280 §5).
#[derive(Clone, Debug)]
pub struct Revocations {
    issuer: Name,
    this_update: Timestamp,
    next_update: Timestamp,
    serials: BTreeSet<Vec<u8>>,
}

/// Why a list of revoked certificates cannot be used; the last good one stays in force.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RevocationFault {
    /// It is over the limit of size.
    #[error("list of revoked certificates of {0} octets is too large")]
    Large(usize),
    /// No anchor that may sign such lists has signed it.
    #[error("list of revoked certificates is not signed by an authority of the configuration")]
    Signature,
    /// It cannot be read.
    #[error("list of revoked certificates cannot be read: {0}")]
    Form(String),
    /// It does not say how long it is good.
    #[error("list of revoked certificates has no nextUpdate")]
    Endless,
    /// It is not the whole list, or says something that is not understood here and must be.
    #[error("list of revoked certificates has a critical extension that is not understood: {0}")]
    Extension(String),
}

/// What is known of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Good,
    Revoked,
    /// The list is not its issuer's, or no longer good.
    Unknown,
}

impl Revocations {
    /// Reads a list in DER, whose signature must be one of an anchor's.
    //= PEC-2.2.2-15
    pub fn read(der: &[u8], trust: &Trust) -> Result<Self, RevocationFault> {
        if der.len() > MAX_OCTETS {
            return Err(RevocationFault::Large(der.len()));
        }
        // Nothing of a list that a stranger may have written is looked at before its signature.
        let anchor = signer(der, trust).ok_or(RevocationFault::Signature)?;
        let form = |error: der::Error| RevocationFault::Form(error.to_string());
        let list = CertificateList::from_der(der).map_err(form)?.tbs_cert_list;
        if list.issuer != *anchor.subject() {
            return Err(RevocationFault::Signature);
        }
        let next_update = list.next_update.ok_or(RevocationFault::Endless)?;
        understood(list.crl_extensions.as_ref())?;
        let mut serials = BTreeSet::new();
        for revoked in list.revoked_certificates.unwrap_or_default() {
            understood(revoked.crl_entry_extensions.as_ref())?;
            serials.insert(revoked.serial_number.to_der().map_err(form)?);
        }
        let (this_update, next_update) = (timestamp(&list.this_update), timestamp(&next_update));
        Ok(Self { issuer: list.issuer, this_update, next_update, serials })
    }

    /// When the list was made: an older one must not take a newer one's place.
    pub fn this_update(&self) -> Timestamp {
        self.this_update
    }

    /// When the next list comes out at the latest.
    pub fn next_update(&self) -> Timestamp {
        self.next_update
    }

    /// Whether the list still tells what is revoked. One from a future by our clock does: it knows all the more.
    pub fn is_current(&self, at: Timestamp) -> bool {
        at <= self.next_update
    }

    /// Whether the list names this certificate (DER), from whatever instant on: who signed before may be anyone who had
    /// the key, for the instant of a signature is its maker's own word.
    pub fn is_revoked(&self, certificate: &[u8]) -> bool {
        Known::read(certificate).is_ok_and(|known| self.names(&known))
    }

    pub(super) fn standing(&self, known: &Known, at: Timestamp) -> Standing {
        match () {
            () if self.names(known) => Standing::Revoked,
            () if *known.issuer() == self.issuer && self.is_current(at) => Standing::Good,
            () => Standing::Unknown,
        }
    }

    fn names(&self, known: &Known) -> bool {
        *known.issuer() == self.issuer && known.serial_number().is_some_and(|serial| self.serials.contains(serial))
    }
}

/// The anchor that has signed a list.
fn signer<'a>(der: &[u8], trust: &'a Trust) -> Option<&'a Known> {
    let mut list = Elements(der).required(SEQUENCE)?.inside();
    let (signed, algorithm) = (list.required(SEQUENCE)?, list.required(SEQUENCE)?);
    let algorithm = algorithm.inside().required(OID)?;
    let hash = Hash::of_signature(const_oid::ObjectIdentifier::from_bytes(algorithm.content).ok()?)?;
    // The first octet counts the bits that the last one lacks; a signature is of whole octets.
    let signature = list.required(BIT_STRING)?.content.strip_prefix(&[0])?;
    trust.anchors().find(|anchor| anchor.may_sign_lists() && anchor.verify(hash, signed.whole, signature))
}

fn understood(extensions: Option<&Extensions>) -> Result<(), RevocationFault> {
    match extensions.into_iter().flatten().find(|extension| extension.critical) {
        Some(extension) => Err(RevocationFault::Extension(extension.extn_id.to_string())),
        None => Ok(()),
    }
}

/// An instant of a certificate, a list or a signature.
pub(super) fn timestamp(time: &Time) -> Timestamp {
    // DER tells no instant before 1970 or after 9999.
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_unix_micros(seconds.saturating_mul(1_000_000))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::samples::*, *};

    fn of(list: &[u8]) -> Result<Revocations, RevocationFault> {
        Revocations::read(list, &trust())
    }

    #[test]
    fn a_list_names_what_its_authority_revoked() {
        let list = of(&crl(&[ALFA.certificate], None)).unwrap();
        assert!(list.is_revoked(ALFA.certificate) && !list.is_revoked(BETA.certificate) && !list.is_revoked(b"x"));
        assert_eq!((list.this_update(), list.next_update()), (NOW, later(6 * 3600)));
        assert!(list.is_current(NOW) && list.is_current(later(6 * 3600)) && !list.is_current(later(6 * 3600 + 1)));
        assert!(!of(&crl(&[], None)).unwrap().is_revoked(ALFA.certificate));
    }

    #[test]
    fn what_a_list_knows_ends_with_it() {
        let list = of(&crl(&[ALFA.certificate], None)).unwrap();
        let standing = |certificate: &[u8], at| list.standing(&Known::read(certificate).unwrap(), at);
        assert_eq!(
            (standing(ALFA.certificate, NOW), standing(BETA.certificate, NOW)),
            (Standing::Revoked, Standing::Good)
        );
        let late = later(7 * 3600);
        assert_eq!(
            (standing(ALFA.certificate, late), standing(BETA.certificate, late)),
            (Standing::Revoked, Standing::Unknown)
        );
    }

    #[test]
    fn only_an_anchor_signs_a_list() {
        let list = crl(&[ALFA.certificate], None);
        assert_eq!(Revocations::read(&list, &Trust::default()).unwrap_err(), RevocationFault::Signature);
        let other = Trust::new(&[collaudo_node::Bytes::from_static(BETA.certificate)]).unwrap();
        assert_eq!(Revocations::read(&list, &other).unwrap_err(), RevocationFault::Signature);
        for at in [30, list.len() / 2, list.len() - 1] {
            let mut altered = list.clone();
            altered[at] ^= 1;
            assert!(of(&altered).is_err(), "octet {at}");
        }
        assert_eq!(of(b"").unwrap_err(), RevocationFault::Signature);
        assert_eq!(of(&vec![0; MAX_OCTETS + 1]).unwrap_err(), RevocationFault::Large(MAX_OCTETS + 1));
    }

    #[test]
    fn a_list_of_a_part_of_the_certificates_is_refused() {
        let part = rcgen::CrlIssuingDistributionPoint {
            distribution_point: rcgen::CrlDistributionPoint { uris: vec!["http://x".into()] },
            scope: Some(rcgen::CrlScope::UserCertsOnly),
        };
        assert_eq!(of(&crl(&[], Some(part))).unwrap_err(), RevocationFault::Extension("2.5.29.28".into()));
    }

    proptest! {
        #[test]
        fn any_octets_are_read_or_refused(octets in proptest::collection::vec(any::<u8>(), 0..80)) {
            prop_assert!(of(&octets).is_err());
        }
    }
}
