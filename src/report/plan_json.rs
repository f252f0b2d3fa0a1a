//! A plan for machines: cnx's own schema, versioned. Described in `docs/json.md`.

use super::diagnostics_json::{one as diagnostic, place};
use super::plan::{Context, class_name, counts};
use super::value_json::{value, value_or_secret};
use crate::model::{Attributes, Mode, NodeId, Span};
use crate::plan::{Action, Change, Drift, DriftHandling, OutputChange, Plan, ReplaceOrder, Step};
use serde_json::{Map, Value as Json, json};

/// The version of the form below.
pub const VERSION: u32 = 1;

/// The whole plan as one object.
pub fn plan(plan: &Plan, context: &Context<'_>) -> Json {
    let counts: Map<String, Json> =
        counts(plan).0.iter().map(|(class, number)| (class_name(*class).to_owned(), json!(number))).collect();
    json!({
        "format": "cnx-plan",
        "version": VERSION,
        "project": context.project,
        "environment": context.environment,
        "target": context.target,
        "changes": plan.has_changes(),
        "moved": plan.moves.iter()
            .map(|(from, to)| json!({ "from": from.to_string(), "to": to.to_string() })).collect::<Vec<_>>(),
        "steps": plan.steps.order().map(|(id, step)| step_json(plan, id, step, context)).collect::<Vec<_>>(),
        "counts": counts,
        "unchanged": plan.unchanged,
        "drift": plan.drift.iter().map(drift).collect::<Vec<_>>(),
        "outputs": plan.outputs.iter().map(output).collect::<Vec<_>>(),
        "nonsensitive": plan.lifted.iter()
            .map(|one| json!({ "from": one.from, "place": context.place(one.span) })).collect::<Vec<_>>(),
        "open": open(context),
        "guessed": guessed(context),
        "irreversible": plan.irreversible.iter()
            .map(|lost| json!({ "address": lost.address.to_string(), "why": lost.why })).collect::<Vec<_>>(),
        "estimate": {
            "requests": plan.estimate.requests,
            "duration_ms": plan.estimate.duration,
            "longest_path": plan.estimate.longest_path.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "monthly_usd": plan.estimate.monthly,
        },
        "read": { "resources": plan.objects_read, "requests": plan.read_requests },
        "warnings": plan.warnings.0.iter().map(|warning| diagnostic(warning, context.sources)).collect::<Vec<_>>(),
    })
}

fn step_json(plan: &Plan, id: NodeId, step: &Step, context: &Context<'_>) -> Json {
    let secret: Vec<&str> = step
        .changes
        .iter()
        .filter(|change| change.secret)
        .filter_map(|change| change.path.first())
        .map(String::as_str)
        .collect();
    json!({
        "step": id.0,
        "address": step.address.to_string(),
        "mode": mode(step.address.mode),
        "kind": step.address.kind.as_str(),
        "action": action(&step.action),
        "operations": operations(&step.action),
        "reason": {
            "code": step.reason.code.as_str(),
            "text": step.reason.text,
            "place": place_or_null(step.reason.span, context),
        },
        "id": step.id.as_ref().map(|id| id.as_str()),
        "deposed": step.deposed,
        "replaces": step.twin.map(|twin| json!({ "step": twin.step.0, "order": order(twin.order) })),
        "changes": step.changes.iter().map(|change| change_json(change, context)).collect::<Vec<_>>(),
        "before": attributes(&step.before, &secret),
        "after": attributes(&step.after, &secret),
        "after_steps": plan.steps.dependencies(id).iter().map(|id| id.0).collect::<Vec<_>>(),
        "disruptive": step.disruptive,
        "expected_ms": step.expected,
        "requests": step.requests,
    })
}

fn attributes(attributes: &Attributes, secret: &[&str]) -> Json {
    let shown = attributes
        .iter()
        .map(|(name, value)| (name.to_string(), value_or_secret(Some(value), secret.contains(&name.as_str()))));
    Json::Object(shown.collect())
}

/// A place, where there is one.
pub fn place_or_null(span: Option<Span>, context: &Context<'_>) -> Json {
    span.map_or(Json::Null, |span| place(span, context.sources))
}

/// One change, as in a plan.
pub fn change_json(change: &Change, context: &Context<'_>) -> Json {
    json!({
        "path": change.path,
        "before": value_or_secret(change.before.as_ref(), change.secret),
        "after": value_or_secret(change.after.as_ref(), change.secret),
        "forces_replacement": change.forces_replacement,
        "secret": change.secret,
        "place": place_or_null(change.span, context),
    })
}

fn drift(drift: &Drift) -> Json {
    json!({
        "address": drift.address.to_string(),
        "path": drift.path,
        "applied": drift.applied.as_ref().map(value),
        "live": drift.live.as_ref().map(value),
        "handling": match drift.handling {
            DriftHandling::Reverted => "reverted",
            DriftHandling::Ignored => "ignored",
            DriftHandling::Accepted => "accepted",
            DriftHandling::Gone => "gone",
        },
    })
}

fn output(output: &OutputChange) -> Json {
    json!({
        "name": output.name.as_str(),
        "before": value_or_secret(output.before.as_ref(), output.secret),
        "after": value_or_secret(output.after.as_ref(), output.secret),
        "secret": output.secret,
    })
}

fn open(context: &Context<'_>) -> Vec<Json> {
    let Some(snapshot) = context.snapshot else { return Vec::new() };
    let one = |open: &crate::state::Open| {
        json!({
            "operation": open.intent.operation.0,
            "address": open.intent.address.to_string(),
            "job": open.job.as_ref().map(|job| job.as_str()),
            "id": open.id.as_ref().map(|id| id.as_str()),
            "candidates": open.candidates.iter().map(|id| id.as_str()).collect::<Vec<_>>(),
            "sent_at": open.intent.at.to_string(),
        })
    };
    snapshot.open.values().map(one).collect()
}

fn guessed(context: &Context<'_>) -> Vec<Json> {
    let records = context.snapshot.into_iter().flat_map(|snapshot| snapshot.records.values());
    let one = |record: &crate::state::Record| {
        let why = record.quarantine.as_ref()?;
        Some(json!({ "address": record.address.to_string(), "id": record.id.as_str(), "why": why }))
    };
    records.filter_map(one).collect()
}

fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Managed => "managed",
        Mode::Data => "data",
        Mode::Action => "action",
    }
}

fn order(order: ReplaceOrder) -> &'static str {
    match order {
        ReplaceOrder::DestroyFirst => "destroy_first",
        ReplaceOrder::CreateFirst => "create_first",
    }
}

/// The action's word, shared by plans and event streams.
pub fn action(action: &Action) -> &'static str {
    match action {
        Action::Create => "create",
        Action::Update(_) => "update",
        Action::Destroy => "destroy",
        Action::Forget => "forget",
        Action::Read => "read",
        Action::Run => "run",
        Action::Adopt(_) => "adopt",
        Action::Wait(_) => "wait",
        Action::Note => "note",
    }
}

fn operations(action: &Action) -> Vec<&str> {
    match action {
        Action::Update(names) => names.iter().map(|name| name.as_str()).collect(),
        Action::Create
        | Action::Destroy
        | Action::Forget
        | Action::Read
        | Action::Run
        | Action::Adopt(_)
        | Action::Wait(_)
        | Action::Note => Vec::new(),
    }
}
