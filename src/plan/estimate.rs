//! How long a plan takes, what it costs in requests, and what can't be undone. By the catalog's figures.

use super::types::{Action, Estimate, Irreversible, Step};
use crate::model::{Address, Dag, Type, Value};
use crate::provider::{Catalog, CostClass, Kind, Update};
use crate::state::{Record, Snapshot};
use std::collections::BTreeMap;

/// Requests of all steps, and the longest way through them.
pub fn estimate(steps: &Dag<Step>) -> Estimate {
    let mut requests: u32 = 0;
    let mut until: BTreeMap<u32, (i64, Option<u32>)> = BTreeMap::new();
    let mut last: Option<(i64, u32)> = None;
    for (node, step) in steps.order() {
        requests = requests.saturating_add(step.requests);
        let before = steps.dependencies(node).into_iter().map(|dependency| (until[&dependency.0].0, dependency.0));
        let longest = before.max_by_key(|(time, at)| (*time, std::cmp::Reverse(*at)));
        let time = longest.map_or(0, |(time, _)| time).saturating_add(step.expected);
        until.insert(node.0, (time, longest.map(|(_, at)| at)));
        if last.is_none_or(|(longest, _)| time > longest) {
            last = Some((time, node.0));
        }
    }
    let mut longest_path: Vec<Address> = Vec::new();
    let mut at = last.map(|(_, at)| at);
    while let Some(node) = at {
        let address = &steps.node(crate::model::NodeId(node)).address;
        if longest_path.last() != Some(address) {
            longest_path.push(address.clone());
        }
        at = until[&node].1;
    }
    longest_path.reverse();
    Estimate { requests, duration: last.map_or(0, |(time, _)| time), longest_path, monthly: None }
}

/// What is lost for good, in the order of the work.
pub fn irreversible(steps: &Dag<Step>, catalog: &Catalog, snapshot: &Snapshot) -> Vec<Irreversible> {
    let ends = steps.order().filter(|(_, step)| step.action == Action::Destroy);
    ends.filter_map(|(_, step)| {
        let kind = catalog.kind(&step.address.kind).filter(|kind| kind.cost != CostClass::Free)?;
        let id = step.id.as_ref()?;
        Some(Irreversible { address: step.address.clone(), why: loss(kind, id.as_str(), catalog, snapshot) })
    })
    .collect()
}

fn loss(kind: &Kind, id: &str, catalog: &Catalog, snapshot: &Snapshot) -> String {
    let savers: Vec<(&Kind, &str)> = catalog.kinds.values().filter_map(|saver| saves(saver, kind)).collect();
    if savers.is_empty() {
        return if kind.stateful { "its data is lost".to_owned() } else { "a new one gets another id".to_owned() };
    }
    let of = |record: &Record| {
        savers.iter().any(|(saver, attribute)| {
            saver.name == record.kind && record.applied.get(*attribute).and_then(Value::as_str) == Some(id)
        })
    };
    match snapshot.records.values().find(|record| of(record)) {
        Some(record) => format!("{} stays", record.address),
        None => format!("no {}", savers[0].0.name),
    }
}

/// Whether one kind keeps what objects of another hold: the attribute that says of which.
fn saves<'a>(saver: &'a Kind, kind: &Kind) -> Option<(&'a Kind, &'a str)> {
    let names = |ty: &Type| *ty == Type::Id(kind.name.clone());
    let source = saver.attributes.values().find(|attribute| {
        let is_named = match attribute.ty.required() {
            Type::Union(members) => members.iter().any(names),
            other => names(other),
        };
        is_named && attribute.update == Update::Replace && saver.cost == CostClass::Storage
    })?;
    Some((saver, source.name.as_str()))
}
