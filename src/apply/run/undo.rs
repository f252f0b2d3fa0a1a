//! A run that undoes an earlier one: its steps have no instance in a program, what they lead to is the state of before.

use super::machine::Run;
use super::work::Aim;
use crate::model::{Address, Attributes, Ident, NodeId};
use crate::plan::Step;
use crate::state::{JournalEntry, Record, Snapshot, StoredOutput, find};
use std::collections::BTreeMap;

/// What a run goes back to.
#[derive(Debug)]
pub struct Back {
    /// The state before the run that is undone, under the names of now.
    pub former: Snapshot,
    /// Written before the first step.
    pub entries: Vec<JournalEntry>,
    /// New and old address of what the undone run had renamed, in the order in which the names are given back.
    pub names: Vec<(Address, Address)>,
    /// Nothing stays as the undone run left it, where all steps are done.
    pub is_whole: bool,
}

impl Run {
    /// What the run goes back to, where that is what it is for.
    pub(super) fn back(&self) -> Option<&Back> {
        match &self.aim {
            Aim::WayBack(back) => Some(back),
            Aim::Apply | Aim::Recovery => None,
        }
    }

    fn former_of(&self, step: NodeId) -> Option<&Record> {
        let Step { address, id, .. } = self.step(step);
        find(&self.back()?.former, address, id.as_ref()?)
    }

    /// What a step without an instance wants: an object as it was.
    pub(super) fn want_former(&mut self, step: NodeId) {
        let Some(lifecycle) = self.former_of(step).map(|record| record.lifecycle.clone()) else { return };
        let wanted = self.step(step).after.clone();
        let work = self.work(step);
        (work.wanted, work.lifecycle) = (wanted, lifecycle);
    }

    /// What counts as applied when an object is as it was: of what is set back, what counted then.
    pub(super) fn applied_back(&self, step: NodeId) -> Option<Attributes> {
        let former = self.former_of(step).filter(|_| self.works[step.0 as usize].todo.is_empty())?;
        let mut applied = self.object_of(step)?.applied.clone();
        for name in self.step(step).changes.iter().filter_map(|change| change.path.first()) {
            match former.applied.get(name.as_str()) {
                Some(value) => applied.insert(name.as_str().into(), value.clone()),
                None => applied.remove(name.as_str()),
            };
        }
        Some(applied)
    }

    pub(super) fn entries_of_return(&self) -> Vec<JournalEntry> {
        self.back().map(|back| back.entries.clone()).unwrap_or_default()
    }

    /// Names are given back where nothing has taken the old ones.
    pub(super) fn names_back(&self) -> Vec<JournalEntry> {
        let known = |address: &Address| {
            self.snapshot.records.contains_key(address) || self.snapshot.actions.contains_key(address)
        };
        let names =
            self.back().into_iter().flat_map(|back| &back.names).filter(|(now, then)| known(now) && !known(then));
        names.map(|(now, then)| JournalEntry::Moved { from: now.clone(), to: then.clone() }).collect()
    }

    /// The outputs of before, where all is as it was.
    pub(super) fn outputs_back(&self, back: &Back) -> Option<BTreeMap<Ident, StoredOutput>> {
        let is_undone = self.summary.failed + self.summary.skipped + self.summary.open == 0;
        (back.is_whole && is_undone).then(|| back.former.outputs.clone())
    }
}
