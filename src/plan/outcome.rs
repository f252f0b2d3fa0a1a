//! The door: from what is wanted, remembered and there to what is to be done.

use super::adoptable;
use super::collide;
use super::drift;
use super::estimate::{estimate, irreversible};
use super::import;
use super::instants;
use super::link::link;
use super::live::Presence;
use super::moves;
use super::outputs::Planned;
use super::partial::{select, unmatched};
use super::planner::{Inputs, Planner};
use super::rules;
use super::types::{Action, Drift, DriftHandling, Live, Options, OutputChange, Plan, Reason, ReasonCode};
use super::unit::{self, Unit};
use super::veil;
use crate::desired::{Desired, Outputs};
use crate::diag::Diagnostics;
use crate::model::{Address, Value};
use crate::provider::Catalog;
use crate::state::Snapshot;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Decides. All complaints are given at once; warnings travel in the plan.
pub fn plan(
    desired: &Desired,
    snapshot: &Snapshot,
    live: &Live,
    catalog: &Catalog,
    options: &Options,
) -> Result<Plan, Diagnostics> {
    let mut complaints = unmatched(options, desired, snapshot);
    let moves = if options.refresh_only { Vec::new() } else { moves::moves(desired, snapshot, &mut complaints) };
    let stored = moves::moved(&moves, snapshot);
    let snapshot = veil::opened_by(Cow::Borrowed(stored.as_ref()), live, desired);
    let snapshot = snapshot.as_ref();
    let inputs = Inputs { desired, snapshot, live, catalog, options };
    let mut planner = Planner::new(inputs);
    if options.refresh_only {
        refresh(&mut planner);
    } else {
        if !options.destroy {
            planner.walk();
        }
        planner.remove();
    }
    moves::contradictions(desired, &mut complaints);
    import::unclaimed(desired, false, &mut complaints);
    if !options.refresh_only {
        collide::collisions(desired, catalog, &mut complaints);
    }
    let Planner { mut outputs, units, mut drift, unchanged, complaints: found, .. } = planner;
    complaints.append(found);
    let (mut units, left_out) = select(units, desired, options);
    for unit in &mut units {
        complaints.append(std::mem::take(&mut unit.problems));
    }
    settle_drift(&mut drift, &units, options);
    units.retain(Unit::has_steps);
    instants::past(inputs, &units, &mut complaints);
    adoptable::unlisted(inputs, &units, &mut complaints);
    rules::judge(inputs, &units, &outputs, &mut complaints);
    outputs.leave_out(&left_out, inputs);
    let changes = output_changes(inputs, &outputs, &mut complaints);
    if complaints.has_errors() {
        complaints.sort();
        return Err(complaints);
    }
    let steps = link(units, desired, catalog, live)?;
    let mut plan = Plan {
        moves,
        estimate: estimate(&steps),
        irreversible: irreversible(&steps, catalog, snapshot),
        steps,
        left_out: outputs.into_left_out(),
        refresh_only: options.refresh_only,
        drift,
        outputs: changes,
        lifted: desired.lifted.clone(),
        unchanged,
        objects_read: live.objects_read,
        read_requests: live.requests,
        warnings: complaints,
    };
    veil::veil(&mut plan, desired, &stored, catalog);
    Ok(plan)
}

/// Only what was changed outside is taken into the state.
fn refresh<'a>(planner: &mut Planner<'a>) {
    let inputs = planner.inputs;
    for record in inputs.snapshot.records.values() {
        let mut unit = Unit { record: Some(record), ..Unit::new(&record.address) };
        let reason = |code, text: &str| Reason { code, text: text.to_owned(), span: None };
        match planner.survey.presence(record, inputs.live, inputs.catalog) {
            Presence::There(standing) => {
                let before = planner.drift.len();
                if let Some(kind) = inputs.catalog.kind(&record.kind) {
                    drift::drift_of_record(kind, record, standing, &mut planner.drift);
                }
                planner.unchanged += 1;
                if planner.drift.len() > before {
                    let mut step = unit::blank(
                        &record.address,
                        Action::Note,
                        reason(ReasonCode::Remembered, "changed outside cnx, and remembered so"),
                    );
                    step.id = Some(record.id.clone());
                    (step.before, step.after) = (standing.clone(), record.applied.clone());
                    unit.forward.push(step);
                }
            }
            Presence::Gone => {
                planner.drift.push(drift::gone(record));
                let reason = reason(ReasonCode::DeletedOutside, "deleted outside cnx");
                unit.ending = Some(unit::ending(None, record, &record.observed, true, reason, 1));
            }
            Presence::Hidden => unit.problems.push(super::live::hidden(record)),
            Presence::Remembered(_, why) => unit.problems.0.extend(why.map(|why| super::live::unread(record, why))),
        }
        planner.keep(unit);
    }
}

/// Nothing is put back by a step that is left out of the plan.
fn settle_drift(drift: &mut [Drift], units: &[Unit<'_>], options: &Options) {
    if options.targets.is_empty() && options.excludes.is_empty() {
        return;
    }
    let kept: BTreeSet<&Address> = units.iter().map(|unit| unit.address).collect();
    for entry in drift.iter_mut().filter(|entry| entry.handling == DriftHandling::Reverted) {
        if !kept.contains(&entry.address) {
            entry.handling = DriftHandling::Ignored;
        }
    }
}

/// Whether a value waits for one of these, which this plan does not bring about.
fn awaits(value: &Value, missed: &BTreeSet<Address>) -> bool {
    let mut waits_for = BTreeSet::new();
    if !missed.is_empty() {
        value.waits_for(&mut waits_for);
    }
    waits_for.iter().any(|path| missed.contains(&path.address))
}

fn output_changes(inputs: Inputs<'_>, outputs: &Planned<'_>, complaints: &mut Diagnostics) -> Vec<OutputChange> {
    let stored = &inputs.snapshot.outputs;
    if inputs.options.refresh_only {
        return Vec::new();
    }
    let mut wanted: BTreeMap<_, (Value, bool)> = BTreeMap::new();
    if !inputs.options.destroy {
        let resolved = match &inputs.desired.resolver.0 {
            Some(resolver) => match resolver.outputs(outputs) {
                Ok(resolved) => resolved,
                Err(found) => {
                    complaints.append(found);
                    return Vec::new();
                }
            },
            None => inputs.desired.outputs.clone(),
        };
        let told = resolved.into_iter().filter_map(|(name, output)| {
            let now = (output.value, output.secret);
            if !awaits(&now.0, outputs.missed()) {
                return Some((name, now));
            }
            let last = stored.get(&name)?;
            Some((name, (last.value.clone(), last.secret)))
        });
        wanted = told.collect();
    }
    let names: BTreeSet<_> = wanted.keys().chain(stored.keys()).collect();
    let mut changes = Vec::new();
    for name in names {
        let (before, after) = (stored.get(name), wanted.get(name));
        if before.map(|output| &output.value) != after.map(|(value, _)| value) {
            changes.push(OutputChange {
                name: name.clone(),
                before: before.map(|output| output.value.clone()),
                after: after.map(|(value, _)| value.clone()),
                secret: before.is_some_and(|output| output.secret) || after.is_some_and(|(_, secret)| *secret),
            });
        }
    }
    changes
}
