//! The part of [`super::fold`] that knows no operation: objects renamed, let go of, taken over, remembered anew; states
//! replaced as a whole.

use super::fold::{Folding, Legal, require, see};
use super::journal::*;
use crate::model::{Address, Attributes, Observed, RemoteId};

impl Folding<'_> {
    pub(super) fn untaint(&mut self, address: &Address) -> Legal {
        let record = self.record(address)?;
        let is_tainted = matches!(record.condition, Condition::Tainted(_));
        require(is_tainted, || format!("{address} is not tainted"))?;
        record.condition = Condition::Ready;
        Ok(())
    }

    /// Current and former object of an address change places.
    pub(super) fn reinstate(&mut self, address: &Address, id: &RemoteId) -> Legal {
        let former = self.snapshot.deposed.get(address).and_then(|all| all.iter().position(|one| one.id == *id));
        let at = former.ok_or_else(|| format!("{address}: {id} is no former object"))?;
        if let Some(current) = self.snapshot.records.get(address).map(|record| record.id.clone()) {
            self.depose(address, &current)?;
        }
        self.touched.addresses.insert(address.clone());
        let Some(all) = self.snapshot.deposed.get_mut(address) else { return Ok(()) };
        let record = all.remove(at);
        if all.is_empty() {
            self.snapshot.deposed.remove(address);
        }
        self.snapshot.records.insert(address.clone(), record);
        Ok(())
    }

    /// What is managed is replaced as a whole; numbers only grow, and what given-up creates left marks of stays known.
    pub(super) fn restore(&mut self, other: &Snapshot) -> Legal {
        let own = &mut *self.snapshot;
        require(own.open.is_empty(), || "an operation is open".to_owned())?;
        let addresses = |one: &Snapshot| {
            let managed = one.records.keys().chain(one.deposed.keys()).chain(one.actions.keys());
            managed.cloned().collect::<Vec<_>>()
        };
        self.touched.addresses.extend(addresses(own).into_iter().chain(addresses(other)));
        self.touched.kinds.extend(own.strangers.keys().chain(other.strangers.keys()).cloned());
        self.touched.operations.extend(other.tombstones.keys().chain(other.open.keys()));
        self.touched.outputs = true;
        own.records.clone_from(&other.records);
        own.deposed.clone_from(&other.deposed);
        own.actions.clone_from(&other.actions);
        own.outputs.clone_from(&other.outputs);
        own.strangers.clone_from(&other.strangers);
        own.ids.clone_from(&other.ids);
        own.open.clone_from(&other.open);
        own.creating.clone_from(&other.creating);
        own.pin = other.pin.clone().or(own.pin.take());
        own.tombstones.extend(other.tombstones.iter().map(|(operation, grave)| (*operation, grave.clone())));
        own.next_operation = own.next_operation.max(other.next_operation);
        own.epoch = own.epoch.max(other.epoch);
        own.serial = own.serial.max(other.serial);
        Ok(())
    }

    pub(super) fn forget(&mut self, address: &Address) -> Legal {
        self.touched.addresses.insert(address.clone());
        if self.snapshot.actions.remove(address).is_some() {
            return Ok(());
        }
        let id = self.snapshot.records.get(address).map(|record| record.id.clone());
        let id = id.ok_or_else(|| format!("{address} is not managed"))?;
        self.drop_record(address, &id);
        Ok(())
    }

    pub(super) fn import(&mut self, entry: &JournalEntry) -> Legal {
        let JournalEntry::Imported { address, kind, observed, applied, lifecycle, at } = entry else {
            return Err("not an import".to_owned());
        };
        require(!self.snapshot.records.contains_key(address), || format!("{address} is managed already"))?;
        self.claim(&observed.id, address)?;
        let mut record = Record {
            address: address.clone(),
            kind: kind.clone(),
            id: observed.id.clone(),
            applied: applied.clone(),
            observed: Attributes::new(),
            status: None,
            condition: Condition::Ready,
            quarantine: None,
            lifecycle: lifecycle.clone(),
            created: *at,
            updated: *at,
        };
        see(&mut record, observed);
        self.touched.addresses.insert(address.clone());
        self.snapshot.records.insert(address.clone(), record);
        Ok(())
    }

    pub(super) fn rename(&mut self, from: &Address, to: &Address) -> Legal {
        let snapshot = &mut *self.snapshot;
        let taken = snapshot.records.contains_key(to) || snapshot.actions.contains_key(to);
        require(!taken, || format!("{to} is there already"))?;
        require(!snapshot.creating.contains_key(to), || format!("{to} is being made"))?;
        let (record, action) = (snapshot.records.remove(from), snapshot.actions.remove(from));
        require(record.is_some() || action.is_some(), || format!("{from} is not managed"))?;
        self.touched.addresses.extend([from.clone(), to.clone()]);
        if let Some(action) = action {
            snapshot.actions.insert(to.clone(), action);
        }
        let mut moved: Vec<Record> = snapshot.deposed.remove(from).unwrap_or_default();
        for record in moved.iter_mut() {
            record.address = to.clone();
            snapshot.ids.insert(record.id.clone(), to.clone());
        }
        if !moved.is_empty() {
            snapshot.deposed.entry(to.clone()).or_default().append(&mut moved);
        }
        if let Some(mut record) = record {
            record.address = to.clone();
            snapshot.ids.insert(record.id.clone(), to.clone());
            snapshot.records.insert(to.clone(), record);
        }
        for (operation, open) in snapshot.open.iter_mut().filter(|(_, open)| open.intent.address == *from) {
            open.intent.address = to.clone();
            if matches!(open.intent.purpose, Purpose::Create) && snapshot.creating.remove(from).is_some() {
                snapshot.creating.insert(to.clone(), *operation);
            }
            self.touched.operations.insert(*operation);
        }
        Ok(())
    }

    pub(super) fn note(
        &mut self,
        address: &Address,
        observed: Option<&Observed>,
        applied: &Attributes,
        life: &Remembered,
    ) -> Legal {
        let record = self.record(address)?;
        if let Some(observed) = observed {
            require(observed.id == record.id, || format!("{address} is {} and not {}", record.id, observed.id))?;
            see(record, observed);
        }
        record.applied.clone_from(applied);
        record.lifecycle = life.clone();
        Ok(())
    }
}
