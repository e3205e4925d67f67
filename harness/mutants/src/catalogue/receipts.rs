//! Headers of the success receipts: acceptance, take-charge, delivery.

use super::{CROSS, NO_MESSAGE_ID};
use crate::pick::{ACCEPTANCE, DELIVERY, TAKE_CHARGE};

mutants! {
    "acceptance-x-ricevuta-missing", CROSS, "The acceptance receipt does not say what it is.",
        ["2.1-12", "2.1.1.1.1-01", "3.1.4-01", "DM.6-01"],
        |b| b.drop_header(ACCEPTANCE, "X-Ricevuta");
    "acceptance-x-ricevuta-english", CROSS, "The acceptance receipt names its kind in English.",
        ["2.1.1.1.1-01", "3.1.4-01", "A-01", "DM.6-01"],
        |b| b.set_header(ACCEPTANCE, "X-Ricevuta", "server-user-acceptance");
    "acceptance-two-kinds", CROSS, "The acceptance receipt says that it is an envelope too.",
        ["2.1-12", "DM.6-01"],
        |b| b.set_header(ACCEPTANCE, "X-Trasporto", "posta-certificata");
    "acceptance-header-name-english", CROSS, "The client's identifier stands in a field with an English name.",
        ["2.1.1.1.1-02", "2.2.1-14", "3.1.4-06", "A-01"],
        |b| b.edit(ACCEPTANCE, |message| {
            let Some(msgid) = message.fields().get("X-Riferimento-Message-ID") else { return false };
            message.fields_mut().remove("X-Riferimento-Message-ID");
            message.fields_mut().set("X-Reference-Message-Identifier", &msgid);
            true
        });
    "acceptance-date", CROSS, "The acceptance receipt's Date is an hour late.",
        ["3.1.4-02", "4.1-02", "DM.9-01"],
        |b| b.date(ACCEPTANCE, 3_600);
    "acceptance-date-missing", CROSS, "The acceptance receipt has no Date.",
        ["3.1.4-02"],
        |b| b.drop_header(ACCEPTANCE, "Date");
    "acceptance-subject-prefix", CROSS, "The acceptance receipt's subject has another prefix.",
        ["3.1.4-03"],
        |b| b.prefix(ACCEPTANCE, "ACCETTATO: ");
    "acceptance-subject-other", CROSS, "The acceptance receipt's subject is not the original's.",
        ["3.1.4-03"],
        |b| b.other_subject(ACCEPTANCE);
    "acceptance-from", CROSS, "The acceptance receipt comes from an address that its certificate does not name.",
        ["2.1-05", "2.2.6-01", "3.1.4-04"],
        |b| b.author_address(ACCEPTANCE);
    "acceptance-to", CROSS, "The acceptance receipt is addressed to somebody else.",
        ["2.1-10", "3.1.4-05"],
        |b| b.set_header(ACCEPTANCE, "To", "aldo@alfa.test");
    "acceptance-msgid-missing", CROSS, "The acceptance receipt does not repeat the client's identifier.",
        ["2.1.1.1.1-02", "2.2.1-14", "3.1.4-06"],
        |b| b.drop_header(ACCEPTANCE, "X-Riferimento-Message-ID");
    "acceptance-msgid-other", CROSS, "The acceptance receipt repeats another identifier.",
        ["2.1.1.1.1-02", "2.2.1-14", "3.1.4-06"],
        |b| b.set_header(ACCEPTANCE, "X-Riferimento-Message-ID", "<un.altro@client.alfa.test>");
    "acceptance-msgid-invented", NO_MESSAGE_ID, "The acceptance receipt repeats an identifier though the client set none.",
        ["2.1.1.1.1-02", "2.2.1-14", "3.1.4-06"],
        |b| b.set_header(ACCEPTANCE, "X-Riferimento-Message-ID", "<inventato@client.alfa.test>");

    "take-charge-x-ricevuta-missing", CROSS, "The take-charge receipt does not say what it is.",
        ["2.1-12", "2.1.1.1.1-01", "3.2.1-05", "DM.6-01"],
        |b| b.drop_header(TAKE_CHARGE, "X-Ricevuta");
    "take-charge-x-ricevuta-english", CROSS, "The take-charge receipt names its kind in English.",
        ["2.1.1.1.1-01", "3.2.1-05", "A-01", "DM.6-01"],
        |b| b.set_header(TAKE_CHARGE, "X-Ricevuta", "server-server-acceptance");
    "take-charge-date", CROSS, "The take-charge receipt's Date is an hour late.",
        ["3.2.1-06", "4.1-02", "DM.9-01"],
        |b| b.date(TAKE_CHARGE, 3_600);
    "take-charge-subject-prefix", CROSS, "The take-charge receipt's subject has another prefix.",
        ["3.2.1-07"],
        |b| b.prefix(TAKE_CHARGE, "PRESO IN CARICO: ");
    "take-charge-subject-other", CROSS, "The take-charge receipt's subject is not the original's.",
        ["3.2.1-07"],
        |b| b.other_subject(TAKE_CHARGE);
    "take-charge-from", CROSS, "The take-charge receipt comes from an address that its certificate does not name.",
        ["2.1-05", "2.2.6-01", "3.2.1-08"],
        |b| b.author_address(TAKE_CHARGE);
    "take-charge-to", CROSS, "The take-charge receipt's To is not the service mailbox.",
        ["3.2.1-09"],
        |b| b.set_header(TAKE_CHARGE, "To", "postmaster@alfa.test");
    "take-charge-msgid-missing", CROSS, "The take-charge receipt does not repeat the client's identifier.",
        ["2.1.1.1.1-02", "2.2.1-14", "3.2.1-10"],
        |b| b.drop_header(TAKE_CHARGE, "X-Riferimento-Message-ID");
    "take-charge-msgid-other", CROSS, "The take-charge receipt repeats another identifier.",
        ["2.1.1.1.1-02", "2.2.1-14", "3.2.1-10"],
        |b| b.set_header(TAKE_CHARGE, "X-Riferimento-Message-ID", "<un.altro@client.alfa.test>");

    "delivery-x-ricevuta-missing", CROSS, "The delivery receipt does not say what it is.",
        ["2.1-12", "2.1.1.1.1-01", "3.3.2-04", "DM.6-01"],
        |b| b.drop_header(DELIVERY, "X-Ricevuta");
    "delivery-x-ricevuta-english", CROSS, "The delivery receipt names its kind in English.",
        ["2.1.1.1.1-01", "3.3.2-04", "A-01", "DM.6-01"],
        |b| b.set_header(DELIVERY, "X-Ricevuta", "message-delivered");
    "delivery-date", CROSS, "The delivery receipt's Date is an hour late.",
        ["3.3.2-05", "4.1-02", "DM.9-01"],
        |b| b.date(DELIVERY, 3_600);
    "delivery-subject-prefix", CROSS, "The delivery receipt's subject has another prefix.",
        ["3.3.2-06"],
        |b| b.prefix(DELIVERY, "CONSEGNATO: ");
    "delivery-subject-other", CROSS, "The delivery receipt's subject is not the original's.",
        ["3.3.2-06"],
        |b| b.other_subject(DELIVERY);
    "delivery-from", CROSS, "The delivery receipt comes from an address that its certificate does not name.",
        ["2.1-05", "2.2.6-01", "3.3.2-07"],
        |b| b.author_address(DELIVERY);
    "delivery-to", CROSS, "The delivery receipt is addressed to somebody else.",
        ["2.1-10", "3.3.2-08"],
        |b| b.set_header(DELIVERY, "To", "aldo@alfa.test");
    "delivery-msgid-missing", CROSS, "The delivery receipt does not repeat the client's identifier.",
        ["2.1.1.1.1-02", "2.2.1-14", "3.3.2-09"],
        |b| b.drop_header(DELIVERY, "X-Riferimento-Message-ID");
    "delivery-msgid-other", CROSS, "The delivery receipt repeats another identifier.",
        ["2.1.1.1.1-02", "2.2.1-14", "3.3.2-09"],
        |b| b.set_header(DELIVERY, "X-Riferimento-Message-ID", "<un.altro@client.alfa.test>");
}
