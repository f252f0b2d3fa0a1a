//! The snapshot's parts as stored: records, open operations, runs of actions, outputs. JSON, read back strictly.

use super::journal::*;
use super::wire_value::*;
use crate::model::{Ident, JobId, Observed, RemoteId, Timestamp, Value};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

type WireAttributes = BTreeMap<String, Json>;

#[derive(Serialize, Deserialize)]
pub struct RememberedWire {
    protect: bool,
    retain: bool,
    create_before_destroy: bool,
    replace_when: Vec<Json>,
    triggers: Vec<Json>,
    dependencies: Vec<String>,
}

impl RememberedWire {
    pub fn of(lifecycle: &Remembered) -> RememberedWire {
        RememberedWire {
            protect: lifecycle.protect,
            retain: lifecycle.retain,
            create_before_destroy: lifecycle.create_before_destroy,
            replace_when: lifecycle.replace_when.iter().map(to_wire).collect(),
            triggers: lifecycle.triggers.iter().map(to_wire).collect(),
            dependencies: lifecycle.dependencies.iter().map(address_to_wire).collect(),
        }
    }

    pub fn read(&self) -> Option<Remembered> {
        Some(Remembered {
            protect: self.protect,
            retain: self.retain,
            create_before_destroy: self.create_before_destroy,
            replace_when: values(&self.replace_when)?,
            triggers: values(&self.triggers)?,
            dependencies: self.dependencies.iter().map(|text| address_from_wire(text)).collect::<Option<_>>()?,
        })
    }
}

fn values(wire: &[Json]) -> Option<Vec<Value>> {
    wire.iter().map(from_wire).collect()
}

#[derive(Serialize, Deserialize)]
pub struct ObservedWire {
    id: String,
    attributes: WireAttributes,
    status: Option<String>,
    current_job: Option<String>,
    etag: Option<String>,
}

impl ObservedWire {
    pub fn of(observed: &Observed) -> ObservedWire {
        ObservedWire {
            id: observed.id.to_string(),
            attributes: attributes_to_wire(&observed.attributes),
            status: observed.status.clone(),
            current_job: observed.current_job.as_ref().map(JobId::to_string),
            etag: observed.etag.clone(),
        }
    }

    pub fn read(&self) -> Option<Observed> {
        Some(Observed {
            id: RemoteId::new(&self.id),
            attributes: attributes_from_wire(&self.attributes)?,
            status: self.status.clone(),
            current_job: self.current_job.as_deref().map(JobId::new),
            etag: self.etag.clone(),
        })
    }
}

#[derive(Serialize, Deserialize)]
enum PurposeWire {
    Create,
    Update(Vec<String>),
    Delete,
    Run,
}

#[derive(Serialize, Deserialize)]
pub struct IntentWire {
    operation: u64,
    address: String,
    kind: String,
    purpose: PurposeWire,
    id: Option<String>,
    nonce: String,
    idempotency_key: String,
    fingerprint: String,
    inputs_hash: String,
    wanted: WireAttributes,
    lifecycle: RememberedWire,
    epoch: u64,
    attempt: u32,
    #[serde(default)]
    surveyed: bool,
    at: Timestamp,
}

impl IntentWire {
    pub fn of(intent: &Intent) -> IntentWire {
        IntentWire {
            operation: intent.operation.0,
            address: address_to_wire(&intent.address),
            kind: intent.kind.to_string(),
            purpose: match &intent.purpose {
                Purpose::Create => PurposeWire::Create,
                Purpose::Update(names) => PurposeWire::Update(names.iter().map(Ident::to_string).collect()),
                Purpose::Delete => PurposeWire::Delete,
                Purpose::Run => PurposeWire::Run,
            },
            id: intent.id.as_ref().map(RemoteId::to_string),
            nonce: intent.nonce.0.clone(),
            idempotency_key: intent.idempotency_key.clone(),
            fingerprint: intent.fingerprint.clone(),
            inputs_hash: intent.inputs_hash.clone(),
            wanted: attributes_to_wire(&intent.wanted),
            lifecycle: RememberedWire::of(&intent.lifecycle),
            epoch: intent.epoch,
            attempt: intent.attempt,
            surveyed: intent.surveyed,
            at: intent.at,
        }
    }

    pub fn read(&self) -> Option<Intent> {
        Some(Intent {
            operation: OperationId(self.operation),
            address: address_from_wire(&self.address)?,
            kind: Ident::new(&self.kind),
            purpose: match &self.purpose {
                PurposeWire::Create => Purpose::Create,
                PurposeWire::Update(names) => Purpose::Update(names.iter().map(|name| Ident::new(name)).collect()),
                PurposeWire::Delete => Purpose::Delete,
                PurposeWire::Run => Purpose::Run,
            },
            id: self.id.as_deref().map(RemoteId::new),
            nonce: Nonce(self.nonce.clone()),
            idempotency_key: self.idempotency_key.clone(),
            fingerprint: self.fingerprint.clone(),
            inputs_hash: self.inputs_hash.clone(),
            wanted: attributes_from_wire(&self.wanted)?,
            lifecycle: self.lifecycle.read()?,
            epoch: self.epoch,
            attempt: self.attempt,
            surveyed: self.surveyed,
            at: self.at,
        })
    }
}

#[derive(Serialize, Deserialize)]
enum ConditionWire {
    Ready,
    Pending(u64),
    Tainted(String),
}

#[derive(Serialize, Deserialize)]
pub struct RecordWire {
    address: String,
    kind: String,
    id: String,
    applied: WireAttributes,
    observed: WireAttributes,
    status: Option<String>,
    condition: ConditionWire,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quarantine: Option<String>,
    lifecycle: RememberedWire,
    created: Timestamp,
    updated: Timestamp,
}

impl RecordWire {
    pub fn of(record: &Record) -> RecordWire {
        RecordWire {
            address: address_to_wire(&record.address),
            kind: record.kind.to_string(),
            id: record.id.to_string(),
            applied: attributes_to_wire(&record.applied),
            observed: attributes_to_wire(&record.observed),
            status: record.status.clone(),
            condition: match &record.condition {
                Condition::Ready => ConditionWire::Ready,
                Condition::Pending(operation) => ConditionWire::Pending(operation.0),
                Condition::Tainted(why) => ConditionWire::Tainted(why.clone()),
            },
            quarantine: record.quarantine.clone(),
            lifecycle: RememberedWire::of(&record.lifecycle),
            created: record.created,
            updated: record.updated,
        }
    }

    pub fn read(&self) -> Option<Record> {
        Some(Record {
            address: address_from_wire(&self.address)?,
            kind: Ident::new(&self.kind),
            id: RemoteId::new(&self.id),
            applied: attributes_from_wire(&self.applied)?,
            observed: attributes_from_wire(&self.observed)?,
            status: self.status.clone(),
            condition: match &self.condition {
                ConditionWire::Ready => Condition::Ready,
                ConditionWire::Pending(operation) => Condition::Pending(OperationId(*operation)),
                ConditionWire::Tainted(why) => Condition::Tainted(why.clone()),
            },
            quarantine: self.quarantine.clone(),
            lifecycle: self.lifecycle.read()?,
            created: self.created,
            updated: self.updated,
        })
    }
}

#[derive(Serialize, Deserialize)]
pub struct OpenWire {
    intent: IntentWire,
    job: Option<String>,
    id: Option<String>,
    candidates: Vec<String>,
    asked: bool,
}

impl OpenWire {
    pub fn of(open: &Open) -> OpenWire {
        OpenWire {
            intent: IntentWire::of(&open.intent),
            job: open.job.as_ref().map(JobId::to_string),
            id: open.id.as_ref().map(RemoteId::to_string),
            candidates: open.candidates.iter().map(RemoteId::to_string).collect(),
            asked: open.asked,
        }
    }

    pub fn read(&self) -> Option<Open> {
        Some(Open {
            intent: self.intent.read()?,
            job: self.job.as_deref().map(JobId::new),
            id: self.id.as_deref().map(RemoteId::new),
            candidates: self.candidates.iter().map(|id| RemoteId::new(id)).collect(),
            asked: self.asked,
        })
    }
}

#[derive(Serialize, Deserialize)]
pub struct ActionWire {
    kind: String,
    applied: WireAttributes,
    triggers: Vec<Json>,
    at: Timestamp,
}

impl ActionWire {
    pub fn of(action: &ActionRecord) -> ActionWire {
        ActionWire {
            kind: action.kind.to_string(),
            applied: attributes_to_wire(&action.applied),
            triggers: action.triggers.iter().map(to_wire).collect(),
            at: action.at,
        }
    }

    pub fn read(&self) -> Option<ActionRecord> {
        Some(ActionRecord {
            kind: Ident::new(&self.kind),
            applied: attributes_from_wire(&self.applied)?,
            triggers: values(&self.triggers)?,
            at: self.at,
        })
    }
}

#[derive(Serialize, Deserialize)]
pub struct TombstoneWire {
    address: String,
    kind: String,
    nonce: String,
    fingerprint: String,
    at: Timestamp,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    surveyed: bool,
}

impl TombstoneWire {
    pub fn of(tombstone: &Tombstone) -> TombstoneWire {
        TombstoneWire {
            address: address_to_wire(&tombstone.address),
            kind: tombstone.kind.to_string(),
            nonce: tombstone.nonce.0.clone(),
            fingerprint: tombstone.fingerprint.clone(),
            at: tombstone.at,
            surveyed: tombstone.surveyed,
        }
    }

    pub fn read(&self) -> Option<Tombstone> {
        Some(Tombstone {
            address: address_from_wire(&self.address)?,
            kind: Ident::new(&self.kind),
            nonce: Nonce(self.nonce.clone()),
            fingerprint: self.fingerprint.clone(),
            at: self.at,
            surveyed: self.surveyed,
        })
    }
}

#[derive(Serialize, Deserialize)]
pub struct PinWire {
    urls: BTreeMap<String, String>,
    account: String,
}

impl PinWire {
    pub fn of(pin: &Pin) -> PinWire {
        let urls = pin.urls.iter().map(|(surface, url)| (surface.to_string(), url.clone())).collect();
        PinWire { urls, account: pin.account.clone() }
    }

    pub fn read(&self) -> Pin {
        let urls = self.urls.iter().map(|(surface, url)| (Ident::new(surface), url.clone())).collect();
        Pin { urls, account: self.account.clone() }
    }
}

#[derive(Serialize, Deserialize)]
pub struct OutputWire {
    value: Json,
    secret: bool,
}

impl OutputWire {
    pub fn of(output: &StoredOutput) -> OutputWire {
        OutputWire { value: to_wire(&output.value), secret: output.secret }
    }

    pub fn read(&self) -> Option<StoredOutput> {
        Some(StoredOutput { value: from_wire(&self.value)?, secret: self.secret })
    }
}

pub fn ids_to_wire<'a>(ids: impl IntoIterator<Item = &'a RemoteId>) -> Vec<String> {
    ids.into_iter().map(RemoteId::to_string).collect()
}

pub fn ids_from_wire<C: FromIterator<RemoteId>>(ids: &[String]) -> C {
    ids.iter().map(|id| RemoteId::new(id)).collect()
}

/// Outputs by name.
pub fn outputs_to_wire(outputs: &BTreeMap<Ident, StoredOutput>) -> BTreeMap<String, OutputWire> {
    outputs.iter().map(|(name, output)| (name.to_string(), OutputWire::of(output))).collect()
}

pub fn outputs_from_wire(wire: &BTreeMap<String, OutputWire>) -> Option<BTreeMap<Ident, StoredOutput>> {
    wire.iter().map(|(name, output)| Some((Ident::new(name), output.read()?))).collect()
}

/// Ids as a sorted set.
pub fn id_set(ids: &[String]) -> BTreeSet<RemoteId> {
    ids_from_wire(ids)
}
