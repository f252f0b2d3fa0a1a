//! The OpenAPI 3.1 document that the emulator serves of itself: `openapi.json` with the servers of this process and
//! without the routes, parameters and headers that the profile or the surface does not have.
//! Knows the table of routes; knows no object. `openapi.json` is derived from docs/api/cloudnexus.openapi.yaml.
use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::catalog;
use super::config::Config;
use super::object::Kind;
use super::routes::{Door, Ports, ROUTES, Surface, exists};

const WHOLE: &str = include_str!("openapi.json");
const SCHEMES: &str = "#/components/securitySchemes/apiKey";
/// Inferred parameters and headers, which the documented profiles don't have (4.1).
const INFERRED: [&str; 6] = ["IdempotencyKey", "IfMatch", "ETag", "Location", "X-Request-Id", "Idempotent-Replayed"];

/// The document of one door, or of all three where `door` is `None`.
pub fn document(config: &Config, ports: Ports, door: Option<Door>) -> Value {
    let mut whole: Value = serde_json::from_str(WHOLE).expect("invariant: the embedded document is JSON");
    let paths = whole["paths"].take();
    whole["paths"] = kept_paths(paths, config, ports, door);
    let all = [Door::P, Door::Sandbox, Door::C];
    whole["servers"] = servers(all.into_iter().filter(|own| door.is_none_or(|only| only == *own)), ports);
    if config.open_access {
        whole["security"] = json!([{"apiKey": []}, {}]);
    }
    close_catalogs(&mut whole["components"]["schemas"]);
    let mut unwanted: BTreeSet<&str> = door.map(|door| of_the_other(door.surface())).unwrap_or_default();
    if !config.profile.is_full() {
        unwanted.extend(INFERRED);
    }
    remove_references(&mut whole["paths"], &unwanted);
    remove_references(&mut whole["components"], &unwanted);
    prune(&mut whole);
    whole
}

/// Requests name only what the catalogs have: open sets of CloudNexus (L26, L31, L67) are closed here, where all of
/// them is known. Answers stay open.
fn close_catalogs(schemas: &mut Value) {
    let regions = json!({"type": "string", "enum": catalog::REGIONS.as_slice(), "examples": [catalog::REGIONS[0]]});
    let snapshot = json!({"type": "string", "pattern": "^snap_[A-Za-z0-9]+$", "maxLength": 128});
    let image = json!({"anyOf": [{"type": "string", "enum": catalog::image_names()}, snapshot]});
    for (schema, kind, size) in [
        ("InstanceCreate", Kind::ComputeInstance, "type"),
        ("InstanceActionResize", Kind::ComputeInstance, "type"),
        ("ServerCreate", Kind::Server, "plan"),
        ("ServerActionResize", Kind::Server, "plan"),
        ("DatabaseCreate", Kind::Database, "tier"),
        ("DatabaseScale", Kind::Database, "new_tier"),
    ] {
        let sizes = json!({"type": "string", "enum": catalog::sizes(kind)});
        for (member, closed) in [(size, &sizes), ("region", &regions), ("image", &image)] {
            if let Some(open) = schemas[schema]["properties"].get_mut(member) {
                *open = closed.clone();
            }
        }
    }
}

fn servers(doors: impl Iterator<Item = Door>, ports: Ports) -> Value {
    let described = doors.map(|door| {
        let (port, name) = match door {
            Door::C => (ports.compute, "Compute API"),
            Door::P => (ports.platform, "REST API, production"),
            Door::Sandbox => (ports.sandbox, "REST API, sandbox"),
            Door::Control => (ports.control, "control"),
        };
        json!({"url": format!("http://127.0.0.1:{port}/v1"), "description": format!("CloudNexus emulator: {name}.")})
    });
    Value::Array(described.collect())
}

/// The routes that exist, each with the servers that have it.
fn kept_paths(paths: Value, config: &Config, ports: Ports, door: Option<Door>) -> Value {
    let doors = [Door::P, Door::Sandbox, Door::C];
    let mut kept = Map::new();
    let Value::Object(paths) = paths else { return Value::Object(kept) };
    for (path, mut item) in paths {
        let Some(item) = item.as_object_mut() else { continue };
        let has = |door: Door, method: &str| {
            ROUTES.iter().any(|route| {
                route.path == path
                    && route.method.as_str().eq_ignore_ascii_case(method)
                    && exists(route, door.surface(), config.profile)
            })
        };
        let wanted: Vec<Door> = doors.into_iter().filter(|own| door.is_none_or(|only| only == *own)).collect();
        item.retain(|method, _| wanted.iter().any(|door| has(*door, method)));
        if item.is_empty() {
            continue;
        }
        if door.is_none() {
            let method = item.keys().next().cloned().unwrap_or_default();
            item.insert("servers".to_owned(), servers(wanted.into_iter().filter(|door| has(*door, &method)), ports));
        }
        kept.insert(path, Value::Object(std::mem::take(item)));
    }
    Value::Object(kept)
}

/// Parameters and headers of shared routes that only the other surface knows.
fn of_the_other(surface: Surface) -> BTreeSet<&'static str> {
    match surface {
        Surface::C => BTreeSet::from([
            "SharedLimit",
            "SharedCursor",
            "X-RateLimit-Limit",
            "X-RateLimit-Remaining",
            "X-RateLimit-Reset",
        ]),
        Surface::P => BTreeSet::from(["SharedPerPage"]),
    }
}

fn target(value: &Value) -> Option<&str> {
    value.get("$ref").and_then(Value::as_str)
}

/// Takes members and items out that refer to an unwanted component.
fn remove_references(value: &mut Value, unwanted: &BTreeSet<&str>) {
    let refers =
        |inner: &Value| target(inner).and_then(|to| to.rsplit('/').next()).is_some_and(|name| unwanted.contains(name));
    match value {
        Value::Object(members) => {
            members.retain(|_, inner| !refers(inner));
            members.retain(|name, inner| name != "headers" || inner.as_object().is_none_or(|all| !all.is_empty()));
            members.values_mut().for_each(|inner| remove_references(inner, unwanted));
        }
        Value::Array(items) => {
            items.retain(|inner| !refers(inner));
            items.iter_mut().for_each(|inner| remove_references(inner, unwanted));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Takes components, tags and empty parts out that nothing in the document uses any more.
fn prune(whole: &mut Value) {
    let mut used = BTreeSet::from([SCHEMES.to_owned()]);
    let mut open = Vec::new();
    references(&whole["paths"], &mut open);
    while let Some(to) = open.pop() {
        let component = to.strip_prefix('#').and_then(|pointer| whole.pointer(pointer));
        if used.insert(to.clone()) {
            references(component.unwrap_or(&Value::Null), &mut open);
        }
    }
    let mut tags = BTreeSet::new();
    for operation in whole["paths"].as_object().into_iter().flatten().flat_map(|(_, item)| item.as_object()).flatten() {
        tags.extend(operation.1["tags"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
    }
    if let Some(all) = whole["tags"].as_array_mut() {
        all.retain(|tag| tag["name"].as_str().is_some_and(|name| tags.contains(name)));
    }
    if let Some(groups) = whole["components"].as_object_mut() {
        for (group, components) in groups.iter_mut() {
            if let Some(components) = components.as_object_mut() {
                components.retain(|name, _| used.contains(&format!("#/components/{group}/{name}")));
            }
        }
        groups.retain(|_, components| components.as_object().is_some_and(|all| !all.is_empty()));
    }
}

fn references(value: &Value, found: &mut Vec<String>) {
    if let Some(to) = target(value) {
        found.push(to.to_owned());
    }
    match value {
        Value::Object(members) => members.values().for_each(|inner| references(inner, found)),
        Value::Array(items) => items.iter().for_each(|inner| references(inner, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
