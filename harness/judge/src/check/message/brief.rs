//! The brief delivery receipt: what stands in the place of the original's named parts.

use collaudo_record::Outcome;
use sha1::{Digest, Sha1};

use super::{Case, Rule, Ruling, case::listed};
use crate::{
    Clause,
    reading::{Attached, Entity, Kind, hex},
};

pub(super) const RULES: &[Rule] = &[
    Rule::all(Clause::PEC_3_3_2_2_04, &[Kind::AvvenutaConsegna], is_hash_of_part),
    Rule::all(Clause::PEC_3_3_2_2_05, &[Kind::AvvenutaConsegna], is_hash_of_encoded_form),
    Rule::all(Clause::PEC_3_3_2_2_06, &[Kind::AvvenutaConsegna], names),
    Rule::all(Clause::PEC_3_3_2_2_07, &[Kind::AvvenutaConsegna], forty_digits),
    Rule::all(Clause::PEC_3_3_2_2_08, &[Kind::AvvenutaConsegna], plain_text),
    Rule::all(Clause::PEC_3_3_2_2_15, &[Kind::AvvenutaConsegna], text_and_data),
];

const SUFFIX: &str = ".hash";

/// A brief receipt's original, and the whole one that the envelope held.
struct Brief<'a> {
    own: &'a Attached,
    whole: Option<&'a Attached>,
}

impl<'a> Brief<'a> {
    /// Of a receipt that says breve and encloses something.
    fn of(case: &Case<'a>) -> Option<Self> {
        case.daticert()?.ricevuta.as_deref().filter(|own| *own == "breve")?;
        let whole = case.envelope().and_then(|envelope| envelope.reading.postacert.as_ref());
        Some(Self { own: case.reading.postacert.as_ref()?, whole })
    }

    /// Parts that stand for others.
    fn hashes(&self) -> Vec<&'a Entity> {
        let mut leaves = leaves(&self.own.root);
        leaves.retain(|leaf| leaf.name.as_deref().is_some_and(|name| name.ends_with(SUFFIX)));
        leaves
    }

    /// Each hash with the part of the whole original that it stands for.
    fn pairs(&self) -> Vec<(&'a Entity, &'a Entity, &'a Attached)> {
        let Some(whole) = self.whole else { return Vec::new() };
        let mut parts = leaves(&whole.root);
        let mut pairs = Vec::new();
        for hash in self.hashes() {
            let name = hash.name.as_deref().and_then(|name| name.strip_suffix(SUFFIX));
            if let Some(place) = parts.iter().position(|part| part.name.as_deref() == name) {
                pairs.push((hash, parts.remove(place), whole));
            }
        }
        pairs
    }
}

/// Parts that hold no others, in order; how deep they may nest is bounded by their reader.
fn leaves(entity: &Entity) -> Vec<&Entity> {
    if entity.children.is_empty() { vec![entity] } else { entity.children.iter().flat_map(leaves).collect() }
}

fn digits(hash: &Entity) -> String {
    hash.text().trim().to_ascii_lowercase()
}

fn sha1(octets: &[u8]) -> String {
    hex(&Sha1::digest(octets))
}

/// Hashes over the encoded form: as it stands, and with the line end that closes it.
fn encoded(part: &Entity, whole: &Attached) -> [String; 2] {
    let body = whole.octets.get(part.body.clone()).unwrap_or_default();
    [sha1(body), sha1(&[body, b"\r\n"].concat())]
}

//= PEC-3.3.2.2-04
fn is_hash_of_part(case: &Case<'_>) -> Option<Ruling> {
    let pairs = Brief::of(case)?.pairs();
    let wrong: Vec<&str> = pairs
        .iter()
        .filter(|(hash, part, whole)| {
            let own = digits(hash);
            own != sha1(&part.decoded) && !encoded(part, whole).contains(&own)
        })
        .filter_map(|(hash, ..)| hash.name.as_deref())
        .collect();
    if pairs.is_empty() {
        return None;
    }
    let words = format!("{} hashes, wrong: {}", pairs.len(), listed(&wrong));
    Some(Ruling::holds(wrong.is_empty(), "SHA-1 over the whole content of the part, encoded or decoded", words))
}

//= PEC-3.3.2.2-05
fn is_hash_of_encoded_form(case: &Case<'_>) -> Option<Ruling> {
    let pairs = Brief::of(case)?.pairs();
    let is_encoded = |(hash, part, whole): &(&Entity, &Entity, &Attached)| encoded(part, whole).contains(&digits(hash));
    let decoded: Vec<&str> =
        pairs.iter().filter(|pair| !is_encoded(pair)).filter_map(|(hash, ..)| hash.name.as_deref()).collect();
    if pairs.is_empty() {
        return None;
    }
    // The RFC says "entire content of the part" too: either is accepted, and told.
    let outcome = if decoded.is_empty() { Outcome::Pass } else { Outcome::Deviation };
    Some(Ruling::of(
        outcome,
        "SHA-1 over the encoded form of the part",
        format!("over another form: {}", listed(&decoded)),
    ))
}

//= PEC-3.3.2.2-06
fn names(case: &Case<'_>) -> Option<Ruling> {
    let brief = Brief::of(case)?;
    let whole = brief.whole?;
    // In a signed original the signature stays as it is.
    let stays =
        |part: &&Entity| part.media_type.ends_with("pkcs7-signature") || part.media_type.ends_with("pkcs7-mime");
    let parts = leaves(&whole.root).into_iter().filter(|part| !stays(part));
    let mut wanted: Vec<String> =
        parts.filter_map(|part| part.name.as_deref()).map(|name| format!("{name}{SUFFIX}")).collect();
    let mut own: Vec<String> = brief.hashes().iter().filter_map(|hash| hash.name.clone()).collect();
    wanted.sort();
    own.sort();
    if wanted.is_empty() && own.is_empty() {
        return None;
    }
    Some(Ruling::holds(wanted == own, format!("hashes named {}", listed(&wanted)), listed(&own)))
}

//= PEC-3.3.2.2-07
fn forty_digits(case: &Case<'_>) -> Option<Ruling> {
    let hashes = Brief::of(case)?.hashes();
    let fits = |hash: &&&Entity| {
        let own = digits(hash);
        own.len() == 40 && own.bytes().all(|b| b.is_ascii_hexdigit())
    };
    let wrong: Vec<String> = hashes.iter().filter(|hash| !fits(hash)).map(|hash| digits(hash)).collect();
    (!hashes.is_empty()).then(|| {
        Ruling::holds(wrong.is_empty(), "one run of 40 hexadecimal digits", format!("otherwise: {}", listed(&wrong)))
    })
}

//= PEC-3.3.2.2-08
fn plain_text(case: &Case<'_>) -> Option<Ruling> {
    let hashes = Brief::of(case)?.hashes();
    let own: Vec<&str> = hashes.iter().map(|hash| hash.media_type.as_str()).collect();
    let holds = own.iter().all(|own| *own == "text/plain");
    (!own.is_empty()).then(|| Ruling::holds(holds, "hashes of text/plain", listed(&own)))
}

//= PEC-3.3.2.2-15
fn text_and_data(case: &Case<'_>) -> Option<Ruling> {
    Brief::of(case)?;
    let consegna = case.daticert()?.consegna.as_deref();
    let holds = !case.reading.text.is_empty() && consegna.is_some();
    let words = format!(
        "a text of {} characters, consegna {}",
        case.reading.text.chars().count(),
        consegna.unwrap_or("nothing")
    );
    Some(Ruling::holds(holds, "the text and data of a delivery receipt, ricevuta breve", words))
}
