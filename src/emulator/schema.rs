//! JSON Schema as far as the served document uses it; a keyword that is not known here is a complaint, not a pass.
//! Knows documents and values, no request.
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::{Mutex, PoisonError};

use regex::Regex;
use serde_json::Value;

use super::clock::parse_rfc3339;
use super::fields::hostname;
use super::patterns::is_uri_reference;

/// Keywords that allow and forbid nothing.
const REMARKS: [&str; 6] = ["description", "examples", "default", "title", "example", "deprecated"];

static PATTERNS: Mutex<BTreeMap<String, Regex>> = Mutex::new(BTreeMap::new());

/// What is wrong with a value by a schema of a document: place and reason.
pub fn check(document: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    let Some(keywords) = schema.as_object() else { return Ok(()) };
    for (keyword, rule) in keywords {
        let outcome = match keyword.as_str() {
            "$ref" => check(document, follow(document, schema), value),
            "allOf" => items(rule).try_for_each(|part| check(document, part, value)),
            "anyOf" => number_of(document, rule, value, |fitting| fitting >= 1),
            "oneOf" => number_of(document, rule, value, |fitting| fitting == 1),
            "type" | "enum" | "const" => check_kind(keyword, rule, value),
            "pattern" | "format" | "minLength" | "maxLength" => check_text(keyword, rule, value),
            "minimum" | "maximum" | "exclusiveMinimum" => check_number(keyword, rule, value),
            "items" | "minItems" | "maxItems" | "uniqueItems" => check_list(document, keyword, rule, value),
            "properties"
            | "required"
            | "additionalProperties"
            | "propertyNames"
            | "minProperties"
            | "maxProperties" => check_object(document, schema, keyword, value),
            _ if REMARKS.contains(&keyword.as_str()) || keyword.starts_with("x-") => Ok(()),
            _ => Err(format!("the keyword {keyword} is not known")),
        };
        outcome?;
    }
    Ok(())
}

/// What a `$ref` stands for; whatever else stays as it is.
pub fn follow<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let target = value.get("$ref").and_then(Value::as_str).and_then(|to| to.strip_prefix('#'));
    target.and_then(|pointer| document.pointer(pointer)).unwrap_or(value)
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn demand(fits: bool, reason: impl FnOnce() -> String) -> Result<(), String> {
    if fits { Ok(()) } else { Err(reason()) }
}

fn number_of(document: &Value, parts: &Value, value: &Value, enough: fn(usize) -> bool) -> Result<(), String> {
    let outcomes: Vec<Result<(), String>> = items(parts).map(|part| check(document, part, value)).collect();
    let fitting = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    demand(enough(fitting), || format!("{fitting} alternatives fit: {outcomes:?}"))
}

fn check_kind(keyword: &str, rule: &Value, value: &Value) -> Result<(), String> {
    let is = |kind: &str| match kind {
        "string" => value.is_string(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "null" => value.is_null(),
        _ => false,
    };
    let fits = match (keyword, rule) {
        ("type", Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).any(is),
        ("type", kind) => kind.as_str().is_some_and(is),
        ("enum", _) => items(rule).any(|one| one == value),
        (_, one) => one == value,
    };
    demand(fits, || format!("{value} is not of {keyword} {rule}"))
}

fn check_text(keyword: &str, rule: &Value, value: &Value) -> Result<(), String> {
    let Some(text) = value.as_str() else { return Ok(()) };
    let bound = rule.as_u64().unwrap_or(0);
    let length = || text.chars().count() as u64;
    let fits = match (keyword, rule.as_str().unwrap_or_default()) {
        ("minLength", _) => length() >= bound,
        ("maxLength", _) => length() <= bound,
        ("pattern", pattern) => matches(pattern, text)?,
        (_, "date-time") => parse_rfc3339(text).is_some(),
        (_, "ipv4") => text.parse::<Ipv4Addr>().is_ok(),
        (_, "hostname") => hostname(text).is_none(),
        (_, "uri") => is_uri_reference(text) && text.contains("://"),
        (_, "uri-reference") => is_uri_reference(text),
        (_, format) => return Err(format!("the format {format} is not known")),
    };
    demand(fits, || format!("{text:?} is against {keyword} {rule}"))
}

fn matches(pattern: &str, text: &str) -> Result<bool, String> {
    let mut patterns = PATTERNS.lock().unwrap_or_else(PoisonError::into_inner);
    if !patterns.contains_key(pattern) {
        let compiled = Regex::new(pattern).map_err(|error| format!("{pattern}: {error}"))?;
        patterns.insert(pattern.to_owned(), compiled);
    }
    Ok(patterns.get(pattern).is_some_and(|compiled| compiled.is_match(text)))
}

fn check_number(keyword: &str, rule: &Value, value: &Value) -> Result<(), String> {
    let (Some(number), Some(bound)) = (value.as_f64(), rule.as_f64()) else { return Ok(()) };
    let fits = match keyword {
        "minimum" => number >= bound,
        "maximum" => number <= bound,
        _ => number > bound,
    };
    demand(fits, || format!("{number} is against {keyword} {bound}"))
}

fn check_list(document: &Value, keyword: &str, rule: &Value, value: &Value) -> Result<(), String> {
    let Some(list) = value.as_array() else { return Ok(()) };
    let bound = rule.as_u64().and_then(|bound| usize::try_from(bound).ok()).unwrap_or(0);
    match keyword {
        "minItems" => demand(list.len() >= bound, || format!("{} items", list.len())),
        "maxItems" => demand(list.len() <= bound, || format!("{} items", list.len())),
        "uniqueItems" => {
            let different: BTreeSet<String> = list.iter().map(Value::to_string).collect();
            demand(different.len() == list.len(), || "an item twice".to_owned())
        }
        _ => list
            .iter()
            .enumerate()
            .try_for_each(|(index, item)| check(document, rule, item).map_err(|reason| format!("[{index}] {reason}"))),
    }
}

fn check_object(document: &Value, schema: &Value, keyword: &str, value: &Value) -> Result<(), String> {
    let (Some(object), rule) = (value.as_object(), &schema[keyword]) else { return Ok(()) };
    let bound = rule.as_u64().and_then(|bound| usize::try_from(bound).ok()).unwrap_or(0);
    let declared = schema.get("properties").and_then(Value::as_object);
    match keyword {
        "minProperties" => demand(object.len() >= bound, || format!("{} members", object.len())),
        "maxProperties" => demand(object.len() <= bound, || format!("{} members", object.len())),
        "required" => items(rule)
            .filter_map(Value::as_str)
            .try_for_each(|name| demand(object.contains_key(name), || format!("{name} is missing"))),
        "propertyNames" => object.keys().try_for_each(|name| check(document, rule, &Value::String(name.clone()))),
        "properties" => declared.into_iter().flatten().try_for_each(|(name, part)| match object.get(name) {
            Some(inner) => check(document, part, inner).map_err(|reason| format!("{name}: {reason}")),
            None => Ok(()),
        }),
        _ => object.iter().filter(|(name, _)| declared.is_none_or(|known| !known.contains_key(*name))).try_for_each(
            |(name, inner)| match rule {
                Value::Bool(allowed) => demand(*allowed, || format!("{name} is not declared")),
                part => check(document, part, inner).map_err(|reason| format!("{name}: {reason}")),
            },
        ),
    }
}
