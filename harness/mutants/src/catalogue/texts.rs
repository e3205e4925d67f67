//! The readable texts: what each must say, and how it writes dates and hours.

use super::{ANOMALOUS, BCC, CROSS, DOWN, EXTERNAL, FULL, UNKNOWN};
use crate::{
    edit::Said,
    pick::{
        ACCEPTANCE, ANOMALY, DELIVERY, ENVELOPE, FIRST_NOTICE, NON_ACCEPTANCE, NON_DELIVERY, SECOND_NOTICE, TAKE_CHARGE,
    },
};

mutants! {
    "acceptance-text-day", CROSS, "The acceptance receipt's text has no date.",
        ["3.1.4-07"], |b| b.unsaid(ACCEPTANCE, Said::Day);
    "acceptance-text-hour", CROSS, "The acceptance receipt's text has no time.",
        ["3.1.4-07"], |b| b.unsaid(ACCEPTANCE, Said::Hour);
    "acceptance-text-zone", CROSS, "The acceptance receipt's text has no zone.",
        ["3.1.4-07", "4.2-04"], |b| b.unsaid(ACCEPTANCE, Said::Zone);
    "acceptance-text-subject", CROSS, "The acceptance receipt's text has no subject.",
        ["3.1.4-07"], |b| b.unsaid(ACCEPTANCE, Said::Subject);
    "acceptance-text-sender", CROSS, "The acceptance receipt's text has no sender.",
        ["3.1.4-07"], |b| b.unsaid(ACCEPTANCE, Said::Sender);
    "acceptance-text-recipients", CROSS, "The acceptance receipt's text has no recipients.",
        ["2.2.1-08", "3.1.4-07"], |b| b.unsaid(ACCEPTANCE, Said::Recipients);
    "acceptance-text-identifier", CROSS, "The acceptance receipt's text has no identifier.",
        ["3.1.4-07"], |b| b.unsaid(ACCEPTANCE, Said::Identifier);
    "acceptance-text-kinds", CROSS, "The acceptance receipt's text does not say which recipients are certified.",
        ["2.2.1-08", "3.1.4-07"],
        |b| b.text(ACCEPTANCE, |text| text.replace("posta certificata", "posta"));
    "acceptance-text-ordinary-as-certified", EXTERNAL, "The text says that an ordinary recipient is certified.",
        ["2.2.1-08", "3.1.4-07"],
        |b| b.text(ACCEPTANCE, |text| text.replace("posta ordinaria", "posta certificata"));

    "non-acceptance-text-day", BCC, "The non-acceptance notice's text has no date.",
        ["3.1.2-09"], |b| b.unsaid(NON_ACCEPTANCE, Said::Day);
    "non-acceptance-text-subject", BCC, "The non-acceptance notice's text has no subject.",
        ["3.1.2-09"], |b| b.unsaid(NON_ACCEPTANCE, Said::Subject);
    "non-acceptance-text-sender", BCC, "The non-acceptance notice's text has no sender.",
        ["3.1.2-09"], |b| b.unsaid(NON_ACCEPTANCE, Said::Sender);
    "non-acceptance-text-recipients", BCC, "The non-acceptance notice's text has no recipients.",
        ["3.1.2-09"], |b| b.unsaid(NON_ACCEPTANCE, Said::Recipients);
    "non-acceptance-text-identifier", BCC, "The non-acceptance notice's text has no identifier.",
        ["3.1.2-09"], |b| b.unsaid(NON_ACCEPTANCE, Said::Identifier);

    "non-acceptance-text-explanation", BCC, "The non-acceptance notice's text does not say why.",
        ["3.1.2-09"], |b| b.unsaid(NON_ACCEPTANCE, Said::Explanation);

    "take-charge-text-hour", CROSS, "The take-charge receipt's text has no time.",
        ["3.2.1-12"], |b| b.unsaid(TAKE_CHARGE, Said::Hour);
    "take-charge-text-subject", CROSS, "The take-charge receipt's text has no subject.",
        ["3.2.1-12"], |b| b.unsaid(TAKE_CHARGE, Said::Subject);
    "take-charge-text-sender", CROSS, "The take-charge receipt's text has no sender.",
        ["3.2.1-12"], |b| b.unsaid(TAKE_CHARGE, Said::Sender);
    "take-charge-text-recipients", CROSS, "The take-charge receipt's text has no recipients.",
        ["3.2.1-12"], |b| b.unsaid(TAKE_CHARGE, Said::Received);
    "take-charge-text-identifier", CROSS, "The take-charge receipt's text has no identifier.",
        ["3.2.1-12"], |b| b.unsaid(TAKE_CHARGE, Said::Identifier);

    "envelope-text-day", CROSS, "The envelope's text has no date.",
        ["3.1.5-16"], |b| b.unsaid(ENVELOPE, Said::Day);
    "envelope-text-subject", CROSS, "The envelope's text has no subject.",
        ["3.1.5-16"], |b| b.unsaid(ENVELOPE, Said::Subject);
    "envelope-text-sender", CROSS, "The envelope's text has no sender.",
        ["3.1.5-16"], |b| b.unsaid(ENVELOPE, Said::Sender);
    "envelope-text-recipients", CROSS, "The envelope's text has no recipients.",
        ["3.1.5-16"], |b| b.unsaid(ENVELOPE, Said::Recipients);
    "envelope-text-identifier", CROSS, "The envelope's text has no identifier.",
        ["3.1.5-16"], |b| b.unsaid(ENVELOPE, Said::Identifier);

    "delivery-text-hour", CROSS, "The delivery receipt's text has no time.",
        ["3.3.2.1-05"], |b| b.unsaid(DELIVERY, Said::Hour);
    "delivery-text-zone", CROSS, "The delivery receipt's text has no zone.",
        ["3.3.2.1-05", "4.2-04"], |b| b.unsaid(DELIVERY, Said::Zone);
    "delivery-text-subject", CROSS, "The delivery receipt's text has no subject.",
        ["3.3.2.1-05"], |b| b.unsaid(DELIVERY, Said::Subject);
    "delivery-text-sender", CROSS, "The delivery receipt's text has no sender.",
        ["3.3.2.1-05"], |b| b.unsaid(DELIVERY, Said::Sender);
    "delivery-text-recipient", CROSS, "The delivery receipt's text does not say to whom.",
        ["3.3.2.1-05"], |b| b.unsaid(DELIVERY, Said::Recipient);
    "delivery-text-identifier", CROSS, "The delivery receipt's text has no identifier.",
        ["3.3.2.1-05"], |b| b.unsaid(DELIVERY, Said::Identifier);

    "non-delivery-text-day", UNKNOWN, "The non-delivery notice's text has no date.",
        ["3.3.3-08"], |b| b.unsaid(NON_DELIVERY, Said::Day);
    "non-delivery-text-subject", UNKNOWN, "The non-delivery notice's text has no subject.",
        ["3.3.3-08"], |b| b.unsaid(NON_DELIVERY, Said::Subject);
    "non-delivery-text-recipient", UNKNOWN, "The non-delivery notice's text does not say to whom.",
        ["3.3.3-08"], |b| b.unsaid(NON_DELIVERY, Said::Recipient);
    "non-delivery-text-identifier", UNKNOWN, "The non-delivery notice's text has no identifier.",
        ["3.3.3-08"], |b| b.unsaid(NON_DELIVERY, Said::Identifier);
    "non-delivery-text-explanation", UNKNOWN, "The non-delivery notice's text does not say why.",
        ["3.3.3-08", "AGID.12-01"], |b| b.unsaid(NON_DELIVERY, Said::Explanation);
    "non-delivery-text-code", UNKNOWN, "The non-delivery notice's text has no code.",
        ["AGID.12-01"], |b| b.text(NON_DELIVERY, |text| text.replace("5.1.1", ""));
    "mailbox-full-text-code", FULL, "The text of a full mailbox has the code of an unknown one.",
        ["AGID.12-01", "AGID.12-02"], |b| b.text(NON_DELIVERY, |text| text.replace("5.2.2", "5.1.1"));

    "timeout-text-hour", DOWN, "The first timeout notice's text has no time.",
        ["3.1.6-15"], |b| b.unsaid(FIRST_NOTICE, Said::Hour);
    "timeout-text-subject", DOWN, "The first timeout notice's text has no subject.",
        ["3.1.6-15"], |b| b.unsaid(FIRST_NOTICE, Said::Subject);
    "timeout-text-sender", DOWN, "The second timeout notice's text has no sender.",
        ["3.1.6-15"], |b| b.unsaid(SECOND_NOTICE, Said::Sender);
    "timeout-text-recipient", DOWN, "The second timeout notice's text does not say to whom.",
        ["3.1.6-15"], |b| b.unsaid(SECOND_NOTICE, Said::Recipient);
    "timeout-text-identifier", DOWN, "The second timeout notice's text has no identifier.",
        ["3.1.6-15"], |b| b.unsaid(SECOND_NOTICE, Said::Identifier);

    "anomaly-text-not-certified", ANOMALOUS, "The anomaly envelope does not say that nothing is certified.",
        ["3.2.2-13"], |b| b.text(ANOMALY, |text| text.replace("certificat", "verificat"));

    "delivery-text-english", CROSS, "The delivery receipt's text is in English.",
        ["PRACT-02"],
        |b| b.edit(DELIVERY, |message| {
            let Some(daticert) = message.daticert() else { return false };
            let xml = collaudo_forge::Xml(daticert);
            let said = |name: &str| xml.text(name).unwrap_or_default();
            let zone = xml.attribute("data", "zona").unwrap_or_default();
            let text = format!(
                "Delivery PEC notification\r\n\r\nOn {} at {} ({zone}), the message \"{}\" originating from \"{}\"\r\n\
                 and addressed to \"{}\" was placed in the destination's mailbox.\r\nMessage identifier: {}\r\n",
                said("giorno"), said("ora"), said("oggetto"), said("mittente"), said("consegna"), said("identificativo")
            );
            crate::edit::rewrite_texts(message, &|_| text.clone())
        });
    "text-day-with-dashes", CROSS, "The delivery receipt's text writes the date with dashes.",
        ["3.3.2.1-05", "4.2-02"],
        |b| b.resaid(DELIVERY, Said::Day, |day| day.replace('/', "-"));
    "text-hour-without-seconds", CROSS, "The delivery receipt's text leaves the seconds out.",
        ["3.3.2.1-05", "4.2-03"],
        |b| b.resaid(DELIVERY, Said::Hour, |hour| hour.chars().take(5).collect());
    "text-hour-in-utc", CROSS, "The delivery receipt's text gives the wrong offset for the date.",
        ["3.3.2.1-05", "4.1-02", "4.2-01", "DM.9-01"],
        |b| b.resaid(DELIVERY, Said::Zone, |_| "(+0700)".to_owned());
    "text-zone-by-name", CROSS, "The delivery receipt's text names the zone and gives no offset.",
        ["3.3.2.1-05", "4.2-04"],
        |b| b.resaid(DELIVERY, Said::Zone, |_| "(CET)".to_owned());
}
