use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    Error, Flaw,
    cast::Cast,
    measure,
    source::{Item, Name, Table},
};

/// A message that a scenario describes, not yet written down: what is left open is the seed's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Letter {
    /// The author's address.
    pub(crate) from: String,
    /// Primary recipients.
    pub(crate) to: Vec<String>,
    /// Copy recipients.
    pub(crate) cc: Vec<String>,
    /// As a person reads it.
    pub(crate) subject: String,
    /// Who sets it.
    pub(crate) message_id: MessageId,
    /// The value of `X-TipoRicevuta`.
    pub(crate) receipt: Option<&'static str>,
    /// Fields that take the place of those of the same name, or come on top: each once for every value.
    pub(crate) fields: Vec<(String, Vec<String>)>,
    /// With line feeds.
    pub(crate) text: String,
    /// In order.
    pub(crate) attachments: Vec<Attachment>,
}

/// Who sets `Message-ID`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MessageId {
    /// The client, from the seed.
    Drawn,
    /// Nobody.
    Absent,
    /// The scenario.
    Given(String),
}

/// A part with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attachment {
    /// Its file name.
    pub(crate) name: String,
    /// Type and subtype.
    pub(crate) media: String,
    /// Its octets.
    pub(crate) content: Content,
}

/// What an attachment holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Text with line feeds.
    Text(String),
    /// These octets.
    Octets(Vec<u8>),
    /// So many octets, drawn from the seed.
    Drawn(usize),
}

/// The keys of a submission that describe its message; they exclude `file`.
pub(crate) const KEYS: [&str; 7] = ["cc", "subject", "text", "headers", "attach", "message_id", "receipt"];

impl Letter {
    /// Reads the message of a submission whose author and primary recipients are known.
    pub(crate) fn read(table: Table<'_>, id: &str, from: String, to: Vec<String>, cast: &Cast) -> Result<Self, Error> {
        let subject = table.get("subject").map(|item| subject(&item)).transpose()?;
        let text = table.get("text").map(|item| item.text().map(str::to_owned)).transpose()?;
        let headers = table.get("headers").map(|item| headers(item.table("headers")?)).transpose()?;
        let attach = table.get("attach").map(|item| attachments(&item)).transpose()?;
        Ok(Self {
            from,
            to,
            cc: addresses(table, "cc", cast)?.unwrap_or_default(),
            subject: subject.unwrap_or_else(|| format!("Messaggio {id}")),
            message_id: table.get("message_id").map_or(Ok(MessageId::Drawn), |item| message_id(&item))?,
            receipt: table
                .get("receipt")
                .map(|item| item.word("receipt", &["completa", "breve", "sintetica"]))
                .transpose()?,
            fields: headers.unwrap_or_default(),
            text: text.unwrap_or_else(|| format!("Testo del messaggio {id}.\n")),
            attachments: attach.unwrap_or_default(),
        })
    }
}

/// The addresses of a list, each named once by name or address.
pub(crate) fn addresses(table: Table<'_>, key: &'static str, cast: &Cast) -> Result<Option<Vec<String>>, Error> {
    let Some(item) = table.get(key) else { return Ok(None) };
    let items = item.list("an array of users or addresses")?;
    items.iter().map(|item| cast.address(item)).collect::<Result<_, _>>().map(Some)
}

fn subject(item: &Item<'_>) -> Result<String, Error> {
    let found = item.text()?;
    match printable(found) {
        true => Ok(found.to_owned()),
        false => Err(item.error(Flaw::bad("subject", found, "text without control characters"))),
    }
}

fn message_id(item: &Item<'_>) -> Result<MessageId, Error> {
    if item.is_false() {
        return Ok(MessageId::Absent);
    }
    let found = item.text().map_err(|_| item.not("false or a string"))?;
    match found.is_ascii() && printable(found) {
        true => Ok(MessageId::Given(found.to_owned())),
        false => Err(item.error(Flaw::bad("message_id", found, "ASCII text such as \"<m1@client.alfa.test>\""))),
    }
}

fn headers(table: Table<'_>) -> Result<Vec<(String, Vec<String>)>, Error> {
    let field = |(name, item): (Name<'_>, Item<'_>)| {
        let fits = |c: char| c.is_ascii_graphic() && c != ':';
        let found = name.word;
        if found.is_empty() || found.len() > LONGEST_NAME || !found.chars().all(fits) {
            return Err(name.error(Flaw::bad("field name", found, "printable ASCII without a colon")));
        }
        if OWN.iter().any(|own| own.eq_ignore_ascii_case(found)) {
            return Err(name.error(Flaw::bad("field", found, "a field that the writer does not set itself; use file")));
        }
        let items = if item.is_list() { item.list("a string or an array of strings")? } else { vec![item] };
        let values = items.iter().map(|item| {
            let value = item.text()?;
            match printable(value) {
                true => Ok(value.to_owned()),
                false => Err(item.error(Flaw::bad("field value", value, "text without control characters"))),
            }
        });
        Ok((found.to_owned(), values.collect::<Result<_, _>>()?))
    };
    table.entries().map(field).collect()
}

fn attachments(item: &Item<'_>) -> Result<Vec<Attachment>, Error> {
    let items = item.list("an array of attachments")?;
    items.iter().map(|item| attachment(item.table("attachment")?)).collect()
}

fn attachment(table: Table<'_>) -> Result<Attachment, Error> {
    let table = table.only(&["name", "type", "text", "base64", "size"])?;
    for (key, other) in [("text", "base64"), ("text", "size"), ("base64", "size")] {
        table.not_both(key, other)?;
    }
    let name = table.need("name", "a file name")?.line_of_text("file name")?;
    let (content, usual) = match (table.get("text"), table.get("base64")) {
        (Some(item), _) => (Content::Text(item.text()?.to_owned()), "text/plain"),
        (None, Some(item)) => (Content::Octets(octets(&item)?), "application/octet-stream"),
        (None, None) => {
            let size = measured(&table.need("size", "one of \"text\", \"base64\" and \"size\"")?)?;
            (Content::Drawn(size), "application/octet-stream")
        }
    };
    let media = table.get("type").map(|item| media(&item, &content)).transpose()?;
    Ok(Attachment { name, media: media.unwrap_or_else(|| usual.to_owned()), content })
}

fn octets(item: &Item<'_>) -> Result<Vec<u8>, Error> {
    let found: String = item.text()?.split_whitespace().collect();
    STANDARD.decode(&found).map_err(|why| item.error(Flaw::bad("base64", found, format!("octets in base64 ({why})"))))
}

fn measured(item: &Item<'_>) -> Result<usize, Error> {
    let size = measure::size(item)?;
    let fits = usize::try_from(size).ok().filter(|_| size <= LARGEST);
    fits.ok_or_else(|| item.error(Flaw::bad("size", size, format!("at most {LARGEST} octets"))))
}

fn media(item: &Item<'_>, content: &Content) -> Result<String, Error> {
    let found = item.text()?;
    let token = |text: &str| {
        let fits = |c: char| c.is_ascii_alphanumeric() || "!#$&-^_.+".contains(c);
        !text.is_empty() && text.chars().all(fits)
    };
    if !found.split_once('/').is_some_and(|(main, sub)| token(main) && token(sub)) {
        return Err(item.error(Flaw::bad("type", found, "type and subtype such as \"application/pdf\"")));
    }
    // RFC 2046 §5.1, §5.2.1: an attached message is not encoded, and must not close the message that it is in.
    let goes = match content {
        Content::Text(text) => text.is_ascii() && !text.contains(BOUNDARY),
        Content::Octets(_) | Content::Drawn(_) => false,
    };
    if found.starts_with("multipart/") || found.starts_with("message/") && !goes {
        return Err(item.error(Flaw::bad("type", found, "a simple type, or message/rfc822 with \"text\" in ASCII")));
    }
    Ok(found.to_owned())
}

fn printable(text: &str) -> bool {
    text.chars().all(|c| !c.is_control() || c == '\t')
}

/// What every boundary of ours begins with.
pub(crate) const BOUNDARY: &str = "=_collaudo-";
/// Fields that follow from how the body is written.
const OWN: [&str; 3] = ["MIME-Version", "Content-Type", "Content-Transfer-Encoding"];
const LONGEST_NAME: usize = 70;
/// Of one attachment, for a plan is held in memory.
const LARGEST: u64 = 100_000_000;
