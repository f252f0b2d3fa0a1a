//! The journal's meaning: which entry may follow which, and what is known after it. Pure; knows no storage.

use super::journal::*;
use crate::model::{Address, Attributes, Observed, RemoteId, Timestamp};
use std::collections::BTreeSet;
use std::time::Duration;

/// An entry that contradicts what came before: a bug of cnx or a damaged journal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {serial}: {why}")]
pub struct IllegalEntry {
    /// The number that the entry would have had.
    pub serial: u64,
    pub why: String,
}

/// What a given-up create made later is looked for so long; a clock that is wrong by days must not shorten it below the
/// seven days that R7 asks for.
const TOMBSTONES_LAST: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// The keyed parts of a snapshot that entries changed: what a store has to write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    pub addresses: BTreeSet<Address>,
    pub operations: BTreeSet<OperationId>,
    pub kinds: BTreeSet<crate::model::Ident>,
    pub outputs: bool,
}

/// Takes one entry in. On an error the snapshot is as before.
pub fn fold(snapshot: &mut Snapshot, entry: &JournalEntry) -> Result<(), IllegalEntry> {
    fold_touching(snapshot, entry, &mut Touched::default())
}

/// [`fold`], telling what changed.
pub fn fold_touching(snapshot: &mut Snapshot, entry: &JournalEntry, touched: &mut Touched) -> Result<(), IllegalEntry> {
    let mut folding = Folding { snapshot, touched };
    match folding.take(entry) {
        Ok(()) => {
            folding.snapshot.serial += 1;
            Ok(())
        }
        Err(why) => Err(IllegalEntry { serial: folding.snapshot.serial + 1, why }),
    }
}

/// A snapshot while one entry is taken in.
pub(super) struct Folding<'a> {
    pub(super) snapshot: &'a mut Snapshot,
    pub(super) touched: &'a mut Touched,
}

pub(super) type Legal = Result<(), String>;

impl Folding<'_> {
    fn take(&mut self, entry: &JournalEntry) -> Legal {
        match entry {
            JournalEntry::RunStarted { epoch, at, .. } => self.run_started(*epoch, *at),
            JournalEntry::RunEnded { .. } => Ok(()),
            JournalEntry::Pinned(pin) => {
                self.snapshot.pin = Some(pin.clone());
                Ok(())
            }
            JournalEntry::Strangers { kind, ids } => {
                self.touched.kinds.insert(kind.clone());
                self.snapshot.strangers.insert(kind.clone(), ids.clone());
                Ok(())
            }
            JournalEntry::Intent(intent) => self.intent(intent),
            JournalEntry::Accepted { operation, job, id } => {
                let open = self.open(*operation)?;
                open.job = job.clone().or(open.job.take());
                open.id = id.clone().or(open.id.take());
                Ok(())
            }
            JournalEntry::Bound { operation, id } => self.bind(*operation, id),
            JournalEntry::Adopted { operation, id, .. } => self.bind(*operation, id),
            JournalEntry::Ready { operation, observed, applied } => self.ready(*operation, observed, applied),
            JournalEntry::Ran { operation } => self.ran(*operation),
            JournalEntry::Rejected { operation, .. } => self.rejected(*operation),
            JournalEntry::Failed { operation, id, message } => self.failed(*operation, id.as_ref(), message),
            JournalEntry::NotCreated { operation, .. } => self.not_created(*operation),
            JournalEntry::Asked { operation, candidates } => {
                let open = self.open(*operation)?;
                open.candidates.clone_from(candidates);
                open.asked = true;
                Ok(())
            }
            JournalEntry::LateDuplicate { operation, .. } => {
                require(operation.0 < self.snapshot.next_operation, || "no such operation".to_owned())
            }
            JournalEntry::Deleted { operation, address, id } => self.deleted(*operation, address, id),
            JournalEntry::Deposed { address, id } => self.depose(address, id),
            JournalEntry::Reinstated { address, id } => self.reinstate(address, id),
            JournalEntry::Forgotten { address } => self.forget(address),
            JournalEntry::Imported { .. } => self.import(entry),
            JournalEntry::Moved { from, to } => self.rename(from, to),
            JournalEntry::Noted { address, observed, applied, lifecycle } => {
                self.note(address, observed.as_ref(), applied, lifecycle)
            }
            JournalEntry::Quarantined { address, why } => {
                self.record(address)?.quarantine = Some(why.clone());
                Ok(())
            }
            JournalEntry::Confirmed { address } => {
                self.record(address)?.quarantine = None;
                Ok(())
            }
            JournalEntry::Untainted { address } => self.untaint(address),
            JournalEntry::Restored { snapshot, .. } => self.restore(snapshot),
            JournalEntry::Outputs(outputs) => {
                self.touched.outputs = true;
                self.snapshot.outputs.clone_from(outputs);
                Ok(())
            }
        }
    }

    fn run_started(&mut self, epoch: u64, at: Timestamp) -> Legal {
        let last = self.snapshot.epoch;
        require(epoch > last, || format!("epoch {epoch} after epoch {last}"))?;
        self.snapshot.epoch = epoch;
        let is_over = |grave: &Tombstone| at.since(grave.at) > TOMBSTONES_LAST;
        let over = self.snapshot.tombstones.iter().filter(|(_, grave)| is_over(grave)).map(|(operation, _)| *operation);
        for operation in over.collect::<Vec<_>>() {
            self.snapshot.tombstones.remove(&operation);
            self.touched.operations.insert(operation);
        }
        Ok(())
    }

    fn intent(&mut self, intent: &Intent) -> Legal {
        let snapshot = &*self.snapshot;
        let (operation, address) = (intent.operation, &intent.address);
        require(operation.0 == snapshot.next_operation, || format!("operation {} out of turn", operation.0))?;
        require(intent.epoch == snapshot.epoch, || format!("epoch {} is over", intent.epoch))?;
        match (&intent.purpose, &intent.id) {
            (Purpose::Create, None) => {
                let twin = snapshot.creating.contains_key(address);
                require(!twin, || format!("{address}: a create is open already"))?;
                self.snapshot.creating.insert(address.clone(), operation);
            }
            (Purpose::Create, Some(_)) => return Err(format!("{address}: a create of an object that is there")),
            (Purpose::Update(_) | Purpose::Delete, Some(id)) => {
                require(find(snapshot, address, id).is_some(), || format!("{address}: {id} is not managed here"))?;
            }
            (Purpose::Update(_) | Purpose::Delete, None) => return Err(format!("{address}: no object named")),
            (Purpose::Run, _) => {}
        }
        self.touched.operations.insert(operation);
        self.snapshot.next_operation += 1;
        let open =
            Open { intent: intent.clone(), job: None, id: intent.id.clone(), candidates: Vec::new(), asked: false };
        self.snapshot.open.insert(operation, open);
        Ok(())
    }

    fn open(&mut self, operation: OperationId) -> Result<&mut Open, String> {
        self.touched.operations.insert(operation);
        self.snapshot.open.get_mut(&operation).ok_or_else(|| not_open(operation))
    }

    fn look(&self, operation: OperationId) -> Result<&Open, String> {
        self.snapshot.open.get(&operation).ok_or_else(|| not_open(operation))
    }

    /// The operation is over.
    fn close(&mut self, operation: OperationId) -> Result<Intent, String> {
        self.touched.operations.insert(operation);
        let open = self.snapshot.open.remove(&operation).ok_or_else(|| not_open(operation))?;
        if matches!(open.intent.purpose, Purpose::Create) {
            self.snapshot.creating.remove(&open.intent.address);
        }
        Ok(open.intent)
    }

    fn bind(&mut self, operation: OperationId, id: &RemoteId) -> Legal {
        let intent = &self.look(operation)?.intent;
        require(matches!(intent.purpose, Purpose::Create), || "only a create binds".to_owned())?;
        let address = intent.address.clone();
        if let Some(record) = self.snapshot.records.get(&address) {
            require(record.id == *id && record.condition == Condition::Pending(operation), || {
                format!("{address} holds {} and would be bound to {id}", record.id)
            })?;
            return Ok(());
        }
        let record = pending(intent, operation, id);
        self.claim(id, &address)?;
        self.touched.addresses.insert(address.clone());
        self.snapshot.records.insert(address, record);
        let open = self.open(operation)?;
        open.id = Some(id.clone());
        open.candidates.clear();
        Ok(())
    }

    pub(super) fn claim(&mut self, id: &RemoteId, address: &Address) -> Legal {
        if let Some(owner) = self.snapshot.ids.get(id) {
            return Err(format!("{id} is {owner} and would be {address} too"));
        }
        self.snapshot.ids.insert(id.clone(), address.clone());
        Ok(())
    }

    fn ready(&mut self, operation: OperationId, observed: &Observed, applied: &Attributes) -> Legal {
        let intent = &self.look(operation)?.intent;
        let id = &observed.id;
        require(!matches!(intent.purpose, Purpose::Delete | Purpose::Run), || "nothing to be ready".to_owned())?;
        let address = &intent.address;
        let held = self.snapshot.records.get(address).is_some_and(|record| record.id == *id);
        require(held, || format!("{address}: {id} is not bound"))?;
        let intent = self.close(operation)?;
        let record = self.record(&intent.address)?;
        if matches!(intent.purpose, Purpose::Create) {
            record.condition = Condition::Ready;
        }
        see(record, observed);
        record.applied.clone_from(applied);
        record.lifecycle = intent.lifecycle;
        record.updated = intent.at;
        Ok(())
    }

    fn ran(&mut self, operation: OperationId) -> Legal {
        require(matches!(self.look(operation)?.intent.purpose, Purpose::Run), || "not a run".to_owned())?;
        let intent = self.close(operation)?;
        self.touched.addresses.insert(intent.address.clone());
        let record = ActionRecord {
            kind: intent.kind,
            applied: intent.wanted,
            triggers: intent.lifecycle.triggers,
            at: intent.at,
        };
        self.snapshot.actions.insert(intent.address, record);
        Ok(())
    }

    fn rejected(&mut self, operation: OperationId) -> Legal {
        self.unbound(operation)?;
        self.close(operation).map(|_| ())
    }

    fn not_created(&mut self, operation: OperationId) -> Legal {
        require(matches!(self.look(operation)?.intent.purpose, Purpose::Create), || "not a create".to_owned())?;
        self.unbound(operation)?;
        let intent = self.close(operation)?;
        self.bury(operation, intent);
        Ok(())
    }

    /// What turns up of it later is not to be taken for a stranger's.
    fn bury(&mut self, operation: OperationId, intent: Intent) {
        let Intent { address, kind, nonce, fingerprint, at, surveyed, .. } = intent;
        self.snapshot.tombstones.insert(operation, Tombstone { address, kind, nonce, fingerprint, at, surveyed });
    }

    /// A create that bound an object did make something.
    fn unbound(&self, operation: OperationId) -> Legal {
        let address = &self.look(operation)?.intent.address;
        let bound = self.snapshot.records.get(address).filter(|r| r.condition == Condition::Pending(operation));
        require(bound.is_none(), || format!("{address} is bound already"))
    }

    fn failed(&mut self, operation: OperationId, id: Option<&RemoteId>, message: &str) -> Legal {
        if !matches!(self.look(operation)?.intent.purpose, Purpose::Create) {
            return self.close(operation).map(|_| ());
        }
        if let Some(id) = id {
            self.bind(operation, id)?;
            let intent = self.close(operation)?;
            let record = self.record(&intent.address)?;
            record.condition = Condition::Tainted(message.to_owned());
            record.lifecycle = intent.lifecycle;
            return Ok(());
        }
        let intent = self.close(operation)?;
        let held = self.snapshot.records.get(&intent.address);
        if let Some(record) = held.filter(|record| record.condition == Condition::Pending(operation)) {
            let id = record.id.clone();
            self.drop_record(&intent.address, &id);
        }
        self.bury(operation, intent);
        Ok(())
    }

    fn deleted(&mut self, operation: Option<OperationId>, address: &Address, id: &RemoteId) -> Legal {
        require(find(self.snapshot, address, id).is_some(), || format!("{address}: {id} is not managed here"))?;
        if let Some(operation) = operation {
            let intent = &self.look(operation)?.intent;
            let same = matches!(intent.purpose, Purpose::Delete) && intent.id.as_ref() == Some(id);
            require(same, || format!("operation {} deletes something else", operation.0))?;
            self.close(operation)?;
        }
        self.drop_record(address, id);
        Ok(())
    }

    pub(super) fn depose(&mut self, address: &Address, id: &RemoteId) -> Legal {
        let held = self.snapshot.records.get(address).is_some_and(|record| record.id == *id);
        require(held, || format!("{address}: {id} is not the current object"))?;
        self.touched.addresses.insert(address.clone());
        if let Some(record) = self.snapshot.records.remove(address) {
            self.snapshot.deposed.entry(address.clone()).or_default().push(record);
        }
        Ok(())
    }

    pub(super) fn record(&mut self, address: &Address) -> Result<&mut Record, String> {
        self.touched.addresses.insert(address.clone());
        self.snapshot.records.get_mut(address).ok_or_else(|| format!("{address} is not managed"))
    }

    pub(super) fn drop_record(&mut self, address: &Address, id: &RemoteId) {
        self.touched.addresses.insert(address.clone());
        self.snapshot.ids.remove(id);
        if self.snapshot.records.get(address).is_some_and(|record| record.id == *id) {
            self.snapshot.records.remove(address);
            return;
        }
        if let Some(deposed) = self.snapshot.deposed.get_mut(address) {
            deposed.retain(|record| record.id != *id);
            if deposed.is_empty() {
                self.snapshot.deposed.remove(address);
            }
        }
    }
}

fn pending(intent: &Intent, operation: OperationId, id: &RemoteId) -> Record {
    Record {
        address: intent.address.clone(),
        kind: intent.kind.clone(),
        id: id.clone(),
        applied: intent.wanted.clone(),
        observed: Attributes::new(),
        status: None,
        condition: Condition::Pending(operation),
        quarantine: None,
        lifecycle: intent.lifecycle.clone(),
        created: intent.at,
        updated: intent.at,
    }
}

pub(super) fn see(record: &mut Record, observed: &Observed) {
    record.observed.clone_from(&observed.attributes);
    record.status.clone_from(&observed.status);
}

/// The object of an address by its id: the current one or a deposed one.
pub fn find<'a>(snapshot: &'a Snapshot, address: &Address, id: &RemoteId) -> Option<&'a Record> {
    let current = snapshot.records.get(address).filter(|record| record.id == *id);
    current.or_else(|| snapshot.deposed.get(address)?.iter().find(|record| record.id == *id))
}

pub(super) fn require(legal: bool, why: impl FnOnce() -> String) -> Legal {
    if legal { Ok(()) } else { Err(why()) }
}

fn not_open(operation: OperationId) -> String {
    format!("operation {} is not open", operation.0)
}

/// When the last entry with a time was written; used by tests and listings.
pub fn time_of(entry: &JournalEntry) -> Option<Timestamp> {
    match entry {
        JournalEntry::RunStarted { at, .. }
        | JournalEntry::RunEnded { at, .. }
        | JournalEntry::Imported { at, .. }
        | JournalEntry::Restored { at, .. } => Some(*at),
        JournalEntry::Intent(intent) => Some(intent.at),
        JournalEntry::Pinned(_)
        | JournalEntry::Strangers { .. }
        | JournalEntry::Accepted { .. }
        | JournalEntry::Bound { .. }
        | JournalEntry::Ready { .. }
        | JournalEntry::Ran { .. }
        | JournalEntry::Rejected { .. }
        | JournalEntry::Failed { .. }
        | JournalEntry::NotCreated { .. }
        | JournalEntry::Asked { .. }
        | JournalEntry::Adopted { .. }
        | JournalEntry::LateDuplicate { .. }
        | JournalEntry::Deleted { .. }
        | JournalEntry::Deposed { .. }
        | JournalEntry::Reinstated { .. }
        | JournalEntry::Forgotten { .. }
        | JournalEntry::Moved { .. }
        | JournalEntry::Noted { .. }
        | JournalEntry::Quarantined { .. }
        | JournalEntry::Confirmed { .. }
        | JournalEntry::Untainted { .. }
        | JournalEntry::Outputs(_) => None,
    }
}
