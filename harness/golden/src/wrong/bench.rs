use collaudo_forge::{
    Body, Entity, Fields, ForgeError, Moment, Opened, Signer, Style, Xml, decode_words, encode_words, multipart, open,
    sign, unix_of_date,
};

use crate::{house::Keys, make::Made};

pub(crate) type Bent = Result<bool, ForgeError>;

/// A right message on the bench.
pub(crate) struct Bench<'a> {
    pub(crate) message: Opened,
    pub(crate) signer: Signer,
    /// When it was signed, seconds since 1970.
    pub(crate) at: i64,
    pub(crate) keys: &'a Keys,
    pub(crate) author: usize,
    /// The certificate that it was signed with, where that is another one of its author's.
    pub(crate) certificate: Option<Vec<u8>>,
    /// What it came to, where it can be taken apart no more.
    whole: Option<Vec<u8>>,
}

impl<'a> Bench<'a> {
    pub(crate) fn new(made: &Made, keys: &'a Keys) -> Result<Self, ForgeError> {
        let message = open(&made.octets)?;
        let (signer, at, author) = (made.signer.clone(), made.at, made.case.author);
        Ok(Self { message, signer, at, keys, author, certificate: None, whole: None })
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.whole.unwrap_or_else(|| self.message.to_bytes())
    }

    /// Ends with other octets than those of a message that is signed in the readable form.
    pub(crate) fn becomes(&mut self, octets: Vec<u8>) -> Bent {
        self.whole = Some(octets);
        Ok(true)
    }

    /// Signs anew, with the same key, time and style.
    pub(crate) fn resign(&mut self) -> Bent {
        let signer = self.signer.clone();
        self.sign_with(&signer, signer.style())
    }

    /// Signs anew.
    pub(crate) fn sign_with(&mut self, signer: &Signer, style: Style) -> Bent {
        let signature = sign(&self.message.content().to_bytes(), signer, self.at, style);
        self.message.set_signature(&signature);
        Ok(true)
    }

    /// Signs anew under another certificate for the same key, which the index lists too.
    pub(crate) fn certified_by(&mut self, signer: &Signer) -> Bent {
        self.certificate = Some(signer.certificate().to_vec());
        self.sign_with(signer, self.signer.style())
    }

    /// Rewrites a header field, which no signature covers; false where there is none.
    pub(crate) fn header(&mut self, name: &str, rewrite: impl Fn(&str) -> String) -> Bent {
        let Some(value) = self.message.fields().get(name) else { return Ok(false) };
        let new = rewrite(&value);
        self.message.fields_mut().set(name, &new);
        Ok(new != value)
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) -> Bent {
        self.message.fields_mut().set(name, value);
        Ok(true)
    }

    pub(crate) fn drop(&mut self, name: &str) -> Bent {
        Ok(self.message.fields_mut().remove(name))
    }

    /// Gives a header field another name.
    pub(crate) fn rename(&mut self, name: &str, new: &str) -> Bent {
        let Some(value) = self.message.fields().get(name) else { return Ok(false) };
        self.message.fields_mut().set(new, &value);
        self.drop(name)
    }

    /// Puts another prefix before the original's subject.
    pub(crate) fn prefix(&mut self, prefix: &str) -> Bent {
        self.header("Subject", |subject| {
            let subject = decode_words(subject);
            let original = subject.split_once(": ").map_or(subject.as_str(), |(_, original)| original);
            encode_words(&format!("{prefix}{original}"))
        })
    }

    /// Keeps the prefix and changes the original's subject.
    pub(crate) fn other_subject(&mut self) -> Bent {
        self.header("Subject", |subject| {
            let subject = decode_words(subject);
            format!("{}: Tutt'altro", subject.split_once(": ").map_or("", |(prefix, _)| prefix))
        })
    }

    /// Moves `Date` by some seconds.
    pub(crate) fn date(&mut self, seconds: i64) -> Bent {
        self.header("Date", |date| {
            let plain = date.split(" (").next().unwrap_or(date);
            Moment::at(unix_of_date(plain).unwrap_or(0) + seconds).date
        })
    }

    /// Another mailbox of the provider in the place of `posta-certificata`, wherever the author stands.
    pub(crate) fn author_address(&mut self) -> Bent {
        let mut found = false;
        for name in ["From", "Sender"] {
            found |= self.header(name, |value| value.replace("posta-certificata@", "ufficio@"))?;
        }
        Ok(found)
    }

    /// Rewrites what the author's fields show.
    pub(crate) fn author_shown(&mut self, old: &str, new: &str) -> Bent {
        let from = self.header("From", |value| value.replace(old, new))?;
        Ok(self.header("Sender", |value| value.replace(old, new))? && from)
    }

    /// Rewrites the readable text, in every alternative.
    pub(crate) fn text(&mut self, rewrite: impl Fn(&str) -> String) -> Bent {
        Ok(self.touch_text(rewrite)? && self.resign()?)
    }

    /// The same without signing anew.
    pub(crate) fn touch_text(&mut self, rewrite: impl Fn(&str) -> String) -> Bent {
        let mut found = false;
        for leaf in self.message.texts_mut() {
            let before = leaf.text();
            let after = rewrite(&before);
            if after != before {
                leaf.set_text(&after);
                found = true;
            }
        }
        Ok(found)
    }

    /// Takes what an element of the certification data holds out of the text.
    pub(crate) fn unsaid(&mut self, element: &str) -> Bent {
        self.resaid(element, |_| String::new())
    }

    /// Rewrites in the text what an element of the certification data holds; a page writes it with entities.
    pub(crate) fn resaid(&mut self, element: &str, rewrite: impl Fn(&str) -> String) -> Bent {
        let values = self.xml_now().texts(element);
        self.text(|text| {
            values.iter().filter(|value| !value.is_empty()).fold(text.to_owned(), |text, value| {
                let paged = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                text.replace(value.as_str(), &rewrite(value)).replace(&paged, &rewrite(&paged))
            })
        })
    }

    /// Rewrites the offset in the text, with or without a colon.
    pub(crate) fn rezoned(&mut self, zone: &str) -> Bent {
        let said = self.xml_now().attribute("data", "zona").unwrap_or_default();
        let (hours, minutes) = said.split_at_checked(3).unwrap_or((&said, ""));
        let colon = format!("({hours}:{minutes})");
        self.text(|text| text.replace(&format!("({said})"), zone).replace(&colon, zone))
    }

    pub(crate) fn xml_now(&self) -> Xml {
        Xml(self.message.daticert().unwrap_or_default())
    }

    /// Bends the certification data.
    pub(crate) fn xml(&mut self, bend: impl Fn(&mut Xml) -> bool) -> Bent {
        Ok(self.touch_xml(bend)? && self.resign()?)
    }

    /// The same without signing anew.
    pub(crate) fn touch_xml(&mut self, bend: impl Fn(&mut Xml) -> bool) -> Bent {
        let mut xml = self.xml_now();
        let found = bend(&mut xml);
        if let Some(part) = self.message.daticert_mut() {
            part.set_decoded(xml.0.as_bytes());
        }
        Ok(found)
    }

    /// Bends the part of the certification data.
    pub(crate) fn xml_part(&mut self, bend: impl Fn(&mut Entity) -> bool) -> Bent {
        Ok(self.message.daticert_mut().is_some_and(bend) && self.resign()?)
    }

    /// Bends the part of the attached message.
    pub(crate) fn message_part(&mut self, bend: impl Fn(&mut Entity) -> bool) -> Bent {
        Ok(self.message.original_mut().is_some_and(bend) && self.resign()?)
    }

    /// Bends the attached message itself.
    pub(crate) fn enclosed(&mut self, bend: impl Fn(&mut Entity) -> bool) -> Bent {
        self.message_part(|part| {
            let mut original = Entity::read(&part.decoded());
            let found = bend(&mut original);
            part.body = Body::Leaf(original.to_bytes());
            found
        })
    }

    /// Bends the list of the signed content's parts.
    pub(crate) fn parts(&mut self, bend: impl Fn(&mut Vec<Entity>) -> bool) -> Bent {
        let Some(content) = self.message.content_mut() else { return Ok(false) };
        let mut parts: Vec<Entity> = content.parts().cloned().collect();
        let found = bend(&mut parts);
        *content = multipart("mixed", &parts);
        Ok(found && self.resign()?)
    }

    /// Adds an original that agrees with the certification data where none should be.
    pub(crate) fn with_original(&mut self) -> Bent {
        let xml = self.xml_now();
        let said = |name: &str| xml.text(name).unwrap_or_default();
        let original = format!(
            "From: {}\r\nTo: {}\r\nSubject: {}\r\nMessage-ID: <{}>\r\nX-Riferimento-Message-ID: {}\r\n\r\nBuongiorno.",
            said("mittente"),
            xml.texts("destinatari").join(", "),
            said("oggetto"),
            said("identificativo"),
            said("msgid")
        );
        let fields = "Content-Type: message/rfc822; name=\"postacert.eml\"\r\n\
                      Content-Disposition: attachment; filename=\"postacert.eml\"\r\n";
        self.parts(|parts| {
            let lacked = !parts.iter().any(is_message);
            parts.push(Entity::leaf(fields, original.as_str()));
            lacked
        })
    }

    /// Puts alternatives in the place of the readable text, made from the plain text.
    pub(crate) fn alternatives(&mut self, make: impl Fn(&str) -> Vec<Entity>) -> Bent {
        let plain = self.message.texts_mut().first().map(|text| text.text()).unwrap_or_default();
        let Some(text) = self.message.content_mut().and_then(|content| content.parts_mut().next()) else {
            return Ok(false);
        };
        *text = multipart("alternative", &make(&plain));
        self.resign()
    }
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

/// Whether a part is the attached message.
pub(crate) fn is_message(part: &Entity) -> bool {
    part.content_type() == "message/rfc822"
}

/// Replaces a text in every field of a part; says whether it stood there.
pub(crate) fn replace_in_fields(part: &mut Entity, old: &str, new: &str) -> bool {
    let before = part.fields.to_bytes();
    let after = String::from_utf8_lossy(&before).replace(old, new);
    part.fields = Fields::read(after.as_bytes());
    after.as_bytes() != before
}
