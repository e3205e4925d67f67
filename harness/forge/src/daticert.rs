use crate::{Layout, Moment};

/// Certification data (RFC 6109 §4.4), every value as text; what is none or empty is left out where the DTD allows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Daticert {
    /// `postacert/@tipo`.
    pub kind: String,
    /// `postacert/@errore`.
    pub error: String,
    /// `mittente`.
    pub sender: String,
    /// `destinatari`, each with its `tipo`.
    pub recipients: Vec<(String, String)>,
    /// `risposte`.
    pub reply_to: String,
    /// `oggetto`.
    pub subject: Option<String>,
    /// `gestore-emittente`.
    pub issuer: String,
    /// `identificativo`.
    pub identifier: String,
    /// `msgid`.
    pub msgid: Option<String>,
    /// `ricevuta/@tipo`.
    pub form: Option<String>,
    /// `consegna`.
    pub delivered_to: Option<String>,
    /// `ricezione`.
    pub received_for: Vec<String>,
    /// `errore-esteso`.
    pub explanation: Option<String>,
}

impl Daticert {
    /// The document, UTF-8 with CRLF, stamped with a time.
    //= PEC-4.4-01
    //= PEC-4.4-06
    //= PEC-4.4-12
    pub fn write(&self, moment: &Moment) -> String {
        Layout::Indented.lay_out(&self.lines(moment))
    }

    /// The same document, laid out in another way.
    pub(crate) fn write_in(&self, layout: Layout, moment: &Moment) -> String {
        layout.lay_out(&self.lines(moment))
    }

    /// A line for each tag or leaf, two blanks for each level.
    fn lines(&self, moment: &Moment) -> Vec<String> {
        let mut lines = vec![
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>".to_owned(),
            format!("<postacert tipo=\"{}\" errore=\"{}\">", escape(&self.kind), escape(&self.error)),
            "  <intestazione>".to_owned(),
        ];
        let mut element = |name: &str, text: &str| lines.push(format!("    <{name}>{}</{name}>", escape(text)));
        element("mittente", &self.sender);
        for (address, kind) in &self.recipients {
            lines.push(format!("    <destinatari tipo=\"{}\">{}</destinatari>", escape(kind), escape(address)));
        }
        let mut element = |name: &str, text: &str| lines.push(format!("    <{name}>{}</{name}>", escape(text)));
        element("risposte", &self.reply_to);
        self.subject.iter().for_each(|subject| element("oggetto", subject));
        lines.extend(["  </intestazione>".to_owned(), "  <dati>".to_owned()]);
        lines.push(format!("    <gestore-emittente>{}</gestore-emittente>", escape(&self.issuer)));
        lines.push(format!("    <data zona=\"{}\">", moment.zone));
        lines.push(format!("      <giorno>{}</giorno>", moment.day));
        lines.push(format!("      <ora>{}</ora>", moment.hour));
        lines.push("    </data>".to_owned());
        let mut element = |name: &str, text: &str| lines.push(format!("    <{name}>{}</{name}>", escape(text)));
        element("identificativo", &self.identifier);
        self.msgid.iter().for_each(|msgid| element("msgid", msgid));
        self.form.iter().for_each(|form| lines.push(format!("    <ricevuta tipo=\"{}\"/>", escape(form))));
        let mut element = |name: &str, text: &str| lines.push(format!("    <{name}>{}</{name}>", escape(text)));
        self.delivered_to.iter().for_each(|address| element("consegna", address));
        self.received_for.iter().for_each(|address| element("ricezione", address));
        self.explanation.iter().for_each(|text| element("errore-esteso", text));
        lines.extend(["  </dati>".to_owned(), "</postacert>".to_owned()]);
        lines
    }
}

impl Layout {
    fn lay_out(self, lines: &[String]) -> String {
        let write = |line: &String| match self {
            Self::Indented => format!("{line}\r\n"),
            Self::Flat => {
                let line = line.trim_start();
                let empty = line.strip_suffix("/>").filter(|line| line.starts_with("<ricevuta"));
                empty.map_or_else(|| format!("{line}\r\n"), |tag| format!("{tag}></ricevuta>\r\n"))
            }
            Self::Tabs => {
                let tabs = "\t".repeat((line.len() - line.trim_start().len()) / 2);
                format!("{tabs}{}\n", line.trim_start().replace("\"/>", "\" />"))
            }
            Self::Terse => without_defaults(line.trim_start()),
        };
        lines.iter().map(write).collect()
    }
}

/// Leaves out attributes that say what the DTD says without them.
//= PEC-4.4-03
//= PEC-4.4-09
fn without_defaults(line: &str) -> String {
    match line.split_once('>') {
        Some((tag, rest)) if tag.starts_with("<postacert") || tag.starts_with("<destinatari") => {
            let tag = tag.replace(" errore=\"nessuno\"", "").replace(" tipo=\"certificato\"", "");
            format!("{tag}>{rest}")
        }
        _ => line.to_owned(),
    }
}

/// A document as text to be bent: elements are found by name, the first one wins, nothing is validated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Xml(pub String);

impl Xml {
    /// The text of the first element of that name, entities undone.
    pub fn text(&self, name: &str) -> Option<String> {
        self.texts(name).into_iter().next()
    }

    /// The text of every element of that name, entities undone.
    pub fn texts(&self, name: &str) -> Vec<String> {
        let mut texts = Vec::new();
        let mut from = 0;
        while let Some(place) = self.place(name, from) {
            texts.push(unescape(self.0.get(place.inner.0..place.inner.1).unwrap_or_default()));
            from = place.outer.1;
        }
        texts
    }

    /// An attribute of the first element of that name.
    pub fn attribute(&self, name: &str, attribute: &str) -> Option<String> {
        let place = self.place(name, 0)?;
        let tag = self.0.get(place.outer.0..place.tag_end)?;
        let (_, behind) = tag.split_once(&format!(" {attribute}="))?;
        let quote = behind.chars().next()?;
        behind.get(1..)?.split_once(quote).map(|(value, _)| unescape(value))
    }

    /// Replaces the text of the first element of that name; false where there is none.
    pub fn set_text(&mut self, name: &str, text: &str) -> bool {
        self.edit(name, |element, place| {
            let open = element.get(..place.tag_end - place.outer.0).unwrap_or_default();
            let open = open.strip_suffix("/>").map_or_else(|| open.to_owned(), |tag| format!("{}>", tag.trim_end()));
            format!("{open}{}</{name}>", escape(text))
        })
    }

    /// Sets an attribute of the first element of that name; false where there is none.
    pub fn set_attribute(&mut self, name: &str, attribute: &str, value: &str) -> bool {
        let old = self.attribute(name, attribute);
        self.edit(name, |element, _| match old {
            Some(old) => {
                let double = format!("{attribute}=\"{}\"", escape(&old));
                let single = format!("{attribute}='{}'", escape(&old));
                let new = format!("{attribute}=\"{}\"", escape(value));
                element.replacen(&double, &new, 1).replacen(&single, &new, 1)
            }
            None => element.replacen(&format!("<{name}"), &format!("<{name} {attribute}=\"{}\"", escape(value)), 1),
        })
    }

    /// Removes an attribute of the first element of that name; false where either is missing.
    pub fn remove_attribute(&mut self, name: &str, attribute: &str) -> bool {
        let Some(old) = self.attribute(name, attribute) else { return false };
        self.edit(name, |element, _| {
            let double = format!(" {attribute}=\"{}\"", escape(&old));
            element.replacen(&double, "", 1).replacen(&double.replace('"', "'"), "", 1)
        })
    }

    /// Removes the first element of that name, children and all; false where there is none.
    pub fn remove(&mut self, name: &str) -> bool {
        self.edit(name, |_, _| String::new())
    }

    /// Renames the first element of that name; false where there is none.
    pub fn rename(&mut self, name: &str, new: &str) -> bool {
        self.edit(name, |element, _| {
            let element = element.replacen(&format!("<{name}"), &format!("<{new}"), 1);
            element.replace(&format!("</{name}>"), &format!("</{new}>"))
        })
    }

    /// Puts markup before the first element of that name; false where there is none.
    pub fn insert_before(&mut self, name: &str, markup: &str) -> bool {
        self.edit(name, |element, _| format!("{markup}{element}"))
    }

    /// Puts markup behind the first element of that name; false where there is none.
    pub fn insert_after(&mut self, name: &str, markup: &str) -> bool {
        self.edit(name, |element, _| format!("{element}{markup}"))
    }

    /// The first element of that name as it stands.
    pub fn element(&self, name: &str) -> Option<String> {
        let place = self.place(name, 0)?;
        self.0.get(place.outer.0..place.outer.1).map(str::to_owned)
    }

    fn edit(&mut self, name: &str, new: impl FnOnce(&str, &Place) -> String) -> bool {
        let Some(place) = self.place(name, 0) else { return false };
        let Some(element) = self.0.get(place.outer.0..place.outer.1).map(str::to_owned) else { return false };
        let new = new(&element, &place);
        self.0.replace_range(place.outer.0..place.outer.1, &new);
        true
    }

    fn place(&self, name: &str, from: usize) -> Option<Place> {
        let open = format!("<{name}");
        let mut at = from;
        loop {
            let begin = at + self.0.get(at..)?.find(&open)?;
            let behind = begin + open.len();
            if !self.0.get(behind..)?.starts_with(['>', '/', ' ', '\t', '\r', '\n']) {
                at = behind;
                continue;
            }
            let tag_end = behind + self.0.get(behind..)?.find('>')? + 1;
            if self.0.get(behind..tag_end)?.ends_with("/>") {
                return Some(Place { outer: (begin, tag_end), tag_end, inner: (tag_end, tag_end) });
            }
            let close = format!("</{name}>");
            let inner_end = tag_end + self.0.get(tag_end..)?.find(&close)?;
            return Some(Place { outer: (begin, inner_end + close.len()), tag_end, inner: (tag_end, inner_end) });
        }
    }
}

/// Where an element stands, in octets.
struct Place {
    outer: (usize, usize),
    tag_end: usize,
    inner: (usize, usize),
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn unescape(text: &str) -> String {
    let text = text.trim().replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'");
    text.replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Xml {
        Xml(sample_data().write(&Moment::at(0)))
    }

    fn sample_data() -> Daticert {
        Daticert {
            kind: "avvenuta-consegna".into(),
            error: "nessuno".into(),
            sender: "anna@alfa.test".into(),
            recipients: vec![("bruno@beta.test".into(), "certificato".into())],
            reply_to: "anna@alfa.test".into(),
            subject: Some("A & B".into()),
            issuer: "Beta".into(),
            identifier: "1@alfa.test".into(),
            msgid: Some("<m1@client>".into()),
            form: Some("completa".into()),
            delivered_to: Some("bruno@beta.test".into()),
            ..Daticert::default()
        }
    }

    #[test]
    fn every_layout_is_the_same_document() {
        for layout in [Layout::Indented, Layout::Flat, Layout::Tabs, Layout::Terse] {
            let xml = Xml(sample_data().write_in(layout, &Moment::at(0)));
            for name in ["mittente", "destinatari", "oggetto", "giorno", "identificativo", "msgid", "consegna"] {
                assert_eq!(xml.text(name), sample().text(name), "{layout:?} {name}");
            }
            assert_eq!(xml.attribute("ricevuta", "tipo").as_deref(), Some("completa"), "{layout:?}");
            assert_eq!(xml.attribute("postacert", "errore").is_none(), layout == Layout::Terse);
        }
    }

    #[test]
    fn elements_are_read_and_bent_by_name() {
        let mut xml = sample();
        assert_eq!(xml.text("msgid").as_deref(), Some("<m1@client>"));
        assert_eq!(xml.text("oggetto").as_deref(), Some("A & B"));
        assert_eq!(xml.text("data").map(|text| text.contains("giorno")), Some(true));
        assert_eq!(xml.attribute("ricevuta", "tipo").as_deref(), Some("completa"));
        assert!(xml.set_attribute("ricevuta", "tipo", "breve") && xml.set_text("consegna", "x@y"));
        assert_eq!(xml.attribute("ricevuta", "tipo").as_deref(), Some("breve"));
        assert_eq!(xml.text("consegna").as_deref(), Some("x@y"));
        assert!(xml.remove("ricevuta") && !xml.remove("ricevuta"));
        assert!(xml.rename("dati", "dato") && xml.0.contains("</dato>") && xml.0.contains("<data "));
        assert!(xml.remove_attribute("postacert", "errore") && xml.attribute("postacert", "errore").is_none());
    }
}
