//! Routing rules of a zone: names and priorities are unique in it (contract.md 2.2).
use serde_json::{Map, Value, json};
use smol_str::SmolStr;

use super::call::{Call, Reply};
use super::capacity;
use super::core::Emulator;
use super::errors::{Refusal, not_found};
use super::fields::{Fields, http_url, one_of, path_glob, uri_reference};
use super::machines::{printable, save};
use super::object::{Body, Kind, Object, Rule, Status, priority_facet, rule_name_facet};
use super::tenant::Change;
use super::work::deleted;

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const MEMBERS: [&str; 5] = ["name", "priority", "enabled", "match", "action"];

/// What a body says, as far as it is right.
struct Wish {
    name: Option<SmolStr>,
    priority: Option<i64>,
    enabled: Option<bool>,
    matches: Option<Value>,
    action: Option<Value>,
}

fn read(fields: &mut Fields<'_>, strict: bool) -> Wish {
    Wish {
        name: fields.text("name", printable).map(SmolStr::from),
        priority: fields.integer("priority", 1, 100_000),
        enabled: fields.boolean("enabled"),
        matches: inner(fields, "match", strict, read_match),
        action: inner(fields, "action", strict, read_action),
    }
}

/// An object within the body, read by a reader of its own.
fn inner(fields: &mut Fields<'_>, name: &str, strict: bool, read: fn(&mut Fields<'_>)) -> Option<Value> {
    let value = fields.value(name)?;
    let Some(map) = value.as_object() else {
        fields.wrong(name, "must be an object");
        return None;
    };
    let known: &[&str] = if name == "match" { &["path", "methods"] } else { action_members(map) };
    let mut inside = Fields::of(map, known, strict);
    read(&mut inside);
    for (field, reason) in inside.into_wrong() {
        fields.wrong(&format!("{name}.{field}"), reason);
    }
    Some(value.clone())
}

fn read_match(inside: &mut Fields<'_>) {
    inside.required_text("path", path_glob);
    inside.texts("methods", 1, METHODS.len(), one_of(&METHODS));
}

/// The members that an action of its type may have.
fn action_members(map: &Map<String, Value>) -> &'static [&'static str] {
    match map.get("type").and_then(Value::as_str) {
        Some("origin") => &["type", "origin_url"],
        Some("redirect") => &["type", "location", "status_code"],
        Some("rewrite") => &["type", "path"],
        Some("cache") => &["type", "ttl_seconds"],
        Some(_) | None => &["type"],
    }
}

fn read_action(inside: &mut Fields<'_>) {
    let kind = inside.required_text("type", one_of(&["origin", "redirect", "rewrite", "cache", "block"]));
    match kind.as_str() {
        "origin" => {
            inside.required_text("origin_url", http_url);
        }
        "redirect" => {
            inside.required_text("location", uri_reference);
            if inside.integer("status_code", 300, 399).is_some_and(|code| ![301, 302, 307, 308].contains(&code)) {
                inside.wrong("status_code", "must be one of: 301, 302, 307, 308");
            }
        }
        "rewrite" => {
            inside.required_text("path", |text| (!text.starts_with('/')).then(|| "must begin with /".to_owned()));
        }
        "cache" => {
            inside.require("ttl_seconds");
            inside.integer("ttl_seconds", 0, 31_536_000);
        }
        _ => {}
    }
}

/// A redirect without a status code is a 302.
fn with_defaults(mut action: Value) -> Value {
    if action.get("type").and_then(Value::as_str) == Some("redirect") && action.get("status_code").is_none() {
        action["status_code"] = json!(302);
    }
    action
}

/// 409 for a name or priority that another rule of the zone has.
fn check_unique(
    emulator: &Emulator,
    call: &Call<'_>,
    zone_id: &str,
    wish: &Wish,
    own: Option<&str>,
) -> Result<(), Refusal> {
    let rules = emulator.tenant(call.environment).of(Kind::CdnRoutingRule);
    let by_name = wish.name.as_ref().and_then(|name| rules.first(&rule_name_facet(zone_id, name)));
    let by_priority = wish.priority.and_then(|priority| rules.first(&priority_facet(zone_id, priority)));
    for (other, what) in [(by_name, "A rule of this name"), (by_priority, "A rule of this priority")] {
        if let Some(other) = other.filter(|other| Some(other.id.as_str()) != own) {
            return Err(Emulator::already_exists(what, &other.id));
        }
    }
    Ok(())
}

/// The rule that a request names, in the zone that it names.
pub fn named(emulator: &Emulator, call: &Call<'_>) -> Result<Object, Refusal> {
    let zone = emulator.named(call, Kind::CdnZone, call.captured(0))?;
    let rule = emulator.named(call, Kind::CdnRoutingRule, call.captured(1))?;
    if rule.rule().is_some_and(|body| body.zone_id == zone.id) {
        return Ok(rule);
    }
    Err(not_found(Kind::CdnRoutingRule.as_str(), call.captured(1)))
}

/// `POST /cdn/zones/{zone_id}/rules`.
pub fn create(emulator: &mut Emulator, call: &Call<'_>) -> Result<Reply, Refusal> {
    let strict = emulator.config.strict_bodies;
    let mut fields = Fields::of(&call.body, &MEMBERS, strict);
    for required in ["name", "priority", "match", "action"] {
        fields.require(required);
    }
    let wish = read(&mut fields, strict);
    fields.finish()?;
    let zone = emulator.named(call, Kind::CdnZone, call.captured(0))?;
    check_unique(emulator, call, &zone.id, &wish, None)?;
    capacity::check_quota(&emulator.config, emulator.tenant(call.environment), Kind::CdnRoutingRule)?;
    let rule = Rule {
        zone_id: zone.id.clone(),
        priority: wish.priority.unwrap_or(1),
        enabled: wish.enabled.unwrap_or(true),
        matches: wish.matches.unwrap_or(Value::Null),
        action: with_defaults(wish.action.unwrap_or(Value::Null)),
    };
    let name = wish.name.unwrap_or_default();
    let body = Body::Rule(Box::new(rule));
    let object = emulator.new_object(call, Kind::CdnRoutingRule, name, SmolStr::default(), Status::Active, body);
    emulator.commit(call.environment, Change::Put(Box::new(object.clone())));
    let location = format!("/v1/cdn/zones/{}/rules/{}", zone.id, object.id);
    Ok(emulator.object_reply(201, &object).with("Location", location))
}

/// `PATCH /cdn/zones/{zone_id}/rules/{rule_id}`: the named members are replaced.
pub fn update(emulator: &mut Emulator, call: &Call<'_>) -> Result<Reply, Refusal> {
    let strict = emulator.config.strict_bodies;
    let mut fields = Fields::of(&call.body, &MEMBERS, strict);
    let wish = read(&mut fields, strict);
    if call.body.is_empty() {
        fields.wrong("body", "must have at least one member");
    }
    fields.finish()?;
    let object = named(emulator, call)?;
    emulator.check_etag(call, &object)?;
    check_unique(emulator, call, call.captured(0), &wish, Some(&object.id))?;
    let mut changed = object.clone();
    changed.name = wish.name.unwrap_or(changed.name);
    if let Body::Rule(rule) = &mut changed.body {
        rule.priority = wish.priority.unwrap_or(rule.priority);
        rule.enabled = wish.enabled.unwrap_or(rule.enabled);
        rule.matches = wish.matches.unwrap_or_else(|| rule.matches.clone());
        rule.action = wish.action.map_or_else(|| rule.action.clone(), with_defaults);
    }
    Ok(save(emulator, call, object, changed))
}

/// `DELETE /cdn/zones/{zone_id}/rules/{rule_id}`.
pub fn delete(emulator: &mut Emulator, call: &Call<'_>) -> Result<Reply, Refusal> {
    let object = named(emulator, call)?;
    emulator.check_etag(call, &object)?;
    emulator.commit(call.environment, Change::Remove { kind: object.kind, id: object.id.clone() });
    Ok(deleted(&object.id))
}
