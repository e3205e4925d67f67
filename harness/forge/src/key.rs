use aws_lc_rs::{rand::SystemRandom, signature::RSA_PKCS1_SHA256, signature::RsaKeyPair};
use base64::{Engine, engine::general_purpose::STANDARD};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use crate::{ForgeError, rsa::Numbers};

/// A digest to sign over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Digest {
    /// SHA-256.
    #[default]
    Sha256,
    /// SHA-1, which no provider may use any more.
    Sha1,
}

impl Digest {
    /// The digest of these octets.
    pub fn of(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(bytes).to_vec(),
            Self::Sha1 => Sha1::digest(bytes).to_vec(),
        }
    }

    /// What `micalg` says.
    pub fn micalg(self) -> &'static str {
        match self {
            Self::Sha256 => "sha-256",
            Self::Sha1 => "sha1",
        }
    }

    /// `DigestInfo` up to the digest itself (RFC 8017 §9.2).
    fn prefix(self) -> &'static [u8] {
        match self {
            Self::Sha256 => b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
            Self::Sha1 => b"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14",
        }
    }
}

/// An RSA private key; its signatures are RSASSA-PKCS1-v1_5, the same octets each time.
pub struct Key {
    numbers: Numbers,
    /// None where the key is too small for the library.
    pair: Option<RsaKeyPair>,
}

impl Key {
    /// Reads PKCS#8 in PEM (`BEGIN PRIVATE KEY`).
    ///
    /// # Errors
    /// [`ForgeError::Key`].
    pub fn from_pem(pem: &str) -> Result<Self, ForgeError> {
        let text = pem
            .split_once("-----BEGIN PRIVATE KEY-----")
            .and_then(|(_, rest)| rest.split_once("-----END PRIVATE KEY-----"))
            .map(|(body, _)| body.split_whitespace().collect::<String>())
            .ok_or(ForgeError::Key("no BEGIN PRIVATE KEY"))?;
        Self::from_der(&STANDARD.decode(text).map_err(|_| ForgeError::Key("broken base64"))?)
    }

    /// Reads PKCS#8 in DER.
    ///
    /// # Errors
    /// [`ForgeError::Key`].
    pub fn from_der(pkcs8: &[u8]) -> Result<Self, ForgeError> {
        let numbers = Numbers::read(pkcs8).ok_or(ForgeError::Key("no RSA numbers"))?;
        if numbers.modulus.len() < 128 {
            return Err(ForgeError::Key("less than 1024 bits"));
        }
        Ok(Self { numbers, pair: RsaKeyPair::from_pkcs8(pkcs8).ok() })
    }

    /// The public key: `SubjectPublicKeyInfo` in DER.
    pub fn public_key(&self) -> Vec<u8> {
        self.numbers.public_key().unwrap_or_default()
    }

    /// Signs: RSASSA-PKCS1-v1_5 over the digest of `message`.
    pub fn sign(&self, digest: Digest, message: &[u8]) -> Vec<u8> {
        match (&self.pair, digest) {
            (Some(pair), Digest::Sha256) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                match pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature) {
                    Ok(()) => signature,
                    // The same octets, only slower.
                    Err(_) => self.sign_by_hand(digest, message),
                }
            }
            _ => self.sign_by_hand(digest, message),
        }
    }

    fn sign_by_hand(&self, digest: Digest, message: &[u8]) -> Vec<u8> {
        let info = [digest.prefix(), &digest.of(message)].concat();
        let padding = self.numbers.modulus.len().saturating_sub(info.len() + 3);
        let padded = [&[0, 1][..], &vec![0xff; padding], &[0], &info].concat();
        self.numbers.power(&padded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_by_hand_is_the_librarys_signature() {
        let key = crate::sign::tests::key("provider-01");
        assert_eq!(key.sign(Digest::Sha256, b"abc"), key.sign_by_hand(Digest::Sha256, b"abc"));
        assert_eq!(key.sign(Digest::Sha1, b"abc").len(), 256);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        assert!(Key::from_pem("no key").is_err());
        assert!(Key::from_der(b"\x30\x00").is_err());
    }
}
