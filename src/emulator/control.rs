//! The control API, `/__emulator/…`, on a listener of its own (contract.md 4.8): for tests and people, not part of CloudNexus.
use serde_json::{Map, Value, json};

use super::clock::{Now, parse_rfc3339, rfc3339};
use super::core::{Emulator, Record};
use super::drift;
use super::faults::Fault;
use super::handle::control_error;
use super::live;
use super::log::Wanted;
use super::object::Kind;
use super::openapi;
use super::query::Query;
use super::routes::Door;
use super::sense;
use super::settings::{expand, merge};
use super::tenant::Environment;
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
        (Method::Post, "/__emulator/clock/set") => set_clock(emulator, request, now),
        (Method::Get, "/__emulator/clock") => Ok(clock(emulator, now)),
        (Method::Post, "/__emulator/snapshot") => {
            emulator.ask_for_compaction();
            Ok(json!({"account_id": emulator.account_id()}))
        }
        (Method::Get, "/__emulator/state") => Ok(json!({"records": emulator.snapshot()})),
        (Method::Put, "/__emulator/state") => put_state(emulator, request, now),
        (Method::Get, "/__emulator/config") => Ok(json!(emulator.config())),
        (Method::Put, "/__emulator/config") => put_config(emulator, request, now),
        (Method::Delete, "/__emulator/config") => {
            emulator.unset(now).map_err(complain).map(|()| json!(emulator.config()))
        }
        (Method::Get, "/__emulator/objects") => objects(emulator, request, now),
        (Method::Get, "/__emulator/live") => Ok(live::picture(emulator, now)),
        (Method::Get, "/__emulator/openapi.json") => openapi_document(emulator, request),
        (Method::Get, "/__emulator/requests") => requests(emulator, request),
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
    Ok(pass(emulator, (seconds * 1000.0) as i64, now))
}

/// `POST clock/set` with `{"virtual": instant}`; time never goes back.
fn set_clock(emulator: &mut Emulator, request: &Request, now: Now) -> Result<Value, Complaint> {
    let body = body(request)?;
    let instant = body.get("virtual").and_then(Value::as_str).and_then(parse_rfc3339);
    let Some(instant) = instant else { return Err(complain("virtual must be an instant like 2030-01-01T00:00:00Z.")) };
    let present = emulator.virtual_ms(now);
    if instant < present {
        return Err(complain(format!("virtual time is {} and never goes back.", rfc3339(present))));
    }
    Ok(pass(emulator, instant - present, now))
}

/// Lets virtual time pass.
fn pass(emulator: &mut Emulator, ms: i64, now: Now) -> Value {
    let mut clock = emulator.head.clock.clone();
    clock.advance(ms);
    emulator.set_clock(clock);
    emulator.settle(now);
    self::clock(emulator, now)
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
    // All or nothing: what can't be taken over whole is not begun.
    Emulator::restore(emulator.base.clone(), records.iter().cloned(), now).map_err(complain)?;
    for record in records {
        emulator.replace_with(record).map_err(complain)?;
    }
    emulator.replays.end_all();
    emulator.settle(now);
    Ok(json!({"account_id": emulator.account_id()}))
}

/// `PUT config`: the members given take the place of the present ones; names may be dotted (`"auth.family": "strict"`).
fn put_config(emulator: &mut Emulator, request: &Request, now: Now) -> Result<Value, Complaint> {
    reconfigure(emulator, body(request)?, now)?;
    Ok(json!(emulator.config()))
}

fn reconfigure(emulator: &mut Emulator, wanted: Map<String, Value>, now: Now) -> Result<(), Complaint> {
    let mut patch = json!({});
    for (name, value) in wanted {
        // Each alone first: the complaint then names the knob.
        if let Err(reason) = emulator.config().with_value(&name, value.clone()) {
            return Err(complain(format!("config: {reason}.")));
        }
        merge(&mut patch, expand(&name, value));
    }
    let Value::Object(patch) = patch else { return Ok(()) };
    emulator.set(patch, now).map_err(|reason| complain(format!("config: {reason}.")))
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

/// `POST faults` with one fault, or with `{"faults": […]}`; `before` is the id of a fault that they are to precede.
fn add_faults(emulator: &mut Emulator, request: &Request) -> Result<Value, Complaint> {
    let mut body = body(request)?;
    let before = match body.remove("before") {
        None | Some(Value::Null) => None,
        Some(id) => Some(
            id.as_u64()
                .filter(|id| emulator.faults.has(*id))
                .ok_or_else(|| complain("before must be the id of a fault that is set."))?,
        ),
    };
    let wanted = body.remove("faults").unwrap_or_else(|| json!([body]));
    let faults: Vec<Fault> = serde_json::from_value(wanted).map_err(|error| complain(format!("fault: {error}.")))?;
    for fault in &faults {
        sense::of_fault(fault).map_err(|reason| complain(format!("fault: {reason}.")))?;
    }
    let ids: Vec<u64> = faults.into_iter().map(|fault| emulator.insert_fault(fault, before)).collect();
    Ok(json!({"ids": ids}))
}

/// `DELETE faults` with `?id=n`, or all of them.
fn remove_faults(emulator: &mut Emulator, request: &Request) -> Result<Value, Complaint> {
    let query = Query::parse(request.query());
    let id = match query.get("id") {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| complain("id must be a number."))?),
    };
    Ok(json!({"removed": emulator.remove_faults(id)}))
}

/// `GET requests`, narrowed by the members of `Wanted`; `limit`: the last ones.
fn requests(emulator: &Emulator, request: &Request) -> Result<Value, Complaint> {
    let query = Query::parse(request.query());
    let wanted = Wanted::parse(&query).map_err(complain)?;
    let entries: Vec<_> = emulator.requests().filter(|entry| wanted.fits(entry)).collect();
    let limit = match query.get("limit") {
        None => entries.len(),
        Some(text) => text.parse().map_err(|_| complain("limit must be a number."))?,
    };
    Ok(json!({"requests": &entries[entries.len().saturating_sub(limit)..]}))
}

/// `GET objects`: everything that the cloud holds, as it shows it; narrowed by `environment` and `kind`.
fn objects(emulator: &Emulator, request: &Request, now: Now) -> Result<Value, Complaint> {
    let query = Query::parse(request.query());
    let kind = query.get("kind");
    let known = |name: &str| name == "job" || Kind::ALL.iter().any(|kind| kind.as_str() == name);
    if kind.is_some_and(|kind| !known(kind)) {
        let kinds = Kind::ALL.map(Kind::as_str).join(", ");
        return Err(complain(format!("kind must be one of: {kinds}, job.")));
    }
    let environments = match query.get("environment") {
        None => vec![Environment::Live, Environment::Test],
        Some("live") => vec![Environment::Live],
        Some("test") => vec![Environment::Test],
        Some(_) => return Err(complain("environment must be live or test.")),
    };
    let all = environments.into_iter().flat_map(|environment| live::objects(emulator, environment, kind, now));
    Ok(json!({"objects": all.collect::<Vec<_>>()}))
}
