use collaudo_node::Bytes;
use imap_codec::imap_types::{core::AString, fetch::Section};

use crate::core::message::{Message, mime, parameters};

/// Beyond these a hostile message is shown as it is, undivided.
const MAX_DEPTH: usize = 30;
const MAX_PARTS: usize = 10_000;

/// A message, or a part of one, taken apart.
#[derive(Debug)]
pub(super) struct Entity {
    pub(super) message: Message,
    /// `type/subtype` in lower case.
    pub(super) kind: String,
    pub(super) parameters: Vec<(String, Vec<u8>)>,
    pub(super) content: Content,
}

/// What an entity holds.
#[derive(Debug)]
pub(super) enum Content {
    /// Octets.
    Leaf,
    /// At least one part.
    Parts(Vec<Entity>),
    /// A message.
    Message(Box<Entity>),
}

impl Entity {
    /// Takes a whole message apart; its octets are shared, not copied.
    pub(super) fn read(bytes: Bytes) -> Self {
        let mut left = MAX_PARTS;
        Self::take_apart(Message::read_leniently(bytes), MAX_DEPTH, &mut left)
    }

    fn take_apart(message: Message, depth: usize, left: &mut usize) -> Self {
        let found = message.get("Content-Type").map(|field| parameters::raw(&field.unfolded()));
        let found = found
            .filter(|(kind, _)| kind.split_once('/').is_some_and(|(one, other)| !one.is_empty() && !other.is_empty()));
        let (kind, parameters) = found.unwrap_or_else(|| ("text/plain".to_owned(), Vec::new()));
        *left = left.saturating_sub(1);
        let content = match depth.checked_sub(1).filter(|_| *left > 0) {
            None => Content::Leaf,
            Some(depth) if kind == "message/rfc822" => {
                let inner = Message::read_leniently(message.body());
                Content::Message(Box::new(Self::take_apart(inner, depth, left)))
            }
            Some(depth) => match mime::parts(&message).ok().filter(|parts| !parts.is_empty() && parts.len() <= *left) {
                Some(parts) => {
                    let parts = parts.iter().map(|range| mime::part(&message, range));
                    Content::Parts(parts.map(|part| Self::take_apart(part, depth, left)).collect())
                }
                None => Content::Leaf,
            },
        };
        Self { message, kind, parameters, content }
    }

    /// The part of that number: what is undivided is its own part 1.
    fn part(&self, numbers: &[std::num::NonZeroU32]) -> Option<&Self> {
        let Some((number, rest)) = numbers.split_first() else { return Some(self) };
        let number = usize::try_from(number.get()).ok()?;
        let part = match &self.content {
            Content::Parts(parts) => parts.get(number - 1)?,
            _ if number == 1 => self,
            _ => return None,
        };
        match (&part.content, rest) {
            (_, []) => Some(part),
            (Content::Parts(_), _) => part.part(rest),
            (Content::Message(inner), _) => inner.part(rest),
            (Content::Leaf, _) => None,
        }
    }

    /// The message that a part holds, or the whole where no part is named.
    fn message_at(&self, numbers: &[std::num::NonZeroU32]) -> Option<&Message> {
        if numbers.is_empty() {
            return Some(&self.message);
        }
        match &self.part(numbers)?.content {
            Content::Message(inner) => Some(&inner.message),
            _ => None,
        }
    }

    /// The octets of a section; `None` where there is none such.
    pub(super) fn section(&self, section: &Section<'_>) -> Option<Bytes> {
        let numbers = |part: &Option<imap_codec::imap_types::fetch::Part>| {
            part.as_ref().map(|part| part.0.as_ref().to_vec()).unwrap_or_default()
        };
        match section {
            Section::Part(part) => self.part(part.0.as_ref()).map(|part| part.message.body()),
            Section::Mime(part) => self.part(part.0.as_ref()).map(|part| header(&part.message)),
            Section::Header(part) => self.message_at(&numbers(part)).map(header),
            Section::Text(part) => self.message_at(&numbers(part)).map(Message::body),
            Section::HeaderFields(part, names) => {
                self.message_at(&numbers(part)).map(|message| fields(message, names.as_ref(), true))
            }
            Section::HeaderFieldsNot(part, names) => {
                self.message_at(&numbers(part)).map(|message| fields(message, names.as_ref(), false))
            }
        }
    }
}

/// The header with the empty line behind it.
fn header(message: &Message) -> Bytes {
    message.bytes().slice(..message.body_at())
}

/// The fields that are named, or that are not, and an empty line.
fn fields(message: &Message, names: &[AString<'_>], named: bool) -> Bytes {
    let is_named = |name: &str| names.iter().any(|other| other.as_ref().eq_ignore_ascii_case(name.as_bytes()));
    let fields = message.fields().iter().filter(|field| is_named(field.name()) == named);
    let mut octets: Vec<u8> = fields.flat_map(|field| field.raw().iter().copied()).collect();
    octets.extend_from_slice(b"\r\n");
    octets.into()
}

#[cfg(test)]
mod tests {
    use imap_codec::imap_types::{core::Vec1, fetch::Part};

    use super::*;

    const MIXED: &str = "From: a@b\r\nSubject: s\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n\
        --x\r\nContent-Type: text/plain\r\n\r\nuno\r\n--x\r\nContent-Type: message/rfc822\r\n\r\n\
        Subject: dentro\r\nContent-Type: multipart/alternative; boundary=y\r\n\r\n\
        --y\r\n\r\ndue\r\n--y\r\nContent-Type: text/html\r\n\r\n<p>\r\n--y--\r\n\r\n--x--\r\n";

    fn at(numbers: &[u32]) -> Part {
        let numbers: Vec<_> = numbers.iter().filter_map(|&number| std::num::NonZeroU32::new(number)).collect();
        Part(Vec1::try_from(numbers).unwrap())
    }

    fn section(text: &'static str, section: &Section<'_>) -> Option<String> {
        let octets = Entity::read(Bytes::from_static(text.as_bytes())).section(section)?;
        Some(String::from_utf8(octets.to_vec()).unwrap())
    }

    #[test]
    fn parts_are_numbered_into_the_message_within() {
        let of = |numbers: &[u32]| section(MIXED, &Section::Part(at(numbers)));
        assert_eq!(of(&[1]).as_deref(), Some("uno"));
        assert!(of(&[2]).unwrap().starts_with("Subject: dentro\r\n"));
        assert_eq!(of(&[2, 1]).as_deref(), Some("due"));
        assert_eq!(of(&[2, 2]).as_deref(), Some("<p>"));
        assert_eq!((of(&[3]), of(&[1, 1]), of(&[2, 3])), (None, None, None));
        let mime = section(MIXED, &Section::Mime(at(&[2, 2])));
        assert_eq!(mime.as_deref(), Some("Content-Type: text/html\r\n\r\n"));
    }

    #[test]
    fn headers_and_texts_belong_to_messages_alone() {
        let header = section(MIXED, &Section::Header(Some(at(&[2])))).unwrap();
        assert!(header.starts_with("Subject: dentro\r\n") && header.ends_with("\r\n\r\n"));
        assert!(section(MIXED, &Section::Text(Some(at(&[2])))).unwrap().starts_with("--y\r\n"));
        assert_eq!(section(MIXED, &Section::Header(Some(at(&[1])))), None);
        let whole = section(MIXED, &Section::Header(None)).unwrap() + &section(MIXED, &Section::Text(None)).unwrap();
        assert_eq!(whole, MIXED);
    }

    #[test]
    fn fields_are_chosen_by_name_in_any_case() {
        let names = || Vec1::from(AString::try_from("SUBJECT").unwrap());
        let chosen = section(MIXED, &Section::HeaderFields(None, names()));
        assert_eq!(chosen.as_deref(), Some("Subject: s\r\n\r\n"));
        let others = section(MIXED, &Section::HeaderFieldsNot(None, names())).unwrap();
        assert!(others.starts_with("From: a@b\r\nContent-Type:") && !others.contains("Subject"));
    }

    #[test]
    fn what_is_undivided_is_its_own_first_part() {
        let plain = "Subject: s\r\n\r\nciao\r\n";
        assert_eq!(section(plain, &Section::Part(at(&[1]))).as_deref(), Some("ciao\r\n"));
        assert_eq!(section(plain, &Section::Part(at(&[2]))), None);
    }

    #[test]
    fn nesting_without_end_is_shown_undivided() {
        let deep = "Content-Type: message/rfc822\r\n\r\n".repeat(100_000);
        let mut entity = &Entity::read(deep.into());
        let mut depth = 0;
        while let Content::Message(inner) = &entity.content {
            entity = inner;
            depth += 1;
        }
        assert_eq!(depth, MAX_DEPTH);
    }
}
