use collaudo_record::{Instant, Outcome};

use super::{
    Case, GENERATED, Rule, Ruling,
    case::{listed, shown, when},
    words::words,
};
use crate::{
    Clause,
    reading::{Certificate, Kind, Signature, Trust},
};

pub(super) const RULES: &[Rule] = &[
    Rule::all(Clause::PEC_2_1_01, GENERATED, signed_by_its_creator),
    Rule::all(Clause::PEC_2_1_02, GENERATED, detached_form),
    Rule::all(Clause::PEC_2_1_03, GENERATED, certificate_enclosed),
    Rule::all(Clause::PEC_2_1_05, GENERATED, from_is_the_certificates),
    Rule::all(Clause::PEC_3_2_2_16, &[Kind::Anomalia], signed_by_its_creator),
    Rule::all(Clause::PEC_AGID_SHA_01, GENERATED, digest_is_strong),
    Rule::all(Clause::PEC_DPR_9_01, GENERATED, advanced_signature),
];

/// 2025-01-01T00:00:00Z: no message seen from then on was signed with SHA-1.
const SHA_1_GONE: Instant = Instant(1_735_689_600_000_000);

//= PEC-2.1-01
//= PEC-3.2.2-16
fn signed_by_its_creator(case: &Case<'_>) -> Option<Ruling> {
    // Without an index nobody knows its issuer by name.
    let owner = Some(case.issuer.display_name.as_str()).filter(|name| !name.is_empty()).unwrap_or("its provider");
    let expected = words!("a valid signature with a key that the index lists for {owner}");
    let opaque = opaque_signature(case);
    let Some(signature) = case.reading.signature.as_ref().or(opaque.as_ref()) else {
        return Some(Ruling::holds(false, expected, words!("no signature: {}", case.reading.root.media_type)));
    };
    let Some(signer) = signature.signer.as_ref().filter(|_| signature.valid) else {
        return Some(Ruling::holds(false, expected, words!("an invalid signature: {}", signature.reason)));
    };
    if let Some(words) = signature.signed_at.and_then(|at| out_of_time(signer, at)) {
        return Some(Ruling::holds(false, expected, words));
    }
    let (holds, words) = match case.view.index.listing(&signer.der) {
        Some(record) if record.name == case.issuer.display_name => (true, words!("valid, {}", signer.subject)),
        Some(record) => (false, words!("valid, but with a key of {}", record.name)),
        // Whose key it is nothing says; that the signature holds is said apart.
        None if case.view.index.records.is_empty() && case.is_alone => return None,
        None if case.is_alone && is_older_than_index(case, signature.signed_at) => {
            let words = "valid, but the index is younger than the message: it lists later certificates alone";
            return Some(Ruling::of(Outcome::Unknown, expected, words));
        }
        None if case.view.index.records.is_empty() => {
            return Some(Ruling::of(
                Outcome::Unknown,
                expected,
                "valid, but there is no index to find its certificate in",
            ));
        }
        None => (false, words!("valid, but with a certificate that the index does not list: {}", signer.subject)),
    };
    Some(Ruling::holds(holds, expected, words))
}

/// The signature of the opaque form. On its way such a message counts as one without (PEC-2.2.2-10), and the form is a row of
/// its own (PEC-2.1-02); whose key signed it can be told all the same.
fn opaque_signature(case: &Case<'_>) -> Option<Signature> {
    let is_unread = case.reading.signature.is_none() && case.reading.is_opaque();
    is_unread.then(|| Signature::read(&case.reading.root.decoded, &[], &Trust::default()).0)
}

/// In words, that a certificate was not valid when its owner claims to have signed (R-0073).
fn out_of_time(signer: &Certificate, at: Instant) -> Option<String> {
    let is_valid = (signer.not_before..=signer.not_after).contains(&at);
    let years = || words!("a certificate valid from {} to {}", when(signer.not_before), when(signer.not_after));
    (!is_valid).then(|| words!("signed on {}, as the signer claims, with {}", when(at), years()))
}

/// Whether every certificate that the index lists for a stored message's issuer is younger than its signature (R-0060).
fn is_older_than_index(case: &Case<'_>, signed_at: Option<Instant>) -> bool {
    let records = case.view.index.records.iter().filter(|record| record.name == case.issuer.display_name);
    let mut listed =
        records.flat_map(|record| &record.certificates).filter_map(|der| Certificate::read(der)).peekable();
    listed.peek().is_some() && signed_at.is_some_and(|at| listed.all(|certificate| at < certificate.not_before))
}

/// An advanced signature tells who signed and that nothing was changed since; whose key it must be is PEC-2.1-01's affair,
/// and where it stands PEC-2.1-02's (R-0086).
//= PEC-DPR.9-01
fn advanced_signature(case: &Case<'_>) -> Option<Ruling> {
    if case.reading.is_opaque() {
        return None;
    }
    let signature = case.reading.signature.as_ref();
    let signer = signature.filter(|one| one.valid).and_then(|one| one.signer.as_ref());
    let words = match (signature, signer) {
        (_, Some(signer)) => format!("valid, {}", signer.subject),
        (Some(signature), None) => format!("an invalid signature: {}", signature.reason),
        (None, None) => "no signature".to_owned(),
    };
    let expected = "a signature that fits its content, and a certificate of the signer (recalled, not read)";
    Some(Ruling::holds(signer.is_some(), expected, words))
}

//= PEC-2.1-02
fn detached_form(case: &Case<'_>) -> Option<Ruling> {
    const TYPES: [&str; 2] = ["application/pkcs7-signature", "application/x-pkcs7-signature"];
    let expected = "multipart/signed with a second part smime.p7s of application/pkcs7-signature, detached";
    let (Some(signature), Some(part)) = (&case.reading.signature, case.reading.root.children.get(1)) else {
        return Some(Ruling::holds(
            false,
            expected,
            words!("{} without a signature part", case.reading.root.media_type),
        ));
    };
    let holds = TYPES.contains(&signature.protocol.as_str())
        && TYPES.contains(&part.media_type.as_str())
        && part.is_named("smime.p7s")
        && case.reading.root.children.len() == 2
        && !signature.encloses;
    let detached = if signature.encloses { "with content enclosed" } else { "detached" };
    let name = part.name.as_deref().unwrap_or("no name");
    let words = words!("protocol {:?}, second part {} {name}, {detached}", signature.protocol, part.media_type);
    Some(Ruling::holds(holds, expected, words))
}

//= PEC-2.1-03
fn certificate_enclosed(case: &Case<'_>) -> Option<Ruling> {
    let signature = case.reading.signature.as_ref()?;
    let expected = "an X.509v3 certificate of the signer inside the structure";
    let words = match &signature.signer {
        Some(signer) => words!("version {} of {}", signer.version, signer.subject),
        None => words!("{} certificates, none of them the signer's", signature.certificates.len()),
    };
    Some(Ruling::holds(signature.signer.as_ref().is_some_and(|signer| signer.version == 3), expected, words))
}

//= PEC-2.1-05
fn from_is_the_certificates(case: &Case<'_>) -> Option<Ruling> {
    let signature = case.reading.signature.as_ref().filter(|signature| signature.signer.is_some())?;
    let from = case.head().from.first().map(|from| from.address.as_str());
    let named = signature.addresses();
    let holds = from.is_some_and(|from| named.iter().any(|address| address.eq_ignore_ascii_case(from)));
    Some(Ruling::holds(
        holds,
        words!("From with the address of the certificate: {}", listed(named)),
        words!("From {}", shown(from)),
    ))
}

//= PEC-AGID.SHA-01
fn digest_is_strong(case: &Case<'_>) -> Option<Ruling> {
    let signature = case.reading.signature.as_ref().filter(|signature| !signature.digest.is_empty())?;
    let certificate = signature.signer.as_ref().map_or("no certificate", |signer| signer.signature_algorithm.as_str());
    let strong = |name: &str| ["sha256", "sha384", "sha512"].iter().any(|strong| name.starts_with(strong));
    let words = words!("digest {}, certificate signed with {certificate}", signature.digest);
    let outcome = if strong(&signature.digest) && (signature.signer.is_none() || strong(certificate)) {
        Outcome::Pass
    } else if signature.signed_at.is_some_and(|at| at < SHA_1_GONE) {
        // Deployed until the end of 2024.
        Outcome::Deviation
    } else {
        Outcome::Fail
    };
    Some(Ruling::of(outcome, "SHA-256 or stronger (recalled, not read)", words))
}
