//! Headers of the failure and delay notices: non-acceptance, non-delivery, timeout.

use super::{BCC, DOWN, FULL, UNKNOWN};
use crate::pick::{FIRST_NOTICE, NON_ACCEPTANCE, NON_DELIVERY, SECOND_NOTICE};

mutants! {
    "non-acceptance-x-ricevuta-missing", BCC, "The non-acceptance notice does not say what it is.",
        ["2.1-12", "2.1.1.1.3-01", "3.1.2-03", "DM.6-01"],
        |b| b.drop_header(NON_ACCEPTANCE, "X-Ricevuta");
    "non-acceptance-x-ricevuta-english", BCC, "The non-acceptance notice names its kind in English.",
        ["3.1.2-03", "A-01", "DM.6-01"],
        |b| b.set_header(NON_ACCEPTANCE, "X-Ricevuta", "non-acceptance");
    "non-acceptance-date", BCC, "The non-acceptance notice's Date is an hour late.",
        ["3.1.2-04", "4.1-02", "DM.9-01"],
        |b| b.date(NON_ACCEPTANCE, 3_600);
    "non-acceptance-subject-prefix", BCC, "The non-acceptance notice's subject has another prefix.",
        ["3.1.2-05"],
        |b| b.prefix(NON_ACCEPTANCE, "NON ACCETTAZIONE: ");
    "non-acceptance-subject-other", BCC, "The non-acceptance notice's subject is not the original's.",
        ["3.1.2-05"],
        |b| b.other_subject(NON_ACCEPTANCE);
    "non-acceptance-from", BCC, "The non-acceptance notice comes from an address that its certificate does not name.",
        ["2.1-05", "2.2.6-01", "3.1.2-06"],
        |b| b.author_address(NON_ACCEPTANCE);
    "non-acceptance-to", BCC, "The non-acceptance notice is addressed to somebody else.",
        ["2.1-10", "3.1.2-07"],
        |b| b.set_header(NON_ACCEPTANCE, "To", "aldo@alfa.test");
    "non-acceptance-msgid-missing", BCC, "The non-acceptance notice does not repeat the client's identifier.",
        ["2.1.1.1.3-01", "2.2.1-14", "3.1.2-08"],
        |b| b.drop_header(NON_ACCEPTANCE, "X-Riferimento-Message-ID");
    "non-acceptance-msgid-other", BCC, "The non-acceptance notice repeats another identifier.",
        ["2.2.1-14", "3.1.2-08"],
        |b| b.set_header(NON_ACCEPTANCE, "X-Riferimento-Message-ID", "<un.altro@client.alfa.test>");
    "non-acceptance-security", BCC, "A notice that has nothing to do with a virus carries X-VerificaSicurezza.",
        ["2.1.1.1.3-02"],
        |b| b.set_header(NON_ACCEPTANCE, "X-VerificaSicurezza", "errore");

    "non-delivery-x-ricevuta-missing", UNKNOWN, "The non-delivery notice does not say what it is.",
        ["2.1-12", "2.1.1.1.3-01", "3.3.3-02", "DM.6-01"],
        |b| b.drop_header(NON_DELIVERY, "X-Ricevuta");
    "non-delivery-x-ricevuta-invented", UNKNOWN, "The non-delivery notice names its kind with a word that does not exist.",
        ["3.3.3-02", "A-01", "DM.6-01"],
        |b| b.set_header(NON_DELIVERY, "X-Ricevuta", "mancata-consegna");
    "non-delivery-date", UNKNOWN, "The non-delivery notice's Date is an hour late.",
        ["3.3.3-03", "4.1-02", "DM.9-01"],
        |b| b.date(NON_DELIVERY, 3_600);
    "non-delivery-subject-prefix", UNKNOWN, "The non-delivery notice's subject has another prefix.",
        ["3.3.3-04"],
        |b| b.prefix(NON_DELIVERY, "MANCATA CONSEGNA: ");
    "non-delivery-subject-other", UNKNOWN, "The non-delivery notice's subject is not the original's.",
        ["3.3.3-04"],
        |b| b.other_subject(NON_DELIVERY);
    "non-delivery-from", UNKNOWN, "The non-delivery notice comes from an address that its certificate does not name.",
        ["2.1-05", "2.2.6-01", "3.3.3-05"],
        |b| b.author_address(NON_DELIVERY);
    "non-delivery-to", UNKNOWN, "The non-delivery notice is addressed to somebody else.",
        ["2.1-10", "3.3.3-06"],
        |b| b.set_header(NON_DELIVERY, "To", "aldo@alfa.test");
    "non-delivery-msgid-missing", UNKNOWN, "The non-delivery notice does not repeat the client's identifier.",
        ["2.1.1.1.3-01", "2.2.1-14", "3.3.3-07"],
        |b| b.drop_header(NON_DELIVERY, "X-Riferimento-Message-ID");
    "non-delivery-msgid-other", UNKNOWN, "The non-delivery notice repeats another identifier.",
        ["2.2.1-14", "3.3.3-07"],
        |b| b.set_header(NON_DELIVERY, "X-Riferimento-Message-ID", "<un.altro@client.alfa.test>");
    "non-delivery-security", FULL, "A notice of a full mailbox carries X-VerificaSicurezza.",
        ["2.1.1.1.3-02"],
        |b| b.set_header(NON_DELIVERY, "X-VerificaSicurezza", "errore");

    "timeout-x-ricevuta-missing", DOWN, "The second timeout notice does not say what it is.",
        ["2.1-12", "2.1.1.1.3-01", "3.1.6-07", "DM.6-01"],
        |b| b.drop_header(SECOND_NOTICE, "X-Ricevuta");
    "timeout-date", DOWN, "The first timeout notice's Date is an hour early.",
        ["3.1.6-08", "4.1-02", "DM.9-01"],
        |b| b.date(FIRST_NOTICE, -3_600);
    "timeout-subject-prefix", DOWN, "The first timeout notice has the non-delivery notice's subject.",
        ["3.1.6-09"],
        |b| b.prefix(FIRST_NOTICE, "AVVISO DI MANCATA CONSEGNA: ");
    "timeout-subject-other", DOWN, "The second timeout notice's subject is not the original's.",
        ["3.1.6-09"],
        |b| b.other_subject(SECOND_NOTICE);
    "timeout-from", DOWN, "The first timeout notice comes from an address that its certificate does not name.",
        ["2.1-05", "2.2.6-01", "3.1.6-10"],
        |b| b.author_address(FIRST_NOTICE);
    "timeout-to-recipient", DOWN, "The first timeout notice is addressed to the recipient, as the RFC misprints it.",
        ["2.1-10", "3.1.6-12"],
        |b| b.set_header(FIRST_NOTICE, "To", "bruno@beta.test");
    "timeout-msgid-missing", DOWN, "The first timeout notice does not repeat the client's identifier.",
        ["2.1.1.1.3-01", "2.2.1-14", "3.1.6-11"],
        |b| b.drop_header(FIRST_NOTICE, "X-Riferimento-Message-ID");
    "timeout-msgid-other", DOWN, "The second timeout notice repeats another identifier.",
        ["2.2.1-14", "3.1.6-11"],
        |b| b.set_header(SECOND_NOTICE, "X-Riferimento-Message-ID", "<un.altro@client.alfa.test>");
}
