//! Signatures: of something else, by somebody else, of another make, none.

use collaudo_forge::{Body, Certificates, Digest, Entity, ForgeError, Style, parameter, sign, signed_opaque, unsigned};

use super::{Bench, bench::Bent};

/// 1 January 2026 and 2028, between which all messages lie.
const YEARS: (i64, i64) = (1_767_225_600, 1_830_297_600);
/// 1 January 2020 and 2024, 2032 and 2036.
const BEFORE: (i64, i64) = (1_577_836_800, 1_704_067_200);
const BEHIND: (i64, i64) = (1_956_528_000, 2_082_758_400);

bends! {
    "text-touched", "accettazione/complete", Invalid,
        "A line was added to the text after it was signed.",
        "Una riga è stata aggiunta al testo dopo la firma.",
        ["2.1-01", "DPR.9-01"], |b| b.touch_text(|text| format!("{text}Cordiali saluti.\r\n"));
    "envelope-text-touched", "posta-certificata/complete", Invalid,
        "A line was added to the envelope's text after it was signed.",
        "Una riga è stata aggiunta al testo della busta dopo la firma.",
        ["2.1-01", "DPR.9-01"], |b| b.touch_text(|text| format!("{text}Cordiali saluti.\r\n"));
    "daticert-touched", "avvenuta-consegna/complete", Invalid,
        "A comment was put into the certification data after it was signed.",
        "Un commento è stato inserito nei dati di certificazione dopo la firma.",
        ["2.1-01", "DPR.9-01"], |b| b.touch_xml(|xml| xml.insert_before("dati", "<!-- visto -->"));
    "original-touched", "posta-certificata/mixed", Invalid,
        "A word was added to the enclosed original after the envelope was signed.",
        "Una parola è stata aggiunta al messaggio originale dopo la firma della busta.",
        ["2.1-01", "DPR.9-01"], |b| {
            let Some(part) = b.message.original_mut() else { return Ok(false) };
            part.body = Body::Leaf([part.decoded().as_slice(), b"P.S.\r\n"].concat());
            Ok(true)
        };
    "anomaly-touched", "anomalia/anomaly-ordinary", Invalid,
        "A word was added to the enclosed message after the anomaly envelope was signed.",
        "Una parola è stata aggiunta al messaggio allegato dopo la firma della busta di anomalia.",
        ["2.1-01", "3.2.2-16", "DPR.9-01"], |b| {
            let Some(part) = b.message.original_mut() else { return Ok(false) };
            part.body = Body::Leaf([part.decoded().as_slice(), b"P.S.\r\n"].concat());
            Ok(true)
        };
    "signature-of-another", "preavviso-errore-consegna/first-notice", Invalid,
        "The signature is that of another message of the same provider.",
        "La firma è quella di un altro messaggio dello stesso gestore.",
        ["2.1-01", "DPR.9-01"], |b| {
            let signature = sign(b"Content-Type: text/plain\r\n\r\nAltro.\r\n", &b.signer, b.at, b.signer.style());
            b.message.set_signature(&signature);
            Ok(true)
        };
    "signature-bit-flipped", "errore-consegna/virus", Invalid,
        "One bit of the signature value is wrong.",
        "Un bit del valore della firma è sbagliato.",
        ["2.1-01", "DPR.9-01"], |b| {
            let mut signature = b.message.signature();
            // The value is the last thing but the ends of what is of indefinite length.
            let last = signature.iter().rposition(|octet| *octet != 0).and_then(|at| signature.get_mut(at));
            let found = last.map(|octet| *octet ^= 1).is_some();
            b.message.set_signature(&signature);
            Ok(found)
        };
    "signature-cut", "accettazione/mixed", Invalid,
        "The signature is cut off in the middle.",
        "La firma è troncata a metà.",
        ["2.1-01", "2.1-03", "DPR.9-01"], |b| {
            let signature = b.message.signature();
            b.message.set_signature(signature.get(..signature.len() / 2).unwrap_or_default());
            Ok(true)
        };
    "key-unlike-certificate", "avvenuta-consegna/concise", Invalid,
        "The signature was made with another key than that of the certificate.",
        "La firma è stata apposta con una chiave diversa da quella del certificato.",
        ["2.1-01", "DPR.9-01"], |b| {
            let other = b.keys.unlisted()?.with_certificate(b.signer.certificate())?;
            b.sign_with(&other, b.signer.style())
        };
    "acceptance-signed-by-another", "accettazione/complete", Valid,
        "The acceptance receipt is signed with another provider's key and certificate.",
        "La ricevuta di accettazione è firmata con la chiave e il certificato di un altro gestore.",
        ["2.1-01", "2.1-05"], signed_by_another;
    "envelope-signed-by-another", "posta-certificata/brief", Valid,
        "The envelope is signed with another provider's key and certificate.",
        "La busta è firmata con la chiave e il certificato di un altro gestore.",
        ["2.1-01", "2.1-05"], signed_by_another;
    "delivery-signed-by-another", "avvenuta-consegna/brief", Valid,
        "The delivery receipt is signed with another provider's key and certificate.",
        "La ricevuta di avvenuta consegna è firmata con la chiave e il certificato di un altro gestore.",
        ["2.1-01", "2.1-05"], signed_by_another;
    "certificate-left-out", "avvenuta-consegna/complete", Invalid,
        "The signature does not hold the signer's certificate.",
        "La firma non contiene il certificato del firmatario.",
        ["2.1-01", "2.1-03", "DPR.9-01"], |b| b.sign_with(
            &b.signer.clone(),
            Style { certificates: Certificates::WithoutSigner, ..b.signer.style() },
        );
    "certificates-left-out", "posta-certificata/concise", Invalid,
        "The signature holds no certificate at all.",
        "La firma non contiene alcun certificato.",
        ["2.1-01", "2.1-03", "DPR.9-01"], |b| b.sign_with(
            &b.signer.clone(),
            Style { certificates: Certificates::None, ..b.signer.style() },
        );
    "signer-expired", "presa-in-carico/complete", Invalid,
        "The certificate had run out before the message was signed, though the index lists it.",
        "Il certificato era scaduto quando il messaggio è stato firmato, benché l'indice lo contenga.",
        ["2.1-01"], |b| {
            let expired = b.keys.of_years(b.author, BEFORE.0, BEFORE.1)?;
            b.certified_by(&expired)
        };
    "signer-not-yet-valid", "rilevazione-virus/virus", Invalid,
        "The certificate begins after the message was signed, though the index lists it.",
        "Il certificato non era ancora valido quando il messaggio è stato firmato, benché l'indice lo contenga.",
        ["2.1-01"], |b| {
            let future = b.keys.of_years(b.author, BEHIND.0, BEHIND.1)?;
            b.certified_by(&future)
        };
    "signer-unlisted", "avvenuta-consegna/concise", Valid,
        "The certificate is the provider's by its name, but the index does not list it.",
        "Il certificato è del gestore secondo il nome, ma l'indice non lo contiene.",
        ["2.1-01"], |b| {
            let unlisted = b.keys.of_years(b.author, YEARS.0, YEARS.1)?;
            b.sign_with(&unlisted, b.signer.style())
        };
    "acceptance-sha1", "accettazione/mixed", Valid,
        "The acceptance receipt is signed over SHA-1.",
        "La ricevuta di accettazione è firmata con SHA-1.",
        ["AGID.SHA-01"], over_sha1;
    "envelope-sha1", "posta-certificata/mixed", Valid,
        "The envelope is signed over SHA-1.",
        "La busta è firmata con SHA-1.",
        ["AGID.SHA-01"], over_sha1;
    "second-notice-sha1", "preavviso-errore-consegna/second-notice", Valid,
        "The second timeout notice is signed over SHA-1.",
        "Il secondo avviso di superamento dei tempi massimi è firmato con SHA-1.",
        ["AGID.SHA-01"], over_sha1;
    "acceptance-unsigned", "accettazione/complete", Absent,
        "The acceptance receipt is not signed.",
        "La ricevuta di accettazione non è firmata.",
        ["2.1-01", "2.1-02", "DPR.9-01"], without_signature;
    "delivery-unsigned", "avvenuta-consegna/complete", Absent,
        "The delivery receipt is not signed.",
        "La ricevuta di avvenuta consegna non è firmata.",
        ["2.1-01", "2.1-02", "DPR.9-01"], without_signature;
    "notice-unsigned", "preavviso-errore-consegna/second-notice", Absent,
        "The second timeout notice is not signed.",
        "Il secondo avviso di superamento dei tempi massimi non è firmato.",
        ["2.1-01", "2.1-02", "DPR.9-01"], without_signature;
    "delivery-opaque", "avvenuta-consegna/brief", Valid,
        "The delivery receipt is signed in the opaque form, which hides the text from whoever cannot verify.",
        "La ricevuta di avvenuta consegna è firmata in forma opaca, che nasconde il testo a chi non può verificarla.",
        ["2.1-02"], |b| {
            let (fields, body) = signed_opaque(&b.message.content().to_bytes(), &b.signer, b.at, Style::default());
            let mut outer = b.message.fields().clone();
            ["MIME-Version", "Content-Type"].into_iter().for_each(|name| { outer.remove(name); });
            b.becomes([&outer.to_bytes(), fields.as_bytes(), b"\r\n", &body].concat())
        };
    "protocol-invented", "avvenuta-consegna/complete-cc", Valid,
        "multipart/signed names a protocol that is no S/MIME.",
        "multipart/signed indica un protocollo che non è S/MIME.",
        ["2.1-02"], |b| b.header("Content-Type", |kind| {
            let protocol = parameter(kind, "protocol").unwrap_or_default();
            kind.replace(&protocol, "application/pgp-signature")
        });
}

fn signed_by_another(b: &mut Bench<'_>) -> Bent {
    let other = b.keys.provider((b.author + 5) % 8)?;
    b.sign_with(&other, b.signer.style())
}

fn over_sha1(b: &mut Bench<'_>) -> Bent {
    let micalg = |kind: &str| match parameter(kind, "micalg") {
        Some(said) => kind.replace(&format!("micalg={said}"), "micalg=sha1").replace(&said, "sha1"),
        None => kind.to_owned(),
    };
    let signer = b.signer.clone();
    let style = Style { digest: Digest::Sha1, ..signer.style() };
    Ok(b.header("Content-Type", micalg)? && b.sign_with(&signer, style)?)
}

fn without_signature(b: &mut Bench<'_>) -> Bent {
    let octets = unsigned(&b.message.to_bytes());
    let is_signed = Entity::read(&octets).content_type() == "multipart/signed";
    if is_signed {
        return Err(ForgeError::Message("it is signed still"));
    }
    b.becomes(octets)
}
