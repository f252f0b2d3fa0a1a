//! The journal as a history: what was known at an earlier serial, and how its oldest rows are taken away without that
//! being lost for the rest. Knows no paths and no policy but how much is kept.

use super::fold::fold;
use super::journal::Snapshot;
use super::sqlite_rows::{BASE, Facts, RowError, count, parse, read_sum, write_seal, write_sum};
use super::wire::entry_from_json;
use super::wire_snapshot::SnapshotWire;
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
    let hash = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let base = Base { serial, hash, snapshot: snapshot.as_ref().map(SnapshotWire::of) };
    let mut facts = Facts { connection: &transaction, sum: read_sum(&transaction)? };
    facts.put(BASE, "journal", Some(base))?;
    write_sum(&transaction, &facts.sum)?;
    transaction.execute("DELETE FROM journal WHERE serial <= ?1", [serial.cast_signed()])?;
    write_seal(&transaction)?;
    transaction.commit()?;
    Ok(true)
}
