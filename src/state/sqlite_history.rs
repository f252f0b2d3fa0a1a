//! The journal as a history: what was known at an earlier serial, and how its oldest rows are taken away without that
//! being lost for the rest. Knows no paths and no policy but how much is kept.

use super::fold::fold;
use super::journal::Snapshot;
use super::sqlite_rows::{BASE, Facts, RowError, count, parse, read_sum, write_seal, write_sum};
use super::wire::entry_from_json;
use super::wire_snapshot::SnapshotWire;
use crate::model::hex;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use serde::{Deserialize, Serialize};

/// A journal of more rows than this is shortened to [`KEPT_ROWS`]: about 10 MB at a thousand bytes a row.
pub const MOST_ROWS: u64 = 12_000;
pub const KEPT_ROWS: u64 = 6_000;

/// What the rows that are left follow.
#[derive(Serialize, Deserialize)]
pub struct Base {
    serial: u64,
    /// Of the row with that serial, in hexadecimal.
    hash: String,
    /// What was known then; nothing where the rows no longer fold.
    snapshot: Option<SnapshotWire>,
}

impl Base {
    pub fn hash(&self) -> Result<Vec<u8>, RowError> {
        let digit = |at: usize| self.hash.get(at..at + 2).and_then(|two| u8::from_str_radix(two, 16).ok());
        let bytes: Option<Vec<u8>> = (0..self.hash.len()).step_by(2).map(digit).collect();
        bytes.ok_or_else(|| RowError::Damaged("the journal's base cannot be read".to_owned()))
    }
}

/// Nothing where the journal begins with the state.
pub fn base(connection: &Connection) -> Result<Option<Base>, RowError> {
    let body: Option<String> = connection
        .query_row("SELECT body FROM fact WHERE section = ?1 AND name = 'journal'", [BASE], |row| row.get(0))
        .optional()?;
    body.map(|body| parse::<Base>(BASE, &body)).transpose()
}

/// What was known after the entry with this serial; `None` where the journal no longer tells, or does not tell yet.
pub fn snapshot_at(connection: &Connection, serial: u64) -> Result<Option<Snapshot>, RowError> {
    let lineage: String = connection.query_row("SELECT lineage FROM head", [], |row| row.get(0))?;
    let mut snapshot = match base(connection)? {
        Some(base) if base.serial > serial => return Ok(None),
        Some(Base { snapshot: None, .. }) => return Ok(None),
        Some(Base { snapshot: Some(wire), .. }) => {
            wire.read().ok_or_else(|| RowError::Damaged("the journal's base cannot be read".to_owned()))?
        }
        None => Snapshot { lineage, ..Snapshot::default() },
    };
    let mut statement = connection.prepare("SELECT serial, entry FROM journal WHERE serial <= ?1 ORDER BY serial")?;
    let mut rows = statement.query([serial.cast_signed()])?;
    while let Some(row) = rows.next()? {
        let (at, text): (u64, String) = (count(row, 0)?, row.get(1)?);
        let entry = entry_from_json(&text);
        let entry = entry.ok_or_else(|| RowError::Damaged(format!("journal entry {at} cannot be read")))?;
        fold(&mut snapshot, &entry).map_err(|illegal| RowError::Damaged(illegal.to_string()))?;
        if snapshot.serial != at {
            return Err(RowError::Damaged(format!("journal entry {at} comes as {}", snapshot.serial)));
        }
    }
    Ok((snapshot.serial == serial).then_some(snapshot))
}

/// Shortens a journal of more than `most` rows to the newest `kept`, in one transaction; whether it did.
pub fn shorten(connection: &mut Connection, most: u64, kept: u64) -> Result<bool, RowError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let rows: u64 = transaction.query_row("SELECT count(*) FROM journal", [], |row| count(row, 0))?;
    if rows <= most {
        return Ok(false);
    }
    let last = "SELECT serial, hash FROM journal ORDER BY serial DESC LIMIT 1 OFFSET ?1";
    let (serial, hash): (u64, Vec<u8>) =
        transaction.query_row(last, [kept.cast_signed()], |row| Ok((count(row, 0)?, row.get(1)?)))?;
    // Rows of older formats may fold otherwise today: then what came before them is no longer told.
    let snapshot = snapshot_at(&transaction, serial).unwrap_or_default();
    let base = Base { serial, hash: hex(&hash), snapshot: snapshot.as_ref().map(SnapshotWire::of) };
    let mut facts = Facts { connection: &transaction, sum: read_sum(&transaction)? };
    facts.put(BASE, "journal", Some(base))?;
    write_sum(&transaction, &facts.sum)?;
    transaction.execute("DELETE FROM journal WHERE serial <= ?1", [serial.cast_signed()])?;
    write_seal(&transaction)?;
    transaction.commit()?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::super::sqlite_rows::{head, read_history, read_snapshot};
    use super::super::{Nonce, Purpose, Remembered, SqliteStore, Store};
    use super::*;
    use crate::model::{Address, Attributes, Observed, RemoteId, Timestamp, Value};
    use crate::state::{Intent, JournalEntry, OperationId};
    use std::path::{Path, PathBuf};

    const DAY: i64 = 86_400_000;

    fn fresh() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/dev.db");
        (folder, path)
    }

    /// One small run on a day: an object comes, or goes again.
    fn run(store: &SqliteStore, day: i64) {
        let snapshot = store.load().unwrap();
        let (run, at, address) = (format!("r{day}"), Timestamp(day * DAY), Address::managed("server", "web", None));
        let attributes = Attributes::from([("name".into(), Value::string(&"web".repeat(100)))]);
        let id = RemoteId::new(&format!("srv_{day}"));
        let change = if snapshot.records.contains_key(&address) {
            JournalEntry::Forgotten { address }
        } else {
            JournalEntry::Imported {
                address,
                kind: "server".into(),
                observed: Observed { id, attributes: attributes.clone(), status: None, current_job: None, etag: None },
                applied: attributes,
                lifecycle: Remembered::default(),
                at,
            }
        };
        let epoch = snapshot.epoch + 1;
        let begin = JournalEntry::RunStarted { run: run.clone(), epoch, holder: "a@b".into(), plan: "p".into(), at };
        store.append(&[begin, change, JournalEntry::RunEnded { run, at }]).unwrap();
    }

    fn raw(path: &Path) -> Connection {
        Connection::open(path).unwrap()
    }

    #[test]
    fn a_shortened_journal_goes_on_and_tells_what_is_left() {
        let (_folder, path) = fresh();
        let store = SqliteStore::open(&path, "line").unwrap();
        (0..20).for_each(|day| run(&store, day));
        let known = store.load().unwrap();
        drop(store);
        let mut connection = raw(&path);
        let then = snapshot_at(&connection, 45).unwrap().unwrap();
        assert!(!shorten(&mut connection, 60, 30).unwrap(), "it is no longer than it may be");
        for (most, kept) in [(40, 30), (20, 10)] {
            assert!(shorten(&mut connection, most, kept).unwrap());
            assert_eq!(
                read_history(&connection, usize::MAX).unwrap().len() as u64,
                kept,
                "each follows from the one before"
            );
            assert_eq!(read_snapshot(&connection).unwrap(), known);
            assert_eq!(snapshot_at(&connection, known.serial).unwrap().as_ref(), Some(&known));
            assert_eq!(snapshot_at(&connection, 3).unwrap(), None, "it is no longer told");
            if kept == 30 {
                assert_eq!(snapshot_at(&connection, 45).unwrap().as_ref(), Some(&then));
            }
        }
        drop(connection);
        let store = SqliteStore::open(&path, "other").unwrap();
        run(&store, 20);
        assert_eq!(head(&raw(&path)).unwrap().serial, known.serial + 3);
        assert_eq!(snapshot_at(&raw(&path), known.serial).unwrap(), Some(known));
    }

    #[test]
    fn two_hundred_runs_take_no_more_room_than_forty() {
        let (_folder, path) = fresh();
        let size_after = |runs: std::ops::Range<i64>| {
            for day in runs {
                run(&SqliteStore::open(&path, "line").unwrap(), day);
                shorten(&mut raw(&path), 60, 30).unwrap();
            }
            std::fs::metadata(&path).unwrap().len()
        };
        let first = size_after(0..40);
        let last = size_after(40..200);
        assert!(last <= first + first / 4, "{first} bytes after 40 runs, {last} after 200");
    }

    #[test]
    fn marks_of_given_up_creates_are_kept_for_a_week_and_not_for_ever() {
        let (_folder, path) = fresh();
        let store = SqliteStore::open(&path, "line").unwrap();
        run(&store, 0);
        let snapshot = store.load().unwrap();
        let operation = OperationId(snapshot.next_operation);
        let intent = Intent {
            operation,
            address: Address::managed("server", "app", None),
            kind: "server".into(),
            purpose: Purpose::Create,
            id: None,
            nonce: Nonce("n".into()),
            idempotency_key: "k".into(),
            fingerprint: "f".into(),
            inputs_hash: "h".into(),
            wanted: Attributes::new(),
            lifecycle: Remembered::default(),
            epoch: snapshot.epoch,
            attempt: 1,
            at: Timestamp(DAY),
            surveyed: false,
        };
        let given_up = JournalEntry::NotCreated { operation, evidence: "none".into() };
        store.append(&[JournalEntry::Intent(Box::new(intent)), given_up]).unwrap();
        for (day, is_kept) in [(8, true), (12, true), (16, false)] {
            run(&store, day);
            assert_eq!(!store.load().unwrap().tombstones.is_empty(), is_kept, "on day {day}");
        }
        drop(store);
        assert!(SqliteStore::open(&path, "line").unwrap().load().unwrap().tombstones.is_empty());
    }
}
