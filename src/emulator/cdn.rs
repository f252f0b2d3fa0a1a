//! CDN zones, purges and analytics (contract.md 2.2, L49 to L51).
use serde_json::{Value, json};
use smol_str::SmolStr;

use super::call::{Call, Reply};
use super::capacity;
use super::clock::{parse_rfc3339, rfc3339};
use super::collection::Facet;
use super::core::Emulator;
use super::errors::{Refusal, invalid};
use super::fields::{Fields, hostname, http_url, length, path_glob};
use super::ids;
use super::job::{Goal, PurgeOrder};
use super::machines::save;
use super::object::{Body, Kind, Object, Status, Zone};
use super::tenant::{Change, Environment};
use super::work::deleted;

const MOST_POINTS: i64 = 1000;
const MAX_TTL_SECONDS: i64 = 31_536_000;

/// `POST /cdn/zones`.
pub fn create(emulator: &mut Emulator, call: &Call<'_>) -> Result<Reply, Refusal> {
    let known = ["domain", "origin_url", "default_ttl_seconds"];
    let mut fields = Fields::of(&call.body, &known, emulator.config.strict_bodies);
    let zone = Zone {
        domain: fields.required_text("domain", hostname),
        origin_url: fields.required_text("origin_url", http_url).to_string(),
        default_ttl_seconds: fields.integer("default_ttl_seconds", 0, MAX_TTL_SECONDS).unwrap_or(3600),
        cached: Vec::new(),
    };
    fields.finish()?;
    let tenant = emulator.tenant(call.environment);
    if let Some(other) = tenant.of(Kind::CdnZone).first(&Facet::Unique(zone.domain.clone())) {
        return Err(Emulator::already_exists(&format!("A zone for {}", zone.domain), &other.id));
    }
    capacity::check_quota(&emulator.config, tenant, Kind::CdnZone)?;
    let (name, body) = (zone.domain.clone(), Body::Zone(Box::new(zone)));
    let object = emulator.new_object(call, Kind::CdnZone, name, SmolStr::default(), Status::Active, body);
    emulator.commit(call.environment, Change::Put(Box::new(object.clone())));
    Ok(emulator.object_reply(201, &object).with("Location", format!("/v1/cdn/zones/{}", object.id)))
}

/// `PATCH /cdn/zones/{zone_id}`.
pub fn update(emulator: &mut Emulator, call: &Call<'_>) -> Result<Reply, Refusal> {
    let mut fields = Fields::of(&call.body, &["origin_url", "default_ttl_seconds"], emulator.config.strict_bodies);
    let origin_url = fields.text("origin_url", http_url).map(str::to_owned);
    let ttl = fields.integer("default_ttl_seconds", 0, MAX_TTL_SECONDS);
    if call.body.is_empty() {
        fields.wrong("body", "must have at least one member");
    }
    fields.finish()?;
    let object = emulator.named(call, Kind::CdnZone, call.captured(0))?;
    emulator.check_etag(call, &object)?;
    let mut changed = object.clone();
    if let Body::Zone(zone) = &mut changed.body {
        zone.origin_url = origin_url.unwrap_or_else(|| zone.origin_url.clone());
        zone.default_ttl_seconds = ttl.unwrap_or(zone.default_ttl_seconds);
    }
    Ok(save(emulator, call, object, changed))
}

/// `DELETE /cdn/zones/{zone_id}`: the zone and its rules.
pub fn delete(emulator: &mut Emulator, call: &Call<'_>) -> Result<Reply, Refusal> {
    let object = emulator.named(call, Kind::CdnZone, call.captured(0))?;
    emulator.check_etag(call, &object)?;
    let rules = emulator.tenant(call.environment).of(Kind::CdnRoutingRule).find(&Facet::Parent(object.id.clone()));
    let rules: Vec<SmolStr> = rules.into_iter().flat_map(|order| order.iter().map(|(_, id)| id.clone())).collect();
    for id in rules {
        emulator.commit(call.environment, Change::Remove { kind: Kind::CdnRoutingRule, id });
    }
    emulator.commit(call.environment, Change::Remove { kind: Kind::CdnZone, id: object.id.clone() });
    Ok(deleted(&object.id))
}

/// `POST /cdn/zones/{zone_id}/purge` (B:61-63).
pub fn purge(emulator: &mut Emulator, call: &Call<'_>) -> Result<Reply, Refusal> {
    let mut fields = Fields::of(&call.body, &["paths", "etag_match", "async"], emulator.config.strict_bodies);
    fields.require("paths");
    let paths = fields.texts("paths", 1, 100, path_glob).unwrap_or_default();
    let etag = fields.text("etag_match", length(1, 128)).map(str::to_owned);
    let later = fields.boolean("async").unwrap_or(false);
    fields.finish()?;
    let object = emulator.named(call, Kind::CdnZone, call.captured(0))?;
    let paths: Vec<String> = paths.iter().map(SmolStr::to_string).collect();
    if !later {
        let purged = purge_now(emulator, call.environment, object.clone(), &PurgeOrder { paths, etag });
        let data = json!({"zone_id": object.id, "purged_objects": purged, "completed_at": rfc3339(call.at_ms)});
        return Ok(Reply::json(200, &json!({"data": data})));
    }
    // Purges do not keep a zone busy: several may run at once.
    let job = emulator.make_job(call, &object, Goal::Purge(Box::new(PurgeOrder { paths, etag })), None, None);
    let job_id = job.id.clone();
    emulator.commit(call.environment, Change::Job(Box::new(job)));
    Ok(emulator.accepted(&object, &job_id))
}

/// Takes what matches off the edge; how much it was.
pub fn purge_now(emulator: &mut Emulator, environment: Environment, mut object: Object, order: &PurgeOrder) -> usize {
    let Body::Zone(zone) = &mut object.body else { return 0 };
    let before = zone.cached.len();
    zone.cached.retain(|(path, own)| {
        let named =
            order.paths.iter().any(|pattern| glob(pattern, path)) && order.etag.as_ref().is_none_or(|etag| etag == own);
        !named
    });
    let purged = before - zone.cached.len();
    if purged > 0 {
        // The cache is no part of the zone's representation: no new version.
        emulator.commit(environment, Change::Put(Box::new(object)));
    }
    purged
}

/// Whether a path fits a pattern in which `*` stands for any run of characters.
pub fn glob(pattern: &str, path: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| path.strip_prefix(first)) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// `GET /cdn/zones/{zone_id}/analytics`: invented but steady figures.
pub fn analytics(emulator: &Emulator, call: &Call<'_>) -> Result<Reply, Refusal> {
    let step_ms: i64 = match call.query.get("granularity") {
        None | Some("hour") => 3_600_000,
        Some("day") => 86_400_000,
        Some(_) => return Err(invalid("granularity", "must be one of: hour, day")),
    };
    let until_ms = instant(call, "until")?.unwrap_or(call.at_ms);
    let since_ms = instant(call, "since")?.unwrap_or(until_ms.saturating_sub(86_400_000));
    // A period that is longer than the series may be begins later, and the answer says when.
    let since_ms = since_ms.max(until_ms.saturating_sub(MOST_POINTS.saturating_mul(step_ms)));
    let zone = emulator.named(call, Kind::CdnZone, call.captured(0))?;
    let seed = emulator.config.seed.to_string();
    let mut totals = [0u64; 3];
    let mut series: Vec<Value> = Vec::new();
    let mut at_ms = since_ms.div_euclid(step_ms) * step_ms;
    while at_ms < until_ms {
        let requests = 1000 + ids::number(&[&seed, &zone.id, &at_ms.to_string()]) % 9000;
        let point = [requests, requests * 9 / 10, requests * 24_000];
        totals = [totals[0] + point[0], totals[1] + point[1], totals[2] + point[2]];
        series.push(json!({
            "timestamp": rfc3339(at_ms), "requests": point[0], "cache_hits": point[1], "bytes_served": point[2],
        }));
        at_ms += step_ms;
    }
    let data = json!({
        "zone_id": zone.id, "since": rfc3339(since_ms), "until": rfc3339(until_ms),
        "granularity": call.query.get("granularity").unwrap_or("hour"), "locations_reporting": 312,
        "totals": {"requests": totals[0], "cache_hits": totals[1], "bytes_served": totals[2]}, "series": series,
    });
    Ok(Reply::json(200, &json!({"data": data})))
}

fn instant(call: &Call<'_>, name: &str) -> Result<Option<i64>, Refusal> {
    match call.query.get(name) {
        None => Ok(None),
        Some(text) => match parse_rfc3339(text) {
            Some(ms) => Ok(Some(ms)),
            None => Err(invalid(name, "must be an instant as in RFC 3339")),
        },
    }
}
