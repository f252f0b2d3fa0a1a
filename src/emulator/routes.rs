//! The 46 operations as data: surface, method, path, what they do, which scope they need, whether a document names them
//! (cloudnexus.openapi.yaml).
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::config::Profile;
use super::object::Kind;
use crate::model::http::Method;

/// The listener that a request came in by (4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Door {
    /// api.cloudnexus.com.
    C,
    /// api.cloudnexus.io.
    P,
    /// api-sandbox.cloudnexus.io.
    Sandbox,
    /// `/__emulator/…`.
    Control,
}

impl Door {
    pub fn surface(self) -> Surface {
        match self {
            Door::C | Door::Control => Surface::C,
            Door::P | Door::Sandbox => Surface::P,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Door::C => "c",
            Door::P => "p",
            Door::Sandbox => "sandbox",
            Door::Control => "control",
        }
    }
}

/// The ports that the listeners are bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Ports {
    pub compute: u16,
    pub platform: u16,
    pub sandbox: u16,
    pub control: u16,
}

impl Default for Ports {
    /// The usual ones (4.1).
    fn default() -> Ports {
        Ports { compute: 4710, platform: 4711, sandbox: 4712, control: 4713 }
    }
}

/// Which of the two documents a host follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Surface {
    C,
    P,
}

/// The catalogs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Catalog {
    Types,
    Plans,
    Images,
    Regions,
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    List(Kind),
    Create(Kind),
    Read(Kind),
    Update(Kind),
    Delete(Kind),
    Act(Kind),
    ScaleDatabase,
    Purge,
    Analytics,
    ListJobs,
    ReadJob,
    ListCatalog(Catalog),
    ReadImage,
    ReadAccount,
}

/// On which surfaces a route exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    C,
    P,
    Both,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    pub on: Where,
    pub method: Method,
    /// Below `/v1`; `{…}` takes one segment.
    pub path: &'static str,
    pub operation: Operation,
    /// `x-cnx-scope`.
    pub scope: Option<&'static str>,
    /// Whether the method and path are in A or B.
    pub documented: bool,
}

const fn documented(on: Where, method: Method, path: &'static str, operation: Operation, scope: &'static str) -> Route {
    Route { on, method, path, operation, scope: Some(scope), documented: true }
}

const fn inferred(on: Where, method: Method, path: &'static str, operation: Operation, scope: &'static str) -> Route {
    Route { on, method, path, operation, scope: Some(scope), documented: false }
}

use Kind::{CdnRoutingRule, CdnZone, ComputeInstance, Database, Server, Snapshot, SshKey};
use Method::{Delete, Get, Patch, Post};
use Operation as O;
use Where::{Both, C, P};

/// All operations.
pub const ROUTES: [Route; 46] = [
    documented(C, Get, "/compute/instances", O::List(ComputeInstance), "compute:read"),
    documented(C, Post, "/compute/instances", O::Create(ComputeInstance), "compute:write"),
    inferred(C, Get, "/compute/instances/{id}", O::Read(ComputeInstance), "compute:read"),
    inferred(C, Patch, "/compute/instances/{id}", O::Update(ComputeInstance), "compute:write"),
    inferred(C, Delete, "/compute/instances/{id}", O::Delete(ComputeInstance), "compute:write"),
    documented(C, Post, "/compute/instances/{id}/actions", O::Act(ComputeInstance), "compute:write"),
    inferred(C, Get, "/compute/types", O::ListCatalog(Catalog::Types), "catalog:read"),
    documented(P, Get, "/servers", O::List(Server), "servers:read"),
    documented(P, Post, "/servers", O::Create(Server), "servers:write"),
    inferred(P, Get, "/servers/{server_id}", O::Read(Server), "servers:read"),
    inferred(P, Patch, "/servers/{server_id}", O::Update(Server), "servers:write"),
    inferred(P, Delete, "/servers/{server_id}", O::Delete(Server), "servers:write"),
    inferred(P, Post, "/servers/{server_id}/actions", O::Act(Server), "servers:write"),
    inferred(P, Get, "/plans", O::ListCatalog(Catalog::Plans), "catalog:read"),
    inferred(P, Get, "/databases", O::List(Database), "databases:read"),
    inferred(P, Post, "/databases", O::Create(Database), "databases:write"),
    documented(P, Post, "/databases/scale", O::ScaleDatabase, "databases:write"),
    inferred(P, Get, "/databases/{database_id}", O::Read(Database), "databases:read"),
    inferred(P, Patch, "/databases/{database_id}", O::Update(Database), "databases:write"),
    inferred(P, Delete, "/databases/{database_id}", O::Delete(Database), "databases:write"),
    inferred(P, Get, "/cdn/zones", O::List(CdnZone), "cdn:read"),
    inferred(P, Post, "/cdn/zones", O::Create(CdnZone), "cdn:write"),
    inferred(P, Get, "/cdn/zones/{zone_id}", O::Read(CdnZone), "cdn:read"),
    inferred(P, Patch, "/cdn/zones/{zone_id}", O::Update(CdnZone), "cdn:write"),
    inferred(P, Delete, "/cdn/zones/{zone_id}", O::Delete(CdnZone), "cdn:write"),
    documented(P, Post, "/cdn/zones/{zone_id}/purge", O::Purge, "cdn:purge"),
    inferred(P, Get, "/cdn/zones/{zone_id}/rules", O::List(CdnRoutingRule), "cdn:read"),
    inferred(P, Post, "/cdn/zones/{zone_id}/rules", O::Create(CdnRoutingRule), "cdn:write"),
    inferred(P, Get, "/cdn/zones/{zone_id}/rules/{rule_id}", O::Read(CdnRoutingRule), "cdn:read"),
    inferred(P, Patch, "/cdn/zones/{zone_id}/rules/{rule_id}", O::Update(CdnRoutingRule), "cdn:write"),
    inferred(P, Delete, "/cdn/zones/{zone_id}/rules/{rule_id}", O::Delete(CdnRoutingRule), "cdn:write"),
    inferred(P, Get, "/cdn/zones/{zone_id}/analytics", O::Analytics, "cdn:read"),
    inferred(Both, Get, "/jobs", O::ListJobs, "jobs:read"),
    inferred(Both, Get, "/jobs/{job_id}", O::ReadJob, "jobs:read"),
    inferred(Both, Get, "/ssh_keys", O::List(SshKey), "ssh_keys:read"),
    inferred(Both, Post, "/ssh_keys", O::Create(SshKey), "ssh_keys:write"),
    inferred(Both, Get, "/ssh_keys/{key_id}", O::Read(SshKey), "ssh_keys:read"),
    inferred(Both, Patch, "/ssh_keys/{key_id}", O::Update(SshKey), "ssh_keys:write"),
    inferred(Both, Delete, "/ssh_keys/{key_id}", O::Delete(SshKey), "ssh_keys:write"),
    inferred(Both, Get, "/images", O::ListCatalog(Catalog::Images), "catalog:read"),
    inferred(Both, Get, "/images/{image}", O::ReadImage, "catalog:read"),
    inferred(Both, Get, "/snapshots", O::List(Snapshot), "snapshots:read"),
    inferred(Both, Get, "/snapshots/{snapshot_id}", O::Read(Snapshot), "snapshots:read"),
    inferred(Both, Delete, "/snapshots/{snapshot_id}", O::Delete(Snapshot), "snapshots:write"),
    inferred(Both, Get, "/regions", O::ListCatalog(Catalog::Regions), "catalog:read"),
    Route { on: Both, method: Get, path: "/account", operation: O::ReadAccount, scope: None, documented: false },
];

/// What the table says about a method and path.
#[derive(Clone, Debug)]
pub enum Found {
    Route(&'static Route, Vec<SmolStr>),
    /// The path exists with these methods only.
    WrongMethod(Vec<&'static str>),
    Nothing,
}

/// The route of a request. `method` is `None` for methods that no route has.
pub fn find(surface: Surface, profile: Profile, method: Option<Method>, path: &str) -> Found {
    let Some(path) = path.strip_prefix("/v1") else { return Found::Nothing };
    let mut all = [""; DEEPEST];
    let mut count = 0;
    for segment in path.split('/').skip(1) {
        let Some(place) = all.get_mut(count) else { return Found::Nothing };
        *place = segment;
        count += 1;
    }
    let segments = &all[..count];
    let there = ROUTES.iter().zip(PATTERNS.iter()).filter(|(route, _)| exists(route, surface, profile));
    let mut matches: Vec<(&'static Route, &Pattern)> = there.filter(|(_, pattern)| pattern.fits(segments)).collect();
    // A literal segment wins over a parameter (L45).
    let fewest = matches.iter().map(|(_, pattern)| pattern.parameters).min();
    matches.retain(|(_, pattern)| Some(pattern.parameters) == fewest);
    if matches.is_empty() {
        return Found::Nothing;
    }
    match matches.iter().find(|(route, _)| Some(route.method) == method) {
        Some((route, pattern)) => Found::Route(route, pattern.captures(segments)),
        None => Found::WrongMethod(matches.iter().map(|(route, _)| route.method.as_str()).collect()),
    }
}

/// The path of the route that a request is for, as the table has it; empty where there is none.
pub fn name(surface: Surface, method: &str, path: &str) -> &'static str {
    match find(surface, Profile::Full, Method::parse(method), path) {
        Found::Route(route, _) => route.path,
        Found::WrongMethod(_) | Found::Nothing => "",
    }
}

/// Whether the route is there on this surface in this profile.
pub fn exists(route: &Route, surface: Surface, profile: Profile) -> bool {
    let on_surface = match route.on {
        C => surface == Surface::C,
        P => surface == Surface::P,
        Both => true,
    };
    let in_profile = match profile {
        Profile::Full => true,
        Profile::Documented => route.documented || route.operation == Operation::ReadJob,
        Profile::DocumentedNojobs => route.documented,
    };
    on_surface && in_profile
}

/// The most segments that a route has.
const DEEPEST: usize = 6;

/// The segments of a route's path, and how many of them are parameters.
struct Pattern {
    segments: Vec<&'static str>,
    parameters: usize,
}

static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    let pattern = |route: &Route| {
        let segments: Vec<&'static str> = route.path.split('/').skip(1).collect();
        let parameters = segments.iter().filter(|part| is_parameter(part)).count();
        Pattern { segments, parameters }
    };
    ROUTES.iter().map(pattern).collect()
});

fn is_parameter(part: &str) -> bool {
    part.starts_with('{')
}

impl Pattern {
    fn fits(&self, segments: &[&str]) -> bool {
        let fits = |(part, segment): (&&str, &&str)| part == segment || is_parameter(part) && !segment.is_empty();
        self.segments.len() == segments.len() && self.segments.iter().zip(segments).all(fits)
    }

    /// The segments that the parameters take.
    fn captures(&self, segments: &[&str]) -> Vec<SmolStr> {
        let taken = self.segments.iter().zip(segments).filter(|(part, _)| is_parameter(part));
        taken.map(|(_, segment)| SmolStr::from(super::query::decode(segment))).collect()
    }
}
