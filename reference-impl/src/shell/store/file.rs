//! The SQLite file: tables `log`, `snapshot`, `body` and `about`, which people can read with `sqlite3`.

use std::path::{Path, PathBuf};

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
const VERSION: i64 = 1;

const TABLES: &str = "
    CREATE TABLE about (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
    -- What was committed since the snapshot, in order; JSON.
    CREATE TABLE log (number INTEGER PRIMARY KEY, record TEXT NOT NULL);
    -- At most one row; JSON.
    CREATE TABLE snapshot (only INTEGER PRIMARY KEY CHECK (only = 1), state TEXT NOT NULL);
    -- Messages and documents by their SHA-256.
    CREATE TABLE body (id BLOB PRIMARY KEY, bytes BLOB NOT NULL);
";

/// An opened store, before its threads run: what [`collaudo_node::Node::recover`] reads.
pub(in crate::shell) struct Log {
    file: Connection,
    snapshot: Option<Bytes>,
    records: Vec<Bytes>,
}

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
        file.pragma_update(None, "journal_mode", "WAL").map_err(fault)?;
        file.pragma_update(None, "synchronous", "FULL").map_err(fault)?;
        // Pages that change with each commit are copied from the log to the file once for many of them.
        file.pragma_update(None, "wal_autocheckpoint", 4000).map_err(fault)?;
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
        transaction.commit().map_err(fault)?;
        let snapshot = file.query_row("SELECT state FROM snapshot", [], |row| row.get_ref(0).map(octets));
        let snapshot = snapshot.optional().map_err(fault)?;
        let records = records(&file).map_err(fault)?;
        Ok(Self { file, snapshot, records })
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
        body(&self.file, id).unwrap_or_else(|fault| {
            error!(%fault, body = %id, "a body could not be read");
            None
        })
    }
}

fn check(path: &Path, file: &Connection) -> Result<(), Error> {
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
fn told(path: &Path, fault: &rusqlite::Error) -> Error {
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

pub(super) fn append(transaction: &Transaction<'_>, records: &[Bytes]) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare_cached("INSERT INTO log (record) VALUES (?1)")?;
    records.iter().try_for_each(|record| insert.execute([text(record)]).map(drop))
}

pub(super) fn keep(transaction: &Transaction<'_>, bodies: &[Body]) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare_cached("INSERT OR IGNORE INTO body VALUES (?1, ?2)")?;
    bodies.iter().try_for_each(|body| insert.execute(params![&body.id.0[..], &body.bytes[..]]).map(drop))
}

/// A snapshot takes the place of the log.
pub(super) fn replace_log(transaction: &Transaction<'_>, state: &Bytes) -> rusqlite::Result<()> {
    transaction.execute("INSERT OR REPLACE INTO snapshot VALUES (1, ?1)", [text(state)])?;
    transaction.execute("DELETE FROM log", [])?;
    Ok(())
}

pub(super) fn body(file: &Connection, id: BodyId) -> rusqlite::Result<Option<Bytes>> {
    let mut select = file.prepare_cached("SELECT bytes FROM body WHERE id = ?1")?;
    select.query_row([&id.0[..]], |row| row.get_ref(0).map(octets)).optional()
}

fn records(file: &Connection) -> rusqlite::Result<Vec<Bytes>> {
    let mut select = file.prepare("SELECT record FROM log ORDER BY number")?;
    let rows = select.query_map([], |row| row.get_ref(0).map(octets))?;
    rows.collect()
}

/// Text, as it is read by people; what is no text goes as it is.
fn text(octets: &[u8]) -> ToSqlOutput<'_> {
    match std::str::from_utf8(octets) {
        Ok(_) => ToSqlOutput::Borrowed(ValueRef::Text(octets)),
        Err(_) => ToSqlOutput::Borrowed(ValueRef::Blob(octets)),
    }
}

fn octets(value: ValueRef<'_>) -> Bytes {
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
        append(&transaction, &[founding("{\"b\":2}")]).expect("a record");
        keep(&transaction, &[body.clone(), body.clone()]).expect("a body, twice");
        transaction.commit().expect("a commit");
        drop(log);
        let mut log = Log::open(&path, &founding("{\"a\":1}")).expect("the same store");
        assert_eq!(log.records().collect::<Vec<_>>(), ["{\"a\":1}", "{\"b\":2}"]);
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
        assert!(told(&path).contains("version 9, and this program reads version 1"), "{}", told(&path));
    }
}
