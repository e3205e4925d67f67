use std::{borrow::Cow, ops::Range, sync::Arc};

use collaudo_record::BodyHash;
use mail_parser::{HeaderValue, parsers::MessageStream};

use memchr::memmem;

use super::{
    Field, Head, Purpose, Word,
    essence::essential,
    head::{decode_octets, line, without_line_end},
    structured::Structured,
    transfer::{self, decode},
};

/// How deep parts may nest before they are taken for leaves.
const MAX_DEPTH: u32 = 16;

/// A MIME entity.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entity {
    /// Its own fields.
    pub head: Arc<Head>,
    /// Type and subtype in lower case; `text/plain` where none is given.
    pub media_type: Word,
    /// File name of the disposition, else the name of the type.
    pub name: Option<String>,
    /// In lower case.
    pub charset: Option<String>,
    /// Content-Transfer-Encoding in lower case; `7bit` where none is given.
    pub encoding: Word,
    /// Where it lies in the message's octets, header included.
    pub whole: Range<usize>,
    /// Where its body lies in the message's octets.
    pub body: Range<usize>,
    /// Its body decoded from the transfer encoding; empty where it is multipart, for the part that became
    /// [`super::Reading::postacert`], and in the original that a message looked at alone encloses, hashes excepted.
    pub decoded: Vec<u8>,
    /// Parts, where it is multipart.
    pub children: Vec<Entity>,
}

/// An enclosed message.
#[derive(Clone, Debug, PartialEq)]
pub struct Attached {
    /// File name; empty where there is none.
    pub name: String,
    /// Its octets as they stood.
    pub octets: Vec<u8>,
    /// Its header.
    pub head: Arc<Head>,
    /// Its tree; messages enclosed in it are not entered.
    pub root: Entity,
}

impl Attached {
    pub(super) fn read(name: String, octets: Vec<u8>, purpose: Purpose) -> Self {
        let decodes = match purpose {
            Purpose::Trace => everything,
            Purpose::Alone => hashes,
        };
        let root = Entity::at(&octets, 0..octets.len(), 0, decodes);
        Self { name, head: root.head.clone(), root, octets }
    }

    /// What stays the same of it from hop to hop; as [`super::Reading::essence`].
    pub fn essence(&self) -> BodyHash {
        BodyHash::of(essential(&self.head, &self.octets))
    }
}

impl Entity {
    /// Reads a message or a part. Lines may end with CRLF or LF.
    pub fn read(octets: &[u8]) -> Self {
        Self::at(octets, 0..octets.len(), 0, everything)
    }

    fn at(octets: &[u8], whole: Range<usize>, depth: u32, decodes: Decodes) -> Self {
        let own = octets.get(whole.clone()).unwrap_or_default();
        let (head, length) = Head::read(own);
        let body = (whole.start + length).min(whole.end)..whole.end;
        let (content_type, disposition) = (ended(&head, "Content-Type"), ended(&head, "Content-Disposition"));
        let (content_type, disposition) = (structured(content_type.as_deref()), structured(disposition.as_deref()));
        let attribute = |name: &str| content_type.as_ref().and_then(|value| value.attribute(name));
        let media_type = content_type.as_ref().map_or_else(|| Word::of(&["text/plain"]), Structured::word);
        let name = disposition.as_ref().and_then(|value| value.attribute("filename")).or_else(|| attribute("name"));
        let encoding = head.value("Content-Transfer-Encoding").unwrap_or("7bit").trim_end_matches(';').trim();
        let encoding = Word::of(&[encoding]);
        let boundary = attribute("boundary").filter(|_| media_type.starts_with("multipart/") && depth < MAX_DEPTH);
        let children: Vec<Self> = match boundary {
            Some(boundary) => {
                let parts = split(octets, body.clone(), boundary.as_bytes());
                parts.into_iter().map(|part| Self::at(octets, part, depth + 1, decodes)).collect()
            }
            None => Vec::new(),
        };
        let name = name.map(decode_name);
        let decoded = if children.is_empty() && decodes(name.as_deref().unwrap_or_default()) {
            decode(octets.get(body.clone()).unwrap_or_default(), &encoding)
        } else {
            Vec::new()
        };
        Self {
            name,
            charset: attribute("charset").map(str::to_ascii_lowercase),
            head: Arc::new(head),
            media_type,
            encoding,
            whole,
            body,
            decoded,
            children,
        }
    }

    /// Parameters of the type, named in lower case; their values as they stand, empty where there is none.
    pub(super) fn parameters<const N: usize>(&self, names: [&str; N]) -> [String; N] {
        let ended = ended(&self.head, "Content-Type");
        let own = structured(ended.as_deref());
        names.map(|name| own.as_ref().and_then(|own| own.attribute(name)).unwrap_or_default().to_owned())
    }

    /// Whether it is labelled as Latin-1, or not at all, and holds UTF-8 beyond ASCII: no text of Latin-1 looks so by chance.
    pub(crate) fn is_mislabelled(&self) -> bool {
        let is_latin = matches!(self.charset.as_deref(), None | Some("iso-8859-1" | "us-ascii" | "windows-1252"));
        is_latin && !self.decoded.is_ascii() && std::str::from_utf8(&self.decoded).is_ok()
    }

    /// Its body decoded from the transfer encoding, anew from the octets of its message.
    pub(crate) fn octets<'a>(&self, message: &'a [u8]) -> Cow<'a, [u8]> {
        let body = message.get(self.body.clone()).unwrap_or_default();
        match self.encoding.as_str() {
            "base64" | "quoted-printable" => Cow::Owned(decode(body, &self.encoding)),
            _ => Cow::Borrowed(body),
        }
    }

    /// Whether it or any part in it is such. How deep they nest is bounded.
    pub fn any(&self, is_such: impl Fn(&Self) -> bool + Copy) -> bool {
        is_such(self) || self.children.iter().any(|child| child.any(is_such))
    }

    /// Whether it bears that file name, in any case.
    pub fn is_named(&self, name: &str) -> bool {
        self.name.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name))
    }

    /// Its decoded body as text: by its charset, else as UTF-8, else as Latin-1. Octets that are UTF-8 under a label of
    /// Latin-1 are read as what they are.
    pub fn text(&self) -> String {
        if self.is_mislabelled() {
            return decode_octets(&self.decoded);
        }
        transfer::text(&self.decoded, self.charset.as_deref().unwrap_or_default())
    }
}

/// Which leaves are decoded while reading, by their names.
type Decodes = fn(&str) -> bool;

fn everything(_: &str) -> bool {
    true
}

/// Of the original in a stored message nothing but hashes is looked into, and most of its octets are attachments.
fn hashes(name: &str) -> bool {
    name.ends_with(".hash")
}

/// The first field of that name as the decoder wants it.
fn ended<'a>(head: &'a Head, name: &'a str) -> Option<Cow<'a, [u8]>> {
    head.first(name).map(Field::ended)
}

fn structured(ended: Option<&[u8]>) -> Option<Structured<'_>> {
    Structured::read(ended?)
}

/// File names travel in encoded words too, against RFC 2047 but everywhere.
fn decode_name(name: &str) -> String {
    if !name.contains("=?") {
        return name.trim().to_owned();
    }
    match MessageStream::new(format!("{name}\r\n").as_bytes()).parse_unstructured() {
        HeaderValue::Text(text) => text.trim().to_owned(),
        _ => name.to_owned(),
    }
}

/// The parts between the delimiter lines of RFC 2046 §5.1.1; the line end before a delimiter belongs to it. A part that no
/// delimiter ends reaches to the end.
fn split(octets: &[u8], body: Range<usize>, boundary: &[u8]) -> Vec<Range<usize>> {
    let own = octets.get(..body.end).unwrap_or_default();
    let dashed = [b"--", boundary].concat();
    let mut parts = Vec::new();
    let mut begun: Option<usize> = None;
    for found in memmem::find_iter(own.get(body.start..).unwrap_or_default(), &dashed) {
        let at = body.start + found;
        let before = own.get(body.start..at).unwrap_or_default();
        // A delimiter stands at the beginning of a line.
        if !before.is_empty() && !before.ends_with(b"\n") {
            continue;
        }
        let Some(line) = line(own, at) else { continue };
        let Some(closes) = delimiter(line, boundary) else { continue };
        if let Some(start) = begun {
            let end = body.start + without_line_end(before).len();
            parts.push(start..end.max(start));
        }
        begun = (!closes).then_some(at + line.len());
        if closes {
            break;
        }
    }
    if let Some(start) = begun {
        parts.push(start.min(body.end)..body.end);
    }
    parts
}

/// Whether a line is a delimiter; if so, whether it is the closing one.
fn delimiter(line: &[u8], boundary: &[u8]) -> Option<bool> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary)?;
    let (rest, closes) = match rest.strip_prefix(b"--") {
        Some(rest) => (rest, true),
        None => (rest, false),
    };
    rest.trim_ascii().is_empty().then_some(closes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = "Content-Type: multipart/mixed; boundary=\"a\"\r\n\r\npreamble\r\n--a\r\n\r\nfirst\r\n\r\n--ab\r\n--a\r\n\
        Content-Type: text/plain; name=\"=?UTF-8?Q?perch=C3=A9=2Etxt?=\"\r\nContent-Transfer-Encoding: base64\r\n\r\nQ2lh\r\nbw==\r\n\
        --a--\r\nepilogue\r\n";

    #[test]
    fn parts_end_before_the_line_end_of_the_delimiter() {
        let root = Entity::read(MESSAGE.as_bytes());
        assert_eq!(root.children.len(), 2);
        assert_eq!(&MESSAGE[root.children[0].body.clone()], "first\r\n\r\n--ab");
        assert_eq!(root.children[1].decoded, b"Ciao");
        assert_eq!(root.children[1].name.as_deref(), Some("perché.txt"));
    }

    #[test]
    fn line_ends_of_either_kind_give_the_same_tree() {
        let root = Entity::read(MESSAGE.replace("\r\n", "\n").as_bytes());
        assert_eq!(root.children.iter().map(|part| part.decoded.len()).collect::<Vec<_>>(), [11, 4]);
    }

    #[test]
    fn a_message_cut_short_keeps_its_last_part() {
        let root = Entity::read(MESSAGE.split("--a--").next().unwrap_or_default().as_bytes());
        assert_eq!(root.children.len(), 2);
    }

    #[test]
    fn nesting_is_bounded() {
        let nest = "Content-Type: multipart/mixed; boundary=a\n\n--a\n".repeat(5_000);
        let mut here = &Entity::read(nest.as_bytes());
        let mut depth = 0;
        while let Some(child) = here.children.first() {
            (here, depth) = (child, depth + 1);
        }
        assert!((1..=MAX_DEPTH).contains(&depth));
    }
}
