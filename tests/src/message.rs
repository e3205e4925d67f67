//! Just enough reading of messages for tests that compare octets; a third reader, beside the reference's and the judge's.

use collaudo_record::{Trace, What};
use mail_parser::{MessageParser, MimeHeaders as _};

/// `postacert.eml` of the first message in a mailbox that has one, octet for octet.
pub fn postacert(trace: &Trace, mailbox: &str) -> Option<Vec<u8>> {
    trace.events.iter().find_map(|event| match &event.what {
        What::Stored { mailbox: found, body, .. } if found == mailbox => part_named(trace.body(body)?, "postacert.eml"),
        _ => None,
    })
}

fn part_named(message: &[u8], name: &str) -> Option<Vec<u8>> {
    let parsed = MessageParser::new().parse(message)?;
    let part = parsed.parts.iter().find(|part| part.attachment_name() == Some(name))?;
    message.get(usize::try_from(part.offset_body).ok()?..usize::try_from(part.offset_end).ok()?).map(<[u8]>::to_vec)
}

/// A message without the two fields that the law rewrites, wherever they stand in its header, folds included.
pub fn without_rewritten(message: &[u8]) -> Vec<u8> {
    let (header, body) = message.split_at(header_end(message));
    let mut kept = Vec::new();
    let mut keep = true;
    for line in header.split_inclusive(|b| *b == b'\n') {
        if !line.starts_with(b" ") && !line.starts_with(b"\t") {
            keep = !names(line, "message-id") && !names(line, "x-riferimento-message-id");
        }
        if keep {
            kept.extend_from_slice(line);
        }
    }
    kept.extend_from_slice(body);
    kept
}

/// How many fields of a name, in lower case, the header has.
pub fn count(message: &[u8], name: &str) -> usize {
    let (header, _) = message.split_at(header_end(message));
    header.split_inclusive(|b| *b == b'\n').filter(|line| names(line, name)).count()
}

/// With every line ended by CRLF.
pub fn crlf(octets: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(octets.len());
    for octet in octets {
        if *octet == b'\n' && out.last() != Some(&b'\r') {
            out.push(b'\r');
        }
        out.push(*octet);
    }
    out
}

/// Octets as text, one character each, so that a difference can be read.
pub fn shown(octets: &[u8]) -> String {
    octets.iter().map(|octet| char::from(*octet)).collect()
}

fn header_end(message: &[u8]) -> usize {
    message.windows(4).position(|window| window == b"\r\n\r\n").map_or(message.len(), |n| n + 2)
}

fn names(line: &[u8], name: &str) -> bool {
    line.split(|b| *b == b':').next().is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
}

/// What a message says of itself, as a program reads it that knows little of certified mail.
#[derive(Clone, Debug)]
pub struct Received {
    /// X-Ricevuta, else X-Trasporto, else nothing.
    pub kind: String,
    /// X-Riferimento-Message-ID: the identifier that the user's program gave.
    pub msgid: Option<String>,
    /// The address in From.
    pub issuer: Option<String>,
    /// `identificativo` of the certification data.
    pub identifier: Option<String>,
    /// `consegna` of the certification data: the one recipient that it is about.
    pub about: Option<String>,
    /// `postacert.eml`, octet for octet.
    pub postacert: Option<Vec<u8>>,
}

/// Reads a message out of a mailbox.
pub fn received(octets: &[u8]) -> Received {
    let parsed = MessageParser::new().parse(octets).unwrap_or_default();
    let header = |name: &str| parsed.header_raw(name).map(|value| value.trim().to_owned());
    let data = parsed.parts.iter().find(|part| part.attachment_name() == Some("daticert.xml"));
    let data = data.map(|part| String::from_utf8_lossy(part.contents()).into_owned()).unwrap_or_default();
    let element = |name: &str| {
        let (_, rest) = data.split_once(&format!("<{name}>"))?;
        rest.split_once(&format!("</{name}>")).map(|(value, _)| value.to_owned())
    };
    Received {
        kind: header("X-Ricevuta").or_else(|| header("X-Trasporto")).unwrap_or_default(),
        msgid: header("X-Riferimento-Message-ID"),
        issuer: header("From"),
        identifier: element("identificativo"),
        about: element("consegna"),
        postacert: part_named(octets, "postacert.eml"),
    }
}
