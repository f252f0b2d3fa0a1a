//! The decision about one declared resource: make it, adopt it, change it, replace it, wait for it, or leave it.

use super::diff::{Diff, Subject, creation, diff, follow_up};
use super::planner::{Inputs, Planner, tainted};
use super::types::{Action, Reason, ReasonCode, ReplaceOrder};
use super::unit::{self, Unit};
use super::values::{planned, wanted};
use super::{codes, drift, guard, lost, memory};
use crate::desired::Instance;
use crate::diag::Diagnostic;
use crate::model::{Attributes, Ident, NodeId, RemoteId, Value};
use crate::provider::Kind;
use crate::state::{Open, Purpose, Record};
use std::borrow::Cow;

impl<'a> Planner<'a> {
    /// There is no object: one is adopted, or made.
    pub(super) fn new_object(&mut self, mut unit: Unit<'a>, kind: &'a Kind, instance: &Instance, reason: Reason) {
        let Some(node) = unit.node else { return };
        let after = wanted(kind, instance, &Attributes::new(), &Attributes::new());
        let (asked, exact) = (instance.lifecycle.adopt, self.inputs.options.adopt_exact);
        if asked || exact || kind.natural_key_unique {
            let found = self.strangers.named(kind, &after, self.inputs.live);
            match found.as_slice() {
                [(id, attributes)] if asked || exact && agrees(kind, instance, attributes) => {
                    let reason = Reason {
                        code: ReasonCode::NaturalKeyExists,
                        text: format!("{id} has its natural key"),
                        span: Some(instance.span),
                    };
                    self.adopt(unit, kind, instance, id, attributes, reason);
                    return;
                }
                [] => {}
                _ if !asked && !kind.natural_key_unique => {}
                several => unit.problems.push(taken(kind, instance, several)),
            }
        }
        if unit.record.is_none() {
            // Where objects are adopted by their names, that was told already.
            let is_told = asked || exact;
            let named = if is_told { Vec::new() } else { self.strangers.named(kind, &after, self.inputs.live) };
            let made = self.strangers.made_for(kind, &lost::home(&self.inputs, unit.address), self.inputs.live);
            unit.problems.0.extend(lost::complaint(&self.inputs, unit.address, kind, instance, made, &named));
        }
        unit.forward = self.making(node, kind, instance, reason, &after);
        unit.forward[0].changes = creation(kind, instance, &after);
        self.outputs.set(node, Cow::Owned(planned(kind, unit.address, &after, None)));
        self.keep(unit);
    }

    /// Create, and what the create request can't carry.
    fn making(
        &self,
        node: NodeId,
        kind: &Kind,
        instance: &Instance,
        reason: Reason,
        after: &Attributes,
    ) -> Vec<super::Step> {
        let speed = self.inputs.options.speed;
        let mut steps = vec![unit::create(kind, &instance.address, reason.clone(), node, after.clone(), speed)];
        let operations = follow_up(kind, after);
        if !operations.is_empty() {
            let update = unit::Update {
                operations,
                id: None,
                changes: Vec::new(),
                before: Attributes::new(),
                after: after.clone(),
            };
            steps.push(unit::update(kind, &instance.address, reason, Some(node), update, speed));
        }
        steps
    }

    /// The object that stands there comes under management, and is changed to what is wanted.
    pub(super) fn adopt(
        &mut self,
        mut unit: Unit<'a>,
        kind: &'a Kind,
        instance: &Instance,
        id: &RemoteId,
        standing: &'a Attributes,
        reason: Reason,
    ) {
        let Some(node) = unit.node else { return };
        let mut step = unit::blank(unit.address, Action::Adopt(id.clone()), reason.clone());
        (step.id, step.desired, step.requests) = (Some(id.clone()), Some(node), 1);
        step.before = standing.clone();
        let none = Attributes::new();
        let found = diff(Subject { kind, instance, live: standing, applied: &none, observed: standing });
        unit.problems.append(found.complaints.clone());
        if found.forces_replacement() {
            unit.problems.push(
                Diagnostic::new(&codes::EXISTS, format!("{id} differs from {} where it cannot change", unit.address))
                    .at(instance.span, "would be adopted")
                    .help("write what the object is, or take `adopt` out of its lifecycle"),
            );
        }
        let after = wanted(kind, instance, standing, &none);
        step.after = after.clone();
        unit.forward.push(step);
        if found.operations.is_empty() {
            self.stands(node, kind, &after, standing, false);
        } else {
            self.outputs.set(node, Cow::Owned(planned(kind, unit.address, &after, Some(standing))));
            let update = unit::Update {
                operations: found.operations,
                id: Some(id.clone()),
                changes: found.changes,
                before: standing.clone(),
                after,
            };
            let reason = Reason { code: ReasonCode::AttributesChanged, text: reason.text, span: reason.span };
            unit.forward.push(unit::update(kind, unit.address, reason, Some(node), update, self.inputs.options.speed));
        }
        self.keep(unit);
    }

    /// Operations of earlier runs are open: nothing else is decided about the address now.
    pub(super) fn wait(&mut self, mut unit: Unit<'a>, kind: &Kind, open: &[&'a Open], record: Option<&Record>) {
        let Some(node) = unit.node else { return };
        unit.forward = open.iter().map(|open| waiting(&unit, open, Some(node))).collect();
        let create = open.iter().find(|open| open.intent.purpose == Purpose::Create);
        let nothing = Attributes::new();
        let meant = create.map_or(&nothing, |open| &open.intent.wanted);
        let applied = record.map_or(meant, |record| &record.applied);
        let mut attributes = planned(kind, unit.address, applied, record.map(|record| &record.observed));
        let made = create.and_then(|open| open.id.as_ref());
        if let Some(id) = made.or(record.map(|record| &record.id)) {
            attributes.insert(Ident::new("id"), Value::string(id.as_str()));
        }
        self.outputs.set(node, Cow::Owned(attributes));
        self.keep(unit);
    }

    /// There is an object: it stays, changes or is replaced.
    pub(super) fn existing(
        &mut self,
        mut unit: Unit<'a>,
        kind: &'a Kind,
        instance: &Instance,
        record: &'a Record,
        standing: &'a Attributes,
    ) {
        let Some(node) = unit.node else { return };
        let subject = Subject { kind, instance, live: standing, applied: &record.applied, observed: &record.observed };
        let found = diff(subject);
        drift::drift(unit.address, subject, &found.changes, &mut self.drift);
        unit.problems.append(found.complaints.clone());
        let replaces = why_replace(self.inputs, record, instance, &found);
        if replaces.is_some() || !found.operations.is_empty() {
            guard::against_strangers(Some(kind), record, standing, self.inputs.options, &mut unit.problems);
            let what = if replaces.is_some() { "replaced" } else { "updated" };
            guard::against_guesses(record, what, self.inputs.options, &mut unit.problems);
        }
        if replaces.is_none() {
            guard::protection_ends(record, instance, &mut unit.problems);
        }
        if let Some(reason) = replaces {
            self.replace(unit, kind, instance, record, standing, found, reason);
        } else if !found.operations.is_empty() {
            let after = wanted(kind, instance, standing, &record.applied);
            self.outputs.set(node, Cow::Owned(planned(kind, unit.address, &after, Some(standing))));
            let names: Vec<&str> = found.operations.iter().map(Ident::as_str).collect();
            let reason = Reason {
                code: ReasonCode::AttributesChanged,
                text: format!("update in place ({})", names.join(", ")),
                span: found.changes.first().and_then(|change| change.span),
            };
            let update = unit::Update {
                operations: found.operations,
                id: Some(record.id.clone()),
                changes: found.changes,
                before: standing.clone(),
                after,
            };
            unit.forward.push(unit::update(kind, unit.address, reason, Some(node), update, self.inputs.options.speed));
            self.keep(unit);
        } else {
            self.unchanged += 1;
            let inputs = self.inputs;
            if !memory::is_remembered(inputs.catalog, kind, record, inputs.desired, node, instance) {
                unit.forward.push(note(
                    &unit,
                    instance,
                    record,
                    standing,
                    wanted(kind, instance, standing, &record.applied),
                ));
                self.stands(node, kind, &unit.forward[0].after, standing, found.exact);
            } else {
                self.stands(node, kind, &record.applied, standing, found.exact);
            }
            if unit.has_steps() || !unit.problems.is_empty() {
                self.keep(unit);
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one decision's facts, each of another type")]
    fn replace(
        &mut self,
        mut unit: Unit<'a>,
        kind: &'a Kind,
        instance: &Instance,
        record: &'a Record,
        standing: &Attributes,
        found: Diff,
        reason: Reason,
    ) {
        let Some(node) = unit.node else { return };
        let settings = &self.inputs.desired.settings;
        guard::against_destroying(
            Some(kind),
            record,
            Some(instance),
            true,
            settings,
            self.inputs.options,
            &mut unit.problems,
        );
        let after = wanted(kind, instance, &Attributes::new(), &Attributes::new());
        let retain = instance.lifecycle.retain;
        let order = self.order(&mut unit, node, kind, instance);
        let order = if retain { ReplaceOrder::DestroyFirst } else { order };
        unit.forward = self.making(node, kind, instance, reason.clone(), &after);
        unit.forward[0].changes = found.changes;
        let speed = self.inputs.options.speed;
        unit.ending = Some(unit::ending(Some(kind), record, standing, retain, reason, speed));
        unit.replacement = Some(order);
        self.outputs.set(node, Cow::Owned(planned(kind, unit.address, &after, None)));
        self.keep(unit);
    }
}

/// The step that waits for an open operation.
pub(super) fn waiting(unit: &Unit<'_>, open: &Open, node: Option<NodeId>) -> super::Step {
    let reason = Reason {
        code: ReasonCode::OpenOperation,
        text: "an operation of an earlier run is still open".to_owned(),
        span: None,
    };
    let mut step = unit::blank(unit.address, Action::Wait(open.intent.operation), reason);
    let own = open.id.as_ref().or(open.intent.id.as_ref());
    step.id = own.cloned().or_else(|| unit.record.map(|record| record.id.clone()));
    (step.desired, step.requests) = (node, 1);
    step
}

fn note(
    unit: &Unit<'_>,
    instance: &Instance,
    record: &Record,
    standing: &Attributes,
    after: Attributes,
) -> super::Step {
    let reason = Reason {
        code: ReasonCode::Remembered,
        text: "nothing changes but what is remembered".to_owned(),
        span: Some(instance.span),
    };
    let mut step = unit::blank(unit.address, Action::Note, reason);
    (step.id, step.desired) = (Some(record.id.clone()), unit.node);
    step.before = standing.clone();
    step.after = after;
    step
}

/// The strongest reason to make the object anew.
fn why_replace(inputs: Inputs<'_>, record: &Record, instance: &Instance, found: &Diff) -> Option<Reason> {
    let reason = |code, text: String, span| Some(Reason { code, text, span });
    let here = Some(instance.span);
    if let Some(why) = tainted(record) {
        return reason(ReasonCode::ReplaceBecauseTainted, format!("its creation failed: {why}"), here);
    }
    if inputs.options.replace.iter().any(|pattern| pattern.matches(&record.address)) {
        return reason(ReasonCode::ReplaceByRequest, "asked for with --replace".to_owned(), here);
    }
    let forcing: Vec<_> = found.changes.iter().filter(|change| change.forces_replacement).collect();
    if let Some(first) = forcing.first() {
        let awaited = |change: &&&super::Change| change.after.as_ref().is_some_and(|after| !after.is_known());
        if forcing.iter().all(|change| awaited(&change)) {
            let text = format!("{} refers to what is replaced", first.path.join("."));
            return reason(ReasonCode::ReplaceBecauseDependency, text, first.span);
        }
        let names: Vec<String> = forcing.iter().map(|change| change.path.join(".")).collect();
        let text = format!("{} cannot change in place", names.join(", "));
        return reason(ReasonCode::ReplaceBecauseCannotUpdate, text, first.span);
    }
    let (then, now) = (&record.lifecycle, &instance.lifecycle);
    let steady = |then: &[Value], now: &[Value]| then.is_empty() || memory::is_steady(inputs.catalog, then, now);
    if !steady(&then.replace_when, &now.replace_when) {
        return reason(ReasonCode::ReplaceByTriggers, "a value of `replace_when` changed".to_owned(), here);
    }
    if !steady(&then.triggers, &now.triggers) {
        return reason(ReasonCode::ReplaceByTriggers, "a value of `triggers` changed".to_owned(), here);
    }
    None
}

/// Whether an object is in every attribute what is declared.
fn agrees(kind: &Kind, instance: &Instance, standing: &Attributes) -> bool {
    let none = Attributes::new();
    let found = diff(Subject { kind, instance, live: standing, applied: &none, observed: standing });
    found.changes.is_empty() && found.complaints.is_empty()
}

/// A unique name that a stranger has, or several that could be adopted.
fn taken(kind: &Kind, instance: &Instance, found: &[(&RemoteId, &Attributes)]) -> Diagnostic {
    let names: Vec<&str> = kind.natural_key.iter().map(Ident::as_str).collect();
    let ids: Vec<&str> = found.iter().map(|(id, _)| id.as_str()).collect();
    let (key, list, address) = (names.join(", "), ids.join(", "), &instance.address);
    if instance.lifecycle.adopt {
        return Diagnostic::new(&codes::ADOPT_AMBIGUOUS, format!("{list} all have the {key} of {address}"))
            .at(instance.span, "to be adopted")
            .help(format!("say which: `import {address} = \"ID\"`"));
    }
    let id = if ids.len() == 1 { list.as_str() } else { "ID" };
    Diagnostic::new(&codes::EXISTS, format!("{list} has the {key} of {address}"))
        .at(instance.span, "would be made a second time")
        .help(format!(
            "bring it under management: `import {address} = \"{id}\"`, or set `adopt = true` in its lifecycle"
        ))
}
