use collaudo_record::{Instant, Outcome};

use super::{
    Case, GENERATED, Rule, Ruling,
    case::{collapsed, listed},
    words::words,
};
use crate::{
    Clause,
    reading::{Certificate, oid},
};

pub(super) const RULES: &[Rule] = &[
    Rule::all(Clause::PEC_2_1_04, GENERATED, profile),
    Rule::all(Clause::PEC_5_5_1_01, GENERATED, |case| names_the_provider(case, signer(case)?)),
    Rule::all(Clause::PEC_5_5_1_02, GENERATED, |case| Some(names_an_address(signer(case)?))),
    Rule::all(Clause::PEC_5_5_1_03, GENERATED, |case| Some(no_address_in_subject(signer(case)?))),
    Rule::all(Clause::PEC_5_5_1_04, GENERATED, |case| Some(subject_is_well_formed(signer(case)?))),
    Rule::all(Clause::PEC_5_5_2_01, GENERATED, |case| Some(has_its_extensions(signer(case)?))),
    Rule::all(Clause::PEC_5_5_2_02, GENERATED, |case| Some(no_basic_constraints(signer(case)?))),
    Rule::all(Clause::PEC_5_5_2_03, GENERATED, |case| Some(key_usage(signer(case)?))),
    Rule::all(Clause::PEC_5_5_2_04, GENERATED, |case| Some(authority_key_id(signer(case)?))),
    Rule::all(Clause::PEC_5_5_2_05, GENERATED, |case| Some(subject_key_id(signer(case)?))),
    Rule::all(Clause::PEC_5_5_2_06, GENERATED, |case| Some(subject_alt_name(signer(case)?))),
    Rule::all(Clause::PEC_5_5_2_07, GENERATED, |case| Some(nothing_else_critical(signer(case)?))),
    Rule::all(Clause::PEC_AGID_SHA_02, GENERATED, key_is_long),
];

/// 2017-01-01T00:00:00Z: every certificate seen from then on holds a key of 2048 bits.
const SHORT_KEYS_GONE: Instant = Instant(1_483_228_800_000_000);

const REQUIRED: [(&str, &str); 4] = [
    (oid::KEY_USAGE, "keyUsage"),
    (oid::AUTHORITY_KEY_ID, "authorityKeyIdentifier"),
    (oid::SUBJECT_KEY_ID, "subjectKeyIdentifier"),
    (oid::SUBJECT_ALT_NAME, "subjectAltName"),
];

fn signer<'a>(case: &Case<'a>) -> Option<&'a Certificate> {
    case.reading.signature.as_ref()?.signer.as_deref()
}

//= PEC-2.1-04
fn profile(case: &Case<'_>) -> Option<Ruling> {
    let signer = signer(case)?;
    let rulings = [
        ("PEC-5.5.1-02", names_an_address(signer)),
        ("PEC-5.5.1-04", subject_is_well_formed(signer)),
        ("PEC-5.5.2-01", has_its_extensions(signer)),
        ("PEC-5.5.2-02", no_basic_constraints(signer)),
        ("PEC-5.5.2-03", key_usage(signer)),
        ("PEC-5.5.2-04", authority_key_id(signer)),
        ("PEC-5.5.2-05", subject_key_id(signer)),
        ("PEC-5.5.2-06", subject_alt_name(signer)),
        ("PEC-5.5.2-07", nothing_else_critical(signer)),
    ];
    let broken: Vec<String> = rulings
        .into_iter()
        .chain(names_the_provider(case, signer).map(|ruling| ("PEC-5.5.1-01", ruling)))
        .filter(|(_, ruling)| ruling.outcome == Outcome::Fail)
        .map(|(id, ruling)| words!("{id}: {}", ruling.observed))
        .collect();
    let words = if broken.is_empty() { words!("all of it") } else { broken.join("; ") };
    Some(Ruling::holds(broken.is_empty(), "a certificate with the profile of section 5.5", words))
}

//= PEC-5.5.1-01
fn names_the_provider(case: &Case<'_>, signer: &Certificate) -> Option<Ruling> {
    // Whose certificate it is the index says; whether it is the issuer's is a row of its own.
    let owner = case.view.index.listing(&signer.der).map_or(&case.issuer.display_name, |record| &record.name);
    // Without an index nobody says what the provider's name is.
    if owner.is_empty() {
        return None;
    }
    let wanted = collapsed(owner).to_lowercase();
    let holds =
        signer.common_names.iter().chain(&signer.organizations).any(|name| collapsed(name).to_lowercase() == wanted);
    Some(Ruling::holds(holds, words!("CN or O {owner:?}"), words!("{}", signer.subject)))
}

//= PEC-5.5.1-02
fn names_an_address(signer: &Certificate) -> Ruling {
    let names = &signer.rfc822_names;
    let holds = names.iter().any(|name| name.contains('@'));
    Ruling::holds(holds, "an rfc822Name in subjectAltName", words!("rfc822Name {}", listed(names)))
}

//= PEC-5.5.1-03
fn no_address_in_subject(signer: &Certificate) -> Ruling {
    Ruling::holds(!signer.email_in_subject, "no emailAddress in the subject", words!("{}", signer.subject))
}

//= PEC-5.5.1-04
fn subject_is_well_formed(signer: &Certificate) -> Ruling {
    const COUNTRY: &str = "2.5.4.6";
    let attributes = &signer.subject_attributes;
    let country = |value: &str| value.len() == 2 && value.bytes().all(|b| b.is_ascii_uppercase());
    let holds = !attributes.is_empty()
        && attributes.iter().all(|(oid, value)| !value.trim().is_empty() && (oid != COUNTRY || country(value)));
    Ruling::holds(
        holds,
        "a subject with non-empty attributes and a country of two capital letters",
        words!("{}", signer.subject),
    )
}

//= PEC-5.5.2-01
fn has_its_extensions(signer: &Certificate) -> Ruling {
    let missing: Vec<&str> =
        REQUIRED.iter().filter(|(oid, _)| signer.extension(oid).is_none()).map(|(_, name)| *name).collect();
    let words = if missing.is_empty() { words!("all four") } else { words!("without {}", listed(&missing)) };
    Ruling::holds(missing.is_empty(), listed(REQUIRED.map(|(_, name)| name)), words)
}

//= PEC-5.5.2-02
fn no_basic_constraints(signer: &Certificate) -> Ruling {
    let present = signer.extension(oid::BASIC_CONSTRAINTS).is_some();
    let words = if present { "basicConstraints is there" } else { "no basicConstraints" };
    Ruling::holds(!present, "no basicConstraints", words)
}

//= PEC-5.5.2-03
fn key_usage(signer: &Certificate) -> Ruling {
    let critical = signer.extension(oid::KEY_USAGE).is_some_and(|extension| extension.critical);
    let signs = signer.key_usage().and_then(<[u8]>::first).is_some_and(|bits| bits & 0x80 != 0);
    let words = match signer.extension(oid::KEY_USAGE) {
        None => words!("no keyUsage"),
        Some(_) => words!("keyUsage critical: {critical}, digitalSignature: {signs}"),
    };
    Ruling::holds(critical && signs, "keyUsage critical with digitalSignature", words)
}

/// An extension that has its value and is not critical; one that is missing has none.
fn plain(signer: &Certificate, oid: &str, expected: &'static str, has_value: bool) -> Ruling {
    let critical = signer.extension(oid).is_some_and(|extension| extension.critical);
    let words = words!("critical: {critical}, value there: {has_value}");
    Ruling::holds(has_value && !critical, expected, words)
}

//= PEC-5.5.2-04
fn authority_key_id(signer: &Certificate) -> Ruling {
    let expected = "authorityKeyIdentifier with keyIdentifier, not critical";
    plain(signer, oid::AUTHORITY_KEY_ID, expected, signer.names_authority_key())
}

//= PEC-5.5.2-05
fn subject_key_id(signer: &Certificate) -> Ruling {
    let has_value = signer.subject_key_id().is_some_and(|id| !id.is_empty());
    plain(signer, oid::SUBJECT_KEY_ID, "subjectKeyIdentifier with its value, not critical", has_value)
}

//= PEC-5.5.2-06
fn subject_alt_name(signer: &Certificate) -> Ruling {
    let expected = "subjectAltName with rfc822Name, not critical";
    plain(signer, oid::SUBJECT_ALT_NAME, expected, !signer.rfc822_names.is_empty())
}

//= PEC-5.5.2-07
fn nothing_else_critical(signer: &Certificate) -> Ruling {
    let named = |oid: &str| REQUIRED.iter().any(|(required, _)| *required == oid) || oid == oid::BASIC_CONSTRAINTS;
    let extensions = signer.extensions.iter().filter(|extension| extension.critical && !named(&extension.oid));
    let critical: Vec<&str> = extensions.map(|extension| extension.oid.as_str()).collect();
    Ruling::holds(
        critical.is_empty(),
        "no further critical extension",
        words!("further critical: {}", listed(&critical)),
    )
}

//= PEC-AGID.SHA-02
fn key_is_long(case: &Case<'_>) -> Option<Ruling> {
    let signer = signer(case)?;
    let signed_at = case.reading.signature.as_ref()?.signed_at;
    let outcome = match signer.key_bits {
        2048.. => Outcome::Pass,
        // Deployed in 2014.
        _ if signed_at.is_some_and(|at| at < SHORT_KEYS_GONE) => Outcome::Deviation,
        _ => Outcome::Fail,
    };
    let words = words!("{} of {} bits", signer.key_algorithm, signer.key_bits);
    Some(Ruling::of(outcome, "an RSA key of at least 2048 bits (recalled, not read)", words))
}
