//! What a message encloses: the original's identifiers, the form of a delivery receipt, hashes.

use collaudo_forge::{Body, Entity};

use super::bench::{is_message, replace_in_fields};

const WHOLE: &str =
    "From: anna@alfa.test\r\nTo: bruno@beta.test\r\nSubject: Contratto di fornitura n. 7\r\n\r\nBuongiorno.";

bends! {
    "original-keeps-client-id", "posta-certificata/complete", Valid,
        "The enclosed original still has the client's Message-ID.",
        "Il messaggio originale allegato ha ancora il Message-ID del client.",
        ["2.2.1-11", "2.2.1-12"], |b| b.enclosed(|original| {
            let Some(msgid) = original.fields.get("X-Riferimento-Message-ID") else { return false };
            original.fields.set("Message-ID", &msgid);
            true
        });
    "original-other-id", "posta-certificata/concise", Valid,
        "The enclosed original has an identifier of its own.",
        "Il messaggio originale allegato ha un identificativo suo.",
        ["2.2.1-11", "2.2.1-12"], |b| b.enclosed(|original| {
            original.fields.set("Message-ID", "<tutt.altro@alfa.test>");
            true
        });
    "original-client-id-missing", "posta-certificata/brief", Valid,
        "The enclosed original does not keep the client's identifier.",
        "Il messaggio originale allegato non conserva l'identificativo del client.",
        ["2.2.1-13"], |b| b.enclosed(|original| original.fields.remove("X-Riferimento-Message-ID"));
    "concise-with-original", "avvenuta-consegna/concise", Valid,
        "A concise receipt holds the original.",
        "Una ricevuta sintetica contiene il messaggio originale.",
        ["2.1-14", "3.3.2.3-01", "3.3.2.3-02"], |b| b.parts(|parts| {
            let fields = "Content-Type: message/rfc822; name=\"postacert.eml\"\r\n\
                          Content-Disposition: attachment; filename=\"postacert.eml\"\r\n";
            parts.push(Entity::leaf(fields, WHOLE));
            true
        });
    "brief-hash-short", "avvenuta-consegna/brief", Valid,
        "A hash has 32 digits, as MD5 has.",
        "Un'impronta ha 32 cifre, come quelle di MD5.",
        ["3.3.2.2-04", "3.3.2.2-05", "3.3.2.2-07"],
        |b| b.enclosed(|original| hashed(original, |part| {
            part.body = Body::Leaf(b"0123456789abcdef0123456789abcdef".to_vec());
            true
        }));
    "brief-hash-no-digits", "avvenuta-consegna/signed", Valid,
        "A hash is written in base64.",
        "Un'impronta è scritta in base64.",
        ["3.3.2.2-04", "3.3.2.2-05", "3.3.2.2-07"],
        |b| b.enclosed(|original| original.parts_mut().next().is_some_and(|signed| hashed(signed, |part| {
            part.body = Body::Leaf(b"ZWluIHRlc3QgaXN0IGVpbiB0ZXN0".to_vec());
            true
        })));
    "brief-hash-name", "avvenuta-consegna/brief", Valid,
        "A hash is named with another suffix.",
        "Un'impronta ha un nome con un altro suffisso.",
        ["3.3.2.2-06"], |b| b.enclosed(|original| hashed(original, |part| replace_in_fields(part, ".hash", ".sha1")));
    "brief-hash-type", "avvenuta-consegna/forwarded-brief", Valid,
        "A hash is labelled as octets, not as text.",
        "Un'impronta è dichiarata come dati e non come testo.",
        ["3.3.2.2-08"],
        |b| b.enclosed(|original| hashed(original, |part| {
            replace_in_fields(part, "text/plain", "application/octet-stream")
        }));
    "brief-with-file", "avvenuta-consegna/brief", Valid,
        "A brief receipt holds a file itself and no hash of it.",
        "Una ricevuta breve contiene un file e non la sua impronta.",
        ["3.3.2.2-03"], |b| b.enclosed(|original| hashed(original, |part| {
            *part = Entity::leaf(
                "Content-Type: text/csv; name=\"tabella.csv\"\r\n\
                 Content-Disposition: attachment; filename=\"tabella.csv\"\r\n",
                "uno,due",
            );
            true
        }));
    "brief-certifies-complete", "avvenuta-consegna/brief", Valid,
        "A brief receipt certifies that it is complete.",
        "Una ricevuta breve certifica di essere completa.",
        ["3.3.2.2-15"], |b| b.xml(|xml| xml.set_attribute("ricevuta", "tipo", "completa"));
    "anomaly-encloses-nothing-readable", "anomalia/anomaly-ordinary", Valid,
        "The anomaly envelope encloses the message as plain octets.",
        "La busta di anomalia allega il messaggio come dati generici.",
        ["3.2.2-02", "3.2.2-14"], |b| b.parts(|parts| parts.iter_mut().filter(|part| is_message(part)).all(|part| {
            replace_in_fields(part, "message/rfc822", "application/octet-stream")
        }));
}

/// Bends the first hash of a brief receipt's original.
fn hashed(original: &mut Entity, bend: impl Fn(&mut Entity) -> bool) -> bool {
    let mut parts = original.parts_mut();
    parts.find(|part| part.file_name().is_some_and(|name| name.ends_with(".hash"))).is_some_and(bend)
}
