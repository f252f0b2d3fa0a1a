//! A change in place is undone: which values stood before, and by which operations they come back.

use super::compare::is_same;
use super::diff::operation_for;
use super::reversal::{Undoing, reason};
use super::types::{Change, Step};
use super::unit;
use super::values::{empty_of, is_managed, seen};
use crate::model::{Attributes, Ident, NodeId, RemoteId, Secrecy, Value};
use crate::provider::{Attribute, Kind, Operation, Update};
use crate::state::stamp::without_marks;
use crate::state::{Record, find};
use std::collections::BTreeSet;

impl Undoing<'_> {
    pub(super) fn updated(&mut self, node: NodeId, step: &Step, id: &RemoteId) {
        let aside = (!step.interim.is_empty()).then(|| step.interim.clone());
        let (before, after) = (find(&self.standing, &step.address, id), find(self.past.after, &step.address, id));
        let (Some(before), Some(after)) = (before.cloned(), after) else { return };
        let Some(kind) = self.past.catalog.kind(&after.kind).filter(|_| !self.is_open(id)) else { return };
        let live = self.past.live.objects.get(&kind.name).and_then(|objects| objects.get(id));
        let Some(live) = live.map(|object| &object.attributes) else {
            return self.keep(&step.address, format!("{id} cannot be read, so what was changed of it stays"));
        };
        let lost = self.set_back(node, step, kind, [&before, after], live);
        if !lost.is_empty() {
            let shown: Vec<String> = lost.iter().map(|name| format!("`{name}`")).collect();
            self.keep(&step.address, format!("{} cannot be set back", shown.join(", ")));
        }
        self.asides.extend(aside.map(|aside| (step.address.clone(), aside)));
    }

    /// The step that sets back what can be, and the names of the rest.
    fn set_back(
        &mut self,
        node: NodeId,
        step: &Step,
        kind: &Kind,
        [before, after]: [&Record; 2],
        live: &Attributes,
    ) -> Vec<Ident> {
        // Of several changes one after the other each is undone by itself: where the last one led says nothing of the others.
        let aside = self.asides.get(&step.address);
        let is_chained = aside.is_some() || !step.interim.is_empty();
        let names: BTreeSet<&str> =
            step.changes.iter().filter_map(|change| change.path.first()).map(String::as_str).collect();
        let (mut wanted, mut changes, mut lost) = (before.applied.clone(), Vec::new(), Vec::new());
        let mut operations = BTreeSet::new();
        for attribute in names.into_iter().filter_map(|name| kind.attribute(name)).filter(|one| is_managed(one)) {
            let former = aside.and_then(|aside| aside.get(&attribute.name)).cloned();
            let former = former.or_else(|| former_value(attribute, &step.before, &before.applied));
            let now = seen(attribute, live).or_else(|| after.applied.get(&attribute.name)).cloned();
            let standing = now.as_ref().filter(|_| !is_chained);
            match way_back(kind, attribute, former, standing, &before.applied) {
                Way::Back => {}
                Way::Lost => lost.push(attribute.name.clone()),
                Way::By(operation, former) => {
                    let own =
                        |change: &&Change| change.path.first().is_some_and(|name| *name == attribute.name.as_str());
                    operations.insert(operation);
                    wanted.insert(attribute.name.clone(), former.clone());
                    changes.push(Change {
                        path: vec![attribute.name.to_string()],
                        before: now,
                        after: Some(former),
                        forces_replacement: false,
                        secret: step.changes.iter().filter(own).any(|change| change.secret),
                        span: None,
                    });
                }
            }
        }
        if !operations.is_empty() {
            let operations = kind.updates.keys().filter(|name| operations.contains(*name)).cloned().collect();
            let (id, before, after) = (Some(before.id.clone()), live.clone(), wanted);
            let update = unit::Update { operations, id, changes, before, after };
            let back = unit::update(kind, &step.address, reason(), None, update, self.past.options.speed);
            self.steps.insert(node, back);
        }
        lost
    }
}

/// How an attribute that was changed comes back.
enum Way {
    /// It is as it was.
    Back,
    /// By this operation, to this value.
    By(Ident, Value),
    Lost,
}

fn way_back(
    kind: &Kind,
    attribute: &Attribute,
    former: Option<Value>,
    now: Option<&Value>,
    applied: &Attributes,
) -> Way {
    let Some(former) = former else { return Way::Lost };
    if now.is_some_and(|now| is_same(&attribute.compare, &former, now, applied.get(&attribute.name))) {
        return Way::Back;
    }
    let sendable = |name: &&Ident| kind.updates.get(*name).is_some_and(|way| is_sendable(kind, way, applied));
    match operation_for(attribute, &former).filter(sendable).cloned() {
        Some(operation) if is_clear(&former) => Way::By(operation, former),
        Some(_) | None => Way::Lost,
    }
}

/// What stood before: as it was read, as it was written where that says the same.
fn former_value(attribute: &Attribute, read: &Attributes, applied: &Attributes) -> Option<Value> {
    let shown = seen(attribute, read).filter(|value| !value.is_null()).map(without_marks);
    let written = applied.get(&attribute.name).filter(|value| !value.is_null());
    match (shown, written) {
        (Some(shown), Some(written)) if is_clear(written) && is_same(&attribute.compare, written, &shown, None) => {
            Some(written.clone())
        }
        (Some(shown), _) => Some(shown),
        (None, Some(written)) => Some(written.clone()),
        (None, None) => empty_of(attribute),
    }
}

fn is_clear(value: &Value) -> bool {
    Secrecy::of_sealed(value).is_clear()
}

/// Whether the operation sends along nothing that is known by its seal alone.
fn is_sendable(kind: &Kind, operation: &Operation, applied: &Attributes) -> bool {
    let goes_along = |name: &Ident| {
        operation.sends_all || kind.attribute(name.as_str()).is_some_and(|one| one.update == Update::Argument)
    };
    operation.members.keys().filter(|name| goes_along(name)).all(|name| applied.get(name).is_none_or(is_clear))
}
