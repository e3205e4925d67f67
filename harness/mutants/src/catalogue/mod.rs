//! The mutants, by what they bend.

/// Rows of the catalogue without their common prefix.
macro_rules! rows {
    ($($row:literal),* $(,)?) => { &[$(concat!("PEC-", $row)),*] };
}

/// A table of mutants: name, scenario, what is wrong, rows that must fail, bend.
macro_rules! mutants {
    ($($id:expr, $scenario:expr, $why:literal, [$($row:literal),* $(,)?], $bend:expr;)*) => {
        pub(crate) static ALL: &[crate::Mutant] = &[$(crate::Mutant {
            id: $id,
            scenario: $scenario,
            why: $why,
            must_fail: rows![$($row),*],
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
mod notices;
mod ordinary;
mod receipts;
mod reception;
mod signature;
mod texts;
mod timeouts;
mod virus;

use crate::Mutant;

const CROSS: &str = "flows/cross-provider";
const SAME: &str = "flows/same-provider";
const TWO_AT_ONE: &str = "flows/two-at-one-provider";
const REPLY_TO: &str = "flows/reply-to";
const TRACE_FIELDS: &str = "flows/own-trace-fields";
const TWO_MESSAGES: &str = "flows/two-messages";
const FIFTY: &str = "flows/fifty-recipients";
const NO_MESSAGE_ID: &str = "flows/no-message-id";
const OWN_FIELDS: &str = "flows/own-x-headers";
const SUMMER: &str = "timeouts/over-summer-time";
const BCC: &str = "access-point/bcc-field";
const EXTERNAL: &str = "access-point/external-recipient";
const COMPLETE: &str = "delivery-point/receipt-complete";
const BRIEF: &str = "delivery-point/receipt-brief";
const CONCISE: &str = "delivery-point/receipt-concise";
const UNKNOWN: &str = "delivery-point/unknown-mailbox";
const FULL: &str = "delivery-point/mailbox-full";
const DOWN: &str = "timeouts/destination-down-26h";
const BACK_1H: &str = "timeouts/back-after-1h";
const BACK_13H: &str = "timeouts/back-after-13h";
const NEVER_DELIVERS: &str = "timeouts/takes-charge-never-delivers";
const ANOMALOUS: &str = "reception-point/anomaly-from-listed-provider";
const SIGNED_MAIL: &str = "reception-point/signed-mail";
const AMBIGUOUS: &str = "delivery-point/ambiguous-recipient";
const BRIEF_FORWARDED: &str = "delivery-point/receipt-brief-forwarded";
const BRIEF_SIGNED: &str = "delivery-point/receipt-brief-signed";
const BRIEF_OPAQUE: &str = "delivery-point/receipt-brief-opaque";
const INFECTED_SUBMISSION: &str = "attacks/virus-in-base64";
const INFECTED_ENVELOPE: &str = "attacks/virus-for-two-recipients";
const VIRUS_FOUND: &str = "attacks/virus-found-elsewhere";
const ORDINARY_REFUSED: &str = "reception-point/ordinary-mail-refused";
const ORDINARY_WRAPPED: &str = "reception-point/ordinary-in-anomaly-envelope";
const ORDINARY_VIRUS: &str = "attacks/virus-in-ordinary-mail";
const REVOKED_REFUSED: &str = "services/certificate-revoked";
const FUTURE_REFUSED: &str = "reception-point/future-signer-refused";
const FOREIGN_REFUSED: &str = "reception-point/foreign-authority-refused";
const FORGED_RECEIPTS: &str = "reception-point/forged-receipts";
const UNANNOUNCED: &str = "timeouts/delivers-unannounced";
const CLOSED: &str = "timeouts/non-delivery-closes";
const SAME_CLIENT_ID: &str = "flows/same-client-id";
const AT_LIMIT: &str = "access-point/size-at-limit";
const UNLISTED: &str = "services/provider-unlisted";
const ORDINARY_FORWARDED: &str = "reception-point/ordinary-forwarded";
const STRAY: &str = "reception-point/stray-receipt";
const TWICE: &str = "reception-point/same-envelope-twice";
const INDEX_UNREACHABLE: &str = "services/index-unreachable";
const INDEX_ALTERED: &str = "services/index-altered";
const INDEX_ROLLED_BACK: &str = "services/index-rolled-back";
const IMAP_VISIT: &str = "delivery-point/read-over-imap";
const POP3_VISIT: &str = "delivery-point/read-over-pop3";

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
    ];
    tables.concat()
}
