//! Values as stored: JSON that keeps the difference between a list and a set, a number and a duration, a map and an object.
//! A format of its own: the domain may change without it, and it without the domain.

use crate::model::{Address, Attributes, Ident, Key, Number, Type, Value};
use serde_json::{Map, Value as Json, json};
use smol_str::SmolStr;
use std::collections::{BTreeMap, BTreeSet};

/// Plain JSON where that is unambiguous (`null`, bools, numbers, texts, lists), else an object with one `$` member.
pub fn to_wire(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(flag) => Json::Bool(*flag),
        Value::Number(number) => number.to_string().parse().map_or(Json::Null, Json::Number),
        Value::String(text) => Json::String(text.to_string()),
        Value::Duration(milliseconds) => json!({ "$duration": milliseconds }),
        Value::List(items) => items.iter().map(to_wire).collect(),
        Value::Set(items) => json!({ "$set": items.iter().map(to_wire).collect::<Vec<_>>() }),
        Value::Map(entries) => {
            json!({ "$map": entries.iter().map(|(k, v)| Json::Array(vec![key_to_wire(k), to_wire(v)])).collect::<Vec<_>>() })
        }
        Value::Object(members) => {
            let members: Map<String, Json> = members.iter().map(|(k, v)| (k.to_string(), to_wire(v))).collect();
            json!({ "$object": members })
        }
        Value::Unknown(_) => json!({ "$unknown": true }),
        Value::Sealed(seal) => json!({ "$sealed": seal.as_str() }),
    }
}

/// `None`: not of this format.
pub fn from_wire(json: &Json) -> Option<Value> {
    Some(match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => Value::Number(Number::parse(&number.to_string())?),
        Json::String(text) => Value::String(SmolStr::new(text)),
        Json::Array(items) => Value::list(items.iter().map(from_wire).collect::<Option<_>>()?),
        Json::Object(members) => {
            let (tag, body) = members.iter().next().filter(|_| members.len() == 1)?;
            from_tagged(tag, body)?
        }
    })
}

fn from_tagged(tag: &str, body: &Json) -> Option<Value> {
    match tag {
        "$duration" => Some(Value::Duration(body.as_i64()?)),
        "$set" => Some(Value::set(body.as_array()?.iter().map(from_wire).collect::<Option<Vec<_>>>()?)),
        "$map" => {
            let pair = |pair: &Json| Some((key_from_wire(pair.get(0)?)?, from_wire(pair.get(1)?)?));
            Some(Value::map(body.as_array()?.iter().map(pair).collect::<Option<BTreeMap<_, _>>>()?))
        }
        "$object" => {
            let member = |(name, value): (&String, &Json)| Some((SmolStr::new(name), from_wire(value)?));
            Some(Value::object(body.as_object()?.iter().map(member).collect::<Option<BTreeMap<_, _>>>()?))
        }
        "$sealed" => Some(Value::Sealed(SmolStr::new(body.as_str()?))),
        "$unknown" => Some(Value::unknown(Type::Any, BTreeSet::new())),
        _ => None,
    }
}

fn key_to_wire(key: &Key) -> Json {
    match key {
        Key::Int(number) => Json::Number((*number).into()),
        Key::Text(text) => Json::String(text.to_string()),
    }
}

fn key_from_wire(json: &Json) -> Option<Key> {
    json.as_i64().map(Key::Int).or_else(|| json.as_str().map(Key::text))
}

pub fn attributes_to_wire(attributes: &Attributes) -> BTreeMap<String, Json> {
    attributes.iter().map(|(name, value)| (name.to_string(), to_wire(value))).collect()
}

pub fn attributes_from_wire(wire: &BTreeMap<String, Json>) -> Option<Attributes> {
    wire.iter().map(|(name, json)| Some((Ident::new(name), from_wire(json)?))).collect()
}

const ACTION: &str = "action.";

/// As printed; an action's begins with `action.`, so that it reads back without a catalog.
pub fn address_to_wire(address: &Address) -> String {
    let mark = if address.mode == crate::model::Mode::Action { ACTION } else { "" };
    format!("{mark}{address}")
}

pub fn address_from_wire(text: &str) -> Option<Address> {
    match text.strip_prefix(ACTION) {
        Some(rest) => Address::parse(rest, |_| true),
        None => Address::parse(text, |_| false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Mode, ModuleStep};
    use proptest::prelude::*;

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::int),
            any::<i64>().prop_map(Value::Duration),
            ".{0,8}".prop_map(|text: String| Value::string(&text)),
            "[0-9a-f]{4}:[0-9a-f]{8}".prop_map(|seal: String| Value::Sealed(SmolStr::new(seal))),
            Just(Value::Number(Number::parse("123456789012345678901234567890.125").unwrap())),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            let key = prop_oneof![any::<i64>().prop_map(Key::Int), ".{0,4}".prop_map(|text: String| Key::text(&text))];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::list),
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::set),
                prop::collection::btree_map(key, inner.clone(), 0..4).prop_map(Value::map),
                prop::collection::btree_map(".{0,4}".prop_map(SmolStr::new), inner, 0..4).prop_map(Value::object),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_value_comes_back_as_it_was(value in values()) {
            let text = serde_json::to_string(&to_wire(&value)).unwrap();
            prop_assert_eq!(from_wire(&serde_json::from_str(&text).unwrap()), Some(value));
        }

        #[test]
        fn an_address_comes_back_as_it_was(key in ".{0,6}", number in 0i64..9, mode in 0usize..3) {
            let mode = [Mode::Managed, Mode::Data, Mode::Action][mode];
            let module = vec![ModuleStep { name: "shop".into(), key: Some(Key::Int(number)) }];
            let address = Address { module, mode, kind: "server".into(), name: "web".into(), key: Some(Key::text(&key)) };
            prop_assert_eq!(address_from_wire(&address_to_wire(&address)), Some(address));
        }
    }
}
