//! Secrets in plans and in memory: a plan shows, and a state keeps, seals in their place; before anything is compared, seals
//! are opened by what the program and the cloud hold now. Planning and applying both take these.

use super::observe::{Finding, What};
use super::types::{Change, Live, Plan, Step};
use crate::desired::Desired;
use crate::model::secrecy::opened;
use crate::model::{Address, Attributes, Ident, RemoteId, Secrecy, Secrets, Value};
use crate::provider::{Catalog, Kind};
use crate::state::{Record, Snapshot, find};
use smol_str::SmolStr;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Shorter texts are hidden where they were written, and not looked for in what the API made of them.
const TELLING: usize = 6;

/// What of an instance is secret.
#[derive(Debug, Default)]
pub struct Veil {
    by_name: BTreeMap<Ident, Secrecy>,
    /// The secret texts themselves: an attribute that the API computed may hold one.
    known: Secrets,
    salt: String,
}

impl Veil {
    /// Of an address: what the program says now, and what the seals in `stored` say of earlier. `raw` are attributes that
    /// hold the values themselves. `None`: nothing is secret.
    pub fn of(
        desired: &Desired,
        address: &Address,
        kind: Option<&Kind>,
        stored: &[&Attributes],
        raw: &[&Attributes],
    ) -> Option<Veil> {
        let mut veil = Veil { salt: address.to_string(), ..Veil::default() };
        if let Some(node) = desired.by_address.get(address) {
            for (name, given) in &desired.graph.node(*node).attributes {
                veil.cover(name, &given.secrecy);
                veil.learn(&given.secrecy, &given.value);
            }
        }
        for (name, value) in stored.iter().flat_map(|all| all.iter()) {
            veil.cover(name, &Secrecy::of_sealed(value));
        }
        if veil.by_name.is_empty() {
            return None;
        }
        for attributes in raw {
            for (name, secrecy) in &veil.by_name {
                if let Some(value) = attributes.get(name) {
                    veil.learn(secrecy, value);
                }
            }
        }
        for attribute in kind.into_iter().flat_map(|kind| kind.attributes.values()) {
            if let Some(secrecy) = veil.by_name.get(&attribute.name).cloned() {
                let paths = [Some(&attribute.shown_as), attribute.pending_as.as_ref()];
                paths.into_iter().flatten().for_each(|path| veil.cover_path(path, secrecy.clone()));
            }
        }
        Some(veil)
    }

    fn cover(&mut self, name: &Ident, secrecy: &Secrecy) {
        if !secrecy.is_clear() {
            let before = self.by_name.entry(name.clone()).or_default();
            *before = before.joined(secrecy);
        }
    }

    /// A dotted path, as the catalog writes where an attribute is shown.
    fn cover_path(&mut self, path: &str, secrecy: Secrecy) {
        let mut parts = path.split('.');
        let Some(root) = parts.next().filter(|root| !root.is_empty()) else { return };
        let below = parts.rev().fold(secrecy, |inner, part| Secrecy::Members([(SmolStr::new(part), inner)].into()));
        self.cover(&Ident::new(root), &below);
    }

    fn learn(&self, secrecy: &Secrecy, value: &Value) {
        let mut parts = Vec::new();
        secrecy.parts(value, &mut parts);
        for text in parts.into_iter().filter_map(Value::as_str).filter(|text| text.len() >= TELLING) {
            self.known.add_text(text);
        }
    }

    /// Attributes with seals in the place of secrets.
    pub fn over(&self, attributes: &Attributes) -> Attributes {
        attributes.iter().map(|(name, value)| (name.clone(), self.value(name.as_str(), value))).collect()
    }

    fn value(&self, name: &str, value: &Value) -> Value {
        let value = match self.by_name.get(name) {
            Some(secrecy) => secrecy.sealed(value, &self.salt),
            None => value.clone(),
        };
        if self.known.is_empty() { value } else { self.without_known(&value) }
    }

    fn without_known(&self, value: &Value) -> Value {
        if value.as_str().is_some_and(|text| self.known.stands_in(text)) {
            return Secrecy::Secret.sealed(value, &self.salt);
        }
        value.with_elements(|one| self.without_known(one))
    }

    /// One place of an attribute: with a seal where it is secret.
    fn at(&self, path: &[String], value: &Value) -> Value {
        let Some((name, below)) = path.split_first() else { return value.clone() };
        let nested =
            below.iter().rev().fold(value.clone(), |inner, part| Value::object([(SmolStr::new(part), inner)].into()));
        let veiled = self.value(name, &nested);
        below.iter().fold(veiled, |outer, part| match &outer {
            Value::Object(members) => members.get(part.as_str()).cloned().unwrap_or(Value::Null),
            _ => outer,
        })
    }

    fn over_change(&self, change: &mut Change) {
        for value in [&mut change.before, &mut change.after].into_iter().flatten() {
            *value = self.at(&change.path, value);
        }
        let is_sealed = |value: &Option<Value>| matches!(value, Some(Value::Sealed(_)));
        change.secret = is_sealed(&change.before) || is_sealed(&change.after);
    }

    fn over_step(&self, step: &mut Step) {
        step.before = self.over(&step.before);
        step.after = self.over(&step.after);
        step.changes.iter_mut().for_each(|change| self.over_change(change));
    }
}

/// Puts seals into a plan, in the place of every secret.
pub fn veil(plan: &mut Plan, desired: &Desired, stored: &Snapshot, catalog: &Catalog) {
    for step in plan.steps.nodes_mut() {
        if let Some(veil) = veil_of(&step.address, step.id.as_ref(), desired, stored, catalog) {
            veil.over_step(step);
        }
    }
    for drift in &mut plan.drift {
        if let Some(veil) = veil_of(&drift.address, None, desired, stored, catalog) {
            for value in [&mut drift.applied, &mut drift.live].into_iter().flatten() {
                *value = veil.at(&drift.path, value);
            }
        }
    }
    for output in plan.outputs.iter_mut().filter(|output| output.secret) {
        for value in [&mut output.before, &mut output.after].into_iter().flatten() {
            *value = Secrecy::Secret.sealed(value, "output");
        }
    }
}

/// Puts seals into findings, in the place of every secret.
pub fn veil_findings(findings: &mut [Finding], desired: &Desired, stored: &Snapshot, catalog: &Catalog) {
    for finding in findings {
        let What::Changed { applied, live, .. } = &mut finding.what else { continue };
        if let Some(veil) = veil_of(&finding.address, None, desired, stored, catalog) {
            for value in [applied, live].into_iter().flatten() {
                *value = veil.at(&finding.path, value);
            }
        }
    }
}

fn veil_of(
    address: &Address,
    id: Option<&RemoteId>,
    desired: &Desired,
    stored: &Snapshot,
    catalog: &Catalog,
) -> Option<Veil> {
    let record = stored.records.get(address);
    let other = id.and_then(|id| find(stored, address, id));
    let mut known: Vec<&Attributes> = [record, other].into_iter().flatten().map(|record| &record.applied).collect();
    known.extend(stored.actions.get(address).map(|action| &action.applied));
    Veil::of(desired, address, catalog.kind(&address.kind), &known, &[])
}

/// The state with its seals opened, where the program or the cloud hold what they were made of.
pub fn opened_by<'a>(snapshot: Cow<'a, Snapshot>, live: &Live, desired: &Desired) -> Cow<'a, Snapshot> {
    let records = || snapshot.records.values().chain(snapshot.deposed.values().flatten());
    let of_records = records().flat_map(|record| record.applied.values().chain(record.observed.values()));
    let of_actions = snapshot.actions.values().flat_map(|action| action.applied.values());
    let of_open = snapshot.open.values().flat_map(|open| open.intent.wanted.values());
    if !of_records.chain(of_actions).chain(of_open).any(|value| !Secrecy::of_sealed(value).is_clear()) {
        return snapshot;
    }
    let mut snapshot = snapshot.into_owned();
    for record in snapshot.records.values_mut().chain(snapshot.deposed.values_mut().flatten()) {
        open_record(record, live, desired);
    }
    for (address, action) in &mut snapshot.actions {
        open_all(&mut action.applied, None, address, desired);
    }
    for open in snapshot.open.values_mut() {
        open_all(&mut open.intent.wanted, None, &open.intent.address, desired);
    }
    Cow::Owned(snapshot)
}

fn open_record(record: &mut Record, live: &Live, desired: &Desired) {
    let seen = live.objects.get(&record.kind).and_then(|objects| objects.get(&record.id));
    let seen = seen.map(|seen| &seen.attributes);
    open_all(&mut record.applied, seen, &record.address, desired);
    open_all(&mut record.observed, seen, &record.address, desired);
}

fn open_all(attributes: &mut Attributes, live: Option<&Attributes>, address: &Address, desired: &Desired) {
    let instance = desired.by_address.get(address).map(|node| desired.graph.node(*node));
    for (name, value) in attributes.iter_mut().filter(|(_, value)| !Secrecy::of_sealed(value).is_clear()) {
        let given = instance.and_then(|instance| Some(&instance.attributes.get(name)?.value));
        let seen = live.and_then(|live| live.get(name));
        let candidates: Vec<&Value> = [given, seen].into_iter().flatten().collect();
        *value = opened(value, &candidates);
    }
}
