//! Instants that a step sends: one that is past is warned of, and sent as it is (`contract.md L46`).

use super::codes;
use super::diff::place;
use super::planner::Inputs;
use super::types::Action;
use super::unit::Unit;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Timestamp, Value};
use crate::provider::Kind;

/// Warns of every past instant that an update is going to send.
pub fn past(inputs: Inputs<'_>, units: &[Unit<'_>], out: &mut Diagnostics) {
    let Some(now) = inputs.options.now else { return };
    for unit in units {
        let (Some(node), Some(kind)) = (unit.node, inputs.catalog.kind(&unit.address.kind)) else { continue };
        let instance = inputs.desired.graph.node(node);
        for step in &unit.forward {
            let Action::Update(operations) = &step.action else { continue };
            for attribute in kind.attributes.values().filter(|attribute| attribute.past_warns) {
                let sends = operations.iter().any(|name| is_sent(kind, name, &attribute.name));
                let text = step.after.get(&attribute.name).and_then(Value::as_str).filter(|_| sends);
                let Some(text) = text.filter(|text| Timestamp::parse(text).is_some_and(|at| at < now)) else {
                    continue;
                };
                let message = format!("`{}` of {} is {text}, which is past", attribute.name, unit.address);
                let help = "leave it out for a change at once, or name an instant that is still to come";
                out.push(
                    Diagnostic::new(&codes::PAST_INSTANT, message).at(place(instance, attribute), "past").help(help),
                );
            }
        }
    }
}

fn is_sent(kind: &Kind, operation: &crate::model::Ident, attribute: &crate::model::Ident) -> bool {
    kind.updates.get(operation).is_some_and(|operation| operation.members.contains_key(attribute))
}
