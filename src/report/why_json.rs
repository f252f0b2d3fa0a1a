//! The same as [`super::why`] for machines, versioned. Described in `docs/json.md`.

use super::plan::{Class, Context, class_name};
use super::plan_json::{change_json, place_or_null};
use super::value_json::value;
use super::why::{Thing, called, changes_of, written};
use crate::desired::{Cut, Origin, Source};
use crate::plan::Change;
use serde_json::{Value as Json, json};

/// The version of the form below.
pub const VERSION: u32 = 1;

/// One value and its steps.
pub fn of_value(origin: &Origin, change: Option<&Change>, context: &Context<'_>) -> Json {
    json!({
        "format": "cnx-why",
        "version": VERSION,
        "environment": context.environment,
        "asked": called(origin, context),
        "change": change.map(|change| change_json(change, context)),
        "origin": step(origin, context),
    })
}

fn step(origin: &Origin, context: &Context<'_>) -> Json {
    let by = match &origin.source {
        Source::Given(by) => Some(by.as_str()),
        Source::Environment(name) => Some(name.as_str()),
        Source::Setting(name) => Some(*name),
        Source::File(path) => Some(path.as_str()),
        Source::Written
        | Source::Default
        | Source::Argument
        | Source::NotGiven
        | Source::Catalog
        | Source::Unmanaged
        | Source::Api
        | Source::Loop
        | Source::EnvironmentName
        | Source::Function
        | Source::Elsewhere
        | Source::Whole
        | Source::Pass
        | Source::Absent => None,
    };
    let text = written(origin, context);
    json!({
        "name": called(origin, context),
        "value": origin.value.as_ref().map(value),
        "values": origin.values.iter().map(value).collect::<Vec<_>>(),
        "secret": origin.secret,
        "from": origin.source.as_str(),
        "by": by,
        "text": if text.is_empty() { Json::Null } else { Json::String(text) },
        "place": place_or_null(origin.span, context),
        "declared": place_or_null(origin.declared, context),
        "above": origin.cut == Some(Cut::Above),
        "complete": origin.cut != Some(Cut::TooMany),
        "steps": origin.parts.iter().map(|part| step(part, context)).collect::<Vec<_>>(),
    })
}

/// One thing.
pub fn of_thing(thing: &Thing<'_>, context: &Context<'_>) -> Json {
    let reason = thing.entry.map(|entry| &entry.first().step.reason);
    json!({
        "format": "cnx-why",
        "version": VERSION,
        "environment": context.environment,
        "asked": thing.address.to_string(),
        "id": thing.id.map(|id| id.as_str()),
        "declared": place_or_null(thing.declared, context),
        "action": thing.entry.map_or("none", |entry| class_name(entry.class)),
        "reason": reason.map(|reason| json!({
            "code": reason.code.as_str(),
            "text": reason.text,
            "place": place_or_null(reason.span, context),
        })),
        "attributes": thing.wanted.iter().map(|(name, origin)| json!({
            "name": name.as_str(),
            "value": origin.value.as_ref().map(value),
            "secret": origin.secret,
            "from": origin.source.as_str(),
            "place": place_or_null(origin.span, context),
        })).collect::<Vec<_>>(),
        "changes": thing.entry.filter(|entry| entry.class != Class::Create).map_or_else(Vec::new, |_| {
            changes_of(thing).into_iter().map(|change| change_json(change, context)).collect()
        }),
        "outside": thing.outside,
        "former": thing.former.iter().map(|(name, one)| (name.to_string(), value(one))).collect::<serde_json::Map<_, _>>(),
    })
}
