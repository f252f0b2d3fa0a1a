//! How large values are: what copying, comparing and keeping them costs.

use crate::model::Value;

/// How many elements or members a container has itself.
pub fn elements(value: &Value) -> usize {
    match value {
        Value::List(items) => items.len(),
        Value::Set(items) => items.len(),
        Value::Map(entries) => entries.len(),
        Value::Object(members) => members.len(),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Duration(_)
        | Value::Unknown(_)
        | Value::Sealed(_) => 0,
    }
}

/// How many parts a value has, wherever they stand; a long text counts as several.
pub fn parts(value: &Value) -> u64 {
    1 + match value {
        Value::Null | Value::Bool(_) | Value::Duration(_) | Value::Unknown(_) | Value::Sealed(_) => 0,
        Value::Number(number) => number.size() / 16,
        Value::String(text) => text.len() as u64 / 16,
        Value::List(items) => items.iter().map(parts).sum(),
        Value::Set(items) => items.iter().map(parts).sum(),
        Value::Map(entries) => entries.values().map(parts).sum(),
        Value::Object(members) => members.values().map(parts).sum(),
    }
}

/// Whether a value has no more parts than the budget and is nested no deeper; the budget shrinks by its parts.
pub fn weigh(value: &Value, depth: usize, budget: &mut u64) -> bool {
    if depth == 0 || *budget == 0 {
        return false;
    }
    *budget -= 1;
    match value {
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Duration(_)
        | Value::Unknown(_)
        | Value::Sealed(_) => true,
        Value::List(items) => items.iter().all(|item| weigh(item, depth - 1, budget)),
        Value::Set(items) => items.iter().all(|item| weigh(item, depth - 1, budget)),
        Value::Map(entries) => entries.values().all(|item| weigh(item, depth - 1, budget)),
        Value::Object(members) => members.values().all(|item| weigh(item, depth - 1, budget)),
    }
}
