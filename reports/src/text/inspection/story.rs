use collaudo_record::{SignatureVerdict, StoredStory, StoryLine};

use super::{InspectionText, ended, line, words};
use crate::words::instant;

impl InspectionText {
    /// A block on what a set of messages tells of one message that somebody sent, ended by an empty line.
    pub fn story(&self, story: &StoredStory) -> String {
        let Self { pen, lang } = *self;
        let has_trouble = !story.contradictions.is_empty() || !story.late.is_empty();
        let word = lang.of("STORY", "STORIA");
        let head = if has_trouble { pen.red(word) } else { pen.bold(word) };
        let mut lines = vec![format!("{head} {}", line(&story.identifier))];
        let mut field = |name: &str, text: &str| {
            if !text.is_empty() {
                lines.push(pen.field(name, text));
            }
        };
        field(lang.of("from", "da"), &story.mittente);
        field(lang.of("subject", "oggetto"), &story.oggetto);
        field(lang.of("accepted", "accettato"), &story.accepted.map(instant).unwrap_or_default());
        for message in &story.messages {
            field(lang.of("holds", "contiene"), &self.holding(message));
        }
        for recipient in &story.recipients {
            let when = recipient.at.map(|when| format!(", {}", instant(when))).unwrap_or_default();
            let state = words::state(recipient.state, lang);
            field(lang.of("to", "a"), &format!("{}: {state}{when}", recipient.address));
        }
        for remark in &story.missing {
            field(lang.of("missing", "manca"), &words::remark(remark, lang));
        }
        let remarks = |name, remarks: &[_]| -> Vec<_> {
            remarks.iter().map(|remark| pen.alarm(name, &words::remark(remark, lang))).collect()
        };
        lines.extend(remarks(lang.of("conflict", "contrasto"), &story.contradictions));
        lines.extend(remarks(lang.of("late", "tardi"), &story.late));
        ended(lines)
    }

    fn holding(&self, message: &StoryLine) -> String {
        let lang = self.lang;
        let when = message.data.map(|data| format!("{}  ", instant(data))).unwrap_or_default();
        let about = match message.consegna.as_str() {
            "" => String::new(),
            recipient => format!(" {} {recipient}", lang.of("for", "per")),
        };
        let signature = match message.signature {
            SignatureVerdict::Valid => "",
            SignatureVerdict::Invalid => lang.of(", signature INVALID", ", firma NON VALIDA"),
            SignatureVerdict::Absent => lang.of(", NOT SIGNED", ", NON FIRMATO"),
        };
        let copies = match message.copies {
            0 | 1 => String::new(),
            copies => format!(", {} {copies} {}", lang.of("stored", "presente"), lang.of("times", "volte")),
        };
        let which = lang.of("message", "messaggio");
        format!("{when}{}{about}, {which} {}{signature}{copies}", message.kind, message.message)
    }
}
