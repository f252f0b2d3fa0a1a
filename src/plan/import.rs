//! The decision about an object that the program imports: adopt it, or say why not.

use super::codes;
use super::planner::{Inputs, Planner};
use super::types::{Reason, ReasonCode};
use super::unit::Unit;
use crate::desired::{Imported, Instance};
use crate::diag::{Diagnostic, Diagnostics};
use crate::provider::Kind;

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
            None => {
                let text = format!("there is no {} with the id {}", kind.name, import.id);
                unit.problems.push(complaint(text).help("look the id up, and plan with everything read"));
                self.keep(unit);
            }
        }
    }
}

/// Imports to addresses that the program does not have.
pub fn unclaimed(inputs: Inputs<'_>, out: &mut Diagnostics) {
    let desired = inputs.desired;
    for (address, import) in desired.imports.iter().filter(|(address, _)| !desired.by_address.contains_key(address)) {
        out.push(
            Diagnostic::new(&codes::NOT_IMPORTABLE, format!("nothing is declared at {address}"))
                .at(import.span, "imported here")
                .help("import to the address of an instance, with its key where it is repeated"),
        );
    }
}
