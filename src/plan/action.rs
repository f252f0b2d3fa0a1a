//! The decision about an action and about a data source: run it, read it, or neither.

use super::identity::fitting;
use super::managed::waiting;
use super::outputs::source_outputs;
use super::planner::{Planner, unknown_kind};
use super::types::{Action, ListRead, Reason, ReasonCode};
use super::unit::{self, Unit};
use super::values::{awaited, settled};
use super::{codes, guard, memory};
use crate::desired::Instance;
use crate::diag::Diagnostic;
use crate::model::{Address, Attributes, Ident, NodeId, RemoteId, Type, Value};
use crate::provider::{Catalog, Kind};
use crate::state::ActionRecord;
use std::borrow::Cow;
use std::collections::BTreeMap;

impl<'a> Planner<'a> {
    /// An action runs at first, when its arguments change and when its triggers do.
    pub(super) fn action(&mut self, node: NodeId, address: &'a Address, instance: &Instance) {
        let mut unit = Unit { node: Some(node), ..Unit::new(address) };
        guard::conditions(instance, &mut unit.problems);
        let Some(action) = self.inputs.catalog.actions.get(&address.kind) else {
            unit.problems.push(unknown_kind(address, Some(instance.span)));
            return self.keep(unit);
        };
        if let Some(open) = self.open.get(address) {
            unit.forward = open.iter().map(|open| waiting(&unit, open, Some(node))).collect();
            return self.keep(unit);
        }
        let arguments = instance.values();
        let record = self.inputs.snapshot.actions.get(address);
        if let Some(reason) = self.why_run(node, instance, &arguments, record) {
            let mut step = unit::blank(address, Action::Run, reason);
            unit::charge(&mut step, &action.operation, self.inputs.options.speed);
            step.desired = Some(node);
            step.before = record.map(|record| record.applied.clone()).unwrap_or_default();
            step.changes = super::diff::argument_changes(instance, &step.before, &arguments);
            step.after = arguments;
            unit.forward.push(step);
        }
        if unit.has_steps() || !unit.problems.is_empty() {
            self.keep(unit);
        }
    }

    fn why_run(
        &self,
        node: NodeId,
        instance: &Instance,
        arguments: &Attributes,
        record: Option<&ActionRecord>,
    ) -> Option<Reason> {
        let reason = |code, text: String| Some(Reason { code, text, span: Some(instance.span) });
        if self.inputs.options.run.iter().any(|pattern| pattern.matches(&instance.address)) {
            return Some(Reason {
                code: ReasonCode::RunRequested,
                text: "asked for with `cnx run`".to_owned(),
                span: None,
            });
        }
        let Some(record) = record else { return reason(ReasonCode::FirstRun, "never ran yet".to_owned()) };
        let given = |attributes: &Attributes| -> Attributes {
            attributes.iter().filter(|(_, value)| !value.is_null()).map(|(n, v)| (n.clone(), v.clone())).collect()
        };
        let triggers = &instance.lifecycle.triggers;
        if given(arguments) == given(&record.applied)
            && memory::is_steady(self.inputs.catalog, &record.triggers, triggers)
        {
            return None;
        }
        let desired = &self.inputs.desired.graph;
        let mut dependencies = desired.dependencies(node).into_iter();
        let made = dependencies.find(|dependency| {
            self.unit(*dependency).is_some_and(|unit| unit.forward.iter().any(|step| step.action == Action::Create))
        });
        if let Some(dependency) = made {
            let replaced = self.unit(dependency).is_some_and(|unit| unit.replacement.is_some());
            let what = if replaced { "is replaced" } else { "is created" };
            return reason(ReasonCode::TriggerReplaced, format!("{} {what}", desired.node(dependency).address));
        }
        if given(arguments) == given(&record.applied) {
            return reason(ReasonCode::TriggersChanged, "a trigger changed".to_owned());
        }
        reason(ReasonCode::ArgumentsChanged, "its arguments changed".to_owned())
    }

    /// A data source is known when its object was read; it waits when its arguments do.
    pub(super) fn data(&mut self, node: NodeId, address: &'a Address, instance: &Instance) {
        let mut unit = Unit { node: Some(node), ..Unit::new(address) };
        guard::conditions(instance, &mut unit.problems);
        let known = match self.inputs.catalog.kind(&address.kind) {
            Some(kind) => self.look_up(&mut unit, kind, instance),
            None => source_outputs(self.inputs.live, address),
        };
        match known {
            Some(attributes) => self.outputs.set(node, Cow::Owned(attributes)),
            None if unit.problems.has_errors() => {}
            None => {
                let reason = Reason {
                    code: ReasonCode::ReadDuringApply,
                    text: "its arguments are known after apply".to_owned(),
                    span: Some(instance.span),
                };
                let mut step = unit::blank(address, Action::Read, reason);
                (step.desired, step.after, step.requests) = (Some(node), instance.values(), 1);
                unit.forward.push(step);
                self.outputs.set(node, Cow::Owned(unread(self.inputs.catalog, address)));
            }
        }
        if unit.has_steps() || !unit.problems.is_empty() {
            self.keep(unit);
        }
    }

    /// An object of a kind, by whatever of it is given. `None` without a complaint: not read yet.
    fn look_up(&self, unit: &mut Unit<'a>, kind: &Kind, instance: &Instance) -> Option<Attributes> {
        let given = instance.values();
        if !given.values().all(Value::is_known) || !self.was_listed(kind, &given) {
            return None;
        }
        let found = fitting(kind, &given, self.inputs.live);
        let complain = |code, message: String, help: &str| {
            Diagnostic::new(code, message).at(instance.span, "looked for here").help(help)
        };
        match found.as_slice() {
            [(_, attributes)] => Some(settled(kind, &Attributes::new(), attributes)),
            [] => {
                let message = format!("no {} has what {} asks for", kind.name, instance.address);
                unit.problems.push(complain(
                    &codes::LOOKUP_EMPTY,
                    message,
                    "check the values, the environment and the key",
                ));
                None
            }
            several => {
                let ids: Vec<&str> = several.iter().take(5).map(|(id, _)| id.as_str()).collect();
                let message = format!("{} fits {} objects: {}", instance.address, several.len(), ids.join(", "));
                unit.problems.push(complain(
                    &codes::LOOKUP_AMBIGUOUS,
                    message,
                    "give its id, or more of its attributes",
                ));
                None
            }
        }
    }

    fn was_listed(&self, kind: &Kind, given: &Attributes) -> bool {
        let mut parent = BTreeMap::new();
        if let Some(name) = &kind.parent {
            let Some(id) = given.get(name).and_then(Value::as_str) else { return false };
            parent.insert(name.clone(), RemoteId::new(id));
        }
        self.inputs.live.listed.contains(&ListRead { kind: kind.name.clone(), parent })
    }
}

/// What a data source will tell once it is read.
fn unread(catalog: &Catalog, address: &Address) -> Attributes {
    if let Some(source) = catalog.sources.get(&address.kind).and_then(|source| source.items.as_ref()) {
        let items = Ident::new("items");
        let value = awaited(address, &items, &Type::list(source.clone()));
        return Attributes::from([(items, value)]);
    }
    let attributes = catalog.attributes_of(address.kind.as_str()).into_iter().flatten();
    attributes.map(|(name, attribute)| (name.clone(), awaited(address, name, &attribute.ty))).collect()
}
