//! Who may write a state: a lock file of its own that is never renamed, held by the operating system and so gone with its
//! process, with a note inside that tells others who holds it. Knows nothing of the state.

use super::codes;
use super::sqlite_files::{create_private_file, create_private_folder, refuse_link, refuse_linked_folder};
use crate::diag::Diagnostic;
use crate::model::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Who holds a lock, for the message that others get.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// `user@host`
    pub who: String,
    pub process: u32,
    /// `cnx apply`
    pub command: String,
    pub since: Timestamp,
}

/// Held until it is dropped or its process ends.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

/// Why it is not held.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// The holder, as far as its note says.
    #[error("{path} is locked{}", described(.holder.as_ref()))]
    Held { path: String, holder: Option<Holder> },
    #[error("{path}: {reason}")]
    Failed { path: String, reason: String },
}

impl LockError {
    /// As a complaint for people.
    pub fn diagnostic(&self) -> Diagnostic {
        match self {
            LockError::Held { .. } => Diagnostic::new(&codes::LOCKED, self.to_string())
                .help("wait for it to end, or give --lock-timeout to wait here; the lock goes with its process (or see `cnx unlock`)"),
            LockError::Failed { .. } => Diagnostic::new(&codes::LOCK_FAILED, self.to_string())
                .help("check that the folder is yours and writable"),
        }
    }
}

fn described(holder: Option<&Holder>) -> String {
    holder.map_or_else(String::new, |holder| format!(" by {holder}"))
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Holder { who, process, command, since } = self;
        write!(f, "{who} (process {process}, `{command}`, since {since})")
    }
}

/// The lock that belongs to a state file: `dev.db` → `dev.lock`.
pub fn lock_path(state: &Path) -> PathBuf {
    state.with_extension("lock")
}

impl Lock {
    /// Takes the lock or says who has it.
    pub fn take(path: &Path, holder: &Holder) -> Result<Lock, LockError> {
        let failed = |reason: String| LockError::Failed { path: path.display().to_string(), reason };
        let text = |error: std::io::Error| failed(error.to_string());
        refuse_link(path).map_err(|error| failed(error.to_string()))?;
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            refuse_linked_folder(folder).map_err(|error| failed(error.to_string()))?;
            create_private_folder(folder).map_err(text)?;
        }
        for _ in 0..TRIES {
            create_private_file(path).map_err(text)?;
            let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(text)?;
            match file.try_lock() {
                // Somebody broke the lock in between: it is another file now.
                Ok(()) if !is_at(&file, path) => {}
                Ok(()) => {
                    write_note(&mut file, holder).map_err(text)?;
                    return Ok(Lock { file });
                }
                Err(TryLockError::WouldBlock) => {
                    let holder = read_note(&mut file);
                    return Err(LockError::Held { path: path.display().to_string(), holder });
                }
                Err(TryLockError::Error(error)) => return Err(text(error)),
            }
        }
        Err(failed("it is broken again and again".to_owned()))
    }

    /// Takes a lock away from whoever holds it: from now on others take a new one. Its holder hears of it when it writes:
    /// raise the state's epoch first.
    pub fn break_open(path: &Path) -> std::io::Result<()> {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }
}

/// How often a lock that is broken while it is taken is tried again.
const TRIES: u32 = 5;

/// Whether the open file is still the one of that name.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (held, named) = (file.metadata(), std::fs::symlink_metadata(path));
    held.ok().zip(named.ok()).is_some_and(|(held, named)| (held.dev(), held.ino()) == (named.dev(), named.ino()))
}

#[cfg(not(unix))]
fn is_at(_file: &File, _path: &Path) -> bool {
    true
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.file.set_len(0);
        let _ = self.file.unlock();
    }
}

/// Whether a lock is held now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LockState {
    Free,
    /// By whom, as far as the note says.
    Held(Option<Holder>),
}

/// Looks at a lock without waiting for it.
pub fn lock_state(path: &Path) -> LockState {
    let Ok(mut file) = OpenOptions::new().read(true).write(true).open(path) else { return LockState::Free };
    match file.try_lock() {
        Ok(()) => LockState::Free,
        Err(_) => LockState::Held(read_note(&mut file)),
    }
}

fn write_note(file: &mut File, holder: &Holder) -> std::io::Result<()> {
    let note = serde_json::to_vec(holder)?;
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&note)?;
    file.flush()
}

fn read_note(file: &mut File) -> Option<Holder> {
    let mut note = String::new();
    file.seek(SeekFrom::Start(0)).ok()?;
    file.take(4096).read_to_string(&mut note).ok()?;
    serde_json::from_str(&note).ok()
}
