//! The way of a request through the machine, in the order of checks of contract.md 4.2:
//! route, key, rate limit, permission, body, idempotency, and then what the operation itself checks.
use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};
use smol_str::SmolStr;

use super::answer::{Answer, Payload};
use super::cache::PageKey;
use super::call::{Call, Reply, parse_body};
use super::clock::Now;
use super::config::{ErrorFormat, Idempotency};
use super::conformity::conforms;
use super::core::Emulator;
use super::deviations::{deviates, is_of_making};
use super::effects::{Effect, Instead, Shape, Wire, Work, World};
use super::errors::{ErrorBody, ErrorCode, Refusal, refuse, render};
use super::idempotency::{Stored, key_of};
use super::ids;
use super::keys::{Key, Permission, authenticate, authorize, redact};
use super::limits;
use super::log::{LogEntry, body_value};
use super::object::Kind;
use super::query::Query;
use super::routes::{Door, Found, Operation, Surface, find};
use super::settings::expand;
use super::{cdn, control, databases, lists, machines, rules, ssh_keys, tamper};
use crate::model::http::{Headers, Method, Request, Response};

/// What a request is and what it meets.
struct Arrival<'a> {
    door: Door,
    /// `None`: a method that no route has.
    method: Option<Method>,
    request: &'a Request,
    now: Now,
    request_id: SmolStr,
    effects: Vec<Effect>,
}

impl Emulator {
    /// Answers a request that arrives at a real time. Pure: same machine, same request, same time, same answer.
    pub fn handle(&mut self, door: Door, request: &Request, now: Now) -> Response {
        self.answer(door, Some(request.method), request, now).into_response()
    }

    /// As `handle`, with what the answer's way is like. `method` is `None` where it is none that the API uses
    /// (405, or 404 where nothing is).
    pub fn answer(&mut self, door: Door, method: Option<Method>, request: &Request, now: Now) -> Answer {
        self.settle(now);
        if door == Door::Control {
            return Answer::whole(control::handle(self, request, now));
        }
        self.counter += 1;
        let request_id = ids::request_id(self.config.seed, self.counter);
        let word = method.map_or("OTHER", Method::as_str);
        let (effects, counted) = self.faults.meet(self.config.seed, door, word, request);
        if counted {
            self.keep_faults();
        }
        let arrival = Arrival { door, method, request, now, request_id, effects };
        for effect in &arrival.effects {
            if let Effect::World(world) = effect {
                self.meet_world(world, now);
            }
        }
        let key = authenticate(&self.config, &self.keys, door, request.headers.get("authorization"));
        let outcome = self.outcome(&arrival, &key);
        let (answer, error_code) = self.respond(&arrival, key.as_deref().ok(), outcome);
        let answer = self.spoil(&arrival, answer);
        self.note(&arrival, answer.status, error_code);
        answer
    }

    /// The answer as the faults leave it. Where nobody asked for it, one that breaks the emulator's own document is a bug of
    /// one of them.
    fn spoil(&self, arrival: &Arrival<'_>, answer: Answer) -> Answer {
        let judged = |response: &Response, effects: &[Effect]| {
            if cfg!(debug_assertions) && !deviates(&self.config, effects, arrival.door, arrival.request, response) {
                let (profile, door) = (self.config.profile, arrival.door);
                let outcome = conforms(profile, door, arrival.method, arrival.request, response);
                debug_assert_eq!(outcome, Ok(()), "invariant: every answer is one that the document allows");
            }
        };
        if arrival.effects.is_empty() {
            if cfg!(debug_assertions) {
                judged(&answer.clone().into_response(), &[]);
            }
            return answer;
        }
        let mut response = answer.into_response();
        let made: Vec<Effect> = arrival.effects.iter().filter(|effect| is_of_making(effect)).cloned().collect();
        judged(&response, &made);
        let mut way = Answer::whole(Response { status: 0, headers: Headers::default(), body: Vec::new() });
        let at_ms = self.virtual_ms(arrival.now);
        for effect in &arrival.effects {
            match effect {
                Effect::Wire(wire) => way.meets(wire),
                Effect::Shape(shape) => tamper::shape(shape, &mut response, arrival.request, arrival.now),
                Effect::Listing(listing) => tamper::listing(listing, &mut response, arrival.request, at_ms),
                Effect::Instead(Instead::Http502Html { .. }) => tamper::bad_gateway(&mut response),
                Effect::Instead(_) | Effect::Work(_) | Effect::World(_) => {}
            }
        }
        judged(&response, &arrival.effects);
        Answer { delay_ms: way.delay_ms, delivery: way.delivery, restarts: way.restarts, ..Answer::whole(response) }
    }

    /// What the request leads to: the first fault that answers in its place, or its execution.
    fn outcome(&mut self, arrival: &Arrival<'_>, key: &Result<Arc<Key>, Refusal>) -> Result<Reply, Refusal> {
        let instead = arrival.effects.iter().find_map(|effect| match effect {
            Effect::Instead(instead) => tamper::instead(instead, arrival.request, arrival.now),
            Effect::Wire(_) | Effect::Shape(_) | Effect::Listing(_) | Effect::Work(_) | Effect::World(_) => None,
        });
        let reset = arrival.effects.contains(&Effect::Wire(Wire::ResetBefore));
        match instead {
            Some(replacement) => {
                if replacement.executed {
                    // The answer is lost behind the fault's.
                    let _ = self.check(arrival, key);
                }
                Err(replacement.refusal)
            }
            None if reset => Ok(Reply { status: 200, body: Payload::Own(Vec::new()), headers: Vec::new() }),
            None => self.check(arrival, key),
        }
    }

    /// The answer to an outcome, with the headers that every answer has; and the code of an error.
    fn respond(
        &self,
        arrival: &Arrival<'_>,
        key: Option<&Key>,
        outcome: Result<Reply, Refusal>,
    ) -> (Answer, Option<String>) {
        let mut error_code = None;
        let (status, body, content_type, mut extra) = match outcome {
            Ok(reply) => (reply.status, reply.body, "application/json", reply.headers),
            Err(refusal) => {
                error_code = Some(refusal.error.code.clone());
                let error = self.shown(*refusal.error, refusal.status);
                let format = arrival.effects.iter().find_map(error_format).unwrap_or(self.config.error_format);
                let (body, content_type) = render(&error, refusal.status, &arrival.request_id, format);
                (refusal.status, Payload::Own(body), content_type, refusal.headers)
            }
        };
        let (full, surface) = (self.config.profile.is_full(), arrival.door.surface());
        if !full {
            extra.retain(|(name, _)| !["ETag", "Location", "Idempotent-Replayed"].contains(name) || status == 302);
        }
        let budget = self.limits.budget(&self.config, key, surface, arrival.now);
        for (name, value) in limits::headers(&self.config, budget, surface, status, arrival.now) {
            // A fault's own value stays.
            if !extra.iter().any(|(own, _)| *own == name) {
                extra.push((name, value));
            }
        }
        if full {
            extra.push(("X-Request-Id", arrival.request_id.to_string()));
        }
        let mut headers = Vec::with_capacity(extra.len() + 2);
        headers.push((Cow::Borrowed("Content-Type"), content_type.to_owned()));
        headers.push((Cow::Borrowed("Date"), http_date(arrival.now)));
        headers.extend(extra.into_iter().map(|(name, value)| (Cow::Borrowed(name), value)));
        (Answer::of(status, headers, body), error_code)
    }

    /// A change of the world that a request brings with it.
    fn meet_world(&mut self, effect: &World, now: Now) {
        match effect {
            World::CapacitySet { region, size, limit } => {
                self.meet_setting(expand("capacity.table", json!({format!("{region}/{size}"): limit})), now);
            }
            World::QuotaSet { kind, limit } => self.meet_setting(json!({"quota": {kind.as_str(): limit}}), now),
            // A drift of something that is not there (any more) is no drift.
            World::Drift(body) => drop(super::drift::apply(self, body, now)),
        }
    }

    /// A knob that a fault turns. One that makes no sense turns nothing.
    fn meet_setting(&mut self, patch: Value, now: Now) {
        if let Value::Object(patch) = patch {
            let _ = self.set(patch, now);
        }
    }

    /// An error as the profile shows it: the plain envelope has no details of a 404 (4.1).
    fn shown(&self, mut error: ErrorBody, status: u16) -> ErrorBody {
        if status == 404 && !self.config.profile.is_full() {
            error.details = json!({});
        }
        error
    }

    /// Every check that comes before the operation.
    fn check(&mut self, arrival: &Arrival<'_>, key: &Result<Arc<Key>, Refusal>) -> Result<Reply, Refusal> {
        let Arrival { door, method, request, now, .. } = *arrival;
        let (route, captured) = match find(door.surface(), self.config.profile, method, request.path()) {
            Found::Route(route, captured) => (route, captured),
            // Outside of the full profile whatever is not documented is not there (4.1).
            Found::WrongMethod(allowed) if self.config.profile.is_full() => return Err(wrong_method(&allowed)),
            Found::WrongMethod(_) => return Err(no_route(request.path())),
            Found::Nothing => return Err(no_route(request.path())),
        };
        let mut key = key.clone()?;
        if arrival.effects.contains(&Effect::Work(Work::Downgrade)) {
            Arc::make_mut(&mut key).permission = Permission::ReadOnly;
        }
        self.limits.count(&self.config, &key, door.surface(), now)?;
        authorize(&key, route.method.is_write(), route.scope)?;
        let wants_body = matches!(route.method, Method::Post | Method::Patch | Method::Put);
        let body = parse_body(request, wants_body)?;
        let call = Call {
            door,
            environment: key.environment,
            key,
            route,
            captured,
            path: request.path(),
            target: &request.target,
            query: Query::parse(request.query()),
            headers: &request.headers,
            body,
            at_ms: self.virtual_ms(now),
            now,
            effects: &arrival.effects,
        };
        self.once(&call, &request.body)
    }

    /// Executes a call, or answers what the same call was answered before (4.7).
    fn once(&mut self, call: &Call<'_>, body: &[u8]) -> Result<Reply, Refusal> {
        let honoured = call.route.method == Method::Post
            && self.config.idempotency == Idempotency::On
            && self.config.profile.is_full();
        let header = key_of(call.headers.get("idempotency-key").filter(|_| honoured))?;
        let Some(header) = header else { return self.execute(call) };
        let place = format!("{} {} {} {header}", call.environment, call.route.method.as_str(), call.path);
        let fingerprint = ids::hex_digest(body, 32);
        if let Some(reply) = self.replays.find(&place, &fingerprint, call.now)? {
            return Ok(reply);
        }
        let reply = self.execute(call)?;
        // Only what was executed is kept: refusals leave no trace.
        self.keep_answer(Stored {
            place,
            fingerprint,
            status: reply.status,
            headers: reply.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
            body: String::from_utf8_lossy(&reply.body).into_owned(),
            at_ms: call.now.unix_ms,
            busy_until_ms: busy_until_ms(call),
        });
        Ok(reply)
    }

    fn execute(&mut self, call: &Call<'_>) -> Result<Reply, Refusal> {
        match call.route.operation {
            Operation::List(kind) => self.list(call, kind),
            Operation::Read(kind) => lists::object(self, call, kind),
            Operation::Create(kind) => create(self, call, kind),
            Operation::Update(kind) => update(self, call, kind),
            Operation::Delete(kind) => delete(self, call, kind),
            Operation::Act(kind) => machines::act(self, call, kind),
            Operation::ScaleDatabase => databases::scale(self, call),
            Operation::Purge => cdn::purge(self, call),
            Operation::Analytics => cdn::analytics(self, call),
            Operation::ListJobs => lists::jobs(self, call),
            Operation::ReadJob => lists::job(self, call),
            Operation::ListCatalog(which) => lists::catalog(self, call, which),
            Operation::ReadImage => lists::image(call),
            Operation::ReadAccount => Ok(lists::account(self, call)),
        }
    }

    /// A page of a list, once more if it is still true.
    fn list(&mut self, call: &Call<'_>, kind: Kind) -> Result<Reply, Refusal> {
        if !call.effects.is_empty() {
            return lists::objects(self, call, kind);
        }
        let key = PageKey {
            environment: call.environment,
            is_compute: call.door.surface() == Surface::C,
            regions: call.key.regions.clone(),
            target: call.target.to_owned(),
        };
        let version = (self.live.version(), self.test.version());
        if let Some(reply) = self.pages.find(version, &key) {
            return Ok(reply);
        }
        let reply = lists::objects(self, call, kind)?;
        Ok(self.pages.keep(version, key, reply))
    }

    /// Writes the request into the log.
    fn note(&mut self, arrival: &Arrival<'_>, status: u16, error_code: Option<String>) {
        let request = arrival.request;
        if self.config.log_capacity == 0 {
            return;
        }
        let key = request.headers.get("authorization").map(|header| self.log.shown_key(header));
        let at = self.log.shown_time(arrival.now.unix_ms);
        self.log.push(LogEntry {
            number: self.counter,
            at,
            door: arrival.door,
            method: SmolStr::new_static(arrival.method.map_or("OTHER", Method::as_str)),
            target: SmolStr::from(redact(&request.target)),
            key,
            body: body_value(&request.body),
            status,
            error_code,
            request_id: arrival.request_id.clone(),
            idempotency_key: request.headers.get("idempotency-key").map(str::to_owned),
            faults: arrival.effects.iter().map(Effect::name).collect(),
        });
    }
}

/// Until when a fault holds the answer to a call up.
fn busy_until_ms(call: &Call<'_>) -> i64 {
    let held = call.effects.iter().map(|effect| match effect {
        Effect::Wire(Wire::Latency { ms } | Wire::SlowBody { ms }) => i64::try_from(*ms).unwrap_or(i64::MAX),
        Effect::Wire(Wire::Hang) => i64::MAX,
        Effect::Wire(Wire::ResetBefore | Wire::ResetAfter | Wire::Truncate { .. } | Wire::ExitAfterCommit)
        | Effect::Instead(_)
        | Effect::Shape(_)
        | Effect::Listing(_)
        | Effect::Work(_)
        | Effect::World(_) => 0,
    });
    call.now.unix_ms.saturating_add(held.fold(0, i64::saturating_add))
}

fn error_format(effect: &Effect) -> Option<ErrorFormat> {
    if let Effect::Shape(Shape::ErrorFormat { format }) = effect { Some(*format) } else { None }
}

fn create(emulator: &mut Emulator, call: &Call<'_>, kind: Kind) -> Result<Reply, Refusal> {
    match kind {
        Kind::ComputeInstance | Kind::Server => machines::create(emulator, call, kind),
        Kind::Database => databases::create(emulator, call),
        Kind::CdnZone => cdn::create(emulator, call),
        Kind::CdnRoutingRule => rules::create(emulator, call),
        Kind::SshKey => ssh_keys::create(emulator, call),
        Kind::Snapshot => Err(no_route(call.path)),
    }
}

fn update(emulator: &mut Emulator, call: &Call<'_>, kind: Kind) -> Result<Reply, Refusal> {
    match kind {
        Kind::ComputeInstance | Kind::Server => machines::update(emulator, call, kind),
        Kind::Database => databases::update(emulator, call),
        Kind::CdnZone => cdn::update(emulator, call),
        Kind::CdnRoutingRule => rules::update(emulator, call),
        Kind::SshKey => ssh_keys::update(emulator, call),
        Kind::Snapshot => Err(no_route(call.path)),
    }
}

fn delete(emulator: &mut Emulator, call: &Call<'_>, kind: Kind) -> Result<Reply, Refusal> {
    match kind {
        Kind::ComputeInstance | Kind::Server | Kind::Database | Kind::Snapshot => {
            machines::delete(emulator, call, kind)
        }
        Kind::CdnZone => cdn::delete(emulator, call),
        Kind::CdnRoutingRule => rules::delete(emulator, call),
        Kind::SshKey => ssh_keys::delete(emulator, call),
    }
}

fn no_route(path: &str) -> Refusal {
    refuse(ErrorCode::NotFound, "There is no such route.", json!({"path": path}))
}

fn wrong_method(allowed: &[&str]) -> Refusal {
    let list = allowed.join(", ");
    let mut refusal =
        refuse(ErrorCode::MethodNotAllowed, format!("This route allows {list} only."), json!({"allowed": allowed}));
    refusal.headers.push(("Allow", list));
    refusal
}

/// Real time as an HTTP date.
pub fn http_date(now: Now) -> String {
    let since_epoch = Duration::from_millis(u64::try_from(now.unix_ms).unwrap_or(0));
    httpdate::fmt_http_date(UNIX_EPOCH + since_epoch)
}

/// An error answer of the control door: the same envelope.
pub fn control_error(status: u16, code: &str, message: &str) -> Response {
    let error = ErrorBody::new(code, message, Value::Object(serde_json::Map::new()));
    let (body, content_type) = render(&error, status, "req_control", ErrorFormat::Envelope);
    let mut headers = Headers::default();
    headers.push("Content-Type", content_type);
    Response { status, headers, body }
}
