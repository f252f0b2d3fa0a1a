//! Capacity and quota (contract.md 4.6), with the documented error and its alternatives (B:103).
use serde_json::json;

use super::catalog::REGIONS;
use super::config::{CapacityStage, Config};
use super::errors::{ErrorBody, ErrorCode, Refusal, refuse};
use super::object::Kind;
use super::tenant::Tenant;

/// Whether a region has room for one more of a size.
fn has_room(config: &Config, tenant: &Tenant, kind: Kind, region: &str, size: &str) -> bool {
    match config.capacity.table.get(&format!("{region}/{size}")) {
        Some(limit) => tenant.of(kind).used(region, size) < *limit,
        None => true,
    }
}

/// At most two regions that have room: the next one by number of the same `<continent>-<direction>`, cyclic; then us-east-1.
fn alternatives(config: &Config, tenant: &Tenant, kind: Kind, region: &str, size: &str) -> Vec<&'static str> {
    let family = region.rsplit_once('-').map_or(region, |(family, _)| family);
    let siblings: Vec<&'static str> =
        REGIONS.iter().copied().filter(|other| other.rsplit_once('-').is_some_and(|(own, _)| own == family)).collect();
    let at = siblings.iter().position(|other| *other == region).unwrap_or(0);
    let cycle = siblings.iter().cycle().skip(at + 1).take(siblings.len().saturating_sub(1));
    let next = cycle.copied().find(|other| has_room(config, tenant, kind, other, size));
    let mut found: Vec<&'static str> = next.into_iter().collect();
    let fallback = "us-east-1";
    if region != fallback && !found.contains(&fallback) && has_room(config, tenant, kind, fallback, size) {
        found.push(fallback);
    }
    found
}

/// The documented error of B:103.
fn exhausted(config: &Config, tenant: &Tenant, kind: Kind, region: &str, size: &str) -> ErrorBody {
    let noun = match kind {
        Kind::ComputeInstance => "type",
        Kind::Server => "plan",
        Kind::Database | Kind::CdnZone | Kind::CdnRoutingRule | Kind::Snapshot | Kind::SshKey => "tier",
    };
    ErrorBody::new(
        ErrorCode::InsufficientResources.as_str(),
        format!("Region {region} has reached capacity for {size} {noun}."),
        json!({"region": region, "suggested_alternatives": alternatives(config, tenant, kind, region, size)}),
    )
}

/// Whether one more fits: a refusal at once, or the error that the job will end with.
pub fn check(
    config: &Config,
    tenant: &Tenant,
    kind: Kind,
    region: &str,
    size: &str,
) -> Result<Option<Box<ErrorBody>>, Refusal> {
    if has_room(config, tenant, kind, region, size) {
        return Ok(None);
    }
    let error = Box::new(exhausted(config, tenant, kind, region, size));
    match config.capacity.stage {
        CapacityStage::Job => Ok(Some(error)),
        CapacityStage::Request => Err(Refusal { status: config.capacity.status, error, headers: Vec::new() }),
    }
}

/// 409 when the account has as many of the kind as it may have.
pub fn check_quota(config: &Config, tenant: &Tenant, kind: Kind) -> Result<(), Refusal> {
    let (limit, used) = (config.quota_of(kind.as_str()), tenant.of(kind).len() as u64);
    if used < limit {
        return Ok(());
    }
    Err(refuse(
        ErrorCode::QuotaExceeded,
        format!("The account may have {limit} of {}.", kind.as_str()),
        json!({"limit": limit, "used": used}),
    ))
}
