//! Transport envelopes that are made otherwise. Who receives them says what they say.

use collaudo_forge::{Entity, open};

use super::{
    ALFA,
    bends::{own, set},
};
use crate::{
    bench::SetMessage,
    catalogue::{COMPLETE, CROSS, EXTERNAL, REPLY_TO, TRACE_FIELDS, TWO_AT_ONE},
    edit::{Said, bend_xml, shift_date, unsay},
    pick::Kind,
    provider::{GOOD, Habit},
};

/// Another hand's provider receives them: it takes them as they are, and nothing binds it.
const PROPER: &str = "reception-point/proper-peer";

providers! {
    "dates-envelope-late", ALFA, [CROSS], "The envelope's Date is an hour late.",
        ["3.1.5-08", "4.1-02", "DM.9-01"],
        makes!(Kind::Envelope, |message| shift_date(message, 3_600));
    "shows-envelope-in-english", ALFA, [CROSS], "The envelope's author is shown in English.",
        ["PRACT-01"],
        makes!(Kind::Envelope, |message| {
            let from = message.fields().get("From").unwrap_or_default().replace("Per conto di:", "On behalf of:");
            set(message, "Sender", &from);
            set(message, "From", &from)
        });
    "overrules-reply-to", ALFA, [REPLY_TO], "The envelope's Reply-To is the sender though the original names another.",
        ["2.1-08", "2.1.1.2-06", "3.1.5-06"],
        makes!(Kind::Envelope, |message| set(message, "Reply-To", "anna@alfa.test"));
    "copies-to-wrongly", ALFA, [CROSS], "The envelope's To is not the original's.",
        ["2.1.1.2-03", "3.1.5-03"],
        makes!(Kind::Envelope, |message| set(message, "To", "\"Bruno\" <bruno@beta.test>"));
    "adds-to-received", ALFA, [TRACE_FIELDS], "The envelope's Received is not the original's.",
        ["2.1.1.2-02", "3.1.5-02"],
        makes!(Kind::Envelope, |message| {
            let received = message.original().and_then(|original| Entity::read(&original).fields.get("Received"));
            let Some(received) = received else { return false };
            message.fields_mut().remove("Received");
            message.fields_mut().push("Received", &format!("{received} (altro)"));
            true
        });
    "asks-for-another-form", ALFA, [COMPLETE], "The envelope asks for another form than the user did.",
        ["3.1.5-15", "3.1.5-18", "3.3.2-10"],
        makes!(Kind::Envelope, |message| {
            set(message, "X-TipoRicevuta", "breve")
                && bend_xml(message, |xml| xml.set_attribute("ricevuta", "tipo", "breve"))
        });
    "leaves-sender-out-of-envelope", ALFA, [CROSS], "The envelope's text has no sender.",
        ["3.1.5-16"],
        makes!(Kind::Envelope, |message| unsay(message, Said::Sender));
    "improves-the-original", ALFA, [CROSS], "The enclosed original has one line more than the user wrote.",
        ["3.1.5-17", "5.4-02", "DPR.11-02"],
        makes!(Kind::Envelope, |message| message.original_mut().is_some_and(|part| {
            let original = [part.decoded(), b"Inviato con la PEC\r\n".to_vec()].concat();
            part.set_message(&original);
            true
        }));
    "keeps-the-client-identifier", ALFA, [PROPER], "The enclosed original still has the client's Message-ID.",
        ["2.2.1-11", "2.2.1-12"],
        makes!(Kind::Envelope, |message| message.original_mut().is_some_and(|part| {
            let mut original = Entity::read(&part.decoded());
            let Some(msgid) = original.fields.get("X-Riferimento-Message-ID") else { return false };
            original.fields.set("Message-ID", &msgid);
            part.set_message(&original.to_bytes());
            true
        }));
    "certifies-another-reply-address", ALFA, [CROSS], "The certification data of the acceptance receipt name another reply address.",
        ["4.4-10"],
        makes!(Kind::Acceptance, |message| bend_xml(message, |xml| xml.set_text("risposte", "aldo@alfa.test")));
    "certifies-another-subject", ALFA, [CROSS], "The certification data of the acceptance receipt name another subject.",
        ["4.4-11"],
        makes!(Kind::Acceptance, |message| bend_xml(message, |xml| xml.set_text("oggetto", "Tutt'altro")));
    "certifies-one-of-two-recipients", ALFA, [TWO_AT_ONE], "The certification data of the acceptance receipt name one of two recipients.",
        ["2.1-13", "4.4-08"],
        makes!(Kind::Acceptance, |message| bend_xml(message, |xml| xml.remove("destinatari")));
    "certifies-an-ordinary-recipient", ALFA, [EXTERNAL], "The certification data of the acceptance receipt call an ordinary recipient certified.",
        ["2.2.1-07", "2.2.1-08"],
        makes!(Kind::Acceptance, |message| bend_xml(message, |xml| {
            let certified = xml.0.replace("tipo=\"esterno\"", "tipo=\"certificato\"");
            let found = certified != xml.0;
            xml.0 = certified;
            found
        }));
    "sends-the-original-bare", ALFA, [CROSS], "The provider sends the original without an envelope.",
        ["2.1.1.2-01", "2.2.1-02", "3.5-01"],
        sends!(|desk, mut mail| {
            if own(desk, &mail.message, Kind::Envelope).is_some() {
                mail.message = open(&mail.message).ok().and_then(|message| message.original()).unwrap_or_default();
            }
            vec![mail]
        });
    "sends-envelope-in-its-own-name", ALFA, [CROSS], "The envelope's reverse path is the provider.",
        ["3.1.5-19"],
        sends!(|_, mut mail| {
            if mail.kind() == Some(Kind::Envelope) {
                mail.from = "posta-certificata@alfa.test".to_owned();
            }
            vec![mail]
        });
    "sends-envelope-from-nobody", ALFA, [CROSS], "The envelope's reverse path is empty.",
        ["3.1.5-19"],
        sends!(|_, mut mail| {
            if mail.kind() == Some(Kind::Envelope) {
                mail.from.clear();
            }
            vec![mail]
        });
    "sends-envelope-to-another", ALFA, [PROPER], "The envelope is sent to somebody else.",
        ["3.1.5-19"],
        sends!(|_, mail| super::bends::redirected(mail, Kind::Envelope, "bernardo@beta.test"));
    "sends-envelope-in-clear", ALFA, [PROPER], "The envelope leaves without TLS.",
        ["5.3-01", "5.3-03"],
        Habit { in_clear: true, ..GOOD };
}
