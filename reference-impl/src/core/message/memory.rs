//! Certificates remembered: providers send the same few along with every message.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use collaudo_node::BodyId;

use super::certificate::{CertificateFault, Known};

/// More certificates than providers and their authorities have; strangers who send others make it forget all.
const MAX_CERTIFICATES: usize = 1_000;
/// No certificate that signs mail comes near.
const MAX_OCTETS: usize = 8 << 10;

/// What is said in certificates, and which of them has signed which: facts that their octets alone decide, so they hold for
/// ever. Whether one is in its time, or revoked, is no such fact and is asked anew for each message.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<Facts>);

#[derive(Debug, Default)]
struct Facts {
    /// By their octets.
    read: BTreeMap<Vec<u8>, Arc<Known>>,
    /// By the issuer and the certificate that it may have signed.
    signed: BTreeMap<(BodyId, BodyId), bool>,
}

impl Memory {
    /// A certificate in DER.
    pub(super) fn read(&self, der: &[u8]) -> Result<Arc<Known>, CertificateFault> {
        if der.len() > MAX_OCTETS {
            return Known::read(der).map(Arc::new);
        }
        self.with(|facts| {
            if let Some(known) = facts.read.get(der) {
                return Ok(known.clone());
            }
            let known = Arc::new(Known::read(der)?);
            if facts.read.len() >= MAX_CERTIFICATES {
                *facts = Facts::default();
            }
            facts.read.insert(der.to_vec(), known.clone());
            Ok(known)
        })
    }

    /// Whether the key of `issuer` has signed `certificate`.
    pub(super) fn has_signed(&self, issuer: &Known, certificate: &Known) -> bool {
        let pair = (issuer.id(), certificate.id());
        self.with(|facts| {
            if let Some(signed) = facts.signed.get(&pair) {
                return *signed;
            }
            let signed = issuer.has_signed(certificate);
            if facts.signed.len() >= MAX_CERTIFICATES {
                facts.signed.clear();
            }
            facts.signed.insert(pair, signed);
            signed
        })
    }

    fn with<T>(&self, ask: impl FnOnce(&mut Facts) -> T) -> T {
        // Whoever panicked left facts behind, and no half of one.
        ask(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::samples::{ALFA, BETA, CA},
        *,
    };

    #[test]
    fn what_is_remembered_is_what_was_read() {
        let memory = Memory::default();
        let (alfa, authority) = (Known::read(ALFA.certificate).unwrap(), Known::read(CA).unwrap());
        for _ in 0..2 {
            assert_eq!(memory.read(ALFA.certificate).unwrap().der(), ALFA.certificate);
            assert!(memory.read(b"no certificate").is_err());
            assert!(memory.has_signed(&authority, &alfa));
            assert!(!memory.has_signed(&alfa, &authority));
        }
    }

    #[test]
    fn a_crowd_of_strangers_is_forgotten() {
        let memory = Memory::default();
        memory.read(BETA.certificate).unwrap();
        let read = || memory.with(|facts| facts.read.len());
        let crowd = u16::try_from(MAX_CERTIFICATES).unwrap();
        for number in 0..crowd {
            let mut other = BETA.certificate.to_vec();
            let at = other.len() - 2;
            other[at..].copy_from_slice(&number.to_be_bytes());
            memory.read(&other).unwrap();
            assert!(read() <= MAX_CERTIFICATES);
        }
        assert!(read() < MAX_CERTIFICATES);
        assert_eq!(memory.read(BETA.certificate).unwrap().der(), BETA.certificate);
    }
}
