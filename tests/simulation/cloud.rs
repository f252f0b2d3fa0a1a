//! The emulated cloud as requests of a run reach it: who did what, and what faults make of the answers.

use super::choices::Point;
use super::faults::{self, Fault};
use super::hub::{Answered, Door2, Flight, Inner, is_compute};
use super::lists::ids;
use super::truth::{Maker, living};
use cnx::emulator::{
    Config, Door, Effect, Environment, FailedCreate, Fault as Planned, Idempotency, Instead, Key, KeyState, Listing,
    OverMax, Pagination, Permission, RateLimit, Switch, Tier, tamper_answer, tamper_list,
};
use cnx::model::http::{Headers, Method, Request, Response};
use cnx::world::TransportError;
use serde_json::{Value, json};
use std::time::Duration;

/// So many copies a stranger makes at most.
const MOST_COPIES: u32 = 3;

/// What strangers call what they give another name.
pub const RENAMED: &str = "renamed";

/// The key of every process; it may be in no output.
pub const CANARY: &str = "cnx_sk_live_canary0123456789abcdef";
/// Of another account, which sees nothing of ours.
pub const OTHER: &str = "cnx_sk_test_other0123456789abcdef00";
const STRANGER: &str = "cnx_sk_live_stranger0123456789abcd";
pub const COMPUTE: &str = "https://compute.sim.example";
pub const PLATFORM: &str = "https://platform.sim.example";

/// What kind of cloud it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Settings {
    /// Requests die with their sender.
    pub in_process: bool,
    /// Jobs take their documented time.
    pub slow_jobs: bool,
    pub rate_limited: bool,
    /// Requests a minute, where they are limited.
    pub rate: u32,
    /// What is left of a create that failed.
    pub failed_vanish: bool,
    pub idempotent: bool,
    /// Every list is a minute behind, while anything may go wrong.
    pub lags: bool,
    /// Most objects on a page of a list.
    pub page: usize,
}

impl Settings {
    pub const LOCAL: Settings = Settings {
        in_process: true,
        slow_jobs: false,
        rate_limited: false,
        rate: 200,
        failed_vanish: false,
        idempotent: true,
        lags: false,
        page: 100,
    };
    pub const REMOTE: Settings = Settings { in_process: false, slow_jobs: true, ..Settings::LOCAL };

    /// A cloud of this machine, a hundred times faster than documented.
    pub fn is_fast(&self) -> bool {
        self.in_process && !self.slow_jobs
    }

    pub fn config(&self) -> Config {
        let key = |secret: &str, environment| Key {
            secret: secret.to_owned(),
            environment,
            permission: Permission::Admin,
            tier: Tier::Enterprise,
            scopes: Vec::new(),
            regions: None,
            state: KeyState::Active,
            limit: None,
        };
        Config {
            time_factor: if self.slow_jobs { 1.0 } else { 0.0 },
            ratelimit: RateLimit {
                mode: if self.rate_limited { Switch::On } else { Switch::Off },
                limit_override: Some(self.rate),
                ..RateLimit::default()
            },
            failed_create: if self.failed_vanish { FailedCreate::Vanish } else { FailedCreate::Keep },
            idempotency: if self.idempotent { Idempotency::On } else { Idempotency::Ignore },
            keys: vec![key(CANARY, Environment::Live), key(STRANGER, Environment::Live), key(OTHER, Environment::Test)],
            pagination: Pagination { over_max: OverMax::Clamp, max: self.page, default: self.page.min(20) },
            log_capacity: 0,
            ..Config::default()
        }
    }
}

/// The door of an origin; none for one that is not ours (I13).
pub fn door_of(request: &Request) -> Option<Door> {
    match request.origin.as_str() {
        COMPUTE => Some(Door::C),
        PLATFORM => Some(Door::P),
        _ => None,
    }
}

/// The request is carried out, or what stands in its place. A fault is counted where it changes anything.
pub fn carry_out(world: &mut Inner, flight: &Flight) -> Answered {
    let lost = |reason: &str| Err(TransportError::Lost { reason: reason.to_owned() });
    let Some(door) = door_of(&flight.request) else { return lost("a stranger's host") };
    let request = &flight.request;
    let twin = strangers(world, flight, door);
    if let Some(Fault::NotFound | Fault::Job404) = flight.fault {
        let more = [0, 1, 2, 6][world.choices.choose(Point::Detail, 3) as usize];
        world.blind.insert(request.target.clone(), more);
    }
    world.truth.before(request, world.tally.requests);
    // Something in between answers in its own name; every other time it has passed the request on all the same.
    let between = match flight.fault {
        Some(Fault::Html) => Some(page(200)),
        Some(Fault::Edge429) => Some(page(429)),
        Some(_) | None => None,
    };
    if between.is_some() {
        world.took_effect(flight.fault);
    }
    if let (Some(page), false) = (&between, flight.number.is_multiple_of(2)) {
        return Ok(page.clone());
    }
    let mut response = meet(world, flight, door);
    let key = request.headers.get("Idempotency-Key").unwrap_or_default();
    let beside_nothing = twin.filter(|_| response.status >= 300);
    world.truth.alone.extend(beside_nothing.map(|id| (id, key.to_owned())));
    if flight.fault == Some(Fault::CopiedAway) && request.method == Method::Post && copy(world, flight) {
        return lost("the connection was reset");
    }
    match flight.fault {
        Some(Fault::LostAfter) => return lost("the connection was reset"),
        Some(Fault::CutResponse) => return lost("the connection ended within the answer"),
        Some(Fault::WrongLength) => return lost("the answer is shorter than its Content-Length"),
        Some(Fault::TruncatedJson) => {
            let ways = response.body.len().saturating_sub(1) as u32;
            let at = world.choices.choose(Point::Byte, ways) as usize;
            let at = if at == 0 { response.body.len() / 2 } else { at };
            response.body.truncate(at.min(response.body.len().saturating_sub(1)));
        }
        Some(_) | None => {}
    }
    Ok(between.unwrap_or(response))
}

/// The emulator's answer under the fault.
fn meet(world: &mut Inner, flight: &Flight, door: Door) -> Response {
    let request = &flight.request;
    if world.manners[flight.process].token_expired {
        let status = Instead::Status { status: 401, code: Some("expired_api_key".to_owned()), executed: false };
        plant(world, Effect::Instead(status));
    }
    let fault = flight.fault.or_else(|| goes_on(world, request)).or_else(|| lags(world, request));
    let effect = fault.and_then(Fault::effect);
    match &effect {
        Some(effect @ (Effect::Instead(_) | Effect::Work(_))) => plant(world, effect.clone()),
        // Known while the page is made: what is left out shows beside the page as it would have been.
        Some(effect @ Effect::Listing(Listing::ListShift)) if !world.manners[flight.process].token_expired => {
            let whole = ask(world, door, request, Maker::Stranger);
            plant(world, effect.clone());
            let shifted = ask(world, door, request, Maker::Stranger);
            left_out(world, flight, Fault::ListMisses, &whole, &shifted);
            return shifted;
        }
        Some(_) | None => {}
    }
    let mut response = ask(world, door, request, Maker::engine(request));
    if fault == Some(Fault::NotFound) {
        world.truth.hide_read(request);
    }
    let before = response.clone();
    match &effect {
        Some(Effect::Shape(shape)) => tamper_answer(shape, &mut response, request, world.now()),
        Some(Effect::Listing(listing)) => {
            let at_ms = world.emulator.virtual_ms(world.now());
            tamper_list(listing, &mut response, request, at_ms);
        }
        Some(Effect::Work(_)) => spoilt(world, flight, &response),
        Some(_) | None => {}
    }
    match flight.fault {
        Some(Fault::DuplicateFields) if response.body.first() == Some(&b'{') && response.body.len() > 2 => {
            let rest = response.body.split_off(1);
            response.body.extend_from_slice(b"\"data\":{\"id\":\"srv_0000000000\"},\"job_id\":\"job_0\",");
            response.body.extend(rest);
        }
        Some(Fault::ListRepeats) => repeat(world, door, request, &mut response),
        Some(Fault::TooManyAbsurd) => response.headers.push("Retry-After", "86400"),
        Some(Fault::TooManyNegative) => response.headers.push("Retry-After", "-5"),
        Some(_) | None => {}
    }
    let shows = flight.fault.is_some_and(Fault::shows_in_answer);
    if flight.fault.is_some_and(|fault| !fault.is_of_others())
        && (!shows || response != before)
        && !matches!(effect, Some(Effect::Work(_)))
    {
        world.took_effect(flight.fault);
    }
    if let (Some(fault), Some(Effect::Listing(_))) = (fault, &effect) {
        left_out(world, flight, fault, &before, &response);
    }
    response
}

/// Something was made before this page while the list was read: what the first page ended with is on this one as well.
fn repeat(world: &mut Inner, door: Door, request: &Request, response: &mut Response) {
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let is_place = |pair: &&str| pair.starts_with("cursor=") || pair.starts_with("page=");
    if !query.split('&').any(|pair| is_place(&pair)) {
        return;
    }
    let rest: Vec<&str> = query.split('&').filter(|pair| !is_place(pair)).collect();
    let first = Request { target: format!("{path}?{}", rest.join("&")), ..request.clone() };
    let first: Value = serde_json::from_slice(&ask(world, door, &first, Maker::Stranger).body).unwrap_or_default();
    let Ok(mut body) = serde_json::from_slice::<Value>(&response.body) else { return };
    let last = first.get("data").and_then(Value::as_array).and_then(|items| items.last());
    if let (Some(last), Some(items)) = (last, body.get_mut("data").and_then(Value::as_array_mut)) {
        items.insert(0, last.clone());
        response.body = body.to_string().into_bytes();
    }
}

/// What is answered with 404 goes on to be, for some polls.
fn goes_on(world: &mut Inner, request: &Request) -> Option<Fault> {
    let left = world.blind.get_mut(&request.target).filter(|left| **left > 0 && request.method == Method::Get)?;
    *left -= 1;
    Some(if request.path().starts_with("/v1/jobs") { Fault::Job404 } else { Fault::NotFound })
}

/// What a list as it is answered does not show, of what it would have shown.
fn left_out(world: &mut Inner, flight: &Flight, fault: Fault, whole: &Response, answered: &Response) {
    if whole.body == answered.body {
        return;
    }
    if flight.fault == Some(Fault::ListMisses) {
        world.took_effect(flight.fault);
    }
    let shown = ids(answered);
    let hidden = ids(whole).into_iter().filter(|id| !shown.contains(id)).collect();
    world.truth.lists.hide(flight.number, fault, hidden);
}

/// Lists that are a minute behind, all of them.
fn lags(world: &Inner, request: &Request) -> Option<Fault> {
    let is_list = request.method == Method::Get && faults::is_list(request) && !request.path().starts_with("/v1/jobs");
    (world.settings.lags && is_list && !world.choices.calm).then_some(Fault::ListLags)
}

/// A job that fails, hangs or is slow, where the answer names one.
fn spoilt(world: &mut Inner, flight: &Flight, response: &Response) {
    let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    if response.status >= 300 || body.get("job_id").is_none_or(Value::is_null) {
        return;
    }
    world.took_effect(flight.fault);
    if let Some(key) = flight.request.headers.get("Idempotency-Key")
        && matches!(flight.fault, Some(Fault::JobFails | Fault::JobPartial))
    {
        world.truth.spoilt.insert(key.to_owned());
    }
}

/// Asks the emulator and keeps account of who made what.
pub fn ask(world: &mut Inner, door: Door, request: &Request, maker: Maker) -> Response {
    let now = world.now();
    if let (Maker::Engine(key), Method::Post, "/v1/compute/instances") = (&maker, request.method, request.path()) {
        world.created = Some((request.clone(), key.clone()));
    }
    let response = world.emulator.answer(door, Some(request.method), request, now).into_response();
    // Each was planted for this request; the emulator goes through all that it keeps.
    if world.planted {
        world.planted = false;
        world.emulator.remove_faults(None);
    }
    let records = world.emulator.take_records();
    world.truth.take(&records, &maker);
    response
}

/// For the next request.
fn plant(world: &mut Inner, effect: Effect) {
    world.planted = true;
    world.emulator.add_fault(Planned {
        id: 0,
        matcher: Default::default(),
        effect,
        times: Some(1),
        seed: None,
        seen: 0,
        happened: 0,
        ordinals: Default::default(),
    });
}

fn page(status: u16) -> Response {
    let headers = Headers(vec![("Content-Type".to_owned(), "text/html".to_owned())]);
    Response { status, headers, body: b"<html><body>busy</body></html>".to_vec() }
}

/// What other people do in between: the twin of what our request is to make, if they made one.
fn strangers(world: &mut Inner, flight: &Flight, door: Door) -> Option<String> {
    match flight.fault {
        Some(Fault::Twin) => return twin(world, flight, door),
        Some(Fault::Copied) => drop(copy(world, flight)),
        Some(Fault::CopiedAway) if flight.request.method != Method::Post => drop(copy(world, flight)),
        Some(Fault::OutsideDelete) => outside(world, flight, |id| json!({"id": id, "effect": "delete"})),
        Some(Fault::OutsideRename) => {
            outside(world, flight, |id| json!({"id": id, "effect": "rename", "name": RENAMED}));
        }
        Some(Fault::OutsideEdit) => edited(world, flight),
        Some(_) | None => {}
    }
    None
}

/// Somebody changes the newest object of ours in what can be changed back.
fn edited(world: &mut Inner, flight: &Flight) {
    let Some(id) = world.truth.newest_of_engine(&world.emulator) else { return };
    let (member, value) = match id.split('_').next() {
        Some("srv") => ("plan", json!("standard-32")),
        Some("inst") => ("type", json!("standard-4x8")),
        Some("zone") => ("origin_url", json!("https://edited.example.com")),
        Some("rule") => ("priority", json!(7)),
        _ => return,
    };
    let change = json!({"id": id, "effect": "mutate", "member": member, "value": value});
    if drift(world, change) {
        world.truth.edited.insert(id);
        world.took_effect(flight.fault);
    }
}

/// A stranger makes an object that looks the same; where there can be only one, ours is refused.
fn twin(world: &mut Inner, flight: &Flight, door: Door) -> Option<String> {
    let mut body = serde_json::from_slice::<Value>(&flight.request.body).ok()?;
    if let Some(members) = body.as_object_mut() {
        members.remove("tags");
    }
    let mut request = flight.request.clone();
    request.headers.0.retain(|(name, _)| name == "Content-Type");
    request.headers.push("Authorization", format!("Bearer {STRANGER}"));
    request.body = body.to_string().into_bytes();
    let known = world.truth.strangers();
    if ask(world, door, &request, Maker::Stranger).status >= 300 {
        return None;
    }
    world.took_effect(flight.fault);
    world.truth.strangers().difference(&known).next().cloned()
}

/// A stranger makes a copy of what a create of ours made, mark and all, under another name; and deletes the original,
/// if it is to be gone. Whether there was one.
fn copy(world: &mut Inner, flight: &Flight) -> bool {
    let Some((created, key)) = world.created.clone().filter(|_| world.truth.copies < MOST_COPIES) else { return false };
    world.truth.copies += 1;
    let is_its = |id: &str| matches!(world.truth.makers.get(id), Some((_, Maker::Engine(maker))) if *maker == key);
    let original = living(&world.emulator).find(|object| is_its(&object.id)).map(|object| object.id.to_string());
    let Some(original) = original else { return false };
    let Ok(mut body) = serde_json::from_slice::<Value>(&created.body) else { return false };
    let Some(members) = body.as_object_mut() else { return false };
    members.insert("name".to_owned(), json!("copy"));
    let mut request = created;
    request.headers.0.retain(|(name, _)| name == "Content-Type");
    request.headers.push("Authorization", format!("Bearer {STRANGER}"));
    request.body = body.to_string().into_bytes();
    if ask(world, Door::C, &request, Maker::Stranger).status >= 300 {
        return false;
    }
    if flight.fault == Some(Fault::CopiedAway) {
        drift(world, json!({"id": original, "effect": "delete"}));
    }
    world.took_effect(flight.fault);
    true
}

fn outside(world: &mut Inner, flight: &Flight, change: impl Fn(&str) -> Value) {
    let Some(id) = world.truth.newest_of_engine(&world.emulator) else { return };
    if drift(world, change(&id)) {
        world.took_effect(flight.fault);
    }
}

/// Somebody has a stranger take away what is that one's.
pub fn taken_away(world: &mut Inner, id: &str) {
    drift(world, json!({"id": id, "effect": "delete"}));
}

fn drift(world: &mut Inner, change: Value) -> bool {
    let request = Request {
        method: Method::Post,
        origin: String::new(),
        target: "/__emulator/drift".to_owned(),
        headers: Headers(vec![("Content-Type".to_owned(), "application/json".to_owned())]),
        body: change.to_string().into_bytes(),
    };
    world.truth.meddled += 1;
    ask(world, Door::Control, &request, Maker::Stranger).status < 300
}

/// What an answer asks of whoever sent the request: not before this instant.
pub fn manners_asked(world: &Inner, flight: &Flight, response: &Response) -> Option<(Door2, u64)> {
    let door = door_of(&flight.request)?;
    let is_own = response.body.starts_with(b"{");
    if response.status != 429 || !is_own {
        return None;
    }
    let told = response.headers.get("Retry-After");
    let date = |text: &str| httpdate::parse_http_date(text).ok();
    // A date is one of the server's clock, which shows in the answer.
    let until = |text: &str| date(text)?.duration_since(date(response.headers.get("Date")?)?).ok();
    let span = told.and_then(|text| text.parse().ok().map(Duration::from_secs).or_else(|| until(text)))?;
    Some((is_compute(door), world.now_ns + span.as_nanos() as u64))
}

/// A stranger's server of the name that the small programs use.
pub fn stranger_first(world: &mut Inner) {
    stranger(world, "app");
}

/// Strangers' objects that a run begins among, so that lists have several pages; none where it is not said otherwise.
pub fn strangers_about(world: &mut Inner) {
    let many = [0, 2, 4, 7][world.choices.choose(Point::World, 3) as usize];
    for number in 0..many {
        stranger(world, &format!("other{number}"));
        let name = format!("another{number}");
        let instance =
            json!({"name": name, "region": "us-east-1", "type": "standard-2x4", "image": "ubuntu-22.04-lts"});
        post(world, Door::C, (COMPUTE, "/v1/compute/instances"), &instance);
    }
}

fn stranger(world: &mut Inner, name: &str) {
    let server = json!({"name": name, "region": "us-east-1", "plan": "standard-8", "image": "debian-12"});
    post(world, Door::P, (PLATFORM, "/v1/servers"), &server);
}

/// The emulator ends what is under way when it is next asked for anything.
pub fn an_hour_passes(world: &mut Inner) {
    world.now_ns += 3_600_000_000_000;
    let mut headers = Headers::default();
    headers.push("Authorization", format!("Bearer {STRANGER}"));
    let (origin, target) = (PLATFORM.to_owned(), "/v1/servers".to_owned());
    let request = Request { method: Method::Get, origin, target, headers, body: Vec::new() };
    ask(world, Door::P, &request, Maker::Stranger);
}

fn post(world: &mut Inner, door: Door, (origin, target): (&str, &str), body: &Value) {
    let mut headers = Headers(vec![("Content-Type".to_owned(), "application/json".to_owned())]);
    headers.push("Authorization", format!("Bearer {STRANGER}"));
    let (origin, target, body) = (origin.to_owned(), target.to_owned(), body.to_string().into_bytes());
    ask(world, door, &Request { method: Method::Post, origin, target, headers, body }, Maker::Stranger);
}
