//! The seal of a closed day of the log: its lines, signed by the provider.

use aws_lc_rs::digest::{SHA256, digest};
use cms::signed_data::SignedAttributes;
use collaudo_node::{Bytes, Timestamp};
use der::Encode;

use super::{
    Issuer,
    draft::{bounded, signed_attributes},
};

/// A signed file that lacks nothing but its signature.
#[derive(Clone, Debug)]
pub struct LogSeal {
    issuer: Issuer,
    lines: Bytes,
    attributes: SignedAttributes,
    to_sign: Bytes,
}

/// Seals the lines of a closed day of the log at an instant, as they are kept.
//= PEC-2.3-10
pub fn log_seal(issuer: &Issuer, at: Timestamp, lines: Bytes) -> LogSeal {
    let attributes =
        signed_attributes(digest(&SHA256, &lines).as_ref(), at).expect("three attributes of fixed shape encode");
    let to_sign = attributes.to_der().expect("three attributes of fixed shape encode").into();
    LogSeal { issuer: issuer.clone(), lines, attributes, to_sign }
}

impl LogSeal {
    /// The DER of the signed attributes: what RSA with SHA-256 is to sign.
    pub fn to_sign(&self) -> Bytes {
        self.to_sign.clone()
    }

    /// The DER of the SignedData with the lines inside; `None` where they are too many for DER to tell (256 MiB).
    pub fn seal(&self, signature: &[u8]) -> Option<Bytes> {
        let signed = self.issuer.signed_data(&self.attributes, bounded(signature), Some(&self.lines));
        signed.ok().map(Into::into)
    }
}
