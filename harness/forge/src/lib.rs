//! The third hand: writes and signs messages as a provider would, or as none should.
//!
//! Three hands share no code: one builds, one reads, this one forges. [`envelope`], [`receipt`] and [`anomaly`] write
//! every kind of message for a scripted peer, in the [`Style`] of its signer; what answers a message that came
//! ([`take_charge`], [`delivery`], [`virus_detection`]) is made from its octets alone. [`Opened`] takes a signed message
//! apart down to its octets, so that it can be bent in one point and sealed anew. Nothing here asks whether a message is
//! right.

mod answers;
mod ber;
mod brief;
mod certificate;
mod crl;
mod daticert;
mod index;
mod key;
mod kinds;
mod mime;
mod opened;
mod parts;
mod rsa;
mod sign;
mod style;
mod text;
mod time;
mod words;

pub use answers::{delivery, stray_receipt, take_charge, unsigned, virus_detection, virus_non_delivery};
pub use brief::brief;
pub use certificate::reissue;
pub use crl::revocation_list;
pub use daticert::{Daticert, Xml};
pub use index::{open_index, open_log, seal_index, seal_log};
pub use key::{Digest, Key};
pub use kinds::{Certified, Form, Kind, PeerIdentity, Recipient, anomaly, envelope, receipt, rewritten_original};
pub use mime::{Body, Entity, Fields, Framed, Multipart, base64_lines, multipart, parameter};
pub use opened::{Opened, open, reseal};
pub use parts::Encoding;
pub use sign::{Signer, encapsulated, sign, signed_content, signed_opaque, signing_time};
pub use style::{Certificates, DateForm, Layout, Quotes, Style, Words};
pub use time::{Moment, unix_of_date};
pub use words::{decode_words, encode_words};

/// Why something cannot be forged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForgeError {
    /// Not a PKCS#8 RSA private key.
    #[error("read a private key: {0}; expected RSA in PKCS#8, PEM or DER")]
    Key(&'static str),
    /// Not an X.509 certificate.
    #[error("read a certificate: {0}")]
    Certificate(der::Error),
    /// Not CMS SignedData in DER.
    #[error("read a signature: {0}")]
    Cms(der::Error),
    /// Not what the forger can take apart.
    #[error("open a message: {0}")]
    Message(&'static str),
}
