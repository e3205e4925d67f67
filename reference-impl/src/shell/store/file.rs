//! The SQLite file: tables `log`, `snapshot`, `body`, `place` and `about`, which people can read with `sqlite3`.
//!
//! Bodies are appended in their order, and where each lies is written into `place` for thousands of them at once: names
//! that are digests fall anywhere in an index, and to write a page of it for each body would be a third of all that is written.
//! What lies behind the last of those is read back when the file is opened.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use collaudo_node::{Body, BodyId, Bytes, DurableLog};
use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension, Transaction, params,
    types::{ToSqlOutput, ValueRef},
};
use tracing::error;

use crate::shell::Error;

/// What tells the file from others' (SQLite's application_id): "PEC1".
const APPLICATION: i64 = 0x5045_4331;
/// The version of the tables (SQLite's user_version); one more for every change of them.
const VERSION: i64 = 2;
/// Octets of a page: most bodies lie in one.
const PAGE: i64 = 16 * 1024;
/// Pages that are copied at once from SQLite's own log to the file.
const CHECKPOINT: i64 = 1000;

/// What parts the records of a commit; JSON has none inside.
const LINE_END: u8 = b'\n';

const TABLES: &str = "
    CREATE TABLE about (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
    -- What was committed since the snapshot, in order: a commit a row, a record a line, in JSON.
    CREATE TABLE log (number INTEGER PRIMARY KEY, records TEXT NOT NULL);
    -- At most one row; JSON.
    CREATE TABLE snapshot (only INTEGER PRIMARY KEY CHECK (only = 1), state TEXT NOT NULL);
    -- Messages and documents, named by their SHA-256, as they came.
    CREATE TABLE body (number INTEGER PRIMARY KEY, id BLOB NOT NULL, bytes BLOB NOT NULL);
    -- Where each of them lies whose number is up to 'placed' in about.
    CREATE TABLE place (id BLOB PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
";

/// An opened store, before its threads run: what [`collaudo_node::Node::recover`] reads.
pub(in crate::shell) struct Log {
    file: Connection,
    snapshot: Option<Bytes>,
    records: Vec<Bytes>,
}

/// Bodies that are in no index yet, and their numbers.
pub(super) type Fresh = BTreeMap<BodyId, i64>;

impl Log {
    /// Opens the store, or makes it where there is none, and sees to it that `founding` is the last founding record.
    ///
    /// *Errors*: a file that is no store, is of another version, or is in use.
    pub(in crate::shell) fn open(path: &Path, founding: &Bytes) -> Result<Self, Error> {
        let fault = |fault: rusqlite::Error| told(path, &fault);
        let mut file = Connection::open(path).map_err(fault)?;
        // Another process that only looks at the file may hold it for a moment.
        file.busy_timeout(std::time::Duration::from_secs(5)).map_err(fault)?;
        let tables: i64 = file.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(fault)?;
        if tables > 0 {
            check(path, &file)?;
        }
        // Of a file that is there already it changes nothing.
        file.pragma_update(None, "page_size", PAGE).map_err(fault)?;
        file.pragma_update(None, "journal_mode", "WAL").map_err(fault)?;
        file.pragma_update(None, "synchronous", "FULL").map_err(fault)?;
        // Pages that change with each commit are copied from the log to the file once for many of them.
        file.pragma_update(None, "wal_autocheckpoint", CHECKPOINT).map_err(fault)?;
        let transaction = file.transaction().map_err(fault)?;
        if tables == 0 {
            transaction.execute_batch(TABLES).map_err(fault)?;
            transaction.pragma_update(None, "application_id", APPLICATION).map_err(fault)?;
            transaction.pragma_update(None, "user_version", VERSION).map_err(fault)?;
        }
        let holds = founded(&transaction).map_err(fault)?;
        if let Some(domain) = holds.as_ref().and_then(|holds| other_domain(holds, founding)) {
            let what =
                format!("is the store of {domain}, and the configuration is of another domain; a domain never changes");
            return Err(Error::at(path, what));
        }
        if holds.as_ref() != Some(founding) {
            found(&transaction, founding).map_err(fault)?;
        }
        place_rest(&transaction).map_err(fault)?;
        transaction.commit().map_err(fault)?;
        let snapshot = file.query_row("SELECT state FROM snapshot", [], |row| row.get_ref(0).map(octets));
        let snapshot = snapshot.optional().map_err(fault)?;
        let records = records(&file).map_err(fault)?;
        Ok(Self { file, snapshot, records })
    }

    /// Drops all bodies but those that are referred to. *Gives* how many went.
    ///
    /// *Errors*: a file that cannot be written.
    pub(in crate::shell) fn sweep(&mut self, path: &Path, referred: &BTreeSet<BodyId>) -> Result<usize, Error> {
        let swept = self.file.transaction().and_then(|transaction| {
            let count = drop_others(&transaction, referred)?;
            transaction.commit().map(|()| count)
        });
        swept.map_err(|fault| told(path, &fault))
    }

    pub(super) fn into_writer(self) -> Connection {
        self.file
    }
}

impl DurableLog for Log {
    fn snapshot(&self) -> Option<Bytes> {
        self.snapshot.clone()
    }

    fn records(&self) -> Box<dyn Iterator<Item = Bytes> + '_> {
        Box::new(self.records.iter().cloned())
    }

    fn body(&self, id: BodyId) -> Option<Bytes> {
        body(&self.file, id, None).unwrap_or_else(|fault| {
            error!(%fault, body = %id, "a body could not be read");
            None
        })
    }
}

pub(super) fn check(path: &Path, file: &Connection) -> Result<(), Error> {
    let number = |name| file.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(|e| told(path, &e));
    if number("application_id")? != APPLICATION {
        let what = "is an SQLite file, but no store of a gestore; name another file as `store` in [files]";
        return Err(Error::at(path, what));
    }
    match number("user_version")? {
        VERSION => Ok(()),
        other => {
            let what = format!(
                "is a store of version {other}, and this program reads version {VERSION}; run the program that wrote it"
            );
            Err(Error::at(path, what))
        }
    }
}

/// A fault of SQLite, and what to do about it.
pub(super) fn told(path: &Path, fault: &rusqlite::Error) -> Error {
    let what = match fault.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => "is no SQLite file; name another file as `store` in [files]".to_owned(),
        Some(ErrorCode::CannotOpen) => {
            "cannot be opened; see whether its folder is there and may be written".to_owned()
        }
        _ => format!("the store cannot be used: {fault}"),
    };
    Error::at(path, what)
}

/// The founding record that holds: the first, or that of the last change of the configuration.
fn founded(transaction: &Transaction<'_>) -> rusqlite::Result<Option<Bytes>> {
    let query = "SELECT value FROM about WHERE name = 'founded'";
    transaction.query_row(query, [], |row| row.get_ref(0).map(octets)).optional()
}

/// The domain of a store, where a new founding record is of another one.
fn other_domain(holds: &Bytes, founding: &Bytes) -> Option<String> {
    let (before, after) = (crate::founding(holds)?, crate::founding(founding)?);
    Some(before.domain).filter(|before| !before.eq_ignore_ascii_case(&after.domain))
}

/// Appends a founding record, which holds from now on.
fn found(transaction: &Transaction<'_>, founding: &Bytes) -> rusqlite::Result<()> {
    append(transaction, std::slice::from_ref(founding))?;
    transaction.execute("INSERT OR REPLACE INTO about VALUES ('founded', ?1)", params![text(founding)])?;
    Ok(())
}

/// Opens the file a second time, to read bodies beside the writer.
pub(super) fn reader(path: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(PathBuf::from(path), flags).map_err(|fault| told(path, &fault))
}

/// Appends what one commit says.
pub(super) fn append(transaction: &Transaction<'_>, records: &[Bytes]) -> rusqlite::Result<()> {
    if records.iter().any(|record| record.contains(&LINE_END)) {
        return Err(rusqlite::Error::ToSqlConversionFailure("a record that is more than a line".into()));
    }
    let lines = records.join(&LINE_END);
    transaction.prepare_cached("INSERT INTO log (records) VALUES (?1)")?.execute([text(&lines)])?;
    Ok(())
}

/// Appends bodies that are not there yet. *Gives* their numbers.
pub(super) fn keep(
    transaction: &Transaction<'_>,
    bodies: &[Body],
    fresh: &Fresh,
    kept: &mut Fresh,
) -> rusqlite::Result<()> {
    let mut place = transaction.prepare_cached("SELECT 1 FROM place WHERE id = ?1")?;
    let mut insert = transaction.prepare_cached("INSERT INTO body (id, bytes) VALUES (?1, ?2)")?;
    for Body { id, bytes } in bodies {
        if !fresh.contains_key(id) && !kept.contains_key(id) && !place.exists([&id.0[..]])? {
            insert.execute(params![&id.0[..], &bytes[..]])?;
            kept.insert(*id, transaction.last_insert_rowid());
        }
    }
    Ok(())
}

/// Writes down where bodies lie, all that are in no index yet.
pub(super) fn place(transaction: &Transaction<'_>, fresh: &Fresh) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare_cached("INSERT INTO place VALUES (?1, ?2)")?;
    for (id, number) in fresh {
        insert.execute(params![&id.0[..], number])?;
    }
    let last = fresh.values().max();
    last.map_or(Ok(()), |last| set_placed(transaction, *last))
}

/// The same for all that a former life of the server has left.
fn place_rest(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let placed = "SELECT value FROM about WHERE name = 'placed'";
    let placed: i64 = transaction.query_row(placed, [], |row| row.get(0)).optional()?.unwrap_or(0);
    transaction.execute("INSERT INTO place SELECT id, number FROM body WHERE number > ?1 ORDER BY id", [placed])?;
    set_placed(transaction, last_body(transaction)?)
}

fn last_body(transaction: &Transaction<'_>) -> rusqlite::Result<i64> {
    transaction.query_row("SELECT coalesce(max(number), 0) FROM body", [], |row| row.get(0))
}

fn set_placed(transaction: &Transaction<'_>, number: i64) -> rusqlite::Result<()> {
    transaction.execute("INSERT OR REPLACE INTO about VALUES ('placed', ?1)", [number])?;
    Ok(())
}

/// All bodies have their places.
fn drop_others(transaction: &Transaction<'_>, referred: &BTreeSet<BodyId>) -> rusqlite::Result<usize> {
    let mut select = transaction.prepare("SELECT id, number FROM place")?;
    let rows = select.query_map([], |row| Ok((row.get::<_, [u8; 32]>(0)?, row.get::<_, i64>(1)?)))?;
    let others = rows.filter(|row| row.as_ref().map_or(true, |(id, _)| !referred.contains(&BodyId(*id))));
    let others: Vec<([u8; 32], i64)> = others.collect::<rusqlite::Result<_>>()?;
    let mut body = transaction.prepare("DELETE FROM body WHERE number = ?1")?;
    let mut place = transaction.prepare("DELETE FROM place WHERE id = ?1")?;
    for (id, number) in &others {
        body.execute([number])?;
        place.execute([&id[..]])?;
    }
    // The numbers of those that went are given again.
    set_placed(transaction, last_body(transaction)?)?;
    Ok(others.len())
}

/// A snapshot takes the place of the log.
pub(super) fn replace_log(transaction: &Transaction<'_>, state: &Bytes) -> rusqlite::Result<()> {
    transaction.execute("INSERT OR REPLACE INTO snapshot VALUES (1, ?1)", [text(state)])?;
    transaction.execute("DELETE FROM log", [])?;
    Ok(())
}

/// A body by its number, or by its name where it has a place.
pub(super) fn body(file: &Connection, id: BodyId, number: Option<i64>) -> rusqlite::Result<Option<Bytes>> {
    let number = match number {
        Some(number) => Some(number),
        None => {
            let mut select = file.prepare_cached("SELECT number FROM place WHERE id = ?1")?;
            select.query_row([&id.0[..]], |row| row.get(0)).optional()?
        }
    };
    let Some(number) = number else { return Ok(None) };
    let mut select = file.prepare_cached("SELECT bytes FROM body WHERE number = ?1")?;
    select.query_row([number], |row| row.get_ref(0).map(octets)).optional()
}

pub(super) fn records(file: &Connection) -> rusqlite::Result<Vec<Bytes>> {
    let mut select = file.prepare("SELECT records FROM log ORDER BY number")?;
    let rows = select.query_map([], |row| row.get_ref(0).map(octets))?;
    let mut records = Vec::new();
    for row in rows {
        let row = row?;
        records.extend(row.split(|octet| *octet == LINE_END).map(|record| row.slice_ref(record)));
    }
    Ok(records)
}

/// Text, as it is read by people; what is no text goes as it is.
fn text(octets: &[u8]) -> ToSqlOutput<'_> {
    match std::str::from_utf8(octets) {
        Ok(_) => ToSqlOutput::Borrowed(ValueRef::Text(octets)),
        Err(_) => ToSqlOutput::Borrowed(ValueRef::Blob(octets)),
    }
}

pub(super) fn octets(value: ValueRef<'_>) -> Bytes {
    match value {
        ValueRef::Text(octets) | ValueRef::Blob(octets) => Bytes::copy_from_slice(octets),
        _ => Bytes::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::{env, fs, process};

    use super::*;

    /// A path of the test's own, nothing there.
    fn place(name: &str) -> PathBuf {
        let folder = env::temp_dir().join(format!("gestore-store-{}-{name}", process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        folder.join("store.db")
    }

    fn founding(text: &'static str) -> Bytes {
        Bytes::from_static(text.as_bytes())
    }

    #[test]
    fn what_was_written_is_read_back_and_a_snapshot_takes_the_place_of_the_log() {
        let path = place("back");
        let body = Body::new(Bytes::from_static(b"ciao"));
        let mut log = Log::open(&path, &founding("{\"a\":1}")).expect("a new store");
        let transaction = log.file.transaction().expect("a transaction");
        append(&transaction, &[founding("{\"b\":2}"), founding("{\"b\":3}")]).expect("two records");
        assert!(append(&transaction, &[founding("{\n}")]).is_err(), "a record is a line");
        let mut kept = Fresh::new();
        keep(&transaction, &[body.clone(), body.clone()], &Fresh::new(), &mut kept).expect("a body, twice");
        transaction.commit().expect("a commit");
        assert_eq!(super::body(&log.file, body.id, kept.get(&body.id).copied()), Ok(Some(body.bytes.clone())));
        assert_eq!(kept.len(), 1);
        drop(log);
        let mut log = Log::open(&path, &founding("{\"a\":1}")).expect("the same store");
        assert_eq!(log.records().collect::<Vec<_>>(), ["{\"a\":1}", "{\"b\":2}", "{\"b\":3}"]);
        assert_eq!(DurableLog::body(&log, body.id), Some(body.bytes));
        assert_eq!(DurableLog::body(&log, BodyId::of(b"x")), None);
        let transaction = log.file.transaction().expect("a transaction");
        replace_log(&transaction, &founding("{\"c\":3}")).expect("a snapshot");
        transaction.commit().expect("a commit");
        drop(log);
        let log = Log::open(&path, &founding("{\"a\":2}")).expect("the same store");
        assert_eq!(log.snapshot(), Some(founding("{\"c\":3}")));
        assert_eq!(log.records().collect::<Vec<_>>(), ["{\"a\":2}"], "the changed configuration stands behind it");
    }

    fn count(log: &Log, table: &str) -> i64 {
        log.file.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).expect("a number")
    }

    #[test]
    fn bodies_find_their_places_at_once_or_when_the_file_is_opened_and_lie_there_once() {
        let path = place("places");
        let body = |text: &'static str| Body::new(Bytes::from_static(text.as_bytes()));
        let mut log = Log::open(&path, &founding("{}")).expect("a new store");
        let mut fresh = Fresh::new();
        let transaction = log.file.transaction().expect("a transaction");
        keep(&transaction, &[body("uno"), body("due")], &Fresh::new(), &mut fresh).expect("bodies");
        super::place(&transaction, &fresh).expect("places");
        let mut more = Fresh::new();
        keep(&transaction, &[body("uno"), body("tre")], &Fresh::new(), &mut more).expect("bodies");
        assert_eq!(more.keys().collect::<Vec<_>>(), [&body("tre").id], "the other has its place");
        let mut none = Fresh::new();
        keep(&transaction, &[body("tre")], &more, &mut none).expect("bodies");
        assert!(none.is_empty(), "it waits for its place");
        transaction.commit().expect("a commit");
        assert_eq!(DurableLog::body(&log, body("tre").id), None);
        drop(log);
        let log = Log::open(&path, &founding("{}")).expect("the same store");
        for text in ["uno", "due", "tre"] {
            assert_eq!(DurableLog::body(&log, body(text).id), Some(body(text).bytes));
        }
        assert_eq!((count(&log, "body"), count(&log, "place")), (3, 3));
    }

    #[test]
    fn what_nothing_refers_to_goes_and_its_number_can_be_given_again() {
        let path = place("sweep");
        let body = |text: &'static str| Body::new(Bytes::from_static(text.as_bytes()));
        let mut log = Log::open(&path, &founding("{}")).expect("a new store");
        let write = |log: &mut Log, bodies: &[Body]| {
            let transaction = log.file.transaction().expect("a transaction");
            keep(&transaction, bodies, &Fresh::new(), &mut Fresh::new()).expect("bodies");
            transaction.commit().expect("a commit");
        };
        write(&mut log, &[body("uno"), body("due"), body("tre")]);
        drop(log);
        let mut log = Log::open(&path, &founding("{}")).expect("the same store");
        assert_eq!(log.sweep(&path, &[body("uno").id].into()).expect("a sweep"), 2);
        write(&mut log, &[body("quattro")]);
        drop(log);
        let log = Log::open(&path, &founding("{}")).expect("the same store");
        let found = ["uno", "due", "tre", "quattro"].map(|text| DurableLog::body(&log, body(text).id).is_some());
        assert_eq!(found, [true, false, false, true]);
    }

    #[test]
    fn a_transaction_that_is_not_committed_leaves_nothing() {
        let path = place("torn");
        let mut log = Log::open(&path, &founding("{}")).expect("a new store");
        let transaction = log.file.transaction().expect("a transaction");
        append(&transaction, &[founding("{\"b\":2}")]).expect("a record");
        drop(transaction);
        drop(log);
        assert_eq!(Log::open(&path, &founding("{}")).expect("the store").records().count(), 1);
    }

    #[test]
    fn other_files_and_other_versions_are_told() {
        let path = place("other");
        fs::write(&path, "no database at all, but long enough to be looked at as one".repeat(20)).expect("a file");
        let told = |path: &Path| Log::open(path, &founding("{}")).err().expect("a fault").to_string();
        assert!(told(&path).contains("is no SQLite file"), "{}", told(&path));
        fs::remove_file(&path).expect("the file goes");
        Connection::open(&path).and_then(|file| file.execute_batch("CREATE TABLE x (y)")).expect("a database");
        assert!(told(&path).contains("no store of a gestore"), "{}", told(&path));
        fs::remove_file(&path).expect("the file goes");
        drop(Log::open(&path, &founding("{}")).expect("a store"));
        Connection::open(&path).and_then(|file| file.pragma_update(None, "user_version", 9)).expect("a version");
        assert!(told(&path).contains("version 9, and this program reads version 2"), "{}", told(&path));
    }
}
