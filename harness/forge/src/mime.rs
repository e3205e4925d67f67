use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use crate::words::{decode_charset, decode_quoted, encode_charset};

/// How deep multiparts are entered.
const DEPTH_MAX: usize = 32;

/// A MIME entity, or a whole message: written back unedited it gives the octets that it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entity {
    /// Its header.
    pub fields: Fields,
    /// The line between header and body, empty where the header never ends.
    pub blank: Vec<u8>,
    /// Its body.
    pub body: Body,
}

/// A body: a multipart is taken apart, all else (attached messages too) is octets as transferred.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Octets as transferred.
    Leaf(Vec<u8>),
    /// Parts.
    Multipart(Multipart),
}

/// The parts of a multipart and what stands around them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Multipart {
    /// All before the first delimiter line.
    pub preamble: Vec<u8>,
    /// The parts in order.
    pub parts: Vec<Framed>,
    /// From the line break before the closing delimiter to the end.
    pub closing: Vec<u8>,
}

/// A part and the delimiter line above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Framed {
    /// The line, with its line break.
    pub delimiter: Vec<u8>,
    /// The part.
    pub entity: Entity,
}

/// Header fields as raw octets, each with its line break and folds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(pub Vec<Vec<u8>>);

impl Entity {
    /// Takes any octets apart, as far as they can be.
    pub fn read(bytes: &[u8]) -> Self {
        Self::read_at(bytes, 0)
    }

    fn read_at(bytes: &[u8], depth: usize) -> Self {
        let (header, blank, body) = split_header(bytes);
        let fields = Fields::read(header);
        let multipart = fields
            .get("Content-Type")
            .filter(|kind| depth < DEPTH_MAX && kind.trim_start().to_ascii_lowercase().starts_with("multipart/"))
            .and_then(|kind| parameter(&kind, "boundary"))
            .and_then(|boundary| Multipart::read(body, &boundary, depth));
        let body = multipart.map_or_else(|| Body::Leaf(body.to_vec()), Body::Multipart);
        Self { fields, blank: blank.to_vec(), body }
    }

    /// A leaf of these fields (lines with CRLF) and this body.
    pub fn leaf(fields: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { fields: Fields::read(fields.as_bytes()), blank: b"\r\n".to_vec(), body: Body::Leaf(body.into()) }
    }

    /// The octets.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.fields.to_bytes();
        bytes.extend_from_slice(&self.blank);
        bytes.extend_from_slice(&self.body.to_bytes());
        bytes
    }

    /// Type and subtype in lower case; `text/plain` where none is said.
    pub fn content_type(&self) -> String {
        let value = self.fields.get("Content-Type").unwrap_or_default();
        match value.split(';').next().map(str::trim) {
            Some(kind) if !kind.is_empty() => kind.to_ascii_lowercase(),
            _ => "text/plain".to_owned(),
        }
    }

    /// The name that `Content-Disposition` or else `Content-Type` gives.
    pub fn file_name(&self) -> Option<String> {
        let said = |field, name| self.fields.get(field).and_then(|value| parameter(&value, name));
        said("Content-Disposition", "filename").or_else(|| said("Content-Type", "name"))
    }

    /// The direct parts; none of a leaf.
    pub fn parts(&self) -> impl Iterator<Item = &Entity> {
        let parts = if let Body::Multipart(multipart) = &self.body { multipart.parts.as_slice() } else { &[] };
        parts.iter().map(|part| &part.entity)
    }

    /// The direct parts; none of a leaf.
    pub fn parts_mut(&mut self) -> impl Iterator<Item = &mut Entity> {
        let parts =
            if let Body::Multipart(multipart) = &mut self.body { multipart.parts.as_mut_slice() } else { &mut [] };
        parts.iter_mut().map(|part| &mut part.entity)
    }

    /// A leaf's octets with the transfer encoding undone; empty for a multipart.
    pub fn decoded(&self) -> Vec<u8> {
        let Body::Leaf(octets) = &self.body else { return Vec::new() };
        match self.encoding().as_str() {
            "base64" => {
                let text: Vec<u8> = octets.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
                STANDARD.decode(text).unwrap_or_default()
            }
            "quoted-printable" => decode_quoted(octets, false),
            _ => octets.clone(),
        }
    }

    /// Replaces a leaf's octets; written as base64 where they were encoded or need to be, else as they are.
    pub fn set_decoded(&mut self, octets: &[u8]) {
        let plain = matches!(self.encoding().as_str(), "" | "7bit" | "8bit" | "binary");
        if plain && octets.is_ascii() {
            self.body = Body::Leaf(octets.to_vec());
        } else {
            self.fields.set("Content-Transfer-Encoding", "base64");
            self.body = Body::Leaf(base64_lines(octets).into_bytes());
        }
    }

    /// A leaf's text, by its charset.
    pub fn text(&self) -> String {
        decode_charset(&self.charset(), &self.decoded())
    }

    /// Replaces a leaf's text, in its charset.
    pub fn set_text(&mut self, text: &str) {
        self.set_decoded(&encode_charset(&self.charset(), text));
    }

    fn encoding(&self) -> String {
        self.fields.get("Content-Transfer-Encoding").unwrap_or_default().trim().to_ascii_lowercase()
    }

    fn charset(&self) -> String {
        let value = self.fields.get("Content-Type").unwrap_or_default();
        parameter(&value, "charset").unwrap_or_else(|| "us-ascii".to_owned())
    }
}

impl Body {
    fn to_bytes(&self) -> Vec<u8> {
        let multipart = match self {
            Self::Leaf(octets) => return octets.clone(),
            Self::Multipart(multipart) => multipart,
        };
        let mut bytes = multipart.preamble.clone();
        for (n, part) in multipart.parts.iter().enumerate() {
            if n > 0 {
                bytes.extend_from_slice(b"\r\n");
            }
            bytes.extend_from_slice(&part.delimiter);
            bytes.extend_from_slice(&part.entity.to_bytes());
        }
        bytes.extend_from_slice(&multipart.closing);
        bytes
    }
}

impl Multipart {
    /// None where no part is found, or where a line break is not CRLF and so could not be written back.
    fn read(body: &[u8], boundary: &str, depth: usize) -> Option<Self> {
        let mark = format!("--{boundary}").into_bytes();
        let mut preamble = None;
        let mut parts: Vec<Framed> = Vec::new();
        let mut open: Option<(Vec<u8>, usize)> = None;
        let mut at = 0;
        for line in body.split_inclusive(|b| *b == b'\n') {
            let begins = at;
            at += line.len();
            let Some(behind) = line.strip_prefix(mark.as_slice()) else { continue };
            let closes = behind.starts_with(b"--");
            if !closes && !behind.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            if let Some((delimiter, from)) = open.take() {
                let part = body.get(from..begins)?.strip_suffix(b"\r\n")?;
                parts.push(Framed { delimiter, entity: Entity::read_at(part, depth + 1) });
            } else {
                preamble = Some(body.get(..begins)?.to_vec());
            }
            if closes {
                let closing = body.get(begins.checked_sub(2)?..)?.to_vec();
                return (!parts.is_empty()).then_some(Self { preamble: preamble?, parts, closing });
            }
            open = Some((line.to_vec(), at));
        }
        None
    }
}

impl Fields {
    /// Splits a header; a line that begins with white space belongs to the field above.
    pub fn read(header: &[u8]) -> Self {
        let mut fields: Vec<Vec<u8>> = Vec::new();
        for line in header.split_inclusive(|b| *b == b'\n') {
            match fields.last_mut() {
                Some(field) if line.starts_with(b" ") || line.starts_with(b"\t") => field.extend_from_slice(line),
                _ => fields.push(line.to_vec()),
            }
        }
        Self(fields)
    }

    /// The octets.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.concat()
    }

    /// The first value of a field, unfolded and trimmed; the name's case does not matter.
    pub fn get(&self, name: &str) -> Option<String> {
        self.0.iter().find_map(|field| value_of(field, name))
    }

    /// Every field of that name, raw.
    pub fn raw(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.0.iter().filter(move |field| value_of(field, name).is_some()).map(Vec::as_slice)
    }

    /// Whether a raw field has that name.
    pub(crate) fn is(field: &[u8], name: &str) -> bool {
        value_of(field, name).is_some()
    }

    /// Replaces the first field of that name, or adds it at the end.
    pub fn set(&mut self, name: &str, value: &str) {
        let line = format!("{name}: {value}\r\n").into_bytes();
        match self.0.iter_mut().find(|field| value_of(field, name).is_some()) {
            Some(field) => *field = line,
            None => self.0.push(line),
        }
    }

    /// Adds a field at the end.
    pub fn push(&mut self, name: &str, value: &str) {
        self.0.push(format!("{name}: {value}\r\n").into_bytes());
    }

    /// Removes every field of that name and says whether there was one.
    pub fn remove(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|field| value_of(field, name).is_none());
        self.0.len() < before
    }
}

/// A parameter of a structured field's value, quotes removed.
pub fn parameter(value: &str, name: &str) -> Option<String> {
    let mut rest = value.split_once(';')?.1;
    loop {
        let (key, behind) = rest.split_once('=')?;
        let key = key.trim();
        let (text, next) = match behind.trim_start().strip_prefix('"') {
            Some(quoted) => {
                let (text, after) = quoted.split_once('"')?;
                (text, after.split_once(';').map(|(_, next)| next))
            }
            None => match behind.split_once(';') {
                Some((text, next)) => (text.trim(), Some(next)),
                None => (behind.trim(), None),
            },
        };
        if key.eq_ignore_ascii_case(name) {
            return Some(text.to_owned());
        }
        rest = next?;
    }
}

/// An entity with a boundary that its parts' own octets make.
pub fn multipart(subtype: &str, parts: &[Entity]) -> Entity {
    let all: Vec<u8> = parts.iter().flat_map(Entity::to_bytes).collect();
    let boundary = boundary("parte", &all);
    let delimiter = format!("--{boundary}\r\n").into_bytes();
    let parts = parts.iter().map(|entity| Framed { delimiter: delimiter.clone(), entity: entity.clone() }).collect();
    Entity {
        fields: Fields(vec![format!("Content-Type: multipart/{subtype}; boundary=\"{boundary}\"\r\n").into_bytes()]),
        blank: b"\r\n".to_vec(),
        body: Body::Multipart(Multipart {
            preamble: Vec::new(),
            parts,
            closing: format!("\r\n--{boundary}--\r\n").into_bytes(),
        }),
    }
}

/// Base64 in lines of 76 with CRLF, the last one included.
pub fn base64_lines(octets: &[u8]) -> String {
    let encoded = STANDARD.encode(octets);
    let lines = encoded.as_bytes().chunks(76);
    lines.map(|line| format!("{}\r\n", String::from_utf8_lossy(line))).collect()
}

pub(crate) fn boundary(prefix: &str, content: &[u8]) -> String {
    format!("----={prefix}_{}", hex(Sha256::digest(content).get(..12).unwrap_or_default()))
}

pub(crate) fn hex(octets: &[u8]) -> String {
    octets.iter().map(|b| format!("{b:02x}")).collect()
}

/// Header, the blank line, body.
fn split_header(bytes: &[u8]) -> (&[u8], &[u8], &[u8]) {
    let mut at = 0;
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        if line == b"\r\n" || line == b"\n" {
            let (header, rest) = bytes.split_at(at);
            let (blank, body) = rest.split_at(line.len());
            return (header, blank, body);
        }
        at += line.len();
    }
    (bytes, &[], &[])
}

fn value_of(field: &[u8], name: &str) -> Option<String> {
    let text = decode_charset("utf-8", field);
    let (key, value) = text.split_once(':')?;
    key.trim().eq_ignore_ascii_case(name).then(|| value.replace(['\r', '\n'], "").trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entity_is_written_back_octet_for_octet() {
        let text = Entity::leaf("Content-Type: text/plain; charset=iso-8859-1\r\n", "ciao\r\n");
        let inner = multipart("alternative", &[text.clone(), text.clone()]);
        let bytes = multipart("mixed", &[inner, text]).to_bytes();
        let read = Entity::read(&bytes);
        assert_eq!(read.parts().count(), 2);
        assert_eq!(read.parts().next().map(|part| part.parts().count()), Some(2));
        assert_eq!(read.to_bytes(), bytes);
        for cut in 0..bytes.len() {
            let part = bytes.get(..cut).unwrap();
            assert_eq!(Entity::read(part).to_bytes(), part, "cut at {cut}");
        }
    }

    #[test]
    fn parameters_are_read_quoted_and_bare() {
        let value = "multipart/signed; protocol=\"a;b\"; micalg=sha1;  boundary=x";
        assert_eq!(parameter(value, "protocol").as_deref(), Some("a;b"));
        assert_eq!(parameter(value, "MICALG").as_deref(), Some("sha1"));
        assert_eq!(parameter(value, "boundary").as_deref(), Some("x"));
        assert_eq!(parameter(value, "name"), None);
    }

    #[test]
    fn text_keeps_its_charset() {
        let mut text = Entity::leaf("Content-Type: text/plain; charset=iso-8859-1\r\n", "");
        text.set_text("è");
        assert_eq!(text.decoded(), b"\xe8");
        assert_eq!(text.text(), "è");
    }
}
