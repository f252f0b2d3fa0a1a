//! Memory: what cnx made, what it was about to do, what it was told.

pub mod codes;
mod export;
pub mod fold;
mod fold_edits;
pub mod journal;
pub mod lock;
pub mod memory;
pub mod seal;
mod sqlite;
mod sqlite_files;
mod sqlite_history;
mod sqlite_rows;
pub mod stamp;
pub mod store;
mod wire;
mod wire_record;
mod wire_snapshot;
mod wire_value;

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod fold_tests;
#[cfg(test)]
mod store_tests;

pub use export::{ExportError, export, read_export};
pub use fold::{IllegalEntry, find, fold};
pub use journal::*;
pub use lock::{Holder, Lock, LockError, LockState, lock_path, lock_state};
pub use memory::MemoryStore;
pub use sqlite::{SqliteStore, read_only, read_only_at, read_only_history};
pub use sqlite_files::{high_water, mark_path, mark_text, marked_serial};
pub use stamp::{STAMP_HOME, STAMP_OPERATION, STAMP_PREFIX, STAMP_STATE, home_mark, mark, marks, without_marks};
pub use store::{HistoryRow, Store, StoreError};
