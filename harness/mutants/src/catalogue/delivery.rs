//! Forms of the delivery receipt, and what the non-delivery notice certifies.

use collaudo_forge::{Body, Entity};
use sha1::{Digest as _, Sha1};

use super::{AMBIGUOUS, BRIEF, BRIEF_FORWARDED, BRIEF_OPAQUE, BRIEF_SIGNED, COMPLETE, CONCISE, CROSS, FULL, UNKNOWN};
use crate::pick::{DELIVERY, ENVELOPE, NON_DELIVERY, Pick, is_message};

const PRIMARY: Pick = DELIVERY.about("bruno@beta.test");
const COPY: Pick = DELIVERY.about("bianca@beta.test");

mutants! {
    "complete-without-original", CROSS, "The recipient in To gives a receipt without the original.",
        ["2.1-14", "3.3.2.1-01", "3.3.2.1-02", "3.3.2.1-03"],
        |b| b.parts(DELIVERY.whole(true), |parts| {
            parts.retain(|part| !is_message(part));
            true
        });
    "complete-asked-without-original", COMPLETE, "A complete receipt was asked for, the recipient in To gives none.",
        ["2.1-14", "3.3.2.1-01", "3.3.2.1-02", "3.3.2.1-03"],
        |b| b.parts(PRIMARY, |parts| {
            let before = parts.len();
            parts.retain(|part| !is_message(part));
            parts.len() < before
        });
    "complete-for-copy", COMPLETE, "The recipient in Cc gives a receipt with the original.",
        ["2.1-14", "3.3.2-11", "3.3.2.1-02"],
        |b| {
            let (_, envelope) = b.first(ENVELOPE)?;
            let original = envelope.content().parts().find(|part| is_message(part)).cloned();
            b.parts(COPY, |parts| original.iter().any(|original| {
                parts.push(original.clone());
                true
            }))
        };
    "concise-with-original", CONCISE, "A concise receipt holds the original.",
        ["2.1-14", "3.3.2.3-01", "3.3.2.3-02"],
        |b| {
            let (_, envelope) = b.first(ENVELOPE)?;
            let original = envelope.content().parts().find(|part| is_message(part)).cloned();
            b.parts(PRIMARY, |parts| original.iter().any(|original| {
                parts.push(original.clone());
                true
            }))
        };
    "concise-twice", CONCISE, "There are two concise receipts for one recipient.",
        ["3.3.2.1-07", "3.3.2.3-03", "DM.6-03"],
        |b| {
            b.double(PRIMARY)?;
            b.only("beta");
            Ok(())
        };
    "brief-without-original", BRIEF, "The recipient in To gives a brief receipt with no original at all.",
        ["2.1-14", "3.3.2.2-02"],
        |b| b.parts(PRIMARY, |parts| {
            let before = parts.len();
            parts.retain(|part| !is_message(part));
            parts.len() < before
        });
    "brief-with-attachments", BRIEF, "A brief receipt holds the attachments themselves.",
        ["2.1-14", "3.3.2.2-02", "3.3.2.2-03"],
        |b| {
            let (_, envelope) = b.first(ENVELOPE)?;
            let original = envelope.original().unwrap_or_default();
            b.message_part(PRIMARY, |part| part.body = Body::Leaf(original.clone()))
        };
    "brief-hash-wrong", BRIEF, "A hash is not that of the attachment.",
        ["3.3.2.2-04", "3.3.2.2-05"],
        |b| b.enclosed(PRIMARY, |original| original.parts_mut().any(|part| {
            let hashed = part.file_name().is_some_and(|name| name.ends_with(".hash"));
            if hashed {
                part.body = Body::Leaf(b"0123456789abcdef0123456789abcdef01234567".to_vec());
            }
            hashed
        }));
    "brief-hash-short", BRIEF, "A hash has 32 digits, as MD5 has.",
        ["3.3.2.2-04", "3.3.2.2-05", "3.3.2.2-07"],
        |b| b.enclosed(PRIMARY, |original| original.parts_mut().any(|part| {
            let hashed = part.file_name().is_some_and(|name| name.ends_with(".hash"));
            if hashed {
                part.body = Body::Leaf(b"0123456789abcdef0123456789abcdef".to_vec());
            }
            hashed
        }));
    "brief-hash-name", BRIEF, "A hash is named like the attachment that it stands for.",
        ["3.3.2.2-06"],
        |b| b.enclosed(PRIMARY, |original| original.parts_mut().any(|part| {
            let hashed = part.file_name().is_some_and(|name| name.ends_with(".hash"));
            if hashed {
                for name in ["Content-Type", "Content-Disposition"] {
                    let value = part.fields.get(name).unwrap_or_default();
                    part.fields.set(name, &value.replace(".hash", ".sha1"));
                }
            }
            hashed
        }));
    "brief-hash-type", BRIEF, "A hash is labelled as octets, not as text.",
        ["3.3.2.2-08"],
        |b| b.enclosed(PRIMARY, |original| original.parts_mut().any(|part| {
            let hashed = part.file_name().is_some_and(|name| name.ends_with(".hash"));
            if hashed {
                let value = part.fields.get("Content-Type").unwrap_or_default();
                let rest = value.split_once(';').map(|(_, rest)| format!(";{rest}")).unwrap_or_default();
                part.fields.set("Content-Type", &format!("application/octet-stream{rest}"));
            }
            hashed
        }));
    "brief-structure-lost", BRIEF, "A brief receipt leaves an attachment out and puts no hash in its place.",
        ["3.3.2.2-03"],
        |b| b.enclosed(PRIMARY, |original| {
            let Body::Multipart(multipart) = &mut original.body else { return false };
            let before = multipart.parts.len();
            multipart.parts.truncate(before.saturating_sub(1));
            before > 1
        });
    "ambiguous-without-original", AMBIGUOUS, "A recipient in both To and Cc gives a concise receipt.",
        ["2.1-14", "3.3.2.1-03", "3.3.2.1-04"],
        |b| b.parts(PRIMARY, |parts| {
            let before = parts.len();
            parts.retain(|part| !is_message(part));
            parts.len() < before
        });
    "brief-with-attached-message", BRIEF_FORWARDED, "A brief receipt holds the attached message itself.",
        ["2.1-14", "3.3.2.2-02", "3.3.2.2-03", "3.3.2.2-12"],
        |b| {
            let (_, envelope) = b.first(ENVELOPE)?;
            let original = envelope.original().unwrap_or_default();
            b.message_part(PRIMARY, |part| part.body = Body::Leaf(original.clone()))
        };
    "brief-signature-changed", BRIEF_SIGNED, "A brief receipt changes the signature of a signed original.",
        ["3.3.2.2-10"],
        |b| b.enclosed(PRIMARY, |original| original.parts_mut().nth(1).is_some_and(|part| {
            let mut signature = part.decoded();
            if let Some(last) = signature.last_mut() {
                *last ^= 1;
            }
            part.set_decoded(&signature);
            true
        }));
    "brief-signature-hashed", BRIEF_SIGNED, "A brief receipt puts a hash in the place of a signed original's signature.",
        ["3.3.2.2-09", "3.3.2.2-10"],
        |b| b.enclosed(PRIMARY, |original| original.parts_mut().nth(1).is_some_and(|part| {
            *part = hash_of(part);
            true
        }));
    "brief-signed-left-whole", BRIEF_SIGNED, "A brief receipt leaves the attachments of a signed original as they are.",
        ["2.1-14", "3.3.2.2-02", "3.3.2.2-03", "3.3.2.2-10"],
        |b| {
            let (_, envelope) = b.first(ENVELOPE)?;
            let original = envelope.original().unwrap_or_default();
            b.message_part(PRIMARY, |part| part.body = Body::Leaf(original.clone()))
        };
    "brief-opaque-changed", BRIEF_OPAQUE, "A brief receipt changes an opaque original.",
        ["3.3.2.2-11"],
        |b| b.enclosed(PRIMARY, |original| {
            let mut object = original.decoded();
            if let Some(last) = object.last_mut() {
                *last ^= 1;
            }
            original.set_decoded(&object);
            true
        });
    "brief-opaque-hashed", BRIEF_OPAQUE, "A brief receipt puts a hash in the place of an opaque original.",
        ["3.3.2.2-09", "3.3.2.2-11"],
        |b| b.enclosed(PRIMARY, |original| {
            let hash = hash_of(original);
            for name in ["Content-Type", "Content-Transfer-Encoding", "Content-Disposition"] {
                original.fields.set(name, &hash.fields.get(name).unwrap_or_default());
            }
            original.body = hash.body;
            true
        });
    "delivery-tipo-invented", CROSS, "The delivery receipt's certification data has a kind that does not exist.",
        ["3.3.2.1-06", "4.4-02"],
        |b| b.xml(DELIVERY, |xml| xml.set_attribute("postacert", "tipo", "consegnato"));
    "delivery-consegna-missing", CROSS, "The delivery receipt does not certify to whom.",
        ["3.3.2.1-06", "3.3.2.1-07", "4.4-21"],
        |b| b.xml(DELIVERY, |xml| xml.remove("consegna"));
    "delivery-ricevuta-missing", CROSS, "The delivery receipt does not certify its form.",
        ["3.3.2.1-06", "4.4-20"],
        |b| b.xml(DELIVERY, |xml| xml.remove("ricevuta"));
    "delivery-ricevuta-invented", CROSS, "The delivery receipt certifies a form that does not exist.",
        ["3.3.2.1-06", "4.4-20"],
        |b| b.xml(DELIVERY, |xml| xml.set_attribute("ricevuta", "tipo", "lunga"));
    "brief-ricevuta-other", BRIEF, "A brief receipt certifies that it is complete.",
        ["3.3.2.2-15"],
        |b| b.xml(PRIMARY, |xml| xml.set_attribute("ricevuta", "tipo", "completa"));

    "non-delivery-tipo-invented", UNKNOWN, "The non-delivery notice's certification data has a kind that does not exist.",
        ["3.3.3-09", "4.4-02"],
        |b| b.xml(NON_DELIVERY, |xml| xml.set_attribute("postacert", "tipo", "mancata-consegna"));
    "non-delivery-errore-none", UNKNOWN, "The non-delivery notice certifies that there is no error.",
        ["3.3.3-09"],
        |b| b.xml(NON_DELIVERY, |xml| xml.set_attribute("postacert", "errore", "nessuno"));
    "non-delivery-errore-invented", UNKNOWN, "The non-delivery notice certifies an error that does not exist.",
        ["3.3.3-09", "4.4-03"],
        |b| b.xml(NON_DELIVERY, |xml| xml.set_attribute("postacert", "errore", "sconosciuto"));
    "non-delivery-consegna-missing", UNKNOWN, "The non-delivery notice does not certify to whom.",
        ["3.3.3-09", "4.4-21"],
        |b| b.xml(NON_DELIVERY, |xml| xml.remove("consegna"));
    "non-delivery-explanation-missing", UNKNOWN, "The non-delivery notice does not certify why.",
        ["3.3.3-09", "AGID.12-01"],
        |b| b.xml(NON_DELIVERY, |xml| xml.remove("errore-esteso"));
    "non-delivery-explanation-empty", UNKNOWN, "The non-delivery notice certifies an empty reason.",
        ["3.3.3-09", "4.4-23", "AGID.12-01"],
        |b| b.xml(NON_DELIVERY, |xml| xml.set_text("errore-esteso", ""));
    "non-delivery-code-missing", UNKNOWN, "The non-delivery notice certifies a reason without its code.",
        ["AGID.12-01"],
        |b| b.xml(NON_DELIVERY, |xml| {
            let text = xml.text("errore-esteso").unwrap_or_default();
            xml.set_text("errore-esteso", &text.replace("5.1.1", ""))
        });
    "mailbox-full-code", FULL, "A full mailbox is certified with the code of an unknown one.",
        ["AGID.12-01", "AGID.12-02"],
        |b| b.xml(NON_DELIVERY, |xml| {
            let text = xml.text("errore-esteso").unwrap_or_default();
            xml.set_text("errore-esteso", &text.replace("5.2.2", "5.1.1"))
        });
    "mailbox-full-as-unknown", FULL, "A full mailbox is certified as a wrong recipient.",
        ["AGID.12-02"],
        |b| b.xml(NON_DELIVERY, |xml| xml.set_attribute("postacert", "errore", "no-dest"));
}

/// What a brief receipt puts in the place of a part.
fn hash_of(part: &Entity) -> Entity {
    let octets = if let Body::Leaf(octets) = &part.body { octets.as_slice() } else { &[] };
    let digits: String = Sha1::digest(octets).iter().map(|octet| format!("{octet:02x}")).collect();
    let name = part.file_name().unwrap_or_default();
    let fields = format!(
        "Content-Type: text/plain; name=\"{name}.hash\"\r\nContent-Transfer-Encoding: 7bit\r\n\
         Content-Disposition: attachment; filename=\"{name}.hash\"\r\n"
    );
    Entity::leaf(&fields, digits)
}
