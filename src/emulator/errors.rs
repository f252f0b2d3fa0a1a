//! Refusals: codes with their statuses (contract.md appendix A) and the documented envelope (seed B:103).
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::config::ErrorFormat;

/// Every error code of appendix A.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    InsufficientResources,
    InvalidJson,
    UnsupportedMediaType,
    InvalidParameter,
    InvalidCursor,
    IdempotencyMismatch,
    MissingApiKey,
    InvalidApiKey,
    ExpiredApiKey,
    InsufficientPermissions,
    NotFound,
    MethodNotAllowed,
    StateConflict,
    ResourceBusy,
    AlreadyExists,
    ResourceInUse,
    QuotaExceeded,
    IdempotencyInProgress,
    PreconditionFailed,
    RateLimitExceeded,
}

impl ErrorCode {
    pub fn as_str(self) -> &'static str {
        match self {
            ErrorCode::InsufficientResources => "insufficient_resources",
            ErrorCode::InvalidJson => "invalid_json",
            ErrorCode::UnsupportedMediaType => "unsupported_media_type",
            ErrorCode::InvalidParameter => "invalid_parameter",
            ErrorCode::InvalidCursor => "invalid_cursor",
            ErrorCode::IdempotencyMismatch => "idempotency_mismatch",
            ErrorCode::MissingApiKey => "missing_api_key",
            ErrorCode::InvalidApiKey => "invalid_api_key",
            ErrorCode::ExpiredApiKey => "expired_api_key",
            ErrorCode::InsufficientPermissions => "insufficient_permissions",
            ErrorCode::NotFound => "not_found",
            ErrorCode::MethodNotAllowed => "method_not_allowed",
            ErrorCode::StateConflict => "state_conflict",
            ErrorCode::ResourceBusy => "resource_busy",
            ErrorCode::AlreadyExists => "already_exists",
            ErrorCode::ResourceInUse => "resource_in_use",
            ErrorCode::QuotaExceeded => "quota_exceeded",
            ErrorCode::IdempotencyInProgress => "idempotency_in_progress",
            ErrorCode::PreconditionFailed => "precondition_failed",
            ErrorCode::RateLimitExceeded => "rate_limit_exceeded",
        }
    }

    pub fn status(self) -> u16 {
        match self {
            ErrorCode::InvalidJson
            | ErrorCode::UnsupportedMediaType
            | ErrorCode::InvalidParameter
            | ErrorCode::InvalidCursor
            | ErrorCode::IdempotencyMismatch => 400,
            ErrorCode::MissingApiKey | ErrorCode::InvalidApiKey | ErrorCode::ExpiredApiKey => 401,
            ErrorCode::InsufficientPermissions => 403,
            ErrorCode::NotFound => 404,
            ErrorCode::MethodNotAllowed => 405,
            ErrorCode::InsufficientResources
            | ErrorCode::StateConflict
            | ErrorCode::ResourceBusy
            | ErrorCode::AlreadyExists
            | ErrorCode::ResourceInUse
            | ErrorCode::QuotaExceeded
            | ErrorCode::IdempotencyInProgress => 409,
            ErrorCode::PreconditionFailed => 412,
            ErrorCode::RateLimitExceeded => 429,
        }
    }
}

/// A request that is refused: what the answer will say.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub status: u16,
    pub error: Box<ErrorBody>,
    pub headers: Vec<(&'static str, String)>,
}

/// Code, message and details of an error, as in an envelope or in a failed job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ErrorBody {
    pub code: String,
    pub message: String,
    pub details: Value,
}

impl ErrorBody {
    pub fn new(code: &str, message: impl Into<String>, details: Value) -> ErrorBody {
        ErrorBody { code: code.to_owned(), message: message.into(), details }
    }
}

/// A refusal with the status that belongs to its code.
pub fn refuse(code: ErrorCode, message: impl Into<String>, details: Value) -> Refusal {
    Refusal {
        status: code.status(),
        error: Box::new(ErrorBody::new(code.as_str(), message, details)),
        headers: Vec::new(),
    }
}

/// 404 for an object or a reference.
pub fn not_found(resource_type: &str, id: &str) -> Refusal {
    refuse(
        ErrorCode::NotFound,
        "Resource does not exist or has been deleted.",
        json!({"resource_type": resource_type, "id": id}),
    )
}

/// 400 for one field of the body or the query.
pub fn invalid(field: &str, reason: impl Into<String>) -> Refusal {
    invalid_fields(vec![(field.to_owned(), reason.into())])
}

/// 400 for several fields; the message is that of the first.
pub fn invalid_fields(fields: Vec<(String, String)>) -> Refusal {
    let message =
        fields.first().map_or_else(|| "Invalid request.".to_owned(), |(field, reason)| format!("{field} {reason}."));
    let fields: Vec<Value> =
        fields.into_iter().map(|(field, reason)| json!({"field": field, "reason": reason})).collect();
    refuse(ErrorCode::InvalidParameter, message, json!({"fields": fields}))
}

/// 409: the object is not in a state for this.
pub fn state_conflict(message: String, details: Value) -> Refusal {
    refuse(ErrorCode::StateConflict, message, details)
}

/// 409: another job works on the object.
pub fn busy(id: &str, job_id: &str) -> Refusal {
    refuse(
        ErrorCode::ResourceBusy,
        format!("Another job is running on {id}."),
        json!({"resource_id": id, "job_id": job_id}),
    )
}

/// Body and content type of an error answer in a form (L53).
pub fn render(error: &ErrorBody, status: u16, request_id: &str, format: ErrorFormat) -> (Vec<u8>, &'static str) {
    let json_type = "application/json";
    match format {
        ErrorFormat::Envelope => (envelope(error, request_id), json_type),
        ErrorFormat::Problem => {
            let mut problem = Map::new();
            problem.insert("type".to_owned(), json!(format!("https://cloudnexus.example/errors/{}", error.code)));
            problem.insert("title".to_owned(), json!(error.code));
            problem.insert("status".to_owned(), json!(status));
            problem.insert("detail".to_owned(), json!(error.message));
            problem.insert("instance".to_owned(), json!(request_id));
            (Value::Object(problem).to_string().into_bytes(), "application/problem+json")
        }
        ErrorFormat::Bare => {
            let fields = error.details.get("fields").cloned().unwrap_or_else(|| json!([]));
            (json!({"message": error.message, "errors": fields}).to_string().into_bytes(), json_type)
        }
        ErrorFormat::Text => (error.message.clone().into_bytes(), "text/plain; charset=utf-8"),
        ErrorFormat::Html => {
            let page = format!("<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>");
            (page.into_bytes(), "text/html; charset=utf-8")
        }
        ErrorFormat::Empty => (Vec::new(), json_type),
    }
}

/// The documented envelope (B:103).
fn envelope(error: &ErrorBody, request_id: &str) -> Vec<u8> {
    let body = json!({"error": {
        "code": error.code, "message": error.message, "details": error.details, "request_id": request_id,
    }});
    body.to_string().into_bytes()
}
