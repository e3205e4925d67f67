//! What a set of stored messages tells together: of each message that somebody sent what the set holds, what became of each
//! recipient, what is missing, what contradicts, what came late. By certified times alone, for nobody saw them come.

mod remarks;
mod summary;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use collaudo_record::{Instant, RecipientState, SignatureVerdict, Span, StoredStory, StoryLine, StoryRecipient};

pub use summary::Summary;

use summary::StoryKind;

/// Tells the stories of a set.
///
/// *Takes* the summaries of inspected messages in any order.
///
/// *Gives* one story for each PEC identifier, in the order of identifiers; messages that name the client's identifier alone
/// belong to the story that it is of, where there is just one, and else tell one of their own.
pub fn stories(summaries: impl IntoIterator<Item = Summary>) -> Vec<StoredStory> {
    let mut told: BTreeMap<Box<str>, Vec<Summary>> = BTreeMap::new();
    let mut nameless = Vec::new();
    for summary in summaries {
        match summary.identifier.is_empty() {
            true => nameless.push(summary),
            false => told.entry(summary.identifier.clone()).or_default().push(summary),
        }
    }
    let mut homes: BTreeMap<Box<str>, BTreeSet<Box<str>>> = BTreeMap::new();
    for summary in told.values().flatten().filter(|summary| !summary.msgid.is_empty() && !nameless.is_empty()) {
        homes.entry(summary.msgid.clone()).or_default().insert(summary.identifier.clone());
    }
    for summary in nameless {
        let home = homes.get(&summary.msgid).filter(|homes| homes.len() == 1).and_then(BTreeSet::first);
        let home = home.unwrap_or(&summary.msgid).clone();
        told.entry(home).or_default().push(summary);
    }
    told.into_iter().map(|(identifier, messages)| tell(&identifier, messages)).collect()
}

/// The messages of one story, those that count and those that do not.
struct Tale {
    /// By certified time; copies once.
    all: Vec<(Summary, u32)>,
    /// Places of those that are about one recipient, by recipient: a story may have many.
    about: BTreeMap<Box<str>, Vec<usize>>,
    accepted: Option<Instant>,
}

impl Tale {
    fn of(mut messages: Vec<Summary>) -> Self {
        // What has no time comes last.
        let order =
            |one: &Summary| (one.at.is_none(), one.at, one.kind, one.consegna.clone(), one.content, one.message);
        messages.sort_by_cached_key(order);
        let mut all: Vec<(Summary, u32)> = Vec::new();
        let mut seen: BTreeMap<(StoryKind, u64), usize> = BTreeMap::new();
        let mut about: BTreeMap<Box<str>, Vec<usize>> = BTreeMap::new();
        for one in messages {
            let place = *seen.entry((one.kind, one.content)).or_insert(all.len());
            match all.get_mut(place) {
                Some((_, copies)) => *copies += 1,
                None => {
                    about.entry(one.consegna.clone()).or_default().push(place);
                    all.push((one, 1));
                }
            }
        }
        let mut tale = Self { all, about, accepted: None };
        let time = |kind| tale.counting().find(|one| one.kind == kind && one.at.is_some()).and_then(|one| one.at);
        tale.accepted = time(StoryKind::Acceptance).or_else(|| time(StoryKind::Envelope));
        tale
    }

    fn each(&self) -> impl Iterator<Item = &Summary> {
        self.all.iter().map(|(one, _)| one)
    }

    /// Those whose signature holds: nothing else proves anything.
    fn counting(&self) -> impl Iterator<Item = &Summary> {
        self.each().filter(|one| one.signature == SignatureVerdict::Valid)
    }

    /// Those of one kind that count and are about that recipient.
    fn about<'s>(&'s self, kind: StoryKind, recipient: &'s str) -> impl Iterator<Item = &'s Summary> {
        let places = self.about.get(recipient).into_iter().flatten();
        let ours = places.filter_map(|place| self.all.get(*place)).map(|(one, _)| one);
        ours.filter(move |one| one.kind == kind && one.signature == SignatureVerdict::Valid)
    }

    /// Certified time passed since the acceptance.
    fn since(&self, at: Option<Instant>) -> Option<Span> {
        Some(at?.since(self.accepted?))
    }

    /// Whether a timeout notice is the second: as it says itself, else by the time since acceptance.
    fn is_second(&self, notice: &Summary) -> bool {
        let by_time = || self.since(notice.at).is_some_and(|passed| passed >= Span::from_hours(17));
        notice.hours.map_or_else(by_time, |hours| hours == 24)
    }
}

fn tell(identifier: &str, messages: Vec<Summary>) -> StoredStory {
    let tale = Tale::of(messages);
    let recipients = recipients(&tale);
    let distinct = |text: fn(&Summary) -> &str| {
        let texts: BTreeSet<&str> = tale.each().map(text).filter(|text| !text.is_empty()).collect();
        texts.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let first = |text: fn(&Summary) -> &str| {
        let texts = tale.counting().chain(tale.each()).map(text);
        texts.filter(|text| !text.is_empty()).map(str::to_owned).next().unwrap_or_default()
    };
    StoredStory {
        identifier: identifier.to_owned(),
        msgid: distinct(|one| &one.msgid),
        mittente: first(|one| &one.mittente),
        oggetto: first(|one| &one.oggetto),
        accepted: tale.accepted,
        messages: tale.all.iter().map(line).collect(),
        missing: remarks::missing(&tale, &recipients),
        contradictions: remarks::contradictions(&tale),
        late: remarks::late(&tale, &recipients),
        recipients,
    }
}

fn line((one, copies): &(Summary, u32)) -> StoryLine {
    StoryLine {
        message: one.message,
        kind: one.kind.wire().to_owned(),
        signature: one.signature,
        data: one.at,
        consegna: one.consegna.to_string(),
        copies: *copies,
    }
}

/// Everyone whom a message that counts names, with what became of him.
fn recipients(tale: &Tale) -> Vec<StoryRecipient> {
    let mut known: BTreeMap<&str, Option<bool>> = BTreeMap::new();
    for one in tale.counting() {
        for (address, certified) in &one.recipients {
            known.entry(address).or_default().get_or_insert(*certified);
        }
        if !one.consegna.is_empty() {
            known.entry(&one.consegna).or_default();
        }
    }
    let mut taken: BTreeMap<&str, &Summary> = BTreeMap::new();
    for one in tale.counting().filter(|one| one.kind == StoryKind::TakeCharge) {
        for address in one.taken.iter() {
            taken.entry(address).or_insert(one);
        }
    }
    let recipient = |(address, certified): (&str, Option<bool>)| {
        let (state, at) = state(tale, &taken, address, certified);
        StoryRecipient { address: address.to_owned(), certified, state, at }
    };
    known.into_iter().map(recipient).collect()
}

fn state(
    tale: &Tale,
    taken: &BTreeMap<&str, &Summary>,
    address: &str,
    certified: Option<bool>,
) -> (RecipientState, Option<Instant>) {
    let first = |kind| tale.about(kind, address).next();
    let notice = |second| tale.about(StoryKind::Timeout, address).find(|one| tale.is_second(one) == second);
    let found = [
        (RecipientState::Delivered, first(StoryKind::Delivery)),
        (RecipientState::NotDelivered, first(StoryKind::Failure)),
        (RecipientState::TimedOut, notice(true)),
        (RecipientState::Overdue, notice(false)),
        (RecipientState::TakenInCharge, taken.get(address).copied()),
    ];
    let told = found.into_iter().find_map(|(state, one)| Some((state, one?.at)));
    let silent = if certified == Some(false) { RecipientState::Ordinary } else { RecipientState::Unknown };
    told.unwrap_or((silent, None))
}
