//! Faults on an answer that is already made: its status, its shape, its lists (contract.md 4.8).
use serde_json::{Map, Value, json};

use super::clock::{Now, parse_rfc3339};
use super::effects::{Instead, Listing, Shape, StormHeaders};
use super::errors::{ErrorBody, Refusal};
use super::handle::http_date;
use crate::model::http::{Request, Response};

const FOREIGN: &str = "https://elsewhere.example";

/// A refusal that a fault puts in the place of the execution's answer.
#[derive(Clone, Debug)]
pub struct Replacement {
    pub refusal: Refusal,
    /// The request is carried out all the same.
    pub executed: bool,
}

/// What an effect answers instead, if it is about such a request.
pub fn instead(effect: &Instead, request: &Request, now: Now) -> Option<Replacement> {
    let refusal = |status: u16, code: &str, message: &str| Refusal {
        status,
        error: Box::new(ErrorBody::new(code, message, json!({}))),
        headers: Vec::new(),
    };
    let failure = "Unexpected infrastructure failure. Contact support.";
    let has_cursor = request.query().split('&').any(|pair| pair.starts_with("cursor="));
    let at_once = |refusal: Refusal| Some(Replacement { refusal, executed: false });
    match effect {
        Instead::Status { status, code, executed } => {
            let code = code.as_deref().unwrap_or(usual_code(*status));
            Some(Replacement { refusal: refusal(*status, code, failure), executed: *executed })
        }
        Instead::Storm429 { headers } => {
            let mut storm = refusal(429, "rate_limit_exceeded", "Rate limit exceeded.");
            storm.headers = storm_headers(*headers, now);
            at_once(storm)
        }
        Instead::Http502Html { executed } => {
            Some(Replacement { refusal: refusal(502, "bad_gateway", failure), executed: *executed })
        }
        Instead::ErrorIn200 { executed } => {
            Some(Replacement { refusal: refusal(200, "internal_error", failure), executed: *executed })
        }
        Instead::RedirectForeign => {
            let mut moved = refusal(302, "moved", "Moved.");
            moved.headers.push(("Location", format!("{FOREIGN}{}", request.target)));
            at_once(moved)
        }
        Instead::CursorExpired if has_cursor => at_once(super::page::invalid_cursor()),
        Instead::Job404 if request.path().starts_with("/v1/jobs") => {
            at_once(refusal(404, "not_found", "Resource does not exist or has been deleted."))
        }
        Instead::RevokeAfter { .. } => at_once(refusal(401, "invalid_api_key", "Missing, invalid or expired API key.")),
        Instead::ExpireAt { at } if parse_rfc3339(at).is_some_and(|at_ms| at_ms <= now.unix_ms) => {
            at_once(refusal(401, "expired_api_key", "Missing, invalid or expired API key."))
        }
        Instead::CursorExpired | Instead::Job404 | Instead::ExpireAt { .. } => None,
    }
}

/// The code that goes with a status when none is given.
fn usual_code(status: u16) -> &'static str {
    match status {
        400 | 422 => "invalid_parameter",
        401 => "invalid_api_key",
        403 => "insufficient_permissions",
        404 => "not_found",
        409 => "state_conflict",
        412 => "precondition_failed",
        429 => "rate_limit_exceeded",
        502..=504 => "service_unavailable",
        _ => "internal_error",
    }
}

fn storm_headers(headers: StormHeaders, now: Now) -> Vec<(&'static str, String)> {
    let now_s = now.unix_ms.div_euclid(1000);
    match headers {
        StormHeaders::None => Vec::new(),
        StormHeaders::RetryAfter => vec![("Retry-After", "2".to_owned())],
        StormHeaders::HttpDate => vec![("Retry-After", http_date(Now { unix_ms: now.unix_ms + 2000 }))],
        StormHeaders::Reset => vec![("X-RateLimit-Reset", (now_s + 2).to_string())],
        StormHeaders::PastReset => vec![("X-RateLimit-Reset", "1708492800".to_owned())],
    }
}

/// The answer as an effect leaves it.
pub fn shape(effect: &Shape, response: &mut Response, request: &Request, now: Now) {
    match effect {
        // Known before the answer was made.
        Shape::ErrorFormat { .. } => {}
        Shape::WrongContentType => replace_header(response, "Content-Type", "text/html"),
        Shape::BadJson => {
            response.body.truncate(response.body.len().saturating_sub(1));
            response.body.extend(b",]");
        }
        Shape::ClockSkew { seconds } => skew(response, *seconds, now),
        Shape::DropMember { path } => reshape(response, |body| drop_member(body, path)),
        Shape::AddUnknownMember => reshape(response, add_unknown),
        Shape::UnknownStatus => reshape(response, |body| set_member(body, "status", &json!("hibernating"))),
        Shape::Ipv4Null => reshape(response, |body| set_member(body, "ipv4", &Value::Null)),
        Shape::NullData => reshape(response, |body| {
            if let Some(data) = body.get_mut("data") {
                *data = Value::Null;
            }
        }),
        Shape::NoJobId => {
            response.headers.0.retain(|(name, _)| name != "Location");
            reshape(response, |body| {
                if let Some(object) = body.as_object_mut() {
                    object.shift_remove("job_id");
                }
                set_member(body, "current_job_id", &Value::Null);
            });
        }
        Shape::JobFlap if request.path().starts_with("/v1/jobs") => reshape(response, flap),
        Shape::JobFlap => {}
    }
}

/// Changes a body that is JSON.
fn reshape(response: &mut Response, change: impl FnOnce(&mut Value)) {
    if let Ok(mut body) = serde_json::from_slice::<Value>(&response.body) {
        change(&mut body);
        response.body = body.to_string().into_bytes();
    }
}

fn add_unknown(body: &mut Value) {
    each_object(body, &mut |object| {
        object.insert("x_unknown".to_owned(), json!({"new_in": "1.3"}));
    });
    if let Some(object) = body.as_object_mut() {
        object.insert("x_unknown".to_owned(), json!(true));
    }
}

fn flap(body: &mut Value) {
    each_object(body, &mut |job| {
        if job.get("status") == Some(&json!("succeeded")) {
            job.insert("status".to_owned(), json!("running"));
            job.insert("progress".to_owned(), json!(99));
            job.insert("finished_at".to_owned(), Value::Null);
        }
    });
}

/// The page of an upstream proxy that has nothing behind it.
pub fn bad_gateway(response: &mut Response) {
    replace_header(response, "Content-Type", "text/html");
    response.body =
        b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>".to_vec();
}

fn replace_header(response: &mut Response, name: &str, value: &str) {
    response.headers.0.retain(|(own, _)| !own.eq_ignore_ascii_case(name));
    response.headers.push(name, value);
}

fn skew(response: &mut Response, seconds: i64, now: Now) {
    replace_header(response, "Date", &http_date(Now { unix_ms: now.unix_ms + seconds * 1000 }));
    let reset = response.headers.get("X-RateLimit-Reset").and_then(|text| text.parse::<i64>().ok());
    if let Some(reset) = reset {
        replace_header(response, "X-RateLimit-Reset", &(reset + seconds).to_string());
    }
}

/// A list as an effect leaves it.
pub fn listing(effect: &Listing, response: &mut Response, request: &Request, at_ms: i64) {
    reshape(response, |body| {
        let Some(items) = body.get_mut("data").and_then(Value::as_array_mut) else { return };
        match effect {
            // Known while the page was made.
            Listing::ListShift => {}
            Listing::ListLag { seconds } => {
                let before = items.len();
                let youngest_ms = at_ms.saturating_sub(seconds.saturating_mul(1000));
                items.retain(|item| {
                    let created = item.get("created_at").and_then(Value::as_str).and_then(parse_rfc3339);
                    created.is_none_or(|created_ms| created_ms <= youngest_ms)
                });
                let hidden = before - items.len();
                lower_total(body, hidden);
            }
            Listing::ListDuplicate => {
                if let Some(first) = items.first().cloned() {
                    items.push(first);
                }
            }
            Listing::EmptyPage => items.clear(),
            Listing::CursorLoop => {
                let sent = request.query().split('&').find_map(|pair| pair.strip_prefix("cursor="));
                if let (Some(sent), Some(meta)) = (sent, body.get_mut("meta").and_then(Value::as_object_mut)) {
                    meta.insert("next_page".to_owned(), json!(request.target));
                    meta.insert("next_cursor".to_owned(), json!(super::query::decode(sent)));
                }
            }
            Listing::NextPageForeign => {
                if let Some(meta) = body.get_mut("meta").and_then(Value::as_object_mut) {
                    meta.insert("next_page".to_owned(), json!(format!("{FOREIGN}{}?page=2", request.path())));
                    meta.shift_remove("next_cursor");
                }
            }
        }
    });
}

fn lower_total(body: &mut Value, by: usize) {
    for tail in ["meta", "pagination"] {
        if let Some(total) = body.get_mut(tail).and_then(|tail| tail.get_mut("total")) {
            *total = json!(total.as_u64().unwrap_or(0).saturating_sub(by as u64));
        }
    }
}

/// Calls a function with every object of `data`.
fn each_object(body: &mut Value, change: &mut dyn FnMut(&mut Map<String, Value>)) {
    match body.get_mut("data") {
        Some(Value::Array(items)) => items.iter_mut().filter_map(Value::as_object_mut).for_each(change),
        Some(Value::Object(object)) => change(object),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) | None => {}
    }
}

/// Sets a member of every object of `data` that has it.
fn set_member(body: &mut Value, name: &str, value: &Value) {
    each_object(body, &mut |object| {
        if let Some(own) = object.get_mut(name) {
            *own = value.clone();
        }
    });
}

fn drop_member(body: &mut Value, path: &str) {
    match (path.split_once('.'), body) {
        (Some(("*", rest)), Value::Array(items)) => items.iter_mut().for_each(|item| drop_member(item, rest)),
        (Some((head, rest)), Value::Object(object)) => {
            if let Some(inner) = object.get_mut(head) {
                drop_member(inner, rest);
            }
        }
        (None, Value::Object(object)) => {
            object.shift_remove(path);
        }
        (_, Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {}
    }
}
