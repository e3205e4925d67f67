//! `[log]` of LAB.toml: where the subject's log can be read, and how its lines are understood.

mod form;
mod source;
mod time;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use collaudo_record::LogEntry;
use collaudo_world::{LogBook, LogLine, Trial};
use serde::Deserialize;

use self::{
    form::{Field, Form},
    source::Source,
};

/// How often a file is looked at, and how often a command is run; both also whenever somebody wants it.
const LOOK: Duration = Duration::from_millis(250);
const RUN: Duration = Duration::from_secs(1);

/// `[log]`: all that the file says of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogTable {
    file: Option<PathBuf>,
    /// Prints all that was written so far.
    command: Option<String>,
    format: Format,
    /// A regular expression with groups that are named as fields are.
    pattern: Option<String>,
    /// Of an object: under which key each field stands.
    #[serde(default)]
    fields: BTreeMap<Field, String>,
    /// How the time of a line is written.
    time: Option<String>,
    /// What stands between several recipients or identifiers in one text.
    separator: Option<String>,
    /// How long it may take until a line can be read.
    #[serde(default = "lag_ms")]
    lag_ms: u64,
}

fn lag_ms() -> u64 {
    1_000
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    Json,
    Pattern,
}

impl LogTable {
    /// Whether it can be understood.
    ///
    /// # Errors
    /// In words, what is wrong with it.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.file.is_some() == self.command.is_some() {
            return Err("[log] has a file and a command, or neither; expected one of them".into());
        }
        self.form().map(drop)
    }

    fn form(&self) -> Result<Form, String> {
        let time = self.time.as_deref().unwrap_or(time::RFC_3339).parse()?;
        let separator = self.separator.clone().unwrap_or_else(|| ",".into());
        match (self.format, &self.pattern) {
            (Format::Json, None) => Form::json(&self.fields, time, separator),
            (Format::Pattern, Some(pattern)) if self.fields.is_empty() => Form::pattern(pattern, time, separator),
            (Format::Json, Some(_)) => Err("log.pattern beside format = \"json\"; expected [log.fields]".into()),
            (Format::Pattern, None) => Err("log.pattern is missing; expected an expression with named groups".into()),
            (Format::Pattern, Some(_)) => {
                Err("[log.fields] beside format = \"pattern\", whose groups bear the fields' names".into())
            }
        }
    }

    fn source(&self, folder: &Path) -> Source {
        match (&self.file, &self.command) {
            (Some(file), _) => Source::file(folder.join(file)),
            (None, command) => Source::command(command.clone().unwrap_or_default(), folder.to_owned()),
        }
    }

    fn place(&self) -> String {
        match (&self.file, &self.command) {
            (Some(file), _) => file.display().to_string(),
            (None, command) => format!("\"{}\"", command.clone().unwrap_or_default()),
        }
    }
}

/// The subject's log, read for as long as the program runs.
pub(super) struct Log {
    place: String,
    pub(super) book: LogBook,
    seen: Arc<Mutex<Seen>>,
    /// What stood there before.
    past: Seen,
}

/// What the lines were like.
#[derive(Clone, Debug, Default)]
struct Seen {
    lines: u64,
    /// The last that was understood: its number, and what it says.
    last: Option<(u64, LogEntry)>,
    unfit: u64,
    /// The first that was not: its number, the line, and what was expected.
    first_unfit: Option<(u64, String, String)>,
}

impl Seen {
    fn note(&mut self, number: u64, text: &str, read: &Result<LogEntry, String>) {
        self.lines += 1;
        match read {
            Ok(entry) => self.last = Some((number, entry.clone())),
            Err(expected) => {
                self.unfit += 1;
                let first = || (number, shortened(text), expected.clone());
                self.first_unfit.get_or_insert_with(first);
            }
        }
    }

    /// The first line that was not understood, in words.
    fn first(&self) -> String {
        let first = self.first_unfit.as_ref();
        first.map(|(number, text, expected)| format!("line {number}: {text}; expected {expected}")).unwrap_or_default()
    }
}

/// So much of a line tells which it is.
const SHOWN: usize = 160;

fn shortened(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() {
        shown.push_str("...");
    }
    shown
}

impl Log {
    /// Reads what is there, of which no line counts, and has all that follows read.
    ///
    /// # Errors
    /// In words, why it cannot be read.
    pub(super) fn open(table: &LogTable, folder: &Path) -> Result<Self, String> {
        let (form, mut source, mut past) = (table.form()?, table.source(folder), Seen::default());
        source.read(|number, text| past.note(number, text, &form.read(text)))?;
        let every = if table.file.is_some() { LOOK } else { RUN };
        let seen = Arc::new(Mutex::new(Seen::default()));
        let noted = seen.clone();
        let read = move || {
            let mut lines = Vec::new();
            let take = |number, text: &str| {
                let read = form.read(text);
                lock(&noted).note(number, text, &read);
                lines.extend(read.ok().map(|entry| LogLine { text: text.to_owned(), entry }));
            };
            source.read(take).map(|()| lines)
        };
        let book =
            LogBook::open(every, Duration::from_millis(table.lag_ms), Box::new(read)).map_err(|why| why.to_string())?;
        Ok(Self { place: table.place(), book, seen, past })
    }

    /// Whether it is read and understood, once a first message has crossed.
    pub(super) fn trial(&self) -> Trial {
        let what = format!("the log, {}", self.place);
        if let Err(why) = self.book.refresh() {
            return Trial { what, fault: Some(format!("{why}; {ADVICE}")) };
        }
        let seen = lock(&self.seen);
        let lines = self.past.lines + seen.lines;
        match seen.last.as_ref().or(self.past.last.as_ref()) {
            Some((number, entry)) => Trial { what: format!("{what}: line {number} says {}", told(entry)), fault: None },
            None if lines == 0 => {
                let what = format!(
                    "{what}: no line yet, though a message has crossed; if none comes, all that wants one fails: {ADVICE}"
                );
                Trial { what, fault: None }
            }
            None => {
                let unfit = if self.past.lines > 0 { &self.past } else { &*seen };
                let fault = format!("no line fits yet, of {lines}; the first is {}; {ADVICE}", unfit.first());
                Trial { what, fault: Some(fault) }
            }
        }
    }

    /// In words, what was not understood since it was opened, if anything was not.
    pub(super) fn left_out(&self) -> Option<String> {
        let seen = lock(&self.seen);
        let (place, unfit) = (&self.place, seen.unfit);
        (unfit > 0).then(|| format!("the log, {place}: {unfit} lines were left out; the first is {}", seen.first()))
    }
}

/// Where a log that cannot be opened is told.
pub(super) fn closed(table: &LogTable, why: &str) -> Trial {
    Trial { what: format!("the log, {}", table.place()), fault: Some(format!("{why}; {ADVICE}")) }
}

const ADVICE: &str = "correct [log] in LAB.toml, or leave it out: then nothing is said of the log";

fn told(entry: &LogEntry) -> String {
    let id = entry.pec_msgid.as_deref().or(entry.msgid.as_deref()).unwrap_or("no identifier");
    let at = jiff::Timestamp::from_microsecond(entry.at.0).map(|at| at.to_string()).unwrap_or_default();
    format!("\"{}\" of {id} at {at}", entry.event)
}

/// Nobody leaves it half written.
fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
