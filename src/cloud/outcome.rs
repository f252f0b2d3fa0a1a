//! What became of a write, from its answer alone (reliability: outcome classes). When in doubt: unknown.

use super::call::{Accepted, ApiError, Call, Outcome, Verb};
use super::envelope::{error_of, has_error, json_of};
use super::observe::{data_of, id_of, job_of, observed, value_of};
use super::request::Meant;
use crate::model::Type;
use crate::model::http::Response;
use serde_json::Value as Json;

/// Codes that only the API itself gives, and only where it did nothing; they decide whatever the status is (`contract.md L55`).
const REFUSALS: &[&str] = &[
    "insufficient_resources",
    "state_conflict",
    "resource_busy",
    "already_exists",
    "resource_in_use",
    "quota_exceeded",
    "precondition_failed",
    "idempotency_mismatch",
    "invalid_json",
    "unsupported_media_type",
    "invalid_parameter",
    "missing_api_key",
    "invalid_api_key",
    "expired_api_key",
    "insufficient_permissions",
    "not_found",
    "method_not_allowed",
];

/// Statuses that mean "not done", where the API says so in its own envelope.
const REFUSED: &[u16] = &[400, 401, 402, 403, 404, 405, 410, 412, 413, 415, 422];

/// What the client does with an answer to a write.
#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    Final(Outcome),
    /// Refused before execution: may be sent again after a wait.
    TooMany(ApiError),
    /// The same request under the same key is still being executed.
    InProgress(ApiError),
}

pub(super) fn judge(meant: &Meant<'_>, call: &Call, response: &Response, jobs_path: &str) -> Verdict {
    let is_success = (200..300).contains(&response.status);
    let json = json_of(response);
    if is_success && !json.as_ref().is_some_and(has_error) {
        return Verdict::Final(accepted(meant, call, response, json.as_ref(), jobs_path));
    }
    let read = error_of(response);
    let error = read.error;
    let is_refusal = REFUSALS.contains(&error.code.as_str()) || REFUSED.contains(&error.status);
    match (read.is_own, error.status, error.code.as_str()) {
        (true, 429, _) | (true, _, "rate_limit_exceeded") => Verdict::TooMany(error),
        (true, _, "idempotency_in_progress") => Verdict::InProgress(error),
        (true, _, _) if is_refusal => Verdict::Final(Outcome::Rejected(error)),
        (_, _, _) => Verdict::Final(unknown(error)),
    }
}

fn unknown(error: ApiError) -> Outcome {
    let reason = match error.status {
        300..=399 => "the API answered with a redirect, which cnx does not follow",
        500..=599 => "the API failed while it worked on it",
        200..=299 => "the API reported an error in an answer of success",
        _ => "the answer does not come from the API itself",
    };
    Outcome::Unknown { reason: reason.to_owned(), error: Some(error) }
}

fn accepted(meant: &Meant<'_>, call: &Call, response: &Response, json: Option<&Json>, jobs_path: &str) -> Outcome {
    let lost = |reason: &str| Outcome::Unknown { reason: reason.to_owned(), error: None };
    let is_empty = response.body.iter().all(u8::is_ascii_whitespace);
    if !is_empty && !json.is_some_and(Json::is_object) {
        return lost("the answer is no JSON object");
    }
    let location = response.headers.get("Location");
    let job = job_of(json, location, jobs_path);
    let data = json.map(data_of).filter(|data| data.is_object());
    let is_create = call.verb == Verb::Create;
    // The data of such an answer is another object (the machine of a snapshot).
    let is_about_object = meant.operation.id_in_result.is_none() && call.verb != Verb::Delete;
    let object = match (meant.kind, data) {
        (Some(kind), Some(data)) if is_about_object => observed(&kind.attributes, data, response.headers.get("ETag")),
        (_, _) => None,
    };
    let answered = data.filter(|_| is_about_object).and_then(id_of);
    let id = if is_create { answered } else { call.id.clone() };
    if is_create && job.is_none() && id.is_none() {
        return lost("the answer names neither a job nor the new object");
    }
    let data = match meant.kind {
        Some(_) => None,
        None => json.map(|json| value_of(data_of(json), &Type::Any)),
    };
    Outcome::Accepted(Accepted { job, id, object, data })
}
