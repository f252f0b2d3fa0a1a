//! The control API, `/__emulator/…`, on a listener of its own (contract.md 4.8): for tests and people, not part of CloudNexus.
use serde_json::{Map, Value, json};

use super::clock::{Now, rfc3339};
use super::config::Config;
use super::core::{Emulator, Record};
use super::drift;
use super::faults::Fault;
use super::handle::control_error;
use super::live;
use super::openapi;
use super::query::Query;
use super::routes::Door;
use crate::model::http::{Headers, Method, Request, Response};

/// What went wrong with a control request.
pub struct Complaint {
    pub status: u16,
    pub message: String,
}

/// 400 with a text.
pub fn complain(message: impl Into<String>) -> Complaint {
    Complaint { status: 400, message: message.into() }
}

/// Answers a control request.
pub fn handle(emulator: &mut Emulator, request: &Request, now: Now) -> Response {
    if is_foreign(request) {
        return control_error(403, "insufficient_permissions", "The control door answers to this machine only.");
    }
    if request.method == Method::Get && ["/", "/__emulator", "/__emulator/"].contains(&request.path()) {
        let mut headers = Headers::default();
        headers.push("Content-Type", "text/html; charset=utf-8");
        return Response { status: 200, headers, body: live::PAGE.as_bytes().to_vec() };
    }
    let outcome = match (request.method, request.path()) {
        (Method::Post, "/__emulator/reset") => reset(emulator, request, now),
        (Method::Post, "/__emulator/clock/advance") => advance(emulator, request, now),
        (Method::Get, "/__emulator/clock") => Ok(clock(emulator, now)),
        (Method::Post, "/__emulator/snapshot") => {
            emulator.ask_for_compaction();
            Ok(json!({"account_id": emulator.account_id()}))
        }
        (Method::Get, "/__emulator/state") => Ok(json!({"records": emulator.snapshot()})),
        (Method::Put, "/__emulator/state") => put_state(emulator, request, now),
        (Method::Get, "/__emulator/config") => Ok(json!(emulator.config())),
        (Method::Put, "/__emulator/config") => put_config(emulator, request, now),
        (Method::Get, "/__emulator/live") => Ok(live::picture(emulator, now)),
        (Method::Get, "/__emulator/openapi.json") => openapi_document(emulator, request),
        (Method::Get, "/__emulator/requests") => Ok(requests(emulator, request)),
        (Method::Get, "/__emulator/faults") => Ok(json!({"faults": emulator.faults.list()})),
        (Method::Post, "/__emulator/faults") => add_faults(emulator, request),
        (Method::Delete, "/__emulator/faults") => remove_faults(emulator, request),
        (Method::Post, "/__emulator/drift") => body(request).and_then(|body| drift::apply(emulator, &body, now)),
        (Method::Get | Method::Post | Method::Put | Method::Patch | Method::Delete, _) => {
            Err(Complaint { status: 404, message: "There is no such control route.".to_owned() })
        }
    };
    match outcome {
        Ok(value) => {
            let mut headers = Headers::default();
            headers.push("Content-Type", "application/json");
            Response { status: 200, headers, body: value.to_string().into_bytes() }
        }
        Err(complaint) => {
            let code = if complaint.status == 404 { "not_found" } else { "invalid_parameter" };
            control_error(complaint.status, code, &complaint.message)
        }
    }
}

/// Whether a web page of another host sends this through somebody's browser: it would have this machine's address, but
/// names its own host.
fn is_foreign(request: &Request) -> bool {
    ["host", "origin"].iter().filter_map(|name| request.headers.get(name)).any(|value| {
        let place = value.rsplit_once("://").map_or(value, |(_, place)| place);
        let name = if place.starts_with('[') { place.split(']').next() } else { place.split(':').next() };
        !["127.0.0.1", "localhost", "[::1"].contains(&name.unwrap_or(""))
    })
}

/// The body as an object; none is an empty one.
pub fn body(request: &Request) -> Result<Map<String, Value>, Complaint> {
    if request.body.is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_slice(&request.body) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err(complain("The body must be a JSON object.")),
        Err(error) => Err(complain(format!("The body is not valid JSON: {error}."))),
    }
}

/// `POST reset`: an empty world, or that of `{"fixtures": …}`, and another account.
fn reset(emulator: &mut Emulator, request: &Request, now: Now) -> Result<Value, Complaint> {
    let wanted = body(request)?;
    if !wanted.is_empty() {
        reconfigure(emulator, wanted, now)?;
    }
    emulator.reset(now);
    Ok(json!({"account_id": emulator.account_id()}))
}

/// `POST clock/advance` with `{"seconds": n}`.
fn advance(emulator: &mut Emulator, request: &Request, now: Now) -> Result<Value, Complaint> {
    let body = body(request)?;
    let seconds = body.get("seconds").and_then(Value::as_f64).filter(|seconds| (0.0..1e12).contains(seconds));
    let Some(seconds) = seconds else { return Err(complain("seconds must be a number of 0 or more.")) };
    let mut clock = emulator.head.clock.clone();
    clock.advance((seconds * 1000.0) as i64);
    emulator.set_clock(clock);
    emulator.settle(now);
    Ok(self::clock(emulator, now))
}

fn clock(emulator: &Emulator, now: Now) -> Value {
    json!({"virtual": rfc3339(emulator.virtual_ms(now)), "real": rfc3339(now.unix_ms)})
}

/// `PUT state` with what `GET state` answered.
fn put_state(emulator: &mut Emulator, request: &Request, now: Now) -> Result<Value, Complaint> {
    let mut body = body(request)?;
    let records = body.remove("records").ok_or_else(|| complain("records is missing."))?;
    let records: Vec<Record> =
        serde_json::from_value(records).map_err(|error| complain(format!("records: {error}")))?;
    if !matches!(records.first(), Some(Record::Begin(_))) {
        return Err(complain("records must begin with a beginning."));
    }
    for record in records {
        emulator.replace_with(record).map_err(complain)?;
    }
    emulator.settle(now);
    Ok(json!({"account_id": emulator.account_id()}))
}

/// `PUT config`: the members given take the place of the present ones; names may be dotted (`"auth.family": "strict"`).
fn put_config(emulator: &mut Emulator, request: &Request, now: Now) -> Result<Value, Complaint> {
    reconfigure(emulator, body(request)?, now)?;
    Ok(json!(emulator.config()))
}

fn reconfigure(emulator: &mut Emulator, wanted: Map<String, Value>, now: Now) -> Result<(), Complaint> {
    let mut whole = json!(emulator.config());
    for (name, value) in wanted {
        merge(&mut whole, expand(&name, value));
    }
    let config: Config = serde_json::from_value(whole).map_err(|error| complain(format!("config: {error}")))?;
    emulator.configure(config, now).map_err(complain)
}

/// `a.b` with a value as nested objects. Job types have dots of their own: `delays.server.create`.
fn expand(name: &str, value: Value) -> Value {
    if let Some(job_type) = name.strip_prefix("delays.").filter(|rest| !["seconds", "tail"].contains(&head(rest))) {
        return json!({"delays": {"seconds": {job_type: value}}});
    }
    match name.split_once('.') {
        Some((head, rest)) => json!({head: expand(rest, value)}),
        None => json!({name: value}),
    }
}

fn head(name: &str) -> &str {
    name.split('.').next().unwrap_or("")
}

/// Objects are merged member by member, everything else is replaced.
fn merge(old: &mut Value, new: Value) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            for (name, value) in new {
                match old.get_mut(&name) {
                    Some(inner) => merge(inner, value),
                    None => {
                        old.insert(name, value);
                    }
                }
            }
        }
        (old, new) => *old = new,
    }
}

/// `GET openapi.json`: of all surfaces, or with `surface` of one.
fn openapi_document(emulator: &Emulator, request: &Request) -> Result<Value, Complaint> {
    let door = match Query::parse(request.query()).get("surface") {
        None => None,
        Some("c") => Some(Door::C),
        Some("p") => Some(Door::P),
        Some("sandbox") => Some(Door::Sandbox),
        Some(_) => return Err(complain("surface must be one of: c, p, sandbox.")),
    };
    Ok(openapi::document(emulator.config(), emulator.ports, door))
}

/// `POST faults` with one fault, or with `{"faults": […]}`.
fn add_faults(emulator: &mut Emulator, request: &Request) -> Result<Value, Complaint> {
    let mut body = body(request)?;
    let wanted = body.remove("faults").unwrap_or_else(|| json!([body]));
    let faults: Vec<Fault> = serde_json::from_value(wanted).map_err(|error| complain(format!("fault: {error}")))?;
    let ids: Vec<u64> = faults.into_iter().map(|fault| emulator.add_fault(fault)).collect();
    Ok(json!({"ids": ids}))
}

/// `DELETE faults` with `?id=n`, or all of them.
fn remove_faults(emulator: &mut Emulator, request: &Request) -> Result<Value, Complaint> {
    let query = Query::parse(request.query());
    let id = match query.get("id") {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| complain("id must be a number."))?),
    };
    Ok(json!({"removed": emulator.faults.remove(id)}))
}

/// `GET requests`, with `since` (numbers above) and `limit` (the last ones).
fn requests(emulator: &Emulator, request: &Request) -> Value {
    let query = Query::parse(request.query());
    let since: u64 = query.get("since").and_then(|text| text.parse().ok()).unwrap_or(0);
    let entries: Vec<_> = emulator.requests().filter(|entry| entry.number > since).collect();
    let limit = query.get("limit").and_then(|text| text.parse().ok()).unwrap_or(entries.len());
    json!({"requests": &entries[entries.len().saturating_sub(limit)..]})
}
