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
    file: &'a str,
    sha256: String,
    octets: usize,
    kind: &'static str,
    family: &'static str,
    right: bool,
    /// Rows of the catalogue that the message breaks; none for a right one.
    breaks: &'a [&'static str],
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
    let mut files = Vec::new();
    let mut messages = Vec::new();
    let paths: Vec<_> = right.iter().map(|made| format!("right/{}", made.case.name())).collect();
    let wrong_paths: Vec<_> = wrong.iter().map(|wrong| format!("wrong/{}", wrong.name())).collect();
    let faults: Vec<_> = wrong.iter().map(fault).collect();
    for (made, path) in right.iter().zip(&paths) {
        pair(&mut files, path, &made.octets, &made.description);
        let family = family(made.case.author);
        messages.push((
            path,
            &made.octets,
            made.description.kind,
            family,
            &[][..],
            Describes::Right(&made.description),
        ));
    }
    for ((wrong, path), fault) in wrong.iter().zip(&wrong_paths).zip(&faults) {
        pair(&mut files, path, &wrong.octets, fault);
        let family = family(wrong.author);
        messages.push((path, &wrong.octets, fault.kind, family, fault.breaks, Describes::Wrong(fault)));
    }
    let names: Vec<_> = messages.iter().map(|(path, ..)| format!("{path}.eml")).collect();
    let messages = names.iter().zip(messages).map(|(file, (_, octets, kind, family, breaks, description))| Message {
        file,
        sha256: hex(&Sha256::digest(octets)),
        octets: octets.len(),
        kind,
        family,
        right: matches!(description, Describes::Right(_)),
        breaks,
        description,
    });
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
