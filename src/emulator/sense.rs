//! Faults and knobs that make no sense are refused when they are set, instead of never doing anything. Changes nothing.
use super::catalog::{self, REGIONS};
use super::clock::parse_rfc3339;
use super::config::Config;
use super::effects::{Effect, Instead, Listing, Shape, Work, World};
use super::faults::{Fault, Matcher};
use super::job::JOB_TYPES;
use super::object::Kind;
use super::routes::Door;
use crate::model::http::Method;

/// The changes behind the client's back, by the name of their effect.
pub const DRIFTS: [&str; 6] = ["delete", "stop", "start", "rename", "duplicate_name", "mutate"];

fn demand(makes_sense: bool, reason: impl Into<String>) -> Result<(), String> {
    if makes_sense { Ok(()) } else { Err(reason.into()) }
}

/// Why a fault could never happen, or not as it is meant.
///
/// # Errors
/// The reason, in words.
pub fn of_fault(fault: &Fault) -> Result<(), String> {
    of_matcher(&fault.matcher)?;
    demand(fault.times != Some(0), "times must be 1 or more")?;
    match &fault.effect {
        Effect::Instead(Instead::Status { status, .. }) => {
            demand((200..=599).contains(status), "status must be from 200 to 599")
        }
        Effect::Instead(Instead::ExpireAt { at }) => {
            demand(parse_rfc3339(at).is_some(), "at must be an instant like 2030-01-01T00:00:00Z")
        }
        Effect::Shape(Shape::DropMember { path }) => {
            demand(path.split('.').all(|member| !member.is_empty()), "path must be like data.*.ipv4")
        }
        Effect::Listing(Listing::ListLag { seconds }) => demand(*seconds >= 0, "seconds must be 0 or more"),
        Effect::Work(Work::JobSlow { factor }) => {
            demand(factor.is_finite() && *factor >= 0.0, "factor must be 0 or more")
        }
        Effect::World(world) => of_world(world),
        Effect::Wire(_) | Effect::Instead(_) | Effect::Shape(_) | Effect::Listing(_) | Effect::Work(_) => Ok(()),
    }
}

fn of_matcher(matcher: &Matcher) -> Result<(), String> {
    demand(matcher.surface != Some(Door::Control), "surface must be one of: c, p, sandbox")?;
    demand(matcher.nth != Some(0), "nth must be 1 or more")?;
    demand(matcher.every != Some(0), "every must be 1 or more")?;
    demand(matcher.p.is_none_or(|p| (0.0..=1.0).contains(&p)), "p must be from 0 to 1")?;
    demand(matcher.key.as_deref() != Some(""), "key must not be empty")?;
    let is_method = |word: &String| Method::parse(&word.to_uppercase()).is_some();
    demand(matcher.method.as_ref().is_none_or(is_method), "method must be one of: GET, POST, PUT, PATCH, DELETE")?;
    let is_path = |pattern: &String| {
        let before = pattern.split('*').next().unwrap_or_default();
        before.starts_with("/v1") || pattern.contains('*') && "/v1".starts_with(before)
    };
    demand(matcher.path.as_ref().is_none_or(is_path), "path must begin with /v1, or with * for any run of characters")
}

fn of_world(world: &World) -> Result<(), String> {
    match world {
        World::CapacitySet { region, size, .. } => of_place(&format!("{region}/{size}")),
        World::QuotaSet { kind, .. } => of_kind(kind),
        World::Drift(change) => {
            let text = |name: &str| change.get(name).and_then(serde_json::Value::as_str);
            demand(text("id").is_some(), "drift needs the id of an object")?;
            let known = text("effect").is_some_and(|effect| DRIFTS.contains(&effect));
            demand(known, format!("the effect of a drift must be one of: {}", DRIFTS.join(", ")))
        }
    }
}

/// A region and a size of `capacity.table`.
fn of_place(place: &str) -> Result<(), String> {
    let (region, size) = place.split_once('/').ok_or_else(|| format!("`{place}` must be REGION/SIZE"))?;
    demand(REGIONS.contains(&region), format!("there is no region {region}"))?;
    let sizes = [Kind::ComputeInstance, Kind::Server, Kind::Database].map(catalog::sizes).concat();
    demand(sizes.contains(&size), format!("there is no type, plan or tier {size}"))
}

fn of_kind(kind: &str) -> Result<(), String> {
    let kinds = Kind::ALL.map(Kind::as_str);
    demand(kinds.contains(&kind), format!("`{kind}` must be one of: {}", kinds.join(", ")))
}

/// What makes no sense in the maps of a configuration.
///
/// # Errors
/// The reason, in words.
pub fn of_maps(config: &Config) -> Result<(), String> {
    for place in config.capacity.table.keys() {
        of_place(place).map_err(|reason| format!("capacity.table: {reason}"))?;
    }
    for kind in config.quota.keys() {
        of_kind(kind).map_err(|reason| format!("quota: {reason}"))?;
    }
    for (job_type, seconds) in &config.delays.seconds {
        let types = JOB_TYPES.join(", ");
        demand(JOB_TYPES.contains(&job_type.as_str()), format!("delays: `{job_type}` must be one of: {types}"))?;
        demand(seconds.is_finite() && *seconds >= 0.0, format!("delays.{job_type} must be 0 or more"))?;
    }
    demand((0.0..=1.0).contains(&config.delays.tail.p), "delays.tail.p must be from 0 to 1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn what_can_never_happen_is_refused() {
        let faults = [
            (json!({"effect": "hang", "match": {"p": 2}}), "p must"),
            (json!({"effect": "hang", "match": {"nth": 0}}), "nth must"),
            (json!({"effect": "hang", "match": {"every": 0}}), "every must"),
            (json!({"effect": "hang", "match": {"method": "FETCH"}}), "method must"),
            (json!({"effect": "hang", "match": {"path": "servers"}}), "path must"),
            (json!({"effect": "hang", "match": {"path": "/servers*"}}), "path must"),
            (json!({"effect": "hang", "match": {"surface": "control"}}), "surface must"),
            (json!({"effect": "hang", "match": {"key": ""}}), "key must"),
            (json!({"effect": "hang", "times": 0}), "times must"),
            (json!({"effect": {"status": {"status": 99}}}), "status must"),
            (json!({"effect": {"expire_at": {"at": "yesterday"}}}), "at must"),
            (json!({"effect": {"drop_member": {"path": "data..x"}}}), "path must"),
            (json!({"effect": {"list_lag": {"seconds": -1}}}), "seconds must"),
            (json!({"effect": {"job_slow": {"factor": -1}}}), "factor must"),
            (json!({"effect": {"capacity_set": {"region": "mars-1", "size": "standard-8", "limit": 0}}}), "no region"),
            (json!({"effect": {"capacity_set": {"region": "eu-west-2", "size": "x", "limit": 0}}}), "tier x"),
            (json!({"effect": {"quota_set": {"kind": "servers", "limit": 1}}}), "must be one of"),
            (json!({"effect": {"drift": {"id": "srv_1", "effect": "explode"}}}), "must be one of"),
        ];
        for (fault, reason) in faults {
            let fault: Fault = serde_json::from_value(fault).expect("a fault");
            let told = of_fault(&fault).expect_err(reason);
            assert!(told.contains(reason), "{told}");
        }
        for matcher in
            [json!({"path": "*"}), json!({"path": "/*/servers"}), json!({"path": "/v1/servers", "method": "get"})]
        {
            let fault: Fault = serde_json::from_value(json!({"effect": "hang", "match": matcher})).expect("a fault");
            assert_eq!(of_fault(&fault), Ok(()), "{fault:?}");
        }
    }

    #[test]
    fn maps_name_what_there_is() {
        for (knob, value) in [
            ("capacity.table.eu-west-2", json!(1)),
            ("capacity.table.mars-1/standard-8", json!(1)),
            ("quota.servers", json!(1)),
            ("delays.server.creat", json!(1)),
            ("delays.server.create", json!(-1)),
            ("delays.tail.p", json!(2)),
            ("meta.style", json!("no")),
        ] {
            let told = Config::default().with_value(knob, value).expect_err(knob);
            let (name, _) = knob.split_once('.').unwrap_or((knob, ""));
            assert!(told.contains(name), "{knob}: {told}");
        }
        for (knob, value) in
            [("capacity.table.eu-west-2/memory-4x32", 1), ("quota.cdn_zone", 0), ("delays.server.create", 0)]
        {
            let told = Config::default().with_value(knob, Value::from(value));
            assert!(told.is_ok(), "{knob}: {told:?}");
        }
    }
}
