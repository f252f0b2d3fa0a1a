//! What outlives a block in the program, and whether the state still remembers it rightly.

use super::values::{is_fallback, is_ignored, is_managed};
use crate::desired::{Desired, Instance};
use crate::model::secrecy::is_seal_of;
use crate::model::{Address, Attributes, Mode, NodeId, Value};
use crate::provider::{Catalog, Kind, Presence};
use crate::state::{Record, Remembered};
use smol_str::SmolStr;
use std::collections::{BTreeMap, BTreeSet};

/// What the journal keeps of an instance's lifecycle. `before` is what it kept so far: protection that nobody takes back lasts.
pub fn remembered(desired: &Desired, node: NodeId, instance: &Instance, before: Option<&Remembered>) -> Remembered {
    let lifecycle = &instance.lifecycle;
    let mut dependencies = BTreeSet::new();
    managed_dependencies(desired, node, &mut dependencies);
    Remembered {
        protect: lifecycle.protect.unwrap_or_else(|| before.is_some_and(|before| before.protect)),
        retain: lifecycle.retain,
        create_before_destroy: lifecycle.create_before_destroy,
        replace_when: lifecycle.replace_when.clone(),
        triggers: lifecycle.triggers.clone(),
        dependencies,
    }
}

/// The resources that an instance depends on, directly or through data sources.
fn managed_dependencies(desired: &Desired, node: NodeId, into: &mut BTreeSet<Address>) {
    for dependency in desired.graph.dependencies(node) {
        let address = &desired.graph.node(dependency).address;
        match address.mode {
            Mode::Managed => {
                into.insert(address.clone());
            }
            Mode::Data => managed_dependencies(desired, dependency, into),
            Mode::Action => {}
        }
    }
}

/// Whether the state remembers of an instance what the program says of it now.
pub fn is_remembered(
    catalog: &Catalog,
    kind: &Kind,
    record: &Record,
    desired: &Desired,
    node: NodeId,
    instance: &Instance,
) -> bool {
    let (then, now) = (&record.lifecycle, &instance.lifecycle);
    let flags = now.protect.is_none_or(|protect| protect == then.protect)
        && (then.retain, then.create_before_destroy) == (now.retain, now.create_before_destroy);
    let mut dependencies = BTreeSet::new();
    managed_dependencies(desired, node, &mut dependencies);
    flags
        && dependencies == then.dependencies
        && is_steady(catalog, &then.replace_when, &now.replace_when)
        && is_steady(catalog, &then.triggers, &now.triggers)
        && is_applied(kind, &record.applied, instance)
}

/// Whether what counts as applied is what is written.
fn is_applied(kind: &Kind, applied: &Attributes, instance: &Instance) -> bool {
    kind.attributes.values().filter(|attribute| is_managed(attribute)).all(|attribute| {
        let name = attribute.name.as_str();
        let given = instance.attributes.get(name).map(|given| &given.value).filter(|value| !value.is_null());
        let then = applied.get(name).filter(|value| !value.is_null());
        let ignore = &instance.lifecycle.ignore;
        given == then
            || is_sealed_as(then, given)
            || then.is_some_and(|then| is_fallback(attribute, instance, then))
            || is_ignored(ignore, name)
            || given.is_some() && ignore.iter().any(|path| path.starts_with(name))
            || given.is_none() && then.is_some_and(is_bare)
    })
}

fn is_sealed_as(then: Option<&Value>, given: Option<&Value>) -> bool {
    match (then, given) {
        (Some(Value::Sealed(seal)), Some(given)) => is_seal_of(seal, given),
        (_, _) => false,
    }
}

fn is_bare(value: &Value) -> bool {
    matches!(value, Value::List(_) | Value::Set(_) | Value::Map(_)) && value.elements().len() == 0
}

/// Whether trigger values are the same, apart from what changes by itself in the objects among them.
pub fn is_steady(catalog: &Catalog, then: &[Value], now: &[Value]) -> bool {
    then == now
        || then.len() == now.len() && then.iter().zip(now).all(|(a, b)| steady(catalog, a) == steady(catalog, b))
}

/// A value without the computed, changeable attributes (`updated_at`) of the objects of the cloud in it. Such an object is
/// known by its id.
fn steady(catalog: &Catalog, value: &Value) -> Value {
    if let Value::Object(members) = value
        && let Some(kind) = kind_of(catalog, members)
    {
        let kept = members.iter().filter(|(name, value)| !value.is_null() && stays(kind, name));
        return Value::object(kept.map(|(name, value)| (name.clone(), steady(catalog, value))).collect());
    }
    value.with_elements(|element| steady(catalog, element))
}

fn stays(kind: &Kind, name: &str) -> bool {
    kind.attribute(name).is_none_or(|attribute| attribute.stable || attribute.presence != Presence::Computed)
}

/// The kind of which this is an object: all members are its attributes, and the id has its prefix.
fn kind_of<'a>(catalog: &'a Catalog, members: &BTreeMap<SmolStr, Value>) -> Option<&'a Kind> {
    let id = members.get("id")?.as_str()?;
    let mut kinds = catalog.kinds.values();
    kinds.find(|kind| id.starts_with(&kind.id_prefix) && members.keys().all(|name| kind.attribute(name).is_some()))
}
