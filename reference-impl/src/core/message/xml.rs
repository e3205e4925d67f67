//! A reader for small XML documents that strangers send: no entities of their own, no DTD, bounded in size and depth.

use std::borrow::Cow;

/// Certification data for thousands of recipients fits well.
const MAX_OCTETS: usize = 4 << 20;
const MAX_DEPTH: usize = 8;
const MAX_ATTRIBUTES: usize = 16;
/// An element costs many times the octets that make it.
const MAX_ELEMENTS: usize = 20_000;

/// An element with what it holds; what the document says as it stands is not copied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Element<'a> {
    pub(super) name: &'a str,
    attributes: Vec<(&'a str, Cow<'a, str>)>,
    pub(super) children: Vec<Element<'a>>,
    /// The character data directly inside.
    pub(super) text: Cow<'a, str>,
}

impl Element<'_> {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(found, _)| *found == name).map(|(_, value)| value.as_ref())
    }
}

/// What is wrong with a document, and where; in Italian, for the anomaly envelope's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("riga {line}: {what}")]
pub(super) struct Fault {
    pub(super) line: usize,
    pub(super) what: &'static str,
}

/// Reads a document in UTF-8.
pub(super) fn read(octets: &[u8]) -> Result<Element<'_>, Fault> {
    let fault = |before: &[u8], what| Fault { line: 1 + memchr::memchr_iter(b'\n', before).count(), what };
    if octets.len() > MAX_OCTETS {
        return Err(fault(&[], "documento troppo grande"));
    }
    let text = std::str::from_utf8(octets)
        .map_err(|error| fault(octets.get(..error.valid_up_to()).unwrap_or_default(), "documento non in UTF-8"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let before = |rest: &str| text.as_bytes().get(..text.len().saturating_sub(rest.len())).unwrap_or_default();
    let is_forbidden = |octet: u8| octet < b' ' && !matches!(octet, b'\t' | b'\r' | b'\n');
    if let Some(at) = text.bytes().position(is_forbidden) {
        return Err(fault(text.as_bytes().get(..at).unwrap_or_default(), "carattere di controllo"));
    }
    let mut reader = Reader { rest: text, open: Vec::new(), root: None, elements: 0 };
    reader.read().map_err(|what| fault(before(reader.rest), what))
}

struct Reader<'a> {
    rest: &'a str,
    open: Vec<Element<'a>>,
    root: Option<Element<'a>>,
    elements: usize,
}

impl<'a> Reader<'a> {
    fn read(&mut self) -> Result<Element<'a>, &'static str> {
        while !self.rest.is_empty() {
            let markup = memchr::memchr(b'<', self.rest.as_bytes()).unwrap_or(self.rest.len());
            let (data, rest) = self.rest.split_at(markup);
            match self.open.last_mut() {
                Some(element) => add(&mut element.text, resolve(data)?),
                None if data.trim_ascii().is_empty() => {}
                None => return Err("testo fuori dall'elemento radice"),
            }
            self.rest = rest;
            if !rest.is_empty() {
                self.markup()?;
            }
        }
        if self.open.is_empty() { self.root.take().ok_or("documento vuoto") } else { Err("elemento non chiuso") }
    }

    fn markup(&mut self) -> Result<(), &'static str> {
        if self.take("<?") {
            return self.skip_past("?>").map(drop);
        }
        if self.take("<!--") {
            return self.skip_past("-->").map(drop);
        }
        if self.take("<![CDATA[") {
            let data = self.skip_past("]]>")?;
            let element = self.open.last_mut().ok_or("CDATA fuori posto")?;
            add(&mut element.text, data.into());
            return Ok(());
        }
        if self.take("<!DOCTYPE") {
            // A name and where the DTD lies are harmless, for nothing is fetched; declarations are not.
            let declaration = self.skip_past(">")?;
            let allowed = self.root.is_none() && self.open.is_empty() && !declaration.contains('[');
            return if allowed { Ok(()) } else { Err("dichiarazione DOCTYPE non ammessa") };
        }
        if self.take("</") {
            let name = self.skip_past(">")?.trim_ascii_end();
            let element = self.open.pop().filter(|element| element.name == name).ok_or("elementi mal annidati")?;
            return self.close(element);
        }
        self.take("<");
        self.start()
    }

    fn start(&mut self) -> Result<(), &'static str> {
        if self.open.len() >= MAX_DEPTH {
            return Err("elementi troppo annidati");
        }
        self.elements += 1;
        if self.elements > MAX_ELEMENTS {
            return Err("troppi elementi");
        }
        let mut element = Element { name: self.name()?, ..Element::default() };
        loop {
            let spaced = self.rest.starts_with(|c: char| c.is_ascii_whitespace());
            self.rest = self.rest.trim_ascii_start();
            if self.take("/>") {
                return self.close(element);
            }
            if self.take(">") {
                self.open.push(element);
                return Ok(());
            }
            if !spaced || element.attributes.len() >= MAX_ATTRIBUTES {
                return Err("attributi non validi");
            }
            let name = self.name()?;
            self.rest = self.rest.trim_ascii_start();
            if !self.take("=") {
                return Err("attributo senza valore");
            }
            self.rest = self.rest.trim_ascii_start();
            let quote = if self.take("\"") {
                "\""
            } else if self.take("'") {
                "'"
            } else {
                return Err("attributo senza virgolette");
            };
            let value = resolve(self.skip_past(quote)?)?;
            if value.contains('<') || element.attribute(name).is_some() {
                return Err("attributi non validi");
            }
            element.attributes.push((name, value));
        }
    }

    fn close(&mut self, element: Element<'a>) -> Result<(), &'static str> {
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None if self.root.is_none() => self.root = Some(element),
            None => return Err("più di un elemento radice"),
        }
        Ok(())
    }

    fn name(&mut self) -> Result<&'a str, &'static str> {
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
        let end = self.rest.find(|c| !is_name(c)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        if name.starts_with(|c: char| c.is_alphabetic() || c == '_') { Ok(name) } else { Err("nome non valido") }
    }

    fn take(&mut self, mark: &str) -> bool {
        let rest = self.rest.strip_prefix(mark);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn skip_past(&mut self, mark: &str) -> Result<&'a str, &'static str> {
        let (before, after) = self.rest.split_once(mark).ok_or("documento incompleto")?;
        self.rest = after;
        Ok(before)
    }
}

/// Appends character data to what an element holds.
fn add<'a>(text: &mut Cow<'a, str>, data: Cow<'a, str>) {
    match text.is_empty() {
        true => *text = data,
        false => text.to_mut().push_str(&data),
    }
}

/// Character data, its five named and its numeric references resolved.
fn resolve(data: &str) -> Result<Cow<'_, str>, &'static str> {
    if !data.contains('&') {
        return Ok(data.into());
    }
    let mut out = String::with_capacity(data.len());
    let mut rest = data;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        // The longest reference is &#x10FFFF;
        let end = after.bytes().take(12).position(|octet| octet == b';').ok_or("riferimento non valido")?;
        let (name, tail) = after.split_at(end);
        out.push(match name {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            _ => numeric(name).ok_or("riferimento non ammesso")?,
        });
        rest = tail.get(1..).unwrap_or_default();
    }
    out.push_str(rest);
    Ok(out.into())
}

fn numeric(name: &str) -> Option<char> {
    let digits = name.strip_prefix('#')?;
    let code = match digits.strip_prefix('x') {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => digits.parse().ok()?,
    };
    char::from_u32(code)
        .filter(|c| !matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fault(octets: &[u8]) -> &'static str {
        read(octets).unwrap_err().what
    }

    #[test]
    fn what_providers_write_is_read() {
        let text = "\u{feff}<?xml version=\"1.0\"?>\r\n<!DOCTYPE a PUBLIC \"x\" \"y\">\n<?s?><a  k = 'v&quot;' >t&lt;&#233;&#xE8;<b/><!-- < --><c></c ><d /><![CDATA[<&]]></a >\n";
        let root = read(text.as_bytes()).unwrap();
        assert_eq!((root.name, root.attribute("k"), root.text.as_ref()), ("a", Some("v\""), "t<éè<&"));
        assert_eq!(root.children.iter().map(|child| child.name).collect::<Vec<_>>(), ["b", "c", "d"]);
    }

    #[test]
    fn entities_are_never_expanded() {
        let declared = fault(b"<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>");
        assert_eq!(declared, "dichiarazione DOCTYPE non ammessa");
        assert_eq!(fault(b"<a>&x;</a>"), "riferimento non ammesso");
        assert_eq!(fault(b"<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a>&xxe;</a>"), "riferimento non ammesso");
    }

    #[test]
    fn what_is_not_well_formed_is_refused() {
        for text in [
            "",
            "x",
            "<a>",
            "</a>",
            "<a></b>",
            "<a/><b/>",
            "<a b></a>",
            "<a b=c/>",
            "<a b='1' b='2'/>",
            "<a b='1'c='2'/>",
            "<a>&#22;</a>",
            "<a>&#0;</a>",
            "<a>\u{16}</a>",
            "<a>&amp</a>",
            "<1/>",
            "<a/>x",
            "<a><!DOCTYPE b></a>",
            "<a b='",
            "<a b='<'/>",
        ] {
            // An unescaped sign in an attribute is the one slip that readers of all kinds forgive; here it is refused too.
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
        assert_eq!(fault(b"<a>\xe9</a>"), "documento non in UTF-8");
    }

    #[test]
    fn size_and_depth_are_bounded() {
        assert_eq!(fault(&vec![b' '; MAX_OCTETS + 1]), "documento troppo grande");
        assert_eq!(fault("<a>".repeat(10_000).as_bytes()), "elementi troppo annidati");
    }

    #[test]
    fn a_million_elements_are_not_read() {
        let many = format!("<a>{}</a>", "<b/>".repeat(1_000_000));
        assert_eq!(fault(many.as_bytes()), "troppi elementi");
    }

    #[test]
    fn a_fault_says_where() {
        let line = |text: &[u8]| read(text).unwrap_err().line;
        assert_eq!((line(b"<a>\n<b>\n</c>\n"), line(b"<a>\n\x16</a>"), line(b"<a>\n\n\xe9"), line(b"")), (3, 2, 3, 1));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[<>/a&;#x!\\[\\]\\-\"'= ?D]{0,60}") {
            let _ = read(text.as_bytes());
        }
    }
}
