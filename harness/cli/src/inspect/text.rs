//! The text of `collaudo inspect`.

use std::collections::BTreeMap;

use collaudo_record::{Inspection, InspectionCounts, Requirement, StoredStory};
use collaudo_reports::text::{self, TextOptions};
use collaudo_sources::{Fate, Place};

use super::desk::{View, fate_word};

/// For people.
#[derive(Debug)]
pub(crate) struct Text {
    options: TextOptions,
    law: BTreeMap<String, Requirement>,
}

impl Text {
    pub(crate) fn new(options: TextOptions) -> Self {
        let law = collaudo_judge::catalogue().into_iter().map(|row| (row.id.clone(), row)).collect();
        Self { options, law }
    }
}

impl View for Text {
    fn begin(&mut self, _: &mut String) {}

    fn inspection(&mut self, number: u64, place: &Place, inspection: &Inspection, out: &mut String) {
        let file = place.file.display().to_string();
        let place = if inspection.place.is_empty() { file } else { format!("{file}, {}", inspection.place) };
        out.push_str(&text::inspection(number, &place, inspection, &|id| self.law.get(id), &self.options));
    }

    fn told(&mut self, place: &Place, fate: Option<Fate>, why: &str, out: &mut String) {
        out.push_str(&text::not_examined(&place.to_string(), fate_word(fate), why, &self.options));
    }

    fn story(&mut self, story: &StoredStory, out: &mut String) {
        out.push_str(&text::story(story, &self.options));
    }

    fn end(&mut self, counts: &InspectionCounts, interrupted: bool, out: &mut String) {
        if interrupted {
            out.push_str("interrupted: what follows is true of what was examined until then\n");
        }
        out.push_str(&text::inspection_counts(counts, &self.options));
    }
}
