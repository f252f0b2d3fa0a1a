//! Memory: what cnx made, what it was about to do, what it was told.

pub mod codes;
pub mod fold;
pub mod journal;
pub mod lock;
pub mod memory;
pub mod seal;
mod sqlite;
mod sqlite_files;
mod sqlite_rows;
pub mod stamp;
pub mod store;
mod wire;
mod wire_record;
mod wire_value;

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod store_tests;

pub use fold::{IllegalEntry, find, fold};
pub use journal::*;
pub use lock::{Holder, Lock, LockError, lock_path};
pub use memory::MemoryStore;
pub use sqlite::{SqliteStore, read_only, read_only_history};
pub use stamp::{STAMP_OPERATION, STAMP_PREFIX, STAMP_STATE, marks, without_marks};
pub use store::{HistoryRow, Store, StoreError};
