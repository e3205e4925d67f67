//! Certification data: its structure and what it must agree with.

use super::{CROSS, DOWN, EXTERNAL, TWO_AT_ONE};
use crate::pick::{ACCEPTANCE, DELIVERY, ENVELOPE, FIRST_NOTICE, NON_ACCEPTANCE, TAKE_CHARGE};

mutants! {
    "daticert-parts-swapped", CROSS, "dati stands before intestazione.",
        ["4.4-01"],
        |b| b.xml(DELIVERY, |xml| {
            let Some(header) = xml.element("intestazione") else { return false };
            xml.remove("intestazione") && xml.insert_after("dati", &header)
        });
    "daticert-intestazione-missing", CROSS, "There is no intestazione.",
        ["2.1-13", "4.4-01", "4.4-07", "4.4-08", "4.4-10", "4.4-11"],
        |b| b.xml(TAKE_CHARGE, |xml| xml.remove("intestazione"));
    "acceptance-tipo-missing", CROSS, "The acceptance receipt's certification data has no kind.",
        ["3.1.4-08", "4.4-02"],
        |b| b.xml(ACCEPTANCE, |xml| xml.remove_attribute("postacert", "tipo"));
    "acceptance-tipo-english", CROSS, "The acceptance receipt's certification data names its kind in English.",
        ["3.1.4-08", "4.4-02"],
        |b| b.xml(ACCEPTANCE, |xml| xml.set_attribute("postacert", "tipo", "acceptance"));
    "acceptance-errore-altro", CROSS, "The acceptance receipt certifies an error.",
        ["3.1.4-08"],
        |b| b.xml(ACCEPTANCE, |xml| xml.set_attribute("postacert", "errore", "altro"));
    "acceptance-errore-invented", CROSS, "The acceptance receipt certifies an error that does not exist.",
        ["3.1.4-08", "4.4-03"],
        |b| b.xml(ACCEPTANCE, |xml| xml.set_attribute("postacert", "errore", "nessun errore"));
    "acceptance-errore-no-dest", CROSS, "The acceptance receipt certifies a wrong recipient.",
        ["3.1.4-08", "4.4-04"],
        |b| b.xml(ACCEPTANCE, |xml| xml.set_attribute("postacert", "errore", "no-dest"));
    "take-charge-errore-virus", CROSS, "The take-charge receipt certifies a virus.",
        ["3.2.1-13", "4.4-05"],
        |b| b.xml(TAKE_CHARGE, |xml| xml.set_attribute("postacert", "errore", "virus"));
    "take-charge-tipo-invented", CROSS, "The take-charge receipt's certification data has a kind that does not exist.",
        ["3.2.1-13", "4.4-02"],
        |b| b.xml(TAKE_CHARGE, |xml| xml.set_attribute("postacert", "tipo", "preso-in-carico"));
    "non-acceptance-tipo-invented", super::BCC, "The non-acceptance notice's certification data has a kind that does not exist.",
        ["3.1.2-10", "4.4-02"],
        |b| b.xml(NON_ACCEPTANCE, |xml| xml.set_attribute("postacert", "tipo", "rifiuto"));
    "non-acceptance-errore-none", super::BCC, "The non-acceptance notice certifies that there is no error.",
        ["3.1.2-10"],
        |b| b.xml(NON_ACCEPTANCE, |xml| xml.set_attribute("postacert", "errore", "nessuno"));
    "timeout-tipo-invented", DOWN, "The timeout notice's certification data has a kind that does not exist.",
        ["3.1.6-17", "4.4-02"],
        |b| b.xml(FIRST_NOTICE, |xml| xml.set_attribute("postacert", "tipo", "preavviso"));
    "timeout-consegna-missing", DOWN, "The timeout notice does not certify about whom.",
        ["3.1.6-16", "3.1.6-17", "4.4-21"],
        |b| b.xml(FIRST_NOTICE, |xml| xml.remove("consegna"));
    "envelope-tipo-invented", CROSS, "The envelope's certification data has a kind that does not exist.",
        ["3.1.5-18", "4.4-02"],
        |b| b.xml(ENVELOPE, |xml| xml.set_attribute("postacert", "tipo", "busta"));
    "envelope-ricevuta-missing", CROSS, "The envelope does not certify which receipt is asked for.",
        ["3.1.5-18", "4.4-20"],
        |b| b.xml(ENVELOPE, |xml| xml.remove("ricevuta"));
    "envelope-ricevuta-without-tipo", CROSS, "The envelope's ricevuta names no form.",
        ["3.1.5-18", "4.4-20"],
        |b| b.xml(ENVELOPE, |xml| xml.remove_attribute("ricevuta", "tipo"));

    "mittente-missing", CROSS, "The envelope certifies no sender.",
        ["2.1-13", "4.4-06", "4.4-07"],
        |b| b.xml(ENVELOPE, |xml| xml.remove("mittente"));
    "mittente-other", CROSS, "The envelope certifies another sender.",
        ["2.1-13", "4.4-07"],
        |b| b.xml(ENVELOPE, |xml| xml.set_text("mittente", "aldo@alfa.test"));
    "mittente-other-on-delivery", CROSS, "The delivery receipt certifies another sender.",
        ["2.1-13", "4.4-07"],
        |b| b.xml(DELIVERY, |xml| xml.set_text("mittente", "aldo@alfa.test"));
    "destinatari-missing", CROSS, "The envelope certifies no recipient.",
        ["2.1-13", "4.4-06", "4.4-08"],
        |b| b.xml(ENVELOPE, |xml| xml.remove("destinatari"));
    "destinatari-one-lost", TWO_AT_ONE, "The acceptance receipt certifies one recipient of two.",
        ["2.1-13", "4.4-08"],
        |b| b.xml(ACCEPTANCE, |xml| xml.remove("destinatari"));
    "destinatari-one-more", CROSS, "The envelope certifies a recipient that nobody addressed.",
        ["2.1-13", "4.4-08"],
        |b| b.xml(ENVELOPE, |xml| xml.insert_after("destinatari", "<destinatari tipo=\"certificato\">aldo@alfa.test</destinatari>"));
    "destinatari-other", CROSS, "The envelope certifies another recipient.",
        ["2.1-13", "4.4-08"],
        |b| b.xml(ENVELOPE, |xml| xml.set_text("destinatari", "bianca@beta.test"));
    "destinatari-tipo-esterno", CROSS, "The envelope certifies that a certified recipient is an ordinary one.",
        ["2.2.1-07"],
        |b| b.xml(ENVELOPE, |xml| xml.set_attribute("destinatari", "tipo", "esterno"));
    "destinatari-tipo-esterno-on-acceptance", CROSS, "The acceptance receipt's certification data belies its text.",
        ["2.2.1-07", "2.2.1-08"],
        |b| b.xml(ACCEPTANCE, |xml| xml.set_attribute("destinatari", "tipo", "esterno"));
    "destinatari-tipo-certificato", EXTERNAL, "The envelope certifies that an ordinary recipient is a certified one.",
        ["2.2.1-07"],
        |b| b.xml(ENVELOPE, |xml| {
            let before = xml.0.clone();
            xml.0 = before.replace("tipo=\"esterno\"", "tipo=\"certificato\"");
            xml.0 != before
        });
    "destinatari-tipo-mixed-case", "access-point/mixed-case-domain", "A certified domain in capitals is taken for an ordinary one.",
        ["2.2.1-07", "4.5-05"],
        |b| b.xml(ENVELOPE, |xml| xml.set_attribute("destinatari", "tipo", "esterno"));
    "destinatari-tipo-invented", CROSS, "The envelope certifies a kind of recipient that does not exist.",
        ["2.2.1-07", "4.4-09"],
        |b| b.xml(ENVELOPE, |xml| xml.set_attribute("destinatari", "tipo", "interno"));
    "risposte-missing", CROSS, "The envelope certifies no reply address.",
        ["4.4-06", "4.4-10"],
        |b| b.xml(ENVELOPE, |xml| xml.remove("risposte"));
    "risposte-other", CROSS, "The envelope certifies another reply address.",
        ["4.4-10"],
        |b| b.xml(ENVELOPE, |xml| xml.set_text("risposte", "aldo@alfa.test"));
    "risposte-before-destinatari", CROSS, "The reply address stands before the recipients.",
        ["4.4-06"],
        |b| b.xml(DELIVERY, |xml| {
            let Some(element) = xml.element("risposte") else { return false };
            xml.remove("risposte") && xml.insert_before("destinatari", &element)
        });
    "oggetto-other", CROSS, "The envelope certifies another subject.",
        ["4.4-11"],
        |b| b.xml(ENVELOPE, |xml| xml.set_text("oggetto", "Tutt'altro"));
    "oggetto-other-on-delivery", CROSS, "The delivery receipt certifies another subject.",
        ["4.4-11"],
        |b| b.xml(DELIVERY, |xml| xml.set_text("oggetto", "Tutt'altro"));

    "gestore-missing", CROSS, "The delivery receipt does not certify which provider speaks.",
        ["4.4-12", "4.4-13"],
        |b| b.xml(DELIVERY, |xml| xml.remove("gestore-emittente"));
    "gestore-empty", CROSS, "The delivery receipt's provider has no name.",
        ["4.4-13"],
        |b| b.xml(DELIVERY, |xml| xml.set_text("gestore-emittente", ""));
    "dati-order", CROSS, "The time stands before the provider.",
        ["4.4-12"],
        |b| b.xml(DELIVERY, |xml| {
            let Some(element) = xml.element("data") else { return false };
            xml.remove("data") && xml.insert_before("gestore-emittente", &element)
        });
    "dati-unknown-element", CROSS, "The certification data holds an element of the provider's own.",
        ["4.4-12"],
        |b| b.xml(DELIVERY, |xml| xml.insert_after("identificativo", "<numero>7</numero>"));
    "data-missing", CROSS, "The take-charge receipt certifies no time.",
        ["4.4-12"],
        |b| b.xml(TAKE_CHARGE, |xml| xml.remove("data"));
    "data-hour-late", CROSS, "The delivery receipt certifies another hour than its Date and its text.",
        ["4.1-02", "DM.9-01"],
        |b| b.xml(DELIVERY, |xml| {
            let hour = xml.text("ora").unwrap_or_default();
            let new = if hour.starts_with("04") { "05" } else { "04" };
            xml.set_text("ora", &format!("{new}{}", hour.get(2..).unwrap_or_default()))
        });
    "zona-missing", CROSS, "The time has no zone.",
        ["4.4-14"],
        |b| b.xml(DELIVERY, |xml| xml.remove_attribute("data", "zona"));
    "zona-with-colon", CROSS, "The zone is written with a colon.",
        ["4.4-15"],
        |b| b.xml(DELIVERY, |xml| {
            let zone = xml.attribute("data", "zona").unwrap_or_default();
            let (hours, minutes) = zone.split_at_checked(3).unwrap_or((&zone, ""));
            let colon = format!("{hours}:{minutes}");
            xml.set_attribute("data", "zona", &colon)
        });
    "giorno-iso", CROSS, "The day is written year first.",
        ["4.4-16"],
        |b| b.xml(DELIVERY, |xml| {
            let day = xml.text("giorno").unwrap_or_default();
            xml.set_text("giorno", &day.split('/').rev().collect::<Vec<_>>().join("-"))
        });
    "giorno-missing", CROSS, "The time has no day.",
        ["4.4-14"],
        |b| b.xml(DELIVERY, |xml| xml.remove("giorno"));
    "ora-with-dots", CROSS, "The hour is written with dots.",
        ["4.4-17"],
        |b| b.xml(DELIVERY, |xml| {
            let hour = xml.text("ora").unwrap_or_default();
            xml.set_text("ora", &hour.replace(':', "."))
        });
    "identificativo-other", CROSS, "The envelope certifies another identifier than its Message-ID.",
        ["2.2.1-11", "3.1.5-12", "4.4-18"],
        |b| b.xml(ENVELOPE, |xml| {
            let id = xml.text("identificativo").unwrap_or_default();
            xml.set_text("identificativo", &format!("altro.{id}"))
        });
    "msgid-missing", CROSS, "The envelope does not certify the client's identifier.",
        ["2.2.1-15", "4.4-19"],
        |b| b.xml(ENVELOPE, |xml| xml.remove("msgid"));
    "msgid-other", CROSS, "The envelope certifies another client's identifier.",
        ["2.2.1-15", "4.4-19"],
        |b| b.xml(ENVELOPE, |xml| xml.set_text("msgid", "<un.altro@client.alfa.test>"));
    "msgid-other-on-delivery", CROSS, "The delivery receipt certifies another client's identifier.",
        ["2.2.1-15", "4.4-19"],
        |b| b.xml(DELIVERY, |xml| xml.set_text("msgid", "<un.altro@client.alfa.test>"));
    "ricezione-missing", CROSS, "The take-charge receipt does not say for whom.",
        ["3.2.1-02", "3.2.1-03", "3.2.1-04", "3.2.1-13", "4.4-22"],
        |b| b.xml(TAKE_CHARGE, |xml| xml.remove("ricezione"));
    "ricezione-one-lost", TWO_AT_ONE, "The take-charge receipt covers one recipient of two.",
        ["3.2.1-02", "3.2.1-03", "3.2.1-04", "4.4-22"],
        |b| b.xml(TAKE_CHARGE, |xml| xml.remove("ricezione"));
    "ricezione-other", CROSS, "The take-charge receipt covers a recipient that nobody addressed.",
        ["3.2.1-02", "3.2.1-03", "3.2.1-04", "4.4-22"],
        |b| b.xml(TAKE_CHARGE, |xml| xml.set_text("ricezione", "bianca@beta.test"));
    "ricezione-on-acceptance", CROSS, "The acceptance receipt says for whom it took charge.",
        ["4.4-22"],
        |b| b.xml(ACCEPTANCE, |xml| xml.insert_after("msgid", "<ricezione>bruno@beta.test</ricezione>"));
    "ricevuta-on-take-charge", CROSS, "The take-charge receipt certifies a form of delivery receipt.",
        ["4.4-20"],
        |b| b.xml(TAKE_CHARGE, |xml| xml.insert_before("ricezione", "<ricevuta tipo=\"completa\"/>"));
    "consegna-on-acceptance", CROSS, "The acceptance receipt certifies a delivery.",
        ["4.4-21"],
        |b| b.xml(ACCEPTANCE, |xml| xml.insert_after("msgid", "<consegna>bruno@beta.test</consegna>"));
}
