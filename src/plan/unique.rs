//! Values that only one object may have (the priority of a rule in its zone): who takes whose, and who steps aside where they
//! would wait for each other (`contract.md` 2.2, "cnx moves one aside first").

use super::types::{Action, Change, Live, Reason, ReasonCode, Step};
use super::unit::{Unit, blank};
use crate::model::{Attributes, Cycle, Graph, NodeId, Value};
use crate::provider::{Attribute, Catalog, Kind, Update};
use std::collections::{BTreeMap, BTreeSet};

/// Which step of the holder lets go of the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freed {
    Ending,
    First,
    Last,
}

/// One unit takes a value that another one has; both by their place among the units.
#[derive(Clone, Debug, PartialEq)]
pub struct Taking {
    pub taker: usize,
    pub holder: usize,
    pub freed: Freed,
    attribute: String,
}

/// One value of one attribute below one parent.
type Seat = (String, String, Option<Value>, Value);

fn unique_attributes(kind: &Kind) -> impl Iterator<Item = &Attribute> {
    kind.attributes.values().filter(|attribute| attribute.unique)
}

/// The seat that these values take; `None` where value or parent are missing or not known yet.
fn seat(kind: &Kind, attribute: &Attribute, values: &Attributes) -> Option<Seat> {
    let known = |name: &str| values.get(name).filter(|value| value.is_known() && !value.is_null()).cloned();
    let parent = match &kind.parent {
        Some(parent) => Some(known(parent.as_str())?),
        None => None,
    };
    Some((kind.name.to_string(), attribute.name.to_string(), parent, known(attribute.name.as_str())?))
}

fn is_changed(step: &Step, attribute: &Attribute) -> bool {
    step.changes.iter().any(|change| change.path.first().is_some_and(|name| *name == attribute.name.as_str()))
}

/// Who takes a value that another one lets go of in the same plan.
pub fn takings(units: &[Unit<'_>], catalog: &Catalog) -> Vec<Taking> {
    let holders = holders(units, catalog);
    let mut found = Vec::new();
    for (taker, unit) in units.iter().enumerate() {
        let Some(kind) = catalog.kind(&unit.address.kind) else { continue };
        let Some(step) = unit.forward.last() else { continue };
        for attribute in unique_attributes(kind) {
            let takes = step.action == Action::Create || is_changed(step, attribute);
            let holder = seat(kind, attribute, &step.after).filter(|_| takes).and_then(|seat| holders.get(&seat));
            if let Some((holder, freed)) = holder.filter(|(holder, _)| *holder != taker) {
                let attribute = attribute.name.to_string();
                found.push(Taking { taker, holder: *holder, freed: *freed, attribute });
            }
        }
    }
    found
}

/// Who lets go of which value, and when.
fn holders(units: &[Unit<'_>], catalog: &Catalog) -> BTreeMap<Seat, (usize, Freed)> {
    let mut holders = BTreeMap::new();
    for (at, unit) in units.iter().enumerate() {
        let Some(kind) = catalog.kind(&unit.address.kind) else { continue };
        for attribute in unique_attributes(kind) {
            let ending = unit.ending.as_ref().filter(|_| unit.destroys()).map(|step| (step, Freed::Ending));
            let aside = unit.forward.first().filter(|step| step.interim.contains_key(&attribute.name));
            let update = unit.forward.last().filter(|step| !unit.creates() && is_changed(step, attribute));
            let letting_go = aside.map(|step| (step, Freed::First));
            let letting_go = letting_go.or(update.map(|step| (step, Freed::Last))).or(ending);
            if let Some((step, freed)) = letting_go
                && let Some(seat) = seat(kind, attribute, &step.before)
            {
                holders.insert(seat, (at, freed));
            }
        }
    }
    holders
}

/// Where units wait for each other's values in a ring, one of each ring first takes a value that nobody has or wants.
pub fn move_aside(units: &mut [Unit<'_>], catalog: &Catalog, live: &Live) {
    // Each pass takes one waiting out of every ring, so this ends; the bound guards against a mistake in that.
    for _ in 0..=units.len() {
        let waits: Vec<Taking> = takings(units, catalog).into_iter().filter(|t| t.freed == Freed::Last).collect();
        let rings = rings(units.len(), &waits);
        if rings.is_empty() {
            return;
        }
        let before: usize = units.iter().map(|unit| unit.forward.len()).sum();
        for ring in rings {
            step_aside(units, &ring, &waits, catalog, live);
        }
        if units.iter().map(|unit| unit.forward.len()).sum::<usize>() == before {
            return;
        }
    }
}

fn rings(units: usize, waits: &[Taking]) -> Vec<Vec<usize>> {
    if waits.is_empty() {
        return Vec::new();
    }
    let mut graph = Graph::default();
    (0..units).for_each(|_| {
        graph.add(());
    });
    for wait in waits {
        graph.depend(NodeId(wait.taker as u32), NodeId(wait.holder as u32));
    }
    let cycles = graph.freeze().err().map(|(_, cycles)| cycles).unwrap_or_default();
    cycles.into_iter().map(|Cycle(ring)| ring.into_iter().map(|node| node.0 as usize).collect()).collect()
}

/// The first of the ring lets go early of what the last of the ring waits for.
fn step_aside(units: &mut [Unit<'_>], ring: &[usize], waits: &[Taking], catalog: &Catalog, live: &Live) {
    let (Some(first), Some(last)) = (ring.first(), ring.last()) else { return };
    let Some(wait) = waits.iter().find(|wait| wait.taker == *last && wait.holder == *first) else { return };
    let taker = units[*last].address.to_string();
    let Some(kind) = catalog.kind(&units[*first].address.kind) else { return };
    let Some(attribute) = kind.attribute(&wait.attribute) else { return };
    let Some(aside) = aside(units, *first, kind, attribute, live, &taker) else { return };
    let forward = &mut units[*first].forward;
    match forward.first_mut().filter(|step| !step.interim.is_empty()) {
        Some(earlier) => {
            earlier.interim.extend(aside.interim);
            earlier.after.extend(aside.after);
            earlier.changes.extend(aside.changes);
        }
        None => forward.insert(0, aside),
    }
}

fn aside(
    units: &[Unit<'_>],
    unit: usize,
    kind: &Kind,
    attribute: &Attribute,
    live: &Live,
    taker: &str,
) -> Option<Step> {
    let step = units[unit].forward.last()?;
    let Update::By(operation) = &attribute.update else { return None };
    let free = free_value(units, kind, attribute, live, step.before.get(&attribute.name)?)?;
    let text = format!("`{}` moves aside, so that {taker} can take it", attribute.name);
    let reason = Reason { code: ReasonCode::MovedAside, text, span: step.reason.span };
    let mut aside = blank(&step.address, Action::Update(vec![operation.clone()]), reason);
    aside.id.clone_from(&step.id);
    aside.desired = step.desired;
    aside.before.clone_from(&step.before);
    aside.interim.insert(attribute.name.clone(), free.clone());
    aside.after = step.before.clone();
    aside.after.insert(attribute.name.clone(), free.clone());
    aside.changes.push(Change {
        path: vec![attribute.name.to_string()],
        before: step.before.get(&attribute.name).cloned(),
        after: Some(free),
        forces_replacement: false,
        secret: false,
        span: step.changes.iter().find(|change| change.path.len() == 1).and_then(|change| change.span),
    });
    (aside.requests, aside.expected) = (1, kind.updates.get(operation).map_or(0, |operation| operation.typical));
    Some(aside)
}

/// A value that no object has and no step sets: the highest number within bounds, or the text with marks behind it.
fn free_value(units: &[Unit<'_>], kind: &Kind, attribute: &Attribute, live: &Live, present: &Value) -> Option<Value> {
    let there = live.objects.get(&kind.name).into_iter().flat_map(|objects| objects.values());
    let there = there.filter_map(|object| object.attributes.get(&attribute.name));
    let steps = units.iter().flat_map(|unit| &unit.forward).filter(|step| step.address.kind == kind.name);
    let steps = steps.flat_map(|step| [step.before.get(&attribute.name), step.after.get(&attribute.name)]).flatten();
    let taken: BTreeSet<&Value> = there.chain(steps).collect();
    let is_free = |value: &Value| !taken.contains(value);
    match present {
        Value::Number(_) => {
            let (low, high) =
                (attribute.validation.minimum.unwrap_or(1), attribute.validation.maximum.unwrap_or(1 << 30));
            (low..=high).rev().map(Value::int).find(is_free)
        }
        Value::String(text) => {
            (1..=taken.len() + 1).map(|count| Value::string(&format!("{text}{}", "~".repeat(count)))).find(is_free)
        }
        Value::Null
        | Value::Bool(_)
        | Value::Duration(_)
        | Value::List(_)
        | Value::Set(_)
        | Value::Map(_)
        | Value::Object(_)
        | Value::Unknown(_)
        | Value::Sealed(_) => None,
    }
}
