//! The errors of the API in all the forms that they come in (`contract.md L53`).

use super::call::ApiError;
use super::redact;
use crate::model::http::Response;
use serde_json::{Map, Value as Json};

/// How much of a foreign body is worth showing.
const SHOWN: usize = 300;

/// More values than a page of the largest size has many times over: as a tree each takes a hundred bytes and more.
pub(super) const MOST_VALUES: usize = 200_000;

/// A body as JSON; `None` where it is none (or nests deeper than 128, or holds more values than an answer can have).
pub(super) fn json_of(response: &Response) -> Option<Json> {
    let values = response.body.iter().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count();
    if values > MOST_VALUES { None } else { serde_json::from_slice(&response.body).ok() }
}

/// An error as read from an answer.
pub(super) struct Read {
    pub error: ApiError,
    /// In the API's own envelope, `{error: {code, message, …}}`: the API itself speaks, and no proxy before it.
    pub is_own: bool,
}

/// The error that an answer holds, whatever its form.
pub(super) fn error_of(response: &Response) -> Read {
    let json = json_of(response);
    let object = json.as_ref().and_then(Json::as_object);
    let own = object.and_then(|object| object.get("error")).and_then(Json::as_object);
    let mut error = match (own, object) {
        (Some(own), _) => from_envelope(own),
        (None, Some(object)) => from_object(object),
        (None, None) => ApiError { message: text_of(response), ..ApiError::default() },
    };
    error.status = response.status;
    if error.request_id.is_empty() {
        error.request_id = response.headers.get("X-Request-Id").unwrap_or_default().to_owned();
    }
    if error.message.is_empty() {
        error.message = format!("status {}", response.status);
    }
    error.message = redact(&error.message);
    error.details = redact(&error.details);
    Read { error, is_own: own.is_some() }
}

/// `{code, message, details, request_id}`: also the error of a job.
pub(super) fn from_envelope(own: &Map<String, Json>) -> ApiError {
    ApiError {
        status: 0,
        code: text(own, "code"),
        message: text(own, "message"),
        details: own.get("details").filter(|details| !details.is_null()).map(Json::to_string).unwrap_or_default(),
        request_id: text(own, "request_id"),
    }
}

/// RFC 9457, `{message}`, `{errors: [{field, reason}]}`, `{error: "text"}`.
fn from_object(object: &Map<String, Json>) -> ApiError {
    let first =
        |names: &[&str]| names.iter().map(|name| text(object, name)).find(|text| !text.is_empty()).unwrap_or_default();
    ApiError {
        status: 0,
        code: text(object, "code"),
        message: first(&["detail", "title", "message", "error"]),
        details: object.get("errors").or_else(|| object.get("details")).map(Json::to_string).unwrap_or_default(),
        request_id: text(object, "request_id"),
    }
}

fn text(object: &Map<String, Json>, name: &str) -> String {
    object.get(name).and_then(Json::as_str).unwrap_or_default().to_owned()
}

fn text_of(response: &Response) -> String {
    let body = String::from_utf8_lossy(&response.body);
    let body = body.trim();
    let is_page =
        body.starts_with('<') || response.headers.get("Content-Type").is_some_and(|kind| kind.contains("html"));
    if is_page {
        return "a web page instead of an answer of the API".to_owned();
    }
    body.chars().take(SHOWN).collect()
}

/// A top-level `error` object, also under 2xx (`contract.md L65`).
pub(super) fn has_error(json: &Json) -> bool {
    json.get("error").is_some_and(Json::is_object)
}
