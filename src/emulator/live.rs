//! What the control port's page shows: the cloud as it stands now, in one JSON object. Read only.
use serde_json::{Value, json};

use super::clock::{Now, rfc3339};
use super::core::Emulator;
use super::limits;
use super::object::Kind;
use super::routes::Surface;
use super::settings::merge;
use super::tenant::{Environment, Tenant};
use super::views::{self, view};

/// At most so many of each list are shown; totals are whole.
const SHOWN: usize = 50;

/// The page itself: one file, no other host is asked for anything.
pub const PAGE: &str = include_str!("live.html");

/// Everything that the page shows.
pub fn picture(emulator: &Emulator, now: Now) -> Value {
    let at_ms = emulator.virtual_ms(now);
    let environments = [Environment::Live, Environment::Test].map(|environment| {
        let tenant = emulator.tenant(environment);
        json!({
            "environment": environment.as_str(),
            "resources": Kind::ALL.map(|kind| resources(emulator, tenant, kind)),
            "jobs": jobs(tenant, at_ms),
        })
    });
    let requests: Vec<_> = emulator.log.newest().take(SHOWN).collect();
    json!({
        "account_id": emulator.account_id(),
        "profile": emulator.config().profile,
        "virtual": rfc3339(at_ms),
        "real": rfc3339(now.unix_ms),
        "environments": environments,
        "requests": requests,
        "faults": emulator.faults.list(),
        "budgets": budgets(emulator, now),
    })
}

/// The newest objects of a kind.
fn resources(emulator: &Emulator, tenant: &Tenant, kind: Kind) -> Value {
    let objects = tenant.of(kind);
    let newest = objects.newest(SHOWN).map(|object| view(object, emulator.config().profile));
    json!({"kind": kind.as_str(), "total": objects.len(), "newest": newest.collect::<Vec<_>>()})
}

/// Everything of an environment, or of one kind (`job` is one) in it, in list order, each with its environment and kind.
pub fn objects(emulator: &Emulator, environment: Environment, wanted: Option<&str>, now: Now) -> Vec<Value> {
    let (tenant, at_ms) = (emulator.tenant(environment), emulator.virtual_ms(now));
    let profile = emulator.config().profile;
    let is_wanted = |kind: &str| wanted.is_none_or(|wanted| wanted == kind);
    let marked = |kind: &str, shown: Value| {
        let mut all = json!({"environment": environment.as_str(), "kind": kind});
        merge(&mut all, shown);
        all
    };
    let mut found = Vec::new();
    for kind in Kind::ALL.into_iter().filter(|kind| is_wanted(kind.as_str())) {
        let objects = tenant.of(kind);
        found.extend(objects.in_order().map(|object| marked(kind.as_str(), json!(view(object, profile)))));
    }
    if is_wanted("job") {
        found.extend(tenant.jobs.in_order().map(|job| marked("job", json!(views::job(job, at_ms)))));
    }
    found
}

/// The newest jobs, with their progress.
fn jobs(tenant: &Tenant, at_ms: i64) -> Value {
    let newest = tenant.jobs.newest(SHOWN).map(|job| views::job(job, at_ms));
    json!({"total": tenant.jobs.len(), "newest": newest.collect::<Vec<_>>()})
}

/// What is left of each key's budget, where some is used.
fn budgets(emulator: &Emulator, now: Now) -> Vec<Value> {
    let surfaces = [(Surface::C, "c"), (Surface::P, "p")];
    let rows = emulator.keys.iter().flat_map(|key| surfaces.map(|(surface, name)| (key, surface, name)));
    let rows = rows.map(|(key, surface, name)| {
        let budget = emulator.limits.budget(emulator.config(), Some(key), surface, now);
        (super::keys::redact_whole(&key.secret), name, budget)
    });
    rows.filter(|(.., budget)| budget.remaining < budget.limit)
        .map(|(key, surface, budget): (String, &str, limits::Budget)| {
            json!({
                "key": key, "surface": surface, "limit": budget.limit, "remaining": budget.remaining,
                "reset": rfc3339(budget.reset_s * 1000),
            })
        })
        .collect()
}
