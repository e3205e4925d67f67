//! The text of `collaudo inspect`.

use std::collections::BTreeMap;

use collaudo_record::{Inspection, InspectionCounts, Requirement, StoredStory};
use collaudo_reports::{Lang, text::InspectionText};
use collaudo_sources::{Fate, Place};

use super::desk::{View, fate_word};

/// For people.
#[derive(Debug)]
pub(crate) struct Text {
    text: InspectionText,
    law: BTreeMap<String, Requirement>,
}

impl Text {
    pub(crate) fn new(colour: bool, lang: Lang) -> Self {
        let law = collaudo_judge::catalogue().into_iter().map(|row| (row.id.clone(), row)).collect();
        Self { text: InspectionText::new(colour, lang), law }
    }
}

impl View for Text {
    fn begin(&mut self, _: &mut String) {}

    fn inspection(&mut self, number: u64, place: &Place, inspection: &Inspection, out: &mut String) {
        let file = place.file.display().to_string();
        let place = if inspection.place.is_empty() { file } else { format!("{file}, {}", inspection.place) };
        out.push_str(&self.text.message(number, &place, inspection, &|id| self.law.get(id)));
    }

    fn told(&mut self, place: &Place, fate: Option<Fate>, why: &str, out: &mut String) {
        out.push_str(&self.text.not_examined(fate_word(fate), &place.to_string(), why));
    }

    fn story(&mut self, story: &StoredStory, out: &mut String) {
        out.push_str(&self.text.story(story));
    }

    fn end(&mut self, counts: &InspectionCounts, interrupted: bool, out: &mut String) {
        out.push_str(&self.text.counts(counts, interrupted));
    }
}
