//! What users write: the originals of the set.

use collaudo_forge::{
    Certified, Form, Moment, Recipient, Signer, Style, base64_lines, encode_words, signed_content, signed_opaque,
};
use sha2::{Digest as _, Sha256};

use crate::house::PROVIDERS;

/// What a user wrote. `{s}` stands for the domain of the sender's provider, `{r}` for that of the recipient's.
#[derive(Clone, Copy)]
pub(crate) struct Letter {
    pub(crate) id: &'static str,
    pub(crate) subject: &'static str,
    pub(crate) to: &'static [&'static str],
    pub(crate) cc: &'static [&'static str],
    /// The receipt asked for; none where the user leaves it to the rule, which is the complete one.
    pub(crate) asks: Option<Form>,
    /// Whether the user's program sets a Message-ID.
    pub(crate) has_id: bool,
    pub(crate) reply_to: Option<&'static str>,
    /// Whether the people have names, with letters that are not ASCII.
    pub(crate) named: bool,
    pub(crate) content: Content,
}

/// What stands under the header of an original.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// A line of text.
    Plain,
    /// A text in ISO-8859-1, with eight bits.
    EightBit,
    /// A text and two attachments.
    Attachments,
    /// The same, signed by the user, readable.
    Signed,
    /// The same, signed by the user, opaque.
    Opaque,
    /// A certified message, forwarded.
    Forwarded,
}

/// Whose provider sends and whose receives, by place in [`PROVIDERS`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) sender: usize,
    pub(crate) receiver: usize,
}

/// The parts that have a name, or are messages, with their octets as transferred.
pub(crate) type Named = Vec<(&'static str, Vec<u8>)>;

/// An original and what a brief receipt must know of it.
pub(crate) struct Original {
    pub(crate) octets: Vec<u8>,
    pub(crate) named: Named,
}

pub(crate) const LETTER: Letter = Letter {
    id: "contratto",
    subject: "Contratto di fornitura n. 7",
    to: &["bruno@{r}"],
    cc: &[],
    asks: Some(Form::Complete),
    has_id: true,
    reply_to: None,
    named: false,
    content: Content::Attachments,
};

impl Route {
    /// The domain that a template's `{s}` or `{r}` stands for, in place.
    pub(crate) fn fill(self, template: &str) -> String {
        let domain = |place: usize| PROVIDERS.get(place).map_or("", |provider| provider.domain);
        template.replace("{s}", domain(self.sender)).replace("{r}", domain(self.receiver))
    }
}

impl Letter {
    pub(crate) fn sender(&self, route: Route) -> String {
        route.fill("anna@{s}")
    }

    pub(crate) fn form(&self) -> Form {
        self.asks.unwrap_or_default()
    }

    /// What the client called it, with angle brackets.
    pub(crate) fn client_id(&self, route: Route) -> Option<String> {
        self.has_id.then(|| route.fill(&format!("<{}.1@client.{{s}}>", self.id)))
    }

    /// The provider's identifier: the same for the same letter and route.
    //= PEC-2.2.1-10
    pub(crate) fn identifier(&self, route: Route) -> String {
        let hash = Sha256::digest(route.fill(&format!("{} {{s}} {{r}}", self.id)));
        let digits: String = hash.iter().take(12).map(|octet| format!("{octet:02x}")).collect();
        route.fill(&format!("opec{digits}@{{s}}"))
    }

    /// When it was accepted, seconds since 1970: some minute of its provider's day.
    pub(crate) fn accepted_at(&self, route: Route) -> i64 {
        let begins = PROVIDERS.get(route.sender).map_or(0, |provider| provider.begins);
        let place = self.id.bytes().fold(0_i64, |sum, octet| (sum * 31 + i64::from(octet)) % 28_000);
        begins + place
    }

    pub(crate) fn certified(&self, route: Route) -> Certified {
        let recipient = |template: &&str| {
            let address = route.fill(template);
            Recipient { certified: !address.ends_with(".example"), address }
        };
        Certified {
            sender: self.sender(route),
            recipients: self.to.iter().chain(self.cc).map(recipient).collect(),
            reply_to: route.fill(self.reply_to.unwrap_or("anna@{s}")),
            subject: self.subject.to_owned(),
            identifier: self.identifier(route),
            msgid: self.client_id(route),
            form: self.form(),
        }
    }

    /// As the user submits it; `forwarded` is what a letter that forwards encloses.
    pub(crate) fn submitted(&self, route: Route, user: &Signer, forwarded: &[u8]) -> Original {
        let at = self.accepted_at(route) - 75;
        let (fields, body, named) = self.content(user, at, forwarded);
        let list = |names: &[&str]| {
            let each = names.iter().map(|template| self.mailbox(&route.fill(template)));
            each.collect::<Vec<_>>().join(",\r\n ")
        };
        let mut header = format!("From: {}\r\nTo: {}\r\n", self.mailbox(&self.sender(route)), list(self.to));
        let mut field = |name: &str, value: &str| header.push_str(&format!("{name}: {value}\r\n"));
        if !self.cc.is_empty() {
            field("Cc", &list(self.cc));
        }
        if !self.subject.is_empty() {
            field("Subject", &encode_words(self.subject));
        }
        field("Date", &Moment::at(at).date);
        self.client_id(route).iter().for_each(|id| field("Message-ID", id));
        self.reply_to.iter().for_each(|template| field("Reply-To", &route.fill(template)));
        self.asks.iter().for_each(|form| field("X-TipoRicevuta", form.wire()));
        let octets = [header.as_bytes(), fields.as_bytes(), b"\r\n", &body].concat();
        Original { octets, named }
    }

    fn mailbox(&self, address: &str) -> String {
        let local = address.split('@').next().unwrap_or_default();
        match local {
            _ if !self.named => address.to_owned(),
            "anna" => format!("{} <{address}>", encode_words("Anna Niccolò D'Angiò")),
            _ => format!("{} <{address}>", encode_words("Società Perché No?")),
        }
    }

    /// Fields, body, and the parts that have a name.
    fn content(&self, user: &Signer, at: i64, forwarded: &[u8]) -> (String, Vec<u8>, Named) {
        // A letter that is forwarded stands inside another: each has its own boundary.
        let boundary = format!("=_{}", self.id);
        let mixed = format!("Content-Type: multipart/mixed; boundary=\"{boundary}\"\r\n");
        let text = |charset: &str, encoding: &str| {
            format!(
                "MIME-Version: 1.0\r\nContent-Type: text/plain; charset={charset}\r\n\
                 Content-Transfer-Encoding: {encoding}\r\n"
            )
        };
        let (attachments, files) = attachments(&boundary);
        let entity = format!("{mixed}\r\n{attachments}");
        match self.content {
            Content::Plain => {
                (text("us-ascii", "7bit"), b"Buongiorno.\r\nIn allegato niente.\r\n".to_vec(), Vec::new())
            }
            Content::EightBit => {
                (text("iso-8859-1", "8bit"), b"Perch\xe9 no? Citt\xe0, pi\xf9, cos\xec.\r\n".to_vec(), Vec::new())
            }
            Content::Attachments => (format!("MIME-Version: 1.0\r\n{mixed}"), attachments.into_bytes(), files),
            Content::Signed => {
                let (fields, body) = signed_content(entity.as_bytes(), user, at, Style::default());
                (fields, body, files)
            }
            Content::Opaque => {
                let (fields, body) = signed_opaque(entity.as_bytes(), user, at, Style::default());
                (fields, body, Vec::new())
            }
            Content::Forwarded => {
                let begin = format!(
                    "--{boundary}\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nTi inoltro il messaggio.\r\n\
                             --{boundary}\r\nContent-Type: message/rfc822; name=\"inoltrato.eml\"\r\n\
                             Content-Disposition: attachment; filename=\"inoltrato.eml\"\r\n\r\n"
                );
                let end = format!("\r\n--{boundary}--\r\n");
                let body = [begin.as_bytes(), forwarded, end.as_bytes()].concat();
                (format!("MIME-Version: 1.0\r\n{mixed}"), body, vec![("inoltrato.eml", forwarded.to_vec())])
            }
        }
    }
}

/// A multipart of text, a PDF in base64 and an XML file as it is; and the two files as they are transferred.
fn attachments(boundary: &str) -> (String, Named) {
    let pdf = base64_lines(b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n");
    let pdf = pdf.trim_end();
    let xml = "<?xml version=\"1.0\"?>\r\n<fattura numero=\"7\"/>";
    let body = format!(
        "--{boundary}\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nIn allegato il contratto.\r\n\
         --{boundary}\r\nContent-Type: application/pdf; name=\"contratto.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\
         Content-Disposition: attachment; filename=\"contratto.pdf\"\r\n\r\n{pdf}\r\n\
         --{boundary}\r\nContent-Type: application/xml; name=\"fattura.xml\"\r\n\
         Content-Disposition: attachment; filename=\"fattura.xml\"\r\n\r\n{xml}\r\n--{boundary}--\r\n"
    );
    (body, vec![("contratto.pdf", pdf.into()), ("fattura.xml", xml.into())])
}
