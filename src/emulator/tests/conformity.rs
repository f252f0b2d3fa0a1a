//! The emulator against its own document: answers that break it are noticed, and what it allows is not refused for its form.
use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::generated;
use super::support::{Answer, World, documented};
use crate::emulator::conformity::{cached, conforms};
use crate::emulator::query::encode;
use crate::emulator::routes::{ROUTES, exists};
use crate::emulator::schema::{check, follow};
use crate::emulator::{Config, Door, Profile};
use crate::model::http::{Headers, Method, Request, Response};

/// Ids of the documents' world that a path may name, by the member of the path.
const KNOWN: [(&str, &str); 6] = [
    ("id", "inst_9x7k2m4p1q8r5s0t"),
    ("server_id", "srv_8x9y2z3a4b"),
    ("database_id", "db_9f8e7d6c5b"),
    ("zone_id", "zone_4c5d6e7f8g"),
    ("key_id", "key_7f8g9h0j1k2l"),
    ("image", "ubuntu-22.04"),
];

fn request(target: &str) -> Request {
    Request {
        method: Method::Get,
        origin: "http://x".to_owned(),
        target: target.to_owned(),
        headers: Headers::default(),
        body: Vec::new(),
    }
}

#[test]
fn answers_that_break_the_document_are_noticed() {
    let mut world = World::new(documented());
    let target = "/v1/servers/srv_8x9y2z3a4b";
    let answer = world.get(Door::P, target);
    let verdict = |status: u16, body: &Value, headers: &Headers| {
        let response = Response { status, headers: headers.clone(), body: body.to_string().into_bytes() };
        conforms(Profile::Full, Door::P, Some(Method::Get), &request(target), &response)
    };
    assert_eq!(verdict(200, &answer.json, &answer.headers), Ok(()));
    let broken: [fn(&mut Value); 8] = [
        |body| drop(body.as_object_mut().map(|object| object.remove("data"))),
        |body| drop(body["data"].as_object_mut().map(|object| object.remove("status"))),
        |body| body["data"]["id"] = json!("inst_1"),
        |body| body["data"]["created_at"] = json!("yesterday"),
        |body| body["data"]["name"] = json!(""),
        |body| body["data"]["ipv4"] = json!("1.2.3"),
        |body| body["data"]["specs"]["cpu"] = json!(0.5),
        |body| body["data"]["current_job_id"] = json!(7),
    ];
    for (index, break_it) in broken.iter().enumerate() {
        let mut body = answer.json.clone();
        break_it(&mut body);
        assert!(verdict(200, &body, &answer.headers).is_err(), "{index}");
    }
    assert!(verdict(404, &answer.json, &answer.headers).is_err());
    for (name, value) in
        [("X-RateLimit-Limit", "many"), ("X-Request-Id", "7"), ("X-Invented", "1"), ("Content-Type", "text/html")]
    {
        let others = answer.headers.0.iter().filter(|(own, _)| own != name).cloned();
        let headers = Headers(others.chain([(name.to_owned(), value.to_owned())]).collect());
        assert!(verdict(200, &answer.json, &headers).is_err(), "{name}");
    }
}

/// Every schema of the document, however deep.
fn schemas<'a>(schema: &'a Value, found: &mut Vec<&'a Value>) {
    found.push(schema);
    for keyword in ["items", "additionalProperties", "propertyNames"] {
        schema.get(keyword).into_iter().filter(|inner| inner.is_object()).for_each(|inner| schemas(inner, found));
    }
    for keyword in ["oneOf", "anyOf", "allOf"] {
        schema.get(keyword).and_then(Value::as_array).into_iter().flatten().for_each(|inner| schemas(inner, found));
    }
    schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .for_each(|(_, inner)| schemas(inner, found));
}

#[test]
fn every_keyword_of_the_document_is_known() {
    let document = cached(Profile::Full, Door::P);
    let mut all = Vec::new();
    document["components"]["schemas"]
        .as_object()
        .expect("schemas")
        .values()
        .for_each(|schema| schemas(schema, &mut all));
    assert!(all.len() > 300);
    for schema in all {
        for (keyword, rule) in schema.as_object().expect("a schema") {
            for sample in [json!(null), json!("x"), json!(1), json!([]), json!({"x": 1})] {
                let alone = json!({keyword.as_str(): rule});
                let told = check(document, &alone, &sample).err().unwrap_or_default();
                assert!(!told.contains("is not known"), "{told}");
            }
        }
    }
}

/// A request that the document allows; its body is null where it has none.
#[derive(Debug)]
struct Generated {
    target: String,
    headers: Vec<(String, String)>,
    body: Value,
}

/// One operation of the document with generated parameters.
fn call(document: &'static Value, path: &'static str, method: &str) -> BoxedStrategy<Generated> {
    let operation = &document["paths"][path][method];
    let mut parts = Vec::new();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let parameter = follow(document, parameter);
        let (name, place) = (parameter["name"].as_str().expect("a name"), parameter["in"].as_str().expect("a place"));
        let known = KNOWN.iter().find(|(own, _)| *own == name).map(|(_, id)| json!(id)).filter(|_| place == "path");
        let values = generated::value(document, &parameter["schema"]);
        let values = match known {
            Some(known) => prop_oneof![2 => Just(known), 1 => values].boxed(),
            None => values,
        };
        let values = if place == "path" { values.prop_map(Some).boxed() } else { proptest::option::of(values).boxed() };
        parts.push(values.prop_map(move |value| (name, place, value)));
    }
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    let bodies = if schema.is_null() { Just(Value::Null).boxed() } else { generated::value(document, schema) };
    let bodies = bodies.prop_filter("the schema allows it", move |body| check(document, schema, body).is_ok());
    (parts, bodies)
        .prop_map(move |(parts, body)| {
            let (mut target, mut query, mut headers) = (format!("/v1{path}"), Vec::new(), Vec::new());
            for (name, place, value) in parts {
                let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                match (place, value) {
                    ("path", Some(value)) => target = target.replace(&format!("{{{name}}}"), &encode(&plain(&value))),
                    ("header", Some(value)) => headers.push((name.to_owned(), plain(&value))),
                    (_, Some(Value::Array(values))) => query.extend(values.iter().map(|value| (name, plain(value)))),
                    (_, Some(value)) => query.push((name, plain(&value))),
                    (_, None) => {}
                }
            }
            let pairs: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
            if !pairs.is_empty() {
                target = format!("{target}?{}", pairs.join("&"));
            }
            Generated { target, headers, body }
        })
        .boxed()
}

/// Whether the answer complains about the form of the request, which the document allows.
fn complains_about_form(answer: &Answer) -> bool {
    let together = answer.json["error"]["details"]["fields"][0]["reason"] == "must not be given together with cursor";
    ["invalid_parameter", "invalid_json", "unsupported_media_type"].contains(&answer.code()) && !together
}

/// Sends requests of one operation that a document allows to worlds that are like this one; the statuses of their answers,
/// or the request that was refused for its form.
fn ask(
    fresh: &World,
    document: &'static Value,
    (door, path, method): (Door, &'static str, &str),
    each: usize,
    runner: &mut proptest::test_runner::TestRunner,
) -> Result<BTreeSet<u16>, String> {
    let calls = call(document, path, &method.to_lowercase());
    let mut statuses = BTreeSet::new();
    for _ in 0..each {
        let Generated { target, headers, body } = calls.new_tree(runner).expect("a call").current();
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut world = World { emulator: fresh.emulator.clone(), ..*fresh };
        let answer = world.send(door, method, &target, &body, &headers);
        if complains_about_form(&answer) {
            return Err(format!("{method} {target}\n{body}\n{answer:?}"));
        }
        statuses.insert(answer.status);
    }
    Ok(statuses)
}

/// Sends generated requests of every route of a profile; the statuses of their answers.
fn allowed_requests(profile: Profile, each: usize) -> BTreeSet<u16> {
    let fresh = World::new(Config { profile, log_capacity: 1, ..documented() });
    let mut statuses = BTreeSet::new();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let doors = [Door::C, Door::P, Door::Sandbox].into_iter();
    let mut routes = 0;
    for (door, route) in doors.flat_map(|door| ROUTES.iter().map(move |route| (door, route))) {
        if !exists(route, door.surface(), profile) {
            continue;
        }
        routes += 1;
        let operation = (door, route.path, route.method.as_str());
        let answered = ask(&fresh, cached(profile, door), operation, each, &mut runner);
        statuses.extend(answered.unwrap_or_else(|told| panic!("{profile:?} {told}")));
    }
    // The routes of C, and twice those of P: with the sandbox.
    let expected = match profile {
        Profile::Full => 21 + 2 * 39,
        Profile::Documented => 4 + 2 * 5,
        Profile::DocumentedNojobs => 3 + 2 * 4,
    };
    assert_eq!(routes, expected, "every route of every surface");
    statuses
}

/// The property can fail: a document that allows a little more than the emulator does is found out.
#[test]
fn a_document_that_allows_more_is_found_out() {
    let fresh = World::new(Config { log_capacity: 1, ..documented() });
    let wider: [(Door, &str, &str, &str, Value); 6] = [
        (Door::P, "/servers", "POST", "ServerCreate/name", json!({"type": "string", "maxLength": 129})),
        (
            Door::P,
            "/servers",
            "POST",
            "ServerCreate/plan",
            json!({"type": "string", "enum": ["standard-8", "standard-9"]}),
        ),
        (
            Door::P,
            "/databases/scale",
            "POST",
            "DatabaseScale/read_replicas",
            json!({"type": "integer", "minimum": 0, "maximum": 9007199254740992_u64}),
        ),
        (
            Door::P,
            "/cdn/zones/{zone_id}/purge",
            "POST",
            "CdnPurge/paths",
            json!({"type": "array", "items": {"type": "string", "pattern": "^/[a-z]*$"}, "minItems": 0, "maxItems": 3}),
        ),
        (
            Door::C,
            "/compute/instances",
            "POST",
            "InstanceCreate/tags",
            json!({"type": "object", "additionalProperties": {"type": "string", "maxLength": 256}, "propertyNames": {"pattern": "^[A-Za-z0-9]{1,9}$"}, "maxProperties": 3}),
        ),
        (
            Door::C,
            "/compute/instances/{id}",
            "PATCH",
            "InstanceUpdate/name",
            json!({"type": "string", "minLength": 0, "maxLength": 2}),
        ),
    ];
    for (door, path, method, member, wide) in wider {
        let mut document = cached(Profile::Full, door).clone();
        let (schema, name) = member.split_once('/').expect("a schema and a member");
        document["components"]["schemas"][schema]["properties"][name] = wide;
        let document: &'static Value = Box::leak(Box::new(document));
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let told = ask(&fresh, document, (door, path, method), 200, &mut runner);
        assert!(told.is_err(), "{member} is wider, and nothing was refused");
    }
}

#[test]
fn what_the_document_allows_is_not_refused_for_its_form() {
    let statuses = allowed_requests(Profile::Full, 24);
    // The calls went deep, not only into 404s.
    assert!([200, 201, 202, 404, 409, 412].iter().all(|status| statuses.contains(status)), "{statuses:?}");
    for profile in [Profile::Documented, Profile::DocumentedNojobs] {
        let statuses = allowed_requests(profile, 40);
        assert!([200, 202, 404, 409].iter().all(|status| statuses.contains(status)), "{profile:?} {statuses:?}");
    }
}
