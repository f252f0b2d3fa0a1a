//! Objects and jobs as the API shows them (schemas of cloudnexus.openapi.yaml). In the documented profiles only the
//! members that the seeds show; `None` of the outer option leaves a member out.
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use serde::Serialize;
use serde_json::{Value, json};

use super::catalog;
use super::clock::rfc3339;
use super::config::Profile;
use super::job::Job;
use super::object::{Body, Database, Kind, Machine, Object, Rule, Snapshot, SshKey, Zone};

/// An object in the shape of its kind.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum View<'a> {
    Instance(InstanceView<'a>),
    Server(ServerView<'a>),
    Database(Box<DatabaseView<'a>>),
    Zone(ZoneView<'a>),
    Rule(RuleView<'a>),
    Snapshot(SnapshotView<'a>),
    SshKey(SshKeyView<'a>),
}

type Extra<T> = Option<T>;

#[derive(Clone, Debug, Serialize)]
pub struct InstanceView<'a> {
    id: &'a str,
    name: &'a str,
    r#type: &'a str,
    region: &'a str,
    status: &'a str,
    ipv4: Option<String>,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Extra<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ssh_keys: Extra<&'a [smol_str::SmolStr]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Extra<&'a BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    current_job_id: Extra<Option<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Extra<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct ServerView<'a> {
    id: &'a str,
    name: &'a str,
    status: &'a str,
    region: &'a str,
    specs: Specs,
    ipv4: Option<String>,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Extra<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Extra<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ssh_keys: Extra<&'a [smol_str::SmolStr]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auto_backup: Extra<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    current_job_id: Extra<Option<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Extra<String>,
}

/// B:44.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Specs {
    pub cpu: u32,
    pub ram_gb: u32,
    pub storage_gb: u32,
}

#[derive(Clone, Debug, Serialize)]
pub struct DatabaseView<'a> {
    id: &'a str,
    name: &'a str,
    engine: &'a str,
    version: &'a str,
    region: &'a str,
    tier: &'a str,
    read_replicas: i64,
    status: &'a str,
    automated_backups: bool,
    point_in_time_recovery: bool,
    endpoint: Option<Value>,
    pending_scale: Option<Value>,
    current_job_id: Option<&'a str>,
    created_at: String,
    updated_at: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct ZoneView<'a> {
    id: &'a str,
    domain: &'a str,
    origin_url: &'a str,
    default_ttl_seconds: i64,
    edge_hostname: String,
    status: &'a str,
    created_at: String,
    updated_at: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct RuleView<'a> {
    id: &'a str,
    zone_id: &'a str,
    name: &'a str,
    priority: i64,
    enabled: bool,
    r#match: &'a Value,
    action: &'a Value,
    created_at: String,
    updated_at: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct SnapshotView<'a> {
    id: &'a str,
    name: &'a str,
    source: Value,
    region: &'a str,
    size_gb: Option<i64>,
    status: &'a str,
    created_at: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct SshKeyView<'a> {
    id: &'a str,
    name: &'a str,
    public_key: &'a str,
    fingerprint: &'a str,
    created_at: String,
}

/// The object as a profile shows it.
pub fn view(object: &Object, profile: Profile) -> View<'_> {
    match &object.body {
        Body::Machine(machine) if object.kind == Kind::ComputeInstance => instance(object, machine, profile.is_full()),
        Body::Machine(machine) => server(object, machine, profile.is_full()),
        Body::Database(database) => View::Database(Box::new(self::database(object, database))),
        Body::Zone(zone) => self::zone(object, zone),
        Body::Rule(rule) => self::rule(object, rule),
        Body::Snapshot(snapshot) => self::snapshot(object, snapshot),
        Body::SshKey(key) => ssh_key(object, key),
    }
}

fn address(machine: &Machine) -> Option<String> {
    machine.ipv4.map(|address| Ipv4Addr::from(address).to_string())
}

fn instance<'a>(object: &'a Object, machine: &'a Machine, full: bool) -> View<'a> {
    View::Instance(InstanceView {
        id: &object.id,
        name: &object.name,
        r#type: &machine.size,
        region: &object.region,
        status: object.status.as_str(),
        ipv4: address(machine),
        created_at: rfc3339(object.created_ms),
        image: full.then_some(machine.image.as_str()),
        ssh_keys: full.then_some(machine.ssh_keys.as_slice()),
        tags: full.then_some(&machine.tags),
        current_job_id: full.then_some(object.job.as_deref()),
        updated_at: full.then(|| rfc3339(object.updated_ms)),
    })
}

fn server<'a>(object: &'a Object, machine: &'a Machine, full: bool) -> View<'a> {
    View::Server(ServerView {
        id: &object.id,
        name: &object.name,
        status: object.status.as_str(),
        region: &object.region,
        specs: catalog::plan_specs(&machine.size),
        ipv4: address(machine),
        created_at: rfc3339(object.created_ms),
        plan: full.then_some(machine.size.as_str()),
        image: full.then_some(machine.image.as_str()),
        ssh_keys: full.then_some(machine.ssh_keys.as_slice()),
        auto_backup: full.then_some(machine.auto_backup),
        current_job_id: full.then_some(object.job.as_deref()),
        updated_at: full.then(|| rfc3339(object.updated_ms)),
    })
}

fn database<'a>(object: &'a Object, database: &'a Database) -> DatabaseView<'a> {
    let endpoint = database.ready.then(|| {
        let port = catalog::engine_port(&database.engine);
        json!({"host": format!("{}.db.cloudnexus.example", object.id.replace('_', "-")), "port": port})
    });
    let pending_scale = database.pending.as_ref().map(|pending| {
        json!({
            "job_id": pending.job_id, "new_tier": pending.new_tier, "read_replicas": pending.read_replicas,
            "maintenance_window": rfc3339(pending.window_ms),
        })
    });
    DatabaseView {
        id: &object.id,
        name: &object.name,
        engine: &database.engine,
        version: &database.version,
        region: &object.region,
        tier: &database.tier,
        read_replicas: database.read_replicas,
        status: object.status.as_str(),
        automated_backups: true,
        point_in_time_recovery: true,
        endpoint,
        pending_scale,
        current_job_id: object.job.as_deref(),
        created_at: rfc3339(object.created_ms),
        updated_at: rfc3339(object.updated_ms),
    }
}

fn zone<'a>(object: &'a Object, zone: &'a Zone) -> View<'a> {
    View::Zone(ZoneView {
        id: &object.id,
        domain: &zone.domain,
        origin_url: &zone.origin_url,
        default_ttl_seconds: zone.default_ttl_seconds,
        edge_hostname: format!("{}.cdn.cloudnexus.example", object.id.replace('_', "-")),
        status: object.status.as_str(),
        created_at: rfc3339(object.created_ms),
        updated_at: rfc3339(object.updated_ms),
    })
}

fn rule<'a>(object: &'a Object, rule: &'a Rule) -> View<'a> {
    View::Rule(RuleView {
        id: &object.id,
        zone_id: &rule.zone_id,
        name: &object.name,
        priority: rule.priority,
        enabled: rule.enabled,
        r#match: &rule.matches,
        action: &rule.action,
        created_at: rfc3339(object.created_ms),
        updated_at: rfc3339(object.updated_ms),
    })
}

fn snapshot<'a>(object: &'a Object, snapshot: &'a Snapshot) -> View<'a> {
    View::Snapshot(SnapshotView {
        id: &object.id,
        name: &object.name,
        source: json!({"type": snapshot.source_kind.as_str(), "id": snapshot.source_id}),
        region: &object.region,
        size_gb: snapshot.size_gb,
        status: object.status.as_str(),
        created_at: rfc3339(object.created_ms),
    })
}

fn ssh_key<'a>(object: &'a Object, key: &'a SshKey) -> View<'a> {
    View::SshKey(SshKeyView {
        id: &object.id,
        name: &object.name,
        public_key: &key.public_key,
        fingerprint: &key.fingerprint,
        created_at: rfc3339(object.created_ms),
    })
}

/// A job at an instant.
#[derive(Clone, Debug, Serialize)]
pub struct JobView<'a> {
    id: &'a str,
    r#type: String,
    status: &'a str,
    progress: i64,
    resource: Value,
    result: Value,
    error: Value,
    created_at: String,
    scheduled_for: Option<String>,
    started_at: Option<String>,
    finished_at: Option<String>,
}

/// The job as it stands at a virtual time.
pub fn job(job: &Job, at_ms: i64) -> JobView<'_> {
    let error = job.end.as_ref().and_then(|end| end.error.as_ref());
    JobView {
        id: &job.id,
        r#type: job.goal.job_type(job.kind),
        status: job.status(at_ms),
        progress: job.progress(at_ms),
        resource: json!({"type": job.kind.as_str(), "id": job.resource_id}),
        result: job.end.as_ref().and_then(|end| end.result.as_deref()).cloned().unwrap_or(Value::Null),
        error: error.map_or(
            Value::Null,
            |error| json!({"code": error.code, "message": error.message, "details": error.details}),
        ),
        created_at: rfc3339(job.created_ms),
        scheduled_for: job.scheduled_ms.map(rfc3339),
        started_at: job.started_ms(at_ms).map(rfc3339),
        finished_at: job.end.as_ref().map(|end| rfc3339(end.at_ms)),
    }
}
