//! The reference for machines.

use crate::model::Ident;
use crate::provider::catalog::{Attribute, Presence, Update};
use crate::report::value_json::value;
use indexmap::IndexMap;
use serde_json::{Value as Json, json};

/// Attributes in the catalog's order.
pub fn attributes(all: &IndexMap<Ident, Attribute>) -> Json {
    Json::Array(all.values().map(attribute).collect())
}

fn attribute(one: &Attribute) -> Json {
    let default = match &one.presence {
        Presence::Optional { default: Some(default) } => value(default),
        Presence::Optional { default: None } | Presence::Required | Presence::Computed => Json::Null,
    };
    let update = match &one.update {
        Update::By(_) | Update::ByValue(_) => "in_place",
        Update::Replace => "replace",
        Update::Argument => "argument",
        Update::Never => "never",
    };
    json!({
        "name": one.name.as_str(),
        "type": one.ty.to_string(),
        "required": one.presence == Presence::Required,
        "computed": one.presence == Presence::Computed,
        "default": default,
        "update": update,
        "text": one.doc,
        "also_known_as": one.also_known_as,
    })
}
