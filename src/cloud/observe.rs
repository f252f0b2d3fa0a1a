//! From the API's objects to attributes: what the catalog knows is kept, the rest is dropped before anything sees it.

use crate::model::Observed;
use crate::model::json::from_json;
use crate::model::{Attributes, Ident, JobId, RemoteId, Type};
use crate::provider::Attribute;
use indexmap::IndexMap;
use serde_json::Value as Json;
use smol_str::SmolStr;

/// An object with an id; `None` where it has none.
pub(super) fn observed(attributes: &IndexMap<Ident, Attribute>, object: &Json, etag: Option<&str>) -> Option<Observed> {
    Some(Observed {
        id: id_of(object)?,
        attributes: attributes_of(attributes, object),
        status: object.get("status").and_then(Json::as_str).map(str::to_owned),
        current_job: object.get("current_job_id").and_then(Json::as_str).map(JobId::new),
        etag: etag.map(str::to_owned),
    })
}

pub(super) fn id_of(object: &Json) -> Option<RemoteId> {
    object.get("id").and_then(Json::as_str).filter(|id| !id.is_empty()).map(RemoteId::new)
}

/// The attributes that the object shows; those that it leaves out are absent (`contract.md L28`).
pub(super) fn attributes_of(attributes: &IndexMap<Ident, Attribute>, object: &Json) -> Attributes {
    let shown = attributes.values().filter_map(|attribute| {
        let json = attribute.shown_as.split('.').try_fold(object, |json, name| json.get(name))?;
        Some((attribute.name.clone(), value_of(json, &attribute.ty)))
    });
    shown.collect()
}

/// A value as its type wants it: unknown members dropped, numbers written as text (and the reverse) taken as meant.
pub(super) fn value_of(json: &Json, ty: &Type) -> crate::model::Value {
    let ty = alternative(json, ty);
    from_json(&fitted(json, ty), ty)
}

/// Of a union of objects the one whose literal members agree; any other type is itself.
fn alternative<'t>(json: &Json, ty: &'t Type) -> &'t Type {
    let Type::Union(alternatives) = ty.required() else { return ty };
    let agrees = |alternative: &&Type| match alternative {
        Type::Object(object) => {
            json.is_object()
                && object.members.iter().all(|(name, member)| match &member.ty {
                    Type::Literal(text) => json.get(name.as_str()).and_then(Json::as_str) == Some(text),
                    _ => true,
                })
        }
        _ => false,
    };
    alternatives.iter().find(agrees).unwrap_or(ty)
}

fn fitted(json: &Json, ty: &Type) -> Json {
    let ty = alternative(json, ty);
    match (json, ty.required()) {
        (Json::Array(items), Type::List(item) | Type::Set(item)) => {
            Json::Array(items.iter().map(|json| fitted(json, item)).collect())
        }
        (Json::Object(members), Type::Map(_, item)) => {
            Json::Object(members.iter().map(|(name, json)| (name.clone(), fitted(json, item))).collect())
        }
        (Json::Object(members), Type::Object(object)) => {
            let known = object.members.iter().filter_map(|(name, member)| {
                members.get(name.as_str()).map(|json| (name.to_string(), fitted(json, &member.ty)))
            });
            Json::Object(known.collect())
        }
        (Json::String(text), Type::Int | Type::Number) => match text.parse::<serde_json::Number>() {
            Ok(number) => Json::Number(number),
            Err(_) => json.clone(),
        },
        (Json::String(text), Type::Bool) if text == "true" || text == "false" => Json::Bool(text == "true"),
        (Json::Number(number), Type::String | Type::Literal(_) | Type::Id(_)) => Json::String(number.to_string()),
        (
            Json::Object(_) | Json::Array(_),
            Type::String | Type::Bool | Type::Int | Type::Number | Type::Id(_) | Type::Literal(_),
        ) => Json::Null,
        (json, _) => json.clone(),
    }
}

/// What stands under `data`; an answer without that wrapper is the object itself.
pub(super) fn data_of(json: &Json) -> &Json {
    match json.get("data") {
        Some(data) => data,
        None => json,
    }
}

/// The job that an answer names: a `Location` below the jobs, else `job_id`, else `data.job_id` (`contract.md L39`).
pub(super) fn job_of(json: Option<&Json>, location: Option<&str>, jobs_path: &str) -> Option<JobId> {
    let named = json.and_then(|json| json.get("job_id").or_else(|| json.get("data")?.get("job_id")));
    let named = named.and_then(Json::as_str).filter(|id| !id.is_empty()).map(str::to_owned);
    let located = || {
        let path = location?.split(['?', '#']).next()?;
        let (_, id) = path.split_once(&format!("{jobs_path}/"))?;
        let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        is_id.then(|| id.to_owned())
    };
    located().or(named).map(|id| JobId(SmolStr::new(id)))
}
