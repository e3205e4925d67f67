//! Bends of one message: its header, its text, its certification data, its parts.

use collaudo_forge::{Entity, Multipart, Opened, Xml, decode_words, encode_words, multipart, unix_of_date};

use crate::{Bench, Pick, Unfit, bench::SetMessage};

/// A value of the certification data that a text must repeat.
#[derive(Clone, Copy)]
pub(crate) enum Said {
    Day,
    Hour,
    Zone,
    Subject,
    Sender,
    Recipients,
    Recipient,
    Received,
    Identifier,
    Explanation,
    /// What a scanner found: the end of the explanation.
    Finding,
}

impl Bench<'_> {
    /// Rewrites a header field's value.
    pub(crate) fn header(&mut self, pick: Pick, name: &str, rewrite: impl Fn(&str) -> String) -> Result<(), Unfit> {
        self.edit(pick, |message| {
            let Some(value) = message.fields().get(name) else { return false };
            message.fields_mut().set(name, &rewrite(&value));
            true
        })
    }

    /// Sets a header field, there or not.
    pub(crate) fn set_header(&mut self, pick: Pick, name: &str, value: &str) -> Result<(), Unfit> {
        self.edit(pick, |message| {
            message.fields_mut().set(name, value);
            true
        })
    }

    /// Removes a header field.
    pub(crate) fn drop_header(&mut self, pick: Pick, name: &str) -> Result<(), Unfit> {
        self.edit(pick, |message| message.fields_mut().remove(name))
    }

    /// Puts another prefix before the original's subject.
    pub(crate) fn prefix(&mut self, pick: Pick, prefix: &str) -> Result<(), Unfit> {
        self.edit(pick, |message| prefix_subject(message, prefix))
    }

    /// Keeps the prefix and changes the original's subject.
    pub(crate) fn other_subject(&mut self, pick: Pick) -> Result<(), Unfit> {
        self.header(pick, "Subject", |subject| {
            let subject = decode_words(subject);
            let prefix = subject.split_once(": ").map_or("", |(prefix, _)| prefix);
            format!("{prefix}: Tutt'altro")
        })
    }

    /// Moves `Date` by some seconds, and nothing else.
    pub(crate) fn date(&mut self, pick: Pick, seconds: i64) -> Result<(), Unfit> {
        self.edit(pick, |message| shift_date(message, seconds))
    }

    /// Changes the local part of the provider's address in `From` and, where it stands there too, in `Sender`.
    pub(crate) fn author_address(&mut self, pick: Pick) -> Result<(), Unfit> {
        self.edit(pick, rename_author)
    }

    /// Rewrites every leaf of the readable text.
    pub(crate) fn text(&mut self, pick: Pick, rewrite: impl Fn(&str) -> String) -> Result<(), Unfit> {
        self.edit(pick, |message| rewrite_texts(message, &rewrite))
    }

    /// Takes a value out of the readable text, wherever it stands.
    pub(crate) fn unsaid(&mut self, pick: Pick, said: Said) -> Result<(), Unfit> {
        self.edit(pick, |message| unsay(message, said))
    }

    /// Rewrites a value in the readable text, wherever it stands.
    pub(crate) fn resaid(&mut self, pick: Pick, said: Said, rewrite: impl Fn(&str) -> String) -> Result<(), Unfit> {
        self.edit(pick, |message| {
            let Some(daticert) = message.daticert() else { return false };
            let values = values(&Xml(daticert), said);
            rewrite_texts(message, &|text| {
                values.iter().fold(text.to_owned(), |text, value| text.replace(value, &rewrite(value)))
            })
        })
    }

    /// Bends the certification data.
    pub(crate) fn xml(&mut self, pick: Pick, bend: impl Fn(&mut Xml) -> bool) -> Result<(), Unfit> {
        self.edit(pick, |message| bend_xml(message, &bend))
    }

    /// Bends the part of the signed content that the certification data is in.
    pub(crate) fn xml_part(&mut self, pick: Pick, bend: impl Fn(&mut Entity)) -> Result<(), Unfit> {
        self.edit(pick, |message| message.daticert_mut().map(bend_with(&bend)).is_some())
    }

    /// Bends the part that holds the attached message.
    pub(crate) fn message_part(&mut self, pick: Pick, bend: impl Fn(&mut Entity)) -> Result<(), Unfit> {
        self.edit(pick, |message| message.original_mut().map(bend_with(&bend)).is_some())
    }

    /// Bends the attached message itself.
    pub(crate) fn enclosed(&mut self, pick: Pick, bend: impl Fn(&mut Entity) -> bool) -> Result<(), Unfit> {
        self.edit(pick, |message| {
            let Some(part) = message.original_mut() else { return false };
            let mut original = Entity::read(&part.decoded());
            let found = bend(&mut original);
            part.set_message(&original.to_bytes());
            found
        })
    }

    /// Bends the list of the signed content's parts.
    pub(crate) fn parts(&mut self, pick: Pick, bend: impl Fn(&mut Vec<Entity>) -> bool) -> Result<(), Unfit> {
        self.edit(pick, |message| bend_parts(message, &bend))
    }

    /// Puts alternatives in the place of the readable text: made from the plain text as it is.
    pub(crate) fn alternatives(&mut self, pick: Pick, make: impl Fn(&str) -> Vec<Entity>) -> Result<(), Unfit> {
        self.edit(pick, |message| {
            let plain = message.texts_mut().first().map(|text| text.text()).unwrap_or_default();
            let Some(text) = message.content_mut().and_then(|content| content.parts_mut().next()) else { return false };
            *text = multipart("alternative", &make(&plain));
            true
        })
    }
}

/// Bends the list of a message's signed parts.
pub(crate) fn bend_parts(message: &mut Opened, bend: impl Fn(&mut Vec<Entity>) -> bool) -> bool {
    let Some(content) = message.content_mut() else { return false };
    let mut parts: Vec<Entity> = content.parts().cloned().collect();
    let found = bend(&mut parts);
    set_parts(content, &parts);
    found
}

/// Puts another prefix before the original's subject.
pub(crate) fn prefix_subject(message: &mut Opened, prefix: &str) -> bool {
    let Some(subject) = message.fields().get("Subject") else { return false };
    let subject = decode_words(&subject);
    let original = subject.split_once(": ").map_or(subject.as_str(), |(_, original)| original);
    message.fields_mut().set("Subject", &encode_words(&format!("{prefix}{original}")));
    true
}

/// Moves `Date` by some seconds, and nothing else.
pub(crate) fn shift_date(message: &mut Opened, seconds: i64) -> bool {
    let Some(date) = message.fields().get("Date") else { return false };
    let at = unix_of_date(&date).unwrap_or(0);
    message.fields_mut().set("Date", &collaudo_forge::Moment::at(at + seconds).date);
    true
}

/// Changes the local part of the provider's address in `From` and, where it stands there too, in `Sender`.
pub(crate) fn rename_author(message: &mut Opened) -> bool {
    let mut found = false;
    for name in ["From", "Sender"] {
        let Some(value) = message.fields().get(name).filter(|value| value.contains("posta-certificata@")) else {
            continue;
        };
        message.fields_mut().set(name, &value.replace("posta-certificata@", "ufficio@"));
        found = true;
    }
    found
}

/// Takes a value out of the readable text, wherever it stands.
pub(crate) fn unsay(message: &mut Opened, said: Said) -> bool {
    let Some(daticert) = message.daticert() else { return false };
    let values = values(&Xml(daticert), said);
    rewrite_texts(message, &|text| values.iter().fold(text.to_owned(), |text, value| text.replace(value, "")))
}

/// A leaf of text in ISO-8859-1.
pub(crate) fn leaf(kind: &str, text: &str) -> Entity {
    let fields = format!("Content-Type: {kind}; charset=iso-8859-1\r\nContent-Transfer-Encoding: base64\r\n");
    let mut leaf = Entity::leaf(&fields, "");
    leaf.set_text(text);
    leaf
}

/// The same text as a page.
pub(crate) fn page(text: &str, head: &str, foot: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace("\r\n", "<br>\r\n");
    format!("<html><head><title>PEC</title>{head}</head><body>{text}{foot}</body></html>\r\n")
}

/// Bends the certification data of a message.
pub(crate) fn bend_xml(message: &mut Opened, bend: impl Fn(&mut Xml) -> bool) -> bool {
    let Some(daticert) = message.daticert() else { return false };
    let mut xml = Xml(daticert);
    let found = bend(&mut xml);
    if let Some(part) = message.daticert_mut() {
        part.set_decoded(xml.0.as_bytes());
    }
    found
}

/// Rewrites every leaf of a message's readable text; says whether one changed.
pub(crate) fn rewrite_texts(message: &mut Opened, rewrite: &impl Fn(&str) -> String) -> bool {
    let mut found = false;
    for leaf in message.texts_mut() {
        let before = leaf.text();
        let after = rewrite(&before);
        if after != before {
            leaf.set_text(&after);
            found = true;
        }
    }
    found
}

fn bend_with(bend: &impl Fn(&mut Entity)) -> impl Fn(&mut Entity) {
    move |part| bend(part)
}

fn set_parts(content: &mut Entity, parts: &[Entity]) {
    let anew = multipart("mixed", parts);
    if let Some(kind) = anew.fields.get("Content-Type") {
        content.fields.set("Content-Type", &kind);
    }
    content.body = match anew.body {
        collaudo_forge::Body::Multipart(Multipart { parts, closing, .. }) => {
            collaudo_forge::Body::Multipart(Multipart { preamble: Vec::new(), parts, closing })
        }
        leaf => leaf,
    };
}

/// `EICAR` of `5.5.1 - Beta Posta S.r.l. - virus: EICAR`.
pub(crate) fn finding(explanation: &str) -> &str {
    let last = explanation.rsplit(" - ").next().unwrap_or(explanation);
    last.rsplit(": ").next().unwrap_or(last).trim()
}

fn values(xml: &Xml, said: Said) -> Vec<String> {
    let mut values = match said {
        Said::Day => xml.texts("giorno"),
        Said::Hour => xml.texts("ora"),
        Said::Zone => {
            let zone = xml.attribute("data", "zona").unwrap_or_default();
            let (hours, minutes) = zone.split_at_checked(3).unwrap_or((&zone, ""));
            vec![format!("({zone})"), format!("({hours}:{minutes})")]
        }
        Said::Subject => xml.texts("oggetto"),
        Said::Sender => xml.texts("mittente"),
        Said::Recipients => xml.texts("destinatari"),
        Said::Recipient => xml.texts("consegna"),
        Said::Received => xml.texts("ricezione"),
        Said::Identifier => xml.texts("identificativo"),
        Said::Explanation => xml.texts("errore-esteso"),
        Said::Finding => xml.texts("errore-esteso").iter().map(|text| finding(text).to_owned()).collect(),
    };
    // A page says the same with entities.
    let paged: Vec<_> = values.iter().map(|value| value.replace('<', "&lt;").replace('>', "&gt;")).collect();
    values.extend(paged);
    values.retain(|value| !value.is_empty());
    values
}
