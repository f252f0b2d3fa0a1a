//! When two values of an attribute are the same, and where they differ. Knows the catalog's rules, no resource.

use super::types::Change;
use crate::model::secrecy::is_seal_of;
use crate::model::{Key, Value};
use crate::provider::Compare;
use crate::state::STAMP_PREFIX;
use crate::state::stamp::without_marks;
use smol_str::SmolStr;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Whether `live` already is what `wanted` asks for. `applied` tells members that were written before from those that
/// the API filled in by itself.
pub fn is_same(compare: &Compare, wanted: &Value, live: &Value, applied: Option<&Value>) -> bool {
    match (wanted, live) {
        (Value::Unknown(_), _) => false,
        (Value::Sealed(seal), other) | (other, Value::Sealed(seal)) => is_seal_of(seal, other),
        (Value::String(a), Value::String(b)) => a == b || normal(compare, a) == normal(compare, b),
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| is_same(compare, a, b, None))
        }
        (Value::Set(_) | Value::List(_), Value::Set(_) | Value::List(_)) => {
            wanted == live || members(compare, wanted) == members(compare, live)
        }
        (Value::Map(a), Value::Map(b)) => same_maps(compare, a, b, applied),
        (Value::Object(_), Value::Object(_) | Value::Map(_)) | (Value::Map(_), Value::Object(_)) => {
            same_objects(compare, wanted, live, applied)
        }
        _ => wanted == live || is_empty(wanted) && is_empty(live),
    }
}

/// Null and an empty collection say the same.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::List(items) => items.is_empty(),
        Value::Set(items) => items.is_empty(),
        Value::Map(entries) => entries.keys().all(is_engine_key),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Duration(_)
        | Value::Unknown(_)
        | Value::Sealed(_) => false,
    }
}

/// Whether the key is part of the engine's own stamp.
pub fn is_engine_key(key: &Key) -> bool {
    matches!(key, Key::Text(text) if text.starts_with(STAMP_PREFIX))
}

/// The form in which two texts are compared.
pub fn normal<'a>(compare: &Compare, text: &'a str) -> Cow<'a, str> {
    match compare {
        Compare::Exact => Cow::Borrowed(text),
        Compare::ModuloSuffix(suffix) => Cow::Borrowed(text.strip_suffix(suffix.as_str()).unwrap_or(text)),
        Compare::PublicKey => {
            let mut words = text.split_whitespace();
            match (words.next(), words.next()) {
                (Some(sort), Some(key)) => Cow::Owned(format!("{sort} {key}")),
                _ => Cow::Borrowed(text.trim()),
            }
        }
    }
}

fn members(compare: &Compare, value: &Value) -> BTreeSet<Value> {
    let normalised = |item: &Value| match item {
        Value::String(text) => Value::String(SmolStr::new(normal(compare, text))),
        other => other.clone(),
    };
    match value {
        Value::List(items) => items.iter().map(normalised).collect(),
        Value::Set(items) => items.iter().map(normalised).collect(),
        other => BTreeSet::from([other.clone()]),
    }
}

fn same_maps(
    compare: &Compare,
    wanted: &BTreeMap<Key, Value>,
    live: &BTreeMap<Key, Value>,
    applied: Option<&Value>,
) -> bool {
    let ours = |entries: &BTreeMap<Key, Value>| entries.keys().filter(|key| !is_engine_key(key)).count();
    ours(wanted) == ours(live)
        && wanted
            .iter()
            .filter(|(key, _)| !is_engine_key(key))
            .all(|(key, value)| live.get(key).is_some_and(|other| is_same(compare, value, other, entry(applied, key))))
}

fn same_objects(compare: &Compare, wanted: &Value, live: &Value, applied: Option<&Value>) -> bool {
    names(wanted, live).iter().all(|name| {
        let (wanted, live) = (member(wanted, name), member(live, name));
        let applied = applied.and_then(|applied| member(applied, name));
        match (wanted, live) {
            (Some(wanted), Some(live)) => is_same(compare, wanted, live, applied),
            (Some(wanted), None) => is_empty(wanted),
            (None, _) => applied.is_none(),
        }
    })
}

/// Every name that one of two objects or maps has.
fn names(a: &Value, b: &Value) -> BTreeSet<SmolStr> {
    let mut names = BTreeSet::new();
    for value in [a, b] {
        match value {
            Value::Object(members) => names.extend(members.keys().cloned()),
            Value::Map(entries) => {
                names.extend(entries.keys().filter(|key| !is_engine_key(key)).map(|key| match key {
                    Key::Text(text) => text.clone(),
                    Key::Int(number) => SmolStr::new(number.to_string()),
                }));
            }
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Duration(_)
            | Value::List(_)
            | Value::Set(_)
            | Value::Unknown(_)
            | Value::Sealed(_) => {}
        }
    }
    names
}

/// A member that is there and not null.
pub fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let found = if let Value::Object(members) = value {
        members.get(name)
    } else if let Value::Map(entries) = value {
        entries.get(&Key::text(name))
    } else {
        None
    };
    found.filter(|value| !value.is_null())
}

fn entry<'a>(value: Option<&'a Value>, key: &Key) -> Option<&'a Value> {
    if let Some(Value::Map(entries)) = value { entries.get(key) } else { None }
}

/// One place where two values differ, before spans and consequences are known.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    pub path: Vec<String>,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

/// Where `live` is not what `wanted` asks for: maps and objects member by member, all else whole.
/// An absent `live` means that it can't be seen.
pub fn differences(
    compare: &Compare,
    path: Vec<String>,
    wanted: &Value,
    live: Option<&Value>,
    applied: Option<&Value>,
    out: &mut Vec<Difference>,
) {
    let whole = |out: &mut Vec<Difference>, path: Vec<String>| {
        let shown = |value: &Value| (!value.is_null()).then(|| without_marks(value));
        out.push(Difference { path, before: live.and_then(shown), after: shown(wanted) });
    };
    match (wanted, live) {
        (Value::Map(_) | Value::Object(_), Some(Value::Map(_) | Value::Object(_))) => {
            let live = live.unwrap_or(&Value::Null);
            for name in names(wanted, live) {
                let parts = (member(wanted, &name), member(live, &name));
                let applied = applied.and_then(|applied| member(applied, &name));
                let below = || path.iter().cloned().chain([name.to_string()]).collect::<Vec<_>>();
                match parts {
                    (Some(a), Some(b)) if is_same(compare, a, b, applied) => {}
                    (Some(a), b) => differences(compare, below(), a, b, applied, out),
                    (None, Some(b)) if applied.is_some() || matches!(wanted, Value::Map(_)) => {
                        out.push(Difference { path: below(), before: Some(b.clone()), after: None });
                    }
                    (None, _) => {}
                }
            }
        }
        _ => whole(out, path),
    }
}

impl Difference {
    pub fn into_change(self, forces_replacement: bool, span: Option<crate::model::Span>) -> Change {
        Change { path: self.path, before: self.before, after: self.after, forces_replacement, secret: false, span }
    }
}
