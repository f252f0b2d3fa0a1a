//! Values into the form of a type: objects into maps, defaults filled in, ids by their prefix, data of unknown type checked.

use super::fits::fits;
use crate::model::{Key, KeyType, ObjectType, Type, Value};
use crate::provider::Catalog;
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// The value as one of the type, or why it is none (one phrase: `expected int, found "a"`).
pub fn convert(value: &Value, ty: &Type, catalog: &Catalog) -> Result<Value, String> {
    match (ty, value) {
        (Type::Any | Type::Error | Type::Instance(_), _) | (_, Value::Unknown(_) | Value::Sealed(_)) => {
            Ok(value.clone())
        }
        (Type::Optional(_) | Type::Null, Value::Null) => Ok(Value::Null),
        (Type::Optional(inner), _) => convert(value, inner, catalog),
        (Type::Bool, Value::Bool(_))
        | (Type::Number, Value::Number(_))
        | (Type::String, Value::String(_))
        | (Type::Duration, Value::Duration(_)) => Ok(value.clone()),
        (Type::Int, Value::Number(number)) if number.is_int() => Ok(value.clone()),
        (Type::Literal(text), Value::String(found)) if text == found => Ok(value.clone()),
        (Type::Id(kind), Value::String(text)) => match catalog.kinds.get(kind) {
            Some(kind) if !text.starts_with(kind.id_prefix.as_str()) => {
                Err(format!("expected {}.id (begins with `{}`), found {}", kind.name, kind.id_prefix, shown(value)))
            }
            _ => Ok(value.clone()),
        },
        (Type::List(item), Value::List(items)) => {
            Ok(Value::list(items.iter().map(|one| convert(one, item, catalog)).collect::<Result<_, _>>()?))
        }
        (Type::Set(item), Value::Set(items)) => {
            Ok(Value::set(items.iter().map(|one| convert(one, item, catalog)).collect::<Result<Vec<_>, _>>()?))
        }
        (Type::Set(item), Value::List(items)) => {
            Ok(Value::set(items.iter().map(|one| convert(one, item, catalog)).collect::<Result<Vec<_>, _>>()?))
        }
        (Type::Map(KeyType::Text, item), Value::Object(members)) => {
            let entry = |(name, one): (&SmolStr, &Value)| Ok((Key::Text(name.clone()), convert(one, item, catalog)?));
            Ok(Value::map(members.iter().map(entry).collect::<Result<_, String>>()?))
        }
        (Type::Map(_, item), Value::Map(entries)) => {
            let entry = |(key, one): (&Key, &Value)| Ok((key.clone(), convert(one, item, catalog)?));
            Ok(Value::map(entries.iter().map(entry).collect::<Result<_, String>>()?))
        }
        (Type::Object(object), Value::Object(members)) => convert_object(members, object, catalog),
        (Type::Object(object), Value::Map(entries)) => {
            let members = entries.iter().map(|(key, one)| match key {
                Key::Text(text) => (text.clone(), one.clone()),
                Key::Int(number) => (SmolStr::new(number.to_string()), one.clone()),
            });
            convert_object(&members.collect(), object, catalog)
        }
        (Type::Union(members), _) => {
            members.iter().find_map(|member| convert(value, member, catalog).ok()).ok_or_else(|| wrong(ty, value))
        }
        _ => Err(wrong(ty, value)),
    }
}

fn convert_object(members: &BTreeMap<SmolStr, Value>, object: &ObjectType, catalog: &Catalog) -> Result<Value, String> {
    if let Some(name) = members.keys().find(|name| !object.members.contains_key(*name)) {
        return Err(format!("unknown member `{name}`"));
    }
    let mut made = BTreeMap::new();
    for (name, member) in &object.members {
        let given = members.get(name).filter(|value| !value.is_null());
        match (given, &member.default) {
            (Some(value), _) => {
                let value = convert(value, &member.ty, catalog).map_err(|why| format!("`{name}`: {why}"))?;
                made.insert(name.clone(), value);
            }
            (None, Some(default)) => {
                made.insert(name.clone(), default.clone());
            }
            (None, None) if fits(&Type::Null, &member.ty) => {
                made.insert(name.clone(), Value::Null);
            }
            (None, None) => return Err(format!("`{name}` is missing")),
        }
    }
    Ok(Value::object(made))
}

/// Whether a value of the type may hold an object.
pub fn may_hold_object(ty: &Type) -> bool {
    match ty {
        Type::Object(_) => true,
        Type::List(item) | Type::Set(item) | Type::Map(_, item) | Type::Optional(item) => may_hold_object(item),
        Type::Union(members) => members.iter().any(may_hold_object),
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
        | Type::Instance(_) => false,
    }
}

/// The value without the members of objects that are null: what the API is told of, where null means "as not written".
pub fn without_nulls(value: &Value) -> Value {
    let Value::Object(members) = value else { return value.with_elements(without_nulls) };
    let written = members.iter().filter(|(_, member)| !member.is_null());
    Value::object(written.map(|(name, member)| (name.clone(), without_nulls(member))).collect())
}

fn wrong(ty: &Type, value: &Value) -> String {
    format!("expected {ty}, found {}", shown(value))
}

/// A value in few words.
pub fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) if text.chars().count() <= 60 => Key::Text(text.clone()).to_string(),
        Value::String(text) => format!("a text of {} characters", text.chars().count()),
        Value::Duration(milliseconds) => format!("{milliseconds}ms"),
        Value::List(items) => format!("a list of {}", items.len()),
        Value::Set(items) => format!("a set of {}", items.len()),
        Value::Map(entries) => format!("a map of {}", entries.len()),
        Value::Object(_) => "an object".to_owned(),
        Value::Unknown(unknown) => format!("a {} not known yet", unknown.ty),
        Value::Sealed(_) => crate::model::secrets::REDACTED.to_owned(),
    }
}
