//! The anomaly envelope.

use collaudo_forge::Entity;

use super::{ANOMALOUS, SIGNED_MAIL};
use crate::pick::{ANOMALY, is_message};

mutants! {
    "anomaly-x-trasporto-missing", ANOMALOUS, "The anomaly envelope does not say what it is.",
        ["2.1-12", "2.1.1.2-07", "3.2.2-08", "DM.6-01"],
        |b| b.drop_header(ANOMALY, "X-Trasporto");
    "anomaly-date", ANOMALOUS, "The anomaly envelope's Date is an hour late.",
        ["3.2.2-09", "4.1-02", "DM.9-01"],
        |b| b.date(ANOMALY, 3_600);
    "anomaly-subject-prefix", ANOMALOUS, "The anomaly envelope's subject has another prefix.",
        ["3.2.2-10"],
        |b| b.header(ANOMALY, "Subject", |subject| subject.replacen("ANOMALIA MESSAGGIO", "ANOMALIA", 1));
    "anomaly-from", ANOMALOUS, "The anomaly envelope comes from an address that its certificate does not name.",
        ["2.1-05", "2.2.6-01", "3.2.2-11"],
        |b| b.author_address(ANOMALY);
    "anomaly-reply-to-missing", SIGNED_MAIL, "The anomaly envelope has no Reply-To, so that an answer goes to the provider.",
        ["3.2.2-12"],
        |b| b.drop_header(ANOMALY, "Reply-To");
    "anomaly-to", ANOMALOUS, "The anomaly envelope's To is not that of the received message.",
        ["2.1.1.2-03", "3.2.2-04"],
        |b| b.set_header(ANOMALY, "To", "bianca@beta.test");
    "anomaly-message-id", ANOMALOUS, "The anomaly envelope's Message-ID is not that of the received message.",
        ["3.2.2-07"],
        |b| b.header(ANOMALY, "Message-ID", |id| id.replacen('<', "<altro.", 1));
    "anomaly-received", SIGNED_MAIL, "The anomaly envelope's Received is not that of the received message.",
        ["2.1.1.2-02", "3.2.2-03"],
        |b| b.header(ANOMALY, "Received", |received| format!("{received} (altro)"));
    "anomaly-cc", SIGNED_MAIL, "The anomaly envelope's Cc is not that of the received message.",
        ["2.1.1.2-04", "3.2.2-05"],
        |b| b.set_header(ANOMALY, "Cc", "aldo@alfa.test");
    "anomaly-cc-missing", SIGNED_MAIL, "The anomaly envelope drops the received message's Cc.",
        ["2.1.1.2-04", "3.2.2-05"],
        |b| b.drop_header(ANOMALY, "Cc");
    "anomaly-return-path", SIGNED_MAIL, "The anomaly envelope's Return-Path is not that of the received message.",
        ["2.1.1.2-05", "3.2.2-06"],
        |b| b.set_header(ANOMALY, "Return-Path", "<posta-certificata@beta.test>");
    "anomaly-elsewhere", ANOMALOUS, "The anomaly envelope lies in the mailbox of somebody to whom it did not come, too.",
        ["3.2.2-15"],
        |b| {
            b.store_too(ANOMALY, "beta", "bianca@beta.test")?;
            b.only("beta");
            Ok(())
        };
    "anomaly-message-changed", ANOMALOUS, "The anomaly envelope does not enclose the message as it was received.",
        ["3.2.2-02"],
        |b| b.enclosed(ANOMALY, |message| {
            message.fields.push("X-Filtro", "passato");
            true
        });
    "anomaly-without-message", ANOMALOUS, "The anomaly envelope does not enclose the received message.",
        ["3.2.2-02", "3.2.2-14"],
        |b| b.parts(ANOMALY, |parts| {
            let before = parts.len();
            parts.retain(|part| !is_message(part));
            parts.len() < before
        });
    "anomaly-with-daticert", ANOMALOUS, "The anomaly envelope holds certification data.",
        ["3.2.2-14"],
        |b| b.parts(ANOMALY, |parts| {
            let fields = "Content-Type: application/xml; name=\"daticert.xml\"\r\n\
                          Content-Disposition: attachment; filename=\"daticert.xml\"\r\n";
            parts.push(Entity::leaf(fields, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<postacert/>\r\n"));
            true
        });
    "anomaly-with-extra-part", ANOMALOUS, "The anomaly envelope holds an attachment of the provider's.",
        ["3.2.2-14"],
        |b| b.parts(ANOMALY, |parts| {
            parts.push(Entity::leaf("Content-Type: text/plain; name=\"avviso.txt\"\r\n", "Leggere con cautela.\r\n"));
            true
        });
    "anomaly-signature-broken", ANOMALOUS, "The anomaly envelope's signature does not fit its content.",
        ["2.1-01", "3.2.2-16", "DPR.9-01"],
        |b| {
            let author = { let (_, opened) = b.first(ANOMALY)?; b.author(&opened)? };
            b.break_signature(ANOMALY)?;
            b.only(&author);
            Ok(())
        };
}
