//! What instances hold, as far as it is known before apply: told to those who refer to them.

use super::planner::Inputs;
use super::types::Live;
use super::unit::Unit;
use super::values::settled;
use crate::desired::{Desired, Outputs};
use crate::model::{Address, Attributes, Ident, Mode, NodeId, RemoteId, Secrecy, Value};
use crate::provider::Catalog;
use crate::state::{Condition, Record, Snapshot};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// What each instance of a program will hold, filled in dependencies first.
#[derive(Debug)]
pub struct Planned<'a> {
    desired: &'a Desired,
    by_node: Vec<Option<Cow<'a, Attributes>>>,
    /// Instances that are not as written, and stay so.
    left_out: BTreeSet<Address>,
}

impl<'a> Planned<'a> {
    pub fn new(desired: &'a Desired) -> Planned<'a> {
        Planned { desired, by_node: vec![None; desired.graph.len()], left_out: BTreeSet::new() }
    }

    pub fn set(&mut self, node: NodeId, attributes: Cow<'a, Attributes>) {
        self.by_node[node.0 as usize] = Some(attributes);
    }

    /// These are no part of the plan: they go on holding what they hold.
    pub fn leave_out(&mut self, units: &[Unit<'_>], inputs: Inputs<'_>) {
        for unit in units.iter().filter(|unit| unit.leads()) {
            let Some(node) = unit.node else { continue };
            let record = unit.record.filter(|record| record.condition == Condition::Ready);
            let held = record.and_then(|record| held(record, inputs.live, inputs.catalog));
            self.by_node[node.0 as usize] = held.map(|held| Cow::Owned(unsealed(held)));
            self.left_out.insert(unit.address.clone());
        }
    }

    pub fn into_left_out(self) -> BTreeSet<Address> {
        self.left_out
    }
}

/// Without what the state only knows by its seal: nothing can be made of it.
pub fn unsealed(mut attributes: Attributes) -> Attributes {
    attributes.retain(|_, value| Secrecy::of_sealed(value).is_clear());
    attributes
}

impl Outputs for Planned<'_> {
    fn attributes(&self, address: &Address) -> Option<&Attributes> {
        let node = self.desired.by_address.get(address)?;
        self.by_node[node.0 as usize].as_deref()
    }

    fn missed(&self) -> &BTreeSet<Address> {
        &self.left_out
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
    held(snapshot.records.get(address)?, live, catalog)
}

fn held(record: &Record, live: &Live, catalog: &Catalog) -> Option<Attributes> {
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
