//! A whole snapshot as stored: in the base below a journal, in an entry that restores one, in an export.

use super::journal::*;
use super::wire_record::*;
use super::wire_value::{address_from_wire, address_to_wire};
use crate::model::Ident;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Serialize, Deserialize)]
pub struct SnapshotWire {
    lineage: String,
    serial: u64,
    epoch: u64,
    next_operation: u64,
    pin: Option<PinWire>,
    records: Vec<RecordWire>,
    deposed: Vec<RecordWire>,
    open: Vec<OpenWire>,
    actions: BTreeMap<String, ActionWire>,
    outputs: BTreeMap<String, OutputWire>,
    strangers: BTreeMap<String, Vec<String>>,
    tombstones: BTreeMap<u64, TombstoneWire>,
}

impl SnapshotWire {
    pub fn of(snapshot: &Snapshot) -> SnapshotWire {
        let actions = snapshot.actions.iter().map(|(address, one)| (address_to_wire(address), ActionWire::of(one)));
        let strangers = snapshot.strangers.iter().map(|(kind, ids)| (kind.to_string(), ids_to_wire(ids)));
        let graves = snapshot.tombstones.iter().map(|(operation, one)| (operation.0, TombstoneWire::of(one)));
        SnapshotWire {
            lineage: snapshot.lineage.clone(),
            serial: snapshot.serial,
            epoch: snapshot.epoch,
            next_operation: snapshot.next_operation,
            pin: snapshot.pin.as_ref().map(PinWire::of),
            records: snapshot.records.values().map(RecordWire::of).collect(),
            deposed: snapshot.deposed.values().flatten().map(RecordWire::of).collect(),
            open: snapshot.open.values().map(OpenWire::of).collect(),
            actions: actions.collect(),
            outputs: outputs_to_wire(&snapshot.outputs),
            strangers: strangers.collect(),
            tombstones: graves.collect(),
        }
    }

    /// `None`: not of this format, or one object at two addresses.
    pub fn read(&self) -> Option<Snapshot> {
        let strangers = self.strangers.iter().map(|(kind, ids)| (Ident::new(kind), id_set(ids)));
        let mut snapshot = Snapshot {
            lineage: self.lineage.clone(),
            serial: self.serial,
            epoch: self.epoch,
            next_operation: self.next_operation,
            pin: self.pin.as_ref().map(PinWire::read),
            outputs: outputs_from_wire(&self.outputs)?,
            strangers: strangers.collect(),
            ..Snapshot::default()
        };
        for (address, action) in &self.actions {
            snapshot.actions.insert(address_from_wire(address)?, action.read()?);
        }
        for (operation, grave) in &self.tombstones {
            snapshot.tombstones.insert(OperationId(*operation), grave.read()?);
        }
        for open in &self.open {
            let open = open.read()?;
            if matches!(open.intent.purpose, Purpose::Create) {
                snapshot.creating.insert(open.intent.address.clone(), open.intent.operation);
            }
            snapshot.open.insert(open.intent.operation, open);
        }
        for (record, is_current) in
            self.records.iter().map(|one| (one, true)).chain(self.deposed.iter().map(|one| (one, false)))
        {
            let record = record.read()?;
            if snapshot.ids.insert(record.id.clone(), record.address.clone()).is_some() {
                return None;
            }
            if is_current {
                snapshot.records.insert(record.address.clone(), record);
            } else {
                snapshot.deposed.entry(record.address.clone()).or_default().push(record);
            }
        }
        Some(snapshot)
    }
}
