//! Signatures: broken, missing, another's, of another make.

use collaudo_forge::{Certificates, Digest, Style, parameter, signed_opaque};

use super::{CROSS, UNKNOWN};
use crate::pick::{ACCEPTANCE, DELIVERY, ENVELOPE, NON_DELIVERY, Pick, TAKE_CHARGE};
use crate::{Bench, Unfit, bench::signed_at};

mutants! {
    "acceptance-signature-broken", CROSS, "The acceptance receipt's signature does not fit its content.",
        ["2.1-01", "DPR.9-01"], |b| broken(b, ACCEPTANCE);
    "envelope-signature-broken", CROSS, "The envelope's signature does not fit its content.",
        ["2.1-01", "DPR.9-01"], |b| broken(b, ENVELOPE);
    "take-charge-signature-broken", CROSS, "The take-charge receipt's signature does not fit its content.",
        ["2.1-01", "DPR.9-01"], |b| broken(b, TAKE_CHARGE);
    "delivery-signature-broken", CROSS, "The delivery receipt's signature does not fit its content.",
        ["2.1-01", "DPR.9-01"], |b| broken(b, DELIVERY);
    "non-delivery-signature-broken", UNKNOWN, "The non-delivery notice's signature does not fit its content.",
        ["2.1-01", "DPR.9-01"], |b| broken(b, NON_DELIVERY);
    "acceptance-unsigned", CROSS, "The acceptance receipt is not signed.",
        ["2.1-01", "2.1-02", "DPR.9-01"],
        |b| remade(b, ACCEPTANCE, false);
    "delivery-unsigned", CROSS, "The delivery receipt is not signed.",
        ["2.1-01", "2.1-02", "DPR.9-01"],
        |b| remade(b, DELIVERY, false);
    "delivery-opaque", CROSS, "The delivery receipt is signed in the opaque form.",
        ["2.1-02"],
        |b| remade(b, DELIVERY, true);
    "acceptance-signed-by-another", CROSS, "The acceptance receipt is signed with another provider's key and certificate.",
        ["2.1-01", "2.1-05"],
        |b| {
            let other = b.keys.provider("beta")?.clone();
            b.resign(ACCEPTANCE, Some(&other), Style::default())
        };
    "envelope-signed-by-another", CROSS, "The envelope is signed with another provider's key and certificate.",
        ["2.1-01", "2.1-05"],
        |b| {
            let other = b.keys.provider("beta")?.clone();
            b.resign(ENVELOPE, Some(&other), Style::default())
        };
    "delivery-signed-by-another", CROSS, "The delivery receipt is signed with another provider's key and certificate.",
        ["2.1-01", "2.1-05"],
        |b| {
            let other = b.keys.provider("alfa")?.clone();
            b.resign(DELIVERY, Some(&other), Style::default())
        };
    "certificate-left-out", CROSS, "The delivery receipt's signature does not hold the signer's certificate.",
        ["2.1-01", "2.1-03", "DPR.9-01"],
        |b| b.resign(DELIVERY, None, Style { certificates: Certificates::WithoutSigner, ..Style::default() });
    "acceptance-sha1", CROSS, "The acceptance receipt is signed over SHA-1.",
        ["AGID.SHA-01"],
        |b| b.resign(ACCEPTANCE, None, Style { digest: Digest::Sha1, ..Style::default() });
    "envelope-sha1", CROSS, "The envelope is signed over SHA-1.",
        ["AGID.SHA-01"],
        |b| b.resign(ENVELOPE, None, Style { digest: Digest::Sha1, ..Style::default() });
    "delivery-sha1", CROSS, "The delivery receipt is signed over SHA-1.",
        ["AGID.SHA-01"],
        |b| b.resign(DELIVERY, None, Style { digest: Digest::Sha1, ..Style::default() });
    "protocol-invented", CROSS, "multipart/signed names a protocol that is no S/MIME.",
        ["2.1-02"],
        |b| b.header(DELIVERY, "Content-Type", |kind| {
            let protocol = parameter(kind, "protocol").unwrap_or_default();
            kind.replace(&protocol, "application/pgp-signature")
        });
    "signature-part-type", CROSS, "The signature part is labelled as octets.",
        ["2.1-02"],
        |b| b.edit(DELIVERY, |message| {
            let Some(part) = message.signature_part_mut() else { return false };
            part.fields.set("Content-Type", "application/octet-stream; name=\"firma.bin\"");
            part.fields.set("Content-Disposition", "attachment; filename=\"firma.bin\"");
            true
        });
}

fn broken(bench: &mut Bench<'_>, pick: Pick) -> Result<(), Unfit> {
    let (_, opened) = bench.first(pick)?;
    let author = bench.author(&opened)?;
    bench.break_signature(pick)?;
    bench.only(&author);
    Ok(())
}

/// Without a signature, or in the opaque form.
fn remade(bench: &mut Bench<'_>, pick: Pick, opaque: bool) -> Result<(), Unfit> {
    let (_, opened) = bench.first(pick)?;
    let author = bench.author(&opened)?;
    let signer = bench.keys.provider(&author)?.clone();
    if opaque {
        bench.rebuild(pick, |message| {
            signed_opaque(&message.content().to_bytes(), &signer, signed_at(message), Style::default())
        })?;
    } else {
        bench.unsigned(pick)?;
    }
    bench.only(&author);
    Ok(())
}
