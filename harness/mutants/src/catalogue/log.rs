//! The log that the law asks for.

use collaudo_record::Span;

use super::CROSS;

mutants! {
    "log-none", CROSS, "The sender's provider keeps no log.",
        ["2.3-01"],
        |b| b.no_log("alfa");
    "log-none-at-receiver", CROSS, "The recipient's provider keeps no log.",
        ["2.3-01"],
        |b| b.no_log("beta");
    "log-identifier", CROSS, "The log's lines lack the message's identifiers.",
        ["2.3-02"],
        |b| b.log("alfa", |entry| {
            entry.msgid = None;
            entry.pec_msgid = None;
        });
    "log-time", CROSS, "The log's instants are an hour off.",
        ["2.3-03", "4.1-02", "DM.9-01"],
        |b| b.log("alfa", |entry| entry.at = entry.at.after(Span::from_hours(1)));
    "log-sender", CROSS, "The log's lines lack the sender.",
        ["2.3-04"],
        |b| b.log("alfa", |entry| entry.sender = String::new());
    "log-recipients", CROSS, "The log's lines lack the recipients.",
        ["2.3-05"],
        |b| b.log("alfa", |entry| entry.recipients.clear());
    "log-subject", CROSS, "The log's lines lack the subject.",
        ["2.3-06"],
        |b| b.log("alfa", |entry| entry.subject = String::new());
    "log-event", CROSS, "The log's lines do not say what happened.",
        ["2.3-07"],
        |b| b.log("alfa", |entry| entry.event = String::new());
    "log-related", CROSS, "The log's lines name none of the messages that were made.",
        ["2.3-08"],
        |b| b.log("alfa", |entry| entry.related.clear());
    "log-provider", CROSS, "The log's lines lack the sending provider.",
        ["2.3-09"],
        |b| b.log("alfa", |entry| entry.sending_provider = String::new());
}
