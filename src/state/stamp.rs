//! cnx's mark on the objects that it makes: entries of a map of text that the kind names (`Kind::stamp`).
//! Knows nothing of requests; whoever sends or shows such a map asks here.

use crate::model::{Address, Attributes, Ident, Key, Value, hex};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// What the name of every mark begins with. Programs may not write such names, diffs and outputs do not show them.
pub const STAMP_PREFIX: &str = "cnx_";
/// The nonce of the create that made the object.
pub const STAMP_OPERATION: &str = "cnx_op";
/// The lineage of the state that the object belongs to.
pub const STAMP_STATE: &str = "cnx_state";

/// Which project, environment and address it was made for: tells a lost state's objects from everybody else's.
pub const STAMP_HOME: &str = "cnx_for";

/// The value of [`STAMP_HOME`]: a hash, so that it says nothing to others and fits every limit.
pub fn home_mark(project: &str, environment: &str, address: &Address) -> String {
    hex(&Sha256::digest(format!("{project}\n{environment}\n{address}"))[..8])
}

/// The map without cnx's marks; any other value as it is.
pub fn without_marks(value: &Value) -> Value {
    match value {
        Value::Map(entries) if entries.keys().any(is_mark) => {
            Value::map(entries.iter().filter(|(key, _)| !is_mark(key)).map(|(k, v)| (k.clone(), v.clone())).collect())
        }
        other => other.clone(),
    }
}

/// cnx's marks in an object's attributes, by name.
pub fn marks(attributes: &Attributes, stamp: &Ident) -> BTreeMap<String, String> {
    let Some(Value::Map(entries)) = attributes.get(stamp) else { return BTreeMap::new() };
    let marked = entries.iter().filter(|(key, _)| is_mark(key));
    marked.filter_map(|(key, value)| Some((text_of(key)?.to_owned(), value.as_str()?.to_owned()))).collect()
}

/// One of cnx's marks in an object's attributes.
pub fn mark<'a>(attributes: &'a Attributes, stamp: &Ident, name: &str) -> Option<&'a str> {
    let Value::Map(entries) = attributes.get(stamp)? else { return None };
    entries.get(&Key::text(name))?.as_str()
}

fn is_mark(key: &Key) -> bool {
    text_of(key).is_some_and(|text| text.starts_with(STAMP_PREFIX))
}

fn text_of(key: &Key) -> Option<&str> {
    match key {
        Key::Text(text) => Some(text),
        Key::Int(_) => None,
    }
}
