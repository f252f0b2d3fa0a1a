//! Journal entries as stored: one JSON text each. Read back strictly; an unknown form is damage or a newer cnx.

use super::journal::*;
use super::wire_record::*;
use super::wire_snapshot::SnapshotWire;
use super::wire_value::*;
use crate::model::{Ident, JobId, Observed, RemoteId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// Of everything in a state file. Older ones are upgraded on opening, newer ones refused. 2: sum and seal; 3: quarantine,
/// restoring, a base below the journal; 4: former objects that come back.
pub const FORMAT: u32 = 4;

type WireAttributes = BTreeMap<String, Json>;

#[derive(Serialize, Deserialize)]
enum EntryWire {
    RunStarted { run: String, epoch: u64, holder: String, plan: String, at: Timestamp },
    RunEnded { run: String, at: Timestamp },
    Pinned(PinWire),
    Strangers { kind: String, ids: Vec<String> },
    Intent(Box<IntentWire>),
    Accepted { operation: u64, job: Option<String>, id: Option<String> },
    Bound { operation: u64, id: String },
    Ready { operation: u64, observed: ObservedWire, applied: WireAttributes },
    Ran { operation: u64 },
    Rejected { operation: u64, status: u16, message: String },
    Failed { operation: u64, id: Option<String>, message: String },
    NotCreated { operation: u64, evidence: String },
    Asked { operation: u64, candidates: Vec<String> },
    Adopted { operation: u64, id: String, rule: String, evidence: String },
    LateDuplicate { operation: u64, id: String },
    Deleted { operation: Option<u64>, address: String, id: String },
    Deposed { address: String, id: String },
    Reinstated { address: String, id: String },
    Forgotten { address: String },
    Imported(Box<ImportedWire>),
    Moved { from: String, to: String },
    Noted { address: String, observed: Option<ObservedWire>, applied: WireAttributes, lifecycle: RememberedWire },
    Remark(RemarkWire),
    Restored(Box<RestoredWire>),
    Outputs(BTreeMap<String, OutputWire>),
}

/// The entry as one JSON text.
pub fn entry_to_json(entry: &JournalEntry) -> Result<String, serde_json::Error> {
    serde_json::to_string(&to_entry(entry))
}

/// `None`: not an entry of this format.
pub fn entry_from_json(text: &str) -> Option<JournalEntry> {
    from_entry(serde_json::from_str(text).ok()?)
}

fn to_entry(entry: &JournalEntry) -> EntryWire {
    let text = RemoteId::to_string;
    match entry {
        JournalEntry::RunStarted { run, epoch, holder, plan, at } => EntryWire::RunStarted {
            run: run.clone(),
            epoch: *epoch,
            holder: holder.clone(),
            plan: plan.clone(),
            at: *at,
        },
        JournalEntry::RunEnded { run, at } => EntryWire::RunEnded { run: run.clone(), at: *at },
        JournalEntry::Pinned(pin) => EntryWire::Pinned(PinWire::of(pin)),
        JournalEntry::Strangers { kind, ids } => EntryWire::Strangers { kind: kind.to_string(), ids: ids_to_wire(ids) },
        JournalEntry::Intent(intent) => EntryWire::Intent(Box::new(IntentWire::of(intent))),
        JournalEntry::Accepted { operation, job, id } => EntryWire::Accepted {
            operation: operation.0,
            job: job.as_ref().map(JobId::to_string),
            id: id.as_ref().map(text),
        },
        JournalEntry::Bound { operation, id } => EntryWire::Bound { operation: operation.0, id: text(id) },
        JournalEntry::Ready { operation, observed, applied } => EntryWire::Ready {
            operation: operation.0,
            observed: ObservedWire::of(observed),
            applied: attributes_to_wire(applied),
        },
        JournalEntry::Ran { operation } => EntryWire::Ran { operation: operation.0 },
        JournalEntry::Rejected { operation, status, message } => {
            EntryWire::Rejected { operation: operation.0, status: *status, message: message.clone() }
        }
        JournalEntry::Failed { operation, id, message } => {
            EntryWire::Failed { operation: operation.0, id: id.as_ref().map(text), message: message.clone() }
        }
        JournalEntry::NotCreated { operation, evidence } => {
            EntryWire::NotCreated { operation: operation.0, evidence: evidence.clone() }
        }
        JournalEntry::Asked { operation, candidates } => {
            EntryWire::Asked { operation: operation.0, candidates: ids_to_wire(candidates) }
        }
        JournalEntry::Adopted { operation, id, rule, evidence } => {
            EntryWire::Adopted { operation: operation.0, id: text(id), rule: rule.clone(), evidence: evidence.clone() }
        }
        JournalEntry::LateDuplicate { operation, id } => {
            EntryWire::LateDuplicate { operation: operation.0, id: text(id) }
        }
        JournalEntry::Deleted { .. }
        | JournalEntry::Deposed { .. }
        | JournalEntry::Reinstated { .. }
        | JournalEntry::Forgotten { .. }
        | JournalEntry::Imported { .. }
        | JournalEntry::Moved { .. }
        | JournalEntry::Noted { .. }
        | JournalEntry::Quarantined { .. }
        | JournalEntry::Confirmed { .. }
        | JournalEntry::Untainted { .. }
        | JournalEntry::Restored { .. }
        | JournalEntry::Outputs(_) => to_entry_of_address(entry),
    }
}

/// The entries that name an address and no operation.
fn to_entry_of_address(entry: &JournalEntry) -> EntryWire {
    match entry {
        JournalEntry::Deleted { operation, address, id } => EntryWire::Deleted {
            operation: operation.map(|operation| operation.0),
            address: address_to_wire(address),
            id: id.to_string(),
        },
        JournalEntry::Deposed { address, id } => {
            EntryWire::Deposed { address: address_to_wire(address), id: id.to_string() }
        }
        JournalEntry::Reinstated { address, id } => {
            EntryWire::Reinstated { address: address_to_wire(address), id: id.to_string() }
        }
        JournalEntry::Forgotten { address } => EntryWire::Forgotten { address: address_to_wire(address) },
        JournalEntry::Imported { address, kind, observed, applied, lifecycle, at } => {
            EntryWire::Imported(Box::new(ImportedWire {
                address: address_to_wire(address),
                kind: kind.to_string(),
                observed: ObservedWire::of(observed),
                applied: attributes_to_wire(applied),
                lifecycle: RememberedWire::of(lifecycle),
                at: *at,
            }))
        }
        JournalEntry::Moved { from, to } => EntryWire::Moved { from: address_to_wire(from), to: address_to_wire(to) },
        JournalEntry::Noted { address, observed, applied, lifecycle } => EntryWire::Noted {
            address: address_to_wire(address),
            observed: observed.as_ref().map(ObservedWire::of),
            applied: attributes_to_wire(applied),
            lifecycle: RememberedWire::of(lifecycle),
        },
        JournalEntry::Quarantined { address, why } => {
            EntryWire::Remark(RemarkWire::Quarantined { address: address_to_wire(address), why: why.clone() })
        }
        JournalEntry::Confirmed { address } => {
            EntryWire::Remark(RemarkWire::Confirmed { address: address_to_wire(address) })
        }
        JournalEntry::Untainted { address } => {
            EntryWire::Remark(RemarkWire::Untainted { address: address_to_wire(address) })
        }
        JournalEntry::Restored { from, at, snapshot } => EntryWire::Restored(Box::new(RestoredWire {
            from: from.clone(),
            at: *at,
            snapshot: SnapshotWire::of(snapshot),
        })),
        JournalEntry::Outputs(outputs) => EntryWire::Outputs(outputs_to_wire(outputs)),
        JournalEntry::RunStarted { .. }
        | JournalEntry::RunEnded { .. }
        | JournalEntry::Pinned(_)
        | JournalEntry::Strangers { .. }
        | JournalEntry::Intent(_)
        | JournalEntry::Accepted { .. }
        | JournalEntry::Bound { .. }
        | JournalEntry::Ready { .. }
        | JournalEntry::Ran { .. }
        | JournalEntry::Rejected { .. }
        | JournalEntry::Failed { .. }
        | JournalEntry::NotCreated { .. }
        | JournalEntry::Asked { .. }
        | JournalEntry::Adopted { .. }
        | JournalEntry::LateDuplicate { .. } => to_entry(entry),
    }
}

#[derive(Serialize, Deserialize)]
struct RestoredWire {
    from: String,
    at: Timestamp,
    snapshot: SnapshotWire,
}

impl RestoredWire {
    fn read(self) -> Option<JournalEntry> {
        let snapshot = Box::new(self.snapshot.read()?);
        Some(JournalEntry::Restored { from: self.from, at: self.at, snapshot })
    }
}

/// What a person says of an object, or what is said to persons.
#[derive(Serialize, Deserialize)]
enum RemarkWire {
    Quarantined { address: String, why: String },
    Confirmed { address: String },
    Untainted { address: String },
}

impl RemarkWire {
    fn read(self) -> Option<JournalEntry> {
        Some(match self {
            RemarkWire::Quarantined { address, why } => {
                JournalEntry::Quarantined { address: address_from_wire(&address)?, why }
            }
            RemarkWire::Confirmed { address } => JournalEntry::Confirmed { address: address_from_wire(&address)? },
            RemarkWire::Untainted { address } => JournalEntry::Untainted { address: address_from_wire(&address)? },
        })
    }
}

#[derive(Serialize, Deserialize)]
struct ImportedWire {
    address: String,
    kind: String,
    observed: ObservedWire,
    applied: WireAttributes,
    lifecycle: RememberedWire,
    at: Timestamp,
}

impl ImportedWire {
    fn read(&self) -> Option<JournalEntry> {
        Some(JournalEntry::Imported {
            address: address_from_wire(&self.address)?,
            kind: Ident::new(&self.kind),
            observed: self.observed.read()?,
            applied: attributes_from_wire(&self.applied)?,
            lifecycle: self.lifecycle.read()?,
            at: self.at,
        })
    }
}

fn read_optional(observed: Option<ObservedWire>) -> Option<Option<Observed>> {
    match observed {
        Some(observed) => Some(Some(observed.read()?)),
        None => Some(None),
    }
}

fn from_entry(wire: EntryWire) -> Option<JournalEntry> {
    let id = |text: &str| RemoteId::new(text);
    Some(match wire {
        EntryWire::RunStarted { run, epoch, holder, plan, at } => {
            JournalEntry::RunStarted { run, epoch, holder, plan, at }
        }
        EntryWire::RunEnded { run, at } => JournalEntry::RunEnded { run, at },
        EntryWire::Pinned(pin) => JournalEntry::Pinned(pin.read()),
        EntryWire::Strangers { kind, ids } => JournalEntry::Strangers { kind: Ident::new(&kind), ids: id_set(&ids) },
        EntryWire::Intent(intent) => JournalEntry::Intent(Box::new(intent.read()?)),
        EntryWire::Accepted { operation, job, id } => JournalEntry::Accepted {
            operation: OperationId(operation),
            job: job.as_deref().map(JobId::new),
            id: id.as_deref().map(RemoteId::new),
        },
        EntryWire::Bound { operation, id: bound } => {
            JournalEntry::Bound { operation: OperationId(operation), id: id(&bound) }
        }
        EntryWire::Ready { operation, observed, applied } => JournalEntry::Ready {
            operation: OperationId(operation),
            observed: observed.read()?,
            applied: attributes_from_wire(&applied)?,
        },
        EntryWire::Ran { operation } => JournalEntry::Ran { operation: OperationId(operation) },
        EntryWire::Rejected { operation, status, message } => {
            JournalEntry::Rejected { operation: OperationId(operation), status, message }
        }
        EntryWire::Failed { operation, id, message } => {
            JournalEntry::Failed { operation: OperationId(operation), id: id.as_deref().map(RemoteId::new), message }
        }
        EntryWire::NotCreated { operation, evidence } => {
            JournalEntry::NotCreated { operation: OperationId(operation), evidence }
        }
        EntryWire::Asked { operation, candidates } => {
            JournalEntry::Asked { operation: OperationId(operation), candidates: ids_from_wire(&candidates) }
        }
        EntryWire::Adopted { operation, id: adopted, rule, evidence } => {
            JournalEntry::Adopted { operation: OperationId(operation), id: id(&adopted), rule, evidence }
        }
        EntryWire::LateDuplicate { operation, id: late } => {
            JournalEntry::LateDuplicate { operation: OperationId(operation), id: id(&late) }
        }
        EntryWire::Deleted { operation, address, id: gone } => JournalEntry::Deleted {
            operation: operation.map(OperationId),
            address: address_from_wire(&address)?,
            id: id(&gone),
        },
        EntryWire::Deposed { address, id: old } => {
            JournalEntry::Deposed { address: address_from_wire(&address)?, id: id(&old) }
        }
        EntryWire::Reinstated { address, id: former } => {
            JournalEntry::Reinstated { address: address_from_wire(&address)?, id: id(&former) }
        }
        EntryWire::Forgotten { address } => JournalEntry::Forgotten { address: address_from_wire(&address)? },
        EntryWire::Imported(imported) => imported.read()?,
        EntryWire::Moved { from, to } => {
            JournalEntry::Moved { from: address_from_wire(&from)?, to: address_from_wire(&to)? }
        }
        EntryWire::Noted { address, observed, applied, lifecycle } => JournalEntry::Noted {
            address: address_from_wire(&address)?,
            observed: read_optional(observed)?,
            applied: attributes_from_wire(&applied)?,
            lifecycle: lifecycle.read()?,
        },
        EntryWire::Remark(remark) => remark.read()?,
        EntryWire::Restored(restored) => restored.read()?,
        EntryWire::Outputs(outputs) => JournalEntry::Outputs(outputs_from_wire(&outputs)?),
    })
}
