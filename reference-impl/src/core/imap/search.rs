//! What SEARCH looks for.

use std::{cell::OnceCell, collections::VecDeque};

use collaudo_node::Bytes;
use imap_codec::imap_types::{core::AString, datetime::NaiveDate, search::SearchKey};
use jiff::{civil::Date, tz::TimeZone};

use super::{
    entity::{Content, Entity},
    view::{Known, View},
};
use crate::core::{
    mailbox::{Entry, Flag},
    message::{Message, mime},
};

/// Keys of one SEARCH: each may have to look through every message.
const KEYS_LIMIT: usize = 100;

/// A SEARCH under way.
#[derive(Debug)]
pub(super) struct Search {
    pub(super) tag: String,
    pub(super) by_uid: bool,
    keys: Vec<SearchKey<'static>>,
    /// The messages that are still to be looked at.
    pub(super) left: VecDeque<u32>,
    pub(super) found: Vec<u32>,
}

impl Search {
    /// `None` where more is looked for than anyone needs.
    pub(super) fn new(tag: String, by_uid: bool, keys: Vec<SearchKey<'static>>, view: &View) -> Option<Self> {
        let left = view.all().map(|(_, known)| known.uid).collect();
        let count: usize = keys.iter().map(weight).sum();
        (count <= KEYS_LIMIT).then_some(Self { tag, by_uid, keys, left, found: Vec::new() })
    }

    /// What is to be told of a message, if it is one that is looked for; `None` where its body is needed to say so.
    pub(super) fn look(&self, view: &View, uid: u32, entry: &Entry, body: Option<&Bytes>) -> Option<Option<u32>> {
        let Some((number, known)) = view.find(uid) else { return Some(None) };
        let taken_apart = OnceCell::new();
        let candidate = Candidate { view, number, known, entry, body, taken_apart: &taken_apart };
        let fits = candidate.fits_all(&self.keys)?;
        let told = if self.by_uid { Some(uid) } else { u32::try_from(number).ok() };
        Some(told.filter(|_| fits))
    }
}

struct Candidate<'a> {
    view: &'a View,
    number: usize,
    known: &'a Known,
    entry: &'a Entry,
    body: Option<&'a Bytes>,
    taken_apart: &'a OnceCell<Entity>,
}

impl Candidate<'_> {
    fn fits_all(&self, keys: &[SearchKey<'_>]) -> Option<bool> {
        let mut all = Some(true);
        for key in keys {
            match self.fits(key) {
                Some(true) => {}
                Some(false) => return Some(false),
                None => all = None,
            }
        }
        all
    }

    fn fits(&self, key: &SearchKey<'_>) -> Option<bool> {
        let has = |flag| Some(self.known.flags.contains(&flag));
        let arrived = || day(self.entry.at.unix_micros());
        match key {
            SearchKey::And(keys) => self.fits_all(keys.as_ref()),
            SearchKey::Or(one, other) => match (self.fits(one), self.fits(other)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (one, other) => one.and(other),
            },
            SearchKey::Not(key) => self.fits(key).map(|fits| !fits),
            SearchKey::All => Some(true),
            SearchKey::SequenceSet(set) => Some(self.view.covers(set, false, self.number, self.known.uid)),
            SearchKey::Uid(set) => Some(self.view.covers(set, true, self.number, self.known.uid)),
            SearchKey::Answered => has(Flag::Answered),
            SearchKey::Deleted => has(Flag::Deleted),
            SearchKey::Draft => has(Flag::Draft),
            SearchKey::Flagged => has(Flag::Flagged),
            SearchKey::Seen => has(Flag::Seen),
            SearchKey::Unanswered => has(Flag::Answered).map(|has| !has),
            SearchKey::Undeleted => has(Flag::Deleted).map(|has| !has),
            SearchKey::Undraft => has(Flag::Draft).map(|has| !has),
            SearchKey::Unflagged => has(Flag::Flagged).map(|has| !has),
            SearchKey::Unseen => has(Flag::Seen).map(|has| !has),
            SearchKey::Keyword(_) => Some(false),
            SearchKey::Unkeyword(_) => Some(true),
            SearchKey::Recent => Some(self.known.recent),
            SearchKey::Old => Some(!self.known.recent),
            SearchKey::New => Some(self.known.recent && !self.known.flags.contains(&Flag::Seen)),
            SearchKey::Larger(octets) => Some(self.entry.octets > u64::from(*octets)),
            SearchKey::Smaller(octets) => Some(self.entry.octets < u64::from(*octets)),
            SearchKey::Before(date) => Some(arrived() < asked(date)),
            SearchKey::On(date) => Some(arrived() == asked(date)),
            SearchKey::Since(date) => Some(arrived() >= asked(date)),
            other => self.entity().map(|entity| is_in(entity, other)),
        }
    }

    fn entity(&self) -> Option<&Entity> {
        let body = self.body?;
        Some(self.taken_apart.get_or_init(|| Entity::read(body.clone())))
    }
}

/// How many keys a key consists of.
fn weight(key: &SearchKey<'_>) -> usize {
    match key {
        SearchKey::And(keys) => keys.as_ref().iter().map(weight).sum(),
        SearchKey::Or(one, other) => weight(one) + weight(other),
        SearchKey::Not(key) => weight(key),
        _ => 1,
    }
}

/// What only the message itself can tell.
fn is_in(entity: &Entity, key: &SearchKey<'_>) -> bool {
    let message = &entity.message;
    match key {
        SearchKey::Bcc(text) => field_has(message, "Bcc", text),
        SearchKey::Cc(text) => field_has(message, "Cc", text),
        SearchKey::From(text) => field_has(message, "From", text),
        SearchKey::Subject(text) => field_has(message, "Subject", text),
        SearchKey::To(text) => field_has(message, "To", text),
        SearchKey::Header(name, text) => field_has(message, &String::from_utf8_lossy(name.as_ref()), text),
        SearchKey::Body(text) => body_has(entity, &wanted(text)),
        SearchKey::Text(text) => text_has(entity, &wanted(text)),
        SearchKey::SentBefore(date) => sent(message).is_some_and(|sent| Some(sent) < asked(date)),
        SearchKey::SentOn(date) => sent(message).is_some_and(|sent| Some(sent) == asked(date)),
        SearchKey::SentSince(date) => sent(message).is_some_and(|sent| Some(sent) >= asked(date)),
        _ => false,
    }
}

fn field_has(message: &Message, name: &str, text: &AString<'_>) -> bool {
    let wanted = wanted(text);
    message.all(name).any(|field| field.text().to_lowercase().contains(&wanted))
}

fn text_has(entity: &Entity, wanted: &str) -> bool {
    let mut lines = entity.message.fields().iter().map(|field| format!("{}: {}", field.name(), field.text()));
    lines.any(|line| line.to_lowercase().contains(wanted)) || body_has(entity, wanted)
}

/// Looks into every text, its transfer encoding undone, and into messages within.
fn body_has(entity: &Entity, wanted: &str) -> bool {
    match &entity.content {
        Content::Parts(parts) => parts.iter().any(|part| body_has(part, wanted)),
        Content::Message(inner) => text_has(inner, wanted),
        Content::Leaf if entity.kind.starts_with("text/") => mime::decoded(&entity.message)
            .is_some_and(|octets| String::from_utf8_lossy(&octets).to_lowercase().contains(wanted)),
        Content::Leaf => false,
    }
}

fn wanted(text: &AString<'_>) -> String {
    String::from_utf8_lossy(text.as_ref()).to_lowercase()
}

/// The day of an instant, as INTERNALDATE tells it.
fn day(micros: i64) -> Option<Date> {
    let at = jiff::Timestamp::from_microsecond(micros).ok()?;
    Some(at.to_zoned(TimeZone::UTC).date())
}

/// The day that the Date field tells, wherever it was written.
fn sent(message: &Message) -> Option<Date> {
    let written = message.get("Date")?.text();
    Some(jiff::fmt::rfc2822::DateTimeParser::new().parse_zoned(written).ok()?.date())
}

fn asked(date: &NaiveDate) -> Option<Date> {
    date.as_ref().to_string().parse().ok()
}
