//! The lines of the log that the law asks for (RFC 6109 §2.3), out of the store: for people, and whoever examines them.

use std::path::Path;

use collaudo_node::{Bytes, Timestamp};
use jiff::tz::TimeZone;
use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};

use super::file::{check, octets, reader, records, told};
use crate::{Declared, declare, shell::Error};

/// The lines of all days that are not closed yet, each a JSON object, in their order.
///
/// *Errors*: a file that is no store, or cannot be read.
//= PEC-2.3-01
pub(in crate::shell) fn lines(path: &Path) -> Result<Vec<String>, Error> {
    let file = reader(path)?;
    check(path, &file)?;
    let lines = of(&file).map_err(|fault| told(path, &fault))?;
    let text = |line: &Line| serde_json::to_string(line).map_err(|error| Error::at(path, error));
    lines.iter().map(text).collect()
}

/// What the snapshot holds of the open days, and behind it what was committed since.
fn of(file: &Connection) -> rusqlite::Result<Vec<Line>> {
    // A server may write the next snapshot between the two.
    let transaction = file.unchecked_transaction()?;
    let snapshot = transaction.query_row("SELECT state FROM snapshot", [], |row| row.get_ref(0).map(octets));
    let snapshot = snapshot.optional()?.unwrap_or_default();
    let records = records(&transaction)?;
    let book = serde_json::from_slice(&snapshot).map(|Snapshot { ledger }| ledger.book.open).unwrap_or_default();
    let kept = book.iter().filter_map(|kept| Line::kept(&kept.text));
    let since = records.iter().flat_map(|record: &Bytes| declare(record)).filter_map(Line::declared);
    Ok(kept.chain(since).collect())
}

/// As much of a snapshot as has lines.
#[derive(Deserialize)]
struct Snapshot {
    ledger: Ledger,
}

#[derive(Deserialize)]
struct Ledger {
    book: Book,
}

#[derive(Deserialize)]
struct Book {
    open: Vec<Kept>,
}

/// A line as it will be sealed: two links of the chain, and an object.
#[derive(Deserialize)]
struct Kept {
    text: String,
}

#[derive(Deserialize)]
struct Written {
    event: String,
    about: About,
    related: Vec<String>,
    at: i64,
}

#[derive(Deserialize)]
struct About {
    pec_msgid: Option<String>,
    msgid: Option<String>,
    sender: String,
    recipients: Vec<String>,
    subject: Option<String>,
    sending_provider: String,
}

/// What the law wants of an operation.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Line {
    at: String,
    event: String,
    pec_msgid: Option<String>,
    msgid: Option<String>,
    sender: String,
    recipients: Vec<String>,
    subject: Option<String>,
    related: Vec<String>,
    sending_provider: String,
}

impl Line {
    /// None where a line is about no message.
    fn kept(text: &str) -> Option<Self> {
        let Written { event, about, related, at } = serde_json::from_str(text.splitn(3, ' ').nth(2)?).ok()?;
        let About { pec_msgid, msgid, sender, recipients, subject, sending_provider } = about;
        let at = in_rome(Timestamp::from_unix_micros(at));
        Some(Self { at, event, pec_msgid, msgid, sender, recipients, subject, related, sending_provider })
    }

    fn declared(declared: Declared) -> Option<Self> {
        match declared {
            Declared::Logged {
                event,
                pec_msgid,
                msgid,
                sender,
                recipients,
                subject,
                related,
                sending_provider,
                at,
            } => Some(Self {
                at: in_rome(at),
                event,
                pec_msgid,
                msgid,
                sender,
                recipients,
                subject,
                related,
                sending_provider,
            }),
            _ => None,
        }
    }
}

fn in_rome(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_microsecond(at.unix_micros()).unwrap_or_default();
    let zone = TimeZone::get("Europe/Rome").unwrap_or(TimeZone::UTC);
    at.to_zoned(zone).strftime("%Y-%m-%dT%H:%M:%S.%6f%:z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_a_snapshot_keeps_is_one_that_a_record_declares() {
        let text = "{\"event\":\"consegna\",\"about\":{\"pec_msgid\":\"opec1@a\",\"msgid\":\"<m1@x>\",\"sender\":\"anna@a\",\
                    \"recipients\":[\"bruno@a\"],\"subject\":\"prova\",\"sending_provider\":\"A\"},\"related\":[\"opec2@a\"],\
                    \"at\":1772438400000000}";
        let kept = Line::kept(&format!("00 11 {text}\n")).expect("a line");
        let record =
            format!("{{\"v\":2,\"record\":{{\"logged\":{{\"line\":{text},\"chain\":\"{}\"}}}}}}", "0".repeat(64));
        let declared: Vec<_> = declare(record.as_bytes()).into_iter().filter_map(Line::declared).collect();
        assert_eq!(declared, [kept]);
        assert_eq!(declared[0].at, "2026-03-02T09:00:00.000000+01:00");
        assert_eq!(Line::kept("00 11 {\"event\":\"indice\",\"detail\":\"0\",\"at\":1}\n"), None, "about no message");
    }
}
