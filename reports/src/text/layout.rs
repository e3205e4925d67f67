//! Columns, wrapping and colour.

use collaudo_record::ScenarioOutcome;

use crate::words::visible;

/// The column in which a field's text begins.
const FIELD: usize = 12;

/// How to write: colour and columns.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pen {
    pub(super) colour: bool,
    pub(super) width: usize,
}

impl Pen {
    /// Without colour.
    pub(super) const PLAIN: Self = Self { colour: false, width: 100 };

    pub(super) fn red(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    pub(super) fn green(self, text: &str) -> String {
        self.paint("32", text)
    }

    pub(super) fn yellow(self, text: &str) -> String {
        self.paint("33", text)
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub(super) fn faint(self, text: &str) -> String {
        self.paint("2", text)
    }

    /// A scenario's word in the colour of its outcome.
    pub(super) fn scenario(self, outcome: ScenarioOutcome, text: &str) -> String {
        match outcome {
            ScenarioOutcome::Passed => self.green(text),
            ScenarioOutcome::Unknown => self.yellow(text),
            ScenarioOutcome::Failed => self.red(text),
        }
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// `  expected  ...`, wrapped, with what follows under the text.
    pub(super) fn field(self, name: &str, text: &str) -> String {
        self.hang(&format!("  {name:<9} "), FIELD, text)
    }

    /// A field whose name is in red.
    pub(super) fn alarm(self, name: &str, text: &str) -> String {
        self.hang(&self.red(&format!("  {name:<9} ")), FIELD, text)
    }

    /// A text after a head, wrapped so that further lines begin in column `indent`.
    pub(super) fn hang(self, head: &str, indent: usize, text: &str) -> String {
        let lines = wrap(text, self.width.saturating_sub(indent).max(20));
        let gap = format!("\n{:indent$}", "");
        format!("{head}{}", lines.join(&gap))
    }
}

/// The text's words in lines of at most so many characters; a longer word has a line of its own. At least one line.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let text = visible(text);
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > width {
            lines.push(String::new());
            used = 0;
        }
        if let Some(line) = lines.last_mut() {
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += length;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_wrapped_and_none_is_lost() {
        assert_eq!(wrap("one two  three\nfour", 9), ["one two", "three", "four"]);
        assert_eq!(wrap("a verylongword b", 4), ["a", "verylongword", "b"]);
        assert_eq!(wrap("", 9), [""]);
    }

    #[test]
    fn a_field_hangs_under_its_text() {
        let pen = Pen { colour: false, width: 32 };
        assert_eq!(
            pen.field("expected", "one notice between two instants"),
            "  expected  one notice between\n            two instants"
        );
    }
}
