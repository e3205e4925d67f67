//! All that is pure about messages: bytes in, values out. No effect, no state, no clock.
//!
//! The way in is [`formal_check`] for what a user submits and [`classify`] for what another provider sends; the way out
//! is a [`Draft`] of each kind of message, which is signed from outside and then sealed.

mod address;
mod ber;
mod brief;
mod certificate;
mod classify;
mod daticert;
mod draft;
mod encoded;
mod envelopes;
#[cfg(test)]
mod family_tests;
#[cfg(test)]
mod foreign_tests;
mod form;
mod header;
mod html;
mod index;
mod leaves;
mod legal;
mod memory;
pub(crate) mod mime;
mod notices;
mod original;
pub(crate) mod parameters;
mod parts;
mod revocation;
#[cfg(test)]
mod samples;
mod seal;
mod signature;
mod submission;
#[cfg(test)]
mod tests;
mod text;
#[cfg(test)]
mod virus_tests;
mod write;
mod xml;

use collaudo_node::Timestamp;
use serde::{Deserialize, Serialize};

pub use address::{domain_of, same_address};
pub use certificate::{CertificateFault, Trust};
pub use classify::{EnvelopeRead, Incoming, ReceiptRead, classify};
pub use draft::{Draft, Issuer};
pub use envelopes::{Arrival, anomaly, envelope};
pub use form::{Form, Forms};
pub use header::{Malformed, Message};
pub use index::{Entry, Index, IndexFault, Provider};
pub(crate) use leaves::leaves;
pub use notices::{
    Cause, Timeout, acceptance, delivery, non_acceptance, non_delivery, take_charge, timeout, virus_detection,
    virus_non_acceptance, virus_non_delivery,
};
pub use revocation::{RevocationFault, Revocations};
pub use seal::{LogSeal, log_seal};
pub use submission::{Fault, FormalFault, Submission, formal_check};

/// The certification data that all messages about one original share (§4.4, "intestazione" and the identifiers).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certified {
    /// The reverse path of the submission.
    pub sender: String,
    /// The forward paths of the submission, in their order.
    pub recipients: Vec<Recipient>,
    /// The reply address of the original: its Reply-To, else its From.
    pub reply_to: String,
    /// The subject of the original, where it has one.
    pub subject: Option<Subject>,
    /// The PEC identifier, without angle brackets.
    pub pec_msgid: String,
    /// The identifier that the user's client had set, as it stood in the field, angle brackets included.
    pub msgid: Option<String>,
    /// The form of delivery receipt that the user asked for.
    pub form: Form,
}

/// One recipient of the original.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// The address of the forward path, without angle brackets.
    pub address: String,
    /// Whether its domain is a managed domain of the index.
    pub certified: bool,
}

/// The subject of an original.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// As a person reads it: unfolded, encoded words decoded.
    pub text: String,
    /// As it stood in the field, unfolded, where that was printable ASCII; such a value is repeated as it is.
    pub wire: Option<String>,
}

/// What sets one generated message apart from all others: its own identifier and the one instant of its making (§4.1).
#[derive(Clone, Copy, Debug)]
pub struct Stamp<'a> {
    /// The Message-ID of the generated message, without angle brackets; never used before.
    pub id: &'a str,
    /// The instant that header, text and XML all tell.
    pub at: Timestamp,
}

/// The kinds of certified message, as "tipo" of daticert.xml names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Kind {
    /// Transport envelope.
    Envelope,
    /// Acceptance receipt.
    Acceptance,
    /// Non-acceptance notice.
    NonAcceptance,
    /// Take-charge receipt.
    TakeCharge,
    /// Delivery receipt.
    Delivery,
    /// Non-delivery notice.
    NonDelivery,
    /// Notice that 12 or 24 hours have passed.
    Timeout,
    /// Virus-detection notice.
    VirusDetection,
}

impl Kind {
    const ALL: [Self; 8] = [
        Self::Envelope,
        Self::Acceptance,
        Self::NonAcceptance,
        Self::TakeCharge,
        Self::Delivery,
        Self::NonDelivery,
        Self::Timeout,
        Self::VirusDetection,
    ];

    /// The word on the wire.
    pub fn wire(self) -> &'static str {
        match self {
            Self::Envelope => "posta-certificata",
            Self::Acceptance => "accettazione",
            Self::NonAcceptance => "non-accettazione",
            Self::TakeCharge => "presa-in-carico",
            Self::Delivery => "avvenuta-consegna",
            Self::NonDelivery => "errore-consegna",
            Self::Timeout => "preavviso-errore-consegna",
            Self::VirusDetection => "rilevazione-virus",
        }
    }

    /// Reads the word on the wire, ignoring case.
    pub fn from_wire(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.wire().eq_ignore_ascii_case(word))
    }
}
