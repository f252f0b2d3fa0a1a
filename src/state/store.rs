//! Where a journal is kept: one trait, so that a file, a simulation and later a server behave alike. Knows no SQL.

use super::codes;
use super::fold::IllegalEntry;
use super::journal::{JournalEntry, Snapshot};
use crate::diag::Diagnostic;

/// A journal with the snapshot that it folds into. One writer; whoever holds the lock.
pub trait Store: Send + Sync {
    /// What is known now.
    fn load(&self) -> Result<Snapshot, StoreError>;

    /// Takes the entries in, in order. Durable when it returns, all or nothing.
    /// After any error but [`StoreError::NoSpace`] the store takes nothing more in this process (R5).
    fn append(&self, entries: &[JournalEntry]) -> Result<(), StoreError>;

    /// The newest entries, at most `limit`, oldest of them first.
    fn history(&self, limit: usize) -> Result<Vec<HistoryRow>, StoreError>;
}

/// One line of the journal as kept.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryRow {
    pub serial: u64,
    /// Of the lock under which it was written.
    pub epoch: u64,
    pub entry: JournalEntry,
}

/// Why a store could not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    #[error("{path}: {reason}")]
    Unreadable { path: String, reason: String },
    #[error("{path}: {reason}")]
    Unwritable { path: String, reason: String },
    #[error("{path}: {reason}")]
    Corrupt { path: String, reason: String },
    #[error("{path} has format {found}, written by {written_by}; this cnx knows formats up to {known}")]
    TooNew { path: String, found: u32, known: u32, written_by: String },
    #[error("{path}: {reason}")]
    UnsafePath { path: String, reason: String },
    /// No new intents; what is under way can still be recorded from the reserve (R4).
    #[error("{path}: no space left to record another operation")]
    NoSpace { path: String },
    /// Another run wrote since this one read.
    #[error("{path}: somebody took the lock away, or brought another state (epoch {found}, this run has {held})")]
    Fenced { path: String, held: u64, found: u64 },
    /// An earlier error ended writing in this process.
    #[error("nothing more is written after: {0}")]
    Poisoned(String),
    #[error(transparent)]
    Illegal(#[from] IllegalEntry),
}

impl StoreError {
    /// As a complaint for people.
    pub fn diagnostic(&self) -> Diagnostic {
        let (code, help) = match self {
            StoreError::Unreadable { .. } => (&codes::UNREADABLE, "check that the file is yours and readable"),
            StoreError::Unwritable { .. } => (
                &codes::UNWRITABLE,
                "check the disk and the folder's permissions, then run again: what was under way is taken up",
            ),
            StoreError::Corrupt { .. } => {
                (&codes::CORRUPT, "restore the file from a backup; nothing is changed on the strength of damaged state")
            }
            StoreError::TooNew { .. } => (&codes::TOO_NEW, "use the cnx that wrote it, or a newer one"),
            StoreError::UnsafePath { .. } => (
                &codes::UNSAFE_PATH,
                "put a plain folder and a plain file there; cnx follows no symbolic link for its state",
            ),
            StoreError::NoSpace { .. } => (&codes::NO_SPACE, "free some disk space, then run again"),
            StoreError::Fenced { .. } => (
                &codes::FENCED,
                "nothing more is written by this run; when the other one has ended, run again: it takes up what is open",
            ),
            StoreError::Poisoned(_) => (&codes::UNWRITABLE, "run again: what was under way is taken up"),
            StoreError::Illegal(_) => (&codes::ILLEGAL, "please report this; the state is kept as it was"),
        };
        Diagnostic::new(code, self.to_string()).help(help)
    }
}
