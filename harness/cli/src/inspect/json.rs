//! The JSON object of `collaudo inspect`, written piece by piece.

use std::fmt::Write as _;

use collaudo_record::{Inspection, InspectionCounts, Review, StoredStory};
use collaudo_reports::Answered;
use collaudo_sources::{Fate, Place, Why};
use serde::Serialize;
use serde_json::json;

use super::desk::View;

/// What was written so far.
#[derive(Debug, Default)]
pub(crate) struct Object {
    has_messages: bool,
    has_stories: bool,
    files: Vec<String>,
    answers: Vec<String>,
}

/// One entry of `messages`.
#[derive(Serialize)]
struct Entry<'a> {
    number: u64,
    file: String,
    #[serde(flatten)]
    inspection: &'a Inspection,
}

/// One entry of `review`.
#[derive(Serialize)]
struct Answer<'a> {
    clause: &'a str,
    #[serde(flatten)]
    review: &'a Review,
}

impl View for Object {
    fn begin(&mut self, out: &mut String) {
        out.push_str("{\"format\":1,\"messages\":[");
    }

    fn inspection(&mut self, number: u64, place: &Place, inspection: &Inspection, out: &mut String) {
        let file = place.file.display().to_string();
        push(out, &mut self.has_messages, &Entry { number, file, inspection });
    }

    fn told(&mut self, place: &Place, fate: Option<Fate>, why: &Why, _: &mut String) {
        let file = place.file.display().to_string();
        self.files.push(text(&json!({"file": file, "place": place.way(), "fate": word(fate), "why": why.to_string()})));
    }

    fn story(&mut self, story: &StoredStory, out: &mut String) {
        if !self.has_stories {
            out.push_str("\n],\"stories\":[");
        }
        push(out, &mut self.has_stories, story);
    }

    fn answers(&mut self, answers: &[Answered], _: &mut String) {
        let told = answers.iter().map(|Answered { row, review }| text(&Answer { clause: &row.id, review }));
        self.answers.extend(told);
    }

    fn end(&mut self, counts: &InspectionCounts, interrupted: bool, out: &mut String) {
        if !self.has_stories {
            out.push_str("\n],\"stories\":[");
        }
        let (files, answers) = (self.files.join(",\n"), self.answers.join(",\n"));
        let counts = text(counts);
        // A string is all that could make this writer fail, and it does not.
        let _ = writeln!(
            out,
            "],\n\"files\":[{files}],\n\"review\":[{answers}],\n\"counts\":{counts},\"interrupted\":{interrupted}}}"
        );
    }
}

/// What a file came to; a message that was not examined has no fate of its own.
fn word(fate: Option<Fate>) -> &'static str {
    match fate {
        Some(Fate::Mail) => "mail",
        Some(Fate::Archive) => "archive",
        Some(Fate::NotMail) => "not-mail",
        Some(Fate::Skipped) => "skipped",
        Some(Fate::Unreadable) => "unreadable",
        None => "not-examined",
    }
}

fn push(out: &mut String, has_some: &mut bool, value: &impl Serialize) {
    out.push_str(if *has_some { ",\n" } else { "\n" });
    *has_some = true;
    out.push_str(&text(value));
}

/// JSON leaves what is not ASCII as it is; what could act on a screen is escaped here.
fn text(value: &impl Serialize) -> String {
    let text = serde_json::to_string(value).expect("no map with keys that are not strings, no failing writer");
    let acts = |c: char| !c.is_ascii() && collaudo_reports::acts(c) || c == '\u{7f}';
    if text.is_ascii() && !text.contains('\u{7f}') || !text.contains(acts) {
        return text;
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if acts(c) {
            let mut units = [0; 2];
            c.encode_utf16(&mut units).iter().for_each(|unit| {
                let _ = write!(escaped, "\\u{unit:04x}");
            });
        } else {
            escaped.push(c);
        }
    }
    escaped
}
