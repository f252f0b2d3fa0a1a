//! Reading the arguments of a library function. Types were checked; what does not fit is a phrase and no panic.

use crate::model::{Key, Number, Value};
use std::collections::{BTreeMap, BTreeSet};

/// No text is longer (language, Limits).
pub const MAX_TEXT: usize = 1 << 20;
/// No list that a function makes has more elements (language, Limits).
pub const MAX_ELEMENTS: usize = 100_000;
/// The texts that a function makes have no more bytes together, nor has a row of lists more elements.
const MAX_TOGETHER: usize = 16 << 20;

pub fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| unfit("string", value))
}

pub fn number(value: &Value) -> Result<&Number, String> {
    value.as_number().ok_or_else(|| unfit("number", value))
}

pub fn int(value: &Value) -> Result<i64, String> {
    number(value)?.to_i64().ok_or_else(|| "expected an int that fits into 64 bits".to_owned())
}

/// An int that counts something: not negative.
pub fn count(value: &Value) -> Result<usize, String> {
    usize::try_from(int(value)?).map_err(|_| "expected an int of at least 0".to_owned())
}

pub fn flag(value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| unfit("bool", value))
}

/// The elements of a list or a set.
pub fn items(value: &Value) -> Result<Vec<&Value>, String> {
    match value {
        Value::List(items) => Ok(items.iter().collect()),
        Value::Set(items) => Ok(items.iter().collect()),
        other => Err(unfit("list", other)),
    }
}

pub fn list(value: &Value) -> Result<&[Value], String> {
    if let Value::List(items) = value { Ok(items) } else { Err(unfit("list", value)) }
}

pub fn set(value: &Value) -> Result<&BTreeSet<Value>, String> {
    if let Value::Set(items) = value { Ok(items) } else { Err(unfit("set", value)) }
}

pub fn map(value: &Value) -> Result<&BTreeMap<Key, Value>, String> {
    if let Value::Map(entries) = value { Ok(entries) } else { Err(unfit("map", value)) }
}

/// A key as a value of the language.
pub fn key_value(key: &Key) -> Value {
    match key {
        Key::Int(number) => Value::int(*number),
        Key::Text(text) => Value::String(text.clone()),
    }
}

/// A text within the limit.
pub fn made(text: String) -> Result<Value, String> {
    fits_limit(text.len())?;
    Ok(Value::string(&text))
}

pub fn fits_limit(length: usize) -> Result<(), String> {
    if length > MAX_TEXT { Err("the text would be longer than 1 MiB".to_owned()) } else { Ok(()) }
}

pub fn fits_elements(length: usize) -> Result<(), String> {
    if length > MAX_ELEMENTS { Err("there would be more than 100,000 elements".to_owned()) } else { Ok(()) }
}

/// Of many texts, or of many lists, the sizes added up.
pub fn fits_together(size: usize) -> Result<(), String> {
    if size > MAX_TOGETHER { Err("the result would be too large".to_owned()) } else { Ok(()) }
}

/// The value as JSON. A text that would be too long is never made.
pub fn encoded(value: &Value) -> Result<String, String> {
    fits_limit(least_length(value, MAX_TEXT + 1))?;
    let json = crate::model::json::to_json(value).ok_or("a value is not known yet")?.to_string();
    fits_limit(json.len())?;
    Ok(json)
}

/// So many bytes the value has as JSON at least; counted up to a bound.
fn least_length(value: &Value, bound: usize) -> usize {
    fn within<'v>(bound: usize, items: impl Iterator<Item = &'v Value>) -> usize {
        let mut total = 2;
        for item in items {
            if total > bound {
                break;
            }
            total += 1 + least_length(item, bound - total);
        }
        total
    }
    match value {
        Value::String(text) => text.len(),
        Value::List(items) => within(bound, items.iter()),
        Value::Set(items) => within(bound, items.iter()),
        Value::Map(entries) => within(bound, entries.values()),
        Value::Object(members) => within(bound, members.values()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Duration(_) | Value::Unknown(_) | Value::Sealed(_) => {
            1
        }
    }
}

fn unfit(expected: &str, value: &Value) -> String {
    format!("expected {expected}, found {}", crate::program::convert::shown(value))
}

/// A scalar as interpolation renders it; `None` for anything else.
pub fn render(value: &Value) -> Option<String> {
    match value {
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.to_string()),
        Value::Duration(milliseconds) => Some(duration(*milliseconds)),
        Value::Null
        | Value::List(_)
        | Value::Set(_)
        | Value::Map(_)
        | Value::Object(_)
        | Value::Unknown(_)
        | Value::Sealed(_) => None,
    }
}

/// A duration as written: `1h30m`, `250ms`.
pub fn duration(milliseconds: i64) -> String {
    if milliseconds == 0 {
        return "0s".to_owned();
    }
    let mut rest = milliseconds.unsigned_abs();
    let mut out = if milliseconds < 0 { "-".to_owned() } else { String::new() };
    for (unit, size) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)] {
        if rest >= size {
            out.push_str(&format!("{}{unit}", rest / size));
            rest %= size;
        }
    }
    out
}
