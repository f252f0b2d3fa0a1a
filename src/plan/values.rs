//! What an attribute is worth: as seen in an answer, as wanted by the program, as told to those who depend on it.
//! Planning and applying both take these, so that they substitute alike.

use super::compare::{is_engine_key, member};
use crate::desired::Instance;
use crate::model::{Address, AttrPath, Attributes, Ident, Key, Type, Value};
use crate::provider::{Attribute, Kind, Presence, Update};
use crate::state::stamp::without_marks;
use smol_str::SmolStr;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Whether a change of it is something that cnx brings about by itself.
pub fn is_managed(attribute: &Attribute) -> bool {
    attribute.presence != Presence::Computed
        && match attribute.update {
            Update::By(_) | Update::ByValue(_) | Update::Replace => true,
            Update::Argument | Update::Never => false,
        }
}

/// The value as the API shows it; a change that is accepted and waits for its window counts as done.
/// `None`: left out of the answer, or in transition.
pub fn seen<'a>(attribute: &Attribute, live: &'a Attributes) -> Option<&'a Value> {
    let pending = attribute.pending_as.as_deref().and_then(|path| at(live, path)).filter(|value| !value.is_null());
    let shown = pending.or_else(|| live.get(&attribute.name)).or_else(|| at(live, &attribute.shown_as));
    shown.filter(|value| is_settled(attribute, value))
}

/// The value at a dotted path.
fn at<'a>(attributes: &'a Attributes, path: &str) -> Option<&'a Value> {
    let mut parts = path.split('.');
    let first = attributes.get(parts.next()?)?;
    parts.try_fold(first, |value, part| member(value, part))
}

/// Whether the value is one that the attribute can have, and none of those that only say "on its way".
fn is_settled(attribute: &Attribute, value: &Value) -> bool {
    let Some(text) = value.as_str() else { return true };
    let own = |members: &[Type]| members.iter().any(|member| matches!(member, Type::Literal(word) if word == text));
    let foreign = matches!(attribute.ty.required(), Type::Union(members) if !attribute.sent && !own(members));
    !foreign && !attribute.observed_only.iter().any(|word| word == text)
}

/// What the program wants of an attribute now: members that `lifecycle.ignore` names are as they are, an attribute that
/// was removed from the file is emptied where it can be. `None`: unmanaged.
pub fn wanted_value<'a>(
    attribute: &Attribute,
    instance: &'a Instance,
    live: &Attributes,
    applied: &Attributes,
) -> Option<Cow<'a, Value>> {
    if let Some(elsewhere) = fallen_back(attribute, instance, live, applied) {
        return Some(Cow::Owned(elsewhere.clone()));
    }
    let ignore = &instance.lifecycle.ignore;
    let given = instance.attributes.get(&attribute.name).map(|given| &given.value).filter(|value| !value.is_null());
    let Some(given) = given else {
        let was_set = applied.get(&attribute.name).is_some_and(|value| !value.is_null());
        return if was_set { empty_of(attribute).map(Cow::Owned) } else { None };
    };
    if ignore.is_empty() || !ignore.iter().any(|path| path.starts_with(attribute.name.as_str())) {
        return Some(Cow::Borrowed(given));
    }
    let current = seen(attribute, live).or_else(|| applied.get(&attribute.name));
    match current {
        Some(current) => Some(Cow::Owned(overlay(attribute.name.as_str(), given, current, ignore))),
        None => Some(Cow::Borrowed(given)),
    }
}

/// The region where the object stands, where it is one of those that the program allows in need.
fn fallen_back<'a>(
    attribute: &Attribute,
    instance: &Instance,
    live: &'a Attributes,
    applied: &'a Attributes,
) -> Option<&'a Value> {
    let standing = seen(attribute, live).or_else(|| applied.get(&attribute.name))?;
    is_fallback(attribute, instance, standing).then_some(standing)
}

/// Whether the value is a region that the program allows where its own has no room.
pub fn is_fallback(attribute: &Attribute, instance: &Instance, value: &Value) -> bool {
    let allowed = &instance.lifecycle.region_fallback;
    attribute.name.as_str() == "region" && allowed.iter().any(|region| value.as_str() == Some(region))
}

/// The value that stands for "none", for attributes that can be changed to it in place.
pub(super) fn empty_of(attribute: &Attribute) -> Option<Value> {
    if !matches!(attribute.update, Update::By(_)) {
        return None;
    }
    match attribute.ty.required() {
        Type::Map(..) => Some(Value::map(BTreeMap::new())),
        Type::List(_) => Some(Value::list(Vec::new())),
        Type::Set(_) => Some(Value::set([])),
        Type::Error
        | Type::Any
        | Type::Null
        | Type::Bool
        | Type::Int
        | Type::Number
        | Type::String
        | Type::Duration
        | Type::Literal(_)
        | Type::Id(_)
        | Type::Object(_)
        | Type::Union(_)
        | Type::Optional(_)
        | Type::Instance(_) => None,
    }
}

/// Whether `lifecycle.ignore` covers this path.
pub fn is_ignored(ignore: &[String], path: &str) -> bool {
    ignore
        .iter()
        .any(|entry| path.strip_prefix(entry.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

fn overlay(path: &str, wanted: &Value, live: &Value, ignore: &[String]) -> Value {
    if is_ignored(ignore, path) {
        return without_marks(live);
    }
    match (wanted, live) {
        (Value::Map(a), Value::Map(b)) => {
            let keys: BTreeSet<&Key> = a.keys().chain(b.keys()).filter(|key| !is_engine_key(key)).collect();
            let merged = keys.into_iter().filter_map(|key| {
                let below = match key {
                    Key::Text(text) => format!("{path}.{text}"),
                    Key::Int(number) => format!("{path}.{number}"),
                };
                overlaid(&below, a.get(key), b.get(key), ignore).map(|value| (key.clone(), value))
            });
            Value::map(merged.collect())
        }
        (Value::Object(a), Value::Object(b)) => {
            let names: BTreeSet<&SmolStr> = a.keys().chain(b.keys()).collect();
            let merged = names.into_iter().filter_map(|name| {
                overlaid(&format!("{path}.{name}"), a.get(name), b.get(name), ignore).map(|value| (name.clone(), value))
            });
            Value::object(merged.collect())
        }
        _ => wanted.clone(),
    }
}

fn overlaid(path: &str, wanted: Option<&Value>, live: Option<&Value>, ignore: &[String]) -> Option<Value> {
    if is_ignored(ignore, path) {
        return live.cloned();
    }
    match (wanted, live) {
        (Some(wanted), Some(live)) => Some(overlay(path, wanted, live, ignore)),
        (wanted, _) => wanted.cloned(),
    }
}

/// All that a program wants of an object that stands as `live` and was last given `applied`; both empty for a new one.
/// Attributes that are arguments of a change are in it. Without the engine's stamp.
pub fn wanted(kind: &Kind, instance: &Instance, live: &Attributes, applied: &Attributes) -> Attributes {
    let mut all = Attributes::new();
    for (name, attribute) in &kind.attributes {
        if attribute.presence == Presence::Computed {
            continue;
        }
        if let Some(value) = wanted_value(attribute, instance, live, applied) {
            all.insert(name.clone(), value.into_owned());
        }
    }
    all
}

/// What an object that is there tells its dependants: what was applied where it was, else what was read; null for what
/// neither says.
pub fn settled(kind: &Kind, applied: &Attributes, observed: &Attributes) -> Attributes {
    let mut all: Attributes = observed.clone();
    for (name, attribute) in &kind.attributes {
        let own = applied.get(name).filter(|value| !value.is_null() && is_managed(attribute));
        let value = match own {
            Some(value) => value.clone(),
            None => seen(attribute, observed).map_or(Value::Null, without_marks),
        };
        all.insert(name.clone(), value);
    }
    all
}

/// Whether [`settled`] would give `observed` itself.
pub fn is_complete(kind: &Kind, observed: &Attributes) -> bool {
    kind.stamp.is_none() && kind.attributes.keys().all(|name| observed.contains_key(name))
}

/// What an object tells its dependants while the step that makes or changes it is still to come. `live` is how it stands
/// (nothing for a new one): what no update in place changes is known already.
pub fn planned(kind: &Kind, address: &Address, wanted: &Attributes, live: Option<&Attributes>) -> Attributes {
    let mut all = Attributes::new();
    for (name, attribute) in &kind.attributes {
        let own = wanted.get(name).filter(|value| !value.is_null());
        let kept = live.filter(|_| attribute.stable || is_managed(attribute));
        let value = match (own, kept) {
            (Some(value), _) => value.clone(),
            (None, Some(live)) => seen(attribute, live).map_or(Value::Null, without_marks),
            (None, None) => awaited(address, name, &attribute.ty),
        };
        all.insert(name.clone(), value);
    }
    all
}

/// An attribute that is known after apply.
pub fn awaited(address: &Address, name: &Ident, ty: &Type) -> Value {
    let path = AttrPath { address: address.clone(), path: vec![name.0.clone()] };
    Value::unknown(ty.clone(), BTreeSet::from([path]))
}
