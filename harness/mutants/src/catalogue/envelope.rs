//! The transport envelope: header, what it inherits, what it encloses.

use super::{COMPLETE, CROSS, OWN_FIELDS, REPLY_TO, TRACE_FIELDS, TWO_MESSAGES};
use crate::{
    edit::bend_xml,
    pick::{DELIVERY, ENVELOPE, is_message},
};

mutants! {
    "envelope-x-trasporto-missing", CROSS, "The envelope does not say what it is.",
        ["2.1-12", "2.1.1.2-07", "3.1.5-07", "DM.6-01"],
        |b| b.drop_header(ENVELOPE, "X-Trasporto");
    "envelope-x-trasporto-english", CROSS, "The envelope names its kind in English.",
        ["2.1.1.2-07", "3.1.5-07", "A-01", "DM.6-01"],
        |b| b.set_header(ENVELOPE, "X-Trasporto", "certified-mail");
    "envelope-with-a-users-field", OWN_FIELDS, "The X-Ricevuta that a user's message carries stands in the envelope's own header.",
        ["2.1-12", "DM.6-01"],
        |b| b.set_header(ENVELOPE, "X-Ricevuta", "avvenuta-consegna");
    "envelope-date", CROSS, "The envelope's Date is an hour late.",
        ["3.1.5-08", "4.1-02", "DM.9-01"],
        |b| b.date(ENVELOPE, 3_600);
    "envelope-subject-prefix", CROSS, "The envelope's subject has no prefix.",
        ["3.1.5-09"],
        |b| b.prefix(ENVELOPE, "");
    "envelope-subject-other", CROSS, "The envelope's subject is not the original's.",
        ["3.1.5-09"],
        |b| b.other_subject(ENVELOPE);
    "envelope-from", CROSS, "The envelope comes from an address that its certificate does not name.",
        ["2.1-05", "2.1-06", "2.2.6-01", "3.1.5-10", "PRACT-01"],
        |b| b.author_address(ENVELOPE);
    "envelope-from-english", CROSS, "The envelope's author is shown in English, as the RFC prints it.",
        ["PRACT-01"],
        |b| b.edit(ENVELOPE, |message| {
            let mut found = false;
            for name in ["From", "Sender"] {
                let Some(value) = message.fields().get(name) else { continue };
                message.fields_mut().set(name, &value.replace("Per conto di:", "On behalf of:"));
                found = true;
            }
            found
        });
    "envelope-from-somebody-else", CROSS, "The envelope is shown on behalf of somebody else.",
        ["2.1-06", "3.1.5-10", "PRACT-01"],
        |b| b.edit(ENVELOPE, |message| {
            let mut found = false;
            for name in ["From", "Sender"] {
                let Some(value) = message.fields().get(name) else { continue };
                message.fields_mut().set(name, &value.replace("anna@alfa.test", "aldo@alfa.test"));
                found = true;
            }
            found
        });
    "envelope-sender-differs", CROSS, "The envelope's Sender is the user, its From the provider.",
        ["2.1-07"],
        |b| b.set_header(ENVELOPE, "Sender", "anna@alfa.test");
    "envelope-reply-to-missing", CROSS, "The envelope has no Reply-To, so that an answer goes to the provider.",
        ["2.1-09", "3.1.5-11"],
        |b| b.drop_header(ENVELOPE, "Reply-To");
    "envelope-reply-to-other", CROSS, "The envelope's Reply-To is not the sender.",
        ["2.1-09", "3.1.5-11"],
        |b| b.set_header(ENVELOPE, "Reply-To", "aldo@alfa.test");
    "envelope-reply-to-overruled", REPLY_TO, "The envelope's Reply-To is the sender though the original names another.",
        ["2.1-08", "2.1.1.2-06", "3.1.5-06"],
        |b| b.set_header(ENVELOPE, "Reply-To", "anna@alfa.test");
    "envelope-message-id", CROSS, "The envelope's Message-ID is not the identifier.",
        ["2.2.1-11", "3.1.5-12", "4.4-18"],
        |b| b.header(ENVELOPE, "Message-ID", |id| id.replacen('<', "<altro.", 1));
    "envelope-msgid-missing", CROSS, "The envelope does not repeat the client's identifier.",
        ["2.2.1-14", "3.1.5-13"],
        |b| b.drop_header(ENVELOPE, "X-Riferimento-Message-ID");
    "envelope-msgid-other", CROSS, "The envelope repeats another identifier.",
        ["2.2.1-14", "3.1.5-13"],
        |b| b.set_header(ENVELOPE, "X-Riferimento-Message-ID", "<un.altro@client.alfa.test>");
    "envelope-form-unknown", CROSS, "The envelope asks for a form of receipt that does not exist.",
        ["3.1.5-14", "3.1.5-15", "A-01"],
        |b| b.set_header(ENVELOPE, "X-TipoRicevuta", "lunga");
    "envelope-form-other", COMPLETE, "The envelope asks for another form than the user did.",
        ["3.1.5-15", "3.3.2-10"],
        |b| b.set_header(ENVELOPE, "X-TipoRicevuta", "breve");
    "envelope-to", CROSS, "The envelope's To is not the original's.",
        ["2.1.1.2-03", "3.1.5-03"],
        |b| b.set_header(ENVELOPE, "To", "bianca@beta.test");
    "envelope-cc", COMPLETE, "The envelope's Cc is not the original's.",
        ["2.1.1.2-04", "3.1.5-04"],
        |b| b.set_header(ENVELOPE, "Cc", "bruno@beta.test");
    "envelope-cc-missing", COMPLETE, "The envelope drops the original's Cc.",
        ["2.1.1.2-04", "3.1.5-04"],
        |b| b.drop_header(ENVELOPE, "Cc");
    "envelope-received", TRACE_FIELDS, "The envelope's Received is not the original's.",
        ["2.1.1.2-02", "3.1.5-02"],
        |b| b.edit(ENVELOPE, |message| {
            let original = message.original().map(|original| collaudo_forge::Entity::read(&original));
            let Some(received) = original.and_then(|original| original.fields.get("Received")) else { return false };
            message.fields_mut().remove("Received");
            message.fields_mut().push("Received", &format!("{received} (altro)"));
            true
        });
    "envelope-return-path", TRACE_FIELDS, "The envelope's Return-Path is not the original's.",
        ["2.1.1.2-05", "3.1.5-05"],
        |b| b.edit(ENVELOPE, |message| {
            let original = message.original().map(|original| collaudo_forge::Entity::read(&original));
            if original.is_none_or(|original| original.fields.get("Return-Path").is_none()) {
                return false;
            }
            message.fields_mut().set("Return-Path", "<posta-certificata@alfa.test>");
            true
        });

    "envelope-without-original", CROSS, "The envelope does not hold the original.",
        ["3.1.5-01", "3.1.5-17", "DPR.11-02"],
        |b| b.parts(ENVELOPE, |parts| {
            let before = parts.len();
            parts.retain(|part| !is_message(part));
            parts.len() < before
        });
    "envelope-without-daticert", CROSS, "The envelope does not hold certification data.",
        ["3.1.5-01", "3.1.5-18"],
        |b| b.parts(ENVELOPE, |parts| {
            let before = parts.len();
            parts.retain(|part| part.content_type() != "application/xml");
            parts.len() < before
        });
    "original-body-changed", CROSS, "The enclosed original has one word more than the user wrote.",
        ["3.1.5-17", "5.4-02", "DPR.11-02"],
        |b| b.message_part(ENVELOPE, |part| {
            let mut original = part.decoded();
            original.extend_from_slice(b"P.S.\r\n");
            part.body = collaudo_forge::Body::Leaf(original);
        });
    "original-reencoded", CROSS, "The enclosed original's text was encoded in base64 on the way.",
        ["3.1.5-17", "3.3.2.2-14", "DPR.11-02"],
        |b| b.enclosed(ENVELOPE, |original| {
            let text = original.decoded();
            original.fields.set("Content-Transfer-Encoding", "base64");
            original.body = collaudo_forge::Body::Leaf(collaudo_forge::base64_lines(&text).into_bytes());
            true
        });
    "original-subject-changed", CROSS, "The enclosed original has another subject than the user gave it.",
        ["3.1.5-17", "DPR.11-02"],
        |b| b.enclosed(ENVELOPE, |original| {
            original.fields.set("Subject", "Tutt'altro");
            true
        });
    "original-field-lost", CROSS, "The enclosed original has lost a header field of the user's.",
        ["3.1.5-17", "DPR.11-02"],
        |b| b.enclosed(ENVELOPE, |original| original.fields.remove("Date"));
    "original-keeps-message-id", CROSS, "The enclosed original still has the client's Message-ID.",
        ["2.2.1-11", "2.2.1-12"],
        |b| b.enclosed(ENVELOPE, |original| {
            let Some(msgid) = original.fields.get("X-Riferimento-Message-ID") else { return false };
            original.fields.set("Message-ID", &msgid);
            true
        });
    "original-message-id-other", CROSS, "The enclosed original has an identifier of its own.",
        ["2.2.1-11", "2.2.1-12"],
        |b| b.enclosed(ENVELOPE, |original| {
            original.fields.set("Message-ID", "<tutt.altro@alfa.test>");
            true
        });
    "original-msgid-missing", CROSS, "The enclosed original does not keep the client's identifier.",
        ["2.2.1-13"],
        |b| b.enclosed(ENVELOPE, |original| original.fields.remove("X-Riferimento-Message-ID"));
    "identifier-of-nobody", CROSS, "The identifier ends in a domain that is not the provider's.",
        ["2.2.1-10"],
        |b| {
            let (_, envelope) = b.first(ENVELOPE)?;
            let id = envelope.fields().get("Message-ID").unwrap_or_default();
            let old = id.trim_matches(['<', '>']).to_owned();
            let new = format!("{}@example.net", old.split('@').next().unwrap_or_default());
            b.rename_identifier(&old, &new)?;
            b.only("alfa");
            Ok(())
        };
    "identifier-twice", TWO_MESSAGES, "Two messages have one identifier.",
        ["2.2.1-09"],
        |b| {
            let identifier = |pick| -> Result<String, crate::Unfit> {
                let (_, envelope) = b.first(pick)?;
                Ok(envelope.fields().get("Message-ID").unwrap_or_default().trim_matches(['<', '>']).to_owned())
            };
            let (first, second) = (identifier(ENVELOPE)?, identifier(crate::Pick { nth: 1, ..ENVELOPE })?);
            b.rename_identifier(&second, &first)?;
            b.only("alfa");
            Ok(())
        };
    "receipt-asked-in-vain", CROSS, "The envelope's certification data asks for another receipt than its header.",
        ["3.1.5-18"],
        |b| b.edit(ENVELOPE, |message| bend_xml(message, |xml| xml.set_attribute("ricevuta", "tipo", "sintetica")));
    "delivery-original-changed", CROSS, "The delivery receipt's original is not the envelope's.",
        ["3.3.2.1-03"],
        |b| b.message_part(DELIVERY, |part| {
            let mut original = part.decoded();
            original.extend_from_slice(b"P.S.\r\n");
            part.body = collaudo_forge::Body::Leaf(original);
        });
}
