//! Values that a schema of the document allows, as proptest strategies.
use proptest::prelude::*;
use proptest::string::string_regex;
use serde_json::{Map, Value, json};

use crate::emulator::schema::follow;

fn number(schema: &Value, keyword: &str) -> Option<u64> {
    schema.get(keyword).and_then(Value::as_u64)
}

/// A value that the schema allows: boundaries of lengths and numbers are as likely as everything between them.
pub fn value(document: &Value, schema: &Value) -> BoxedStrategy<Value> {
    let schema = follow(document, schema);
    if let Some(constant) = schema.get("const") {
        return Just(constant.clone()).boxed();
    }
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        return proptest::sample::select(words.clone()).boxed();
    }
    for keyword in ["oneOf", "anyOf"] {
        if let Some(parts) = schema.get(keyword).and_then(Value::as_array).filter(|_| !schema["properties"].is_object())
        {
            let parts: Vec<_> = parts.iter().map(|part| value(document, part)).collect();
            return proptest::strategy::Union::new(parts).boxed();
        }
    }
    match schema["type"].as_str() {
        Some("string") => text(schema).prop_map(Value::String).boxed(),
        Some("integer") => integer(schema),
        Some("boolean") => any::<bool>().prop_map(Value::Bool).boxed(),
        Some("array") => list(document, schema),
        Some("object") => object(document, schema),
        other => panic!("no values of type {other:?}: {schema}"),
    }
}

fn integer(schema: &Value) -> BoxedStrategy<Value> {
    let least = number(schema, "minimum").unwrap_or(0);
    let most = number(schema, "maximum").unwrap_or(1 << 52);
    prop_oneof![Just(least), Just(most), least..=most, least..=(least + 20).min(most)].prop_map(|n| json!(n)).boxed()
}

/// A text of the schema's pattern, format or length; NUL and what is beyond the basic plane included.
pub fn text(schema: &Value) -> BoxedStrategy<String> {
    if let Some(pattern) = schema.get("pattern").and_then(Value::as_str) {
        let inner = pattern.strip_prefix('^').expect("patterns begin with ^");
        let whole = inner.strip_suffix('$').map_or_else(|| format!("{inner}.{{0,40}}"), str::to_owned);
        return string_regex(&whole).expect("a pattern").boxed();
    }
    match schema.get("format").and_then(Value::as_str) {
        Some("date-time") => {
            string_regex("[0-9]{3}[1-9]-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?([Zz]|[+-]0[0-9]:[0-5][0-9])")
                .expect("a pattern")
                .boxed()
        }
        Some("hostname") => string_regex("[a-z0-9]([a-z0-9-]{0,61}[a-zA-Z0-9])?(\\.[a-z]{2,9}){0,3}").expect("a pattern").boxed(),
        Some("uri-reference") => {
            string_regex("(https?://[a-z.]{1,9}(:[0-9]{0,5})?)?(/([a-z0-9._~!$&'()*+,;=:@-]|%[0-9A-F]{2}){0,9}){0,3}(\\?[a-z=&/?]{0,9})?(#[a-z]{0,4})?")
                .expect("a pattern")
                .prop_filter("two slashes begin an authority", |text| !text.starts_with("//"))
                .boxed()
        }
        Some(format) => panic!("no texts of format {format}"),
        None => {
            let least = number(schema, "minLength").unwrap_or(0) as usize;
            let most = number(schema, "maxLength").unwrap_or(300) as usize;
            let length = prop_oneof![Just(least), Just(most), least..=most];
            length
                .prop_flat_map(|length| proptest::collection::vec(any::<char>(), length))
                .prop_map(|characters| characters.into_iter().collect())
                .boxed()
        }
    }
}

fn list(document: &Value, schema: &Value) -> BoxedStrategy<Value> {
    let least = number(schema, "minItems").unwrap_or(0) as usize;
    let most = number(schema, "maxItems").unwrap_or(8).min(8) as usize;
    let unique = schema["uniqueItems"] == true;
    proptest::collection::vec(value(document, &schema["items"]), least..=most.max(least))
        .prop_map(move |items| {
            let mut kept: Vec<Value> = Vec::new();
            for item in items {
                if !unique || !kept.contains(&item) {
                    kept.push(item);
                }
            }
            Value::Array(kept)
        })
        .boxed()
}

fn object(document: &Value, schema: &Value) -> BoxedStrategy<Value> {
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut members: Vec<BoxedStrategy<Option<(String, Value)>>> = Vec::new();
    for (name, part) in schema["properties"].as_object().into_iter().flatten() {
        let always = required.contains(&name.as_str());
        let name = name.clone();
        let member = value(document, part).prop_map(move |value| (name.clone(), value));
        members.push(if always { member.prop_map(Some).boxed() } else { proptest::option::of(member).boxed() });
    }
    if let Some(part) = schema.get("additionalProperties").filter(|part| part.is_object()) {
        let names = text(&schema["propertyNames"]);
        let extra = proptest::collection::vec((names, value(document, part)), 0..4);
        return extra.prop_map(|pairs| Value::Object(pairs.into_iter().collect::<Map<_, _>>())).boxed();
    }
    members.prop_map(|pairs| Value::Object(pairs.into_iter().flatten().collect::<Map<_, _>>())).boxed()
}
