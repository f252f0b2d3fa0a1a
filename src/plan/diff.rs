//! One declared instance against the object that stands for it: what changes, by which operations, and whether in place.

use super::codes;
use super::compare::{differences, is_same};
use super::types::Change;
use super::values::{is_ignored, is_managed, seen, wanted_value};
use crate::desired::Instance;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Attributes, Ident, Span, Value};
use crate::provider::{Attribute, Kind, Update};
use std::collections::BTreeSet;

/// An instance and its object.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub kind: &'a Kind,
    pub instance: &'a Instance,
    /// As it stands now.
    pub live: &'a Attributes,
    /// What the program last wanted and got.
    pub applied: &'a Attributes,
    /// What was last read before now.
    pub observed: &'a Attributes,
}

/// What differs.
#[derive(Clone, Debug, Default)]
pub struct Diff {
    pub changes: Vec<Change>,
    /// Update operations, in the catalog's order.
    pub operations: Vec<Ident>,
    /// Every managed attribute is written just as the API shows it.
    pub exact: bool,
    pub complaints: Diagnostics,
}

impl Diff {
    pub fn forces_replacement(&self) -> bool {
        self.changes.iter().any(|change| change.forces_replacement)
    }
}

/// Compares attribute by attribute, in the catalog's order.
pub fn diff(subject: Subject<'_>) -> Diff {
    let mut out = Diff { exact: true, ..Diff::default() };
    let mut operations = BTreeSet::new();
    for attribute in subject.kind.attributes.values().filter(|attribute| is_managed(attribute)) {
        if is_ignored(&subject.instance.lifecycle.ignore, attribute.name.as_str()) {
            out.exact = false;
            continue;
        }
        let before = out.changes.len();
        let wanted = wanted_value(attribute, subject.instance, subject.live, subject.applied);
        match &wanted {
            Some(wanted) => compare_one(subject, attribute, wanted, &mut out),
            None => removed(subject, attribute, &mut out),
        }
        if out.changes.len() > before {
            operations.extend(wanted.as_deref().and_then(|wanted| operation_for(attribute, wanted)));
        }
    }
    out.operations = subject.kind.updates.keys().filter(|name| operations.contains(*name)).cloned().collect();
    out
}

fn compare_one(subject: Subject<'_>, attribute: &Attribute, wanted: &Value, out: &mut Diff) {
    let applied = subject.applied.get(&attribute.name);
    let shown = seen(attribute, subject.live);
    if shown == Some(wanted) {
        return;
    }
    out.exact = false;
    let current = match shown {
        Some(value) => Some(value),
        None if betrayed(subject, attribute) => None,
        None => match applied {
            Some(applied) => Some(applied),
            None if attribute.update == Update::Replace => {
                out.complaints.push(unseen(subject.instance, attribute));
                return;
            }
            None => None,
        },
    };
    if current.is_some_and(|current| is_same(&attribute.compare, wanted, current, applied)) {
        return;
    }
    let mut found = Vec::new();
    differences(&attribute.compare, vec![attribute.name.to_string()], wanted, current, applied, &mut found);
    let forces = attribute.update == Update::Replace;
    let span = place(subject.instance, attribute);
    out.changes.extend(found.into_iter().map(|difference| difference.into_change(forces, Some(span))));
}

/// Whether the API hides the attribute, but another one shows that it is not what was applied.
fn betrayed(subject: Subject<'_>, attribute: &Attribute) -> bool {
    let Some(signal) = &attribute.drift_signal else { return false };
    match (subject.live.get(signal), subject.observed.get(signal)) {
        (Some(now), Some(then)) => !now.is_null() && !then.is_null() && now != then,
        _ => false,
    }
}

/// Where the attribute is written, else the header.
pub fn place(instance: &Instance, attribute: &Attribute) -> Span {
    instance.attributes.get(&attribute.name).map_or(instance.span, |given| given.span)
}

/// An attribute that the file no longer holds and that can't be emptied.
fn removed(subject: Subject<'_>, attribute: &Attribute, out: &mut Diff) {
    let applied = subject.applied.get(&attribute.name).filter(|value| !value.is_null());
    if applied.is_none() {
        return;
    }
    out.exact = false;
    out.complaints.push(
        Diagnostic::new(
            &codes::NOT_RESETTABLE,
            format!("`{}` of {} stays as it is", attribute.name, subject.instance.address),
        )
        .at(subject.instance.span, format!("no longer sets `{}`", attribute.name))
        .help(format!("write `{}` to say what it shall be; left out, it is not managed", attribute.name)),
    );
}

/// The API does not show the attribute, and nothing was applied yet.
pub fn unseen(instance: &Instance, attribute: &Attribute) -> Diagnostic {
    Diagnostic::new(&codes::UNSEEN, format!("`{}` of {} is taken as written", attribute.name, instance.address))
        .at(place(instance, attribute), "cannot be compared")
        .help("if the object differs here, replace it with --replace")
}

/// The operation that brings an attribute to a value.
pub fn operation_for<'a>(attribute: &'a Attribute, wanted: &Value) -> Option<&'a Ident> {
    match &attribute.update {
        Update::By(operation) => Some(operation),
        Update::ByValue(by_value) => wanted.as_str().and_then(|word| by_value.get(word)),
        Update::Replace | Update::Argument | Update::Never => None,
    }
}

/// The changes of a new object: every attribute that is given.
pub fn creation(kind: &Kind, instance: &Instance, wanted: &Attributes) -> Vec<Change> {
    let given = kind.attributes.values().filter_map(|attribute| Some((attribute, wanted.get(&attribute.name)?)));
    given
        .filter(|(_, value)| !value.is_null())
        .map(|(attribute, value)| Change {
            path: vec![attribute.name.to_string()],
            before: None,
            after: Some(value.clone()),
            forces_replacement: false,
            secret: false,
            span: Some(place(instance, attribute)),
        })
        .collect()
}

/// How the arguments of an action differ from those that it last ran with.
pub fn argument_changes(instance: &Instance, before: &Attributes, after: &Attributes) -> Vec<Change> {
    let given = |attributes: &Attributes, name: &Ident| attributes.get(name).filter(|value| !value.is_null()).cloned();
    let names: BTreeSet<&Ident> = before.keys().chain(after.keys()).collect();
    let differing = names.into_iter().filter(|name| given(before, name) != given(after, name));
    differing
        .map(|name| Change {
            path: vec![name.to_string()],
            before: given(before, name),
            after: given(after, name),
            forces_replacement: false,
            secret: false,
            span: instance.attributes.get(name).map(|given| given.span),
        })
        .collect()
}

/// Operations that a new object needs after its create: for attributes that the create request can't carry and that are
/// not wanted as they come.
pub fn follow_up(kind: &Kind, wanted: &Attributes) -> Vec<Ident> {
    let missing = kind.attributes.values().filter(|attribute| !kind.create.members.contains_key(&attribute.name));
    let needed: BTreeSet<&Ident> = missing
        .filter_map(|attribute| {
            let value = wanted.get(&attribute.name).filter(|value| !value.is_null())?;
            let as_it_comes = match &attribute.presence {
                crate::provider::Presence::Optional { default } => default.as_ref() == Some(value),
                crate::provider::Presence::Required | crate::provider::Presence::Computed => false,
            };
            if as_it_comes { None } else { operation_for(attribute, value) }
        })
        .collect();
    kind.updates.keys().filter(|name| needed.contains(name)).cloned().collect()
}
