//! Objects that want what only one of them may have: the same unique name, or the same unique value below one parent. Looks at what
//! is declared alone, so that it is said before the first request.

use super::codes;
use crate::desired::{Desired, Given, Instance};
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{AttrPath, Ident, Key, Mode, Type, Value};
use crate::provider::{Catalog, Kind};
use std::collections::{BTreeMap, BTreeSet};

/// A value that can be told from others: it is known, or it is the id of one object that is yet to be made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Known(Value),
    IdOf(AttrPath),
}

/// Every two instances that cannot be there both.
pub fn collisions(desired: &Desired, catalog: &Catalog, out: &mut Diagnostics) {
    let mut taken: BTreeMap<(&Ident, Vec<&Ident>, Vec<Part>), &Instance> = BTreeMap::new();
    let mut managed: Vec<&Instance> = desired.graph.order().map(|(_, instance)| instance).collect();
    managed.retain(|instance| instance.address.mode == Mode::Managed);
    managed.sort_by_key(|instance| instance.span);
    for instance in managed {
        let Some(kind) = catalog.kind(&instance.address.kind) else { continue };
        for names in unique_together(kind) {
            let Some(parts) = parts(instance, &names) else { continue };
            match taken.get(&(&kind.name, names.clone(), parts.clone())) {
                Some(first) => out.push(complaint(first, instance, &names)),
                None => {
                    taken.insert((&kind.name, names, parts), instance);
                }
            }
        }
    }
}

/// The sets of attributes that no two objects of the kind share all values of.
fn unique_together(kind: &Kind) -> BTreeSet<Vec<&Ident>> {
    let by_name = kind.natural_key_unique.then(|| kind.natural_key.iter().collect());
    let single = kind.attributes.values().filter(|attribute| attribute.unique);
    let below = single.map(|attribute| kind.parent.iter().chain([&attribute.name]).collect());
    by_name.into_iter().chain(below).collect()
}

/// `None` where a value is not written, not known, or not compared.
fn parts(instance: &Instance, names: &[&Ident]) -> Option<Vec<Part>> {
    let ignored = |name: &Ident| instance.lifecycle.ignore.iter().any(|path| path == name.as_str());
    let part = |name: &&Ident| instance.attributes.get(*name).filter(|_| !ignored(name)).and_then(part);
    names.iter().map(part).collect()
}

fn part(given: &Given) -> Option<Part> {
    let Value::Unknown(unknown) = &given.value else {
        return (given.value.is_known() && !given.value.is_null()).then(|| Part::Known(given.value.clone()));
    };
    // An id is nominal, so nothing else than this very id waits for nothing else than it.
    let Type::Id(kind) = unknown.ty.required() else { return None };
    let mut waits_for = unknown.waits_for.iter();
    let (Some(only), None) = (waits_for.next(), waits_for.next()) else { return None };
    let is_id = only.address.kind == *kind && matches!(only.path.as_slice(), [name] if name == "id");
    is_id.then(|| Part::IdOf(only.clone()))
}

fn complaint(first: &Instance, second: &Instance, names: &[&Ident]) -> Diagnostic {
    let last = |instance: &Instance| names.last().and_then(|name| instance.attributes.get(*name)).cloned();
    let place = |instance: &Instance| last(instance).map_or(instance.span, |given| given.span);
    let name = names.last().map_or("", |name| name.as_str());
    let value = last(second).filter(|given| given.secrecy.is_clear() && given.value.is_known());
    let value = value.and_then(|given| shown(&given.value)).unwrap_or_default();
    let message = format!("{} and {} have the same `{name}`{value}", first.address, second.address);
    Diagnostic::new(&codes::TAKEN_TWICE, message)
        .at(place(second), "is taken already")
        .and(place(first), format!("{} has it", first.address))
        .help(format!("give each a `{name}` of its own, or declare it once"))
}

/// ` 1`, ` "assets"`
fn shown(value: &Value) -> Option<String> {
    let text = value.as_str().map(|text| Key::text(text).to_string());
    text.or_else(|| value.as_number().map(ToString::to_string)).map(|text| format!(" {text}"))
}
