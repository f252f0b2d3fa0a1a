//! Planted bugs between the engine and its journal.

use super::planted::Bug;
use super::store::{Disk, Handle};
use cnx::model::Ident;
use cnx::state::{HistoryRow, Intent, JournalEntry, Purpose, Snapshot, Store, StoreError};
use std::sync::{Arc, Mutex};

pub struct BuggedStore {
    below: Mutex<Arc<Handle>>,
    bug: Bug,
    disk: Arc<Disk>,
    process: usize,
    /// Acknowledged and not written yet.
    held: Mutex<Vec<JournalEntry>>,
}

impl BuggedStore {
    pub fn new(below: Arc<Handle>, bug: Bug, disk: Arc<Disk>, process: usize) -> BuggedStore {
        BuggedStore { below: Mutex::new(below), bug, disk, process, held: Mutex::default() }
    }

    fn below(&self) -> Arc<Handle> {
        self.below.lock().expect("one thread").clone()
    }

    /// What is written in place of an entry.
    fn bent(&self, entry: &JournalEntry) -> Option<JournalEntry> {
        match (self.bug, entry) {
            (Bug::ForgetsStrangers, JournalEntry::Strangers { .. }) => None,
            (Bug::ForgetsTaint, JournalEntry::Failed { operation, message, .. }) => {
                Some(JournalEntry::Failed { operation: *operation, id: None, message: message.clone() })
            }
            (Bug::CallsDeletesUpdates, JournalEntry::Intent(intent)) if intent.purpose == Purpose::Delete => {
                let purpose = Purpose::Update(vec![Ident::new("patch")]);
                Some(JournalEntry::Intent(Box::new(Intent { purpose, ..(**intent).clone() })))
            }
            (_, entry) => Some(entry.clone()),
        }
    }

    /// Entries that wait for a later write.
    fn waits(&self, entries: &[JournalEntry]) -> bool {
        match self.bug {
            Bug::WritesIntentLate => entries.iter().any(|entry| matches!(entry, JournalEntry::Intent(_))),
            _ => false,
        }
    }

    /// The state as it looks to an engine that forgets.
    fn forgetting(&self, mut snapshot: Snapshot) -> Result<Snapshot, StoreError> {
        match self.bug {
            Bug::ForgetsDeposed => snapshot.deposed.clear(),
            Bug::ForgetsTombstones => snapshot.tombstones.clear(),
            Bug::ErasesOpenCreates => {
                let creates = snapshot
                    .open
                    .iter()
                    .filter(|(_, open)| open.intent.purpose == Purpose::Create && open.id.is_none());
                let erased = creates.map(|(operation, _)| JournalEntry::Rejected {
                    operation: *operation,
                    status: 0,
                    message: "interrupted".to_owned(),
                });
                let erased: Vec<JournalEntry> = erased.collect();
                if !erased.is_empty() {
                    self.below().append(&erased)?;
                }
                return self.below().load();
            }
            _ => {}
        }
        Ok(snapshot)
    }
}

fn ends(entry: &JournalEntry) -> bool {
    matches!(entry, JournalEntry::RunEnded { .. })
}

impl Store for BuggedStore {
    fn load(&self) -> Result<Snapshot, StoreError> {
        self.forgetting(self.below().load()?)
    }

    fn append(&self, entries: &[JournalEntry]) -> Result<(), StoreError> {
        let bent: Vec<JournalEntry> = entries.iter().filter_map(|entry| self.bent(entry)).collect();
        let mut held = self.held.lock().expect("one thread");
        let all = if self.bug == Bug::ReadyOnlyInMemory && !entries.iter().any(ends) {
            let (late, now): (Vec<_>, Vec<_>) =
                bent.into_iter().partition(|entry| matches!(entry, JournalEntry::Ready { .. }));
            held.extend(late);
            now
        } else {
            held.extend(bent);
            if self.waits(entries) {
                return Ok(());
            }
            std::mem::take(&mut *held)
        };
        drop(held);
        if all.is_empty() {
            return Ok(());
        }
        match (self.bug, self.below().append(&all)) {
            (Bug::HidesFailedWrites, Err(StoreError::Unwritable { .. } | StoreError::Poisoned(_))) => Ok(()),
            (Bug::HidesFailedSyncs, Err(StoreError::Unwritable { .. })) => {
                // The cache has it, the disk has not; from here on everything works again.
                let again = self.disk.take_over(self.process);
                *self.below.lock().expect("one thread") = Arc::new(again);
                Ok(())
            }
            (Bug::IgnoresFence, Err(StoreError::Illegal(_) | StoreError::Poisoned(_))) => Ok(()),
            (_, result) => result,
        }
    }

    fn history(&self, limit: usize) -> Result<Vec<HistoryRow>, StoreError> {
        self.below().history(limit)
    }
}
