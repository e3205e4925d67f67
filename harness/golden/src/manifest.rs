//! `manifest.json`: every file of the set, its hash, and what it shows.

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::{
    File,
    describe::{Description, hex},
    house::PROVIDERS,
    make::Made,
    wrong::Wrong,
};

#[derive(Serialize)]
struct Manifest<'a> {
    format: u8,
    families: Vec<Family>,
    counts: Counts,
    messages: Vec<Message<'a>>,
    documents: Vec<Document<'a>>,
}

#[derive(Serialize)]
struct Counts {
    right: usize,
    wrong: usize,
}

#[derive(Serialize)]
struct Family {
    id: &'static str,
    provider: &'static str,
    domain: &'static str,
    looks: &'static str,
}

#[derive(Serialize)]
struct Message<'a> {
    file: String,
    sha256: String,
    octets: usize,
    kind: &'static str,
    family: &'static str,
    right: bool,
    /// Rows of the catalogue that the message, looked at alone, breaks; none for a right one.
    breaks: &'a [&'static str],
    /// Rows that it breaks by the letter, as deployed providers do.
    deviations: &'a [&'static str],
    description: Describes<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Describes<'a> {
    Right(&'a Description),
    Wrong(&'a Fault<'a>),
}

/// What a reader must find in a wrong message.
#[derive(Serialize)]
struct Fault<'a> {
    kind: &'static str,
    /// The right message that it was made from.
    made_from: String,
    why: &'static str,
    why_it: &'static str,
    breaks: &'a [&'static str],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    deviations: &'a [&'static str],
    signature: FaultSignature,
}

#[derive(Serialize)]
struct FaultSignature {
    verdict: &'static str,
}

#[derive(Serialize)]
struct Document<'a> {
    file: &'a str,
    sha256: String,
}

/// The messages with their descriptions beside them, the documents, and the manifest, in this order.
pub(crate) fn files(right: &[Made], wrong: &[Wrong], documents: Vec<File>) -> Vec<File> {
    let faults: Vec<_> = wrong.iter().map(fault).collect();
    let mut files = Vec::new();
    for made in right {
        pair(&mut files, &right_path(made), &made.octets, &made.description);
    }
    for (wrong, fault) in wrong.iter().zip(&faults) {
        pair(&mut files, &wrong_path(wrong), &wrong.octets, fault);
    }
    let messages = right.iter().map(right_message).chain(wrong.iter().zip(&faults).map(wrong_message));
    let manifest = Manifest {
        format: 1,
        families: families(),
        counts: Counts { right: right.len(), wrong: wrong.len() },
        messages: messages.collect(),
        documents: documents
            .iter()
            .map(|file| Document { file: &file.path, sha256: hex(&Sha256::digest(&file.octets)) })
            .collect(),
    };
    let manifest = File::new("manifest.json", json(&manifest));
    files.extend(documents);
    files.push(manifest);
    files
}

/// A right envelope around a wrong message lies apart, for whoever judges what is enclosed, too.
fn right_path(made: &Made) -> String {
    let folder = if made.case.what.encloses_wrong() { "enclosing" } else { "right" };
    format!("{folder}/{}", made.case.name())
}

fn wrong_path(wrong: &Wrong) -> String {
    format!("wrong/{}", wrong.name())
}

fn right_message(made: &Made) -> Message<'_> {
    Message {
        file: format!("{}.eml", right_path(made)),
        sha256: hex(&Sha256::digest(&made.octets)),
        octets: made.octets.len(),
        kind: made.description.kind,
        family: family(made.case.author),
        right: true,
        breaks: &[],
        deviations: &made.description.deviations,
        description: Describes::Right(&made.description),
    }
}

fn wrong_message<'a>((wrong, fault): (&'a Wrong, &'a Fault<'a>)) -> Message<'a> {
    Message {
        file: format!("{}.eml", wrong_path(wrong)),
        sha256: hex(&Sha256::digest(&wrong.octets)),
        octets: wrong.octets.len(),
        kind: wrong.kind,
        family: family(wrong.author),
        right: false,
        breaks: wrong.bend.breaks,
        deviations: &wrong.deviations,
        description: Describes::Wrong(fault),
    }
}

fn pair(files: &mut Vec<File>, path: &str, octets: &[u8], description: &impl Serialize) {
    files.push(File::new(&format!("{path}.eml"), octets));
    files.push(File::new(&format!("{path}.json"), json(description)));
}

fn fault(wrong: &Wrong) -> Fault<'_> {
    Fault {
        kind: wrong.kind,
        made_from: format!("right/{}.eml", wrong.made_from),
        why: wrong.bend.why,
        why_it: wrong.bend.why_it,
        breaks: wrong.bend.breaks,
        deviations: &wrong.deviations,
        signature: FaultSignature { verdict: wrong.bend.signature.word() },
    }
}

fn families() -> Vec<Family> {
    let family = |provider: &crate::house::Provider| Family {
        id: provider.short,
        provider: provider.name,
        domain: provider.domain,
        looks: provider.looks,
    };
    PROVIDERS.iter().map(family).collect()
}

fn family(author: usize) -> &'static str {
    PROVIDERS.get(author).map_or("", |provider| provider.short)
}

fn json(value: &impl Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(value).unwrap_or_default();
    text.push(b'\n');
    text
}
