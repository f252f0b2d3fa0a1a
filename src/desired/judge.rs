//! Checks and policies: whether the rules of a program hold, with what is known. What is unknown is no failure.

use super::machine::Machine;
use super::resolve::Resolution;
use super::scope::{ScopeId, Slot};
use super::types::{Judge, Outputs, PlannedChange, Verdict};
use crate::diag::Diagnostics;
use crate::model::{AttrPath, Attributes, Ident, ModuleStep, Value, shown_path};
use crate::program::ir::{Policy, Rule};
use crate::program::read_type;
use crate::provider::{Attribute, Catalog, Presence};
use smol_str::SmolStr;
use std::collections::{BTreeMap, BTreeSet};

/// Policies by the module that they stand in and the kind that they speak of.
type ByKind<'a> = BTreeMap<(&'a [ModuleStep], &'a Ident), Vec<(ScopeId, &'a Policy)>>;

impl Judge for Resolution {
    fn checks(&self, outputs: &dyn Outputs) -> Result<Vec<Verdict>, Diagnostics> {
        let mut machine = Machine::new(&self.world, Some(outputs));
        let mut failed = Vec::new();
        for scope in self.world.scopes() {
            for check in &scope.program.checks {
                let name = format!("{}check {:?}", prefix(&scope.path), check.name.value);
                failed.extend(machine.within(scope.id, Vec::new(), |machine| machine.verdict(&check.rule, name)));
            }
        }
        ended(machine, failed)
    }

    fn policies(&self, changes: &[PlannedChange], outputs: &dyn Outputs) -> Result<Vec<Verdict>, Diagnostics> {
        let mut by_kind = ByKind::new();
        for scope in self.world.scopes() {
            for policy in &scope.program.policies {
                by_kind.entry((&scope.path, &policy.kind)).or_default().push((scope.id, policy));
            }
        }
        let mut machine = Machine::new(&self.world, Some(outputs));
        let mut failed = Vec::new();
        for change in changes {
            let address = &change.address;
            let prefixes = (0..=address.module.len()).map(|length| &address.module[..length]);
            let policies: Vec<_> =
                prefixes.filter_map(|path| by_kind.get(&(path, &address.kind))).flatten().copied().collect();
            if policies.is_empty() {
                continue;
            }
            let value = shown(change, &self.world.catalog);
            for (scope, policy) in policies {
                machine.grant();
                let mut frame = vec![Slot::Empty; policy.variable];
                frame.push(Slot::Value(value.clone()));
                let name = format!("policy {}: {address}", policy.name.value);
                failed.extend(machine.within(scope, frame, |machine| machine.verdict(&policy.rule, name)));
            }
        }
        ended(machine, failed)
    }
}

/// Which module a check stands in.
fn prefix(path: &[ModuleStep]) -> String {
    if path.is_empty() { String::new() } else { format!("{} ", shown_path(path)) }
}

fn ended(machine: Machine<'_>, failed: Vec<Verdict>) -> Result<Vec<Verdict>, Diagnostics> {
    if machine.diagnostics.has_errors() { Err(machine.diagnostics) } else { Ok(failed) }
}

impl Machine<'_> {
    fn verdict(&mut self, rule: &Rule, name: String) -> Option<Verdict> {
        if self.value(&rule.condition) != Some(Value::Bool(false)) {
            return None;
        }
        let message = rule.message.as_ref().and_then(|message| self.value(message));
        let message = message.as_ref().and_then(Value::as_str).unwrap_or("the condition is false").to_owned();
        Some(Verdict { name, message, span: rule.condition.span, warns: rule.warns })
    }
}

/// A change as a policy's variable.
fn shown(change: &PlannedChange, catalog: &Catalog) -> Value {
    let attributes = catalog.attributes_of(change.address.kind.as_str());
    let object = |read: &dyn Fn(&Attribute) -> Value| {
        let all = attributes.into_iter().flat_map(|all| all.values());
        Value::object(all.map(|one| (one.name.0.clone(), read(one))).collect())
    };
    let before = change.before.as_ref().map_or(Value::Null, |before| object(&|one| given(before, one)));
    let after = change.after.as_ref().map_or(Value::Null, |after| object(&|one| awaited(change, after, one)));
    let members = [
        ("action", Value::string(change.action)),
        ("address", Value::string(&change.address.to_string())),
        ("before", before),
        ("after", after),
    ];
    Value::object(members.into_iter().map(|(name, value)| (SmolStr::new_static(name), value)).collect())
}

fn given(attributes: &Attributes, attribute: &Attribute) -> Value {
    attributes.get(&attribute.name).cloned().unwrap_or(Value::Null)
}

/// What an attribute will be: as wanted, else as it stands where that stays, else unknown where the API sets it.
fn awaited(change: &PlannedChange, after: &Attributes, attribute: &Attribute) -> Value {
    let wanted = given(after, attribute);
    if !wanted.is_null() {
        return wanted;
    }
    let computed = attribute.presence == Presence::Computed;
    let stays = change.stays && (attribute.stable || !computed);
    let standing = change.before.as_ref().filter(|_| stays).map_or(Value::Null, |before| given(before, attribute));
    if computed && standing.is_null() {
        let path = AttrPath { address: change.address.clone(), path: vec![attribute.name.0.clone()] };
        return Value::unknown(read_type(attribute), BTreeSet::from([path]));
    }
    standing
}
