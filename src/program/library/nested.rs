//! Nested data and paths: what configuration people miss elsewhere.

use super::arguments::{fits_elements, list, made, text};
use super::table::{Function, Shape};
use crate::model::{Key, Value};
use std::collections::BTreeMap;

const S: Shape = Shape::String;
const LIST: Shape = Shape::List(&Shape::A);

pub static FUNCTIONS: &[Function] = &[
    Function::new(
        "deep_merge",
        "Objects and maps merged at every level; the later value wins, lists are replaced.",
        &[("values", Shape::Any)],
        Shape::Any,
        ("deep_merge({ a = { x = 1, y = 1 } }, { a = { y = 2 } })", "{ a = { x = 1, y = 2 } }"),
        |a| {
            let mut all = a.iter();
            let first = all.next().cloned().unwrap_or(Value::Null);
            all.try_fold(first, |so_far, next| merged(&so_far, next, 0))
        },
    )
    .variadic(),
    Function::new(
        "matchkeys",
        "The values at the places where the key is among the wanted ones.",
        &[("values", LIST), ("keys", Shape::List(&Shape::B)), ("wanted", Shape::List(&Shape::B))],
        LIST,
        (r#"matchkeys(["a", "b"], [1, 2], [2])"#, r#"["b"]"#),
        |a| {
            let (values, keys, wanted) = (list(&a[0])?, list(&a[1])?, list(&a[2])?);
            if values.len() != keys.len() {
                return Err(format!("{} values and {} keys", values.len(), keys.len()));
            }
            let wanted: std::collections::BTreeSet<&Value> = wanted.iter().collect();
            let chosen = values.iter().zip(keys).filter(|(_, key)| wanted.contains(key));
            Ok(Value::list(chosen.map(|(value, _)| value.clone()).collect()))
        },
    ),
    Function::new(
        "pick",
        "Only the entries of a map with one of these keys.",
        &[("map", Shape::Map(&Shape::A)), ("keys", Shape::Collection(&S))],
        Shape::Map(&Shape::A),
        (r#"pick({ a = 1, b = 2 }, ["a", "c"])"#, "{ a = 1 }"),
        |a| chosen(a, true),
    ),
    Function::new(
        "omit",
        "The entries of a map without those of these keys.",
        &[("map", Shape::Map(&Shape::A)), ("keys", Shape::Collection(&S))],
        Shape::Map(&Shape::A),
        (r#"omit({ a = 1, b = 2 }, ["a"])"#, "{ b = 2 }"),
        |a| chosen(a, false),
    ),
    Function::new(
        "sensitive",
        "The value as a secret: it and all that is computed from it are not shown.",
        &[("value", Shape::A)],
        Shape::A,
        ("nonsensitive(upper(sensitive(\"a\")))", "\"A\""),
        |a| Ok(a[0].clone()),
    )
    .partial(),
    Function::new(
        "nonsensitive",
        "The value of a secret as a plain one, which may be shown; the plan says where.",
        &[("value", Shape::A)],
        Shape::A,
        (r#"nonsensitive("eu-west-2")"#, r#""eu-west-2""#),
        |a| Ok(a[0].clone()),
    )
    .partial(),
    Function::new(
        "basename",
        "The last part of a path.",
        &[("path", S)],
        S,
        (r#"basename("keys/deploy.pub")"#, r#""deploy.pub""#),
        |a| {
            let path = text(&a[0])?;
            made(match path.trim_end_matches('/') {
                "" if path.is_empty() => ".".to_owned(),
                "" => "/".to_owned(),
                rest => rest.rsplit('/').next().unwrap_or_default().to_owned(),
            })
        },
    ),
    Function::new(
        "dirname",
        "A path without its last part; `.` and `..` in it are resolved.",
        &[("path", S)],
        S,
        (r#"dirname("keys/deploy.pub")"#, r#""keys""#),
        |a| {
            let path = text(&a[0])?;
            made(cleaned(path.rfind('/').map_or("", |at| &path[..=at])))
        },
    ),
];

/// The shortest path to the same place: without `//`, `.` and what `..` takes back.
fn cleaned(path: &str) -> String {
    let root = if path.starts_with('/') { "/" } else { "" };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match (part, parts.last()) {
            ("" | ".", _) => {}
            ("..", Some(last)) if *last != ".." => {
                parts.pop();
            }
            ("..", None) if !root.is_empty() => {}
            (part, _) => parts.push(part),
        }
    }
    match (root, parts.is_empty()) {
        ("", true) => ".".to_owned(),
        (root, _) => format!("{root}{}", parts.join("/")),
    }
}

fn chosen(a: &[Value], inside: bool) -> Result<Value, String> {
    let keys = super::arguments::items(&a[1])?.into_iter().map(text).collect::<Result<Vec<_>, _>>()?;
    let keys: std::collections::BTreeSet<Key> = keys.into_iter().map(Key::text).collect();
    let entries = super::arguments::map(&a[0])?.iter().filter(|(key, _)| keys.contains(*key) == inside);
    Ok(Value::map(entries.map(|(key, value)| (key.clone(), value.clone())).collect()))
}

fn entries(value: &Value) -> Option<BTreeMap<Key, Value>> {
    match value {
        Value::Map(entries) => Some((**entries).clone()),
        Value::Object(members) => {
            Some(members.iter().map(|(name, value)| (Key::Text(name.clone()), value.clone())).collect())
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Duration(_)
        | Value::List(_)
        | Value::Set(_)
        | Value::Unknown(_)
        | Value::Sealed(_) => None,
    }
}

fn merged(left: &Value, right: &Value, depth: usize) -> Result<Value, String> {
    let (Some(mut so_far), Some(next)) = (entries(left), entries(right)) else { return Ok(right.clone()) };
    if depth > 128 {
        return Err("the values are nested more than 128 deep".to_owned());
    }
    for (key, value) in next {
        let value = match so_far.get(&key) {
            Some(before) => merged(before, &value, depth + 1)?,
            None => value,
        };
        so_far.insert(key, value);
    }
    fits_elements(so_far.len())?;
    Ok(Value::map(so_far))
}
