use std::fmt;

use sha2::{Digest, Sha256};

/// A connection, named by whoever opened it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConnId {
    /// The peer connected; numbered by the driver, from 0 at each start.
    Incoming(u64),
    /// The node connected; numbered by the node.
    Outgoing(u64),
}

/// The node's own name for something it waits for; means nothing to the driver, which hands it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// A host's name in the world.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Host(pub String);

/// The SHA-256 of a body: its name wherever it is kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BodyId(pub [u8; 32]);

impl BodyId {
    /// The id of these octets.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Reads 64 lower-case hexadecimal digits, as [`fmt::Display`] writes them.
    pub fn from_hex(hex: &str) -> Option<Self> {
        if hex.len() != 64 || !hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
            return None;
        }
        let mut id = [0; 32];
        for (octet, [high, low]) in id.iter_mut().zip(hex.as_bytes().as_chunks().0) {
            *octet = digit(*high) << 4 | digit(*low);
        }
        Some(Self(id))
    }
}

impl fmt::Display for BodyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digit = |value: u8| if value < 10 { b'0' + value } else { b'a' + value - 10 };
        let mut hex = [0; 64];
        for ([high, low], octet) in hex.as_chunks_mut().0.iter_mut().zip(self.0) {
            (*high, *low) = (digit(octet >> 4), digit(octet & 0xf));
        }
        f.write_str(std::str::from_utf8(&hex).map_err(|_| fmt::Error)?)
    }
}

/// The value of a lower-case hexadecimal digit.
fn digit(hex: u8) -> u8 {
    if hex.is_ascii_digit() { hex - b'0' } else { hex - b'a' + 10 }
}

impl fmt::Debug for BodyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn body_id_reads_what_it_writes_and_nothing_else() {
        let id = BodyId::of(b"abc");
        assert_eq!(BodyId::from_hex(&id.to_string()), Some(id));
        assert_eq!(BodyId::from_hex(&id.to_string().to_uppercase()), None);
        assert_eq!(BodyId::from_hex("00"), None);
    }
}
