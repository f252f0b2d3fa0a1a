//! Values for machines: JSON as in `model::json`, and marks where a value is not known yet or secret. Described in `docs/json.md`.

use super::value::path_text;
use crate::model::{Key, Unknown, Value, json};
use serde_json::{Map, Value as Json, json};

/// A value: plain JSON where it is known; `{"$unknown": ["ssh_key.deploy.id"]}` stands for what waits for an output.
pub fn value(value: &Value) -> Json {
    match value {
        Value::Sealed(_) => json!({ "$secret": true }),
        Value::Unknown(unknown) => json!({ "$unknown": awaited(unknown) }),
        Value::List(items) => Json::Array(items.iter().map(self::value).collect()),
        Value::Set(items) => Json::Array(items.iter().map(self::value).collect()),
        Value::Map(entries) => {
            Json::Object(entries.iter().map(|(key, item)| (key_text(key), self::value(item))).collect())
        }
        Value::Object(members) => Json::Object(
            members.iter().map(|(name, item)| (name.to_string(), self::value(item))).collect::<Map<_, _>>(),
        ),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Duration(_) => {
            json::to_json(value).unwrap_or(Json::Null)
        }
    }
}

/// One line of JSON, safe for a terminal.
pub fn line(of: &Json) -> String {
    super::escape::json(&of.to_string()).into_owned() + "\n"
}

/// JSON over several lines, safe for a terminal.
pub fn page(of: &Json) -> String {
    super::escape::json(&format!("{of:#}")).into_owned() + "\n"
}

/// The same, `null` for none, `{"$secret": true}` for a secret one.
pub fn value_or_secret(shown: Option<&Value>, secret: bool) -> Json {
    match (shown, secret) {
        (None, _) => Json::Null,
        (Some(_), true) => json!({ "$secret": true }),
        (Some(shown), false) => value(shown),
    }
}

fn key_text(key: &Key) -> String {
    match key {
        Key::Int(number) => number.to_string(),
        Key::Text(text) => text.to_string(),
    }
}

fn awaited(unknown: &Unknown) -> Vec<String> {
    let name = |attribute: &crate::model::AttrPath| {
        let path: Vec<String> = attribute.path.iter().map(|part| part.to_string()).collect();
        let dot = if path.is_empty() { "" } else { "." };
        format!("{}{dot}{}", attribute.address, path_text(&path))
    };
    unknown.waits_for.iter().map(name).collect()
}
