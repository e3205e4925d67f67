//! Receipts and notices that are made otherwise.

use collaudo_forge::{Digest, Style, Xml, signed_opaque, unsigned};

use super::{
    ALFA, BETA, FOREIGN,
    bends::{drop, own, sealed, set, styled},
};
use crate::{
    catalogue::{AMBIGUOUS, BRIEF, COMPLETE, CONCISE, CROSS, DOWN, FULL, SUMMER, TWO_AT_ONE, UNKNOWN},
    edit::{Said, bend_parts, bend_xml, prefix_subject, rename_author, rewrite_texts, shift_date, unsay},
    pick::{Kind, is_message},
    provider::{GOOD, Habit},
};

/// A run in which beta writes pages beside its texts.
const HTML: &str = "flows/html-family";

providers! {
    "makes-acceptance-without-kind", ALFA, [CROSS], "The acceptance receipt does not say what it is.",
        ["2.1-12", "2.1.1.1.1-01", "3.1.4-01", "DM.6-01"],
        makes!(Kind::Acceptance, |message| drop(message, "X-Ricevuta"));
    "dates-acceptance-late", ALFA, [CROSS], "The acceptance receipt's Date is an hour late.",
        ["3.1.4-02", "4.1-02", "DM.9-01"],
        makes!(Kind::Acceptance, |message| shift_date(message, 3_600));
    "prefixes-acceptance-in-english", ALFA, [CROSS], "The acceptance receipt's subject has an English prefix.",
        ["3.1.4-03"],
        makes!(Kind::Acceptance, |message| prefix_subject(message, "ACCEPTANCE: "));
    "writes-acceptance-from-an-office", ALFA, [CROSS], "The acceptance receipt comes from an address that its certificate does not name.",
        ["2.1-05", "2.2.6-01", "3.1.4-04"],
        makes!(Kind::Acceptance, rename_author);
    "forgets-client-identifier-in-acceptance", ALFA, [CROSS], "The acceptance receipt does not repeat the client's identifier.",
        ["2.1.1.1.1-02", "2.2.1-14", "3.1.4-06"],
        makes!(Kind::Acceptance, |message| drop(message, "X-Riferimento-Message-ID"));
    "leaves-identifier-out-of-acceptance", ALFA, [CROSS], "The acceptance receipt's text has no identifier.",
        ["3.1.4-07"],
        makes!(Kind::Acceptance, |message| unsay(message, Said::Identifier));
    "leaves-recipients-out-of-acceptance", ALFA, [CROSS], "The acceptance receipt's text has no recipients.",
        ["2.2.1-08", "3.1.4-07"],
        makes!(Kind::Acceptance, |message| unsay(message, Said::Recipients));
    "certifies-acceptance-with-an-error", ALFA, [CROSS], "The acceptance receipt certifies an error.",
        ["3.1.4-08"],
        makes!(Kind::Acceptance, |message| bend_xml(message, |xml| xml.set_attribute("postacert", "errore", "altro")));
    "signs-acceptance-with-sha1", ALFA, [CROSS], "The acceptance receipt is signed with SHA-1.",
        ["AGID.SHA-01"],
        Habit { makes: Some(|desk, octets| sealed(desk, octets, Kind::Acceptance, |message, signer, at| {
            styled(message, signer, at, Style { digest: Digest::Sha1, ..signer.style() })
        })), ..GOOD };
    "never-signs-acceptance", ALFA, [CROSS], "The acceptance receipt is not signed.",
        ["2.1-01", "2.1-02", "DPR.9-01"],
        Habit { makes: Some(|desk, octets| own(desk, octets, Kind::Acceptance).map(|_| unsigned(octets))), ..GOOD };

    "makes-take-charge-in-english", BETA, [CROSS], "The take-charge receipt names its kind in English.",
        ["2.1.1.1.1-01", "3.2.1-05", "A-01", "DM.6-01"],
        makes!(Kind::TakeCharge, |message| set(message, "X-Ricevuta", "server-server-acceptance"));
    "dates-take-charge-late", BETA, [CROSS], "The take-charge receipt's Date is an hour late.",
        ["3.2.1-06", "4.1-02", "DM.9-01"],
        makes!(Kind::TakeCharge, |message| shift_date(message, 3_600));
    "names-another-client-identifier-in-take-charge", BETA, [CROSS], "The take-charge receipt repeats another identifier.",
        ["2.1.1.1.1-02", "2.2.1-14", "3.2.1-10"],
        makes!(Kind::TakeCharge, |message| set(message, "X-Riferimento-Message-ID", "<un.altro@client.alfa.test>"));
    "addresses-take-charge-to-postmaster", BETA, [CROSS], "The take-charge receipt's To is not the service mailbox.",
        ["3.2.1-09"],
        makes!(Kind::TakeCharge, |message| set(message, "To", "postmaster@alfa.test"));
    "takes-charge-of-one-of-two", BETA, [TWO_AT_ONE], "The take-charge receipt names one of two recipients.",
        ["3.2.1-02", "3.2.1-03", "3.2.1-04", "4.4-22"],
        makes!(Kind::TakeCharge, |message| bend_xml(message, |xml| xml.remove("ricezione")));
    "certifies-take-charge-as-a-virus", BETA, [CROSS], "The take-charge receipt certifies a virus.",
        ["3.2.1-13", "4.4-05"],
        makes!(Kind::TakeCharge, |message| bend_xml(message, |xml| xml.set_attribute("postacert", "errore", "virus")));

    "makes-delivery-receipt-without-kind", BETA, [FOREIGN], "The delivery receipt does not say what it is.",
        ["2.1-12", "2.1.1.1.1-01", "3.3.2-04", "DM.6-01"],
        makes!(Kind::Delivery, |message| drop(message, "X-Ricevuta"));
    "prefixes-delivery-receipt-in-english", BETA, [FOREIGN], "The delivery receipt's subject has an English prefix.",
        ["3.3.2-06"],
        makes!(Kind::Delivery, |message| prefix_subject(message, "DELIVERY: "));
    "certifies-delivery-an-hour-late", BETA, [CROSS], "The delivery receipt certifies another hour than its Date and its text.",
        ["4.1-02", "DM.9-01"],
        makes!(Kind::Delivery, |message| bend_xml(message, |xml| {
            let hour = xml.text("ora").unwrap_or_default();
            let later = hour.split_once(':').map(|(_, rest)| format!("23:{rest}"));
            later.is_some_and(|later| xml.set_text("ora", &later))
        }));
    "certifies-delivery-to-nobody", BETA, [FOREIGN], "The delivery receipt's certification data name no recipient.",
        ["3.3.2.1-06", "3.3.2.1-07", "4.4-21"],
        makes!(Kind::Delivery, |message| bend_xml(message, |xml| xml.remove("consegna")));
    "leaves-recipient-out-of-delivery-receipt", BETA, [CROSS], "The delivery receipt's text has no recipient.",
        ["3.3.2.1-05"],
        makes!(Kind::Delivery, |message| unsay(message, Said::Recipient));
    "writes-delivery-receipt-in-english", BETA, [CROSS], "The delivery receipt's text is in English.",
        ["PRACT-02"],
        makes!(Kind::Delivery, english);
    "leaves-original-out-of-complete-receipt", BETA, [COMPLETE], "A complete receipt was asked for, and the recipient in To gives none.",
        ["2.1-14", "3.3.2.1-01", "3.3.2.1-02", "3.3.2.1-03"],
        makes!(Kind::Delivery, without_original);
    "leaves-original-out-of-ambiguous-receipt", BETA, [AMBIGUOUS], "A recipient in To and Cc gives a receipt without the original.",
        ["2.1-14", "3.3.2.1-03", "3.3.2.1-04"],
        makes!(Kind::Delivery, without_original);
    "leaves-original-out-of-brief-receipt", BETA, [BRIEF], "A brief receipt was asked for, and nothing of the original is there.",
        ["2.1-14", "3.3.2.2-02"],
        makes!(Kind::Delivery, without_original);
    "encloses-original-in-concise-receipt", BETA, [CONCISE], "The concise receipt holds a message.",
        ["2.1-14", "3.3.2.3-01", "3.3.2.3-02"],
        makes!(Kind::Delivery, |message| bend_parts(message, |parts| {
            let fields = "Content-Type: message/rfc822; name=\"postacert.eml\"\r\n\
                          Content-Disposition: attachment; filename=\"postacert.eml\"\r\n";
            parts.push(collaudo_forge::Entity::leaf(fields, "Subject: x\r\n\r\nx\r\n"));
            true
        }));
    "signs-delivery-receipt-opaquely", BETA, [CROSS], "The delivery receipt is signed in the opaque form.",
        ["2.1-02"],
        Habit { makes: Some(|desk, octets| sealed(desk, octets, Kind::Delivery, |message, signer, at| {
            let mut header = message.fields().clone();
            for name in ["Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "MIME-Version"] {
                header.remove(name);
            }
            let (fields, body) = signed_opaque(&message.content().to_bytes(), signer, at, signer.style());
            [&header.to_bytes(), fields.as_bytes(), b"\r\n", &body].concat()
        })), ..GOOD };
    "signs-delivery-receipt-before-it-is-done", BETA, [CROSS], "The delivery receipt's text is changed behind its signature.",
        ["2.1-01", "DPR.9-01"],
        Habit { makes: Some(|desk, octets| own(desk, octets, Kind::Delivery).map(|mut message| {
            rewrite_texts(&mut message, &|text| format!("{text}."));
            message.to_bytes()
        })), ..GOOD };

    "names-another-form-in-delivery-receipt", BETA, [CROSS], "The complete delivery receipt says that it is a concise one.",
        ["3.3.2-11"],
        makes!(Kind::Delivery, |message| set(message, "X-TipoRicevuta", "sintetica"));
    "runs-a-script-in-delivery-receipt", BETA, [HTML], "The delivery receipt's page runs a script.",
        ["4.3.1-06"],
        makes!(Kind::Delivery, |message| pages(message, "</body>", "<script>window.print()</script></body>"));
    "shows-a-picture-in-delivery-receipt", BETA, [HTML], "The delivery receipt's page shows a picture from elsewhere.",
        ["4.3.1-05"],
        makes!(Kind::Delivery, |message| pages(message, "</body>", "<img src=\"http://example.net/x.png\"></body>"));
    "explains-nothing-in-non-delivery", BETA, [UNKNOWN], "The non-delivery notice's certification data explain nothing.",
        ["3.3.3-09", "AGID.12-01"],
        makes!(Kind::NonDelivery, |message| bend_xml(message, |xml| xml.remove("errore-esteso")));
    "certifies-non-delivery-without-error", BETA, [UNKNOWN], "The non-delivery notice certifies no error.",
        ["3.3.3-09"],
        makes!(Kind::NonDelivery, |message| bend_xml(message, |xml| xml.set_attribute("postacert", "errore", "nessuno")));
    "marks-full-mailbox-as-unsafe", BETA, [FULL], "The non-delivery notice for a full mailbox bears the mark of a virus.",
        ["2.1.1.1.3-02"],
        makes!(Kind::NonDelivery, |message| set(message, "X-VerificaSicurezza", "errore"));

    "addresses-timeout-notice-to-the-recipient", ALFA, [DOWN], "The timeout notices are addressed to the recipient.",
        ["2.1-10", "3.1.6-12"],
        makes!(Kind::Timeout, |message| set(message, "To", "bruno@beta.test"));
    "leaves-recipient-out-of-timeout-notice", ALFA, [DOWN], "The timeout notices' certification data name no recipient.",
        ["3.1.6-16", "3.1.6-17", "4.4-21"],
        makes!(Kind::Timeout, |message| bend_xml(message, |xml| xml.remove("consegna")));
    "writes-timeout-notice-in-winter-time", ALFA, [SUMMER], "The timeout notices' texts give the hour in winter time.",
        ["4.2-01"],
        makes!(Kind::Timeout, in_winter_time);
}

/// Rewrites the page beside the text.
fn pages(message: &mut collaudo_forge::Opened, old: &str, new: &str) -> bool {
    let page = message.texts_mut().into_iter().find(|text| text.content_type() == "text/html");
    let Some(page) = page else { return false };
    let (before, after) = (page.text(), page.text().replace(old, new));
    page.set_text(&after);
    before != after
}

fn without_original(message: &mut collaudo_forge::Opened) -> bool {
    bend_parts(message, |parts| {
        let before = parts.len();
        parts.retain(|part| !is_message(part));
        parts.len() < before
    })
}

/// The same instant, by a clock that nobody has put forward.
fn in_winter_time(message: &mut collaudo_forge::Opened) -> bool {
    let hour = Xml(message.daticert().unwrap_or_default()).text("ora").unwrap_or_default();
    let Some((hours, rest)) = hour.split_once(':') else { return false };
    let Some(before) = hours.parse::<u8>().ok().and_then(|hours| hours.checked_sub(1)) else { return false };
    let earlier = format!("{before:02}:{rest}");
    rewrite_texts(message, &|text| {
        text.replace(&hour, &earlier).replace("(+0200)", "(+0100)").replace("(+02:00)", "(+01:00)")
    })
}

/// The same in another language.
fn english(message: &mut collaudo_forge::Opened) -> bool {
    let xml = Xml(message.daticert().unwrap_or_default());
    let said = |name| xml.text(name).unwrap_or_default();
    let zone = xml.attribute("data", "zona").unwrap_or_default();
    let text = format!(
        "Delivery receipt\r\n\r\nOn {} at {} ({zone}) the message \"{}\" from \"{}\" and addressed to \"{}\"\r\n\
         was placed in the destination mailbox.\r\nMessage identifier: {}\r\n",
        said("giorno"),
        said("ora"),
        said("oggetto"),
        said("mittente"),
        said("consegna"),
        said("identificativo")
    );
    rewrite_texts(message, &|_| text.clone())
}
