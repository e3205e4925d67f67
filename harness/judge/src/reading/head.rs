use std::borrow::Cow;

use collaudo_record::Instant;
use mail_parser::{Addr, Address, HeaderValue, parsers::MessageStream};

/// A header: its fields in order, and what those that matter here come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Head {
    /// In the order in which they stand.
    pub fields: Vec<Field>,
    /// Lines that are neither a field nor the continuation of one.
    pub malformed: Vec<String>,
    /// Mailboxes of every From field.
    pub from: Vec<Mailbox>,
    /// Mailboxes of every To field, groups opened.
    pub to: Vec<Mailbox>,
    /// Mailboxes of every Cc field, groups opened.
    pub cc: Vec<Mailbox>,
    /// Mailboxes of every Bcc field, groups opened.
    pub bcc: Vec<Mailbox>,
    /// Mailboxes of every Reply-To field.
    pub reply_to: Vec<Mailbox>,
    /// Mailboxes of every Sender field.
    pub sender: Vec<Mailbox>,
    /// Subject, unfolded and decoded; none where there is no such field.
    pub subject: Option<String>,
    /// Message-ID without angle brackets.
    pub message_id: Option<String>,
    /// X-Riferimento-Message-ID without angle brackets.
    pub x_riferimento: Option<String>,
    /// X-TipoRicevuta in lower case.
    pub tipo_ricevuta: Option<String>,
    /// Date, where it can be read.
    pub date: Option<Instant>,
    /// The offset that Date was written with, in minutes east of UTC.
    pub date_offset: Option<i32>,
}

/// A header field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The whole field, ended with CRLF however it came: the decoder reads up to a line end.
    whole: Whole,
    /// How many octets its name takes.
    name: usize,
    /// Where its colon stands.
    colon: usize,
    /// Its value; none where that is what stands there.
    decoded: Option<String>,
    /// Where it begins in the octets of its header.
    pub start: usize,
}

/// The octets of a field: text, as nearly all are, or something else.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Whole {
    Text(Box<str>),
    Octets(Box<[u8]>),
}

/// An address, perhaps with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// Display name, decoded; empty where there is none.
    pub name: String,
    /// The addr-spec as it stands.
    pub address: String,
}

impl Head {
    /// Reads the header at the beginning of these octets. Gives how many octets it takes, the empty line included.
    pub(super) fn read(octets: &[u8]) -> (Self, usize) {
        let mut head = Self { fields: Vec::with_capacity(8), ..Self::default() };
        let mut at = 0;
        while let Some(line) = line(octets, at) {
            let start = at;
            at += line.len();
            let content = without_line_end(line);
            if content.is_empty() {
                break;
            }
            // The separator line of an mbox is no field.
            if start == 0 && content.starts_with(b"From ") {
                continue;
            }
            while let Some(fold) =
                self::line(octets, at).filter(|next| next.starts_with(b" ") || next.starts_with(b"\t"))
            {
                at += fold.len();
            }
            let whole = without_line_end(octets.get(start..at).unwrap_or_default());
            match Field::read(whole, start) {
                Some(field) => head.fields.push(field),
                None => head.malformed.push(decode_octets(whole)),
            }
        }
        head.summarise();
        (head, at)
    }

    fn summarise(&mut self) {
        let mut subject = None;
        for field in &self.fields {
            let into = match field.name().len() {
                2 if field.is("To") => &mut self.to,
                2 if field.is("Cc") => &mut self.cc,
                3 if field.is("Bcc") => &mut self.bcc,
                4 if field.is("From") => &mut self.from,
                6 if field.is("Sender") => &mut self.sender,
                8 if field.is("Reply-To") => &mut self.reply_to,
                7 if field.is("Subject") && subject.is_none() => {
                    subject = Some(field.value().to_owned());
                    continue;
                }
                _ => continue,
            };
            mailboxes(field, into);
        }
        self.subject = subject;
        self.message_id = self.value("Message-ID").map(|id| bare_id(id).to_owned());
        self.x_riferimento = self.value("X-Riferimento-Message-ID").map(|id| bare_id(id).to_owned());
        self.tipo_ricevuta = self.value("X-TipoRicevuta").map(str::to_ascii_lowercase);
        if let Some((date, offset)) = self.first("Date").and_then(read_date) {
            (self.date, self.date_offset) = (Some(date), Some(offset));
        }
    }

    /// All fields of that name, in any case.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Field> {
        self.fields.iter().filter(move |field| field.is(name))
    }

    /// The first field of that name.
    pub fn first<'a>(&'a self, name: &'a str) -> Option<&'a Field> {
        self.all(name).next()
    }

    /// The decoded value of the first field of that name.
    pub fn value<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.first(name).map(Field::value)
    }
}

impl Field {
    fn read(whole: &[u8], start: usize) -> Option<Self> {
        let (name, colon) = field_name(whole)?;
        let mut octets = Vec::with_capacity(whole.len() + LINE_END.len());
        octets.extend_from_slice(whole);
        octets.extend_from_slice(LINE_END);
        let name = name.len();
        let mut field = Self { whole: Whole::of(octets), name, colon, decoded: None, start };
        field.decoded = (!is_plain(field.raw())).then(|| field.unstructured());
        Some(field)
    }

    /// As it stands.
    pub fn name(&self) -> &str {
        self.text(0, self.name)
    }

    /// Its octets from behind the colon to before its last line end, folds included.
    pub fn raw(&self) -> &[u8] {
        let octets = self.whole.octets();
        octets.get(self.colon + 1..octets.len() - LINE_END.len()).unwrap_or_default()
    }

    /// Unfolded, encoded words decoded, white space trimmed at both ends.
    pub fn value(&self) -> &str {
        let plain = || self.text(self.colon + 1, self.whole.octets().len() - LINE_END.len());
        self.decoded.as_deref().unwrap_or_else(|| plain().trim_ascii())
    }

    fn is(&self, name: &str) -> bool {
        self.name == name.len() && self.name().eq_ignore_ascii_case(name)
    }

    /// What the decoder reads: all behind the colon up to a line end, in Unicode alone.
    pub(super) fn ended(&self) -> Cow<'_, [u8]> {
        let ended = self.whole.octets().get(self.colon + 1..).unwrap_or_default();
        match &self.whole {
            Whole::Text(_) => Cow::Borrowed(ended),
            Whole::Octets(_) => Cow::Owned(decode_octets(ended).into_bytes()),
        }
    }

    /// A piece of which it is known that it is ASCII.
    fn text(&self, from: usize, to: usize) -> &str {
        match &self.whole {
            Whole::Text(text) => text.get(from..to),
            Whole::Octets(octets) => octets.get(from..to).and_then(|octets| std::str::from_utf8(octets).ok()),
        }
        .unwrap_or_default()
    }

    fn unstructured(&self) -> String {
        match MessageStream::new(&self.ended()).parse_unstructured() {
            HeaderValue::Text(text) => text.trim().to_owned(),
            _ => String::new(),
        }
    }
}

const LINE_END: &[u8] = b"\r\n";

impl Whole {
    fn of(octets: Vec<u8>) -> Self {
        match String::from_utf8(octets) {
            Ok(text) => Self::Text(text.into_boxed_str()),
            Err(octets) => Self::Octets(octets.into_bytes().into_boxed_slice()),
        }
    }

    fn octets(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Octets(octets) => octets,
        }
    }
}

/// Whether there is nothing to unfold and nothing to decode.
fn is_plain(raw: &[u8]) -> bool {
    // Looked at to the end, for that goes many octets at a time.
    let is_written = raw.iter().fold(true, |all, b| all & matches!(b, b'\t' | b' '..=b'~'));
    is_written && !memchr::memchr_iter(b'=', raw).any(|at| raw.get(at + 1) == Some(&b'?'))
}

fn mailboxes(field: &Field, into: &mut Vec<Mailbox>) {
    let ended = field.ended();
    let value = MessageStream::new(&ended).parse_address();
    match value.as_address() {
        Some(Address::List(addresses)) => into.extend(addresses.iter().filter_map(mailbox)),
        Some(Address::Group(groups)) => {
            into.extend(groups.iter().flat_map(|group| &group.addresses).filter_map(mailbox));
        }
        None => {}
    }
}

fn mailbox(addr: &Addr<'_>) -> Option<Mailbox> {
    let name = addr.name.as_deref().unwrap_or_default().trim();
    match addr.address.as_deref().map(str::trim).filter(|address| !address.is_empty()) {
        Some(address) => Some(Mailbox { name: name.to_owned(), address: address.to_owned() }),
        // The decoder takes a quoted local part, and whatever has no at sign, for a name.
        None => (!name.is_empty()).then(|| Mailbox { name: String::new(), address: name.to_owned() }),
    }
}

fn read_date(field: &Field) -> Option<(Instant, i32)> {
    let ended = field.ended();
    let value = MessageStream::new(&ended).parse_date();
    let date = value.as_datetime().filter(|date| date.is_valid())?;
    let east = i32::from(date.tz_hour) * 60 + i32::from(date.tz_minute);
    Some((Instant(date.to_timestamp() * 1_000_000), if date.tz_before_gmt { -east } else { east }))
}

/// UTF-8, or what Latin-1 makes of it.
pub(super) fn decode_octets(octets: &[u8]) -> String {
    match std::str::from_utf8(octets) {
        Ok(text) => text.to_owned(),
        Err(_) => octets.iter().map(|b| char::from(*b)).collect(),
    }
}

/// The name that a field begins with, and where its colon stands.
fn field_name(whole: &[u8]) -> Option<(&[u8], usize)> {
    let colon = memchr::memchr(b':', whole)?;
    let name = whole.get(..colon)?.trim_ascii_end();
    (!name.is_empty() && name.iter().all(u8::is_ascii_graphic)).then_some((name, colon))
}

/// Whether a field begins with this line.
pub(super) fn begins_field(line: &[u8]) -> bool {
    field_name(line).is_some()
}

/// An identifier without its angle brackets.
pub(super) fn bare_id(id: &str) -> &str {
    let id = id.trim();
    id.strip_prefix('<').and_then(|id| id.strip_suffix('>')).unwrap_or(id).trim()
}

/// The line that begins there, its end included.
pub(super) fn line(octets: &[u8], at: usize) -> Option<&[u8]> {
    let rest = octets.get(at..).filter(|rest| !rest.is_empty())?;
    let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |n| n + 1);
    rest.get(..end)
}

pub(super) fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Head {
        Head::read(text.as_bytes()).0
    }

    #[test]
    fn a_field_keeps_its_octets_and_gives_its_text() {
        let head = head(
            "Subject: =?UTF-8?Q?ACCETTAZIONE:_perch=C3=A9?=\r\n =?UTF-8?Q?_no?=\r\nX: 1\r\n\r\nBody: no field\r\n",
        );
        assert_eq!(head.subject.as_deref(), Some("ACCETTAZIONE: perché no"));
        assert_eq!(head.fields[0].raw(), b" =?UTF-8?Q?ACCETTAZIONE:_perch=C3=A9?=\r\n =?UTF-8?Q?_no?=");
        assert_eq!(head.fields.len(), 2);
    }

    #[test]
    fn the_display_name_of_an_envelope_is_no_address() {
        let head = head(
            "From: \"Per conto di: anna@alfa.test\" <posta-certificata@alfa.test>\nTo: a@x.test, G: b@x.test;\n\n",
        );
        let expected =
            Mailbox { name: "Per conto di: anna@alfa.test".into(), address: "posta-certificata@alfa.test".into() };
        assert_eq!(head.from, [expected]);
        assert_eq!(head.to.iter().map(|to| to.address.as_str()).collect::<Vec<_>>(), ["a@x.test", "b@x.test"]);
    }

    #[test]
    fn raw_latin_octets_in_a_field_are_read() {
        let head = Head::read(b"Subject: perch\xe9\n\n").0;
        assert_eq!(head.subject.as_deref(), Some("perché"));
    }

    #[test]
    fn a_date_with_a_comment_is_an_instant() {
        let summer = head("Date: Tue, 13 Jul 2021 16:39:27 +0200 (CEST)\r\n\r\n");
        let utc = head("Date: Tue, 13 Jul 2021 14:39:27 +0000\r\n\r\n");
        assert_eq!(summer.date, utc.date);
        assert_eq!(summer.date, Some(Instant(1_626_187_167_000_000)));
        assert_eq!(summer.date_offset, Some(120));
    }

    #[test]
    fn a_line_that_is_no_field_is_kept_apart() {
        let head = head("From nobody Tue Jul 13\nSubject: x\nno field at all\n\n");
        assert_eq!(head.malformed, ["no field at all"]);
        assert_eq!(head.fields.len(), 1);
    }
}
