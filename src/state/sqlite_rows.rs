//! The tables of a state file and how a snapshot lies in them. Knows no paths, no permissions, no policy.

use super::fold::Touched;
use super::journal::*;
use super::seal::{Sum, seal};
use super::store::HistoryRow;
use super::wire::{FORMAT, entry_from_json};
use super::wire_record::*;
use super::wire_value::address_to_wire;
use crate::model::{Address, Ident};
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

/// `head` is one row: where the journal stands; `facts` is the sum over the rows of `fact`, `seal` the hash of the head's
/// own columns, so that no row changes, appears or goes unnoticed. `journal` is the history, each row chained to the one before by its hash.
/// `fact` is the snapshot: one row an object, an open operation, an output, and so on.
const SCHEMA: &str = "
CREATE TABLE head (
  one INTEGER PRIMARY KEY CHECK (one = 1), lineage TEXT NOT NULL, serial INTEGER NOT NULL, epoch INTEGER NOT NULL,
  next_operation INTEGER NOT NULL, hash BLOB NOT NULL, pin TEXT, written_by TEXT NOT NULL,
  facts BLOB NOT NULL, seal BLOB NOT NULL);
CREATE TABLE journal (
  serial INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, entry TEXT NOT NULL, hash BLOB NOT NULL);
CREATE TABLE fact (
  section TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (section, name)) WITHOUT ROWID;
";

const WRITTEN_BY: &str = concat!("cnx ", env!("CARGO_PKG_VERSION"));

const RECORD: &str = "record";
const DEPOSED: &str = "deposed";
const OPEN: &str = "open";
const ACTION: &str = "action";
const TOMBSTONE: &str = "tombstone";
const OUTPUT: &str = "output";
const STRANGERS: &str = "strangers";
/// What the journal's rows follow: the hash of the last one that was taken away, and what was known then.
pub(super) const BASE: &str = "base";

/// What went wrong below: the database's word, or rows that make no sense.
#[derive(Debug, thiserror::Error)]
pub enum RowError {
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
    #[error("{0}")]
    Damaged(String),
}

/// The format of the file; 0 for an empty one.
pub fn format(connection: &Connection) -> rusqlite::Result<u32> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Who wrote last, for the refusal of a newer format.
pub fn written_by(connection: &Connection) -> Option<String> {
    connection.query_row("SELECT written_by FROM head", [], |row| row.get(0)).ok()
}

/// Lays out an empty file.
pub fn create(connection: &mut Connection, lineage: &str) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    transaction.execute_batch(SCHEMA)?;
    transaction.execute(
        "INSERT INTO head VALUES (1, ?1, 0, 0, 0, ?2, NULL, ?3, ?4, x'')",
        params![lineage, genesis(lineage), WRITTEN_BY, Sum::default().0],
    )?;
    write_seal(&transaction)?;
    transaction.pragma_update(None, "user_version", FORMAT)?;
    transaction.commit()
}

/// Gives a file that nothing was written to another lineage; whether it is one.
pub fn relabel(connection: &mut Connection, lineage: &str) -> rusqlite::Result<bool> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let labelled = "UPDATE head SET lineage = ?1, hash = ?2 WHERE serial = 0";
    if transaction.execute(labelled, params![lineage, genesis(lineage)])? == 0 {
        return Ok(false);
    }
    write_seal(&transaction)?;
    transaction.commit()?;
    Ok(true)
}

/// Whether there is no table at all: a file that was made and never laid out.
pub fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0)).map(|tables| tables == 0)
}

/// From format 1, which had neither sum nor seal, and from 2 and 3, whose rows are all known to this one.
pub fn upgrade(connection: &mut Connection) -> Result<(), RowError> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    if !has_seal(&transaction)? {
        transaction.execute_batch(
            "ALTER TABLE head ADD COLUMN facts BLOB NOT NULL DEFAULT x'';
             ALTER TABLE head ADD COLUMN seal BLOB NOT NULL DEFAULT x'';",
        )?;
    }
    write_sum(&transaction, &sum_of_facts(&transaction)?)?;
    write_seal(&transaction)?;
    transaction.pragma_update(None, "user_version", FORMAT)?;
    transaction.commit()?;
    Ok(())
}

/// By its column and not by the format's number, which anybody may turn back.
fn has_seal(connection: &Connection) -> rusqlite::Result<bool> {
    let columns = "SELECT count(*) FROM pragma_table_info('head') WHERE name = 'seal'";
    connection.query_row(columns, [], |row| row.get::<_, i64>(0)).map(|columns| columns > 0)
}

fn sum_of_facts(connection: &Connection) -> rusqlite::Result<Sum> {
    let mut sum = Sum::default();
    let mut statement = connection.prepare("SELECT section, name, body FROM fact")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (section, name, body): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        sum.add(&section, &name, &body);
    }
    Ok(sum)
}

pub(super) fn write_sum(connection: &Connection, sum: &Sum) -> rusqlite::Result<()> {
    connection.prepare_cached("UPDATE head SET facts = ?1")?.execute([sum.0]).map(|_| ())
}

pub(super) fn read_sum(connection: &Connection) -> rusqlite::Result<Sum> {
    connection.query_row("SELECT facts FROM head", [], |row| row.get(0)).map(Sum)
}

/// Over every column of the head but itself.
fn seal_of_head(connection: &Connection) -> rusqlite::Result<Vec<u8>> {
    let columns = "lineage, serial, epoch, next_operation, hash, ifnull(pin, ''), written_by, facts";
    connection.query_row(&format!("SELECT {columns} FROM head"), [], |row| {
        let texts: [String; 3] = [row.get(0)?, row.get(5)?, row.get(6)?];
        let numbers = [count(row, 1)?, count(row, 2)?, count(row, 3)?];
        let hashes: [Vec<u8>; 2] = [row.get(4)?, row.get(7)?];
        Ok(seal(&texts, &numbers, &hashes))
    })
}

pub(super) fn write_seal(connection: &Connection) -> rusqlite::Result<()> {
    let seal = seal_of_head(connection)?;
    connection.prepare_cached("UPDATE head SET seal = ?1")?.execute([seal]).map(|_| ())
}

fn check_seal(connection: &Connection) -> Result<(), RowError> {
    let sealed: Vec<u8> = connection.query_row("SELECT seal FROM head", [], |row| row.get(0))?;
    if sealed == seal_of_head(connection)? {
        return Ok(());
    }
    Err(RowError::Damaged("its head was changed by something else than cnx".to_owned()))
}

/// Where the journal stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub serial: u64,
    pub epoch: u64,
    pub hash: Vec<u8>,
}

pub fn head(connection: &Connection) -> rusqlite::Result<Head> {
    connection.query_row("SELECT serial, epoch, hash FROM head", [], |row| {
        Ok(Head { serial: count(row, 0)?, epoch: count(row, 1)?, hash: row.get(2)? })
    })
}

/// Adds one row to the history and returns the new head's hash.
pub fn insert_entry(
    connection: &Connection,
    previous: &[u8],
    serial: u64,
    epoch: u64,
    entry: &str,
) -> rusqlite::Result<Vec<u8>> {
    let hash = chained(previous, serial, epoch, entry);
    connection.prepare_cached("INSERT INTO journal VALUES (?1, ?2, ?3, ?4)")?.execute(params![
        serial.cast_signed(),
        epoch.cast_signed(),
        entry,
        hash
    ])?;
    Ok(hash)
}

/// Writes what the entries changed, and the head.
pub fn write_touched(
    connection: &Connection,
    snapshot: &Snapshot,
    touched: &Touched,
    hash: &[u8],
) -> Result<(), RowError> {
    let facts = &mut Facts { connection, sum: read_sum(connection)? };
    for address in &touched.addresses {
        write_address(facts, snapshot, address)?;
    }
    for operation in &touched.operations {
        let name = operation_name(*operation);
        facts.put(OPEN, &name, snapshot.open.get(operation).map(OpenWire::of))?;
        facts.put(TOMBSTONE, &name, snapshot.tombstones.get(operation).map(TombstoneWire::of))?;
    }
    for kind in &touched.kinds {
        facts.put(STRANGERS, kind.as_str(), snapshot.strangers.get(kind).map(ids_to_wire))?;
    }
    if touched.outputs {
        for name in facts.names(OUTPUT)? {
            facts.put(OUTPUT, &name, None::<OutputWire>)?;
        }
        for (name, output) in outputs_to_wire(&snapshot.outputs) {
            facts.put(OUTPUT, &name, Some(output))?;
        }
    }
    write_sum(connection, &facts.sum)?;
    let pin = snapshot.pin.as_ref().map(|pin| json(&PinWire::of(pin))).transpose()?;
    connection
        .prepare_cached(
            "UPDATE head SET serial = ?1, epoch = ?2, next_operation = ?3, hash = ?4, pin = ?5, written_by = ?6",
        )?
        .execute(params![
            snapshot.serial.cast_signed(),
            snapshot.epoch.cast_signed(),
            snapshot.next_operation.cast_signed(),
            hash,
            pin,
            WRITTEN_BY
        ])?;
    write_seal(connection)?;
    Ok(())
}

fn write_address(facts: &mut Facts<'_>, snapshot: &Snapshot, address: &Address) -> Result<(), RowError> {
    let name = address_to_wire(address);
    facts.put(RECORD, &name, snapshot.records.get(address).map(RecordWire::of))?;
    facts.put(ACTION, &name, snapshot.actions.get(address).map(ActionWire::of))?;
    let deposed = snapshot.deposed.get(address);
    facts.put(DEPOSED, &name, deposed.map(|records| records.iter().map(RecordWire::of).collect::<Vec<_>>()))
}

/// The rows of `fact` while they change, and the sum over them.
pub(super) struct Facts<'a> {
    pub(super) connection: &'a Connection,
    pub(super) sum: Sum,
}

impl Facts<'_> {
    /// The row as it now is; `None` takes it away.
    pub(super) fn put(&mut self, section: &str, name: &str, body: Option<impl Serialize>) -> Result<(), RowError> {
        let present: Option<String> = self
            .connection
            .prepare_cached("SELECT body FROM fact WHERE section = ?1 AND name = ?2")?
            .query_row([section, name], |row| row.get(0))
            .optional()?;
        if let Some(present) = present {
            self.sum.take_away(section, name, &present);
        }
        match body {
            Some(body) => {
                let body = json(&body)?;
                self.sum.add(section, name, &body);
                self.connection
                    .prepare_cached(
                        "INSERT INTO fact VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET body = excluded.body",
                    )?
                    .execute(params![section, name, body])?;
            }
            None => {
                self.connection
                    .prepare_cached("DELETE FROM fact WHERE section = ?1 AND name = ?2")?
                    .execute([section, name])?;
            }
        }
        Ok(())
    }

    fn names(&self, section: &str) -> Result<Vec<String>, RowError> {
        let mut statement = self.connection.prepare_cached("SELECT name FROM fact WHERE section = ?1")?;
        let names = statement.query_map([section], |row| row.get(0))?;
        Ok(names.collect::<rusqlite::Result<_>>()?)
    }
}

fn json(body: &impl Serialize) -> Result<String, RowError> {
    serde_json::to_string(body).map_err(|error| RowError::Damaged(error.to_string()))
}

/// The whole snapshot, if it is the one that was written.
pub fn read_snapshot(connection: &Connection) -> Result<Snapshot, RowError> {
    let is_sealed = has_seal(connection)?;
    if is_sealed {
        check_seal(connection)?;
    }
    let mut snapshot = connection.query_row("SELECT lineage, serial, epoch, next_operation FROM head", [], |row| {
        Ok(Snapshot {
            lineage: row.get(0)?,
            serial: count(row, 1)?,
            epoch: count(row, 2)?,
            next_operation: count(row, 3)?,
            ..Snapshot::default()
        })
    })?;
    let pin: Option<String> = connection.query_row("SELECT pin FROM head", [], |row| row.get(0))?;
    snapshot.pin = pin.map(|text| parse::<PinWire>("pin", &text)).transpose()?.map(|pin| pin.read());
    let mut sum = Sum::default();
    let mut statement = connection.prepare("SELECT section, name, body FROM fact")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (section, name, body): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        take_fact(&mut snapshot, &section, &name, &body)?;
        sum.add(&section, &name, &body);
    }
    if is_sealed && sum != read_sum(connection)? {
        return Err(RowError::Damaged("its rows were changed by something else than cnx".to_owned()));
    }
    Ok(snapshot)
}

fn take_fact(snapshot: &mut Snapshot, section: &str, name: &str, body: &str) -> Result<(), RowError> {
    let damaged = || RowError::Damaged(format!("{section} {name} cannot be read"));
    match section {
        RECORD => {
            let record = parse::<RecordWire>(name, body)?.read().ok_or_else(damaged)?;
            snapshot.ids.insert(record.id.clone(), record.address.clone());
            snapshot.records.insert(record.address.clone(), record);
        }
        DEPOSED => {
            for wire in parse::<Vec<RecordWire>>(name, body)? {
                let record = wire.read().ok_or_else(damaged)?;
                snapshot.ids.insert(record.id.clone(), record.address.clone());
                snapshot.deposed.entry(record.address.clone()).or_default().push(record);
            }
        }
        OPEN => {
            let open = parse::<OpenWire>(name, body)?.read().ok_or_else(damaged)?;
            if matches!(open.intent.purpose, Purpose::Create) {
                snapshot.creating.insert(open.intent.address.clone(), open.intent.operation);
            }
            snapshot.open.insert(open.intent.operation, open);
        }
        ACTION => {
            let action = parse::<ActionWire>(name, body)?.read().ok_or_else(damaged)?;
            let address = super::wire_value::address_from_wire(name).ok_or_else(damaged)?;
            snapshot.actions.insert(address, action);
        }
        TOMBSTONE => {
            let tombstone = parse::<TombstoneWire>(name, body)?.read().ok_or_else(damaged)?;
            snapshot.tombstones.insert(OperationId(name.trim_start_matches('0').parse().unwrap_or(0)), tombstone);
        }
        OUTPUT => {
            let output = parse::<OutputWire>(name, body)?.read().ok_or_else(damaged)?;
            snapshot.outputs.insert(Ident::new(name), output);
        }
        STRANGERS => {
            snapshot.strangers.insert(Ident::new(name), id_set(&parse::<Vec<String>>(name, body)?));
        }
        BASE => {}
        _ => return Err(RowError::Damaged(format!("a section `{section}` that this format does not have"))),
    }
    Ok(())
}

pub(super) fn parse<T: DeserializeOwned>(name: &str, body: &str) -> Result<T, RowError> {
    serde_json::from_str(body).map_err(|error| RowError::Damaged(format!("{name}: {error}")))
}

/// Zero-padded, so that text order is number order.
fn operation_name(operation: OperationId) -> String {
    format!("{:020}", operation.0)
}

/// The newest rows, oldest first, each checked against its hash and the one before.
pub fn read_history(connection: &Connection, limit: usize) -> Result<Vec<HistoryRow>, RowError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut statement =
        connection.prepare("SELECT serial, epoch, entry, hash FROM journal ORDER BY serial DESC LIMIT ?1")?;
    let rows = statement.query_map([limit], |row| Ok((count(row, 0)?, count(row, 1)?, row.get(2)?, row.get(3)?)))?;
    let mut rows: Vec<(u64, u64, String, Vec<u8>)> = rows.collect::<rusqlite::Result<_>>()?;
    rows.reverse();
    let Some(first) = rows.first().map(|row| row.0) else { return Ok(Vec::new()) };
    let mut previous = hash_before(connection, first)?;
    let mut history = Vec::with_capacity(rows.len());
    for (serial, epoch, entry, hash) in rows {
        if chained(&previous, serial, epoch, &entry) != hash {
            return Err(RowError::Damaged(format!("journal entry {serial} does not follow from the one before")));
        }
        let read = entry_from_json(&entry);
        let entry = read.ok_or_else(|| RowError::Damaged(format!("journal entry {serial} cannot be read")))?;
        history.push(HistoryRow { serial, epoch, entry });
        previous = hash;
    }
    if previous != head(connection)?.hash {
        return Err(RowError::Damaged("the journal's last entry is not the one that the head names".to_owned()));
    }
    Ok(history)
}

fn hash_before(connection: &Connection, serial: u64) -> Result<Vec<u8>, RowError> {
    let before = "SELECT hash FROM journal WHERE serial < ?1 ORDER BY serial DESC LIMIT 1";
    let found: Option<Vec<u8>> = connection.query_row(before, [serial.cast_signed()], |row| row.get(0)).optional()?;
    match found {
        Some(hash) => Ok(hash),
        None => {
            if let Some(base) = super::sqlite_history::base(connection)? {
                return base.hash();
            }
            let lineage: String = connection.query_row("SELECT lineage FROM head", [], |row| row.get(0))?;
            Ok(genesis(&lineage))
        }
    }
}

/// SQLite's integers are signed; ours count up from nought.
pub(super) fn count(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get(column).map(i64::cast_unsigned)
}

fn genesis(lineage: &str) -> Vec<u8> {
    Sha256::digest(lineage.as_bytes()).to_vec()
}

fn chained(previous: &[u8], serial: u64, epoch: u64, entry: &str) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(previous);
    hash.update(serial.to_le_bytes());
    hash.update(epoch.to_le_bytes());
    hash.update(entry.as_bytes());
    hash.finalize().to_vec()
}
