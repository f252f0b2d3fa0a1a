//! From an operation of the catalog and a call to the request: path, query, body. No kind is known here by name.

use super::call::{Call, Verb};
use crate::model::http::Method;
use crate::model::json::to_json;
use crate::model::{Attributes, Ident, Key, RemoteId, Value};
use crate::provider::{Attribute, Catalog, Compare, Kind, Operation, Route};
use indexmap::IndexMap;
use serde_json::{Map, Value as Json};

/// A request but for the host and the key.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Parts {
    pub surface: Ident,
    pub method: Method,
    /// Path and query below the surface's base path.
    pub target: String,
    pub body: Option<Json>,
    pub headers: Vec<(&'static str, String)>,
}

/// The operation that a call means, with what surrounds it.
pub(super) struct Meant<'a> {
    pub operation: &'a Operation,
    /// `None` for actions and sources.
    pub kind: Option<&'a Kind>,
    /// Of the kind, action or source.
    pub attributes: Option<&'a IndexMap<Ident, Attribute>>,
}

pub(super) fn meant<'a>(catalog: &'a Catalog, name: &Ident, verb: &Verb) -> Result<Meant<'a>, String> {
    if let Some(kind) = catalog.kinds.get(name) {
        let operation = match verb {
            Verb::Create => Some(&kind.create),
            Verb::Read => Some(&kind.read),
            Verb::Delete => Some(&kind.delete),
            Verb::Update(update) => kind.updates.get(update),
            Verb::Run => None,
        };
        let operation = operation.ok_or_else(|| format!("{name} has no operation {verb:?}"))?;
        return Ok(Meant { operation, kind: Some(kind), attributes: Some(&kind.attributes) });
    }
    let action = catalog.actions.get(name).map(|action| &action.operation);
    let source = catalog.sources.get(name).map(|source| &source.read);
    let operation = action.or(source).ok_or_else(|| format!("the catalog has no {name}"))?;
    Ok(Meant { operation, kind: None, attributes: catalog.attributes_of(name.as_str()) })
}

/// The route that fits the values: the first whose condition holds.
pub(super) fn route<'a>(operation: &'a Operation, values: &Attributes) -> Result<&'a Route, String> {
    let fits = |route: &&Route| match &route.when {
        None => true,
        Some((name, prefix)) => values.get(name).and_then(Value::as_str).is_some_and(|value| value.starts_with(prefix)),
    };
    operation.routes.iter().find(fits).ok_or_else(|| {
        let wanted: Vec<String> = operation
            .routes
            .iter()
            .filter_map(|route| route.when.as_ref())
            .map(|(name, prefix)| format!("{name} beginning with {prefix}"))
            .collect();
        format!("{} needs {}", operation.name, wanted.join(" or "))
    })
}

/// The whole request of a call.
pub(super) fn build(meant: &Meant<'_>, call: &Call) -> Result<Parts, String> {
    let values = bared(meant, with_stamp(meant, call));
    let route = route(meant.operation, &values)?;
    let mut target = path(&route.path, call.id.as_ref(), &values)?;
    let members = members(meant.operation, call.id.as_ref(), &values)?;
    let method = meant.operation.method;
    let body = match method {
        Method::Post | Method::Put | Method::Patch => Some(body(meant.operation, members)),
        Method::Get | Method::Delete => {
            append_query(&mut target, &members);
            None
        }
    };
    let mut headers = Vec::new();
    if let (Method::Post, Some(key)) = (method, &call.idempotency_key) {
        headers.push(("Idempotency-Key", key.0.clone()));
    }
    if let (Method::Patch | Method::Put | Method::Delete, Some(etag)) = (method, &call.etag) {
        headers.push(("If-Match", etag.clone()));
    }
    Ok(Parts { surface: route.surface.clone(), method, target, body, headers })
}

/// The mark of cnx goes along at create, and whenever the attribute that carries it is written anew.
fn with_stamp(meant: &Meant<'_>, call: &Call) -> Attributes {
    let mut values = call.attributes.clone();
    let Some(stamp) = meant.kind.and_then(|kind| kind.stamp.as_ref()) else { return values };
    let is_written =
        call.verb == Verb::Create || values.contains_key(stamp) && meant.operation.members.contains_key(stamp);
    if call.stamp.is_empty() || !is_written {
        return values;
    }
    let mut entries = match values.get(stamp) {
        Some(Value::Map(entries)) => (**entries).clone(),
        _ => Default::default(),
    };
    entries.extend(call.stamp.iter().map(|(name, text)| (Key::text(name), Value::string(text))));
    values.insert(stamp.clone(), Value::map(entries));
    values
}

/// Values as the API takes them: a public key without its file's last newline, a text without the quotes around it.
fn bared(meant: &Meant<'_>, mut values: Attributes) -> Attributes {
    for (name, value) in &mut values {
        let attribute = meant.attributes.and_then(|attributes| attributes.get(name));
        let (Some(attribute), Some(text)) = (attribute, value.as_str()) else { continue };
        if attribute.compare == Compare::PublicKey {
            *value = Value::string(text.trim_end());
        } else if attribute.bare {
            let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            *value = Value::string(inner.unwrap_or(text));
        }
    }
    values
}

/// The template with its names filled in and encoded.
pub(super) fn path(template: &str, id: Option<&RemoteId>, values: &Attributes) -> Result<String, String> {
    let mut path = String::with_capacity(template.len() + 24);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').ok_or_else(|| format!("the path {template} has an open brace"))?;
        path.push_str(before);
        let value = match (name, id) {
            ("id", Some(id)) => Some(id.as_str()),
            _ => values.get(name).and_then(Value::as_str),
        };
        let value = value.ok_or_else(|| format!("the path {template} needs a value for `{name}`"))?;
        // URL readers take a segment of dots as a way up, encoded or not.
        if value.is_empty() || value.bytes().all(|byte| byte == b'.') {
            return Err(format!("`{value}` can't stand in the path {template}"));
        }
        encode(value, &mut path);
        rest = after;
    }
    path.push_str(rest);
    Ok(path)
}

fn members(operation: &Operation, id: Option<&RemoteId>, values: &Attributes) -> Result<Vec<(String, Json)>, String> {
    let mut members = Vec::new();
    for (name, member) in &operation.members {
        let own_id = if name.as_str() == "id" { id.map(|id| Json::String(id.to_string())) } else { None };
        let json = match (own_id, values.get(name)) {
            (Some(id), _) => Some(id),
            (None, None) => None,
            // `null` means as not written; only a PATCH can take a value back with it.
            (None, Some(Value::Null)) if operation.method != Method::Patch => None,
            (None, Some(value)) => Some(to_json(value).ok_or_else(|| format!("`{name}` is not known yet"))?),
        };
        members.extend(json.map(|json| (member.clone(), json)));
    }
    Ok(members)
}

fn body(operation: &Operation, members: Vec<(String, Json)>) -> Json {
    let constants = operation.constants.iter().filter_map(|(name, value)| Some((name.clone(), to_json(value)?)));
    Json::Object(constants.chain(members).collect::<Map<String, Json>>())
}

fn append_query(target: &mut String, members: &[(String, Json)]) {
    for (name, json) in members {
        let text = json.as_str().map_or_else(|| json.to_string(), str::to_owned);
        append_parameter(target, name, &text);
    }
}

/// `?name=value` or `&name=value`, encoded.
pub(super) fn append_parameter(target: &mut String, name: &str, value: &str) {
    target.push(if target.contains('?') { '&' } else { '?' });
    encode(name, target);
    target.push('=');
    encode(value, target);
}

/// RFC 3986: all but the unreserved characters.
fn encode(text: &str, into: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            into.push(byte as char);
        } else {
            into.push('%');
            into.push(HEX[usize::from(byte >> 4)] as char);
            into.push(HEX[usize::from(byte & 15)] as char);
        }
    }
}
