//! What the opinion document is made from, gathered while the messages come by.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use collaudo_record::{BodyHash, Inspection, StoredStory};
use collaudo_reports::{
    Answered, Lang,
    opinion::{self, Document, Examined, NotExamined, Opinion, Role},
};
use collaudo_sources::{Fate, Place, Why};
use sha2::{Digest as _, Sha256};

use super::InspectError;
use crate::{
    command::{InspectArgs, Profile},
    stopwatch,
};

/// The case, and where its document goes.
#[derive(Debug)]
pub(crate) struct Case {
    path: PathBuf,
    lang: Lang,
    /// The document takes its name when it is whole.
    part: PathBuf,
    anchors: Vec<Document>,
    files: Vec<Document>,
    messages: Vec<Examined>,
    not_examined: Vec<NotExamined>,
    stories: Vec<StoredStory>,
    answers: Vec<Answered>,
}

impl Case {
    /// The case of a document that goes there.
    ///
    /// # Errors
    /// Where nothing can be written there, before anything is examined.
    pub(crate) fn open(
        path: &Path,
        lang: Lang,
        anchors: Vec<Document>,
        answers: &[Answered],
    ) -> Result<Self, InspectError> {
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        File::create(&part).map_err(|why| InspectError::Opinion { path: path.to_owned(), why })?;
        let (files, messages, not_examined, stories) = Default::default();
        let (path, answers) = (path.to_owned(), answers.to_vec());
        Ok(Self { path, lang, part, anchors, files, messages, not_examined, stories, answers })
    }

    pub(crate) fn message(&mut self, number: u64, place: &Place, inspection: Inspection) {
        self.messages.push(Examined { number, file: place.file.display().to_string(), inspection });
    }

    pub(crate) fn not_examined(&mut self, place: &Place, why: &Why) {
        let why = if self.lang == Lang::It { why.italian() } else { why.to_string() };
        self.not_examined.push(NotExamined { place: place.to_string(), why });
    }

    /// A file that held something; what lies in an archive is part of it.
    pub(crate) fn file(&mut self, place: &Place, fate: Fate) {
        if place.inside.is_empty() && matches!(fate, Fate::Mail | Fate::Archive) {
            self.files.push(document(&place.file));
        }
    }

    pub(crate) fn story(&mut self, story: StoredStory) {
        self.stories.push(story);
    }

    /// Writes the document.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn write(&self, args: &InspectArgs, interrupted: bool) -> Result<(), InspectError> {
        let page = opinion::page(&Opinion {
            lang: self.lang,
            program: concat!("collaudo ", env!("CARGO_PKG_VERSION")),
            made: &stopwatch::today(),
            strict: args.profile == Profile::Strict,
            anchors: &self.anchors,
            files: &self.files,
            messages: &self.messages,
            not_examined: &self.not_examined,
            stories: &self.stories,
            answers: &self.answers,
            interrupted,
            law: &collaudo_judge::catalogue(),
        });
        let written = fs::write(&self.part, page).and_then(|()| fs::rename(&self.part, &self.path));
        written.map_err(|why| InspectError::Opinion { path: self.path.clone(), why })
    }
}

/// A file of anchors that was read.
pub(crate) fn anchor(role: Role, path: &Path, octets: &[u8]) -> Document {
    let sha256 = Some(BodyHash::of(octets));
    Document { role, name: path.display().to_string(), octets: octets.len() as u64, sha256 }
}

/// A file that was examined, read once more for its hash.
fn document(path: &Path) -> Document {
    let hashed = if path == Path::new("-") { None } else { hashed(path).ok() };
    let (octets, sha256) = hashed.map_or((0, None), |(octets, sha256)| (octets, Some(sha256)));
    Document { role: Role::Input, name: path.display().to_string(), octets, sha256 }
}

fn hashed(path: &Path) -> io::Result<(u64, BodyHash)> {
    let mut digest = Sha256::new();
    let octets = io::copy(&mut File::open(path)?, &mut digest)?;
    Ok((octets, BodyHash(digest.finalize().iter().map(|octet| format!("{octet:02x}")).collect())))
}
