//! A reviewer's answers: what a person says of the rows that only a person can judge.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs,
    path::{Path, PathBuf},
};

use clap::Args;
use collaudo_record::{Answer, Requirement, Review};
use collaudo_reports::Answered;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::command::Ending;

/// Reviews by clause.
pub type Reviews = BTreeMap<String, Review>;

/// The option of every verb that takes a reviewer's answers.
#[derive(Clone, Debug, Default, Args)]
pub struct ReviewArgs {
    /// A reviewer's answers, as `collaudo list questions --format toml` begins such a file
    #[arg(long, value_name = "FILE")]
    pub review: Option<PathBuf>,
}

impl ReviewArgs {
    /// The answers of the file; none where no file was named.
    ///
    /// # Errors
    /// [`Mistakes`], all that the file has.
    pub fn read(&self) -> Result<Reviews, Mistakes> {
        self.review.as_deref().map_or_else(|| Ok(Reviews::new()), |path| read(path, &collaudo_judge::catalogue()))
    }
}

/// The answers with their rows, in the catalogue's order.
pub(crate) fn answered(mut reviews: Reviews) -> Vec<Answered> {
    let rows = collaudo_judge::catalogue().into_iter();
    rows.filter_map(|row| Some(Answered { review: reviews.remove(&row.id)?, row })).collect()
}

/// How a program ends by these answers: a person's `no` weighs like a failure and `partly` like an unknown, where the row lays
/// down a duty.
pub(crate) fn ending<'a>(answers: impl Iterator<Item = (&'a Requirement, &'a Review)> + Clone) -> Ending {
    let said = |wanted| answers.clone().any(|(row, review)| row.level != "MAY" && review.answer == wanted);
    match () {
        () if said(Answer::No) => Ending::Failed,
        () if said(Answer::Partly) => Ending::Unknown,
        () => Ending::Passed,
    }
}

/// All that is wrong with a file of answers, each with its line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.lines())]
pub struct Mistakes {
    file: String,
    found: Vec<(Option<u32>, String)>,
}

impl Mistakes {
    fn lines(&self) -> String {
        let told = self.found.iter().map(|(line, flaw)| match line {
            Some(line) => format!("{}:{line}: {flaw}", self.file),
            None => format!("{}: {flaw}", self.file),
        });
        told.collect::<Vec<_>>().join("\n       ")
    }
}

/// Reads a file of answers.
///
/// *Takes* the catalogue, of which rows with a question can be answered. *Gives* the answers by clause; an entry that is
/// still as the checklist has it, without an answer, counts as none.
///
/// # Errors
/// [`Mistakes`], where the file cannot be read or any entry is wrong.
pub fn read(path: &Path, catalogue: &[Requirement]) -> Result<Reviews, Mistakes> {
    let file = path.display().to_string();
    match fs::read_to_string(path) {
        Ok(text) => parse(&text, catalogue).map_err(|found| Mistakes { file, found }),
        Err(why) => Err(Mistakes { file, found: vec![(None, format!("cannot be read: {why}"))] }),
    }
}

fn parse(text: &str, catalogue: &[Requirement]) -> Result<Reviews, Vec<(Option<u32>, String)>> {
    let mut reader = Reader { text, catalogue, found: Vec::new(), seen: BTreeSet::new() };
    let mut reviews = Reviews::new();
    match DeTable::parse(text) {
        Err(why) => {
            let message = why.message().lines().collect::<Vec<_>>().join("; ");
            reader.flaw(why.span().map_or(0, |span| span.start), format!("not TOML: {message}"));
        }
        Ok(root) => {
            for entry in reader.entries(root.get_ref()) {
                reviews.extend(reader.entry(entry));
            }
        }
    }
    if reader.found.is_empty() { Ok(reviews) } else { Err(reader.found) }
}

/// The keys of an entry, in the order in which the checklist has them.
const KEYS: [&str; 5] = ["row", "answer", "evidence", "who", "date"];

struct Reader<'a> {
    text: &'a str,
    catalogue: &'a [Requirement],
    found: Vec<(Option<u32>, String)>,
    seen: BTreeSet<String>,
}

impl Reader<'_> {
    fn flaw(&mut self, offset: usize, flaw: impl fmt::Display) {
        let before = self.text.as_bytes().iter().take(offset).filter(|octet| **octet == b'\n').count();
        self.found.push((Some(u32::try_from(before + 1).unwrap_or(u32::MAX)), flaw.to_string()));
    }

    /// The tables under `answer`, the file's only key.
    fn entries<'t>(&mut self, root: &'t DeTable<'t>) -> Vec<&'t Spanned<DeValue<'t>>> {
        for key in root.keys().filter(|key| key.get_ref() != "answer") {
            self.flaw(key.span().start, format!("unknown key {:?}; expected \"answer\"", key.get_ref()));
        }
        match root.get("answer").map(|value| (value, value.get_ref())) {
            None => Vec::new(),
            Some((_, DeValue::Array(entries))) => entries.iter().collect(),
            Some((value, _)) => {
                self.flaw(value.span().start, "\"answer\" is no list of tables; expected [[answer]] before each entry");
                Vec::new()
            }
        }
    }

    /// One entry; none where it is wrong, or not answered yet.
    fn entry(&mut self, entry: &Spanned<DeValue<'_>>) -> Option<(String, Review)> {
        let at = entry.span().start;
        let DeValue::Table(fields) = entry.get_ref() else {
            self.flaw(at, "an entry is no table; expected [[answer]] before it");
            return None;
        };
        for key in fields.keys().filter(|key| !KEYS.contains(&key.get_ref().as_ref())) {
            self.flaw(key.span().start, format!("unknown key {:?}; expected {}", key.get_ref(), KEYS.join(", ")));
        }
        let [row, answer, evidence, who, date] = KEYS.map(|key| self.word(fields, key, at));
        let row = self.row(row?)?;
        let (answer, evidence, who, date) = (answer?, evidence?, who?, date?);
        if [&answer, &evidence, &who, &date].iter().all(|field| field.word.is_empty()) {
            return None;
        }
        let answer = self.answer(&answer);
        let evidence = self.filled(evidence, "what the answer rests on");
        let who = self.filled(who, "the name of who answered");
        let date = self.date(date);
        Some((row, Review { answer: answer?, evidence: evidence?, who: who?, date: date? }))
    }

    fn word(&mut self, fields: &DeTable<'_>, key: &'static str, entry: usize) -> Option<Word> {
        let Some(value) = fields.get(key) else {
            self.flaw(entry, format!("no {key:?} in this answer; expected {}", KEYS.join(", ")));
            return None;
        };
        let at = value.span().start;
        match value.get_ref() {
            DeValue::String(word) => Some(Word { at, word: word.trim().to_owned() }),
            DeValue::Datetime(date) if key == "date" => Some(Word { at, word: date.to_string() }),
            _ => {
                self.flaw(at, format!("{key:?} is no text; expected it in quotation marks"));
                None
            }
        }
    }

    /// A row that a person is asked about, for the first time in this file.
    fn row(&mut self, Word { at, word }: Word) -> Option<String> {
        let Some(row) = self.catalogue.iter().find(|row| row.id == word) else {
            let like = |id: &str| strsim::normalized_damerau_levenshtein(&word.to_lowercase(), &id.to_lowercase());
            let best = self.catalogue.iter().max_by(|a, b| like(&a.id).total_cmp(&like(&b.id)));
            let nearest = best.map_or(String::new(), |row| format!("; nearest is {:?}", row.id));
            self.flaw(at, format!("unknown clause {word:?}{nearest}"));
            return None;
        };
        if row.question.is_none() {
            let instead =
                if row.exception.is_some() { "harness/spec/exceptions.toml excuses it" } else { "a machine judges it" };
            self.flaw(
                at,
                format!("{word} asks nothing of a person: {instead}; `collaudo list questions` shows those that do"),
            );
            return None;
        }
        if !self.seen.insert(word.clone()) {
            self.flaw(at, format!("{word} stands here for the second time; expected one answer to each row"));
            return None;
        }
        Some(word)
    }

    fn answer(&mut self, Word { at, word }: &Word) -> Option<Answer> {
        let answer = Answer::ALL.into_iter().find(|answer| answer.word() == word);
        if answer.is_none() {
            let words = Answer::ALL.map(Answer::word).join(", ");
            self.flaw(*at, format!("bad answer {word:?}; expected one of {words}"));
        }
        answer
    }

    fn filled(&mut self, Word { at, word }: Word, expected: &str) -> Option<String> {
        if word.is_empty() {
            self.flaw(at, format!("nothing stands here; expected {expected}"));
            return None;
        }
        Some(word)
    }

    fn date(&mut self, Word { at, word }: Word) -> Option<String> {
        if word.parse::<jiff::civil::Date>().is_ok_and(|date| date.to_string() == word) {
            return Some(word);
        }
        self.flaw(at, format!("bad date {word:?}; expected the day of the answer, such as \"2026-03-02\""));
        None
    }
}

/// A value and where it stands.
struct Word {
    at: usize,
    word: String,
}

/// A file of answers to fill in: every question, with the evidence to ask for, in both languages.
pub fn checklist(catalogue: &[Requirement]) -> String {
    let mut text = String::from(
        "# Answer what you can: answer = \"yes\", \"no\", \"partly\" or \"not-applicable\"; evidence = what the answer rests on;\n\
         # who = your name; date = the day, such as \"2026-03-02\". What is left empty counts as not answered.\n\
         # Rispondete a quanto potete: answer = \"yes\" (sì), \"no\", \"partly\" (in parte) o \"not-applicable\" (non pertinente);\n\
         # evidence = su che cosa si fonda la risposta; who = il vostro nome; date = il giorno. Ciò che resta vuoto non conta.\n\
         # Then / poi: collaudo run --review FILE, collaudo inspect --review FILE ...\n",
    );
    for row in catalogue {
        let Some(question) = &row.question else { continue };
        text.push_str(&format!(
            "\n# {} ({}, {})\n# {}\n# Evidence: {}\n# {}\n# Riscontri: {}\n[[answer]]\nrow = \"{}\"\nanswer = \"\"\nevidence = \"\"\n\
             who = \"\"\ndate = \"\"\n",
            row.id, row.level, row.source, question.ask, question.evidence, question.ask_it, question.evidence_it, row.id,
        ));
    }
    text
}

#[cfg(test)]
mod tests;
