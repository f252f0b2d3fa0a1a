//! A request that has passed route, key, limit and permission: what the operations read.
use std::sync::Arc;

use serde_json::{Map, Value};
use smol_str::SmolStr;

use super::answer::Payload;
use super::clock::Now;
use super::effects::Effect;
use super::errors::{ErrorCode, Refusal, refuse};
use super::keys::Key;
use super::query::Query;
use super::routes::{Door, Route};
use super::tenant::Environment;
use crate::model::http::{Headers, Request};

/// One admitted request.
pub struct Call<'a> {
    pub door: Door,
    pub environment: Environment,
    pub key: Arc<Key>,
    pub route: &'static Route,
    /// What the parameters of the path took.
    pub captured: Vec<SmolStr>,
    /// With `/v1`, without the query.
    pub path: &'a str,
    /// With `/v1` and the query.
    pub target: &'a str,
    pub query: Query<'a>,
    pub headers: &'a Headers,
    /// Empty where the request has no body.
    pub body: Map<String, Value>,
    /// Virtual time, Unix milliseconds.
    pub at_ms: i64,
    pub now: Now,
    /// The faults that this request meets.
    pub effects: &'a [Effect],
}

impl Call<'_> {
    /// The n-th parameter of the path.
    pub fn captured(&self, index: usize) -> &str {
        self.captured.get(index).map_or("", SmolStr::as_str)
    }
}

/// What an operation answers when it refuses nothing.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub body: Payload,
    pub headers: Vec<(&'static str, String)>,
}

impl Reply {
    pub fn json(status: u16, body: &impl serde::Serialize) -> Reply {
        let body = serde_json::to_vec(body).expect("invariant: views serialize");
        Reply { status, body: Payload::Own(body), headers: Vec::new() }
    }

    /// As it is, but a copy of it costs nothing.
    pub fn shared(mut self) -> Reply {
        self.body = self.body.shared();
        self
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Reply {
        self.headers.push((name, value.into()));
        self
    }
}

/// The body of a write: one JSON object, of the right type (L5). Reads have none.
pub fn parse_body(request: &Request, wants_body: bool) -> Result<Map<String, Value>, Refusal> {
    if !wants_body {
        return Ok(Map::new());
    }
    if let Some(kind) = request.headers.get("content-type").filter(|_| !request.body.is_empty()) {
        let essence = kind.split(';').next().unwrap_or("").trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            let details = serde_json::json!({"content_type": essence});
            return Err(refuse(ErrorCode::UnsupportedMediaType, "The body must be application/json.", details));
        }
    }
    match serde_json::from_slice::<Value>(&request.body) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err(super::errors::invalid("body", "must be a JSON object")),
        Err(error) => {
            let details = serde_json::json!({"position": {"line": error.line(), "column": error.column()}});
            Err(refuse(ErrorCode::InvalidJson, "The body is not valid JSON.", details))
        }
    }
}
