//! What instances hold, as far as it is known before apply: told to those who refer to them.

use super::types::Live;
use super::values::settled;
use crate::desired::{Desired, Outputs};
use crate::model::{Address, Attributes, Ident, Mode, NodeId, RemoteId, Value};
use crate::provider::Catalog;
use crate::state::Snapshot;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What each instance of a program will hold, filled in dependencies first.
#[derive(Debug)]
pub struct Planned<'a> {
    desired: &'a Desired,
    by_node: Vec<Option<Cow<'a, Attributes>>>,
}

impl<'a> Planned<'a> {
    pub fn new(desired: &'a Desired) -> Planned<'a> {
        Planned { desired, by_node: vec![None; desired.graph.len()] }
    }

    pub fn set(&mut self, node: NodeId, attributes: Cow<'a, Attributes>) {
        self.by_node[node.0 as usize] = Some(attributes);
    }
}

impl Outputs for Planned<'_> {
    fn attributes(&self, address: &Address) -> Option<&Attributes> {
        let node = self.desired.by_address.get(address)?;
        self.by_node[node.0 as usize].as_deref()
    }
}

/// What instances held when they were last seen, for the arguments of data sources.
#[derive(Debug)]
pub struct Remembered {
    by_address: BTreeMap<Address, Attributes>,
}

impl Remembered {
    /// Only what a program's data sources depend on is filled in.
    pub fn new(snapshot: &Snapshot, live: &Live, catalog: &Catalog, desired: &Desired) -> Remembered {
        let mut by_address = BTreeMap::new();
        for (node, instance) in desired.graph.order().filter(|(_, instance)| instance.address.mode == Mode::Data) {
            for dependency in desired.graph.dependencies(node) {
                let address = &desired.graph.node(dependency).address;
                if let Some(attributes) = remembered(address, snapshot, live, catalog) {
                    by_address.insert(address.clone(), attributes);
                }
            }
            if let Some(attributes) = source_outputs(live, &instance.address) {
                by_address.insert(instance.address.clone(), attributes);
            }
        }
        Remembered { by_address }
    }
}

impl Outputs for Remembered {
    fn attributes(&self, address: &Address) -> Option<&Attributes> {
        self.by_address.get(address)
    }
}

fn remembered(address: &Address, snapshot: &Snapshot, live: &Live, catalog: &Catalog) -> Option<Attributes> {
    let record = snapshot.records.get(address)?;
    let kind = catalog.kind(&record.kind)?;
    let seen = live.objects.get(&record.kind).and_then(|objects| objects.get(&record.id));
    Some(settled(kind, &record.applied, seen.map_or(&record.observed, |found| &found.attributes)))
}

/// The attributes of a data source that was read: a list is its `items`.
pub fn source_outputs(live: &Live, address: &Address) -> Option<Attributes> {
    Some(match live.sources.get(address)? {
        Value::Object(members) => members.iter().map(|(name, value)| (Ident(name.clone()), value.clone())).collect(),
        Value::Map(entries) => entries.iter().map(|(key, value)| (named(key), value.clone())).collect(),
        list => Attributes::from([(Ident::new("items"), list.clone())]),
    })
}

fn named(key: &crate::model::Key) -> Ident {
    match key {
        crate::model::Key::Text(text) => Ident(text.clone()),
        crate::model::Key::Int(number) => Ident::new(&number.to_string()),
    }
}

/// Every object of a kind that was read, by id.
pub fn objects<'a>(live: &'a Live, kind: &Ident) -> impl Iterator<Item = (&'a RemoteId, &'a Attributes)> + use<'a> {
    live.objects.get(kind).into_iter().flatten().map(|(id, observed)| (id, &observed.attributes))
}
