//! A store on a simulated disk: a commit is several sectors that are written, then synced. A crash leaves any part of what
//! was not synced. What is read back ends where a commit is not whole: SQLite's log is a chain of checksums, so a commit
//! whose sync did not return is there whole or not at all, and of several any first ones are. The mark beside the state is
//! written over without a sync, and tears at any byte.

use super::choices::Point;
use super::faults::{self, Fault};
use super::hub::Hub;
use cnx::model::{Address, Ident};
use cnx::state::{
    HistoryRow, Intent, JournalEntry, OperationId, Purpose, Snapshot, Store, StoreError, fold, mark_text, marked_serial,
};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard};

pub const LINEAGE: &str = "simulated";

/// One commit: its entries, and how much of it the disk has.
#[derive(Clone, Debug)]
struct Commit {
    entries: Arc<Vec<JournalEntry>>,
    /// One for each entry, and one for the mark at the end.
    sectors: Vec<bool>,
}

impl Commit {
    fn is_whole(&self) -> bool {
        self.sectors.iter().all(|sector| *sector)
    }
}

/// An entry as one of its commit's, which it shares with the disk.
#[derive(Clone, Debug)]
pub struct Row {
    serial: u64,
    epoch: u64,
    commit: Arc<Vec<JournalEntry>>,
    at: usize,
}

impl Row {
    pub fn entry(&self) -> &JournalEntry {
        &self.commit[self.at]
    }
}

/// What an intent is about.
type About = (OperationId, Address, Purpose);

/// What the disk holds, and what is only in its cache.
#[derive(Debug, Default)]
struct Inner {
    synced: Vec<Commit>,
    unsynced: Vec<Commit>,
    /// Of everything written, synced or not.
    snapshot: Snapshot,
    rows: Vec<Row>,
    /// What each durable intent is about, by its idempotency key, and the epoch of the run that wrote it.
    intents: BTreeMap<String, (About, u64)>,
    shape: u64,
    /// What processes were told to be durable goes as far as this serial.
    acknowledged: u64,
    /// The mark beside the state, which is written over and never synced: as the disk has it, and as it was written last.
    mark: (String, String),
}

/// The disk that survives its processes.
#[derive(Debug)]
pub struct Disk {
    hub: Arc<Hub>,
    inner: Mutex<Inner>,
    /// Writes are acknowledged without a sync: a planted bug.
    pub never_syncs: bool,
    /// Commits that begin a change or an end of something are acknowledged without a sync: a planted bug.
    pub syncs_changes_late: bool,
    /// Nobody looks whether somebody else has written: a planted bug.
    pub is_unfenced: bool,
}

impl Disk {
    pub fn new(hub: Arc<Hub>) -> Disk {
        let snapshot = Snapshot { lineage: LINEAGE.to_owned(), ..Snapshot::default() };
        let inner = Inner { snapshot, ..Inner::default() };
        Disk { hub, inner: Mutex::new(inner), never_syncs: false, syncs_changes_late: false, is_unfenced: false }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("a run is on one thread")
    }

    /// What a durable intent says that a request with this key is for.
    pub fn intent(&self, key: &str) -> Option<About> {
        self.inner().intents.get(key).map(|(intent, _)| intent.clone())
    }

    /// The durable intents of which this holds, in the order in which they were written.
    pub fn synced_intents(&self, is_meant: impl Fn(&Intent) -> bool) -> Vec<Intent> {
        let inner = self.inner();
        let entries = inner.synced.iter().flat_map(|commit| commit.entries.iter());
        let intents = entries.filter_map(|entry| match entry {
            JournalEntry::Intent(intent) if is_meant(intent) => Some((**intent).clone()),
            _ => None,
        });
        intents.collect()
    }

    /// Whether the run that began last wrote the intent of the request with this key.
    pub fn is_of_last_run(&self, key: &str) -> bool {
        let inner = self.inner();
        inner.intents.get(key).is_some_and(|(_, epoch)| *epoch == inner.snapshot.epoch)
    }

    /// Looks at what was written, synced or not.
    pub fn look<T>(&self, look: impl FnOnce(&Snapshot) -> T) -> T {
        look(&self.inner().snapshot)
    }

    /// Looks at what is durable: what would be there if the machine went down now.
    pub fn look_synced<T>(&self, look: impl FnOnce(&Snapshot) -> T) -> T {
        let inner = self.inner();
        if inner.unsynced.is_empty() {
            return look(&inner.snapshot);
        }
        let mut synced = Snapshot { lineage: LINEAGE.to_owned(), ..Snapshot::default() };
        for entry in inner.synced.iter().flat_map(|commit| commit.entries.iter()) {
            if let Err(illegal) = fold(&mut synced, entry) {
                self.hub.lock().truth.violate("I8", illegal.to_string());
                break;
            }
        }
        look(&synced)
    }

    pub fn shape(&self) -> u64 {
        self.inner().shape
    }

    /// The whole journal.
    pub fn rows(&self) -> Vec<Row> {
        self.inner().rows.clone()
    }

    /// The machine goes down: what was not synced is there in part. Whether there was such a thing.
    pub fn crash(&self) -> bool {
        let mut inner = self.inner();
        if inner.unsynced.is_empty() {
            return false;
        }
        let mut left = std::mem::take(&mut inner.unsynced);
        for commit in &mut left {
            let mut world = self.hub.lock();
            let is_whole = world.choices.choose(Point::Crash, 1) == 1;
            for sector in &mut commit.sectors {
                *sector = world.choices.choose(Point::Image, 1) == 1 || is_whole;
            }
        }
        inner.synced.append(&mut left);
        true
    }

    /// A hold on what is in the cache, as if all of it were on the disk: for a planted bug.
    pub fn take_over(self: &Arc<Disk>, process: usize) -> Handle {
        let serial = self.inner().snapshot.serial;
        self.handle(process, serial)
    }

    /// What a new process reads: everything up to the first commit that is not whole, as SQLite's log does with its chain of
    /// checksums; what follows a gap is no part of it.
    pub fn open(self: &Arc<Disk>, process: usize) -> Result<Handle, StoreError> {
        let is_news = self.crash();
        self.tear_mark();
        let mut inner = self.inner();
        let whole = inner.synced.iter().take_while(|commit| commit.is_whole()).count();
        inner.synced.truncate(whole);
        inner.reread(is_news)?;
        let (found, told) = (inner.snapshot.serial, inner.acknowledged);
        if found < told {
            let what = format!("the state stands at {found}, and a process was told that {told} is durable");
            self.hub.lock().truth.violate("I9", what);
        }
        let marked = marked_serial(&inner.mark.0, LINEAGE);
        if marked > found {
            let what =
                format!("a torn mark says {marked} where the state stands at {found}: it would be refused as older");
            self.hub.lock().truth.violate("I8", what);
        }
        Ok(self.handle(process, found))
    }

    /// What a person's command writes, while no process does and nothing goes wrong.
    pub fn edit(&self, entries: &[JournalEntry]) {
        let mut inner = self.inner();
        let entries = Arc::new(entries.to_vec());
        if let Err(error) = inner.take(&entries) {
            self.hub.lock().truth.violate("I8", error.to_string());
        }
        inner.durable(&entries);
        inner.synced.push(Commit { sectors: vec![true; entries.len() + 1], entries });
        inner.acknowledged = inner.snapshot.serial;
    }

    /// Of the last write over the mark any beginning has come through.
    fn tear_mark(&self) {
        let mut inner = self.inner();
        let (old, new) = inner.mark.clone();
        if old == new {
            return;
        }
        let end = self.hub.lock().choices.choose(Point::Detail, new.len() as u32) as usize;
        let torn = if end == 0 { new } else { format!("{}{}", &new[..end], old.get(end..).unwrap_or_default()) };
        inner.mark = (torn.clone(), torn);
    }

    fn handle(self: &Arc<Disk>, process: usize, serial: u64) -> Handle {
        Handle { disk: self.clone(), process, state: Mutex::new(Held { serial, poison: None, is_full: false }) }
    }
}

impl Inner {
    /// What came through a crash is durable, though nobody had been told so.
    fn reread(&mut self, is_news: bool) -> Result<(), StoreError> {
        let entries = self.synced.iter().map(|commit| commit.entries.len()).sum::<usize>();
        if !is_news && entries == self.rows.len() {
            return Ok(());
        }
        self.snapshot = Snapshot { lineage: LINEAGE.to_owned(), ..Snapshot::default() };
        self.rows.clear();
        self.intents.clear();
        self.shape = 0;
        for commit in self.synced.clone() {
            self.take(&commit.entries)?;
            self.durable(&commit.entries);
        }
        Ok(())
    }

    fn take(&mut self, entries: &Arc<Vec<JournalEntry>>) -> Result<(), StoreError> {
        let before = self.rows.len();
        for (at, entry) in entries.iter().enumerate() {
            if let Err(illegal) = fold(&mut self.snapshot, entry) {
                self.rows.truncate(before);
                self.snapshot = Snapshot { lineage: LINEAGE.to_owned(), ..Snapshot::default() };
                self.rows.iter().try_for_each(|row| fold(&mut self.snapshot, row.entry()))?;
                return Err(illegal.into());
            }
            let (serial, epoch) = (self.snapshot.serial, self.snapshot.epoch);
            self.rows.push(Row { serial, epoch, commit: entries.clone(), at });
            self.shape = shape(self.shape, entry);
        }
        Ok(())
    }

    fn durable(&mut self, entries: &[JournalEntry]) {
        for entry in entries {
            if let JournalEntry::Intent(intent) = entry {
                let Intent { operation, address, purpose, idempotency_key, .. } = &**intent;
                let intent = (*operation, address.clone(), purpose.clone());
                self.intents.insert(idempotency_key.clone(), (intent, self.snapshot.epoch));
            }
        }
    }
}

/// A process's hold on the disk: it writes only while nobody else has written.
#[derive(Debug)]
pub struct Handle {
    disk: Arc<Disk>,
    process: usize,
    state: Mutex<Held>,
}

/// What a process knows of the disk.
#[derive(Clone, Debug)]
struct Held {
    /// The last that it has seen.
    serial: u64,
    /// Why it writes no more.
    poison: Option<String>,
    /// The reserve is spent: nothing new is begun.
    is_full: bool,
}

impl Handle {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.state.lock().expect("one thread")
    }

    fn dead(&self) -> StoreError {
        StoreError::Poisoned("the process is dead".to_owned())
    }

    fn poisoned(&self, error: StoreError) -> StoreError {
        self.held().poison = Some(error.to_string());
        error
    }

    /// Serial and lineage before and after a commit (I9).
    fn write(&self, entries: &[JournalEntry]) -> Result<(), StoreError> {
        let mut inner = self.disk.inner();
        let before = inner.snapshot.serial;
        super::steps::before_commit(&mut self.disk.hub.lock(), &inner.snapshot, entries);
        let entries = Arc::new(entries.to_vec());
        inner.take(&entries)?;
        if inner.snapshot.serial != before + entries.len() as u64 || inner.snapshot.lineage != LINEAGE {
            self.disk.hub.lock().truth.violate("I9", format!("serial {before} became {}", inner.snapshot.serial));
        }
        self.held().serial = inner.snapshot.serial;
        let sectors = vec![true; entries.len() + 1];
        let commit = Commit { entries, sectors };
        inner.unsynced.push(commit);
        Ok(())
    }

    fn sync(&self, entries: &[JournalEntry]) {
        let mut inner = self.disk.inner();
        let begins_change = |entry: &JournalEntry| matches!(entry, JournalEntry::Intent(intent) if matches!(intent.purpose, Purpose::Update(_) | Purpose::Delete));
        if self.disk.never_syncs || self.disk.syncs_changes_late && entries.iter().any(begins_change) {
            return;
        }
        let unsynced = std::mem::take(&mut inner.unsynced);
        for commit in &unsynced {
            inner.durable(&commit.entries);
        }
        inner.synced.extend(unsynced);
    }

    /// The process is told that it is durable, and marks how far the state has come.
    fn acknowledge(&self) {
        let mut inner = self.disk.inner();
        inner.acknowledged = inner.snapshot.serial;
        inner.mark.1 = mark_text(LINEAGE, inner.acknowledged);
    }

    fn accident(&self, entries: &[JournalEntry]) -> Option<Fault> {
        let mut world = self.disk.hub.lock();
        world.tally.commits += 1;
        let fault = world.choices.fault(Point::Journal, faults::JOURNAL);
        if let Some(fault) = fault {
            if fault.kills() {
                world.kill(self.process, Some(fault));
            } else {
                world.took_effect(Some(fault));
            }
        }
        world.note(|_| {
            let kinds: Vec<String> = entries.iter().map(word).collect();
            format!("p{} writes {} {fault:?}", self.process, kinds.join(", "))
        });
        fault
    }
}

impl Store for Handle {
    fn load(&self) -> Result<Snapshot, StoreError> {
        Ok(self.disk.inner().snapshot.clone())
    }

    fn append(&self, entries: &[JournalEntry]) -> Result<(), StoreError> {
        if self.disk.hub.lock().manners[self.process].doomed {
            return Err(self.dead());
        }
        let Held { serial: held, poison, is_full } = self.held().clone();
        if let Some(reason) = poison {
            return Err(StoreError::Poisoned(reason));
        }
        let full = || StoreError::NoSpace { path: "disk".to_owned() };
        let starts = entries.iter().any(|entry| matches!(entry, JournalEntry::Intent(_)));
        if is_full && starts {
            return Err(full());
        }
        let found = self.disk.inner().snapshot.serial;
        if found != held && !self.disk.is_unfenced {
            let (held, found) = (held, self.disk.inner().snapshot.epoch);
            return Err(self.poisoned(StoreError::Fenced { path: "disk".to_owned(), held, found }));
        }
        let failed = || StoreError::Unwritable { path: "disk".to_owned(), reason: "input/output error".to_owned() };
        let fault = self.accident(entries);
        match fault {
            Some(Fault::KillBeforeWrite) => return Err(self.dead()),
            Some(Fault::WriteFails) => return Err(self.poisoned(failed())),
            Some(Fault::KillTorn) => {
                self.write(entries)?;
                return Err(self.dead());
            }
            Some(Fault::SyncFails) => {
                self.write(entries)?;
                return Err(self.poisoned(failed()));
            }
            // The reserve is given back, which has room for what is under way.
            Some(Fault::NoSpace) => {
                self.held().is_full = true;
                if starts {
                    return Err(full());
                }
            }
            Some(Fault::FullForGood) => return Err(self.poisoned(full())),
            Some(_) | None => {}
        }
        self.write(entries).map_err(|error| self.poisoned(error))?;
        self.sync(entries);
        if fault.is_some_and(Fault::kills) {
            return Err(self.dead());
        }
        self.acknowledge();
        Ok(())
    }

    fn history(&self, limit: usize) -> Result<Vec<HistoryRow>, StoreError> {
        let inner = self.disk.inner();
        let rows = inner.rows[inner.rows.len().saturating_sub(limit)..].iter();
        let row = |row: &Row| HistoryRow { serial: row.serial, epoch: row.epoch, entry: row.entry().clone() };
        Ok(rows.map(row).collect())
    }
}

/// The sequence of entries so far as one number: what each is, of which operation and address.
fn shape(before: u64, entry: &JournalEntry) -> u64 {
    let mut hasher = DefaultHasher::new();
    before.hash(&mut hasher);
    std::mem::discriminant(entry).hash(&mut hasher);
    match entry {
        JournalEntry::Intent(intent) => (intent.operation, &intent.address, intent.attempt).hash(&mut hasher),
        JournalEntry::Accepted { operation, job, id } => (operation, job.is_some(), id.is_some()).hash(&mut hasher),
        JournalEntry::Rejected { operation, status, .. } => (operation, status).hash(&mut hasher),
        JournalEntry::Failed { operation, id, .. } => (operation, id.is_some()).hash(&mut hasher),
        JournalEntry::Asked { operation, candidates } => (operation, candidates.len()).hash(&mut hasher),
        JournalEntry::Bound { operation, .. }
        | JournalEntry::Ready { operation, .. }
        | JournalEntry::Ran { operation }
        | JournalEntry::NotCreated { operation, .. }
        | JournalEntry::Adopted { operation, .. }
        | JournalEntry::LateDuplicate { operation, .. } => operation.hash(&mut hasher),
        JournalEntry::Deleted { address, .. }
        | JournalEntry::Deposed { address, .. }
        | JournalEntry::Reinstated { address, .. }
        | JournalEntry::Forgotten { address }
        | JournalEntry::Imported { address, .. }
        | JournalEntry::Noted { address, .. } => address.hash(&mut hasher),
        JournalEntry::Moved { from, to } => (from, to).hash(&mut hasher),
        JournalEntry::Strangers { kind, ids } => (kind.as_str(), ids.len()).hash(&mut hasher),
        _ => {}
    }
    hasher.finish()
}

/// An entry's kind, for logs.
pub fn word(entry: &JournalEntry) -> String {
    let text = format!("{entry:?}");
    let name: String = text.chars().take_while(|c| c.is_alphanumeric()).collect();
    let of = |address: &Address| format!("{name} {address}");
    match entry {
        JournalEntry::Intent(intent) => format!("{name} {} {}", intent.operation.0, intent.address),
        JournalEntry::Rejected { operation, message, .. } | JournalEntry::Failed { operation, message, .. } => {
            format!("{name} {} ({message})", operation.0)
        }
        JournalEntry::Bound { operation, id } | JournalEntry::Adopted { operation, id, .. } => {
            format!("{name} {} {id}", operation.0)
        }
        JournalEntry::Deleted { address, id, .. }
        | JournalEntry::Deposed { address, id }
        | JournalEntry::Reinstated { address, id } => {
            format!("{} {id}", of(address))
        }
        JournalEntry::Asked { operation, candidates } => format!("{name} {} {candidates:?}", operation.0),
        _ => name,
    }
}

/// The kinds that the engine can't mark, for the checks.
pub fn is_unmarked(kind: &Ident) -> bool {
    cnx::provider::cloudnexus().kind(kind).is_none_or(|kind| kind.stamp.is_none())
}
