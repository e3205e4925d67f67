//! Who sends what to whom: other addresses, lost transactions, doubled ones.

use collaudo_forge::delivery;

use super::{
    ALFA, BETA, FOREIGN,
    bends::{own, readdressed, twice, without, without_one},
};
use crate::{
    catalogue::{CROSS, FULL, REPLY_TO, SAME, TWO_AT_ONE, UNKNOWN},
    pick::Kind,
    provider::{Commit, Desk, GOOD, Habit, Mail, Told},
};

providers! {
    "sends-take-charge-to-user", BETA, [FOREIGN],
        "The take-charge receipt is sent to the user and not to the service mailbox.",
        ["2.1.1.1.1-03", "2.2.2-05", "3.2.1-01", "3.2.1-09", "3.2.1-11"],
        sends!(|desk, mail| readdressed(desk, mail, Kind::TakeCharge, "carla@gamma.test"));
    "sends-take-charge-to-certified-address", BETA, [FOREIGN],
        "The take-charge receipt is sent to the address that the envelope came from.",
        ["2.2.2-05", "3.2.1-01", "3.2.1-09", "3.2.1-11"],
        sends!(|desk, mail| readdressed(desk, mail, Kind::TakeCharge, "posta-certificata@gamma.test"));
    "sends-delivery-to-reply-to", BETA, [REPLY_TO],
        "The delivery receipt follows the original's Reply-To.",
        ["2.1-10", "2.1-11", "3.3.2-08"],
        sends!(|desk, mail| readdressed(desk, mail, Kind::Delivery, "aldo@alfa.test"));
    "sends-delivery-to-service-mailbox", BETA, [CROSS],
        "The delivery receipt is sent to the sending provider's service mailbox.",
        ["2.1-10", "3.3.2-08"],
        sends!(|desk, mail| readdressed(desk, mail, Kind::Delivery, "servizio@alfa.test"));
    "files-acceptance-by-reply-to", ALFA, [REPLY_TO],
        "The acceptance receipt follows the original's Reply-To.",
        ["2.1-10", "2.1-11"],
        commits!(|_, commit| moves(commit, Kind::Acceptance, "aldo@alfa.test"));
    "loses-envelope", ALFA, [CROSS],
        "An accepted message never leaves its provider, which thinks that it did.",
        ["2.2.1-02", "3.5-01"],
        sends!(|_, mail| without(mail, Kind::Envelope));
    "loses-take-charge", BETA, [CROSS],
        "A correct envelope is taken and the take-charge receipt is never sent.",
        ["2.2.2-05", "3.2.1-01", "3.2.1-04", "3.5-01"],
        sends!(|_, mail| without(mail, Kind::TakeCharge));
    "loses-delivery-receipt", BETA, [CROSS],
        "A message is in the mailbox and the delivery receipt is never sent.",
        ["2.2.3-01", "3.3.1-01", "3.3.2-02", "3.3.2.1-07", "3.5-01", "DM.6-03", "DPR.6-01"],
        sends!(|_, mail| without(mail, Kind::Delivery));
    "loses-one-of-two-delivery-receipts", BETA, [TWO_AT_ONE],
        "Two recipients got the message, and one delivery receipt is never sent.",
        ["2.2.3-01", "3.3.1-01", "3.3.2-02", "3.3.2.1-07", "3.5-01", "DM.6-03", "DPR.6-01"],
        sends!(|_, mail| without_one(mail, Kind::Delivery, "bianca@beta.test"));
    "never-files-delivery-receipt-at-home", ALFA, [SAME],
        "Between users of one provider the delivery receipt lies in no mailbox.",
        ["2.2.3-01", "3.3.1-01", "3.3.2-02", "3.3.2.1-07", "3.4-01", "DM.6-02", "DM.6-03", "DPR.6-01"],
        commits!(|_, commit| commit.unstore(Kind::Delivery));
    "loses-non-delivery", BETA, [UNKNOWN],
        "An unknown mailbox, and the notice is never sent.",
        ["2.2.3-01", "2.2.3-05", "3.3.1-01", "3.3.3-01"],
        sends!(|_, mail| without(mail, Kind::NonDelivery));
    "loses-non-delivery-of-full-mailbox", BETA, [FULL],
        "A full mailbox, and the notice is never sent.",
        ["2.2.3-01", "2.2.3-05", "3.3.1-01", "3.3.3-01"],
        sends!(|_, mail| without(mail, Kind::NonDelivery));
    "certifies-delivery-to-a-full-mailbox", BETA, [FULL],
        "In the place of a non-delivery notice a delivery receipt is sent.",
        ["2.1.1.1.1-05", "2.2.3-02", "2.2.3-05", "2.3-08", "3.3.2-01", "3.3.3-01"],
        Habit {
            hears: Some(|desk, _, mail| {
                desk.memory.kept.insert("envelope".to_owned(), mail.message.clone().into());
            }),
            sends: Some(certifies_delivery),
            ..GOOD
        };
    "sends-delivery-receipt-twice", BETA, [CROSS],
        "There are two delivery receipts for one recipient.",
        ["2.3-08", "3.3.2.1-07", "DM.6-03"],
        sends!(|desk, mail| twice(desk, mail, Kind::Delivery));
    "sends-receipts-in-clear", BETA, [FOREIGN],
        "Take-charge and delivery receipts leave without TLS.",
        ["5.3-01", "5.3-03"],
        Habit { in_clear: true, ..GOOD };
    "files-acceptance-in-service-mailbox-too", ALFA, [CROSS],
        "The acceptance receipt is put in the service mailbox, too.",
        ["2.1-10", "2.2.5-01"],
        commits!(|_, commit| copies(commit, Kind::Acceptance, "servizio@alfa.test"));
    "files-take-charge-for-the-user-too", ALFA, [CROSS],
        "The take-charge receipt is put in the user's mailbox, too.",
        ["2.1.1.1.1-03"],
        commits!(|_, commit| copies(commit, Kind::TakeCharge, "anna@alfa.test"));
    "never-files-take-charge", ALFA, [CROSS],
        "The take-charge receipt arrives at the sender's provider and lies in no mailbox.",
        ["2.2.2-06", "3.2.1-14", "3.5-01"],
        commits!(|_, commit| commit.unstore(Kind::TakeCharge));
    "never-files-delivery-receipt", ALFA, [CROSS],
        "The delivery receipt arrives at the sender's provider and lies in no mailbox.",
        ["2.2.2-06", "3.5-01"],
        commits!(|_, commit| commit.unstore(Kind::Delivery));
}

/// Sends a delivery receipt in the place of a non-delivery notice.
fn certifies_delivery(desk: &mut Desk<'_>, mut mail: Mail) -> Vec<Mail> {
    if own(desk, &mail.message, Kind::NonDelivery).is_some()
        && let (Some(envelope), Some(signer)) = (desk.memory.kept.get("envelope"), desk.signer())
    {
        let (to, at) = (mail.to.first().cloned().unwrap_or_default(), desk.now.unix_micros());
        mail.message = delivery(envelope, signer, &desk.identity(), "bruno@beta.test", &to, at);
    }
    vec![mail]
}

/// Puts messages of a kind in another mailbox.
fn moves(commit: &mut Commit<'_>, kind: Kind, mailbox: &str) {
    let bodies: Vec<_> =
        commit.stored().map(|(_, body)| body).filter(|body| commit.kind(*body) == Some(kind)).collect();
    for told in &mut commit.told {
        if let Told::Stored { mailbox: to, body } = told
            && bodies.contains(body)
        {
            mailbox.clone_into(to);
        }
    }
}

/// Puts messages of a kind in one more mailbox.
fn copies(commit: &mut Commit<'_>, kind: Kind, mailbox: &str) {
    let bodies: Vec<_> =
        commit.stored().map(|(_, body)| body).filter(|body| commit.kind(*body) == Some(kind)).collect();
    commit.told.extend(bodies.into_iter().map(|body| Told::Stored { mailbox: mailbox.to_owned(), body }));
}
