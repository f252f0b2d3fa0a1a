//! Between values and JSON: the one place where a number keeps its digits and a hostile body meets a bound.

use super::ident::Key;
use super::number::Number;
use super::types::{KeyType, Type};
use super::value::Value;
use serde_json::Value as Json;
use smol_str::SmolStr;

/// JSON of a known value; unknown and sealed values have none. Durations are their milliseconds, sets are sorted arrays.
pub fn to_json(value: &Value) -> Option<Json> {
    Some(match value {
        Value::Null => Json::Null,
        Value::Bool(flag) => Json::Bool(*flag),
        Value::Number(number) => Json::Number(number.to_string().parse().ok()?),
        Value::String(text) => Json::String(text.to_string()),
        Value::Duration(milliseconds) => Json::Number((*milliseconds).into()),
        Value::List(items) => Json::Array(items.iter().map(to_json).collect::<Option<_>>()?),
        Value::Set(items) => Json::Array(items.iter().map(to_json).collect::<Option<_>>()?),
        Value::Map(entries) => Json::Object(
            entries.iter().map(|(key, value)| Some((key_text(key), to_json(value)?))).collect::<Option<_>>()?,
        ),
        Value::Object(members) => Json::Object(
            members.iter().map(|(name, value)| Some((name.to_string(), to_json(value)?))).collect::<Option<_>>()?,
        ),
        Value::Unknown(_) | Value::Sealed(_) => return None,
    })
}

fn key_text(key: &Key) -> String {
    match key {
        Key::Int(number) => number.to_string(),
        Key::Text(text) => text.to_string(),
    }
}

/// The value of a JSON text read as the given type: arrays become lists or sets, objects maps or objects.
/// What does not fit the type is kept as it is (the API's word stands; the client is tolerant, `contract.md` rule 2).
pub fn from_json(json: &Json, ty: &Type) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => number_or_duration(&number.to_string(), ty),
        Json::String(text) => Value::String(SmolStr::new(text)),
        Json::Array(items) => from_array(items, ty.required()),
        Json::Object(members) => from_object(members, ty.required()),
    }
}

fn number_or_duration(text: &str, ty: &Type) -> Value {
    match Number::parse(text) {
        Some(number) => match (ty.required(), number.to_i64()) {
            (Type::Duration, Some(milliseconds)) => Value::Duration(milliseconds),
            _ => Value::Number(number),
        },
        None => Value::String(SmolStr::new(text)),
    }
}

fn from_array(items: &[Json], ty: &Type) -> Value {
    match ty {
        Type::Set(item) => Value::set(items.iter().map(|json| from_json(json, item))),
        Type::List(item) => Value::list(items.iter().map(|json| from_json(json, item)).collect()),
        _ => Value::list(items.iter().map(|json| from_json(json, &Type::Any)).collect()),
    }
}

fn from_object(members: &serde_json::Map<String, Json>, ty: &Type) -> Value {
    match ty {
        Type::Map(KeyType::Text, item) => {
            Value::map(members.iter().map(|(name, json)| (Key::text(name), from_json(json, item))).collect())
        }
        Type::Object(object) => Value::object(
            members
                .iter()
                .map(|(name, json)| {
                    let member = object.members.get(name.as_str()).map_or(&Type::Any, |member| &member.ty);
                    (SmolStr::new(name), from_json(json, member))
                })
                .collect(),
        ),
        _ => Value::object(
            members.iter().map(|(name, json)| (SmolStr::new(name), from_json(json, &Type::Any))).collect(),
        ),
    }
}
