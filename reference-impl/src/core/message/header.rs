use std::{borrow::Cow, ops::Range, sync::OnceLock};

use collaudo_node::Bytes;
use memchr::{memchr, memchr2};

use super::{Subject, encoded, parameters::Parameterised};

/// No header of a person's message comes near these; a hostile one costs no more than this.
const MAX_HEADER_OCTETS: usize = 1 << 20;
const MAX_FIELDS: usize = 1_000;
/// RFC 5322 §2.1.1.
pub(super) const MAX_LINE_OCTETS: usize = 998;

/// A message, or a part of one, whose header was read; its octets are kept as they came.
#[derive(Clone, Debug)]
pub struct Message {
    bytes: Bytes,
    fields: Vec<Field>,
    body_at: usize,
    /// What its Content-Type says, once somebody has asked.
    content_type: OnceLock<Parameterised>,
}

/// A header field with its octets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    raw: Bytes,
    colon: usize,
    at: usize,
}

/// Why a header block cannot be read; in Italian, since users are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// A line that is neither a field nor the continuation of one.
    #[error("la riga {0} non è un campo di intestazione")]
    NotAField(usize),
    /// A line of white space alone: some readers take it for the end of the header.
    #[error("la riga {0} è composta di soli spazi")]
    Blank(usize),
    /// A NUL octet.
    #[error("la riga {0} contiene un carattere nullo")]
    Nul(usize),
    /// A line over 998 octets.
    #[error("la riga {0} supera 998 caratteri")]
    Long(usize),
    /// CR or LF alone.
    #[error("la riga {0} non termina con CR LF")]
    LineEnd(usize),
    /// More fields or octets than any message needs.
    #[error("l'intestazione è troppo grande: si estende oltre la riga {0}")]
    Large(usize),
}

/// Its octets decide all.
impl PartialEq for Message {
    fn eq(&self, other: &Self) -> bool {
        (&self.bytes, self.body_at, &self.fields) == (&other.bytes, other.body_at, &other.fields)
    }
}

impl Eq for Message {}

impl Message {
    /// Reads the header of a whole message.
    ///
    /// *Takes* the octets of DATA, dots unstuffed, with CRLF. *Errors* where the header block does not conform to
    /// RFC 5322; obsolete syntax that readers take in different ways counts as such.
    pub fn read(bytes: Bytes) -> Result<Self, Malformed> {
        match Self::scan(bytes, true) {
            (message, None) => Ok(message),
            (_, Some(fault)) => Err(fault),
        }
    }

    /// Reads what can be read: the header ends, at the latest, where something stands that is no field.
    pub fn read_leniently(bytes: Bytes) -> Self {
        Self::scan(bytes, false).0
    }

    /// The whole message.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// All fields, in their order.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The first field of that name, ignoring case.
    pub fn get(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.is_named(name))
    }

    /// All fields of that name, ignoring case, in their order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Field> + 'a {
        self.fields.iter().filter(move |field| field.is_named(name))
    }

    /// What stands behind the empty line.
    pub fn body(&self) -> Bytes {
        self.bytes.slice(self.body_at..)
    }

    /// Where the body begins in [`Message::bytes`].
    pub fn body_at(&self) -> usize {
        self.body_at
    }

    /// What its Content-Type says; read where nobody has asked before.
    pub(super) fn content_type(&self, read: impl FnOnce() -> Parameterised) -> &Parameterised {
        self.content_type.get_or_init(read)
    }

    /// The subject, where there is one.
    pub fn subject(&self) -> Option<Subject> {
        let value = self.get("Subject")?.unfolded();
        let printable = value.iter().all(|octet| matches!(octet, b' '..=b'~' | b'\t'));
        let wire = printable.then(|| String::from_utf8_lossy(&value).into_owned());
        Some(Subject { text: encoded::decode(&value), wire })
    }

    fn scan(bytes: Bytes, strict: bool) -> (Self, Option<Malformed>) {
        let mut fields: Vec<Field> = Vec::with_capacity(16);
        let (mut at, mut number, mut fault) = (0, 0, None);
        let mut body_at = bytes.len();
        while at < bytes.len() {
            number += 1;
            let line = Line::at(&bytes, at);
            if line.text.is_empty() && line.ended {
                body_at = line.next;
                break;
            }
            let fits = fields.len() < MAX_FIELDS && line.next <= MAX_HEADER_OCTETS;
            let read = if fits { line.check(number, strict) } else { Err(Malformed::Large(number)) };
            let read = read.and_then(|()| {
                match line.text.first() {
                    Some(b' ' | b'\t') => fields.last_mut().map(|last| last.extend(&bytes, line.next)),
                    _ => line.colon().map(|colon| {
                        fields.push(Field { raw: bytes.slice(at..line.next), colon, at });
                    }),
                }
                .ok_or(Malformed::NotAField(number))
            });
            if let Err(found) = read {
                body_at = at;
                fault = Some(found);
                break;
            }
            at = line.next;
        }
        (Self { bytes, fields, body_at, content_type: OnceLock::new() }, fault)
    }
}

impl Field {
    /// Its name, as it was written.
    pub fn name(&self) -> &str {
        self.raw.get(..self.colon).and_then(|name| std::str::from_utf8(name).ok()).unwrap_or_default()
    }

    /// The whole field with its line ends.
    pub fn raw(&self) -> &Bytes {
        &self.raw
    }

    /// Where it stands in the message.
    pub fn span(&self) -> Range<usize> {
        self.at..self.at + self.raw.len()
    }

    /// Its value without folds and without the white space around it.
    pub fn unfolded(&self) -> Cow<'_, [u8]> {
        let value = self.raw.get(self.colon + 1..).unwrap_or_default().trim_ascii();
        match memchr2(b'\r', b'\n', value) {
            Some(_) => value.iter().copied().filter(|octet| !matches!(octet, b'\r' | b'\n')).collect(),
            None => Cow::Borrowed(value),
        }
    }

    /// Its value as a person reads it: unfolded, encoded words decoded.
    pub fn text(&self) -> String {
        encoded::decode(&self.unfolded())
    }

    fn is_named(&self, name: &str) -> bool {
        self.raw.get(..self.colon).is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
    }

    fn extend(&mut self, bytes: &Bytes, end: usize) {
        self.raw = bytes.slice(self.at..end);
    }
}

/// One line of a header, without its end.
struct Line<'a> {
    text: &'a [u8],
    next: usize,
    /// Whether it ends in LF.
    ended: bool,
    /// Whether that LF stands behind a CR.
    crlf: bool,
}

impl<'a> Line<'a> {
    /// The line that begins at `at`; one that goes on past the limit of a header is cut there.
    fn at(bytes: &'a [u8], at: usize) -> Self {
        let reach = bytes.len().min(at.saturating_add(MAX_HEADER_OCTETS + 1));
        let rest = bytes.get(at..reach).unwrap_or_default();
        match memchr(b'\n', rest) {
            Some(lf) => {
                let text = rest.get(..lf).unwrap_or_default();
                let bare = text.strip_suffix(b"\r");
                Self { text: bare.unwrap_or(text), next: at + lf + 1, ended: true, crlf: bare.is_some() }
            }
            None => Self { text: rest, next: at + rest.len(), ended: false, crlf: false },
        }
    }

    fn check(&self, number: usize, strict: bool) -> Result<(), Malformed> {
        if !strict {
            return Ok(());
        }
        let text = self.text;
        match () {
            () if !self.crlf || text.contains(&b'\r') => Err(Malformed::LineEnd(number)),
            () if text.contains(&0) => Err(Malformed::Nul(number)),
            () if text.len() > MAX_LINE_OCTETS => Err(Malformed::Long(number)),
            () if text.trim_ascii().is_empty() => Err(Malformed::Blank(number)),
            () => Ok(()),
        }
    }

    /// Where the colon stands behind a well-formed name.
    fn colon(&self) -> Option<usize> {
        let colon = memchr(b':', self.text)?;
        let name = self.text.get(..colon)?;
        (!name.is_empty() && name.iter().all(u8::is_ascii_graphic)).then_some(colon)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &'static str) -> Result<Message, Malformed> {
        Message::read(Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn fields_keep_their_octets_and_unfold() {
        let message = read("Subject: one\r\n\ttwo\r\nFROM:x\r\n\r\nbody\r\n").unwrap();
        assert_eq!(message.get("subject").unwrap().unfolded()[..], b"one\ttwo"[..]);
        assert_eq!(&message.fields()[1].raw()[..], b"FROM:x\r\n");
        assert_eq!(message.fields()[1].span(), 20..28);
        assert_eq!(&message.body()[..], b"body\r\n");
    }

    #[test]
    fn a_message_without_body_is_a_message() {
        assert!(read("Subject: one\r\n").unwrap().body().is_empty());
        assert!(read("").unwrap().fields().is_empty());
    }

    #[test]
    fn what_readers_take_in_different_ways_is_refused() {
        assert_eq!(read("From : x\r\n\r\n"), Err(Malformed::NotAField(1)));
        assert_eq!(read(" x\r\n\r\n"), Err(Malformed::NotAField(1)));
        assert_eq!(read("A: b\r\nno field\r\n\r\n"), Err(Malformed::NotAField(2)));
        assert_eq!(read("A: b\r\n \r\n c\r\n\r\n"), Err(Malformed::Blank(2)));
        assert_eq!(read("A: b\0\r\n\r\n"), Err(Malformed::Nul(1)));
        assert_eq!(read("A: b\n\r\n"), Err(Malformed::LineEnd(1)));
        assert_eq!(read("A: b\rc\r\n\r\n"), Err(Malformed::LineEnd(1)));
        assert_eq!(read("A: b"), Err(Malformed::LineEnd(1)));
    }

    #[test]
    fn lines_are_bounded_at_998_octets() {
        let of = |octets: usize| Message::read(Bytes::from(format!("A: {}\r\n\r\n", "x".repeat(octets - 3))));
        assert!(of(998).is_ok());
        assert_eq!(of(999), Err(Malformed::Long(1)));
    }

    #[test]
    fn an_endless_header_is_refused() {
        let many = Bytes::from("A: b\r\n".repeat(MAX_FIELDS + 1));
        assert_eq!(Message::read(many.clone()), Err(Malformed::Large(MAX_FIELDS + 1)));
        assert_eq!(Message::read_leniently(many).fields().len(), MAX_FIELDS);
        let long = Bytes::from(vec![b'a'; 3 * MAX_HEADER_OCTETS]);
        assert_eq!(Message::read(long), Err(Malformed::Large(1)));
    }

    #[test]
    fn lenient_reading_keeps_what_came_before_the_fault() {
        let message = Message::read_leniently(Bytes::from_static(b"Subject: x\r\nno field\r\n\r\nbody"));
        assert_eq!(message.subject().unwrap().text, "x");
        assert_eq!(&message.body()[..], b"no field\r\n\r\nbody");
    }

    #[test]
    fn a_subject_of_eight_bits_is_not_repeated_as_it_stands() {
        let message = Message::read_leniently(Bytes::from_static(b"Subject: perch\xe9\r\n\r\n"));
        assert_eq!(message.subject(), Some(Subject { text: "perché".into(), wire: None }));
    }
}
