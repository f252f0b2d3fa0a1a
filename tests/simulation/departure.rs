//! What must hold before a request leaves: I2, I4, I5, I10, I13. The journal counts as far as it is synced.

use super::cloud::door_of;
use super::hub::is_compute;
use super::seams::{CONCURRENCY, SimTransport};
use super::steps;
use cnx::model::http::Request;
use cnx::provider::{Operation, cloudnexus};
use cnx::state::{Condition, Intent, Purpose, Snapshot};

const MINUTE_NS: u64 = 60_000_000_000;

/// All of it, for one request.
pub fn inspect(sender: &SimTransport, request: &Request) {
    let complaint = |invariant: &'static str, what: String| {
        let target = format!("{} {}", request.method.as_str(), request.target);
        sender.hub.lock().truth.violate(invariant, format!("{target}: {what}"));
    };
    let Some(door) = door_of(request) else {
        return complaint("I13", format!("sent to {}", request.origin));
    };
    for what in haste(sender, is_compute(door)) {
        complaint("I10", what);
    }
    if !request.method.is_write() {
        return;
    }
    let intent = match is_meant(sender, request) {
        Ok(intent) => intent,
        Err(what) => return complaint("I4", what),
    };
    if intent.purpose != Purpose::Create {
        return;
    }
    if let Some(what) = sender.disk.look_synced(|snapshot| steps::tells_apart(snapshot, intent.operation)) {
        complaint("I2", what);
    }
    // The very request of an earlier run, sent by that one or not, needs what that run's program said.
    let is_of_last_run = sender.disk.is_of_last_run(&intent.idempotency_key);
    let needs = sender.needs.get(&intent.address).filter(|_| is_of_last_run);
    for need in needs.into_iter().flatten() {
        let is_ready =
            |snapshot: &Snapshot| snapshot.records.get(need).is_some_and(|record| record.condition == Condition::Ready);
        if !sender.disk.look_synced(is_ready) {
            complaint("I5", format!("{} is made before {need} is there", intent.address));
        }
    }
}

/// I10: requests at once, `Retry-After`, requests within a minute.
fn haste(sender: &SimTransport, door: bool) -> Vec<String> {
    let mut world = sender.hub.lock();
    let (now, settings) = (world.now_ns, world.settings);
    let manners = &mut world.manners[sender.process];
    let mut found = Vec::new();
    let in_flight = manners.in_flight.entry(door).or_default();
    *in_flight += 1;
    if *in_flight > CONCURRENCY {
        found.push(format!("more than {CONCURRENCY} requests under way"));
    }
    if manners.not_before_ns.get(&door).is_some_and(|not_before| now < *not_before) {
        found.push("Retry-After was not waited for".to_owned());
    }
    let departed = manners.departed_ns.entry(door).or_default();
    departed.push_back(now);
    while departed.front().is_some_and(|first| *first + MINUTE_NS <= now) {
        departed.pop_front();
    }
    if settings.rate_limited && departed.len() > settings.rate as usize {
        found.push("more requests within a minute than are allowed".to_owned());
    }
    found
}

/// I4: the open operation that a write is for, whose intent is durable and about such a write.
fn is_meant(sender: &SimTransport, request: &Request) -> Result<Intent, String> {
    let none = || "no durable intent".to_owned();
    let disk = &sender.disk;
    let known = match request.headers.get("Idempotency-Key") {
        Some(key) => {
            let mut world = sender.hub.lock();
            let is_new = world.truth.sent.insert(key.to_owned());
            world.tally.repeats += u64::from(!is_new);
            disk.synced_intents(|intent| intent.idempotency_key == key)
        }
        None => disk.synced_intents(|intent| intent.id.is_some()),
    };
    let fitting: Vec<Intent> = known.iter().filter(|intent| fits(intent, request)).cloned().collect();
    let is_open = |intent: &&Intent| disk.look_synced(|snapshot| snapshot.open.contains_key(&intent.operation));
    // Where another engine took over the state, it may have ended what this one still sends.
    let is_taken_over =
        |intent: &&Intent| sender.hub.lock().has_rivals && disk.look_synced(|snapshot| intent.epoch < snapshot.epoch);
    let meant = fitting.iter().rev().find(is_open).or_else(|| fitting.iter().rev().find(is_taken_over));
    match (meant, fitting.last(), known.last()) {
        (Some(intent), ..) => Ok(intent.clone()),
        (None, Some(ended), _) => Err(format!("operation {} has ended", ended.operation.0)),
        (None, None, Some(other)) if request.headers.get("Idempotency-Key").is_some() => {
            Err(format!("the durable intent is to {} {}", other.purpose.verb(), other.address))
        }
        (None, None, _) => Err(none()),
    }
}

/// Whether a request is one that an operation with this intent sends: method, route and the object that it names.
fn fits(intent: &Intent, request: &Request) -> bool {
    let kind = cloudnexus().kind(&intent.kind);
    let operations: Vec<&Operation> = match &intent.purpose {
        Purpose::Create => kind.map(|kind| &kind.create).into_iter().collect(),
        Purpose::Delete => kind.map(|kind| &kind.delete).into_iter().collect(),
        Purpose::Update(names) => {
            kind.into_iter().flat_map(|kind| names.iter().filter_map(|name| kind.updates.get(name))).collect()
        }
        Purpose::Run => cloudnexus().actions.get(&intent.kind).map(|action| &action.operation).into_iter().collect(),
    };
    let id = intent.id.as_ref().map(ToString::to_string).unwrap_or_default();
    let is_of = |operation: &&Operation| {
        let is_route = |path: &str| is_path_of(path, &id, request.path());
        operation.method == request.method && operation.routes.iter().any(|route| is_route(&route.path))
    };
    operations.iter().any(is_of)
}

/// Whether a path is one of the template below the base path; `{id}` stands for the object itself, other names for anything.
fn is_path_of(template: &str, id: &str, path: &str) -> bool {
    let path: Vec<&str> = path.trim_start_matches("/v1").split('/').collect();
    let template: Vec<&str> = template.split('/').collect();
    let is_part = |(wanted, part): (&&str, &&str)| match *wanted {
        "{id}" => id == *part,
        wanted => wanted == *part || wanted.starts_with('{') && !part.is_empty(),
    };
    path.len() == template.len() && template.iter().zip(&path).all(is_part)
}
