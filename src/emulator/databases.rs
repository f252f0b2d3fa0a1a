//! Database clusters (P): create, rename, and the documented scale with its maintenance window (contract.md 2.2, L45 to L48).
use smol_str::SmolStr;

use super::call::{Call, Reply};
use super::capacity;
use super::catalog;
use super::clock::parse_rfc3339;
use super::core::Emulator;
use super::errors::{Refusal, state_conflict};
use super::fields::{Fields, id, length, one_of, region};
use super::job::Goal;
use super::machines::{check_name, save};
use super::object::{Body, Database, Kind, Object, PendingScale, Status};
use super::tenant::Change;

/// The largest integer that every reader of JSON keeps.
const MOST_REPLICAS: i64 = (1 << 53) - 1;

fn tier(text: &str) -> Option<String> {
    (!catalog::is_size(Kind::Database, text)).then(|| format!("{text:?} is no known tier"))
}

/// `POST /databases`.
pub fn create(emulator: &mut Emulator, call: &Call<'_>) -> Result<Reply, Refusal> {
    let known = ["name", "engine", "version", "region", "tier", "read_replicas"];
    let mut fields = Fields::of(&call.body, &known, emulator.config.strict_bodies);
    let name = fields.required_text("name", length(1, 63));
    let engine = fields.required_text("engine", one_of(&["postgresql", "mysql", "redis"]));
    let default_version = catalog::engine(&engine).map_or("", |(version, _)| version);
    let database = Database {
        version: SmolStr::from(fields.text("version", length(1, 32)).unwrap_or(default_version)),
        engine,
        tier: fields.required_text("tier", tier),
        read_replicas: fields.integer("read_replicas", 0, MOST_REPLICAS).unwrap_or(0),
        ready: false,
        pending: None,
    };
    let place = fields.required_text("region", region);
    fields.finish()?;
    Emulator::check_region(call, &place)?;
    check_name(emulator, call, Kind::Database, &place, &name, None)?;
    let tenant = emulator.tenant(call.environment);
    capacity::check_quota(&emulator.config, tenant, Kind::Database)?;
    let doom = capacity::check(&emulator.config, tenant, Kind::Database, &place, &database.tier)?;
    let body = Body::Database(Box::new(database));
    let object = emulator.new_object(call, Kind::Database, name, place, Status::Provisioning, body);
    let (object, job_id) = emulator.start_job(call, object, Goal::Create, doom);
    Ok(emulator.accepted(&object, &job_id))
}

/// `PATCH /databases/{database_id}`: the name.
pub fn update(emulator: &mut Emulator, call: &Call<'_>) -> Result<Reply, Refusal> {
    let mut fields = Fields::of(&call.body, &["name"], emulator.config.strict_bodies);
    let name = fields.text("name", length(1, 63)).map(SmolStr::from);
    if call.body.is_empty() {
        fields.wrong("body", "must have at least one member");
    }
    fields.finish()?;
    let object = emulator.named(call, Kind::Database, call.captured(0))?;
    emulator.check_etag(call, &object)?;
    if object.status == Status::Deleting {
        emulator.check_idle(call, &object)?;
    }
    if let Some(name) = &name {
        check_name(emulator, call, Kind::Database, &object.region, name, Some(&object.id))?;
    }
    let mut changed = object.clone();
    changed.name = name.unwrap_or(changed.name);
    Ok(save(emulator, call, object, changed))
}

/// What a scale request wants.
struct Wish {
    tier: Option<SmolStr>,
    read_replicas: Option<i64>,
    window_ms: Option<i64>,
}

/// `POST /databases/scale` (B:53-55).
pub fn scale(emulator: &mut Emulator, call: &Call<'_>) -> Result<Reply, Refusal> {
    let known = ["database_id", "new_tier", "read_replicas", "maintenance_window"];
    let mut fields = Fields::of(&call.body, &known, emulator.config.strict_bodies);
    let database_id = fields.required_text("database_id", id("db_"));
    let wish = Wish {
        tier: fields.text("new_tier", tier).map(SmolStr::from),
        read_replicas: fields.integer("read_replicas", 0, MOST_REPLICAS),
        window_ms: fields
            .text("maintenance_window", |text| {
                parse_rfc3339(text).is_none().then(|| "must be an instant as in RFC 3339".to_owned())
            })
            .and_then(parse_rfc3339),
    };
    if !fields.has("new_tier") && !fields.has("read_replicas") {
        fields.wrong("new_tier", "or read_replicas is required");
    }
    fields.finish()?;
    let object = emulator.named(call, Kind::Database, &database_id)?;
    emulator.check_idle(call, &object)?;
    if object.status != Status::Running {
        let details = serde_json::json!({
            "resource_id": object.id, "current_status": object.status.as_str(), "required_status": "running",
        });
        return Err(state_conflict(format!("Database {} is {}.", object.id, object.status.as_str()), details));
    }
    carry_out(emulator, call, object, wish)
}

/// A scale at once, or one that waits for its window. A newer one takes the place of one that still waits.
fn carry_out(emulator: &mut Emulator, call: &Call<'_>, object: Object, wish: Wish) -> Result<Reply, Refusal> {
    let Some(database) = object.database().cloned() else {
        return Err(super::errors::not_found("database", &object.id));
    };
    let tier = wish.tier.unwrap_or_else(|| database.tier.clone());
    let read_replicas = wish.read_replicas.unwrap_or(database.read_replicas);
    let doom = if tier == database.tier {
        None
    } else {
        capacity::check(&emulator.config, emulator.tenant(call.environment), Kind::Database, &object.region, &tier)?
    };
    if let Some(pending) = &database.pending {
        emulator.cancel_job(call.environment, &pending.job_id, call.at_ms, call.now);
    }
    let object = emulator.named(call, Kind::Database, &object.id)?;
    let goal = Goal::Scale { tier: tier.clone(), read_replicas };
    let unchanged = tier == database.tier && read_replicas == database.read_replicas;
    // Scaling back to the present values has nothing to wait for.
    let window_ms = wish.window_ms.filter(|window_ms| *window_ms > call.at_ms && !unchanged);
    let Some(window_ms) = window_ms else {
        let mut scaling = object;
        scaling.status = Status::Scaling;
        let (object, job_id) = emulator.start_job(call, scaling, goal, doom);
        return Ok(emulator.accepted(&object, &job_id));
    };
    let job = emulator.make_job(call, &object, goal, Some(window_ms), doom);
    let job_id = job.id.clone();
    emulator.commit(call.environment, Change::Job(Box::new(job)));
    let id = object.id.clone();
    emulator.change_object(call.environment, object, call.at_ms, |object| {
        if let Body::Database(database) = &mut object.body {
            database.pending = Some(PendingScale { job_id: job_id.clone(), new_tier: tier, read_replicas, window_ms });
        }
    });
    let object = emulator.named(call, Kind::Database, &id)?;
    Ok(emulator.accepted(&object, &job_id))
}
