//! What an assertion sees: `plan`, `outputs` and `resources` as values. Their types are those of `program::suites`.

use crate::apply::Holdings;
use crate::desired::{Output, Outputs};
use crate::model::{Address, Attributes, Ident, Key, Value};
use crate::plan::{Action, Plan, Step};
use crate::program::STEPS;
use crate::state::Snapshot;
use indexmap::IndexMap;
use smol_str::SmolStr;
use std::collections::BTreeMap;

fn object(members: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    Value::object(members.into_iter().map(|(name, value)| (SmolStr::new_static(name), value)).collect())
}

/// What is planned for one address.
struct Change<'p> {
    action: &'static str,
    reason: &'p str,
    kind: &'p Ident,
    changed: Vec<Value>,
    before: Value,
    after: Value,
}

/// `plan`
pub fn plan(plan: &Plan) -> Value {
    let changes = changes(plan);
    let mut counts: BTreeMap<SmolStr, i64> = STEPS.iter().map(|name| (SmolStr::new_static(name), 0)).collect();
    for change in changes.values() {
        *counts.entry(SmolStr::new_static(change.action)).or_default() += 1;
    }
    counts.insert(SmolStr::new_static("unchanged"), i64::try_from(plan.unchanged).unwrap_or(i64::MAX));
    let counts = Value::object(counts.into_iter().map(|(name, count)| (name, Value::int(count))).collect());
    let entry = |(address, change): (&Address, Change<'_>)| {
        let value = object([
            ("address", Value::string(&address.to_string())),
            ("kind", Value::string(change.kind.as_str())),
            ("action", Value::string(change.action)),
            ("reason", Value::string(change.reason)),
            ("changed", Value::list(change.changed)),
            ("before", change.before),
            ("after", change.after),
        ]);
        (Key::text(&address.to_string()), value)
    };
    let warnings = plan.warnings.0.iter().map(|warning| {
        object([("code", Value::string(warning.code.id)), ("message", Value::string(&warning.message))])
    });
    object([
        ("counts", counts),
        ("is_empty", Value::Bool(!plan.has_changes())),
        ("warnings", Value::list(warnings.collect())),
        ("changes", Value::map(changes.into_iter().map(entry).collect())),
    ])
}

fn changes(plan: &Plan) -> BTreeMap<&Address, Change<'_>> {
    let mut all: BTreeMap<&Address, Change<'_>> = BTreeMap::new();
    for (_, step) in plan.steps.order().filter(|(_, step)| !step.deposed || step.twin.is_some()) {
        let one = change(step);
        match all.get_mut(&step.address) {
            None => _ = all.insert(&step.address, one),
            Some(before) => {
                before.changed.extend(one.changed);
                if before.before.is_null() {
                    before.before = one.before;
                }
                if !one.after.is_null() {
                    before.after = one.after;
                }
            }
        }
    }
    all
}

fn change(step: &Step) -> Change<'_> {
    let paths = step.changes.iter().map(|change| Value::string(&change.path.join(".")));
    Change {
        action: if step.twin.is_some() { "replace" } else { word(&step.action) },
        reason: &step.reason.text,
        kind: &step.address.kind,
        changed: paths.collect(),
        before: all(&step.before),
        after: all(&step.after),
    }
}

fn word(action: &Action) -> &'static str {
    match action {
        Action::Create => "create",
        Action::Update(_) => "update",
        Action::Destroy => "destroy",
        Action::Forget => "forget",
        Action::Read => "read",
        Action::Run => "run",
        Action::Adopt(_) => "adopt",
        Action::Wait(_) => "wait",
        Action::Note => "note",
    }
}

fn all(attributes: &Attributes) -> Value {
    if attributes.is_empty() {
        return Value::Null;
    }
    Value::object(attributes.iter().map(|(name, value)| (name.0.clone(), value.clone())).collect())
}

/// `outputs`
pub fn outputs(outputs: &IndexMap<Ident, Output>) -> Value {
    Value::object(outputs.iter().map(|(name, output)| (name.0.clone(), output.value.clone())).collect())
}

/// `resources`
pub fn resources(snapshot: &Snapshot, holdings: &Holdings) -> Value {
    let entries = snapshot.records.values().map(|record| {
        let attributes = all(holdings.attributes(&record.address).unwrap_or(&record.observed));
        let value = object([
            ("kind", Value::string(record.kind.as_str())),
            ("id", Value::string(record.id.as_str())),
            ("attributes", attributes),
        ]);
        (Key::text(&record.address.to_string()), value)
    });
    Value::map(entries.collect())
}
