//! A store that forgets everything with its process: for tests, for `cnx test` and for simulations.

use super::fold::fold;
use super::journal::{JournalEntry, Snapshot};
use super::store::{HistoryRow, Store, StoreError};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The journal as a list.
#[derive(Debug, Default)]
pub struct MemoryStore {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    snapshot: Snapshot,
    rows: Vec<HistoryRow>,
    poison: Option<String>,
}

impl MemoryStore {
    pub fn new(lineage: &str) -> MemoryStore {
        let snapshot = Snapshot { lineage: lineage.to_owned(), ..Snapshot::default() };
        MemoryStore { inner: Mutex::new(Inner { snapshot, ..Inner::default() }) }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn load(&self) -> Result<Snapshot, StoreError> {
        Ok(self.inner().snapshot.clone())
    }

    fn append(&self, entries: &[JournalEntry]) -> Result<(), StoreError> {
        let inner = &mut *self.inner();
        if let Some(reason) = &inner.poison {
            return Err(StoreError::Poisoned(reason.clone()));
        }
        let before = inner.rows.len();
        for entry in entries {
            if let Err(illegal) = fold(&mut inner.snapshot, entry) {
                inner.rows.truncate(before);
                inner.poison = Some(illegal.to_string());
                inner.snapshot = replay(&inner.snapshot.lineage, &inner.rows)?;
                return Err(illegal.into());
            }
            let row = HistoryRow { serial: inner.snapshot.serial, epoch: inner.snapshot.epoch, entry: entry.clone() };
            inner.rows.push(row);
        }
        Ok(())
    }

    fn history(&self, limit: usize) -> Result<Vec<HistoryRow>, StoreError> {
        let inner = self.inner();
        Ok(inner.rows[inner.rows.len().saturating_sub(limit)..].to_vec())
    }
}

fn replay(lineage: &str, rows: &[HistoryRow]) -> Result<Snapshot, StoreError> {
    let mut snapshot = Snapshot { lineage: lineage.to_owned(), ..Snapshot::default() };
    for row in rows {
        fold(&mut snapshot, &row.entry)?;
    }
    Ok(snapshot)
}
