//! What happens in what order: lost, doubled, astray, too early.

use collaudo_record::Span;

use super::{ANOMALOUS, CROSS, FULL, REPLY_TO, SAME, SAME_CLIENT_ID, TWO_AT_ONE, UNKNOWN};
use crate::flow::set_paths;
use crate::pick::{ACCEPTANCE, ANOMALY, DELIVERY, ENVELOPE, NON_DELIVERY, Pick, TAKE_CHARGE};

mutants! {
    "acceptance-lost", CROSS, "An accepted submission has no acceptance receipt.",
        ["2.2.1-02", "3.1.4-09", "3.5-01"],
        |b| {
            b.lose(ACCEPTANCE)?;
            b.only("alfa");
            Ok(())
        };
    "acceptance-twice", CROSS, "A submission has two acceptance receipts.",
        ["2.2.1-02", "3.1.4-09"],
        |b| {
            b.double(ACCEPTANCE)?;
            b.only("alfa");
            Ok(())
        };
    "acceptance-in-service-mailbox", CROSS, "The service mailbox holds an acceptance receipt.",
        ["2.1-10", "2.2.5-01"],
        |b| b.store_too(ACCEPTANCE, "alfa", "servizio@alfa.test");
    "acceptance-lost-at-home", SAME, "Between users of one provider there is no acceptance receipt.",
        ["2.2.1-02", "3.1.4-09", "3.4-01", "DM.6-02"],
        |b| b.lose(ACCEPTANCE);
    "delivery-lost-at-home", SAME, "Between users of one provider there is no delivery receipt.",
        ["2.2.3-01", "3.3.1-01", "3.3.2-02", "3.3.2.1-07", "3.4-01", "DM.6-02", "DM.6-03", "DPR.6-01"],
        |b| b.lose(DELIVERY);
    "acceptance-lost-for-the-same-client-id", SAME_CLIENT_ID, "Of two submissions with one Message-ID the second has no acceptance receipt.",
        ["2.2.1-02", "3.1.4-09", "3.5-01"],
        |b| {
            b.lose(Pick { nth: 1, ..ACCEPTANCE })?;
            b.only("alfa");
            Ok(())
        };
    "accepted-and-forgotten", CROSS, "A submission is acknowledged, and nothing ever comes of it.",
        ["2.2.1-02", "3.1.4-09"],
        |b| {
            b.lose(ACCEPTANCE)?;
            b.lose(ENVELOPE)?;
            b.lose(TAKE_CHARGE)?;
            b.lose(DELIVERY)?;
            b.only("alfa");
            Ok(())
        };
    "envelope-never-sent", CROSS, "An accepted message never leaves its provider.",
        ["2.2.1-02", "3.5-01"],
        |b| {
            b.lose(ENVELOPE)?;
            b.lose(TAKE_CHARGE)?;
            b.lose(DELIVERY)?;
            b.only("alfa");
            Ok(())
        };
    "original-sent-bare", CROSS, "The provider sends the original without an envelope.",
        ["2.1.1.2-01", "2.2.1-02", "3.5-01"],
        |b| {
            let submitted = b.submitted()?;
            let original = b.trace.body(&submitted).unwrap_or_default().to_vec();
            for hash in b.find(ENVELOPE)? {
                b.replace(&hash, original.clone());
            }
            b.lose(TAKE_CHARGE)?;
            b.lose(DELIVERY)?;
            b.only("alfa");
            Ok(())
        };
    "envelope-reverse-path", CROSS, "The envelope's reverse path is the provider.",
        ["3.1.5-19"],
        |b| {
            b.transfers(ENVELOPE, |transfer| transfer.reverse_path = "posta-certificata@alfa.test".to_owned())?;
            b.only("alfa");
            Ok(())
        };
    "envelope-reverse-path-empty", CROSS, "The envelope's reverse path is empty.",
        ["3.1.5-19"],
        |b| {
            b.transfers(ENVELOPE, |transfer| transfer.reverse_path = String::new())?;
            b.only("alfa");
            Ok(())
        };
    "envelope-forward-path", CROSS, "The envelope is sent to somebody else.",
        ["3.1.5-19"],
        |b| {
            b.transfers(ENVELOPE, |transfer| set_paths(transfer, "bianca@beta.test"))?;
            b.only("alfa");
            Ok(())
        };
    "envelope-for-one-of-two", TWO_AT_ONE, "The envelope is sent to one of the two recipients of the submission, and nothing becomes of the other.",
        ["3.1.5-19"],
        |b| {
            let is_for = |path: &str| path.eq_ignore_ascii_case("bianca@beta.test");
            b.transfers(ENVELOPE, |transfer| transfer.forward_paths.retain(|forward| !is_for(&forward.path)))?;
            b.lose(DELIVERY.about("bianca@beta.test"))?;
            b.unstore_at("bianca@beta.test")?;
            b.only("alfa");
            Ok(())
        };
    "take-charge-lost", CROSS, "A correct envelope is not taken in charge.",
        ["2.2.2-05", "3.2.1-01", "3.2.1-04", "3.5-01"],
        |b| {
            b.lose(TAKE_CHARGE)?;
            b.only("beta");
            Ok(())
        };
    "take-charge-to-user", CROSS, "The take-charge receipt is in the user's mailbox too.",
        ["2.1.1.1.1-03"],
        |b| b.store_too(TAKE_CHARGE, "alfa", "anna@alfa.test");
    "take-charge-sent-to-user", CROSS, "The take-charge receipt is sent to the user and not to the service mailbox.",
        ["2.1.1.1.1-03", "2.2.2-05", "3.2.1-01", "3.2.1-09", "3.2.1-11"],
        |b| b.misdirect(TAKE_CHARGE, "alfa", "anna@alfa.test");
    "delivery-lost", CROSS, "A message is in the mailbox and there is no delivery receipt.",
        ["2.2.3-01", "3.3.1-01", "3.3.2-02", "3.3.2.1-07", "3.5-01", "DM.6-03", "DPR.6-01"],
        |b| {
            b.lose(DELIVERY)?;
            b.only("beta");
            Ok(())
        };
    "delivery-lost-for-one", TWO_AT_ONE, "Two recipients got the message, one delivery receipt is missing.",
        ["2.2.3-01", "3.3.1-01", "3.3.2-02", "3.3.2.1-07", "3.5-01", "DM.6-03", "DPR.6-01"],
        |b| {
            b.lose(DELIVERY)?;
            b.only("beta");
            Ok(())
        };
    "delivery-twice", CROSS, "There are two delivery receipts for one recipient.",
        ["3.3.2.1-07", "DM.6-03"],
        |b| {
            b.double(DELIVERY)?;
            b.only("beta");
            Ok(())
        };
    "delivery-before-storing", CROSS, "The delivery receipt goes out a minute before the message is in the mailbox.",
        ["2.1.1.1.1-05", "2.2.3-02", "3.3.2-01"],
        |b| {
            b.store_at(ENVELOPE, Span::from_secs(60))?;
            b.only("beta");
            Ok(())
        };
    "delivery-without-storing", CROSS, "There is a delivery receipt for a message that is in no mailbox.",
        ["2.1.1.1.1-05", "2.2.2-05", "2.2.3-02", "3.3.2-01", "3.5-01"],
        |b| {
            b.unstore(ENVELOPE)?;
            b.only("beta");
            Ok(())
        };
    "delivery-of-unknown-mailbox", UNKNOWN, "There is a delivery receipt for a mailbox that does not exist.",
        ["2.1.1.1.1-05", "2.2.3-02", "3.3.2-01"],
        |b| b.delivery("beta", "nessuno@beta.test", ENVELOPE, Span::from_secs(1));
    "delivery-of-full-mailbox", FULL, "There is a delivery receipt for a mailbox that is full.",
        ["2.1.1.1.1-05", "2.2.3-02", "3.3.2-01"],
        |b| b.delivery("beta", "bruno@beta.test", ENVELOPE, Span::from_secs(1));
    "delivery-to-reply-to", REPLY_TO, "The delivery receipt follows the original's Reply-To.",
        ["2.1-10", "2.1-11", "3.3.2-08"],
        |b| b.misdirect(DELIVERY, "alfa", "aldo@alfa.test");
    "acceptance-to-reply-to", REPLY_TO, "The acceptance receipt follows the original's Reply-To.",
        ["2.1-10", "2.1-11", "3.1.4-05"],
        |b| b.misdirect(ACCEPTANCE, "alfa", "aldo@alfa.test");
    "non-delivery-lost", UNKNOWN, "An unknown mailbox, and the sender is not told.",
        ["2.2.3-01", "2.2.3-05", "3.3.1-01", "3.3.3-01"],
        |b| {
            b.lose(NON_DELIVERY)?;
            b.only("beta");
            Ok(())
        };
    "non-delivery-lost-mailbox-full", FULL, "A full mailbox, and the sender is not told.",
        ["2.2.3-01", "2.2.3-05", "3.3.1-01", "3.3.3-01"],
        |b| {
            b.lose(NON_DELIVERY)?;
            b.only("beta");
            Ok(())
        };
    "stored-with-a-field-more", CROSS, "The envelope in the mailbox has a field that it did not arrive with.",
        ["2.2.3-04"],
        |b| {
            b.stored(ENVELOPE, |bytes| [b"X-Filtro: passato\r\n", bytes].concat())?;
            b.only("beta");
            Ok(())
        };
    "receipt-stored-with-a-field-more", CROSS, "The delivery receipt in the mailbox has a field that it did not arrive with.",
        ["2.2.2-06", "2.2.3-04", "3.3.2-03"],
        |b| {
            b.stored(DELIVERY, |bytes| [b"X-Filtro: passato\r\n", bytes].concat())?;
            b.only("alfa");
            Ok(())
        };
    "receipt-never-stored", CROSS, "The delivery receipt arrives at the sender's provider and in no mailbox.",
        ["2.2.2-06", "3.5-01"],
        |b| {
            b.unstore(DELIVERY)?;
            b.only("alfa");
            Ok(())
        };
    "take-charge-never-filed", CROSS, "The take-charge receipt arrives at the sender's provider and in no mailbox.",
        ["2.2.2-06", "3.2.1-14", "3.5-01"],
        |b| {
            b.unstore(TAKE_CHARGE)?;
            b.only("alfa");
            Ok(())
        };
    "anomaly-lost", ANOMALOUS, "A listed provider's message that is no envelope is dropped.",
        ["2.2.2-07", "2.2.2-17", "3.2.2-01"],
        |b| {
            let (_, opened) = b.first(ANOMALY)?;
            let author = b.author(&opened)?;
            b.lose(ANOMALY)?;
            b.only(&author);
            Ok(())
        };
    "anomaly-bare", ANOMALOUS, "A listed provider's message that is no envelope is delivered without an anomaly envelope.",
        ["2.2.2-04", "2.2.2-07", "2.2.2-17", "3.2.2-01"],
        |b| {
            let (_, opened) = b.first(ANOMALY)?;
            let author = b.author(&opened)?;
            let received = opened.original().unwrap_or_default();
            b.stored(ANOMALY, |_| received.clone())?;
            b.only(&author);
            Ok(())
        };
}
