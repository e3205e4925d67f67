//! What a message encloses: the original's identifiers, the form of a delivery receipt, hashes.

use collaudo_forge::{Body, Entity};

use super::bench::replace_in_fields;

bends! {
    "original-keeps-client-id", "posta-certificata/complete", Valid,
        "The enclosed original still has the client's Message-ID.",
        "Il messaggio originale allegato ha ancora il Message-ID del client.",
        ["2.2.1-11"], |b| b.enclosed(|original| {
            let Some(msgid) = original.fields.get("X-Riferimento-Message-ID") else { return false };
            original.fields.set("Message-ID", &msgid);
            true
        });
    "original-other-id", "posta-certificata/concise", Valid,
        "The enclosed original has an identifier of its own.",
        "Il messaggio originale allegato ha un identificativo suo.",
        ["2.2.1-11"], |b| b.enclosed(|original| {
            original.fields.set("Message-ID", "<tutt.altro@alfa.test>");
            true
        });
    "original-without-client-id", "posta-certificata/complete", Valid,
        "The enclosed original does not keep the client's identifier.",
        "Il messaggio originale allegato non conserva l'identificativo del client.",
        ["2.2.1-13"], |b| b.enclosed(|original| original.fields.remove("X-Riferimento-Message-ID"));
    "concise-with-original", "avvenuta-consegna/concise", Valid,
        "A concise receipt holds the original.",
        "Una ricevuta sintetica contiene il messaggio originale.",
        ["3.3.2.3-02"], |b| b.with_original();
    "brief-hash-short", "avvenuta-consegna/brief", Valid,
        "A hash has 32 digits, as MD5 has.",
        "Un'impronta ha 32 cifre, come quelle di MD5.",
        ["3.3.2.2-07"],
        |b| b.enclosed(|original| hashed(original, |part| {
            part.body = Body::Leaf(b"0123456789abcdef0123456789abcdef".to_vec());
            true
        }));
    "brief-hash-no-digits", "avvenuta-consegna/signed", Valid,
        "A hash is written in base64.",
        "Un'impronta è scritta in base64.",
        ["3.3.2.2-07"],
        |b| b.enclosed(|original| original.parts_mut().next().is_some_and(|signed| hashed(signed, |part| {
            part.body = Body::Leaf(b"ZWluIHRlc3QgaXN0IGVpbiB0ZXN0".to_vec());
            true
        })));
    "brief-hash-name", "avvenuta-consegna/brief", Valid,
        "A hash has the name of the attachment that it stands for, without the suffix.",
        "Un'impronta ha il nome dell'allegato che sostituisce, senza il suffisso.",
        ["3.3.2.2-06"],
        |b| b.enclosed(|original| hashed(original, |part| replace_in_fields(part, ".hash", "")));
    "brief-attachment-left", "avvenuta-consegna/brief", Valid,
        "An attachment of a brief receipt's original was left in its place.",
        "Un allegato dell'originale di una ricevuta breve è rimasto al suo posto.",
        ["3.3.2.2-03"],
        |b| b.enclosed(|original| hashed(original, |part| {
            part.body = Body::Leaf(b"Articolo 1. Le parti convengono quanto segue.".to_vec());
            replace_in_fields(part, ".hash", "")
        }));
    "brief-hash-type", "avvenuta-consegna/forwarded-brief", Valid,
        "A hash is labelled as octets, not as text.",
        "Un'impronta è dichiarata come dati e non come testo.",
        ["3.3.2.2-08"],
        |b| b.enclosed(|original| hashed(original, |part| {
            replace_in_fields(part, "text/plain", "application/octet-stream")
        }));
}

/// Bends the first hash of a brief receipt's original.
fn hashed(original: &mut Entity, bend: impl Fn(&mut Entity) -> bool) -> bool {
    let mut parts = original.parts_mut();
    parts.find(|part| part.file_name().is_some_and(|name| name.ends_with(".hash"))).is_some_and(bend)
}
