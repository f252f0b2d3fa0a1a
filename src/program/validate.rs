//! The catalog's bounds on values: patterns, ranges, lengths. The same function serves constants and evaluated values.

use super::codes;
use super::convert::shown;
use crate::diag::Diagnostic;
use crate::model::{Key, Span, Value};
use crate::provider::{Attribute, Validation};

/// What is wrong with a known value of this attribute; the first thing only.
pub fn validate(attribute: &Attribute, value: &Value, span: Span) -> Option<Diagnostic> {
    within(attribute.name.as_str(), &attribute.validation, value, span)
}

fn within(path: &str, rules: &Validation, value: &Value, span: Span) -> Option<Diagnostic> {
    if *rules == Validation::default() || value.is_null() {
        return None;
    }
    if let Value::Object(members) = value {
        let bound = rules.members.iter().filter_map(|(name, rules)| Some((name, rules, members.get(name)?)));
        let mut wrong = bound.filter_map(|(name, rules, value)| within(&format!("{path}.{name}"), rules, value, span));
        if let Some(first) = wrong.next() {
            return Some(first);
        }
    }
    let hint = rules.hint.clone();
    if let Some(why) = bounds(rules, value).or_else(|| elements(rules, value)) {
        let help = hint.unwrap_or_else(|| "change the value".to_owned());
        return Some(complaint(&codes::INVALID_VALUE, path, why, span, help));
    }
    let pattern = rules.pattern.as_ref()?;
    let wrong = texts(value).find(|text| !pattern.fits(text))?;
    let why = format!("{} is not of the usual form", shown(&Value::string(wrong)));
    let help = hint.unwrap_or_else(|| format!("the form is {}", pattern.as_str()));
    let code = if rules.pattern_warns { &codes::UNUSUAL_VALUE } else { &codes::INVALID_VALUE };
    Some(complaint(code, path, why, span, help))
}

fn complaint(code: &'static crate::diag::Code, path: &str, why: String, span: Span, help: String) -> Diagnostic {
    Diagnostic::new(code, format!("`{path}`: {why}")).at(span, why).help(help)
}

fn bounds(rules: &Validation, value: &Value) -> Option<String> {
    if let Value::Number(number) = value {
        if let Some(least) = rules.minimum.filter(|least| *number < (*least).into()) {
            return Some(format!("{number} is less than {least}"));
        }
        if let Some(most) = rules.maximum.filter(|most| *number > (*most).into()) {
            return Some(format!("{number} is more than {most}"));
        }
        if !rules.allowed.is_empty() && !rules.allowed.iter().any(|one| *number == (*one).into()) {
            let allowed: Vec<String> = rules.allowed.iter().map(ToString::to_string).collect();
            return Some(format!("{number} is none of {}", allowed.join(", ")));
        }
    }
    let (length, what) = match value {
        Value::String(text) => (text.chars().count() as u64, "characters"),
        Value::List(items) => (items.len() as u64, "elements"),
        Value::Set(items) => (items.len() as u64, "elements"),
        Value::Map(entries) => (entries.len() as u64, "entries"),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Duration(_)
        | Value::Object(_)
        | Value::Unknown(_)
        | Value::Sealed(_) => {
            return None;
        }
    };
    if let Some(least) = rules.min_length.filter(|least| length < *least) {
        return Some(format!("{length} {what}, at least {least} are needed"));
    }
    let most = rules.max_length.filter(|most| length > *most)?;
    Some(format!("{length} {what}, at most {most} are allowed"))
}

fn elements(rules: &Validation, value: &Value) -> Option<String> {
    let Value::Map(entries) = value else { return None };
    for (key, value) in entries.iter() {
        let name = match key {
            Key::Int(number) => number.to_string(),
            Key::Text(text) => text.to_string(),
        };
        if let Some(pattern) = &rules.key_pattern
            && !pattern.fits(&name)
        {
            return Some(format!("the key {key} is not allowed"));
        }
        let length = value.as_str().map_or(0, |text| text.chars().count() as u64);
        if let Some(most) = rules.value_max_length.filter(|most| length > *most) {
            return Some(format!("the value of {key} has {length} characters, at most {most} are allowed"));
        }
    }
    None
}

/// The texts that a pattern speaks of: the value itself, or the elements of a list or set.
fn texts(value: &Value) -> Box<dyn Iterator<Item = &str> + '_> {
    match value {
        Value::String(text) => Box::new(std::iter::once(text.as_str())),
        Value::List(items) => Box::new(items.iter().filter_map(Value::as_str)),
        Value::Set(items) => Box::new(items.iter().filter_map(Value::as_str)),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Duration(_)
        | Value::Map(_)
        | Value::Object(_)
        | Value::Unknown(_)
        | Value::Sealed(_) => Box::new(std::iter::empty()),
    }
}
