//! Events for machines: one object a line, versioned. Described in `docs/json.md`.

use crate::apply::{Progress, StepEnd, Summary};
use crate::model::Timestamp;
use crate::report::plan_json::action;
use serde_json::{Map, Value as Json, json};

/// The version of the form below.
pub const VERSION: u32 = 1;

/// One event at an instant, one line.
pub fn event(event: &Progress, at: Timestamp) -> String {
    let mut line = Map::new();
    line.insert("format".to_owned(), json!("cnx-event"));
    line.insert("version".to_owned(), json!(VERSION));
    line.insert("at_ms".to_owned(), json!(at.0));
    line.insert("at".to_owned(), json!(at.to_string()));
    if let Json::Object(members) = body(event) {
        line.extend(members);
    }
    crate::report::value_json::line(&Json::Object(line))
}

fn body(event: &Progress) -> Json {
    match event {
        Progress::RunStarted { steps } => json!({ "event": "run_started", "steps": steps }),
        Progress::StepStarted { step, address, action: what, expected } => json!({
            "event": "step_started", "step": step.0, "address": address.to_string(), "action": action(what), "expected_ms": expected,
        }),
        Progress::Bound { step, id } => json!({ "event": "bound", "step": step.0, "id": id.as_str() }),
        Progress::Job { step, job, progress } => {
            json!({ "event": "job", "step": step.0, "job": job.as_str(), "progress": progress })
        }
        Progress::Waiting { step, why } => json!({ "event": "waiting", "step": step.0, "why": why }),
        Progress::StepEnded { step, address, action: what, end } => json!({
            "event": "step_ended", "step": step.0, "address": address.to_string(), "action": action(what), "end": end_json(end),
        }),
        Progress::Budget { surface, remaining, limit } => {
            json!({ "event": "budget", "surface": surface.as_str(), "remaining": remaining, "limit": limit })
        }
        Progress::Stopping { in_flight } => json!({ "event": "stopping", "in_flight": in_flight }),
        Progress::RunEnded(summary) => summary_json(summary),
        Progress::RollingBack { steps, kept } => json!({
            "event": "rolling_back", "steps": steps,
            "kept": kept.iter().map(|one| json!({ "address": one.address.to_string(), "why": one.why })).collect::<Vec<_>>(),
        }),
    }
}

fn end_json(end: &StepEnd) -> Json {
    match end {
        StepEnd::Done => json!({ "how": "done" }),
        StepEnd::Failed { message, code, request_id, help } => {
            json!({ "how": "failed", "message": message, "code": code, "request_id": request_id, "help": help })
        }
        StepEnd::Skipped { because, why } => {
            json!({ "how": "skipped", "because": because.as_ref().map(ToString::to_string), "why": why })
        }
        StepEnd::Open { why } => json!({ "how": "open", "why": why }),
    }
}

fn summary_json(summary: &Summary) -> Json {
    json!({
        "event": "run_ended",
        "created": summary.created,
        "updated": summary.updated,
        "replaced": summary.replaced,
        "destroyed": summary.destroyed,
        "ran": summary.ran,
        "adopted": summary.adopted,
        "forgotten": summary.forgotten,
        "moved": summary.moved,
        "other": summary.other,
        "outputs": summary.outputs,
        "failed": summary.failed,
        "skipped": summary.skipped,
        "open": summary.open,
        "incomplete": summary.incomplete,
        "asked": summary.asked,
        "interrupted": summary.interrupted,
        "broken": summary.broken,
        "requests": summary.requests,
        "elapsed_ms": summary.elapsed,
    })
}
