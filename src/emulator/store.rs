//! The emulator's memory on disk: an append-only journal of records, one checked line for each batch, synced before an
//! answer leaves (contract.md 4.9). Several processes may share a folder: each batch takes the lock and first reads what
//! the others wrote. Knows records and files, not what they mean.
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::clock::Now;
use super::config::Config;
use super::core::{Emulator, Record};
use super::ids::hex_digest;
use super::log::LogEntry;

const CHECKSUM: usize = 16;
/// A journal is rewritten when it has grown to this and is several times as long as after the last rewriting.
const COMPACT_BYTES: u64 = 16 << 20;
/// The request log begins anew at this size; the one before is kept.
const LOG_BYTES: u64 = 16 << 20;

/// One line of the journal.
#[derive(Debug, Serialize, Deserialize)]
struct Batch {
    records: Vec<Record>,
}

/// An open folder.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    /// Holds the lock, and the number of the journal: another number means that the file is another one.
    lock: File,
    number: u64,
    journal: File,
    /// How far the journal is known.
    known: u64,
    /// Its length after the last rewriting.
    base: u64,
    logged: u64,
}

impl Store {
    /// Opens or creates a folder, and the machine that it holds.
    ///
    /// # Errors
    /// The disk's errors; `InvalidData` for a journal that is damaged in its middle or of another version.
    pub fn open(folder: &Path, config: Config, now: Now) -> io::Result<(Store, Emulator)> {
        create_private_folder(folder)?;
        let lock = private(&folder.join("lock"), |lock| lock.read(true).write(true).create(true).truncate(false))?;
        lock.lock()?;
        let number = read_number(&lock)?;
        let journal = open_journal(folder)?;
        let mut store = Store { folder: folder.to_owned(), lock, number, journal, known: 0, base: 0, logged: 0 };
        let records = store.read_on()?;
        let mut emulator = if records.is_empty() {
            Emulator::new(config, now)
        } else {
            Emulator::restore(config, records, now).map_err(damaged)?
        };
        store.base = store.known;
        let entries = read_log(&store.folder.join("requests.jsonl"));
        store.logged = emulator.remember(entries);
        store.append(&mut emulator, true)?;
        store.lock.unlock()?;
        Ok((store, emulator))
    }

    /// The folder as a new process would find it.
    ///
    /// # Errors
    /// As `open`.
    pub fn reopen(&self, config: Config, now: Now) -> io::Result<(Store, Emulator)> {
        Store::open(&self.folder, config, now)
    }

    /// Reads an existing folder that may not be written.
    ///
    /// # Errors
    /// As `open`.
    pub fn read_only(folder: &Path, config: Config, now: Now) -> io::Result<Emulator> {
        let bytes = match std::fs::read(folder.join("journal.jsonl")) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let (records, _) = parse(&bytes)?;
        if records.is_empty() {
            return Ok(Emulator::new(config, now));
        }
        Emulator::restore(config, records, now).map_err(damaged)
    }

    /// Runs something on the machine with the folder locked: what others wrote is taken over before, what changed is
    /// written and (if `durable` says so of the result) synced after.
    ///
    /// # Errors
    /// The disk's errors. After one of them the machine knows more than the disk: it must not answer any more.
    pub fn transact<T>(
        &mut self,
        emulator: &mut Emulator,
        run: impl FnOnce(&mut Emulator) -> (T, bool),
    ) -> io::Result<T> {
        self.lock.lock()?;
        let outcome = self.locked(emulator, run);
        self.lock.unlock()?;
        outcome
    }

    fn locked<T>(&mut self, emulator: &mut Emulator, run: impl FnOnce(&mut Emulator) -> (T, bool)) -> io::Result<T> {
        let number = read_number(&self.lock)?;
        if number != self.number {
            self.number = number;
            self.journal = open_journal(&self.folder)?;
            self.known = 0;
        }
        for record in self.read_on()? {
            emulator.take_over(record).map_err(damaged)?;
        }
        let generation = emulator.head.generation;
        let (result, durable) = run(emulator);
        self.append(emulator, durable)?;
        if emulator.head.generation != generation {
            self.forget_log()?;
        }
        self.write_log(emulator)?;
        let has_grown = self.known > COMPACT_BYTES && self.known > self.base.saturating_mul(4);
        if emulator.take_compaction() || has_grown {
            self.compact(emulator)?;
        }
        Ok(result)
    }

    /// What stands in the journal beyond what is known. A torn last line is cut off.
    fn read_on(&mut self) -> io::Result<Vec<Record>> {
        let length = self.journal.metadata()?.len();
        if length <= self.known {
            return Ok(Vec::new());
        }
        self.journal.seek(SeekFrom::Start(self.known))?;
        let mut bytes = Vec::new();
        self.journal.read_to_end(&mut bytes)?;
        let (records, good) = parse(&bytes)?;
        self.known += good as u64;
        if self.known < length {
            self.journal.set_len(self.known)?;
            self.journal.sync_all()?;
        }
        Ok(records)
    }

    /// Writes what has changed.
    fn append(&mut self, emulator: &mut Emulator, durable: bool) -> io::Result<()> {
        let records = emulator.take_records();
        if records.is_empty() {
            return Ok(());
        }
        let line = line(records)?;
        self.journal.seek(SeekFrom::Start(self.known))?;
        self.journal.write_all(&line)?;
        if durable {
            self.journal.sync_data()?;
        }
        self.known += line.len() as u64;
        Ok(())
    }

    /// Rewrites the journal as the shortest one that gives the same machine.
    fn compact(&mut self, emulator: &Emulator) -> io::Result<()> {
        let (path, next) = (self.folder.join("journal.jsonl"), self.folder.join("journal.new"));
        let mut file = private(&next, |file| file.write(true).create(true).truncate(true))?;
        let mut length = 0;
        let records = emulator.snapshot();
        for part in records.chunks(1000) {
            let line = line(part.to_vec())?;
            file.write_all(&line)?;
            length += line.len() as u64;
        }
        file.sync_all()?;
        // The number first: a reader that opens the old file once more in vain does no harm.
        self.number += 1;
        write_number(&mut self.lock, self.number)?;
        std::fs::rename(&next, &path)?;
        sync_folder(&self.folder)?;
        self.journal = open_journal(&self.folder)?;
        self.known = length;
        self.base = length;
        Ok(())
    }

    /// The log of a world that was reset.
    fn forget_log(&self) -> io::Result<()> {
        for name in ["requests.jsonl", "requests.1.jsonl"] {
            match std::fs::remove_file(self.folder.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }

    /// Appends the new requests to the log. Nothing depends on it, so it is not synced.
    fn write_log(&mut self, emulator: &Emulator) -> io::Result<()> {
        let mut lines = Vec::new();
        for entry in emulator.requests_after(self.logged) {
            self.logged = entry.number;
            serde_json::to_writer(&mut lines, entry)?;
            lines.push(b'\n');
        }
        if lines.is_empty() {
            return Ok(());
        }
        let path = self.folder.join("requests.jsonl");
        let mut file = private(&path, |file| file.append(true).create(true))?;
        file.write_all(&lines)?;
        if file.metadata()?.len() > LOG_BYTES {
            std::fs::rename(&path, self.folder.join("requests.1.jsonl"))?;
        }
        Ok(())
    }
}

/// Opens a file that only its owner may read, where the system knows owners. A link in its place is refused.
fn private(path: &Path, how: impl FnOnce(&mut OpenOptions) -> &mut OpenOptions) -> io::Result<File> {
    refuse_link(path)?;
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    how(&mut options).open(path)
}

fn refuse_link(path: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if !found.is_file() && !found.is_dir() => {
            let text = format!("{} is a symbolic link or no plain file", path.display());
            Err(io::Error::new(io::ErrorKind::InvalidInput, text))
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

/// With all its parents, for its owner alone; neither it nor the folder around it may be a link.
fn create_private_folder(folder: &Path) -> io::Result<()> {
    folder.parent().map_or(Ok(()), refuse_link)?;
    refuse_link(folder)?;
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn open_journal(folder: &Path) -> io::Result<File> {
    private(&folder.join("journal.jsonl"), |file| file.read(true).write(true).create(true).truncate(false))
}

fn read_number(mut lock: &File) -> io::Result<u64> {
    let mut text = String::new();
    lock.seek(SeekFrom::Start(0))?;
    lock.read_to_string(&mut text)?;
    Ok(text.trim().parse().unwrap_or(0))
}

fn write_number(lock: &mut File, number: u64) -> io::Result<()> {
    lock.seek(SeekFrom::Start(0))?;
    lock.write_all(format!("{number}\n").as_bytes())?;
    lock.sync_all()
}

/// Makes a renaming durable, where folders can be synced.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// A batch as a line: checksum, blank, JSON.
fn line(records: Vec<Record>) -> io::Result<Vec<u8>> {
    let json = serde_json::to_vec(&Batch { records })?;
    let mut line = hex_digest(&json, CHECKSUM).into_bytes();
    line.push(b' ');
    line.extend(json);
    line.push(b'\n');
    Ok(line)
}

/// The records of whole lines and the length of those; what follows is a torn last line.
fn parse(bytes: &[u8]) -> io::Result<(Vec<Record>, usize)> {
    let mut records = Vec::new();
    let mut good = 0;
    while let Some(end) = bytes[good..].iter().position(|byte| *byte == b'\n') {
        let line = &bytes[good..good + end];
        let Some(batch) = read_line(line) else {
            let is_last = !bytes[good + end + 1..].contains(&b'\n');
            return if is_last { Ok((records, good)) } else { Err(damaged(format!("a bad line at byte {good}"))) };
        };
        records.extend(batch.records);
        good += end + 1;
    }
    Ok((records, good))
}

fn read_line(line: &[u8]) -> Option<Batch> {
    let (checksum, json) = line.split_at_checked(CHECKSUM)?;
    let json = json.strip_prefix(b" ")?;
    if hex_digest(json, CHECKSUM).as_bytes() != checksum {
        return None;
    }
    serde_json::from_slice(json).ok()
}

fn damaged(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the emulator's journal is damaged: {what}"))
}

/// The entries of a log file, as far as they can be read.
fn read_log(path: &Path) -> Vec<LogEntry> {
    let bytes = std::fs::read(path).unwrap_or_default();
    bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
}
