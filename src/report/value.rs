//! Values as a person reads them, on one line, in the language's own notation. Everything in it is escaped.

use super::escape;
use super::look::Look;
use crate::model::secrets::REDACTED;
use crate::model::{Key, Unknown, Value};

/// Beyond this many bytes no more of a value is written: it would be cut anyway.
pub const MOST: usize = 4_096;

/// The value on one line: `"web-01"`, `["a", "b"]`, `{ team = "platform" }`, `(none)`, `(after apply: ssh_key.deploy.id)`.
pub fn inline(value: &Value, look: &Look) -> String {
    let mut out = String::new();
    write(&mut out, value, look);
    out
}

/// The same, where there may be none.
pub fn inline_or_none(value: Option<&Value>, look: &Look) -> String {
    value.map_or_else(|| "(none)".to_owned(), |value| inline(value, look))
}

fn write(out: &mut String, value: &Value, look: &Look) {
    match value {
        Value::Null => out.push_str("(none)"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::String(text) => out.push_str(&escape::quote(text)),
        Value::Duration(milliseconds) => out.push_str(&duration(*milliseconds)),
        Value::List(items) => sequence(out, items.iter(), look),
        Value::Set(items) => sequence(out, items.iter(), look),
        Value::Map(entries) => members(out, entries.iter().map(|(key, value)| (key_text(key), value)), look),
        Value::Object(entries) => members(out, entries.iter().map(|(name, value)| (member_text(name), value)), look),
        Value::Unknown(unknown) => out.push_str(&awaited(unknown, look)),
        Value::Sealed(_) => out.push_str(REDACTED),
    }
}

fn sequence<'a>(out: &mut String, items: impl Iterator<Item = &'a Value>, look: &Look) {
    out.push('[');
    for (at, item) in items.enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        if out.len() > MOST {
            out.push_str(look.dots());
            break;
        }
        write(out, item, look);
    }
    out.push(']');
}

fn members<'a>(out: &mut String, entries: impl Iterator<Item = (String, &'a Value)>, look: &Look) {
    let before = out.len();
    for (at, (name, value)) in entries.enumerate() {
        out.push_str(if at == 0 { "{ " } else { ", " });
        if out.len() > MOST {
            out.push_str(look.dots());
            break;
        }
        out.push_str(&name);
        out.push_str(" = ");
        write(out, value, look);
    }
    out.push_str(if out.len() == before { "{}" } else { " }" });
}

/// A map's key as written in the language.
pub fn key_text(key: &Key) -> String {
    match key {
        Key::Int(number) => number.to_string(),
        Key::Text(text) => member_text(text),
    }
}

/// A member's name: bare where it is an identifier, quoted otherwise.
pub fn member_text(name: &str) -> String {
    let bare = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if bare { name.to_owned() } else { escape::quote(name) }
}

/// `tags.owner`, `tags["a b"]`.
pub fn path_text(path: &[String]) -> String {
    let mut out = String::new();
    for (at, part) in path.iter().enumerate() {
        let text = member_text(part);
        match (at, text.starts_with('"')) {
            (0, _) => out.push_str(&text),
            (_, true) => out.push_str(&format!("[{text}]")),
            (_, false) => out.push_str(&format!(".{text}")),
        }
    }
    out
}

fn awaited(unknown: &Unknown, look: &Look) -> String {
    let mut names = unknown.waits_for.iter().map(|attribute| {
        let path: Vec<String> = attribute.path.iter().map(|part| part.to_string()).collect();
        let dot = if path.is_empty() { "" } else { "." };
        format!("{}{dot}{}", escape::clean(&attribute.address.to_string()), path_text(&path))
    });
    let Some(first) = names.next() else { return "(after apply)".to_owned() };
    let rest = names.count();
    if rest == 0 {
        format!("(after apply: {first})")
    } else {
        format!("(after apply: {first}, {} {rest} more)", look.dots())
    }
}

/// Milliseconds in the language's notation: `1h30m`, `500ms`.
pub fn duration(milliseconds: i64) -> String {
    if milliseconds == 0 {
        return "0s".to_owned();
    }
    let mut rest = milliseconds.unsigned_abs();
    let mut out = String::from(if milliseconds < 0 { "-" } else { "" });
    for (unit, size) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)] {
        if rest >= size {
            out.push_str(&format!("{}{unit}", rest / size));
            rest %= size;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, AttrPath, Type};
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn values_read_as_they_are_written() {
        let look = Look::default();
        let awaited = AttrPath { address: Address::managed("ssh_key", "deploy", None), path: vec!["id".into()] };
        let cases = [
            (Value::Null, "(none)"),
            (Value::Duration(5_400_000), "1h30m"),
            (Value::list(vec![Value::string("a\u{1b}"), Value::int(2)]), "[\"a\\u{1b}\", 2]"),
            (Value::map(BTreeMap::from([(Key::text("a b"), Value::Bool(true))])), "{ \"a b\" = true }"),
            (Value::map(BTreeMap::new()), "{}"),
            (Value::unknown(Type::String, BTreeSet::from([awaited])), "(after apply: ssh_key.deploy.id)"),
        ];
        for (value, text) in cases {
            assert_eq!(inline(&value, &look), text);
        }
    }

    #[test]
    fn huge_values_stop() {
        let many = Value::list((0..100_000).map(Value::int).collect());
        assert!(inline(&many, &Look::default()).len() < 2 * MOST);
    }
}
