//! The mutants, by what they bend.

/// A table of mutants: name, scenario, what is wrong, rows that must fail, bend.
macro_rules! mutants {
    ($($id:expr, $scenario:expr, $why:literal, [$($row:literal),* $(,)?], $bend:expr;)*) => {
        pub(crate) static ALL: &[crate::Mutant] = &[$(crate::Mutant {
            id: $id,
            scenario: $scenario,
            why: $why,
            must_fail: rows![$($row),*],
            permits: None,
            bend: $bend,
        }),*];
    };
}

mod access;
mod anomaly;
mod archive;
mod certificate;
mod channel;
mod daticert;
mod delivery;
mod envelope;
mod flow;
mod index;
mod log;
mod mime;
mod network;
mod notices;
mod ordinary;
mod permitted;
mod receipts;
mod reception;
mod signature;
mod texts;
mod timeouts;
mod virus;

use crate::Mutant;

pub(crate) const CROSS: &str = "flows/cross-provider";
pub(crate) const SAME: &str = "flows/same-provider";
pub(crate) const TWO_AT_ONE: &str = "flows/two-at-one-provider";
pub(crate) const REPLY_TO: &str = "flows/reply-to";
pub(crate) const TRACE_FIELDS: &str = "flows/own-trace-fields";
pub(crate) const SECONDARY: &str = "flows/secondary-environment";
pub(crate) const TWO_MESSAGES: &str = "flows/two-messages";
pub(crate) const FIFTY: &str = "flows/fifty-recipients";
pub(crate) const NO_MESSAGE_ID: &str = "flows/no-message-id";
pub(crate) const OWN_FIELDS: &str = "flows/own-x-headers";
pub(crate) const SUMMER: &str = "timeouts/over-summer-time";
pub(crate) const BCC: &str = "access-point/bcc-field";
pub(crate) const EXTERNAL: &str = "access-point/external-recipient";
pub(crate) const COMPLETE: &str = "delivery-point/receipt-complete";
pub(crate) const BRIEF: &str = "delivery-point/receipt-brief";
pub(crate) const CONCISE: &str = "delivery-point/receipt-concise";
pub(crate) const UNKNOWN: &str = "delivery-point/unknown-mailbox";
pub(crate) const FULL: &str = "delivery-point/mailbox-full";
pub(crate) const DOWN: &str = "timeouts/destination-down-26h";
pub(crate) const BACK_1H: &str = "timeouts/back-after-1h";
pub(crate) const BACK_13H: &str = "timeouts/back-after-13h";
pub(crate) const NEVER_DELIVERS: &str = "timeouts/takes-charge-never-delivers";
pub(crate) const ANOMALOUS: &str = "reception-point/anomaly-from-listed-provider";
pub(crate) const SIGNED_MAIL: &str = "reception-point/signed-mail";
pub(crate) const AMBIGUOUS: &str = "delivery-point/ambiguous-recipient";
pub(crate) const BRIEF_FORWARDED: &str = "delivery-point/receipt-brief-forwarded";
pub(crate) const BRIEF_SIGNED: &str = "delivery-point/receipt-brief-signed";
pub(crate) const BRIEF_OPAQUE: &str = "delivery-point/receipt-brief-opaque";
pub(crate) const INFECTED_SUBMISSION: &str = "attacks/virus-in-base64";
pub(crate) const INFECTED_ENVELOPE: &str = "attacks/virus-for-two-recipients";
pub(crate) const VIRUS_FOUND: &str = "attacks/virus-found-elsewhere";
pub(crate) const ORDINARY_REFUSED: &str = "reception-point/ordinary-mail-refused";
pub(crate) const ORDINARY_WRAPPED: &str = "reception-point/ordinary-in-anomaly-envelope";
pub(crate) const ORDINARY_VIRUS: &str = "attacks/virus-in-ordinary-mail";
pub(crate) const REVOKED_REFUSED: &str = "services/certificate-revoked";
pub(crate) const FUTURE_REFUSED: &str = "reception-point/future-signer-refused";
pub(crate) const FOREIGN_REFUSED: &str = "reception-point/foreign-authority-refused";
pub(crate) const FORGED_RECEIPTS: &str = "reception-point/forged-receipts";
pub(crate) const UNANNOUNCED: &str = "timeouts/delivers-unannounced";
pub(crate) const CLOSED: &str = "timeouts/non-delivery-closes";
pub(crate) const SAME_CLIENT_ID: &str = "flows/same-client-id";
pub(crate) const AT_LIMIT: &str = "access-point/size-at-limit";
pub(crate) const UNLISTED: &str = "services/provider-unlisted";
pub(crate) const ORDINARY_FORWARDED: &str = "reception-point/ordinary-forwarded";
pub(crate) const STRAY: &str = "reception-point/stray-receipt";
pub(crate) const TWICE: &str = "reception-point/same-envelope-twice";
pub(crate) const INDEX_UNREACHABLE: &str = "services/index-unreachable";
pub(crate) const INDEX_ALTERED: &str = "services/index-altered";
pub(crate) const INDEX_ROLLED_BACK: &str = "services/index-rolled-back";
pub(crate) const IMAP_VISIT: &str = "delivery-point/read-over-imap";
pub(crate) const POP3_VISIT: &str = "delivery-point/read-over-pop3";

pub(crate) fn all() -> Vec<Mutant> {
    let tables = [
        receipts::ALL,
        notices::ALL,
        texts::ALL,
        envelope::ALL,
        delivery::ALL,
        anomaly::ALL,
        daticert::ALL,
        mime::ALL,
        signature::ALL,
        certificate::ALL,
        access::ALL,
        flow::ALL,
        timeouts::ALL,
        reception::ALL,
        channel::ALL,
        log::ALL,
        index::ALL,
        virus::ALL,
        ordinary::ALL,
        archive::ALL,
        network::ALL,
        permitted::ALL,
    ];
    tables.concat()
}
