//! The parts of a message: which there are, in which order, of which type, name and character set.

use collaudo_forge::Entity;

use super::bench::{leaf, page, replace_in_fields};

bends! {
    "acceptance-without-data", "accettazione/complete", Valid,
        "The acceptance receipt holds no certification data.",
        "La ricevuta di accettazione non contiene i dati di certificazione.",
        ["2.2.1-05", "2.2.1-08", "3.1.4-08"], |b| b.parts(without("application/xml"));
    "acceptance-without-text", "accettazione/mixed", Valid,
        "The acceptance receipt holds no readable text.",
        "La ricevuta di accettazione non contiene il testo leggibile.",
        ["2.2.1-05", "2.2.1-08", "3.1.4-07", "4.3-03", "4.3.1-02"], |b| b.parts(|parts| {
            parts.remove(0);
            true
        });
    "refusal-with-original", "non-accettazione/non-acceptance-bcc", Valid,
        "The non-acceptance notice holds the original.",
        "L'avviso di non accettazione contiene il messaggio originale.",
        ["3.1.2-13"], |b| b.with_original();
    "notice-with-original", "preavviso-errore-consegna/first-notice", Valid,
        "The first timeout notice holds the original.",
        "Il primo avviso di superamento dei tempi massimi contiene il messaggio originale.",
        ["3.1.6-17"], |b| b.with_original();
    "detection-with-original", "rilevazione-virus/virus", Valid,
        "The virus-detection notice holds a message.",
        "L'avviso di rilevazione virus contiene un messaggio.",
        ["3.2.3-13"], |b| b.with_original();
    "virus-refusal-with-original", "non-accettazione/virus", Valid,
        "The non-acceptance notice for a virus holds a message.",
        "L'avviso di non accettazione per virus contiene un messaggio.",
        ["3.1.3-08"], |b| b.with_original();
    "envelope-without-original", "posta-certificata/complete", Valid,
        "The envelope does not hold the original.",
        "La busta di trasporto non contiene il messaggio originale.",
        ["3.1.5-01"], |b| b.parts(without("message/rfc822"));
    "envelope-without-data", "posta-certificata/concise", Valid,
        "The envelope does not hold certification data.",
        "La busta di trasporto non contiene i dati di certificazione.",
        ["3.1.5-01", "3.1.5-18"], |b| b.parts(without("application/xml"));
    "anomaly-with-data", "anomalia/anomaly-ordinary", Valid,
        "The anomaly envelope holds certification data.",
        "La busta di anomalia contiene dati di certificazione.",
        ["3.2.2-14"], |b| b.parts(|parts| {
            let fields = "Content-Type: application/xml; name=\"daticert.xml\"\r\n\
                          Content-Disposition: attachment; filename=\"daticert.xml\"\r\n";
            parts.push(Entity::leaf(fields, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<postacert/>"));
            true
        });
    "anomaly-without-message", "anomalia/anomaly-ordinary", Valid,
        "The anomaly envelope does not hold the message that it is about.",
        "La busta di anomalia non contiene il messaggio a cui si riferisce.",
        ["3.2.2-14"], |b| b.parts(without("message/rfc822"));
    "anomaly-with-extra-part", "anomalia/anomaly-ordinary", Valid,
        "The anomaly envelope holds an attachment of the provider's.",
        "La busta di anomalia contiene un allegato del gestore.",
        ["3.2.2-14"], |b| b.parts(|parts| {
            parts.push(Entity::leaf("Content-Type: text/plain; name=\"avviso.txt\"\r\n", "Leggere con cautela."));
            true
        });
    "content-not-mixed", "avvenuta-consegna/brief", Valid,
        "What is signed is multipart/related.",
        "Il contenuto firmato è multipart/related.",
        ["4.3-02"], |b| {
            let Some(content) = b.message.content_mut() else { return Ok(false) };
            Ok(replace_in_fields(content, "multipart/mixed", "multipart/related") && b.resign()?)
        };
    "text-last", "avvenuta-consegna/concise", Valid,
        "The readable text comes last.",
        "Il testo leggibile viene per ultimo.",
        ["4.3-03"], |b| b.parts(|parts| {
            parts.rotate_left(1);
            true
        });
    "text-charset", "avvenuta-consegna/complete-cc", Valid,
        "The readable text says that it is in the Cyrillic set ISO-8859-5.",
        "Il testo leggibile si dichiara in ISO-8859-5, l'alfabeto cirillico.",
        ["4.3.1-01"], |b| {
            let mut found = true;
            for part in b.message.texts_mut() {
                found &= replace_in_fields(part, "iso-8859-1", "iso-8859-5");
            }
            Ok(found && b.resign()?)
        };
    "text-only-page", "presa-in-carico/complete", Valid,
        "The readable text is HTML alone.",
        "Il testo leggibile è soltanto in HTML.",
        ["4.3.1-02"], |b| {
            let plain = b.message.texts_mut().first().map(|text| text.text()).unwrap_or_default();
            b.parts(|parts| {
                let first = parts.first_mut().map(|first| *first = leaf("text/html", &page(&plain, "", "")));
                first.is_some()
            })
        };
    "alternative-without-page", "avvenuta-consegna/complete", Valid,
        "The alternatives are two plain texts.",
        "Le due alternative sono entrambe testo semplice.",
        ["4.3.1-03"], |b| b.alternatives(|text| vec![leaf("text/plain", text), leaf("text/plain", text)]);
    "alternative-without-plain", "accettazione/complete", Valid,
        "There is one alternative, HTML.",
        "C'è una sola alternativa, in HTML.",
        ["4.3.1-03"], |b| b.alternatives(|text| vec![leaf("text/html", &page(text, "", ""))]);
    "page-says-otherwise", "avvenuta-consegna/brief", Valid,
        "The HTML names another recipient than the plain text.",
        "Il testo HTML nomina un destinatario diverso da quello del testo semplice.",
        ["4.3.1-04"], |b| b.alternatives(|text| {
            vec![leaf("text/plain", text), leaf("text/html", &page(&text.replace("bruno@", "bianca@"), "", ""))]
        });
    "page-with-image", "avvenuta-consegna/concise", Valid,
        "The HTML fetches an image.",
        "Il testo HTML richiama un'immagine.",
        ["4.3.1-05"], |b| b.alternatives(|text| {
            let html = page(text, "", "<img src=\"https://beta.test/logo.png\">");
            vec![leaf("text/plain", text), leaf("text/html", &html)]
        });
    "page-with-script", "posta-certificata/complete", Valid,
        "The HTML runs a script.",
        "Il testo HTML esegue uno script.",
        ["4.3.1-06"], |b| b.alternatives(|text| {
            let html = page(text, "<script>window.print()</script>", "");
            vec![leaf("text/plain", text), leaf("text/html", &html)]
        });
    "original-name", "posta-certificata/mixed", Valid,
        "The original is attached under another name.",
        "Il messaggio originale è allegato con un altro nome.",
        ["4.3.2-01"], |b| b.message_part(|part| replace_in_fields(part, "postacert.eml", "originale.eml"));
    "delivery-original-name", "avvenuta-consegna/complete", Valid,
        "The delivery receipt's original is attached under another name.",
        "L'originale nella ricevuta di avvenuta consegna ha un altro nome.",
        ["4.3.2-01"], |b| b.message_part(|part| replace_in_fields(part, "postacert.eml", "originale.eml"));
    "data-type", "avvenuta-consegna/brief", Valid,
        "The certification data is labelled text/xml.",
        "I dati di certificazione sono dichiarati text/xml.",
        ["4.3.3-01"], |b| b.xml_part(|part| replace_in_fields(part, "application/xml", "text/xml"));
    "data-name", "avvenuta-consegna/concise", Valid,
        "The certification data has the name that the RFC misprints.",
        "I dati di certificazione hanno il nome che la RFC stampa per errore.",
        ["4.3.3-03"], |b| b.xml_part(|part| replace_in_fields(part, "daticert.xml", "certdata.xml"));
    "data-latin", "presa-in-carico/complete", Valid,
        "The certification data is in ISO-8859-1, and says so.",
        "I dati di certificazione sono in ISO-8859-1, e lo dichiarano.",
        ["4.3.3-02"], |b| b.xml_part(|part| {
            let xml = String::from_utf8_lossy(&part.decoded()).replace("UTF-8", "ISO-8859-1");
            let octets: Vec<u8> = xml.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect();
            part.set_decoded(&octets);
            replace_in_fields(part, "UTF-8", "ISO-8859-1")
        });
}

fn without(kind: &'static str) -> impl Fn(&mut Vec<Entity>) -> bool {
    move |parts| {
        let before = parts.len();
        parts.retain(|part| part.content_type() != kind);
        parts.len() < before
    }
}
