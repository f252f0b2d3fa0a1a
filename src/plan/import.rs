//! The decision about an object that the program imports: adopt it, or say why not.

use super::codes;
use super::diff::{Subject, diff, operation_for};
use super::planner::Planner;
use super::types::{Action, Reason, ReasonCode};
use super::unit::{self, Unit};
use super::values::{planned, wanted};
use crate::desired::{Desired, Imported, Instance};
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Address, Attributes, Ident, Value};
use crate::provider::Kind;
use std::borrow::Cow;
use std::collections::BTreeSet;

impl<'a> Planner<'a> {
    /// The object with this id becomes the instance.
    pub(super) fn imported(&mut self, mut unit: Unit<'a>, kind: &'a Kind, instance: &Instance, import: &'a Imported) {
        let complaint = |text: String| Diagnostic::new(&codes::NOT_IMPORTABLE, text).at(import.span, "imported here");
        let live = self.inputs.live;
        if let Some(owner) = self.inputs.snapshot.ids.get(&import.id) {
            let text = format!("{} is managed already, as {owner}", import.id);
            unit.problems.push(complaint(text).help(format!("write: moved {owner} -> {}", unit.address)));
            return self.keep(unit);
        }
        match live.objects.get(&kind.name).and_then(|objects| objects.get(&import.id)) {
            Some(found) => {
                let text = format!("{} is imported", import.id);
                let reason = Reason { code: ReasonCode::Imported, text, span: Some(import.span) };
                self.adopt(unit, kind, instance, &import.id, &found.attributes, reason);
            }
            None if live.routeless.iter().any(|list| list.kind == kind.name) => {
                self.imported_unseen(unit, kind, instance, import);
            }
            None => {
                let text = format!("there is no {} with the id {}", kind.name, import.id);
                unit.problems.push(complaint(text).help("look the id up, and plan with everything read"));
                self.keep(unit);
            }
        }
    }
}

impl<'a> Planner<'a> {
    /// The API shows no object of the kind: the user's word for the id stands, what the documented operations can bring about
    /// is brought about, and the rest is taken as written (`contract.md L48`).
    fn imported_unseen(&mut self, mut unit: Unit<'a>, kind: &'a Kind, instance: &Instance, import: &'a Imported) {
        let Some(node) = unit.node else { return };
        let none = Attributes::new();
        let mut found = diff(Subject { kind, instance, live: &none, applied: &none, observed: &none });
        found.operations.retain(|name| kind.updates.get(name).is_some_and(|operation| operation.documented.is_some()));
        let after = wanted(kind, instance, &none, &none);
        let is_made = |change: &super::Change| {
            let attribute = change.path.first().and_then(|name| kind.attribute(name));
            attribute.is_some_and(|attribute| {
                let value = after.get(&attribute.name).unwrap_or(&Value::Null);
                operation_for(attribute, value).is_some_and(|operation| found.operations.contains(operation))
            })
        };
        let (made, taken): (Vec<_>, Vec<_>) = found.changes.into_iter().partition(is_made);
        unit.problems.append(found.complaints);
        let unseen = taken.iter().filter_map(|change| kind.attribute(change.path.first()?));
        unit.problems.0.extend(unseen.map(|attribute| super::diff::unseen(instance, attribute)));
        let reason = Reason {
            code: ReasonCode::Imported,
            text: format!("{} is imported, and the API does not show it", import.id),
            span: Some(import.span),
        };
        let mut step = unit::blank(unit.address, Action::Adopt(import.id.clone()), reason.clone());
        (step.id, step.desired, step.requests) = (Some(import.id.clone()), Some(node), 1);
        step.after = after.clone();
        unit.forward.push(step);
        let mut shown = planned(kind, unit.address, &after, None);
        shown.insert(Ident::new("id"), Value::string(import.id.as_str()));
        self.outputs.set(node, Cow::Owned(shown));
        if !found.operations.is_empty() {
            let id = Some(import.id.clone());
            let update = unit::Update { operations: found.operations, id, changes: made, before: none, after };
            unit.forward.push(unit::update(kind, unit.address, reason, Some(node), update, self.inputs.options.speed));
        }
        self.keep(unit);
    }
}

/// Imports to addresses that the program does not have. Where not everything is given, only those beside other instances of
/// the same declaration: of the others it is not known.
pub fn unclaimed(desired: &Desired, is_partial: bool, out: &mut Diagnostics) {
    let known: BTreeSet<Address> =
        if is_partial { desired.by_address.keys().map(Address::declaration).collect() } else { BTreeSet::new() };
    let is_absent = |address: &Address| {
        !desired.by_address.contains_key(address) && (!is_partial || known.contains(&address.declaration()))
    };
    for (address, import) in desired.imports.iter().filter(|(address, _)| is_absent(address)) {
        out.push(
            Diagnostic::new(&codes::NOT_IMPORTABLE, format!("nothing is declared at {address}"))
                .at(import.span, "imported here")
                .help("import to the address of an instance, with its key where it is repeated"),
        );
    }
}
