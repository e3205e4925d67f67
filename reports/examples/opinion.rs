//! Makes the opinion document of a stored inspection, to look at:
//! `collaudo inspect --format json PATH... | cargo run -p collaudo-reports --example opinion -- en FILE`.

use std::io;

use collaudo_record::{Inspection, Requirement, StoredStory};
use collaudo_reports::{
    Lang,
    opinion::{self, Document, Examined, Opinion, Role},
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Stored {
    messages: Vec<Entry>,
    stories: Vec<StoredStory>,
}

#[derive(Deserialize)]
struct Entry {
    number: u64,
    file: String,
    #[serde(flatten)]
    inspection: Inspection,
}

#[derive(Deserialize)]
struct Catalogue {
    requirement: Vec<Requirement>,
}

fn main() -> io::Result<()> {
    let mut words = std::env::args().skip(1);
    let lang: Lang = words.next().unwrap_or_default().parse().unwrap_or_default();
    let path = words.next().unwrap_or_else(|| "opinion.html".into());
    let stored: Stored = serde_json::from_reader(io::stdin().lock())?;
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../harness/spec/requirements.toml"))?;
    let catalogue: Catalogue = toml::from_str(&text).map_err(io::Error::other)?;
    let file = |entry: &Entry| Document {
        role: Role::Input,
        name: entry.file.clone(),
        octets: entry.inspection.octets,
        sha256: Some(entry.inspection.sha256.clone()),
    };
    let files: Vec<Document> =
        stored.messages.iter().filter(|entry| entry.inspection.place.is_empty()).map(file).collect();
    let examined = |Entry { number, file, inspection }| Examined { number, file, inspection };
    let messages: Vec<Examined> = stored.messages.into_iter().map(examined).collect();
    let page = opinion::page(&Opinion {
        lang,
        program: concat!("collaudo ", env!("CARGO_PKG_VERSION")),
        made: "",
        strict: false,
        anchors: &[],
        files: &files,
        messages: &messages,
        not_examined: &[],
        stories: &stored.stories,
        interrupted: false,
        law: &catalogue.requirement,
    });
    std::fs::write(path, page)
}
