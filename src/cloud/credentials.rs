//! From the environment and the credentials file to endpoints: which key goes where, and which must not.

use super::codes;
use super::endpoint::{Endpoint, MAX_WAIT, RateLimit};
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::Ident;
use crate::provider::{Catalog, Surface};
use crate::world::{ApiKey, Environment, Files};
use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::time::Duration;

/// Which of CloudNexus's own hosts are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hosts {
    Sandbox,
    Production,
}

impl Hosts {
    pub fn as_str(self) -> &'static str {
        match self {
            Hosts::Sandbox => "sandbox",
            Hosts::Production => "production",
        }
    }
}

/// What the environment and the provider settings of a program say.
#[derive(Clone, Debug)]
pub struct Wishes {
    pub hosts: Hosts,
    /// By setting name: `compute_url`.
    pub urls: BTreeMap<Ident, String>,
    pub requests_per_minute: Option<u32>,
    /// Milliseconds.
    pub max_wait: Option<i64>,
    /// The surfaces that the program and its state need; a key for another one may be missing.
    pub needed: BTreeSet<Ident>,
    /// A live key may go to the sandbox: the program says so (`contract.md L8`).
    pub allow_live_key: bool,
}

/// The endpoints of CloudNexus's hosts (or of the URLs given instead), those that are needed first, and what is wrong
/// or odd about the keys.
pub fn endpoints(
    catalog: &Catalog,
    wishes: &Wishes,
    environment: &Environment,
    files: &dyn Files,
) -> (Vec<Endpoint>, Diagnostics) {
    let mut diagnostics = Diagnostics::default();
    let stored = match stored(environment, files, wishes.hosts) {
        Ok(stored) => stored,
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            BTreeMap::new()
        }
    };
    let mut endpoints = Vec::new();
    for surface in catalog.surfaces.values() {
        let found = surface.key_variables.iter().find_map(|name| {
            let value = environment.get(name).or_else(|| stored.get(name).map(String::as_str))?;
            Some((name, value.trim()))
        });
        let Some((variable, key)) = found else {
            if wishes.needed.contains(&surface.name) {
                diagnostics.push(missing(surface, wishes.hosts));
            }
            continue;
        };
        let is_needed = wishes.needed.contains(&surface.name);
        if let Some(diagnostic) = judge(surface, wishes, variable, key) {
            let is_refused = diagnostic.is_error();
            // A key that this run does not use needs no complaint.
            if is_needed {
                diagnostics.push(diagnostic);
            }
            if is_refused {
                continue;
            }
        }
        match endpoint(surface, wishes, ApiKey::new(key)) {
            Ok(endpoint) => endpoints.push(endpoint),
            Err(diagnostic) => diagnostics.push(diagnostic),
        }
    }
    endpoints.sort_by_key(|endpoint| !wishes.needed.contains(&endpoint.surface));
    (endpoints, diagnostics)
}

/// The endpoints of the emulator in this process: no key, no limit.
pub fn local_endpoints(catalog: &Catalog) -> Vec<Endpoint> {
    let endpoint = |surface: &Surface| Endpoint {
        surface: surface.name.clone(),
        origin: crate::world::local_origin(surface.name.as_str()),
        base_path: "/v1".to_owned(),
        key: None,
        rate: RateLimit::Unlimited,
        max_wait: MAX_WAIT,
        concurrency: super::endpoint::CONCURRENCY,
    };
    catalog.surfaces.values().map(endpoint).collect()
}

fn endpoint(surface: &Surface, wishes: &Wishes, key: ApiKey) -> Result<Endpoint, Diagnostic> {
    let own = match wishes.hosts {
        Hosts::Sandbox => &surface.sandbox_url,
        Hosts::Production => &surface.production_url,
    };
    let url = wishes.urls.get(&surface.url_setting).unwrap_or(own);
    let rate = match wishes.requests_per_minute {
        Some(limit) => RateLimit::Chosen(limit.max(1)),
        None => RateLimit::Documented(surface.requests_per_minute),
    };
    let mut endpoint = Endpoint::new(&surface.name, url, key, rate)?;
    if let Some(milliseconds) = wishes.max_wait {
        endpoint.max_wait = Duration::from_millis(milliseconds.max(0).unsigned_abs());
    }
    Ok(endpoint)
}

fn missing(surface: &Surface, hosts: Hosts) -> Diagnostic {
    let variables = surface.key_variables.join(" or ");
    Diagnostic::new(&codes::NO_KEY, format!("{} has no key for {}", surface.name, hosts.as_str()))
        .help(format!("set {variables}; an environment with target \"local\" needs none"))
}

/// The shape is a hint (`contract.md L7`), but a live secret never goes to another environment by accident (`L8`).
fn judge(surface: &Surface, wishes: &Wishes, variable: &str, key: &str) -> Option<Diagnostic> {
    let is_plain = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_plain {
        return Some(
            Diagnostic::new(&codes::BAD_KEY, format!("the key in {variable}"))
                .help("set it to the key alone, without quotes, blanks or line breaks"),
        );
    }
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| key.starts_with(prefix));
    let (is_live, is_test) =
        (begins(&["cn_live_", "cnx_sk_live_", "cnx_live_"]), begins(&["cn_test_", "cnx_sk_test_", "cnx_test_"]));
    // The key alone decides on a host that serves both (`L8`).
    let has_sandbox = surface.sandbox_url != surface.production_url;
    match wishes.hosts {
        Hosts::Sandbox if is_live && !wishes.allow_live_key => Some(
            Diagnostic::new(
                &codes::LIVE_KEY,
                format!("the key in {variable} is a live key, and the target is the sandbox"),
            )
            .help("use a test key, or an environment with target \"production\"; if it is meant, set `allow_live_key = true` in the provider settings"),
        ),
        Hosts::Production if is_test && has_sandbox => Some(
            Diagnostic::new(
                &codes::TEST_KEY,
                format!("the key in {variable} is a test key, and {} is a production host", surface.name),
            )
            .help(format!(
                "test keys belong to the sandbox ({}): use an environment with target \"sandbox\"",
                surface.sandbox_url
            )),
        ),
        Hosts::Sandbox | Hosts::Production => None,
    }
}

/// `~/.config/cnx/credentials`: lines `NAME = key` with the names of the variables, below `[production]` or `[sandbox]`
/// for one target only, above them for both.
fn stored(environment: &Environment, files: &dyn Files, hosts: Hosts) -> Result<BTreeMap<String, String>, Diagnostic> {
    let Some(folder) = environment.config_folder() else { return Ok(BTreeMap::new()) };
    let path = folder.join("credentials");
    let bytes = match files.read_private(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => {
            return Err(Diagnostic::new(&codes::CREDENTIALS, error.to_string())
                .help(format!("make it a plain file that only you may read: chmod 600 {}", path.display())));
        }
    };
    let mut keys = BTreeMap::new();
    let mut section = String::new();
    for (at, line) in String::from_utf8_lossy(&bytes).lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.trim().to_owned();
            continue;
        }
        let Some((name, key)) = line.split_once('=') else {
            return Err(Diagnostic::new(&codes::CREDENTIALS, format!("{}:{}", path.display(), at + 1))
                .help("write NAME = key, such as CLOUDNEXUS_API_KEY = cnx_sk_test_…"));
        };
        if section.is_empty() || section == hosts.as_str() {
            keys.insert(name.trim().to_owned(), key.trim().trim_matches('"').to_owned());
        }
    }
    Ok(keys)
}

#[cfg(test)]
#[path = "tests_credentials.rs"]
mod tests;
