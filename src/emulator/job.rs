//! Jobs: what they do, how long they take and which status they show at an instant (contract.md 4.3).
//! Changes no object; `settle.rs` does.
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use smol_str::SmolStr;

use super::clock::Clock;
use super::collection::{Entry, Facet};
use super::config::Config;
use super::errors::ErrorBody;
use super::ids;
use super::object::{Kind, Status};

/// How long a finished job can be read, in real time (contract.md 2.7).
pub const RETENTION_MS: i64 = 24 * 3600 * 1000;

/// Every job's type.
pub const JOB_TYPES: [&str; 19] = [
    "instance.create",
    "instance.start",
    "instance.stop",
    "instance.reboot",
    "instance.resize",
    "instance.snapshot",
    "instance.delete",
    "server.create",
    "server.start",
    "server.stop",
    "server.reboot",
    "server.resize",
    "server.snapshot",
    "server.delete",
    "database.create",
    "database.scale",
    "database.delete",
    "snapshot.delete",
    "cdn_zone.purge",
];

/// What a job does to its object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    Create,
    Start,
    Stop,
    Reboot,
    Resize {
        size: SmolStr,
    },
    Snapshot {
        snapshot_id: SmolStr,
    },
    /// `before` is the status to go back to when the deletion fails.
    Delete {
        before: Status,
    },
    Scale {
        tier: SmolStr,
        read_replicas: i64,
    },
    Purge(Box<PurgeOrder>),
}

/// What a purge takes off the edge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PurgeOrder {
    pub paths: Vec<String>,
    pub etag: Option<String>,
}

impl Goal {
    /// The second half of the job's type, and the documented delay in seconds (4.3).
    fn verb_and_seconds(&self, kind: Kind) -> (&'static str, f64, f64) {
        let database = kind == Kind::Database;
        match self {
            Goal::Create if database => ("create", 60.0, 180.0),
            Goal::Create => ("create", 15.0, 45.0),
            Goal::Start => ("start", 3.0, 8.0),
            Goal::Stop => ("stop", 3.0, 8.0),
            Goal::Reboot => ("reboot", 5.0, 12.0),
            Goal::Resize { .. } => ("resize", 20.0, 60.0),
            Goal::Snapshot { .. } => ("snapshot", 20.0, 90.0),
            Goal::Delete { .. } if database => ("delete", 15.0, 30.0),
            Goal::Delete { .. } => ("delete", 5.0, 15.0),
            Goal::Scale { .. } => ("scale", 45.0, 120.0),
            Goal::Purge(_) => ("purge", 1.0, 10.0),
        }
    }

    pub fn is_delete(&self) -> bool {
        matches!(self, Goal::Delete { .. })
    }

    /// `server.create`, `cdn_zone.purge`, …
    pub fn job_type(&self, kind: Kind) -> String {
        let family = if kind == Kind::ComputeInstance { "instance" } else { kind.as_str() };
        format!("{family}.{}", self.verb_and_seconds(kind).0)
    }
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    Succeeded,
    Failed,
    Canceled,
}

/// One job. `*_ms` are virtual times but `key_*` and `real_*`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    pub id: SmolStr,
    pub kind: Kind,
    pub resource_id: SmolStr,
    pub goal: Goal,
    /// Which key started it.
    pub owner: u64,
    pub created_ms: i64,
    pub scheduled_ms: Option<i64>,
    pub duration_ms: i64,
    /// The error that it will end with.
    pub doom: Option<Box<ErrorBody>>,
    /// The object takes the change although the job fails.
    #[serde(default)]
    pub partial: bool,
    pub end: Option<End>,
}

/// The end of a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct End {
    pub at_ms: i64,
    pub ending: Ending,
    pub result: Option<Box<Value>>,
    pub error: Option<Box<ErrorBody>>,
    /// Real time when it was noticed; it is forgotten 24 h later.
    pub real_ms: i64,
}

impl Job {
    /// When the work begins.
    pub fn start_ms(&self) -> i64 {
        self.scheduled_ms.unwrap_or(self.created_ms)
    }

    /// When the work is done.
    pub fn due_ms(&self) -> i64 {
        self.start_ms().saturating_add(self.duration_ms)
    }

    /// Queued lasts two seconds or a tenth of the whole, whichever is less.
    fn queued_ms(&self) -> i64 {
        (self.duration_ms / 10).min(2000)
    }

    /// The status at an instant.
    pub fn status(&self, at_ms: i64) -> &'static str {
        match &self.end {
            Some(End { ending: Ending::Succeeded, .. }) => "succeeded",
            Some(End { ending: Ending::Failed, .. }) => "failed",
            Some(End { ending: Ending::Canceled, .. }) => "canceled",
            None if at_ms < self.start_ms() => "scheduled",
            None if at_ms < self.start_ms() + self.queued_ms() => "queued",
            None => "running",
        }
    }

    /// Percent at an instant; 100 only when it has ended.
    pub fn progress(&self, at_ms: i64) -> i64 {
        if self.end.is_some() {
            return 100;
        }
        let elapsed = at_ms.saturating_sub(self.start_ms()).max(0);
        (elapsed.saturating_mul(100) / self.duration_ms.max(1)).min(99)
    }

    /// When it began to run, as far as it did.
    pub fn started_ms(&self, at_ms: i64) -> Option<i64> {
        let begin = self.start_ms() + self.queued_ms();
        let until = self.end.as_ref().map_or(at_ms, |end| end.at_ms);
        (begin <= until).then_some(begin)
    }
}

/// How long a job takes: uniform in the documented range, from the seed and its id (4.3).
pub fn duration_ms(config: &Config, clock: &Clock, goal: &Goal, kind: Kind, job_id: &str) -> i64 {
    if clock.is_instant() {
        return 0;
    }
    let (_, least, most) = goal.verb_and_seconds(kind);
    let seed = config.seed.to_string();
    let mut seconds = least + (most - least) * ids::fraction(&[&seed, job_id]);
    if let Some(fixed) = config.delays.seconds.get(&goal.job_type(kind)) {
        seconds = *fixed;
    }
    if ids::fraction(&[&seed, job_id, "tail"]) < config.delays.tail.p {
        seconds *= config.delays.tail.factor;
    }
    (seconds.max(0.0) * 1000.0) as i64
}

/// The result of a goal that was reached.
pub fn result_of(goal: &Goal, purged_objects: usize) -> Option<Box<Value>> {
    match goal {
        Goal::Snapshot { snapshot_id } => Some(Box::new(json!({"snapshot_id": snapshot_id}))),
        Goal::Purge(_) => Some(Box::new(json!({"purged_objects": purged_objects}))),
        Goal::Create
        | Goal::Start
        | Goal::Stop
        | Goal::Reboot
        | Goal::Resize { .. }
        | Goal::Delete { .. }
        | Goal::Scale { .. } => None,
    }
}

impl Entry for Job {
    fn id(&self) -> &SmolStr {
        &self.id
    }

    fn sort(&self) -> i64 {
        self.created_ms
    }

    fn facets(&self) -> Vec<Facet> {
        vec![Facet::Parent(self.resource_id.clone()), Facet::Owner(self.owner)]
    }

    fn slot(&self) -> Option<(SmolStr, SmolStr)> {
        None
    }
}
