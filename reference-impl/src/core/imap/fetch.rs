//! What FETCH asks for, and how it is told.

use std::{cell::OnceCell, collections::VecDeque, num::NonZeroU32};

use collaudo_node::{Bytes, Timestamp};
use imap_codec::{
    ResponseCodec,
    encode::Encoder,
    imap_types::{
        core::{NString, Vec1},
        fetch::{MacroOrMessageDataItemNames, MessageDataItem, MessageDataItemName as Name, Section},
        response::{Data, Response},
    },
};

use super::{
    describe::{envelope, structure},
    entity::Entity,
    view::Known,
};
use crate::core::{
    mailbox::{Entry, Outbox},
    message::Message,
};

/// Items of one FETCH: each can be as large as a message's header.
const ITEMS_LIMIT: usize = 50;

/// A FETCH under way.
#[derive(Debug)]
pub(super) struct Fetch {
    pub(super) tag: String,
    pub(super) by_uid: bool,
    items: Vec<Name<'static>>,
    /// The messages that are still to be told of.
    pub(super) left: VecDeque<u32>,
    /// Whether one of them is not there any more.
    pub(super) missed: bool,
}

impl Fetch {
    /// `None` where something is asked for that is not offered, or more than anyone needs.
    pub(super) fn new(tag: String, by_uid: bool, names: MacroOrMessageDataItemNames<'static>) -> Option<Self> {
        let asked: Vec<Name<'static>> = match names {
            // An expansion borrows from its shorthand in name alone.
            MacroOrMessageDataItemNames::Macro(shorthand) => shorthand.expand().into_iter().filter_map(plain).collect(),
            MacroOrMessageDataItemNames::MessageDataItemNames(names) => names,
        };
        let mut items: Vec<Name<'static>> = by_uid.then_some(Name::Uid).into_iter().collect();
        for item in asked {
            let is_offered = !matches!(item, Name::Binary { .. } | Name::BinarySize { .. });
            if !is_offered || items.len() >= ITEMS_LIMIT {
                return None;
            }
            if !items.contains(&item) {
                items.push(item);
            }
        }
        Some(Self { tag, by_uid, items, left: VecDeque::new(), missed: false })
    }

    /// Whether a message that is told of counts as seen.
    pub(super) fn is_reading(&self) -> bool {
        self.items
            .iter()
            .any(|item| matches!(item, Name::BodyExt { peek: false, .. } | Name::Rfc822 | Name::Rfc822Text))
    }

    /// Tells the flags too: they are about to change.
    pub(super) fn tell_flags(&mut self) {
        if !self.tells_flags() {
            self.items.push(Name::Flags);
        }
    }

    pub(super) fn tells_flags(&self) -> bool {
        self.items.contains(&Name::Flags)
    }

    /// Whether the message itself is needed.
    pub(super) fn needs_body(&self) -> bool {
        let known = |item: &Name<'_>| matches!(item, Name::Flags | Name::Uid | Name::InternalDate | Name::Rfc822Size);
        !self.items.iter().all(known)
    }

    /// Tells of one message.
    pub(super) fn tell(&self, number: usize, known: &Known, entry: &Entry, body: Option<&Bytes>, outbox: &mut Outbox) {
        outbox.write(format!("* {number} FETCH (").as_bytes());
        let taken_apart = OnceCell::new();
        for (n, item) in self.items.iter().enumerate() {
            if n > 0 {
                outbox.write(b" ");
            }
            match item {
                Name::Flags => outbox.write(format!("FLAGS ({})", known.names()).as_bytes()),
                Name::Uid => outbox.write(format!("UID {}", known.uid).as_bytes()),
                Name::InternalDate => outbox.write(format!("INTERNALDATE \"{}\"", date(entry.at)).as_bytes()),
                Name::Rfc822Size => outbox.write(format!("RFC822.SIZE {}", entry.octets).as_bytes()),
                other => {
                    if let Some(body) = body {
                        let entity = || taken_apart.get_or_init(|| Entity::read(body.clone()));
                        tell_content(other, body, entity, outbox);
                    }
                }
            }
        }
        outbox.write(b")\r\n");
    }
}

fn plain(name: Name<'_>) -> Option<Name<'static>> {
    match name {
        Name::Flags => Some(Name::Flags),
        Name::InternalDate => Some(Name::InternalDate),
        Name::Rfc822Size => Some(Name::Rfc822Size),
        Name::Envelope => Some(Name::Envelope),
        Name::Body => Some(Name::Body),
        _ => None,
    }
}

fn tell_content<'e>(item: &Name<'_>, body: &Bytes, entity: impl Fn() -> &'e Entity, outbox: &mut Outbox) {
    match item {
        Name::Envelope => outbox.write(&encoded(MessageDataItem::Envelope(envelope(&entity().message)))),
        Name::Body => outbox.write(&encoded(MessageDataItem::Body(structure(entity(), false)))),
        Name::BodyStructure => outbox.write(&encoded(MessageDataItem::BodyStructure(structure(entity(), true)))),
        Name::Rfc822 => literal(b"RFC822 ", Some(body.clone()), outbox),
        Name::Rfc822Header => literal(b"RFC822.HEADER ", root(&Section::Header(None), body), outbox),
        Name::Rfc822Text => literal(b"RFC822.TEXT ", root(&Section::Text(None), body), outbox),
        Name::BodyExt { section, partial, .. } => {
            let octets = match section {
                None => Some(body.clone()),
                Some(section) => root(section, body).or_else(|| entity().section(section)),
            };
            let octets =
                octets.map(|octets| partial.map_or(octets.clone(), |(from, count)| part(&octets, from, count)));
            let origin = partial.map(|(from, _)| from);
            let label = MessageDataItem::BodyExt { section: section.clone(), origin, data: NString(None) };
            let label = encoded(label);
            literal(label.strip_suffix(b"NIL").unwrap_or(&label), octets, outbox);
        }
        _ => {}
    }
}

/// The header and the text of the whole, for which nothing has to be taken apart.
fn root(section: &Section<'_>, body: &Bytes) -> Option<Bytes> {
    let body_at = || Message::read_leniently(body.clone()).body_at();
    match section {
        Section::Header(None) => Some(body.slice(..body_at())),
        Section::Text(None) => Some(body.slice(body_at()..)),
        _ => None,
    }
}

fn part(octets: &Bytes, from: u32, count: NonZeroU32) -> Bytes {
    let reach = |number: u64| usize::try_from(number).unwrap_or(usize::MAX).min(octets.len());
    let from = u64::from(from);
    octets.slice(reach(from)..reach(from + u64::from(count.get())))
}

fn literal(label: &[u8], octets: Option<Bytes>, outbox: &mut Outbox) {
    outbox.write(label);
    match octets {
        Some(octets) => {
            outbox.write(format!("{{{}}}\r\n", octets.len()).as_bytes());
            outbox.hand(octets);
        }
        None => outbox.write(b"NIL"),
    }
}

/// One item, as it stands within the brackets of a response.
fn encoded(item: MessageDataItem<'_>) -> Vec<u8> {
    let response = Response::Data(Data::Fetch { seq: NonZeroU32::MIN, items: Vec1::from(item) });
    let whole = ResponseCodec::new().encode(&response).dump();
    let inner = whole.strip_prefix(b"* 1 FETCH (").and_then(|rest| rest.strip_suffix(b")\r\n"));
    inner.unwrap_or_default().to_vec()
}

/// An instant as INTERNALDATE has it.
fn date(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_microsecond(at.unix_micros()).unwrap_or_default();
    at.strftime("%d-%b-%Y %H:%M:%S +0000").to_string()
}
