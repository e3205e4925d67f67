use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use super::Certificate;

/// How many certificates and how many signatures on certificates are remembered; beyond that each is looked at anew.
const REMEMBERED: usize = 4_096;

/// Anchors of trust, and what was learned of certificates on the way: of the millions of messages that a provider signs the
/// same two certificates come with each. What is remembered changes no result.
#[derive(Debug, Default)]
pub struct Trust {
    anchors: Vec<Arc<Certificate>>,
    memory: RwLock<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    certificates: BTreeMap<Vec<u8>, Arc<Certificate>>,
    /// Fingerprints of a certificate and of an authority; whether the one signed the other.
    signatures: BTreeMap<([u8; 32], [u8; 32]), bool>,
}

impl Trust {
    /// Trusts these certificates.
    pub fn new(anchors: impl IntoIterator<Item = Certificate>) -> Self {
        Self { anchors: anchors.into_iter().map(Arc::new).collect(), memory: RwLock::default() }
    }

    /// The anchors, in the order in which they were given.
    pub fn anchors(&self) -> &[Arc<Certificate>] {
        &self.anchors
    }

    /// The certificate of these octets (DER).
    pub(crate) fn certificate(&self, der: &[u8]) -> Option<Arc<Certificate>> {
        let known = self.memory.read().unwrap_or_else(PoisonError::into_inner).certificates.get(der).cloned();
        if known.is_some() {
            return known;
        }
        let read = Arc::new(Certificate::read(der)?);
        let mut memory = self.memory.write().unwrap_or_else(PoisonError::into_inner);
        if memory.certificates.len() < REMEMBERED {
            memory.certificates.insert(der.to_vec(), Arc::clone(&read));
        }
        Some(read)
    }

    /// Whether that authority's key signed this certificate.
    pub(crate) fn is_signed_by(&self, certificate: &Certificate, authority: &Certificate) -> bool {
        let pair = (*certificate.fingerprint(), *authority.fingerprint());
        let known = self.memory.read().unwrap_or_else(PoisonError::into_inner).signatures.get(&pair).copied();
        if let Some(known) = known {
            return known;
        }
        let is_signed = certificate.is_signed_by(authority);
        let mut memory = self.memory.write().unwrap_or_else(PoisonError::into_inner);
        if memory.signatures.len() < REMEMBERED {
            memory.signatures.insert(pair, is_signed);
        }
        is_signed
    }
}

impl From<&[Certificate]> for Trust {
    fn from(anchors: &[Certificate]) -> Self {
        Self::new(anchors.iter().cloned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{AUTHORITY, ISSUER, REVOCABLE};

    #[test]
    fn what_is_remembered_is_what_was_found() {
        let trust = Trust::default();
        let read = |der| trust.certificate(der).expect("a fixture");
        for _ in 0..2 {
            assert!(trust.is_signed_by(&read(REVOCABLE), &read(ISSUER)));
            assert!(!trust.is_signed_by(&read(REVOCABLE), &read(AUTHORITY)));
        }
        assert!(Arc::ptr_eq(&read(ISSUER), &read(ISSUER)));
        assert_eq!(trust.certificate(b"no certificate"), None);
    }

    #[test]
    fn memory_is_bounded() {
        let trust = Trust::default();
        let mut der = REVOCABLE.to_vec();
        let last = der.len() - 1;
        for number in 0..REMEMBERED + 10 {
            der[last] = (number % 256) as u8;
            der[last - 1] = (number / 256) as u8;
            assert!(trust.certificate(&der).is_some(), "a certificate whose signature does not fit can be read");
        }
        assert_eq!(trust.memory.read().expect("nobody panicked").certificates.len(), REMEMBERED);
    }
}
