//! The emulated cloud as requests of a run reach it: who did what, and what faults make of the answers.

use super::choices::Point;
use super::faults::Fault;
use super::hub::{Answered, Flight, Inner, is_compute};
use super::truth::Maker;
use cnx::emulator::{
    Config, Door, Effect, Environment, FailedCreate, Fault as Planned, Idempotency, Instead, Key, KeyState, Permission,
    RateLimit, Switch, Tier,
};
use cnx::model::http::{Headers, Method, Request, Response};
use cnx::world::TransportError;
use serde_json::{Value, json};

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
    /// What is left of a create that failed.
    pub failed_vanish: bool,
    pub idempotent: bool,
}

impl Settings {
    pub const LOCAL: Settings =
        Settings { in_process: true, slow_jobs: false, rate_limited: false, failed_vanish: false, idempotent: true };
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
                limit_override: Some(200),
                ..RateLimit::default()
            },
            failed_create: if self.failed_vanish { FailedCreate::Vanish } else { FailedCreate::Keep },
            idempotency: if self.idempotent { Idempotency::On } else { Idempotency::Ignore },
            keys: vec![key(CANARY, Environment::Live), key(STRANGER, Environment::Live), key(OTHER, Environment::Test)],
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

/// The request is carried out, or what stands in its place.
pub fn carry_out(world: &mut Inner, flight: &Flight) -> Answered {
    let lost = |reason: &str| Err(TransportError::Lost { reason: reason.to_owned() });
    let Some(door) = door_of(&flight.request) else { return lost("a stranger's host") };
    let request = &flight.request;
    strangers(world, flight, door);
    world.truth.before(request, world.tally.requests);
    // Something in between answers in its own name; every other time it has passed the request on all the same.
    let between = match flight.fault {
        Some(Fault::Html) => Some(page(200)),
        Some(Fault::Edge429) => Some(page(429)),
        Some(_) | None => None,
    };
    if let (Some(page), false) = (&between, flight.number.is_multiple_of(2)) {
        return Ok(page.clone());
    }
    if let Some(effect) = flight.fault.and_then(Fault::effect) {
        plant(world, effect);
    }
    if world.manners[flight.process].token_expired {
        let status = Instead::Status { status: 401, code: Some("expired_api_key".to_owned()), executed: false };
        plant(world, Effect::Instead(status));
    }
    let mut response = ask(world, door, request, Maker::engine(request));
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
        Some(Fault::DuplicateFields) if response.body.first() == Some(&b'{') && response.body.len() > 2 => {
            let rest = response.body.split_off(1);
            response.body.extend_from_slice(b"\"data\":{\"id\":\"srv_0000000000\"},\"job_id\":\"job_0\",");
            response.body.extend(rest);
        }
        Some(Fault::TooManyAbsurd) => response.headers.push("Retry-After", "86400"),
        Some(Fault::TooManyNegative) => response.headers.push("Retry-After", "-5"),
        Some(_) | None => {}
    }
    Ok(between.unwrap_or(response))
}

/// Asks the emulator and keeps account of who made what.
pub fn ask(world: &mut Inner, door: Door, request: &Request, maker: Maker) -> Response {
    let now = world.now();
    let response = world.emulator.answer(door, Some(request.method), request, now).into_response();
    let records = world.emulator.take_records();
    world.truth.take(&records, &maker);
    response
}

fn plant(world: &mut Inner, effect: Effect) {
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

/// What other people do in between.
fn strangers(world: &mut Inner, flight: &Flight, door: Door) {
    match flight.fault {
        Some(Fault::Twin) => twin(world, flight, door),
        Some(Fault::OutsideDelete) => outside(world, |id| json!({"id": id, "effect": "delete"})),
        Some(Fault::OutsideRename) => outside(world, |id| json!({"id": id, "effect": "rename", "name": "renamed"})),
        Some(_) | None => {}
    }
}

/// A stranger makes an object that looks the same, where there can be two.
pub fn twin(world: &mut Inner, flight: &Flight, door: Door) {
    let path = flight.request.path();
    if !["/v1/servers", "/v1/databases", "/v1/compute/instances"].contains(&path) {
        return;
    }
    let Ok(mut body) = serde_json::from_slice::<Value>(&flight.request.body) else { return };
    if let Some(members) = body.as_object_mut() {
        members.remove("tags");
    }
    let mut request = flight.request.clone();
    request.headers.0.retain(|(name, _)| name == "Content-Type");
    request.headers.push("Authorization", format!("Bearer {STRANGER}"));
    request.body = body.to_string().into_bytes();
    ask(world, door, &request, Maker::Stranger);
}

fn outside(world: &mut Inner, change: impl Fn(&str) -> Value) {
    let Some(id) = world.truth.newest_of_engine(&world.emulator) else { return };
    let request = Request {
        method: Method::Post,
        origin: String::new(),
        target: "/__emulator/drift".to_owned(),
        headers: Headers(vec![("Content-Type".to_owned(), "application/json".to_owned())]),
        body: change(&id).to_string().into_bytes(),
    };
    world.truth.meddled += 1;
    ask(world, Door::Control, &request, Maker::Stranger);
}

/// What an answer asks of whoever sent the request: not before so long.
pub fn learn_manners(world: &mut Inner, flight: &Flight, response: &Response) {
    let Some(door) = door_of(&flight.request) else { return };
    let is_own = response.body.starts_with(b"{");
    if response.status != 429 || !is_own {
        return;
    }
    let seconds = response.headers.get("Retry-After").and_then(|text| text.parse::<u64>().ok());
    if let Some(seconds) = seconds {
        let until = world.now_ns + seconds * 1_000_000_000;
        let not_before = world.manners[flight.process].not_before_ns.entry(is_compute(door)).or_default();
        *not_before = (*not_before).max(until);
    }
}

/// A stranger's server of the name that the small programs use.
pub fn stranger_first(world: &mut Inner) {
    let body = json!({"name": "app", "region": "us-east-1", "plan": "standard-8", "image": "debian-12"});
    let mut headers = Headers(vec![("Content-Type".to_owned(), "application/json".to_owned())]);
    headers.push("Authorization", format!("Bearer {STRANGER}"));
    let request = Request {
        method: Method::Post,
        origin: PLATFORM.to_owned(),
        target: "/v1/servers".to_owned(),
        headers,
        body: body.to_string().into_bytes(),
    };
    ask(world, Door::P, &request, Maker::Stranger);
}
