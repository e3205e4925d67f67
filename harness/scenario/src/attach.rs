use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    Error, Flaw, encode,
    letter::BOUNDARY,
    measure,
    source::{Item, Table},
};

/// A part with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attachment {
    /// Its file name.
    pub(crate) name: String,
    /// Type and subtype.
    pub(crate) media: String,
    /// Its octets.
    pub(crate) content: Content,
    /// How they are written down; where it is none, as they need it.
    pub(crate) encoding: Option<Encoding>,
    /// What the part stands in, the outermost first.
    pub(crate) within: Vec<Wrapping>,
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

/// A transfer encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Base64,
    QuotedPrintable,
    SevenBit,
    EightBit,
}

/// What a part can stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrapping {
    /// An attached message.
    Message,
    /// A multipart of its own.
    Multipart,
    /// What someone signed.
    Signed,
}

/// Reads `attach = [...]`, in the file's order.
pub(crate) fn read(item: &Item<'_>) -> Result<Vec<Attachment>, Error> {
    let items = item.list("an array of attachments")?;
    items.iter().map(|item| attachment(item.table("attachment")?)).collect()
}

/// A size that a message in memory may have.
pub(crate) fn bounded(item: &Item<'_>, size: u64) -> Result<usize, Error> {
    let fits = usize::try_from(size).ok().filter(|_| size <= LARGEST);
    fits.ok_or_else(|| item.error(Flaw::bad("size", size, format!("at most {LARGEST} octets"))))
}

fn attachment(table: Table<'_>) -> Result<Attachment, Error> {
    let table = table.only(&["name", "type", "text", "base64", "size", "virus", "encoding", "within"])?;
    for (n, key) in CONTENTS.into_iter().enumerate() {
        CONTENTS.into_iter().skip(n + 1).try_for_each(|other| table.not_both(key, other))?;
    }
    let name = table.need("name", "a file name")?.line_of_text("file name")?;
    let (content, usual) = content(table)?;
    let media = table.get("type").map(|item| media(&item, &content)).transpose()?;
    let media = media.unwrap_or_else(|| usual.to_owned());
    let encoding = table.get("encoding").map(|item| encoding(&item, table, &media, &content)).transpose()?;
    let within = table.get("within").map_or(Ok(Vec::new()), |item| within(&item))?;
    Ok(Attachment { name, media, content, encoding, within })
}

/// What it holds, and the type that it has where none is said.
fn content(table: Table<'_>) -> Result<(Content, &'static str), Error> {
    if let Some(item) = table.get("text") {
        return Ok((Content::Text(item.text()?.to_owned()), "text/plain"));
    }
    let content = if let Some(item) = table.get("base64") {
        Content::Octets(octets(&item)?)
    } else if let Some(item) = table.get("virus") {
        item.word("virus", &["eicar"])?;
        Content::Octets(EICAR.concat().into_bytes())
    } else {
        let item = table.need("size", "one of \"text\", \"base64\", \"size\" and \"virus\"")?;
        Content::Drawn(bounded(&item, measure::size(&item)?)?)
    };
    Ok((content, "application/octet-stream"))
}

fn octets(item: &Item<'_>) -> Result<Vec<u8>, Error> {
    let found: String = item.text()?.split_whitespace().collect();
    STANDARD.decode(&found).map_err(|why| item.error(Flaw::bad("base64", found, format!("octets in base64 ({why})"))))
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

/// An encoding that the content can have.
fn encoding(item: &Item<'_>, table: Table<'_>, media: &str, content: &Content) -> Result<Encoding, Error> {
    let found = item.word("encoding", &["base64", "quoted-printable", "7bit", "8bit"])?;
    let bad = |expected: &str| Err(item.error(Flaw::bad("encoding", found, expected)));
    if media.starts_with("message/") {
        return bad("none, for an attached message is not encoded");
    }
    let text = match content {
        Content::Text(text) => text.as_str(),
        _ if table.get("virus").is_some() => "",
        _ if found.ends_with("bit") => return bad("\"base64\" or \"quoted-printable\", for these are any octets"),
        _ => "",
    };
    match found {
        "base64" => Ok(Encoding::Base64),
        "quoted-printable" => Ok(Encoding::QuotedPrintable),
        "7bit" if encode::goes_plain(text) => Ok(Encoding::SevenBit),
        "7bit" => bad("another one, for this text is not plain ASCII in lines of at most 998"),
        _ if encode::goes_8bit(text) => Ok(Encoding::EightBit),
        _ => bad("another one, for this text has control characters or lines of more than 998 octets"),
    }
}

fn within(item: &Item<'_>) -> Result<Vec<Wrapping>, Error> {
    let items = item.list("an array such as [\"message\", \"signed\"]")?;
    if items.len() > DEEPEST {
        return Err(item.error(Flaw::bad("depth", items.len(), format!("at most {DEEPEST}"))));
    }
    let one = |item: &Item<'_>| {
        Ok(match item.word("wrapping", &["message", "multipart", "signed"])? {
            "message" => Wrapping::Message,
            "multipart" => Wrapping::Multipart,
            _ => Wrapping::Signed,
        })
    };
    items.iter().map(one).collect()
}

/// What an attachment can hold: of these it has one.
const CONTENTS: [&str; 4] = ["text", "base64", "size", "virus"];
/// The test file that every scanner finds, in two halves: whole it would make scanners find this file.
const EICAR: [&str; 2] = ["X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STAN", "DARD-ANTIVIRUS-TEST-FILE!$H+H*"];
/// Of one message, for a plan is held in memory.
const LARGEST: u64 = 100_000_000;
const DEEPEST: usize = 1_000;
