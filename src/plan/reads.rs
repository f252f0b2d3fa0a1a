//! What has to be read before planning: one list a collection, never one request an object where a list serves.

use super::live::list_of;
use super::outputs::Remembered;
use super::types::{ListRead, Live, Reads, SourceRead};
use crate::desired::{Desired, Instance};
use crate::diag::Diagnostics;
use crate::model::{Mode, RemoteId, Value};
use crate::provider::{Catalog, Kind};
use crate::state::{Record, Snapshot};
use std::collections::BTreeMap;

/// What is still to be read, given what was read so far: at first `Live::default()`. Called again with the answers until
/// nothing is left, since the arguments of one data source may come from another. A `destroy` passes an empty `Desired`.
pub fn reads(desired: &Desired, snapshot: &Snapshot, live: &Live, catalog: &Catalog) -> Result<Reads, Diagnostics> {
    let moves = super::moves::moves(desired, snapshot, &mut Diagnostics::default());
    let snapshot = super::moves::moved(&moves, snapshot);
    let snapshot = snapshot.as_ref();
    let mut reads = Reads::default();
    for record in snapshot.records.values().chain(snapshot.deposed.values().flatten()) {
        read_record(record, catalog, &mut reads);
    }
    // What a given-up create made after all is to be found, also where nothing of its kind is wanted any more.
    let given_up = snapshot.tombstones.values().filter_map(|tombstone| catalog.kind(&tombstone.kind));
    let given_up = given_up.filter(|kind| kind.parent.is_none());
    reads.lists.extend(given_up.map(|kind| ListRead { kind: kind.name.clone(), parent: BTreeMap::new() }));
    let remembered = Remembered::new(snapshot, live, catalog, desired);
    let mut complaints = Diagnostics::default();
    for (node, instance) in desired.graph.order() {
        let address = &instance.address;
        match address.mode {
            Mode::Managed => {
                let kind = catalog.kind(&address.kind).filter(|kind| wants_list(kind, instance, desired, snapshot));
                reads.lists.extend(kind.and_then(|kind| list_for(kind, instance)));
            }
            Mode::Action => {}
            Mode::Data => match desired.resolve(node, &remembered) {
                Ok(instance) => read_data(&instance, catalog, &mut reads),
                Err(found) => complaints.append(found),
            },
        }
    }
    reads.lists.retain(|list| !live.listed.contains(list) && !live.unlisted.contains_key(list));
    reads.sources.retain(|source| !live.sources.contains_key(&source.address));
    reads.objects.retain(|(kind, id)| {
        let found = live.objects.get(kind).is_some_and(|objects| objects.contains_key(id));
        !found && !live.absent.contains_key(&(kind.clone(), id.clone()))
    });
    if complaints.has_errors() { Err(complaints) } else { Ok(reads) }
}

fn read_record(record: &Record, catalog: &Catalog, reads: &mut Reads) {
    match list_of(record, catalog) {
        Some(list) => {
            reads.lists.insert(list);
        }
        None if catalog.kind(&record.kind).is_some() => {
            reads.objects.insert((record.kind.clone(), record.id.clone()));
        }
        None => {}
    }
}

/// Whether strangers of the kind matter: for adoption, and where a name can be taken.
/// Where nothing is known a state may be lost: then the lists that the first create of a kind waits for are read at once.
fn wants_list(kind: &Kind, instance: &Instance, desired: &Desired, snapshot: &Snapshot) -> bool {
    let imported = desired.imports.contains_key(&instance.address);
    let is_lost = super::lost::may_be_lost(snapshot) && kind.documented_list;
    (kind.natural_key_unique || instance.lifecycle.adopt || imported || is_lost)
        && !snapshot.records.contains_key(&instance.address)
}

/// The list of an instance's kind, below its parent where that is known.
pub(super) fn list_for(kind: &Kind, instance: &Instance) -> Option<ListRead> {
    let mut parent = BTreeMap::new();
    if let Some(name) = &kind.parent {
        let id = instance.attributes.get(name)?.value.as_str()?;
        parent.insert(name.clone(), RemoteId::new(id));
    }
    Some(ListRead { kind: kind.name.clone(), parent })
}

fn read_data(instance: &Instance, catalog: &Catalog, reads: &mut Reads) {
    if let Some(kind) = catalog.kind(&instance.address.kind) {
        reads.lists.extend(list_for(kind, instance));
        return;
    }
    let arguments = instance.values();
    if catalog.sources.contains_key(&instance.address.kind) && arguments.values().all(Value::is_known) {
        let address = instance.address.clone();
        reads.sources.push(SourceRead { source: address.kind.clone(), address, arguments });
    }
}
