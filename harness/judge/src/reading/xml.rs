use quick_xml::{
    Reader, XmlVersion,
    events::{BytesRef, BytesStart, Event},
};

/// How deep elements may nest.
const MAX_DEPTH: usize = 32;

/// A document as far as it could be read.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub(super) root: Option<Element>,
    /// In lower case.
    pub(super) encoding: Option<String>,
    /// The first reason why it is not well-formed.
    pub(super) problem: Option<String>,
}

/// An element.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) children: Vec<Element>,
    characters: String,
}

impl Element {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    pub(super) fn children_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Its own characters, outer white space trimmed.
    pub(super) fn text(&self) -> String {
        self.characters.trim().to_owned()
    }
}

/// Reads a document. Entities of its own are not expanded; what breaks the rules is told, and reading goes on while it can.
/// The parser lets pass what XML 1.0 forbids in places where it cannot mistake what is meant: that is told, too.
pub(super) fn document(text: &str) -> Document {
    let mut builder = Builder::default();
    if let Some(c) = forbidden(text) {
        builder.problem(format!("it holds the control character U+{:04X}", u32::from(c)));
    }
    let mut reader = Reader::from_str(text);
    loop {
        match reader.read_event() {
            Ok(Event::Eof) => break,
            Ok(event) => builder.take(&event),
            Err(why) => {
                builder.problem(why.to_string());
                break;
            }
        }
    }
    builder.finish()
}

#[derive(Default)]
struct Builder {
    document: Document,
    open: Vec<Element>,
    /// Whether anything was taken yet.
    begun: bool,
}

impl Builder {
    fn take(&mut self, event: &Event<'_>) {
        let is_first = !std::mem::replace(&mut self.begun, true);
        match event {
            Event::Decl(declaration) => {
                if !is_first {
                    self.problem("its XML declaration does not stand at its start".to_owned());
                }
                self.document.encoding =
                    declaration.encoding().and_then(Result::ok).map(|name| name.to_ascii_lowercase());
            }
            Event::Start(start) => {
                if self.open.len() >= MAX_DEPTH {
                    self.problem("its elements nest too deep".to_owned());
                }
                let element = self.element(start);
                self.open.push(element);
            }
            Event::Empty(start) => {
                let element = self.element(start);
                self.close(element);
            }
            Event::End(_) => {
                if let Some(element) = self.open.pop() {
                    self.close(element);
                }
            }
            Event::Text(text) => {
                if text.contains("]]>") {
                    self.problem("its text holds ]]>".to_owned());
                }
                self.characters(&text.xml10_content());
            }
            Event::CData(text) => self.characters(&text.xml10_content()),
            Event::GeneralRef(reference) => self.reference(reference),
            Event::Comment(comment) if comment.contains("--") || comment.ends_with('-') => {
                self.problem("a comment holds two hyphens".to_owned());
            }
            Event::PI(instruction) if instruction.target().eq_ignore_ascii_case("xml") => {
                self.problem("a processing instruction bears the reserved name xml".to_owned());
            }
            Event::Comment(_) | Event::PI(_) | Event::DocType(_) | Event::Eof => {}
        }
    }

    fn element(&mut self, start: &BytesStart<'_>) -> Element {
        let mut element = Element { name: start.name().as_ref().to_owned(), ..Element::default() };
        for attribute in start.attributes() {
            match attribute {
                Ok(attribute) => {
                    let value = attribute.normalized_value(XmlVersion::Explicit1_0);
                    let value = value.map_or_else(|_| attribute.value.to_string(), |value| value.into_owned());
                    element.attributes.push((attribute.key.as_ref().to_owned(), value));
                }
                Err(why) => self.problem(why.to_string()),
            }
        }
        element
    }

    /// Elements deeper than the bound are dropped; their texts with them.
    fn close(&mut self, element: Element) {
        let depth = self.open.len();
        match self.open.last_mut() {
            Some(parent) if depth <= MAX_DEPTH => parent.children.push(element),
            Some(_) => {}
            None if self.document.root.is_none() => self.document.root = Some(element),
            None => self.problem("it has more than one root".to_owned()),
        }
    }

    fn characters(&mut self, text: &str) {
        match self.open.last_mut() {
            Some(element) => element.characters.push_str(text),
            None if text.trim().is_empty() => {}
            None => self.problem("text stands outside of the root".to_owned()),
        }
    }

    fn reference(&mut self, reference: &BytesRef<'_>) {
        let name = reference.xml10_content().into_owned();
        let c = match name.as_str() {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "apos" => Some('\''),
            "quot" => Some('"'),
            _ => number(&name).and_then(char::from_u32),
        };
        match c {
            Some(c) if is_xml_char(c) => self.characters(c.encode_utf8(&mut [0; 4])),
            // Kept, for others may have it too.
            Some(c) => {
                self.problem(format!("&{name}; is a control character"));
                self.characters(c.encode_utf8(&mut [0; 4]));
            }
            None => self.problem(format!("the entity &{name}; is not known")),
        }
    }

    fn problem(&mut self, words: String) {
        self.document.problem.get_or_insert(words);
    }

    fn finish(mut self) -> Document {
        if let Some(open) = self.open.last() {
            let name = open.name.clone();
            self.problem(format!("{name} is not closed"));
        }
        while let Some(element) = self.open.pop() {
            self.close(element);
        }
        if self.document.root.is_none() {
            self.problem("it has no root".to_owned());
        }
        self.document
    }
}

/// The number of a character reference, `#18` or `#x12`.
fn number(name: &str) -> Option<u32> {
    let digits = name.strip_prefix('#')?;
    match digits.strip_prefix('x') {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => digits.parse().ok(),
    }
}

/// The first character that XML 1.0 forbids. Of nearly all texts their octets tell at once that there is none.
fn forbidden(text: &str) -> Option<char> {
    const LEADS_TO_FORBIDDEN: u8 = 0xef;
    let is_free = |b: u8| (b >= b' ' || matches!(b, b'\t' | b'\n' | b'\r')) && b != LEADS_TO_FORBIDDEN;
    match text.bytes().fold(true, |all, b| all & is_free(b)) {
        true => None,
        false => text.chars().find(|c| !is_xml_char(*c)),
    }
}

/// The characters that XML 1.0 allows.
fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        document(text).problem.unwrap_or_default()
    }

    #[test]
    fn what_the_parser_lets_pass_and_xml_forbids_is_told() {
        let told = [
            (" <?xml version=\"1.0\"?><a/>", "declaration"),
            ("<?xml version=\"1.0\"?><?xml version=\"1.0\"?><a/>", "declaration"),
            ("<a><?XML version=\"1.0\"?></a>", "reserved"),
            ("<a><!-- b -- c --></a>", "hyphens"),
            ("<a><!-- b ---></a>", "hyphens"),
            ("<a>b]]>c</a>", "]]>"),
        ];
        for (text, words) in told {
            assert!(problem(text).contains(words), "{text}: {:?}", problem(text));
        }
    }

    #[test]
    fn what_only_looks_like_it_is_let_pass() {
        let right = [
            "<?xml version=\"1.0\"?><!-- a - b --><?xml-stylesheet href=\"x\"?><a/>",
            "<a>b]]&gt;c ] ]&gt; <![CDATA[d]]></a>",
        ];
        assert!(right.iter().all(|text| problem(text).is_empty()), "{:?}", right.map(problem));
    }

    #[test]
    fn the_five_entities_and_numbers_stand_for_their_characters() {
        let read = document("<a>&amp;&lt;&gt;&apos;&quot;&#233;&#xe8;</a>");
        assert_eq!(read.root.map(|root| root.text()).as_deref(), Some("&<>'\"\u{e9}\u{e8}"));
        assert_eq!(read.problem, None);
        assert_eq!(problem("<a>&egrave;</a>"), "the entity &egrave; is not known");
    }

    #[test]
    fn characters_that_xml_forbids_are_found_wherever_they_hide() {
        for c in ['\u{0}', '\u{8}', '\u{b}', '\u{1f}', '\u{fffe}', '\u{ffff}'] {
            assert_eq!(forbidden(&format!("<a>{c}</a>")), Some(c));
        }
        assert_eq!(forbidden("<a>\t\r\n \u{7f}\u{85}citt\u{e0}\u{feff}\u{fffd}\u{1F600}</a>"), None);
    }

    #[test]
    fn a_forbidden_comment_loses_nothing_behind_it() {
        let root = document("<a><!-- -- --><b>c</b></a>").root.expect("it has a root");
        assert_eq!(root.child("b").map(Element::text).as_deref(), Some("c"));
    }
}
