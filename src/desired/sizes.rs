//! How large values are: what copying, comparing and keeping them costs.

use crate::model::Value;

/// How many parts a value has, wherever they stand; a long text counts as several.
pub fn parts(value: &Value) -> u64 {
    let own = match value {
        Value::Number(number) => number.size() / 16,
        Value::String(text) => text.len() as u64 / 16,
        Value::Null
        | Value::Bool(_)
        | Value::Duration(_)
        | Value::Unknown(_)
        | Value::Sealed(_)
        | Value::List(_)
        | Value::Set(_)
        | Value::Map(_)
        | Value::Object(_) => 0,
    };
    1 + own + value.elements().map(parts).sum::<u64>()
}

/// Whether a value has no more parts than the budget and is nested no deeper; the budget shrinks by its parts.
pub fn weigh(value: &Value, depth: usize, budget: &mut u64) -> bool {
    if depth == 0 || *budget == 0 {
        return false;
    }
    *budget -= 1;
    value.elements().all(|element| weigh(element, depth - 1, budget))
}
