//! What the emulated cloud holds: objects of seven kinds, with what they have in common and what they have not.
//! Knows no request.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use smol_str::SmolStr;

use super::collection::{Entry, Facet};

/// The kinds of objects (contract.md section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    ComputeInstance,
    Server,
    Database,
    CdnZone,
    CdnRoutingRule,
    Snapshot,
    SshKey,
}

impl Kind {
    pub const ALL: [Kind; 7] = [
        Kind::ComputeInstance,
        Kind::Server,
        Kind::Database,
        Kind::CdnZone,
        Kind::CdnRoutingRule,
        Kind::Snapshot,
        Kind::SshKey,
    ];

    /// The resource type as jobs and errors name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::ComputeInstance => "compute_instance",
            Kind::Server => "server",
            Kind::Database => "database",
            Kind::CdnZone => "cdn_zone",
            Kind::CdnRoutingRule => "cdn_routing_rule",
            Kind::Snapshot => "snapshot",
            Kind::SshKey => "ssh_key",
        }
    }

    /// Prefix of the ids and number of digits after it (4.9).
    pub fn id_form(self) -> (&'static str, usize) {
        match self {
            Kind::ComputeInstance => ("inst_", 16),
            Kind::Server => ("srv_", 10),
            Kind::Database => ("db_", 10),
            Kind::CdnZone => ("zone_", 10),
            Kind::CdnRoutingRule => ("rule_", 10),
            Kind::Snapshot => ("snap_", 12),
            Kind::SshKey => ("key_", 12),
        }
    }
}

/// Every status that an object can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Provisioning,
    Running,
    Stopped,
    Scaling,
    Failed,
    Deleting,
    Active,
    Creating,
    Available,
}

impl Status {
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Provisioning => "provisioning",
            Status::Running => "running",
            Status::Stopped => "stopped",
            Status::Scaling => "scaling",
            Status::Failed => "failed",
            Status::Deleting => "deleting",
            Status::Active => "active",
            Status::Creating => "creating",
            Status::Available => "available",
        }
    }

    pub fn parse(text: &str) -> Option<Status> {
        [
            Status::Provisioning,
            Status::Running,
            Status::Stopped,
            Status::Scaling,
            Status::Failed,
            Status::Deleting,
            Status::Active,
            Status::Creating,
            Status::Available,
        ]
        .into_iter()
        .find(|status| status.as_str() == text)
    }
}

/// One object. Times are virtual, in Unix milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Object {
    pub id: SmolStr,
    pub kind: Kind,
    pub name: SmolStr,
    /// Empty where the kind has no region.
    pub region: SmolStr,
    pub status: Status,
    pub created_ms: i64,
    pub updated_ms: i64,
    /// Counts visible changes; part of the ETag.
    pub version: u32,
    /// Number of this object among those of its natural key (4.9).
    pub ordinal: u32,
    /// The job that works on it.
    pub job: Option<SmolStr>,
    pub body: Body,
}

/// What only one kind has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// Of instances and servers.
    Machine(Box<Machine>),
    Database(Box<Database>),
    Zone(Box<Zone>),
    Rule(Box<Rule>),
    Snapshot(Box<Snapshot>),
    SshKey(Box<SshKey>),
}

/// An instance (`size` is its type) or a server (`size` is its plan).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    pub size: SmolStr,
    pub image: SmolStr,
    pub ssh_keys: Vec<SmolStr>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    pub auto_backup: bool,
    pub ipv4: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Database {
    pub engine: SmolStr,
    pub version: SmolStr,
    pub tier: SmolStr,
    pub read_replicas: i64,
    pub ready: bool,
    pub pending: Option<PendingScale>,
}

/// A scale that waits for its maintenance window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PendingScale {
    pub job_id: SmolStr,
    pub new_tier: SmolStr,
    pub read_replicas: i64,
    pub window_ms: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Zone {
    pub domain: SmolStr,
    pub origin_url: String,
    pub default_ttl_seconds: i64,
    /// What the edge has cached: path and entity tag.
    pub cached: Vec<(String, String)>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    pub zone_id: SmolStr,
    pub priority: i64,
    pub enabled: bool,
    pub matches: Value,
    pub action: Value,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    pub source_kind: Kind,
    pub source_id: SmolStr,
    pub size_gb: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SshKey {
    pub public_key: String,
    pub fingerprint: SmolStr,
}

impl Object {
    /// Strong validator (4.7): version and eight characters of the id.
    pub fn etag(&self) -> String {
        let suffix = self.id.split_once('_').map_or(self.id.as_str(), |(_, suffix)| suffix);
        let head: String = suffix.chars().chain(std::iter::repeat('0')).take(8).collect();
        format!("\"{}-{head}\"", self.version)
    }

    /// What it takes up in its region: type, plan or tier.
    pub fn size(&self) -> Option<&SmolStr> {
        match &self.body {
            Body::Machine(machine) => Some(&machine.size),
            Body::Database(database) => Some(&database.tier),
            Body::Zone(_) | Body::Rule(_) | Body::Snapshot(_) | Body::SshKey(_) => None,
        }
    }

    /// The natural key that ids are made of (4.9, 2.1, 2.2).
    pub fn natural_key(&self) -> String {
        match &self.body {
            Body::Machine(_) | Body::Database(_) => format!("{}/{}", self.region, self.name),
            Body::Zone(zone) => zone.domain.to_string(),
            Body::Rule(rule) => format!("{}/{}", rule.zone_id, self.name),
            Body::Snapshot(snapshot) => format!("{}/{}", snapshot.source_id, self.created_ms),
            Body::SshKey(key) => key.fingerprint.to_string(),
        }
    }

    pub fn machine(&self) -> Option<&Machine> {
        if let Body::Machine(machine) = &self.body { Some(machine) } else { None }
    }

    pub fn database(&self) -> Option<&Database> {
        if let Body::Database(database) = &self.body { Some(database) } else { None }
    }

    pub fn zone(&self) -> Option<&Zone> {
        if let Body::Zone(zone) = &self.body { Some(zone) } else { None }
    }

    pub fn rule(&self) -> Option<&Rule> {
        if let Body::Rule(rule) = &self.body { Some(rule) } else { None }
    }
}

/// The facet of a rule's priority in its zone.
pub fn priority_facet(zone_id: &str, priority: i64) -> Facet {
    Facet::Unique(SmolStr::from(format!("{zone_id}#{priority}")))
}

/// The facet of a rule's name in its zone.
pub fn rule_name_facet(zone_id: &str, name: &str) -> Facet {
    Facet::Unique(SmolStr::from(format!("{zone_id}/{name}")))
}

impl Entry for Object {
    fn id(&self) -> &SmolStr {
        &self.id
    }

    fn sort(&self) -> i64 {
        if let Body::Rule(rule) = &self.body { rule.priority } else { self.created_ms }
    }

    fn facets(&self) -> Vec<Facet> {
        let status = self.status;
        match &self.body {
            Body::Machine(_) | Body::Database(_) => {
                let mut facets = vec![
                    Facet::Status(status),
                    Facet::Region(self.region.clone()),
                    Facet::RegionStatus(self.region.clone(), status),
                    Facet::Name(self.name.clone()),
                ];
                let tags = self.machine().into_iter().flat_map(|machine| &machine.tags);
                if let Some(machine) = self.machine().filter(|machine| machine.image.starts_with("snap_")) {
                    // Only while it is being created does the snapshot have to stay.
                    facets.extend((self.status == Status::Provisioning).then(|| Facet::Parent(machine.image.clone())));
                }
                facets.extend(tags.map(|(key, value)| Facet::Tag(SmolStr::from(format!("{key}:{value}")))));
                facets
            }
            Body::Zone(zone) => vec![Facet::Unique(zone.domain.clone())],
            Body::Rule(rule) => vec![
                Facet::Parent(rule.zone_id.clone()),
                priority_facet(&rule.zone_id, rule.priority),
                rule_name_facet(&rule.zone_id, &self.name),
            ],
            Body::Snapshot(_) => vec![Facet::Region(self.region.clone())],
            Body::SshKey(key) => vec![Facet::Unique(key.fingerprint.clone()), Facet::Name(self.name.clone())],
        }
    }

    fn slot(&self) -> Option<(SmolStr, SmolStr)> {
        if self.status == Status::Failed {
            return None;
        }
        self.size().map(|size| (self.region.clone(), size.clone()))
    }
}
