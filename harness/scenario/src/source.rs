use std::{fs, ops::Range, path::Path};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::{Error, Flaw};

/// A TOML file, and the way from a place in it to a line.
pub(crate) struct Source {
    file: String,
    text: String,
}

impl Source {
    /// Reads `path`; in errors it is called as the caller called it.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let file = slashed(path);
        let unreadable = |line, why: String| Error { file: file.clone(), line, flaw: Flaw::Unreadable { why } };
        let octets = fs::read(path).map_err(|why| unreadable(None, why.to_string()))?;
        match String::from_utf8(octets) {
            Ok(text) => Ok(Self { file, text }),
            Err(why) => {
                let line = line_at(why.as_bytes(), why.utf8_error().valid_up_to());
                Err(unreadable(Some(line), "not UTF-8".to_owned()))
            }
        }
    }

    /// A text that did not come from `path`, but is to be read as if it had.
    pub(crate) fn of(path: &Path, text: &str) -> Self {
        Self { file: slashed(path), text: text.to_owned() }
    }

    /// The text as TOML, not yet understood.
    pub(crate) fn parse(&self) -> Result<Spanned<DeTable<'_>>, Error> {
        DeTable::parse(&self.text).map_err(|why| {
            let start = why.span().map_or(0, |span| span.start);
            let why = why.message().lines().collect::<Vec<_>>().join("; ");
            self.error(start, Flaw::Syntax { why })
        })
    }

    /// The file's one table.
    pub(crate) fn root<'a>(&'a self, parsed: &'a Spanned<DeTable<'a>>, what: &'static str) -> Table<'a> {
        Table { source: self, what, start: 0, entries: parsed.get_ref() }
    }

    fn error(&self, offset: usize, flaw: Flaw) -> Error {
        Error { file: self.file.clone(), line: Some(line_at(self.text.as_bytes(), offset)), flaw }
    }
}

/// A table whose keys are known.
#[derive(Clone, Copy)]
pub(crate) struct Table<'a> {
    source: &'a Source,
    what: &'static str,
    start: usize,
    entries: &'a DeTable<'a>,
}

impl<'a> Table<'a> {
    /// Refuses every key but these.
    pub(crate) fn only(self, keys: &[&'static str]) -> Result<Self, Error> {
        match self.entries.keys().find(|key| !keys.contains(&key.get_ref().as_ref())) {
            Some(key) => {
                let flaw = Flaw::unknown("key", key.get_ref(), keys.iter().copied());
                Err(self.source.error(key.span().start, flaw))
            }
            None => Ok(self),
        }
    }

    /// What stands under a key.
    pub(crate) fn get(self, key: &'static str) -> Option<Item<'a>> {
        self.entries.get(key).map(|value| Item { source: self.source, key, at: value.span(), value: value.get_ref() })
    }

    /// What must stand under a key.
    pub(crate) fn need(self, key: &'static str, expected: &'static str) -> Result<Item<'a>, Error> {
        self.get(key).ok_or_else(|| self.error(Flaw::Missing { key, table: self.what, expected }))
    }

    /// Refuses a pair of keys that exclude each other.
    pub(crate) fn not_both(self, key: &'static str, other: &'static str) -> Result<(), Error> {
        match (self.get(key), self.get(other)) {
            (Some(item), Some(_)) => Err(item.error(Flaw::Beside { key, other })),
            _ => Ok(()),
        }
    }

    /// Refuses a key that stands without the one that it asks for.
    pub(crate) fn not_without(self, key: &'static str, other: &'static str) -> Result<(), Error> {
        match (self.get(key), self.get(other)) {
            (Some(item), None) => Err(item.error(Flaw::Without { key, other })),
            _ => Ok(()),
        }
    }

    /// Every entry in the file's order, for a table whose keys are names: the name as an item of its own, and the value.
    pub(crate) fn entries(self) -> impl Iterator<Item = (Name<'a>, Item<'a>)> {
        self.entries.iter().map(move |(key, value)| {
            let name = Name { source: self.source, at: key.span().start, word: key.get_ref() };
            (name, Item { source: self.source, key: key.get_ref(), at: value.span(), value: value.get_ref() })
        })
    }

    /// The line on which it begins.
    pub(crate) fn line(self) -> u32 {
        line_at(self.source.text.as_bytes(), self.start)
    }

    /// Something is wrong with the table as a whole.
    pub(crate) fn error(self, flaw: Flaw) -> Error {
        self.source.error(self.start, flaw)
    }
}

/// A word of the file, and where it stands.
#[derive(Clone, Copy)]
pub(crate) struct Name<'a> {
    source: &'a Source,
    at: usize,
    /// The word.
    pub(crate) word: &'a str,
}

impl Name<'_> {
    /// Something is wrong with it.
    pub(crate) fn error(self, flaw: Flaw) -> Error {
        self.source.error(self.at, flaw)
    }
}

/// A value, its key and its place.
#[derive(Clone)]
pub(crate) struct Item<'a> {
    source: &'a Source,
    key: &'a str,
    at: Range<usize>,
    value: &'a DeValue<'a>,
}

impl<'a> Item<'a> {
    /// A string.
    pub(crate) fn name(&self) -> Result<Name<'a>, Error> {
        let value: &'a DeValue<'a> = self.value;
        let word = value.as_str().ok_or_else(|| self.not("a string"))?;
        Ok(Name { source: self.source, at: self.at.start, word })
    }

    /// A string.
    pub(crate) fn text(&self) -> Result<&'a str, Error> {
        self.name().map(|name| name.word)
    }

    /// One line with something in it.
    pub(crate) fn line_of_text(&self, what: &'static str) -> Result<String, Error> {
        let text = self.text()?;
        match text.trim().is_empty() || text.chars().any(char::is_control) {
            true => Err(self.error(Flaw::bad(what, text, "one line of text"))),
            false => Ok(text.to_owned()),
        }
    }

    /// A string that is one of these words.
    pub(crate) fn word(&self, what: &'static str, words: &[&'static str]) -> Result<&'static str, Error> {
        let found = self.text()?;
        words
            .iter()
            .copied()
            .find(|word| *word == found)
            .ok_or_else(|| self.error(Flaw::unknown(what, found, words.iter().copied())))
    }

    /// True or false.
    pub(crate) fn truth(&self) -> Result<bool, Error> {
        self.value.as_bool().ok_or_else(|| self.not("true or false"))
    }

    /// Whether it is `false`.
    pub(crate) fn is_false(&self) -> bool {
        self.value.as_bool() == Some(false)
    }

    /// Whether it is an array.
    pub(crate) fn is_list(&self) -> bool {
        self.value.is_array()
    }

    /// Whether it is a table.
    pub(crate) fn is_table(&self) -> bool {
        self.value.is_table()
    }

    /// A whole number in a range, both ends included.
    pub(crate) fn number(&self, what: &'static str, range: Range<u32>) -> Result<u32, Error> {
        let found = self.value.as_integer().ok_or_else(|| self.not("a whole number"))?;
        let number = u32::from_str_radix(found.as_str(), found.radix()).ok();
        number.filter(|number| range.contains(number)).ok_or_else(|| {
            let (low, high) = (range.start, range.end.saturating_sub(1));
            self.error(Flaw::bad(what, found, format!("a whole number from {low} to {high}")))
        })
    }

    /// A date and time, in quotes or as TOML's own, as it is written.
    pub(crate) fn date_text(&self) -> Result<String, Error> {
        match self.value {
            DeValue::Datetime(date) => Ok(date.to_string()),
            DeValue::String(text) => Ok(text.to_string()),
            _ => Err(self.not("a date and time")),
        }
    }

    /// The items of an array.
    pub(crate) fn list(&self, expected: &'static str) -> Result<Vec<Item<'a>>, Error> {
        let value: &'a DeValue<'a> = self.value;
        let items = value.as_array().ok_or_else(|| self.not(expected))?;
        let item = |value: &'a Spanned<DeValue<'a>>| Item {
            source: self.source,
            key: self.key,
            at: value.span(),
            value: value.get_ref(),
        };
        Ok(items.iter().map(item).collect())
    }

    /// The two items of an array of two.
    pub(crate) fn pair(&self, expected: &'static str) -> Result<(Item<'a>, Item<'a>), Error> {
        let mut items = self.list(expected)?.into_iter();
        match (items.next(), items.next(), items.next()) {
            (Some(a), Some(b), None) => Ok((a, b)),
            _ => Err(self.error(Flaw::Type { key: self.key.to_owned(), found: "an array", expected })),
        }
    }

    /// A table.
    pub(crate) fn table(&self, what: &'static str) -> Result<Table<'a>, Error> {
        let value: &'a DeValue<'a> = self.value;
        let entries = value.as_table().ok_or_else(|| self.not("a table"))?;
        Ok(Table { source: self.source, what, start: self.at.start, entries })
    }

    /// Something is wrong with it.
    pub(crate) fn error(&self, flaw: Flaw) -> Error {
        self.source.error(self.at.start, flaw)
    }

    /// It is of the wrong type.
    pub(crate) fn not(&self, expected: &'static str) -> Error {
        let found = match self.value {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a fraction",
            DeValue::Boolean(true) => "true",
            DeValue::Boolean(false) => "false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "an array",
            DeValue::Table(_) => "a table",
        };
        self.error(Flaw::Type { key: self.key.to_owned(), found, expected })
    }
}

/// The path as a person writes it.
pub(crate) fn slashed(path: &Path) -> String {
    path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
}

fn line_at(text: &[u8], offset: usize) -> u32 {
    let above = text.iter().take(offset).filter(|octet| **octet == b'\n').count();
    u32::try_from(above).unwrap_or(u32::MAX).saturating_add(1)
}
