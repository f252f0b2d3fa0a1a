//! The state of one environment as a SQLite file: journal and snapshot in one transaction, fsynced before `append` returns.
//! This room's own door to the disk; the path is handed in. Knows no cloud and no plan.

use super::fold::{Touched, fold_touching};
use super::journal::{JournalEntry, Snapshot};
use super::sqlite_files as files;
use super::sqlite_history::{KEPT_ROWS, MOST_ROWS, shorten, snapshot_at};
use super::sqlite_rows::{self as rows, RowError};
use super::store::{HistoryRow, Store, StoreError};
use super::wire::{FORMAT, entry_to_json};
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many of the newest rows are checked against their hashes when a file is opened; `history` checks what it reads.
const CHECKED_ROWS: usize = 200;

/// Opened for writing. Whoever opens it holds the [`super::Lock`].
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    connection: Connection,
    snapshot: Snapshot,
    hash: Vec<u8>,
    mark: Option<std::fs::File>,
    /// Why nothing more is written in this process (R5).
    poison: Option<String>,
    /// The reserve is spent: only what is under way is still recorded (R4).
    exhausted: bool,
}

impl SqliteStore {
    /// Opens the file, or lays it out with the given lineage (random, made by the caller).
    pub fn open(path: &Path, lineage: &str) -> Result<SqliteStore, StoreError> {
        let path = files::prepare(path)?;
        let flags =
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
        let unreadable = |error: rusqlite::Error| unreadable(&path, &error);
        let mut connection = Connection::open_with_flags(&path, flags).map_err(unreadable)?;
        let format = rows::format(&connection).map_err(unreadable)?;
        if format == 0 {
            never_laid_out(&path, &connection)?;
        }
        configure(&connection).map_err(unreadable)?;
        match format {
            0 => {
                rows::create(&mut connection, lineage).map_err(|error| unwritable(&path, &error))?;
            }
            format => readable(&path, &connection, format)?,
        }
        if (1..FORMAT).contains(&format) {
            read(&path, &connection)?;
            rows::upgrade(&mut connection).map_err(|error| row_error(&path, error))?;
        }
        let (snapshot, hash) = read(&path, &connection)?;
        shorten(&mut connection, MOST_ROWS, KEPT_ROWS).map_err(|error| row_error(&path, error))?;
        files::reserve(&path)?;
        let mark = files::open_mark(&path)?;
        let inner = Inner { connection, snapshot, hash, mark, poison: None, exhausted: false };
        Ok(SqliteStore { path, inner: Mutex::new(inner) })
    }

    /// Gives a state that nothing was ever written to another lineage, for what is brought in whole; whether it was one.
    pub fn relabel(&self, lineage: &str) -> Result<bool, StoreError> {
        let inner = &mut *self.inner();
        let relabelled = rows::relabel(&mut inner.connection, lineage);
        let relabelled = relabelled.map_err(|error| unwritable(&self.path, &error))?;
        (inner.snapshot, inner.hash) = read(&self.path, &inner.connection)?;
        Ok(relabelled)
    }

    /// Stands in for a full disk.
    #[cfg(test)]
    pub fn limit_pages(&self, pages: Option<u32>) {
        let inner = self.inner();
        inner.connection.pragma_update(None, "max_page_count", pages.unwrap_or(1 << 30)).expect("a pragma");
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Never returns from a failed write with a snapshot that the file does not have.
    fn write(&self, inner: &mut Inner, entries: &[JournalEntry]) -> Result<(), StoreError> {
        match commit(inner, entries) {
            Ok(()) => Ok(()),
            Err(failure) => {
                if let Ok(snapshot) = rows::read_snapshot(&inner.connection) {
                    inner.snapshot = snapshot;
                }
                Err(self.stored_error(failure))
            }
        }
    }

    fn stored_error(&self, failure: Failure) -> StoreError {
        let path = self.path.display().to_string();
        match failure {
            Failure::Illegal(illegal) => StoreError::Illegal(illegal),
            Failure::Fenced { held, found } => StoreError::Fenced { path, held, found },
            Failure::Rows(RowError::Damaged(reason)) => StoreError::Corrupt { path, reason },
            Failure::Rows(RowError::Database(error)) if error.sqlite_error_code() == Some(ErrorCode::DiskFull) => {
                StoreError::NoSpace { path }
            }
            Failure::Rows(RowError::Database(error)) => StoreError::Unwritable { path, reason: error.to_string() },
        }
    }
}

impl Store for SqliteStore {
    fn load(&self) -> Result<Snapshot, StoreError> {
        Ok(self.inner().snapshot.clone())
    }

    fn append(&self, entries: &[JournalEntry]) -> Result<(), StoreError> {
        let inner = &mut *self.inner();
        if let Some(reason) = &inner.poison {
            return Err(StoreError::Poisoned(reason.clone()));
        }
        let starts = entries.iter().any(|entry| matches!(entry, JournalEntry::Intent(_)));
        if inner.exhausted && starts {
            return Err(StoreError::NoSpace { path: self.path.display().to_string() });
        }
        let mut result = self.write(inner, entries);
        if matches!(result, Err(StoreError::NoSpace { .. })) {
            let released = files::release(&self.path);
            inner.exhausted = true;
            if released && !starts {
                result = self.write(inner, entries);
            }
            if released && starts {
                return result;
            }
        }
        if let Err(error) = &result {
            inner.poison = Some(error.to_string());
        }
        result
    }

    fn history(&self, limit: usize) -> Result<Vec<HistoryRow>, StoreError> {
        rows::read_history(&self.inner().connection, limit).map_err(|error| row_error(&self.path, error))
    }
}

enum Failure {
    Illegal(super::fold::IllegalEntry),
    Fenced { held: u64, found: u64 },
    Rows(RowError),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Failure {
        Failure::Rows(RowError::Database(error))
    }
}

fn commit(inner: &mut Inner, entries: &[JournalEntry]) -> Result<(), Failure> {
    let transaction = inner.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let head = rows::head(&transaction)?;
    if head.hash != inner.hash {
        return Err(Failure::Fenced { held: inner.snapshot.epoch, found: head.epoch });
    }
    let mut hash = head.hash;
    let mut touched = Touched::default();
    for entry in entries {
        fold_touching(&mut inner.snapshot, entry, &mut touched).map_err(Failure::Illegal)?;
        let text = entry_to_json(entry).map_err(|error| Failure::Rows(RowError::Damaged(error.to_string())))?;
        hash = rows::insert_entry(&transaction, &hash, inner.snapshot.serial, inner.snapshot.epoch, &text)?;
    }
    rows::write_touched(&transaction, &inner.snapshot, &touched, &hash).map_err(Failure::Rows)?;
    transaction.commit()?;
    inner.hash = hash;
    if let Some(mark) = &mut inner.mark {
        files::write_mark(mark, &inner.snapshot.lineage, inner.snapshot.serial);
    }
    Ok(())
}

/// Reads without a lock and without writing anything; works in a read-only folder. `None`: there is no state yet.
pub fn read_only(path: &Path) -> Result<Option<Snapshot>, StoreError> {
    open_read_only(path, rows::read_snapshot)
}

/// The newest entries of a state file, likewise without writing.
pub fn read_only_history(path: &Path, limit: usize) -> Result<Vec<HistoryRow>, StoreError> {
    Ok(open_read_only(path, |connection| rows::read_history(connection, limit))?.unwrap_or_default())
}

/// What was known after the entry with this serial; `None` where the journal does not tell, or there is no state.
pub fn read_only_at(path: &Path, serial: u64) -> Result<Option<Snapshot>, StoreError> {
    Ok(open_read_only(path, |connection| snapshot_at(connection, serial))?.flatten())
}

/// A file that is being changed while it is read as unchanging is read again; so often.
const READ_TRIES: u32 = 5;

fn open_read_only<T>(path: &Path, get: impl Fn(&Connection) -> Result<T, RowError>) -> Result<Option<T>, StoreError> {
    let Some(path) = files::existing(path)? else { return Ok(None) };
    for left in (0..READ_TRIES).rev() {
        let before = files::version(&path);
        let connection = connect_read_only(&path)?;
        let format = rows::format(&connection).map_err(|error| unreadable(&path, &error))?;
        if format == 0 {
            return never_laid_out(&path, &connection).map(|()| None);
        }
        let got = readable(&path, &connection, format)
            .and_then(|()| get(&connection).map_err(|error| row_error(&path, error)));
        if left == 0 || files::version(&path) == before {
            return got.map(Some);
        }
    }
    Ok(None)
}

/// Without a write-ahead log there is nothing but the file: then it is opened as unchanging, so that not even the log's
/// shared-memory file appears.
fn connect_read_only(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let opened = if files::has_log(path) {
        Connection::open_with_flags(path, flags)
    } else {
        Connection::open_with_flags(files::immutable_uri(path), flags | OpenFlags::SQLITE_OPEN_URI)
    };
    let connection = opened.map_err(|error| unreadable(path, &error))?;
    connection.busy_timeout(Duration::from_secs(5)).map_err(|error| unreadable(path, &error))?;
    Ok(connection)
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    connection.pragma_update(None, "trusted_schema", false)
}

fn readable(path: &Path, connection: &Connection, format: u32) -> Result<(), StoreError> {
    if format > FORMAT {
        return Err(StoreError::TooNew {
            path: path.display().to_string(),
            found: format,
            known: FORMAT,
            written_by: rows::written_by(connection).unwrap_or_else(|| "a newer cnx".to_owned()),
        });
    }
    Ok(())
}

/// A file without tables is a new one, unless something shows that it held a state before.
fn never_laid_out(path: &Path, connection: &Connection) -> Result<(), StoreError> {
    let is_empty = rows::is_empty(connection).map_err(|error| unreadable(path, &error))?;
    if is_empty && !files::was_used(path) {
        return Ok(());
    }
    let reason = "it is empty or its format is unknown, though it held a state before".to_owned();
    Err(StoreError::Corrupt { path: path.display().to_string(), reason })
}

/// The snapshot and the journal's last hash, of a file in which nothing contradicts itself.
fn read(path: &Path, connection: &Connection) -> Result<(Snapshot, Vec<u8>), StoreError> {
    let unreadable = |error: rusqlite::Error| unreadable(path, &error);
    let check: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(unreadable)?;
    if check != "ok" {
        return Err(StoreError::Corrupt { path: path.display().to_string(), reason: check });
    }
    rows::read_history(connection, CHECKED_ROWS).map_err(|error| row_error(path, error))?;
    let snapshot = rows::read_snapshot(connection).map_err(|error| row_error(path, error))?;
    let hash = rows::head(connection).map_err(unreadable)?.hash;
    Ok((snapshot, hash))
}

fn row_error(path: &Path, error: RowError) -> StoreError {
    match error {
        RowError::Database(error) => unreadable(path, &error),
        RowError::Damaged(reason) => StoreError::Corrupt { path: path.display().to_string(), reason },
    }
}

fn unreadable(path: &Path, error: &rusqlite::Error) -> StoreError {
    let (path, reason) = (path.display().to_string(), error.to_string());
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Corrupt { path, reason },
        _ => StoreError::Unreadable { path, reason },
    }
}

fn unwritable(path: &Path, error: &rusqlite::Error) -> StoreError {
    StoreError::Unwritable { path: path.display().to_string(), reason: error.to_string() }
}
