//! What was changed outside cnx: live against what was last applied, told apart from what the program wants.

use super::compare::{Difference, differences, is_same};
use super::diff::Subject;
use super::types::{Change, Drift, DriftHandling};
use super::values::{is_ignored, is_managed, seen};
use crate::model::{Address, Attributes, Value};
use crate::provider::{Attribute, Kind};
use crate::state::Record;

/// The drift of a declared object; `changes` are those of its step.
pub fn drift(address: &Address, subject: Subject<'_>, changes: &[Change], out: &mut Vec<Drift>) {
    for attribute in subject.kind.attributes.values().filter(|attribute| is_managed(attribute)) {
        for found in of_attribute(attribute, subject.live, subject.applied, subject.observed) {
            let handling = handling(subject, attribute, &found.path, changes);
            out.push(Drift {
                address: address.clone(),
                path: found.path,
                applied: found.after,
                live: found.before,
                handling,
            });
        }
    }
}

/// The drift of an object that is not declared any more: all of it is left alone.
pub fn drift_of_record(kind: &Kind, record: &Record, live: &Attributes, out: &mut Vec<Drift>) {
    for attribute in kind.attributes.values().filter(|attribute| is_managed(attribute)) {
        out.extend(of_attribute(attribute, live, &record.applied, &record.observed).into_iter().map(|found| Drift {
            address: record.address.clone(),
            path: found.path,
            applied: found.after,
            live: found.before,
            handling: DriftHandling::Ignored,
        }));
    }
}

/// An object that is gone.
pub fn gone(record: &Record) -> Drift {
    Drift {
        address: record.address.clone(),
        path: Vec::new(),
        applied: None,
        live: None,
        handling: DriftHandling::Gone,
    }
}

/// `after` is what was applied, `before` what is there.
fn of_attribute(
    attribute: &Attribute,
    live: &Attributes,
    applied: &Attributes,
    observed: &Attributes,
) -> Vec<Difference> {
    let remembered = applied.get(&attribute.name).filter(|value| !value.is_null());
    let Some(now) = seen(attribute, live) else { return signalled(attribute, live, observed) };
    let then = remembered.or_else(|| seen(attribute, observed));
    let Some(then) = then.filter(|then| *then != now) else { return Vec::new() };
    if is_same(&attribute.compare, then, now, remembered) {
        return Vec::new();
    }
    let mut found = Vec::new();
    differences(&attribute.compare, vec![attribute.name.to_string()], then, Some(now), remembered, &mut found);
    found
}

/// A hidden attribute whose signal changed.
fn signalled(attribute: &Attribute, live: &Attributes, observed: &Attributes) -> Vec<Difference> {
    let Some(signal) = &attribute.drift_signal else { return Vec::new() };
    let known = |attributes: &Attributes| attributes.get(signal).filter(|value| !value.is_null()).cloned();
    match (known(live), known(observed)) {
        (Some(now), Some(then)) if now != then => {
            vec![Difference { path: vec![signal.to_string()], before: Some(now), after: Some(then) }]
        }
        _ => Vec::new(),
    }
}

fn handling(subject: Subject<'_>, attribute: &Attribute, path: &[String], changes: &[Change]) -> DriftHandling {
    let is_of = |change: &Change| change.path.starts_with(path) || path.starts_with(&change.path);
    let by_signal = |change: &Change| change.path.first().is_some_and(|name| name == attribute.name.as_str());
    let signalled = path.first().is_some_and(|name| name != attribute.name.as_str());
    if changes.iter().any(|change| is_of(change) || signalled && by_signal(change)) {
        return DriftHandling::Reverted;
    }
    let ignored = is_ignored(&subject.instance.lifecycle.ignore, &path.join("."));
    let given = subject.instance.attributes.get(&attribute.name).map(|given| &given.value);
    if ignored || given.is_none_or(Value::is_null) { DriftHandling::Ignored } else { DriftHandling::Accepted }
}
