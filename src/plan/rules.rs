//! The program's checks and policies over what was decided. What they say is the program's; this room only asks.

use super::codes;
use super::outputs::Planned;
use super::planner::Inputs;
use super::types::{Action, Step};
use super::unit::Unit;
use super::values::seen;
use crate::desired::{Desired, Outputs, PlannedChange, Verdict};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::model::Attributes;
use crate::provider::Catalog;
use crate::state::stamp::without_marks;

/// Complains of every rule that does not hold.
pub fn judge(inputs: Inputs<'_>, units: &[Unit<'_>], outputs: &Planned<'_>, out: &mut Diagnostics) {
    let Some(rules) = inputs.desired.rules.0.as_deref().filter(|_| !inputs.options.refresh_only) else { return };
    if !inputs.options.destroy {
        out.append(checks(inputs.desired, outputs));
    }
    let changes: Vec<PlannedChange> = units.iter().filter_map(|unit| change(unit, inputs.catalog)).collect();
    let help = "change the program so that the policy holds, or the policy";
    match rules.policies(&changes, outputs) {
        Ok(failed) => tell(failed, (&codes::POLICY_FAILED, &codes::POLICY_WARNS), help, out),
        Err(found) => out.append(found),
    }
}

/// The program's checks that are known not to hold, with what is known.
pub fn checks(desired: &Desired, outputs: &dyn Outputs) -> Diagnostics {
    let Some(rules) = desired.rules.0.as_deref() else { return Diagnostics::default() };
    let mut out = Diagnostics::default();
    let help = "change what the check looks at, or the check";
    match rules.checks(outputs) {
        Ok(failed) => tell(failed, (&codes::CHECK_FAILED, &codes::CHECK_WARNS), help, &mut out),
        Err(found) => out.append(found),
    }
    out
}

fn tell(failed: Vec<Verdict>, (error, warning): (&'static Code, &'static Code), help: &str, out: &mut Diagnostics) {
    for verdict in failed {
        let code = if verdict.warns { warning } else { error };
        let message = format!("{}: {}", verdict.name, verdict.message);
        out.push(Diagnostic::new(code, message).at(verdict.span, "does not hold").help(help));
    }
}

/// All that happens to one address, as one change; waiting, reading and remembering change nothing.
fn change(unit: &Unit<'_>, catalog: &Catalog) -> Option<PlannedChange> {
    let steps = || unit.ending.iter().chain(&unit.forward);
    let named = |wanted: fn(&Action) -> bool| steps().find(|step| wanted(&step.action));
    let created = named(|action| matches!(action, Action::Create));
    let ended = unit.ending.as_ref();
    let (action, first, last) = if let (Some(ended), Some(created)) = (ended, created) {
        ("replace", ended, Some(created))
    } else if let Some(created) = created {
        ("create", created, Some(created))
    } else if let Some(ended) = ended {
        (if ended.action == Action::Forget { "forget" } else { "destroy" }, ended, None)
    } else if let Some(adopted) = named(|action| matches!(action, Action::Adopt(_))) {
        ("adopt", adopted, unit.forward.last())
    } else if let Some(updated) = named(|action| matches!(action, Action::Update(_))) {
        ("update", updated, Some(updated))
    } else {
        let run = named(|action| matches!(action, Action::Run))?;
        ("run", run, Some(run))
    };
    Some(PlannedChange {
        address: unit.address.clone(),
        action,
        before: (action != "create" && !first.before.is_empty()).then(|| standing(first, catalog)),
        after: last.map(|step| step.after.clone()),
        stays: matches!(action, "update" | "adopt"),
    })
}

/// The object as it stands, without the engine's marks.
fn standing(step: &Step, catalog: &Catalog) -> Attributes {
    let kind = catalog.kind(&step.address.kind);
    let read = |(name, value): (&crate::model::Ident, &_)| {
        let attribute = kind.and_then(|kind| kind.attribute(name.as_str()));
        let shown = attribute.and_then(|attribute| seen(attribute, &step.before)).unwrap_or(value);
        (name.clone(), without_marks(shown))
    };
    step.before.iter().map(read).collect()
}
