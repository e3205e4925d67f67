//! The seal of a closed day of the log: its lines, signed by the provider.

use super::{
    Issuer,
    draft::{bounded, signed_attributes},
};
use aws_lc_rs::digest::{SHA256, digest};
use collaudo_node::{Bytes, Timestamp};

/// A signed file that lacks nothing but its signature.
#[derive(Clone, Debug)]
pub struct LogSeal {
    issuer: Issuer,
    lines: Bytes,
    /// The signed attributes.
    to_sign: Bytes,
}

/// Seals the lines of a closed day of the log at an instant, as they are kept.
//= PEC-2.3-10
pub fn log_seal(issuer: &Issuer, at: Timestamp, lines: Bytes) -> LogSeal {
    let to_sign = signed_attributes(digest(&SHA256, &lines).as_ref(), at);
    let to_sign = to_sign.expect("three attributes of fixed shape encode").into();
    LogSeal { issuer: issuer.clone(), lines, to_sign }
}

impl LogSeal {
    /// The DER of the signed attributes: what RSA with SHA-256 is to sign.
    pub fn to_sign(&self) -> Bytes {
        self.to_sign.clone()
    }

    /// The DER of the SignedData with the lines inside.
    pub fn seal(&self, signature: &[u8]) -> Bytes {
        self.issuer.signed_data(&self.to_sign, bounded(signature), Some(&self.lines)).into()
    }
}
