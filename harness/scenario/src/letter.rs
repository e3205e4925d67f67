use crate::{
    Error, Flaw,
    attach::{self, Attachment},
    cast::Cast,
    encode,
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
    /// What ends a line inside the text in the place of CRLF.
    pub(crate) bare: Option<char>,
    /// In order.
    pub(crate) attachments: Vec<Attachment>,
    /// How many octets the whole message has, where it is said: the text is filled up.
    pub(crate) size: Option<usize>,
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

/// The keys of a submission that describe its message; they exclude `file`.
pub(crate) const KEYS: [&str; 9] =
    ["cc", "subject", "text", "headers", "attach", "message_id", "receipt", "bare", "size"];

impl Letter {
    /// Reads the message of a submission whose author and primary recipients are known.
    pub(crate) fn read(table: Table<'_>, id: &str, from: String, to: Vec<String>, cast: &Cast) -> Result<Self, Error> {
        let subject = table.get("subject").map(|item| subject(&item)).transpose()?;
        let text = table.get("text").map(|item| item.text().map(str::to_owned)).transpose()?;
        let headers = table.get("headers").map(|item| headers(item.table("headers")?, cast)).transpose()?;
        let attach = table.get("attach").map(|item| attach::read(&item)).transpose()?;
        let text = text.unwrap_or_else(|| format!("Testo del messaggio {id}.\n"));
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
            bare: table.get("bare").map(|item| bare(&item, &text)).transpose()?,
            text,
            attachments: attach.unwrap_or_default(),
            size: None,
        })
    }
}

/// The addresses of a list: each of them a name or an address, or many at once as users of a provider.
pub(crate) fn addresses(table: Table<'_>, key: &'static str, cast: &Cast) -> Result<Option<Vec<String>>, Error> {
    let Some(item) = table.get(key) else { return Ok(None) };
    let mut addresses = Vec::new();
    for item in item.list("an array of users or addresses")? {
        match item.is_table() {
            true => addresses.extend(cast.group(item.table("group")?)?),
            false => addresses.push(cast.address(&item)?),
        }
    }
    Ok(Some(addresses))
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

fn headers(table: Table<'_>, cast: &Cast) -> Result<Vec<(String, Vec<String>)>, Error> {
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
                true => Ok(cast.reworded(value)),
                false => Err(item.error(Flaw::bad("field value", value, "text without control characters"))),
            }
        });
        Ok((found.to_owned(), values.collect::<Result<_, _>>()?))
    };
    table.entries().map(field).collect()
}

/// A lone CR or LF, for a text that has a place for it and can go as it is.
fn bare(item: &Item<'_>, text: &str) -> Result<char, Error> {
    let found = item.word("end of a line", &["lf", "cr"])?;
    if !encode::goes_plain(text) || !text.trim_end_matches('\n').contains('\n') {
        let expected = "it beside a text of plain ASCII with a line feed inside";
        return Err(item.error(Flaw::bad("bare", found, expected)));
    }
    Ok(if found == "lf" { '\n' } else { '\r' })
}

fn printable(text: &str) -> bool {
    text.chars().all(|c| !c.is_control() || c == '\t')
}

/// What every boundary of ours begins with.
pub(crate) const BOUNDARY: &str = "=_collaudo-";
/// Fields that follow from how the body is written.
const OWN: [&str; 3] = ["MIME-Version", "Content-Type", "Content-Transfer-Encoding"];
const LONGEST_NAME: usize = 70;
