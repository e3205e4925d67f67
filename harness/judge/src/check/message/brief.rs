//! The brief delivery receipt: what stands in the place of the original's named parts; and that parts keep their encoding.

use collaudo_record::Outcome;
use sha1::{Digest, Sha1};

use super::{Case, Rule, Ruling, case::listed, words::words};
use crate::{
    Clause,
    reading::{Attached, Entity, Kind, hex},
    story::{
        form::{is_attachment, is_opaque, leaves, signed_content},
        octets::same_octets,
    },
};

pub(super) const RULES: &[Rule] = &[
    Rule::all(Clause::PEC_3_3_2_2_04, &[Kind::AvvenutaConsegna], is_hash_of_part),
    Rule::all(Clause::PEC_3_3_2_2_05, &[Kind::AvvenutaConsegna], is_hash_of_encoded_form),
    Rule::all(Clause::PEC_3_3_2_2_06, &[Kind::AvvenutaConsegna], names),
    Rule::all(Clause::PEC_3_3_2_2_07, &[Kind::AvvenutaConsegna], forty_digits),
    Rule::all(Clause::PEC_3_3_2_2_08, &[Kind::AvvenutaConsegna], plain_text),
    Rule::all(Clause::PEC_3_3_2_2_14, &[Kind::PostaCertificata, Kind::AvvenutaConsegna], keeps_encoding),
];

const SUFFIX: &str = ".hash";

/// A brief receipt's original, and the whole one that the envelope held.
struct Brief<'a> {
    own: &'a Attached,
    whole: Option<&'a Attached>,
}

impl<'a> Brief<'a> {
    /// Of a receipt that should enclose one, and encloses something.
    fn of(case: &Case<'a>) -> Option<Self> {
        let whole = case.envelope().and_then(|envelope| envelope.reading.postacert.as_ref());
        // Of an opaque original nothing is replaced.
        let is_opaque = whole.is_some_and(|whole| is_opaque(&whole.root));
        let own = case.reading.postacert.as_ref().filter(|_| case.is_brief() && !is_opaque)?;
        Some(Self { own, whole })
    }

    /// Parts that stand for others: those in the place of others, else those that are named like it.
    fn hashes(&self) -> Vec<&'a Entity> {
        if let Some(pairs) = self.in_place() {
            return pairs.into_iter().map(|(hash, ..)| hash).collect();
        }
        let mut leaves = leaves(signed_content(&self.own.root));
        leaves.retain(|leaf| leaf.name.as_deref().is_some_and(|name| name.ends_with(SUFFIX)));
        leaves
    }

    /// Each hash with the part of the whole original that it stands for: by its place, else by its name.
    fn pairs(&self) -> Vec<Pair<'a>> {
        if let Some(pairs) = self.in_place() {
            return pairs;
        }
        let Some(whole) = self.whole else { return Vec::new() };
        let mut parts = leaves(signed_content(&whole.root));
        let mut pairs = Vec::new();
        for hash in self.hashes() {
            let name = hash.name.as_deref().and_then(|name| name.strip_suffix(SUFFIX));
            if let Some(place) = parts.iter().position(|part| part.name.as_deref() == name) {
                pairs.push((hash, parts.remove(place), whole));
            }
        }
        pairs
    }

    /// What stands in the place of attachments, where the structure is the original's.
    fn in_place(&self) -> Option<Vec<Pair<'a>>> {
        let whole = self.whole?;
        let (before, after) = (leaves(signed_content(&whole.root)), leaves(signed_content(&self.own.root)));
        if before.len() != after.len() {
            return None;
        }
        let is_replaced = |(part, stand_in): &(&Entity, &Entity)| {
            is_attachment(part) && whole.octets.get(part.body.clone()) != self.own.octets.get(stand_in.body.clone())
        };
        let pairs = before.into_iter().zip(after).filter(is_replaced);
        Some(pairs.map(|(part, stand_in)| (stand_in, part, whole)).collect())
    }
}

/// A hash, the part that it stands for, and the original that this is a part of.
type Pair<'a> = (&'a Entity, &'a Entity, &'a Attached);

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
    let words = words!("{} hashes, wrong: {}", pairs.len(), listed(&wrong));
    Some(Ruling::holds(wrong.is_empty(), "SHA-1 over the whole content of the part, encoded or decoded", words))
}

//= PEC-3.3.2.2-05
fn is_hash_of_encoded_form(case: &Case<'_>) -> Option<Ruling> {
    let mut pairs = Brief::of(case)?.pairs();
    if pairs.is_empty() {
        return None;
    }
    pairs.retain(|(hash, part, whole)| !encoded(part, whole).contains(&digits(hash)));
    let is_decoded = |(hash, part, _): &Pair<'_>| digits(hash) == sha1(&part.decoded);
    // The RFC says "entire content of the part" too: either is accepted, and told.
    let outcome = match pairs.as_slice() {
        [] => Outcome::Pass,
        others if others.iter().all(is_decoded) => Outcome::Deviation,
        _ => Outcome::Fail,
    };
    let words = words!("over another form: {}", listed(pairs.iter().map(|(hash, ..)| name(hash))));
    Some(Ruling::of(outcome, "SHA-1 over the encoded form of the part", words))
}

//= PEC-3.3.2.2-06
fn names(case: &Case<'_>) -> Option<Ruling> {
    let pairs = Brief::of(case)?.pairs();
    // A message may be attached without a name: then the suffix is all that is asked for.
    let fits = |(hash, part, _): &&Pair<'_>| match part.name.as_deref() {
        Some(own) => name(hash) == format!("{own}{SUFFIX}"),
        None => name(hash).ends_with(SUFFIX),
    };
    let words = |(hash, part, _): &Pair<'_>| words!("{} for {}", name(hash), name(part));
    let wrong: Vec<String> = pairs.iter().filter(|pair| !fits(pair)).map(words).collect();
    let expected = "each hash named as its part with the suffix .hash";
    (!pairs.is_empty()).then(|| Ruling::holds(wrong.is_empty(), expected, words!("otherwise: {}", listed(&wrong))))
}

fn name(part: &Entity) -> &str {
    part.name.as_deref().unwrap_or("no name")
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
        Ruling::holds(wrong.is_empty(), "one run of 40 hexadecimal digits", words!("otherwise: {}", listed(&wrong)))
    })
}

//= PEC-3.3.2.2-08
fn plain_text(case: &Case<'_>) -> Option<Ruling> {
    let hashes = Brief::of(case)?.hashes();
    let own: Vec<&str> = hashes.iter().map(|hash| hash.media_type.as_str()).collect();
    let holds = own.iter().all(|own| *own == "text/plain");
    (!own.is_empty()).then(|| Ruling::holds(holds, "hashes of text/plain", listed(&own)))
}

/// Whatever else becomes of an original, its parts keep the encoding that they came in.
//= PEC-3.3.2.2-14
fn keeps_encoding(case: &Case<'_>) -> Option<Ruling> {
    let own = case.reading.postacert.as_ref()?;
    let (before, octets) = match case.reading.kind {
        Kind::PostaCertificata => case.submission?.message.map(|(reading, octets)| (&reading.root, octets))?,
        _ if case.is_brief() => return None,
        _ => case.envelope()?.reading.postacert.as_ref().map(|whole| (&whole.root, whole.octets.as_slice()))?,
    };
    let (before, after) = (leaves(before), leaves(&own.root));
    if before.len() != after.len() {
        return None;
    }
    let body = |octets: &[u8], part: &Entity| octets.get(part.body.clone()).unwrap_or_default().to_vec();
    // Other content is other rows' affair.
    let is_changed = |(part, same): &(&Entity, &Entity)| {
        let is_same_content = !part.decoded.is_empty() && part.decoded == same.decoded;
        let is_same = same_octets(&body(octets, part), &body(&own.octets, same)) && part.encoding == same.encoding;
        is_same_content && !is_same
    };
    let pairs = before.into_iter().zip(after);
    let changed: Vec<String> =
        pairs.filter(is_changed).map(|(part, same)| words!("{} to {}", part.encoding, same.encoding)).collect();
    let expected = "each part of the original in the encoding that it came in";
    Some(Ruling::holds(changed.is_empty(), expected, words!("changed: {}", listed(&changed))))
}
