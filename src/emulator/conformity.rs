//! The emulator's answers against its own document (`openapi.rs`). Builds with debug assertions, and so the whole test
//! suite, hold every answer against it: document and emulator can't drift apart.
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::config::{Config, Profile};
use super::openapi::document;
use super::routes::{Door, Found, Ports, find};
use super::schema::{check, follow};
use crate::model::http::{Method, Request, Response};

/// What HTTP itself puts into answers.
const OF_HTTP: [&str; 3] = ["Content-Type", "Date", "Allow"];

/// The document of a profile and door, made once.
pub fn cached(profile: Profile, door: Door) -> &'static Value {
    static DOCUMENTS: [OnceLock<Value>; 9] = [const { OnceLock::new() }; 9];
    let column = match door {
        Door::C => 0,
        Door::P => 1,
        Door::Sandbox | Door::Control => 2,
    };
    let row = match profile {
        Profile::Full => 0,
        Profile::Documented => 3,
        Profile::DocumentedNojobs => 6,
    };
    DOCUMENTS[row + column]
        .get_or_init(|| document(&Config { profile, ..Config::default() }, Ports::default(), Some(door)))
}

/// What is wrong with the answer to a request by the document. `method` is `None` where it is none that the API uses.
///
/// # Errors
/// Place and reason, for people.
pub fn conforms(
    profile: Profile,
    door: Door,
    method: Option<Method>,
    request: &Request,
    response: &Response,
) -> Result<(), String> {
    let document = cached(profile, door);
    let (word, path) = (method.map_or("other", Method::as_str).to_lowercase(), request.path());
    let told = |reason: String| {
        let body = String::from_utf8_lossy(&response.body);
        format!("{word} {path} on {}: {}: {reason} in {body}", door.as_str(), response.status)
    };
    let body: Value = serde_json::from_slice(&response.body).map_err(|error| told(error.to_string()))?;
    let Found::Route(route, _) = find(door.surface(), profile, method, path) else {
        return check(document, &json!({"$ref": "#/components/schemas/Error"}), &body).map_err(told);
    };
    let responses = &document["paths"][route.path][&word]["responses"];
    let declared = responses.get(response.status.to_string()).or_else(|| responses.get("default"));
    let declared = follow(document, declared.ok_or_else(|| told("the status is not declared".to_owned()))?);
    let kind = response.headers.get("Content-Type").unwrap_or_default();
    let schema = &declared["content"].get(kind).ok_or_else(|| told(format!("{kind} is not declared")))?["schema"];
    check(document, schema, &body).map_err(told)?;
    for (name, text) in &response.headers.0 {
        let Some(header) = declared["headers"].get(name) else {
            if OF_HTTP.contains(&name.as_str()) {
                continue;
            }
            return Err(told(format!("the header {name} is not declared")));
        };
        let schema = follow(document, &follow(document, header)["schema"]);
        let value = match schema["type"].as_str() {
            Some("integer" | "boolean") => serde_json::from_str(text).unwrap_or(Value::Null),
            Some(_) | None => Value::String(text.clone()),
        };
        check(document, schema, &value).map_err(|reason| told(format!("{name}: {reason}")))?;
    }
    Ok(())
}
