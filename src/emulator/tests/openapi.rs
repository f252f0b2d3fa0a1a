//! The served document against the table of routes.
use std::collections::BTreeSet;

use serde_json::Value;

use crate::emulator::routes::{ROUTES, exists};
use crate::emulator::{Config, Door, Ports, Profile, document};

const PORTS: Ports = Ports { compute: 1001, platform: 1002, sandbox: 1003, control: 1004 };

fn operations(document: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for method in item.as_object().expect("an item").keys().filter(|member| *member != "servers") {
            found.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    found
}

fn check_references(document: &Value, value: &Value) {
    if let Some(to) = value.get("$ref").and_then(Value::as_str) {
        assert!(to.strip_prefix('#').and_then(|pointer| document.pointer(pointer)).is_some(), "{to}");
    }
    match value {
        Value::Object(members) => members.values().for_each(|inner| check_references(document, inner)),
        Value::Array(items) => items.iter().for_each(|inner| check_references(document, inner)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn the_document_has_the_routes_of_the_profile_and_the_surface() {
    for profile in [Profile::Full, Profile::Documented, Profile::DocumentedNojobs] {
        for door in [None, Some(Door::C), Some(Door::P), Some(Door::Sandbox)] {
            let document = document(&Config { profile, ..Config::default() }, PORTS, door);
            let doors = door.map_or_else(|| vec![Door::C, Door::P, Door::Sandbox], |door| vec![door]);
            let routes = ROUTES.iter().filter(|route| doors.iter().any(|own| exists(route, own.surface(), profile)));
            let expected: BTreeSet<String> =
                routes.map(|route| format!("{} {}", route.method.as_str(), route.path)).collect();
            assert_eq!(operations(&document), expected, "{profile:?} {door:?}");
            check_references(&document, &document);
            let text = document.to_string();
            assert_eq!(text.matches("\"url\":").count(), text.matches("\"url\":\"http://127.0.0.1:100").count());
            assert_eq!(text.contains("\"ETag\""), profile == Profile::Full);
            assert_eq!(text.contains("X-RateLimit-Limit\":"), door != Some(Door::C));
        }
    }
}

#[test]
fn scopes_and_sources_are_those_of_the_table() {
    let document = document(&Config::default(), PORTS, None);
    for route in &ROUTES {
        let operation = &document["paths"][route.path][route.method.as_str().to_lowercase()];
        let source = if route.documented { "documented" } else { "inferred" };
        assert_eq!(operation["x-cnx-source"], source, "{route:?}");
        assert_eq!(operation["x-cnx-scope"].as_str(), route.scope, "{route:?}");
    }
    assert_eq!(document["paths"]["/servers"]["servers"][0]["url"], "http://127.0.0.1:1002/v1");
    assert_eq!(document["paths"]["/jobs"]["servers"].as_array().map(Vec::len), Some(3));
}
