//! The text of `collaudo inspect`.

use std::collections::BTreeMap;

use collaudo_record::{Inspection, InspectionCounts, Requirement, StoredStory};
use collaudo_reports::{Answered, Lang, text::InspectionText};
use collaudo_sources::{Fate, Place, Why};

use super::desk::View;

/// For people.
#[derive(Debug)]
pub(crate) struct Text {
    text: InspectionText,
    lang: Lang,
    law: BTreeMap<String, Requirement>,
    /// Whether the last that was told is a line, which no empty one follows.
    after_line: bool,
}

impl Text {
    pub(crate) fn new(colour: bool, lang: Lang) -> Self {
        let law = collaudo_judge::catalogue().into_iter().map(|row| (row.id.clone(), row)).collect();
        Self { text: InspectionText::new(colour, lang), lang, law, after_line: false }
    }
}

impl View for Text {
    fn begin(&mut self, _: &mut String) {}

    fn inspection(&mut self, number: u64, place: &Place, inspection: &Inspection, out: &mut String) {
        let file = place.file.display().to_string();
        let place = if inspection.place.is_empty() { file } else { format!("{file}, {}", inspection.place) };
        self.after_line = inspection.kind == "ordinary";
        out.push_str(&self.text.message(number, &place, inspection, &|id| self.law.get(id)));
    }

    fn told(&mut self, place: &Place, fate: Option<Fate>, why: &Why, out: &mut String) {
        self.after_line = true;
        let why = if self.lang == Lang::It { why.italian() } else { why.to_string() };
        out.push_str(&self.text.not_examined(word(fate, self.lang), &place.to_string(), &why));
    }

    fn story(&mut self, story: &StoredStory, out: &mut String) {
        self.after_line = false;
        out.push_str(&self.text.story(story));
    }

    fn answers(&mut self, answers: &[Answered], out: &mut String) {
        let told = self.text.answers(answers);
        if self.after_line && !told.is_empty() {
            self.after_line = false;
            out.push('\n');
        }
        out.push_str(&told);
    }

    fn end(&mut self, counts: &InspectionCounts, interrupted: bool, out: &mut String) {
        if self.after_line {
            out.push('\n');
        }
        out.push_str(&self.text.counts(counts, interrupted));
    }
}

/// What a file came to, for people.
fn word(fate: Option<Fate>, lang: Lang) -> &'static str {
    let (english, italian) = match fate {
        Some(Fate::Mail) => ("mail", "posta"),
        Some(Fate::Archive) => ("archive", "archivio"),
        Some(Fate::NotMail) => ("not mail", "altro"),
        Some(Fate::Skipped) => ("skipped", "saltato"),
        Some(Fate::Unreadable) => ("unreadable", "illeggibile"),
        None => ("not examined", "non esaminato"),
    };
    if lang == Lang::It { italian } else { english }
}
