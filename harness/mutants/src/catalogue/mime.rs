//! The parts of a message: types, names, charsets, order.

use collaudo_forge::Body;

use super::{BCC, CROSS, DOWN};
use crate::edit::{leaf, page};
use crate::pick::{ACCEPTANCE, DELIVERY, ENVELOPE, FIRST_NOTICE, NON_ACCEPTANCE, is_message};

mutants! {
    "acceptance-without-daticert", CROSS, "The acceptance receipt holds no certification data.",
        ["2.2.1-05", "2.2.1-08", "3.1.4-08"],
        |b| b.parts(ACCEPTANCE, |parts| {
            let before = parts.len();
            parts.retain(|part| part.content_type() != "application/xml");
            parts.len() < before
        });
    "acceptance-without-text", CROSS, "The acceptance receipt holds no readable text.",
        ["2.2.1-05", "2.2.1-08", "3.1.4-07", "4.3-03", "4.3.1-02"],
        |b| b.parts(ACCEPTANCE, |parts| {
            parts.remove(0);
            true
        });
    "non-acceptance-with-original", BCC, "The non-acceptance notice holds the original.",
        ["3.1.2-13"],
        |b| {
            let submitted = b.submitted()?;
            let original = b.trace.body(&submitted).unwrap_or_default().to_vec();
            b.parts(NON_ACCEPTANCE, |parts| {
                let fields = "Content-Type: message/rfc822; name=\"postacert.eml\"\r\n\
                              Content-Disposition: attachment; filename=\"postacert.eml\"\r\n";
                parts.push(collaudo_forge::Entity::leaf(fields, original.clone()));
                true
            })
        };
    "timeout-with-original", DOWN, "The timeout notice holds the original.",
        ["3.1.6-17"],
        |b| {
            let submitted = b.submitted()?;
            let original = b.trace.body(&submitted).unwrap_or_default().to_vec();
            b.parts(FIRST_NOTICE, |parts| {
                let fields = "Content-Type: message/rfc822; name=\"postacert.eml\"\r\n\
                              Content-Disposition: attachment; filename=\"postacert.eml\"\r\n";
                parts.push(collaudo_forge::Entity::leaf(fields, original.clone()));
                true
            })
        };
    "text-eight-bit", CROSS, "The delivery receipt's text crosses with eight bits.",
        ["4.3-01"],
        |b| b.edit(DELIVERY, |message| {
            for part in message.texts_mut() {
                let text = [part.decoded().as_slice(), b"Consegna avvenuta gi\xe0.\r\n"].concat();
                part.fields.set("Content-Transfer-Encoding", "8bit");
                part.body = Body::Leaf(text);
            }
            true
        });
    "content-not-mixed", CROSS, "What is signed is multipart/related.",
        ["4.3-02"],
        |b| b.edit(DELIVERY, |message| {
            let Some(content) = message.content_mut() else { return false };
            let kind = content.fields.get("Content-Type").unwrap_or_default();
            content.fields.set("Content-Type", &kind.replace("multipart/mixed", "multipart/related"));
            kind.contains("multipart/mixed")
        });
    "text-last", CROSS, "The readable text comes last.",
        ["4.3-03"],
        |b| b.parts(DELIVERY, |parts| {
            parts.rotate_left(1);
            true
        });
    "text-charset", CROSS, "The readable text is in another charset than ISO-8859-1.",
        ["4.3.1-01"],
        |b| b.edit(DELIVERY, |message| {
            for part in message.texts_mut() {
                let kind = part.fields.get("Content-Type").unwrap_or_default();
                let kind = kind.split(';').next().unwrap_or_default().to_owned();
                part.fields.set("Content-Type", &format!("{kind}; charset=iso-8859-5"));
            }
            true
        });
    "text-only-html", CROSS, "The readable text is HTML alone.",
        ["4.3.1-02"],
        |b| b.edit(DELIVERY, |message| {
            let plain = message.texts_mut().first().map(|text| text.text()).unwrap_or_default();
            let Some(text) = message.content_mut().and_then(|content| content.parts_mut().next()) else { return false };
            *text = leaf("text/html", &page(&plain, "", ""));
            true
        });
    "alternative-without-html", CROSS, "The alternatives are two plain texts.",
        ["4.3.1-03"],
        |b| b.alternatives(DELIVERY, |text| vec![leaf("text/plain", text), leaf("text/plain", text)]);
    "alternative-without-plain", CROSS, "There is one alternative, HTML.",
        ["4.3.1-03"],
        |b| b.alternatives(DELIVERY, |text| vec![leaf("text/html", &page(text, "", ""))]);
    "html-says-otherwise", CROSS, "The HTML names another recipient than the plain text.",
        ["4.3.1-04"],
        |b| b.alternatives(DELIVERY, |text| {
            let html = page(&text.replace("bruno@beta.test", "bianca@beta.test"), "", "");
            vec![leaf("text/plain", text), leaf("text/html", &html)]
        });
    "html-with-image", CROSS, "The HTML fetches an image.",
        ["4.3.1-05"],
        |b| b.alternatives(DELIVERY, |text| {
            let html = page(text, "", "<img src=\"https://beta.test/logo.png\">");
            vec![leaf("text/plain", text), leaf("text/html", &html)]
        });
    "html-with-style-sheet", CROSS, "The HTML fetches a style sheet.",
        ["4.3.1-05"],
        |b| b.alternatives(DELIVERY, |text| {
            let html = page(text, "<link rel=\"stylesheet\" href=\"https://beta.test/stile.css\">", "");
            vec![leaf("text/plain", text), leaf("text/html", &html)]
        });
    "html-with-script", CROSS, "The HTML runs a script.",
        ["4.3.1-06"],
        |b| b.alternatives(DELIVERY, |text| {
            let html = page(text, "<script>window.print()</script>", "");
            vec![leaf("text/plain", text), leaf("text/html", &html)]
        });
    "html-with-handler", CROSS, "The HTML acts when it is opened.",
        ["4.3.1-06"],
        |b| b.alternatives(DELIVERY, |text| {
            let html = page(text, "", "").replace("<body>", "<body onload=\"window.print()\">");
            vec![leaf("text/plain", text), leaf("text/html", &html)]
        });
    "original-name", CROSS, "The original is attached under another name.",
        ["4.3.2-01"],
        |b| b.message_part(ENVELOPE, |part| {
            for name in ["Content-Type", "Content-Disposition"] {
                if let Some(value) = part.fields.get(name) {
                    part.fields.set(name, &value.replace("postacert.eml", "originale.eml"));
                }
            }
        });
    "daticert-type", CROSS, "The certification data is labelled text/xml.",
        ["4.3.3-01"],
        |b| b.xml_part(DELIVERY, |part| {
            let kind = part.fields.get("Content-Type").unwrap_or_default();
            part.fields.set("Content-Type", &kind.replace("application/xml", "text/xml"));
        });
    "daticert-latin", CROSS, "The certification data is in ISO-8859-1.",
        ["4.3.3-02"],
        |b| b.xml_part(DELIVERY, |part| {
            let xml = String::from_utf8_lossy(&part.decoded()).into_owned();
            let xml = xml.replace("UTF-8", "ISO-8859-1").replace("utf-8", "ISO-8859-1");
            let latin = xml.replace("<gestore-emittente>", "<gestore-emittente>Societ\u{e0} ");
            let octets: Vec<u8> = latin.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect();
            part.set_decoded(&octets);
            if let Some(kind) = part.fields.get("Content-Type") {
                part.fields.set("Content-Type", &kind.replace("UTF-8", "ISO-8859-1"));
            }
        });
    "daticert-name", CROSS, "The certification data has the name that the RFC misprints.",
        ["4.3.3-03"],
        |b| b.xml_part(DELIVERY, |part| {
            for name in ["Content-Type", "Content-Disposition"] {
                if let Some(value) = part.fields.get(name) {
                    part.fields.set(name, &value.replace("daticert.xml", "certdata.xml"));
                }
            }
        });
    "delivery-original-name", CROSS, "The delivery receipt's original has another name.",
        ["4.3.2-01"],
        |b| b.edit(DELIVERY.whole(true), |message| {
            let Some(part) = message.part_mut(is_message) else { return false };
            for name in ["Content-Type", "Content-Disposition"] {
                if let Some(value) = part.fields.get(name) {
                    part.fields.set(name, &value.replace("postacert.eml", "originale.eml"));
                }
            }
            true
        });
}
