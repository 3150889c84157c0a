//! Everything said in SQL: how connections are set up, the schema, and the statements.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, Error, ErrorCode, OpenFlags, OptionalExtension, Result};

use super::{EmbeddedOptions, OpenCause, log};
use crate::key::prefix_end;
use crate::{Batch, Direction, Key, Revision, Row, Scan, StoreError};

/// Opens the connection that writes, makes or checks the schema, and tells the revision to go on
/// from.
pub(super) fn open_writer(
    file: &Path,
    options: &EmbeddedOptions,
) -> Result<(Connection, Revision), OpenCause> {
    let connection = open(file, options).map_err(OpenCause::from)?;
    log::write_again(&connection, file)?;
    check_or_make_schema(&connection)?;
    if let Some(bytes_max) = options.file_bytes_max {
        let pages_max = i64::try_from(bytes_max / u64::from(PAGE_BYTES)).unwrap_or(i64::MAX);
        connection.pragma_update_and_check(None, "max_page_count", pages_max, |_| Ok(()))?;
    }
    let reserved = connection.query_row(
        "SELECT value FROM meta WHERE name = 'revision_reserved'",
        [],
        revision_at_0,
    )?;
    Ok((connection, reserved))
}

/// Opens a connection that only reads.
pub(super) fn open_reader(file: &Path, options: &EmbeddedOptions) -> Result<Connection> {
    let connection = open(file, options)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// Opens a connection with the settings that all of them share.
pub(super) fn open(file: &Path, options: &EmbeddedOptions) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(BUSY_WAIT_MAX)?;
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // On macOS a plain fsync leaves data in the drive's cache.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    connection.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(()))?;
    let log_bytes_kept = i64::try_from(options.log_bytes_max.saturating_mul(2)).unwrap_or(i64::MAX);
    connection.pragma_update_and_check(None, "journal_size_limit", log_bytes_kept, |_| Ok(()))?;
    // A page of a mapped file that the disk cannot read ends the process, where a read that fails is
    // an error; and after each commit of another connection the whole mapping would be given up.
    connection.pragma_update_and_check(None, "mmap_size", 0, |_| Ok(()))?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // Without it a statement whose LIMIT is a parameter is parsed again each time it is run.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

fn check_or_make_schema(connection: &Connection) -> Result<(), OpenCause> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    match (pragma("application_id")?, pragma("user_version")?) {
        (0, 0) if tables == 0 => Ok(connection.execute_batch(&format!(
            "BEGIN IMMEDIATE;
             CREATE TABLE rows (
                 key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL, revision INTEGER NOT NULL
             ) WITHOUT ROWID, STRICT;
             CREATE TABLE meta (
                 name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL
             ) WITHOUT ROWID, STRICT;
             INSERT INTO meta VALUES ('revision_reserved', 0), ('barrier', 0);
             PRAGMA application_id = {APPLICATION_ID};
             PRAGMA user_version = {FORMAT_VERSION};
             COMMIT;"
        ))?),
        (APPLICATION_ID, version) if version > FORMAT_VERSION => {
            Err(OpenCause::Newer(version, FORMAT_VERSION))
        }
        (APPLICATION_ID, FORMAT_VERSION) => Ok(()),
        _ => Err(OpenCause::Foreign),
    }
}

/// Reads rows by key.
pub(super) fn read(connection: &Connection, keys: &[Key]) -> Result<Vec<Option<Row>>> {
    let mut statement =
        connection.prepare_cached("SELECT value, revision FROM rows WHERE key = ?1")?;
    let read_one = |key: &Key| {
        statement
            .query_row([key.as_bytes()], |row| {
                Ok(Row { value: blob_at(row, 0)?, revision: revision_at(row, 1)? })
            })
            .optional()
    };
    keys.iter().map(read_one).collect()
}

/// Reads rows by prefix.
pub(super) fn scan(connection: &Connection, scan: &Scan<'_>) -> Result<Vec<(Key, Row)>> {
    let mut from = scan.prefix.to_vec();
    let mut to = prefix_end(scan.prefix);
    match (scan.after, scan.direction) {
        (Some(after), Direction::Ascending) => {
            // The next key that can exist: this one and a zero byte.
            let mut next = after.as_bytes().to_vec();
            next.push(0);
            from = from.max(next);
        }
        (Some(after), Direction::Descending) => {
            let after = after.as_bytes();
            let is_nearer = to.as_deref().is_none_or(|to| after < to);
            to = if is_nearer { Some(after.to_vec()) } else { to };
        }
        (None, _) => {}
    }
    let rows_max = i64::try_from(scan.rows_max).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(match (scan.direction, &to) {
        (Direction::Ascending, Some(_)) => SCAN_ASCENDING,
        (Direction::Ascending, None) => SCAN_ASCENDING_TO_THE_END,
        (Direction::Descending, Some(_)) => SCAN_DESCENDING,
        (Direction::Descending, None) => SCAN_DESCENDING_FROM_THE_END,
    })?;
    let row = |row: &rusqlite::Row<'_>| {
        let key = Key::from_bytes(row.get_ref(0)?.as_blob()?);
        Ok((key, Row { value: blob_at(row, 1)?, revision: revision_at(row, 2)? }))
    };
    match to {
        Some(to) => statement.query_map((from, rows_max, to), row)?.collect(),
        None => statement.query_map((from, rows_max), row)?.collect(),
    }
}

/// Whether every key has the revision that is expected of it.
pub(super) fn holds(
    connection: &Connection,
    expectations: &[(Key, Option<Revision>)],
) -> Result<bool> {
    let mut statement = connection.prepare_cached("SELECT revision FROM rows WHERE key = ?1")?;
    for (key, expected) in expectations {
        if statement.query_row([key.as_bytes()], revision_at_0).optional()? != *expected {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Writes a batch inside the open transaction.
pub(super) fn write(connection: &Connection, batch: &Batch, revision: Revision) -> Result<()> {
    let revision = stored(revision);
    let mut delete = connection.prepare_cached("DELETE FROM rows WHERE key = ?1")?;
    for key in &batch.deletes {
        delete.execute([key.as_bytes()])?;
    }
    let mut put = connection.prepare_cached(
        "INSERT INTO rows (key, value, revision) VALUES (?1, ?2, ?3)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value, revision = excluded.revision",
    )?;
    for (key, value) in &batch.puts {
        put.execute((key.as_bytes(), value.as_ref(), revision))?;
    }
    Ok(())
}

/// Notes, inside the open transaction, that revisions up to this one may have been used.
pub(super) fn reserve(connection: &Connection, revision: Revision) -> Result<()> {
    let sql = "UPDATE meta SET value = ?1 WHERE name = 'revision_reserved'";
    connection.prepare_cached(sql)?.execute([stored(revision)]).map(drop)
}

/// Makes a commit of its own that changes nothing that anyone reads.
pub(super) fn barrier(connection: &Connection) -> Result<()> {
    let sql = "UPDATE meta SET value = value + 1 WHERE name = 'barrier'";
    connection.prepare_cached(sql)?.execute([]).map(drop)
}

/// Runs a statement without parameters or rows.
pub(super) fn execute(connection: &Connection, sql: &str) -> Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(drop)
}

/// Gives up the open transaction, if there is one.
pub(super) fn roll_back(connection: &Connection) {
    if !connection.is_autocommit()
        && let Err(error) = execute(connection, "ROLLBACK")
    {
        tracing::error!(error = %error, "store can't roll back: {error}");
    }
}

/// Folds what it can of the log into the file, without keeping anyone waiting.
pub(super) fn checkpoint(connection: &Connection) -> Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
}

/// Folds all of the log into the file and empties it.
pub(super) fn checkpoint_fully(connection: &Connection) -> Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}

fn blob_at(row: &rusqlite::Row<'_>, column: usize) -> Result<Bytes> {
    Ok(Bytes::copy_from_slice(row.get_ref(column)?.as_blob()?))
}

fn revision_at_0(row: &rusqlite::Row<'_>) -> Result<Revision> {
    revision_at(row, 0)
}

fn revision_at(row: &rusqlite::Row<'_>, column: usize) -> Result<Revision> {
    let number: i64 = row.get(column)?;
    let out_of_range = |_| Error::IntegralValueOutOfRange(column, number);
    u64::try_from(number).map(Revision::new).map_err(out_of_range)
}

fn stored(revision: Revision) -> i64 {
    // Two to the 63rd commits would take longer than the hardware lasts.
    i64::try_from(revision.number()).unwrap_or(i64::MAX)
}

impl From<Error> for OpenCause {
    fn from(error: Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::Foreign,
            _ => Self::Io(error.to_string()),
        }
    }
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        let is_corrupt = match &error {
            Error::IntegralValueOutOfRange(..)
            | Error::InvalidColumnType(..)
            | Error::FromSqlConversionFailure(..) => true,
            other => matches!(
                other.sqlite_error_code(),
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
            ),
        };
        if is_corrupt {
            Self::Corrupt(error.to_string())
        } else {
            Self::Unavailable(error.to_string())
        }
    }
}

pub(super) const PAGE_BYTES: u32 = 4_096;
/// "cofr" in ASCII.
const APPLICATION_ID: i64 = 0x636f_6672;
const FORMAT_VERSION: i64 = 1;
/// Only tools of the operator ever hold a lock that the store waits for.
const BUSY_WAIT_MAX: Duration = Duration::from_secs(5);
const SCAN_ASCENDING: &str = "SELECT key, value, revision FROM rows
    WHERE key >= ?1 AND key < ?3 ORDER BY key LIMIT ?2";
const SCAN_ASCENDING_TO_THE_END: &str = "SELECT key, value, revision FROM rows
    WHERE key >= ?1 ORDER BY key LIMIT ?2";
const SCAN_DESCENDING: &str = "SELECT key, value, revision FROM rows
    WHERE key >= ?1 AND key < ?3 ORDER BY key DESC LIMIT ?2";
const SCAN_DESCENDING_FROM_THE_END: &str = "SELECT key, value, revision FROM rows
    WHERE key >= ?1 ORDER BY key DESC LIMIT ?2";
