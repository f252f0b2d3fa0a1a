//! Why something could not be read, and the words for it.

use super::call::ApiError;
use super::{codes, redact};
use crate::diag::{Code, Diagnostic};
use std::time::Duration;

/// A read that failed. 5xx, time-outs and refused connections come here only after their tries (`contract.md` 2.7).
#[derive(Clone, Debug, PartialEq)]
pub enum ReadError {
    /// 401: nothing else will work either, the run stops.
    Authentication { surface: String, error: Box<ApiError> },
    /// 403: may not; says nothing about whether the object exists.
    Permission(Box<ApiError>),
    /// 404 or 405: no such object, or no such route.
    NotFound(Box<ApiError>),
    /// Another 4xx.
    Refused(Box<ApiError>),
    /// 5xx.
    Failed(Box<ApiError>),
    /// The wait that would be needed.
    RateLimited { surface: String, wait: Duration },
    /// Name, connection or TLS failed.
    Unreachable { host: String, reason: String },
    /// Something was sent and no whole answer came.
    Interrupted { host: String, reason: String },
    /// An answer that makes no sense.
    BadAnswer { what: String },
    /// The request could not be written: no endpoint, a missing route attribute.
    NotPossible { reason: String },
}

impl ReadError {
    /// The error that the API gave, where it gave one.
    pub fn api_error(&self) -> Option<&ApiError> {
        match self {
            ReadError::Authentication { error, .. }
            | ReadError::Permission(error)
            | ReadError::NotFound(error)
            | ReadError::Refused(error)
            | ReadError::Failed(error) => Some(error),
            ReadError::RateLimited { .. }
            | ReadError::Unreachable { .. }
            | ReadError::Interrupted { .. }
            | ReadError::BadAnswer { .. }
            | ReadError::NotPossible { .. } => None,
        }
    }

    /// In words, with what to do.
    pub fn diagnostic(&self) -> Diagnostic {
        match self {
            ReadError::Authentication { surface, error } => {
                Diagnostic::new(&codes::AUTHENTICATION, format!("{surface}: {}", sentence(error))).help(authentication_help(error))
            }
            ReadError::Permission(error) => told(&codes::PERMISSION, error, "use a key that may, or ask the account's owner for the permission"),
            ReadError::NotFound(error) => told(&codes::NOT_FOUND, error, "check the id, and that the key belongs to the right account"),
            ReadError::Refused(error) => rejection(error),
            ReadError::Failed(error) => told(&codes::SERVER_ERROR, error, "try again later; tell the support the request id if it lasts"),
            ReadError::RateLimited { surface, wait } => {
                Diagnostic::new(&codes::RATE_LIMITED, format!("{surface} allows the next request in {} s", wait.as_secs().max(1)))
                    .help("run again later, or raise `max_wait` in the provider settings")
            }
            ReadError::Unreachable { host, reason } if is_about_trust(reason) => {
                Diagnostic::new(&codes::UNTRUSTED, format!("{host}: {}", redact(reason)))
                    .help("check the clock of this machine and its certificates; SSL_CERT_FILE names those of a proxy of your own")
            }
            ReadError::Unreachable { host, reason } => Diagnostic::new(&codes::UNREACHABLE, format!("{host}: {}", redact(reason)))
                .help("check the network, the proxy and the URL; `-e NAME` of an environment with target \"local\" needs no network"),
            ReadError::Interrupted { host, reason } => Diagnostic::new(&codes::INTERRUPTED, format!("{host}: {}", redact(reason)))
                .help("run again; nothing was changed by reading"),
            ReadError::BadAnswer { what } => Diagnostic::new(&codes::BAD_ANSWER, redact(what))
                .help("run again; if it stays, check that the URL is that of CloudNexus and that no proxy answers in its place"),
            ReadError::NotPossible { reason } => {
                Diagnostic::new(&codes::NOT_POSSIBLE, redact(reason)).help("this is a mistake in the provider file or in cnx")
            }
        }
    }
}

fn is_about_trust(reason: &str) -> bool {
    let reason = reason.to_ascii_lowercase();
    ["certificate", "tls", "handshake"].iter().any(|word| reason.contains(word))
}

fn told(code: &'static Code, error: &ApiError, help: &str) -> Diagnostic {
    Diagnostic::new(code, sentence(error)).help(help)
}

/// Message, code, status and request id, as far as there are any.
pub fn sentence(error: &ApiError) -> String {
    let mut parts = vec![error.message.trim_end_matches('.').to_owned()];
    let mut place = Vec::new();
    if error.status != 0 {
        place.push(format!("status {}", error.status));
    }
    if !error.code.is_empty() {
        place.push(error.code.clone());
    }
    if !error.request_id.is_empty() {
        place.push(format!("request {}", error.request_id));
    }
    if !place.is_empty() {
        parts.push(format!("({})", place.join(", ")));
    }
    redact(&parts.join(" "))
}

/// A refusal of the API in words: capacity with its alternatives, fields with their reasons.
pub fn rejection(error: &ApiError) -> Diagnostic {
    match (error.status, error.code.as_str()) {
        (401, _) => Diagnostic::new(&codes::AUTHENTICATION, sentence(error)).help(authentication_help(error)),
        (_, "insufficient_resources") => told(&codes::NO_CAPACITY, error, &capacity_help(error)),
        (_, "insufficient_permissions") | (403, _) => {
            told(&codes::PERMISSION, error, "use a key that may, or ask the account's owner for the permission")
        }
        (429, _) => told(&codes::RATE_LIMITED, error, "run again later, or raise `max_wait` in the provider settings"),
        (_, "quota_exceeded") => told(&codes::REFUSED, error, "destroy what is not needed, or ask for a higher quota"),
        (_, "already_exists") => {
            let is_id = |id: &&str| id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            let there = detail(error, "existing_id");
            let there = there.as_ref().and_then(|id| id.as_str()).filter(is_id);
            let there = there.map(|id| format!(" ({id})")).unwrap_or_default();
            let help =
                format!("give it another name, or adopt the one that is there{there} (`lifecycle {{ adopt = true }}`)");
            told(&codes::REFUSED, error, &help)
        }
        (_, "resource_busy") => {
            told(&codes::REFUSED, error, "another job is at work on it: run again when that is over")
        }
        (_, "state_conflict") => told(&codes::REFUSED, error, &state_help(error)),
        (404 | 410, _) | (_, "not_found") if fields_of(error).is_none() => {
            told(&codes::REFUSED, error, &missing_help(error))
        }
        (_, "resource_in_use") => told(&codes::REFUSED, error, "remove what uses it first"),
        (_, "precondition_failed") => told(&codes::REFUSED, error, "it changed since the plan: plan again"),
        (_, _) => {
            let reasons = fields_of(error);
            let help = reasons.unwrap_or_else(|| "correct the values that the message speaks of".to_owned());
            told(&codes::REFUSED, error, &help)
        }
    }
}

fn authentication_help(error: &ApiError) -> String {
    let reason = detail(error, "reason").and_then(|reason| reason.as_str().map(str::to_owned));
    match (error.code.as_str(), reason.as_deref()) {
        (_, Some("environment_mismatch")) => {
            "the key belongs to another environment: use a test key for the sandbox and a live key for production"
        }
        ("expired_api_key", _) => "make a new key in the Dashboard and set it in CLOUDNEXUS_API_KEY",
        (_, _) => "set a valid key in CLOUDNEXUS_API_KEY (or CLOUDNEXUS_COMPUTE_API_KEY, CLOUDNEXUS_PLATFORM_API_KEY)",
    }
    .to_owned()
}

/// Shown, never applied by itself (`contract.md L56`).
fn capacity_help(error: &ApiError) -> String {
    let alternatives: Vec<String> = detail(error, "suggested_alternatives")
        .and_then(|list| {
            list.as_array().map(|list| list.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect())
        })
        .unwrap_or_default();
    match alternatives.first() {
        Some(first) => {
            format!("the API suggests {}: write `region = \"{first}\"` if that will do", alternatives.join(" or "))
        }
        None => "choose another region or size, or try again later".to_owned(),
    }
}

/// What is missing, where the API names it.
fn missing_help(error: &ApiError) -> String {
    let text = |name: &str| detail(error, name).and_then(|text| text.as_str().map(redact));
    match (text("resource_type"), text("id")) {
        (Some(kind), Some(id)) => {
            format!("{kind} {id} is not there: correct the id, or run again, where the plan shows what is gone")
        }
        (_, _) => "what it names is not there, or the API has no such route: look at the ids that it names; `cnx doctor` tells what \
                   the target supports"
            .to_owned(),
    }
}

/// What the object would have to be for this, where the API says so.
fn state_help(error: &ApiError) -> String {
    let status = |name: &str| detail(error, name).and_then(|status| status.as_str().map(redact));
    match (status("required_status"), status("current_status")) {
        (Some(required), Some(current)) => format!("it has to be {required} for this, and is {current}"),
        (Some(required), None) => format!("it has to be {required} for this"),
        (None, _) => "it is not in a state that allows this: run again when it is at rest".to_owned(),
    }
}

/// Which fields are wrong and why, where the API says so.
fn fields_of(error: &ApiError) -> Option<String> {
    let whole = || serde_json::from_str::<serde_json::Value>(&error.details).ok();
    let fields = detail(error, "fields").or_else(whole);
    let fields = fields.and_then(|fields| fields.as_array().cloned()).unwrap_or_default();
    let reasons: Vec<String> = fields
        .iter()
        .filter_map(|field| Some(format!("{}: {}", field.get("field")?.as_str()?, field.get("reason")?.as_str()?)))
        .collect();
    (!reasons.is_empty()).then(|| reasons.join("; "))
}

fn detail(error: &ApiError, name: &str) -> Option<serde_json::Value> {
    serde_json::from_str::<serde_json::Value>(&error.details).ok()?.get(name).cloned()
}
