//! Reading: lists of objects, jobs and catalogs, single objects, the account. A page costs what is on it, not what is in the list.
use serde_json::{Value, json};
use smol_str::SmolStr;

use super::call::{Call, Reply};
use super::catalog;
use super::collection::{Collection, Entry, Facet};
use super::core::Emulator;
use super::effects::{self, Effect};
use super::errors::{Refusal, invalid, not_found};
use super::job::Job;
use super::keys::{Permission, forbidden};
use super::limits::limit_of;
use super::object::{Kind, Object, Status};
use super::order::Ordered;
use super::page::{Listing, Paging};
use super::patterns::{is_region_slug, is_tag_filter};
use super::routes::{Catalog, Surface};
use super::tenant::Environment;
use super::views::{self, view};

/// What a list is narrowed by: facets that all must hold, and regions of which one must.
struct Selection {
    facets: Vec<Facet>,
    regions: Option<Vec<SmolStr>>,
}

impl Selection {
    /// The entries that it leaves: an index as it is where one index answers all, else a list made of the smallest one.
    fn rows<'a, T: Entry>(&self, entries: &'a Collection<T>, holder: &'a mut Ordered) -> &'a Ordered {
        static EMPTY: Ordered = Ordered::Empty;
        if let (Some(regions), [Facet::All]) = (&self.regions, self.facets.as_slice()) {
            let union = regions.iter().filter_map(|region| entries.find(&Facet::Region(region.clone())));
            *holder = Ordered::from_unsorted(union.flat_map(Ordered::iter).cloned().collect());
            return holder;
        }
        let mut indexes = Vec::new();
        for facet in &self.facets {
            match entries.find(facet) {
                Some(order) => indexes.push((facet, order)),
                None => return &EMPTY,
            }
        }
        indexes.sort_by_key(|(_, order)| order.len());
        let Some(((_, smallest), others)) = indexes.split_first() else { return &EMPTY };
        if others.is_empty() && self.regions.is_none() {
            return smallest;
        }
        let kept = smallest.iter().filter(|place| others.iter().all(|(_, order)| order.contains(place)));
        let kept = kept.filter(|(_, id)| {
            let Some(regions) = &self.regions else { return true };
            let own = entries.get(id).map(Entry::facets).unwrap_or_default();
            regions.iter().any(|region| own.contains(&Facet::Region(region.clone())))
        });
        *holder = Ordered::from_unsorted(kept.cloned().collect());
        holder
    }
}

/// Answers one page of a selection.
fn page<'a, T: Entry, V: serde::Serialize>(
    call: &Call<'_>,
    paging: &Paging,
    entries: &'a Collection<T>,
    selection: &Selection,
    show: impl Fn(&'a T) -> V,
) -> Result<Reply, Refusal> {
    let mut holder = Ordered::Empty;
    let rows = selection.rows(entries, &mut holder);
    let total = rows.len();
    let place = |id: &str| entries.position(id).map(|place| (rows.before(&place), rows.through(&place)));
    let mut range = paging.range(total, place)?;
    let mut told = total;
    if range.start > 0 && call.effects.contains(&Effect::Listing(effects::Listing::ListShift)) {
        range = (range.start + 1).min(total)..(range.end + 1).min(total);
        told -= 1;
    }
    let places: Vec<_> = rows.from(range.start).take(range.len()).collect();
    let ends = places.first().zip(places.last()).map(|((_, first), (_, last))| (first.as_str(), last.as_str()));
    let tail = paging.tail(call.path, &call.query, told, &range, ends);
    let data: Vec<V> = places.iter().filter_map(|(_, id)| entries.get(id)).map(show).collect();
    Ok(Reply::json(200, &Listing { data, tail }))
}

/// The facets of the status, region, name and tag parameters of a kind.
fn selection(call: &Call<'_>, kind: Kind) -> Result<Selection, Refusal> {
    let machines = matches!(kind, Kind::ComputeInstance | Kind::Server);
    let regional = machines || kind == Kind::Database;
    let status = match call.query.get("status").filter(|_| machines) {
        None => None,
        Some(text) => match Status::parse(text) {
            Some(status @ (Status::Running | Status::Stopped | Status::Provisioning)) => Some(status),
            Some(
                Status::Scaling
                | Status::Failed
                | Status::Deleting
                | Status::Active
                | Status::Creating
                | Status::Available,
            )
            | None => return Err(invalid("status", "must be one of: running, stopped, provisioning")),
        },
    };
    let mut region = call.query.get("region").filter(|_| regional).map(SmolStr::from);
    if region.as_ref().is_some_and(|slug| !is_region_slug(slug)) {
        return Err(invalid("region", "must be a region slug"));
    }
    let mut regions = None;
    if let Some(own) = call.key.regions.as_ref().filter(|_| regional || kind == Kind::Snapshot) {
        match (&region, own.as_slice()) {
            (Some(wanted), _) if own.contains(wanted) => {}
            (None, [only]) => region = Some(only.clone()),
            (Some(_) | None, _) => regions = Some(if region.is_some() { Vec::new() } else { own.clone() }),
        }
    }
    let mut facets: Vec<Facet> = match (region, status) {
        (Some(region), Some(status)) => vec![Facet::RegionStatus(region, status)],
        (Some(region), None) => vec![Facet::Region(region)],
        (None, Some(status)) => vec![Facet::Status(status)],
        (None, None) => Vec::new(),
    };
    if let Some(name) = call.query.get("name").filter(|_| regional || kind == Kind::SshKey) {
        facets.push(Facet::Name(SmolStr::from(name)));
    }
    if kind == Kind::ComputeInstance {
        for tag in call.query.all("tag") {
            if !is_tag_filter(tag) {
                return Err(invalid("tag", "must be of the form key:value"));
            }
            facets.push(Facet::Tag(SmolStr::from(tag)));
        }
    }
    if facets.is_empty() {
        facets.push(Facet::All);
    }
    Ok(Selection { facets, regions })
}

/// `GET` of a collection of objects.
pub fn objects(emulator: &Emulator, call: &Call<'_>, kind: Kind) -> Result<Reply, Refusal> {
    let paging = Paging::parse(call.door.surface(), &call.query, &emulator.config)?;
    let mut selection = selection(call, kind)?;
    if kind == Kind::CdnRoutingRule {
        let zone = emulator.named(call, Kind::CdnZone, call.captured(0))?;
        selection.facets = vec![Facet::Parent(zone.id)];
    }
    let entries = emulator.tenant(call.environment).of(kind);
    let profile = emulator.config.profile;
    page(call, &paging, entries, &selection, |object: &Object| view(object, profile))
}

/// `GET` of one object.
pub fn object(emulator: &Emulator, call: &Call<'_>, kind: Kind) -> Result<Reply, Refusal> {
    let object = match kind {
        Kind::CdnRoutingRule => super::rules::named(emulator, call)?,
        Kind::ComputeInstance | Kind::Server | Kind::Database | Kind::CdnZone | Kind::Snapshot | Kind::SshKey => {
            emulator.named(call, kind, call.captured(0))?
        }
    };
    Ok(emulator.object_reply(200, &object))
}

/// Whether the key may read a job: with `jobs:read` all, without it those that it started (4.4).
fn sees_job(call: &Call<'_>, job: &Job) -> bool {
    sees_all_jobs(call) || job.owner == call.key.id()
}

fn sees_all_jobs(call: &Call<'_>) -> bool {
    call.key.permission != Permission::Scoped || call.key.has_scope("jobs:read")
}

/// What is wrong with the id of a job.
fn job_id(text: &str) -> Option<String> {
    super::fields::id("job_")(text)
}

/// `GET /jobs`, with `id` (repeatable, at most 50) and `resource_id`.
pub fn jobs(emulator: &Emulator, call: &Call<'_>) -> Result<Reply, Refusal> {
    let paging = Paging::parse(call.door.surface(), &call.query, &emulator.config)?;
    let entries = &emulator.tenant(call.environment).jobs;
    let ids: Vec<&str> = call.query.all("id").collect();
    let resource = call.query.get("resource_id");
    if ids.is_empty() {
        let mut facets: Vec<Facet> = resource.into_iter().map(|id| Facet::Parent(SmolStr::from(id))).collect();
        if !sees_all_jobs(call) {
            facets.push(Facet::Owner(call.key.id()));
        }
        if facets.is_empty() {
            facets.push(Facet::All);
        }
        let selection = Selection { facets, regions: None };
        return page(call, &paging, entries, &selection, |job: &Job| views::job(job, call.at_ms));
    }
    if ids.len() > 50 {
        return Err(invalid("id", "must be given at most 50 times"));
    }
    if let Some(reason) = ids.iter().find_map(|id| job_id(id)) {
        return Err(invalid("id", reason));
    }
    let found = ids.iter().filter_map(|id| entries.get(id)).filter(|job| sees_job(call, job));
    let found = found.filter(|job| resource.is_none_or(|id| job.resource_id == id));
    let rows = Ordered::from_unsorted(found.map(|job| (job.sort(), job.id.clone())).collect());
    let place = |id: &str| entries.position(id).map(|place| (rows.before(&place), rows.through(&place)));
    let range = paging.range(rows.len(), place)?;
    let places: Vec<_> = rows.from(range.start).take(range.len()).collect();
    let ends = places.first().zip(places.last()).map(|((_, first), (_, last))| (first.as_str(), last.as_str()));
    let tail = paging.tail(call.path, &call.query, rows.len(), &range, ends);
    let data: Vec<_> =
        places.iter().filter_map(|(_, id)| entries.get(id)).map(|job| views::job(job, call.at_ms)).collect();
    Ok(Reply::json(200, &Listing { data, tail }))
}

/// `GET /jobs/{job_id}`.
pub fn job(emulator: &Emulator, call: &Call<'_>) -> Result<Reply, Refusal> {
    let id = call.captured(0);
    let job = emulator.tenant(call.environment).jobs.get(id).ok_or_else(|| not_found("job", id))?;
    if !sees_job(call, job) {
        return Err(forbidden(&call.key, "jobs:read"));
    }
    Ok(Reply::json(200, &json!({"data": views::job(job, call.at_ms)})))
}

/// `GET` of a catalog.
pub fn catalog(emulator: &Emulator, call: &Call<'_>, which: Catalog) -> Result<Reply, Refusal> {
    let paging = Paging::parse(call.door.surface(), &call.query, &emulator.config)?;
    // "Testing without charges" (B:27): no prices on test data.
    let charged = call.environment == Environment::Live;
    let rows: Vec<(String, Value)> = match which {
        Catalog::Types => catalog::types(charged),
        Catalog::Plans => catalog::plans(charged),
        Catalog::Images => catalog::images(),
        Catalog::Regions => catalog::regions(&emulator.config, emulator.tenant(call.environment)),
    };
    let place = |slug: &str| rows.iter().position(|(own, _)| own == slug).map(|index| (index, index + 1));
    let range = paging.range(rows.len(), place)?;
    let shown = &rows[range.clone()];
    let ends = shown.first().zip(shown.last()).map(|((first, _), (last, _))| (first.as_str(), last.as_str()));
    let tail = paging.tail(call.path, &call.query, rows.len(), &range, ends);
    let data: Vec<&Value> = shown.iter().map(|(_, value)| value).collect();
    Ok(Reply::json(200, &Listing { data, tail }))
}

/// `GET /images/{image}`.
pub fn image(call: &Call<'_>) -> Result<Reply, Refusal> {
    let slug = call.captured(0);
    let image = catalog::image(slug).ok_or_else(|| not_found("image", slug))?;
    Ok(Reply::json(200, &json!({"data": image})))
}

/// `GET /account`: who the key is.
pub fn account(emulator: &Emulator, call: &Call<'_>) -> Reply {
    let key = &call.key;
    let surface: Surface = call.door.surface();
    let scopes: Vec<String> = match key.permission {
        Permission::Admin => vec!["*".to_owned()],
        Permission::ReadOnly => vec!["*:read".to_owned()],
        Permission::Scoped => key.scopes.clone(),
    };
    let data = json!({
        "account_id": emulator.account_id(),
        "tier": key.tier.as_str(),
        "key": {
            "environment": key.environment.as_str(),
            "permission": key.permission.as_str(),
            "scopes": scopes,
            "regions": key.regions,
            "rate_limit_per_minute": limit_of(&emulator.config, Some(key), surface),
        },
    });
    Reply::json(200, &json!({"data": data}))
}
