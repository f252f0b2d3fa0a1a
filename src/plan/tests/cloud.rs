//! A small simulated cloud with a memory: obeys a plan step by step and complains when the order was wrong.

use super::super::{Action, Live, Options, Plan, ReplaceOrder, Step, plan, reads, settled, wanted};
use super::program::catalog;
use crate::desired::{Desired, Instance, Outputs};
use crate::diag::Diagnostics;
use crate::model::{Address, Attributes, Ident, Key, NodeId, Observed, RemoteId, Timestamp, Type, Value};
use crate::provider::{Kind, Presence};
use crate::state::{ActionRecord, Condition, Record, Snapshot, StoredOutput};
use std::collections::BTreeMap;

#[derive(Clone, Debug, Default)]
pub struct World {
    pub snapshot: Snapshot,
    pub objects: BTreeMap<Ident, BTreeMap<RemoteId, Observed>>,
    made: u32,
}

struct Holdings<'a>(&'a World);

/// Owned outputs of every record, made anew for each step: small tests only.
struct Owned(BTreeMap<Address, Attributes>);

impl Outputs for Owned {
    fn attributes(&self, address: &Address) -> Option<&Attributes> {
        self.0.get(address)
    }
}

impl Holdings<'_> {
    fn all(&self) -> Owned {
        let records = self.0.snapshot.records.values().filter_map(|record| {
            let kind = catalog().kind(&record.kind)?;
            Some((record.address.clone(), settled(kind, &record.applied, &record.observed)))
        });
        Owned(records.collect())
    }
}

impl World {
    /// All that a list of every kind in use tells.
    pub fn live(&self, desired: &Desired) -> Live {
        let wanted = reads(desired, &self.snapshot, &Live::default(), catalog()).expect("reads");
        let mut live = Live::default();
        for list in wanted.lists {
            for (id, object) in self.objects.get(&list.kind).into_iter().flatten() {
                if list.parent.iter().all(|(name, id)| text(&object.attributes, name.as_str()) == id.as_str()) {
                    live.objects.entry(list.kind.clone()).or_default().insert(id.clone(), object.clone());
                }
            }
            live.listed.insert(list);
        }
        let again = reads(desired, &self.snapshot, &live, catalog()).expect("reads");
        assert!(again.lists.is_empty() && again.objects.is_empty(), "reads end: {again:?}");
        live
    }

    pub fn plan(&self, desired: &Desired, options: &Options) -> Result<Plan, Diagnostics> {
        plan(desired, &self.snapshot, &self.live(desired), catalog(), options)
    }

    /// Obeys up to so many steps, as a run that is cut off.
    pub fn apply_first(&mut self, desired: &Desired, plan: &Plan, steps: usize) {
        for (node, step) in plan.steps.order().take(steps) {
            self.step(desired, plan, node, step, &mut Vec::new());
        }
    }

    /// Obeys; every violated rule is a text.
    pub fn apply(&mut self, desired: &Desired, plan: &Plan) -> Vec<String> {
        let mut wrong = Vec::new();
        self.snapshot = super::super::moved(&plan.moves, &self.snapshot).into_owned();
        for (node, step) in plan.steps.order() {
            self.step(desired, plan, node, step, &mut wrong);
        }
        let outputs = Holdings(self).all();
        if let Some(resolver) = &desired.resolver.0 {
            let outputs = resolver.outputs(&outputs).expect("outputs");
            self.snapshot.outputs = outputs
                .into_iter()
                .map(|(name, output)| (name, StoredOutput { value: output.value, secret: output.secret }))
                .collect();
        } else {
            self.snapshot.outputs.clear();
        }
        wrong
    }

    fn resolved(&self, desired: &Desired, step: &Step) -> Option<(Instance, crate::state::Remembered)> {
        let node = step.desired?;
        let instance = desired.resolve(node, &Holdings(self).all()).expect("resolves");
        let before = self.snapshot.records.get(&step.address).map(|record| &record.lifecycle);
        let remembered = super::super::remembered(desired, node, &instance, before);
        Some((instance, remembered))
    }

    fn step(&mut self, desired: &Desired, plan: &Plan, node: NodeId, step: &Step, wrong: &mut Vec<String>) {
        let resolved = self.resolved(desired, step);
        match (&step.action, resolved) {
            (Action::Create, Some((instance, lifecycle))) => {
                if let Some(twin) = step.twin {
                    let other = plan.steps.node(twin.step).twin.expect("both halves are tied");
                    if other.step != node || other.order != twin.order {
                        wrong.push(format!("{}: the halves do not match", step.address));
                    }
                    if twin.order == ReplaceOrder::CreateFirst {
                        let old = self.snapshot.records.remove(&step.address).expect("a predecessor");
                        self.snapshot.deposed.entry(step.address.clone()).or_default().push(old);
                    }
                }
                self.create(step, &instance, lifecycle, wrong);
            }
            (Action::Update(operations), Some((instance, lifecycle))) => {
                self.update(step, operations, &instance, lifecycle, wrong);
            }
            (Action::Note, Some((instance, lifecycle))) => {
                let kind = catalog().kind(&step.address.kind).expect("kind");
                let record = self.snapshot.records.get_mut(&step.address).expect("a record");
                record.applied = wanted(kind, &instance, &step.before, &record.applied);
                record.observed.clone_from(&step.before);
                record.lifecycle = lifecycle;
            }
            (Action::Note, None) => {
                let record = self.snapshot.records.get_mut(&step.address).expect("a record");
                record.observed.clone_from(&step.before);
            }
            (Action::Adopt(id), Some((instance, lifecycle))) => {
                let kind = catalog().kind(&step.address.kind).expect("kind");
                let observed = self.objects[&kind.name][id].clone();
                let applied = wanted(kind, &instance, &observed.attributes, &Attributes::new());
                self.remember(&step.address, &observed, applied, lifecycle);
            }
            (Action::Destroy, _) => self.destroy(step, wrong),
            (Action::Forget, _) => {
                self.snapshot.records.remove(&step.address);
            }
            (Action::Run, Some((instance, lifecycle))) => {
                if !instance.is_known() {
                    wrong.push(format!("{} runs before its arguments are known", step.address));
                }
                let record = ActionRecord {
                    kind: step.address.kind.clone(),
                    applied: instance.values(),
                    triggers: lifecycle.triggers,
                    at: Timestamp(0),
                };
                self.snapshot.actions.insert(step.address.clone(), record);
            }
            (action, _) => wrong.push(format!("{}: {action:?} is not simulated", step.address)),
        }
    }

    fn create(
        &mut self,
        step: &Step,
        instance: &Instance,
        lifecycle: crate::state::Remembered,
        wrong: &mut Vec<String>,
    ) {
        if !instance.is_known() {
            wrong.push(format!("{} is made before what it refers to", step.address));
        }
        if step.changes.is_empty() && step.twin.is_none() {
            wrong.push(format!("{} is made without attributes", step.address));
        }
        let kind = catalog().kind(&step.address.kind).expect("kind");
        let values = wanted(kind, instance, &Attributes::new(), &Attributes::new());
        self.made += 1;
        let mut attributes = Attributes::new();
        for (name, attribute) in &kind.attributes {
            let given = values.get(name).filter(|_| attribute.presence != Presence::Computed && attribute.sent);
            let value = given.cloned().unwrap_or_else(|| invented(kind, name.as_str(), &attribute.ty, self.made));
            attributes.insert(name.clone(), value);
        }
        if let Some(stamp) = &kind.stamp {
            let mut marked = match attributes.get(stamp) {
                Some(Value::Map(entries)) => (**entries).clone(),
                _ => BTreeMap::new(),
            };
            marked.insert(Key::text("cnx_op"), Value::string("nonce"));
            attributes.insert(stamp.clone(), Value::map(marked));
        }
        attributes.remove("maintenance_window");
        self.check_unique(kind, &attributes, &step.address, wrong);
        let id = RemoteId::new(text(&attributes, "id"));
        let observed = Observed { id, attributes, status: None, current_job: None, etag: None };
        self.objects.entry(kind.name.clone()).or_default().insert(observed.id.clone(), observed.clone());
        self.snapshot.records.remove(&step.address);
        self.remember(&step.address, &observed, values, lifecycle);
    }

    fn check_unique(&self, kind: &Kind, attributes: &Attributes, address: &Address, wrong: &mut Vec<String>) {
        let key = |attributes: &Attributes| super::super::identity::key_of(kind, attributes);
        let taken = |object: &&Observed| key(&object.attributes) == key(attributes);
        if kind.natural_key_unique && self.objects.get(&kind.name).is_some_and(|all| all.values().any(|o| taken(&o))) {
            wrong.push(format!("{address} is made while its name is taken"));
        }
    }

    fn remember(
        &mut self,
        address: &Address,
        observed: &Observed,
        applied: Attributes,
        lifecycle: crate::state::Remembered,
    ) {
        let record = Record {
            address: address.clone(),
            kind: address.kind.clone(),
            id: observed.id.clone(),
            applied,
            observed: observed.attributes.clone(),
            status: None,
            condition: Condition::Ready,
            quarantine: None,
            lifecycle,
            created: Timestamp(0),
            updated: Timestamp(0),
        };
        assert!(self.snapshot.records.insert(address.clone(), record).is_none(), "{address} has an object already");
    }

    fn update(
        &mut self,
        step: &Step,
        operations: &[Ident],
        instance: &Instance,
        lifecycle: crate::state::Remembered,
        wrong: &mut Vec<String>,
    ) {
        if !instance.is_known() || operations.is_empty() {
            wrong.push(format!("{} is updated by {operations:?}, known: {}", step.address, instance.is_known()));
        }
        let kind = catalog().kind(&step.address.kind).expect("kind");
        let record = self.snapshot.records.get_mut(&step.address).expect("a record");
        let object = self.objects.get_mut(&kind.name).and_then(|all| all.get_mut(&record.id)).expect("an object");
        let values = wanted(kind, instance, &object.attributes, &record.applied);
        for attribute in kind.attributes.values() {
            let Some(value) = values.get(&attribute.name) else { continue };
            let by = super::super::diff::operation_for(attribute, value);
            if by.is_some_and(|operation| operations.contains(operation)) {
                object.attributes.insert(attribute.name.clone(), value.clone());
            }
        }
        object.attributes.insert(Ident::new("updated_at"), Value::string("later"));
        if let Some(plan) = values.get("plan") {
            object.attributes.insert(Ident::new("specs"), plan.clone());
        }
        record.observed.clone_from(&object.attributes);
        record.applied = values;
        record.lifecycle = lifecycle;
    }

    fn destroy(&mut self, step: &Step, wrong: &mut Vec<String>) {
        let id = step.id.as_ref().expect("an id");
        let first = step.twin.is_some_and(|twin| twin.order == ReplaceOrder::DestroyFirst);
        let user = self.snapshot.records.values().find(|record| refers(record, id));
        if let Some(user) = user.filter(|user| !first && !user.applied.contains_key("source_id")) {
            wrong.push(format!("{} ({id}) is destroyed while {} refers to it", step.address, user.address));
        }
        if self.objects.get_mut(&step.address.kind).and_then(|all| all.remove(id)).is_none() {
            wrong.push(format!("{} ({id}) is not there", step.address));
        }
        if self.snapshot.records.get(&step.address).is_some_and(|record| record.id == *id) {
            self.snapshot.records.remove(&step.address);
        }
        if let Some(deposed) = self.snapshot.deposed.get_mut(&step.address) {
            deposed.retain(|record| record.id != *id);
        }
    }
}

fn refers(record: &Record, id: &RemoteId) -> bool {
    record.applied.values().any(|value| mentions(value, id.as_str()))
}

fn mentions(value: &Value, id: &str) -> bool {
    match value {
        Value::String(text) => text == id,
        Value::Set(items) => items.iter().any(|item| mentions(item, id)),
        Value::List(items) => items.iter().any(|item| mentions(item, id)),
        _ => false,
    }
}

pub fn text<'a>(attributes: &'a Attributes, name: &str) -> &'a str {
    attributes.get(name).and_then(Value::as_str).unwrap_or("")
}

fn invented(kind: &Kind, name: &str, ty: &Type, made: u32) -> Value {
    match (name, ty.required()) {
        ("id", _) => Value::string(&format!("{}{made}", kind.id_prefix)),
        ("status" | "desired_status", _) => Value::string("running"),
        ("specs", _) => Value::string(&format!("specs-{made}")),
        _ if ty.is_optional() => Value::Null,
        (_, Type::String) => Value::string(&format!("{name}-{made}")),
        (_, Type::Int | Type::Number) => Value::int(i64::from(made)),
        (_, Type::Bool) => Value::Bool(true),
        _ => Value::Null,
    }
}
