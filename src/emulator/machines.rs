//! Instances (C) and servers (P): create, update, actions, delete (contract.md 2.1 with its state and action table).
use std::collections::BTreeMap;

use serde_json::json;
use smol_str::SmolStr;

use super::call::{Call, Reply};
use super::capacity;
use super::catalog;
use super::collection::Facet;
use super::core::Emulator;
use super::errors::{ErrorCode, Refusal, busy, not_found, refuse, state_conflict};
use super::fields::{Fields, id, length, one_of, region};
use super::job::Goal;
use super::object::{Body, Kind, Machine, Object, Snapshot, Status};
use super::patterns::{is_plan_slug, is_type_slug};
use super::tenant::{Change, job_of};

/// The member that holds the size: `type` of instances, `plan` of servers (L25).
fn size_member(kind: Kind) -> &'static str {
    if kind == Kind::ComputeInstance { "type" } else { "plan" }
}

/// A size of the catalog.
fn size(kind: Kind) -> impl Fn(&str) -> Option<String> {
    move |text| (!catalog::is_size(kind, text)).then(|| format!("{text:?} is no known {}", size_member(kind)))
}

/// The form of a size, known or not.
fn size_slug(kind: Kind) -> impl Fn(&str) -> Option<String> {
    move |text| {
        let fits = if kind == Kind::ComputeInstance { is_type_slug(text) } else { is_plan_slug(text) };
        (!fits).then(|| format!("is not of the form of a {}", size_member(kind)))
    }
}

/// An image of the catalog, or the id of a snapshot.
fn image(text: &str) -> Option<String> {
    let known = catalog::is_image(text) || (id("snap_")(text).is_none() && text.len() <= 128);
    (!known).then(|| format!("{text:?} is no known image"))
}

/// `POST /compute/instances`, `POST /servers`.
pub fn create(emulator: &mut Emulator, call: &Call<'_>, kind: Kind) -> Result<Reply, Refusal> {
    let compute = kind == Kind::ComputeInstance;
    let size_name = size_member(kind);
    let own = if compute { "tags" } else { "auto_backup" };
    let known = ["name", size_name, "region", "image", "ssh_keys", own];
    let mut fields = Fields::of(&call.body, &known, emulator.config.strict_bodies);
    let name = fields.required_text("name", printable);
    let machine = Machine {
        size: fields.required_text(size_name, size(kind)),
        image: fields.required_text("image", image),
        ssh_keys: fields.texts("ssh_keys", 0, usize::MAX, id("key_")).unwrap_or_default(),
        tags: if compute { fields.tags("tags").unwrap_or_default() } else { BTreeMap::new() },
        auto_backup: if compute { false } else { fields.boolean("auto_backup").unwrap_or(false) },
        ipv4: None,
    };
    let place = fields.required_text("region", region);
    fields.finish()?;
    let snapshot = references(emulator, call, &machine)?;
    Emulator::check_region(call, &place)?;
    if let Some(snapshot) = snapshot {
        check_available(snapshot)?;
    }
    check_name(emulator, call, kind, &place, &name, None)?;
    let tenant = emulator.tenant(call.environment);
    capacity::check_quota(&emulator.config, tenant, kind)?;
    let doom = capacity::check(&emulator.config, tenant, kind, &place, &machine.size)?;
    let body = Body::Machine(Box::new(machine));
    let object = emulator.new_object(call, kind, name, place, Status::Provisioning, body);
    let (object, job_id) = emulator.start_job(call, object, Goal::Create, doom);
    Ok(emulator.accepted(&object, &job_id))
}

/// 1 to 128 printable characters.
pub fn printable(text: &str) -> Option<String> {
    length(1, 128)(text)
        .or_else(|| text.chars().any(char::is_control).then(|| "must not have control characters".to_owned()))
}

/// 404 for SSH keys and snapshots that are not there; else the snapshot that the image is.
fn references<'a>(emulator: &'a Emulator, call: &Call<'_>, machine: &Machine) -> Result<Option<&'a Object>, Refusal> {
    let tenant = emulator.tenant(call.environment);
    if let Some(missing) = machine.ssh_keys.iter().find(|key| tenant.get(Kind::SshKey, key).is_none()) {
        return Err(not_found(Kind::SshKey.as_str(), missing));
    }
    if !machine.image.starts_with("snap_") {
        return Ok(None);
    }
    let snapshot = tenant.get(Kind::Snapshot, &machine.image);
    snapshot.map(Some).ok_or_else(|| not_found(Kind::Snapshot.as_str(), &machine.image))
}

/// 409 for a snapshot that is not ready.
fn check_available(snapshot: &Object) -> Result<(), Refusal> {
    if snapshot.status == Status::Available {
        return Ok(());
    }
    Err(state_conflict(
        format!("Snapshot {} is {}.", snapshot.id, snapshot.status.as_str()),
        json!({"resource_id": snapshot.id, "current_status": snapshot.status.as_str(), "required_status": "available"}),
    ))
}

/// 409 for a name that is taken in its region, where names are unique (L37).
pub fn check_name(
    emulator: &Emulator,
    call: &Call<'_>,
    kind: Kind,
    region: &str,
    name: &str,
    own: Option<&str>,
) -> Result<(), Refusal> {
    if !emulator.config.names.unique {
        return Ok(());
    }
    let objects = emulator.tenant(call.environment).of(kind);
    let namesakes = objects.find(&Facet::Name(SmolStr::from(name)));
    let taken = namesakes.into_iter().flat_map(|order| order.iter()).filter_map(|(_, id)| objects.get(id));
    match taken.into_iter().find(|other| other.region == region && Some(other.id.as_str()) != own) {
        Some(other) => Err(Emulator::already_exists(&format!("{name} in {region}"), &other.id)),
        None => Ok(()),
    }
}

/// `PATCH …/{id}`: name, and tags of instances or backups of servers.
pub fn update(emulator: &mut Emulator, call: &Call<'_>, kind: Kind) -> Result<Reply, Refusal> {
    let compute = kind == Kind::ComputeInstance;
    let own = if compute { "tags" } else { "auto_backup" };
    let mut fields = Fields::of(&call.body, &["name", own], emulator.config.strict_bodies);
    let name = fields.text("name", printable).map(SmolStr::from);
    let tags = if compute { fields.tags("tags") } else { None };
    let auto_backup = if compute { None } else { fields.boolean("auto_backup") };
    if call.body.is_empty() {
        fields.wrong("body", "must have at least one member");
    }
    fields.finish()?;
    let object = emulator.named(call, kind, call.captured(0))?;
    emulator.check_etag(call, &object)?;
    if object.status == Status::Deleting {
        emulator.check_idle(call, &object)?;
    }
    if let Some(name) = &name {
        check_name(emulator, call, kind, &object.region, name, Some(&object.id))?;
    }
    let mut changed = object.clone();
    changed.name = name.unwrap_or(changed.name);
    if let Body::Machine(machine) = &mut changed.body {
        machine.tags = tags.unwrap_or_else(|| std::mem::take(&mut machine.tags));
        machine.auto_backup = auto_backup.unwrap_or(machine.auto_backup);
    }
    Ok(save(emulator, call, object, changed))
}

/// Puts a changed object into the world, when it did change, and answers it.
pub fn save(emulator: &mut Emulator, call: &Call<'_>, before: Object, changed: Object) -> Reply {
    if before == changed {
        return emulator.object_reply(200, &before);
    }
    let id = before.id.clone();
    let kind = before.kind;
    emulator.change_object(call.environment, changed, call.at_ms, |_| {});
    let now = emulator.tenant(call.environment).get(kind, &id).unwrap_or(&before);
    emulator.object_reply(200, now)
}

/// The actions of A:85.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Start,
    Stop,
    Reboot,
    Resize,
    Snapshot,
}

const ACTIONS: [(&str, Action); 5] = [
    ("start", Action::Start),
    ("stop", Action::Stop),
    ("reboot", Action::Reboot),
    ("resize", Action::Resize),
    ("snapshot", Action::Snapshot),
];

/// `POST …/{id}/actions`.
pub fn act(emulator: &mut Emulator, call: &Call<'_>, kind: Kind) -> Result<Reply, Refusal> {
    let size_name = size_member(kind);
    let mut fields = Fields::of(&call.body, &["action", size_name], emulator.config.strict_bodies);
    let words = ACTIONS.map(|(word, _)| word);
    let word = fields.required_text("action", one_of(&words));
    let action = ACTIONS.iter().find(|(own, _)| *own == word).map(|(_, action)| *action);
    // Without resize the size is ignored, but still a slug.
    let wanted = if action == Some(Action::Resize) {
        if !fields.has(size_name) {
            fields.wrong(size_name, "is required for resize");
        }
        fields.text(size_name, size(kind)).map(SmolStr::from)
    } else {
        fields.text(size_name, size_slug(kind)).map(SmolStr::from)
    };
    fields.finish()?;
    let Some(action) = action else { return Err(super::errors::invalid("action", "is required")) };
    let object = emulator.named(call, kind, call.captured(0))?;
    emulator.check_idle(call, &object)?;
    check_state(&object, action, emulator.config.resize.requires_stopped)?;
    match action {
        Action::Start => Ok(plain(emulator, call, object, Goal::Start)),
        Action::Stop => Ok(plain(emulator, call, object, Goal::Stop)),
        Action::Reboot => Ok(plain(emulator, call, object, Goal::Reboot)),
        Action::Resize => resize(emulator, call, object, wanted.unwrap_or_default()),
        Action::Snapshot => snapshot(emulator, call, object),
    }
}

/// The rows "running", "stopped" and "failed" of the table in 2.1.
fn check_state(object: &Object, action: Action, resize_requires_stopped: bool) -> Result<(), Refusal> {
    let required = match action {
        Action::Start => &[Status::Stopped][..],
        Action::Stop | Action::Reboot => &[Status::Running],
        Action::Resize if resize_requires_stopped => &[Status::Stopped],
        Action::Resize | Action::Snapshot => &[Status::Running, Status::Stopped],
    };
    if required.contains(&object.status) {
        return Ok(());
    }
    let noun = if object.kind == Kind::ComputeInstance { "Instance" } else { "Server" };
    let status = object.status.as_str();
    let message = match (action, object.status) {
        (Action::Start, Status::Running) | (Action::Stop, Status::Stopped) => {
            format!("{noun} {} is already {status}.", object.id)
        }
        (
            Action::Start | Action::Stop | Action::Reboot | Action::Resize | Action::Snapshot,
            Status::Provisioning
            | Status::Running
            | Status::Stopped
            | Status::Scaling
            | Status::Failed
            | Status::Deleting
            | Status::Active
            | Status::Creating
            | Status::Available,
        ) => format!("{noun} {} is {status}.", object.id),
    };
    let details = json!({
        "resource_id": object.id, "current_status": status, "required_status": required.first().map(|s| s.as_str()),
    });
    Err(state_conflict(message, details))
}

fn plain(emulator: &mut Emulator, call: &Call<'_>, object: Object, goal: Goal) -> Reply {
    let (object, job_id) = emulator.start_job(call, object, goal, None);
    emulator.accepted_action(&object, &job_id)
}

fn resize(emulator: &mut Emulator, call: &Call<'_>, object: Object, size: SmolStr) -> Result<Reply, Refusal> {
    if object.size() == Some(&size) {
        return Err(state_conflict(
            format!("{} is a {size} already.", object.id),
            json!({"resource_id": object.id, "current_status": object.status.as_str(), "current_type": size}),
        ));
    }
    let tenant = emulator.tenant(call.environment);
    let doom = capacity::check(&emulator.config, tenant, object.kind, &object.region, &size)?;
    let (object, job_id) = emulator.start_job(call, object, Goal::Resize { size }, doom);
    Ok(emulator.accepted_action(&object, &job_id))
}

fn snapshot(emulator: &mut Emulator, call: &Call<'_>, object: Object) -> Result<Reply, Refusal> {
    capacity::check_quota(&emulator.config, emulator.tenant(call.environment), Kind::Snapshot)?;
    let time = super::clock::rfc3339(call.at_ms).replace([':', '-'], "");
    let name = SmolStr::from(format!("{}-{time}", object.name));
    let body = Snapshot { source_kind: object.kind, source_id: object.id.clone(), size_gb: None };
    let mut snapshot = emulator.new_object(
        call,
        Kind::Snapshot,
        name,
        object.region.clone(),
        Status::Creating,
        Body::Snapshot(Box::new(body)),
    );
    let goal = Goal::Snapshot { snapshot_id: snapshot.id.clone() };
    let (object, job_id) = emulator.start_job(call, object, goal, None);
    snapshot.job = Some(job_id.clone());
    emulator.commit(call.environment, Change::Put(Box::new(snapshot)));
    Ok(emulator.accepted_action(&object, &job_id))
}

/// `DELETE` of machines, clusters and snapshots: a job; a repeated one answers the same job; a create under way is canceled.
pub fn delete(emulator: &mut Emulator, call: &Call<'_>, kind: Kind) -> Result<Reply, Refusal> {
    let mut object = emulator.named(call, kind, call.captured(0))?;
    emulator.check_etag(call, &object)?;
    let running = job_of(emulator.tenant(call.environment), &object).cloned();
    if let Some(job) = running {
        match job.goal {
            Goal::Delete { .. } => return Ok(emulator.accepted(&object, &job.id)),
            Goal::Create => emulator.cancel_job(call.environment, &job.id, call.at_ms, call.now),
            Goal::Start
            | Goal::Stop
            | Goal::Reboot
            | Goal::Resize { .. }
            | Goal::Snapshot { .. }
            | Goal::Scale { .. }
            | Goal::Purge(_) => return Err(busy(&object.id, &job.id)),
        }
    }
    let users = emulator.tenant(call.environment).users_of(&object);
    if !users.is_empty() {
        return Err(refuse(
            ErrorCode::ResourceInUse,
            format!("{} is in use.", object.id),
            json!({"resource_id": object.id, "by": users}),
        ));
    }
    if let Some(pending) = object.database().and_then(|database| database.pending.clone()) {
        emulator.cancel_job(call.environment, &pending.job_id, call.at_ms, call.now);
        object = emulator.named(call, kind, call.captured(0))?;
    }
    let before = object.status;
    object.status = Status::Deleting;
    let (object, job_id) = emulator.start_job(call, object, Goal::Delete { before }, None);
    Ok(emulator.accepted(&object, &job_id))
}
