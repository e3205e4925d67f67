//! What a file is, decided by its first octets; its name only helps where they leave a doubt.

use std::path::Path;

use memchr::memmem;

use crate::mbox::{is_field, is_separator};

/// How many of a file's first octets are looked at.
pub(crate) const HEAD_OCTETS: usize = 64 << 10;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// No octet at all.
    Empty,
    /// Messages one after another, each behind a postmark.
    Mbox,
    /// One message.
    Message,
    /// A signature, perhaps with what it signs inside.
    Signed,
    /// A zip archive.
    Archive,
    /// Something else, in words.
    Other(Kind),
}

/// Says what a file is.
///
/// *Takes* its first octets, at least 64 KiB where it has them, and its name.
pub fn sort(head: &[u8], name: &Path) -> Sort {
    if head.is_empty() {
        return Sort::Empty;
    }
    let text = without_marks(head);
    if text.starts_with(b"From ") && is_separator(text) {
        Sort::Mbox
    } else if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        archive(head)
    } else if is_signed_data(head) || is_armoured(text) {
        Sort::Signed
    } else if let Some((_, kind)) = KNOWN.iter().find(|(magic, _)| head.starts_with(magic)) {
        Sort::Other(*kind)
    } else if is_message(text, name) {
        Sort::Message
    } else {
        Sort::Other(if head.contains(&0) { Kind::Binary } else { Kind::Text })
    }
}

/// A byte order mark and empty lines may stand before what counts.
pub(crate) fn without_marks(head: &[u8]) -> &[u8] {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let blank = text.iter().take_while(|octet| matches!(octet, b'\r' | b'\n')).count();
    &text[blank..]
}

/// What people keep beside their mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A PDF document.
    Pdf,
    /// A picture.
    Picture,
    /// What Outlook saves a message as, and old office programs their documents.
    Outlook,
    /// A data file of Outlook.
    OutlookData,
    /// An archive of another kind than zip.
    Packed,
    /// A database.
    Database,
    /// A zip archive that nobody keeps mail in.
    Office,
    /// A signature without a message in it.
    Signature,
    /// Any other octets.
    Binary,
    /// Any other text.
    Text,
}

const KNOWN: [(&[u8], Kind); 13] = [
    (b"%PDF", Kind::Pdf),
    (b"\x89PNG", Kind::Picture),
    (b"\xff\xd8\xff", Kind::Picture),
    (b"GIF8", Kind::Picture),
    (b"\xd0\xcf\x11\xe0", Kind::Outlook),
    (b"!BDN", Kind::OutlookData),
    (b"\x1f\x8b", Kind::Packed),
    (b"BZh", Kind::Packed),
    (b"\xfd7zXZ", Kind::Packed),
    (b"\x28\xb5\x2f\xfd", Kind::Packed),
    (b"7z\xbc\xaf\x27\x1c", Kind::Packed),
    (b"Rar!", Kind::Packed),
    (b"SQLite format 3", Kind::Database),
];

impl Kind {
    /// What it is, and what to do about it.
    pub fn english(self) -> &'static str {
        match self {
            Self::Pdf => "a PDF document",
            Self::Picture => "a picture",
            Self::Outlook => "an Outlook message or an old office document; save a message as .eml to have it examined",
            Self::OutlookData => "an Outlook data file; export its messages as .eml to have them examined",
            Self::Packed => "an archive that is not zip; unpack it and examine the folder",
            Self::Database => "a database",
            Self::Signature => "a signed document, or a signature apart from what it signs",
            Self::Office => "an office document or a program",
            Self::Binary => "binary",
            Self::Text => "text without the header of a message",
        }
    }

    /// The same in Italian.
    pub fn italian(self) -> &'static str {
        match self {
            Self::Pdf => "un documento PDF",
            Self::Picture => "un'immagine",
            Self::Outlook => {
                "un messaggio di Outlook o un vecchio documento d'ufficio; un messaggio si salvi come .eml"
            }
            Self::OutlookData => "un archivio dati di Outlook; se ne esportino i messaggi come .eml",
            Self::Packed => "un archivio che non è zip; lo si estragga e si esamini la cartella",
            Self::Database => "una base di dati",
            Self::Signature => "un documento firmato, o una firma separata da ciò che firma",
            Self::Office => "un documento d'ufficio o un programma",
            Self::Binary => "binario",
            Self::Text => "testo senza l'intestazione di un messaggio",
        }
    }
}

/// Office documents and programs are zip archives, too; nobody keeps mail in them.
fn archive(head: &[u8]) -> Sort {
    const NAME_AT: usize = 30;
    let first = head.get(NAME_AT..).unwrap_or_default();
    let documents: [&[u8]; 4] = [b"[Content_Types].xml", b"_rels/", b"mimetype", b"META-INF/"];
    if documents.iter().any(|name| first.starts_with(name)) { Sort::Other(Kind::Office) } else { Sort::Archive }
}

/// Whether these octets begin a CMS SignedData, in DER or BER.
fn is_signed_data(head: &[u8]) -> bool {
    const SIGNED_DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
    let Some([0x30, length, rest @ ..]) = head.get(..) else { return false };
    let more = if *length > 0x80 { usize::from(length - 0x80) } else { 0 };
    more <= 8 && rest.get(more..).is_some_and(|content| content.starts_with(SIGNED_DATA))
}

/// The same in base64, with or without lines that say so.
fn is_armoured(text: &[u8]) -> bool {
    let armours: [&[u8]; 3] =
        [b"-----BEGIN PKCS7-----", b"-----BEGIN CMS-----", b"-----BEGIN PKCS #7 SIGNED DATA-----"];
    // An object identifier stands at one of three places of a group of four characters.
    let in_base64: [&[u8]; 3] = [b"BgkqhkiG9w0BBw", b"YJKoZIhvcNAQcC", b"GCSqGSIb3DQEHA"];
    let is_base64 = |octet: &u8| octet.is_ascii_alphanumeric() || b"+/=\r\n".contains(octet);
    let opening = &text[..text.len().min(64)];
    armours.iter().any(|armour| text.starts_with(armour))
        || (opening.starts_with(b"MI")
            && opening.iter().all(is_base64)
            && in_base64.iter().any(|identifier| memmem::find(opening, identifier).is_some()))
}

/// Fields that mail has, and other texts with colons have not.
const FIELDS: [&str; 20] = [
    "from",
    "to",
    "cc",
    "date",
    "subject",
    "message-id",
    "received",
    "return-path",
    "delivered-to",
    "mime-version",
    "content-type",
    "reply-to",
    "sender",
    "x-ricevuta",
    "x-trasporto",
    "x-riferimento-message-id",
    "envelope-to",
    "dkim-signature",
    "content-transfer-encoding",
    "references",
];

/// Whether a header stands here: its first line is a field, and two of its fields (one, in a file called .eml) are those of
/// mail.
fn is_message(text: &[u8], name: &Path) -> bool {
    let header = text.split(|octet| *octet == b'\n').map(<[u8]>::trim_ascii_end).take_while(|line| !line.is_empty());
    let mut known = [false; FIELDS.len()];
    for (n, line) in header.enumerate() {
        // A postmark without its mailbox, quoted or not, may be left on the first line.
        let is_postmark = n == 0 && (line.starts_with(b"From ") || line.starts_with(b">From "));
        if line.contains(&0) || (n == 0 && !is_postmark && !is_field(line)) {
            return false;
        }
        let field = line.split(|octet| *octet == b':').next().unwrap_or_default().trim_ascii_end();
        if let Some(at) = FIELDS.iter().position(|name| name.as_bytes().eq_ignore_ascii_case(field)) {
            known[at] = true;
        }
    }
    let is_called_mail = name.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("eml"));
    known.into_iter().filter(|known| *known).count() >= if is_called_mail { 1 } else { 2 }
}
