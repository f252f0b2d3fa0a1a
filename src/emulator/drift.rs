//! Changes behind the client's back (contract.md 4.8, group "world"): what another person at the dashboard would do.
use serde_json::{Map, Value, json};
use smol_str::SmolStr;

use super::clock::Now;
use super::control::{Complaint, complain};
use super::core::Emulator;
use super::object::{Body, Kind, Object, Status};
use super::sense::DRIFTS;
use super::tenant::{Change, Environment};

/// `POST drift` with `{"id": …, "effect": delete | mutate | stop | start | rename | duplicate_name, …}`.
/// `environment` is `live` unless it says `test`.
pub fn apply(emulator: &mut Emulator, body: &Map<String, Value>, now: Now) -> Result<Value, Complaint> {
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let environment = match text("environment") {
        None | Some("live") => Environment::Live,
        Some("test") => Environment::Test,
        Some(_) => return Err(complain("environment must be live or test.")),
    };
    let id = text("id").ok_or_else(|| complain("id is missing."))?;
    let object = Kind::ALL.into_iter().find_map(|kind| emulator.tenant(environment).get(kind, id)).cloned();
    let object = object.ok_or_else(|| Complaint { status: 404, message: format!("There is no {id}.") })?;
    let at_ms = emulator.virtual_ms(now);
    let mut touched = object.id.clone();
    match text("effect") {
        Some("delete") => emulator.commit(environment, Change::Remove { kind: object.kind, id: object.id }),
        Some("stop" | "start") if object.machine().is_none() => {
            return Err(complain("only instances and servers are started and stopped."));
        }
        Some("stop") => emulator.change_object(environment, object, at_ms, |object| object.status = Status::Stopped),
        Some("start") => emulator.change_object(environment, object, at_ms, |object| object.status = Status::Running),
        Some("rename") => {
            let name = text("name").ok_or_else(|| complain("name is missing."))?;
            emulator.change_object(environment, object, at_ms, |object| object.name = SmolStr::from(name));
        }
        Some("duplicate_name") => touched = duplicate(emulator, environment, object, at_ms),
        Some("mutate") => {
            let member = text("member").ok_or_else(|| complain("member is missing."))?;
            let value = body.get("value").cloned().unwrap_or(Value::Null);
            let mut changed = object;
            mutate(&mut changed, member, &value)?;
            emulator.change_object(environment, changed, at_ms, |_| {});
        }
        Some(_) | None => {
            return Err(complain(format!("effect must be one of: {}.", DRIFTS.join(", "))));
        }
    }
    Ok(json!({"id": touched}))
}

/// A second object that looks the same.
fn duplicate(emulator: &mut Emulator, environment: Environment, object: Object, at_ms: i64) -> SmolStr {
    let mut copy = object;
    let key = copy.natural_key();
    let (id, ordinal) = emulator.tenant(environment).next_id(emulator.config.seed, environment, copy.kind, &key);
    copy.id = id.clone();
    copy.ordinal = ordinal;
    copy.created_ms = at_ms;
    copy.updated_ms = at_ms;
    copy.job = None;
    copy.version = 1;
    let address = emulator.tenant(environment).next_address(copy.kind, &id);
    if let Body::Machine(machine) = &mut copy.body {
        machine.ipv4 = machine.ipv4.map(|_| address);
    }
    emulator.commit(environment, Change::Put(Box::new(copy)));
    id
}

/// Sets one member, whatever the API itself would allow.
fn mutate(object: &mut Object, member: &str, value: &Value) -> Result<(), Complaint> {
    let text = || value.as_str().map(SmolStr::from).ok_or_else(|| complain(format!("{member} must be a string.")));
    let number = || super::fields::whole(value).ok_or_else(|| complain(format!("{member} must be an integer.")));
    match (member, &mut object.body) {
        ("name", _) => object.name = text()?,
        ("region", _) => object.region = text()?,
        ("status", _) => {
            let status = Status::parse(&text()?);
            object.status = status.ok_or_else(|| complain("status is none that objects have."))?;
        }
        ("type" | "plan", Body::Machine(machine)) => machine.size = text()?,
        ("image", Body::Machine(machine)) => machine.image = text()?,
        ("auto_backup", Body::Machine(machine)) => machine.auto_backup = value == &Value::Bool(true),
        ("ipv4", Body::Machine(machine)) => {
            let address = text()?.parse::<std::net::Ipv4Addr>();
            machine.ipv4 = Some(address.map_err(|_| complain("ipv4 must be an address."))?.into());
        }
        ("ssh_keys", Body::Machine(machine)) => {
            machine.ssh_keys =
                serde_json::from_value(value.clone()).map_err(|_| complain("ssh_keys must be a list of ids."))?;
        }
        ("tags", Body::Machine(machine)) => {
            machine.tags =
                serde_json::from_value(value.clone()).map_err(|_| complain("tags must be a map of strings."))?;
        }
        ("tier", Body::Database(database)) => database.tier = text()?,
        ("version", Body::Database(database)) => database.version = text()?,
        ("engine", Body::Database(database)) => database.engine = text()?,
        ("read_replicas", Body::Database(database)) => database.read_replicas = number()?,
        ("origin_url", Body::Zone(zone)) => zone.origin_url = text()?.to_string(),
        ("default_ttl_seconds", Body::Zone(zone)) => zone.default_ttl_seconds = number()?,
        ("priority", Body::Rule(rule)) => rule.priority = number()?,
        ("enabled", Body::Rule(rule)) => rule.enabled = value == &Value::Bool(true),
        ("match", Body::Rule(rule)) => rule.matches = value.clone(),
        ("action", Body::Rule(rule)) => rule.action = value.clone(),
        (
            _,
            Body::Machine(_) | Body::Database(_) | Body::Zone(_) | Body::Rule(_) | Body::Snapshot(_) | Body::SshKey(_),
        ) => return Err(complain(format!("{} has no member {member} that can be changed.", object.kind.as_str()))),
    }
    Ok(())
}
